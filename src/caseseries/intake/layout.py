"""What the writer and the reader of a return workbook must agree on, in one place."""

from caseseries.study.definition import Study

TEMPLATE_VERSION = 1

HELP_SHEET = "How to fill this in"
LISTS_SHEET = "Lists"
CENTRE_CELL = "B3"
STAMP_CELL = "B4"

REQUIRED_MARK = "*"

# Counted things: a drop of half a grade is a typing mistake, not a measurement.
WHOLE_NUMBERS = frozenset({"grade", "cycle"})

# Excel keeps days as serial numbers counted from here; exact from serial 61 (1900-03-01) on.
EXCEL_DAY_0 = "1899-12-30"


def stamp_of(study: Study) -> str:
    """The words that tell which template, and whose, a workbook was made from."""
    return f"caseseries return {TEMPLATE_VERSION} · {study.short_title}"
