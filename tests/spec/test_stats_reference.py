"""A cohort against a reference: the published arithmetic, and what is said where there is none."""

from math import factorial

import numpy as np
import pytest

from caseseries.stats.events import count_events
from caseseries.stats.hazard import estimate_hazard
from caseseries.stats.reference import (
    Reference,
    compare_survival_to,
    compare_to_reference,
    count_expected,
    estimate_mortality_ratio,
    poisson_tails,
    reference_exponential,
    reference_from_horizons,
    reference_from_table,
)

ELEVEN = count_events([35, 57, 60, 70, 92, 108, 133, 300, 500, 900, 1163], [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0])
# Fifteen of 26 fall on day 1, whose hazard makes 4.4740 of them expected (Klein & Moeschberger 2003, example 7.1).
PSYCHIATRIC = count_events([1] * 26, [1] * 15 + [0] * 11)
IOWA = reference_exponential(np.exp(-4.4740 / 26), 1)


def test_fifteen_observed_against_four_and_a_half_expected():
    ours = compare_to_reference(PSYCHIATRIC, IOWA)
    assert (ours.observed, ours.expected[0]) == ((15,), pytest.approx(4.4740))
    assert ours.statistic == pytest.approx((15 - 4.4740) ** 2 / 4.4740, rel=1e-12)
    assert round(ours.statistic, 2) == 24.76
    assert ours.name == "one-sample log-rank test"


def test_wu_takes_the_mean_of_observed_and_expected():
    ours = compare_to_reference(PSYCHIATRIC, IOWA, "wu")
    assert ours.statistic == pytest.approx((15 - 4.4740) ** 2 / ((15 + 4.4740) / 2), rel=1e-12)


def test_exact_poisson_is_twice_the_smaller_tail():
    """P(X >= 15) and P(X <= 2) by the series."""
    terms = [np.exp(-4.474) * 4.474**k / factorial(k) for k in range(40)]
    assert compare_to_reference(PSYCHIATRIC, IOWA, "exact").p == pytest.approx(2 * sum(terms[15:]), rel=1e-9)
    assert poisson_tails(2, 4.474) == pytest.approx((sum(terms[:3]), sum(terms[2:])), rel=1e-12)
    assert poisson_tails(0, 4.474) == pytest.approx((terms[0], 1), rel=1e-12)


@pytest.mark.parametrize(("observed", "lower", "upper"), [(5, 1.62, 11.67), (2, 0.24, 7.22), (0, 0, 3.69)])
def test_published_poisson_limits(observed, lower, upper):
    table = count_events([1] * 10, [1] * observed + [0] * (10 - observed))
    ours = estimate_mortality_ratio(table, reference_exponential(np.exp(-0.1), 1))
    assert (round(ours.lower, 2), round(ours.upper, 2)) == (lower, upper)
    assert ours.value == pytest.approx(observed)
    assert ours.events == observed


def test_between_horizons_the_hazard_is_constant():
    reference = reference_from_horizons({100: 0.5, 200: 0.25})
    _, expected, variance = count_expected(count_events([50, 150], [0, 0]), reference)
    assert (expected, variance) == (pytest.approx(np.log(2) * 2), 0)


def test_follow_up_beyond_the_reference_is_not_counted_and_says_so():
    reference = reference_from_horizons({100: 0.5})
    observed, expected, _ = count_expected(ELEVEN, reference)
    assert observed == 3
    assert expected == pytest.approx(np.log(2) / 100 * (35 + 57 + 60 + 70 + 92 + 6 * 100))
    ours = compare_to_reference(ELEVEN, reference)
    assert ours.caveats == ("follow-up beyond day 100 has no reference and is not counted",)
    assert estimate_mortality_ratio(ELEVEN, reference).caveats == ours.caveats
    assert compare_to_reference(ELEVEN, reference_exponential(0.5, 100)).caveats == ()


def test_a_reference_cohort_brings_its_own_error():
    reference = reference_from_table(count_events([30, 60, 90, 1200], [1, 1, 1, 0]))
    known = compare_to_reference(ELEVEN, reference)
    unsure = compare_to_reference(ELEVEN, reference, reference_error=True)
    _, expected, own = count_expected(ELEVEN, reference)
    at_risk = np.array([11, 8, 7])  # on days 30, 60 and 90
    at_risk[1] = 9
    assert expected == pytest.approx(at_risk @ [1 / 4, 1 / 3, 1 / 2])
    assert own == pytest.approx(at_risk**2 @ [1 / 16, 1 / 9, 1 / 4])
    assert unsure.statistic == pytest.approx((5 - expected) ** 2 / (expected + own))
    assert unsure.p > known.p
    assert unsure.name == "one-sample log-rank test, with the reference’s sampling error"
    wu = compare_to_reference(ELEVEN, reference, "wu", reference_error=True)
    assert wu.statistic == pytest.approx((5 - expected) ** 2 / ((5 + expected) / 2 + own))


def test_a_published_curve_steps_or_slopes():
    days, hazard = np.array([0, 10]), np.array([0.0, 1.0])
    one = count_events([5], [0])
    assert count_expected(one, Reference(days, hazard, flat=True))[1] == 0
    assert count_expected(one, Reference(days, hazard))[1] == 0.5


def test_where_nothing_is_expected_nothing_is_tested():
    reference = Reference(np.array([0, 10]), np.array([0.0, 0.0]))
    assert compare_to_reference(ELEVEN, reference).because == "no event is expected"
    assert estimate_mortality_ratio(ELEVEN, reference).because == "no event is expected"


@pytest.mark.parametrize("method", ["exact", "log-rank"])
def test_an_error_that_the_reference_has_not_is_refused(method):
    reference = reference_from_table(ELEVEN) if method == "exact" else reference_exponential(0.5, 10)
    with pytest.raises(
        ValueError, match="the reference’s sampling error needs a reference cohort and a normal test"
    ):
        compare_to_reference(ELEVEN, reference, method, reference_error=True)


def test_impossible_references_are_refused():
    with pytest.raises(ValueError, match="survival 1 on day 5 gives no hazard"):
        reference_exponential(1, 5)
    for survival in ({}, {0: 0.5}, {10: 1.2}, {10: 0.0}):
        with pytest.raises(ValueError, match="does not fall from 1 over days after 0"):
            reference_from_horizons(survival)
    with pytest.raises(ValueError, match="method 'score' is not one of log-rank, wu, exact"):
        compare_to_reference(ELEVEN, IOWA, "score")


def test_survival_to_a_day_against_a_published_value():
    """Six of eleven against 20.9 %: one-sided size 0.0145."""
    complete = count_events([100] * 5 + [400] * 6, [1] * 5 + [0] * 6)
    ours = compare_survival_to(complete, 365, 0.209)
    assert ours.p / 2 == pytest.approx(0.0145, abs=5e-5)
    assert compare_survival_to(ELEVEN, 365, 0.209).because == "3 left observation before day 365"
    assert compare_survival_to(complete, 400, 0.209).p == ours.p
    late = count_events([3, 9], [1, 1], [0, 5])
    assert compare_survival_to(late, 5, 0.2).because == "entry is delayed"


def test_the_cumulative_hazard_at_a_day():
    ours = estimate_hazard(ELEVEN, 365)
    assert ours.value == pytest.approx(1 / 11 + 1 / 10 + 1 / 7 + 1 / 6 + 1 / 5)
    error = np.sqrt(1 / 121 + 1 / 100 + 1 / 49 + 1 / 36 + 1 / 25)
    assert ours.upper == pytest.approx(ours.value * np.exp(1.959963984540054 * error / ours.value))
    assert ours.lower * ours.upper == pytest.approx(ours.value**2)
    assert (ours.at_risk, ours.events) == (3, 5)
