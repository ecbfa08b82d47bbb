"""Survival and cumulative incidence: stepped curves with the counts they rest on beneath them.

The layout follows KMunicate (Morris et al., BMJ Open 2019;9:e030215): interval band, censor marks, and at
risk, censored and events under every tick of the axis.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, cycle, groupby, pairwise, repeat
from string import ascii_uppercase

from caseseries.analysis.displays import Curve
from caseseries.present import drawing as pen
from caseseries.present.drawing import Drawing, Scale
from caseseries.present.lettering import SEMIBOLD, text_width
from caseseries.present.wording import capital, interval, noun, percent

WIDTH, TOP, BOTTOM = 700.0, 44.0, 254.0
MONTH, YEAR = 365.25 / 12, 365.25
_ACROSS = 4  # panels side by side; more are drawn in rows of three
_ALONE, _TOGETHER = (pen.BLUE,), (pen.VERMILLION, pen.INK, pen.BLUE, pen.GREEN)


@dataclass(frozen=True)
class Step:
    """A level stretch of a curve, from day `start` until just before `end`, resting on `at_risk` cases."""

    start: int
    end: int
    estimate: float
    lower: float | None
    upper: float | None
    at_risk: int


@dataclass(frozen=True)
class Axis:
    """The time axis: its unit in words, the length of the unit in days, and the ticks in that unit."""

    unit: str
    unit_days: float
    ticks: tuple[int, ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes: its curves, its edges in pixels and its scales."""

    curves: tuple[Curve, ...]
    letter: str
    left: float
    right: float
    axis: Axis
    x: Scale
    y: Scale
    minimum: int
    level: float
    title: str = ""

    @property
    def hued(self) -> Iterator[tuple[Curve, str]]:
        return zip(self.curves, cycle(_TOGETHER if len(self.curves) > 1 else _ALONE), strict=False)

    @property
    def rows(self) -> list[tuple[str, Callable[[float], int]]]:
        """The counts under the axis, by name."""
        first, many = self.curves[0], len(self.curves) > 1
        events = [(c.label if many else "Events", partial(counted_before, c, c.events)) for c in self.curves]
        censored = ("Censored", partial(counted_before, first, first.censored))
        return [("At risk", partial(at_risk_on, first)), *events, censored]


def survival_figure(curves: Sequence[Curve], minimum_at_risk: int, level: float) -> Drawing:
    """One panel a curve, side by side, on one time axis; dashed where fewer than the minimum are at risk."""
    return _figure([(curve,) for curve in curves], minimum_at_risk, level)


def incidence_figure(curves: Sequence[Curve], minimum_at_risk: int, level: float) -> Drawing:
    """Competing causes together in one panel, each named at its end."""
    return _figure([tuple(curves)], minimum_at_risk, level)


def incidence_panels(groups: Mapping[str, Sequence[Curve]], minimum_at_risk: int, level: float) -> Drawing:
    """The same with a panel a group, under its name."""
    return _figure([tuple(curves) for curves in groups.values()], minimum_at_risk, level, tuple(groups))


def steps(curve: Curve) -> tuple[Step, ...]:
    """The level stretches between the days on which something happened."""
    rows = zip(
        pairwise(curve.days), curve.estimate, curve.lower, curve.upper, curve.at_risk[1:], strict=False
    )
    return tuple(
        Step(start, end, estimate, lower, upper, at_risk)
        for (start, end), estimate, lower, upper, at_risk in rows
    )


def at_risk_on(curve: Curve, day: float) -> int:
    """Number at risk just before a day; nobody after the last day of follow-up."""
    place = bisect_left(curve.days, day)
    return curve.at_risk[place] if place < len(curve.days) else 0


def counted_before(curve: Curve, counts: Sequence[int], day: float) -> int:
    """Events, or censored cases, before a day: with those at risk on it they add up to all cases."""
    return sum(counts[: bisect_left(curve.days, day)])


def time_axis(last_day: int) -> Axis:
    """Days, months or years, with at most nine ticks at round numbers."""
    unit, unit_days = ("Days", 1.0) if last_day < 60 else ("Months", MONTH)
    if last_day > 10 * YEAR:
        unit, unit_days = "Years", YEAR
    units = last_day / unit_days
    step = next(step for step in (1, 2, 3, 6, 12, 24, 48, 96, 1 + int(units)) if units / step <= 8)
    return Axis(unit, unit_days, tuple(range(0, int(units) + 1, step)))


def _figure(
    plain: Sequence[tuple[Curve, ...]], minimum_at_risk: int, level: float, titles: Sequence[str] = ()
) -> Drawing:
    groups = [tuple(replace(curve, label=capital(curve.label)) for curve in group) for group in plain]
    curves = [curve for group in groups for curve in group]
    across = len(groups) if len(groups) <= _ACROSS else _ACROSS - 1
    width = WIDTH / across
    last_day = max(curve.days[-1] for curve in curves)
    letters = chain(ascii_uppercase, repeat("")) if len(groups) > 1 else repeat("")
    panels = [
        replace(lay_out(group, letter, width, last_day, minimum_at_risk, level), title=title)
        for group, letter, title in zip(groups, letters, chain(titles, repeat("")), strict=False)
    ]
    row = BOTTOM + 92 + pen.LEAD * max(len(panel.rows) for panel in panels)
    height = row * -(-len(panels) // across)
    drawn = [
        pen.group(_panel(panel), x=width * (i % across), y=row * (i // across), trail=panel.curves[0].id)
        for i, panel in enumerate(panels)
    ]
    drawn.append(draw_key(panels[0], height - 8))
    return Drawing(pen.svg(WIDTH, height, alt := _alt(curves, level), drawn), alt)


def lay_out(
    curves: tuple[Curve, ...], letter: str, width: float, last_day: int, minimum: int, level: float
) -> Panel:
    names = [text_width(curve.label, pen.SIZE, SEMIBOLD) for curve in curves]
    beneath = text_width("Censored", pen.SMALL)
    left, margin = (66.0, 16.0) if len(curves) == 1 else (26 + max(beneath, *names), 12 + max(names))
    return Panel(
        curves=curves,
        letter=letter,
        left=left,
        right=width - margin,
        axis=time_axis(last_day),
        x=pen.linear((0, last_day), (left, width - margin - 4)),
        y=pen.linear((0, 1), (BOTTOM, TOP)),
        minimum=minimum,
        level=level,
    )


def _panel(panel: Panel) -> Iterator[str]:
    title = panel.title or (panel.curves[0].label if len(panel.curves) == 1 else "Cumulative incidence")
    yield pen.heading(panel.left - 34, 18, title, panel.letter)
    yield from draw_frame(panel)
    for curve, hue in panel.hued:
        yield from draw_band(panel, curve, hue)
    for curve, hue in panel.hued:
        yield from draw_line(panel, curve, hue)
    if len(panel.curves) > 1:
        yield from _names(panel)
    yield from draw_facts(panel)
    yield from draw_counts(panel)


def draw_frame(panel: Panel) -> Iterator[str]:
    for share in (1, 0.75, 0.5, 0.25, 0):
        y = panel.y(share)
        yield pen.line((panel.left, y), (panel.right, y), pen.FAINT if share else pen.INK)
        yield pen.words(panel.left - 9, y + 4, percent(share), anchor="end", size=pen.SMALL, fill=pen.QUIET)
    for tick in panel.axis.ticks:
        x = panel.x(tick * panel.axis.unit_days)
        yield pen.line((x, BOTTOM), (x, BOTTOM + 5))
        yield pen.words(x, BOTTOM + 18, str(tick), anchor="middle", size=pen.SMALL, fill=pen.QUIET)
    middle, name = (panel.left + panel.right) / 2, f"{panel.axis.unit} from {panel.curves[0].origin}"
    yield pen.words(middle, BOTTOM + 36, name, anchor="middle", size=pen.SMALL)


def _runs(curve: Curve, minimum: int) -> Iterator[tuple[bool, list[Step]]]:
    """Consecutive steps that rest on enough cases (False) or on too few (True)."""
    for thin, run in groupby(steps(curve), key=lambda step: step.at_risk < minimum):
        yield thin, list(run)


def draw_band(panel: Panel, curve: Curve, hue: str) -> Iterator[str]:
    x, y = panel.x, panel.y
    for thin, run in _runs(curve, panel.minimum):
        known = [(s, s.lower, s.upper) for s in run if s.lower is not None and s.upper is not None]
        over = [(x(day), y(upper)) for s, _, upper in known for day in (s.start, s.end)]
        under = [(x(day), y(lower)) for s, lower, _ in reversed(known) for day in (s.end, s.start)]
        if known:
            yield pen.area(over + under, hue, 0.07 if thin else 0.15)
            for limit in (over, under):  # a tint alone is lost in a grey print
                yield pen.edge(limit, hue, "1.5 2.5" if thin else None)


def draw_line(panel: Panel, curve: Curve, hue: str) -> Iterator[str]:
    x, y = panel.x, panel.y
    level_on = dict(zip(curve.days, curve.estimate, strict=True))
    for thin, run in _runs(curve, panel.minimum):
        points = [(x(day), y(step.estimate)) for step in run for day in (step.start, step.end)]
        last = run[-1].end
        yield pen.trace(
            [*points, (x(last), y(level_on[last]))], hue, 1.6 if thin else 2.2, "5 3.5" if thin else None
        )
    for day, estimate, censored in zip(curve.days, curve.estimate, curve.censored, strict=True):
        if censored:
            yield pen.line((x(day), y(estimate) - 5), (x(day), y(estimate) + 5), hue, 1.4)


def _names(panel: Panel) -> Iterator[str]:
    heights = pen.spread([panel.y(curve.estimate[-1]) + 4 for curve in panel.curves], pen.LEAD)
    for (curve, hue), height in zip(panel.hued, heights, strict=True):
        yield pen.words(panel.right + 6, height, curve.label, weight=SEMIBOLD, fill=hue)


def draw_facts(panel: Panel) -> Iterator[str]:
    days = sorted({day for curve in panel.curves for day in curve.days})
    for start, end in pairwise(days):
        label = " ".join(_said(curve, start, end, panel) for curve in panel.curves)
        left, right = panel.x(start), panel.x(end)
        yield pen.fact(label, pen.strip(left, TOP, right - left, BOTTOM - TOP))


def _said(curve: Curve, start: int, end: int, panel: Panel) -> str:
    """What happened on a day and what holds from then on."""
    i = bisect_right(curve.days, start) - 1
    today = curve.days[i] == start
    events, censored = (curve.events[i], curve.censored[i]) if today else (0, 0)
    at_risk = curve.at_risk[i] if today else at_risk_on(curve, start)
    parts = [f"{events} {'event' if events == 1 else 'events'}"] * bool(events)
    parts += [f"{censored} censored"] * bool(censored) + [f"{at_risk} at risk"]
    limits = f"({percent(panel.level)} CI {interval(curve.lower[i], curve.upper[i], 1)})"
    day = f"{curve.label}: day {start}" if len(panel.curves) > 1 else f"Day {start}"
    return f"{day}, {', '.join(parts)}; {percent(curve.estimate[i], 1)} {limits} until day {end}."


def draw_counts(panel: Panel) -> Iterator[str]:
    for i, (name, count) in enumerate(panel.rows):
        y = BOTTOM + 62 + pen.LEAD * i
        yield pen.words(panel.left - 16, y, name, anchor="end", size=pen.SMALL, fill=pen.QUIET)
        for tick in panel.axis.ticks:
            day = tick * panel.axis.unit_days
            yield pen.words(panel.x(day), y, str(count(day)), anchor="middle", size=pen.SMALL)


def draw_key(panel: Panel, y: float, more: Sequence[pen.KeyEntry] = ()) -> str:
    hues = [hue for _, hue in panel.hued]
    wide, ticks = 22.0 * len(hues) - 2, 7.0 * len(hues) - 3
    interval_words = f"{percent(panel.level)} confidence interval"
    entries: list[pen.KeyEntry] = [
        *more,
        (
            lambda x, y: "".join(_swatch(x + 22 * i, y, hue) for i, hue in enumerate(hues)),
            wide,
            interval_words,
        ),
        (lambda x, y: "".join(_tick(x + 7 * i, y, hue) for i, hue in enumerate(hues)), ticks, "censored"),
    ]
    if any(thin for curve in panel.curves for thin, _ in _runs(curve, panel.minimum)):
        meaning = f"fewer than {panel.minimum} at risk"
        entries.append((lambda x, y: pen.line((x, y), (x + 24, y), hues[0], 1.6, "5 3.5"), 24.0, meaning))
    return pen.key(panel.left, y, entries, WIDTH)[0]


def _swatch(x: float, y: float, hue: str) -> str:
    """A piece of a band, with its edges, as it stands in the figure."""
    over, under = [(x, y - 5), (x + 20, y - 5)], [(x + 20, y + 5), (x, y + 5)]
    return pen.area(over + under, hue, 0.15) + pen.edge(over, hue) + pen.edge(under, hue)


def _tick(x: float, y: float, hue: str) -> str:
    return pen.line((x + 2, y - 5), (x + 2, y + 5), hue, 1.4)


def _alt(curves: Sequence[Curve], level: float) -> str:
    """The figure in sentences: where each curve starts, what it loses, where it ends and how surely."""
    return " ".join(describe_curve(curve, level) for curve in curves)


def describe_curve(curve: Curve, level: float) -> str:
    rising = curve.kind == "incidence"
    limits = f"{percent(level)} confidence interval {interval(curve.lower[-1], curve.upper[-1])}"
    total = sum(curve.events)
    return (
        f"{curve.label} from {curve.origin} in {curve.at_risk[0]} {noun(curve.at_risk[0], 'case')} ({curve.method}): "
        f"{total} {'event' if total == 1 else 'events'}, {sum(curve.censored)} censored; the curve "
        f"{'rises' if rising else 'falls'} to {percent(curve.estimate[-1])} ({limits}) "
        f"at the end of follow-up on day {curve.days[-1]}."
    )
