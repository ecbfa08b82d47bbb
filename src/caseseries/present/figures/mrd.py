"""MRD before and after treatment, one column a case, on a logarithmic axis.

A negative result is not a number: it stands as an open symbol at the sensitivity of its own sample, with an
arrow into the band below, and is never drawn at zero.
"""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10

from caseseries.analysis.displays import MrdPoint
from caseseries.present import drawing as pen
from caseseries.present.document import case_trail
from caseseries.present.drawing import Drawing, Point, Scale
from caseseries.present.lettering import shorten, show_missing, text_width, wrap
from caseseries.present.wording import noun, percent, rounded

WIDTH, LEFT, RIGHT, TOP, HEIGHT, RADIUS = 700.0, 62.0, 568.0, 34.0, 250.0, 5.0
BEFORE, AFTER = pen.ORANGE, pen.BLUE
LONGEST = 120.0  # of a case's id beneath its column
SIGNS = {"before": (BEFORE, "square"), "after": (AFTER, "circle")}  # two shapes, for a print in grey
NEGATIVE, BELOW, UNKNOWN = "not detected", "positive below quantitative range", "not evaluable"


def mrd_figure(points: Sequence[MrdPoint], target: float) -> Drawing:
    """Before (left) and after (right) in each case's column, highest level before treatment first."""
    cases = _in_order(points)
    decades = _decades(points, target)
    y = pen.logarithmic((_lowest(points, target) / 5, 10.0 ** decades[-1]), (TOP + HEIGHT, TOP))
    step = (RIGHT - LEFT) / len(cases)
    middles = {case: LEFT + step * (i + 0.5) for i, case in enumerate(cases)}
    apart = min(step * 0.22, 11)
    labels = {case: shorten(case, LONGEST, pen.SMALL) for case in cases}
    widest = max(text_width(show_missing(label), pen.SMALL) for label in labels.values())
    turned = widest > step - 4
    foot = TOP + HEIGHT + (max(62, widest + 32) if turned else 62)
    parts = [*_frame(points, y, decades, target), *_columns(middles, labels, turned=turned)]
    for case in cases:
        own = [point for point in points if point.case_id == case]
        parts.append(pen.group([_case(own, middles[case], apart, y)], trail=case_trail(case)))
    parts.append(_key(foot, points))
    return Drawing(pen.svg(WIDTH, foot + 10, alt := _alt(points, target), parts), alt)


def _in_order(points: Sequence[MrdPoint]) -> list[str]:
    height = {point.case_id: 0.0 for point in points}
    for point in points:
        if point.when == "before":
            height[point.case_id] = point.value or point.limit or 0.0
    return sorted(height, key=lambda case: (-height[case], case))


def _lowest(points: Sequence[MrdPoint], target: float) -> float:
    return min([target] + [level for p in points for level in (p.value, p.limit) if level])


def _decades(points: Sequence[MrdPoint], target: float) -> range:
    """Powers of ten on the axis, up to the whole marrow."""
    highest = max([target] + [level for p in points for level in (p.value, p.limit) if level])
    return range(ceil(log10(_lowest(points, target) / 5)), min(0, ceil(log10(highest) + 0.05)) + 1)


def _percent_of_decade(decade: int) -> str:
    return percent(10.0**decade, max(0, -decade - 2))


def _frame(points: Sequence[MrdPoint], y: Scale, decades: range, target: float) -> Iterator[str]:
    floor_y = TOP + HEIGHT
    negatives = [p.limit for p in points if p.state == NEGATIVE and p.limit]
    yield pen.words(LEFT - 46, 15, "MRD level (percentage of cells)", size=pen.SMALL, fill=pen.QUIET)
    if negatives:
        top = y(max(negatives))
        yield pen.box(LEFT, top, RIGHT - LEFT, floor_y - top, pen.SHADE)
        note = wrap("not detected, each at its own sample’s sensitivity", WIDTH - RIGHT - 8, pen.SMALL)
        below = y(target) + 36
        place = below if below + 10 < floor_y else y(target) - 32
        yield pen.lines(RIGHT + 8, place, note, lead=13, size=pen.SMALL, fill=pen.QUIET)
    for decade in decades:
        level = y(10.0**decade)
        yield pen.line((LEFT, level), (RIGHT, level), pen.FAINT)
        label = _percent_of_decade(decade)
        yield pen.words(LEFT - 8, level + 4, label, anchor="end", size=pen.SMALL, fill=pen.QUIET)
    yield pen.line((LEFT, floor_y), (RIGHT, floor_y))
    yield pen.line((LEFT, y(target)), (RIGHT, y(target)), pen.INK, 1.2, "2 3")
    yield pen.words(RIGHT + 8, y(target) - 1, "protocol limit", size=pen.SMALL)
    shown = percent(target, max(0, -floor(log10(target) + 1e-9) - 2))
    yield pen.words(RIGHT + 8, y(target) + 12, shown, size=pen.SMALL)


def _columns(middles: dict[str, float], labels: dict[str, str], *, turned: bool) -> Iterator[str]:
    for case, middle in middles.items():
        y = TOP + HEIGHT + 18
        if turned:
            yield pen.words(middle + 4, y - 8, labels[case], anchor="end", size=pen.SMALL, turned=True)
        else:
            yield pen.words(middle, y, labels[case], anchor="middle", size=pen.SMALL)


def _case(own: Sequence[MrdPoint], middle: float, apart: float, y: Scale) -> str:
    placed = [(p, _place(p, middle + (apart if p.when == "after" else -apart), y)) for p in own]
    ordered = sorted(placed, key=lambda pair: pair[0].when == "after")
    slope = [at for point, at in ordered if point.state != UNKNOWN]
    drawn = pen.trace(slope, "#8A939E", 1.3) if len(slope) > 1 else ""
    return drawn + "".join(pen.fact(_said(point), _sign(point, at)) for point, at in ordered)


def _place(point: MrdPoint, x: float, y: Scale) -> Point:
    level = point.value or point.limit
    return (x, y(level)) if level else (x, TOP + HEIGHT - RADIUS - 4)


def _sign(point: MrdPoint, at: Point) -> str:
    hue, shape = SIGNS[point.when]
    if point.state == NEGATIVE:
        below = (at[0], at[1] + 19)
        return pen.arrow(at, below, hue, 3.5) + pen.symbol(shape, at, RADIUS, "#FFFFFF", hue)
    if point.state == BELOW:
        return pen.symbol("half", at, RADIUS, hue, hue)
    if point.state == UNKNOWN:
        return pen.symbol("cross", at, RADIUS - 1.5, hue, hue)
    return pen.symbol(shape, at, RADIUS, hue, pen.INK)


def _said(point: MrdPoint) -> str:
    return f"{point.case_id}, {point.when} treatment (day {rounded(point.day)}): {point.label}"


def _key(y: float, points: Sequence[MrdPoint]) -> str:
    states = {point.state for point in points}
    entries: list[pen.KeyEntry] = [
        (lambda x, y: pen.symbol("square", (x + 5, y), RADIUS, BEFORE), 10.0, "before"),
        (lambda x, y: pen.symbol("circle", (x + 5, y), RADIUS, AFTER), 10.0, "after"),
        (lambda x, y: pen.symbol("circle", (x + 5, y), RADIUS, "#FFFFFF", AFTER), 10.0, NEGATIVE),
    ]
    if BELOW in states:
        entries.append((lambda x, y: pen.symbol("half", (x + 5, y), RADIUS, AFTER, AFTER), 10.0, BELOW))
    if UNKNOWN in states:
        entries.append(
            (lambda x, y: pen.symbol("cross", (x + 5, y), RADIUS - 1.5, AFTER, AFTER), 10.0, UNKNOWN)
        )
    return pen.key(LEFT, y, entries, WIDTH)[0]


def _alt(points: Sequence[MrdPoint], target: float) -> str:
    after = [point for point in points if point.when == "after"]
    negative = sum(point.state == NEGATIVE for point in after)
    by_case = "; ".join(
        f"{case}: "
        + ", then ".join(p.label for p in sorted(points, key=lambda p: p.day) if p.case_id == case)
        for case in _in_order(points)
    )
    digits = max(0, -floor(log10(target) + 1e-9) - 2)
    return (
        "MRD of each case before and after treatment on a logarithmic axis; "
        f"protocol limit {percent(target, digits)}. "
        f"After treatment MRD was not detected in {negative} of {len(after)} {noun(len(after), 'case')}. {by_case}."
    )
