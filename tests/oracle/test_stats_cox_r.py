"""Cox regression against R survival 3.5-3 (`coxph`, `cox.zph`).

Tolerance 1e-8: both iterate, R until the log-likelihood stands still to 1e-12 of itself.
"""

import numpy as np
import pytest

from caseseries.stats.events import count_events
from caseseries.stats.regression import estimate_hazard_ratio, fit_cox
from r_transcript import read_cases, read_transcript

CASES = read_cases()
SAID = read_transcript("stats_comparison")
NAMES = {"many": ("b", "c", "x1", "x2"), "entries": ("b", "x1", "x2")}


def columns(case):
    rows = CASES[case]
    values = {"b": [r["group"] == "b" for r in rows], "c": [r["group"] == "c" for r in rows]}
    values |= {name: [float(r[name]) for r in rows] for name in ("x1", "x2")}
    covariates = np.array([values[name] for name in NAMES[case]], dtype=float).T
    start = None if rows[0]["start"] is None else [r["start"] for r in rows]
    return [r["stop"] for r in rows], [r["status"] for r in rows], covariates, start


def fit(case, names=None, **options):
    stop, status, covariates, start = columns(case)
    names = names or NAMES[case]
    return fit_cox(stop, status, covariates[:, : len(names)], names, start=start, **options)


def close(ours, theirs, tolerance=1e-8):
    return np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("case", NAMES)
def test_coefficients_errors_and_tests(case, ties):
    ours = fit(case, ties=ties)
    null, full, score = SAID[case, f"cox.{ties}.loglik"]
    close(ours.coefficients, SAID[case, f"cox.{ties}"])
    close(np.sqrt(np.diag(ours.covariance)), SAID[case, f"cox.{ties}.se"])
    close(ours.log_likelihoods, (null, full))
    assert [test.name for test in ours.tests[:3]] == ["likelihood ratio test", "Wald test", "score test"]
    close((ours.tests[0].statistic, ours.tests[2].statistic), (2 * (full - null), score))


@pytest.mark.parametrize("case", NAMES)
def test_robust_errors(case):
    close(np.sqrt(np.diag(fit(case, robust=True).covariance)), SAID[case, "cox.robust.se"])


@pytest.mark.parametrize("case", NAMES)
def test_strata(case):
    ours = fit(case, strata=[row["stratum"] for row in CASES[case]])
    close(ours.coefficients, SAID[case, "cox.strata"])
    close(np.sqrt(np.diag(ours.covariance)), SAID[case, "cox.strata.se"])
    close(ours.log_likelihoods, SAID[case, "cox.strata.loglik"])


@pytest.mark.parametrize("case", NAMES)
def test_proportional_hazards(case):
    ours = [test.statistic for test in fit(case).tests[3:]]
    close(ours, SAID[case, "cox.zph"], 1e-7)  # R's own sums carry 1e-8


@pytest.mark.parametrize("case", NAMES)
def test_two_groups_from_counts(case):
    rows = CASES[case]

    def count(inside):
        chosen = [r for r in rows if (r["group"] == "b") == inside]
        start = None if rows[0]["start"] is None else [r["start"] for r in chosen]
        return count_events([r["stop"] for r in chosen], [r["status"] for r in chosen], start, causes=2)

    beta, error, _ = SAID[case, "cox.one"]
    ours = estimate_hazard_ratio(count(True), count(False))
    close(
        np.log([ours.value, ours.lower, ours.upper]), beta + error * np.array([0, -1, 1]) * 1.959963984540054
    )
