"""Excel workbooks to addressed cells (`sheet`).

The sheet XML is streamed and only filled cells are kept, so one lone cell in the last corner costs nothing;
a cell that makes no sense is that cell's problem, not the workbook's (docs/decisions/0010).
"""

import math
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from caseseries.intake.marks import YES, Look, Marks, read_looks, read_notes
from caseseries.intake.package import (
    HERE,
    SAVE_AS,
    Package,
    UnreadableError,
    Walker,
    open_package,
    read_elements,
    read_part,
    walk,
)
from caseseries.intake.plain_cells import NotPlainError, scan_rows, split_cell, split_sheet
from caseseries.intake.sheet import (
    ADDRESS,
    DAYS_1904,
    MOST_CELLS,
    MOST_REMEMBERED,
    NUMBER,
    Cell,
    Content,
    Sheet,
    Workbook,
    content_of_number,
    content_of_text,
    number_of,
    read_or_refuse,
)

Item = TypeVar("Item")

ALLOWED = "an Excel workbook (.xlsx) without a password"
MOST_PLAIN = 150_000_000  # bytes of a sheet that is read as one text

BUILT_IN = {9: "0%", 10: "0.00%", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 49: "@"}
BUILT_IN |= {18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm"}
BUILT_IN |= {45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"}
BUILT_IN |= {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??"}
BUILT_IN |= {37: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 48: "##0.0E+0"}
BUILT_IN |= dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # East Asian calendars

# Of characters that text may hold.
ESCAPED = re.compile(r"_x(?![Dd][89A-Fa-f]|[Ff]{3}[EeFf])([0-9A-Fa-f]{4})_")


def read_workbook(path: Path, root: Path, here: float = HERE) -> Workbook:
    """Every filled cell of an .xlsx file, by sheet; `root` is the folder that places are named from.

    A file that cannot be read gives a workbook without sheets and the finding that says why. Raises CostlyError
    when more than `here` of it would have to be walked (`apart`).
    """

    def read(file: str, digest: str, data: bytes) -> Workbook:
        return _read_package(file, digest, open_package(data, here))

    return read_or_refuse(path, root, ALLOWED, read)


# --- the parts of a workbook ------------------------------------------------------------------------------


def _read_package(file: str, digest: str, package: Package) -> Workbook:
    main = _main_part(package)
    targets = _relations(package, main)
    elements = list(read_elements(package, main))
    is_1904 = any(
        name == "workbookPr" and attributes.get("date1904") in ("1", "true")
        for _, name, attributes in elements
    )
    strings = _read_strings(package, _target(targets, "sharedStrings"))
    book = _Book(
        strings.found,
        read_looks(package, _target(targets, "styles"), BUILT_IN),
        DAYS_1904 if is_1904 else 0,
        frozenset(strings.struck),
    )
    links = sum(kind == "externalLink" for kind, _ in targets.values())
    return Workbook(file, digest, tuple(_read_sheets(package, targets, elements, book)), (), is_1904, links)


def _read_sheets(
    package: Package,
    targets: Mapping[str, tuple[str, str]],
    elements: Sequence[tuple[str, str, Mapping[str, str]]],
    book: "_Book",
) -> Iterator[Sheet]:
    room, known = MOST_CELLS, _Known(book)
    for parent, name, attributes in elements:
        kind, part = targets.get(attributes.get("id", ""), ("", ""))
        if (parent, name, kind) == ("sheets", "sheet", "worksheet"):
            hidden = attributes.get("state", "visible") != "visible"
            cells, marks = _read_cells(package, part, known, room)
            room -= len(cells)
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
        self.struck: set[str] = set()  # the numbers of texts of which a part is struck through
        self.in_text = self.in_guide = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "si":
            self.parts = []
        elif name == "rPh":
            self.in_guide = True
        elif name == "strike" and attributes.get("val", "1") in YES:
            self.struck.add(str(len(self.found)))
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


def _read_strings(package: Package, part: str) -> _Strings:
    strings = _Strings()
    if part:
        walk(package, part, strings)
    return strings


def _unescape(text: str) -> str:
    """Excel writes control characters as _x000D_ (ECMA-376 22.9.2.19)."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


# --- the cells of a sheet ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Book:
    """What the sheets of a workbook share."""

    strings: Sequence[str]
    looks: Sequence[Look]
    shift: int
    struck: frozenset[str] = frozenset()  # the numbers of strings of which a part is struck through

    def telling(self, style: str) -> Look | None:
        """The look of a style, if it says more than a number format; few do."""
        look = _at(self.looks, style)
        return look if look and (look.is_struck or look.fill) else None


class _Cells(Walker):
    """Collects the filled cells of one sheet; a cell without an address stands after the one before it."""

    def __init__(self, book: _Book, room: int) -> None:
        self.book, self.room = book, room
        self.found: list[Cell] = []
        self.row = self.column = 0
        self.attributes: Mapping[str, str] | None = None
        self.content: dict[str, list[str]] = {}
        self.into: list[str] | None = None
        self.marks = Marks()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            row = attributes.get("r", "")
            self.row, self.column = int(row) if _is_short(row) else self.row + 1, 0
        if name in ("row", "col", "mergeCell"):
            self.marks.see_element(name, attributes, self.row)
        elif name == "c":
            self.attributes, self.content = attributes, {}
            self._move(attributes.get("r", ""))
        elif name == "strike" and self.attributes is not None and attributes.get("val", "1") in YES:
            self.marks.partly_struck.append((self.row, self.column))
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
        kind, style = attributes.get("t", "n"), attributes.get("s", "")
        stored = content.get("t" if kind == "inlineStr" else "v", "")
        inside = _content(self.book, kind, style, stored, content.get("f"))
        self.add(self.row, self.column, inside, self.book.telling(style))
        if kind == "s" and stored in self.book.struck:
            self.marks.partly_struck.append((self.row, self.column))

    def add(self, row: int, column: int, content: Content, look: Look | None) -> None:
        """Keep a cell that is not empty, and its look if it tells something."""
        if content:
            self.found.append(Cell(row, column, *content))
            if look:
                self.marks.see_cell(row, column, look)
            self.check_room()

    def check_room(self) -> None:
        if len(self.found) > self.room:
            what = f"the workbook has more than {MOST_CELLS:,} filled cells"
            raise UnreadableError("too-many-cells", what, "Send it in parts")


def _read_cells(package: Package, part: str, known: "_Known", room: int) -> tuple[tuple[Cell, ...], Marks]:
    """The filled cells of a sheet, no more than there is room for, and what else is to be seen on it."""
    try:
        if package.size_of(part) > MOST_PLAIN:
            raise NotPlainError
        cells = _read_plain(package, part, known, room)
        found = tuple(cells.found)
    except NotPlainError:
        cells = _Cells(known.book, room)
        walk(package, part, cells)
        found = tuple(_placed(cells.found))
    folder, name = posixpath.split(part)
    if posixpath.join(folder, "_rels", f"{name}.rels") in package.names:
        cells.marks.notes = read_notes(package, _target(_relations(package, part), "comments"))
    return found, cells.marks


def _read_plain(package: Package, part: str, known: "_Known", room: int) -> _Cells:
    """The same as walking, for a sheet that is written plainly. Raises NotPlainError."""
    sheet = split_sheet(read_part(package, part))
    cells = _Cells(known.book, room)
    walk(package, part, cells, sheet.around)
    for row, attributes, found in scan_rows(sheet):
        if attributes:
            cells.marks.see_element("row", attributes, row)
        _add_plain(cells, row, found, known)
    return cells


class _Known(dict[str, tuple[Content, Look | None, bool]]):
    """Contents, looks and whether a part is struck, by how they are written: most stand in many cells, and each is
    worked out once.
    """

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self.book = book

    def __missing__(self, inside: str) -> tuple[Content, Look | None, bool]:
        style, kind, formula, stored, in_place = split_cell(inside)
        text = in_place if kind == "inlineStr" else stored
        content = _content(self.book, kind or "n", style, text, formula or None)
        if len(self) > MOST_REMEMBERED:
            self.clear()
        is_partly_struck = kind == "s" and stored in self.book.struck
        self[inside] = found = content, self.book.telling(style), is_partly_struck
        return found


def _add_plain(cells: _Cells, row: int, found: Sequence[tuple[str, str, str]], known: _Known) -> None:
    """The cells of one row."""
    before, keep, make = 0, cells.found.append, tuple.__new__
    for letters, _, inside in found:
        column = number_of(letters)
        if column <= before:
            raise NotPlainError
        before = column
        content, look, is_partly_struck = known[inside]
        if is_partly_struck:
            cells.marks.partly_struck.append((row, column))
        if look:
            cells.add(row, column, content, look)
        elif content:
            keep(make(Cell, (row, column, *content)))  # as Cell(…) does, in half the time
    cells.check_room()


def _placed(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Cells in their order; where two stand at one address, both are shown and neither is used."""
    placed: dict[tuple[int, int], Cell] = {}
    for cell in cells:
        first = placed.get((cell.row, cell.column))
        both = f"{first.raw} and {cell.raw}" if first else ""
        placed[cell.row, cell.column] = cell._replace(kind="broken", value=both, raw=both) if first else cell
    return (placed[place] for place in sorted(placed))


def _content(book: _Book, kind: str, style: str, stored: str, formula: str | None) -> Content:
    """What a cell holds, from how it is stored; nothing when there is nothing to be seen in it."""
    if not stored:
        is_open = formula is not None and kind not in ("str", "inlineStr")
        return content_of_text(f"={formula}", "formula") if is_open else ()
    if kind == "s":
        text = _at(book.strings, stored)
        return content_of_text(stored, "broken") if text is None else content_of_text(text)
    if kind in ("str", "d", "inlineStr"):
        return content_of_text(_unescape(stored))
    if kind == "e":
        return content_of_text(stored, "error")
    if kind == "b":
        return "logical", stored == "1", "TRUE" if stored == "1" else "FALSE", "General"
    return _number(style, stored, book)


def _at(items: Sequence[Item], number: str) -> Item | None:
    """What a file points to by its number, counted from 0; None when it points nowhere."""
    is_there = _is_short(number) and int(number) < len(items)
    return items[int(number)] if is_there else None


def _is_short(digits: str) -> bool:
    """Whether these are the digits of a number that could count something; a damaged file may hold thousands."""
    return digits.isdecimal() and len(digits) < 10


def _number(style: str, stored: str, book: _Book) -> Content:
    value = float(stored) if NUMBER.fullmatch(stored) else math.nan
    look = _at(book.looks, style or "0")
    if not math.isfinite(value) or (style and look is None):
        return content_of_text(stored, "broken")
    return content_of_number(value, look.number_format if look else "General", book.shift)
