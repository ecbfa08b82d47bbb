"""The bootstrap of a curve: all of it when the cohort is small enough, draws otherwise."""

from collections.abc import Sequence
from math import comb, lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats
from caseseries.stats.events import EventTable

Counts = npt.NDArray[np.integer[Any]]

MOST = 1_500_000  # distinct resamples: 12 patients have 1,352,078


def bootstrap_exactly(table: EventTable, day: int) -> tuple[Floats, Floats]:
    """Every distinct value of S(day) over all resamples of the patients, and its probability; both (V,).

    The n patients can be drawn with replacement in comb(2n - 1, n) distinct ways (352,716 for eleven), each with
    its multinomial probability (Efron & Tibshirani 1993, section 6.2). Patients alike are one kind, which leaves
    fewer. Everyone must be under observation from the outset. Resamples whose last patient is censored before
    `day` have the value of their last step.
    """
    kinds = _Kinds(table)
    if comb(table.n + kinds.sizes.size - 1, table.n) > MOST:
        raise ValueError(f"{table.n} patients have too many resamples to list: draw them")
    counts = _compositions(table.n, kinds.sizes.size)
    log_factorials = np.array([lgamma(k + 1) for k in range(table.n + 1)])
    drawn = np.arange(table.n + 1)
    log_ways = np.full(counts.shape[1], log_factorials[-1])
    for count, size in zip(counts, kinds.sizes.tolist(), strict=True):
        log_ways += (drawn * log(size / table.n) - log_factorials)[count]
    values, place = np.unique(np.round(kinds.survival(counts, [day])[0], 12), return_inverse=True)
    return values, np.bincount(place, weights=np.exp(log_ways), minlength=values.size).astype(np.float64)


def bootstrap_curves(
    table: EventTable, days: Sequence[int], draws: int, random: "np.random.Generator"
) -> Floats:
    """S on each of `days` in `draws` resamples of the patients: (draws, days)."""
    kinds = _Kinds(table)
    patients = np.repeat(np.arange(kinds.sizes.size), kinds.sizes)
    drawn = patients[random.integers(0, table.n, size=(draws, table.n))]
    cells = drawn * draws + np.arange(draws)[:, None]
    counts = np.bincount(cells.ravel(), minlength=kinds.sizes.size * draws).reshape(-1, draws)
    return kinds.survival(counts, days).T


class _Kinds:
    """Patients who leave on the same day in the same way are one kind; kinds in order of leaving."""

    def __init__(self, table: EventTable) -> None:
        if table.delayed or not table.n:
            raise ValueError("a bootstrap needs patients who are all under observation from the outset")
        days = np.repeat(table.days, 2)
        sizes = np.stack([table.any_event, table.censored], axis=1).ravel()
        events = np.tile([True, False], table.days.size)
        self.days, self.sizes, self.events = days[sizes > 0], sizes[sizes > 0], events[sizes > 0]

    def survival(self, counts: Counts, days: Sequence[int]) -> Floats:
        """S on `days` for each of R resamples, of which `counts` (kinds, R) holds the patients: (days, R)."""
        wanted = np.searchsorted(self.days, days, side="right")
        found = np.ones((wanted.size, counts.shape[1]))
        at_risk, product = np.full(counts.shape[1], float(self.sizes.sum())), np.ones(counts.shape[1])
        for kind in range(int(wanted.max(initial=0))):
            count = counts[kind].astype(np.float64)
            if self.events[kind]:
                product *= 1 - count / np.maximum(at_risk, 1)
            at_risk -= count
            found[wanted == kind + 1] = product
        return found


def _compositions(total: int, parts: int) -> Counts:
    """All ways to write `total`, below 256, as an ordered sum of `parts` numbers from 0: (parts, ways)."""
    left = np.array([total])
    columns: list[Counts] = []
    for _ in range(parts - 1):
        choices = left + 1
        taken = np.arange(choices.sum()) - np.repeat(np.cumsum(choices) - choices, choices)
        columns = [np.repeat(column, choices) for column in columns]
        columns.append(taken.astype(np.uint8))
        left = np.repeat(left, choices) - taken
    return np.stack([*columns, left.astype(np.uint8)])
