"""The flow of cases."""

from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.analysis.displays import FlowStep
from caseseries.present import drawing as pen
from caseseries.present.figures import flow_figure
from caseseries.present.figures.flow import WIDTH
from present_ink import SVG, colliding, outside, read, texts_of
from present_sample import FLOW

DRAWN = flow_figure(FLOW)


def boxes_of(svg: str):
    boxes = [box for box in read(svg).iter(f"{SVG}rect") if box.get("stroke")]
    return [tuple(float(box.get(name)) for name in ("x", "y", "width", "height")) for box in boxes]


def test_every_count_and_reason_is_printed():
    texts = " ".join(texts_of(DRAWN.svg)).replace("\u00a0", " ")
    for step in FLOW:
        assert f"(n = {step.n})" in texts
        for reason, n in (*step.left, *step.detail):
            assert f"{n}  {reason}" in texts


def test_side_boxes_add_up():
    assert [text for text in texts_of(DRAWN.svg) if text.startswith("Not")] == [
        "Not included (n\u00a0=\u00a03)",
        "Not included (n\u00a0=\u00a02)",
    ]


def test_side_boxes_are_tinted_and_stand_to_the_right():
    main = [
        box
        for box in read(DRAWN.svg).iter(f"{SVG}rect")
        if box.get("fill") == "#FFFFFF" and box.get("stroke")
    ]
    side = [box for box in read(DRAWN.svg).iter(f"{SVG}rect") if box.get("fill") == pen.SHADE]
    assert (len(main), len(side)) == (3, 2)
    edge = max(float(box.get("x")) + float(box.get("width")) for box in main)
    assert all(float(box.get("x")) > edge for box in side)


def test_without_exclusions_the_boxes_stand_in_the_middle():
    svg = flow_figure([FlowStep("Returned", 11), FlowStep("Analysed", 11)]).svg
    assert {x + width / 2 for x, _, width, _ in boxes_of(svg)} == {WIDTH / 2}


def test_a_single_step_has_no_arrow():
    assert list(read(flow_figure([FlowStep("Analysed", 11)]).svg).iter(f"{SVG}line")) == []


def test_the_description_is_the_flow_in_sentences():
    assert DRAWN.alt == (
        "Flow of cases. Cases returned by 5 centres: 16; not included: 2 no blinatumomab recorded, "
        "1 diagnosed after the first birthday. Infants with KMT2A-rearranged B-ALL given blinatumomab: 13; "
        "not included: 1 HSCT before blinatumomab, 1 index treatment after the data cut. "
        "Analysed: 11; of whom 7 after relapse, 4 first line, resistant or refractory."
    )


labels = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=14).map(" ".join)
reasons = st.lists(st.tuples(labels, st.integers(1, 99)), max_size=5).map(tuple)
flows = st.lists(st.builds(FlowStep, labels, st.integers(0, 999), reasons, reasons), min_size=1, max_size=6)


@given(flows)
@settings(max_examples=30)
def test_words_stay_in_their_boxes_and_boxes_apart(steps):
    svg = flow_figure(steps).svg
    assert colliding(svg) == []
    assert outside(svg) == []
    boxes = boxes_of(svg)
    for i, (x, y, width, height) in enumerate(boxes):
        for a, b, other_width, other_height in boxes[i + 1 :]:
            beside = x + width <= a or a + other_width <= x
            apart = y + height <= b or b + other_height <= y
            assert beside or apart
