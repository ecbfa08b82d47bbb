"""Which columns say what, in which unit and code; and one row of them turned into an exit, or refused."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import floor, isfinite, isinf, isnan
from typing import NamedTuple
from unicodedata import category

DAYS_PER_UNIT = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}
ROUNDING = "rounded to the nearest day, halves up"
LAST_DAY = 2**53 - 1  # beyond it a float no longer holds every whole number

WITHIN = "\x1f"  # between a group and its stratum in one label: the separator no keyboard writes

EMPTY = frozenset({"", "NA", "N/A", "NaN", "nan", "."})  # how spreadsheets, R and SAS write a missing value


class Code(NamedTuple):
    """A coding of the event column: what each value means, as printed, and as numbers."""

    meaning: str
    events: frozenset[int]
    censored: frozenset[int] | None  # None: every positive whole number


_WHOLE = re.compile(r"^(-?\d+)\.0+$")  # a whole number as a column of decimals is written

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode's categories of what is not drawn

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{1,2}[./]\d{1,2}[./](\d{2}|\d{4})")
COMMA = re.compile(r"-?\d[\d.]*,\d+|-?\d{1,3}([,' ]\d{3})+(\.\d+)?")
POINT = "Write the decimal sign as a point, and no sign for thousands"

LOGICAL = {"true": 1.0, "false": 0.0}  # how R and spreadsheets write a logical column as text

CODINGS = {
    "status": Code("0 (censored) or 1 (event)", frozenset({1}), frozenset({0})),
    "status12": Code("1 (censored) or 2 (event)", frozenset({2}), frozenset({1})),
    "cnsr": Code("0 (event), or 1, 2, … (censored)", frozenset({0}), None),
}


@dataclass(frozen=True)
class Layout:
    """The columns by name, the unit of the times and the coding of the event; an empty name is no column.

    The codings are R's `status` (0/1), its older form (1/2) and CDISC's `CNSR`, in which 0 is the event.
    """

    time: str
    event: str
    cause: str = ""
    group: str = ""
    entry: str = ""
    unit: str = "days"
    coding: str = "status"
    strata: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns named, time and event first, each once."""
        named = (self.time, self.event, self.cause, self.group, self.entry, self.strata)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are not times: event, cause, group and stratum."""
        return tuple(
            dict.fromkeys(name for name in (self.event, self.cause, self.group, self.strata) if name)
        )

    @property
    def names_causes(self) -> bool:
        """Whether one column is both event and cause: 0 is censored, and each other number a cause, as in `cmprsk`."""
        return self.cause == self.event and self.coding == "status"

    @property
    def conversion(self) -> str:
        """What was done to the times, for printing; empty if nothing was."""
        if self.unit == "days":
            return ""
        return f"{self.unit} were multiplied by {DAYS_PER_UNIT[self.unit]:g} and {ROUNDING}"


def is_above_one(row: Mapping[str, object], layout: Layout) -> bool:
    """Whether a row has a CNSR above 1, which CDISC counts as censored and some write for a competing event."""
    return layout.coding == "cnsr" and (read_number(row[layout.event]) or 0) > 1


def notes_of(layout: Layout, above_one: int) -> tuple[str, ...]:
    """What a reader should know of how the rows were read; `above_one` of those used have a CNSR above 1."""
    notes = [layout.conversion] if layout.conversion else []
    if above_one:
        rows = "1 row has" if above_one == 1 else f"{above_one} rows have"
        counted = "is counted" if above_one == 1 else "are counted"
        notes.append(
            f"{rows} {layout.event} above 1 and {counted} as censored. If 2 is a competing event, as in the adtte.csv "
            f"of caseseries run, write a column with 1 where {layout.event} is 0, 0 where it is 1 and 2 where it is 2, "
            "and name it as --event and as --cause, without --coding"
        )
    return tuple(notes)


class Exit(NamedTuple):
    """How one row ended. `cause` is None for a censored row, "" for an event without a named cause.

    Where there are strata, `group` is the group and the stratum, with `WITHIN` between.
    """

    group: str
    day: int
    cause: str | None
    entry: int | None = None


class Complaint(NamedTuple):
    """Why a row was refused: what was found, what is allowed, what to do."""

    code: str
    what: str
    allowed: str
    do: str


def read_row(row: Mapping[str, object], layout: Layout) -> Exit | tuple[Complaint, ...]:
    """One row, given by column name, as an exit; or everything that is wrong with it."""
    group = read_group(row, layout)
    day = read_days(row[layout.time], layout.time, layout.unit)
    entry = read_days(row[layout.entry], layout.entry, layout.unit) if layout.entry else None
    cause = read_outcome(row, layout)
    found = [part for part in (day, entry, cause) if isinstance(part, Complaint)]
    for name, what in ((layout.group, "group"), (layout.strata, "stratum")):
        if name and not read_label(row[name]):
            do = f"Say which {what} the row belongs to, or remove the row"
            found.append(Complaint("group", f"{name} is empty", "", do))
    if isinstance(day, int) and isinstance(entry, int) and entry >= day:
        found.append(_not_before(row, layout))
    if found or isinstance(day, Complaint) or isinstance(entry, Complaint) or isinstance(cause, Complaint):
        return tuple(found)
    return Exit(group, day, cause, entry)


def _not_before(row: Mapping[str, object], layout: Layout) -> Complaint:
    came, went = row[layout.entry], row[layout.time]
    what = f"{layout.entry} {_shown(came)} is not before {layout.time} {_shown(went)}"
    if (read_number(came) or 0) < (read_number(went) or 0):
        what = (
            f"{layout.entry} {_shown(came)} and {layout.time} {_shown(went)} are the same day once converted"
        )
    allowed, do = "an entry before the last day observed", "Correct one of the two dates"
    return Complaint("entry", what, allowed, do)


def read_group(row: Mapping[str, object], layout: Layout) -> str:
    """The group a row names, and its stratum if there are strata; empty if it names none, or there are none."""
    group = read_label(row[layout.group]) if layout.group else ""
    if not layout.strata:
        return group
    stratum = read_label(row[layout.strata])
    return f"{group}{WITHIN}{stratum}" if stratum and (group or not layout.group) else ""


def read_days(value: object, name: str, unit: str) -> int | Complaint:
    """A time in `unit` as whole days."""
    number = read_number(value)
    if number is None or not isfinite(number) or not 0 <= number <= LAST_DAY:
        wrong = "is empty" if _missing(value) else f"is {_shown(value)}"
        allowed = "whole days from 0" if unit == "days" else f"{unit} from 0"
        return Complaint("time", f"{name} {wrong}", allowed, _how_to_mend(value))
    days = number * DAYS_PER_UNIT[unit]
    if unit == "days" and days != floor(days):
        do = "Correct the value, or name the unit of the times with --unit"
        return Complaint("time", f"{name} is {_shown(value)}", "whole days from 0", do)
    return int(days) if unit == "days" else floor(days + 0.5)


def _how_to_mend(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if _DATE.fullmatch(text):
        return "Give the days from the origin to this date"
    if COMMA.fullmatch(text):
        return POINT
    return "Correct the value or remove the row"


def read_outcome(row: Mapping[str, object], layout: Layout) -> str | Complaint | None:
    """None for censored, else the cause. The one place where codings are told apart."""
    value, code = row[layout.event], CODINGS[layout.coding]
    number = LOGICAL.get(value.strip().casefold()) if isinstance(value, str) else None
    number = read_number(value) if number is None else number
    whole = int(number) if number is not None and isfinite(number) and number == floor(number) else -1
    if whole in code.events or (layout.names_causes and whole > 0):
        return _cause(row, layout)
    if whole in code.censored if code.censored is not None else whole > 0:
        return None
    wrong = "is empty" if _missing(value) else f"is {_shown(value)}"
    allowed = "0 (censored) or a whole number for each cause" if layout.names_causes else code.meaning
    do = "Correct the value, or name the coding of the column with --coding"
    return Complaint("event", f"{layout.event} {wrong}", allowed, do)


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Distinct labels, numbers by value before words by letter."""
    return tuple(sorted(set(labels), key=_order))


def _order(label: str) -> tuple[bool, float, str]:
    try:
        number = float(label)
    except ValueError:
        return True, 0.0, label
    return (True, 0.0, label) if isnan(number) else (False, number, label)


def _cause(row: Mapping[str, object], layout: Layout) -> str | Complaint:
    if not layout.cause:
        return ""
    if cause := read_label(row[layout.cause]):
        return cause
    do = "Say what the event was, or mark the row as censored"
    return Complaint("cause", f"{layout.cause} is empty on a row with an event", "the cause of the event", do)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in EMPTY - {"NaN", "nan"})


def read_label(value: object) -> str:
    """A group or a cause as text: 1.0 and 1 are one label; empty when missing."""
    if isinstance(value, float) and not isinf(value):
        return "" if isnan(value) else str(int(value)) if value == floor(value) else repr(value)
    text = "" if value is None else str(value).strip()
    if not text.isprintable():  # what cannot be seen must not make two groups that look alike
        text = "".join(c.encode("unicode_escape").decode() if category(c) in _UNSEEN else c for c in text)
    return "" if text in EMPTY else _WHOLE.sub(r"\1", text)


def read_number(value: object) -> float | None:
    """A number from text or any numeric type; None if it is none."""
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or "_" in text:  # Python would read 1_000, and the digits of any script
            return None
        try:
            return float(Decimal(text))
        except InvalidOperation:
            return None
    return float(value) if isinstance(value, int | float | Decimal) else None


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value.strip() if read_number(value) is not None else f'"{value.strip()}"'
    if isinstance(value, float) and isfinite(value) and value == floor(value):
        return f"{value:.0f}"
    return str(value)
