"""The quick road through a sheet's XML: the cells of sheets that are written as nearly every program writes them.

A sheet of two million cells takes minutes when each tag calls a function. Here one pattern reads a row at a time. It
must account for every character between <sheetData> and </sheetData>, and the addresses must rise, or nothing of it
is believed and the sheet is walked tag by tag (`workbook._Cells`). What stands around the cells is always walked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LETTER = r"[^<>&\x00-\x1f\x7f\ufffe\uffff]"
ATTRIBUTES = r'(?: [A-Za-z][A-Za-z0-9:]*="[^"<>&\x00-\x1f]*")*+'
INSIDE = (
    r'(?: s="([0-9]{1,6})")?(?: t="(s|n|b|e|str|inlineStr)")?'
    rf"(?:/>|>(?:<f>({LETTER}++)</f>)?(?:<v>({LETTER}*+)</v>)?"
    rf'(?:<is><t(?: xml:space="preserve")?>({LETTER}*+)</t></is>)?</c>)'
)
UNNAMED = re.sub(r"\((?!\?)", "(?:", INSIDE)
CELL = '<c r="'
ROWS = re.compile(
    rf'<row r="([1-9][0-9]{{0,6}})"({ATTRIBUTES})(?:/>|>((?:{CELL}[A-Z]{{1,3}}\1"{UNNAMED})*+)</row>)'
)
CONTENT = re.compile(INSIDE)
ATTRIBUTE = re.compile(r'([A-Za-z0-9:]+)="([^"]*)"')
ENCODING = re.compile(r'<\?xml[^>]*encoding=["\']([^"\']*)["\']')
OPENS, CLOSES = "<sheetData>", "</sheetData>"


class NotPlainError(Exception):
    """The sheet is written in another way; caught where it is then walked."""


class PlainRow(NamedTuple):
    """A row's number, its other attributes, and its cells.

    A cell is three texts: the letters of its address, the rest of the address, and what is written inside it.
    """

    row: int
    attributes: Mapping[str, str]
    cells: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class PlainSheet:
    """A sheet as text. `around` is all of it but its cells; these stand from `start` to `end`."""

    text: str
    start: int
    end: int

    @property
    def around(self) -> bytes:
        return (self.text[: self.start] + self.text[self.end :]).encode()


def split_sheet(data: bytes) -> PlainSheet:
    """Where the cells of a sheet begin and end. Raises NotPlainError."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotPlainError from error
    start = text.find(OPENS) + len(OPENS)
    end = text.find(CLOSES, start)
    declared = ENCODING.search(text, 0, start)
    if start < len(OPENS) or end < 0 or (declared and declared[1].casefold() != "utf-8"):
        raise NotPlainError
    if text.find("<!", 0, start) >= 0:
        raise NotPlainError
    return PlainSheet(text, start, end)


def scan_rows(sheet: PlainSheet) -> Iterator[PlainRow]:
    """The rows of a sheet in their order. Raises NotPlainError; only at the end is it known that all was plain."""
    end, before = sheet.start, 0
    for match in ROWS.finditer(sheet.text, sheet.start, sheet.end):
        row = int(match[1])
        if match.start() != end or row <= before:
            raise NotPlainError
        end, before = match.end(), row
        attributes = dict(ATTRIBUTE.findall(match[2])) if match[2] else {}
        rest = f'{row}"'
        pieces = match[3].split(CELL)[1:] if match[3] else ()
        yield PlainRow(row, attributes, [piece.partition(rest) for piece in pieces])
    if end != sheet.end:
        raise NotPlainError


def split_cell(inside: str) -> tuple[str, str, str, str, str]:
    """Style, kind, formula, stored value and text in place, from what is written inside a cell of a plain row."""
    match = CONTENT.fullmatch(inside)
    if match is None:
        raise NotPlainError
    style, kind, formula, stored, in_place = match.groups("")
    return style, kind, formula, stored, in_place
