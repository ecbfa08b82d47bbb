"""MRD over time: negatives stay limits, treatments are bars, and every mark says what it is."""

import re
from dataclasses import replace

import pytest

from caseseries.analysis.displays import LevelAt, Mark, Span, Trajectory
from caseseries.present.figures import trajectory_figure
from present_ink import colliding, outside

NEGATIVE = LevelAt(30, "not detected", None, 5e-5, 5e-5, 1e-4, label="not detected (< 0.005%)")
BELOW = LevelAt(60, "positive below quantitative range", None, 5e-4, 1e-4, 5e-4, label="positive (< 0.05%)")
UNREAD = LevelAt(90, "not evaluable", None, None, label="not evaluable")
NUMBER = LevelAt(-4, "quantified", 2e-3, None, 1e-5, 1e-4, 1.5e-3, 2.6e-3, label="0.2%")
CASE = Trajectory(
    "AB-01",
    (NUMBER, NEGATIVE, BELOW, UNREAD),
    (Span("blinatumomab", 0, 28),),
    (Mark("HSCT", 100), Mark("relapse", 140)),
)


def drawn(*cases, target=1e-4):
    return trajectory_figure(cases or (CASE,), target, "start of blinatumomab").svg


def facts(svg):
    return re.findall(r'class="fact" aria-label="([^"]*)"', svg)


def test_every_level_bar_and_event_says_what_it_is():
    assert facts(drawn()) == [
        "AB-01: blinatumomab, days 0 to 28",
        "AB-01: HSCT on day 100",
        "AB-01: relapse on day 140",
        "AB-01, day −4: 0.2%",
        "AB-01, day 30: not detected (&lt; 0.005%)",
        "AB-01, day 60: positive (&lt; 0.05%)",
        "AB-01, day 90: not evaluable",
    ]


def marks_of(svg, words):
    return re.search(rf'aria-label="[^"]*{re.escape(words)}[^"]*">(.*?)</g>', svg)[1]


def test_a_negative_is_an_open_symbol_at_its_own_limit_with_an_arrow_down():
    negative = marks_of(drawn(), "not detected")
    assert 'fill="#FFFFFF"' in negative
    assert re.search(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="\1" y2="([\d.]+)"', negative)
    places = [
        float(re.search(r'cy="([\d.]+)"', marks_of(drawn(), words))[1]) for words in ("0.2%", "not detected")
    ]
    number, limit = places
    # 2e-3 and 5e-5 lie 1.602 decades apart; so do their symbols, on the height of a decade
    decade = places_of_decades(drawn())[1] - places_of_decades(drawn())[0]
    assert (limit - number) / decade == pytest.approx(
        1.602, abs=0.01
    )  # coordinates are rounded to hundredths


def places_of_decades(svg):
    return sorted({float(y) for y in re.findall(r'y1="([\d.]+)" x2="[\d.]+" y2="\1" stroke="#D9DDE2"', svg)})


def test_below_the_range_is_a_hatched_stretch_down_to_the_sensitivity():
    below = marks_of(drawn(), "positive")
    box = re.search(r'<rect x="[\d.]+" y="([\d.]+)" width="10" height="([\d.]+)"', below)
    decade = places_of_decades(drawn())[1] - places_of_decades(drawn())[0]
    assert float(box[2]) / decade == pytest.approx(0.699, abs=0.01)  # from 5e-4 to 1e-4
    assert below.count("<line") >= 2


def test_a_quantified_level_shows_its_interval_and_the_end_of_its_range():
    assert marks_of(drawn(), "0.2%").count("<line") == 2


def test_panels_share_their_axes_and_the_key_names_what_is_there():
    svg = drawn(CASE, Trajectory("AB-02", (NEGATIVE,)))
    assert svg.count(">AB-0") == 2
    for words in (
        "quantified",
        "not detected, at its sensitivity",
        "not evaluable",
        "blinatumomab",
        "HSCT",
        "relapse",
    ):
        assert f">{words}</text>" in svg


def test_a_single_negative_is_a_figure_too():
    assert "not detected" in drawn(Trajectory("AB-02", (NEGATIVE,)), target=None)


def test_a_tick_lies_at_or_beyond_the_last_mark():
    """HSCT on day 119 is 3.9 months: the axis ends at 4."""
    svg = drawn(Trajectory("AB-02", (NUMBER, NEGATIVE), (), (Mark("HSCT", 119),)))
    months = re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="middle"[^>]*>(\d+)</text>', svg)
    assert [month for _, month in months] == ["0", "1", "2", "3", "4"]
    diamond = float(re.search(r'd="M([\d.]+) ', marks_of(svg, "HSCT"))[1])
    assert float(months[3][0]) < diamond < float(months[4][0])


def test_long_ids_keep_to_their_panels():
    svg = drawn(*(replace(CASE, case_id=f"ALL-2019/INFANT/UK/NORTHBRIDGE/00000{i}") for i in range(12)))
    assert not colliding(svg)
    assert not outside(svg)


def test_axes_are_those_of_all_cases_where_they_fill_several_figures():
    low = replace(CASE, case_id="AB-02", points=(replace(NUMBER, value=1e-6, lower=None, upper=None),))
    here = trajectory_figure((CASE,), 1e-4, "start", (CASE, low)).svg
    assert "0.00001%" in here
    assert "0.00001%" not in trajectory_figure((CASE,), 1e-4, "start").svg
