"""Cox regression for cohorts of this size: Efron's ties, strata, delayed entry, Firth's penalty, profile limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, sqrt

import numpy as np
import numpy.typing as npt

from caseseries.stats.comparison import align
from caseseries.stats.distributions import Floats, chi_square_tail, find_root, normal_quantile
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable
from caseseries.stats.likelihood import Likelihood, Point, arrange_rows, invert
from caseseries.stats.moments import Rows

FEWEST_EVENTS_PER_COVARIATE = 10  # Peduzzi et al. 1995, J Clin Epidemiol 48:1503
FEWEST_CLUSTERS = 20  # Cameron & Miller 2015, J Hum Resour 50:317: fewer than 20 to 50 are few


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A fitted model. `coefficients` are log hazard ratios, `covariance` theirs (or None with `because`).

    `errors` are their standard errors and `p_values` those of each ratio against 1, from the same likelihood as
    its limits: Wald's, or that of the profile.
    """

    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    covariance: Floats | None
    ratios: tuple[Estimate, ...]
    log_likelihoods: tuple[float, ...]
    tests: tuple[Comparison, ...]
    n: int
    events: int
    method: str
    because: str = ""
    caveats: tuple[str, ...] = ()
    p_values: tuple[float, ...] = ()

    @property
    def errors(self) -> tuple[float, ...]:
        return () if self.covariance is None else tuple(np.sqrt(np.diag(self.covariance)).tolist())


def fit_cox(
    stop: npt.ArrayLike,
    event: npt.ArrayLike,
    covariates: npt.ArrayLike,
    names: Sequence[str],
    *,
    start: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    ties: str = "efron",
    firth: bool = False,
    robust: bool = False,
    cluster: npt.ArrayLike | None = None,
    interval: str = "wald",
    level: float = 0.95,
) -> CoxModel:
    """Hazard ratios of the columns of `covariates` (N, p) for the rows observed over (start, stop].

    `ties` is "efron" or "breslow"; `firth` penalises by Jeffreys' prior (Heinze & Schemper 2001, Biometrics
    57:114), which keeps a separated covariate finite; `robust` gives the sandwich covariance (Lin & Wei 1989), in
    which the rows of one `cluster` (N,), such as a patient's two eyes, count as one (Lee, Wei & Amato 1992);
    `interval` is "wald" or "profile" (of the penalised likelihood under `firth`).
    """
    rows = arrange_rows(stop, event, covariates, start, strata)
    n, p = rows.x.shape
    events = int(rows.deaths.sum())
    method = _method(ties, firth=firth, robust=robust, clusters=cluster is not None, interval=interval)
    clusters = None if cluster is None else np.unique(np.asarray(cluster)).size
    refused = _refusal(rows, names, events, clusters)
    if refused:
        return _without(names, n, events, method, refused)
    likelihood = Likelihood(rows, ties, firth)
    null = likelihood.at(np.zeros(p))
    scale = rows.spread * sqrt(events)
    if np.linalg.matrix_rank(null.information / np.outer(scale, scale), tol=1e-9) < p:
        because = "on the event days those at risk are alike in a covariate or a sum of them"
        if np.linalg.matrix_rank(rows.x) < p:
            because = "a covariate is a sum of multiples of the others"
        return _without(names, n, events, method, because)
    beta, moving = likelihood.climb(np.zeros(p))
    full = likelihood.at(beta)
    if moving.any():
        stuck = ", ".join(name for name, moves in zip(names, moving, strict=True) if moves)
        because = f"{stuck} separates the events: no finite hazard ratio (Firth's penalty gives one)"
        return _without(names, n, events, method, because)
    covariance = invert(full.information)
    if robust or cluster is not None:
        covariance = _sandwich(likelihood, beta, covariance, cluster)
    caveats = _few(events, p, clusters)
    limits = _limits(likelihood, beta, covariance, interval, level)
    ratios = tuple(
        Estimate(exp(b), exp(low), exp(high), level, method, n, events, caveats=caveats)
        for b, (low, high) in zip(beta, limits, strict=True)
    )
    heights = likelihood.height(null), likelihood.height(full)
    tests = (*_tests(null, beta, covariance, heights, n), *_proportionality(rows, full, n, names))
    return CoxModel(
        tuple(names),
        tuple(beta.tolist()),
        covariance,
        ratios,
        heights,
        tests,
        n,
        events,
        method,
        caveats=caveats,
        p_values=_p_values(likelihood, beta, covariance, interval),
    )


def estimate_hazard_ratio(
    a: EventTable, b: EventTable, level: float = 0.95, strata: Sequence[tuple[EventTable, EventTable]] = ()
) -> Estimate:
    """The hazard of `a` over that of `b`: Cox's model with Efron's ties, Wald limits, from counts alone.

    `strata` are further pairs of tables. Not estimable while one group has no event or has them all first.
    """
    pairs = [align(pair) for pair in ((a, b), *strata)]
    y = np.concatenate([margins.at_risk for margins in pairs])
    d = np.concatenate([margins.events for margins in pairs])
    n = a.n + b.n + sum(one.n + other.n for one, other in strata)
    events, method = int(d.sum()), "Cox regression, Efron ties, Wald"
    if not d[:, 0].sum() or not d[:, 1].sum():
        because = "a group has no event: the hazard ratio has no finite estimate"
        return Estimate(None, None, None, level, method, n, events, because=because)
    beta, information = 0.0, 0.0
    for _ in range(50):
        score, information = _pair_score(y, d, beta)
        if information < 1e-9:
            because = "the groups' events do not overlap in time: the hazard ratio has no finite estimate"
            return Estimate(None, None, None, level, method, n, events, because=because)
        step = max(-2.0, min(2.0, score / information))
        beta += step
        if abs(step) < 1e-12:
            break
    width = normal_quantile(0.5 + level / 2) / sqrt(information)
    return Estimate(exp(beta), exp(beta - width), exp(beta + width), level, method, n, events)


def _pair_score(y: Floats, d: Floats, beta: float) -> tuple[float, float]:
    ratio, total = exp(beta), d.sum(axis=1)
    score, information = float(d[:, 0].sum()), 0.0
    for tied in range(int(total.max())):
        left = np.where((total > tied)[:, None], y - tied / np.maximum(total, 1)[:, None] * d, [0.0, 1.0])
        share = ratio * left[:, 0] / (ratio * left[:, 0] + left[:, 1])
        score -= float(share.sum())
        information += float((share * (1 - share)).sum())
    return score, information


def _limits(
    likelihood: Likelihood, beta: Floats, covariance: Floats, interval: str, level: float
) -> list[tuple[float, float]]:
    z = normal_quantile(0.5 + level / 2)
    errors = np.sqrt(np.diag(covariance))
    if interval == "wald":
        return [(b - z * se, b + z * se) for b, se in zip(beta.tolist(), errors.tolist(), strict=True)]
    if interval != "profile":
        raise ValueError(f"interval {interval!r} is not one of wald, profile")
    return [
        (-_profile(likelihood, beta, j, -1, z, se), _profile(likelihood, beta, j, 1, z, se))
        for j, se in enumerate(errors.tolist())
    ]


def _p_values(likelihood: Likelihood, beta: Floats, covariance: Floats, interval: str) -> tuple[float, ...]:
    """Of each coefficient against 0: its square over its variance, or twice the fall of the profile to 0."""
    if interval == "wald":
        statistics = (beta**2 / np.diag(covariance)).tolist()
    else:
        top = likelihood.height(likelihood.at(beta))
        statistics = [
            2 * (top - likelihood.height(likelihood.at(likelihood.climb(np.where(at, 0.0, beta), j)[0])))
            for j, at in enumerate(np.eye(beta.size, dtype=bool))
        ]
    return tuple(chi_square_tail(statistic, 1) for statistic in statistics)


def _profile(likelihood: Likelihood, beta: Floats, j: int, side: int, z: float, error: float) -> float:
    """`side` times the coefficient at which twice the fall of the profile likelihood is z²; infinite if none."""
    top = likelihood.height(likelihood.at(beta))

    def fall(distance: float) -> float:
        moved = beta.copy()
        moved[j] += side * distance
        best, _ = likelihood.climb(moved, fixed=j)
        return 2 * (top - likelihood.height(likelihood.at(best))) - z * z

    reach = z * error
    for _ in range(12):
        if fall(reach) > 0:
            return side * float(beta[j]) + find_root(fall, 0.0, reach)
        reach *= 1.6
    return inf


def _sandwich(
    likelihood: Likelihood, beta: Floats, covariance: Floats, cluster: npt.ArrayLike | None
) -> Floats:
    """Lin & Wei 1989 (J Am Stat Assoc 84:1074): the sum over patients, or clusters, of squared influences."""
    share, mean, day = likelihood.events(beta)
    x, at = likelihood.rows.x, likelihood.rows.at
    residuals = share.T @ mean - x * share.sum(axis=0)[:, None]
    tied = np.bincount(day, minlength=likelihood.rows.deaths.size)
    means = np.stack([np.bincount(day, column, tied.size) for column in mean.T], axis=1) / tied[:, None]
    fell = likelihood.rows.fell
    residuals[fell] += x[fell] - means[at[fell]]
    influence = residuals @ covariance
    if cluster is not None:
        member = np.unique(np.asarray(cluster), return_inverse=True)[1]
        influence = np.stack([np.bincount(member, column) for column in influence.T], axis=1)
    robust: Floats = influence.T @ influence
    return robust


def _tests(
    null: Point, beta: Floats, covariance: Floats, heights: tuple[float, float], n: int
) -> tuple[Comparison, ...]:
    statistics = {
        "likelihood ratio": 2 * (heights[1] - heights[0]),
        "Wald": float(beta @ np.linalg.solve(covariance, beta)),
        "score": float(null.score @ np.linalg.solve(null.information, null.score)),
    }
    return tuple(
        Comparison(f"{name} test", statistic, beta.size, chi_square_tail(statistic, beta.size), n)
        for name, statistic in statistics.items()
    )


def _proportionality(rows: Rows, point: Point, n: int, names: Sequence[str]) -> tuple[Comparison, ...]:
    """Score tests of a coefficient that changes linearly with time (Grambsch & Therneau 1994, Biometrika 81:515).

    One for each covariate, then all together.
    """
    time = rows.days - np.average(rows.days, weights=rows.deaths)
    score = time @ point.day_scores
    cross = np.tensordot(time, point.day_information, axes=1)
    bend = np.tensordot(time**2, point.day_information, axes=1) - cross @ np.linalg.solve(
        point.information, cross
    )
    each = score**2 / np.maximum(np.diag(bend), 1e-300)
    tests = [
        Comparison(
            f"proportional hazards of {name}", float(statistic), 1, chi_square_tail(float(statistic), 1), n
        )
        for name, statistic in zip(names, each, strict=True)
    ]
    if len(names) > 1 and np.linalg.matrix_rank(bend) == len(names):
        whole = float(score @ np.linalg.solve(bend, score))
        tests.append(
            Comparison("proportional hazards", whole, len(names), chi_square_tail(whole, len(names)), n)
        )
    return tuple(tests)


def _refusal(rows: Rows, names: Sequence[str], events: int, clusters: int | None) -> str:
    n, p = rows.x.shape
    if len(names) != p:
        raise ValueError(f"{len(names)} names for {p} covariates")
    if not n:
        return "there are no patients"
    if not p:
        return "there are no covariates"
    if events <= p:
        return (
            f"{_many(events, 'event')} {'is' if events == 1 else 'are'} too few for {_many(p, 'covariate')}"
        )
    if clusters is not None and clusters <= p:
        return f"{_many(clusters, 'cluster')} {'is' if clusters == 1 else 'are'} too few for {_many(p, 'covariate')}"
    constant = [name for name, spread in zip(names, np.ptp(rows.x, axis=0), strict=True) if not spread]
    if constant:
        return f"{', '.join(constant)} is the same in every patient"
    return ""


def _few(events: int, p: int, clusters: int | None) -> tuple[str, ...]:
    few = []
    if events < FEWEST_EVENTS_PER_COVARIATE * p:
        each = f"{_many(events, 'event')} for {_many(p, 'covariate')}"
        few.append(f"{each}: fewer than {FEWEST_EVENTS_PER_COVARIATE} events each")
    if clusters is not None and clusters < FEWEST_CLUSTERS:
        few.append(
            f"{clusters} clusters: with fewer than {FEWEST_CLUSTERS} robust errors are often too small"
        )
    return tuple(few)


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _without(names: Sequence[str], n: int, events: int, method: str, because: str) -> CoxModel:
    return CoxModel(tuple(names), (), None, (), (), (), n, events, method, because)


def _method(ties: str, *, firth: bool, robust: bool, clusters: bool, interval: str) -> str:
    parts = [
        "Cox regression",
        f"{ties.capitalize()} ties",
        *(["Firth's penalty"] if firth else []),
        *(["robust variance of clusters"] if clusters else ["robust variance"] if robust else []),
        "profile likelihood" if interval == "profile" else "Wald",
    ]
    return ", ".join(parts)
