"""The filled lines of a form, and remarks: findings that know which cells they take out of the study."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.cells import Reading, allowed_in, parse_cell
from caseseries.intake.clinical_dates import Order, order_of_texts
from caseseries.intake.notices import Notice
from caseseries.intake.workbook import MOST_REMEMBERED, Cell, Sheet, letters_of
from caseseries.record.patient import Row, Source, Value
from caseseries.study.forms import CASE_ID, Column, Form

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
        return tuple(self.where(row, cell.column) for cell in self.sheet.cells if cell.row == row)

    def where(self, row: int, column: int) -> Where:
        return Where(self.file, self.sheet.name, f"{letters_of(column)}{row}")


@dataclass(frozen=True, slots=True)
class Places(Mapping[str, Where]):
    """Where the cell of each known column is on one line, filled or not; made when asked for."""

    grid: Grid
    row: int
    indices: Mapping[str, int]

    def __getitem__(self, name: str) -> Where:
        return self.grid.where(self.row, self.indices[name])

    def __contains__(self, name: object) -> bool:
        return name in self.indices

    def __iter__(self) -> Iterator[str]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class Line:
    """A filled line: what was understood (`row`), all its cells, and where each known column's cell is."""

    form: Form
    row: Row
    cells: tuple[Where, ...]
    places: Mapping[str, Where]
    unread: frozenset[str]

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
    by_row: dict[int, list[Cell]] = defaultdict(list)
    columns, header_row = grid.columns, grid.header_row
    for cell in grid.sheet.cells if grid.has_case_ids else ():
        if cell.row > header_row and cell.column in columns:
            by_row[cell.row].append(cell)
    lines: list[Line] = []
    remarks: list[Remark] = []
    read, indices = _reader(grid, data_cut), {column.name: i for i, column in columns.items()}
    for row, cells in by_row.items():
        line, found = _read_line(grid, Places(grid, row, indices), cells, read)
        lines += [line] if line else []
        remarks += found
    return lines, remarks


def _orders(grid: Grid) -> dict[int, Order]:
    """The order of day and month in each column of dates that were typed as text."""
    texts: dict[int, list[str]] = defaultdict(list)
    for cell in grid.sheet.cells:
        column = grid.columns.get(cell.column)
        if column and column.kind == "date" and cell.kind == "text" and cell.row > grid.header_row:
            texts[cell.column].append(cell.raw)
    return {index: order_of_texts(found) for index, found in texts.items()}


def _reader(grid: Grid, data_cut: date) -> Callable[[Cell], Reading]:
    """How the cells of a grid are read. Most contents stand in many cells, and each is read once."""
    orders = _orders(grid)
    known: dict[tuple[object, ...], Reading] = {}

    def read(cell: Cell) -> Reading:
        content = cell[1:]  # all but its row
        found = known.get(content)
        if found is None:
            found = parse_cell(cell, grid.columns[cell.column], data_cut, orders.get(cell.column, ""))
            if len(known) < MOST_REMEMBERED:
                known[content] = found
        return found

    return read


def _read_line(
    grid: Grid, places: "Places", cells: Sequence[Cell], read: Callable[[Cell], Reading]
) -> tuple[Line | None, list[Remark]]:
    read_as: dict[str, Reading] = {}
    values: dict[str, Value] = {}
    here: list[Where] = []
    unread: list[str] = []
    columns, where_of = grid.columns, grid.where
    for cell in cells:
        reading, where, name = read(cell), where_of(cell.row, cell.column), columns[cell.column].name
        here.append(where)
        if reading.value is not None:
            values[name] = Value(reading.value, Source(where, cell.raw))
        elif not reading.is_missing:
            unread.append(name)
        if reading.notice or name == CASE_ID.name:
            read_as[name] = reading
    case_id = _case_id(read_as)
    if not case_id:
        return None, [_without_case(grid, places.row, tuple(here), read_as)]
    row = Row(grid.form.name, case_id, values[CASE_ID.name].source.where, values)
    line = Line(grid.form, row, tuple(here), places, frozenset(unread))
    return line, list(_remarks(grid.form, case_id, places, read_as))


def _case_id(readings: Mapping[str, Reading]) -> str:
    found = readings.get(CASE_ID.name)
    return found.value if found and isinstance(found.value, str) else ""


def _without_case(grid: Grid, row: int, here: tuple[Where, ...], readings: Mapping[str, Reading]) -> Remark:
    """A line that belongs to no case: all its cells are set aside."""
    column = next(index for index, column in grid.columns.items() if column.name == CASE_ID.name)
    found = readings.get(CASE_ID.name)
    empty = Notice("no-case-id", "the line has no case id", "Add the case id, or empty the line")
    notice = (found.notice if found else None) or empty
    return Remark(_finding(grid.where(row, column), notice, Severity.CASE, "", CASE_ID), aside=here)


def _remarks(
    form: Form, case_id: str, places: Mapping[str, Where], readings: Mapping[str, Reading]
) -> Iterator[Remark]:
    for name, reading in readings.items():
        if reading.notice is None:
            continue
        column, where, is_stored = form.column(name), places[name], reading.value is not None
        is_harmless = is_stored or reading.is_missing
        severity = Severity.NOTE if is_harmless else severity_of(form, column)
        finding = _finding(where, reading.notice, severity, case_id, column)
        aside, ignored = () if is_harmless else (where,), (where,) if reading.is_missing else ()
        yield Remark(finding, aside, ignored)


def _finding(where: Where, notice: Notice, severity: Severity, case_id: str, column: Column) -> Finding:
    allowed = notice.allowed or allowed_in(column)
    return Finding(where, f"intake.{notice.code}", severity, notice.what, allowed, notice.do, case_id)
