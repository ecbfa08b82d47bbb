"""Survival and incidence figures: the ink is read back and held against the counts it came from."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.present import drawing as pen
from caseseries.present.figures import incidence_figure, survival_figure
from caseseries.present.figures.curves import (
    BOTTOM,
    MONTH,
    TOP,
    at_risk_on,
    counted_before,
    steps,
    time_axis,
)
from present_ink import colliding, edges_of, facts_of, outside, points_of, texts_of, traces_of
from present_sample import EFS, INCIDENCE, SURVIVAL, make_incidence, make_survival

ALONE = make_survival("Event-free survival", EFS)


def drawn_levels(path) -> list[float]:
    """Heights of a trace as proportions, without repeats."""
    levels = [(BOTTOM - y) / (BOTTOM - TOP) for _, y in points_of(path)]
    return [level for i, level in enumerate(levels) if i == 0 or abs(level - levels[i - 1]) > 1e-6]


def test_the_solid_curve_is_the_estimate():
    (solid,) = traces_of(survival_figure([ALONE], 1, 0.95).svg, pen.BLUE)
    expected = [1, 10 / 11, 9 / 11, 9 / 11 * 6 / 7, 9 / 11 * 5 / 7, 9 / 11 * 4 / 7]
    assert drawn_levels(solid) == pytest.approx(expected, abs=1e-4)


def test_steps_fall_on_their_days():
    (solid,) = traces_of(survival_figure([ALONE], 1, 0.95).svg, pen.BLUE)
    points = points_of(solid)
    left, right = points[0][0], points[-1][0]
    falls = [x for (x, y), (_, after) in itertools.pairwise(points) if after > y]
    days = [(x - left) / (right - left) * 1163 for x in falls]
    assert days == pytest.approx([35, 57, 92, 108, 133], abs=0.05)


def test_the_curve_ends_with_the_follow_up():
    short = make_survival("OS", ((40, "death"), (90, ""), (200, "")))
    long = make_survival("EFS", ((40, "death"), (90, ""), (400, "")))
    ends = [
        points_of(path)[-1][0] for path in traces_of(survival_figure([short, long], 1, 0.95).svg, pen.BLUE)
    ]
    starts = [
        points_of(path)[0][0] for path in traces_of(survival_figure([short, long], 1, 0.95).svg, pen.BLUE)
    ]
    assert (ends[0] - starts[0]) * 2 == pytest.approx(ends[1] - starts[1], abs=0.05)


def test_it_is_dashed_where_too_few_are_at_risk():
    solid, dashed = traces_of(survival_figure([ALONE], 3, 0.95).svg, pen.BLUE)
    assert solid.get("stroke-dasharray") is None
    assert dashed.get("stroke-dasharray")
    # Three are at risk until day 431; from then on two.
    left = points_of(solid)[0][0]
    right = points_of(dashed)[-1][0]
    assert (points_of(dashed)[0][0] - left) / (right - left) * 1163 == pytest.approx(431, abs=0.05)
    assert points_of(solid)[-1] == points_of(dashed)[0]


def test_the_limits_are_drawn_as_lines_and_dotted_where_too_few_are_at_risk():
    upper, lower, *thin = edges_of(survival_figure([ALONE], 3, 0.95).svg, pen.BLUE)
    enough = [i for i, at_risk in enumerate(ALONE.at_risk) if at_risk >= 3]
    for drawn, limits in ((drawn_levels(upper), ALONE.upper), (drawn_levels(lower)[::-1], ALONE.lower)):
        known = {round(limits[i], 6) for i in enough}
        assert drawn == pytest.approx(sorted(known, reverse=True), abs=1e-4)
    assert [path.get("stroke-dasharray") is None for path in (upper, lower, *thin)] == [
        True,
        True,
        False,
        False,
    ]


def test_the_key_speaks_of_dashes_only_where_there_are_some():
    assert "fewer than 3 at risk" in texts_of(survival_figure([ALONE], 3, 0.95).svg)
    assert not [text for text in texts_of(survival_figure([ALONE], 1, 0.95).svg) if "fewer" in text]


def test_an_event_is_drawn_in_the_style_of_those_who_were_at_risk_for_it():
    """The fall on day 133 had five at risk: solid under a minimum of five, though four remain."""
    solid, _ = traces_of(survival_figure([ALONE], 5, 0.95).svg, pen.BLUE)
    assert drawn_levels(solid)[-1] == pytest.approx(9 / 11 * 4 / 7, abs=1e-4)


def test_a_curve_that_reaches_zero_falls_to_the_axis():
    rows = [(10, "relapse"), (50, "relapse")]
    curve = replace(make_survival_counts(rows), estimate=(1.0, 0.5, 0.0))
    (solid,) = traces_of(survival_figure([curve], 1, 0.95).svg, pen.BLUE)
    assert points_of(solid)[-1][1] == BOTTOM


def test_counts_under_the_axis():
    texts = texts_of(survival_figure([ALONE], 3, 0.95).svg)
    rows = {
        name: texts[texts.index(name) + 1 : texts.index(name) + 8]
        for name in ("At risk", "Events", "Censored")
    }
    assert rows == {
        "At risk": ["11", "4", "3", "2", "1", "1", "1"],
        "Events": ["0", "5", "5", "5", "5", "5", "5"],
        "Censored": ["0", "2", "3", "4", "5", "5", "5"],
    }


def test_what_the_pointer_reads():
    facts = facts_of(survival_figure([ALONE], 3, 0.95).svg)
    assert len(facts) == len(ALONE.days) - 1
    assert facts[0] == "Day 0, 11 at risk; 100.0% (95% CI 100.0–100.0) until day 35."
    assert facts[1] == "Day 35, 1 event, 11 at risk; 90.9% (95% CI 50.8–98.7) until day 57."
    assert facts[3] == "Day 58, 1 censored, 9 at risk; 81.8% (95% CI 44.7–95.1) until day 91."


def test_a_missing_limit_is_said_and_leaves_a_gap_in_the_band():
    curve = replace(ALONE, upper=(None, *ALONE.upper[1:]))
    assert "(95% CI 100.0–not estimable)" in facts_of(survival_figure([curve], 1, 0.95).svg)[0]


def test_the_axis_names_its_origin():
    assert "Months from HSCT" in texts_of(survival_figure([ALONE], 3, 0.95).svg)


@pytest.mark.parametrize(
    ("last_day", "unit", "ticks"),
    [
        (30, "Days", (0, 6, 12, 18, 24, 30)),
        (59, "Days", (0, 12, 24, 36, 48)),
        (200, "Months", (0, 1, 2, 3, 4, 5, 6)),
        (1163, "Months", (0, 6, 12, 18, 24, 30, 36)),
        (3650, "Months", (0, 24, 48, 72, 96)),
        (5000, "Years", (0, 2, 4, 6, 8, 10, 12)),
    ],
)
def test_time_axes(last_day, unit, ticks):
    axis = time_axis(last_day)
    assert (axis.unit, axis.ticks) == (unit, ticks)


@given(st.integers(1, 60_000))
def test_every_time_axis_has_a_few_ticks_within_the_follow_up(last_day):
    axis = time_axis(last_day)
    assert 2 <= len(axis.ticks) <= 9
    assert axis.ticks[-1] * axis.unit_days <= last_day


def test_a_month_is_a_twelfth_of_a_year():
    assert pytest.approx(365.25) == 12 * MONTH


exits = st.lists(
    st.tuples(st.integers(1, 1500), st.sampled_from(["", "relapse", "nrm"])), min_size=2, max_size=25
)


@given(exits, st.integers(0, 1600))
def test_at_risk_events_and_censored_add_up_on_every_day(rows, day):
    curve = make_survival_counts(rows)
    total = at_risk_on(curve, day) + counted_before(curve, curve.events, day)
    assert total + counted_before(curve, curve.censored, day) == len(rows)


def make_survival_counts(rows):
    """The counts of a curve, without its limits: those need no survivor to the end."""
    days = [0, *sorted({day for day, _ in rows})]
    return replace(
        ALONE,
        days=tuple(days),
        estimate=tuple(1 - i / (2 * len(days)) for i, _ in enumerate(days)),
        lower=tuple(0.1 for _ in days),
        upper=tuple(0.99 for _ in days),
        at_risk=tuple(sum(exit_day >= day for exit_day, _ in rows) for day in days),
        events=tuple(sum(exit_day == day and cause != "" for exit_day, cause in rows) for day in days),
        censored=tuple(sum(exit_day == day and cause == "" for exit_day, cause in rows) for day in days),
    )


@given(exits)
def test_steps_tile_the_follow_up(rows):
    level = steps(make_survival_counts(rows))
    assert level[0].start == 0
    assert level[-1].end == max(day for day, _ in rows)
    assert all(a.end == b.start for a, b in itertools.pairwise(level))


@given(st.lists(exits, min_size=1, max_size=2), st.integers(1, 8))
@settings(max_examples=30)
def test_no_words_collide_or_leave_the_page(groups, minimum):
    svg = survival_figure([make_survival_counts(rows) for rows in groups], minimum, 0.95).svg
    assert colliding(svg) == []
    assert outside(svg) == []


def test_two_curves_are_two_lettered_panels():
    texts = texts_of(survival_figure(SURVIVAL, 3, 0.95).svg)
    assert (
        texts.index("A")
        < texts.index("Event-free survival")
        < texts.index("B")
        < texts.index("Overall survival")
    )


def test_one_curve_has_no_letter():
    assert "A" not in texts_of(survival_figure([ALONE], 3, 0.95).svg)


def test_causes_stand_in_one_panel_each_named_at_its_end():
    drawn = incidence_figure(INCIDENCE, 1, 0.95)
    texts = texts_of(drawn.svg)
    assert texts.count("Relapse") == texts.count("Death without relapse") == 2
    (relapse,) = traces_of(drawn.svg, pen.VERMILLION)
    (death,) = traces_of(drawn.svg, pen.INK)
    assert drawn_levels(relapse)[-1] == pytest.approx(INCIDENCE[0].estimate[-1], abs=1e-4)
    assert drawn_levels(death)[-1] == pytest.approx(1 / 11, abs=1e-4)


def test_causes_that_end_close_together_keep_their_names_apart():
    curves = [make_incidence("Relapse", "nrm"), make_incidence("Death without relapse", "nrm")]
    assert colliding(incidence_figure(curves, 1, 0.95).svg) == []


def test_long_names_of_causes_stay_on_the_page():
    curves = [
        make_incidence("Relapse with lineage switch", "relapse"),
        make_incidence("Second malignancy", "nrm"),
    ]
    svg = incidence_figure(curves, 3, 0.95).svg
    assert outside(svg) == []
    assert colliding(svg) == []


def test_facts_of_causes_name_each_cause():
    fact = facts_of(incidence_figure(INCIDENCE, 3, 0.95).svg)[1]
    assert fact.startswith("Relapse: day 35, 1 event, 11 at risk; 9.1%")
    assert "Death without relapse: day 35, 11 at risk; 0.0%" in fact


def test_the_descriptions_are_sentences_with_the_main_numbers():
    assert survival_figure([ALONE], 3, 0.95).alt == (
        "Event-free survival from HSCT in 11 cases (Kaplan–Meier, log-log interval): 5 events, 6 censored; the curve "
        "falls to 47% (95% confidence interval 15–74) at the end of follow-up on day 1163."
    )
    assert "the curve rises to 9%" in incidence_figure(INCIDENCE, 3, 0.95).alt


def test_the_level_is_the_protocol_s():
    svg = survival_figure([ALONE], 3, 0.9).svg
    assert "90% confidence interval" in texts_of(svg)
    assert "(90% CI " in facts_of(svg)[1]


def test_labels_begin_with_a_capital():
    curves = [make_incidence("relapse", "relapse"), make_incidence("NRM", "nrm")]
    drawn = incidence_figure(curves, 3, 0.95)
    assert {"Relapse", "NRM"} <= set(texts_of(drawn.svg))
    assert "relapse" not in texts_of(drawn.svg)
    assert drawn.alt.startswith("Relapse from HSCT")


def test_the_key_shows_the_band_and_the_tick_of_every_curve():
    svg = incidence_figure(INCIDENCE, 1, 0.95).svg
    key = svg[svg.rindex("</g>") :]
    for hue in (pen.VERMILLION, pen.INK):
        assert key.count(f'fill="{hue}" fill-opacity="0.15"') == 1
        assert key.count(f'stroke="{hue}" stroke-width="1.4"') == 1
