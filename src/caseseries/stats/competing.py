"""Cumulative incidence of one cause when others compete: Aalen–Johansen, never 1 - Kaplan–Meier.

F_k(t) is the sum over event days s <= t of S(s-) d_k(s) / Y(s), S being Kaplan–Meier for any cause (Aalen &
Johansen 1978, Scand J Stat 5:141).
"""

from dataclasses import dataclass

import numpy as np

from caseseries.stats.distributions import Floats, normal_quantile
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import EventTable, check_cause
from caseseries.stats.steps import Ints
from caseseries.stats.survival import why_not_followed

METHOD = "Aalen–Johansen, complementary log-log"


@dataclass(frozen=True, eq=False)
class IncidenceCurve:
    """The curve at day 0 and at every day on which something happens; all arrays (D,).

    `lower` and `upper` are NaN before the first event of the cause. `events` are those of the cause,
    `competing` those of all others.
    """

    days: Ints
    estimate: Floats
    lower: Floats
    upper: Floats
    variance: Floats
    at_risk: Ints
    events: Ints
    competing: Ints
    censored: Ints
    level: float
    method: str = METHOD


def incidence_curve(table: EventTable, cause: int, level: float = 0.95) -> IncidenceCurve:
    """The curve of `cause` (from 1), with pointwise limits on the complementary log-log scale.

    The variance is the delta-method one (Marubini & Valsecchi 1995, equation 10.12), which R's `survfit`
    gives for a multi-state curve; with a single cause it is Greenwood's. Limits:
    1 - (1 - F) ** exp(+-z se(F) / ((1 - F) |log(1 - F)|)).
    """
    check_cause(table, cause)
    steps = table.steps
    events = _of_cause(table, cause, steps.days)
    jumps = np.append(1.0, steps.survival[:-1]) * events / np.maximum(steps.at_risk, 1)
    incidence = np.cumsum(jumps)
    alone = np.cumsum(steps.events - events) == 0
    incidence[alone] = 1 - steps.survival[alone]  # exactly 1 once nobody is left
    variance = _variance(incidence, jumps, steps.at_risk, steps.events, events)
    lower, upper = _limits(incidence, variance, level)
    return IncidenceCurve(
        steps.days,
        incidence,
        lower,
        upper,
        variance,
        steps.observed,
        events,
        steps.events - events,
        steps.censored,
        level,
    )


def estimate_incidence(table: EventTable, cause: int, day: int, level: float = 0.95) -> Estimate:
    """F_cause(day), the probability of an event of `cause` up to and including `day`, others competing."""
    curve = incidence_curve(table, cause, level)
    row = table.steps.row(day)
    events, at_risk = int(curve.events[: row + 1].sum()), table.steps.at_risk_on(day)
    because = why_not_followed(table, day)
    if because:
        return Estimate(None, None, None, level, METHOD, table.n, events, at_risk, because)
    value = float(curve.estimate[row])
    if not events:
        caveat = "no event of this cause yet: the incidence is 0 and its limits are not defined"
        return Estimate(value, None, None, level, METHOD, table.n, 0, at_risk, caveats=(caveat,))
    if np.isnan(curve.lower[row]):
        caveat = "everyone has had an event of this cause: the limits are not defined"
        return Estimate(value, None, None, level, METHOD, table.n, events, at_risk, caveats=(caveat,))
    limits = float(curve.lower[row]), float(curve.upper[row])
    return Estimate(value, *limits, level, METHOD, table.n, events, at_risk)


def _of_cause(table: EventTable, cause: int, days: Ints) -> Ints:
    events = np.zeros(days.size, dtype=np.int64)
    kept = table.days >= 0
    events[np.searchsorted(days, table.days[kept])] = table.events[kept, cause - 1]
    return events


def _variance(incidence: Floats, jumps: Floats, at_risk: Ints, any_event: Ints, events: Ints) -> Floats:
    """Sum over s <= t of (F - F_s)² d / (Y (Y - d)) + j² (Y - d_k) / (d_k Y) - 2 (F - F_s) j / Y; j = jump."""
    y = np.maximum(at_risk, 1).astype(np.float64)
    left = np.maximum(y - any_event, 1)
    hazard = np.where(any_event < y, any_event / (y * left), 0.0)  # after the last patient F does not move
    own = np.where(events > 0, jumps**2 * (y - events) / (np.maximum(events, 1) * y), 0.0)
    shared = jumps / y
    sums = (np.cumsum(term) for term in (hazard, hazard * incidence, hazard * incidence**2))
    flat, once, twice = sums
    spread = incidence**2 * flat - 2 * incidence * once + twice
    cross = incidence * np.cumsum(shared) - np.cumsum(shared * incidence)
    total: Floats = np.maximum(spread + np.cumsum(own) - 2 * cross, 0.0)
    return total


def _limits(incidence: Floats, variance: Floats, level: float) -> tuple[Floats, Floats]:
    inside = (incidence > 0) & (incidence < 1) & (variance > 0)
    free = 1 - incidence[inside]
    z = normal_quantile(0.5 + level / 2)
    spread = z * np.sqrt(variance[inside]) / (free * -np.log(free))
    lower, upper = (np.full(incidence.size, np.nan) for _ in range(2))
    lower[inside], upper[inside] = 1 - free ** np.exp(-spread), 1 - free ** np.exp(spread)
    return lower, upper
