"""Our cohort against a published outcome: at a horizon, over the whole follow-up, and with a prior.

A published estimate has an error of its own, and it is carried: as the variance of the reference's hazard in
the one-sample test, as a distribution in the Bayesian answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, lgamma, log

import numpy as np

from caseseries.evidence.comparators import Comparator
from caseseries.stats.distributions import beta_cdf, beta_quantile
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable
from caseseries.stats.reference import Reference, compare_to_reference, estimate_mortality_ratio

Beta = tuple[float, float]
GRID = 500  # quantiles at which P(better) is averaged: good to about 1e-5
WEAK: Beta = (1.0, 1.0)
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Posterior:
    """What is believed about a probability: betas with their weights, which add to 1."""

    parts: tuple[tuple[float, Beta], ...]

    @property
    def mean(self) -> float:
        return sum(weight * a / (a + b) for weight, (a, b) in self.parts)

    def below(self, value: float) -> float:
        return sum(weight * beta_cdf(value, a, b) for weight, (a, b) in self.parts)


@dataclass(frozen=True)
class Better:
    """P(better), with the prior that led to it. `effective` is the prior's worth in patients.

    `conflict` is the two-sided probability, under the prior, of data as far from it as ours; small means
    that the prior and the cohort disagree.
    """

    prior: str
    probability: float
    posterior: Posterior
    effective: float
    conflict: float


def published_beta(comparator: Comparator) -> Beta:
    """The published estimate and its error as a beta distribution with that mean and variance.

    Raises ValueError where the comparator tells neither n, interval nor standard error, or is 0 or 100 %.
    """
    share, error = comparator.estimate / 100, comparator.standard_error()
    if error is None or not 0 < share < 1:
        raise ValueError(f"{comparator.study} gives no error for {comparator.estimate:g} %")
    size = share * (1 - share) / error**2 - 1
    return share * size, (1 - share) * size


def compare_horizon(table: EventTable, day: int, comparator: Comparator) -> Comparison:
    """Exact binomial test of the share without event on a day against the published share, two-sided.

    Valid only where everybody was followed to that day or to an event: otherwise it says so and gives none.
    """
    name, share = "exact binomial test", comparator.estimate / 100
    early = int(table.censored[table.days < day].sum())
    events = int(table.any_event[table.days <= day].sum())
    free, expected = table.n - events, table.n * share
    counts = ((float(free),), (expected,))
    if early:
        because = f"{early} of {table.n} were censored before day {day}; the test needs complete follow-up"
        return Comparison(name, None, None, None, table.n, *counts, because=because)
    chances = [comb(table.n, k) * share**k * (1 - share) ** (table.n - k) for k in range(table.n + 1)]
    p = sum(chance for chance in chances if chance <= chances[free] * (1 + 1e-9))
    return Comparison(name, float(free), None, min(1.0, p), table.n, *counts)


def published_reference(horizons: Sequence[Comparator]) -> Reference:
    """The published estimates of one study as a hazard, constant between horizons, with its own variance.

    Var H = (se / S)², the delta method on H = −log S.
    """
    ordered = sorted((c for c in horizons if c.years is not None), key=lambda c: c.years or 0.0)
    days = [int((c.years or 0.0) * DAYS_PER_YEAR) for c in ordered]
    shares = [c.estimate / 100 for c in ordered]
    errors = [c.standard_error() for c in ordered]
    if not days or any(share <= 0 for share in shares) or any(b > a for a, b in pairwise(shares)):
        raise ValueError("published estimates must fall over their horizons and stay above 0")
    variance = (
        None if None in errors else [((e or 0.0) / s) ** 2 for e, s in zip(errors, shares, strict=True)]
    )
    hazard = np.array([0.0, *(-log(share) for share in shares)])
    rising = None if variance is None else np.maximum.accumulate(np.array([0.0, *variance]))
    return Reference(np.array([0, *days]), hazard, rising)


def compare_follow_up(table: EventTable, horizons: Sequence[Comparator]) -> tuple[Comparison, Estimate]:
    """One-sample log-rank, with the reference's own error where published, and observed over expected events."""
    reference = published_reference(horizons)
    test = compare_to_reference(table, reference, reference_error=reference.variance is not None)
    return test, estimate_mortality_ratio(table, reference)


def mix(parts: Sequence[tuple[int, Comparator]]) -> Comparator:
    """The reference for a mixed population, as 7 relapsed and 4 in first line: weighted by our own numbers.

    The mixture's estimate is the weighted mean; its variance the sum of the squared weights times the parts'.
    Raises ValueError unless endpoint, origin and horizon agree and every part has an error.
    """
    total = sum(count for count, _ in parts)
    places = {(c.endpoint, c.origin, c.years) for _, c in parts}
    if len(places) != 1:
        raise ValueError(f"a mixture needs one endpoint, origin and horizon, not {len(places)}")
    errors = [c.standard_error() for _, c in parts]
    if any(error is None for error in errors):
        raise ValueError("a mixture needs the error of every part")
    estimate = sum(count * c.estimate for count, c in parts) / total
    variance = sum(
        (count / total * (error or 0.0)) ** 2 for (count, _), error in zip(parts, errors, strict=True)
    )
    named = " + ".join(f"{count} of {c.study}" for count, c in parts)
    sources = "; ".join(dict.fromkeys(c.source for _, c in parts))
    marks = {c.mark for _, c in parts}
    return parts[0][1].model_copy(
        update={
            "study": named,
            "population": " + ".join(c.population for _, c in parts),
            "n": None,
            "estimate": estimate,
            "lower": None,
            "upper": None,
            "se": 100 * variance**0.5,
            "mark": "read" if marks == {"read"} else "recalled",
            "source": sources,
        }
    )


def weigh(
    free: float, n: float, comparator: Comparator, robust: float = 0.5, power: float = 0.5
) -> tuple[Better, ...]:
    """P(our probability is better than the reference's) under a weak, a robust and a power prior.

    `free` of `n` were without event at the horizon; with censoring, pass the Kaplan–Meier estimate times its
    effective n. Robust: the published beta with weight `robust`, else the weak prior (Schmidli 2014, Biometrics
    70:1023). Power: the published beta at `power` of its worth (Ibrahim & Chen 2000, Stat Sci 15:46).
    """
    published = published_beta(comparator)
    priors = (
        ("weak", Posterior(((1.0, WEAK),))),
        (f"robust, {robust:g} published", Posterior(((robust, published), (1 - robust, WEAK)))),
        (f"power {power:g}", Posterior(((1.0, _tempered(published, power)),))),
    )
    return tuple(_weigh_one(name, prior, free, n, published) for name, prior in priors)


def find_tipping_point(free: float, n: float, comparator: Comparator, level: float = 0.975) -> float | None:
    """The share of the published data, as a power prior, at which P(better) falls below `level`.

    None if it never does up to the whole of it; 0 if it is below from the start.
    """
    published = published_beta(comparator)

    def better(power: float) -> float:
        prior = Posterior(((1.0, _tempered(published, power)),))
        return _weigh_one("", prior, free, n, published).probability

    if better(0.0) < level:
        return 0.0
    if better(1.0) >= level:
        return None
    return _bisect(better, level)


def effective_size(estimate: float, variance: float) -> float:
    """How many fully followed patients would give this variance: S(1 − S) / Var (Peto 1977, Br J Cancer 35:1)."""
    return estimate * (1 - estimate) / variance


def _bisect(better: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if better(middle) >= level else (low, middle)
    return (low + high) / 2


def _tempered(published: Beta, power: float) -> Beta:
    return WEAK[0] + power * published[0], WEAK[1] + power * published[1]


def _weigh_one(name: str, prior: Posterior, free: float, n: float, reference: Beta) -> Better:
    posterior = _update(prior, free, n)
    return Better(
        name,
        sum(weight * _exceeds(ours, reference) for weight, ours in posterior.parts),
        posterior,
        sum(weight * (a + b) for weight, (a, b) in prior.parts),
        _conflict(prior, round(free), round(n)),
    )


def _update(prior: Posterior, free: float, n: float) -> Posterior:
    """Bayes: each part by its own data, the weights by how well each foresaw them."""
    weighted = [
        (log(weight) + _log_beta(a + free, b + n - free) - _log_beta(a, b), (a + free, b + n - free))
        for weight, (a, b) in prior.parts
        if weight > 0
    ]
    most = max(score for score, _ in weighted)
    scores = [np.exp(score - most) for score, _ in weighted]
    return Posterior(
        tuple((float(s / sum(scores)), part) for s, (_, part) in zip(scores, weighted, strict=True))
    )


def _exceeds(ours: Beta, theirs: Beta) -> float:
    """P(X > Y) for independent X ~ Beta(ours), Y ~ Beta(theirs): F_Y averaged over the quantiles of X."""
    values = [beta_quantile((k + 0.5) / GRID, *ours) for k in range(GRID)]
    return sum(beta_cdf(value, *theirs) for value in values) / GRID


def _conflict(prior: Posterior, free: int, n: int) -> float:
    chances = [
        sum(
            w * comb(n, k) * np.exp(_log_beta(a + k, b + n - k) - _log_beta(a, b))
            for w, (a, b) in prior.parts
        )
        for k in range(n + 1)
    ]
    return float(min(1.0, sum(chance for chance in chances if chance <= chances[free] * (1 + 1e-9))))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
