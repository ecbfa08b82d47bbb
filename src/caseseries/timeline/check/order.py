"""The order of dates, and whether there are enough of them to count from."""

from collections.abc import Callable, Iterator

from caseseries.findings import Finding
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Row
from caseseries.timeline.check.findings import CORRECT_ONE, Rule, ask, doubt, refuse
from caseseries.timeline.course import Course, Moment

NAMES = {"index": "the index treatment", "index end": "the end of a cycle", "hsct": "transplant"}

# The dated columns that make no moment of the course: form, column, and what they are.
OTHER_DATES = (
    ("specimens", "specimen_date", "a specimen"),
    ("toxicity", "onset_date", "a toxicity"),
    ("toxicity", "resolved_date", "the end of a toxicity"),
)


def nothing_before_birth(course: Course) -> Iterator[Finding]:
    yield from _order(course, "birth", lambda moment, first: moment.on < first.on, "before birth")


def nothing_before_diagnosis(course: Course) -> Iterator[Finding]:
    def is_early(moment: Moment, first: Moment) -> bool:
        return moment.kind != "birth" and moment.on < first.on

    yield from _order(course, "diagnosis", is_early, "before the diagnosis of leukaemia")


def nothing_after_death(course: Course) -> Iterator[Finding]:
    yield from _order(course, "death", lambda moment, first: moment.on > first.on, "after death")


def _order(
    course: Course, anchor: str, is_wrong: Callable[[Moment, Moment], bool], words: str
) -> Iterator[Finding]:
    first = course.first(anchor)
    for moment in course.moments if first else ():
        if first and is_wrong(moment, first):
            what = f"{name_of(moment)} on {moment.on} is {words}"
            side = "on or before" if anchor == "death" else "on or after"
            allowed = f"{side} {first.on} ({first.sources[0].where})"
            yield refuse(course, moment.sources[0], "order", what, allowed, CORRECT_ONE)


def examined_while_alive(course: Course) -> Iterator[Finding]:
    """Specimens and toxicities before birth are slips; after death they put the death in doubt."""
    birth, death = course.first("birth"), course.first("death")
    for form, column, name in OTHER_DATES:
        for row in course.patient.form(form):
            on = row.date(column)
            if on and death and on > death.on:
                what = f"{name} on {on} is after death"
                allowed = f"on or before {death.on} ({death.sources[0].where})"
                yield refuse(
                    course, row.sources(column)[0], f"{form}-after-death", what, allowed, CORRECT_ONE
                )
            if on and birth and on < birth.on:
                what, allowed = f"{name} on {on} is before birth", f"on or after {birth.on}"
                yield doubt(
                    course, row.sources(column)[0], f"{form}-before-birth", what, allowed, "Correct the date"
                )


def dies_once(course: Course) -> Iterator[Finding]:
    for moment in course.all("death")[1:]:
        what = f"a second death is recorded on {moment.on}"
        allowed = f"one death a child; the first is {course.all('death')[0].sources[0].where}"
        yield refuse(course, moment.sources[0], "two-deaths", what, allowed, "Remove one of the two lines")


def ends_after_start(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("treatment"):
        start, end = row.date("start_date"), row.date("end_date")
        if start and end and end < start:
            what = f"the treatment ends on {end}, before it starts on {start}"
            source = row.sources("end_date")[0]
            yield refuse(course, source, "order", what, f"on or after {start}", CORRECT_ONE)


def other_treatment_ends_in_life(course: Course) -> Iterator[Finding]:
    death, ends = course.first("death"), {m.sources[0] for m in course.all("index end")}
    for row in course.patient.form("treatment"):
        end = row.date("end_date")
        if death and end and end > death.on and row.sources("end_date")[0] not in ends:
            what = f"the end of {row.text('treatment')} on {end} is after death"
            allowed = f"on or before {death.on} ({death.sources[0].where})"
            yield refuse(course, row.sources("end_date")[0], "order", what, allowed, CORRECT_ONE)


def resolves_after_onset(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("toxicity"):
        onset, resolved = row.date("onset_date"), row.date("resolved_date")
        if onset and resolved and resolved < onset:
            what = f"the toxicity is resolved on {resolved}, before its onset on {onset}"
            source = row.sources("resolved_date")[0]
            yield doubt(
                course, source, "resolved-before-onset", what, f"a day on or after {onset}", CORRECT_ONE
            )


def has_index_treatment(course: Course, treatment: str) -> Iterator[Finding]:
    if not course.all("index"):
        what = f"case {course.case_id} has no dated line of {treatment}"
        do = "Add the line, or leave the case out of this study"
        where = course.patient.form("patients")[0]
        allowed = f"at least one line of {treatment} with its start date on the Treatment sheet"
        yield refuse(course, where.sources("case_id")[0], "no-index", what, allowed, do)


def is_followed(course: Course) -> Iterator[Finding]:
    index = course.first("index")
    if index and not any(m.on >= index.on for m in course.all("seen alive", "death")):
        what = f"case {course.case_id} has no date last seen alive and no death since the index treatment"
        do = "Add the day the child was last seen to the Follow-up sheet"
        yield doubt(course, index.sources[0], "no-follow-up", what, f"a day on or after {index.on}", do)


def seen_after_last_event(course: Course) -> Iterator[Finding]:
    """A child without a death was alive on the day of the last event: follow-up cannot end before it."""
    seen = course.all("seen alive")
    last = course.last_known()
    if not seen or not last or course.all("death"):
        return
    if last.on > seen[-1].on:
        what = f"the child was last seen on {seen[-1].on}, before {name_of(last)} on {last.on}"
        do = "Add the day the child was last seen; until then follow-up ends with that event"
        yield ask(course, seen[-1].sources[0], "seen-before-event", what, f"on or after {last.on}", do)


def seen_after_last_specimen(course: Course) -> Iterator[Finding]:
    last, latest = course.last_known(), course.samples[-1] if course.samples else None
    if last and latest and latest.on > last.on and last.kind != "death":
        what = f"a specimen was taken on {latest.on}, after the last day the child is known alive ({last.on})"
        do = "Bring the Follow-up sheet up to date"
        yield ask(
            course, latest.sources[0], "specimen-after-follow-up", what, f"follow-up to {latest.on}", do
        )


def dates_are_days(course: Course) -> Iterator[Finding]:
    for row in _rows(course):
        for name, value in row.values.items():
            if isinstance(value.value, ClinicalDate) and value.value.exact is None:
                what = f"the {name.replace('_', ' ')} is known only to be {value.value}"
                do = "Give the day if it can be found; until then it stays an interval and starts no clock"
                yield doubt(course, value.source, "no-day", what, "a whole day", do)


def _rows(course: Course) -> Iterator[Row]:
    for rows in course.patient.rows.values():
        yield from rows


def name_of(moment: Moment) -> str:
    return NAMES.get(moment.kind, moment.kind)


RULES: tuple[Rule, ...] = (
    nothing_before_birth,
    nothing_before_diagnosis,
    nothing_after_death,
    examined_while_alive,
    dies_once,
    ends_after_start,
    other_treatment_ends_in_life,
    resolves_after_onset,
    is_followed,
    seen_after_last_event,
    seen_after_last_specimen,
    dates_are_days,
)
