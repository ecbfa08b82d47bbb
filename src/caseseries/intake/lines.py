"""The filled lines of a form, and remarks: findings that know which cells they take out of the study."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.cells import Content, Reading, allowed_in, parse_cell
from caseseries.intake.clinical_dates import Order, order_of_texts
from caseseries.intake.notices import Notice
from caseseries.intake.sheet import MOST_REMEMBERED, ROW, Cell, Sheet, letters_of
from caseseries.intake.spelling import key_of
from caseseries.record.patient import Row, Source, Value
from caseseries.study.forms import CASE_ID, Column, Form

NOTHING: frozenset[str] = frozenset()
Said = tuple[Content, str]  # a value, and what stood in its cell
Told = tuple[
    str, Said | None, Reading | None
]  # a column's name, a value, and the reading if it is not only that

# On these sheets nothing is lost but the line's own value; on the others a missing date or event could hide
# a relapse or a death, so the whole case waits.
WITHOUT_COURSE = frozenset({"specimens", "toxicity"})


@dataclass(frozen=True)
class Remark:
    """A finding; the cells it sets aside (problems) and the cells it says are ignored."""

    finding: Finding
    aside: tuple[Where, ...] = ()
    ignored: tuple[Where, ...] = ()


@dataclass(frozen=True)
class Grid:
    """A sheet whose headings are understood: which column stands where, and below which row the lines are."""

    file: str
    sheet: Sheet
    form: Form
    header_row: int
    columns: Mapping[int, Column]

    @property
    def has_case_ids(self) -> bool:
        return any(column is CASE_ID for column in self.columns.values())

    @property
    def headings(self) -> tuple[Where, ...]:
        row = self.header_row
        return tuple(self.where(row, cell.column) for cell in self.sheet.rows(row, row))

    @cached_property
    def under(self) -> Mapping[int, Sequence[Cell]]:
        """The filled cells below the headings by column, of columns without a heading too."""
        found: dict[int, list[Cell]] = defaultdict(list)
        for cell in self.sheet.rows(self.header_row + 1):
            found[cell.column].append(cell)
        return dict(sorted(found.items()))

    @cached_property
    def filled(self) -> Sequence[Cell]:
        """The cells that are read as data."""
        cells, columns = self.sheet.rows(self.header_row + 1), self.columns
        is_all = self.under.keys() <= columns.keys()
        return cells if is_all else [cell for cell in cells if cell.column in columns]

    @cached_property
    def indices(self) -> Mapping[str, int]:
        return {column.name: index for index, column in self.columns.items()}

    def places_under(self, column: int) -> tuple[Where, ...]:
        return tuple(self.where(cell.row, column) for cell in self.under.get(column, ()))

    def where(self, row: int, column: int) -> Where:
        return Where(self.file, self.sheet.name, f"{letters_of(column)}{row}")


# These three are read only, like all Mappings and Collections; freezing them costs a third of the reading of a line.


@dataclass(slots=True, eq=False)
class Places(Mapping[str, Where]):
    """Where the cell of each known column is on one line, filled or not; made when asked for."""

    grid: Grid
    row: int

    def __getitem__(self, name: str) -> Where:
        return self.grid.where(self.row, self.grid.indices[name])

    def __contains__(self, name: object) -> bool:
        return name in self.grid.indices

    def __iter__(self) -> Iterator[str]:
        return iter(self.grid.indices)

    def __len__(self) -> int:
        return len(self.grid.indices)


@dataclass(slots=True, eq=False)
class Values(Mapping[str, Value]):
    """The values of one line. With their sources, of which there can be millions, they are made when asked for."""

    said: Mapping[str, Said]
    places: Places

    def __getitem__(self, name: str) -> Value:
        value, raw = self.said[name]
        return Value(value, Source(self.places[name], raw))

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self.said else default

    def __contains__(self, name: object) -> bool:
        return name in self.said

    def __iter__(self) -> Iterator[str]:
        return iter(self.said)

    def __len__(self) -> int:
        return len(self.said)


def without(values: Mapping[str, Value], places: Set[Where]) -> Mapping[str, Value]:
    """The values whose cells are not among some places."""
    kept = {name: value for name, value in values.items() if value.source.where not in places}
    if isinstance(values, Values):
        return Values({name: values.said[name] for name in kept}, values.places)
    return kept


def cells_behind(values: Mapping[str, Value]) -> Iterator[tuple[tuple[object, ...], Iterable[int]]]:
    """What tells the cells of some values apart: file, sheet and row with the columns in it, or each one's place."""
    if isinstance(values, Values):
        grid = values.places.grid
        yield (grid.file, grid.sheet.name, values.places.row), map(grid.indices.__getitem__, values.said)
    else:
        for value in values.values():
            yield value.source.where, (0,)


@dataclass(slots=True, eq=False)
class Here(Collection[Where]):
    """The places of some cells of a sheet, made when asked for."""

    grid: Grid
    cells: Sequence[Cell]

    def __iter__(self) -> Iterator[Where]:
        return (self.grid.where(cell.row, cell.column) for cell in self.cells)

    def __contains__(self, place: object) -> bool:
        return any(where == place for where in self)

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class Line:
    """A filled line: what was understood (`row`), all its cells, and where each known column's cell is."""

    form: Form
    row: Row
    cells: Collection[Where]
    places: Mapping[str, Where]
    unread: frozenset[str]
    key: str = field(init=False, compare=False)  # what the spellings of the case id have in common

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.row.case_id))

    @property
    def case_id(self) -> str:
        return self.row.case_id


def severity_of(form: Form, column: Column) -> Severity:
    """What it costs when a cell of this column is missing or cannot be read."""
    if not column.required or (form.name in WITHOUT_COURSE and column is not CASE_ID):
        return Severity.VALUE
    return Severity.CASE


def read_lines(grid: Grid, data_cut: date) -> tuple[list[Line], list[Remark]]:
    """Every filled line below the headings, and a remark for every cell that is not simply a value."""
    lines: list[Line] = []
    remarks: list[Remark] = []
    readings = _Readings(grid, data_cut)
    for row, cells in groupby(grid.filled if grid.has_case_ids else (), key=ROW):
        line, found = _read_line(grid, row, tuple(cells), readings)
        lines += [line] if line else []
        remarks += found
    return lines, remarks


class _Readings(dict[tuple[object, ...], Told]):
    """How the cells of a grid are read, by all of a cell but its row: most contents stand in many."""

    def __init__(self, grid: Grid, data_cut: date) -> None:
        super().__init__()
        self.columns, self.data_cut = grid.columns, data_cut
        self.orders = {
            index: order_of_texts([cell.raw for cell in grid.under.get(index, ()) if cell.kind == "text"])
            for index, column in grid.columns.items()
            if column.kind == "date"
        }

    def __missing__(self, content: tuple[Any, ...]) -> Told:
        index = content[0]
        column, order = self.columns[index], self.orders.get(index, "")
        told = _tell_id(content) if column is CASE_ID else _tell(content, column, self.data_cut, order)
        if len(self) < MOST_REMEMBERED:
            self[content] = told
        return told


def _tell(content: tuple[Any, ...], column: Column, data_cut: date, order: Order) -> Told:
    cell = Cell(0, *content)
    reading = parse_cell(cell, column, data_cut, order)
    said = None if reading.value is None else (reading.value, cell.raw)
    return column.name, said, None if said and not reading.notice else reading


@lru_cache(maxsize=MOST_REMEMBERED)
def _tell_id(content: tuple[Any, ...]) -> Told:
    """The same case ids stand on every sheet of a return."""
    return _tell(content, CASE_ID, date.max, "")


def _read_line(
    grid: Grid, row: int, cells: Sequence[Cell], readings: _Readings
) -> tuple[Line | None, Sequence[Remark]]:
    values: dict[str, Said] = {}
    doubts: dict[str, Reading] = {}
    for cell in cells:
        name, said, doubt = readings[cell[1:]]
        if said:
            values[name] = said
        if doubt:
            doubts[name] = doubt
    case_id, _ = values.get(CASE_ID.name, ("", ""))
    here, places = Here(grid, cells), Places(grid, row)
    if not isinstance(case_id, str) or not case_id:
        return None, [_without_case(places, here, doubts.get(CASE_ID.name))]
    line = Line(
        grid.form,
        Row(grid.form.name, case_id, grid.where(row, grid.indices[CASE_ID.name]), Values(values, places)),
        here,
        places,
        _unread(doubts) if doubts else NOTHING,
    )
    return line, list(_remarks(line, doubts)) if doubts else ()


def _unread(doubts: Mapping[str, Reading]) -> frozenset[str]:
    return frozenset(
        name for name, reading in doubts.items() if reading.value is None and not reading.is_missing
    )


def _without_case(places: Places, here: Here, doubt: Reading | None) -> Remark:
    """A line that belongs to no case: all its cells are set aside."""
    empty = Notice("no-case-id", "the line has no case id", "Add the case id, or empty the line")
    notice = (doubt.notice if doubt else None) or empty
    finding = _finding(places[CASE_ID.name], notice, Severity.CASE, "", CASE_ID)
    return Remark(finding, aside=tuple(here))


def _remarks(line: Line, doubts: Mapping[str, Reading]) -> Iterator[Remark]:
    for name, reading in doubts.items():
        if reading.notice is None:
            continue
        column, where, is_stored = line.form.column(name), line.places[name], reading.value is not None
        is_harmless = is_stored or reading.is_missing
        severity = Severity.NOTE if is_harmless else severity_of(line.form, column)
        finding = _finding(where, reading.notice, severity, line.case_id, column)
        aside, ignored = () if is_harmless else (where,), (where,) if reading.is_missing else ()
        yield Remark(finding, aside, ignored)


def _finding(where: Where, notice: Notice, severity: Severity, case_id: str, column: Column) -> Finding:
    allowed = notice.allowed or allowed_in(column)
    return Finding(where, f"intake.{notice.code}", severity, notice.what, allowed, notice.do, case_id)
