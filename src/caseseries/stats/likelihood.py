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
from caseseries.stats.moments import Moments, Rows
from caseseries.stats.steps import Ints

_DENSE = 20_000_000  # entries of an events x patients matrix: 160 MB
_TABLE = 2_000_000  # days times strata that are looked up in a table, not searched for
_SEPARATED = 15.0  # a hazard ratio of three million between two patients, and still growing


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
    x = np.array(covariates, dtype=np.float64, order="F")
    if not np.isfinite(x).all():
        bad = ", ".join(str(row + 1) for row in np.flatnonzero(~np.isfinite(x).all(axis=1)))
        raise ValueError(f"covariates are missing in row {bad}")
    wide = int(stops.max(initial=0)) + 2
    layer = np.zeros(stops.size, dtype=np.int64)
    if strata is not None:
        layer = np.unique(np.asarray(strata), return_inverse=True)[1].astype(np.int64)
    keys, deaths = np.unique((layer * wide + stops)[fell], return_counts=True)
    size = wide * (int(layer.max(initial=0)) + 1)
    first, last = (_rank(keys, layer * wide + times, size) for times in (starts, stops))
    at = np.where(fell, last - 1, -1)
    x -= x.sum(axis=0) / max(len(x), 1)
    return Rows(x, first, np.maximum(last, first), at, keys % wide, deaths)


def _rank(keys: Ints, places: Ints, size: int) -> Ints:
    """How many of the increasing `keys`, all below `size`, are at most each of `places`, which are from -1."""
    if size > _TABLE:
        return np.searchsorted(keys, places, side="right")
    so_far = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=size), out=so_far[1:])
    return so_far[places + 1]


class Likelihood:
    """Cox's partial likelihood of arranged rows, penalised or not."""

    def __init__(self, rows: Rows, ties: str, firth: bool) -> None:
        if ties not in ("efron", "breslow"):
            raise ValueError(f"ties {ties!r} is not one of efron, breslow")
        self.rows, self.ties, self.firth = rows, ties, firth
        self._moments = Moments(rows)
        self._events = _Events(rows.deaths, thinned=ties == "efron")
        self._latest: tuple[bytes, Point] | None = None

    def at(self, beta: Floats) -> Point:
        """The point at `beta`; asked again for the latest one, it is not computed again."""
        asked = beta.tobytes()
        if self._latest is None or self._latest[0] != asked:
            self._latest = asked, self._compute(beta)
        return self._latest[1]

    def _compute(self, beta: Floats) -> Point:
        """Of a day's d events the l-th has the mean (s1 - l/d f1) / (s0 - l/d f0) = a + b / (s0 - l/d f0).

        Here a = f1 / f0, the mean of those who fall, and b = s1 - s0 a, so that the sums over l of a day need only
        those of 1 / (s0 - l/d f0) and of its square; the second moments likewise.
        """
        p = beta.size
        at_risk, fallen = self._moments.at(beta)
        s0, s1, s2 = at_risk[:, :1], at_risk[:, 1 : 1 + p], at_risk[:, 1 + p :]
        if self.ties == "breslow":
            fallen = np.zeros_like(fallen)
        f0, f1, f2 = fallen[:, :1], fallen[:, 1 : 1 + p], fallen[:, 1 + p :]
        logs, once, twice = self._events.sums(s0[:, 0], f0[:, 0])
        d, once, twice = self.rows.deaths[:, None], once[:, None], twice[:, None]
        scale = np.where(f0 > 0, f0, 1)
        a, c = f1 / scale, f2 / scale
        b = s1 - s0 * a
        row, column = self._moments.rows.triangle
        squares = (
            d * a[:, row] * a[:, column]
            + once * (a[:, row] * b[:, column] + b[:, row] * a[:, column])
            + twice * b[:, row] * b[:, column]
        )
        day_scores = self.rows.fallen - d * a - once * b
        day_information = self._moments.unfold(d * c + once * (s2 - s0 * c) - squares)
        height = float(self.rows.fallen.sum(axis=0) @ beta) - logs
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
        spread = self.rows.spread
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

    def _ties(self) -> list[tuple[int, Ints]]:
        """Each rank among tied events, and the event days that have one."""
        deaths = self.rows.deaths
        return [(tied, np.flatnonzero(deaths > tied)) for tied in range(int(deaths.max(initial=0)))]


def invert(matrix: Floats) -> Floats:
    inverse: Floats = np.linalg.inv(matrix).astype(np.float64)
    return inverse


class _Events:
    """All events, day by day: the share of their day's events that precede each (0 without thinning)."""

    def __init__(self, deaths: Ints, *, thinned: bool) -> None:
        self._starts = np.cumsum(deaths) - deaths
        self._day = np.repeat(np.arange(deaths.size), deaths)
        rank = np.arange(self._day.size) - self._starts[self._day]
        self._share = rank / deaths[self._day] if thinned else np.zeros(rank.size)

    def sums(self, s0: Floats, f0: Floats) -> tuple[float, Floats, Floats]:
        """The sum of log left over all events, left = s0 - share f0, and of 1 / left and its square on each day."""
        left = s0[self._day] - self._share * f0[self._day]
        once = 1 / left
        logs = float(np.log(left).sum())
        return logs, np.add.reduceat(once, self._starts), np.add.reduceat(once * once, self._starts)
