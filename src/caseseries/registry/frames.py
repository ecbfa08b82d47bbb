"""Event tables from where the rows lie: one expression counts them, whatever the engine.

The engine (polars, DuckDB, PostgreSQL, PySpark) returns how often each combination of values occurs: whole
numbers, and as many as there are days, not rows. What the values mean is decided afterwards, by the code that
also reads text files, so that a row is counted or refused by the same rule everywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.arrays import Ints
from caseseries.registry.coding import (
    CODINGS,
    DAYS_PER_UNIT,
    EMPTY,
    LAST_DAY,
    Exit,
    Layout,
    is_above_one,
    notes_of,
    read_group,
    read_row,
)
from caseseries.registry.counted import SHOWN, Cells, Counted, Scale, find_refused, more_refused
from caseseries.registry.text import check_columns, unreadable

Frame = nw.LazyFrame[Any]

_REFUSED = -1  # the day of a row whose times cannot be used
_DAY, _N = "day of this row", "rows like this"


def no_scan(_: Layout) -> None:
    """For a source that has no shorter way."""


def nothing_to_close() -> None:
    """For a source without a connection."""


@dataclass(frozen=True)
class Source:
    """Rows somewhere, and what to call them.

    `numbered` are the same rows with the column `row`, which numbers them from 0, if the source has numbers;
    `scan` counts the cells by a shorter way, or gives None where it cannot; `close` gives a connection back.
    """

    name: str
    frame: Frame
    numbered: Frame | None = None
    row: str = ""
    scan: Callable[[Layout], Cells | None] = no_scan
    close: Callable[[], None] = nothing_to_close


def count_frame(source: Source, layout: Layout) -> Counted:
    """The event tables of a source; nothing but counts, and the rows refused, leaves its engine.

    Raises:
        StudyError: a column is not there or holds what cannot be counted, or the rows changed meanwhile.
    """
    schema = source.frame.collect_schema()
    check_columns(Where(source.name), list(schema), layout.columns)
    _check_types(source.name, schema, layout)
    cells = source.scan(layout) or _collect_cells(source.frame, layout, schema, layout.time)
    keys = [dict(zip(layout.keys, key, strict=True)) for key in cells.keys]
    scale = Scale.of(
        filter(None, (_end(key, layout) for key in keys)), (read_group(key, layout) for key in keys)
    )
    left, came = _usable(cells, layout, scale), None
    if layout.entry:
        came = _usable(_collect_cells(source.frame, layout, schema, layout.entry), layout, scale)
        came[:, 2] = 0
        if came[:, 3].sum() != left[:, 3].sum():
            raise unreadable(source.name, "the rows changed while they were counted", "Ask again")
    rows, used = int(cells.n.sum()), int(left[:, 3].sum())
    findings = tuple(_find(source, layout, schema, rows - used)) if rows > used else ()
    above_one = np.array(
        [is_above_one(key, layout) and _end(key, layout) is not None for key in keys], dtype=bool
    )
    notes = notes_of(layout, int(cells.n[_has_day(cells) & above_one[cells.key]].sum()))
    return Counted(scale.tables(left, came), scale.causes, rows, used, findings, notes)


def count_rows(frame: Frame, layout: Layout, schema: nw.Schema, clock: str) -> Frame:
    """How many rows share a day, an event, a cause and a group: the one expression.

    `clock` is the column the day is taken from, the time or the entry. The day is -1 where the times of a row
    cannot be used; a column of whole days is left as it is, and looked at once it is counted.
    """
    if schema[clock].is_integer() and layout.unit == "days" and not layout.entry:
        day = nw.col(clock)
    else:
        number = (
            nw.when(_in_time(layout, schema)).then(_days(clock, layout, schema)).otherwise(nw.lit(_REFUSED))
        )
        day = number.cast(nw.Int64)
    keys = _plain(layout.keys)  # DuckDB takes a dot in a name to group by for the end of a table's
    columns = (nw.col(name).alias(plain) for name, plain in zip(layout.keys, keys, strict=True))
    return frame.select(day.alias(_DAY), *columns).group_by(_DAY, *keys).agg(nw.len().alias(_N))


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names without a dot, as many."""
    return tuple(f"column {number}" for number, _ in enumerate(names))


def _days(name: str, layout: Layout, schema: nw.Schema) -> nw.Expr:
    """A time in whole days, as `coding.read_days` has it."""
    number = nw.col(name) if schema[name].is_integer() else nw.col(name).cast(nw.Float64)
    return number if layout.unit == "days" else (number * DAYS_PER_UNIT[layout.unit] + 0.5).floor()


def _in_time(layout: Layout, schema: nw.Schema) -> nw.Expr:
    """Whether the times of a row can be used: there, finite, from 0, whole if in days, entry before exit."""
    good = nw.lit(True)
    for name in filter(None, (layout.time, layout.entry)):
        column = nw.col(name)
        good = good & (column >= 0) & (column <= LAST_DAY)  # an engine's NaN is larger than any number
        if layout.unit == "days" and not schema[name].is_integer():
            good = good & (column == column.floor())
    if layout.entry:
        good = good & (_days(layout.entry, layout, schema) < _days(layout.time, layout, schema))
    return good.fill_null(False)


def _in_code(layout: Layout, schema: nw.Schema) -> nw.Expr:
    """Whether the event, the cause and the group of a row can be used."""
    code, event = CODINGS[layout.coding], nw.col(layout.event)
    if schema[layout.event] == nw.Boolean:
        event = nw.when(event).then(nw.lit(1)).otherwise(nw.when(~event).then(nw.lit(0)))
    decimal = schema[layout.event].is_float()
    counting = (event > 0) & (event == event.floor()) if decimal else event > 0
    number = float if decimal else int  # polars compares a column with numbers of its own kind only
    happened = counting if layout.names_causes else event.is_in(sorted(map(number, code.events)))
    censored = counting if code.censored is None else event.is_in(sorted(map(number, code.censored)))
    if layout.cause:
        happened = happened & _there(layout.cause, schema)
    good = happened.fill_null(False) | censored.fill_null(False)
    for name in filter(None, (layout.group, layout.strata)):
        good = good & _there(name, schema)
    return good


def _there(name: str, schema: nw.Schema) -> nw.Expr:
    """Whether a label is there at all."""
    column = nw.col(name)
    if schema[name] == nw.String:
        return (~column.str.strip_chars().is_in(sorted(EMPTY))).fill_null(False)
    return ~column.is_null() & ~column.is_nan() if schema[name].is_float() else ~column.is_null()


def _check_types(name: str, schema: nw.Schema, layout: Layout) -> None:
    """Raises StudyError with every column that holds something other than it must."""
    findings = []
    for column in filter(None, (layout.time, layout.entry, layout.event)):
        if not (schema[column].is_numeric() or (column == layout.event and schema[column] == nw.Boolean)):
            what, do = f"column {column} holds {schema[column]}", "Turn it into a number column first"
            findings.append(Finding(Where(name), "type", Severity.FILE, what, "numbers", do))
    if findings:
        raise StudyError(findings)


def _collect(frame: Frame, columns: tuple[str, ...]) -> pl.DataFrame:
    """A small result, its columns in that order."""
    streaming = {"engine": "streaming"} if frame.implementation.is_polars() else {}
    collected: pl.DataFrame = frame.collect("polars", **streaming).to_native()
    return collected.select(columns)


def _collect_cells(frame: Frame, layout: Layout, schema: nw.Schema, clock: str) -> Cells:
    """The cells of a source, the missing days as -1."""
    named = _plain(layout.keys)
    counted = _collect(count_rows(frame, layout, schema, clock), (_DAY, *named, _N))
    numbered = counted.select(named).with_columns(pl.struct(named).rank("dense").alias(_N) - 1)
    keys = numbered.unique().sort(_N).drop(_N).rows()
    day, n = (counted[name].cast(pl.Int64).fill_null(_REFUSED).to_numpy() for name in (_DAY, _N))
    return Cells(day, numbered[_N].cast(pl.Int64).to_numpy(), n, tuple(keys))


def _end(key: Mapping[str, object], layout: Layout) -> Exit | None:
    """How rows with these values ended, whatever the day; None if they cannot be used."""
    untimed = replace(layout, entry="", unit="days")
    read = read_row({**key, layout.time: 0}, untimed)
    return read if isinstance(read, Exit) else None


def _usable(cells: Cells, layout: Layout, scale: Scale) -> Ints:
    """Rows of (day, group, kind, number) of the cells that can be used."""
    ends = [_end(dict(zip(layout.keys, key, strict=True)), layout) for key in cells.keys]
    places = np.array([scale.place(end) if end else (_REFUSED, _REFUSED) for end in ends], dtype=np.int64)
    rows = np.column_stack([cells.day, places.reshape(-1, 2)[cells.key], cells.n])
    return rows[_has_day(cells) & (rows[:, 1] >= 0)]


def _has_day(cells: Cells) -> npt.NDArray[np.bool_]:
    return (cells.day >= 0) & (cells.day <= LAST_DAY)


def _find(source: Source, layout: Layout, schema: nw.Schema, refusals: int) -> Iterator[Finding]:
    """What is wrong with the first rows refused, each with its number, or each distinct one with how many."""
    frame = source.frame if source.numbered is None else source.numbered
    refused = frame.filter(~(_in_time(layout, schema) & _in_code(layout, schema)))
    if source.numbered is not None:
        rows = _collect(refused.sort(source.row).head(SHOWN), (source.row, *layout.columns)).rows()
        places = [f"row {int(str(row[0])) + 1}" for row in rows]
        named = len(rows)
    else:
        plain = _plain(layout.columns)
        columns = (nw.col(name).alias(other) for name, other in zip(layout.columns, plain, strict=True))
        distinct = refused.select(*columns).group_by(*plain).agg(nw.len().alias(_N))
        rows = _collect(distinct.sort(*plain).head(SHOWN), (_N, *plain)).rows()
        named = sum(int(str(row[0])) for row in rows)
        places = [f"{row[0]} rows" if row[0] != 1 else "1 row" for row in rows]
    for place, row in zip(places, rows, strict=True):
        read = read_row(dict(zip(layout.columns, row[1:], strict=True)), layout)
        if not isinstance(read, Exit):
            yield from find_refused([(Where(source.name, cell=place), row[1:])], {row[1:]: read})
    yield from more_refused(source.name, max(0, refusals - named))
