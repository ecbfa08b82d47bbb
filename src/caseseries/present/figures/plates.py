"""A plate for the laboratory, as one drawing a page: amplification, the marker's Cq, the control gene's Cq."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from caseseries.analysis.plates import PlatePage, SideShown, StandardShown, WellShown
from caseseries.present import drawing as pen
from caseseries.present.drawing import Drawing, Scale
from caseseries.present.lettering import SEMIBOLD, text_width
from caseseries.present.wording import power

WIDTH, TOP, HEIGHT = 700.0, 44.0, 114.0
LEFT, MIDDLE = (46.0, 330.0), (398.0, 688.0)  # from where to where the two panels of a row reach
MARGINS = 60.0  # room at the right for the names of the background and its margins
HUES = {
    "standard": pen.BLUE,
    "follow-up": pen.VERMILLION,
    "background": pen.GREEN,
    "water": pen.QUIET,
    "reference": pen.GREEN,
}
WIDTHS = {"follow-up": 2.4}  # the sample stands out without its colour too
DASHES = {"background": "5 3", "water": "2 2"}
SHAPES = {
    "standard": "circle",
    "follow-up": "diamond",
    "background": "square",
    "water": "triangle",
    "reference": "square",
}
LONGEST = 18  # letters of a sample's name under its column
ORDER = ("standard", "background", "water", "reference", "follow-up")
UNITS = {"dil": "fraction of diagnosis DNA", "ng": "ng of DNA", "cop": "copies"}
Row = tuple[list[str], float]  # what is drawn, and how high it is


@dataclass(frozen=True)
class _Frame:
    """One pair of axes in pixels."""

    left: float
    right: float
    x: Scale
    y: Scale

    @property
    def floor(self) -> float:
        return TOP + HEIGHT


def page_figure(page: PlatePage) -> Drawing:
    """Everything that was measured for one sample and marker, a row of panels for each question.

    Amplification of the marker (linear, logarithmic); its standard curve, with the sample on it, beside every Cq;
    the same two of the control gene. A row without data is left out.
    """
    letters = iter("abcdef")
    rows: list[Row] = []
    if any(well.net for well in page.marker.wells):
        rows.append(_amplification(page.marker, letters))
    rows.append(_cqs(page.marker, letters))
    if page.control:
        rows.append(_cqs(page.control, letters))
    parts, y = [], 0.0
    for drawn, height in rows:
        parts.append(pen.group(drawn, y=y))
        y += height
    roles = [role for role in ORDER if any(well.role == role for side in page.sides for well in side.wells)]
    key, end = pen.key(LEFT[0], y + 12, [_entry(role) for role in roles], WIDTH)
    alt = _alt(page)
    return Drawing(pen.svg(WIDTH, end + 10, alt, [*parts, key]), alt)


def _alt(page: PlatePage) -> str:
    said = []
    for side in page.sides:
        facts = "; ".join(f"{what}: {words}" for what, words in side.curve.facts) if side.curve else "none"
        wells = "; ".join(_label(well) for well in side.wells)
        said.append(f"{side.target}. Standard curve: {facts}. Every Cq: {wells}.")
    return " ".join(said)


def _amplification(side: SideShown, letters: Iterator[str]) -> Row:
    """Fluorescence above baseline by cycle: linear on the left, logarithmic on the right, the threshold on both."""
    wells = sorted((well for well in side.wells if well.net), key=lambda well: ORDER.index(well.role))
    values = [value for well in wells for value in well.net]
    cycles, top = max(len(well.net) for well in wells), max(values) * 1.05
    top = top if top > 0 else 1.0
    bottom, low = min(0.0, *values), (side.threshold or top / 10) / 20
    low = min(low, top / 10)
    frames = tuple(
        _Frame(*ends, pen.linear((0, cycles), ends), y)
        for ends, y in (
            (LEFT, pen.linear((bottom, top), (TOP + HEIGHT, TOP))),
            (MIDDLE, pen.logarithmic((low, top), (TOP + HEIGHT, TOP))),
        )
    )
    ticks = ([(value, f"{value:g}") for value in _ticks(bottom, top)], _decades(low, top))
    parts: list[str] = []
    for frame, title, marks in zip(frames, ("Linear", "Logarithmic"), ticks, strict=True):
        parts += _titled(
            frame, next(letters), f"{title} plot of {side.target}", "fluorescence above its baseline"
        )
        parts += _values(frame, marks)
        cycle_marks = [(float(cycle), str(cycle)) for cycle in range(0, cycles + 1, 10)]
        parts += _foot(frame, cycle_marks, "cycle")
    parts += _traces(frames, wells, low, side.threshold)
    return parts, TOP + HEIGHT + 40


def _traces(
    frames: Sequence[_Frame], wells: Sequence[WellShown], low: float, threshold: float | None
) -> Iterator[str]:
    linear, logarithmic = frames
    for well in wells:
        hue, dash, width = HUES[well.role], DASHES.get(well.role), WIDTHS.get(well.role, 1.0)
        drawn = [
            pen.trace(
                [(linear.x(n), linear.y(value)) for n, value in enumerate(well.net, 1)], hue, width, dash
            )
        ]
        for is_above, points in groupby(enumerate(well.net, 1), lambda point: point[1] > low):
            risen = [(logarithmic.x(n), logarithmic.y(value)) for n, value in points] if is_above else []
            drawn += [pen.trace(risen, hue, width, dash)] if len(risen) > 1 else []
        yield pen.fact(_label(well), *drawn)
    if threshold and threshold > low:
        for frame in frames:
            level = frame.y(threshold)
            yield pen.line((frame.left, level), (frame.right, level), pen.INK, 1, "2 3")
            yield pen.words(frame.left + 4, level - 4, f"threshold {threshold:.3g}", size=pen.SMALL)


def _cqs(side: SideShown, letters: Iterator[str]) -> Row:
    """The standard curve with the sample on it, beside every Cq on the same axis; without a curve, every Cq alone."""
    cqs = [well.cq for well in side.wells if well.cq is not None]
    lines = [cq for _, cq in side.lines]
    top, bottom = min([*cqs, *lines], default=20.0) - 1, max([*cqs, *lines], default=40.0) + 1
    y = pen.linear((top, bottom + 0.09 * (bottom - top)), (TOP, TOP + HEIGHT))
    has_curve = side.curve is not None and bool(side.curve.points)
    right = MIDDLE[1] - (MARGINS if side.lines else 0)
    ends = (MIDDLE[0] if has_curve else LEFT[0], right)
    strip = _Frame(*ends, pen.linear((0, 1), ends), y)
    ticks = [(value, f"{value:g}") for value in _ticks(top, bottom)]
    parts = _standards(side.target, side.curve, y, ticks, next(letters)) if side.curve and has_curve else []
    parts += _titled(strip, next(letters), f"Every Cq of {side.target}", "Cq (earlier is more)")
    parts += [*_values(strip, ticks), *_margins(strip, side.lines), *_columns(strip, side.wells)]
    labels = [label[:LONGEST] for label, _ in _groups(side.wells)]
    room = max((text_width(label, pen.SMALL) for label in labels), default=0.0)
    return parts, TOP + HEIGHT + max(36, room + 18)


def _standards(
    target: str, curve: StandardShown, y: Scale, ticks: Sequence[tuple[float, str]], letter: str
) -> list[str]:
    """Cq by amount: the standards, the line levels are read from, the range, the sensitivity and the sample."""
    amounts = [amount for amount, *_ in (*curve.points, *curve.sample)]
    ends = (min(amounts) / 3, max(amounts) * 3)
    frame = _Frame(*LEFT, pen.logarithmic(ends, LEFT), y)
    verdict = "" if curve.accepted else " (refused)"
    parts = [*_titled(frame, letter, f"Standard curve{verdict}, {target}", "Cq"), *_values(frame, ticks)]
    marks = _decades(*ends) if curve.unit == "dil" else _decades(*ends, plain=True)
    parts += _foot(frame, marks, UNITS.get(curve.unit, curve.unit))
    parts += [*_limits(frame, curve), *_line(frame, curve, ends), *_points(frame, curve)]
    return parts


def _limits(frame: _Frame, curve: StandardShown) -> Iterator[str]:
    marks = (("sensitivity", curve.sensitivity), ("range", curve.quantitative_range))
    for n, (name, amount) in enumerate(marks):
        if amount is not None:
            x, y = frame.x(amount), TOP + 14 * n  # the names stand where no standard can
            yield pen.line((x, y), (x, frame.floor), pen.QUIET, 1, ("1 3", "4 3")[n])
            yield pen.words(x + 4, y + 9, f"{name} {_amount(amount, curve.unit)}", size=pen.SMALL)


def _line(frame: _Frame, curve: StandardShown, ends: tuple[float, float]) -> Iterator[str]:
    """The line levels are read from: solid within the range, dotted where it is only prolonged."""
    if curve.slope is None or curve.intercept is None:
        return
    highest = max(amount for amount, *_ in curve.points)
    bounds = (
        ends[0],
        curve.quantitative_range or min(amount for amount, *_ in curve.points),
        highest,
        ends[1],
    )
    at = [(frame.x(end), frame.y(curve.intercept + curve.slope * log10(end))) for end in bounds]
    hue = pen.BLUE if curve.accepted else pen.QUIET
    for n in range(3):
        start, stop = _within(frame, at[n], at[n + 1])
        yield pen.line(start, stop, hue, 1.6 if n == 1 else 1.0, None if n == 1 else "1 4")


def _within(frame: _Frame, start: pen.Point, stop: pen.Point) -> tuple[pen.Point, pen.Point]:
    """The part of a line that lies between the top and the floor of the frame."""

    def cut(point: pen.Point) -> pen.Point:
        y = min(max(point[1], TOP), frame.floor)
        share = (y - start[1]) / (stop[1] - start[1]) if stop[1] != start[1] else 0.0
        return (start[0] + share * (stop[0] - start[0]), y) if y != point[1] else point

    return cut(start), cut(stop)


def _points(frame: _Frame, curve: StandardShown) -> Iterator[str]:
    for amount, cq, is_used in curve.points:
        fill = pen.BLUE if is_used else "#FFFFFF"
        said = f"{amount:g}: Cq {cq:.2f}" + ("" if is_used else ", not used")
        yield pen.fact(said, pen.symbol("circle", (frame.x(amount), frame.y(cq)), 3.4, fill, pen.BLUE))
    hue = HUES["follow-up"]
    for amount, cq in curve.sample:
        at = (frame.x(amount), frame.y(cq))
        yield pen.line(at, (at[0], frame.floor), hue, 0.8, "2 2")
        yield pen.fact(
            f"the sample at Cq {cq:.2f} reads {amount:.2e}", pen.symbol("diamond", at, 3.6, hue, hue)
        )


def _margins(frame: _Frame, lines: Sequence[tuple[str, float]]) -> Iterator[str]:
    levels = [frame.y(cq) for _, cq in lines]
    dashes = (None, "6 3", "3 3", "1 3")
    order = pen.spread(levels, 12)
    for (name, _), level, at, dash in zip(lines, levels, order, dashes, strict=False):
        yield pen.line((frame.left, level), (frame.right, level), pen.GREEN, 1, dash)
        yield pen.words(frame.right + 5, at + 4, name, size=pen.SMALL, fill=pen.QUIET)


def _columns(frame: _Frame, wells: Sequence[WellShown]) -> Iterator[str]:
    """A column for each set of replicates, as wide as it has wells."""
    groups = _groups(wells)
    unit = (frame.right - frame.left) / max(sum(len(members) + 1 for _, members in groups), 1)
    radius, start = min(4.0, 0.42 * unit), frame.left
    yield pen.line((frame.left, frame.floor), (frame.right, frame.floor))
    for label, members in groups:
        middle = start + unit * (len(members) + 1) / 2
        shown = label if len(label) <= LONGEST else label[: LONGEST - 1] + "…"
        yield pen.words(middle + 4, frame.floor + 8, shown, anchor="end", size=pen.SMALL, turned=True)
        for n, well in enumerate(members, 1):
            y = frame.y(well.cq) if well.cq is not None else frame.floor - 6
            fill = HUES[well.role] if well.cq is not None else "#FFFFFF"
            mark = pen.symbol(SHAPES[well.role], (start + unit * n, y), radius, fill, HUES[well.role])
            yield pen.fact(_label(well), mark)
        start += unit * (len(members) + 1)


def _groups(wells: Sequence[WellShown]) -> list[tuple[str, list[WellShown]]]:
    groups: dict[tuple[int, float, str], list[WellShown]] = {}
    for well in wells:
        key = (ORDER.index(well.role), -(well.amount or 0.0), well.sample)
        groups.setdefault(key, []).append(well)
    return [
        (_amount(-key[1], groups[key][0].unit) if key[1] else key[2], groups[key]) for key in sorted(groups)
    ]


def _amount(amount: float, unit: str) -> str:
    return power(amount) if unit == "dil" else f"{amount:g} {unit}".strip()


def _titled(frame: _Frame, letter: str, title: str, axis: str) -> Iterator[str]:
    room = frame.right - frame.left + 12
    while text_width(title, 14, SEMIBOLD) > room:
        title = title.removesuffix("…")[:-1] + "…"
    yield pen.heading(frame.left - 32, 16, title, letter)
    yield pen.words(frame.left - 32, 33, axis, size=pen.SMALL, fill=pen.QUIET)


def _values(frame: _Frame, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    for value, shown in ticks:
        y = frame.y(value)
        yield pen.line((frame.left, y), (frame.right, y), pen.FAINT, 0.6)
        yield pen.words(frame.left - 6, y + 4, shown, anchor="end", size=pen.SMALL, fill=pen.QUIET)


def _foot(frame: _Frame, ticks: Sequence[tuple[float, str]], name: str) -> Iterator[str]:
    yield pen.line((frame.left, frame.floor), (frame.right, frame.floor))
    for value, shown in ticks:
        x = frame.x(value)
        yield pen.line((x, frame.floor), (x, frame.floor + 4), pen.INK, 0.8)
        yield pen.words(x, frame.floor + 16, shown, anchor="middle", size=pen.SMALL, fill=pen.QUIET)
    yield pen.words(frame.right, frame.floor + 30, name, anchor="end", size=pen.SMALL, fill=pen.QUIET)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two others, three to eight of them."""
    step = 10.0 ** floor(log10(max(high - low, 1e-12)))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (step * part) <= 8)
    return [step * n for n in range(ceil(low / step), floor(high / step) + 1)]


def _decades(low: float, high: float, plain: bool = False) -> list[tuple[float, str]]:
    """Powers of ten between two values, every second or third where there are many."""
    powers = range(ceil(log10(low)), floor(log10(high)) + 1)
    step = max(1, ceil(len(powers) / 7))
    say: Callable[[float], str] = (lambda value: f"{value:g}") if plain else power
    return [(10.0**n, say(10.0**n)) for n in powers if n % step == 0]


def _entry(role: str) -> pen.KeyEntry:
    hue = HUES[role]

    def sign(x: float, y: float) -> str:
        line = pen.line((x, y), (x + 24, y), hue, WIDTHS.get(role, 1.2), DASHES.get(role))
        return line + pen.symbol(SHAPES[role], (x + 12, y), 4, hue, hue)

    return sign, 24.0, role


def _label(well: WellShown) -> str:
    shown = f"Cq {well.cq:.2f}" if well.cq is not None else well.state
    return f"{well.position}, {well.role} {well.sample}: {shown}"
