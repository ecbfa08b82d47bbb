"""Proportions and medians of complete data."""

from collections.abc import Callable, Iterable
from math import comb, sqrt

from caseseries.stats.distributions import beta_cdf, beta_quantile, find_root, normal_quantile
from caseseries.stats.estimate import Comparison, Estimate


def estimate_proportion(x: int, n: int, level: float = 0.95, method: str = "clopper-pearson") -> Estimate:
    """x of n, with an interval: "clopper-pearson", "wilson", "mid-p" or "jeffreys"."""
    if method not in _PROPORTIONS:
        raise ValueError(f"method {method!r} is not one of {', '.join(_PROPORTIONS)}")
    check_proportion(x, n)
    name, limit = _PROPORTIONS[method]
    if not n:
        return Estimate(None, None, None, level, name, 0, 0, because="there are no patients")
    return Estimate(x / n, *limit(x, n, (1 - level) / 2), level, name, n, x)


def check_proportion(x: int, n: int) -> None:
    if not 0 <= x <= n:
        raise ValueError(f"{x} of {n} is not a proportion")


def compare_to_proportion(x: int, n: int, against: float) -> Comparison:
    """Exact binomial test of x of n against a known proportion: twice the smaller tail (Clopper–Pearson's test)."""
    check_proportion(x, n)
    name = f"exact binomial test against {against:g}"
    if not 0 < against < 1:
        raise ValueError(f"a proportion of {against} leaves nothing to test")
    if not n:
        return Comparison(name, None, None, None, 0, because="there are no patients")
    lower = 1 - beta_cdf(against, x + 1, n - x)
    upper = beta_cdf(against, x, n - x + 1)
    return Comparison(name, None, None, min(1.0, 2 * min(lower, upper)), n, (float(x),), (n * against,))


def estimate_median(values: Iterable[float], level: float = 0.95) -> Estimate:
    """The median, with the order statistics that cover it exactly (David & Nagaraja 2003, section 7.1).

    The interval runs from the r-th smallest to the r-th largest value, r the largest rank with
    P(Binomial(n, 1/2) < r) <= (1 - level) / 2; with too few values for the level there is none.
    """
    ordered = sorted(values)
    n, name = len(ordered), "median, exact (binomial order statistics)"
    if any(value != value for value in ordered):
        raise ValueError("a missing value has no place in a median")
    if not n:
        return Estimate(None, None, None, level, name, 0, because="there are no values")
    value = ordered[n // 2] if n % 2 else _whole((ordered[n // 2 - 1] + ordered[n // 2]) / 2)
    rank = _rank(n, (1 - level) / 2)
    if not rank:
        caveat = f"{n} values are too few for a {level * 100:g} % interval"
        return Estimate(value, None, None, level, name, n, caveats=(caveat,))
    return Estimate(value, ordered[rank - 1], ordered[n - rank], level, name, n)


def _rank(n: int, tail: float) -> int:
    below, rank = 1, 0
    while below <= tail * 2**n:
        rank += 1
        below += comb(n, rank)
    return rank


def _whole(x: float) -> float:
    return int(x) if x == int(x) else x


def _clopper_pearson(x: int, n: int, tail: float) -> tuple[float, float]:
    """Clopper & Pearson 1934, Biometrika 26:404."""
    return (
        beta_quantile(tail, x, n - x + 1) if x else 0.0,
        beta_quantile(1 - tail, x + 1, n - x) if x < n else 1.0,
    )


def _wilson(x: int, n: int, tail: float) -> tuple[float, float]:
    """Wilson 1927, J Am Stat Assoc 22:209."""
    z = normal_quantile(1 - tail)
    centre, spread = x + z * z / 2, z * sqrt(x * (n - x) / n + z * z / 4)
    lower, upper = (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)
    return (lower if x else 0.0), (upper if x < n else 1.0)


def _jeffreys(x: int, n: int, tail: float) -> tuple[float, float]:
    """Brown, Cai & DasGupta 2001, Stat Sci 16:101: Beta(x + 1/2, n - x + 1/2), its ends at 0 and n."""
    a, b = x + 0.5, n - x + 0.5
    return (beta_quantile(tail, a, b) if x else 0.0), (beta_quantile(1 - tail, a, b) if x < n else 1.0)


def _mid_p(x: int, n: int, tail: float) -> tuple[float, float]:
    """Half of the observed outcome's probability counts in each tail (Lancaster 1961)."""
    return (_mid_p_lower(x, n, tail) if x else 0.0), (1 - _mid_p_lower(n - x, n, tail) if x < n else 1.0)


def _mid_p_lower(x: int, n: int, tail: float) -> float:
    def area(p: float) -> float:
        return (beta_cdf(p, x, n - x + 1) + beta_cdf(p, x + 1, n - x)) / 2 - tail

    return find_root(area, 0.0, x / n)


_PROPORTIONS: dict[str, tuple[str, Callable[[int, int, float], tuple[float, float]]]] = {
    "clopper-pearson": ("exact (Clopper–Pearson)", _clopper_pearson),
    "wilson": ("Wilson", _wilson),
    "mid-p": ("mid-p exact", _mid_p),
    "jeffreys": ("Jeffreys", _jeffreys),
}
