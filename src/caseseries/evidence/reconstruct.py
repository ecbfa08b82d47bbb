"""A printed survival curve back to individual times, from its digitised steps and its numbers at risk.

Guyot, Ades, Ouwens & Welton 2012 (BMC Med Res Methodol 12:9): between two printed numbers at risk the events
follow from the falls of the curve, and the censorings from what is then missing. Here both are whole numbers
from the start: in each interval every split of those who leave into events at the steps and censorings is
tried while there are few enough, and the one that keeps closest to the curve is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb

FEW = 20_000  # ways to place the censorings of one interval that are tried one by one


@dataclass(frozen=True)
class PrintedCurve:
    """A digitised curve: survival (0 to 1) from each day on, and the numbers at risk printed at some days.

    `days` and `survival` hold the steps; `risk_days` begins with 0. `last_day` is the end of the drawn curve.
    """

    days: tuple[int, ...]
    survival: tuple[float, ...]
    risk_days: tuple[int, ...]
    at_risk: tuple[int, ...]
    last_day: int


@dataclass(frozen=True)
class Reconstruction:
    """Rows (day, whether an event), and how far the curve they give is from the printed one at its worst step.

    `exhaustive` is False where an interval had too many ways and censorings were spread evenly instead.
    """

    rows: tuple[tuple[int, bool], ...]
    error: float
    exhaustive: bool


@dataclass(frozen=True)
class _Part:
    """One interval between printed numbers at risk: censored before each step and after the last, events at each."""

    censored: tuple[int, ...]
    events: tuple[int, ...]
    survival: float
    error: float


def reconstruct(curve: PrintedCurve) -> Reconstruction:
    """Individual times whose Kaplan–Meier curve and numbers at risk are those printed, as nearly as any are.

    Raises ValueError where the curve rises, the numbers at risk grow, or the two do not fit: a problem of the
    digitised curve, named.
    """
    _refuse(curve)
    rows: list[tuple[int, bool]] = []
    survival, error, exhaustive = 1.0, 0.0, True
    ends = [*curve.risk_days[1:], curve.last_day + 1]
    after = [*curve.at_risk[1:], 0]
    for start, end, before, left in zip(curve.risk_days, ends, curve.at_risk, after, strict=True):
        steps = [(d, s) for d, s in zip(curve.days, curve.survival, strict=True) if start <= d < end]
        last = end == ends[-1]
        part, every = _best(before, None if last else left, steps, (start, end), survival)
        rows += _rows(part, [d for d, _ in steps], start, end)
        survival, error, exhaustive = part.survival, max(error, part.error), exhaustive and every
    return Reconstruction(tuple(sorted(rows)), error, exhaustive)


def _refuse(curve: PrintedCurve) -> None:
    if not curve.risk_days or curve.risk_days[0] != 0:
        raise ValueError("the numbers at risk must begin on day 0")
    values = (1.0, *curve.survival)
    for day, before, here in zip(curve.days, values, curve.survival, strict=False):
        if here > before:
            raise ValueError(f"the curve rises from {before:g} to {here:g} on day {day}")
    for day, fewer, more in zip(curve.risk_days[1:], curve.at_risk, curve.at_risk[1:], strict=False):
        if more > fewer:
            raise ValueError(f"the number at risk grows from {fewer} to {more} on day {day}")


def _best(
    before: int, left: int | None, steps: Sequence[tuple[int, float]], span: tuple[int, int], survival: float
) -> tuple[_Part, bool]:
    """The split of those who leave that keeps closest to the steps; and whether every split was tried.

    In the last interval (`left` None) those whom no step removes are censored after it.
    """
    most = max(0, before - (left or 0) - len(steps))
    exhaustive = comb(most + len(steps), len(steps)) <= FEW
    if exhaustive:
        ways = (way for total in range(most + 1) for way in _split(total, len(steps)))
    else:
        ways = (_evenly(total, [day for day, _ in steps], *span) for total in range(before - (left or 0) + 1))
    targets = [target for _, target in steps]
    parts = [part for way in ways if (part := _place(way, before, left, targets, survival)) is not None]
    if not parts:
        raise ValueError(
            f"no way for {before} at risk to become {left} fits the steps of the curve between them"
        )
    return min(parts, key=lambda part: (part.error, sum(part.censored[:-1]), part.censored)), exhaustive


def _split(total: int, places: int) -> Iterator[tuple[int, ...]]:
    """Every way to put `total` censorings before `places` steps."""
    if places == 0:
        if total == 0:
            yield ()
        return
    for first in range(total + 1):
        for rest in _split(total - first, places - 1):
            yield (first, *rest)


def _evenly(total: int, days: Sequence[int], start: int, end: int) -> tuple[int, ...]:
    """Censorings before each step if `total` fall at a constant rate over the interval, as Guyot takes them."""
    by_then = [total * (day - start) // max(1, end - start) for day in days]
    return tuple(later - earlier for earlier, later in zip([0, *by_then], by_then, strict=False))


def _place(
    censored: tuple[int, ...], before: int, left: int | None, steps: Sequence[float], survival: float
) -> _Part | None:
    """Events at each step from the fall of the curve, given the censorings before it; None if they do not fit."""
    at_risk, error, events = before, 0.0, []
    for gone, target in zip(censored, steps, strict=True):
        at_risk -= gone
        if at_risk <= 0 or survival <= 0:
            return None
        happened = max(0, min(at_risk, round(at_risk * (1 - target / survival))))
        survival *= 1 - happened / at_risk
        at_risk -= happened
        events.append(happened)
        error = max(error, abs(survival - target))
    rest = at_risk if left is None else at_risk - left
    return None if rest < 0 else _Part((*censored, rest), tuple(events), survival, error)


def _rows(part: _Part, days: Sequence[int], start: int, end: int) -> Iterator[tuple[int, bool]]:
    """Censorings evenly between the days around them, events on their days."""
    edges = [start, *days, end]
    for place, count in enumerate(part.censored):
        low, high = edges[place], edges[place + 1]
        last = place == len(days)
        for k in range(count):
            inside = low + (k + 1) * (high - low) // (count + 1)
            yield (min(max(inside, low), high - 1) if last or high > low else low), False
    for day, count in zip(days, part.events, strict=True):
        yield from ((day, True) for _ in range(count))
