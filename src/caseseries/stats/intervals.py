"""Pointwise limits of a Kaplan–Meier curve.

`limit_survival(steps, rows, level, interval)` gives the limits at the chosen rows, NaN where the interval is
not defined: the limits that rest on Greenwood's variance are not, before the first event and after the last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from caseseries.stats.distributions import Floats, beta_cdf, beta_quantile, beta_quantiles, normal_quantile
from caseseries.stats.events import Ints

Limits = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class Steps:
    """A curve's rows, all (D,): `after` is the number at risk once all who leave on the day have left."""

    days: Ints
    at_risk: Ints
    events: Ints
    censored: Ints
    after: Ints

    @cached_property
    def survival(self) -> Floats:
        """Kaplan–Meier's product."""
        at_risk = np.maximum(self.at_risk, 1)  # a day without anyone at risk has no event and no factor
        product: Floats = np.cumprod((at_risk - self.events) / at_risk, dtype=np.float64)
        return product

    @cached_property
    def log_variance(self) -> Floats:
        """Greenwood's variance of log S: the sum of d / (Y (Y - d)), infinite once S is 0."""
        left = self.at_risk - self.events
        whole = self.at_risk * np.where(left > 0, left, 1).astype(np.float64)
        terms = np.where(self.events > 0, self.events / np.maximum(whole, 1), 0.0)
        total: Floats = np.cumsum(np.where((left == 0) & (self.events > 0), np.inf, terms))
        return total


@dataclass(frozen=True)
class Interval:
    """What a paper calls it, and the function that gives it."""

    name: str
    limit: Callable[[Steps, Ints, float], Limits]


def limit_survival(steps: Steps, rows: Ints, level: float, interval: str) -> Limits:
    """Lower and upper limits at `rows`, each (rows,), by the interval of that name."""
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    return INTERVALS[interval].limit(steps, rows, level)


def _greenwood(transform: Callable[[Floats, Floats], Limits]) -> Callable[[Steps, Ints, float], Limits]:
    """Limits from a transform of (S, z times the standard error of log S), where 0 < S < 1."""

    def limit(steps: Steps, rows: Ints, level: float) -> Limits:
        survival = steps.survival[rows]
        inside = (survival > 0) & (survival < 1)
        z = normal_quantile(0.5 + level / 2)
        width = z * np.sqrt(steps.log_variance[rows][inside])
        lower, upper = (np.full(survival.size, np.nan) for _ in range(2))
        lower[inside], upper[inside] = transform(survival[inside], width)
        return lower, upper

    return limit


def _plain(survival: Floats, width: Floats) -> Limits:
    return np.maximum(0, survival * (1 - width)), np.minimum(1, survival * (1 + width))


def _log(survival: Floats, width: Floats) -> Limits:
    return survival * np.exp(-width), np.minimum(1, survival * np.exp(width))


def _log_log(survival: Floats, width: Floats) -> Limits:
    """Kalbfleisch & Prentice 1980: log(-log S) +- z se(log S) / |log S|."""
    spread = width / -np.log(survival)
    return survival ** np.exp(spread), survival ** np.exp(-spread)


def _arcsine(survival: Floats, width: Floats) -> Limits:
    """arcsin sqrt(S) +- z se(log S) sqrt(S / (1 - S)) / 2 (Borgan & Liestøl 1990, Scand J Stat 17:35)."""
    centre, spread = np.arcsin(np.sqrt(survival)), 0.5 * width * np.sqrt(survival / (1 - survival))
    return np.sin(np.maximum(0, centre - spread)) ** 2, np.sin(np.minimum(np.pi / 2, centre + spread)) ** 2


def _bpcp(steps: Steps, rows: Ints, level: float) -> Limits:
    """Beta product confidence procedure by moments (Fay, Brittain & Proschan 2013, Biostatistics 14:723).

    Upper: the quantile of W+, the product of Beta(Y - d + 1, d) over event days; lower: that of W-, which is
    W+ times Beta(Y after the row, 1). Each product is taken as the beta variable of its first two moments.
    """
    (below_a, below_b), (above_a, above_b) = _beta_products(steps, rows)
    tail = (1 - level) / 2
    lower, upper = np.zeros(rows.size), np.ones(rows.size)
    some, lost = steps.after[rows] > 0, steps.survival[rows] < 1
    lower[some] = beta_quantiles(tail, below_a[some], below_b[some])
    upper[lost] = beta_quantiles(1 - tail, above_a[lost], above_b[lost])
    return lower, upper


def _bpcp_midp(steps: Steps, rows: Ints, level: float) -> Limits:
    """The mid-p version: quantiles of W- and W+ evenly mixed (Fay & Brittain 2016, Stat Med 35:2726)."""
    products = _beta_products(steps, rows)
    tail = (1 - level) / 2
    known = zip(*(p.tolist() for pair in products for p in pair), strict=True)
    limits = [
        (
            _mixed(tail, below_a, below_b, above_a, above_b),
            _mixed(1 - tail, below_a, below_b, above_a, above_b),
        )
        for below_a, below_b, above_a, above_b in known
    ]
    lower, upper = np.array(limits, dtype=np.float64).reshape(-1, 2).T
    return lower, upper


def _beta_products(steps: Steps, rows: Ints) -> tuple[Limits, Limits]:
    """The parameters (a, b) of W- and W+ at `rows`; b is 0 where W+ is 1, a is 0 where W- is 0."""
    y, d = steps.at_risk.astype(np.float64), steps.events.astype(np.float64)
    log_mean = np.cumsum(np.log1p(-d / (y + 1)))[rows]
    log_spread = np.cumsum(np.log1p(d / ((y - d + 1) * (y + 2))))[rows]
    after = steps.after[rows].astype(np.float64)
    some = np.maximum(after, 1)
    below = _beta_of(log_mean + np.log1p(-1 / (some + 1)), log_spread + np.log1p(1 / (some * (some + 2))))
    below[0][after == 0] = 0
    return below, _beta_of(log_mean, log_spread)


def _beta_of(log_mean: Floats, log_spread: Floats) -> Limits:
    """The beta with E X = exp(log_mean) and E X² = (E X)² exp(log_spread); (1, 0) for the constant 1."""
    certain = log_mean == 0
    spread = np.where(certain, 1.0, np.expm1(log_spread))
    a = np.where(certain, 1.0, -np.expm1(log_mean + log_spread) / spread)
    return a, -a * np.expm1(log_mean) / np.exp(log_mean)


def _mixed(p: float, below_a: float, below_b: float, above_a: float, above_b: float) -> float:
    """The p quantile of an even mixture of Beta(below) and Beta(above), by bisection between theirs."""
    if (not below_a and p < 0.5) or (not above_b and p > 0.5):
        return round(p)
    low = beta_quantile(p, below_a, below_b) if below_a else 0.0
    high = beta_quantile(p, above_a, above_b) if above_b else 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = beta_cdf(middle, below_a, below_b) if below_a else 1.0
        above = beta_cdf(middle, above_a, above_b) if above_b else 0.0
        low, high = (middle, high) if below + above < 2 * p else (low, middle)
    return (low + high) / 2


INTERVALS = {
    "bpcp": Interval("beta product confidence procedure (BPCP)", _bpcp),
    "bpcp-midp": Interval("mid-p beta product confidence procedure (BPCP)", _bpcp_midp),
    "log-log": Interval("log-log", _greenwood(_log_log)),
    "log": Interval("log", _greenwood(_log)),
    "plain": Interval("plain", _greenwood(_plain)),
    "arcsine": Interval("arcsine", _greenwood(_arcsine)),
}
