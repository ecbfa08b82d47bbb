"""Things seen on a sheet that are no cell contents, and contents too regular to be typed: asked about, never read.

A struck-through value may be a correction or a deletion: it is not used until somebody says which. All else is a note.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.layout import ASKED_FILL, AUTHOR, NOTED_FILL
from caseseries.intake.lines import Grid, Remark, severity_of
from caseseries.intake.marks import Place
from caseseries.intake.notices import quote
from caseseries.intake.sheet import ADDRESS, Cell, Workbook, letters_of
from caseseries.intake.spelling import clean
from caseseries.study.forms import CASE_ID

LAST_ROWS = (65_536, 1_048_576)  # of an .xls and of an .xlsx sheet: what was longer has been cut there
SHORTEST_RUN = 3
OURS = (ASKED_FILL, NOTED_FILL)
DIGITS = re.compile(r"(\d+)")

READ_ALIKE = "If they should not count, delete them; if they should, show them"


def check_book(book: Workbook) -> Iterator[Remark]:
    """What is odd about a workbook as a whole."""
    where = Where(book.file)
    if book.is_1904:
        what = "the workbook counts its days from 1904; they are read so"
        do = "If dates were pasted from another workbook, check that none is 4 years and a day off"
        yield _note(where, "calendar-1904", what, "", do)
    if book.links:
        what = f"formulas read from {book.links} other workbook{'s' * (book.links > 1)}; stored results may be old"
        yield _note(where, "external-links", what, "values", "Replace the formulas by their values")


def check_sheet(grid: Grid) -> Iterator[Remark]:
    """What is odd about a sheet whose headings are understood."""
    yield from check_looks(grid)
    yield from _merged(grid)
    yield from _struck(grid)
    yield from check_filled_down(grid)


def check_looks(grid: Grid) -> Iterator[Remark]:
    """What is odd about any sheet, whatever its headings: hidden parts, colours, notes, a last row that is full."""
    yield from _hidden(grid)
    yield from _coloured(grid)
    yield from _annotated(grid)
    yield from _cut(grid)


def _note(where: Where, code: str, what: str, allowed: str, do: str) -> Remark:
    return Remark(Finding(where, f"intake.{code}", Severity.NOTE, what, allowed, do))


def _hidden(grid: Grid) -> Iterator[Remark]:
    sheet, marks = Where(grid.file, grid.sheet.name), grid.sheet.marks
    if grid.sheet.hidden:
        what = "the sheet is hidden; it is read like the others"
        yield _note(sheet, "hidden-sheet", what, "", READ_ALIKE)
    cells = grid.filled if marks.hidden_rows or marks.hidden_columns else ()
    rows = sorted(set(marks.hidden_rows) & {cell.row for cell in cells})
    if rows:
        what = f"hidden rows with data are read like the others: {_listed(rows)}"
        yield _note(grid.where(rows[0], 1), "hidden-rows", what, "", READ_ALIKE)
    columns = sorted(
        {cell.column for cell in cells}
        & {index for first, last in marks.hidden_columns for index in range(first, min(last, 16_384) + 1)}
    )
    if columns:
        what = f"hidden columns with data are read like the others: {', '.join(map(letters_of, columns))}"
        yield _note(grid.where(grid.header_row, columns[0]), "hidden-columns", what, "", READ_ALIKE)


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:10])) + (f" and {len(rows) - 10} more" if len(rows) > 10 else "")


def _merged(grid: Grid) -> Iterator[Remark]:
    for merged in grid.sheet.marks.merged:
        first, _, last = merged.partition(":")
        start, end = ADDRESS.fullmatch(first), ADDRESS.fullmatch(last)
        if start and end and int(end[2]) > grid.header_row:
            what = (
                f"the cells {merged} are merged: only {first} holds a value, and it counts for its line alone"
            )
            do = "Unmerge them and fill in each line"
            where = Where(grid.file, grid.sheet.name, first)
            yield _note(where, "merged", what, "one value in one cell", do)


def _struck(grid: Grid) -> Iterator[Remark]:
    """One remark a line: its struck values are set aside, and the case too where they could be an event."""
    struck = grid.sheet.marks.struck_words
    if not struck:
        return
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in grid.filled:
        if (cell.row, cell.column) in struck:
            rows[cell.row].append(cell)
    cases = {cell.row: clean(cell.raw) for cell in grid.filled if grid.columns[cell.column] is CASE_ID}
    for row, found in rows.items():
        severities = {severity_of(grid.form, grid.columns[cell.column]) for cell in found}
        severity = Severity.CASE if Severity.CASE in severities else Severity.VALUE
        places = tuple(grid.where(row, cell.column) for cell in found)
        what = list_struck(found, struck)
        do = "Delete it or remove the line through it; until then it is not used"
        finding = Finding(
            places[0], "intake.struck", severity, what, "values that are meant", do, cases.get(row, "")
        )
        yield Remark(finding, places)


def _coloured(grid: Grid) -> Iterator[Remark]:
    filled = {
        place: colour
        for place, colour in grid.sheet.marks.filled.items()
        if place[0] > grid.header_row and not colour.endswith(tuple(ours.lstrip("#") for ours in OURS))
    }
    if filled:
        colours = len(set(filled.values()))
        what = (
            f"filled cells with a colour behind them: {len(filled)}, in {colours} colour{'s' * (colours > 1)}"
        )
        do = "If the colour means something, write it into a column: colours are not read"
        yield _note(grid.where(*min(filled)), "colours", what, "", do)


def _annotated(grid: Grid) -> Iterator[Remark]:
    for note in grid.sheet.marks.notes:
        match = ADDRESS.fullmatch(note.address)
        if match and int(match[2]) > grid.header_row and note.author != AUTHOR:
            what = f"the cell has a note: {quote(note.text)}"
            do = "If it holds data of the study, write them into a cell: notes are not read"
            yield _note(Where(grid.file, grid.sheet.name, note.address), "cell-note", what, "", do)


def _cut(grid: Grid) -> Iterator[Remark]:
    headed = {cell.column for cell in grid.sheet.rows(grid.header_row, grid.header_row)}
    last = next((cell.row for cell in reversed(grid.sheet.cells) if cell.column in headed), 0)
    if last in LAST_ROWS:
        what = f"the sheet is filled to row {last}, the last that Excel has: lines after it may be lost"
        do = "Compare the number of lines with the source"
        yield _note(grid.where(last, 1), "row-limit", what, f"fewer than {last} rows", do)


# --- filled down ------------------------------------------------------------------------------------------


def list_struck(cells: Sequence[Cell], struck: Mapping[Place, str]) -> str:
    """The struck cells of a line, those struck as a whole before those of which a part is."""
    said: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        said[struck[cell.row, cell.column]].append(quote(cell.raw))
    return "; ".join(f"{words}: {', '.join(found)}" for words, found in sorted(said.items(), reverse=True))


def check_filled_down(grid: Grid) -> Iterator[Remark]:
    """Texts of one column that differ from line to line by one number that grows by one: Excel filled them down."""
    for index, column in grid.columns.items():
        is_text = column.kind == "text"
        cells = [cell for cell in grid.under.get(index, ()) if is_text and cell.kind == "text"]
        for run in _runs(cells):
            shown = ", ".join(quote(cell.raw) for cell in run[:SHORTEST_RUN])
            what = f"{len(run)} texts count up from line to line: {shown}{' …' * (len(run) > SHORTEST_RUN)}"
            do = "If Excel filled them down from the first, correct them"
            yield _note(grid.where(run[0].row, index), "filled-down", what, "", do)


def _runs(cells: Sequence[Cell]) -> Iterable[list[Cell]]:
    runs: list[list[Cell]] = [[cell] for cell in cells[:1]]
    for one, following in pairwise(cells):
        if following.row == one.row + 1 and _counts_up(one.raw, following.raw):
            runs[-1].append(following)
        else:
            runs.append([following])
    return (run for run in runs if len(run) >= SHORTEST_RUN)


@lru_cache(maxsize=4096)  # most texts of a column are those of a few
def _counts_up(one: str, following: str) -> bool:
    if one == following:
        return False
    before, after = DIGITS.split(one), DIGITS.split(following)
    if len(before) != len(after):
        return False
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    if len(changed) != 1 or not all(text.isdecimal() and len(text) < 9 for text in changed[0]):
        return False
    return int(changed[0][1]) == int(changed[0][0]) + 1
