"""Hazards, restricted means and incidences of a handful of patients, worked by hand."""

from math import exp, log, sqrt

import pytest

from caseseries.stats.competing import estimate_incidence, incidence_curve
from caseseries.stats.events import count_events
from caseseries.stats.gray import compare_incidence
from caseseries.stats.hazard import estimate_hazard, hazard_curve
from caseseries.stats.restricted import estimate_restricted_mean, last_day_with

Z = 1.959963984540054
FIVE = count_events([1, 1, 2, 3, 4], [1, 1, 1, 0, 1])


def test_a_hazard_and_its_limits():
    """A(2) = 2/5 + 1/3, variance 2/25 + 1/9; limits A exp(+-z se / A)."""
    ours = estimate_hazard(FIVE, 2)
    hazard, error = 2 / 5 + 1 / 3, sqrt(2 / 25 + 1 / 9)
    assert (ours.n, ours.events, ours.at_risk, ours.level) == (5, 3, 3, 0.95)
    assert ours.value == pytest.approx(hazard, abs=1e-14)
    assert ours.lower == pytest.approx(hazard * exp(-Z * error / hazard), abs=1e-12)
    assert ours.upper == pytest.approx(hazard * exp(Z * error / hazard), abs=1e-12)
    narrow = estimate_hazard(FIVE, 2, level=0.5)
    assert log(narrow.upper / narrow.lower) == pytest.approx(
        2 * 0.6744897501960817 * error / hazard, abs=1e-12
    )


def test_a_hazard_of_a_tenth_has_limits_too():
    ours = estimate_hazard(count_events([1, *[9] * 9], [1, *[0] * 9]), 5)
    assert (ours.value, ours.events) == (0.1, 1)
    assert ours.lower == pytest.approx(0.1 * exp(-Z), abs=1e-12)  # se / A is 1 after a single event
    assert ours.upper == pytest.approx(0.1 * exp(Z), abs=1e-12)


def test_a_hazard_on_the_last_day_and_after_it():
    assert estimate_hazard(FIVE, 4).value == pytest.approx(2 / 5 + 1 / 3 + 1, abs=1e-14)
    assert estimate_hazard(FIVE, 5).because == "nobody was followed to day 5"
    assert estimate_hazard(count_events([], []), 5).because == "there are no patients"
    before = estimate_hazard(FIVE, 0)
    assert (before.value, before.events, before.lower) == (0, 0, None)


def test_hazards_of_two_causes_add():
    table = count_events([1, 1, 2, 3, 4], [1, 2, 2, 0, 1], causes=2)
    parts = [hazard_curve(table, cause).estimate for cause in (1, 2)]
    assert (parts[0] + parts[1]).tolist() == pytest.approx(hazard_curve(table).estimate.tolist(), abs=1e-14)
    assert estimate_hazard(table, 2, cause=2).value == pytest.approx(1 / 5 + 1 / 3, abs=1e-14)
    assert estimate_hazard(table, 2, cause=2).events == 2


def test_a_restricted_mean_with_ties():
    """S is 3/5 from day 1, 2/5 from day 2, 0 from day 4: 1 + 0.6 + 0.8; areas to the right 1.4 and 0.8."""
    ours = estimate_restricted_mean(FIVE, 4)
    error = sqrt(1.4**2 * 2 / (5 * 3) + 0.8**2 * 1 / (3 * 2))
    assert ours.value == pytest.approx(2.4, abs=1e-14)
    assert (ours.lower, ours.upper) == pytest.approx((2.4 - Z * error, 2.4 + Z * error), abs=1e-12)
    assert (ours.n, ours.events, ours.at_risk) == (5, 4, 1)
    assert estimate_restricted_mean(FIVE, 2).events == 3
    assert estimate_restricted_mean(FIVE, 1).events == 2


def test_a_restricted_mean_stays_below_its_horizon_and_above_nothing():
    ours = estimate_restricted_mean(count_events([3, 10, 10, 10], [1, 0, 0, 0]), 10)
    assert (ours.value, ours.upper) == (8.25, 10)
    assert ours.lower == pytest.approx(8.25 - Z * 5.25 / sqrt(12), abs=1e-12)
    early = estimate_restricted_mean(count_events([1, 1, 1, 9], [1, 1, 1, 0]), 9)
    assert (early.value, early.lower) == (3, 0)
    assert early.upper == pytest.approx(3 + Z * 2 * sqrt(3 / 4), abs=1e-12)


def test_restricted_means_without_an_answer():
    assert estimate_restricted_mean(FIVE, 5).value == pytest.approx(2.4)  # the curve is at 0 from day 4
    open_ended = count_events([1, 3], [1, 0])
    assert estimate_restricted_mean(open_ended, 4).because.startswith("nobody was followed to day 4")
    alone = estimate_restricted_mean(count_events([3, 3], [0, 0]), 3)
    assert (alone.value, alone.lower) == (3, None)
    assert alone.caveats == ("no event leaves anyone at risk before the horizon: the limits are not defined",)


def test_the_last_day_with_so_many():
    assert [last_day_with(FIVE, k) for k in (1, 2, 3, 4, 5, 6)] == [4, 3, 2, 1, 1, None]
    assert last_day_with(count_events([], []), 1) is None


def test_an_incidence_and_its_limits():
    """F_1(2) = 1/5; the delta-method variance of a first event among five is (1/5)(4/5)/5."""
    table = count_events([1, 2, 3, 4, 5], [1, 2, 0, 2, 0], causes=2)
    ours = estimate_incidence(table, 1, 1)
    width = Z * sqrt(0.2 * 0.8 / 5) / (0.8 * -log(0.8))
    assert (ours.events, ours.at_risk, ours.n) == (1, 5, 5)
    assert ours.value == pytest.approx(0.2, abs=1e-15)
    assert ours.lower == pytest.approx(1 - 0.8 ** exp(-width), abs=1e-12)
    assert ours.upper == pytest.approx(1 - 0.8 ** exp(width), abs=1e-12)
    assert estimate_incidence(table, 1, 3).at_risk == 3
    assert estimate_incidence(table, 2, 4).value == pytest.approx(1 / 5 + 3 / 5 * 1 / 2, abs=1e-14)
    assert incidence_curve(table, 2).competing.tolist() == [0, 1, 0, 0, 0, 0]


def test_what_grays_test_observed():
    a = count_events([1, 2, 3], [1, 2, 1], causes=2)
    b = count_events([2, 4, 5], [1, 0, 0], causes=2)
    assert compare_incidence([a, b], cause=1).observed == (2, 1)
    assert compare_incidence([a, b], [a, b], cause=2).observed == (2, 0)
    assert compare_incidence([a, b], [a, b], cause=1).n == 12
