"""One cohort against a reference: observed events, and those expected had the reference's hazard applied.

On each day the cohort's number at risk times the reference's hazard of the day is expected (Breslow 1975, Int Stat
Rev 43:45). Follow-up beyond the reference's last day is not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from caseseries.stats.distributions import Floats, chi_square_tail, find_root
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable, count_at_risk, stop_at
from caseseries.stats.hazard import hazard_curve
from caseseries.stats.proportions import compare_to_proportion
from caseseries.stats.steps import Ints

FAR = 10**6  # days; an exponential reference has no last day


@dataclass(frozen=True, eq=False)
class Reference:
    """A cumulative hazard on increasing `days` from 0, and its `variance` if it was itself estimated, all (D,).

    Between days it is linear (a constant hazard), or flat if `flat` (a Kaplan–Meier or Nelson–Aalen curve).
    """

    days: Ints
    hazard: Floats
    variance: Floats | None = None
    flat: bool = False

    def daily(self, cumulated: Floats, last: int) -> Floats:
        """What `cumulated` adds on each of the days 0 to `last`."""
        days = np.arange(last + 1)
        if self.flat:
            values = cumulated[np.searchsorted(self.days, days, side="right") - 1]
        else:
            values = np.interp(days, self.days, cumulated)
        added: Floats = np.diff(values, prepend=0.0)
        return added


def reference_from_table(table: EventTable) -> Reference:
    """The reference cohort's own Nelson–Aalen curve, with its sampling variance."""
    curve = hazard_curve(table)
    return Reference(curve.days, curve.estimate, curve.variance, flat=True)


def reference_from_horizons(survival: Mapping[int, float]) -> Reference:
    """Published survival at a few days, as {1095: 0.46}; the hazard is constant between them."""
    days = sorted(survival)
    values = [1.0, *(survival[day] for day in days)]
    falls = all(0 < later <= earlier for earlier, later in pairwise(values))
    if not days or days[0] <= 0 or not falls:
        raise ValueError(f"reference survival {dict(survival)} does not fall from 1 over days after 0")
    return Reference(np.array([0, *days]), -np.log(np.array(values)))


def reference_exponential(survival: float, day: int) -> Reference:
    """The constant hazard at which `survival` is reached on `day`."""
    if not 0 < survival < 1 or day <= 0:
        raise ValueError(f"survival {survival} on day {day} gives no hazard")
    return Reference(np.array([0, day, FAR]), -log(survival) * np.array([0.0, 1.0, FAR / day]))


def count_expected(table: EventTable, reference: Reference) -> tuple[int, float, float]:
    """Events observed, events expected, and the variance of the latter that is the reference's own.

    The reference’s sampling error: the sum over days of (number at risk)² times the day's variance of its
    cumulative hazard, its increments being independent (Danzer, Feld, Faldum & Schmidt 2022, PLoS ONE 17:e0271094).
    """
    last = min(int(reference.days[-1]), max(table.last_day, 0))
    at_risk = count_at_risk(table, np.arange(last + 1)).astype(np.float64)
    observed = int(stop_at(table, last).any_event.sum())
    expected = float(at_risk @ reference.daily(reference.hazard, last))
    if reference.variance is None:
        return observed, expected, 0.0
    return observed, expected, float(at_risk**2 @ reference.daily(reference.variance, last))


def compare_to_reference(
    table: EventTable, reference: Reference, method: str = "log-rank", *, reference_error: bool = False
) -> Comparison:
    """One-sample log-rank test: (O - E)² / V, two-sided.

    `method`: "log-rank", V = E (Breslow 1975), conservative in small cohorts; "wu", V = (O + E) / 2 (Wu 2014, Pharm
    Stat 13:163); "exact", O as Poisson with mean E, twice the smaller tail. `reference_error` adds the reference's
    own sampling variance to V; without it a cohort is held against its reference as if that were known.
    """
    if method not in _METHODS:
        raise ValueError(f"method {method!r} is not one of {', '.join(_METHODS)}")
    observed, expected, own = count_expected(table, reference)
    counts, caveats = ((float(observed),), (expected,)), _beyond(table, reference)
    name = _METHODS[method] + (", with the reference’s sampling error" if reference_error else "")
    if reference_error and (reference.variance is None or method == "exact"):
        raise ValueError("the reference’s sampling error needs a reference cohort and a normal test")
    if expected <= 0:
        return Comparison(
            name, None, None, None, table.n, *counts, because="no event is expected", caveats=caveats
        )
    if method == "exact":
        lower, upper = poisson_tails(observed, expected)
        p = min(1.0, 2 * min(lower, upper))
        return Comparison(name, float(observed), None, p, table.n, *counts, caveats=caveats)
    variance = (expected if method == "log-rank" else (observed + expected) / 2) + own * reference_error
    statistic = (observed - expected) ** 2 / variance
    return Comparison(name, statistic, 1, chi_square_tail(statistic, 1), table.n, *counts, caveats=caveats)


def compare_survival_to(table: EventTable, day: int, against: float) -> Comparison:
    """Exact binomial test of survival to `day` against a published value; needs everyone followed to the day."""
    gone = table.days < day
    lost = int(table.censored[gone].sum())
    late = int(table.entered[table.days >= 0].sum()) if table.delayed else 0
    fell = int(table.any_event[table.days <= day].sum())
    if lost or late:
        reasons = [f"{lost} left observation before day {day}"] * bool(lost) + ["entry is delayed"] * bool(
            late
        )
        name = f"exact binomial test against {against:g}"
        return Comparison(name, None, None, None, table.n, because=" and ".join(reasons))
    return compare_to_proportion(table.n - fell, table.n, against)


def estimate_mortality_ratio(table: EventTable, reference: Reference, level: float = 0.95) -> Estimate:
    """Observed over expected events, with exact Poisson limits (Garwood 1936, Biometrika 28:437)."""
    observed, expected, _ = count_expected(table, reference)
    method, caveats = "observed / expected events, exact Poisson", _beyond(table, reference)
    if expected <= 0:
        because = "no event is expected"
        return Estimate(None, None, None, level, method, table.n, observed, because=because, caveats=caveats)
    tail = (1 - level) / 2
    lower = _poisson_mean(observed, 1 - tail) if observed else 0.0
    upper = _poisson_mean(observed + 1, tail)
    limits = lower / expected, upper / expected
    return Estimate(observed / expected, *limits, level, method, table.n, observed, caveats=caveats)


def poisson_tails(observed: int, expected: float) -> tuple[float, float]:
    """P(X <= observed) and P(X >= observed) of a Poisson count with mean `expected`."""
    lower = chi_square_tail(2 * expected, 2 * observed + 2)
    return lower, 1 - chi_square_tail(2 * expected, 2 * observed) if observed else 1.0


def _poisson_mean(shape: int, p: float) -> float:
    """The mean at which fewer than `shape` events have probability p."""
    high = 2.0 * shape + 20
    while chi_square_tail(2 * high, 2 * shape) > p:
        high *= 2
    return find_root(lambda mean: p - chi_square_tail(2 * mean, 2 * shape), 0.0, high)


def _beyond(table: EventTable, reference: Reference) -> tuple[str, ...]:
    last = int(reference.days[-1])
    if table.last_day <= last:
        return ()
    return (f"follow-up beyond day {last} has no reference and is not counted",)


_METHODS = {
    "log-rank": "one-sample log-rank test",
    "wu": "one-sample log-rank test (Wu)",
    "exact": "exact Poisson test",
}
