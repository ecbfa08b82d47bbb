"""How often each interval of a survival estimate holds the truth, in cohorts of 11, 20 and 50.

Survival is exponential with a mean of 1,000 days, censoring uniform over 0 to 3,000 days, times are whole days;
the interval asked for is 95 %. A cohort counts at a day if its curve is estimable there. "none" is the share of
those in which the interval is not defined (Greenwood's variance before the first event), which counts neither way.
Run: python benchmarks/coverage.py [cohorts]
"""

import sys
from math import exp

import numpy as np

from caseseries.stats.events import count_events
from caseseries.stats.intervals import INTERVALS, limit_survival

DAYS = (100, 500, 1000, 1500)
SIZES = (11, 20, 50)


def draw_cohort(n, random):
    life = np.floor(random.exponential(1000, n)).astype(int) + 1
    seen = np.floor(random.uniform(0, 3000, n)).astype(int) + 1
    return count_events(np.minimum(life, seen), life <= seen)


def cover(n, cohorts, seed=1):
    """Sums over cohorts: {(interval, day): [estimable, defined, covered, width]}."""
    random = np.random.default_rng(seed)
    sums = {(name, day): np.zeros(4) for name in INTERVALS for day in DAYS}
    for _ in range(cohorts):
        table = draw_cohort(n, random)
        steps = table.steps
        days = [day for day in DAYS if day <= table.last_day or steps.survival[-1] == 0]
        rows = np.array([steps.row(day) for day in days], dtype=np.int64)
        for name in INTERVALS:
            for day, lower, upper in zip(days, *limit_survival(steps, rows, 0.95, name), strict=True):
                defined = lower == lower
                held = defined and lower <= exp(-day / 1000) <= upper
                sums[name, day] += (1, defined, held, upper - lower if defined else 0)
    return sums


def describe(cohorts):
    error = (0.95 * 0.05 / cohorts) ** 0.5
    yield f"{cohorts:,} cohorts of each size; the standard error of a coverage of 95 % is {error:.1%}."
    truths = " | ".join(f"S = {exp(-day / 1000):.3f}" for day in DAYS)
    for n in SIZES:
        sums = cover(n, cohorts)
        yield f"\n| n = {n}: coverage, mean width (none) | {truths} |\n|---|{'---|' * len(DAYS)}"
        for name, interval in INTERVALS.items():
            yield f"| {interval.name} | {' | '.join(cell(*sums[name, day]) for day in DAYS)} |"


def cell(estimable, defined, covered, width):
    none = 1 - defined / estimable
    return f"{covered / defined:.1%}, {width / defined:.2f}" + (f" ({none:.0%})" if none > 0.005 else "")


if __name__ == "__main__":
    for line in describe(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        sys.stdout.write(f"{line}\n")
