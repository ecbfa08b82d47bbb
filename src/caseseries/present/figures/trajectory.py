"""MRD over time, one panel a case: levels on a logarithmic axis, their limits, and the treatments as bars beneath.

A negative is no number: an open symbol at the sensitivity of its own specimen, with an arrow down. A positive below its
quantitative range is a hatched stretch from that range down to the sensitivity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from caseseries.analysis.displays import LevelAt, Trajectory
from caseseries.present import drawing as pen
from caseseries.present.document import case_trail
from caseseries.present.drawing import Drawing, Scale
from caseseries.present.figures.curves import time_axis
from caseseries.present.lettering import SEMIBOLD, shorten
from caseseries.present.wording import percent, rounded

WIDTH, LEFT, GAP, HEIGHT, BARS, RADIUS = 700.0, 62.0, 16.0, 92.0, 16.0, 4.2
NEGATIVE, BELOW, UNKNOWN = "not detected", "positive below quantitative range", "not evaluable"
FILLS = ("#C9CED6", "#FFFFFF", pen.SKY, "#8A939E")
MARKS = {
    "hsct": ("diamond", "#FFFFFF"),
    "relapse": ("cross", pen.VERMILLION),
    "death": ("square", pen.INK),
    "": ("triangle", "#FFFFFF"),
}


@dataclass(frozen=True)
class _Frame:
    """One panel in pixels."""

    left: float
    right: float
    top: float
    x: Scale
    y: Scale

    @property
    def floor(self) -> float:
        return self.top + HEIGHT


def trajectory_figure(
    cases: Sequence[Trajectory], target: float | None, origin: str, among: Sequence[Trajectory] = ()
) -> Drawing:
    """A panel for each case, all on the same axes; `target` is the protocol's limit, where there is one.

    Where the cases fill several figures, `among` are those of all, whose axes are then the same.
    """
    columns = min(4 if len(cases) > 9 else 3, len(cases))
    decades, days = _decades(among or cases, target), _days(among or cases)
    fills = _fills(cases)
    width = (WIDTH - LEFT - 8 - GAP * (columns - 1)) / columns
    parts: list[str] = [
        pen.words(LEFT - 46, 14, "MRD level (percentage of cells)", size=pen.SMALL, fill=pen.QUIET)
    ]
    step = HEIGHT + BARS + 40
    for n, case in enumerate(cases):
        left, top = LEFT + (n % columns) * (width + GAP), 40 + (n // columns) * step
        frame = _Frame(
            left,
            left + width,
            top,
            pen.linear(days, (left + 8, left + width - 8)),
            pen.logarithmic((10.0 ** decades[0], 10.0 ** decades[-1]), (top + HEIGHT, top)),
        )
        drawn = _panel(case, frame, decades, target, days, fills, is_first=n % columns == 0)
        parts.append(pen.group(drawn, trail=case_trail(case.case_id)))
    bottom = 40 + ceil(len(cases) / columns) * step
    unit = time_axis(ceil(days[1])).unit
    parts.append(pen.words(LEFT, bottom - 6, f"{unit} from {origin}", size=pen.SMALL, fill=pen.QUIET))
    key, end = pen.key(LEFT, bottom + 16, list(_key(cases, fills)), WIDTH)
    return Drawing(pen.svg(WIDTH, end + 12, alt := _alt(cases, origin), [*parts, key]), alt)


def symbols_of(cases: Sequence[Trajectory], label: str) -> str:
    """What the symbols of the figure mean: of those it has."""
    points = [point for case in cases for point in case.points]
    meanings = (
        (
            "not detected",
            "an open symbol is a specimen in which MRD was not detected, at its own sensitivity",
        ),
        ("positive below quantitative range", "a hatched stretch is positive below the quantitative range"),
    )
    said = [meaning for state, meaning in meanings if any(point.state == state for point in points)]
    if any(point.quantitative_range for point in points):
        said.append("a short rule marks the end of the quantitative range")
    if any(point.lower and point.upper for point in points):
        said.append("an upright stroke is the 95% interval of a level read from a plate")
    said.append("dotted is the protocol’s limit")
    bars = f", with {label} as bars" if any(case.spans for case in cases) else ""
    return f"All specimens of each case{bars}; {'; '.join(said)}."


def _decades(cases: Sequence[Trajectory], target: float | None) -> range:
    levels = [level for case in cases for point in case.points for level in _heights(point)]
    levels += [target] if target else []
    lowest, highest = min(levels, default=1e-4), max(levels, default=1e-4)
    return range(floor(log10(lowest / 2)), min(0, ceil(log10(highest) + 0.05)) + 1)


def _heights(point: LevelAt) -> list[float]:
    numbers = (point.value, point.lower, point.upper, point.limit, point.sensitivity)
    return [number for number in numbers if number]


def _days(cases: Sequence[Trajectory]) -> tuple[float, float]:
    days = [point.day for case in cases for point in case.points]
    days += [day for case in cases for span in case.spans for day in (span.start, span.end)]
    days += [mark.day for case in cases for mark in case.marks]
    last = max([*days, 1])
    unit_days = time_axis(ceil(last)).unit_days
    return min([*days, 0]), ceil(last / unit_days) * unit_days  # a tick lies at or beyond whatever came last


def _fills(cases: Sequence[Trajectory]) -> dict[str, str]:
    kinds = list(dict.fromkeys(span.kind for case in cases for span in case.spans))
    return {kind: FILLS[n % len(FILLS)] for n, kind in enumerate(kinds)}


def _panel(
    case: Trajectory,
    frame: _Frame,
    decades: range,
    target: float | None,
    days: tuple[float, float],
    fills: dict[str, str],
    *,
    is_first: bool,
) -> Iterator[str]:
    title = shorten(case.case_id, frame.right - frame.left, pen.SMALL, SEMIBOLD)
    yield pen.words(frame.left, frame.top - 7, title, size=pen.SMALL, weight=SEMIBOLD)
    for decade in decades:
        level = frame.y(10.0**decade)
        yield pen.line((frame.left, level), (frame.right, level), pen.FAINT)
        if is_first:
            label = percent(10.0**decade, max(0, -decade - 2))
            yield pen.words(frame.left - 8, level + 4, label, anchor="end", size=pen.SMALL, fill=pen.QUIET)
    if target:
        yield pen.line((frame.left, frame.y(target)), (frame.right, frame.y(target)), pen.INK, 1.2, "2 3")
    yield pen.line((frame.left, frame.floor + BARS), (frame.right, frame.floor + BARS))
    axis = time_axis(ceil(days[1]))
    for tick in axis.ticks:
        at = frame.x(tick * axis.unit_days)
        if at <= frame.right:
            yield pen.line((at, frame.floor + BARS), (at, frame.floor + BARS + 4))
            yield pen.words(
                at, frame.floor + BARS + 16, str(tick), anchor="middle", size=pen.SMALL, fill=pen.QUIET
            )
    yield from _treatments(case, frame, fills)
    yield from _levels(case, frame)


def _treatments(case: Trajectory, frame: _Frame, fills: dict[str, str]) -> Iterator[str]:
    for span in case.spans:
        start, end = frame.x(span.start), frame.x(span.end)
        said = f"{case.case_id}: {span.kind}, days {rounded(span.start)} to {rounded(span.end)}"
        yield pen.fact(
            said, pen.box(start, frame.floor + 4, max(end - start, 2), 8, fills[span.kind], pen.INK)
        )
    for mark in case.marks:
        shape, fill = _sign(mark.kind)
        at = (frame.x(mark.day), frame.floor + 8)
        yield pen.fact(
            f"{case.case_id}: {mark.kind} on day {mark.day}", pen.symbol(shape, at, 4.2, fill, _edge(fill))
        )


def _sign(kind: str) -> tuple[str, str]:
    return MARKS[next(sort for sort in MARKS if sort in kind.lower())]


def _edge(fill: str) -> str:
    return fill if fill == pen.VERMILLION else pen.INK


def _levels(case: Trajectory, frame: _Frame) -> Iterator[str]:
    known = [(frame.x(point.day), frame.y(height)) for point in case.points if (height := _height(point))]
    if len(known) > 1:
        yield pen.trace(known, "#8A939E", 1.2)
    for point in case.points:
        said = f"{case.case_id}, day {rounded(point.day)}: {point.label}"
        yield pen.fact(said, *_mark(point, frame))


def _height(point: LevelAt) -> float | None:
    return point.value or point.limit


def _mark(point: LevelAt, frame: _Frame) -> Iterator[str]:
    x, height = frame.x(point.day), _height(point)
    if height is None:
        yield pen.symbol("cross", (x, frame.floor - 7), RADIUS - 1, pen.INK, pen.INK)
        return
    y = frame.y(height)
    if point.state == BELOW:
        yield from _hatched(x, y, frame.y(point.sensitivity) if point.sensitivity else frame.floor)
        yield pen.symbol("half", (x, y), RADIUS, pen.INK, pen.INK)
    elif point.state == NEGATIVE:
        yield pen.arrow((x, y), (x, min(y + 17, frame.floor)), pen.INK, 3)
        yield pen.symbol("circle", (x, y), RADIUS, "#FFFFFF", pen.INK)
    else:
        if point.lower and point.upper:
            yield pen.line((x, frame.y(point.lower)), (x, frame.y(point.upper)), pen.INK, 1.2)
        yield from _limit(x, point, frame)
        yield pen.symbol("circle", (x, y), RADIUS, pen.INK, pen.INK)


def _limit(x: float, point: LevelAt, frame: _Frame) -> Iterator[str]:
    """A short rule where the specimen's range ends: what lies above it has a number."""
    if point.quantitative_range:
        y = frame.y(point.quantitative_range)
        yield pen.line((x - 6, y), (x + 6, y), pen.QUIET, 1)


def _hatched(x: float, top: float, bottom: float) -> Iterator[str]:
    """A stretch of slanted strokes, which survives a photocopier as a tint does not."""
    yield pen.box(x - 5, top, 10, max(bottom - top, 1), "#FFFFFF", pen.QUIET)
    for n in range(int((bottom - top) // 4)):
        y = top + 4 * (n + 1)
        yield pen.line((x - 5, y), (x + 5, y - 4), pen.QUIET, 0.8)


def _key(cases: Sequence[Trajectory], fills: dict[str, str]) -> Iterator[pen.KeyEntry]:
    states = {point.state for case in cases for point in case.points}
    if states - {NEGATIVE, BELOW, UNKNOWN}:
        yield lambda x, y: pen.symbol("circle", (x + 5, y), RADIUS, pen.INK, pen.INK), 10.0, "quantified"
        if any(point.quantitative_range for case in cases for point in case.points):
            yield lambda x, y: pen.line((x, y), (x + 12, y), pen.QUIET), 12.0, "end of its range"
    if NEGATIVE in states:
        yield (
            lambda x, y: pen.symbol("circle", (x + 5, y), RADIUS, "#FFFFFF"),
            10.0,
            f"{NEGATIVE}, at its sensitivity",
        )
    if BELOW in states:
        yield lambda x, y: pen.symbol("half", (x + 5, y), RADIUS, pen.INK), 10.0, BELOW
    if UNKNOWN in states:
        yield lambda x, y: pen.symbol("cross", (x + 5, y), RADIUS - 1, pen.INK), 10.0, UNKNOWN
    for kind, fill in fills.items():
        yield lambda x, y, fill=fill: pen.box(x, y - 4, 18, 8, fill, pen.INK), 18.0, kind  # type: ignore[misc]
    for kind in dict.fromkeys(mark.kind for case in cases for mark in case.marks):
        shape, fill = _sign(kind)
        yield (
            lambda x, y, shape=shape, fill=fill: pen.symbol(shape, (x + 5, y), 4.2, fill, _edge(fill)),  # type: ignore[misc]
            10.0,
            kind,
        )


def _alt(cases: Sequence[Trajectory], origin: str) -> str:
    said = (
        f"{case.case_id}: " + ", ".join(f"day {rounded(point.day)} {point.label}" for point in case.points)
        for case in cases
    )
    return f"MRD over time, in days from {origin}, on a logarithmic axis. " + "; ".join(said) + "."
