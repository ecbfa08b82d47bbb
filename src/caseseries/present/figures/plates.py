"""A plate for the laboratory: amplification, standard curve, every Cq, and the control gene."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from caseseries.analysis.plates import PlatePage, StandardShown, WellShown
from caseseries.present import drawing as pen
from caseseries.present.drawing import Drawing, Scale
from caseseries.present.lettering import text_width

WIDTH, TOP, HEIGHT = 700.0, 40.0, 210.0
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
LONGEST = 28  # letters of a sample's name under its column
ORDER = ("standard", "background", "water", "reference", "follow-up")


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


def amplification_figure(page: PlatePage) -> Drawing:
    """Fluorescence above baseline by cycle: linear on the left, logarithmic on the right, the threshold on both."""
    wells = sorted((well for well in page.wells if well.net), key=lambda well: ORDER.index(well.role))
    cycles = max((len(well.net) for well in wells), default=1)
    top = max((value for well in wells for value in well.net), default=1.0) * 1.05
    low = (page.threshold or top / 10) / 20
    frames = (
        _Frame(52, 336, pen.linear((0, cycles), (52, 336)), pen.linear((0, top), (TOP + HEIGHT, TOP))),
        _Frame(
            404, 688, pen.linear((0, cycles), (404, 688)), pen.logarithmic((low, top), (TOP + HEIGHT, TOP))
        ),
    )
    parts = [*_cycle_axes(frames, cycles), *_traces(frames, wells, low, page.threshold)]
    parts += [*_values(frames[0], _ticks(0, top)), *_values(frames[1], _decades(low, top))]
    key, end = pen.key(52, TOP + HEIGHT + 52, [_entry(role, True) for role in _present(wells)], WIDTH)
    alt = f"Amplification of {page.target} in {page.sample} and its controls. " + _said(page.wells)
    return Drawing(pen.svg(WIDTH, end + 12, alt, [*parts, key]), alt)


def _cycle_axes(frames: Sequence[_Frame], cycles: int) -> Iterator[str]:
    for frame, title in zip(frames, ("Linear", "Logarithmic"), strict=True):
        yield pen.heading(frame.left, 16, title)
        yield pen.words(frame.left, 32, "fluorescence above baseline", size=pen.SMALL, fill=pen.QUIET)
        yield pen.line((frame.left, frame.floor), (frame.right, frame.floor))
        for cycle in range(0, cycles + 1, 10):
            yield pen.words(
                frame.x(cycle), frame.floor + 15, str(cycle), anchor="middle", size=pen.SMALL, fill=pen.QUIET
            )
        yield pen.words(frame.right, frame.floor + 30, "cycle", anchor="end", size=pen.SMALL, fill=pen.QUIET)


def _traces(
    frames: Sequence[_Frame], wells: Sequence[WellShown], low: float, threshold: float | None
) -> Iterator[str]:
    linear, logarithmic = frames
    for well in wells:
        hue, dash = HUES[well.role], DASHES.get(well.role)
        flat = [(linear.x(n), linear.y(max(value, 0.0))) for n, value in enumerate(well.net, 1)]
        steep = [
            (logarithmic.x(n), logarithmic.y(value)) for n, value in enumerate(well.net, 1) if value > low
        ]
        drawn = [
            pen.trace(points, hue, WIDTHS.get(well.role, 1.0), dash)
            for points in (flat, steep)
            if len(points) > 1
        ]
        yield pen.fact(_label(well), *drawn)
    if threshold:
        for frame in frames:
            level = frame.y(threshold)
            yield pen.line((frame.left, level), (frame.right, level), pen.INK, 1, "2 3")
            yield pen.words(frame.left + 4, level - 4, "threshold", size=pen.SMALL)


def _values(frame: _Frame, ticks: Sequence[float]) -> Iterator[str]:
    for value in ticks:
        yield pen.words(
            frame.left - 6, frame.y(value) + 4, f"{value:g}", anchor="end", size=pen.SMALL, fill=pen.QUIET
        )


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two others, four to eight of them."""
    step = 10.0 ** floor(log10(max(high - low, 1e-12)))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (step * part) <= 8)
    return [step * n for n in range(ceil(low / step), floor(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(ceil(log10(low)), floor(log10(high)) + 1)]


def standard_figure(curve: StandardShown, name: str) -> Drawing:
    """Cq by amount: the standards, the line levels are read from, the range and the sensitivity."""
    amounts = [amount for amount, _, _ in curve.points]
    cqs = [cq for _, cq, _ in curve.points]
    ends = (min(amounts) / 3, max(amounts) * 3)
    frame = _Frame(
        62,
        560,
        pen.logarithmic(ends, (62, 560)),
        pen.linear((min(cqs) - 2, max(cqs) + 2), (TOP + HEIGHT, TOP)),
    )
    parts = [*_amount_axis(frame, curve, ends), *_values(frame, _ticks(min(cqs) - 2, max(cqs) + 2))]
    parts += [*_limits(frame, curve), *_line(frame, curve, ends), *_points(frame, curve)]
    alt = f"Standard curve of {name}: " + "; ".join(f"{what}: {said}" for what, said in curve.facts) + "."
    return Drawing(pen.svg(WIDTH, TOP + HEIGHT + 40, alt, parts), alt)


def _amount_axis(frame: _Frame, curve: StandardShown, ends: tuple[float, float]) -> Iterator[str]:
    yield pen.words(frame.left, 24, "Cq", size=pen.SMALL, fill=pen.QUIET)
    yield pen.line((frame.left, frame.floor), (frame.right, frame.floor))
    for amount in _decades(*ends):
        yield pen.words(
            frame.x(amount), frame.floor + 15, f"{amount:g}", anchor="middle", size=pen.SMALL, fill=pen.QUIET
        )
    unit = {"dil": "fraction of diagnosis DNA", "ng": "ng of DNA", "cop": "copies"}.get(
        curve.unit, curve.unit
    )
    yield pen.words(frame.right, frame.floor + 30, unit, anchor="end", size=pen.SMALL, fill=pen.QUIET)


def _limits(frame: _Frame, curve: StandardShown) -> Iterator[str]:
    marks = (("quantitative range", curve.quantitative_range), ("sensitivity", curve.sensitivity))
    for n, (name, amount) in enumerate(marks):
        if amount is not None:
            x = frame.x(amount)
            yield pen.line((x, TOP), (x, frame.floor), pen.QUIET, 1, ("4 3", "1 3")[n])
            yield pen.words(x + 4, frame.floor - 8 - 14 * n, f"{name} {amount:g}", size=pen.SMALL)


def _line(frame: _Frame, curve: StandardShown, ends: tuple[float, float]) -> Iterator[str]:
    if curve.slope is not None and curve.intercept is not None:
        ends = (curve.quantitative_range or ends[0] * 3, ends[1] / 3)
        at = [(frame.x(end), frame.y(curve.intercept + curve.slope * log10(end))) for end in ends]
        yield pen.line(at[0], at[1], pen.BLUE if curve.accepted else pen.QUIET, 1.6)


def _points(frame: _Frame, curve: StandardShown) -> Iterator[str]:
    for amount, cq, is_used in curve.points:
        fill = pen.BLUE if is_used else "#FFFFFF"
        said = f"{amount:g}: Cq {cq:.2f}" + ("" if is_used else ", not used")
        yield pen.fact(said, pen.symbol("circle", (frame.x(amount), frame.y(cq)), 4, fill, pen.BLUE))


def strip_figure(page: PlatePage, wells: Sequence[WellShown], name: str, background: float | None) -> Drawing:
    """Every Cq in columns by what the wells hold, with the lowest background and the margins below it."""
    groups = _groups(wells)
    cqs = [well.cq for well in wells if well.cq is not None] or [20.0]
    top, bottom = min(cqs) - 1, max([*cqs, background or 0.0]) + 2.5
    left, right = 62.0, 690.0 if background is None else 630.0
    y = pen.linear((top, bottom), (TOP, TOP + HEIGHT))
    frame = _Frame(left, right, pen.linear((0, 1), (left, right)), y)
    step = (right - left) / max(len(groups), 1)
    parts = [
        pen.words(left, 24, "Cq (earlier is more)", size=pen.SMALL, fill=pen.QUIET),
        pen.line((left, frame.floor), (right, frame.floor)),
        *_values(frame, _ticks(top, bottom)),
        *_margins(frame, background),
    ]
    for n, (label, members) in enumerate(groups):
        parts += _column(frame, left + step * (n + 0.5), label, members)
    room = max((text_width(label[:LONGEST], pen.SMALL) for label, _ in groups), default=0.0)
    key, end = pen.key(
        left, frame.floor + 26 + room, [_entry(role, False) for role in _present(wells)], WIDTH
    )
    alt = f"Every Cq of {name} for {page.sample}. " + _said(wells)
    return Drawing(pen.svg(WIDTH, end + 12, alt, [*parts, key]), alt)


def _groups(wells: Sequence[WellShown]) -> list[tuple[str, list[WellShown]]]:
    groups: dict[tuple[int, float, str], list[WellShown]] = {}
    for well in wells:
        key = (ORDER.index(well.role), -(well.amount or 0.0), well.sample)
        groups.setdefault(key, []).append(well)
    return [(f"{-key[1]:g}" if key[1] else key[2], groups[key]) for key in sorted(groups)]


def _margins(frame: _Frame, background: float | None) -> Iterator[str]:
    if background is None:
        return
    margins = ((3.0, "1 3"), (1.5, "3 3"), (1.0, "6 3"), (0.0, None))
    levels = [frame.y(background - margin) for margin, _ in margins]
    for (margin, dash), level, at in zip(margins, levels, pen.spread(levels, 12), strict=True):
        yield pen.line((frame.left, level), (frame.right, level), pen.GREEN, 1, dash)
        name = f"−{margin:g}" if margin else "background"
        yield pen.words(frame.right + 5, at + 4, name, size=pen.SMALL, fill=pen.QUIET)


def _column(frame: _Frame, middle: float, label: str, members: Sequence[WellShown]) -> Iterator[str]:
    yield pen.words(middle + 4, frame.floor + 10, label[:LONGEST], anchor="end", size=pen.SMALL, turned=True)
    for n, well in enumerate(members):
        x = middle + 7 * (n - (len(members) - 1) / 2)
        y = frame.y(well.cq) if well.cq is not None else frame.floor - 8
        fill = HUES[well.role] if well.cq is not None else "#FFFFFF"
        yield pen.fact(_label(well), pen.symbol(SHAPES[well.role], (x, y), 4, fill, HUES[well.role]))


def _present(wells: Sequence[WellShown]) -> list[str]:
    roles = {well.role for well in wells}
    return [role for role in ORDER if role in roles]


def _entry(role: str, is_line: bool) -> pen.KeyEntry:
    hue = HUES[role]
    if is_line:
        return (
            lambda x, y: pen.line((x, y), (x + 22, y), hue, WIDTHS.get(role, 1.2), DASHES.get(role)),
            22.0,
            role,
        )
    return (lambda x, y: pen.symbol(SHAPES[role], (x + 5, y), 4, hue, hue), 10.0, role)


def _label(well: WellShown) -> str:
    shown = f"Cq {well.cq:.2f}" if well.cq is not None else well.state
    return f"{well.position}, {well.role} {well.sample}: {shown}"


def _said(wells: Sequence[WellShown]) -> str:
    return "; ".join(_label(well) for well in wells) + "."
