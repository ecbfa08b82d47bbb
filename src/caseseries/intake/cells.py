"""One cell to one typed value, or to the reason why not. Nothing here knows about other cells.

Whatever could mean two things is asked about, never guessed.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from caseseries.intake.clinical_dates import (
    TYPE_ISO,
    Order,
    date_of_number,
    date_of_serial,
    date_of_text,
    needs_order,
)
from caseseries.intake.layout import AFTER_CUT, EARLIEST_DAY, limits_of
from caseseries.intake.notices import Notice, ProblemError, quote
from caseseries.intake.numerals import ONLY_NUMBER, PLAIN, number_of_text
from caseseries.intake.sheet import Cell, percent_of
from caseseries.intake.spelling import clean, fold, key_of, suggestion
from caseseries.record.dates import ClinicalDate
from caseseries.study.forms import YES_NO, Column

Content = ClinicalDate | float | str | bool

MISSING_WORDS = frozenset(
    ("-", ".", "?", "--", "n/a", "n.a.", "na", "nk", "none", "not done", "not known", "unknown")
)
YES_NO_WORDS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}

UNUSABLE = ("error", "formula", "broken")  # kinds of cells
EXACT_DIGITS = 1e15  # Excel keeps fifteen digits; longer numbers have been rounded
FROM_LIST = "Choose from the drop-down list"
AS_TEXT = "Format the cell as text and type it again"


class Reading(NamedTuple):
    """What became of a filled cell: a value; or it means "missing"; or neither, and the notice says why.

    A value or a missing word may carry a notice too.
    """

    value: Content | None = None
    notice: Notice | None = None
    is_missing: bool = False


def parse_cell(cell: Cell, column: Column, data_cut: date, order: Order = "") -> Reading:
    """Read one filled cell by its column's kind; `order` is what its column tells about typed dates."""
    try:
        if cell.kind in UNUSABLE:
            raise _unusable(cell)
        if cell.kind == "text" and column.kind != "text" and _is_missing_word(cell.raw, column):
            what, do = f"{quote(cell.raw)} is read as missing", "Leave the cell empty when nothing is known"
            return _with_allowed(Reading(None, Notice("missing-word", what, do), is_missing=True), column)
        is_date = column.kind == "date"
        reading = parse_date(cell, data_cut, order) if is_date else PARSERS[column.kind](cell, column)
    except ProblemError as problem:
        reading = Reading(None, problem.notice)
    return _with_allowed(reading, column)


def allowed_in(column: Column) -> str:
    """What a cell of this column may hold, in words."""
    whole = "whole " if column.whole else ""
    return {
        "id": "the study's number for the child, as text",
        "date": "a date, like 2018-03-25; or 2018-03 or 2018 when the day is not known",
        "number": f"a {whole}number{limits_of(column)}",
        "choice": "one of: " + "; ".join(column.choices),
        "yes_no": "yes or no",
        "text": "text",
    }[column.kind]


def _with_allowed(reading: Reading, column: Column) -> Reading:
    notice = reading.notice
    if notice is None or notice.allowed:
        return reading
    return reading._replace(notice=replace(notice, allowed=allowed_in(column)))


def _unusable(cell: Cell) -> ProblemError:
    """Why these contents are a value in no column."""
    if cell.kind == "error":
        do = "Correct the formula, or type the value"
        return ProblemError("excel-error", f"the cell shows Excel's error {cell.raw}", do)
    if cell.kind == "formula":
        do = "Open the workbook in Excel and save it, or type the value"
        return ProblemError("no-result", f"the formula {quote(cell.raw)} has no stored result", do)
    what = f"the content {quote(cell.raw)} is damaged"
    return ProblemError("broken-cell", what, "Delete it and type the value again")


def _is_missing_word(text: str, column: Column) -> bool:
    word = fold(text)
    return word in MISSING_WORDS and word not in map(fold, column.choices)


# --- one parser for each kind of column -------------------------------------------------------------------


def parse_date(cell: Cell, data_cut: date, order: Order = "") -> Reading:
    """A day or an interval; a day soon after the data cut is kept and pointed out."""
    found = _date_of(cell, order)
    if found.earliest.year == 9999 or found.latest < EARLIEST_DAY:
        raise ProblemError("placeholder", f"{found} is a placeholder or a mistake", TYPE_ISO)
    if found.earliest - data_cut > AFTER_CUT:
        what = f"{found} is more than a year after the data cut ({data_cut})"
        raise ProblemError("far-after-cut", what, "Correct the date")
    if found.earliest > data_cut:
        what = f"{found} is after the data cut ({data_cut})"
        do = "Check the date; if it is right nothing needs doing, and what happened after the cut is not counted"
        return Reading(found, Notice("after-cut", what, do))
    if isinstance(cell.value, str) and needs_order(cell.value, order):
        what = f"{quote(cell.raw)} is read as {found}: other dates of the column can only be {order}"
        return Reading(found, Notice("order-by-column", what, "Correct it if another day was meant"))
    return Reading(found)


def _date_of(cell: Cell, order: Order) -> ClinicalDate:
    if isinstance(cell.value, bool):
        raise ProblemError("not-a-date", f"{cell.raw} is no date", TYPE_ISO)
    if isinstance(cell.value, str):
        return date_of_text(cell.value, order)
    if cell.kind == "date":
        return date_of_serial(cell.value, cell.number_format, cell.raw)
    return date_of_number(cell.value, cell.raw)


def parse_number(cell: Cell, column: Column) -> Reading:
    """A finite number within the column's limits; percentages under a "(%)" heading in percent."""
    number, notice = _number_of(cell, column)
    is_low = column.low is not None and number < column.low
    is_high = column.high is not None and number > column.high
    if is_low or is_high or not math.isfinite(number):
        what = f"{number:.15g} is too {'low' if is_low else 'high'}"
        raise ProblemError("out-of-range", what, "Check the value and its unit")
    if column.whole and not number.is_integer():
        raise ProblemError("not-whole", f"{number:.15g} is no whole number", "Correct the number")
    return Reading(number, notice)


def _number_of(cell: Cell, column: Column) -> tuple[float, Notice | None]:
    is_percent = "(%)" in column.heading
    if isinstance(cell.value, bool):
        raise ProblemError("not-a-number", f"{cell.raw} is no number", ONLY_NUMBER)
    if isinstance(cell.value, str):
        return _number_typed(cell.value, is_percent)
    if cell.kind == "date":
        what = f"Excel has made a date ({cell.raw}) of what was typed"
        raise ProblemError("date-not-number", what, "Format the cell as a number and type it again")
    if cell.kind == "percent" and not is_percent:
        what = f"{cell.raw} is a percentage, and the heading “{column.heading}” asks for none"
        raise ProblemError("unasked-percent", what, ONLY_NUMBER)
    return (percent_of(cell.value) if cell.kind == "percent" else cell.value), None


def _number_typed(text: str, is_percent: bool) -> tuple[float, Notice | None]:
    words = clean(text)
    number = number_of_text(words.removesuffix("%") if is_percent else words)
    if PLAIN.fullmatch(words):
        return number, None
    what = f"the text {quote(text)} is read as {number:.15g}"
    return number, Notice("number-as-text", what, "Correct it if that is not what was meant")


def parse_choice(cell: Cell, column: Column) -> Reading:
    """One of the column's words; case, spaces and dashes do not matter, look-alike letters are pointed out."""
    if cell.kind == "date":
        what = f"Excel has made a date ({cell.raw}) of what was typed"
        raise ProblemError("date-not-choice", what, FROM_LIST)
    return _choose(cell.raw, {word: word for word in column.choices})


def parse_yes_no(cell: Cell, column: Column) -> Reading:  # noqa: ARG001
    """True for yes, y and Excel's TRUE; False for no, n and FALSE. A 1 or 0 may be a count: asked about."""
    if isinstance(cell.value, bool):
        return Reading(cell.value)
    return _choose(cell.raw, YES_NO_WORDS)


def _choose(raw: str, words: Mapping[str, str | bool]) -> Reading:
    for word, meaning in words.items():
        if fold(raw) == fold(word):
            return Reading(meaning)
    for word, meaning in words.items():
        if key_of(raw) == key_of(word):
            what = f"{quote(raw)} has letters of another alphabet that look like Latin ones; read as “{word}”"
            return Reading(meaning, Notice("look-alike", what, FROM_LIST))
    offered = [word for word in words if word not in YES_NO_WORDS or word in YES_NO]
    raise ProblemError(
        "not-a-choice", f"{quote(raw)} is not in the list", suggestion(raw, offered, FROM_LIST)
    )


def parse_text(cell: Cell, column: Column) -> Reading:  # noqa: ARG001
    """The words; a number is kept as typed and pointed out, a date is Excel's doing and refused."""
    if cell.kind == "date":
        what = f"Excel has made a date ({cell.raw}) of what was typed"
        raise ProblemError("date-not-text", what, AS_TEXT)
    if cell.kind in ("number", "percent"):
        what = f"the number {cell.raw} is kept as text"
        return Reading(
            cell.raw, Notice("number-in-text", what, f"If Excel changed what was typed: {AS_TEXT}")
        )
    return Reading(clean(cell.raw))


def parse_id(cell: Cell, column: Column) -> Reading:  # noqa: ARG001
    """A case id. Excel turns 00123 into 123, and rounds after fifteen digits: numbers are pointed out."""
    if isinstance(cell.value, str):
        return Reading(clean(cell.value))
    if cell.kind == "number" and float(cell.value).is_integer() and 0 <= cell.value < EXACT_DIGITS:
        what = f"the case id {cell.raw} is stored as a number; zeros before it would be lost"
        return Reading(f"{cell.value:.0f}", Notice("number-as-id", what, AS_TEXT))
    raise ProblemError("not-an-id", f"{cell.raw} ({cell.kind}) cannot be a case id", AS_TEXT)


PARSERS: dict[str, Callable[[Cell, Column], Reading]] = {
    "number": parse_number,
    "choice": parse_choice,
    "yes_no": parse_yes_no,
    "text": parse_text,
    "id": parse_id,
}
