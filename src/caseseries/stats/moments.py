"""The sums Cox's likelihood is made of: on each event day, over those at risk and over those who fall.

Of each row, w = exp(x'beta), w x and the upper triangle of w x x' are added: m = 1 + p + p (p + 1) / 2 numbers.
A row is added to the day it leaves on and nowhere else; those at risk on a day are those who leave on it or later,
less those who enter later. So one pass over the rows is one evaluation. Many rows are added by the kernel of the
`fast` extra, if it is installed; the sums differ by rounding alone.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats
from caseseries.stats.steps import Ints

FAST_FROM = 200_000  # rows; below them the kernel's own import costs more than it saves


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in any order; `first` and `last` index the event days a row is at risk on, `at` its own or -1.

    The covariates `x` (N, p) are centred; each column lies together in memory.
    """

    x: Floats
    first: Ints
    last: Ints
    at: Ints
    days: Ints
    deaths: Ints

    @cached_property
    def fell(self) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = self.at >= 0
        return known

    @cached_property
    def spread(self) -> Floats:
        """The standard deviation of each covariate, (p,)."""
        spread: Floats = np.sqrt(np.einsum("ia,ia->a", self.x, self.x) / len(self.x))
        return spread

    @cached_property
    def fallen(self) -> Floats:
        """The sum of the covariates of those who fall on each event day, (D, p)."""
        days = self.deaths.size
        at = np.where(self.fell, self.at, days)
        return np.stack([np.bincount(at, column, days + 1)[:days] for column in self.x.T], axis=1)

    @cached_property
    def triangle(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The places of a symmetric (p, p) matrix that are kept."""
        return np.triu_indices(self.x.shape[1])


class Moments:
    """The sums of arranged rows at any coefficients."""

    def __init__(self, rows: Rows) -> None:
        days = rows.deaths.size
        kind = _Compiled if rows.at.size >= FAST_FROM and find_spec("numba") else _Plain
        self.rows = rows
        self.leaving = kind(np.where(rows.fell, rows.at, days + rows.last), 2 * days + 1, rows.x)
        self.entering = kind(rows.first, days + 1, rows.x) if rows.first.any() else None

    def at(self, beta: Floats) -> tuple[Floats, Floats]:
        """The sums over those at risk and over those who fall, on each event day: (D, m) each."""
        days = self.rows.deaths.size
        left = self.leaving.add(beta)
        fallen, change = left[:days], left[:days] + left[days + 1 :]
        if self.entering:
            change -= self.entering.add(beta)[1:]
        at_risk: Floats = np.cumsum(change[::-1], axis=0)[::-1]
        return at_risk, fallen

    def unfold(self, sums: Floats) -> Floats:
        """The symmetric matrices, (D, p, p), of triangles (D, p (p + 1) / 2)."""
        p = self.rows.x.shape[1]
        whole = np.empty((len(sums), p, p))
        row, column = self.rows.triangle
        whole[:, row, column] = whole[:, column, row] = sums
        return whole


class _Plain:
    """Rows added to `bins`, one column of numbers after the other."""

    def __init__(self, bins: Ints, size: int, x: Floats) -> None:
        self.bins, self.size, self.x = bins, size, x

    def add(self, beta: Floats) -> Floats:
        """The sums of each bin, (size, m)."""
        weight = np.exp(self.x @ beta)
        weighted = (self.x * weight[:, None]).T
        columns = [weight, *weighted]
        columns += [mine * other for a, mine in enumerate(weighted) for other in self.x.T[a:]]
        return np.stack([np.bincount(self.bins, column, self.size) for column in columns], axis=1)


class _Compiled:
    """The same with the rows sorted by bin once, so that a sum stays in the processor until it is complete."""

    def __init__(self, bins: Ints, size: int, x: Floats) -> None:
        narrow = bins.astype(np.uint16 if size <= 1 << 16 else np.int64)
        order = np.argsort(narrow, kind="stable")
        self.ends = np.append(0, np.cumsum(np.bincount(bins, minlength=size)))
        self.x = np.stack([column[order] for column in x.T])

    def add(self, beta: Floats) -> Floats:
        """The sums of each bin, (size, m)."""
        from caseseries.stats.compiled import add_moments

        return add_moments(self.ends, self.x, beta)
