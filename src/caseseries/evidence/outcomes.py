"""A published outcome made ready to be held against a cohort: a hazard with its own error, from whatever was printed.

Horizon estimates give a hazard that is constant between them; a digitised curve or patients give their own
Nelson–Aalen hazard. What was assumed on the way is said in `caveats`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, exp, log

import numpy as np

from caseseries.evidence.comparators import Comparator
from caseseries.evidence.reconstruct import PrintedCurve, reconstruct
from caseseries.stats.distributions import beta_quantile
from caseseries.stats.events import EventTable, count_events
from caseseries.stats.reference import Reference, reference_from_table
from caseseries.study.definition import DAYS_PER_YEAR

Beta = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """A printed estimate: proportions, with limits where the reference has an error."""

    day: int
    estimate: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Outcome:
    """One published survival outcome of one population. `table` is there where its course is known by day."""

    study: str
    population: str
    endpoint: str
    origin: str
    n: int | None
    reference: Reference
    points: tuple[Point, ...] = ()
    table: EventTable | None = None
    caveats: tuple[str, ...] = ()
    told: str = ""  # where it is published, how far that was read, and its data cut
    rows: tuple[Comparator, ...] = field(default=(), repr=False)

    @property
    def last_day(self) -> int:
        return int(self.reference.days[-1])

    def survival(self, day: int) -> tuple[float, float | None] | None:
        """S and its standard error on a day; None beyond the last day it is known on.

        Kaplan–Meier and Greenwood where the course is known: what a paper prints, not e to the minus Nelson–Aalen,
        which lies above it by several points in a small cohort. Else from the hazard between the printed horizons.
        """
        if day > self.last_day:
            return None
        if self.table is not None:
            row = self.table.steps.row(day)
            share = float(self.table.steps.survival[row])
            return share, share * float(self.table.steps.log_variance[row]) ** 0.5 if share else 0.0
        share = exp(-self._at(self.reference.hazard, day))
        if self.reference.variance is None:
            return share, None
        return share, share * self._at(self.reference.variance, day) ** 0.5

    def interpolated(self, day: int) -> bool:
        """Whether a day lies between printed horizons, where only the constant hazard says anything."""
        return self.table is None and day not in {point.day for point in self.points}

    def _at(self, cumulated: np.ndarray, day: int) -> float:
        return float(np.interp(day, self.reference.days, cumulated))


def make_outcome(rows: Sequence[Comparator]) -> Outcome:
    """The outcome that comparators of one study, endpoint and population print.

    Raises:
        ValueError: they print no survival, or one that rises or reaches 0; the sentence says which.
    """
    first = rows[0]
    cuts = dict.fromkeys(f"data cut: {row.data_cut}" for row in rows if row.data_cut)
    told = "; ".join([*dict.fromkeys(f"{row.source} ({row.verified})" for row in rows), *cuts])
    caveats = (f"source: {told}",)
    about = (first.study, first.population, first.endpoint, first.origin)
    detailed = next((row for row in rows if row.curve or row.times), None)
    if detailed is not None:
        table, more = _table_of(detailed)
        return Outcome(
            *about, table.n, reference_from_table(table), (), table, (*caveats, *more), told, tuple(rows)
        )
    known = [row for row in rows if row.years is not None and row.estimate is not None]
    reference = published_reference(known)
    points = tuple(_point(row) for row in sorted(known, key=lambda row: row.years or 0.0))
    n = next((row.n for row in known if row.n), None)
    return Outcome(*about, n, reference, points, None, caveats, told, tuple(rows))


def published_reference(horizons: Sequence[Comparator]) -> Reference:
    """The published estimates of one study as a hazard, constant between horizons, with its own variance.

    Var H = (se / S)², the delta method on H = −log S.
    """
    ordered = sorted((c for c in horizons if c.years is not None), key=lambda c: c.years or 0.0)
    days = [day_of(c) for c in ordered]
    if twice := next((c for c, d in pairwise(ordered) if day_of(c) == day_of(d)), None):
        raise ValueError(
            f"two estimates at one horizon ({twice.years:g} y) are given, and one cohort has one"
        )
    shares = [c.share for c in ordered]
    errors = [c.standard_error() for c in ordered]
    if not days or any(share <= 0 for share in shares) or any(b > a for a, b in pairwise(shares)):
        raise ValueError("published estimates must fall over their horizons and stay above 0")
    variance = (
        None if None in errors else [((e or 0.0) / s) ** 2 for e, s in zip(errors, shares, strict=True)]
    )
    hazard = np.array([0.0, *(-log(share) for share in shares)])
    rising = None if variance is None else np.maximum.accumulate(np.array([0.0, *variance]))
    return Reference(np.array([0, *days]), hazard, rising)


def published_beta(comparator: Comparator) -> Beta:
    """The published estimate and its error as a beta distribution with that mean and variance.

    Raises ValueError where the comparator tells neither n, interval nor standard error, or is 0 or 100 %.
    """
    share, error = comparator.share, comparator.standard_error()
    found = beta_of(share, error)
    if found is None:
        raise ValueError(f"{comparator.study} gives no error for {100 * share:g} %")
    return found


def beta_of(share: float, error: float | None) -> Beta | None:
    """The beta distribution of this mean and standard deviation.

    None where there is none: without an error, at 0 or 1, and where the error is that of no probability, because
    it reaches √(S (1 − S)), as the width of a lopsided interval near 0 or 1 may.
    """
    if not error or not 0 < share < 1 or error**2 >= share * (1 - share):
        return None
    size = share * (1 - share) / error**2 - 1
    return share * size, (1 - share) * size


def day_of(comparator: Comparator) -> int:
    """The last whole day of the horizon."""
    return int((comparator.years or 0.0) * DAYS_PER_YEAR)


def _point(row: Comparator) -> Point:
    """With the printed interval; else with that of the beta distribution of its error."""
    if row.lower is not None and row.upper is not None:
        return Point(day_of(row), row.share, row.lower / 100, row.upper / 100)
    return Point(day_of(row), row.share, *limits_of(row.share, row.standard_error()))


def limits_of(share: float, error: float | None) -> tuple[float, float] | tuple[None, None]:
    """The 95 % limits of the beta distribution of this mean and standard deviation, if there is one."""
    found = beta_of(share, error)
    return (beta_quantile(0.025, *found), beta_quantile(0.975, *found)) if found else (None, None)


def _table_of(row: Comparator) -> tuple[EventTable, tuple[str, ...]]:
    if row.times:
        return count_events(list(row.times), [int(event) for event in row.events]), ()
    curve = PrintedCurve(
        row.days,
        tuple(share / 100 for share in row.curve),
        row.risk_days,
        row.at_risk,
        max(row.days[-1], row.risk_days[-1]),
    )
    found = reconstruct(curve)
    how = "every way was tried" if found.exhaustive else "censorings spread evenly"
    caveat = (
        f"individual times reconstructed from the printed curve and numbers at risk ({how}); the curve they give is "
        f"within {ceil(round(1000 * found.error, 6)) / 10:.1f} percentage points of the printed one at every step"
    )
    table = count_events([day for day, _ in found.rows], [int(event) for _, event in found.rows])
    return table, (caveat, *_unknown_censoring(curve))


def _unknown_censoring(curve: PrintedCurve) -> tuple[str, ...]:
    """That steps after the last printed number at risk say nothing of how many were left to make them."""
    last = curve.risk_days[-1]
    before = [share for day, share in zip(curve.days, curve.survival, strict=True) if day < last]
    if curve.survival[-1] >= min(before, default=1.0):
        return ()
    return (
        f"from day {last} on no number at risk is printed: as few are taken to be censored there as the curve allows, "
        "and the reference’s error is larger than counted if there were more",
    )
