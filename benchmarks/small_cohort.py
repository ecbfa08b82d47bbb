"""Milliseconds for what eleven patients ask, warm: processor time, the median of 21 rounds after one unmeasured.

Run: python benchmarks/small_cohort.py
"""

import statistics
import sys
import time

import numpy as np

from caseseries.stats import distributions
from caseseries.stats.bootstrap import bootstrap_curves, bootstrap_exactly
from caseseries.stats.events import count_events
from caseseries.stats.permutation import permute_groups
from caseseries.stats.survival import estimate_survival

ELEVEN = [35, 57, 60, 70, 92, 108, 133, 300, 500, 900, 1163], [1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
# Remission in weeks, Freireich et al. 1963 (Blood 21:699): 21 children on placebo, 21 on 6-mercaptopurine.
PLACEBO = [1, 22, 3, 12, 8, 17, 2, 11, 8, 12, 2, 5, 4, 15, 8, 23, 5, 11, 4, 1, 8]
DRUG = [10, 7, 32, 23, 22, 6, 16, 34, 32, 25, 11, 20, 19, 6, 17, 35, 6, 13, 9, 6, 10]
RELAPSED = [1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0]


def five_horizons():
    """Counting included; nothing remembered from the round before."""
    distributions.beta_quantile.cache_clear()
    table = count_events(*ELEVEN)
    for day in (30, 90, 180, 365, 1095):
        estimate_survival(table, day)
        estimate_survival(table, day, interval="log-log")


def permutation():
    permute_groups(count_events(PLACEBO, [1] * 21), count_events(DRUG, RELAPSED))


def drawn():
    bootstrap_curves(count_events(*ELEVEN), [90, 365], 10_000, np.random.default_rng(1))


def exact():
    bootstrap_exactly(count_events(*ELEVEN), 365)


TASKS = (
    ("11 patients: Kaplan–Meier with BPCP and log-log limits at 5 horizons", five_horizons, 1),
    ("exact permutation log-rank, 21 v 21", permutation, 50),
    ("10,000 bootstrap curves of 11", drawn, 10),
    ("exact bootstrap distribution of 11 (352,716 resamples)", exact, 500),
)


def measure(task):
    task()
    times = []
    for _ in range(21):
        start = time.process_time()
        task()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times), min(times)


if __name__ == "__main__":
    sys.stdout.write("| task | ms, median | fastest | goal |\n|---|---|---|---|\n")
    for name, task, goal in TASKS:
        median, fastest = measure(task)
        sys.stdout.write(f"| {name} | {median:.3g} | {fastest:.3g} | {goal} |\n")
