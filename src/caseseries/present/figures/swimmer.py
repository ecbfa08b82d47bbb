"""The clinical course of every case: one lane each, longest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from caseseries.analysis.displays import Lane, Mark
from caseseries.present import drawing as pen
from caseseries.present.document import case_trail
from caseseries.present.drawing import Drawing, Scale
from caseseries.present.figures.curves import time_axis
from caseseries.present.lettering import shorten, show_missing, text_width
from caseseries.present.wording import noun, rounded

WIDTH, ROW, RADIUS = 700.0, 25.0, 5.0
LONGEST = 120.0  # of a case's id beside its lane
CROWDED, TALLEST = 18.0, 700.0  # a row where many cases must stand on one page; the height from which they do


@dataclass(frozen=True)
class Sign:
    """How one kind of event is drawn."""

    shape: str
    fill: str
    stroke: str = pen.INK


# Shapes differ, so that the figure can be read without colour. What everyone draws alike comes first.
_USUAL = {
    "death": Sign("circle", pen.INK),
    "relapse": Sign("cross", pen.VERMILLION, pen.VERMILLION),
    "hsct": Sign("diamond", pen.BLUE),
    "car-t": Sign("square", pen.GREEN),
    "remission": Sign("circle", "#FFFFFF"),
}
_SPARE = (
    Sign("triangle", pen.ORANGE),
    Sign("plus", pen.VERMILLION, pen.VERMILLION),
    Sign("down", pen.SKY),
    Sign("half", pen.INK),
    Sign("square", "#FFFFFF"),
    Sign("diamond", "#FFFFFF"),
    Sign("triangle", "#FFFFFF"),
    Sign("down", pen.INK),
)
_SPAN_FILLS = (pen.SKY, "#C9CED6", pen.ORANGE, "#E8EAED")


def swimmer_figure(lanes: Sequence[Lane], origin: str = "start of treatment") -> Drawing:
    """Bars for spans, symbols for events, an arrow where a case was alive at last contact."""
    ordered = sorted(lanes, key=lambda lane: (-lane.end, lane.case_id))
    left = 20 + max(text_width(show_missing(_label(lane)), pen.SMALL) for lane in lanes)
    first = min([0] + [span.start for lane in lanes for span in lane.spans])
    x = pen.linear((first, max(lane.end for lane in lanes)), (left + 8, WIDTH - 30))
    signs, fills = _signs(lanes), _fills(lanes)
    key, last_row = pen.key(left + 8, 14, _key(signs, fills, lanes), WIDTH)
    top = last_row + 20
    row = max(CROWDED, min(ROW, TALLEST / len(lanes)))
    bottom = top + row * len(lanes)
    parts = [key, *_frame(x, top, bottom, left, ordered[0].end, origin)]
    for i, lane in enumerate(ordered):
        drawn = _lane(lane, x, top + row * (i + 0.5), left, signs, fills)
        parts.append(pen.group(drawn, trail=case_trail(lane.case_id)))
    return Drawing(pen.svg(WIDTH, bottom + 46, alt := _alt(ordered, origin), parts), alt)


def _label(lane: Lane) -> str:
    return shorten(lane.case_id, LONGEST, pen.SMALL)


def _signs(lanes: Sequence[Lane]) -> dict[str, Sign]:
    """A sign for every kind of event: the usual one for the first kind of its sort, else the next spare one."""
    kinds = sorted({mark.kind for lane in lanes for mark in lane.marks}, key=lambda kind: (len(kind), kind))
    spare = cycle(_SPARE)
    free = dict(_USUAL)
    signs = {}
    for kind in kinds:
        sort = next((sort for sort in free if sort in kind.lower()), "")
        signs[kind] = free.pop(sort) if sort else next(spare)
    return dict(sorted(signs.items(), key=lambda item: _first_day(lanes, item[0])))


def _first_day(lanes: Sequence[Lane], kind: str) -> tuple[int, str]:
    return min(mark.day for lane in lanes for mark in lane.marks if mark.kind == kind), kind


def _fills(lanes: Sequence[Lane]) -> dict[str, str]:
    kinds = list(dict.fromkeys(span.kind for lane in lanes for span in lane.spans))
    return {kind: _SPAN_FILLS[i % len(_SPAN_FILLS)] for i, kind in enumerate(kinds)}


def _frame(x: Scale, top: float, bottom: float, left: float, last_day: int, origin: str) -> Iterator[str]:
    axis = time_axis(last_day)
    for tick in axis.ticks:
        at = x(tick * axis.unit_days)
        yield pen.line((at, top), (at, bottom), pen.FAINT)
        yield pen.words(at, bottom + 16, str(tick), anchor="middle", size=pen.SMALL, fill=pen.QUIET)
    yield pen.line((left + 8, bottom), (WIDTH - 12, bottom))
    middle = (left + WIDTH - 22) / 2
    yield pen.words(middle, bottom + 34, f"{axis.unit} from {origin}", anchor="middle", size=pen.SMALL)


def _lane(
    lane: Lane, x: Scale, y: float, left: float, signs: dict[str, Sign], fills: dict[str, str]
) -> Iterator[str]:
    yield pen.words(left, y + 4, _label(lane), anchor="end", size=pen.SMALL)
    ending = "alive at last contact" if lane.alive else "last day known"
    path = pen.line((x(0), y), (x(lane.end), y), "#7A838E", 1.2)
    if lane.alive:
        path = pen.arrow((x(0), y), (x(lane.end) + 13, y), "#7A838E", 5.5)
    yield pen.fact(f"{lane.case_id}: {ending} on day {lane.end}", path)
    for span in lane.spans:
        bar = pen.box(
            x(span.start), y - 6, max(x(span.end) - x(span.start), 2), 12, fills[span.kind], pen.INK
        )
        yield pen.fact(f"{lane.case_id}: {span.kind}, days {rounded(span.start)} to {rounded(span.end)}", bar)
    for mark, height in _tiers(lane.marks, x):
        sign = signs[mark.kind]
        drawn = pen.symbol(sign.shape, (x(mark.day), y + height), RADIUS, sign.fill, sign.stroke)
        yield pen.fact(f"{lane.case_id}: {mark.kind} on day {mark.day}", drawn)


def _tiers(marks: Sequence[Mark], x: Scale) -> Iterator[tuple[Mark, float]]:
    """Marks with their height off the lane: neighbours that would touch stand above and below it."""
    ordered = sorted(marks, key=lambda mark: mark.day)
    height = 0.0
    for i, mark in enumerate(ordered):
        crowded = i > 0 and x(mark.day) - x(ordered[i - 1].day) < 2 * RADIUS + 1
        height = (6.0 if height <= 0 else -6.0) if crowded else 0.0
        yield mark, height


def _key(signs: dict[str, Sign], fills: dict[str, str], lanes: Sequence[Lane]) -> Iterator[pen.KeyEntry]:
    for kind, fill in fills.items():
        yield lambda x, y, fill=fill: pen.box(x, y - 5, 18, 10, fill, pen.INK), 18.0, kind  # type: ignore[misc]
    for kind, sign in signs.items():
        yield (
            lambda x, y, s=sign: pen.symbol(s.shape, (x + 5, y), RADIUS, s.fill, s.stroke),  # type: ignore[misc]
            11.0,
            kind,
        )
    if any(lane.alive for lane in lanes):
        yield lambda x, y: pen.arrow((x, y), (x + 22, y), "#7A838E", 5.5), 22.0, "alive at last contact"


def _alt(lanes: Sequence[Lane], origin: str) -> str:
    alive, cases = sum(lane.alive for lane in lanes), noun(len(lanes), "case")
    return (
        f"Clinical course of {len(lanes)} {cases} from {origin}, longest first; {alive} alive at last contact. "
        + " ".join(_sentence(lane) for lane in lanes)
    )


def _sentence(lane: Lane) -> str:
    spans = [f"{span.kind} days {rounded(span.start)} to {rounded(span.end)}" for span in lane.spans]
    marks = [f"{mark.kind} day {mark.day}" for mark in sorted(lane.marks, key=lambda mark: mark.day)]
    last = [f"{'alive' if lane.alive else 'last known'} day {lane.end}"]
    return f"{lane.case_id}: {', '.join(spans + marks + last)}."
