"""Cumulative hazards: Nelson–Aalen, for any event or for one cause.

A(t) is the sum over event days <= t of d / Y, its variance that of d / Y² (Aalen 1978, Ann Stat 6:701, as R's `survfit`
prints it). A cause-specific hazard takes d from its cause alone; it is no probability, and 1 - exp(-A) is not the
incidence of the cause where others compete.
"""

from dataclasses import dataclass

import numpy as np

from caseseries.stats.distributions import Floats, normal_quantile
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import EventTable, single_cause
from caseseries.stats.steps import Ints

METHOD = "Nelson–Aalen, log"


@dataclass(frozen=True, eq=False)
class HazardCurve:
    """At day 0 and every day on which something happens, all (D,); limits are NaN before the first event."""

    days: Ints
    estimate: Floats
    lower: Floats
    upper: Floats
    variance: Floats
    at_risk: Ints
    events: Ints
    level: float
    method: str = METHOD


def hazard_curve(table: EventTable, cause: int | None = None, level: float = 0.95) -> HazardCurve:
    """The cumulative hazard of `cause` (from 1; any when None), with limits A exp(+-z se(A) / A)."""
    steps = single_cause(table, None if cause is None else {cause}).steps
    at_risk = np.maximum(steps.at_risk, 1)
    hazard, variance = np.cumsum(steps.events / at_risk), np.cumsum(steps.events / at_risk**2)
    width = np.full(hazard.size, np.nan)
    begun = hazard > 0
    width[begun] = normal_quantile(0.5 + level / 2) * np.sqrt(variance[begun]) / hazard[begun]
    limits = hazard * np.exp(-width), hazard * np.exp(width)
    return HazardCurve(steps.days, hazard, *limits, variance, steps.observed, steps.events, level)


def estimate_hazard(table: EventTable, day: int, cause: int | None = None, level: float = 0.95) -> Estimate:
    """A(day), the cumulative hazard up to and including `day`."""
    curve = hazard_curve(table, cause, level)
    row, at_risk = table.steps.row(day), table.steps.at_risk_on(day)
    events = int(curve.events[: row + 1].sum())
    if not table.n or day > table.last_day:
        because = f"nobody was followed to day {day}" if table.n else "there are no patients"
        return Estimate(None, None, None, level, METHOD, table.n, events, at_risk, because)
    if not events:
        caveat = "no event yet: the cumulative hazard is 0 and its limits are not defined"
        return Estimate(0.0, None, None, level, METHOD, table.n, 0, at_risk, caveats=(caveat,))
    limits = float(curve.lower[row]), float(curve.upper[row])
    return Estimate(float(curve.estimate[row]), *limits, level, METHOD, table.n, events, at_risk)
