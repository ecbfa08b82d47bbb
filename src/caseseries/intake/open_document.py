"""OpenDocument spreadsheets (.ods) to the same addressed cells as .xlsx, streamed (OpenDocument 1.3 part 3, 9).

Repeated rows and cells are counted, not copied, unless they are filled: an empty sheet of a million rows costs nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.marks import CellNote, Marks
from caseseries.intake.package import (
    HERE,
    Package,
    UnreadableError,
    Walker,
    open_package,
    read_part,
    walk,
)
from caseseries.intake.sheet import (
    LAST_COLUMN,
    MOST_CELLS,
    NUMBER,
    Cell,
    Sheet,
    Workbook,
    content_of_number,
    content_of_text,
    letters_of,
    read_or_refuse,
)

ALLOWED = "an OpenDocument spreadsheet (.ods) without a password"
LAST_ROW = 1_048_576
STYLES, CONTENT = "styles.xml", "content.xml"  # named styles, and what has them
MANIFEST = "META-INF/manifest.xml"
ERROR = re.compile(r"#[A-Z/0]+[!?]?|Err:\d+")
DATE_FORMAT = "yyyy-mm-dd"


def read_open_document(path: Path, root: Path, here: float = HERE) -> Workbook:
    """Every filled cell of an .ods file; `root` is the folder that places are named from.

    A file that cannot be read gives a workbook without sheets and the finding that says why. Raises CostlyError
    when more than `here` of it would have to be walked (`apart`).
    """

    def read(file: str, digest: str, data: bytes) -> Workbook:
        package = open_package(data, here)
        _check_kind(package)
        body = _Body()
        for part in (STYLES, CONTENT):
            if part in package.names:
                walk(package, part, body)
        return Workbook(file, digest, tuple(body.sheets))

    return read_or_refuse(path, root, ALLOWED, read)


def _check_kind(package: Package) -> None:
    do = "Open it in LibreOffice and save it as .ods, or in Excel and save it as .xlsx"
    if CONTENT not in package.names or "mimetype" not in package.names:
        raise UnreadableError(
            "not-ods", "the file is no OpenDocument spreadsheet, whatever its name says", do
        )
    if b"opendocument.spreadsheet" not in read_part(package, "mimetype"):
        raise UnreadableError("not-ods", "the file is an OpenDocument file, and no spreadsheet", do)
    is_listed = MANIFEST in package.names
    if is_listed and b"encryption-data" in read_part(package, MANIFEST):
        raise UnreadableError(
            "encrypted", "the spreadsheet is protected by a password", "Save it without one"
        )


@dataclass
class _Style:
    is_struck: bool = False
    fill: str = ""
    is_hidden_table: bool = False


@dataclass
class _Open:
    """A cell whose end has not come yet."""

    attributes: Mapping[str, str]
    style: _Style
    is_partly_struck: bool = False
    paragraphs: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)
    author: list[str] = field(default_factory=list)


class _Body(Walker):
    """The sheets of content.xml, with the looks its automatic styles give."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.styles: dict[str, _Style] = {}
        self.style = _Style()
        self.name, self.hidden = "", False
        self.cells: list[Cell] = []
        self.marks = Marks()
        self.row = self.rows = self.column = self.index = 0
        self.cell: _Open | None = None
        self.in_note = self.in_creator = self.in_text = False
        self.total = 0
        self.of_columns: list[tuple[int, str]] = []  # up to which column, and the style of its cells
        self.of_row = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        own = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        opened = {
            "style": self._open_style,
            "text-properties": self._see_text,
            "table-cell-properties": self._see_fill,
            "table-properties": self._see_table,
            "table": self._open_table,
            "table-column": self._see_column,
            "table-row": self._open_row,
            "table-cell": self._open_cell,
            "covered-table-cell": self._open_cell,
        }.get(name)
        if opened:
            opened(own)
        elif self.cell is not None:
            self._open_content(name, own)

    def _open_style(self, own: Mapping[str, str]) -> None:
        parent = self.styles.get(own.get("parent-style-name", ""), _Style())
        self.style = self.styles[own.get("name", "")] = replace(parent)

    def _see_text(self, own: Mapping[str, str]) -> None:
        line = own.get("text-line-through-style") or own.get("text-line-through-type", "")
        if line:
            self.style.is_struck = line != "none"

    def _see_fill(self, own: Mapping[str, str]) -> None:
        if colour := own.get("background-color", ""):
            self.style.fill = "" if colour == "transparent" else colour

    def _see_table(self, own: Mapping[str, str]) -> None:
        self.style.is_hidden_table = own.get("display") == "false"

    def _open_table(self, own: Mapping[str, str]) -> None:
        self.name = own.get("name", "")
        self.hidden = self.styles.get(own.get("style-name", ""), _Style()).is_hidden_table
        self.cells, self.marks, self.row, self.rows, self.column = [], Marks(), 0, 1, 0
        self.of_columns, self.of_row = [], ""

    def _see_column(self, own: Mapping[str, str]) -> None:
        first, times = self.column + 1, _count(own, "number-columns-repeated")
        self.column += times
        self.of_columns.append((self.column, own.get("default-cell-style-name", "")))
        if own.get("visibility", "visible") != "visible":
            self.marks.hidden_columns.append((first, min(self.column, LAST_COLUMN)))

    def _open_row(self, own: Mapping[str, str]) -> None:
        self.row, self.rows, self.index = self.row + 1, _count(own, "number-rows-repeated"), 0
        self.of_row = own.get("default-cell-style-name", "")
        if own.get("visibility", "visible") != "visible" and self.row + self.rows <= LAST_ROW:
            self.marks.hidden_rows.extend(range(self.row, self.row + min(self.rows, 1000)))

    def _open_cell(self, own: Mapping[str, str]) -> None:
        self.cell = _Open(own, self._style_of(own))

    def _style_of(self, own: Mapping[str, str]) -> _Style:
        """A cell without a style has that of its row, or else of its column (OpenDocument 1.3 part 3, 9.1.3)."""
        of_column = next((style for last, style in self.of_columns if last > self.index), "")
        name = own.get("style-name") or self.of_row or of_column
        return self.styles.get(name, _Style())

    def _open_content(self, name: str, own: Mapping[str, str]) -> None:
        if self.cell is None:
            return
        if name == "annotation":
            self.in_note = True
        elif name == "creator":
            self.in_creator = True
        elif name == "p":
            self.in_text = True
            (self.cell.note if self.in_note else self.cell.paragraphs).append("")
        elif name == "span" and not self.in_note:
            self.cell.is_partly_struck |= self.styles.get(own.get("style-name", ""), _Style()).is_struck
        elif self.in_text and name in ("s", "tab", "line-break"):
            self.text(" " * _count(own, "c"))

    def text(self, data: str) -> None:
        if self.cell is None:
            return
        if self.in_creator:
            self.cell.author.append(data)
        elif self.in_text:
            (self.cell.note if self.in_note else self.cell.paragraphs)[-1] += data

    def end(self, name: str) -> None:
        if name == "p":
            self.in_text = False
        elif name == "annotation":
            self.in_note = False
        elif name == "creator":
            self.in_creator = False
        elif name in ("table-cell", "covered-table-cell") and self.cell is not None:
            self._keep(self.cell)
            self.cell = None
        elif name == "table-row":
            self.row += self.rows - 1
        elif name == "table":
            self.sheets.append(Sheet(self.name, self.hidden, tuple(self.cells), self.marks))

    def _keep(self, opened: _Open) -> None:
        times = _count(opened.attributes, "number-columns-repeated")
        cell = _cell(self.row, self.index + 1, opened)
        if cell is not None:
            self.total += times * self.rows
            if self.total > MOST_CELLS or self.index + times > LAST_COLUMN:
                raise UnreadableError("too-many-cells", f"a sheet has more than {MOST_CELLS:,} filled cells")
            self._place(opened, times)
        if opened.note and "".join(opened.note).strip():
            address = f"{letters_of(self.index + 1)}{self.row}"
            self.marks.notes += (CellNote(address, "".join(opened.author), "\n".join(opened.note).strip()),)
        self.index += times

    def _place(self, opened: _Open, times: int) -> None:
        style = opened.style
        for row in range(self.row, self.row + self.rows):
            for column in range(self.index + 1, self.index + times + 1):
                cell = _cell(row, column, opened)
                if cell is not None:
                    self.cells.append(cell)
                if style.is_struck:
                    self.marks.struck.append((row, column))
                if opened.is_partly_struck:
                    self.marks.partly_struck.append((row, column))
                if style.fill:
                    self.marks.filled[row, column] = style.fill
        down, across = (_count(opened.attributes, f"number-{way}-spanned") for way in ("rows", "columns"))
        if down > 1 or across > 1:
            last = f"{letters_of(self.index + across)}{self.row + down - 1}"
            self.marks.merged.append(f"{letters_of(self.index + 1)}{self.row}:{last}")


def _count(own: Mapping[str, str], name: str) -> int:
    digits = own.get(name, "1")
    return max(int(digits), 1) if digits.isdecimal() and len(digits) < 9 else 1


def _cell(row: int, column: int, opened: _Open) -> Cell | None:
    """The cell by its value type; one that shows an error is the error, whatever its type says."""
    own, shown = opened.attributes, "\n".join(opened.paragraphs)
    kind = own.get("value-type", "string" if shown else "")
    if "formula" in own and ERROR.fullmatch(shown.strip()):
        return Cell(row, column, "error", shown.strip(), shown.strip())
    if "formula" in own and not kind:
        formula = own["formula"].partition(":")[2] or own["formula"]
        return Cell(row, column, "formula", formula, formula)
    if kind == "boolean":
        is_true = own.get("boolean-value") == "true"
        return Cell(row, column, "logical", is_true, "TRUE" if is_true else "FALSE")
    if kind == "date":
        return _date(row, column, own.get("date-value", ""), shown)
    if kind in ("float", "percentage", "currency"):
        return _number(row, column, own.get("value", ""), "0.00%" if kind == "percentage" else "General")
    text = content_of_text(own.get("string-value", shown))
    return Cell(row, column, *text) if text else None


def _number(row: int, column: int, stored: str, number_format: str) -> Cell:
    if not NUMBER.fullmatch(stored):
        return Cell(row, column, "broken", stored or "?", stored or "?")
    return Cell(row, column, *content_of_number(float(stored), number_format, 0))


def _date(row: int, column: int, stored: str, shown: str) -> Cell:
    try:
        moment = datetime.fromisoformat(stored)
    except ValueError:
        return Cell(row, column, "broken", stored or shown, stored or shown)
    day = date(moment.year, moment.month, moment.day)
    serial = (day - EXCEL_DAY_0).days + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
    months_only = re.fullmatch(
        r"[^\d]*\d{4}|\d{1,2}[-/. ]\d{4}|\d{4}[-/. ]\d{1,2}|[^\d]+\d{2}", shown.strip()
    )
    number_format = "mmm yyyy" if months_only else DATE_FORMAT
    return Cell(row, column, *content_of_number(float(serial), number_format, 0))
