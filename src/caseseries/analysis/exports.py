"""The rows other programs read: CDISC ADSL and ADTTE, and the case listing, as CSV text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from caseseries.analysis.outcomes import Clock
from caseseries.intake.layout import FORMULA_MARKS
from caseseries.study.definition import Endpoint, Study
from caseseries.timeline.course import Course, Moment
from caseseries.timeline.endpoints import origin_of
from caseseries.timeline.variables import derive_fact

ADTTE_COLUMNS = (
    "STUDYID",
    "USUBJID",
    "PARAM",
    "PARAMCD",
    "AVAL",
    "CNSR",
    "STARTDT",
    "ADT",
    "EVNTDESC",
    "CNSDTDSC",
)

# ADaM's own names where it has one; the rest are this study's, at most eight characters as ADaM asks. RACE, which
# ADaM requires, is not collected.
ADSL_COLUMNS = (
    "STUDYID",
    "USUBJID",
    "SUBJID",
    "SITEID",
    "COUNTRY",
    "SEX",
    "AGE",
    "AGEU",
    "TRT01A",
    "TRTSDT",
    "TRTEDT",
    "ENRLFL",
    "DIAGDT",
    "HSCTDT",
    "INDICAT",
    "REMISS",
    "FUSION",
    "WBCDX",
    "LSTALVDT",
    "DTHFL",
    "DTHDT",
)


def adsl_rows(courses: Sequence[Course], study: Study) -> list[dict[str, object]]:
    """One row an analysed case: AGE in days at the start of the index treatment, dates as ISO 8601."""
    return [_subject(course, study) for course in courses]


def _subject(course: Course, study: Study) -> dict[str, object]:
    fact = {
        name: derive_fact(course, name).value for name in ("country", "sex", "indication", "fusion", "wbc")
    }
    birth, index, death = course.first("birth"), course.first("index"), course.first("death")
    alive = course.last_alive()
    return {
        "STUDYID": study.short_title,
        "USUBJID": course.case_id,
        "SUBJID": course.case_id,
        "SITEID": course.patient.centre,
        "COUNTRY": fact["country"],
        "SEX": {"male": "M", "female": "F"}.get(str(fact["sex"]), "U"),
        "AGE": (index.on - birth.on).days if birth and index else None,
        "AGEU": "DAYS" if birth and index else None,
        "TRT01A": study.index.label,
        "TRTSDT": _on(index),
        "TRTEDT": _on(next(reversed(course.all("index end")), None)),
        "ENRLFL": "Y",
        "DIAGDT": _on(course.first("diagnosis")),
        "HSCTDT": _on(origin_of(course, "hsct")),
        "INDICAT": fact["indication"],
        "REMISS": derive_fact(course, "remission_at_start").value,
        "FUSION": fact["fusion"],
        "WBCDX": fact["wbc"],
        "LSTALVDT": alive.isoformat() if alive else None,
        "DTHFL": "Y" if death else None,
        "DTHDT": _on(death),
    }


def _on(moment: Moment | None) -> str | None:
    return moment.on.isoformat() if moment else None


def adtte_rows(clocks: Sequence[Clock], study: Study) -> list[dict[str, object]]:
    """One row a case and clock: AVAL in days, CNSR 0 = event, 1 = censored, 2 = a competing event.

    CNSR runs the other way from R's status (CDISC ADaM ADTTE); it is turned round here and nowhere else.
    Clocks with delayed entry have no place in ADTTE and are left out.
    """
    codes = parameter_codes(clocks)
    return [
        {
            "STUDYID": study.short_title,
            "USUBJID": one.case_id,
            "PARAM": parameter_name(clock.endpoint, clock.origin_label),
            "PARAMCD": codes[clock.name],
            "AVAL": one.stop,
            "CNSR": cnsr_of(one.status),
            "STARTDT": one.started.isoformat(),
            "ADT": one.ended.isoformat(),
            "EVNTDESC": one.reason if one.status else "",
            "CNSDTDSC": "" if one.status else one.reason.removeprefix("censored: "),
        }
        for clock in clocks
        if not clock.delayed
        for one in clock.observations
    ]


def parameter_name(endpoint: Endpoint, origin_label: str) -> str:
    """ "Overall survival from HSCT (days)"."""
    return f"{endpoint.label} from {origin_label} (days)"


def cnsr_of(status: int) -> int:
    """Our status (0 censored, 1 event, 2 competing) as CDISC's CNSR (0 event, 1 censored, 2 competing)."""
    return {0: 1, 1: 0, 2: 2}[status]


def parameter_codes(clocks: Sequence[Clock]) -> dict[str, str]:
    """Of each clock by its name: at most eight capitals, as ADaM asks: EFSHSCT, OSINDEX. Codes that would be the
    same are numbered, for two parameters must not become one in the program that reads them."""
    codes: dict[str, str] = {}
    for clock in (clock for clock in clocks if not clock.delayed):
        endpoint, origin = clock.name.split(".")
        stem = f"{endpoint[:4]}{origin}".replace("_", "").upper()
        numbers = ("", *(str(number) for number in range(2, len(clocks) + 2)))
        tried = (f"{stem[: 8 - len(number)]}{number}" for number in numbers)
        codes[clock.name] = next(code for code in tried if code not in codes.values())
    return codes


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV with Unix line ends; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(row.get(name)) for name in columns} for row in rows)
    return out.getvalue()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    # The csv module leaves a bare carriage return unquoted, and a reader would take it for the end of the row.
    text = f"'{value}" if value.startswith(FORMULA_MARKS) else value
    return text.replace("\r\n", "\n").replace("\r", "\n")
