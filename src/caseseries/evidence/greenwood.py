"""What a printed confidence interval says of the at-risk sequence behind an estimate.

The limits of an estimate S are g(S) ± z g'(S) S √V, taken back by the inverse of g, where V = Σ 1/(r (r − 1)) over
the numbers at risk r (Greenwood 1926). V adds up event by event, as the logarithm of S does, and the limits draw
apart as it grows: so for every S a printed limit bounds V. Limits by BPCP are not of this kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caseseries.evidence.printed import Band, Printed, Rounding, prints_as
from caseseries.evidence.sequences import AtRisk, interval_of
from caseseries.stats.distributions import normal_quantile

Numbers = NDArray[np.float64]

PIECES = 64  # of the band of an estimate, each with bounds of its own
FINE = 512  # places along the band of an estimate
NOTHING = 1e-6  # far below every V of a hundred cases or fewer
LARGEST_SUM = 1.0  # of 1/(r (r - 1)) over all r from 2
Z = normal_quantile(0.975)


@dataclass(frozen=True)
class Transform:
    """g, and its slope times S. Both rise with S."""

    of: Callable[[Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]


TRANSFORMS: Mapping[str, Transform] = {
    "log-log": Transform(lambda s: -np.log(-np.log(s)), lambda s: -1 / np.log(s)),
    "log": Transform(np.log, np.ones_like),
    "plain": Transform(lambda s: s, lambda s: s),
    "arcsine": Transform(lambda s: np.arcsin(np.sqrt(s)), lambda s: np.sqrt(s / (1 - s)) / 2),
}


@dataclass(frozen=True)
class PrintedLimits:
    """The 95 % limits printed beside an estimate of `n` cases, by one of the methods."""

    n: int
    methods: tuple[str, ...]
    lower: Printed
    upper: Printed
    rounding: Rounding

    @property
    def adds_up(self) -> bool:
        """Whether they rest on the estimate and Greenwood's sum alone."""
        return TRANSFORMS.keys() >= set(self.methods)

    def fit(self, at_risk: AtRisk) -> bool:
        """Whether they can be those of the sequence, however many remain at the horizon."""
        most = at_risk[-1] if at_risk else self.n + 1
        return any(
            prints_as(interval_of(self.n, at_risk, left, method), (self.lower, self.upper), self.rounding)
            for method in self.methods
            for left in (range(most) if method not in TRANSFORMS else (0,))
        )

    def boxes(self, band: Band) -> Numbers:
        """Boxes that hold every (log S, V) with S in the band and these limits: (boxes, 2, least and greatest).

        There are no limits where S is 0 or 1, and between them S is from 1/n to 1 - 1/n.
        """
        low, high = max(float(band.low), 1 / self.n), min(float(band.high), 1 - 1 / self.n)
        if low > high:
            return np.zeros((0, 2, 2))
        cuts = np.linspace(low, high, PIECES + 1)
        first, last = cuts[:-1], cuts[1:]
        logs = np.stack([np.log(first), np.log(last)], axis=-1)
        found = [
            np.stack([logs, np.stack(self._sums(TRANSFORMS[m], first, last), axis=-1)], axis=1)
            for m in self.methods
        ]
        boxes = np.concatenate(found)
        return boxes[boxes[:, 1, 0] <= boxes[:, 1, 1]]

    def may_hold(self, logarithm: float, greenwood: float, slack: float) -> bool:
        """Whether an estimate with this logarithm and this sum can have the limits, give or take `slack`."""
        survival = np.exp(np.array([logarithm]))
        if not 0 < survival[0] < 1:
            return False
        bounds = (self._sums(TRANSFORMS[method], survival, survival) for method in self.methods)
        return any(low[0] - slack <= greenwood <= high[0] + slack for low, high in bounds)

    def tabulate(self, band: Band) -> "Allowed":
        """What the limits allow V to be, all along the band."""
        low, high = max(float(band.low), 1 / self.n), min(float(band.high), 1 - 1 / self.n)
        middles = np.linspace(low, max(low, high), FINE)
        sums = np.array([self._sums(TRANSFORMS[method], middles, middles) for method in self.methods])
        logs = np.log(np.maximum(sums, 0) + NOTHING)
        return Allowed(low, (max(low, high) - low) / (FINE - 1) or 1.0, logs[:, 0], logs[:, 1])

    def _sums(self, transform: Transform, first: Numbers, last: Numbers) -> tuple[Numbers, Numbers]:
        """The least and greatest V that any S from `first` to `last` can have; the greatest is -1 where none can.

        z √V is the distance of g(S) from g(limit), over g'(S) S.
        """
        lower, upper = (printed.proportion().band(self.rounding) for printed in (self.lower, self.upper))
        here, there = transform.of(first), transform.of(last)
        least = np.maximum(
            here - _cut_off(transform, float(lower.high)),
            _of(transform, min(float(upper.low), 1.0)) - there,
        )
        most = np.minimum(
            there - _cut_off(transform, float(lower.low)), _cut_off(transform, float(upper.high)) - here
        )
        least, most = np.maximum(least, 0) / transform.slope(last), most / transform.slope(first)
        greatest = np.minimum((np.maximum(most, 0) / Z) ** 2, LARGEST_SUM)
        return (least / Z) ** 2, np.where(most < 0, -1.0, greatest)


@dataclass(frozen=True, eq=False)
class Allowed:
    """The logarithms of the least and greatest V (methods × FINE) for each S from `first` on, `step` apart."""

    first: float
    step: float
    least: Numbers
    most: Numbers

    def miss(self, survival: Numbers, greenwood: Numbers) -> Numbers:
        """The logarithm of the factor by which each V misses what its S allows; 0 where the limits may be."""
        place = np.clip(np.rint((survival - self.first) / self.step), 0, FINE - 1).astype(np.int64)
        logs = np.log(greenwood + NOTHING)
        beyond = np.maximum(self.least[:, place] - logs, logs - self.most[:, place])
        missed: Numbers = np.maximum(beyond, 0).min(axis=0)
        return missed


def _of(transform: Transform, limit: float) -> float:
    with np.errstate(divide="ignore"):
        return float(transform.of(np.array(max(limit, 0.0))))


def _cut_off(transform: Transform, limit: float) -> float:
    """g at a limit; beyond all numbers at 0 or 1, where limits are cut off and say nothing of V."""
    return -np.inf if limit <= 0 else np.inf if limit >= 1 else _of(transform, limit)
