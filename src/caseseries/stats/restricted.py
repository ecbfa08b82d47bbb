"""Time lived without an event up to a horizon."""

from math import sqrt

import numpy as np

from caseseries.stats.distributions import normal_quantile
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import EventTable
from caseseries.stats.survival import why_not_followed

METHOD = "restricted mean survival time, normal approximation"


def estimate_restricted_mean(table: EventTable, horizon: int, level: float = 0.95) -> Estimate:
    """Mean days without an event up to `horizon`: the area under Kaplan–Meier.

    Variance: the sum over event days of (area from the day to the horizon)² d / (Y (Y - d)) (Klein & Moeschberger
    2003, equation 4.5.2); a day on which nobody is left adds nothing. Limits are kept within 0 and the horizon.
    """
    steps = table.steps
    at_risk, events = steps.at_risk_on(horizon), int(steps.events[: steps.row(horizon) + 1].sum())
    because = why_not_followed(table, horizon)
    if because:
        return Estimate(None, None, None, level, METHOD, table.n, events, at_risk, because)
    edges = np.append(np.minimum(steps.days, horizon), horizon)
    areas = steps.survival * np.diff(edges)
    mean = float(areas.sum())
    after = mean - np.cumsum(np.append(0.0, areas))[:-1]
    y, d = steps.at_risk, steps.events
    counted = (d > 0) & (d < y) & (steps.days <= horizon)
    variance = float((after[counted] ** 2 * d[counted] / (y[counted] * (y[counted] - d[counted]))).sum())
    if not variance:
        caveat = "no event leaves anyone at risk before the horizon: the limits are not defined"
        return Estimate(mean, None, None, level, METHOD, table.n, events, at_risk, caveats=(caveat,))
    width = normal_quantile(0.5 + level / 2) * sqrt(variance)
    limits = max(mean - width, 0.0), min(mean + width, float(horizon))
    return Estimate(mean, *limits, level, METHOD, table.n, events, at_risk)


def last_day_with(table: EventTable, at_risk: int) -> int | None:
    """The last day on which at least `at_risk` patients are under observation; None if there is none.

    The latest horizon that keeps that many at risk.
    """
    left = np.flatnonzero((table.left > 0) & (table.at_risk >= at_risk))
    return int(table.days[left[-1]]) if left.size else None
