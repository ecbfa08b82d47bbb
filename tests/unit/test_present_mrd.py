"""The MRD figure: a level is a number only where it was quantified."""

from dataclasses import replace
from math import log10

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.analysis.displays import MrdPoint
from caseseries.present import drawing as pen
from caseseries.present.figures import mrd_figure
from caseseries.present.figures.mrd import HEIGHT, TOP
from present_ink import SVG, colliding, facts_of, outside, read, texts_of
from present_sample import MRD

DRAWN = mrd_figure(MRD, 1e-4)


def marks_of(svg: str) -> dict[str, tuple[float, float, str]]:
    """Middle and fill of the sign under every fact: a square before treatment, a circle otherwise."""
    found = {}
    for group in read(svg).iter(f"{SVG}g"):
        if group.get("class") != "fact":
            continue
        said = group.get("aria-label").split(" treatment")[0]
        for sign in group.iter(f"{SVG}circle"):
            found[said] = (float(sign.get("cx")), float(sign.get("cy")), sign.get("fill"))
        for sign in group.iter(f"{SVG}path"):
            corners = [at.split() for at in sign.get("d")[1:-1].split("L")]
            if len(corners) == 4:  # an arrow's head has three
                x, y = (sum(map(float, along)) / 4 for along in zip(*corners, strict=True))
                found[said] = (x, y, sign.get("fill"))
    return found


def level_at(svg: str, y: float) -> float:
    """The level a height stands for, from the printed ticks of the axis."""
    ticks = [(text.text, float(text.get("y")) - 4) for text in read(svg).iter(f"{SVG}text")]
    known = [
        (float(t[:-1]) / 100, at) for t, at in ticks if t.endswith("%") and t[0].isdigit() and at > TOP - 5
    ]
    (a, at), (b, bt) = known[0], known[1]
    return 10 ** (log10(a) + (y - at) * (log10(b) - log10(a)) / (bt - at))


def test_quantified_levels_stand_at_their_value():
    marks = marks_of(DRAWN.svg)
    for point in MRD:
        if point.value is not None:
            _, y, fill = marks[f"{point.case_id}, {point.when}"]
            assert level_at(DRAWN.svg, y) == pytest.approx(point.value, rel=0.01)
            assert fill in (pen.ORANGE, pen.BLUE)


def test_negatives_are_open_and_stand_at_their_own_sensitivity():
    marks = marks_of(DRAWN.svg)
    negatives = [point for point in MRD if point.state == "not detected"]
    assert len({point.limit for point in negatives}) > 2
    for point in negatives:
        _, y, fill = marks[f"{point.case_id}, after"]
        assert level_at(DRAWN.svg, y) == pytest.approx(point.limit, rel=0.01)
        assert fill == "#FFFFFF"


def test_negatives_point_downwards_inside_the_plot():
    for group in read(DRAWN.svg).iter(f"{SVG}g"):
        if "not detected" in (group.get("aria-label") or ""):
            tip = group.find(f"{SVG}path").get("d")
            circle = group.find(f"{SVG}circle")
            assert float(circle.get("cy")) < float(tip.split("L")[0].split(" ")[1]) <= TOP + HEIGHT


def test_nothing_is_drawn_at_or_below_the_axis():
    assert all(y < TOP + HEIGHT for _, y, _ in marks_of(DRAWN.svg).values())


def test_before_stands_left_of_after_in_the_column_of_its_case():
    marks = marks_of(DRAWN.svg)
    columns = {t.text: float(t.get("x")) for t in read(DRAWN.svg).iter(f"{SVG}text")}
    for case in {point.case_id for point in MRD}:
        before, after = marks[f"{case}, before"][0], marks[f"{case}, after"][0]
        assert before < columns[case] < after


def test_cases_stand_from_the_highest_level_before_treatment():
    texts = [text for text in texts_of(DRAWN.svg) if text.startswith("C") and text[1:].isdigit()]
    before = {point.case_id: point.value for point in MRD if point.when == "before"}
    assert texts == sorted(texts, key=lambda case: -before[case])


def test_the_protocol_s_limit_is_marked_and_named():
    texts = texts_of(DRAWN.svg)
    assert texts[texts.index("protocol limit") + 1] == "0.01%"
    dotted = [line for line in read(DRAWN.svg).iter(f"{SVG}line") if line.get("stroke-dasharray")]
    assert [level_at(DRAWN.svg, float(line.get("y1"))) for line in dotted] == pytest.approx([1e-4], rel=0.01)


def test_the_band_begins_at_the_poorest_sensitivity_of_a_negative():
    bands = [box for box in read(DRAWN.svg).iter(f"{SVG}rect") if box.get("fill") == pen.SHADE]
    assert [level_at(DRAWN.svg, float(band.get("y"))) for band in bands] == pytest.approx([1e-4], rel=0.01)


def test_without_a_negative_there_is_no_band():
    positive = [point for point in MRD if point.value is not None]
    svg = mrd_figure(positive, 1e-4).svg
    assert not [box for box in read(svg).iter(f"{SVG}rect") if box.get("fill") == pen.SHADE]
    assert not [text for text in texts_of(svg) if text.startswith("not detected, each")]


def test_positive_below_range_is_half_filled():
    half = [
        group
        for group in read(DRAWN.svg).iter(f"{SVG}g")
        if "positive, below" in (group.get("aria-label") or "")
    ]
    assert len(half) == 1
    assert (half[0].find(f"{SVG}circle").get("fill"), half[0].find(f"{SVG}path").get("fill")) == (
        "#FFFFFF",
        pen.BLUE,
    )


def test_a_level_that_cannot_be_told_is_a_cross_without_a_line():
    points = [
        MrdPoint("A", "before", -3, "quantified", 0.01, None, "1%"),
        MrdPoint("A", "after", 30, "not evaluable", None, None, "not evaluable"),
    ]
    svg = mrd_figure(points, 1e-4).svg
    assert "not evaluable" in texts_of(svg)
    assert not [path for path in read(svg).iter(f"{SVG}path") if path.get("stroke") == "#8A939E"]


def test_a_negative_of_unknown_sensitivity_stands_at_the_foot_of_the_plot():
    points = [MrdPoint("A", "after", 30, "not detected", None, None, "not detected (sensitivity not given)")]
    (_x, y, fill) = marks_of(mrd_figure(points, 1e-4).svg)["A, after"]
    assert TOP + HEIGHT - 12 < y < TOP + HEIGHT
    assert fill == "#FFFFFF"


def test_what_the_pointer_reads():
    facts = facts_of(DRAWN.svg)
    assert "C01, before treatment (day −3): 1 %" in facts
    assert "C01, after treatment (day 33): not detected (sensitivity 0.001 %)" in facts
    assert len(facts) == len(MRD)


def test_the_description_tells_every_case():
    assert DRAWN.alt.startswith(
        "MRD of each case before and after treatment on a logarithmic axis; protocol limit 0.01%. "
        "After treatment MRD was not detected in 9 of 11 cases. C10: 40 %, then not detected"
    )
    assert all(point.label in DRAWN.alt for point in MRD)


def test_many_cases_turn_their_names():
    points = [
        MrdPoint(f"CENTRE-{i:03}", "before", 0, "quantified", 0.001 * (i + 1), None, "x") for i in range(40)
    ]
    svg = mrd_figure(points, 1e-4).svg
    turned = [t for t in read(svg).iter(f"{SVG}text") if (t.get("transform") or "").startswith("rotate")]
    assert len(turned) == 40
    assert outside(svg) == []


levels = st.floats(1e-7, 1.0)
points = st.builds(
    lambda state, value, limit: (state, value if state == "quantified" else None, limit),
    st.sampled_from(["quantified", "not detected", "positive below quantitative range", "not evaluable"]),
    levels,
    st.none() | levels,
)


@given(
    st.lists(st.tuples(points, points), min_size=1, max_size=12), st.sampled_from([1e-3, 1e-4, 5e-4, 1e-5])
)
@settings(max_examples=30)
def test_no_words_collide_or_leave_the_page(cases, target):
    drawn = [
        MrdPoint(f"X{i:02}", when, day, state, value, limit, "a level")
        for i, pair in enumerate(cases)
        for when, day, (state, value, limit) in zip(("before", "after"), (0, 30), pair, strict=True)
    ]
    svg = mrd_figure(drawn, target).svg
    assert colliding(svg) == []
    assert outside(svg) == []
    assert all(TOP - 6 <= y <= TOP + HEIGHT for _, y, _ in marks_of(svg).values())


def test_long_ids_have_room_beneath_their_columns():
    long = {p.case_id: f"ALL-2019/INFANT/UK/NORTHBRIDGE/{p.case_id}" for p in MRD}
    drawn = mrd_figure([replace(p, case_id=long[p.case_id]) for p in MRD], 1e-4)
    assert not colliding(drawn.svg)
    assert not outside(drawn.svg)
