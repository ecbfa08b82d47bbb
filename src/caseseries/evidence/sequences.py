"""Which numbers at risk can stand behind a printed Kaplan–Meier estimate: exact fractions, complete search.

The estimate after k events is Π (1 − 1/rⱼ), where rⱼ is the number at risk at event j. Without delayed
entry r falls by at least one from event to event. Events that share a day are counted one after the other
(r, r − 1, …), which gives the same product: 1 − d/r = Π_{i<d} (1 − 1/(r − i)).
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from caseseries.evidence.printed import Band
from caseseries.stats.events import count_events
from caseseries.stats.survival import survival_curve

AtRisk = tuple[int, ...]

TAIL = 4  # events looked up together, fewer where there would be more than TAILS ways for them to fall
TAILS = 500_000
SLACK = 1e-9  # far above the rounding error of a sum of four logarithms


@dataclass(frozen=True)
class Sequences:
    """The sequences found, largest numbers at risk first; `complete` is False when the listing was cut."""

    found: tuple[AtRisk, ...]
    complete: bool


def estimate_after(at_risk: Sequence[int]) -> Fraction:
    """The Kaplan–Meier estimate after one event at each number at risk, as an exact fraction."""
    survival = Fraction(1)
    for number in at_risk:
        survival *= Fraction(number - 1, number)
    return survival


def find_sequences(
    n: int,
    events: int,
    band: Band,
    bounds: Sequence[tuple[int, int]] | None = None,
    limit: int = 10_000,
) -> Sequences:
    """All at-risk sequences of `n` cases and `events` events whose estimate lies in the band.

    `bounds` gives the smallest and largest number at risk at each event, where more is known. The search is
    complete up to `limit` sequences; a branch is left only when no completion of it can reach the band.
    """
    last = 2 if band.low > 0 else 1  # an event with one case at risk makes the estimate 0
    limits = _tightened(n, events, bounds or [(1, n)] * events, last)
    if limits is None:
        return Sequences((), True)
    tail = max(size for size in range(1, TAIL + 1) if size == 1 or math.comb(n, size) <= TAILS)
    cut = max(0, events - tail)
    search = _extend((), Fraction(1), limits[:cut], _least(limits), _tails(limits[cut:]), band)
    found: list[AtRisk] = []
    for sequence in search:
        if len(found) == limit:
            return Sequences(tuple(found), False)
        found.append(sequence)
    return Sequences(tuple(found), True)


@dataclass(frozen=True)
class _Tails:
    """Every way the last few events can fall, sorted by the logarithm of the factor they contribute."""

    at_risk: NDArray[np.int64]  # one row a tail, falling from left to right
    logarithm: NDArray[np.float64]

    def between(self, below: int, low: Fraction, high: Fraction) -> NDArray[np.int64]:
        """Tails that start under `below` and whose factor may lie in low … high, largest at risk first.

        Floating point only preselects, a little too widely; the caller decides in fractions.
        """
        first = np.searchsorted(self.logarithm, _logarithm(low) - SLACK)
        last = np.searchsorted(self.logarithm, _logarithm(high) + SLACK, side="right")
        rows = self.at_risk[first:last]
        rows = rows[rows[:, 0] < below] if rows.shape[1] else rows
        return rows[np.lexsort(-rows.T[::-1])] if rows.shape[1] else rows[:1]


def interval_of(
    n: int, at_risk: AtRisk, remaining: int, interval: str = "bpcp", level: float = 0.95
) -> tuple[float, float]:
    """The interval of the estimate after these events, with `remaining` still at risk at the horizon.

    `interval` is a name that `caseseries.stats.intervals` knows. Days do not matter to any of them, only the
    order: here events fall on even days, censorings on the odd days between.
    """
    stops: list[int] = []
    events: list[int] = []
    for place, (before, after) in enumerate(zip((n + 1, *at_risk), (*at_risk, remaining), strict=True)):
        left = before - 1 - after
        event = place < len(at_risk)
        stops += [2 * place + 1] * left + [2 * place + 2] * event
        events += [0] * left + [1] * event
    stops += [2 * len(at_risk) + 4] * remaining
    curve = survival_curve(count_events(stops, events + [0] * remaining), level, interval)
    row = int(np.searchsorted(curve.days, 2 * len(at_risk) + 3, side="right")) - 1
    return float(curve.lower[row]), float(curve.upper[row])


def _tightened(
    n: int, events: int, bounds: Sequence[tuple[int, int]], last: int
) -> tuple[tuple[int, int], ...] | None:
    """Bounds that also respect the strict fall from n down to `last`; None when they leave nothing."""
    highs: list[int] = []
    for j, (_, high) in enumerate(bounds):
        highs.append(min(high, n - j, highs[-1] - 1 if highs else n))
    lows: list[int] = []
    for j in reversed(range(events)):
        lows.insert(0, max(bounds[j][0], lows[0] + 1 if lows else last))
    if any(low > high for low, high in zip(lows, highs, strict=True)):
        return None
    return tuple(zip(lows, highs, strict=True))


def _least(limits: Sequence[tuple[int, int]]) -> tuple[Fraction, ...]:
    """The smallest factor that the events from j on can still contribute, for each j."""
    tails = [Fraction(1)]
    for low, _ in reversed(limits):
        tails.insert(0, tails[0] * Fraction(low - 1, low))
    return tuple(tails)


def _tails(limits: Sequence[tuple[int, int]]) -> _Tails:
    rows = np.empty((1, 0), dtype=np.int64)
    for low, high in reversed(limits):
        follows = rows[:, 0] if rows.shape[1] else np.zeros(1, dtype=np.int64)
        grown = [np.insert(rows[follows < number], 0, number, axis=1) for number in range(low, high + 1)]
        rows = np.concatenate(grown)
    with np.errstate(divide="ignore"):
        logarithm = np.log1p(-1.0 / rows).sum(axis=1)
    order = np.argsort(logarithm, kind="stable")
    return _Tails(rows[order], logarithm[order])


def _logarithm(value: Fraction) -> float:
    return math.log(value) if value > 0 else -math.inf


def _extend(
    before: AtRisk,
    estimate: Fraction,
    limits: Sequence[tuple[int, int]],
    least: Sequence[Fraction],
    tails: _Tails,
    band: Band,
) -> Iterator[AtRisk]:
    """Go down event by event; the last few are looked up in `tails` instead."""
    j, below = len(before), before[-1] if before else sys.maxsize
    if j == len(limits):
        for row in tails.between(below, band.low / estimate, band.high / estimate):
            tail = tuple(int(number) for number in row)
            if band.admits(estimate * estimate_after(tail)):
                yield (*before, *tail)
        return
    low, high = limits[j]
    left = len(least) - 1 - j
    for number in range(min(high, below - 1), low - 1, -1):
        if estimate * Fraction(number - left, number) < band.low:
            return  # even with nobody censored from here on the estimate falls below the band
        here = estimate * Fraction(number - 1, number)
        if here * least[j + 1] <= band.high:
            yield from _extend((*before, number), here, limits, least, tails, band)
