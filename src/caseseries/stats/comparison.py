"""Are the curves of two or more groups alike? Weighted log-rank tests, stratified, of trend and combined.

On each event day the events of a group are held against their expectation Y_g d / Y given the margins; the sum of
weighted differences U has the hypergeometric covariance V (Mantel 1966; Fleming & Harrington 1991, chapter 7).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats, chi_square_tail
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable, count_at_risk


@dataclass(frozen=True, eq=False)
class Margins:
    """Groups side by side on the days with an event: `at_risk` and `events` are (D, groups)."""

    at_risk: Floats
    events: Floats

    @property
    def y(self) -> Floats:
        total: Floats = self.at_risk.sum(axis=1)
        return total

    @property
    def d(self) -> Floats:
        total: Floats = self.events.sum(axis=1)
        return total


FEW_EVENTS = 20  # below it max-combo says that its normal tail is rough
Weight = Callable[[Floats, Floats], Floats]  # (Y, d) of the pooled groups to a weight for each event day


def compare_curves(
    *strata: Sequence[EventTable],
    weight: str = "log-rank",
    scores: Sequence[float] | None = None,
    rho: float = 0,
    gamma: float = 0,
) -> Comparison:
    """A weighted log-rank test of the groups, the same in every stratum; events of any cause.

    `weight` is a key of `WEIGHTS` or "fleming-harrington" with `rho` and `gamma`. With `scores`, one for each
    group, the test is of trend in them (Tarone 1975, Biometrika 62:679).
    """
    margins = [align(groups) for groups in strata]
    weigh = find_weight(weight, rho, gamma)
    sums = [_score(each, weigh(each.y, each.d)) for each in margins]
    u, v = sum(u for u, _ in sums), sum(v for _, v in sums)
    observed = np.sum([each.events.sum(axis=0) for each in margins], axis=0)
    expected = np.sum([_expected(each).sum(axis=0) for each in margins], axis=0)
    name = _name(weight, rho, gamma, stratified=len(strata) > 1, trend=scores is not None)
    n = sum(table.n for groups in strata for table in groups)
    counts = tuple(observed.tolist()), tuple(expected.tolist())
    if scores is not None:
        statistic, df = _one_degree(np.asarray(scores, dtype=np.float64), np.asarray(u), np.asarray(v))
    else:
        statistic, df = quadratic_form(np.asarray(u), np.asarray(v))
    if not df:
        because = "no event day has two groups at risk and someone who stays event-free"
        return Comparison(name, None, None, None, n, *counts, because=because)
    return Comparison(name, statistic, df, chi_square_tail(statistic, df), n, *counts)


def combine_weights(a: EventTable, b: EventTable, seed: int = 0) -> Comparison:
    """Max-combo: the largest |Z| of Fleming–Harrington (0, 0), (1, 0), (0, 1) and (1, 1).

    Lin, Lin, Roychoudhury et al. 2020, Stat Biopharm Res 12:187.

    The p-value is that of the largest of four correlated normals, by SciPy's quasi-Monte Carlo from `seed`.
    """
    margins = align([a, b])
    powers = ((0, 0), (1, 0), (0, 1), (1, 1))
    weights = np.array([_fleming_harrington(rho, gamma)(margins.y, margins.d) for rho, gamma in powers])
    u = weights @ (margins.events - _expected(margins))[:, 0]
    v = (weights * _covariance(margins)[:, 0, 0]) @ weights.T
    name = "max-combo of Fleming–Harrington weights"
    kept = np.diag(v) > 1e-12
    if not kept.any():
        return Comparison(name, None, None, None, a.n + b.n, because="no event day has both groups at risk")
    spread = np.sqrt(np.diag(v)[kept])
    z = np.abs(u[kept]) / spread
    within = _all_within(float(z.max()), v[np.ix_(kept, kept)] / np.outer(spread, spread), seed)
    events = int(margins.events.sum())
    caveats = (f"{events} events: the normal approximation is rough",) if events < FEW_EVENTS else ()
    return Comparison(name, float(z.max()), None, 1 - within, a.n + b.n, caveats=caveats)


def align(groups: Sequence[EventTable]) -> Margins:
    """Numbers at risk and events of each group on the days on which any of them has an event, (D, groups) each."""
    if len(groups) < 2:
        raise ValueError(f"a comparison needs two groups or more, not {len(groups)}")
    days = np.unique(np.concatenate([table.days[table.any_event > 0] for table in groups]))
    at_risk = np.stack([count_at_risk(table, days) for table in groups], axis=1)
    events = np.stack([table.events_on(days) for table in groups], axis=1)
    return Margins(at_risk.astype(np.float64), events.astype(np.float64))


def find_weight(weight: str, rho: float = 0, gamma: float = 0) -> Weight:
    """The weight function of that name."""
    if weight == "fleming-harrington":
        return _fleming_harrington(rho, gamma)
    if weight not in WEIGHTS:
        raise ValueError(f"weight {weight!r} is not one of {', '.join([*WEIGHTS, 'fleming-harrington'])}")
    return WEIGHTS[weight][1]


def _expected(margins: Margins) -> Floats:
    expected: Floats = margins.at_risk * (margins.d / margins.y)[:, None]
    return expected


def _covariance(margins: Margins) -> Floats:
    """The hypergeometric covariance of each day's events: (D, groups, groups)."""
    y, d = margins.y, margins.d
    shares = margins.at_risk / y[:, None]
    spread = np.where(y > 1, d * (y - d) / np.maximum(y - 1, 1), 0.0)
    kinds = shares[:, :, None] * (np.eye(shares.shape[1]) - shares[:, None, :])
    covariance: Floats = spread[:, None, None] * kinds
    return covariance


def _score(margins: Margins, weights: Floats) -> tuple[Floats, Floats]:
    u: Floats = weights @ (margins.events - _expected(margins))
    v: Floats = np.tensordot(weights**2, _covariance(margins), axes=1)
    return u, v


def quadratic_form(u: Floats, v: Floats) -> tuple[float, int]:
    """U' V^- U over the groups that had anyone at risk on an event day; df is their number less one."""
    seen = np.flatnonzero(np.diag(v) > 0)[:-1]
    if not seen.size:
        return 0.0, 0
    return float(u[seen] @ np.linalg.solve(v[np.ix_(seen, seen)], u[seen])), int(seen.size)


def _one_degree(scores: Floats, u: Floats, v: Floats) -> tuple[float, int]:
    if scores.size != u.size:
        raise ValueError(f"{scores.size} scores for {u.size} groups")
    variance = float(scores @ v @ scores)
    return (float(scores @ u) ** 2 / variance, 1) if variance > 0 else (0.0, 0)


def _all_within(z: float, correlation: npt.NDArray[np.float64], seed: int) -> float:
    from scipy.stats import multivariate_normal

    inside = multivariate_normal(cov=correlation, allow_singular=True, seed=seed)
    return float(inside.cdf(np.full(len(correlation), z), lower_limit=np.full(len(correlation), -z)))


def _pooled_survival(y: Floats, d: Floats) -> Floats:
    """Kaplan–Meier of the pooled groups just before each event day."""
    before: Floats = np.append(1.0, np.cumprod(1 - d / y))[:-1]
    return before


def _fleming_harrington(rho: float, gamma: float) -> Weight:
    """S(t-)^rho (1 - S(t-))^gamma, S pooled (Fleming & Harrington 1991, definition 7.2.1)."""

    def weigh(y: Floats, d: Floats) -> Floats:
        before = _pooled_survival(y, d)
        weights: Floats = before**rho * (1 - before) ** gamma
        return weights

    return weigh


def _peto(y: Floats, d: Floats) -> Floats:
    """Prentice's version of Peto & Peto's weight: the product of 1 - d / (Y + 1) (Prentice 1978, Biometrika 65:167)."""
    weights: Floats = np.cumprod(1 - d / (y + 1), dtype=np.float64)
    return weights


def _name(weight: str, rho: float, gamma: float, *, stratified: bool, trend: bool) -> str:
    name = (
        f"Fleming–Harrington ({rho:g}, {gamma:g})" if weight == "fleming-harrington" else WEIGHTS[weight][0]
    )
    return ("stratified " if stratified else "") + name + (" test for trend" if trend else " test")


# Mantel 1966; Gehan 1965 (Biometrika 52:203) and Breslow 1970 (57:579); Tarone & Ware 1977 (64:156); Peto & Peto 1972.
WEIGHTS: dict[str, tuple[str, Weight]] = {
    "log-rank": ("log-rank", lambda y, _d: np.ones_like(y)),
    "gehan": ("Gehan–Breslow", lambda y, _d: y),
    "tarone-ware": ("Tarone–Ware", lambda y, _d: np.sqrt(y)),
    "peto": ("Peto–Peto", _peto),
}
