"""Dates as people and Excel write them, to days or honest intervals."""

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

from caseseries.intake.layout import EXCEL_DAY_0
from caseseries.intake.notices import ProblemError, quote
from caseseries.intake.sheet import codes_of
from caseseries.intake.spelling import clean
from caseseries.record.dates import ClinicalDate

Order = Literal["", "day first", "month first"]

TYPE_ISO = "Type the date as year-month-day, for example 2018-03-25"
FIRST_TRUE_SERIAL = 61  # Excel counts a 29 February 1900 that never was as day 60
YEARS = range(1900, 2101)


def _month_names() -> Iterator[tuple[str, int]]:
    full = "january february march april may june july august september october november december".split()  # noqa: SIM905
    for number, name in enumerate(full, start=1):
        yield from ((name, number), (name[:3], number), (name[:4], number))


MONTHS = dict(_month_names())

TIME = r"(?:[T ](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
PATTERNS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){TIME}",
        rf"(?P<a>\d{{1,2}})(?P<s>[-/. ])(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}){TIME}",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[ .-]*(?P<name>[a-z]+)\.?[ ,.-]*(?P<y>\d{4})",
        r"(?P<name>[a-z]+)\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})",
        r"(?P<m>\d{1,2})[-/. ](?P<y>\d{4})",
        r"(?P<y>\d{4})[-/. ](?P<m>\d{1,2})",
        r"(?P<name>[a-z]+)\.?[ ,./-]*(?P<y>\d{4})",
        r"(?P<y>\d{4})",
    )
)
TWO_ORDERS = PATTERNS[1]
SHORT_YEAR = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}", re.ASCII)


def order_of_texts(texts: Iterable[str]) -> Order:
    """Which comes first in a column of typed dates: told by those that can be read in one way only.

    Nothing is decided when none of them tells, or when they contradict one another.
    """
    pairs = [pair for text in texts if (pair := _first_two(text))]
    day_first = any(first > 12 >= second for first, second in pairs)
    month_first = any(second > 12 >= first for first, second in pairs)
    if day_first == month_first:
        return ""
    return "day first" if day_first else "month first"


def needs_order(text: str, order: Order) -> bool:
    """Whether the column's order was needed to read a text as a day."""
    pair = _first_two(text)
    if not order or pair is None:
        return False
    return order == "month first" or (max(pair) <= 12 and pair[0] != pair[1])


def _first_two(text: str) -> tuple[int, int] | None:
    match = TWO_ORDERS.fullmatch(clean(text))
    return (int(match["a"]), int(match["b"])) if match else None


def date_of_text(text: str, order: Order = "") -> ClinicalDate:
    """A date typed as text, `order` as told by its column. Raises ProblemError when it is none, impossible, or
    could be two days."""
    words = clean(text)
    matches = (pattern.fullmatch(words) for pattern in PATTERNS)
    found = next((match.groupdict() for match in matches if match), None)
    if found is None and SHORT_YEAR.fullmatch(words):
        raise ProblemError("short-year", f"the year of {quote(text)} has two digits", TYPE_ISO)
    if found is None:
        raise ProblemError("not-a-date", f"the text {quote(text)} is no date", TYPE_ISO)
    if found.get("zone"):
        what = f"{quote(text)} has a time zone, and the day depends on it"
        raise ProblemError("time-zone", what, "Type the local date, without a time")
    return _date_of_parts(found, text, order)


def _date_of_parts(found: dict[str, str], text: str, order: Order) -> ClinicalDate:
    year, month, day = int(found["y"]), int(found.get("m") or 0), int(found.get("d") or 0)
    if name := found.get("name"):
        if name.lower() not in MONTHS:
            raise ProblemError("not-a-date", f"the text {quote(text)} is no date", TYPE_ISO)
        month = MONTHS[name.lower()]
    if "a" in found:
        day, month = _day_and_month(int(found["a"]), int(found["b"]), text, order)
    return within(year, month, day, text)


def _day_and_month(first: int, second: int, text: str, order: Order) -> tuple[int, int]:
    """In the column's order; else day before month, that of our centres, and where the other is possible we ask."""
    if order:
        return (first, second) if order == "day first" else (second, first)
    if first != second and 1 <= first <= 12 and 1 <= second <= 12:
        what = f"{quote(text)} can be day {first} of month {second} or day {second} of month {first}"
        raise ProblemError("day-or-month", what, TYPE_ISO)
    return first, second


def within(year: int, month: int, day: int, text: str) -> ClinicalDate:
    """The day; or the whole month when `day` is 0, the whole year when `month` is 0 too."""
    try:
        if day:
            return ClinicalDate.on(date(year, month, day))
        first, last = (month, month) if month else (1, 12)
        return ClinicalDate(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))
    except ValueError as error:
        raise _impossible(text) from error


def _impossible(text: str) -> ProblemError:
    return ProblemError("no-such-day", f"{quote(text)} is no day of the calendar", TYPE_ISO)


def date_of_serial(serial: float, number_format: str, shown: str) -> ClinicalDate:
    """An Excel date, as precise as its number format shows it. Raises ProblemError for Excel's traps.

    Excel turns a typed "03/2018" into 1 March 2018 shown as "Mar-18": the day is Excel's invention, so a
    first of the month in a format without days is read as the month.
    """
    if serial < 1:
        raise ProblemError("time-of-day", f"the cell holds a time of day ({shown}), not a date", TYPE_ISO)
    if serial < FIRST_TRUE_SERIAL:
        raise ProblemError("placeholder", "the date is in January or February 1900", TYPE_ISO)
    if serial in YEARS:
        what = f"the date {shown} is what Excel makes of the year {serial:g} typed into a date cell"
        raise ProblemError(
            "typed-year", what, f"If only the year is known, type '{serial:g} with the apostrophe"
        )
    codes, day = codes_of(number_format), EXCEL_DAY_0 + timedelta(days=int(serial))
    if "y" not in codes:
        what = f"the cell shows no year; Excel keeps {day.isoformat()} and may have added the year itself"
        raise ProblemError("hidden-year", what, TYPE_ISO)
    return _as_shown(day, codes, shown)


def _as_shown(day: date, codes: str, shown: str) -> ClinicalDate:
    if "d" in codes or day.day != 1:
        return ClinicalDate.on(day)
    if "m" in codes or day.month != 1:
        return within(day.year, day.month, 0, shown)
    return within(day.year, 0, 0, shown)


def date_of_number(number: float, shown: str) -> ClinicalDate:
    """A plain number where a date belongs: a year, or else a problem."""
    if number in YEARS:
        return within(int(number), 0, 0, shown)
    raise ProblemError("number-not-date", f"the number {shown} stands where a date belongs", TYPE_ISO)
