"""Exact permutation tests of the log-rank family within strata: members change places inside their own stratum only.

The statistic is the sum over strata of a group's weighted observed-less-expected, which is a sum of fixed scores in
each (`permutation`). Its null distribution is the convolution of those of the strata (Mehta, Patel & Tsiatis 1985,
Biometrika 72:177, for the stratum; strata are independent).
"""

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np

from caseseries.stats.comparison import WEIGHTS
from caseseries.stats.distributions import Floats
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable
from caseseries.stats.permutation import score_patients
from caseseries.stats.steps import Ints

MOST_SUMS = 1_000_000  # listed at once
_DIGITS = 10  # sums of scores of at most 1 that agree to so many decimals are the same sum
_TIE = 1e-8  # more than the rounding of a few dozen sums adds up to

Spread = tuple[Floats, Floats]  # distinct sums and their probabilities, (S,) each


def permute_within(
    strata: Sequence[tuple[EventTable, EventTable]],
    weight: str = "log-rank",
    draws: int = 0,
    random: np.random.Generator | None = None,
) -> Comparison:
    """The two-sided permutation p-value of the weighted log-rank sum of the first group, within strata.

    Exact where the distinct sums are at most `MOST_SUMS`, else from `draws` random permutations by `random`, and then
    with the standard error of p as a caveat. The statistic is the observed sum.
    """
    name = f"stratified {WEIGHTS[weight][0]} permutation test"
    n = sum(a.n + b.n for a, b in strata)
    if any(a.delayed or b.delayed for a, b in strata):
        because = "members cannot be exchanged under delayed entry"
        return Comparison(name, None, None, None, n, because=because)
    layers = [(*score_patients(a, b, weight), a.n) for a, b in strata if a.n and b.n]
    if not layers:
        return Comparison(name, None, None, None, n, because="no stratum has patients of both groups")
    scale = max(float(np.abs(scores).max(initial=0)) for scores, *_ in layers) or 1.0
    observed = sum(float(scores @ ours) for scores, ours, *_ in layers)
    spreads = [spread_sums(scores / scale, sizes, members) for scores, _, sizes, members in layers]
    p = _share_beyond(spreads, abs(observed) / scale)
    if p is not None:
        return Comparison(f"exact {name}", observed, None, p, n)
    if random is None or not draws:
        raise ValueError("too many sums for an exact test: give draws and a random generator")
    sums = sum(
        random.multivariate_hypergeometric(sizes, members, size=draws, method="marginals") @ scores
        for scores, _, sizes, members in layers
    )
    p = (int((np.abs(sums) >= abs(observed) - _TIE * scale).sum()) + 1) / (draws + 1)
    caveat = f"{draws} random permutations: standard error of p {sqrt(p * (1 - p) / draws):.2g}"
    return Comparison(f"Monte Carlo {name}", observed, None, p, n, caveats=(caveat,))


def spread_sums(scores: Floats, sizes: Ints, members: int) -> Spread | None:
    """The sum of the scores of `members` patients drawn without replacement from `sizes` (K,) that have `scores` (K,).

    One score after another: for each number chosen so far, the distinct sums and the ways to each. None if there are
    more than `MOST_SUMS`.
    """
    chosen, total, ways = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    left = int(sizes.sum())
    for score, size in zip(scores.tolist(), sizes.tolist(), strict=True):
        left -= size
        taken = np.arange(size + 1)
        choices = np.array([comb(size, k) for k in range(size + 1)], dtype=np.float64)
        chosen = np.add.outer(taken, chosen).ravel()
        total = np.round(np.add.outer(taken * score, total).ravel(), _DIGITS)
        ways = np.multiply.outer(choices, ways).ravel()
        useful = (chosen <= members) & (chosen + left >= members)
        chosen, total, ways = _merge(chosen[useful], total[useful], ways[useful])
        if chosen.size > MOST_SUMS:
            return None
    return total, ways / ways.sum()


def _merge(chosen: Ints, total: Floats, ways: Floats) -> tuple[Ints, Floats, Floats]:
    """Each distinct pair of a number chosen and a sum once, with the ways to it added up."""
    order = np.lexsort((total, chosen))
    chosen, total, ways = chosen[order], total[order], ways[order]
    new = np.append(True, (np.diff(chosen) > 0) | (np.diff(total) > 0))
    return chosen[new], total[new], np.add.reduceat(ways, np.flatnonzero(new))


def _share_beyond(spreads: Sequence[Spread | None], observed: float) -> float | None:
    """P(|sum over strata| >= observed); None if the sums are too many to list."""
    halves: list[Spread] = [(np.zeros(1), np.ones(1)), (np.zeros(1), np.ones(1))]
    for spread in sorted((s for s in spreads if s), key=lambda s: s[0].size):
        halves.sort(key=lambda half: half[0].size)
        if halves[0][0].size * spread[0].size > MOST_SUMS:
            return None
        halves[0] = _convolve(halves[0], spread)
    if None in spreads:
        return None
    (sums, chances), (other, other_chances) = halves
    order = np.argsort(other)
    other, before = other[order], np.append(0.0, np.cumsum(other_chances[order]))
    low = before[np.searchsorted(other, _TIE - observed - sums, side="right")]
    high = before[-1] - before[np.searchsorted(other, observed - _TIE - sums)]
    return min(1.0, float(chances @ np.where(observed > _TIE, low + high, 1.0)))


def _convolve(one: Spread, other: Spread) -> Spread:
    total: Floats = np.round(np.add.outer(one[0], other[0]).ravel(), _DIGITS).astype(np.float64)
    sums, place = np.unique(total, return_inverse=True)
    return sums, np.bincount(place, weights=np.multiply.outer(one[1], other[1]).ravel()).astype(np.float64)
