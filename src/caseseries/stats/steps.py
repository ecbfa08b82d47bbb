"""The rows of a curve, and the running sums and products that its estimates share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from caseseries.stats.distributions import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Steps:
    """The rows of a curve: day 0 and every later day on which something happens; all (D,).

    `at_risk` is start < day <= stop, `observed` the same but with those who enter on day 0 counted on it, and
    `after` the number at risk once all who leave on the day have left.
    """

    days: Ints
    at_risk: Ints
    observed: Ints
    events: Ints
    censored: Ints
    after: Ints

    @cached_property
    def survival(self) -> Floats:
        """Kaplan–Meier's product."""
        at_risk, alive = self._fractions
        product: Floats = np.cumprod(alive / at_risk, dtype=np.float64)
        return product

    @cached_property
    def log_variance(self) -> Floats:
        """Greenwood's variance of log S: the sum of d / (Y (Y - d)), infinite once S is 0."""
        at_risk, alive = self._fractions
        with np.errstate(divide="ignore"):
            total: Floats = np.cumsum(self.events / (at_risk * alive), dtype=np.float64)
        return total

    @cached_property
    def _fractions(self) -> tuple[Floats, Floats]:
        """Y and Y - d of each row; a day without anyone at risk has no event, and a factor of 1."""
        at_risk = np.maximum(self.at_risk, 1.0)
        return at_risk, at_risk - self.events

    @cached_property
    def events_so_far(self) -> Ints:
        return np.cumsum(self.events)

    @cached_property
    def beta_moments(self) -> tuple[Floats, Floats]:
        """log E W and log(E W² / (E W)²), W the product of Beta(Y - d + 1, d) over event days so far."""
        y, d = self.at_risk.astype(np.float64), self.events.astype(np.float64)
        return np.cumsum(np.log1p(-d / (y + 1))), np.cumsum(np.log1p(d / ((y - d + 1) * (y + 2))))

    @cached_property
    def gaps(self) -> tuple[int, ...]:
        """Rows after which nobody was under observation until others entered (delayed entry only)."""
        empty = np.flatnonzero((self.after[:-1] == 0) & (self.observed[:-1] > 0))
        return tuple(int(row) for row in empty if self.after[row + 1 :].any())

    def row(self, day: int) -> int:
        """The row that holds on `day`, a day from 0."""
        return int(self.days.searchsorted(day, side="right")) - 1

    def at_risk_on(self, day: int) -> int:
        """Patients under observation on `day`."""
        row = self.row(day)
        return int(self.observed[row] if self.days[row] == day else self.after[row])
