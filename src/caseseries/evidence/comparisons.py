"""Our cohort against a published outcome: at a horizon, over the whole follow-up, and with a prior.

A published estimate has an error of its own, and it is carried: as the variance of the reference's hazard in
the one-sample test, as the spread of the expected events in the ratio, as a distribution in the Bayesian answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import exp, lgamma, log, log1p, pi

import numpy as np

from caseseries.evidence.outcomes import Beta
from caseseries.stats.distributions import Floats, beta_cdf, beta_quantile, chi_square_tail, find_root
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable, count_at_risk
from caseseries.stats.reference import Reference, count_expected, poisson_tails

GRID = 2048  # places at which densities are summed: P(better) is good to about 1e-6
STEEP = 1.0  # below this a density rises without bound at its end
WEAK: Beta = (1.0, 1.0)


@dataclass(frozen=True)
class Posterior:
    """What is believed about a probability: betas with their weights, which add to 1."""

    parts: tuple[tuple[float, Beta], ...]

    @property
    def mean(self) -> float:
        return sum(weight * a / (a + b) for weight, (a, b) in self.parts)

    @property
    def masses(self) -> Floats:
        """The probability at each place of the grid."""
        masses: Floats = np.sum([weight * _masses(part) for weight, part in self.parts], axis=0)
        return masses


@dataclass(frozen=True)
class Better:
    """P(better), with the prior that led to it. `effective` is the prior's effective sample size.

    `conflict` is the two-sided probability, under the prior, of data as far from it as ours; small means
    that the prior and the cohort disagree.
    """

    prior: str
    probability: float
    posterior: Posterior
    effective: float | None
    conflict: float


@dataclass(frozen=True)
class Expected:
    """Observed and expected events of a cohort, and the variance that the expected ones have of their own."""

    n: int
    observed: int
    expected: float
    own: float | None  # None where the reference gives no error


def compare_horizon(table: EventTable, day: int, share: float) -> Comparison:
    """Exact binomial test of the share without event on a day against the published share, two-sided.

    Valid only where everybody was followed to that day or to an event: otherwise it says so and gives none.
    """
    name = "exact binomial test"
    early = int(table.censored[table.days < day].sum())
    events = int(table.any_event[table.days <= day].sum())
    free, expected = table.n - events, table.n * share
    counts = ((float(free),), (expected,))
    if early:
        because = f"{early} of {table.n} were censored before day {day}; the test needs complete follow-up"
        return Comparison(name, None, None, None, table.n, *counts, because=because)
    chances = [_binomial(k, table.n, share) for k in range(table.n + 1)]
    p = sum(chance for chance in chances if chance <= chances[free] * (1 + 1e-9))
    return Comparison(name, float(free), None, min(1.0, p), table.n, *counts)


def _binomial(k: int, n: int, share: float) -> float:
    """P(k of n), by logarithms: the counts of ways alone are beyond any float from a thousand cases on."""
    if share in (0, 1):
        return float(k == n * share)
    return exp(_log_ways(k, n) + k * log(share) + (n - k) * log1p(-share))


def expect(parts: Sequence[tuple[EventTable, Reference]]) -> Expected:
    """Events observed and expected when each part of a cohort is held against the reference of its own kind."""
    counts = [count_expected(table, reference) for table, reference in parts]
    known = all(reference.variance is not None for _, reference in parts)
    return Expected(
        sum(table.n for table, _ in parts),
        sum(observed for observed, _, _ in counts),
        sum(expected for _, expected, _ in counts),
        sum(own for _, _, own in counts) if known else None,
    )


def mix(parts: Sequence[tuple[int, float, float | None]]) -> tuple[float, float | None]:
    """The survival of a mixed population and its standard error, from (our cases, S, its error) of each part.

    The mixture's S is the mean weighted by our own numbers; its variance the sum of the squared weights times
    the parts'. Without the error of every part it has none.
    """
    total = sum(count for count, _, _ in parts)
    share = sum(count * one for count, one, _ in parts) / total
    if any(error is None for _, _, error in parts):
        return share, None
    return share, sum((count / total * (error or 0.0)) ** 2 for count, _, error in parts) ** 0.5


def compare_follow_up(counted: Expected) -> Comparison:
    """One-sample log-rank test, (O − E)² / (E + the reference's own variance); see `stats.reference`."""
    name = "one-sample log-rank test"
    counts = ((float(counted.observed),), (counted.expected,))
    if counted.expected <= 0:
        return Comparison(name, None, None, None, counted.n, *counts, because="no event is expected")
    if counted.own is not None:
        name += ", with the reference’s sampling error"
    variance = counted.expected + (counted.own or 0.0)
    statistic = (counted.observed - counted.expected) ** 2 / variance
    return Comparison(name, statistic, 1, chi_square_tail(statistic, 1), counted.n, *counts)


def estimate_ratio(counted: Expected, level: float = 0.95) -> Estimate:
    """Observed over expected events (SMR), with limits that hold the reference's own error.

    Given the true expectation the observed events are Poisson; the expectation is taken as gamma with its mean and
    variance, so that the events are negative binomial, and the limits invert its tails as Garwood's invert
    the Poisson's, to which they tend as the reference's error vanishes. Where that error is as large as the
    expectation, the gamma heaps at no events at all, and the limits, of which the upper has no bound, say nothing.
    """
    observed, expected = counted.observed, counted.expected
    method = "observed / expected events, exact Poisson"
    if expected <= 0:
        because = "no event is expected"
        return Estimate(None, None, None, level, method, counted.n, observed, because=because)
    tail = (1 - level) / 2
    if counted.own and counted.own >= expected**2:
        caveats = ("the reference’s own error is as large as what it lets expect: there are no limits",)
        return Estimate(observed / expected, None, None, level, method, counted.n, observed, caveats=caveats)
    if counted.own:
        method = "observed / expected events, Poisson with a gamma-distributed expectation"
        shape = expected**2 / counted.own
        lower = _ratio_at(1 - tail, shape, observed, expected) if observed else 0.0
        upper = _ratio_at(tail, shape, observed + 1, expected)
    else:
        lower = _poisson_ratio(observed, expected, 1, tail) if observed else 0.0
        upper = _poisson_ratio(observed, expected, 0, tail)
    return Estimate(observed / expected, lower, upper, level, method, counted.n, observed)


def _ratio_at(p: float, shape: float, events: int, expected: float) -> float:
    """The ratio at which fewer than `events` have probability `p`: I_x(shape, events) = p at x = k / (k + ratio E)."""
    x = beta_quantile(p, shape, float(events))
    return shape * (1 - x) / (x * expected)


def _poisson_ratio(observed: int, expected: float, side: int, tail: float) -> float:
    """Where the tail of the side (0: as few, 1: as many as observed) has this probability."""
    sign, most = (1 if side else -1), (observed + 10) * 10.0 / expected
    return find_root(lambda ratio: sign * (poisson_tails(observed, ratio * expected)[side] - tail), 0.0, most)


def weigh(
    free: float, n: float, published: Beta, robust: float = 0.5, power: float = 0.5
) -> tuple[Better, ...]:
    """P(our probability is better than the reference's) under a weak, a robust and a power prior.

    `free` of `n` were without event at the horizon; with censoring, pass the effective n. Robust: the published beta
    with weight `robust`, else the weak prior (Schmidli 2014, Biometrics 70:1023). Power: the published beta at
    `power` of its worth (Ibrahim & Chen 2000, Stat Sci 15:46).
    """
    priors = (
        ("weak", Posterior(((1.0, WEAK),))),
        ("robust", Posterior(((robust, published), (1 - robust, WEAK)))),
        ("power", Posterior(((1.0, _tempered(published, power)),))),
    )
    return tuple(_weigh_one(name, prior, free, n, published) for name, prior in priors)


def find_tipping_point(free: float, n: float, published: Beta, level: float = 0.975) -> float | None:
    """The share of the published data, as a power prior, at which it is open again which of the two is higher.

    Open means that neither has `level` of the probability to be the higher one. None if up to the whole of the
    data it never is; 0 if it is open from the start.
    """

    def settled(power: float) -> float:
        ours = _update(Posterior(((1.0, _tempered(published, power)),)), free, n)
        better = exceeds(ours, published)
        return max(better, 1 - better)

    if settled(0.0) < level:
        return 0.0
    if settled(1.0) >= level:
        return None
    return _bisect(settled, level)


def estimate_difference(ours: Posterior, published: Beta, level: float = 0.95) -> tuple[float, float, float]:
    """Ours less the reference's: posterior mean and limits of equal tails, as proportions."""
    masses, theirs, places = ours.masses, _cumulated(published), _places()

    def below(difference: float) -> float:
        under = np.interp(places - difference, places, theirs, left=0.0, right=1.0)
        return float(masses @ (1 - under))

    tail = (1 - level) / 2
    low, high = (find_root(lambda d, p=p: below(d) - p, -1.0, 1.0) for p in (tail, 1 - tail))  # type: ignore[misc]
    return ours.mean - published[0] / sum(published), low, high


def effective_number(table: EventTable, day: int, survival: float) -> tuple[float, float]:
    """(free, n): the cases that carry the estimate at a day, and how many fully followed ones they stand for.

    n is the number still free at the day over the estimate (Peto 1977, Br J Cancer 35:1): the cautious choice,
    because a flat tail that one case carries then counts as little as it is worth.
    """
    free = float(count_at_risk(table, np.array([day + 1]))[0] + table.censored[table.days == day].sum())
    if survival > 0:
        return free, free / survival
    return 0.0, float(table.n - table.censored[table.days < day].sum())


def effective_size(prior: Posterior) -> float | None:
    """How many patients a prior is worth: the expected local information ratio (Neuenschwander, Weber, Schmidli &
    O'Hagan 2020, Biometrics 76:578), which for one beta is a + b.

    The information of a mixture at a place is the mean of its parts' there, by their shares in the density, less the
    variance of their scores. The first of the two has a closed expectation, b + a for a part with a > 1 and b > 1. With
    a or b below 1, as after 10 of 11, the expectation of a mixture diverges: it has no such size.
    """
    if len(prior.parts) == 1:
        return sum(prior.parts[0][1])
    if any(min(part) < 1 for _, part in prior.parts):
        return None
    x, masses = _places(), [weight * _masses(part) for weight, part in prior.parts]
    shares = np.array(masses) / np.sum(masses, axis=0)
    scores = np.array([(a - 1) / x - (b - 1) / (1 - x) for _, (a, b) in prior.parts])
    spread = (shares * scores**2).sum(axis=0) - (shares * scores).sum(axis=0) ** 2
    curved = sum(weight * (b * (a > 1) + a * (b > 1)) for weight, (a, b) in prior.parts)
    return float(curved - np.sum(masses, axis=0) @ (x * (1 - x) * spread))


def exceeds(ours: Posterior, theirs: Beta) -> float:
    """P(X > Y) for independent X ~ ours, Y ~ Beta(theirs)."""
    return float(ours.masses @ _cumulated(theirs))


@cache
def _places() -> Floats:
    """Places in 0 to 1, dense towards both ends, so that densities that rise there are summed well."""
    angles = (np.arange(GRID) + 0.5) / GRID * pi / 2
    places: Floats = np.sin(angles) ** 2
    return places


@cache
def _edges() -> Floats:
    """Where the cells around the places meet."""
    edges: Floats = np.sin(np.arange(GRID + 1) / GRID * pi / 2) ** 2
    return edges


@lru_cache(maxsize=64)  # the search for the tipping point asks for the published one again and again
def _masses(part: Beta) -> Floats:
    """A beta distribution's probability at each place; the spacing of the places adds a half to each power.

    A density that rises too steeply at an end for its height at a place is taken cell by cell from the distribution.
    """
    a, b = part
    if min(a, b) < STEEP:
        below = [beta_cdf(float(edge), a, b) for edge in _edges()]
        return np.diff(np.array(below))
    places = _places()
    logs = (a - 0.5) * np.log(places) + (b - 0.5) * np.log1p(-places)
    heights = np.exp(logs - logs.max())
    masses: Floats = heights / heights.sum()
    return masses


def _cumulated(part: Beta) -> Floats:
    masses = _masses(part)
    below: Floats = np.cumsum(masses) - masses / 2
    return below


def _bisect(settled: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if settled(middle) >= level else (low, middle)
    return (low + high) / 2


def _tempered(published: Beta, power: float) -> Beta:
    return WEAK[0] + power * published[0], WEAK[1] + power * published[1]


def _weigh_one(name: str, prior: Posterior, free: float, n: float, reference: Beta) -> Better:
    posterior = _update(prior, free, n)
    return Better(
        name,
        exceeds(posterior, reference),
        posterior,
        effective_size(prior),
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


def _conflict(prior: Posterior, free: int, n: int) -> float:
    chances = [
        sum(
            w * exp(_log_ways(k, n) + _log_beta(a + k, b + n - k) - _log_beta(a, b))
            for w, (a, b) in prior.parts
        )
        for k in range(n + 1)
    ]
    return float(min(1.0, sum(chance for chance in chances if chance <= chances[free] * (1 + 1e-9))))


def _log_ways(k: int, n: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
