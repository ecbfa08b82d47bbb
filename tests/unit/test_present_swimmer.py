"""The time-line of every case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.analysis.displays import Lane, Mark, Span
from caseseries.present import drawing as pen
from caseseries.present.figures import swimmer_figure
from caseseries.present.figures.swimmer import RADIUS, _signs
from present_ink import SVG, colliding, facts_of, outside, read, texts_of, words_of
from present_sample import LANES

DRAWN = swimmer_figure(LANES, "start of blinatumomab")


def groups_of(svg: str):
    return [group for group in read(svg).iter(f"{SVG}g") if group.get("class") == "fact"]


def test_the_longest_course_comes_first():
    names = [text for text in texts_of(DRAWN.svg) if text[0] == "C" and text[1:].isdigit()]
    ends = {lane.case_id: lane.end for lane in LANES}
    assert names == sorted(names, key=lambda case: -ends[case])


def test_every_span_mark_and_end_is_a_fact():
    facts = facts_of(DRAWN.svg)
    assert len(facts) == sum(1 + len(lane.spans) + len(lane.marks) for lane in LANES)
    assert "C01: blinatumomab, days 0 to 28" in facts
    assert "C01: HSCT on day 51" in facts
    assert "C01: alive at last contact on day 1214" in facts
    assert "C08: last day known on day 120" in facts


def test_only_the_living_have_an_arrow():
    for group in groups_of(DRAWN.svg):
        label = group.get("aria-label")
        if "alive at last contact" in label:
            assert group.find(f"{SVG}path") is not None
        elif "last day known" in label:
            assert group.find(f"{SVG}path") is None


def test_marks_stand_on_their_day():
    ticks = {w.text: (w.left + w.right) / 2 for w in words_of(DRAWN.svg) if w.text in ("0", "36")}
    month = (ticks["36"] - ticks["0"]) / 36
    (square,) = [g for g in groups_of(DRAWN.svg) if g.get("aria-label") == "C03: CAR-T on day 192"]
    corner = square.find(f"{SVG}path").get("d").strip("M").split("L")[0].split(" ")[0]
    centre = float(corner) + 0.88 * RADIUS
    assert (centre - ticks["0"]) / month * 365.25 / 12 == pytest.approx(192, abs=0.5)


def test_every_kind_of_event_has_its_own_sign_and_is_named_once():
    signs = _signs(LANES)
    assert set(signs) == {"HSCT", "relapse", "CAR-T", "remission", "death"}
    assert len({(sign.shape, sign.fill) for sign in signs.values()}) == len(signs)
    assert all(texts_of(DRAWN.svg).count(kind) == 1 for kind in signs)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("HSCT", "diamond"), ("relapse", "cross"), ("CAR-T (CD19)", "square"), ("complete remission", "circle")],
)
def test_usual_events_have_their_usual_sign(kind, shape):
    assert _signs([Lane("A", (), (Mark(kind, 3),), 10, True)])[kind].shape == shape


def test_a_second_kind_of_the_same_sort_gets_another_sign():
    signs = _signs([Lane("A", (), (Mark("relapse, lineage switch", 3), Mark("relapse", 9)), 10, True)])
    assert signs["relapse"].shape == "cross"
    assert signs["relapse, lineage switch"].shape != "cross"


def test_signs_do_not_depend_on_the_order_of_lanes():
    assert _signs(LANES) == _signs(tuple(reversed(LANES)))


def test_death_is_the_black_dot():
    death = _signs(LANES)["death"]
    assert (death.shape, death.fill) == ("circle", pen.INK)


def test_the_axis_names_its_origin():
    assert "Months from start of blinatumomab" in texts_of(DRAWN.svg)


def test_the_description_tells_every_course():
    assert DRAWN.alt.startswith(
        "Clinical course of 11 cases from start of blinatumomab, longest first; 9 alive at last contact. "
        "C01: blinatumomab days 0 to 28, HSCT day 51, alive day 1214."
    )
    assert (
        "C08: blinatumomab days 0 to 28, HSCT day 49, relapse day 84, death day 120, last known day 120."
        in DRAWN.alt
    )


def test_neighbouring_marks_step_aside():
    lane = Lane("A", (), (Mark("relapse", 100), Mark("death", 101)), 900, False)
    far = Lane("B", (), (Mark("relapse", 100), Mark("death", 500)), 900, False)
    assert heights_of(swimmer_figure([lane]).svg) == [0, 6]
    assert heights_of(swimmer_figure([far]).svg) == [0, 0]


def heights_of(svg: str) -> list[float]:
    """How far a case's relapse and death stand below its lane."""
    found = {g.get("aria-label"): g for g in groups_of(svg)}
    lane = next(g for label, g in found.items() if "last day known" in label)
    y = float(lane.find(f"{SVG}line").get("y1"))
    cross = next(g for label, g in found.items() if "relapse" in label).find(f"{SVG}g")
    moved = float(cross.get("transform").split(",")[1].removesuffix(")"))
    dot = next(g for label, g in found.items() if "death" in label).find(f"{SVG}circle")
    return [moved - y, float(dot.get("cy")) - y]


def test_a_course_that_begins_before_the_origin_fits():
    lanes = [Lane("A", (Span("chemotherapy", -90, -5), Span("blinatumomab", 0, 28)), (), 400, True)]
    svg = swimmer_figure(lanes).svg
    left = [float(box.get("x")) for box in read(svg).iter(f"{SVG}rect") if box.get("stroke")]
    assert min(left) > 0
    assert outside(svg) == []


kinds = st.sampled_from(
    ["HSCT", "relapse", "death", "CAR-T", "second cycle", "remission", "graft failure", "GvHD III"]
)
lanes = st.builds(
    lambda spans, marks, alive: (spans, marks, alive),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=3),
    st.lists(st.tuples(kinds, st.integers(0, 1000)), max_size=6),
    st.booleans(),
)


@given(st.lists(lanes, min_size=1, max_size=15))
@settings(max_examples=30)
def test_no_words_collide_or_leave_the_page(rows):
    made = [
        Lane(
            f"CENTRE-{i:02}",
            tuple(Span("blinatumomab", start, start + length) for start, length in spans),
            tuple(Mark(kind, day) for kind, day in marks),
            1000 + i,
            alive,
        )
        for i, (spans, marks, alive) in enumerate(rows)
    ]
    svg = swimmer_figure(made).svg
    assert colliding(svg) == []
    assert outside(svg) == []


def test_many_cases_and_long_ids_stay_readable_on_a_page():
    many = [Lane(f"ALL-2019/INFANT/UK/NORTHBRIDGE/日本-{i:03}", (), (), 100 + i, True) for i in range(45)]
    svg = swimmer_figure(many, "start").svg
    assert not outside(svg)
    assert not colliding(svg)
    width, height = (float(x) for x in read(svg).get("viewBox").split()[2:])
    assert height < 1.4 * width
