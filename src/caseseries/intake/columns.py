"""Which sheet is which form and which heading is which column. A near miss is proposed, never accepted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.layout import HELP_SHEET, LISTS_SHEET, QUERIES_SHEET, REQUIRED_MARK
from caseseries.intake.lines import Grid, Remark
from caseseries.intake.sheet import Cell, Sheet, Workbook, letters_of
from caseseries.intake.spelling import closest, fold, key_of
from caseseries.study.forms import CASE_ID, Column, Form

SEARCHED_ROWS = 10  # for headings that a title or a note has pushed down

DO_NOT_CHANGE = "Use the study's own template, and neither remove nor rename its sheets and headings"


def match_sheets(book: Workbook, forms: Sequence[Form]) -> tuple[list[tuple[Form, Sheet]], list[Remark]]:
    """The sheet of each form, and a remark for every sheet that is missing, misspelt, double or not ours."""
    wanted = {fold(form.sheet): form for form in forms}
    matched: dict[str, tuple[Form, Sheet]] = {}
    remarks: list[Remark] = []
    strange: list[Sheet] = []
    for sheet in book.sheets:
        name = fold(sheet.name)
        if name in matched:
            remarks.append(_double_sheet(book.file, sheet))
        elif name in wanted:
            matched[name] = (wanted[name], sheet)
        elif not is_template_sheet(sheet):
            strange.append(sheet)
    missing = [form.sheet for form in forms if fold(form.sheet) not in matched]
    if not matched:
        return [], [_no_return(book, strange)]
    return list(matched.values()), remarks + list(_sheet_remarks(book.file, strange, missing))


def is_template_sheet(sheet: Sheet) -> bool:
    """The help sheet, the hidden lists and our queries: no place for data; their cells count as ignored."""
    return fold(sheet.name) in map(fold, (HELP_SHEET, LISTS_SHEET, QUERIES_SHEET))


def is_template(book: Workbook, forms: Sequence[Form]) -> bool:
    """Whether a workbook was made from our template: it has the help sheet, or a form's sheet with its headings."""
    by_name = {fold(form.sheet): form for form in forms}
    for sheet in book.sheets:
        form = by_name.get(fold(sheet.name))
        if fold(sheet.name) == fold(HELP_SHEET):
            return True
        if form and not _is_delimited(book):
            keys = {_heading_key(column.heading) for column in form.columns}
            known = {_heading_key(cell.raw) for cell in sheet.rows(0, SEARCHED_ROWS)} & keys
            if _heading_key(CASE_ID.heading) in known and len(known) > 1:
                return True
    return False


def _is_delimited(book: Workbook) -> bool:
    return not book.file.casefold().endswith(".xlsx")


def cells_of(file: str, sheet: Sheet) -> tuple[Where, ...]:
    """The places of all filled cells of a sheet."""
    return tuple(Where(file, sheet.name, cell.address) for cell in sheet.cells)


def _no_return(book: Workbook, strange: Sequence[Sheet]) -> Remark:
    names = ", ".join(f"“{sheet.name}”" for sheet in book.sheets) or "none"
    what = f"the workbook has none of the sheets of a return (its sheets: {names})"
    aside = tuple(where for sheet in strange for where in cells_of(book.file, sheet))
    return Remark(_file_finding(Where(book.file), "no-return", what, "a filled return template"), aside)


def _double_sheet(file: str, sheet: Sheet) -> Remark:
    what = f"the sheet “{sheet.name}” is there twice"
    return Remark(_file_finding(Where(file, sheet.name), "double-sheet", what, "one"), cells_of(file, sheet))


def _sheet_remarks(file: str, strange: Sequence[Sheet], missing: Sequence[str]) -> Iterator[Remark]:
    meant = {sheet.name: closest(sheet.name, missing) for sheet in strange}
    for sheet in strange:
        if meant[sheet.name]:
            yield _misspelt_sheet(file, sheet, meant[sheet.name])
        elif sheet.cells:
            yield strange_sheet(file, sheet)
    for name in missing:
        if name not in meant.values():
            what = f"the sheet “{name}” is missing"
            yield Remark(_file_finding(Where(file), "no-sheet", what, "all sheets of the template"))


def _misspelt_sheet(file: str, sheet: Sheet, meant: str) -> Remark:
    what, allowed = f"there is no sheet “{meant}”, but one named “{sheet.name}”", f"a sheet named “{meant}”"
    do = f"If “{meant}” is meant, rename the sheet"
    finding = _file_finding(Where(file, sheet.name), "misspelt-sheet", what, allowed, do)
    return Remark(finding, cells_of(file, sheet))


def strange_sheet(file: str, sheet: Sheet) -> Remark:
    """A sheet that holds nothing of the study: ignored, and said so."""
    hidden = "hidden " if sheet.hidden else ""
    what = f"the {hidden}sheet is no part of the return; its filled cells ({len(sheet.cells)}) are ignored"
    do = "If it holds data of the study, move them to the sheets of the template"
    finding = Finding(Where(file, sheet.name), "intake.strange-sheet", Severity.NOTE, what, "", do)
    return Remark(finding, ignored=cells_of(file, sheet))


def _file_finding(where: Where, code: str, what: str, allowed: str, do: str = DO_NOT_CHANGE) -> Finding:
    return Finding(where, f"intake.{code}", Severity.FILE, what, allowed, do)


# --- headings ---------------------------------------------------------------------------------------------


def match_columns(file: str, sheet: Sheet, form: Form) -> tuple[Grid, list[Remark]]:
    """The columns of a sheet, and a remark for every heading that is missing, misspelt, double or unknown.

    A grid without a column of case ids has no lines: they could not be told from one another.
    """
    keys = {_heading_key(column.heading): column for column in form.columns}
    header_row = _find_header_row(sheet, keys)
    headings = {cell.column: cell for cell in sheet.rows(header_row, header_row)}
    known = {index: keys.get(_heading_key(cell.raw)) for index, cell in headings.items()}
    if not any(known.values()):
        return Grid(file, sheet, form, header_row, {}), [_no_headings(file, sheet, form)]
    times = Counter(column.name for column in known.values() if column)
    once = {index: column for index, column in known.items() if column and times[column.name] == 1}
    grid = Grid(file, sheet, form, header_row, once)
    unknown = [cell for index, cell in headings.items() if known[index] is None]
    missing = [column for column in form.columns if not times[column.name]]
    remarks = [
        *_look_alike_headings(grid, headings),
        *_double_headings(grid, known),
        *_unknown_headings(grid, unknown, missing),
        *_outside(grid, headings),
    ]
    if not grid.has_case_ids:
        remarks += _without_case_ids(grid, remarks)
    return grid, remarks


def _heading_key(heading: str, key: Callable[[str], str] = key_of) -> str:
    return key(heading).removesuffix(REQUIRED_MARK).strip()


def _find_header_row(sheet: Sheet, keys: Mapping[str, Column]) -> int:
    """The row among the first ten with the most known headings; the first when none has any."""
    known = Counter(cell.row for cell in sheet.rows(0, SEARCHED_ROWS) if _heading_key(cell.raw) in keys)
    return max(known, key=lambda row: (known[row], -row), default=1)


def _no_headings(file: str, sheet: Sheet, form: Form) -> Remark:
    what = "the sheet has none of its headings"
    allowed = ", ".join(f"“{column.heading}”" for column in form.columns) + " in its first rows"
    return Remark(_file_finding(Where(file, sheet.name), "no-headings", what, allowed), cells_of(file, sheet))


def _look_alike_headings(grid: Grid, headings: Mapping[int, Cell]) -> Iterator[Remark]:
    for index, column in grid.columns.items():
        typed = headings[index].raw
        if _heading_key(typed, fold) != fold(column.heading):
            what = f"the heading “{typed}” has letters of another alphabet that look like Latin ones; "
            what += f"read as “{column.heading}”"
            where, allowed = grid.where(grid.header_row, index), f"one column “{column.heading}”"
            do = "Type the heading again"
            yield Remark(Finding(where, "intake.look-alike", Severity.NOTE, what, allowed, do))


def _double_headings(grid: Grid, known: Mapping[int, Column | None]) -> Iterator[Remark]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, column in known.items():
        indices[column.name if column else ""].append(index)
    for name, found in indices.items():
        if name and len(found) > 1:
            column = grid.form.column(name)
            places = " and ".join(f"{letters_of(index)}{grid.header_row}" for index in found)
            what = f"the heading “{column.heading}” is there {len(found)} times ({places})"
            do = "Keep one of the columns; until then neither is read"
            aside = tuple(where for index in found for where in grid.places_under(index))
            yield Remark(_heading_finding(grid, found[-1], "double-heading", column, what, do), aside)


def _unknown_headings(grid: Grid, unknown: Sequence[Cell], missing: Sequence[Column]) -> Iterator[Remark]:
    meant = {cell.column: closest(cell.raw, (column.heading for column in missing)) for cell in unknown}
    for cell in unknown:
        cells = grid.places_under(cell.column)
        if meant[cell.column]:
            column = next(each for each in missing if each.heading == meant[cell.column])
            what = f"there is no heading “{column.heading}”, but one reading “{cell.raw}”"
            do = f"If “{column.heading}” is meant, correct the heading; until then the column is not read"
            finding = _heading_finding(grid, cell.column, "misspelt-heading", column, what, do)
            yield Remark(finding, cells)
        else:
            yield _strange_heading(grid, cell, cells)
    for column in missing:
        if column.heading not in meant.values():
            yield _missing_heading(grid, column)


def _strange_heading(grid: Grid, cell: Cell, cells: tuple[Where, ...]) -> Remark:
    what = f"the column “{cell.raw}” is no part of the return; its filled cells ({len(cells)}) are ignored"
    do = "If it holds data of the study, move them to a column of the template"
    where = grid.where(cell.row, cell.column)
    return Remark(Finding(where, "intake.strange-heading", Severity.NOTE, what, "", do), ignored=cells)


def _missing_heading(grid: Grid, column: Column) -> Remark:
    what = f"the heading “{column.heading}” is missing"
    where = Where(grid.file, grid.sheet.name)
    severity = Severity.FILE if column.required else Severity.VALUE
    allowed = f"a column “{column.heading}”"
    return Remark(Finding(where, "intake.no-heading", severity, what, allowed, DO_NOT_CHANGE))


def _heading_finding(grid: Grid, index: int, code: str, column: Column, what: str, do: str) -> Finding:
    severity = Severity.FILE if column.required else Severity.VALUE
    allowed = f"one column “{column.heading}”"
    return Finding(grid.where(grid.header_row, index), f"intake.{code}", severity, what, allowed, do)


def _outside(grid: Grid, headings: Mapping[int, Cell]) -> Iterator[Remark]:
    """Cells above the headings, and cells in columns that have no heading: ignored, and said so."""
    above = tuple(grid.where(cell.row, cell.column) for cell in grid.sheet.rows(0, grid.header_row - 1))
    if above:
        yield _ignored(above, f"{len(above)} filled above the headings")
    for index in grid.under:
        if index not in headings:
            cells = grid.places_under(index)
            yield _ignored(cells, f"{len(cells)} filled in column {letters_of(index)}, which has no heading")


def _ignored(cells: tuple[Where, ...], words: str) -> Remark:
    do = "If this belongs to the study, move it to a column of the template"
    finding = Finding(cells[0], "intake.outside", Severity.NOTE, f"cells ignored: {words}", "", do)
    return Remark(finding, ignored=cells)


def _without_case_ids(grid: Grid, remarks: Sequence[Remark]) -> Iterator[Remark]:
    """The cells that would have been read, had the case ids been found."""
    told = {where for remark in remarks for where in (*remark.aside, *remark.ignored)}
    aside = tuple(where for index in grid.under for where in grid.places_under(index) if where not in told)
    if aside:
        what = f"no line can be read without the case ids ({len(aside)} filled cells)"
        finding = _file_finding(
            Where(grid.file, grid.sheet.name), "no-case-ids", what, "a case id on every line"
        )
        yield Remark(finding, aside)
