"""Our curve and a published outcome on one pair of axes: a curve of its own, or printed estimates with their limits."""

from collections.abc import Iterator

from caseseries.analysis.displays import Beside, Curve
from caseseries.present import drawing as pen
from caseseries.present.drawing import Drawing
from caseseries.present.figures import curves as drawn
from caseseries.present.figures.curves import BOTTOM, WIDTH, Panel, at_risk_on
from caseseries.present.lettering import SEMIBOLD, text_width
from caseseries.present.wording import interval, percent

OURS, THEIRS = pen.BLUE, pen.VERMILLION
CAP = 5.0  # half the width of a limit's crossbar


def beside_figure(beside: Beside, minimum_at_risk: int, level: float) -> Drawing:
    """Ours in blue with its interval and counts; the reference in vermillion, named where it ends."""
    panel = _lay_out(beside, minimum_at_risk, level)
    rows = len(panel.rows) + (beside.theirs is not None)
    height = BOTTOM + 92 + pen.LEAD * rows
    parts = [pen.group(_panel(panel, beside), trail=beside.ours.id), drawn.draw_key(panel, height - 8)]
    alt = _alt(beside, level)
    return Drawing(pen.svg(WIDTH, height, alt, parts), alt)


def _lay_out(beside: Beside, minimum: int, level: float) -> Panel:
    ends = [beside.ours.days[-1], *(point[0] for point in beside.points)]
    if beside.theirs is not None:
        ends.append(beside.theirs.days[-1])
    last_day = max(ends)
    left, right = 96.0, WIDTH - 24.0
    return Panel(
        curves=(beside.ours,),
        letter="",
        left=left,
        right=right,
        axis=drawn.time_axis(last_day),
        x=pen.linear((0, last_day), (left, right - 8)),
        y=pen.linear((0, 1), (BOTTOM, drawn.TOP)),
        minimum=minimum,
        level=level,
    )


def _panel(panel: Panel, beside: Beside) -> Iterator[str]:
    yield pen.heading(panel.left - 34, 18, beside.ours.label)
    yield from drawn.draw_frame(panel)
    if beside.theirs is not None:
        yield from drawn.draw_band(panel, beside.theirs, THEIRS)
    yield from drawn.draw_band(panel, beside.ours, OURS)
    if beside.theirs is not None:
        yield from drawn.draw_line(panel, beside.theirs, THEIRS)
    yield from drawn.draw_line(panel, beside.ours, OURS)
    for point in beside.points:
        yield pen.fact(_said(beside.name, point, panel.level), *_point(panel, point))
    yield from _names(panel, beside)
    yield from drawn.draw_facts(panel)
    yield from drawn.draw_counts(panel)
    if beside.theirs is not None:
        yield from _their_counts(panel, beside.theirs)


def _point(panel: Panel, point: tuple[int, float, float | None, float | None]) -> Iterator[str]:
    """A dot, with a bar from limit to limit: whiskers tell it from our band when printed in grey."""
    day, estimate, lower, upper = point
    x, y = panel.x(day), panel.y(estimate)
    if lower is not None and upper is not None:
        yield pen.line((x, panel.y(lower)), (x, panel.y(upper)), THEIRS, 1.6)
        for limit in (lower, upper):
            yield pen.line((x - CAP, panel.y(limit)), (x + CAP, panel.y(limit)), THEIRS, 1.6)
    yield pen.symbol("diamond", (x, y), 5.5, THEIRS)


def _names(panel: Panel, beside: Beside) -> Iterator[str]:
    """Each name beside its own line, above ours and below theirs, out of the way of both."""
    ours = beside.ours
    end = panel.x(ours.days[-1])
    where, anchor = (end, "end") if end > panel.left + 200 else (end + 8, "start")
    yield pen.words(
        where, panel.y(ours.estimate[-1]) - 8, "This series", anchor=anchor, weight=SEMIBOLD, fill=OURS
    )
    day, height = _last(panel, beside)
    width = text_width(beside.name, pen.SIZE, SEMIBOLD)
    x = panel.x(day) - 10
    anchor = "end" if x - width > panel.left else "start"
    yield pen.words(x, height, beside.name, anchor=anchor, weight=SEMIBOLD, fill=THEIRS)


def _last(panel: Panel, beside: Beside) -> tuple[int, float]:
    """The day on which the reference ends, and the height of its name there."""
    if beside.theirs is not None:
        return beside.theirs.days[-1], panel.y(beside.theirs.estimate[-1]) + 16
    day, estimate, *_ = beside.points[-1]
    return day, panel.y(estimate) + 4


def _their_counts(panel: Panel, theirs: Curve) -> Iterator[str]:
    y = BOTTOM + 62 + pen.LEAD * len(panel.rows)
    yield pen.words(
        panel.left - 16, y, "Published", anchor="end", size=pen.SMALL, fill=THEIRS, weight=SEMIBOLD
    )
    for tick in panel.axis.ticks:
        day = tick * panel.axis.unit_days
        yield pen.words(
            panel.x(day), y, str(at_risk_on(theirs, day)), anchor="middle", size=pen.SMALL, fill=THEIRS
        )


def _said(name: str, point: tuple[int, float, float | None, float | None], level: float) -> str:
    day, estimate, lower, upper = point
    limits = f" ({percent(level)} CI {interval(lower, upper, 1)})" if lower is not None else ""
    return f"{name}: {percent(estimate, 1)}{limits} on day {day}."


def _alt(beside: Beside, level: float) -> str:
    """Both in sentences."""
    ours = drawn.describe_curve(beside.ours, level)
    if beside.theirs is not None:
        return f"{ours} Beside it {drawn.describe_curve(beside.theirs, level)}"
    return " ".join([ours, "Beside it, as printed,", *(_said(beside.name, p, level) for p in beside.points)])
