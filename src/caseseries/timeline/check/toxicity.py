"""Toxicities: against the treatment they are blamed on, their grade, and what was done about them."""

from collections.abc import Iterator
from datetime import date, timedelta

from caseseries.findings import Finding
from caseseries.record.patient import Row
from caseseries.timeline.check.findings import Rule, ask, refuse
from caseseries.timeline.check.treatment import is_given_blinatumomab
from caseseries.timeline.course import Course

AFTER_TREATMENT = timedelta(days=30)  # a later toxicity is hardly that of the treatment
LONGEST, LONGEST_CRS = timedelta(days=60), timedelta(days=21)
SHORT = ("CRS", "ICANS")  # over in weeks, whatever drug caused them
WITHHELD, STOPPED = (
    3,
    4,
)  # the grades at which an infusion is interrupted and not begun again, by the drug's label
LATE_CRS = 14  # days into a cycle; cytokine release comes in the first
INFUSION = timedelta(days=28)  # where no end is recorded


def within_treatment(course: Course) -> Iterator[Finding]:
    windows = [(m.on, _end_of(course, m.on) + AFTER_TREATMENT) for m in course.all("index")]
    hsct = course.first("hsct", windows[0][0]) if windows else None
    for row, onset in _dated(course):
        source = row.sources("onset_date")[0]
        if windows and onset < windows[0][0]:
            what = f"the toxicity began on {onset}, before the treatment ({windows[0][0]})"
            yield ask(
                course, source, "toxicity-before-treatment", what, f"on or after {windows[0][0]}", CHECK
            )
        elif hsct and onset >= hsct.on:
            what = f"the toxicity began on {onset}, on or after the day of transplant ({hsct.on})"
            yield ask(course, source, "toxicity-after-transplant", what, f"before {hsct.on}", CHECK)
        elif windows and not any(start <= onset <= end for start, end in windows):
            what = f"the toxicity began on {onset}, more than {AFTER_TREATMENT.days} days after the treatment"
            allowed = f"on or before {windows[-1][1]}"
            yield ask(course, source, "toxicity-after-treatment", what, allowed, CHECK)


CHECK = "Check the date; only toxicities of the study treatment belong on this sheet"


def _dated(course: Course) -> Iterator[tuple[Row, date]]:
    for row in course.patient.form("toxicity"):
        if onset := row.date("onset_date"):
            yield row, onset


def _end_of(course: Course, start: date) -> date:
    ends = [
        end
        for row in course.patient.form("treatment")
        if row.date("start_date") == start and (end := row.date("end_date"))
    ]
    return max(ends, default=start + INFUSION)


def grade_fits_management(course: Course) -> Iterator[Finding]:
    withheld = WITHHELD if is_given_blinatumomab(course) else STOPPED
    for row in course.patient.form("toxicity"):
        grade, interrupted = row.number("grade"), row.flag("interrupted")
        drugs = [name for name in ("steroids", "tocilizumab") if row.flag(name)]
        if grade == 1 and interrupted:
            given = f" and {' and '.join(drugs)} given" if drugs else ""
            what = f"grade 1, and the infusion was interrupted{given}"
            do = "Check the grade and the scale it belongs to"
            yield ask(course, row.sources("grade")[0], "mild-but-treated", what, "grade 2 or more", do)
        if grade is not None and grade >= withheld and interrupted is False:
            what = f"grade {grade:g}, and the infusion was not interrupted"
            do = "Check the grade and the answer"
            yield ask(course, row.sources("grade")[0], "severe-not-interrupted", what, "an interruption", do)
        if grade == STOPPED and row.flag("restarted_lower") and withheld == WITHHELD:
            what, do = "grade 4, and the infusion was begun again", "Check the grade and the answer"
            yield ask(course, row.sources("grade")[0], "severe-restarted", what, "the end of treatment", do)


def grade_5_is_death(course: Course) -> Iterator[Finding]:
    """Grade 5 is death: without one the child would be counted alive."""
    for row in course.patient.form("toxicity"):
        if row.number("grade") != 5:
            continue
        if not course.all("death"):
            what, do = "grade 5 is death, and no death is recorded", "Correct the grade, or add the death"
            yield refuse(course, row.sources("grade")[0], "grade-5-alive", what, "a death on Follow-up", do)
        if row.date("resolved_date"):
            what, do = "a toxicity of grade 5 is resolved", "Correct the grade, or empty the day"
            yield ask(course, row.sources("resolved_date")[0], "grade-5-resolved", what, "no day", do)


def restarts_after_interruption(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("toxicity"):
        if row.flag("restarted_lower") and row.flag("interrupted") is False:
            what = "restarted at a lower dose, and not interrupted"
            source = row.sources("restarted_lower")[0]
            yield ask(
                course, source, "restart", what, "a restart after an interruption", "Correct one of the two"
            )


def drugs_fit(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("toxicity"):
        kind = row.text("toxicity") or ""
        if row.flag("tocilizumab") and "neuro" in kind.lower():
            what = f"tocilizumab was given for {kind}"
            do = "Check whether cytokine release was treated; if so it has a line of its own"
            yield ask(course, row.sources("tocilizumab")[0], "tocilizumab", what, "CRS", do)


def crs_is_early(course: Course) -> Iterator[Finding]:
    for row, onset in _dated(course):
        starts = [moment.on for moment in course.all("index") if moment.on <= onset]
        days = (onset - max(starts)).days if starts else 0
        if row.text("toxicity") == "CRS" and days > LATE_CRS:
            what = f"CRS began on {onset}, {days} days into the cycle"
            do = "Check the date and whether infection was the cause"
            allowed = f"usually in the first {LATE_CRS} days"
            yield ask(course, row.sources("onset_date")[0], "late-crs", what, allowed, do)


def toxicity_ends(course: Course) -> Iterator[Finding]:
    """Other drugs harm for longer: the neuropathy of nelarabine takes months to pass."""
    is_brief = is_given_blinatumomab(course)
    for row, onset in _dated(course):
        longest = LONGEST_CRS if row.text("toxicity") == "CRS" else LONGEST
        resolved = row.date("resolved_date")
        if resolved and resolved - onset > longest and (is_brief or row.text("toxicity") in SHORT):
            what = f"the toxicity lasted {(resolved - onset).days} days ({onset} to {resolved})"
            source = row.sources("resolved_date")[0]
            yield ask(
                course, source, "long-toxicity", what, f"at most {longest.days} days", "Check both dates"
            )


def toxicities_differ(course: Course) -> Iterator[Finding]:
    told: dict[tuple[str | None, date], Row] = {}
    for row, onset in _dated(course):
        first = told.setdefault((row.text("toxicity"), onset), row)
        if first is not row:
            what = f"{row.text('toxicity')} on {onset} is recorded twice"
            allowed, do = f"one line; the first is {first.where}", "Remove one of the two lines"
            yield ask(course, row.sources("onset_date")[0], "duplicate", what, allowed, do)


RULES: tuple[Rule, ...] = (
    within_treatment,
    grade_fits_management,
    grade_5_is_death,
    restarts_after_interruption,
    drugs_fit,
    crs_is_early,
    toxicity_ends,
    toxicities_differ,
)
