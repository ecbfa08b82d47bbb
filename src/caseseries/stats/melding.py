"""Two groups at a fixed day, and their medians, from the beta product limits of each: no normal approximation.

Fay, Proschan & Brittain 2015 (Biometrics 71:146): with W- and W+ the variables whose quantiles are a group's lower
and upper limits, the difference of groups 1 and 2 has the limits of W1- less W2+ and of W1+ less W2-. Without
censoring the test is Fisher's, each side.
"""

from collections.abc import Callable
from functools import lru_cache
from math import cosh, exp, lgamma, log, log1p, pi, sinh, tanh

import numpy as np

from caseseries.stats.distributions import Floats, beta_cdf, find_root
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable
from caseseries.stats.intervals import Beta, beta_products
from caseseries.stats.survival import estimate_quantile, estimate_survival

DIFFERENCE = "difference of Kaplan–Meier estimates, melded BPCP"
TEST = "melded BPCP test"
MEDIANS = "difference of medians, melded BPCP"
MEDIANS_TEST = "melded BPCP test of medians"
_ENTRY = "beta product limits are not defined under delayed entry"


def estimate_survival_difference(a: EventTable, b: EventTable, day: int, level: float = 0.95) -> Estimate:
    """S_a(day) - S_b(day) with melded limits."""
    n = a.n + b.n
    ours, theirs = (estimate_survival(table, day, level) for table in (a, b))
    because = _why_not(a, b, day)
    if because or ours.value is None or theirs.value is None:
        return Estimate(None, None, None, level, DIFFERENCE, n, because=because)
    (a_below, a_above), (b_below, b_above) = (_products(table, day) for table in (a, b))
    tail = (1 - level) / 2
    lower = find_root(lambda gap: _share_below(a_below, b_above, gap) - tail, -1.0, 1.0)
    upper = find_root(lambda gap: _share_below(a_above, b_below, gap) - (1 - tail), -1.0, 1.0)
    events = (ours.events or 0) + (theirs.events or 0)
    at_risk = min(ours.at_risk or 0, theirs.at_risk or 0)
    return Estimate(ours.value - theirs.value, lower, upper, level, DIFFERENCE, n, events, at_risk)


def compare_survival(a: EventTable, b: EventTable, day: int) -> Comparison:
    """Is S_a(day) that of b? Twice the smaller side."""
    because = _why_not(a, b, day)
    if because:
        return Comparison(TEST, None, None, None, a.n + b.n, because=because)
    (a_below, a_above), (b_below, b_above) = (_products(table, day) for table in (a, b))
    better = _share_below(a_below, b_above, 0.0)
    worse = 1 - _share_below(a_above, b_below, 0.0)
    return Comparison(TEST, None, None, min(1.0, 2 * min(better, worse)), a.n + b.n)


def estimate_median_difference(a: EventTable, b: EventTable, level: float = 0.95) -> Estimate:
    """Median of `a` less that of `b`, days, with melded limits; a limit that may be anything is None."""
    n, events = a.n + b.n, int(a.any_event.sum() + b.any_event.sum())
    ours, theirs = estimate_quantile(a).value, estimate_quantile(b).value
    if a.delayed or b.delayed or not (a.n and b.n):
        because = _ENTRY if a.n and b.n else "a group is empty"
        return Estimate(None, None, None, level, MEDIANS, n, events, because=because)
    (a_low, a_high), (b_low, b_high) = _median_limits(a), _median_limits(b)
    tail = (1 - level) / 2
    lower, upper = _quantile_of_gap(a_low, b_high, tail), _quantile_of_gap(a_high, b_low, 1 - tail)
    limits = _day(lower), _day(upper)
    if ours is None or theirs is None:
        because = "a median was not reached"
        return Estimate(None, *limits, level, MEDIANS, n, events, because=because)
    return Estimate(ours - theirs, *limits, level, MEDIANS, n, events)


def compare_medians(a: EventTable, b: EventTable) -> Comparison:
    """Are the medians alike? Twice the smaller side, p <= 0.05 where 0 lies outside the melded 95 % limits."""
    if a.delayed or b.delayed or not (a.n and b.n):
        because = _ENTRY if a.n and b.n else "a group is empty"
        return Comparison(MEDIANS_TEST, None, None, None, a.n + b.n, because=because)
    (a_low, a_high), (b_low, b_high) = _median_limits(a), _median_limits(b)
    sides = _share_not_above(a_low, b_high), _share_not_above(b_low, a_high)
    return Comparison(MEDIANS_TEST, None, None, min(1.0, 2 * min(sides)), a.n + b.n)


def _share_not_above(x: tuple[Floats, Floats], y: tuple[Floats, Floats]) -> float:
    """P(X <= Y), a limit that was never reached being above none."""
    below = np.less_equal.outer(x[0], y[0])
    return float(x[1] @ below @ y[1])


def _day(limit: float) -> int | None:
    return int(limit) if np.isfinite(limit) else None


def _why_not(a: EventTable, b: EventTable, day: int) -> str:
    if a.delayed or b.delayed:
        return _ENTRY
    reasons = [estimate_survival(table, day).because for table in (a, b)]
    return next((reason for reason in reasons if reason), "")


def _products(table: EventTable, day: int) -> tuple[Beta, Beta]:
    return beta_products(table.steps, np.array([table.steps.row(day)]))[0]


def _share_below(x: Beta, y: Beta, gap: float) -> float:
    """P(X - Y <= gap), X and Y independent beta variables: the area of X below y + gap, over y."""
    if not (y[0] and y[1]):
        return beta_cdf(float(y[0] > 0) + gap, *x)
    if not (x[0] and x[1]):
        return 1 - beta_cdf(float(x[0] > 0) - gap, *y)
    low, high = max(0.0, -gap), min(1.0, 1 - gap)
    if low >= high:
        return float(gap > 0)
    return 1 - beta_cdf(high, *y) + _integrate(lambda v: beta_cdf(v + gap, *x) * _density(v, *y), low, high)


def _density(x: float, a: float, b: float) -> float:
    if not 0 < x < 1:
        return 0.0
    return exp((a - 1) * log(x) + (b - 1) * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))


@lru_cache(maxsize=1)
def _nodes() -> tuple[tuple[float, float], ...]:
    """Abscissae and weights on (-1, 1), tanh-sinh (Takahasi & Mori 1974): blind to singular ends."""
    steps = [k / 24 for k in range(-76, 77)]
    return tuple((tanh(pi / 2 * sinh(t)), pi / 48 * cosh(t) / cosh(pi / 2 * sinh(t)) ** 2) for t in steps)


def _integrate(f: Callable[[float], float], low: float, high: float) -> float:
    middle, half = (low + high) / 2, (high - low) / 2
    return half * sum(weight * f(middle + half * node) for node, weight in _nodes())


def _median_limits(table: EventTable) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """The distributions of the median's one-sided limits: values (days, the last infinite) and probabilities."""
    steps = table.steps
    products = beta_products(steps, np.arange(steps.days.size))
    values = np.append(steps.days.astype(np.float64), np.inf)
    distributions = []
    for side in (0, 1):
        reached = [beta_cdf(0.5, *product[side]) for product in products]
        distributions.append((values, np.diff(np.maximum.accumulate([0.0, *reached, 1.0]))))
    return distributions[0], distributions[1]


def _quantile_of_gap(x: tuple[Floats, Floats], y: tuple[Floats, Floats], p: float) -> float:
    """The p quantile of X - Y. Only one may be infinite: a lower limit is reached on the last day at the latest."""
    (x_values, x_chances), (y_values, y_chances) = ((days[ways > 0], ways[ways > 0]) for days, ways in (x, y))
    gaps = np.subtract.outer(x_values, y_values).ravel()
    ways = np.multiply.outer(x_chances, y_chances).ravel()
    order = np.argsort(gaps)
    cumulated = np.cumsum(ways[order])
    if p > 0.5:
        return float(gaps[order][np.searchsorted(cumulated, p - 1e-12)])
    return float(gaps[order][np.searchsorted(cumulated, p + 1e-12, side="right")])
