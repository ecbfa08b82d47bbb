"""Is the course possible? Impossible orders of dates, missing anchors and dates too vague to count days from.

Each rule is a small function from a patient or a course to findings; `check_course` runs them all.
"""

from collections.abc import Callable, Iterator

from caseseries.findings import Finding, Severity
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Row, Source
from caseseries.study.definition import Study
from caseseries.timeline.course import Course, Moment

NAMES = {"index": "the index treatment", "index end": "the end of a cycle", "hsct": "transplant"}


def check_course(course: Course, study: Study) -> tuple[Finding, ...]:
    """Every finding about one case's course, in no particular order."""
    found = [finding for rule in RULES for finding in rule(course)]
    return (*found, *_has_index_treatment(course, study.index.treatment))


def _nothing_before_birth(course: Course) -> Iterator[Finding]:
    yield from _order(course, "birth", lambda moment, first: moment.on < first.on, "before birth")


def _nothing_before_diagnosis(course: Course) -> Iterator[Finding]:
    def is_early(moment: Moment, first: Moment) -> bool:
        return moment.kind != "birth" and moment.on < first.on

    yield from _order(course, "diagnosis", is_early, "before the diagnosis of leukaemia")


def _nothing_after_death(course: Course) -> Iterator[Finding]:
    yield from _order(course, "death", lambda moment, first: moment.on > first.on, "after death")


def _order(
    course: Course, anchor: str, is_wrong: Callable[[Moment, Moment], bool], words: str
) -> Iterator[Finding]:
    first = course.first(anchor)
    for moment in course.moments if first else ():
        if first and is_wrong(moment, first):
            what = f"{_name(moment.kind)} on {moment.on} is {words}"
            side = "on or before" if anchor == "death" else "on or after"
            allowed = f"{side} {first.on} ({first.sources[0].where})"
            yield _finding(course, moment.sources[0], "order", what, allowed, "Correct one of the two dates")


def _dies_once(course: Course) -> Iterator[Finding]:
    for moment in course.all("death")[1:]:
        what = f"a second death is recorded on {moment.on}"
        allowed = f"one death a child; the first is {course.all('death')[0].sources[0].where}"
        yield _finding(course, moment.sources[0], "two-deaths", what, allowed, "Remove one of the two lines")


def _cycles_end_after_start(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("treatment"):
        start, end = row.date("start_date"), row.date("end_date")
        if start and end and end < start:
            what = f"the treatment ends on {end}, before it starts on {start}"
            yield _finding(
                course,
                row.sources("end_date")[0],
                "order",
                what,
                f"on or after {start}",
                "Correct one of the two dates",
            )


def _has_index_treatment(course: Course, treatment: str) -> Iterator[Finding]:
    if not course.all("index"):
        what = f"case {course.case_id} has no dated line of {treatment}"
        do = "Add the line, or leave the case out of this study"
        where = course.patient.form("patients")[0]
        allowed = f"at least one line of {treatment} with its start date on the Treatment sheet"
        yield _finding(course, where.sources("case_id")[0], "no-index", what, allowed, do)


def _is_followed(course: Course) -> Iterator[Finding]:
    index = course.first("index")
    if index and not any(m.on >= index.on for m in course.all("seen alive", "death")):
        what = f"case {course.case_id} has no date last seen alive and no death since the index treatment"
        do = "Add the day the child was last seen to the Follow-up sheet"
        yield _finding(
            course,
            index.sources[0],
            "no-follow-up",
            what,
            f"a day on or after {index.on}",
            do,
            Severity.VALUE,
        )


def _dates_are_days(course: Course) -> Iterator[Finding]:
    for row in _rows(course):
        for name, value in row.values.items():
            if isinstance(value.value, ClinicalDate) and value.value.exact is None:
                what = f"the {name.replace('_', ' ')} is known only to be {value.value}"
                do = "Give the day if it can be found; until then it stays an interval and starts no clock"
                yield _finding(course, value.source, "no-day", what, "a whole day", do, Severity.VALUE)


def _rows(course: Course) -> Iterator[Row]:
    for rows in course.patient.rows.values():
        yield from rows


def _name(kind: str) -> str:
    return NAMES.get(kind, kind)


def _finding(
    course: Course,
    source: Source,
    code: str,
    what: str,
    allowed: str,
    do: str,
    severity: Severity = Severity.CASE,
) -> Finding:
    return Finding(source.where, f"course.{code}", severity, what, allowed, do, course.case_id)


RULES: tuple[Callable[[Course], Iterator[Finding]], ...] = (
    _nothing_before_birth,
    _nothing_before_diagnosis,
    _nothing_after_death,
    _dies_once,
    _cycles_end_after_start,
    _is_followed,
    _dates_are_days,
)
