"""Kaplan–Meier: the curve, the estimate at a horizon and quantiles, each with its interval.

S(t) is the product over event days <= t of (Y - d) / Y (Kaplan & Meier 1958, J Am Stat Assoc 53:457), with Y
at risk just before the day and d events on it. A table of several causes is read as time to the first event.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from caseseries.stats.distributions import Floats
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import EventTable
from caseseries.stats.intervals import INTERVALS, limit_survival
from caseseries.stats.steps import Ints, Steps

BPCP_NEEDS_ENTRY_AT_ORIGIN = (
    "the beta product confidence procedure is not defined under delayed entry: log-log limits instead"
)


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """The curve at day 0 and at every day on which something happens; all arrays (D,).

    `estimate` holds from its day to the next. `lower` and `upper` are NaN where the interval is not defined.
    `at_risk` counts those under observation on the day; on day 0 it includes those who enter that day.
    """

    days: Ints
    estimate: Floats
    lower: Floats
    upper: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    level: float
    method: str


def survival_curve(table: EventTable, level: float = 0.95, interval: str = "bpcp") -> SurvivalCurve:
    """The Kaplan–Meier curve with pointwise limits; `interval` is a key of `INTERVALS`."""
    steps = table.steps
    interval, _ = _allowed(table, interval)
    lower, upper = limit_survival(steps, np.arange(steps.days.size), level, interval)
    return SurvivalCurve(
        steps.days,
        steps.survival,
        lower,
        upper,
        steps.observed,
        steps.events,
        steps.censored,
        level,
        _method(interval),
    )


def estimate_survival(table: EventTable, day: int, level: float = 0.95, interval: str = "bpcp") -> Estimate:
    """S(day): the probability of no event up to and including `day`.

    `at_risk` is the number under observation on the day (start < day <= stop). Beyond the last follow-up the
    estimate exists only if the curve has fallen to 0.
    """
    interval, caveats = _allowed(table, interval)
    method = _method(interval)
    steps = table.steps
    row = steps.row(day)
    events, at_risk = int(steps.events_so_far[row]), steps.at_risk_on(day)
    because = why_not_followed(table, day)
    if because:
        return Estimate(None, None, None, level, method, table.n, events, at_risk, because)
    lower, upper = limit_survival(steps, np.array([row]), level, interval)
    value = float(steps.survival[row])
    limits = _number(lower[0]), _number(upper[0])
    caveats += _survival_caveats(steps, day, interval, defined=limits != (None, None))
    return Estimate(value, *limits, level, method, table.n, events, at_risk, caveats=caveats)


def estimate_quantile(
    table: EventTable, p: float = 0.5, level: float = 0.95, interval: str = "bpcp"
) -> Estimate:
    """The day by which a share `p` has had the event: the first day with S <= 1 - p.

    Where S equals 1 - p over a stretch, its midpoint, as in R's `quantile.survfit`; whether it does is
    decided in exact fractions. Limits are the days on which the limits of S first reach 1 - p (Brookmeyer & Crowley
    1982, Biometrics 38:29); a limit never reached is None.
    """
    interval, caveats = _allowed(table, interval)
    method = f"{_method(interval)}, inverted (Brookmeyer–Crowley)"
    steps = table.steps
    events = int(steps.events.sum())
    if not table.n:
        return Estimate(None, None, None, level, method, 0, 0, because="there are no patients")
    rows = np.arange(steps.days.size)
    lower, upper = limit_survival(steps, rows, level, interval)
    limits = _first_day(steps.days, lower, 1 - p), _first_day(steps.days, upper, 1 - p)
    value = _quantile(steps, p)
    lowest = float(steps.survival[-1])
    because = (
        "" if value is not None else f"not reached: the curve ends at {lowest:.3f} on day {steps.days[-1]}"
    )
    return Estimate(value, *limits, level, method, table.n, events, because=because, caveats=caveats)


def why_not_followed(table: EventTable, day: int) -> str:
    """Why nothing can be estimated at `day`; empty if it can."""
    if not table.n:
        return "there are no patients"
    if day < 0:
        return f"day {day} is before day 0"
    last = table.last_day
    if day <= last or table.steps.survival[-1] == 0:
        return ""
    return f"nobody was followed to day {day}: the last follow-up is on day {last}"


def _survival_caveats(steps: Steps, day: int, interval: str, *, defined: bool) -> tuple[str, ...]:
    caveats, row = [], steps.row(day)
    survival = steps.survival[row]
    if interval.startswith("bpcp") and survival and not steps.after[row]:
        caveats.append("nobody was followed beyond this day: the lower limit is 0")
    if not defined:
        why = "no event yet" if survival else "nobody left without an event"
        caveats.append(f"{why}: {INTERVALS[interval].name} limits are not defined")
    gaps = [str(steps.days[gap]) for gap in steps.gaps if steps.days[gap] < day]
    if gaps:
        caveats.append(f"nobody was under observation after day {', '.join(gaps)} until others entered")
    return tuple(caveats)


def _quantile(steps: Steps, p: float) -> int | float | None:
    level = 1 - p
    signs = _compare(steps, level)
    reached = np.flatnonzero(signs <= 0)
    if not reached.size:
        return None
    first = int(reached[0])
    if signs[first] < 0:
        return int(steps.days[first])
    below = np.flatnonzero(signs < 0)
    end = steps.days[below[0]] if below.size else steps.days[-1]
    twice = int(steps.days[first]) + int(end)
    return twice // 2 if twice % 2 == 0 else twice / 2


def _compare(steps: Steps, level: float) -> Ints:
    """The sign of S - level on every row; exact where floating point cannot tell."""
    gap = steps.survival - level
    signs = np.sign(gap).astype(np.int64)
    doubtful = np.flatnonzero(np.abs(gap) < 1e-9)
    if doubtful.size:
        exact, target = Fraction(1), Fraction(str(level))
        for row in range(int(doubtful[-1]) + 1):
            if steps.events[row]:
                exact *= Fraction(int(steps.at_risk[row] - steps.events[row]), int(steps.at_risk[row]))
            if abs(gap[row]) < 1e-9:
                signs[row] = (exact > target) - (exact < target)
    return signs


def _first_day(days: Ints, limits: Floats, level: float) -> int | None:
    reached = np.flatnonzero(limits <= level)
    return int(days[reached[0]]) if reached.size else None


def _allowed(table: EventTable, interval: str) -> tuple[str, tuple[str, ...]]:
    if interval not in INTERVALS:
        raise ValueError(f"interval {interval!r} is not one of {', '.join(INTERVALS)}")
    if interval.startswith("bpcp") and table.delayed:
        return "log-log", (BPCP_NEEDS_ENTRY_AT_ORIGIN,)
    return interval, ()


def _method(interval: str) -> str:
    return f"Kaplan–Meier, {INTERVALS[interval].name}"


def _number(x: float) -> float | None:
    return float(x) if x == x else None
