"""What comes out of any source of rows: an event table a group, and an account of every row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.arrays import DayCounts, Ints, tables_of
from caseseries.registry.coding import (
    WITHIN,
    Complaint,
    Exit,
    Layout,
    in_order,
    is_above_one,
    notes_of,
    read_group,
    read_row,
)
from caseseries.stats.events import EventTable

SHOWN = 1_000  # refused rows named one by one; more are counted

Row = tuple[object, ...]  # the values of a layout's columns, in their order
Refused = Mapping[Row, tuple[Complaint, ...]]


@dataclass(frozen=True)
class Counted:
    """Event tables by group ("" when there is one group only), and what became of the rows read.

    `causes` names the events in the order of the tables' columns. Every group that occurs in the source is
    here, also one whose rows were all refused. `findings` says which rows were refused and why, as far as
    the source can tell its rows apart. `strata` holds the tables of each group within each stratum, if a
    column of strata was named; a group without rows there is there with an empty table.
    """

    tables: Mapping[str, EventTable]
    causes: tuple[str, ...]
    rows: int
    used: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    strata: Mapping[str, Mapping[str, EventTable]] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        return self.rows - self.used


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows counted: on `day`, those whose other columns are `keys[key]`; (M,) each. A day below 0 is no day."""

    day: Ints
    key: Ints
    n: Ints
    keys: tuple[Row, ...]


def count_distinct(rows: Mapping[Row, int], layout: Layout) -> tuple[Counted, Refused]:
    """The event tables of distinct rows, each with how often it occurs; and the rows refused, with reasons."""
    exits: dict[Exit, int] = defaultdict(int)
    refused: dict[Row, tuple[Complaint, ...]] = {}
    above_one = 0
    for row, n in rows.items():
        named = dict(zip(layout.columns, row, strict=True))
        read = read_row(named, layout)
        if isinstance(read, Exit):
            exits[read] += n
            above_one += n * is_above_one(named, layout)
        else:
            refused[row] = read
    groups = {read_group(dict(zip(layout.columns, row, strict=True)), layout) for row in rows}
    scale = Scale.of(exits, groups)
    left = [(exit.day, *scale.place(exit), n) for exit, n in exits.items()]
    came = [(exit.entry, scale.place(exit)[0], 0, n) for exit, n in exits.items() if exit.entry is not None]
    tables = scale.tables(np.array(left), np.array(came) if layout.entry else None)
    used, notes = sum(exits.values()), notes_of(layout, above_one)
    return Counted(tables, scale.causes, sum(rows.values()), used, notes=notes), refused


def find_refused(where: Iterable[tuple[Where, Row]], refused: Refused) -> tuple[Finding, ...]:
    """A finding for everything that is wrong with each row refused."""
    return tuple(
        Finding(place, complaint.code, Severity.CASE, complaint.what, complaint.allowed, complaint.do)
        for place, row in where
        for complaint in refused.get(row, ())
    )


def more_refused(name: str, n: int, of: str = "are refused") -> tuple[Finding, ...]:
    """How many rows are refused beyond those that are named; nothing if none."""
    if not n:
        return ()
    what = f"{n} more {'row' if n == 1 else 'rows'} {of}, and not named here"
    do = f"Mend the first {SHOWN}, and ask again"
    return (Finding(Where(name), "more", Severity.CASE, what, "", do),)


def part_strata(counted: Counted) -> Counted:
    """Tables labelled by group and stratum, as tables of the groups and, within each stratum, of the groups."""
    cells = {tuple(label.split(WITHIN)): table for label, table in counted.tables.items() if label}
    if not cells:
        return counted
    groups, layers = (in_order(part) for part in zip(*cells, strict=True))
    nobody = next(iter(cells.values()))
    empty = EventTable(
        *(column[:0] for column in (nobody.days, nobody.entered, nobody.events, nobody.censored))
    )
    strata = {stratum: {group: cells.get((group, stratum), empty) for group in groups} for stratum in layers}
    tables = {group: reduce(add, (strata[stratum][group] for stratum in layers)) for group in groups}
    return replace(counted, tables=tables, strata=strata)


@dataclass(frozen=True)
class Scale:
    """The groups and the causes of a source, in order."""

    groups: tuple[str, ...]
    causes: tuple[str, ...]

    @classmethod
    def of(cls, exits: Iterable[Exit], groups: Iterable[str]) -> "Scale":
        """Every group named, and the causes of the exits; one nameless group or cause if there is none."""
        causes = in_order(exit.cause for exit in exits if exit.cause is not None)
        return cls(in_order(filter(None, groups)) or ("",), causes or ("",))

    def place(self, exit: Exit) -> tuple[int, int]:
        """The number of the group, and of the kind: 0 is censored, the causes count from 1."""
        kind = 0 if exit.cause is None else 1 + self.causes.index(exit.cause)
        return self.groups.index(exit.group), kind

    def tables(self, left: Ints, came: Ints | None) -> dict[str, EventTable]:
        """The event table of each group. `left` and `came` are rows of (day, group, kind, number).

        Without `came` everyone was under observation from before day 0.
        """
        exits = _gather(left, len(self.groups), len(self.causes) + 1)
        entries = None if came is None else _gather(came, len(self.groups), 1)
        return dict(zip(self.groups, tables_of(exits, entries), strict=True))


def _gather(rows: Ints, groups: int, kinds: int) -> DayCounts:
    day, group, kind, n = rows.reshape(-1, 4).astype(np.int64).T
    days, place = np.unique(day, return_inverse=True)
    counts = np.zeros((days.size, groups, kinds), dtype=np.int64)
    np.add.at(counts, (place, group, kind), n)
    return DayCounts(days, counts)
