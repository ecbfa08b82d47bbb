"""Old Excel workbooks (.xls, BIFF) to the same addressed cells as .xlsx; xlrd reads them, this puts them in our words.

xlrd keeps no formulas: a cell that has one is its stored result, and a formula that has none is not to be seen.
"""

import io
import math
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from caseseries.intake.marks import CellNote, Marks
from caseseries.intake.package import HERE, OLE, SAVE_AS, CostlyError, UnreadableError
from caseseries.intake.sheet import (
    DAYS_1904,
    MOST_CELLS,
    Cell,
    Sheet,
    Workbook,
    content_of_number,
    content_of_text,
    letters_of,
    read_or_refuse,
)

ALLOWED = "an Excel workbook (.xls or .xlsx) without a password"
TEXT, NUMBER, DATE, LOGICAL, ERROR = 1, 2, 3, 4, 5  # xlrd's cell types
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
NO_FILL = 0
HEADER = 512  # bytes


def read_old_excel(path: Path, root: Path, here: float = HERE) -> Workbook:
    """Every filled cell of an .xls file; `root` is the folder that places are named from.

    A file that cannot be read gives a workbook without sheets and the finding that says why. What xlrd makes of a
    file cannot be told beforehand: CostlyError unless all of it may be walked `here`.
    """

    def read(file: str, digest: str, data: bytes) -> Workbook:
        if here < math.inf:
            raise CostlyError
        book = _open(data)
        sheets = tuple(_read_sheet(book, sheet) for sheet in book.sheets())
        return Workbook(file, digest, sheets, (), bool(book.datemode))

    return read_or_refuse(path, root, ALLOWED, read)


def _open(data: bytes) -> Any:
    import xlrd

    if data.startswith(b"PK"):
        raise UnreadableError(
            "not-xls", "the file is an .xlsx or .ods workbook named .xls", "Correct its name"
        )
    if not data.startswith(OLE):
        raise UnreadableError("not-xls", "the file is no old Excel workbook, whatever its name says", SAVE_AS)
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise UnreadableError("encrypted", "the workbook is protected by a password", "Save it without one")
    if _has_circle(data):
        raise UnreadableError("damaged", "the workbook is damaged", SAVE_AS)
    try:
        return xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, ragged_rows=True
        )
    except Exception as error:  # on a damaged file xlrd raises whatever it stumbles over
        is_locked = "encrypted" in str(error).lower()
        what = "the workbook is protected by a password" if is_locked else "the workbook is damaged"
        raise UnreadableError("encrypted" if is_locked else "damaged", what, SAVE_AS) from error


def _has_circle(data: bytes) -> bool:
    """Whether a chain of sectors comes back to itself: xlrd would follow it until there is no memory left.

    Microsoft [MS-CFB] 2.2 to 2.4: the tables of sectors and of short sectors, each naming the one that follows.
    """
    (shift,) = struct.unpack_from("<H", data, 30) if len(data) >= HEADER else (0,)
    size = 1 << min(shift, 12)

    def numbers(sector: int) -> tuple[int, ...]:
        start = (sector + 1) * size
        whole = sector >= 0 and start + size <= len(data)
        return struct.unpack_from(f"<{size // 4}i", data, start) if whole else ()

    if size < HEADER:
        return False  # xlrd says what is wrong with it
    table = [after for sector in struct.unpack_from("<109i", data, 76) for after in numbers(sector)]
    if _comes_back(table):
        return True
    short: list[int] = []
    (sector,) = struct.unpack_from("<i", data, 60)
    while 0 <= sector < len(table):
        short += numbers(sector)
        sector = table[sector]
    return _comes_back(short)


def _comes_back(following: Sequence[int]) -> bool:
    walk = [-1] * len(following)  # the start from which each was first reached
    for start in range(len(following)):
        at = start
        while 0 <= at < len(following) and walk[at] < 0:
            walk[at] = start
            at = following[at]
        if 0 <= at < len(following) and walk[at] == start:
            return True
    return False


def _read_sheet(book: Any, sheet: Any) -> Sheet:
    cells, marks = [], Marks()
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            cell = _cell(book, sheet, row, column)
            if cell is not None:
                cells.append(cell)
                _see_look(book, sheet, row, column, marks)
        if len(cells) > MOST_CELLS:
            raise UnreadableError("too-many-cells", f"a sheet has more than {MOST_CELLS:,} filled cells")
    marks.hidden_rows = sorted(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden)
    marks.hidden_columns = [(c + 1, c + 1) for c, info in sorted(sheet.colinfo_map.items()) if info.hidden]
    marks.merged = [
        f"{letters_of(left + 1)}{top + 1}:{letters_of(right)}{bottom}"
        for top, bottom, left, right in sheet.merged_cells
    ]
    marks.notes = tuple(_notes(sheet))
    return Sheet(sheet.name, bool(sheet.visibility), tuple(cells), marks)


def _cell(book: Any, sheet: Any, row: int, column: int) -> Cell | None:
    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind == TEXT:
        text = content_of_text(value)
        return Cell(row + 1, column + 1, *text) if text else None
    if kind in (NUMBER, DATE):
        shift = DAYS_1904 if book.datemode else 0
        number = content_of_number(float(value), _format_of(book, sheet, row, column), shift)
        return Cell(row + 1, column + 1, *number)
    if kind == LOGICAL:
        return Cell(row + 1, column + 1, "logical", bool(value), "TRUE" if value else "FALSE")
    if kind == ERROR:
        shown = ERRORS.get(value, "#N/A")
        return Cell(row + 1, column + 1, "error", shown, shown)
    return None


def _style(book: Any, sheet: Any, row: int, column: int) -> Any:
    """The style of a cell; None when a damaged file names one that is not there."""
    return _at(book.xf_list, sheet.cell_xf_index(row, column))


def _at(items: Sequence[Any], index: int) -> Any:
    return items[index] if 0 <= index < len(items) else None


def _format_of(book: Any, sheet: Any, row: int, column: int) -> str:
    style = _style(book, sheet, row, column)  # xlrd refuses a number whose style is not there
    found = book.format_map.get(style.format_key) if style else None
    return str(found.format_str) if found else "General"


def _see_look(book: Any, sheet: Any, row: int, column: int, marks: Marks) -> None:
    style = _style(book, sheet, row, column)
    if style is None:
        return
    font = _at(book.font_list, style.font_index)
    if font and font.struck_out:
        marks.struck.append((row + 1, column + 1))
    runs = sheet.rich_text_runlist_map.get((row, column), ())
    if any(book.font_list[font].struck_out for _, font in runs):
        marks.partly_struck.append((row + 1, column + 1))
    if style.background.fill_pattern != NO_FILL:
        marks.filled[row + 1, column + 1] = f"colour {style.background.pattern_colour_index}"


def _notes(sheet: Any) -> Iterator[CellNote]:
    for (row, column), note in sorted(sheet.cell_note_map.items()):
        yield CellNote(f"{letters_of(column + 1)}{row + 1}", note.author, note.text.strip())
