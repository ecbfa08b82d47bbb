"""Hazard ratios, references and stratified draws of a few patients, worked by hand."""

from math import exp, log, sqrt

import numpy as np
import pytest

from caseseries.stats.distributions import chi_square_tail
from caseseries.stats.events import count_events
from caseseries.stats.likelihood import Likelihood, arrange_rows
from caseseries.stats.reference import (
    compare_survival_to,
    compare_to_reference,
    count_expected,
    estimate_mortality_ratio,
    reference_exponential,
    reference_from_horizons,
    reference_from_table,
)
from caseseries.stats.regression import estimate_hazard_ratio, fit_cox
from caseseries.stats.stratified import permute_within

Z = 1.959963984540054
PAIR = count_events([1], [1]), count_events([2], [1])  # the first of the pair falls first
MIRROR = count_events([2], [1]), count_events([1], [1])


def test_the_ratio_of_matched_pairs():
    """Three pairs one way, one the other: 3, its log with variance 1/3 + 1/1."""
    ours = estimate_hazard_ratio(*PAIR, strata=[PAIR, PAIR, MIRROR])
    error = sqrt(1 / 3 + 1)
    assert ours.value == pytest.approx(3, rel=1e-10)
    assert (ours.n, ours.events, ours.level) == (8, 8, 0.95)
    assert ours.lower == pytest.approx(3 * exp(-Z * error), rel=1e-9)
    assert ours.upper == pytest.approx(3 * exp(Z * error), rel=1e-9)
    narrow = estimate_hazard_ratio(*PAIR, 0.5, strata=[PAIR, PAIR, MIRROR])
    assert narrow.upper == pytest.approx(3 * exp(0.6744897501960817 * error), rel=1e-9)


def test_one_event_each_is_enough_for_a_ratio():
    assert estimate_hazard_ratio(*PAIR, strata=[MIRROR]).value == pytest.approx(1, abs=1e-10)


def test_a_pair_of_one_penalised_by_firth_has_ratio_three():
    """Heinze & Schemper 2001, section 2: two individuals; the modified score has its root at exp(beta) = 3."""
    likelihood = Likelihood(arrange_rows([1, 2], [1, 0], [[1.0], [0.0]], None, None), "efron", True)
    for ratio, sign in ((2.9, 1), (3, 0), (3.1, -1)):
        beta = np.array([log(ratio)])
        (slope,) = likelihood.gradient(beta, likelihood.at(beta))
        assert slope * sign > 0 or abs(slope) < 1e-12


def pairs_model(**options):
    stop, event, x, strata = [], [], [], []
    for number in range(4):
        first, second = (1, 2) if number < 3 else (2, 1)
        stop += [first, second]
        event += [1, 1]
        x += [[1.0], [0.0]]
        strata += [number] * 2
    return fit_cox(stop, event, x, ["first"], strata=strata, **options)


def test_a_model_of_pairs_and_its_tests():
    """log L = 3 b - 4 log(1 + e^b): 0 gives -4 log 2, log 3 gives 3 log(3/4) + log(1/4)."""
    model = pairs_model()
    assert model.ratios[0].value == pytest.approx(3, rel=1e-9)
    assert model.errors == pytest.approx((sqrt(4 / 3),), rel=1e-9)
    assert model.log_likelihoods == pytest.approx((-4 * log(2), 3 * log(3 / 4) + log(1 / 4)), rel=1e-10)
    tests = {test.name: test for test in model.tests}
    assert list(tests) == [
        "likelihood ratio test",
        "Wald test",
        "score test",
        "proportional hazards of first",
    ]
    assert tests["score test"].statistic == pytest.approx((3 - 2) ** 2 / (4 * 0.25), rel=1e-10)
    assert tests["Wald test"].statistic == pytest.approx(log(3) ** 2 / (4 / 3), rel=1e-9)
    ratio = 2 * (model.log_likelihoods[1] - model.log_likelihoods[0])
    assert tests["likelihood ratio test"].statistic == pytest.approx(ratio, rel=1e-10)
    for test in model.tests:
        assert (test.df, test.n) == (1, 8)
        assert test.p == pytest.approx(chi_square_tail(test.statistic, 1), abs=1e-12)
    assert model.p_values == pytest.approx((chi_square_tail(log(3) ** 2 / (4 / 3), 1),), rel=1e-8)
    assert pairs_model(interval="profile").p_values == pytest.approx((chi_square_tail(ratio, 1),), rel=1e-6)


def test_profile_limits_of_pairs():
    """Where 3 b - 4 log(1 + e^b) has fallen by z² / 2 from its top."""
    (ratio,) = pairs_model(interval="profile").ratios
    top = 3 * log(3 / 4) + log(1 / 4)
    for limit in (ratio.lower, ratio.upper):
        assert 2 * (top - 3 * log(limit) + 4 * log(1 + limit)) == pytest.approx(Z * Z, abs=1e-8)
    assert ratio.lower < 3 < ratio.upper


def test_two_covariates_have_a_check_each_and_one_together():
    random = np.random.default_rng(4)
    x = random.integers(0, 3, (40, 2)).astype(float)
    model = fit_cox(random.permutation(40) + 1, [1, 0] * 20, x, ["a", "b"])
    checks = [test for test in model.tests if test.name.startswith("proportional")]
    assert [(test.name, test.df) for test in checks] == [
        ("proportional hazards of a", 1),
        ("proportional hazards of b", 1),
        ("proportional hazards", 2),
    ]
    assert checks[2].p == pytest.approx(chi_square_tail(checks[2].statistic, 2), abs=1e-12)
    assert model.caveats == ()  # twenty events, ten for each


@pytest.mark.parametrize(("events", "few"), [(9, True), (10, False)])
def test_ten_events_for_each_covariate(events, few):
    stops, event = np.arange(1, 31), np.array([1] * events + [0] * (30 - events))
    model = fit_cox(stops, event, (np.arange(30) % 2)[:, None].astype(float), ["x"])
    said = (f"{events} events for 1 covariate: fewer than 10 events each",)
    assert model.caveats == (said if few else ())
    assert model.ratios[0].caveats == model.caveats


def test_a_constant_hazard():
    """Half lost in ten days: 0.0693 a day. Days of follow-up 4 + 6 + 9."""
    reference = reference_exponential(0.5, 10)
    table = count_events([4, 6, 9], [1, 0, 1])
    observed, expected, variance = count_expected(table, reference)
    assert (observed, variance) == (2, 0)
    assert expected == pytest.approx(19 * log(2) / 10, rel=1e-12)
    assert count_expected(count_events([4, 20_000], [1, 0]), reference)[1] == pytest.approx(
        20_004 * log(2) / 10, rel=1e-9
    )
    test = compare_to_reference(table, reference)
    assert test.df == 1
    assert test.statistic == pytest.approx((2 - expected) ** 2 / expected, rel=1e-12)
    ratio = estimate_mortality_ratio(table, reference)
    assert ratio.value == pytest.approx(2 / expected, rel=1e-12)


def test_as_many_as_expected_is_no_surprise():
    """Twice the smaller Poisson tail is more than 1 here, and p is 1."""
    table = count_events([10, 14, 20], [1, 1, 1])
    reference = reference_exponential(exp(-3 / 44 * 10), 10)
    exact = compare_to_reference(table, reference, "exact")
    assert (exact.p, exact.statistic) == (1, 3)
    assert compare_to_reference(table, reference, "wu").p == pytest.approx(1, abs=1e-12)
    with pytest.raises(ValueError, match="method 'fisher' is not one of log-rank, wu, exact"):
        compare_to_reference(table, reference, "fisher")


def test_next_to_nothing_expected_is_still_something():
    table = count_events([1], [1])
    ours = estimate_mortality_ratio(table, reference_exponential(0.9999, 1))
    assert ours.value == pytest.approx(-1 / log(0.9999), rel=1e-9)
    assert compare_to_reference(table, reference_exponential(0.9999, 1)).p < 0.001


@pytest.mark.parametrize(("survival", "day"), [(0, 10), (1, 10), (-0.1, 10), (1.1, 10), (0.5, 0), (0.5, -3)])
def test_what_is_no_exponential(survival, day):
    with pytest.raises(ValueError, match="gives no hazard"):
        reference_exponential(survival, day)
    assert reference_exponential(0.5, 1).hazard[0] == 0


@pytest.mark.parametrize("survival", [{}, {0: 0.5}, {-1: 0.5}, {10: 0}, {10: 1.2}, {10: 0.5, 20: 0.6}])
def test_what_is_no_published_curve(survival):
    with pytest.raises(ValueError, match="does not fall from 1 over days after 0"):
        reference_from_horizons(survival)


def test_a_published_curve_may_stay_level_and_start_at_once():
    reference = reference_from_horizons({20: 0.5, 1: 0.5})
    assert reference.days.tolist() == [0, 1, 20]
    table = count_events([1, 20], [1, 0])
    assert count_expected(table, reference)[1] == pytest.approx(2 * log(2), rel=1e-12)


def test_follow_up_beyond_the_reference_is_not_counted():
    reference = reference_from_horizons({10: 0.5})
    table = count_events([4, 12], [1, 1])
    assert count_expected(table, reference)[:2] == (1, pytest.approx(14 * log(2) / 10))
    said = ("follow-up beyond day 10 has no reference and is not counted",)
    assert compare_to_reference(table, reference).caveats == said
    assert estimate_mortality_ratio(table, reference).caveats == said
    assert compare_to_reference(count_events([4, 10], [1, 1]), reference).caveats == ()


def test_survival_to_a_day_against_a_published_value():
    """Two of five fell by day 5, one of them on the day: three of five against 0.9."""
    table = count_events([2, 5, 6, 9, 9], [1, 1, 1, 0, 0])
    ours = compare_survival_to(table, 5, 0.9)
    assert ours.observed == (3,)
    assert ours.p == pytest.approx(
        min(1, 2 * sum(c * 0.9**k * 0.1 ** (5 - k) for k, c in enumerate((1, 5, 10, 10))))
    )
    assert compare_survival_to(table, 9, 0.9).observed == (2,)  # who is last seen on the day reached it
    lost = compare_survival_to(table, 10, 0.9)
    assert lost.because == "2 left observation before day 10"
    late = count_events([4, 8, 9], [1, 0, 0], [0, 0, 5])
    assert compare_survival_to(late, 6, 0.5).because == "entry is delayed"
    assert compare_survival_to(late, 9, 0.5).because == "1 left observation before day 9 and entry is delayed"


def test_a_reference_cohorts_own_error_is_for_normal_tests_only():
    cohort = reference_from_table(count_events([3, 5, 9], [1, 1, 0]))
    table = count_events([4, 6], [1, 0])
    plain, wide = (compare_to_reference(table, cohort, reference_error=error) for error in (False, True))
    # A rises by 1/3 on day 3 (two at risk) and by 1/2 on day 5 (one): variance 4/9 + 1/4, expected 2/3 + 1/2
    assert plain.expected == pytest.approx((2 / 3 + 1 / 2,))
    assert plain.statistic == pytest.approx((1 - 7 / 6) ** 2 / (7 / 6), rel=1e-12)
    assert wide.statistic == pytest.approx((1 - 7 / 6) ** 2 / (7 / 6 + 4 / 9 + 1 / 4), rel=1e-12)
    assert wide.name.endswith("with the reference’s sampling error")
    for reference, method in ((cohort, "exact"), (reference_exponential(0.5, 10), "log-rank")):
        with pytest.raises(ValueError, match="needs a reference cohort and a normal test"):
            compare_to_reference(table, reference, method, reference_error=True)


class Shuffles:
    """A generator whose draws are known: of two patients a stratum one is drawn."""

    def __init__(self, *chosen):
        self.chosen = [np.array(each) for each in chosen]

    def multivariate_hypergeometric(self, sizes, members, size, method):
        drawn = self.chosen.pop(0)
        assert (drawn.sum(axis=1) == members).all()
        assert (len(drawn), sizes.tolist(), method) == (size, [1, 1], "marginals")
        return drawn


def test_drawn_permutations_within_strata_count_the_one_observed(monkeypatch):
    """Two pairs, scores ±1/2 in each: observed 1. Drawn sums: 1, -1, 0, 0."""
    monkeypatch.setattr("caseseries.stats.stratified.MOST_SUMS", 1)
    low, high = [1, 0], [0, 1]  # the later patient, the earlier one
    draws = Shuffles([high, low, high, low], [high, low, low, high])
    ours = permute_within([PAIR, PAIR], draws=4, random=draws)
    assert ours.statistic == pytest.approx(1, abs=1e-12)
    assert ours.p == pytest.approx((2 + 1) / (4 + 1), abs=1e-12)
    error = sqrt(0.6 * 0.4 / 4)
    assert ours.caveats == (f"4 random permutations: standard error of p {error:.2g}",)
    assert (ours.n, ours.name) == (4, "Monte Carlo stratified log-rank permutation test")
    for draws, random in ((0, Shuffles()), (4, None)):
        with pytest.raises(ValueError, match="give draws and a random generator"):
            permute_within([PAIR, PAIR], draws=draws, random=random)


def test_pairs_within_strata_exactly():
    """Two pairs alike: 1 or more from 0 in two of four ways."""
    ours = permute_within([PAIR, PAIR])
    assert (ours.p, ours.n, ours.name) == (0.5, 4, "exact stratified log-rank permutation test")
    assert permute_within([PAIR, MIRROR]).p == 1
    late = count_events([3, 9], [1, 1], [0, 5])
    assert permute_within([(late, PAIR[0])]).n == 3
