"""Two proportions: exact tests, the odds ratio and the difference.

Groups are x of n: `compare_proportions(3, 9, 1, 2)` is three of nine against one of two.
"""

from collections.abc import Callable
from math import comb, exp, lgamma, sqrt

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats, find_root
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.proportions import check_proportion, estimate_proportion

_SAME = 1 + 1e-7  # outcomes whose probability or statistic differ by less are equally extreme, as in R


def compare_proportions(x1: int, n1: int, x2: int, n2: int, method: str = "fisher") -> Comparison:
    """Are the two proportions alike? Two-sided, by "fisher", "barnard" or "boschloo".

    Fisher 1935: given the margins, the outcomes no likelier than that seen. Barnard 1947 and Boschloo 1970: the
    largest probability, over the common proportion, of outcomes as extreme by the pooled score statistic, or by
    Fisher's one-sided p-value (twice the smaller side).
    """
    check_proportion(x1, n1)
    check_proportion(x2, n2)
    if method not in _TESTS:
        raise ValueError(f"method {method!r} is not one of {', '.join(_TESTS)}")
    name, test = _TESTS[method]
    if not n1 or not n2:
        return Comparison(name, None, None, None, n1 + n2, because="a group is empty")
    return Comparison(name, None, None, min(1.0, test(x1, n1, x2, n2)), n1 + n2, (float(x1), float(x2)))


def estimate_odds_ratio(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Estimate:
    """The conditional maximum likelihood odds ratio with exact limits (Cornfield 1956), as R's `fisher.test`."""
    check_proportion(x1, n1)
    check_proportion(x2, n2)
    name, total = "conditional odds ratio, exact", x1 + x2
    low, high = max(0, total - n2), min(n1, total)
    if low == high:
        because = "the margins allow one table only"
        return Estimate(None, None, None, level, name, n1 + n2, total, because=because)
    tail, ways = (1 - level) / 2, _log_ways(n1, n2, total)
    upper = None if x1 == high else exp(find_root(lambda t: tail - _up_to(ways, low, x1, t), -40, 40))
    lower = 0.0 if x1 == low else exp(find_root(lambda t: 1 - tail - _up_to(ways, low, x1 - 1, t), -40, 40))
    if x1 in (low, high):
        value = 0.0 if x1 == low else None
        because = "" if x1 == low else "every table less extreme: the odds ratio is infinite"
        return Estimate(value, lower, upper, level, name, n1 + n2, total, because=because)
    value = exp(find_root(lambda t: _mean(ways, low, t) - x1, -40, 40))
    return Estimate(value, lower, upper, level, name, n1 + n2, total)


def estimate_difference(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Estimate:
    """x1/n1 - x2/n2 with limits from the two Wilson intervals (Newcombe 1998, Stat Med 17:873, method 10)."""
    one, other = (estimate_proportion(x, n, level, "wilson") for x, n in ((x1, n1), (x2, n2)))
    name = "difference of proportions, hybrid Wilson (Newcombe)"
    if None in (one.value, other.value):
        return Estimate(None, None, None, level, name, n1 + n2, x1 + x2, because="a group is empty")
    p, l1, u1 = (float(v or 0) for v in (one.value, one.lower, one.upper))
    q, l2, u2 = (float(v or 0) for v in (other.value, other.lower, other.upper))
    lower = p - q - sqrt((p - l1) ** 2 + (u2 - q) ** 2)
    upper = p - q + sqrt((u1 - p) ** 2 + (q - l2) ** 2)
    return Estimate(p - q, lower, upper, level, name, n1 + n2, x1 + x2)


def _log_ways(n1: int, n2: int, total: int) -> Floats:
    """log of the number of tables for each possible x1."""
    rows = range(max(0, total - n2), min(n1, total) + 1)
    return np.array([_log_comb(n1, x) + _log_comb(n2, total - x) for x in rows])


def _log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _shares(ways: Floats, low: int, log_odds: float) -> Floats:
    logs = ways + log_odds * np.arange(low, low + ways.size)
    shares: Floats = np.exp(logs - logs.max())
    shares /= shares.sum()
    return shares


def _up_to(ways: Floats, low: int, x: int, log_odds: float) -> float:
    return float(_shares(ways, low, log_odds)[: x - low + 1].sum())


def _mean(ways: Floats, low: int, log_odds: float) -> float:
    return float(_shares(ways, low, log_odds) @ np.arange(low, low + ways.size))


def _fisher(x1: int, n1: int, x2: int, n2: int) -> float:
    low = max(0, x1 + x2 - n2)
    shares = _shares(_log_ways(n1, n2, x1 + x2), low, 0.0)
    return float(shares[shares <= shares[x1 - low] * _SAME].sum())


def _barnard(x1: int, n1: int, x2: int, n2: int) -> float:
    statistics = _score_statistics(n1, n2)
    return _largest(statistics * _SAME >= statistics[x1, x2], n1, n2)


def _boschloo(x1: int, n1: int, x2: int, n2: int) -> float:
    sides = (_fisher_sides(n1, n2), _fisher_sides(n2, n1).T)
    return 2 * min(_largest(side <= side[x1, x2] * _SAME, n1, n2) for side in sides)


def _score_statistics(n1: int, n2: int) -> Floats:
    """|difference| over its pooled standard error, for every outcome (n1 + 1, n2 + 1)."""
    x1, x2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    pooled = (x1 + x2) / (n1 + n2)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
    gap = np.abs(x1 / n1 - x2 / n2)
    statistics: Floats = np.where(variance > 0, gap / np.sqrt(np.where(variance > 0, variance, 1)), 0.0)
    return statistics


def _fisher_sides(n1: int, n2: int) -> Floats:
    """P(X1 <= x1 given the total) for every outcome."""
    sides = np.empty((n1 + 1, n2 + 1))
    for total in range(n1 + n2 + 1):
        low = max(0, total - n2)
        sums = np.cumsum(_shares(_log_ways(n1, n2, total), low, 0.0))
        for i, side in enumerate(sums):
            sides[low + i, total - low - i] = side
    return sides


def _largest(region: npt.NDArray[np.bool_], n1: int, n2: int) -> float:
    """The largest probability of the region over the common proportion: a grid, then its best cell refined."""
    ways = np.zeros(n1 + n2 + 1)
    for x1, x2 in np.argwhere(region).tolist():
        ways[x1 + x2] += comb(n1, x1) * comb(n2, x2)
    totals = np.arange(n1 + n2 + 1)

    def probability(p: Floats) -> Floats:
        found: Floats = (p[:, None] ** totals * (1 - p[:, None]) ** (n1 + n2 - totals)) @ ways
        return found

    grid = np.linspace(0, 1, 2001)
    for _ in range(4):
        best = int(np.argmax(probability(grid)))
        grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)], 101)
    return float(probability(grid).max())


_TESTS: dict[str, tuple[str, Callable[[int, int, int, int], float]]] = {
    "fisher": ("Fisher's exact test", _fisher),
    "barnard": ("Barnard's exact test", _barnard),
    "boschloo": ("Boschloo's exact test", _boschloo),
}
