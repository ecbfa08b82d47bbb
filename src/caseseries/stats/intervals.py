"""Pointwise limits of a Kaplan–Meier curve.

`limit_survival(steps, rows, level, interval)` gives the limits at the chosen rows, NaN where the interval is
not defined: the limits that rest on Greenwood's variance are not, before the first event and after the last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, expm1, log1p

import numpy as np

from caseseries.stats.distributions import (
    Floats,
    beta_cdf,
    beta_quantile,
    beta_quantiles,
    find_root,
    normal_quantile,
)
from caseseries.stats.steps import Ints, Steps

Limits = tuple[Floats, Floats]
Beta = tuple[float, float]  # (0, b) is the constant 0, (a, 0) the constant 1


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


# Limits from S and z times the standard error of log S, where 0 < S < 1.
Transform = Callable[[Floats, Floats], Limits]


def _greenwood(transform: Transform) -> Callable[[Steps, Ints, float], Limits]:
    def limit(steps: Steps, rows: Ints, level: float) -> Limits:
        lower, upper = _greenwood_limits(steps, level, transform)
        return lower[rows], upper[rows]

    return limit


@lru_cache(maxsize=32)  # horizons of one curve are asked for one by one
def _greenwood_limits(steps: Steps, level: float, transform: Transform) -> Limits:
    survival = steps.survival
    inside = slice(np.count_nonzero(survival == 1), np.count_nonzero(survival))  # it never rises
    width = np.sqrt(steps.log_variance[inside])
    width *= normal_quantile(0.5 + level / 2)
    lower, upper = np.full((2, survival.size), np.nan)
    lower[inside], upper[inside] = transform(survival[inside], width)
    return lower, upper


def _plain(survival: Floats, width: Floats) -> Limits:
    """S +- z S se(log S), kept within 0 and 1 (Greenwood 1926)."""
    return np.maximum(0, survival * (1 - width)), np.minimum(1, survival * (1 + width))


def _log(survival: Floats, width: Floats) -> Limits:
    """log S +- z se(log S), R's default (Kalbfleisch & Prentice 1980, section 1.3)."""
    return survival * np.exp(-width), np.minimum(1, survival * np.exp(width))


def _log_log(survival: Floats, width: Floats) -> Limits:
    """log(-log S) +- z se(log S) / |log S| (Kalbfleisch & Prentice 1980, section 1.3)."""
    log_survival = np.log(survival)
    power = np.exp(width / log_survival)
    return np.exp(log_survival / power), np.exp(log_survival * power)


def _arcsine(survival: Floats, width: Floats) -> Limits:
    """arcsin sqrt(S) +- z se(log S) sqrt(S / (1 - S)) / 2 (Borgan & Liestøl 1990, Scand J Stat 17:35)."""
    centre, spread = np.arcsin(np.sqrt(survival)), 0.5 * width * np.sqrt(survival / (1 - survival))
    return np.sin(np.maximum(0, centre - spread)) ** 2, np.sin(np.minimum(np.pi / 2, centre + spread)) ** 2


def _bpcp(steps: Steps, rows: Ints, level: float) -> Limits:
    """Beta product confidence procedure by moments (Fay, Brittain & Proschan 2013, Biostatistics 14:723).

    Upper: the quantile of W+, the product of Beta(Y - d + 1, d) over event days; lower: that of W-, which is
    W+ times Beta(Y after the row, 1). Each product is taken as the beta variable of its first two moments.
    """
    tail = (1 - level) / 2
    below, above = zip(*beta_products(steps, rows), strict=True)
    return beta_quantiles(tail, below), beta_quantiles(1 - tail, above)


def _bpcp_midp(steps: Steps, rows: Ints, level: float) -> Limits:
    """The mid-p version: quantiles of W- and W+ evenly mixed (Fay & Brittain 2016, Stat Med 35:2726)."""
    tail = (1 - level) / 2
    products = beta_products(steps, rows)
    lower = [_mixed_quantile(tail, below, above) for below, above in products]
    return np.array(lower), np.array([_mixed_quantile(1 - tail, below, above) for below, above in products])


def beta_products(steps: Steps, rows: Ints) -> list[tuple[Beta, Beta]]:
    """W- and W+ at each row, as the beta variables of their first two moments: (a, b) of either."""
    log_mean, log_spread = (moment[rows].tolist() for moment in steps.beta_moments)
    moments = zip(log_mean, log_spread, steps.after[rows].tolist(), strict=True)
    return [(_beta_below(mean, spread, after), _beta_of(mean, spread)) for mean, spread, after in moments]


def _beta_below(log_mean: float, log_spread: float, after: int) -> Beta:
    """The product so far times Beta(after, 1)."""
    if not after:
        return 0.0, 1.0
    return _beta_of(log_mean + log1p(-1 / (after + 1)), log_spread + log1p(1 / (after * (after + 2))))


def _beta_of(log_mean: float, log_spread: float) -> Beta:
    """The beta with E X = exp(log_mean) and E X² = (E X)² exp(log_spread)."""
    if not log_mean:
        return 1.0, 0.0
    a = -expm1(log_mean + log_spread) / expm1(log_spread)
    return a, -a * expm1(log_mean) / exp(log_mean)


def _mixed_quantile(p: float, below: Beta, above: Beta) -> float:
    """The p quantile of an even mixture of the two, between theirs."""
    if not above[1] and p >= 0.5:
        return 1.0
    low, high = beta_quantile(p, *below), beta_quantile(p, *above)
    return find_root(lambda x: beta_cdf(x, *below) + beta_cdf(x, *above) - 2 * p, low, high)


def _likelihood_ratio(steps: Steps, rows: Ints, level: float) -> Limits:
    """Thomas & Grunkemeier 1975 (J Am Stat Assoc 70:865): survival at which the likelihood has not fallen too far.

    The curve through a limit has hazards d / (Y + c): one c for each side. Not defined before the first event.
    """
    z = normal_quantile(0.5 + level / 2)
    limits = [_ratio_limits(steps, row, z * z) for row in rows.tolist()]
    lower, upper = np.array(limits, dtype=np.float64).reshape(-1, 2).T
    return lower, upper


def _ratio_limits(steps: Steps, row: int, quantile: float) -> tuple[float, float]:
    events = steps.events[: row + 1] > 0
    y, d = (column[: row + 1][events].astype(np.float64) for column in (steps.at_risk, steps.events))
    if not y.size:
        return np.nan, np.nan
    left = y - d

    def fall(c: float) -> float:
        alive = left * np.log1p(c / np.maximum(left, 1)) * (left > 0)
        return 2 * float((y * np.log1p(c / y) - alive).sum()) - quantile

    def survival(c: float) -> float:
        return float(np.prod(1 - d / (y + c)))

    high = 1.0
    while fall(high) < 0:
        high *= 2
    upper = survival(find_root(fall, 0.0, high))
    if not left.min():
        return 0.0, upper
    least = -float(left.min())
    return survival(-find_root(lambda c: fall(-c), 0.0, -least * (1 - 1e-12))), upper


INTERVALS = {
    "bpcp": Interval("beta product confidence procedure (BPCP)", _bpcp),
    "bpcp-midp": Interval("mid-p beta product confidence procedure (BPCP)", _bpcp_midp),
    "log-log": Interval("log-log", _greenwood(_log_log)),
    "log": Interval("log", _greenwood(_log)),
    "likelihood-ratio": Interval("likelihood ratio (Thomas–Grunkemeier)", _likelihood_ratio),
    "plain": Interval("plain", _greenwood(_plain)),
    "arcsine": Interval("arcsine", _greenwood(_arcsine)),
}
