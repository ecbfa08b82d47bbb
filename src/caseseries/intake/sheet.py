"""The addressed cells of a spreadsheet, whatever wrote it: value, kind, number format and the text a person saw."""

import hashlib
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.marks import Marks
from caseseries.intake.package import UnreadableError, read_bytes

Kind = Literal["text", "number", "percent", "date", "logical", "error", "formula", "broken"]

MOST_REMEMBERED = 200_000  # contents, most of which stand in many cells
MOST_CELLS = 2_500_000  # 50,000 lines of 40 columns, with their headings and some room
LAST_COLUMN = 16_384  # XFD
DAYS_1904 = 1_462  # between the two calendars Excel counts from
LAST_SERIAL = 2_958_466  # the day after 9999-12-31

ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LITERALS = re.compile(r'"[^"]*"|\[(?![hms]+\])[^\]]*\]|[\\_*].')

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


class Cell(NamedTuple):
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


ROW = attrgetter("row")
Content = tuple[Kind, str | float | bool, str, str] | tuple[()]  # the last four fields of a cell, or nothing


@dataclass(frozen=True)
class Sheet:
    """A sheet's filled cells, by row and column, and what else is to be seen on it."""

    name: str
    hidden: bool
    cells: tuple[Cell, ...]
    marks: Marks = field(default_factory=Marks, compare=False)

    def rows(self, first: int, last: float = math.inf) -> tuple[Cell, ...]:
        """The cells of some rows, both ends included; a damaged file may number its rows from 0 to any end."""
        start = bisect_left(self.cells, first, key=ROW)
        return self.cells[start : bisect_right(self.cells, last, start, key=ROW)]

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


def read_or_refuse(
    path: Path, root: Path, allowed: str, read: Callable[[str, str, bytes], Workbook]
) -> Workbook:
    """What `read` makes of a file's name (from `root`), its SHA-256 and its bytes.

    A file that cannot be read gives a workbook without sheets and the finding that says why.
    """
    file, digest = path.relative_to(root).as_posix(), ""
    try:
        data = read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        return read(file, digest, data)
    except UnreadableError as error:
        return refuse(file, digest, error, allowed)


def refuse(file: str, digest: str, error: UnreadableError, allowed: str) -> Workbook:
    """A workbook that could not be read: no sheets, and the finding that says why."""
    finding = Finding(Where(file), f"intake.{error.code}", Severity.FILE, error.what, allowed, error.do)
    return Workbook(file, digest, (), (finding,))


@lru_cache(maxsize=LAST_COLUMN)
def letters_of(column: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=LAST_COLUMN)
def number_of(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def content_of_text(text: str, kind: Kind = "text") -> Content:
    """A text, or nothing where there is nothing to be seen in it."""
    return (kind, text, text, "General") if text.strip().strip(INVISIBLE) else ()


def content_of_number(value: float, number_format: str, shift: int) -> Content:
    """A date, a percentage or a number, by its format; `shift` brings days counted from 1904 to the other calendar."""
    codes = codes_of(number_format)
    if set(codes) & set("dmyhs") and -1 < value + shift < LAST_SERIAL:
        serial = value + shift
        return "date", serial, _shown_date(serial), number_format
    if "%" in codes:
        return "percent", value, f"{percent_of(value):.15g} %", number_format
    return "number", value, f"{value:.15g}", number_format


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
