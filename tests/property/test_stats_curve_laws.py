"""Laws of curves and their limits, for rows with any ties. 1e-12: only the order of additions differs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv

from caseseries.stats.competing import estimate_incidence, incidence_curve
from caseseries.stats.events import count_events, single_cause
from caseseries.stats.intervals import INTERVALS
from caseseries.stats.proportions import estimate_proportion
from caseseries.stats.survival import estimate_quantile, estimate_survival, survival_curve
from stats_rows import count, count_entries, entry_rows, rows


def same_curve(ours, theirs):
    for name in ("days", "at_risk", "events", "censored"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(listed, random):
    shuffled = random.sample(listed, len(listed))
    assert count(shuffled) == count(listed)


@settings(max_examples=30)
@given(rows(), rows())
def test_tables_add(ours, theirs):
    assert count(ours) + count(theirs) == count(ours + theirs) == count(theirs) + count(ours)


@settings(max_examples=30)
@given(entry_rows(), entry_rows())
def test_tables_with_entries_add(ours, theirs):
    assert count_entries(ours) + count_entries(theirs) == count_entries(ours + theirs)


@settings(max_examples=30)
@given(entry_rows())
def test_the_number_at_risk_is_who_is_under_observation(listed):
    table = count_entries(listed)
    for day, at_risk in zip(table.days, table.at_risk, strict=True):
        assert at_risk == sum(start < day <= stop for start, stop, _ in listed)
    for day in range(1, 31):
        assert table.steps.at_risk_on(day) == sum(start < day <= stop for start, stop, _ in listed)


@settings(max_examples=30)
@given(rows())
def test_kaplan_meier_is_the_product_of_fractions(listed):
    curve = survival_curve(count(listed))
    for day, estimate in zip(curve.days, curve.estimate, strict=True):
        exact = Fraction(1)
        for event_day in sorted({stop for stop, status in listed if status and stop <= day}):
            at_risk = sum(stop >= event_day for stop, _ in listed)
            died = sum(stop == event_day and status > 0 for stop, status in listed)
            exact *= 1 - Fraction(died, at_risk)
        assert estimate == pytest.approx(float(exact), abs=1e-14)


@pytest.mark.parametrize("interval", INTERVALS)
@settings(max_examples=30)
@given(rows())
def test_the_curve_falls_and_lies_within_its_limits(interval, listed):
    curve = survival_curve(count(listed), interval=interval)
    known = ~np.isnan(curve.lower)
    assert (np.diff(curve.estimate) <= 0).all()
    assert (curve.estimate[0] <= 1) & (curve.estimate[-1] >= 0)
    assert (curve.lower[known] <= curve.estimate[known]).all()
    assert (curve.estimate[known] <= curve.upper[known]).all()
    assert (curve.lower[known] >= 0).all()
    assert (curve.upper[known] <= 1).all()
    balance = curve.at_risk[:-1] - curve.events[:-1] - curve.censored[:-1]
    np.testing.assert_array_equal(curve.at_risk[1:], balance)


@pytest.mark.parametrize("interval", INTERVALS)
@settings(max_examples=30)
@given(rows(), st.integers(2, 5))
def test_stretching_time_stretches_the_curve(interval, listed, factor):
    slow = survival_curve(count([(stop * factor, status) for stop, status in listed]), interval=interval)
    fast = survival_curve(count(listed), interval=interval)
    np.testing.assert_array_equal(slow.days, fast.days * factor)
    np.testing.assert_allclose(slow.lower, fast.lower, rtol=0, atol=1e-12)
    ours, theirs = (estimate_quantile(count(r)).value for r in ([(s * factor, e) for s, e in listed], listed))
    assert ours == (None if theirs is None else theirs * factor)


@settings(max_examples=30)
@given(rows(), st.integers(2, 4))
def test_repeating_all_rows_keeps_the_curve_and_divides_the_variance(listed, times):
    once, often = count(listed), count(listed * times)
    np.testing.assert_allclose(often.steps.survival, once.steps.survival, rtol=0, atol=1e-12)
    finite = np.isfinite(once.steps.log_variance)
    np.testing.assert_allclose(
        often.steps.log_variance[finite] * times, once.steps.log_variance[finite], rtol=1e-12, atol=0
    )


@settings(max_examples=30)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.integers(0, 30))
def test_without_censoring_survival_is_the_share_alive_and_bpcp_is_clopper_pearson(stops, day):
    ours = estimate_survival(count([(stop, 1) for stop in stops]), day)
    alive = sum(stop > day for stop in stops)
    exact = estimate_proportion(alive, len(stops))
    assert ours.value == pytest.approx(exact.value, abs=1e-12)
    assert (ours.lower, ours.upper) == pytest.approx((exact.lower, exact.upper), abs=1e-12)
    assert ours.events == len(stops) - alive


@settings(max_examples=30)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.integers(0, 30))
def test_without_censoring_mid_p_bpcp_is_the_mid_p_interval(stops, day):
    ours = estimate_survival(count([(stop, 1) for stop in stops]), day, interval="bpcp-midp")
    exact = estimate_proportion(sum(stop > day for stop in stops), len(stops), method="mid-p")
    assert (ours.lower, ours.upper) == pytest.approx((exact.lower, exact.upper), abs=1e-12)


@settings(max_examples=30)
@given(rows(), st.sampled_from([0.8, 0.95, 0.99]))
def test_bpcp_is_the_beta_of_the_exact_moments(listed, level):
    """A second implementation: moments in exact fractions, SciPy's quantile."""
    curve = survival_curve(count(listed), level)
    tail = (1 - level) / 2
    mean = square = Fraction(1)
    for row, day in enumerate(curve.days):
        y, d = int(curve.at_risk[row]), int(curve.events[row])
        for alive in range(y - d + 1, y + 1):  # Beta(Y - d + 1, d) as a product of d uniform maxima
            mean *= Fraction(alive, alive + 1)
            square *= Fraction(alive, alive + 2)
        left = sum(stop > day for stop, _ in listed)
        below = mean * Fraction(left, left + 1), square * Fraction(left, left + 2)
        assert curve.upper[row] == pytest.approx(beta_by_moments(1 - tail, mean, square), abs=1e-11)
        assert curve.lower[row] == pytest.approx(beta_by_moments(tail, *below), abs=1e-11)


def beta_by_moments(p, mean, square):
    if mean in (0, 1):
        return float(mean)
    a = mean * (mean - square) / (square - mean**2)
    return betaincinv(float(a), float(a * (1 - mean) / mean), p)


@settings(max_examples=30)
@given(rows(), st.integers(0, 30))
def test_nobody_dead_is_never_a_certainty(listed, day):
    table = count([(stop, 0) for stop, _ in listed])
    assert (survival_curve(table).estimate == 1).all()
    assert estimate_quantile(table).value is None
    assert (survival_curve(table).lower < 1).all()
    for interval in INTERVALS:
        ours = estimate_survival(table, day, interval=interval)
        assert ours.lower != 1.0


@settings(max_examples=30)
@given(rows(), st.integers(31, 60))
def test_censoring_after_the_last_day_changes_nothing_before_but_the_numbers_at_risk(listed, later):
    longer = [(later if stop == 30 and not status else stop, status) for stop, status in listed]
    before, after = survival_curve(count(listed)), survival_curve(count(longer))
    kept = after.days < 30
    np.testing.assert_array_equal(after.estimate[kept], before.estimate[before.days < 30])


@settings(max_examples=30)
@given(rows())
def test_one_more_patient_seen_on_day_0_only_changes_no_later_survival(listed):
    listed = [(stop + 1, status) for stop, status in listed]
    with_one, without = survival_curve(count([*listed, (0, 0)])), survival_curve(count(listed))
    np.testing.assert_array_equal(with_one.estimate, without.estimate)


@settings(max_examples=30)
@given(rows())
def test_incidences_of_all_causes_and_survival_sum_to_one(listed):
    table = count(listed)
    total = survival_curve(table).estimate + sum(incidence_curve(table, k).estimate for k in (1, 2))
    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(entry_rows())
def test_with_one_cause_incidence_is_one_less_survival_and_its_variance_greenwoods(listed):
    table = single_cause(count_entries(listed))
    ours, steps = incidence_curve(table, 1), table.steps
    np.testing.assert_allclose(ours.estimate, 1 - steps.survival, rtol=0, atol=1e-12)
    open_ = steps.survival > 0
    greenwood = steps.survival[open_] ** 2 * steps.log_variance[open_]
    np.testing.assert_allclose(ours.variance[open_], greenwood, rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(entry_rows(), st.sampled_from([1, 2]))
def test_incidence_variance_is_the_one_of_the_transition_matrices(listed, cause):
    """A second implementation: the state's covariance carried from day to day (Andersen et al. 1993, IV.4.1.3),
    the increments multinomial."""
    curve = incidence_curve(count_entries(listed), cause)
    state, covariance = np.array([1.0, 0.0, 0.0]), np.zeros((3, 3))
    for row in range(curve.days.size):
        y = max(int(curve.at_risk[row]) if row else 0, 1)
        shares = np.array([curve.events[row], curve.competing[row]]) / y
        step = np.eye(3)
        step[0] = [1 - shares.sum(), *shares]
        kinds = np.diag([1 - shares.sum(), *shares]) - np.outer(step[0], step[0])
        covariance = step.T @ covariance @ step + state[0] ** 2 * kinds / y
        state = state @ step
        assert curve.estimate[row] == pytest.approx(state[1], abs=1e-12)
        assert curve.variance[row] == pytest.approx(covariance[1, 1], abs=1e-12)


@settings(max_examples=30)
@given(rows())
def test_entry_before_the_first_day_is_no_entry_at_all(listed):
    later = [(stop + 1, status) for stop, status in listed]
    stop, status = zip(*later, strict=True)
    entered = count_events(stop, status, [0] * len(later), causes=2)
    same_curve(survival_curve(entered), survival_curve(count(later)))
    assert not entered.delayed


@settings(max_examples=30)
@given(entry_rows(), st.integers(1, 29))
def test_splitting_rows_changes_nothing(listed, cut):
    """A row (start, stop] is (start, cut] censored and (cut, stop]: counts cancel within the day of the cut."""
    split = []
    for start, stop, status in listed:
        inside = start < cut < stop
        split += [(start, cut, 0), (cut, stop, status)] if inside else [(start, stop, status)]
    whole, parts = count_entries(listed), count_entries(split)
    both = np.isin(parts.steps.days, whole.steps.days)
    np.testing.assert_array_equal(
        parts.steps.survival[both], whole.steps.survival[np.isin(whole.steps.days, parts.steps.days)]
    )


@pytest.mark.parametrize("interval", INTERVALS)
@settings(max_examples=30)
@given(listed=rows(), p=st.sampled_from([0.1, 0.25, 0.5, 0.75]))
def test_a_quantile_lies_within_its_limits(interval, listed, p):
    ours = estimate_quantile(count(listed), p, interval=interval)
    assume(ours.value is not None)
    if ours.lower is not None:
        assert ours.lower <= ours.value
    if ours.upper is not None:
        assert ours.value <= ours.upper


@settings(max_examples=30)
@given(rows(statuses=st.integers(0, 1)), st.integers(0, 30), st.sampled_from([0.8, 0.95]))
def test_with_one_cause_incidence_and_its_limits_are_those_of_the_curve_turned_over(listed, day, level):
    """1 - F is S, and the complementary log-log limits of F are the log-log limits of S."""
    table = count(listed, causes=1)
    ours = estimate_incidence(table, 1, day, level)
    theirs = estimate_survival(table, day, level, "log-log")
    assert (ours.events, ours.at_risk, ours.n) == (theirs.events, theirs.at_risk, theirs.n)
    assert (ours.value is None) == (theirs.value is None)
    if ours.value is not None:
        assert ours.value == pytest.approx(1 - theirs.value, abs=1e-12)
    assert (ours.lower is None) == (theirs.lower is None)
    if ours.lower is not None:
        assert (ours.lower, ours.upper) == pytest.approx((1 - theirs.upper, 1 - theirs.lower), abs=1e-10)


@settings(max_examples=30)
@given(rows())
def test_incidences_have_limits_on_both_sides_and_add_up(listed):
    table = count(listed)
    curves = [incidence_curve(table, cause) for cause in (1, 2)]
    np.testing.assert_allclose(
        curves[0].estimate + curves[1].estimate + survival_curve(table).estimate, 1, rtol=0, atol=1e-12
    )
    for ours, other in (curves, curves[::-1]):
        known = ~np.isnan(ours.lower)
        assert (ours.lower[known] > 0).all()
        assert (ours.lower[known] < ours.estimate[known]).all()
        assert (ours.estimate[known] < ours.upper[known]).all()
        assert (ours.upper[known] <= 1).all()
        np.testing.assert_array_equal(known, (ours.estimate > 0) & (ours.estimate < 1) & (ours.variance > 0))
        np.testing.assert_array_equal(ours.competing, other.events)
