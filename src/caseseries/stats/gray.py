"""Gray's test: is the incidence of a cause alike in the groups, others competing?

Gray 1988 (Ann Stat 16:1141), with rho = 0. A group's patients at risk are Y, and h = Y / S(t-) is how many would be
had nobody left; h times the group's own 1 - F(t-) is the risk set of the subdistribution, those lost to other causes
staying in it. The covariance is that of the martingales behind the score, with F common to all groups: an event
moves the score itself, and through S and F the risk sets of all later days. Where the groups end far apart that
common F can pass 1; as in `cmprsk` it then does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caseseries.stats.comparison import quadratic_form
from caseseries.stats.distributions import Floats, chi_square_tail
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable, check_cause, count_at_risk, single_cause


@dataclass(frozen=True, eq=False)
class _Days:
    """Numbers at risk, events of the cause and of others, on the days with any event: all (D, groups)."""

    at_risk: Floats
    own: Floats
    other: Floats

    @property
    def survival(self) -> tuple[Floats, Floats]:
        """Kaplan–Meier of each group for any event, before each day and after it."""
        hazard = (self.own + self.other) / np.maximum(self.at_risk, 1)
        after: Floats = np.cumprod(1 - hazard, axis=0, dtype=np.float64)
        before: Floats = np.concatenate([np.ones((1, after.shape[1])), after])[:-1]
        return before, after

    @property
    def refilled(self) -> bool:
        """Whether anyone is at risk in a group whose survival had fallen to 0 (delayed entry only)."""
        return bool(((self.survival[0] == 0) & (self.at_risk > 0)).any())


def compare_incidence(*strata: Sequence[EventTable], cause: int) -> Comparison:
    """Gray's test of `cause` (from 1) between the groups, the same in every stratum, as R's `cmprsk::cuminc`."""
    for groups in strata:
        for table in groups:
            check_cause(table, cause)
    days = [_count(groups, cause) for groups in strata]
    if any(each.refilled for each in days):
        because = "a group died out before others entered it: its incidence is 1 whatever they do"
        n = sum(table.n for groups in strata for table in groups)
        return Comparison(_name(strata), None, None, None, n, because=because)
    sums = [_score(each) for each in days]
    u, v = np.sum([u for u, _ in sums], axis=0), np.sum([v for _, v in sums], axis=0)
    name = _name(strata)
    n = sum(table.n for groups in strata for table in groups)
    observed = tuple(np.sum([each.own.sum(axis=0) for each in days], axis=0).tolist())
    statistic, df = quadratic_form(u, v)
    if not df:
        return Comparison(
            name, None, None, None, n, observed, because="no event of this cause has two groups at risk"
        )
    return Comparison(name, statistic, df, chi_square_tail(statistic, df), n, observed)


def _name(strata: Sequence[Sequence[EventTable]]) -> str:
    return f"{'stratified ' if len(strata) > 1 else ''}Gray test"


def _count(groups: Sequence[EventTable], cause: int) -> _Days:
    days = np.unique(np.concatenate([table.days[table.any_event > 0] for table in groups]))
    others = [k for k in range(1, groups[0].causes + 1) if k != cause]
    at_risk = np.stack([count_at_risk(table, days) for table in groups], axis=1)
    own, other = (
        np.stack([single_cause(table, causes).events_on(days) for table in groups], axis=1)
        for causes in ([cause], others)
    )
    return _Days(at_risk.astype(np.float64), own.astype(np.float64), other.astype(np.float64))


def _score(days: _Days) -> tuple[Floats, Floats]:
    before, after = days.survival
    own = days.own.sum(axis=1)
    incidence = np.cumsum(before * days.own / np.maximum(days.at_risk, 1), axis=0)
    free = 1 - np.vstack([np.zeros(before.shape[1]), incidence[:-1]])
    whole = np.where(before > 0, days.at_risk / np.where(before > 0, before, 1), 0.0)
    risk = whole * free
    shares = risk / np.maximum(risk.sum(axis=1), 1e-300)[:, None]
    u: Floats = (days.own - shares * own[:, None]).sum(axis=0)
    jumps = np.where(own > 0, own / np.maximum(whole.sum(axis=1), 1e-300), 0.0)
    v: Floats = np.sum([_variance(days, r, whole, jumps, before, after) for r in range(u.size)], axis=0)
    return u, v


def _variance(days: _Days, r: int, whole: Floats, jumps: Floats, before: Floats, after: Floats) -> Floats:
    """What the events of group r add to the covariance of the scores of all groups."""
    h, y = whole[:, r], days.at_risk[:, r]
    free_after = 1 - np.cumsum(jumps)
    free_before = np.append(1.0, free_after)[:-1]
    direct = np.eye(whole.shape[1])[r] - whole / np.maximum(whole.sum(axis=1), 1e-300)[:, None]
    hazard = np.divide(jumps, free_before, out=np.zeros_like(jumps), where=free_before != 0)
    later = direct * (h * hazard)[:, None]
    later = np.cumsum(later[::-1], axis=0)[::-1] - later
    ratio = free_after / np.where(after[:, r] > 0, after[:, r], 1)
    per_patient = later / np.where(h > 0, h, 1)[:, None]
    by_own, by_other = direct + (1 - ratio)[:, None] * per_patient, ratio[:, None] * per_patient
    weight_own = h * jumps * _untie(days.own.sum(axis=1), whole.sum(axis=1) * before[:, r])
    weight_other = days.other[:, r] * _untie(days.other[:, r], y)
    total: Floats = (by_own * weight_own[:, None]).T @ by_own + (
        by_other * weight_other[:, None]
    ).T @ by_other
    return total


def _untie(events: Floats, among: Floats) -> Floats:
    """The hypergeometric shrinking of the variance of tied events; `among` may be no whole number."""
    shrunk = np.ones_like(among)
    tied = (events > 1) & (among != 1)
    shrunk[tied] = 1 - (events[tied] - 1) / (among[tied] - 1)
    return shrunk
