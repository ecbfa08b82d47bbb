"""What other packages get wrong on small cohorts, each with the answer ours gives instead."""

import csv
from math import comb

import numpy as np
import pytest

from caseseries.stats.comparison import compare_curves
from caseseries.stats.competing import incidence_curve
from caseseries.stats.distributions import normal_quantile
from caseseries.stats.events import count_events
from caseseries.stats.intervals import INTERVALS
from caseseries.stats.regression import estimate_hazard_ratio, fit_cox
from caseseries.stats.restricted import estimate_restricted_mean
from caseseries.stats.survival import estimate_quantile, estimate_survival, survival_curve


@pytest.fixture(scope="session")
def aml(data_folder):
    with (data_folder / "data" / "clinical" / "survival_aml.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    arms = [[row for row in rows if row["x"] == arm] for arm in ("Maintained", "Nonmaintained")]
    return [count_events([int(r["time"]) for r in arm], [int(r["status"]) for r in arm]) for arm in arms]


@pytest.mark.parametrize("interval", INTERVALS)
def test_no_interval_is_a_certainty_before_the_first_death(interval):
    """lifelines and scikit-survival print [1, 1], which at n = 11 and S = 0.905 covers 58.7 %."""
    ours = estimate_survival(count_events([100] * 11, [0] * 11), 99, interval=interval)
    assert (ours.lower, ours.upper) != (1, 1)
    assert ours.lower is None or ours.lower < 0.8


@pytest.mark.parametrize("n", [11, 20, 50])
@pytest.mark.parametrize("survival", [0.02, 0.223, 0.368, 0.607, 0.905, 0.99])
def test_without_censoring_bpcp_covers_at_least_its_level(n, survival):
    """Exactly, summed over the binomial outcomes."""
    covered = 0.0
    for alive in range(n + 1):
        table = count_events([10] * (n - alive) + [30] * alive, [1] * n)
        ours = estimate_survival(table, 20)
        held = ours.lower <= survival <= ours.upper
        covered += held * comb(n, alive) * survival**alive * (1 - survival) ** (n - alive)
    assert 0.95 <= covered <= 1


def test_the_median_on_a_plateau_is_neither_its_start_nor_missing():
    """Dead at 1 and 2, censored at 3 and 4: lifelines says 2, statsmodels NaN; dead at 0, 1 and 3: 1 and 3."""
    assert estimate_quantile(count_events([1, 2, 3, 4], [1, 1, 0, 0])).value == 3
    assert estimate_quantile(count_events([0, 1, 2, 3], [1, 1, 0, 1])).value == 2


def test_tied_causes_are_not_jittered():
    """lifelines' Aalen–Johansen moves ties apart at random: other numbers, and other days, each time."""
    rows = [3, 5, 5, 7, 7, 7, 9, 12, 12], [1, 2, 1, 0, 1, 2, 2, 1, 0]
    first, second = (incidence_curve(count_events(*rows, causes=2), 1) for _ in range(2))
    assert first.days.tolist() == [0, 3, 5, 7, 9, 12]
    np.testing.assert_array_equal(first.estimate, second.estimate)


def test_the_error_of_a_restricted_mean_is_that_of_the_estimate(aml):
    """lifelines returns Var(min(T, 30)), a standard deviation of 7.55; the standard error is 2.313."""
    ours = estimate_restricted_mean(aml[0], 30)
    assert (ours.upper - ours.lower) / 2 / normal_quantile(0.975) == pytest.approx(2.313, abs=0.0005) or (
        ours.upper == 30
        and (ours.value - ours.lower) / normal_quantile(0.975) == pytest.approx(2.313, abs=0.0005)
    )


def test_a_risk_set_that_dies_out_early_is_no_error():
    """lifelines raises on delayed entry when the first to enter dies alone."""
    curve = survival_curve(count_events([2, 9, 12], [1, 1, 0], [0, 4, 5]))
    assert curve.estimate.tolist() == [1, 0, 0, 0, 0, 0]


def test_a_separated_cox_model_is_no_number_with_a_warning():
    stop, x = np.arange(1, 12), np.array([1.0] * 5 + [0.0] * 6)[:, None]
    assert fit_cox(stop, [1] * 5 + [0] * 6, x, ["relapse"]).ratios == ()


def test_published_medians_and_hazard_ratio_of_the_aml_trial(aml):
    """Medians 31 and 23 weeks; R `coxph` gives .915533 (.511934) for nonmaintained over maintained."""
    assert [estimate_quantile(table).value for table in aml] == [31, 23]
    ours = estimate_hazard_ratio(aml[1], aml[0])
    assert np.log(ours.value) == pytest.approx(0.915533, abs=5e-7)
    assert np.log(ours.upper / ours.lower) / 2 / normal_quantile(0.975) == pytest.approx(0.511934, abs=5e-7)


def test_a_comparison_without_events_has_no_p_value():
    quiet = count_events([5, 9], [0, 0])
    ours = compare_curves([quiet, quiet])
    assert (ours.p, ours.because) == (
        None,
        "no event day has two groups at risk and someone who stays event-free",
    )


@pytest.mark.parametrize(("alive", "n"), [(8, 11), (1, 11), (10, 11), (0, 11), (30, 50)])
def test_without_censoring_likelihood_ratio_limits_are_the_binomial_ones(alive, n):
    ours = estimate_survival(
        count_events([10] * (n - alive) + [30] * alive, [1] * n), 20, interval="likelihood-ratio"
    )
    p = alive / n

    def height(q):
        return sum(k * np.log(v) for k, v in ((alive, q), (n - alive, 1 - q)) if k)

    for limit in {ours.lower, ours.upper} - {0.0}:
        assert 2 * (height(p) - height(limit)) == pytest.approx(normal_quantile(0.975) ** 2, abs=1e-9)
    assert (ours.lower == 0) == (alive == 0)
    assert ours.lower <= p <= ours.upper


def test_likelihood_ratio_limits_before_the_first_event_are_not_defined():
    ours = estimate_survival(count_events([5, 9], [1, 0]), 3, interval="likelihood-ratio")
    assert ours.lower is None
    assert ours.caveats == ("no event yet: likelihood ratio (Thomas–Grunkemeier) limits are not defined",)


def test_without_anyone_left_the_likelihood_ratio_limits_are_defined():
    ours = estimate_survival(count_events([5, 9], [1, 1]), 9, interval="likelihood-ratio")
    assert ours.lower == 0
    assert 0 < ours.upper < 1
    assert ours.caveats == ()
