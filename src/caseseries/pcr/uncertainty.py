"""The interval of a level on the log10 scale, from its three sources.

The curve: inverse prediction (Fieller 1954; Draper & Smith, Applied Regression Analysis, 3rd ed., 3.2). The
control gene: the same for a difference of two Cq. The sample itself: how many copies happened to be in its
wells (Poisson). Independent parts are joined by the method of variance estimates recovery (Zou & Donner,
Statistics in Medicine 2008;27:1693), which keeps each part's own skewness.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caseseries.pcr.standards import Line
from caseseries.stats.distributions import beta_quantile, normal_quantile


@dataclass(frozen=True)
class Part:
    """One quantity with its limits, all log10. Limits are infinite where nothing bounds it."""

    value: float
    lower: float
    upper: float


@cache
def t_quantile(level: float, df: int) -> float:
    """The two-sided Student quantile, through the beta distribution (Abramowitz & Stegun 26.5.27, 26.7.1)."""
    x = beta_quantile(1 - level, df / 2, 0.5)
    return math.sqrt(df * (1 - x) / x)


def read_amount(line: Line, cq: float, wells: int, level: float = 0.95) -> Part:
    """log10 of the amount at a mean Cq of so many wells, by inverse prediction.

    With x counted from the line's centre, solves (rise − slope x)² = margin of (rise − slope x) for x. The
    copies in these wells are another matter: `count_copies`.
    """
    rise = cq - line.intercept - line.slope * line.centre
    technical = line.error**2 * (1 / wells + 1 / line.n)
    total = line.error**2 / wells + line.height_variance
    part = _ratio(rise, line, (total, technical), line.covariance, level)
    return Part(part.value + line.centre, part.lower + line.centre, part.upper + line.centre)


def read_difference(line: Line, later: float, wells: tuple[int, int], level: float = 0.95) -> Part:
    """log10 of the ratio of two amounts whose mean Cq differ by `later` (first less second)."""
    technical = line.error**2 * (1 / wells[0] + 1 / wells[1])
    return _ratio(later, line, (technical, technical), 0.0, level)


def _ratio(rise: float, line: Line, variance: tuple[float, float], covariance: float, level: float) -> Part:
    """rise / slope with Fieller's limits; `variance` is of the rise, in all and its technical part.

    The technical part is estimated and takes Student's quantile; the Poisson part is known and takes the
    normal one. Where the slope itself is not distinct from 0 nothing is bounded.
    """
    known = normal_quantile(0.5 + level / 2) ** 2
    extra = t_quantile(level, line.freedom) ** 2 - known
    of_rise = known * variance[0] + extra * variance[1]
    of_slope = known * line.slope_variance + extra * line.error**2 / line.breadth
    a, b, c = line.slope**2 - of_slope, rise * line.slope + known * covariance, rise**2 - of_rise
    value = rise / line.slope
    if a <= 0:
        return Part(value, -math.inf, math.inf)
    half = math.sqrt(max(b * b - a * c, 0.0)) / a
    return Part(value, b / a - half, b / a + half)


def count_copies(copies: float, level: float = 0.95) -> Part:
    """log10 of a number of copies that were sampled at random, about its expectation (Poisson, log scale)."""
    half = normal_quantile(0.5 + level / 2) / math.sqrt(max(copies, 1e-9)) / math.log(10)
    return Part(0.0, -half, half)


def add_parts(parts: Sequence[Part]) -> Part:
    """The sum of independent parts, their distances to the limits added in quadrature."""
    value = sum(part.value for part in parts)
    below = math.sqrt(sum((part.value - part.lower) ** 2 for part in parts))
    above = math.sqrt(sum((part.upper - part.value) ** 2 for part in parts))
    return Part(value, value - below, value + above)
