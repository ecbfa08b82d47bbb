"""Two samples of measurements: Wilcoxon–Mann–Whitney, exact, with the effect and its interval."""

from collections.abc import Iterable
from math import comb

import numpy as np

from caseseries.stats.distributions import Floats
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.permutation import choose_extremes


def compare_values(a: Iterable[float], b: Iterable[float]) -> Comparison:
    """Exact two-sided Wilcoxon–Mann–Whitney test; ties share their mean rank and are permuted with the rest.

    The statistic is U, the pairs in which `a` is the larger, ties counting one half (Mann & Whitney 1947).
    """
    x, y = _values(a), _values(b)
    name = "Wilcoxon–Mann–Whitney test, exact"
    if not x.size or not y.size:
        return Comparison(name, None, None, None, x.size + y.size, because="a group is empty")
    _, place, sizes = np.unique(np.concatenate([x, y]), return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    centred = ranks - (x.size + y.size + 1) / 2
    u = float(ranks[place[: x.size]].sum() - x.size * (x.size + 1) / 2)
    extremes = choose_extremes(centred, sizes, x.size, abs(u - x.size * y.size / 2))
    if extremes is None:
        because = f"{x.size} and {y.size} values are too many for the exact test"
        return Comparison(name, u, None, None, x.size + y.size, because=because)
    return Comparison(name, u, None, extremes / comb(x.size + y.size, x.size), x.size + y.size)


def estimate_shift(a: Iterable[float], b: Iterable[float], level: float = 0.95) -> Estimate:
    """The median of all differences a - b, with exact limits (Hodges & Lehmann 1963, Ann Math Stat 34:598).

    The k-th smallest and largest difference, k the largest with P(U < k) <= (1 - level) / 2; conservative with ties.
    """
    x, y = _values(a), _values(b)
    name, n = "Hodges–Lehmann shift, exact", x.size + y.size
    if not x.size or not y.size:
        return Estimate(None, None, None, level, name, n, because="a group is empty")
    differences = np.sort(np.subtract.outer(x, y).ravel())
    below = np.cumsum(_mann_whitney_counts(x.size, y.size)) / comb(n, x.size)
    rank = int(np.searchsorted(below, (1 - level) / 2, side="right"))
    value = float(np.median(differences))
    if not rank:
        caveat = f"{x.size} and {y.size} values are too few for a {level * 100:g} % interval"
        return Estimate(value, None, None, level, name, n, caveats=(caveat,))
    return Estimate(value, float(differences[rank - 1]), float(differences[-rank]), level, name, n)


def _values(values: Iterable[float]) -> Floats:
    array = np.array(list(values), dtype=np.float64)
    if np.isnan(array).any():
        raise ValueError("a missing value has no rank")
    return array


def _mann_whitney_counts(m: int, n: int) -> Floats:
    """The number of ways to U = 0 ... m n without ties: ranks chosen one by one, by number chosen and sum."""
    ways = np.zeros((m + 1, m * n + m * (m + 1) // 2 + 1))
    ways[0, 0] = 1
    for rank in range(1, m + n + 1):
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    return ways[m, m * (m + 1) // 2 :]
