"""What is printed where the textbook stops: each edge with the answer intended."""

import numpy as np
import pytest

from caseseries.stats.competing import estimate_incidence, incidence_curve
from caseseries.stats.events import EventTable, RowError, count_events, reverse, start_at, stop_at
from caseseries.stats.intervals import INTERVALS
from caseseries.stats.proportions import estimate_median, estimate_proportion
from caseseries.stats.survival import (
    BPCP_NEEDS_ENTRY_AT_ORIGIN,
    estimate_quantile,
    estimate_survival,
    survival_curve,
)

# Events on days 35, 57, 92, 108 and 133 with 11, 10, 7, 6 and 5 at risk; the last seen alive on day 1163.
ELEVEN = count_events([35, 57, 60, 70, 92, 108, 133, 300, 500, 900, 1163], [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0])
ALIVE = count_events([100] * 11, [0] * 11)


def limits(estimate):
    return round(estimate.lower, 3), round(estimate.upper, 3)


def test_one_patient_at_risk_at_three_years():
    ours = estimate_survival(ELEVEN, 1095)
    assert ours.value == pytest.approx(10 / 11 * 9 / 10 * 6 / 7 * 5 / 6 * 4 / 5, abs=1e-15)
    assert (ours.n, ours.events, ours.at_risk) == (11, 5, 1)
    assert limits(ours) == (0.021, 0.804)
    assert limits(estimate_survival(ELEVEN, 1095, interval="log-log")) == (0.148, 0.739)
    assert ours.method == "Kaplan–Meier, beta product confidence procedure (BPCP)"


def test_three_patients_at_risk_at_one_year():
    ours = estimate_survival(ELEVEN, 365)
    assert limits(ours) == (0.121, 0.804)
    assert ours.at_risk == 3


def test_two_deaths_of_eleven_with_one_at_risk():
    """Overall survival of the same study: 10/11 then 8/9, three-year limits 3.0 to 97.6 %."""
    ours = estimate_survival(count_events([57, 60, 92, *[300] * 7, 1163], [1, 0, 1] + [0] * 8), 1095)
    assert ours.value == pytest.approx(0.80808, abs=1e-5)
    assert limits(ours) == (0.030, 0.976)


def test_before_the_first_event_the_limits_are_those_of_none_dead():
    ours = estimate_survival(ELEVEN, 34)
    assert ours.value == 1
    assert ours.lower == pytest.approx(0.025 ** (1 / 11), abs=1e-14)
    assert ours.upper == 1


@pytest.mark.parametrize("interval", ["log-log", "log", "plain", "arcsine"])
def test_before_the_first_event_greenwood_has_no_limits(interval):
    ours = estimate_survival(ELEVEN, 34, interval=interval)
    assert (ours.value, ours.lower, ours.upper) == (1, None, None)
    assert ours.caveats == (f"no event yet: {interval} limits are not defined",)


def test_after_the_last_patient_died_the_curve_stays_at_0():
    ours = estimate_survival(count_events([3, 5], [1, 1]), 100)
    assert (ours.value, ours.lower, ours.at_risk, ours.because) == (0, 0, 0, "")
    assert ours.upper == pytest.approx(1 - 0.025 ** (1 / 2), abs=1e-14)
    assert estimate_survival(count_events([3, 5], [1, 1]), 5, interval="log-log").caveats == (
        "nobody left without an event: log-log limits are not defined",
    )


def test_beyond_the_last_follow_up_nothing_is_estimable():
    ours = estimate_survival(ELEVEN, 1164)
    assert (ours.value, ours.lower, ours.upper, ours.at_risk) == (None, None, None, 0)
    assert ours.because == "nobody was followed to day 1164: the last follow-up is on day 1163"
    assert estimate_survival(ELEVEN, 1163).value is not None
    assert estimate_survival(ELEVEN, -1).because == "day -1 is before day 0"


def test_on_the_last_day_of_follow_up_the_lower_limit_is_0_and_says_so():
    ours = estimate_survival(ELEVEN, 1163)
    assert (ours.lower, ours.at_risk) == (0, 1)
    assert ours.caveats == ("nobody was followed beyond this day: the lower limit is 0",)


def test_nobody():
    empty = count_events([], [])
    for ours in (estimate_survival(empty, 0), estimate_quantile(empty), estimate_incidence(empty, 1, 0)):
        assert (ours.value, ours.n, ours.because) == (None, 0, "there are no patients")
    assert survival_curve(empty).days.tolist() == [0]


def test_everyone_censored_has_no_median_and_no_certainty():
    ours = estimate_quantile(ALIVE)
    assert (ours.value, ours.upper) == (None, None)
    assert ours.because == "not reached: the curve ends at 1.000 on day 100"
    assert estimate_survival(ALIVE, 99).lower == pytest.approx(0.715, abs=0.0005)
    assert estimate_incidence(ALIVE, 1, 99).events == 0
    assert estimate_incidence(ALIVE, 1, 99).caveats == (
        "no event of this cause yet: the incidence is 0 and its limits are not defined",
    )


@pytest.mark.parametrize("status", [0, 1])
def test_one_patient(status):
    table = count_events([10], [status])
    assert estimate_survival(table, 9).lower == pytest.approx(0.025, abs=1e-15)
    assert estimate_survival(table, 10).value == 1 - status
    assert estimate_quantile(table).value == (10 if status else None)
    assert estimate_quantile(reverse(table)).value == (None if status else 10)


def test_everyone_dead_on_one_day():
    ours = estimate_survival(count_events([10] * 11, [1] * 11), 10)
    assert (ours.value, ours.lower) == (0, 0)
    assert ours.upper == pytest.approx(1 - 0.025 ** (1 / 11), abs=1e-14)


def test_an_event_on_day_0_counts():
    assert estimate_survival(count_events([0, 5], [1, 0]), 0).value == 0.5


@pytest.mark.parametrize(
    ("stop", "status", "median"),
    [
        ([1, 2, 3, 4], [1, 1, 0, 0], 3),  # flat from 2 to the last day 4
        ([0, 1, 2, 3], [1, 1, 0, 1], 2),  # flat from 1 to 3
        ([1, 2, 4, 5], [1, 1, 1, 0], 3),
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),
    ],
)
def test_the_median_on_a_plateau_is_its_middle(stop, status, median):
    value = estimate_quantile(count_events(stop, status)).value
    assert value == median
    assert type(value) is type(median)


@pytest.mark.parametrize(
    ("status", "in_floats", "median"),
    [
        # exactly one half on days 6 and 10, but not in floating point; the next events are on days 7 and 13
        ([1, 1, 1, 0, 0, 1, 1, 1, 0], 0.4999999999999999, 6.5),
        ([1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0], 0.5000000000000001, 11.5),
    ],
)
def test_a_plateau_is_recognised_where_floating_point_misses_it(status, in_floats, median):
    table = count_events(range(1, len(status) + 1), status)
    assert in_floats in table.steps.survival
    assert estimate_quantile(table).value == median


@pytest.mark.parametrize(("fell", "median"), [(10**10 + 1, 5), (10**10, 7), (10**10 - 1, 9)])
def test_next_to_a_plateau_is_not_on_it(fell, median):
    """A registry of 2 x 10^10 whose curve passes one half by 5e-11: day 5, the middle of 5 and 9, or day 9."""
    n = 2 * 10**10
    left = n - fell
    counts = np.array([[0], [fell], [left]])
    table = EventTable(np.array([-1, 5, 9]), np.array([n, 0, 0]), counts, np.array([0, 0, 0]))
    assert estimate_quantile(table).value == median


def test_a_limit_equal_to_the_level_is_reached():
    """p chosen so that 1 - p is the lower limit itself."""
    limit = survival_curve(ALIVE).lower[0]
    p = 1 - limit
    assert 1 - p == limit
    assert estimate_quantile(ALIVE, p).lower == 0


def test_arcsine_limits_stop_at_one():
    """S = 2/3 of three at 99 %: the sine would come back down."""
    ours = estimate_survival(count_events([5, 9, 9], [1, 0, 0]), 5, 0.99, "arcsine")
    assert ours.upper == 1
    assert 0 <= ours.lower < 0.2


def test_delayed_entry_has_no_beta_product_limits_and_says_so():
    table = count_events([4, 6, 10, 14], [1, 0, 1, 1], start=[0, 0, 5, 8])
    ours = estimate_survival(table, 6)
    assert ours.method == "Kaplan–Meier, log-log"
    assert ours.caveats == (BPCP_NEEDS_ENTRY_AT_ORIGIN,)
    assert survival_curve(table).method == "Kaplan–Meier, log-log"


def test_a_risk_set_that_empties_and_refills_is_told():
    table = count_events([4, 6, 14, 20], [1, 0, 1, 0], start=[0, 0, 9, 9])
    ours = estimate_survival(table, 14)
    assert ours.value == 0.25
    assert "nobody was under observation after day 6 until others entered" in ours.caveats
    assert (
        "nobody was under observation after day 6 until others entered"
        not in estimate_survival(table, 6).caveats
    )


def test_a_risk_set_that_dies_out_early_leaves_the_curve_at_0():
    table = count_events([4, 14, 20], [1, 1, 0], start=[0, 9, 9])
    assert estimate_survival(table, 14).value == 0
    assert (
        "nobody was under observation after day 4 until others entered"
        in estimate_survival(table, 14).caveats
    )


def test_entry_after_the_last_event_changes_the_number_at_risk_only():
    early, late = [4, 6], [1, 0]
    table = count_events([*early, 30], [*late, 0], start=[0, 0, 20])
    assert estimate_survival(table, 4).value == estimate_survival(count_events(early, late), 4).value
    assert estimate_survival(table, 25).at_risk == 1


def test_numbers_at_risk_are_those_under_observation_on_the_day():
    table = count_events([3, 5, 5, 9], [1, 0, 1, 0])
    assert [table.steps.at_risk_on(day) for day in (0, 1, 3, 4, 5, 6, 9, 10)] == [4, 4, 4, 3, 3, 1, 1, 0]
    entered = count_events([3, 9], [1, 0], start=[0, 0])
    assert [entered.steps.at_risk_on(day) for day in (0, 3, 4)] == [2, 2, 1]


def test_incidence_of_everyone_is_1_without_limits():
    table = count_events([3, 5], [1, 1], causes=2)
    ours = estimate_incidence(table, 1, 9)
    assert (ours.value, ours.lower, ours.upper) == (1, None, None)
    assert ours.caveats == ("everyone has had an event of this cause: the limits are not defined",)


def test_incidence_beyond_follow_up_and_of_an_unknown_cause():
    table = count_events([3, 5], [1, 0], causes=2)
    assert estimate_incidence(table, 1, 6).because.startswith("nobody was followed to day 6")
    with pytest.raises(ValueError, match="cause 3 is not one of 1 to 2"):
        incidence_curve(table, 3)


def test_what_is_not_offered_is_refused():
    with pytest.raises(ValueError, match="interval 'exact' is not one of bpcp, bpcp-midp, log-log"):
        estimate_survival(ELEVEN, 1, interval="exact")
    with pytest.raises(ValueError, match=r"level 95 is not between 0 and 1"):
        estimate_survival(ELEVEN, 1, level=95)
    with pytest.raises(ValueError, match="method 'exact' is not one of clopper-pearson"):
        estimate_proportion(1, 2, method="exact")
    with pytest.raises(ValueError, match="3 of 2 is not a proportion"):
        estimate_proportion(3, 2)


def test_intervals_have_names_a_paper_would_print():
    assert [interval.name for interval in INTERVALS.values()][:2] == [
        "beta product confidence procedure (BPCP)",
        "mid-p beta product confidence procedure (BPCP)",
    ]


@pytest.mark.parametrize(
    ("method", "lower", "upper"),
    [
        ("clopper-pearson", 0.482, 0.977),
        ("wilson", 0.523, 0.949),
        ("mid-p", 0.517, 0.968),
        ("jeffreys", 0.533, 0.960),
    ],
)
def test_nine_of_eleven(method, lower, upper):
    assert limits(estimate_proportion(9, 11, method=method)) == (lower, upper)


def test_published_proportion_intervals():
    """81 of 263 (Newcombe 1998, Stat Med 17:857, table I)."""
    found = {m: estimate_proportion(81, 263, method=m) for m in ("clopper-pearson", "wilson", "mid-p")}
    assert [(round(e.lower, 4), round(e.upper, 4)) for e in found.values()] == [
        (0.2527, 0.3676),
        (0.2553, 0.3662),
        (0.2544, 0.3658),
    ]


@pytest.mark.parametrize("method", ["clopper-pearson", "wilson", "mid-p", "jeffreys"])
def test_none_and_all_end_at_the_end(method):
    none, all_ = estimate_proportion(0, 11, method=method), estimate_proportion(11, 11, method=method)
    assert (none.lower, all_.upper) == (0, 1)
    assert none.upper == pytest.approx(1 - all_.lower, abs=1e-12)
    assert 0 < none.upper < 0.4
    assert estimate_proportion(0, 0, method=method).because == "there are no patients"


def test_median_of_complete_values():
    ours = estimate_median([7, 1, 3, 5, 11, 9])
    assert (ours.value, ours.lower, ours.upper) == (6, 1, 11)
    assert estimate_median(range(11)).lower == 1  # P(Binomial(11, 1/2) <= 1) = 0.0059, <= 2 is 0.033
    few = estimate_median([1, 2, 4, 5, 9])
    assert (few.value, few.lower, few.upper) == (4, None, None)
    assert few.caveats == ("5 values are too few for a 95 % interval",)
    assert estimate_median([1, 2]).value == 1.5
    assert estimate_median([]).because == "there are no values"
    with pytest.raises(ValueError, match="a missing value has no place in a median"):
        estimate_median([1.0, float("nan")])


GAP = "nobody was under observation after day 4 until others entered"


def test_a_gap_that_is_refilled_once_is_a_gap():
    """Day 4 takes the last, one enters on day 9 and is the last on day 14."""
    table = count_events([4, 14], [0, 1], start=[0, 9])
    curve = survival_curve(table)
    assert (curve.days.tolist(), curve.at_risk.tolist()) == ([0, 4, 9, 14], [1, 1, 0, 1])
    assert GAP in estimate_survival(table, 14).caveats
    assert estimate_survival(table, 9).value == 1


def test_two_gaps_are_both_named():
    table = count_events([4, 14, 30, 31], [0, 0, 1, 0], start=[0, 9, 20, 20])
    ours = estimate_survival(table, 30)
    assert "nobody was under observation after day 4, 14 until others entered" in ours.caveats
    assert ours.value == 0.5


def test_waiting_for_the_first_to_enter_is_no_gap():
    table = count_events([9, 12], [1, 0], start=[5, 5])
    ours = estimate_survival(table, 9)
    assert (ours.value, ours.at_risk, ours.caveats) == (
        0.5,
        2,
        (),
    )  # together: no entry is later than another
    assert survival_curve(table).at_risk.tolist() == [0, 0, 2, 1]


def test_an_unreached_median_says_where_the_curve_ends():
    ours = estimate_quantile(count_events([5, 9, *[11] * 8], [1, 1, *[0] * 8]))
    assert ours.because == "not reached: the curve ends at 0.800 on day 11"
    assert (ours.n, ours.events) == (10, 2)


@pytest.mark.parametrize("interval", ["log-log", "plain", "likelihood-ratio"])
def test_only_beta_products_know_nothing_beyond_the_last_patient(interval):
    assert estimate_survival(count_events([3, 5], [1, 0]), 5, interval=interval).caveats == ()


@pytest.mark.parametrize("level", [0, 1, -0.5, 1.5, 95])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(ValueError, match=f"level {level} is not between 0 and 1"):
        survival_curve(ELEVEN, level)
    assert survival_curve(ELEVEN, 1e-6).level == 1e-6


def test_the_last_day_may_hold_both_an_event_and_a_censoring():
    table = count_events([3, 5, 8, 8], [1, 0, 1, 0])
    assert table.last_day == 8
    assert estimate_survival(table, 8).value == pytest.approx(3 / 4 * 1 / 2)
    assert estimate_survival(table, 9).value is None
    assert not count_events([8, 8], [1, 0]).delayed


def test_days_up_to_two_to_the_fifty_third():
    assert count_events([2**53], [1]).last_day == 2**53
    with pytest.raises(RowError, match="is not a whole number of days from 0"):
        count_events([2**53 + 2], [1])


def test_cutting_an_empty_table_leaves_it_empty():
    empty = count_events([], [])
    assert stop_at(empty, 5) == empty
    assert start_at(empty, 5).n == 0


def test_cutting_at_the_last_day_changes_nothing():
    table = count_events([3, 5], [1, 0])
    assert stop_at(table, 5) == table
    assert stop_at(table, 4) == count_events([3, 4], [1, 0])
