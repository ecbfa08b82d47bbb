"""Cohorts of 1 to 40 against drawn published outcomes, found again patient by patient with scipy and nothing of ours.

The reference's variance is that of a sum: every pair of patients shares the hazard up to the earlier one's last day.
"""

import random
from math import log

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import beta, binomtest, chi2, nbinom

from caseseries.evidence.comparators import Comparator
from caseseries.evidence.comparisons import (
    compare_follow_up,
    compare_horizon,
    effective_number,
    estimate_difference,
    estimate_ratio,
    exceeds,
    expect,
    weigh,
)
from caseseries.evidence.outcomes import beta_of, make_outcome
from caseseries.stats.events import count_events

Rows = list[tuple[int, bool]]


def draw(seed: int) -> tuple[Rows, list[tuple[int, float, float]]]:
    """Days and events (none, some or all of them), and the days, estimates and errors of one to three horizons."""
    chance = random.Random(seed)
    share = chance.choice([0.0, 0.4, 1.0])
    rows = [
        (chance.randrange(1, 1500), chance.random() < share) for _ in range(chance.choice([1, 2, 11, 40]))
    ]
    published, left = [], 100.0
    for years in sorted(chance.sample([1, 2, 3, 4], chance.randint(1, 3))):
        left = round(left * chance.uniform(0.6, 0.95), 1)
        published.append((int(years * 365.25), left, round(chance.uniform(1, 8), 1)))
    return rows, published


def outcome_of(published):
    same = {
        "study": "S",
        "population": "all",
        "endpoint": "OS",
        "origin": "index",
        "mark": "read",
        "source": "s",
    }
    rows = [{**same, "years": (day + 0.9) / 365.25, "estimate": s, "se": se} for day, s, se in published]
    return make_outcome([Comparator.model_validate(row) for row in rows])


@pytest.mark.parametrize("seed", range(24))
def test_expected_events_the_test_and_the_ratio(seed: int) -> None:
    rows, published = draw(seed)
    days = [0, *(day for day, _, _ in published)]
    hazard = [0.0, *(-log(s / 100) for _, s, _ in published)]
    variance = np.maximum.accumulate([0.0, *((se / s) ** 2 for _, s, se in published)])
    stops = [min(day, days[-1]) for day, _ in rows]
    expected = sum(np.interp(stop, days, hazard) for stop in stops)
    own = sum(np.interp(min(one, other), days, variance) for one in stops for other in stops)
    observed = sum(event and day <= days[-1] for day, event in rows)
    counted = expect([(count_events(*zip(*rows, strict=True)), outcome_of(published).reference)])
    assert (counted.observed, counted.expected, counted.own) == pytest.approx((observed, expected, own))
    p = chi2.sf((observed - expected) ** 2 / (expected + own), 1)
    assert compare_follow_up(counted).p == pytest.approx(p)
    ratio, shape = estimate_ratio(counted), expected**2 / own
    if shape <= 1:
        assert (ratio.lower, ratio.upper) == (None, None)
        return

    def at_most(k: int, true: float) -> float:
        return float(nbinom.cdf(k, shape, shape / (shape + true * expected)))

    upper = brentq(lambda true: at_most(observed, true) - 0.025, 1e-9, 1e7)
    lower = brentq(lambda true: 0.975 - at_most(observed - 1, true), 1e-9, 1e7) if observed else 0.0
    assert (ratio.lower, ratio.upper) == pytest.approx((lower, upper), rel=1e-6)


@pytest.mark.parametrize("seed", range(24))
def test_at_the_last_horizon(seed: int) -> None:
    """To 2e-5: ours are sums over 2,048 places."""
    rows, published = draw(seed)
    day, percent, se = published[-1]
    table = count_events(*zip(*rows, strict=True))
    free = sum(stop > day or (stop == day and not event) for stop, event in rows)
    test = compare_horizon(table, day, percent / 100)
    complete = all(event or stop >= day for stop, event in rows)
    assert (test.p is not None) is complete
    if complete:
        assert test.p == pytest.approx(binomtest(free, len(rows), percent / 100).pvalue)
    survival = 1.0
    for here in sorted({stop for stop, event in rows if event and stop <= day}):
        at_risk = sum(stop >= here for stop, _ in rows)
        survival *= 1 - sum(one == (here, True) for one in rows) / at_risk
    if not free:
        return
    assert effective_number(table, day, survival) == pytest.approx((free, free / survival))
    theirs = beta_of(percent / 100, se / 100)
    size = percent * (100 - percent) / se**2 - 1
    assert theirs == pytest.approx((percent / 100 * size, (1 - percent / 100) * size))
    ours = weigh(free, free / survival, theirs)[0].posterior
    (_, mine) = ours.parts[0]
    assert mine == pytest.approx((1 + free, 1 + free / survival - free))
    better = quad(lambda u: beta.sf(beta.ppf(u, *theirs), *mine), 0, 1, limit=200)[0]
    assert exceeds(ours, theirs) == pytest.approx(better, abs=2e-5)
    _, low, high = estimate_difference(ours, theirs)
    for limit, tail in ((low, 0.025), (high, 0.975)):
        below = quad(lambda u, d=limit: beta.cdf(beta.ppf(u, *theirs) + d, *mine), 0, 1, limit=200)[0]
        assert below == pytest.approx(tail, abs=2e-5)
