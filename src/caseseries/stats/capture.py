"""How many cases there are when two sources each found some of them, and some were found twice.

The number in neither source is inferred from the overlap, so the answer rests on how far being in one source
depends on being in the other. With an odds ratio of 1 the sources are independent; above 1 (the clinician who
sits on the board also answers the survey) there are more unseen cases than independence says.
"""

from collections.abc import Callable
from math import exp, lgamma, log, sqrt

from caseseries.stats.distributions import normal_quantile
from caseseries.stats.estimate import Estimate

CHAPMAN = "two-source estimate (Chapman 1951), interval by exact inversion of the hypergeometric distribution"
DEPENDENT = "two-source estimate at a stated odds ratio, interval from Fisher's noncentral hypergeometric"
PROFILE = "two-source maximum likelihood, profile-likelihood interval (Cormack 1992)"

NOTHING = "one of the two sources found no case"
NO_OVERLAP = "no case was found by both sources, so the overlap sets no upper limit"
FARTHEST = 10**9


def estimate_total(
    first: int, second: int, both: int, level: float = 0.95, odds_ratio: float = 1.0
) -> Estimate:
    """The number of cases in all, seen and unseen, from the cases in each source and in both.

    Value: seen + odds_ratio × (only first) × (only second) / (both + 1), which for an odds ratio of 1 is
    Chapman's estimate (University of California Publications in Statistics 1951;1:131). The limits are the
    smallest and largest whole totals under which neither tail of the overlap is as rare as (1 - level) / 2;
    without overlap there is no largest.
    """
    seen = _seen(first, second, both)
    method = CHAPMAN if odds_ratio == 1 else DEPENDENT
    if not (first and second):
        return Estimate(None, None, None, level, method, seen, both, because=NOTHING)
    value = seen + odds_ratio * (first - both) * (second - both) / (both + 1)
    tail = (1 - level) / 2

    def overlap(total: int) -> tuple[float, float]:
        return _tails(total, first, second, both, odds_ratio)

    lower = _first_whole(lambda total: overlap(total)[0] > tail, seen)
    above = _first_whole(lambda total: overlap(total)[1] <= tail, lower) if both else None
    upper = None if above is None else max(above - 1, seen)
    caveats = () if both else (NO_OVERLAP,)
    return Estimate(value, lower, upper, level, method, seen, both, caveats=caveats)


def chapman_error(first: int, second: int, both: int) -> float:
    """The standard error of Chapman's estimate (Seber 1970, Biometrika 57:13)."""
    _seen(first, second, both)
    spread = (first + 1) * (second + 1) * (first - both) * (second - both)
    return sqrt(spread / ((both + 1) ** 2 * (both + 2)))


def estimate_total_by_profile(first: int, second: int, both: int, level: float = 0.95) -> Estimate:
    """The most likely whole total, with the totals whose profile likelihood is not too far below it.

    Each source finds a case with its own probability, which is profiled out (Cormack, Biometrics 1992;48:567).
    """
    seen = _seen(first, second, both)
    if not (first and second):
        return Estimate(None, None, None, level, PROFILE, seen, both, because=NOTHING)
    if not both:
        return Estimate(None, None, None, level, PROFILE, seen, both, because=NO_OVERLAP)

    def height(total: int) -> float:
        return _profile(total, seen, first, second)

    best = _first_whole(lambda total: height(total + 1) <= height(total), seen)
    floor = height(best) - normal_quantile(0.5 + level / 2) ** 2 / 2
    lower = _first_whole(lambda total: total >= best or height(total) >= floor, seen)
    upper = _first_whole(lambda total: height(total) < floor, best) - 1
    return Estimate(best, lower, upper, level, PROFILE, seen, both)


def _seen(first: int, second: int, both: int) -> int:
    if not 0 <= both <= min(first, second):
        raise ValueError(f"{both} cases cannot be in both of two sources with {first} and {second}")
    return first + second - both


def _tails(total: int, first: int, second: int, both: int, odds_ratio: float) -> tuple[float, float]:
    """P(overlap <= both) and P(overlap >= both) when there are `total` cases."""
    possible = range(max(0, first + second - total), min(first, second) + 1)
    heights = [_log_weight(total, first, second, k, odds_ratio) for k in possible]
    highest = max(heights)
    weights = [exp(height - highest) for height in heights]
    below = sum(weight for k, weight in zip(possible, weights, strict=True) if k <= both)
    above = sum(weight for k, weight in zip(possible, weights, strict=True) if k >= both)
    return below / sum(weights), above / sum(weights)


def _log_weight(total: int, first: int, second: int, k: int, odds_ratio: float) -> float:
    return _log_choose(first, k) + _log_choose(total - first, second - k) + k * log(odds_ratio)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _profile(total: int, seen: int, first: int, second: int) -> float:
    """The log-likelihood of a total, with each source's probability at its best: found / total."""
    missed = sum(_x_log_x(total - found) for found in (first, second))
    return lgamma(total + 1) - lgamma(total - seen + 1) + missed - 2 * _x_log_x(total)


def _x_log_x(x: int) -> float:
    return x * log(x) if x else 0.0


def _first_whole(holds: Callable[[int], bool], start: int) -> int:
    """The smallest whole number from `start` on for which a condition holds that, once true, stays true."""
    if holds(start):
        return start
    low, step = start, 1
    while not holds(low + step):
        low, step = low + step, 2 * step
        if low > FARTHEST:
            raise ValueError("no whole number is large enough")
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
