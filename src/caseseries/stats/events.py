"""The event table: on each day, how many came under observation, had an event by cause, or were censored.

It is all an estimator reads. Tables add, so the same estimate comes from memory, from files and from sites
that share counts only. Intervals are (start, stop] in whole days; on a tied day events precede censorings.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from caseseries.stats.steps import Ints, Steps

_LAST_DAY = 2**53  # beyond it a float no longer holds every whole number
BEFORE_DAY_0 = -1  # where those under observation from the outset are entered: at risk on day 0 itself


class RowError(ValueError):
    """Rows that cannot be counted. `problems` holds (row, what is wrong with it), rows from 1."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"row {row}: {what}" for row, what in problems))
        self.problems = problems


@dataclass(frozen=True, eq=False)
class EventTable:
    """Counts on distinct increasing `days`: shapes (D,), (D,), (D, causes), (D,)."""

    days: Ints
    entered: Ints
    events: Ints
    censored: Ints

    @property
    def causes(self) -> int:
        return int(self.events.shape[1])

    @cached_property
    def n(self) -> int:
        return int(self.entered.sum())

    @cached_property
    def any_event(self) -> Ints:
        """Events of any cause, (D,)."""
        total: Ints = self.events[:, 0] if self.causes == 1 else self.events.sum(axis=1)
        return total

    @cached_property
    def left(self) -> Ints:
        """How many left observation, with an event or without, (D,)."""
        return self.any_event + self.censored

    @cached_property
    def at_risk(self) -> Ints:
        """Number at risk just before the end of each day: start < day <= stop. (D,)"""
        change = self.entered - self.left
        before: Ints = np.cumsum(change)
        before -= change
        return before

    @cached_property
    def delayed(self) -> bool:
        """Whether anyone came under observation after the first had left it."""
        leaving = self.left > 0
        return bool(leaving.any()) and int(self.at_risk[leaving.argmax()]) < self.n

    @cached_property
    def last_day(self) -> int:
        """The last day on which anyone left observation; -1 for an empty table."""
        left = np.flatnonzero(self.left)
        return int(self.days[left[-1]]) if left.size else -1

    @cached_property
    def steps(self) -> Steps:
        """The rows of a curve: day 0 and every later day on which something happens."""
        at = int(self.days.searchsorted(0))
        outset = int(self.entered[:at].sum())
        today = int(self.entered[at]) if at < self.days.size and self.days[at] == 0 else None
        if today is None and not at:
            return EventTable(*_with_row(BEFORE_DAY_0, self)).steps
        columns = self.days, self.at_risk, self.any_event, self.censored
        days, at_risk, events, censored = (column[at - (today is None) :] for column in columns)
        if today is None:  # the row of those who entered before day 0 serves for it
            days, at_risk = np.maximum(days, 0), np.maximum(at_risk, np.where(days < 0, outset, 0))
        after = np.append(at_risk[1:], at_risk[-1] - events[-1] - censored[-1])
        observed = at_risk.copy()
        observed[0] = outset + (today or 0)
        return Steps(days, at_risk, observed, events, censored, after)

    def events_on(self, days: Ints) -> Ints:
        """Events of any cause on each of `days`, which need not be the table's."""
        counts = np.append(self.any_event, 0)
        place = np.searchsorted(self.days, days)
        known = np.append(self.days, -2)[place] == days
        found: Ints = np.where(known, counts[place], 0)
        return found

    def __add__(self, other: "EventTable") -> "EventTable":
        if self.causes != other.causes:
            raise ValueError(f"tables of {self.causes} and {other.causes} causes cannot be added")
        days, place = np.unique(np.concatenate([self.days, other.days]), return_inverse=True)
        parts = np.split(place, [self.days.size])
        return EventTable(
            days,
            *(
                _spread(days.size, parts, counts)
                for counts in (
                    (self.entered, other.entered),
                    (self.events, other.events),
                    (self.censored, other.censored),
                )
            ),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EventTable):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("days", "entered", "events", "censored")
        )


def count_events(
    stop: npt.ArrayLike, status: npt.ArrayLike, start: npt.ArrayLike | None = None, causes: int = 1
) -> EventTable:
    """The event table of rows observed over (start, stop].

    `stop` and `start` are whole days, `status` 0 for censored and 1 to `causes` for the cause of the event;
    all (N,). Without `start` everyone is under observation from before day 0, so an event on day 0 counts.
    Raises RowError with every row that is negative, missing, fractional, of unknown status or that
    stops before it starts.
    """
    columns = check_rows(stop, status, start, causes)
    left, kind = columns["stop"].astype(np.int64), columns["status"].astype(np.int64)
    came = np.full(left.size, BEFORE_DAY_0) if start is None else columns["start"].astype(np.int64)
    days, place = np.unique(np.concatenate([came, left]), return_inverse=True)
    entered = np.bincount(place[: left.size], minlength=days.size)
    cells = np.bincount(place[left.size :] * (causes + 1) + kind, minlength=days.size * (causes + 1))
    exits = cells.reshape(days.size, causes + 1)
    return EventTable(
        days.astype(np.int64),
        entered.astype(np.int64),
        exits[:, 1:].astype(np.int64),
        exits[:, 0].astype(np.int64),
    )


def check_rows(
    stop: npt.ArrayLike, status: npt.ArrayLike, start: npt.ArrayLike | None, causes: int
) -> dict[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]]:
    """The columns as numbers; raises as `count_events` does."""
    columns = {"stop": _numbers(stop), "status": _numbers(status)}
    if start is not None:
        columns["start"] = _numbers(start)
    if len({column.size for column in columns.values()}) > 1:
        sizes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
        raise ValueError(f"columns of different length: {sizes}")
    _refuse(columns, causes)
    return columns


def reverse(table: EventTable) -> EventTable:
    """Censorings as events and events as censorings: the table of the follow-up itself.

    On a tied day the censoring now comes first and the event leaves the risk set after it, as in R's
    `survfit(Surv(time, 1 - status))` (Schemper & Smith 1996, Control Clin Trials 17:343).
    """
    return EventTable(table.days, table.entered, table.censored[:, None], table.any_event)


def single_cause(table: EventTable, causes: Collection[int] | None = None) -> EventTable:
    """One kind of event: the `causes` named (from 1; all when None). Other events become censorings."""
    if causes is None:
        return EventTable(table.days, table.entered, table.any_event[:, None], table.censored)
    chosen = table.events[:, [check_cause(table, cause) - 1 for cause in sorted(set(causes))]].sum(axis=1)
    censored = table.censored + table.any_event - chosen
    return EventTable(table.days, table.entered, chosen[:, None], censored)


def start_at(table: EventTable, landmark: int) -> EventTable:
    """The table of those under observation and event-free after `landmark`, days counted from it.

    Its survival is the landmark analysis, and survival given that the landmark was reached (Anderson, Cain &
    Gelber 1983, J Clin Oncol 1:710). Those who fell or left by the landmark are not in it.
    """
    late = table.days > landmark
    days = np.append(BEFORE_DAY_0, table.days[late] - landmark)
    reached = _still_in(table, landmark)
    nothing = np.zeros((1, table.causes), dtype=np.int64)
    return EventTable(
        days,
        np.append(reached, table.entered[late]),
        np.concatenate([nothing, table.events[late]]),
        np.append(0, table.censored[late]),
    )


def stop_at(table: EventTable, horizon: int) -> EventTable:
    """The table had follow-up ended on `horizon`: whoever is still under observation is censored that day."""
    if not table.days.size or horizon >= table.days[-1]:
        return table
    early = table.days <= horizon
    days = np.union1d(table.days[early], [horizon])
    place = np.searchsorted(days, table.days[early])
    kept = [
        np.zeros((days.size, *c.shape[1:]), dtype=np.int64)
        for c in (table.entered, table.events, table.censored)
    ]
    for column, counts in zip(kept, (table.entered, table.events, table.censored), strict=True):
        column[place] = counts[early]
    entered, events, censored = kept
    entered[-1] = 0  # whoever enters on the last day is never seen
    censored[-1] += _still_in(table, horizon) - int(table.entered[table.days == horizon].sum())
    return EventTable(days, entered, events, censored)


def count_at_risk(table: EventTable, days: Ints) -> Ints:
    """The number at risk (start < day <= stop) on each of `days`, which need not be the table's."""
    came, left = (np.append(0, np.cumsum(c)) for c in (table.entered, table.left))
    before = np.searchsorted(table.days, days)
    number: Ints = came[before] - left[before]
    return number


def _still_in(table: EventTable, day: int) -> int:
    """Entered by `day` and not gone by the end of it."""
    past = table.days <= day
    return int((table.entered - table.left)[past].sum())


def check_cause(table: EventTable, cause: int) -> int:
    if not 1 <= cause <= table.causes:
        raise ValueError(f"cause {cause} is not one of 1 to {table.causes}")
    return cause


def _numbers(column: npt.ArrayLike) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    array = np.asarray(column)
    if array.dtype.kind in "bui":
        return array.astype(np.int64, copy=False)
    return array.astype(np.float64)


def _refuse(columns: dict[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]], causes: int) -> None:
    problems: list[tuple[int, str]] = []
    for name, column in columns.items():
        what = f"not one of 0 to {causes}" if name == "status" else "not a whole number of days from 0"
        most = causes if name == "status" else _LAST_DAY
        wrong = ~((column >= 0) & (column <= most))  # NaN fails every comparison
        if column.dtype.kind == "f":
            wrong |= column != np.floor(column)
        problems += [(int(row) + 1, f"{name} {column[row]} is {what}") for row in np.flatnonzero(wrong)]
    if "start" in columns and (columns["start"] >= columns["stop"]).any():
        backwards = columns["start"] >= columns["stop"]
        problems += [
            (int(row) + 1, f"start {columns['start'][row]} is not before stop {columns['stop'][row]}")
            for row in np.flatnonzero(backwards)
        ]
    if problems:
        raise RowError(sorted(problems))


def _with_row(day: int, table: EventTable) -> tuple[Ints, Ints, Ints, Ints]:
    """The columns with a row in which nothing happens put before all others."""
    columns = table.entered, table.events, table.censored
    entered, events, censored = (np.insert(column, 0, 0, axis=0) for column in columns)
    return np.insert(table.days, 0, day), entered, events, censored


def _spread(size: int, places: list[Ints], counts: tuple[Ints, Ints]) -> Ints:
    total = np.zeros((size, *counts[0].shape[1:]), dtype=np.int64)
    for place, count in zip(places, counts, strict=True):
        total[place] += count
    return total
