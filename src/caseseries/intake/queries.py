"""A centre's own workbook back, with every finding marked and explained in its cell.

Written from the cells as they were read, never by editing the file that came: what goes back to a centre holds its
values and our drop-downs, and no formula, link or macro (docs/decisions/0011). A corrected copy is a return like
any other, so a query is closed by mending its cell.
"""

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from caseseries.findings import Finding, Severity, show_unseen
from caseseries.intake.columns import match_columns
from caseseries.intake.excel import Format, NewWorkbook, Worksheet, open_new
from caseseries.intake.layout import (
    ASKED_FILL,
    FORMULA_MARKS,
    HELP_SHEET,
    LISTS_SHEET,
    NOTED_FILL,
    QUERIES_SHEET,
)
from caseseries.intake.sheet import ADDRESS, Cell, Sheet, Workbook, number_of
from caseseries.intake.spelling import fold
from caseseries.intake.template import add_formats, note_on, prepare_column, write_lists, write_note
from caseseries.study.definition import Study
from caseseries.study.forms import Column, Form, forms_of

MOST_CELLS_BACK = 200_000  # above it only the list of queries is written
LONGEST_TEXT = 32_767  # Excel keeps no more in a cell
LONGEST_NAME = 31
NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))

COLUMNS = (("Where", 26), ("What was found", 58), ("Allowed", 44), ("What to do", 44), ("Until then", 26))
COSTS = {
    Severity.STUDY: "the study cannot be run",
    Severity.FILE: "the whole file is set aside",
    Severity.CASE: "the child is set aside",
    Severity.VALUE: "the value is not used",
    Severity.NOTE: "nothing is set aside",
}

Mark = Sequence[Finding]


def write_queries(
    folder: Path, books: Sequence[Workbook], findings: Iterable[Finding], study: Study
) -> tuple[Path, ...]:
    """Write a workbook into `folder` for each return with findings, and nothing else there; the paths.

    A folder of an earlier check is removed first: a query that is closed leaves nothing behind.
    """
    shutil.rmtree(folder, ignore_errors=True)
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[finding.where.file].append(finding)
    asked = [book for book in books if book.file in by_file]
    if asked:
        folder.mkdir(parents=True)
    stems = Counter(PurePosixPath(book.file).stem for book in books)
    paths = []
    for book in asked:
        name = PurePosixPath(book.file)
        path = folder / f"{name.stem if stems[name.stem] == 1 else name.name}.xlsx"
        write_query_workbook(path, book, by_file[book.file], study)
        paths.append(path)
    return tuple(paths)


def write_query_workbook(path: Path, book: Workbook, findings: Sequence[Finding], study: Study) -> None:
    """One return with its findings: first the list of queries, then its sheets as they were read."""
    cells = sum(len(sheet.cells) for sheet in book.sheets)
    shown = [sheet for sheet in book.sheets if not _is_ours(sheet)] if cells <= MOST_CELLS_BACK else []
    named = list(zip(shown, _names(shown), strict=True))  # two sheets of a damaged file may have one name
    names = {sheet.name: name for sheet, name in reversed(named)}
    with open_new(path, study) as new:
        ink = _Ink(new, add_formats(new), study)
        _write_list(new.add_worksheet(QUERIES_SHEET), findings, names, ink)
        matched = {fold(form.sheet): form for form in forms_of(study)} if shown else {}
        targets = [new.add_worksheet(name) for _, name in named]
        lists = write_lists(new.add_worksheet(LISTS_SHEET), tuple(matched.values())) if shown else {}
        for sheet, target in zip(shown, targets, strict=True):
            form = matched.get(fold(sheet.name))
            headings = _prepare(target, book.file, sheet, form, lists, ink) if form else {}
            _write_cells(target, sheet, _marks(findings, sheet), headings, ink)


def _is_ours(sheet: Sheet) -> bool:
    return fold(sheet.name) in (fold(LISTS_SHEET), fold(QUERIES_SHEET))


def _names(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Names that Excel takes, each once: without the signs it refuses, and not too long."""
    taken = {fold(QUERIES_SHEET), fold(LISTS_SHEET)}
    for number, sheet in enumerate(sheets, start=1):
        name = sheet.name.translate(NOT_IN_NAMES).strip("'")[:LONGEST_NAME] or f"Sheet {number}"
        name = name if fold(name) not in taken else f"{name[:24]} ({number})"
        taken.add(fold(name))
        yield name


def _marks(findings: Iterable[Finding], sheet: Sheet) -> Mapping[tuple[int, int], Mark]:
    """The findings on each cell of a sheet; findings on the sheet as a whole stand on its first cell."""
    marks: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.where.sheet == sheet.name:
            match = ADDRESS.fullmatch(finding.where.cell)
            marks[(int(match[2]), number_of(match[1])) if match else (1, 1)].append(finding)
    return marks


# --- the list of queries ----------------------------------------------------------------------------------


def _write_list(sheet: Worksheet, findings: Sequence[Finding], names: Mapping[str, str], ink: "_Ink") -> None:
    for index, (heading, width) in enumerate(COLUMNS):
        sheet.set_column(index, index, width)
        sheet.write_string(0, index, heading, ink.formats["required"])
    ordered = sorted(findings, key=lambda finding: finding.severity is Severity.NOTE)
    for row, finding in enumerate(ordered, start=1):
        look = ink.look("General", finding, wrap=True)
        _write_place(sheet, row, finding, names, look)
        words = (finding.what, finding.allowed, finding.do, COSTS[finding.severity])
        for index, text in enumerate(words, start=1):
            sheet.write_string(row, index, _sentence(text), look)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.activate()


def _write_place(
    sheet: Worksheet, row: int, finding: Finding, names: Mapping[str, str], look: Format
) -> None:
    """The cell's name, linked to the cell; plain words for a place that has none."""
    place = " › ".join(part for part in (finding.where.sheet, finding.where.cell) if part) or "the whole file"
    if finding.where.sheet in names and len(place) <= 255:
        quoted = names[finding.where.sheet].replace("'", "''")
        cell = finding.where.cell if ADDRESS.fullmatch(finding.where.cell) else "A1"
        sheet.write_url(row, 0, f"internal:'{quoted}'!{cell}", look, place)
    else:
        sheet.write_string(row, 0, place, look)


def _sentence(text: str) -> str:
    text = show_unseen(text)
    return text[:1].upper() + text[1:LONGEST_TEXT]


# --- the sheets as they were read -------------------------------------------------------------------------


@dataclass
class _Ink:
    """The looks in use; Excel counts them, so each is made once."""

    book: NewWorkbook
    formats: Mapping[str, Format]
    study: Study

    def __post_init__(self) -> None:
        self._made: dict[tuple[object, ...], Format] = {}

    def look(
        self, number_format: str, finding: Finding | None = None, *, wrap: bool = False, is_text: bool = False
    ) -> Format:
        fill = (NOTED_FILL if finding.severity is Severity.NOTE else ASKED_FILL) if finding else ""
        key = (number_format, fill, wrap, is_text)
        if key not in self._made:
            wanted = {"num_format": number_format, "locked": False, "valign": "top", "text_wrap": wrap}
            wanted |= {"bg_color": fill} if fill else {}
            self._made[key] = self.book.add_format(wanted | ({"quote_prefix": True} if is_text else {}))
        return self._made[key]


def _prepare(
    target: Worksheet,
    file: str,
    sheet: Sheet,
    form: Form,
    lists: Mapping[tuple[str, str], str],
    ink: _Ink,
) -> dict[tuple[int, int], Column]:
    """Widths, drop-downs and checks under each heading that was understood; where those headings stand."""
    grid, _ = match_columns(file, sheet, form)
    for index, column in grid.columns.items():
        words = lists.get((form.name, column.name), "")
        prepare_column(target, grid.header_row, index - 1, column, ink.study, words, ink.formats)
    target.freeze_panes(grid.header_row, 1)
    return {(grid.header_row, index): column for index, column in grid.columns.items()}


def _write_cells(
    target: Worksheet,
    sheet: Sheet,
    marks: Mapping[tuple[int, int], Mark],
    headings: Mapping[tuple[int, int], Column],
    ink: _Ink,
) -> None:
    if fold(sheet.name) == fold(HELP_SHEET):
        target.set_column(0, 0, 20)
        target.set_column(1, 1, 92)
    places = {(cell.row, cell.column): cell for cell in sheet.cells}
    for row, column in sorted({*places, *marks}):
        mark = sorted(marks.get((row, column), ()), key=lambda finding: finding.severity is Severity.NOTE)
        first, cell = (mark[0] if mark else None), places.get((row, column))
        heading = headings.get((row, column))
        if cell is None:
            target.write_blank(row - 1, column - 1, None, ink.look("General", first))
        elif heading and not mark:
            target.write_string(row - 1, column - 1, cell.raw, _heading_look(heading, ink))
        else:
            _write_cell(target, cell, first, ink)
        if mark or heading:
            words = "\n\n".join(_explain(finding) for finding in mark) or (
                note_on(heading) if heading else ""
            )
            write_note(target, row - 1, column - 1, words, 1.0 + 0.8 * len(mark))
    if sheet.hidden:
        target.hide()


def _heading_look(column: Column, ink: _Ink) -> Format:
    return ink.formats["required" if column.required else "optional"]


def _explain(finding: Finding) -> str:
    allowed = f" Allowed: {finding.allowed}." if finding.allowed else ""
    return show_unseen(f"{_sentence(finding.what)}.{allowed} {finding.do}")[:LONGEST_TEXT]


def _write_cell(target: Worksheet, cell: Cell, finding: Finding | None, ink: _Ink) -> None:
    """The cell as it was read: numbers and dates with their format, all else as text that Excel never computes."""
    row, column = cell.row - 1, cell.column - 1
    if isinstance(cell.value, bool):
        target.write_boolean(row, column, cell.value, ink.look("General", finding))
    elif isinstance(cell.value, float):
        target.write_number(row, column, cell.value, ink.look(cell.number_format, finding))
    else:
        look = ink.look("@", finding, wrap=True, is_text=cell.raw.startswith(FORMULA_MARKS))
        target.write_string(row, column, cell.raw[:LONGEST_TEXT], look)
