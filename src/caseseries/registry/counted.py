"""What comes out of any source of rows: an event table a group, and an account of every row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.arrays import Cells, tables_of
from caseseries.registry.coding import Complaint, Exit, Layout, in_order, read_label, read_row
from caseseries.stats.events import EventTable

Row = tuple[object, ...]  # the values of a layout's columns, in their order
Refused = Mapping[Row, tuple[Complaint, ...]]


@dataclass(frozen=True)
class Counted:
    """Event tables by group ("" when there is one group only), and what became of the rows read.

    `causes` names the events in the order of the tables' columns. Every group that occurs in the source is
    here, also one whose rows were all refused. `findings` says which rows were refused and why, as far as
    the source can tell its rows apart.
    """

    tables: Mapping[str, EventTable]
    causes: tuple[str, ...]
    rows: int
    used: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        return self.rows - self.used


def count_distinct(rows: Mapping[Row, int], layout: Layout) -> tuple[Counted, Refused]:
    """The event tables of distinct rows, each with how often it occurs; and the rows refused, with reasons."""
    exits: Counter[Exit] = Counter()
    refused: dict[Row, tuple[Complaint, ...]] = {}
    for row, n in rows.items():
        read = read_row(dict(zip(layout.columns, row, strict=True)), layout)
        if isinstance(read, Exit):
            exits[read] += n
        else:
            refused[row] = read
    entries: Counter[tuple[str, int]] = Counter()
    for exit, n in exits.items():
        if exit.entry is not None:
            entries[exit.group, exit.entry] += n
    names = {str(group) for row in refused if (group := group_of(row, layout))}
    tables, causes = tables_by_group(exits, entries if layout.entry else None, names)
    notes = (layout.conversion,) if layout.conversion else ()
    return Counted(tables, causes, sum(rows.values()), exits.total(), notes=notes), refused


def group_of(row: Row, layout: Layout) -> str:
    """The group a row names; empty if it names none."""


    return read_label(row[layout.columns.index(layout.group)]) if layout.group else ""


def find_refused(where: Iterable[tuple[Where, Row]], refused: Refused) -> tuple[Finding, ...]:
    """A finding for everything that is wrong with each row refused."""
    return tuple(
        Finding(place, complaint.code, Severity.CASE, complaint.what, complaint.allowed, complaint.do)
        for place, row in where
        for complaint in refused.get(row, ())
    )


def tables_by_group(
    exits: Mapping[Exit, int], entries: Mapping[tuple[str, int], int] | None, groups: Iterable[str]
) -> tuple[dict[str, EventTable], tuple[str, ...]]:
    """The event table of each group, and the causes in order; exits and entries come with their numbers.

    Without `entries` everyone was under observation from before day 0. `groups` may name groups without rows.
    """
    causes = in_order(exit.cause for exit in exits if exit.cause is not None) or ("",)
    labels = in_order([*groups, *(exit.group for exit in exits)]) or ("",)
    member = {label: place for place, label in enumerate(labels)}
    kind: dict[str | None, int] = {None: 0, **{cause: 1 + k for k, cause in enumerate(causes)}}
    out = [(exit.day, member[exit.group], kind[exit.cause], n) for exit, n in exits.items()]
    left = _cells(out, len(labels), len(causes) + 1)
    came = None
    if entries is not None:
        came = _cells([(day, member[group], 0, n) for (group, day), n in entries.items()], len(labels), 1)
    return dict(zip(labels, tables_of(left, came), strict=True)), causes


def _cells(counted: list[tuple[int, int, int, int]], groups: int, kinds: int) -> Cells:
    """Cells of (day, group, kind, number)."""
    columns = np.array(counted, dtype=np.int64).reshape(-1, 4).T
    days, place = np.unique(columns[0], return_inverse=True)
    counts = np.zeros((days.size, groups, kinds), dtype=np.int64)
    np.add.at(counts, (place, columns[1], columns[2]), columns[3])
    return Cells(days, counts)
