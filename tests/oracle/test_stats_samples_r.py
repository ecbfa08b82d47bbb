"""Restricted means, one-sample tests, counts and ranks against R 4.2.2 and survival 3.5-3."""

import numpy as np
import pytest
from scipy.stats.contingency import odds_ratio

from caseseries.stats.contingency import compare_proportions, estimate_odds_ratio
from caseseries.stats.events import count_events
from caseseries.stats.proportions import compare_to_proportion, estimate_proportion
from caseseries.stats.ranks import compare_values, estimate_shift
from caseseries.stats.reference import (
    compare_to_reference,
    estimate_mortality_ratio,
    reference_exponential,
)
from caseseries.stats.restricted import estimate_restricted_mean
from r_transcript import R, count_rows, read_cases, read_transcript, run_again

CASES = read_cases()
SAID = read_transcript("stats_samples")
CLOSED = {"rel": 1e-10, "abs": 1e-12}
A, B = [1.1, 2.2, 3.5, 4.1, 9], [3.3, 5.6, 7.1, 8.8, 10, 12]
PAIRS = {
    "ab": (A, B),
    "ba": (B, A),
    "long": ([*A, *(x + 0.05 for x in range(20, 26))], [*B, *(x + 0.15 for x in range(14, 19))]),
}


def asked(what):
    return [case for case, name in SAID if name == what]


def test_the_transcript_is_what_r_says(require_tool):
    rscript = require_tool("Rscript", "survival")
    assert run_again(rscript, "stats_samples") == (R / "stats_samples.out").read_text().splitlines()[1:]


@pytest.mark.parametrize(("case", "asked"), [key for key in SAID if key[1].startswith("rmean.")])
def test_restricted_mean(case, asked):
    horizon = int(asked.removeprefix("rmean."))
    ours = estimate_restricted_mean(count_rows(CASES[case]), horizon)
    mean, error = SAID[case, asked]
    assert ours.value == pytest.approx(mean, **CLOSED)
    if ours.lower is None:
        assert error == 0
    elif ours.lower > 0 and ours.upper < horizon:
        assert (ours.upper - ours.lower) / 2 / 1.959963984540054 == pytest.approx(error, **CLOSED)
    else:
        assert (ours.upper == horizon) == (mean + 1.959963984540054 * error > horizon)


@pytest.mark.parametrize("case", asked("one.sample"))
def test_one_sample_log_rank(case):
    ours = compare_to_reference(count_rows(CASES[case]), reference_exponential(np.exp(-0.02), 1))
    observed, expected, statistic = SAID[case, "one.sample"]
    assert (*ours.observed, *ours.expected, ours.statistic) == pytest.approx(
        (observed, expected, statistic), **CLOSED
    )


@pytest.mark.parametrize("count", asked("poisson"))
def test_poisson_limits(count):
    """All of `count` patients fall on day 1 and the hazard of that day makes 4.474 of them expected."""
    observed = int(count)
    table = count_events([1] * 20, [1] * observed + [0] * (20 - observed))
    ours = estimate_mortality_ratio(table, reference_exponential(np.exp(-4.474 / 20), 1))
    assert (ours.lower, ours.upper) == pytest.approx(tuple(SAID[count, "poisson"]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", asked("fisher"))
def test_fisher(case):
    x = [int(v) for v in case.split("-")]
    theirs = odds_ratio([[x[0], x[2]], [x[1] - x[0], x[3] - x[2]]])
    limits = theirs.confidence_interval()
    ours = estimate_odds_ratio(*x)
    assert compare_proportions(*x).p == pytest.approx(SAID[case, "fisher"][0], **CLOSED)
    # R finds the ratio by `uniroot` to 1e-3 only, SciPy to the last digits
    assert [np.inf if v is None else v for v in (ours.value, ours.lower, ours.upper)] == pytest.approx(
        [theirs.statistic, limits.low, limits.high], rel=1e-8
    )
    assert ours.lower == pytest.approx(SAID[case, "fisher"][2], rel=1e-3)


@pytest.mark.parametrize("case", PAIRS)
def test_wilcoxon(case):
    u, p, shift, lower, upper = SAID[case, "wilcox"]
    test, ours = compare_values(*PAIRS[case]), estimate_shift(*PAIRS[case])
    assert (test.statistic, test.p) == pytest.approx((u, p), **CLOSED)
    assert (ours.value, ours.lower, ours.upper) == pytest.approx((shift, lower, upper), **CLOSED)


@pytest.mark.parametrize("case", asked("binom"))
def test_binomial(case):
    x, n, against = case.split("-")
    lower, upper, p = SAID[case, "binom"]
    ours = estimate_proportion(int(x), int(n))
    assert (ours.lower, ours.upper) == pytest.approx((lower, upper), **CLOSED)
    assert compare_to_proportion(int(x), int(n), float(against)).p == pytest.approx(p, **CLOSED)
