"""Event tables of several groups from columns in memory, counted a stretch of rows at a time.

A row becomes the number of its cell (group, day, kind), and counting cells is all there is to do: the table
is as large as the days are many, whatever the number of rows. Beyond a million rows the kernel of the `fast`
extra counts, if it is installed; the counts are the same.
"""

from dataclasses import dataclass
from functools import reduce
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from caseseries.stats.events import BEFORE_DAY_0, EventTable, RowError, count_events

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[np.integer[Any]]

FAST_FROM = 1_000_000  # rows; below it the kernel's own import costs more than it saves
_CHUNK = 1 << 17  # rows whose cell numbers stay in the processor's cache
_DENSE = 1 << 22  # cells of a table kept whole (32 MB); beyond it only the cells that occur


@dataclass(frozen=True, eq=False)
class DayCounts:
    """Rows counted by day, group and kind: `days` (D,), increasing and distinct, and `counts` (D, groups, kinds)."""

    days: Ints
    counts: Ints


def count_groups(
    stop: npt.ArrayLike,
    status: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    start: npt.ArrayLike | None = None,
    *,
    groups: int = 1,
    causes: int = 1,
) -> tuple[EventTable, ...]:
    """One event table a group, of rows observed over (start, stop].

    `stop` and `start` are whole days from 0, `status` is 0 for censored and 1 to `causes` for the cause of
    the event, `group` is 0 to `groups` - 1; all (N,). Without `start` everyone is under observation from
    before day 0. Raises RowError with every row that cannot be counted, as `stats.events.count_events` does.
    """
    columns = [_whole(column) for column in (stop, status, group, start)]
    left, kind, member, came = columns
    sizes = {column.size for column in columns if column is not None}
    exits = entries = None
    if left is not None and kind is not None and len(sizes) == 1:
        exits = count_cells(left, kind, member, groups, causes + 1)
    if exits is not None and left is not None and came is not None and bool((came < left).all()):
        entries = count_cells(came, None, member, groups, 1)
    if exits is None or (start is not None and entries is None):
        raise _refusal(stop, status, group, start, groups, causes)
    return tables_of(exits, entries)


def count_cells(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int
) -> DayCounts | None:
    """How many rows fall in each cell; None if a value is out of range.

    Days count from 0, kinds are below `kinds` and groups below `groups`. Without a kind all rows are of kind
    0, without a group all are of group 0.
    """
    counts = tally(day, kind, group, groups, kinds, day.size)
    if counts is None:
        return _count_sparse(day, kind, group, groups, kinds)
    occurs = reduce(np.bitwise_or, counts.reshape(len(counts), -1).T)
    days = np.flatnonzero(occurs).astype(np.int64)
    every = days.size and days.size == days[-1] - days[0] + 1
    return DayCounts(days, counts[days[0] : days[-1] + 1] if every else counts[days])


def tables_of(exits: DayCounts, entries: DayCounts | None = None) -> tuple[EventTable, ...]:
    """An event table a group; of the kinds of exit, the first is censored and the others are the causes.

    Without entries everyone was under observation from before day 0.
    """
    members = range(exits.counts.shape[1])
    if entries is None:
        return tuple(_from_day_0(exits.days, exits.counts[:, group]) for group in members)
    return tuple(
        _delayed(entries.days, entries.counts[:, group, 0], exits.days, exits.counts[:, group])
        for group in members
    )


def _from_day_0(days: Ints, left: Ints) -> EventTable:
    """The table of rows that entered before day 0: their number, then a row a day on which anyone left."""
    leaving = reduce(np.add, left.T)
    if not leaving.all():
        out = leaving > 0
        days, left = days[out], left[out]
    n, first = int(leaving.sum()), min(days.size, 1)
    entered = np.zeros(days.size + first, dtype=np.int64)
    entered[:first] = n
    exits = np.zeros((days.size + first, left.shape[1]), dtype=np.int64)
    exits[first:] = left
    return EventTable(
        np.concatenate([np.full(first, BEFORE_DAY_0), days]), entered, exits[:, 1:], exits[:, 0]
    )


def _delayed(entry_days: Ints, came: Ints, exit_days: Ints, left: Ints) -> EventTable:
    into, out = came > 0, left.any(axis=1)
    nobody = np.zeros((int(into.sum()), left.shape[1] - 1), dtype=np.int64)
    entered = EventTable(entry_days[into], came[into], nobody, nobody.sum(axis=1))
    zero = np.zeros(int(out.sum()), dtype=np.int64)
    return entered + EventTable(exit_days[out], zero, left[out, 1:], left[out, 0])


def _whole(column: npt.ArrayLike | None) -> Column | None:
    """The column as integers in the width it has; None if it holds anything else, or is not there."""
    if column is None:
        return None
    array = np.asarray(column)
    if array.dtype.kind in "iu":
        return array
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    numbers = array.astype(np.float64)
    whole = bool((np.abs(numbers) < 2**53).all()) and bool((np.floor(numbers) == numbers).all())
    return numbers.astype(np.int64) if whole else None


def _refusal(
    stop: npt.ArrayLike,
    status: npt.ArrayLike,
    group: npt.ArrayLike | None,
    start: npt.ArrayLike | None,
    groups: int,
    causes: int,
) -> ValueError:
    """What is wrong, row by row; the sentences about days and status are those of `count_events`."""
    try:
        count_events(stop, status, start, causes)
        problems: list[tuple[int, str]] = []
    except RowError as error:
        problems = error.problems
    members = np.zeros(np.shape(stop)) if group is None else np.asarray(group)
    if members.shape != np.shape(stop):
        return ValueError(f"columns of different length: stop {np.size(stop)}, group {members.size}")
    wrong = np.flatnonzero(~np.isin(members, np.arange(groups)))
    problems += [(int(row) + 1, f"group {members[row]} is not one of 0 to {groups - 1}") for row in wrong]
    return RowError(sorted(problems))


def tally(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int, rows: int
) -> Ints | None:
    """Rows in each cell, (days, groups, kinds); None if a value is out of range or the days are too many.

    `rows` is how many there are in all, of which these may be a part: many are worth compiling for.
    """
    most = _DENSE // (groups * kinds)
    if rows > FAST_FROM and find_spec("numba"):
        from caseseries.registry import kernel

        return kernel.tally(day, kind, group, groups, kinds, most)
    return _tally(day, kind, group, groups, kinds, most)


def _tally(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int, most: int
) -> Ints | None:
    total = np.zeros(groups * kinds, dtype=np.int64)
    for first in range(0, day.size, _CHUNK):
        rows = slice(first, first + _CHUNK)
        columns = [None if column is None else column[rows] for column in (day, group, kind)]
        bounds = zip(columns, (most, groups, kinds), strict=True)
        if not all(column is None or _below(column, limit) for column, limit in bounds):
            return None
        counts = np.bincount(_cell_numbers(columns, groups, kinds), minlength=total.size)
        counts[: total.size] += total
        total = counts
    days = -(-total.size // (groups * kinds))
    total = np.pad(total, (0, days * groups * kinds - total.size))
    return total.reshape(days, groups, kinds).astype(np.int64)


def _below(column: Column, limit: int) -> bool:
    return int(column.min()) >= 0 and int(column.max()) < limit


def _cell_numbers(columns: list[Column | None], groups: int, kinds: int) -> npt.NDArray[np.intp]:
    """The number of each row's cell: day, then group, then kind. Group and kind are combined while narrow."""
    day, group, kind = columns
    assert day is not None
    cells: npt.NDArray[np.intp] = np.multiply(day, groups * kinds, dtype=np.intp, casting="unsafe")
    if group is not None and kind is not None:
        narrow = np.uint16 if groups * kinds <= 1 << 16 else np.int64
        member = np.multiply(group, kinds, dtype=narrow, casting="unsafe")
        cells += np.add(member, kind, dtype=narrow, casting="unsafe")
    elif kind is not None:
        cells += kind
    elif group is not None:
        cells += group
    return cells


def _count_sparse(
    day: Column, kind: Column | None, group: Column | None, groups: int, kinds: int
) -> DayCounts | None:
    """The same for days too many to keep a table of: only those that occur."""
    columns = (day, 2**53 + 1), (kind, kinds), (group, groups)
    if not all(column is None or _below(column, limit) for column, limit in columns):
        return None
    days, place = np.unique(day.astype(np.int64), return_inverse=True)
    counts = np.zeros((days.size, groups, kinds), dtype=np.int64)
    nought = np.zeros(1, dtype=np.intp)
    where = (place, nought if group is None else group, nought if kind is None else kind)
    np.add.at(counts, where, 1)
    return DayCounts(days, counts)
