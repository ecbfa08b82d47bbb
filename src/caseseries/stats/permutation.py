"""Exact permutation tests of the log-rank family.

Given who fell when, each patient has a fixed score (the weight on the own event day less the weighted pooled hazard
up to the own last day), and a group's weighted observed-less-expected is the sum of its scores. Under equal survival
and equal follow-up all choices of the group's members are equally likely (Peto & Peto 1972, J R Stat Soc A 135:185).
"""

from math import comb, sqrt

import numpy as np

from caseseries.stats.comparison import WEIGHTS, align, find_weight
from caseseries.stats.distributions import Floats
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable
from caseseries.stats.steps import Ints

_MOST_SUMS = 2_000_000  # of each half; about a second and 100 MB
_TIE = 1e-9  # sums of a few dozen scores of at most 1 that are closer than this are the same sum


def permute_groups(
    a: EventTable,
    b: EventTable,
    weight: str = "log-rank",
    draws: int = 0,
    random: "np.random.Generator | None" = None,
) -> Comparison:
    """The two-sided permutation p-value of the weighted log-rank sum of `a` against `b`.

    Exact by meeting in the middle: the possible sums of either half of the scores are listed, with the number
    of ways and of patients, and matched. Too many of them, or `draws` given, and members are drawn at random
    from the generator `random`; the p-value then carries its standard error as a caveat.
    """
    name = f"{WEIGHTS[weight][0]} permutation test" if weight in WEIGHTS else weight
    if a.delayed or b.delayed:
        because = "members cannot be exchanged under delayed entry"
        return Comparison(name, None, None, None, a.n + b.n, because=because)
    if not (a.n and b.n):
        return Comparison(name, None, None, None, a.n + b.n, because="a group is empty")
    scores, ours, all_ = score_patients(a, b, weight)
    observed = float(scores @ ours)
    extremes = None if draws else choose_extremes(scores, all_, a.n, abs(observed))
    if extremes is not None:
        p = extremes / comb(a.n + b.n, a.n)
        return Comparison(f"exact {name}", observed, None, p, a.n + b.n)
    if random is None or not draws:
        raise ValueError("too many sums for an exact test: give draws and a random generator")
    p, error = _drawn(scores, all_, a.n, abs(observed), draws, random)
    caveat = f"{draws} random permutations: standard error of p {error:.2g}"
    return Comparison(f"Monte Carlo {name}", observed, None, p, a.n + b.n, caveats=(caveat,))


def choose_extremes(scores: Floats, sizes: Ints, members: int, observed: float) -> float | None:
    """In how many ways `members` patients have scores that sum to `observed` or further from 0.

    `scores` (K,) are distinct, `sizes` (K,) the patients that have each; None if there are too many sums to list.
    """
    scale = float(np.abs(scores).max(initial=0)) or 1.0
    halves = _halves(scores / scale, sizes)
    return None if halves is None else _exact(halves, members, observed / scale)


def score_patients(a: EventTable, b: EventTable, weight: str) -> tuple[Floats, Ints, Ints]:
    """Distinct scores (K,), and how many patients of `a` and of both have each."""
    both = a + b
    margins = align([a, b])
    weights = find_weight(weight)(margins.y, margins.d)
    event_days = both.days[both.any_event > 0]
    hazard = np.append(0.0, np.cumsum(weights * margins.d / margins.y))
    own = np.zeros(both.days.size)
    own[both.any_event > 0] = weights
    lost = hazard[np.searchsorted(event_days, both.days, side="right")]
    counts = [
        np.concatenate([_align(t, both.days, t.any_event), _align(t, both.days, t.censored)])
        for t in (a, both)
    ]
    scores, place = np.unique(np.round(np.concatenate([own - lost, -lost]), 12), return_inverse=True)
    ours, all_ = (np.bincount(place, weights=c, minlength=scores.size).astype(np.int64) for c in counts)
    return scores[all_ > 0], ours[all_ > 0], all_[all_ > 0]


def _align(table: EventTable, days: Ints, counts: Ints) -> Ints:
    spread = np.zeros(days.size, dtype=np.int64)
    spread[np.searchsorted(days, table.days)] = counts
    return spread


Sums = tuple[Ints, Floats, Floats]  # members chosen, sum of their scores, number of ways


def _halves(scores: Floats, sizes: Ints) -> tuple[Sums, Sums] | None:
    """Either half's sums; the halves hold about equally many. None if there are too many."""
    order = np.argsort(-sizes, kind="stable")
    log_sums = np.cumsum(np.log(sizes[order] + 1.0))
    cut = int(np.searchsorted(log_sums, log_sums[-1] / 2)) + 1
    if max(log_sums[cut - 1], log_sums[-1] - log_sums[cut - 1]) > np.log(_MOST_SUMS):
        return None
    return _sums(scores[order[:cut]], sizes[order[:cut]]), _sums(scores[order[cut:]], sizes[order[cut:]])


def _sums(scores: Floats, sizes: Ints) -> Sums:
    chosen, total, ways = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    for score, size in zip(scores.tolist(), sizes.tolist(), strict=True):
        taken = np.arange(size + 1)
        choices = np.array([comb(size, k) for k in range(size + 1)], dtype=np.float64)
        chosen = np.add.outer(taken, chosen).ravel()
        total = np.add.outer(taken * score, total).ravel()
        ways = np.multiply.outer(choices, ways).ravel()
    return chosen, total, ways


def _exact(halves: tuple[Sums, Sums], members: int, observed: float) -> float:
    """The number of ways to choose `members` with a sum at least as far from 0 as `observed`.

    One half is laid out on a line, a stretch for each number chosen, so that a single sorted search finds for
    every sum of the other the partners that bring it to -observed or below, or to observed or above.
    """
    (chosen, total, ways), (other_chosen, other_total, other_ways) = sorted(
        halves, key=lambda half: half[0].size
    )
    stretch = 4 * float(np.abs(total).max() + np.abs(other_total).max() + observed + 1)
    line = other_chosen * stretch + other_total
    order = np.argsort(line)
    line, ways_before = line[order], np.append(0.0, np.cumsum(other_ways[order]))
    start = (members - chosen) * stretch
    order = np.argsort(start - total)
    centre, ways, chosen = (start - total)[order], ways[order], chosen[order]
    low, high = (
        ways_before[np.searchsorted(line, centre + edge)] for edge in (_TIE - observed, observed - _TIE)
    )
    ends = (members - np.arange(members + 2) + 0.5) * stretch  # of the stretch of each number chosen here
    partners = np.append(-np.diff(ways_before[np.searchsorted(line, ends)]), 0.0)
    beyond = partners[np.minimum(chosen, members + 1)] - np.maximum(high - low, 0)
    return float(
        (ways * beyond).sum()
    )  # whole numbers, exact below 2**53 (a product of BLAS would start threads)


def _drawn(
    scores: Floats, sizes: Ints, members: int, observed: float, draws: int, random: "np.random.Generator"
) -> tuple[float, float]:
    chosen = random.multivariate_hypergeometric(sizes, members, size=draws, method="marginals")
    extreme = int((np.abs(chosen @ scores) >= observed - _TIE * max(1.0, observed)).sum())
    p = (extreme + 1) / (draws + 1)
    return p, sqrt(p * (1 - p) / draws)
