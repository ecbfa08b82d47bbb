"""Cox's partial likelihood of rows under observation, penalised or not.

It needs, for each event day of a stratum, the sums over those at risk of exp(eta), x exp(eta) and x x' exp(eta), and
the same over those who fall. Efron 1977 (J Am Stat Assoc 72:557): the l-th of d tied events sees the sums over those
at risk less l/d of the sums over those who fall.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats
from caseseries.stats.events import check_rows
from caseseries.stats.steps import Ints

_DENSE = 20_000_000  # entries of an events x patients matrix: 160 MB
_SEPARATED = 15.0  # a hazard ratio of three million between two patients, and still growing


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in any order; `first` and `last` index the event days a row is at risk on, `at` its own or -1."""

    x: Floats
    first: Ints
    last: Ints
    at: Ints
    days: Ints
    deaths: Ints

    @property
    def fell(self) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = self.at >= 0
        return known


@dataclass(frozen=True, eq=False)
class Point:
    """The log-likelihood at a coefficient vector, its gradient, and the information of each event (E, p, p)."""

    log_likelihood: float
    score: Floats
    information: Floats
    day_scores: Floats
    day_information: Floats


def arrange_rows(
    stop: npt.ArrayLike,
    event: npt.ArrayLike,
    covariates: npt.ArrayLike,
    start: npt.ArrayLike | None,
    strata: npt.ArrayLike | None,
) -> Rows:
    """Rows with the event days they are at risk on; covariates (N, p) are centred."""
    check_rows(stop, event, start, causes=int(np.max(event, initial=1)))
    stops, fell = np.asarray(stop, dtype=np.int64), np.asarray(event, dtype=np.int64) > 0
    starts = np.full(stops.size, -1) if start is None else np.asarray(start, dtype=np.int64)
    x = np.asarray(covariates, dtype=np.float64)
    if not np.isfinite(x).all():
        bad = ", ".join(str(row + 1) for row in np.flatnonzero(~np.isfinite(x).all(axis=1)))
        raise ValueError(f"covariates are missing in row {bad}")
    wide = int(stops.max(initial=0)) + 2
    layer = np.zeros(stops.size, dtype=np.int64)
    if strata is not None:
        layer = np.unique(np.asarray(strata), return_inverse=True)[1].astype(np.int64)
    keys, deaths = np.unique((layer * wide + stops)[fell], return_counts=True)
    first = np.searchsorted(keys, layer * wide + starts, side="right")
    last = np.searchsorted(keys, layer * wide + stops, side="right")
    at = np.where(fell, last - 1, -1)
    return Rows(x - x.sum(axis=0) / max(len(x), 1), first, np.maximum(last, first), at, keys % wide, deaths)


class Likelihood:
    """Cox's partial likelihood of arranged rows, penalised or not."""

    def __init__(self, rows: Rows, ties: str, firth: bool) -> None:
        if ties not in ("efron", "breslow"):
            raise ValueError(f"ties {ties!r} is not one of efron, breslow")
        self.rows, self.ties, self.firth = rows, ties, firth

    def at(self, beta: Floats) -> Point:
        rows = self.rows
        eta = rows.x @ beta
        weight = np.exp(eta)
        risk = [self._at_risk(moment) for moment in _moments(rows.x, weight)]
        fallen = [self._on_day(moment) for moment in _moments(rows.x, weight)]
        days, p = rows.deaths.size, rows.x.shape[1]
        height = float(eta[rows.fell].sum())
        day_scores: Floats = np.stack(
            [np.bincount(rows.at[rows.fell], x, days) for x in rows.x[rows.fell].T], axis=1
        ).astype(np.float64)
        day_information = np.zeros((days, p, p))
        for tied, here in self._ties():
            share = (tied / rows.deaths[here])[:, None] if self.ties == "efron" else 0.0
            s0, s1, s2 = (r[here] - share * f[here] for r, f in zip(risk, fallen, strict=True))
            mean = s1 / s0
            height -= float(np.log(s0).sum())
            day_scores[here] -= mean
            day_information[here] += (s2 / s0).reshape(-1, p, p) - mean[:, :, None] * mean[:, None, :]
        return Point(height, day_scores.sum(axis=0), day_information.sum(axis=0), day_scores, day_information)

    def height(self, point: Point) -> float:
        if not self.firth:
            return point.log_likelihood
        return point.log_likelihood + 0.5 * float(np.linalg.slogdet(point.information)[1])

    def gradient(self, beta: Floats, point: Point) -> Floats:
        if not self.firth:
            return point.score
        return point.score + 0.5 * self._penalty(beta, invert(point.information))

    def climb(self, beta: Floats, fixed: int | None = None) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Newton's method with halving from `beta`; also, which coefficients still move once the height does not."""
        free = np.arange(beta.size) != fixed
        still = moved = np.zeros(beta.size, dtype=bool)
        if not free.any():
            return beta, still
        point = self.at(beta)
        spread = self.rows.x.std(axis=0)
        for _ in range(100):
            step = np.zeros(beta.size)
            step[free] = np.linalg.lstsq(
                point.information[np.ix_(free, free)], self.gradient(beta, point)[free]
            )[0]
            step /= max(1.0, float(np.abs(step * spread).max()) / 2)
            gain, new = self._halve(beta, step, point)
            beta, point = beta + gain * step, new
            moved = np.abs(step) * spread
            if moved.max() < 1e-10:
                return beta, still
            if np.ptp(self.rows.x @ beta) > _SEPARATED and moved.max() > 0.1:
                return beta, moved > 0.1
        return beta, moved > 1e-6

    def _halve(self, beta: Floats, step: Floats, point: Point) -> tuple[float, Point]:
        height, gain = self.height(point), 1.0
        for _ in range(20):
            new = self.at(beta + gain * step)
            if self.height(new) >= height - 1e-10 * abs(height):
                break
            gain /= 2
        return gain, new

    def events(self, beta: Floats) -> tuple[Floats, Floats, Ints]:
        """For each event the share of every row in its hazard (E, N), the mean covariate (E, p) and the day (E,)."""
        rows = self.rows
        weight = np.exp(rows.x @ beta)
        where, tied = [], []
        for rank, here in self._ties():
            where.append(here)
            tied.append(np.full(here.size, rank) if self.ties == "efron" else np.zeros(here.size))
        day = np.concatenate(where)
        if day.size * weight.size > _DENSE:
            raise ValueError(f"{day.size} events x {weight.size} rows are too many for this option")
        present = (rows.first <= day[:, None]) & (day[:, None] < rows.last)
        left = 1 - (rows.at == day[:, None]) * (np.concatenate(tied) / rows.deaths[day])[:, None]
        share = present * weight * left
        share /= share.sum(axis=1, keepdims=True)
        return share, share @ rows.x, day

    def _penalty(self, beta: Floats, inverse: Floats) -> Floats:
        """The gradient of log det I: over events, the mean of (x - m) weighted by (x - m)' inverse (x - m)."""
        share, mean, _ = self.events(beta)
        total: Floats = np.zeros(beta.size)
        for row, centre in zip(share, mean, strict=True):
            x = self.rows.x - centre
            total += (row * np.einsum("ia,ab,ib->i", x, inverse, x)) @ x
        return total

    def _at_risk(self, moment: Floats) -> Floats:
        """Sums over first <= event day < last, for each event day: differences of sums by index."""
        days = self.rows.deaths.size
        change = [
            np.bincount(self.rows.first, column, days + 1) - np.bincount(self.rows.last, column, days + 1)
            for column in moment.T
        ]
        sums: Floats = np.cumsum(np.stack(change, axis=1), axis=0)[:-1]
        return sums

    def _on_day(self, moment: Floats) -> Floats:
        fell = self.rows.fell
        days = self.rows.deaths.size
        return np.stack([np.bincount(self.rows.at[fell], column, days) for column in moment[fell].T], axis=1)

    def _ties(self) -> list[tuple[int, Ints]]:
        """Each rank among tied events, and the event days that have one."""
        deaths = self.rows.deaths
        return [(tied, np.flatnonzero(deaths > tied)) for tied in range(int(deaths.max(initial=0)))]


def invert(matrix: Floats) -> Floats:
    inverse: Floats = np.linalg.inv(matrix).astype(np.float64)
    return inverse


def _moments(x: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    product = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return weight[:, None], x * weight[:, None], product * weight[:, None]
