"""A printed survival curve back to individual times, from its digitised steps and its numbers at risk.

Guyot, Ades, Ouwens & Welton 2012 (BMC Med Res Methodol 12:9): between two printed numbers at risk the events
follow from the falls of the curve, and the censorings from what is then missing. Here both are whole numbers
from the start: in each interval every split of those who leave into events at the steps and censorings is
tried while there are few enough, and the one that keeps closest to the curve is taken. Where they are too many, the
way through the numbers at risk that keeps within the curve's own rounding and spreads the censorings most evenly
over time, as Guyot takes them to be, is found step by step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
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

    `exhaustive` is False where an interval had too many ways and censorings were spread as evenly as fits.
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
    survival, error, exhaustive, rounded = 1.0, 0.0, True, _rounding(curve.survival)
    ends = [*curve.risk_days[1:], curve.last_day + 1]
    after = [*curve.at_risk[1:], 0]
    for start, end, before, left in zip(curve.risk_days, ends, curve.at_risk, after, strict=True):
        steps = [(d, s) for d, s in zip(curve.days, curve.survival, strict=True) if start <= d < end]
        last = end == ends[-1]
        part, every = _best(before, None if last else left, steps, (start, end), survival, rounded)
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


def _rounding(survival: Sequence[float]) -> float:
    """Half a unit of the last digit that the curve was read to; at most half a percent."""
    digits = next(k for k in range(2, 16) if all(abs(s - round(s, k)) < 1e-12 for s in survival) or k == 15)
    return 0.5 * 10.0 ** -min(digits, 15)


def _best(
    before: int,
    left: int | None,
    steps: Sequence[tuple[int, float]],
    span: tuple[int, int],
    survival: float,
    rounded: float,
) -> tuple[_Part, bool]:
    """The split of those who leave that keeps closest to the steps; and whether every split was tried.

    In the last interval (`left` None) those whom no step removes are censored after it. Nobody is censored before
    a step on the first day of the interval: who is at risk on a day is at risk at its events.
    """
    targets = [target for _, target in steps]
    falls = sum(there < here for here, there in pairwise([survival, *targets]))
    most, at_once = max(0, before - (left or 0) - falls), int(bool(steps) and steps[0][0] == span[0])
    places = len(steps) - at_once
    exhaustive = comb(most + places, places) <= FEW
    if exhaustive:
        ways = ((0,) * at_once + way for total in range(most + 1) for way in _split(total, places))
        parts = [part for way in ways if (part := _place(way, before, left, targets, survival)) is not None]
        found = min(
            parts,
            key=lambda part: (part.error, _at_once(part, targets), sum(part.censored[:-1]), part.censored),
            default=None,
        )
    else:
        found = _walk(before, left, steps, span, survival, rounded)
    if found is None:
        raise ValueError(
            f"no way for {before} at risk to become {left or 0} fits the steps of the curve between them"
        )
    return found, exhaustive


def _at_once(part: _Part, targets: Sequence[float]) -> int:
    """The events with which the curve reaches 0. From any number at risk it would; it is one by far most often, and
    to take more for it makes the last hazard look better known than it was."""
    return next((events for events, target in zip(part.events, targets, strict=True) if target <= 0), 0)


@dataclass(frozen=True)
class _Way:
    """How one number at risk was reached after a step: what it cost, and what was placed on the way."""

    beyond: float  # by how much the steps so far leave the curve's own rounding
    uneven: float  # the sum of censorings² over the days between two steps: least when spread evenly
    survival: float
    error: float
    censored: tuple[int, ...]
    events: tuple[int, ...]


def _walk(
    before: int,
    left: int | None,
    steps: Sequence[tuple[int, float]],
    span: tuple[int, int],
    survival: float,
    rounded: float,
) -> _Part | None:
    """From step to step, the best way to each number at risk; then the one that ends as printed."""
    ways, day = {before: _Way(0.0, 0.0, survival, 0.0, (), ())}, span[0]
    for here, target in steps:
        reached: dict[int, _Way] = {}
        for at_risk, way in ways.items():
            few = at_risk - 1 if target <= 0 and at_risk else 0  # one is left, to take the curve to 0
            for gone in range(few, at_risk - (left or 0) + 1) if here > span[0] else (0,):
                _take(reached, way, at_risk - gone, gone, target, max(1, here - day), rounded)
        ways, day = reached, here
    gap = max(1, span[1] - day)
    ends = []
    for at_risk, way in ways.items():
        rest = at_risk - (left or 0)
        if rest >= 0:
            cost = way.uneven + (rest**2 / gap if left is not None else 0.0)
            ends.append(((way.beyond, cost, way.error), (*way.censored, rest), way))
    if not ends:
        return None
    _, censored, way = min(ends, key=lambda end: end[:2])
    return _Part(censored, way.events, way.survival, way.error)


def _take(
    reached: dict[int, _Way], way: _Way, at_risk: int, gone: int, target: float, gap: int, rounded: float
) -> None:
    """One step: the events that the fall asks for among those at risk, kept if no better way ends the same."""
    happened, survival = _fall(at_risk, way.survival, target)
    off = abs(survival - target)
    beyond = way.beyond + max(0.0, off - rounded)
    uneven = way.uneven + gone**2 / gap
    known = reached.get(at_risk - happened)
    if known is None or (beyond, uneven) < (known.beyond, known.uneven):
        reached[at_risk - happened] = _Way(
            beyond,
            uneven,
            survival,
            max(way.error, off),
            (*way.censored, gone),
            (*way.events, happened),
        )


def _fall(at_risk: int, survival: float, target: float) -> tuple[int, float]:
    """The events that bring the curve nearest to the target, and where it then stands: with nobody at risk, or
    at 0, where it stood."""
    if not at_risk or survival <= 0:
        return 0, survival
    happened = max(0, min(at_risk, round(at_risk * (1 - target / survival))))
    return happened, survival * (1 - happened / at_risk)


def _split(total: int, places: int) -> Iterator[tuple[int, ...]]:
    """Every way to put `total` censorings before `places` steps."""
    if places == 0:
        if total == 0:
            yield ()
        return
    for first in range(total + 1):
        for rest in _split(total - first, places - 1):
            yield (first, *rest)


def _place(
    censored: tuple[int, ...], before: int, left: int | None, steps: Sequence[float], survival: float
) -> _Part | None:
    """Events at each step from the fall of the curve, given the censorings before it; None if they do not fit."""
    at_risk, error, events = before, 0.0, []
    for gone, target in zip(censored, steps, strict=True):
        at_risk -= gone
        if at_risk < 0:
            return None
        happened, survival = _fall(at_risk, survival, target)
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
