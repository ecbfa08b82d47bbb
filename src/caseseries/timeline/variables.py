"""The words a protocol uses for a case (`study.variables`), derived from its course, with their cells."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Row, Source
from caseseries.study.definition import DAYS_PER_YEAR
from caseseries.timeline.course import Course, Moment

Known = float | str | bool | date


@dataclass(frozen=True)
class Fact:
    """A variable's value for one case; None when it is not known, or does not apply: who has no transplant has no
    donor."""

    value: Known | None
    sources: tuple[Source, ...] = ()
    applies: bool = True


UNKNOWN = Fact(None)
MOOT = Fact(None, applies=False)


def derive_fact(course: Course, variable: str) -> Fact:
    """The value of one of `study.variables` for a case. KeyError for any other word."""
    return DERIVATIONS[variable](course)


def _column(form: str, column: str) -> Callable[[Course], Fact]:
    def derive(course: Course) -> Fact:
        return _fact(course.patient.only(form), column)

    return derive


def _fact(row: Row | None, column: str) -> Fact:
    found = row.values.get(column) if row else None
    if found is None or isinstance(found.value, ClinicalDate) or found.value == "not known":
        return UNKNOWN
    return Fact(found.value, (found.source,))


def _starts(row: Row, moment: Moment) -> bool:
    return set(row.sources("start_date")) <= set(moment.sources) and row.date("start_date") == moment.on


def transplant_row(course: Course) -> Row | None:
    """The line of the first transplant after the index treatment; an earlier transplant is history."""
    hsct = course.first("hsct", index.on) if (index := course.first("index")) else None
    rows = course.patient.form("transplant")
    return next((row for row in rows if hsct and row.date("hsct_date") == hsct.on), None)


def _donor(course: Course) -> Fact:
    row = transplant_row(course)
    return _fact(row, "donor") if row else MOOT


def _index_column(column: str) -> Callable[[Course], Fact]:
    """A column of the first cycle of the index treatment."""

    def derive(course: Course) -> Fact:
        start = course.first("index")
        first = (row for row in course.patient.form("treatment") if start and _starts(row, start))
        return _fact(next(first, None), column)

    return derive


def _days(course: Course, start: str, end: str) -> tuple[int, tuple[Source, ...]] | None:
    first, last = course.first(start), course.first(end)
    if first is None or last is None:
        return None
    return (last.on - first.on).days, first.sources + last.sources


def _age(end: str, divisor: float) -> Callable[[Course], Fact]:
    def derive(course: Course) -> Fact:
        found = _days(course, "birth", end)
        return UNKNOWN if found is None else Fact(found[0] / divisor, found[1])

    return derive


def _before_index(course: Course, kind: str) -> tuple[Moment, ...] | None:
    index = course.first("index")
    return None if index is None else tuple(m for m in course.all(kind) if m.on <= index.on)


def _index_date(course: Course) -> Fact:
    index = course.first("index")
    return UNKNOWN if index is None else Fact(index.on, index.sources)


def _cycles(course: Course) -> Fact:
    cycles = course.all("index")
    return Fact(str(len(cycles)), sum((m.sources for m in cycles), ())) if cycles else UNKNOWN


def _relapses_before_index(course: Course) -> Fact:
    found = _before_index(course, "relapse")
    return UNKNOWN if found is None else Fact(str(len(found)), sum((m.sources for m in found), ()))


def _hsct_before_index(course: Course) -> Fact:
    found = _before_index(course, "hsct")
    return UNKNOWN if found is None else Fact(bool(found), sum((m.sources for m in found), ()))


def _hsct_after_index(course: Course) -> Fact:
    index = course.first("index")
    if index is None:
        return UNKNOWN
    hsct = course.first("hsct", index.on)
    return Fact(hsct is not None, index.sources + (hsct.sources if hsct else ()))


DERIVATIONS: dict[str, Callable[[Course], Fact]] = {
    "sex": _column("patients", "sex"),
    "country": _column("patients", "country"),
    "centre": lambda course: Fact(course.patient.centre),
    "identified_by": _column("patients", "identified_by"),
    "age_at_diagnosis_days": _age("diagnosis", 1),
    "age_at_diagnosis_months": _age("diagnosis", DAYS_PER_YEAR / 12),
    "immunophenotype": _column("diagnosis", "immunophenotype"),
    "kmt2a": _column("diagnosis", "kmt2a"),
    "fusion": _column("diagnosis", "fusion"),
    "wbc": _column("diagnosis", "wbc"),
    "cns": _column("diagnosis", "cns"),
    "prednisone_response": _column("diagnosis", "prednisone_response"),
    "cd15": _column("diagnosis", "cd15"),
    "first_protocol": _column("diagnosis", "first_protocol"),
    "index_date": _index_date,
    "age_at_index_years": _age("index", DAYS_PER_YEAR),
    "indication": _index_column("indication"),
    "remission_at_start": _index_column("remission_at_start"),
    "cycles": _cycles,
    "home_after_week_1": _index_column("home_after_week_1"),
    "relapses_before_index": _relapses_before_index,
    "hsct_before_index": _hsct_before_index,
    "hsct_after_index": _hsct_after_index,
    "donor": _donor,
}
