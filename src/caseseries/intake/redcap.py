"""REDCap: our data dictionary for a group that starts there, and its raw CSV exports read back.

A field is named form_column, so that names are short, lower case and never clash. Choices are numbered in the order
of our lists. The repeating instruments are set in REDCap itself, which no dictionary can do.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.lines import Grid, Remark, severity_of
from caseseries.intake.notices import quote
from caseseries.intake.sheet import Cell, Sheet, Workbook, letters_of
from caseseries.intake.spelling import clean, fold, key_of
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
INSTRUMENT, INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
EVENT, GROUP = "redcap_event_name", "redcap_data_access_group"
OWN = (
    INSTRUMENT,
    INSTANCE,
    EVENT,
    GROUP,
    "redcap_survey_identifier",
)
DATE_NOTE = "Year-month-day, for example 2018-03-25; only 2018-03 or 2018 when the day is not known."
CODED_YES_NO = {"1": "yes", "0": "no"}
LABELS = frozenset(("repeat instrument", "repeat instance", "event name", "data access group", "complete?"))
BOX = "___"  # between the name of a checkbox and the code of one of its boxes
LONGEST_GROUP = 18  # letters of the name that REDCap makes of a group's label
NOT_IN_GROUP = re.compile(r"[^a-z0-9]+")


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


def has_labels(book: Workbook) -> bool:
    """Whether a file is an export with labels for headings, which does not say which field is which."""
    headings = {clean(cell.raw).casefold() for sheet in book.sheets for cell in sheet.cells if cell.row == 1}
    return len(book.sheets) == 1 and len(headings & LABELS) > 1


def refuse_labels(book: Workbook) -> Remark:
    what = "the file is a REDCap export with labels for headings, and several fields have the same"
    do = "Export it again as “CSV / Microsoft Excel (raw data)”"
    cells = tuple(Where(book.file, sheet.name, cell.address) for sheet in book.sheets for cell in sheet.cells)
    finding = Finding(
        Where(book.file), "intake.redcap-labels", Severity.FILE, what, "an export of raw data", do
    )
    return Remark(finding, cells)


def groups_of(book: Workbook, centres: Sequence[str]) -> tuple[dict[str, str], list[Remark]]:
    """The centre of each case by its Data Access Group (by key of its case id), and groups that are no centre."""
    [sheet] = book.sheets
    headings = {clean(cell.raw): cell.column for cell in sheet.cells if cell.row == 1}
    ids, cells = headings[CASE_ID.name], {}
    for cell in sheet.cells:
        if cell.row > 1 and cell.column in (ids, headings.get(GROUP)):
            cells[cell.row, cell.column] = cell
    found: dict[str, str] = {}
    strange: dict[str, Where] = {}
    for (row, column), cell in cells.items():
        if column != ids and (row, ids) in cells:
            name = clean(cell.raw)
            centre = next((each for each in centres if _group_name(each) == _group_name(name)), "")
            found.setdefault(key_of(cells[row, ids].raw), centre or name)
            if centres and not centre:
                strange.setdefault(name, Where(book.file, sheet.name, cell.address))
    return found, [_strange_group(name, where, centres) for name, where in strange.items()]


def _group_name(label: str) -> str:
    """A group's label, or the name that REDCap makes of it."""
    return NOT_IN_GROUP.sub("_", fold(label)).strip("_")[:LONGEST_GROUP]


def _strange_group(name: str, where: Where, centres: Sequence[str]) -> Remark:
    what = f"the Data Access Group {quote(name)} is no centre of the protocol; its cases are counted under its name"
    do = "Correct the group in REDCap, or add the centre to study.toml"
    return Remark(Finding(where, "intake.centre", Severity.NOTE, what, "; ".join(centres), do))


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
    about_fields = [
        *_strangers(book.file, sheet, headings, known, _costs(forms)),
        *_missing(book.file, sheet, forms, headings),
        *_doubled(book.file, sheet, headings, double & known),
    ]
    return grids, [*about_fields, *_misplaced(book.file, sheet, grids, headings)]


def _missing(file: str, sheet: Sheet, forms: Sequence[Form], headings: Mapping[int, str]) -> Iterator[Remark]:
    """What the export holds no field for: a note, because another file of the centre may."""
    names = set(headings.values())
    whole, parts = [], []
    for form in forms:
        fields = [field_of(form, column) for column in form.columns if column is not CASE_ID]
        lost = [field for field in fields if field not in names]
        if lost == fields:
            whole.append(form.name)
        else:
            parts += lost
    said = [f"every field of the instruments {', '.join(whole)}"] if whole else []
    said += [f"the fields {', '.join(parts)}"] if parts else []
    if said:
        what = f"the export lacks {'; '.join(said)}"
        do = "Export all fields of the study, unless another file of the centre holds them"
        where = Where(file, sheet.name, "A1")
        yield Remark(
            Finding(where, "intake.no-field", Severity.NOTE, what, "every field of the dictionary", do)
        )


def _cells_of(
    form: Form,
    columns: Mapping[int, Column],
    rows: Mapping[int, Mapping[int, Cell]],
    headings: Mapping[int, str],
) -> Iterator[Cell]:
    instrument = next((index for index, name in headings.items() if name == INSTRUMENT), 0)
    for cells in rows.values():
        repeated = _instrument(cells[instrument].raw) if instrument in cells else ""
        own = [cells[index] for index in columns if index in cells]
        is_filled = any(columns[cell.column] is not CASE_ID for cell in own)
        if repeated == form.name or (not repeated and is_filled):
            yield from (_decoded(cell, columns[cell.column]) for cell in own)


def _instrument(raw: str) -> str:
    """The name of an instrument; where labels were exported for codes, it is in the label that REDCap makes of it."""
    return fold(raw).replace(" ", "_").replace("-", "_")


def _decoded(cell: Cell, column: Column) -> Cell:
    """A code as its word; anything else stays as it is and is asked about where it is read."""
    code = clean(cell.raw)
    word = CODED_YES_NO.get(code, "") if column.kind == "yes_no" else ""
    if column.kind == "choice" and code.isdecimal() and 1 <= int(code[:4]) <= len(column.choices):
        word = column.choices[int(code[:4]) - 1]
    return cell._replace(value=word, raw=word) if word else cell


def _costs(forms: Sequence[Form]) -> Mapping[str, Severity]:
    """What a field of ours costs that cannot be read: its file where an event could hide in it."""
    columns = ((form, column) for form in forms for column in form.columns if column is not CASE_ID)
    return {
        field_of(form, column): Severity.FILE
        if severity_of(form, column) is Severity.CASE
        else Severity.VALUE
        for form, column in columns
    }


def _strangers(
    file: str, sheet: Sheet, headings: Mapping[int, str], known: set[str], ours: Mapping[str, Severity]
) -> Iterator[Remark]:
    """Fields that are none of ours: ignored, and said so."""
    below: dict[int, list[Where]] = {}
    for cell in sheet.cells:
        if cell.row > 1:
            below.setdefault(cell.column, []).append(Where(file, sheet.name, cell.address))
    for index, cells in below.items():
        name = headings.get(index, "")
        where = Where(file, sheet.name, f"{letters_of(index)}1")
        if BOX in name and name.partition(BOX)[0] in ours:
            yield _checkbox(name, ours[name.partition(BOX)[0]], where, cells)
        elif name not in known:
            field = f"field {quote(name)}" if name else f"column {letters_of(index)}, which has no heading,"
            what = f"the {field} is none of the study's; its filled cells ({len(cells)}) are ignored"
            do = "If it holds data of the study, export them under the study's own field"
            finding = Finding(where, "intake.strange-field", Severity.NOTE, what, "", do)
            yield Remark(finding, ignored=tuple(cells))


def _checkbox(name: str, severity: Severity, where: Where, cells: Sequence[Where]) -> Remark:
    """One of our fields made a checkbox: several answers, where the study has room for one."""
    field, _, code = name.partition(BOX)
    what = f"the field “{field}” was made a checkbox (box {code}), and the study has one answer for it"
    do = "Make it a radio field, as in the study's dictionary, and export again"
    return Remark(Finding(where, "intake.checkbox", severity, what, "one answer", do), tuple(cells))


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
