"""What the writer and the reader of a return workbook must agree on, in one place."""

from datetime import date, timedelta

from caseseries.study.definition import Study
from caseseries.study.forms import Column

TEMPLATE_VERSION = 1

HELP_SHEET = "How to fill this in"
LISTS_SHEET = "Lists"
QUERIES_SHEET = "Queries"
CENTRE_CELL = "B3"
STAMP_CELL = "B4"

REQUIRED_MARK = "*"

# Who signs our notes, and the fills that mark a cell that was asked about: known again when a workbook returns.
AUTHOR = "caseseries"
ASKED_FILL, NOTED_FILL = "#FFC7B8", "#FFF1C2"

# What a spreadsheet computes when a text of a CSV file begins with it (OWASP ASVS 5.0, 1.2.10).
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")

# Excel keeps days as serial numbers counted from here; exact from serial 61 (1900-03-01) on.
EXCEL_DAY_0 = date(1899, 12, 30)

# A year typed into a date cell becomes a day of 1905; nothing before 1910 is believed.
EARLIEST_DAY = date(1910, 1, 1)

# Returns arrive for a while after the data cut; a day later than this is a slip of the pen.
AFTER_CUT = timedelta(days=366)


def stamp_of(study: Study) -> str:
    """The words that tell which template, and whose, a workbook was made from."""
    return f"caseseries return {TEMPLATE_VERSION} · {study.short_title}"


def limits_of(column: Column) -> str:
    """A number column's limits in words: " from 1 to 5", or "" when it has none."""
    low = "" if column.low is None else f" from {column.low:g}"
    high = "" if column.high is None else f" to {column.high:g}"
    return f"{low}{high}"
