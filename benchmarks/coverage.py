"""How often every interval on offer holds the truth, in cohorts of 11, 20 and 50; all ask for 95 %.

Survival is exponential with a mean of 1,000 days, censoring uniform over 0 to 3,000, times are whole days. A cohort
counts at a day if its curve is estimable there. "none" is the share of those in which the interval is not defined
(Greenwood's variance before the first event), which counts neither way; a limit not reached is infinite. Of two
groups, each has so many patients, and the second twice the hazard. Proportions are not drawn: their coverage is
summed over all outcomes.
Run: python benchmarks/coverage.py [cohorts]
"""

import sys
from collections.abc import Iterator
from math import comb, exp, inf, log

import numpy as np

from caseseries.stats.competing import estimate_incidence
from caseseries.stats.contingency import estimate_difference, estimate_odds_ratio
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import count_events, reverse, single_cause
from caseseries.stats.hazard import estimate_hazard
from caseseries.stats.intervals import INTERVALS, limit_survival
from caseseries.stats.melding import estimate_median_difference, estimate_survival_difference
from caseseries.stats.proportions import estimate_median, estimate_proportion
from caseseries.stats.ranks import estimate_shift
from caseseries.stats.reference import estimate_mortality_ratio, reference_exponential
from caseseries.stats.regression import estimate_hazard_ratio, fit_cox
from caseseries.stats.restricted import estimate_restricted_mean
from caseseries.stats.survival import estimate_quantile

DAYS = (100, 500, 1000, 1500)
SIZES = (11, 20, 50)
MEAN, LAST, FIRST_CAUSE = 1000, 3000, 0.6
FELL = 1 - exp(-1 / MEAN)  # on any one day, of those alive before it
SLOW = 0.2  # of the cohorts: iterated models with profile limits take long


def draw_rows(n, random, mean=MEAN):
    """Days observed, and 0 or the cause: 1 (in 60 %) or 2."""
    life = np.floor(random.exponential(mean, n)).astype(int) + 1
    seen = np.floor(random.uniform(0, LAST, n)).astype(int) + 1
    cause = 1 + (random.uniform(size=n) > FIRST_CAUSE)
    return np.minimum(life, seen), np.where(life <= seen, cause, 0)


def cover_curves(n, cohorts, seed=1):
    """Sums over cohorts: {(interval, day): [estimable, defined, covered, width]}."""
    random = np.random.default_rng(seed)
    sums = {(name, day): np.zeros(4) for name in INTERVALS for day in DAYS}
    for _ in range(cohorts):
        table = count_events(*draw_rows(n, random), causes=2)
        steps = table.steps
        days = [day for day in DAYS if day <= table.last_day or steps.survival[-1] == 0]
        rows = np.array([steps.row(day) for day in days], dtype=np.int64)
        for name in INTERVALS:
            for day, lower, upper in zip(days, *limit_survival(steps, rows, 0.95, name), strict=True):
                defined = lower == lower
                held = defined and lower <= exp(-day / MEAN) <= upper
                sums[name, day] += (1, defined, held, upper - lower if defined else 0)
    return sums


def of_one_group(rows) -> Iterator[tuple[str, float, Estimate]]:
    """What is asked, the truth, and the estimate."""
    causes = count_events(*rows, causes=2)
    table = single_cause(causes)
    for interval in ("bpcp", "bpcp-midp", "log-log"):
        yield f"median, {interval}", MEAN * log(2), estimate_quantile(table, interval=interval)
    yield "upper quartile, bpcp", MEAN * log(4), estimate_quantile(table, 0.75)
    yield "median follow-up, reverse Kaplan–Meier, bpcp", LAST / 2, estimate_quantile(reverse(table))
    yield "cumulative hazard at 500 days, log", 500 * FELL, estimate_hazard(table, 500)
    yield "restricted mean to 1,000 days", (1 - exp(-1)) / FELL, estimate_restricted_mean(table, 1000)
    truth = FIRST_CAUSE * (1 - exp(-0.5))
    yield "incidence of one of two causes at 500 days", truth, estimate_incidence(causes, 1, 500)
    reference = reference_exponential(exp(-1), MEAN)
    yield "observed over expected, exact Poisson", FELL * MEAN, estimate_mortality_ratio(table, reference)


def of_two_groups(ours, theirs, *, slow) -> Iterator[tuple[str, float, Estimate]]:
    a, b = (single_cause(count_events(*rows, causes=2)) for rows in (ours, theirs))
    gap = exp(-0.5) - exp(-1)
    yield "difference of survival at 500 days, melded", gap, estimate_survival_difference(a, b, 500)
    yield "difference of medians, melded", MEAN / 2 * log(2), estimate_median_difference(a, b)
    yield "hazard ratio, Cox, Wald", 2.0, estimate_hazard_ratio(b, a)
    if not slow:
        return
    stop, event = (np.concatenate(column) for column in zip(ours, theirs, strict=True))
    x = np.repeat([0.0, 1.0], len(ours[0]))[:, None]
    for name, firth in (("hazard ratio, Cox, profile", False), ("hazard ratio, Firth, profile", True)):
        model = fit_cox(stop, event > 0, x, ["group"], firth=firth, interval="profile")
        none = Estimate(None, None, None, 0.95, "", 0, because=model.because)
        yield name, 2.0, model.ratios[0] if model.ratios else none


def cover_estimates(n, cohorts, seed=2):
    """Sums over cohorts: {what: [asked, defined, covered]}."""
    random = np.random.default_rng(seed)
    sums: dict[str, np.ndarray] = {}
    for number in range(cohorts):
        first, second = draw_rows(n, random), draw_rows(n, random, MEAN / 2)
        shift = estimate_shift(random.normal(1, 1, n), random.normal(0, 1, n))
        found = [
            *of_one_group(first),
            *of_two_groups(first, second, slow=number < SLOW * cohorts),
            ("shift of two samples, Hodges–Lehmann", 1.0, shift),
            ("median of complete data, order statistics", log(2), estimate_median(random.exponential(1, n))),
        ]
        for name, truth, estimate in found:
            half = (estimate.lower is None) != (estimate.upper is None)
            quantile = "median" in name or "quartile" in name
            defined = not estimate.because and (estimate.lower is not None or half or quantile)
            defined = defined or (quantile and estimate.because.startswith(("not reached", "a median was")))
            lower = -inf if estimate.lower is None else estimate.lower
            upper = inf if estimate.upper is None else estimate.upper
            held = defined and lower <= truth <= upper
            sums[name] = sums.get(name, np.zeros(3)) + np.array([1, defined, held])
    return sums


def cover_proportions(n) -> Iterator[tuple[str, float, float]]:
    """Mean and least coverage over true proportions from 0.01 to 0.99: no drawing."""
    truths = np.linspace(0.01, 0.99, 99)
    chances = np.array([[comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1)] for p in truths])
    for method in ("clopper-pearson", "mid-p", "wilson", "jeffreys"):
        found = [estimate_proportion(x, n, method=method) for x in range(n + 1)]
        held = np.array([[e.lower <= p <= e.upper for e in found] for p in truths])
        shares = (chances * held).sum(axis=1)
        yield f"proportion, {method}", float(shares.mean()), float(shares.min())
    pairs = [(p, q) for p in (0.1, 0.3, 0.5, 0.8) for q in (0.1, 0.3, 0.5, 0.8)]
    for name, estimate, truth in (
        ("difference of proportions, hybrid Wilson", estimate_difference, lambda p, q: p - q),
        ("odds ratio, exact conditional", estimate_odds_ratio, lambda p, q: p / (1 - p) * (1 - q) / q),
    ):
        found = {(x, y): estimate(x, n, y, n) for x in range(n + 1) for y in range(n + 1)}
        shares = [cover_pair(found, n, p, q, truth(p, q)) for p, q in pairs]
        yield name, float(np.mean(shares)), min(shares)


def cover_pair(found, n, p, q, truth):
    """Coverage over the outcomes of two binomials; a table whose margins allow no other holds every ratio."""
    total = 0.0
    for (x, y), e in found.items():
        lower, upper = (e.lower if e.lower is not None else -inf), (e.upper if e.upper is not None else inf)
        if (lower <= truth * (1 + 1e-12) and truth <= upper * (1 + 1e-12)) or lower <= truth <= upper:
            total += comb(n, x) * p**x * (1 - p) ** (n - x) * comb(n, y) * q**y * (1 - q) ** (n - y)
    return total


def describe(cohorts):
    error = (0.95 * 0.05 / cohorts) ** 0.5
    yield f"{cohorts:,} cohorts of each size; the standard error of a coverage of 95 % is {error:.1%}."
    truths = " | ".join(f"S = {exp(-day / MEAN):.3f}" for day in DAYS)
    for n in SIZES:
        sums = cover_curves(n, cohorts)
        yield f"\n| n = {n}: coverage, mean width (none) | {truths} |\n|---|{'---|' * len(DAYS)}"
        for name, interval in INTERVALS.items():
            yield f"| {interval.name} | {' | '.join(cell(*sums[name, day]) for day in DAYS)} |"
    yield f"\n| coverage (none) | {' | '.join(f'n = {n}' for n in SIZES)} |\n|---|{'---|' * len(SIZES)}"
    found = [cover_estimates(n, cohorts) for n in SIZES]
    for name in found[0]:
        yield f"| {name} | {' | '.join(cell(*each[name], None) for each in found)} |"
    yield f"\n| mean and least coverage | {' | '.join(f'n = {n}' for n in SIZES)} |\n|---|{'---|' * len(SIZES)}"
    for rows in zip(*(list(cover_proportions(n)) for n in SIZES), strict=True):
        yield f"| {rows[0][0]} | {' | '.join(f'{mean:.1%}, {least:.1%}' for _, mean, least in rows)} |"


def cell(estimable, defined, covered, width):
    none = 1 - defined / estimable
    between = "" if width is None else f", {width / defined:.2f}"
    return f"{covered / defined:.1%}{between}" + (f" ({none:.0%})" if none > 0.005 else "")


if __name__ == "__main__":
    for line in describe(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
