"""REDCap: our data dictionary for a group that starts there, and its raw CSV exports read back.

A field is named form_column, so that names are short, lower case and never clash. Choices are numbered in the order
of our lists. The repeating instruments are set in REDCap itself, which no dictionary can do.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.lines import Grid, Remark
from caseseries.intake.notices import quote
from caseseries.intake.spelling import clean
from caseseries.intake.workbook import Cell, Sheet, Workbook, letters_of
from caseseries.study.definition import Study
from caseseries.study.forms import CASE_ID, Column, Form, forms_of

HEADINGS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)

DICTIONARY = "redcap-dictionary.csv"
INSTRUMENT = "redcap_repeat_instrument"
OWN = (
    INSTRUMENT,
    "redcap_repeat_instance",
    "redcap_event_name",
    "redcap_data_access_group",
    "redcap_survey_identifier",
)
DATE_NOTE = "Year-month-day, for example 2018-03-25; only 2018-03 or 2018 when the day is not known."
CODED_YES_NO = {"1": "yes", "0": "no"}


def to_dictionary(study: Study) -> str:
    """The 18 columns of a REDCap data dictionary, as CSV: the case id first, then every column of every form.

    Dates are text without validation, because REDCap's own date fields would make a centre invent the day.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for form in forms_of(study):
        for column in form.columns:
            if column is not CASE_ID:
                writer.writerow(_field(form, column))
            elif form.name == "patients":
                writer.writerow(_field(form, column, CASE_ID.name))
    return out.getvalue()


def field_of(form: Form, column: Column) -> str:
    """The name of a column in REDCap."""
    return f"{form.name}_{column.name}"


def _field(form: Form, column: Column, name: str = "") -> tuple[str, ...]:
    kinds = {"choice": "radio", "yes_no": "yesno"}
    validation = ("integer" if column.whole else "number") if column.kind == "number" else ""
    choices = " | ".join(f"{code}, {word}" for code, word in enumerate(column.choices, start=1))
    note = " ".join(filter(None, (column.help, DATE_NOTE if column.kind == "date" else "")))
    low, high = (f"{limit:g}" if limit is not None else "" for limit in (column.low, column.high))
    return (
        name or field_of(form, column),
        form.name,
        "",
        kinds.get(column.kind, "text"),
        column.heading,
        choices,
        note,
        validation,
        low,
        high,
        "y" if column.name == "birth_date" else "",
        "",
        "y" if column.required else "",
        "",
        "",
        "",
        "",
        "",
    )


# --- exports ----------------------------------------------------------------------------------------------


def is_export(book: Workbook) -> bool:
    """Whether a file is a raw export of our dictionary: the case id first, beside fields of that name."""
    return len(book.sheets) == 1 and CASE_ID.name in [clean(cell.raw) for cell in book.sheets[0].rows(1, 1)]


def split_export(book: Workbook, study: Study) -> tuple[list[Grid], list[Remark]]:
    """One grid for each form, all over the same cells: each line belongs to its instrument, codes become words."""
    sheet = book.sheets[0]
    headings = {cell.column: clean(cell.raw) for cell in sheet.cells if cell.row == 1}
    rows: dict[int, dict[int, Cell]] = {}
    for cell in sheet.cells:
        if cell.row > 1:
            rows.setdefault(cell.row, {})[cell.column] = cell
    forms, grids, known = forms_of(study), [], set(OWN)
    double = {name for name, times in Counter(headings.values()).items() if times > 1}
    for form in forms:
        fields = {field_of(form, column): column for column in form.columns} | {CASE_ID.name: CASE_ID}
        once = {} if CASE_ID.name in double else {n: c for n, c in fields.items() if n not in double}
        columns = {index: once[name] for index, name in headings.items() if name in once}
        known |= {*fields, f"{form.name}_complete"}
        cells = tuple(_cells_of(form, columns, rows, headings))
        grids.append(Grid(book.file, Sheet(sheet.name, False, cells), form, 1, columns))
    strangers = [*_strangers(book.file, sheet, headings, known)]
    doubled = [*_doubled(book.file, sheet, headings, double & known)]
    return grids, [*strangers, *doubled, *_misplaced(book.file, sheet, grids, headings)]


def _cells_of(
    form: Form,
    columns: Mapping[int, Column],
    rows: Mapping[int, Mapping[int, Cell]],
    headings: Mapping[int, str],
) -> Iterator[Cell]:
    instrument = next((index for index, name in headings.items() if name == INSTRUMENT), 0)
    for cells in rows.values():
        repeated = clean(cells[instrument].raw) if instrument in cells else ""
        own = [cells[index] for index in columns if index in cells]
        is_filled = any(columns[cell.column] is not CASE_ID for cell in own)
        if repeated == form.name or (not repeated and is_filled):
            yield from (_decoded(cell, columns[cell.column]) for cell in own)


def _decoded(cell: Cell, column: Column) -> Cell:
    """A code as its word; anything else stays as it is and is asked about where it is read."""
    code = clean(cell.raw)
    word = CODED_YES_NO.get(code, "") if column.kind == "yes_no" else ""
    if column.kind == "choice" and code.isdecimal() and 1 <= int(code[:4]) <= len(column.choices):
        word = column.choices[int(code[:4]) - 1]
    return cell._replace(value=word, raw=word) if word else cell


def _strangers(file: str, sheet: Sheet, headings: Mapping[int, str], known: set[str]) -> Iterator[Remark]:
    """Fields that are none of ours: ignored, and said so."""
    below: dict[int, list[Where]] = {}
    for cell in sheet.cells:
        if cell.row > 1:
            below.setdefault(cell.column, []).append(Where(file, sheet.name, cell.address))
    for index, cells in below.items():
        name = headings.get(index, "")
        if name not in known:
            field = f"field {quote(name)}" if name else f"column {letters_of(index)}, which has no heading,"
            what = f"the {field} is none of the study's; its filled cells ({len(cells)}) are ignored"
            do = "If it holds data of the study, export them under the study's own field"
            where = Where(file, sheet.name, f"{letters_of(index)}1")
            finding = Finding(where, "intake.strange-field", Severity.NOTE, what, "", do)
            yield Remark(finding, ignored=tuple(cells))


def _doubled(file: str, sheet: Sheet, headings: Mapping[int, str], double: Set[str]) -> Iterator[Remark]:
    """A field that is there twice: neither is read, and nothing at all where it is the case id."""
    for name in sorted(double):
        columns = [index for index, heading in headings.items() if heading == name]
        lost = [index for index in headings if index in columns or name == CASE_ID.name]
        cells = tuple(
            Where(file, sheet.name, c.address) for c in sheet.cells if c.row > 1 and c.column in lost
        )
        what = f"the field {quote(name)} is there {len(columns)} times"
        do = "Export the data again; until then neither is read"
        where = Where(file, sheet.name, f"{letters_of(columns[-1])}1")
        finding = Finding(where, "intake.double-heading", Severity.FILE, what, "each field once", do)
        yield Remark(finding, cells)


def _misplaced(
    file: str, sheet: Sheet, grids: Sequence[Grid], headings: Mapping[int, str]
) -> Iterator[Remark]:
    """Cells of our fields that no instrument claims, line by line: a repeated line filled for another instrument."""
    claimed = {(cell.row, cell.column) for grid in grids for cell in grid.sheet.cells}
    ours = {index for grid in grids for index in grid.columns}
    left: dict[int, list[Cell]] = {}
    for cell in sheet.cells:
        if cell.row > 1 and cell.column in ours and (cell.row, cell.column) not in claimed:
            left.setdefault(cell.row, []).append(cell)
    cases = {cell.row: clean(cell.raw) for cell in sheet.cells if headings.get(cell.column) == CASE_ID.name}
    for row, cells in left.items():
        places = tuple(Where(file, sheet.name, cell.address) for cell in cells)
        fields = [headings[cell.column] for cell in cells if headings[cell.column] != CASE_ID.name]
        if fields:
            what = f"line {row} is of another instrument than its fields: {', '.join(fields)}"
            do = "Export the data again, or correct the repeating instrument"
            allowed = "fields of the instrument named on the line"
            finding = Finding(
                places[0], "intake.instrument", Severity.CASE, what, allowed, do, cases.get(row, "")
            )
            yield Remark(finding, places)


def own_cells(book: Workbook, grids: Sequence[Grid]) -> Sequence[Where]:
    """What belongs to the export and not to the data: headings, REDCap's own columns, the id of an empty line."""
    claimed = {(cell.row, cell.column) for grid in grids for cell in grid.sheet.cells}
    sheet = book.sheets[0]
    headings = {cell.column: clean(cell.raw) for cell in sheet.cells if cell.row == 1}
    return [
        Where(book.file, sheet.name, cell.address)
        for cell in sheet.cells
        if cell.row == 1
        or headings.get(cell.column, "") in OWN
        or headings.get(cell.column, "").endswith("_complete")
        or (headings.get(cell.column) == CASE_ID.name and (cell.row, cell.column) not in claimed)
    ]
