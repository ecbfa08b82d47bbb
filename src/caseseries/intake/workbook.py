"""Excel workbooks to addressed cells: value, kind, number format and the text a person saw.

The sheet XML is streamed and only filled cells are kept, so one lone cell in the last corner costs nothing;
a cell that makes no sense is that cell's problem, not the workbook's (docs/decisions/0010).
"""

import hashlib
import math
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.marks import Look, Marks, read_looks, read_notes
from caseseries.intake.package import (
    SAVE_AS,
    Package,
    UnreadableError,
    Walker,
    open_package,
    read_bytes,
    read_elements,
    walk,
)

Kind = Literal["text", "number", "percent", "date", "logical", "error", "formula", "broken"]

MOST_CELLS = 2_000_000
LAST_COLUMN = 16_384  # XFD
DAYS_1904 = 1_462  # between the two calendars Excel counts from
LAST_SERIAL = 2_958_466  # the day after 9999-12-31

BUILT_IN = {9: "0%", 10: "0.00%", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 49: "@"}
BUILT_IN |= {18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm"}
BUILT_IN |= {45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"}
BUILT_IN |= {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??"}
BUILT_IN |= {37: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 48: "##0.0E+0"}
BUILT_IN |= dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # East Asian calendars

ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
LITERALS = re.compile(r'"[^"]*"|\[(?![hms]+\])[^\]]*\]|[\\_*].')

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Cell:
    """One filled cell. Dates are serial days of the 1900 calendar, percentages fractions as Excel keeps them.

    `raw` is what a person would call its content. A `formula` has no stored result; a `broken` cell holds
    something that Excel could not have written.
    """

    row: int
    column: int
    kind: Kind
    value: str | float | bool
    raw: str
    number_format: str = "General"

    @property
    def address(self) -> str:
        return f"{letters_of(self.column)}{self.row}"


@dataclass(frozen=True)
class Sheet:
    """A sheet's filled cells, by row and column, and what else is to be seen on it."""

    name: str
    hidden: bool
    cells: tuple[Cell, ...]
    marks: Marks = field(default_factory=Marks, compare=False)

    def at(self, address: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.address == address), None)


@dataclass(frozen=True)
class Workbook:
    """A file as read: no sheets, and one finding, when it could not be.

    `is_1904` says from which day it counted (its dates are brought to the other calendar), `links` how many other
    workbooks its formulas read from; `warnings` what is said about a file that was read.
    """

    file: str
    sha256: str
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()
    is_1904: bool = False
    links: int = 0
    warnings: tuple[Finding, ...] = ()


def read_workbook(path: Path, root: Path) -> Workbook:
    """Every filled cell of an .xlsx file, by sheet; `root` is the folder that places are named from.

    A file that cannot be read gives a workbook without sheets and the finding that says why.
    """
    file = path.relative_to(root).as_posix()
    digest = ""
    try:
        data = read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        return _read_package(file, digest, open_package(data))
    except UnreadableError as error:
        allowed = "an Excel workbook (.xlsx) without a password"
        finding = Finding(Where(file), f"intake.{error.code}", Severity.FILE, error.what, allowed, error.do)
        return Workbook(file, digest, (), (finding,))


def letters_of(column: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def number_of(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


# --- the parts of a workbook ------------------------------------------------------------------------------


def _read_package(file: str, digest: str, package: Package) -> Workbook:
    main = _main_part(package)
    targets = _relations(package, main)
    elements = list(read_elements(package, main))
    is_1904 = any(
        name == "workbookPr" and attributes.get("date1904") in ("1", "true")
        for _, name, attributes in elements
    )
    book = _Book(
        _read_strings(package, _target(targets, "sharedStrings")),
        read_looks(package, _target(targets, "styles"), BUILT_IN),
        DAYS_1904 if is_1904 else 0,
    )
    links = sum(kind == "externalLink" for kind, _ in targets.values())
    return Workbook(file, digest, tuple(_read_sheets(package, targets, elements, book)), (), is_1904, links)


def _read_sheets(
    package: Package,
    targets: Mapping[str, tuple[str, str]],
    elements: Sequence[tuple[str, str, Mapping[str, str]]],
    book: "_Book",
) -> Iterator[Sheet]:
    for parent, name, attributes in elements:
        kind, part = targets.get(attributes.get("id", ""), ("", ""))
        if (parent, name, kind) == ("sheets", "sheet", "worksheet"):
            hidden = attributes.get("state", "visible") != "visible"
            cells, marks = _read_cells(package, part, book)
            yield Sheet(attributes.get("name", ""), hidden, cells, marks)


def _main_part(package: Package) -> str:
    found = _target(_relations(package, ""), "officeDocument") if "_rels/.rels" in package.names else ""
    if found.endswith(".bin"):
        raise UnreadableError("binary", "the file is a binary Excel workbook (.xlsb)", SAVE_AS)
    if "workbook" not in found or found not in package.names:
        raise UnreadableError(
            "not-excel", "the file is a zip or another Office file, not an Excel workbook", SAVE_AS
        )
    return found


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """What a part points to: relation id -> kind and part (ECMA-376 part 2, 6.5)."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    return {
        attributes.get("Id", ""): (
            attributes.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/"),
        )
        for _, element, attributes in read_elements(package, relations)
        if element == "Relationship"
    }


def _target(relations: Mapping[str, tuple[str, str]], kind: str) -> str:
    return next((part for found, part in relations.values() if found == kind), "")


class _Strings(Walker):
    """Shared strings; phonetic guides (rPh) are no part of the text."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parts: list[str] = []
        self.in_text = self.in_guide = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002
        if name == "si":
            self.parts = []
        elif name == "rPh":
            self.in_guide = True
        self.in_text = name == "t" and not self.in_guide

    def text(self, data: str) -> None:
        if self.in_text:
            self.parts.append(data)

    def end(self, name: str) -> None:
        self.in_text = False
        if name == "rPh":
            self.in_guide = False
        elif name == "si":
            self.found.append(_unescape("".join(self.parts)))


def _read_strings(package: Package, part: str) -> list[str]:
    strings = _Strings()
    if part:
        walk(package, part, strings)
    return strings.found


def _unescape(text: str) -> str:
    """Excel writes control characters as _x000D_ (ECMA-376 22.9.2.19)."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


# --- the cells of a sheet ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Book:
    strings: Sequence[str]
    looks: Sequence[Look]
    shift: int

    @cached_property
    def telling(self) -> frozenset[int]:
        """The few styles that say more than a number format."""
        return frozenset(i for i, look in enumerate(self.looks) if look.is_struck or look.fill)


class _Cells(Walker):
    """Collects the filled cells of one sheet; a cell without an address stands after the one before it."""

    def __init__(self, book: _Book) -> None:
        self.book = book
        self.found: list[Cell] = []
        self.row = self.column = 0
        self.attributes: Mapping[str, str] | None = None
        self.content: dict[str, list[str]] = {}
        self.into: list[str] | None = None
        self.marks = Marks()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            row = attributes.get("r", "")
            self.row, self.column = int(row) if row.isdecimal() else self.row + 1, 0
        if name in ("row", "col", "mergeCell"):
            self.marks.see_element(name, attributes, self.row)
        elif name == "c":
            self.attributes, self.content = attributes, {}
            self._move(attributes.get("r", ""))
        elif self.attributes is not None and name in ("v", "f", "t"):
            self.into = self.content.setdefault(name, [])

    def text(self, data: str) -> None:
        if self.into is not None:
            self.into.append(data)

    def end(self, name: str) -> None:
        self.into = None
        if name == "c" and self.attributes is not None:
            self._keep(self.attributes)
            self.attributes = None

    def _move(self, address: str) -> None:
        match = ADDRESS.fullmatch(address)
        if match:
            self.row, self.column = int(match[2]), number_of(match[1])
        else:
            self.column += 1

    def _keep(self, attributes: Mapping[str, str]) -> None:
        content = {name: "".join(parts) for name, parts in self.content.items()}
        cell = _cell(self.row, self.column, attributes, content, self.book)
        if cell.raw.strip().strip(INVISIBLE):
            self.found.append(cell)
            style = attributes.get("s", "")
            if style.isdecimal() and int(style) in self.book.telling:
                self.marks.see_cell(cell.row, cell.column, self.book.looks[int(style)])
        if len(self.found) > MOST_CELLS:
            raise UnreadableError("too-many-cells", f"a sheet has more than {MOST_CELLS:,} filled cells")


def _read_cells(package: Package, part: str, book: _Book) -> tuple[tuple[Cell, ...], Marks]:
    cells = _Cells(book)
    walk(package, part, cells)
    placed: dict[tuple[int, int], Cell] = {}
    for cell in cells.found:
        first = placed.get((cell.row, cell.column))
        both = f"{first.raw} and {cell.raw}" if first else ""
        placed[cell.row, cell.column] = replace(cell, kind="broken", value=both, raw=both) if first else cell
    folder, name = posixpath.split(part)
    if posixpath.join(folder, "_rels", f"{name}.rels") in package.names:
        cells.marks.notes = read_notes(package, _target(_relations(package, part), "comments"))
    return tuple(placed[place] for place in sorted(placed)), cells.marks


def _cell(
    row: int, column: int, attributes: Mapping[str, str], content: Mapping[str, str], book: _Book
) -> Cell:
    kind, stored = attributes.get("t", "n"), content.get("v", "")
    if kind == "inlineStr":
        return _text(row, column, content.get("t", ""))
    if not stored:
        formula = f"={content['f']}" if "f" in content and kind != "str" else ""
        return Cell(row, column, "formula", formula, formula)
    if kind == "s":
        is_known = stored.isdecimal() and int(stored) < len(book.strings)
        return _text(row, column, book.strings[int(stored)]) if is_known else _broken(row, column, stored)
    if kind in ("str", "d"):
        return _text(row, column, stored)
    if kind == "e":
        return Cell(row, column, "error", stored, stored)
    if kind == "b":
        return Cell(row, column, "logical", stored == "1", "TRUE" if stored == "1" else "FALSE")
    return _number(row, column, attributes.get("s", ""), stored, book)


def _text(row: int, column: int, stored: str) -> Cell:
    text = _unescape(stored)
    return Cell(row, column, "text", text, text)


def _broken(row: int, column: int, stored: str) -> Cell:
    return Cell(row, column, "broken", stored, stored)


def _number(row: int, column: int, style: str, stored: str, book: _Book) -> Cell:
    value = float(stored) if NUMBER.fullmatch(stored) else math.nan
    index = int(style) if style.isdecimal() else 0
    if not math.isfinite(value) or (style and index >= len(book.looks)):
        return _broken(row, column, stored)
    number_format = book.looks[index].number_format if book.looks else "General"
    return cell_of_number(row, column, value, number_format, book.shift)


def cell_of_number(row: int, column: int, value: float, number_format: str, shift: int) -> Cell:
    """A date, a percentage or a number, by its format; `shift` brings days counted from 1904 to the other calendar."""
    codes = codes_of(number_format)
    if set(codes) & set("dmyhs") and -1 < value + shift < LAST_SERIAL:
        serial = value + shift
        return Cell(row, column, "date", serial, _shown_date(serial), number_format)
    if "%" in codes:
        return Cell(row, column, "percent", value, f"{percent_of(value):.15g} %", number_format)
    return Cell(row, column, "number", value, f"{value:.15g}", number_format)


@lru_cache(maxsize=1024)
def codes_of(number_format: str) -> str:
    """The codes of a number format's first section, lower case, without quoted or escaped characters."""
    first = LITERALS.sub("", number_format).partition(";")[0].lower()
    return "" if first == "general" else first


def percent_of(fraction: float) -> float:
    """0.002 is 0.2 %: in decimal, as Excel shows it, so that 0.0006 gives 0.06 and not its neighbour."""
    return float(Decimal(repr(fraction)) * 100)


def _shown_date(serial: float) -> str:
    moment = datetime.combine(EXCEL_DAY_0, time()) + timedelta(days=serial)
    return moment.date().isoformat() if serial == int(serial) else moment.isoformat(" ", "seconds")
