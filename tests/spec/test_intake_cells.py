"""What a cell may hold, as a table: what is typed, what is understood, or the sentence that comes back."""

from datetime import date, timedelta

import pytest

from caseseries.intake.cells import allowed_in, parse_cell
from caseseries.intake.sheet import Cell, Kind
from caseseries.record.dates import ClinicalDate
from caseseries.study.forms import Column

CUT = date(2019, 12, 31)
DAY_0 = date(1899, 12, 30)

DATE = Column("date", "Date", "date")
WBC = Column("wbc", "White cell count (10^9/L)", "number", low=0.1, high=3000)
LEVEL = Column("mrd_percent", "MRD level (%)", "number", low=0, high=100)
GRADE = Column("grade", "Grade (1-5)", "number", low=1, high=5, whole=True)
EVENT = Column("event", "Event", "choice", choices=("relapse", "death", "seen alive", "not known"))
LINE = Column("line", "Remission", "choice", choices=("CR1, MRD-positive", "CR2, MRD-positive"))
STEROIDS = Column("steroids", "Steroids given", "yes_no")
MARKER = Column("marker", "Marker", "text")
CASE = Column("case_id", "Case id", "id")

ISO = "Type the date as year-month-day, for example 2018-03-25"
DATES = "a date, like 2018-03-25; or 2018-03 or 2018 when the day is not known"


def text(raw: str) -> Cell:
    return Cell(2, 2, "text", raw, raw)


def number(value: float, number_format: str = "General", kind: Kind = "number") -> Cell:
    return Cell(2, 2, kind, float(value), f"{value:.15g}", number_format)


def excel_date(day: date, number_format: str = "yyyy-mm-dd") -> Cell:
    return Cell(2, 2, "date", float((day - DAY_0).days), day.isoformat(), number_format)


def other(kind: Kind, raw: str, value: str | bool = "") -> Cell:
    return Cell(2, 2, kind, value, raw)


def whole(first: str, last: str) -> ClinicalDate:
    return ClinicalDate(date.fromisoformat(first), date.fromisoformat(last))


def on(day: str) -> ClinicalDate:
    return ClinicalDate.on(date.fromisoformat(day))


UNDERSTOOD = [
    # dates
    (DATE, excel_date(date(2018, 3, 25)), on("2018-03-25")),
    (DATE, excel_date(date(2018, 3, 25), "dd/mm/yyyy"), on("2018-03-25")),
    (DATE, excel_date(date(2018, 3, 1), "[$-409]mmmm d, yyyy;@"), on("2018-03-01")),
    (DATE, excel_date(date(2018, 3, 1), "mmm-yy"), whole("2018-03-01", "2018-03-31")),
    (DATE, excel_date(date(2018, 3, 2), "mmm-yy"), on("2018-03-02")),
    (DATE, excel_date(date(2018, 1, 1), "yyyy"), whole("2018-01-01", "2018-12-31")),
    (DATE, excel_date(date(2018, 3, 1), "yyyy"), whole("2018-03-01", "2018-03-31")),
    (DATE, number(2018), whole("2018-01-01", "2018-12-31")),
    (DATE, text("2018-03-25"), on("2018-03-25")),
    (DATE, text(" 2018/3/5 "), on("2018-03-05")),
    (DATE, text("2018-03-25 00:00:00"), on("2018-03-25")),
    (DATE, text("2018-03-25T14:30"), on("2018-03-25")),
    (DATE, text("25.03.2018"), on("2018-03-25")),
    (DATE, text("25/3/2018"), on("2018-03-25")),
    (DATE, text("25-03-2018"), on("2018-03-25")),
    (DATE, text("04/04/2018"), on("2018-04-04")),
    (DATE, text("25 March 2018"), on("2018-03-25")),
    (DATE, text("3rd Sept 2018"), on("2018-09-03")),
    (DATE, text("Mar 5, 2018"), on("2018-03-05")),
    (DATE, text("5-Mar-2018"), on("2018-03-05")),
    (DATE, text("29.02.2016"), on("2016-02-29")),
    (DATE, text("2018"), whole("2018-01-01", "2018-12-31")),
    (DATE, text("03/2018"), whole("2018-03-01", "2018-03-31")),
    (DATE, text("2016-02"), whole("2016-02-01", "2016-02-29")),
    (DATE, text("March 2018"), whole("2018-03-01", "2018-03-31")),
    (DATE, text("mar. 2018"), whole("2018-03-01", "2018-03-31")),
    (DATE, text("00.03.2018"), whole("2018-03-01", "2018-03-31")),
    (DATE, text("00/00/2018"), whole("2018-01-01", "2018-12-31")),
    (DATE, text("25\u00a0March\u00a02018"), on("2018-03-25")),
    # numbers
    (WBC, number(12.5), 12.5),
    (WBC, text("12.5"), 12.5),
    (WBC, text(" 1e2 "), 100.0),
    (WBC, text("0.125"), 0.125),
    (LEVEL, number(0.2), 0.2),
    (LEVEL, number(0), 0.0),
    (LEVEL, number(0.002, "0.00%", "percent"), 0.2),
    (LEVEL, number(0.0006, "0.00%", "percent"), 0.06),
    (LEVEL, number(0.0005, "0.000%", "percent"), 0.05),
    (LEVEL, number(0.0007, "0.00%", "percent"), 0.07),  # 0.0007 * 100 is 0.06999999999999999
    (LEVEL, number(1, "0%", "percent"), 100.0),
    (GRADE, number(2), 2.0),
    # words
    (EVENT, text("relapse"), "relapse"),
    (EVENT, text("  Seen   ALIVE "), "seen alive"),
    (EVENT, text("not known"), "not known"),
    (LINE, text("cr1, mrd–positive"), "CR1, MRD-positive"),
    (STEROIDS, text("Yes"), True),
    (STEROIDS, text("n"), False),
    (STEROIDS, other("logical", "TRUE", True), True),
    (STEROIDS, other("logical", "FALSE", False), False),
    (MARKER, text("IGH VH3-JH4"), "IGH VH3-JH4"),
    (MARKER, text("=HYPERLINK(1)"), "=HYPERLINK(1)"),
    (MARKER, text("n/a"), "n/a"),
    (MARKER, text("two\nlines\u200b "), "two lines"),
    (CASE, text(" 00123 "), "00123"),
]


@pytest.mark.parametrize(("column", "cell", "value"), UNDERSTOOD, ids=lambda each: getattr(each, "raw", ""))
def test_understood_without_a_word(column, cell, value):
    reading = parse_cell(cell, column, CUT)
    assert (reading.value, reading.notice) == (value, None)
    assert type(reading.value) is type(value)


REFUSED = [
    # dates: impossible, ambiguous, placeholders
    (DATE, text("31.02.2018"), "no-such-day", "“31.02.2018” is no day of the calendar", ISO),
    (DATE, text("29/02/2019"), "no-such-day", "“29/02/2019” is no day of the calendar", ISO),
    (DATE, text("2018-13-01"), "no-such-day", "“2018-13-01” is no day of the calendar", ISO),
    (DATE, text("04/25/2018"), "no-such-day", "“04/25/2018” is no day of the calendar", ISO),
    (DATE, text("13/2018"), "no-such-day", "“13/2018” is no day of the calendar", ISO),
    (DATE, text("05.00.2018"), "no-such-day", "“05.00.2018” is no day of the calendar", ISO),
    (DATE, text("0000"), "no-such-day", "“0000” is no day of the calendar", ISO),
    (
        DATE,
        text("03/04/2018"),
        "day-or-month",
        "“03/04/2018” can be day 3 of month 4 or day 4 of month 3",
        ISO,
    ),
    (
        DATE,
        text("12.11.2018"),
        "day-or-month",
        "“12.11.2018” can be day 12 of month 11 or day 11 of month 12",
        ISO,
    ),
    (DATE, text("25/04/18"), "short-year", "the year of “25/04/18” has two digits", ISO),
    (DATE, text("spring 2018"), "not-a-date", "the text “spring 2018” is no date", ISO),
    (DATE, text("soon"), "not-a-date", "the text “soon” is no date", ISO),
    (DATE, text("٢٠١٨"), "not-a-date", "the text “٢٠١٨” is no date", ISO),
    (
        DATE,
        text("2018-12-31T23:00:00Z"),
        "time-zone",
        "“2018-12-31T23:00:00Z” has a time zone, and the day depends on it",
        "Type the local date, without a time",
    ),
    (DATE, text("9999-12-31"), "placeholder", "9999-12-31 is a placeholder or a mistake", ISO),
    (DATE, text("1900-01-01"), "placeholder", "1900-01-01 is a placeholder or a mistake", ISO),
    (DATE, excel_date(date(1900, 1, 1)), "placeholder", "the date is in January or February 1900", ISO),
    (DATE, number(60, "yyyy-mm-dd", "date"), "placeholder", "the date is in January or February 1900", ISO),
    (DATE, excel_date(date(1901, 1, 1)), "placeholder", "1901-01-01 is a placeholder or a mistake", ISO),
    (
        DATE,
        number(0.5, "h:mm", "date"),
        "time-of-day",
        "the cell holds a time of day (0.5), not a date",
        ISO,
    ),
    (
        DATE,
        Cell(2, 2, "date", 2018.0, "1905-07-10", "yyyy-mm-dd"),
        "typed-year",
        "the date 1905-07-10 is what Excel makes of the year 2018 typed into a date cell",
        "If only the year is known, type '2018 with the apostrophe",
    ),
    (
        DATE,
        excel_date(date(2018, 3, 4), "d-mmm"),
        "hidden-year",
        "the cell shows no year; Excel keeps 2018-03-04 and may have added the year itself",
        ISO,
    ),
    (DATE, number(43184), "number-not-date", "the number 43184 stands where a date belongs", ISO),
    (DATE, other("logical", "TRUE", True), "not-a-date", "TRUE is no date", ISO),
    (
        DATE,
        text("2091-03-25"),
        "far-after-cut",
        "2091-03-25 is more than a year after the data cut (2019-12-31)",
        "Correct the date",
    ),
    # numbers
    (
        LEVEL,
        text("<0.01"),
        "limit",
        "“<0.01” is a limit, not a number",
        "Type only measured numbers; a limit belongs to the sensitivity or the quantitative range",
    ),
    (
        WBC,
        text("1,234"),
        "comma-or-point",
        "“1,234” can mean 1234 or 1.234",
        "Type the number without a thousands separator",
    ),
    (
        WBC,
        text("1.234"),
        "comma-or-point",
        "“1.234” can mean 1234 or 1.234",
        "Type the number without a thousands separator",
    ),
    (WBC, text("high"), "not-a-number", "the text “high” is no number", "NUMBER"),
    (WBC, text("12 x10^9/L"), "not-a-number", "the text “12 x10^9/L” is no number", "NUMBER"),
    (WBC, text("12 %"), "not-a-number", "the text “12 %” is no number", "NUMBER"),
    (WBC, text("1_000"), "not-a-number", "the text “1_000” is no number", "NUMBER"),
    (WBC, text("nan"), "not-a-number", "the text “nan” is no number", "NUMBER"),
    (WBC, text("inf"), "not-a-number", "the text “inf” is no number", "NUMBER"),
    (WBC, text("١٢"), "not-a-number", "the text “١٢” is no number", "NUMBER"),
    (LEVEL, text("10^-4"), "not-a-number", "the text “10^-4” is no number", "NUMBER"),
    (WBC, other("logical", "TRUE", True), "not-a-number", "TRUE is no number", "NUMBER"),
    (
        WBC,
        excel_date(date(2018, 3, 4)),
        "date-not-number",
        "Excel has made a date (2018-03-04) of what was typed",
        "Format the cell as a number and type it again",
    ),
    (
        WBC,
        Cell(2, 2, "percent", 0.5, "50 %", "0%"),
        "unasked-percent",
        "50 % is a percentage, and the heading “White cell count (10^9/L)” asks for none",
        "NUMBER",
    ),
    (WBC, number(12000), "out-of-range", "12000 is too high", "Check the value and its unit"),
    (WBC, number(0.05), "out-of-range", "0.05 is too low", "Check the value and its unit"),
    (LEVEL, number(1.01, "0%", "percent"), "out-of-range", "101 is too high", "Check the value and its unit"),
    (LEVEL, text("-1"), "out-of-range", "-1 is too low", "Check the value and its unit"),
    (GRADE, number(2.5), "not-whole", "2.5 is no whole number", "Correct the number"),
    # words
    (
        EVENT,
        text("relapsd"),
        "not-a-choice",
        "“relapsd” is not in the list",
        "Did you mean “relapse”? If so, write it like that",
    ),
    (EVENT, text("lost"), "not-a-choice", "“lost” is not in the list", "Choose from the drop-down list"),
    (LINE, text("CR3, MRD-positive"), "not-a-choice", "“CR3, MRD-positive” is not in the list", "LIST"),
    (STEROIDS, number(1), "not-a-choice", "“1” is not in the list", "LIST"),
    (STEROIDS, text("x"), "not-a-choice", "“x” is not in the list", "LIST"),
    (
        EVENT,
        excel_date(date(2018, 3, 4)),
        "date-not-choice",
        "Excel has made a date (2018-03-04) of what was typed",
        "LIST",
    ),
    (
        MARKER,
        excel_date(date(2018, 3, 1)),
        "date-not-text",
        "Excel has made a date (2018-03-01) of what was typed",
        "Format the cell as text and type it again",
    ),
    # case ids
    (CASE, number(12.5), "not-an-id", "12.5 (number) cannot be a case id", "TEXT"),
    (
        CASE,
        number(1234567890123456.0),
        "not-an-id",
        "1.23456789012346e+15 (number) cannot be a case id",
        "TEXT",
    ),
    (CASE, excel_date(date(2018, 3, 1)), "not-an-id", "2018-03-01 (date) cannot be a case id", "TEXT"),
    (CASE, other("logical", "TRUE", True), "not-an-id", "TRUE (logical) cannot be a case id", "TEXT"),
    # contents that are a value in no column
    (
        WBC,
        other("error", "#N/A", "#N/A"),
        "excel-error",
        "the cell shows Excel's error #N/A",
        "Correct the formula, or type the value",
    ),
    (
        MARKER,
        other("formula", "=A1+B1", "=A1+B1"),
        "no-result",
        "the formula “=A1+B1” has no stored result",
        "Open the workbook in Excel and save it, or type the value",
    ),
    (
        WBC,
        other("broken", "1E400", "1E400"),
        "broken-cell",
        "the content “1E400” is damaged",
        "Delete it and type the value again",
    ),
]
SHORT = {
    "NUMBER": "Type only the number, in the unit of the heading",
    "LIST": "Choose from the drop-down list",
    "TEXT": "Format the cell as text and type it again",
}


@pytest.mark.parametrize(
    ("column", "cell", "code", "what", "do"), REFUSED, ids=lambda each: getattr(each, "raw", "")
)
def test_refused_with_its_sentence(column, cell, code, what, do):
    reading = parse_cell(cell, column, CUT)
    assert reading.value is None
    assert not reading.is_missing
    assert reading.notice is not None
    assert (reading.notice.code, reading.notice.what) == (code, what)
    assert reading.notice.do == SHORT.get(do, do)
    assert reading.notice.allowed == allowed_in(column)


NOTED = [
    (WBC, text("12,5"), 12.5, "the text “12,5” is read as 12.5"),
    (LEVEL, text("0,05"), 0.05, "the text “0,05” is read as 0.05"),
    (LEVEL, text("0,125"), 0.125, "the text “0,125” is read as 0.125"),
    (LEVEL, text("0.01 %"), 0.01, "the text “0.01 %” is read as 0.01"),
    (WBC, text("1 234"), 1234.0, "the text “1 234” is read as 1234"),
    (WBC, text("1\u00a0234"), 1234.0, "the text “1␣234” is read as 1234"),
    (WBC, text("1,234.5"), 1234.5, "the text “1,234.5” is read as 1234.5"),
    (WBC, text("1.234,5"), 1234.5, "the text “1.234,5” is read as 1234.5"),
    (Column("t", "T", "number"), text("−3,5"), -3.5, "the text “−3,5” is read as -3.5"),
    (Column("t", "T", "number"), text("1,234,567"), 1234567.0, "the text “1,234,567” is read as 1234567"),
    (
        EVENT,
        text("rеlapse"),
        "relapse",
        "“rеlapse” has letters of another alphabet that look like Latin ones; read as “relapse”",
    ),
    (MARKER, number(46), "46", "the number 46 is kept as text"),
    (CASE, number(123), "123", "the case id 123 is stored as a number; zeros before it would be lost"),
    (DATE, text("2020-03-01"), on("2020-03-01"), "2020-03-01 is after the data cut (2019-12-31)"),
]


@pytest.mark.parametrize(
    ("column", "cell", "value", "what"), NOTED, ids=lambda each: getattr(each, "raw", "")
)
def test_understood_and_pointed_out(column, cell, value, what):
    reading = parse_cell(cell, column, CUT)
    assert reading.value == value
    assert reading.notice is not None
    assert reading.notice.what == what


@pytest.mark.parametrize("word", ["-", "–", "?", "n/a", "NA", "unknown", "Not  known", "not done"])
@pytest.mark.parametrize("column", [DATE, WBC, LINE, STEROIDS, CASE], ids=lambda column: column.kind)
def test_a_missing_word_is_missing_and_said_so(column, word):
    reading = parse_cell(text(word), column, CUT)
    assert (reading.value, reading.is_missing) == (None, True)
    assert reading.notice is not None
    assert reading.notice.what == f"“{word}” is read as missing"
    assert reading.notice.do == "Leave the cell empty when nothing is known"


def test_allowed_is_said_in_the_words_of_the_column():
    assert allowed_in(WBC) == "a number from 0.1 to 3000"
    assert allowed_in(GRADE) == "a whole number from 1 to 5"
    assert allowed_in(Column("t", "T", "number", low=2)) == "a number from 2"
    assert allowed_in(EVENT) == "one of: relapse; death; seen alive; not known"
    assert allowed_in(STEROIDS) == "yes or no"
    assert allowed_in(DATE) == DATES
    assert allowed_in(CASE) == "the study's number for the child, as text"
    assert allowed_in(MARKER) == "text"


def test_the_data_cut_itself_is_not_after_it_and_a_year_later_is_the_last_believed():
    assert parse_cell(excel_date(CUT), DATE, CUT).notice is None
    last = parse_cell(excel_date(CUT + timedelta(days=366)), DATE, CUT)
    assert last.value is not None
    assert parse_cell(excel_date(CUT + timedelta(days=367)), DATE, CUT).value is None


def test_an_interval_that_straddles_the_data_cut_is_kept_without_a_word():
    reading = parse_cell(text("2019"), DATE, date(2019, 6, 30))
    assert (reading.value, reading.notice) == (whole("2019-01-01", "2019-12-31"), None)


def test_a_long_content_is_cut_and_its_control_characters_are_shown():
    notice = parse_cell(text("x" * 100 + "\n"), WBC, CUT).notice
    assert notice is not None
    assert notice.what == f"the text “{'x' * 60}…” is no number"
    spoof = parse_cell(text("a\u202eb\x07"), WBC, CUT).notice
    assert spoof is not None
    assert spoof.what == "the text “a␣b␣” is no number"
