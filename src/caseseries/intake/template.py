"""The return workbook a centre fills, made from the data dictionary: it cannot disagree with the reader."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path

from caseseries.intake.excel import (
    Format,
    Formats,
    NewWorkbook,
    Worksheet,
    open_new,
    xl_col_to_name,
    xl_rowcol_to_cell,
)
from caseseries.intake.layout import (
    AFTER_CUT,
    AUTHOR,
    CENTRE_CELL,
    EARLIEST_DAY,
    EXCEL_DAY_0,
    HELP_SHEET,
    LISTS_SHEET,
    REQUIRED_MARK,
    STAMP_CELL,
    limits_of,
    stamp_of,
)
from caseseries.study.definition import Study
from caseseries.study.forms import YES_NO, Column, Form, forms_of

Entry = date | float | str | bool
Filled = Mapping[str, Sequence[Mapping[str, Entry]]]

LAST_ROW = 1_999  # zero-based; drop-downs and checks reach down to here

WIDTHS = {"id": 14, "date": 15, "number": 13, "choice": 16, "yes_no": 14, "text": 28}

DARK, MID, PALE, INK = "#17365D", "#44688F", "#FFF7DC", "#1F2933"

MAY = (
    "format_cells",
    "format_columns",
    "format_rows",
    "insert_rows",
    "delete_rows",
    "sort",
    "autofilter",
    "objects",
)


def write_template(path: Path, study: Study, rows: Filled | None = None, centre: str = "") -> None:
    """Write the return workbook of a study: a help sheet, then one sheet for each form.

    `rows` fills it: form name -> lines of column name -> value. Dates and numbers become Excel dates and
    numbers, booleans "yes" and "no"; text is always text, also when it begins like a formula. `centre` fills
    the centre's cell. The same arguments give the same bytes.

    Raises KeyError for a form or column that the study does not have.
    """
    filled = rows or {}
    forms = forms_of(study)
    _refuse_unknown(filled, forms)
    with open_new(path, study) as book:
        formats = add_formats(book)
        _write_help(book.add_worksheet(HELP_SHEET), study, forms, centre, formats)
        sheets = {form.name: book.add_worksheet(form.sheet) for form in forms}
        lists = write_lists(book.add_worksheet(LISTS_SHEET), forms, study.centres)
        for form in forms:
            _write_form(sheets[form.name], form, study, lists, formats)
            _write_rows(sheets[form.name], form, filled.get(form.name, ()), formats)


def _refuse_unknown(filled: Filled, forms: Sequence[Form]) -> None:
    known = {form.name: {column.name for column in form.columns} for form in forms}
    for form, lines in filled.items():
        unknown = {name for line in lines for name in line} - known[form]
        if unknown:
            raise KeyError(f"form {form} has no column {sorted(unknown)}")


def add_formats(book: NewWorkbook) -> Formats:
    """The looks of headings and of each kind of column."""
    head = {
        "bold": True,
        "font_color": "white",
        "text_wrap": True,
        "valign": "vcenter",
        "border": 1,
        "indent": 1,
    }
    entry = {"locked": False, "valign": "top", "align": "left", "indent": 1}
    wanted = {
        "required": head | {"bg_color": DARK, "border_color": "white"},
        "optional": head | {"bg_color": MID, "border_color": "white", "bold": False},
        "title": {"bold": True, "font_size": 18, "font_color": DARK, "valign": "vcenter"},
        "section": {"bold": True, "font_size": 12, "font_color": DARK, "bottom": 1, "bottom_color": MID},
        "label": {"bold": True, "font_color": INK, "valign": "top"},
        "words": {"font_color": INK, "text_wrap": True, "valign": "top"},
        "stamp": {"font_color": "#6B7785"},
        "centre": {"locked": False, "bg_color": PALE, "border": 1, "border_color": MID, "num_format": "@"},
        "date": entry | {"num_format": "yyyy-mm-dd"},
        # No number format: only then does Excel show, and the reader see, that someone typed "0.2%".
        "number": entry | {"align": "right"},
        "text": entry | {"num_format": "@", "text_wrap": True},
        # Text format: a case id 00123 keeps its zeros and a choice is never turned into a date.
        "id": entry | {"num_format": "@"},
        "choice": entry | {"num_format": "@"},
        "yes_no": entry | {"num_format": "@"},
    }
    return {name: book.add_format(properties) for name, properties in wanted.items()}


# --- the help sheet ---------------------------------------------------------------------------------------


def _advice(study: Study) -> tuple[tuple[str, str], ...]:
    return (
        ("Case id", "Use the study's number for the child on every line. Never a name or a hospital number."),
        ("Required", f"Dark headings with {REQUIRED_MARK} must be filled on every line that is used."),
        ("Not known", "Leave the cell empty, or choose “not known” where the list offers it. Do not guess."),
        ("Dates", "Type year-month-day, for example 2018-03-25."),
        (
            "Day not known",
            "Type an apostrophe, then the year and month, for example '2018-03; or only the year, '2018. "
            "Without the apostrophe Excel invents a day. It will be read as “some day in that month”.",
        ),
        ("Numbers", "Only the number, in the unit of the heading: no unit, no “<”, no words."),
        (
            "MRD",
            "A negative result counts only with its sensitivity. Give a level only for a quantified result; "
            "0.2 % is 0.2, not 0.002.",
        ),
        ("Drop-downs", "Click the cell and choose from the list. Other words are reported back to you."),
        ("Nothing to report", "Leave the sheet empty. Please do not remove sheets or change headings."),
        ("Data cut", f"The study counts what happened up to {study.data_cut.isoformat()}."),
    )


def _write_help(sheet: Worksheet, study: Study, forms: Sequence[Form], centre: str, formats: Formats) -> None:
    sheet.hide_gridlines(2)
    sheet.set_row(0, 30)
    sheet.set_row(1, 20)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 92)
    sheet.write_string("A1", study.short_title, formats["title"])
    sheet.write_string("A2", study.title, formats["stamp"])
    sheet.write_string("A3", "Centre", formats["label"])
    if centre:
        sheet.write_string(CENTRE_CELL, centre, formats["centre"])
    else:
        sheet.write_blank(CENTRE_CELL, None, formats["centre"])
    if study.centres:
        names = {"validate": "list", "source": f"={LISTS_SHEET}!$A$2:$A${len(study.centres) + 1}"}
        message = {"error_title": "Centre", "error_message": "Choose the centre from the list."}
        sheet.data_validation(CENTRE_CELL, {**names, **message})
    sheet.write_string("A4", "Template", formats["label"])
    sheet.write_string(STAMP_CELL, stamp_of(study), formats["stamp"])
    sections = (("How to fill this in", _advice(study)), ("The sheets", _contents(forms)))
    row = 5
    for heading, lines in sections:
        row = _write_section(sheet, row, heading, lines, formats)
    sheet.write_string(row, 0, "Headings", formats["section"])
    sheet.write_blank(row, 1, None, formats["section"])
    sheet.write_string(row + 1, 0, f"Required {REQUIRED_MARK}", formats["required"])
    sheet.write_string(row + 2, 0, "If known", formats["optional"])
    _finish(sheet)


def _contents(forms: Sequence[Form]) -> tuple[tuple[str, str], ...]:
    return tuple((form.sheet, form.help) for form in forms)


def _write_section(
    sheet: Worksheet, row: int, heading: str, lines: Sequence[tuple[str, str]], formats: Formats
) -> int:
    """Write a heading and its lines from `row` on; the first free row after them."""
    sheet.write_string(row, 0, heading, formats["section"])
    sheet.write_blank(row, 1, None, formats["section"])
    for offset, (label, words) in enumerate(lines, start=1):
        sheet.write_string(row + offset, 0, label, formats["label"])
        sheet.write_string(row + offset, 1, words, formats["words"])
        if len(words) > 115:
            sheet.set_row(row + offset, 31)
    return row + len(lines) + 2


# --- the forms --------------------------------------------------------------------------------------------


def _choices(column: Column) -> tuple[str, ...]:
    return YES_NO if column.kind == "yes_no" else column.choices


def write_lists(
    sheet: Worksheet, forms: Sequence[Form], centres: Sequence[str] = ()
) -> dict[tuple[str, str], str]:
    """Write every drop-down's words on the hidden sheet, the centres first; the range of each, by form and column."""
    ranges = {}
    for row, centre in enumerate(("centres", *centres) if centres else ()):
        sheet.write_string(row, 0, centre)
    listed = [(form, column) for form in forms for column in form.columns if _choices(column)]
    for index, (form, column) in enumerate(listed, start=bool(centres)):
        words, letter = _choices(column), xl_col_to_name(index)
        sheet.write_string(0, index, f"{form.name}.{column.name}")
        for row, word in enumerate(words, start=1):
            sheet.write_string(row, index, word)
        ranges[form.name, column.name] = f"={LISTS_SHEET}!${letter}$2:${letter}${len(words) + 1}"
    sheet.hide()
    return ranges


def _write_form(
    sheet: Worksheet, form: Form, study: Study, lists: Mapping[tuple[str, str], str], formats: Formats
) -> None:
    sheet.set_row(0, 48)
    for index, column in enumerate(form.columns):
        prepare_column(sheet, 1, index, column, study, lists.get((form.name, column.name), ""), formats)
        heading = f"{column.heading} {REQUIRED_MARK}" if column.required else column.heading
        sheet.write_string(0, index, heading, formats["required" if column.required else "optional"])
        write_note(sheet, 0, index, note_on(column), 0.9)
    sheet.data_validation(1, 0, LAST_ROW, 0, _case_id_check(form))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_header("&L&A&R&P of &N")
    sheet.hide_gridlines(0)
    _finish(sheet)


def _case_id_check(form: Form) -> dict[str, object]:
    """A warning while typing: a child twice on the Patients sheet, or a line of a child who is not on it."""
    ids = f"$A$2:$A${LAST_ROW + 1}"
    if form.name == "patients":
        formula, message = (
            f"=COUNTIF({ids},A2)=1",
            "This case id is on the sheet already: one line for each child.",
        )
    else:
        formula = f"=COUNTIF(Patients!{ids},A2)>0"
        message = "This case id is not on the sheet “Patients”. Is it typed in the same way there?"
    words = {"error_title": "Case id", "error_message": message, "error_type": "warning"}
    return {"validate": "custom", "value": formula, **words}


def prepare_column(
    sheet: Worksheet, first_row: int, index: int, column: Column, study: Study, words: str, formats: Formats
) -> None:
    """Width, look and check-while-typing of a column from `first_row` (zero-based) down."""
    sheet.set_column(index, index, _width(column), formats[column.kind])
    rule = _validation(column, first_row, index, study, words)
    if rule:
        sheet.data_validation(first_row, index, LAST_ROW, index, rule)


def write_note(sheet: Worksheet, row: int, column: int, words: str, height: float) -> None:
    """A note on a cell, in our name, by which it is known when the workbook returns."""
    sheet.write_comment(row, column, words, {"x_scale": 1.6, "y_scale": height, "author": AUTHOR})


def _width(column: Column) -> int:
    longest = max((len(word) + 4 for word in column.choices), default=0)
    return max(WIDTHS[column.kind], min(longest, 36))


def _finish(sheet: Worksheet) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {name: True for name in MAY})


def note_on(column: Column) -> str:
    """What a cell of this column may hold, in words, for the note on its heading."""
    kinds = {
        "id": "Text.",
        "text": "Text.",
        "date": "A date, year-month-day. Day not known: '2018-03 or '2018, with the apostrophe.",
        "number": f"{_number_words(column).capitalize()}.",
        "choice": f"One of: {'; '.join(column.choices)}.",
        "yes_no": "yes or no.",
    }
    needed = "Required." if column.required else ""
    return " ".join(part for part in (column.help, kinds[column.kind], needed) if part)


def _number_words(column: Column) -> str:
    return f"a{' whole' if column.whole else ''} number{limits_of(column)}"


def _validation(
    column: Column, first_row: int, index: int, study: Study, words: str
) -> dict[str, object] | None:
    if words:
        return _alert(column, "Choose one of the words in the list.") | {"validate": "list", "source": words}
    if column.kind == "date":
        example = "Type the date as year-month-day, for example 2018-03-25. Day not known: '2018-03 or '2018."
        return _alert(column, example) | {
            "validate": "custom",
            "value": _date_formula(first_row, index, study),
        }
    if column.kind == "number":
        return _alert(column, f"Type {_number_words(column)}, without unit or words.") | _between(column)
    return None


def _alert(column: Column, message: str) -> dict[str, object]:
    return {"error_title": column.heading[:32], "error_message": message[:255]}


def _between(column: Column) -> dict[str, object]:
    return {
        "validate": "integer" if column.whole else "decimal",
        "criteria": "between",
        "minimum": -1e9 if column.low is None else column.low,
        "maximum": 1e9 if column.high is None else column.high,
    }


def _date_formula(first_row: int, index: int, study: Study) -> str:
    """A formula: a day between the earliest believed and the data cut, or a text like 2018-03 or 2018."""
    cell = xl_rowcol_to_cell(first_row, index)
    low, high = _serial(EARLIEST_DAY), _serial(study.data_cut + AFTER_CUT)
    day = f"AND(ISNUMBER({cell}),{cell}>={low},{cell}<={high})"
    return f"=OR({day},AND(ISTEXT({cell}),OR(LEN({cell})=4,LEN({cell})=7)))"


def _serial(day: date) -> int:
    return (day - EXCEL_DAY_0).days


def _write_rows(sheet: Worksheet, form: Form, lines: Sequence[Mapping[str, Entry]], formats: Formats) -> None:
    positions = {column.name: (index, column.kind) for index, column in enumerate(form.columns)}
    for row, line in enumerate(lines, start=1):
        for name, entry in line.items():
            index, kind = positions[name]
            _write_entry(sheet, row, index, entry, formats[kind])


def _write_entry(sheet: Worksheet, row: int, column: int, entry: Entry, cell_format: Format) -> None:
    if isinstance(entry, bool):
        sheet.write_string(row, column, YES_NO[0] if entry else YES_NO[1], cell_format)
    elif isinstance(entry, date):
        sheet.write_datetime(row, column, datetime.combine(entry, time()), cell_format)
    elif isinstance(entry, str):
        sheet.write_string(row, column, entry, cell_format)
    else:
        sheet.write_number(row, column, entry, cell_format)
