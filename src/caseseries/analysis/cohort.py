"""Who is analysed, who is not, and why: every returned case ends in exactly one place."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from caseseries.analysis.displays import FlowStep
from caseseries.analysis.results import Result, Sources
from caseseries.findings import Finding, Severity
from caseseries.record.patient import Patient
from caseseries.stats.estimate import Estimate
from caseseries.study.definition import Study
from caseseries.timeline.check import check_course, check_what_is_known
from caseseries.timeline.course import Course, build_course, cut_off
from caseseries.timeline.eligibility import judge


@dataclass(frozen=True)
class Left:
    """A case that is not analysed. `stage` is "set aside" (its data) or "not eligible" (the protocol)."""

    case_id: str
    stage: str
    reason: str


@dataclass(frozen=True)
class Cohort:
    """`courses` are analysed, in order of case id; `left` are not; `findings` came from the courses.

    `seconds` counts the records that are not cases, because another record of the same child is.
    """

    courses: tuple[Course, ...]
    left: tuple[Left, ...]
    sources: Sources
    findings: tuple[Finding, ...]
    seconds: int = 0

    @property
    def returned(self) -> int:
        return len(self.courses) + len(self.left)


def form_cohort(
    patients: Sequence[Patient],
    study: Study,
    aside: Iterable[Left] = (),
    seconds: int = 0,
    waiting: Sequence[Patient] = (),
) -> Cohort:
    """Build every course, set aside the cases whose course is impossible, and ask the eligibility rules.

    Args:
        aside: cases the returns hold but intake could not use.
        seconds: how many records were found to be second records of these patients.
        waiting: what could be read of cases that are set aside; asked about, and not analysed.
    """
    courses = [build_course(patient, study) for patient in sorted(patients, key=lambda p: p.case_id)]
    found = tuple(finding for course in courses for finding in check_course(course, study))
    fatal = {f.case_id: f for f in reversed(found) if f.severity is Severity.CASE}
    analysed, left, sources = [], list(aside), {}
    for course in (cut_off(course, study.data_cut) for course in courses):
        verdict = judge(course, study)
        if course.case_id in fatal:
            left.append(Left(course.case_id, "set aside", fatal[course.case_id].what))
        elif not verdict.eligible:
            left.append(Left(course.case_id, "not eligible", verdict.reason))
        else:
            analysed.append(course)
            sources[course.case_id] = verdict.sources
    asked = (finding for patient in waiting for finding in check_what_is_known(build_course(patient, study)))
    return Cohort(tuple(analysed), tuple(left), sources, (*found, *asked), seconds)


def count_cases(cohort: Cohort, level: float) -> Iterator[Result]:
    """n.returned, n.set_aside, n.not_eligible, n.cases: they add up."""
    for result_id, label, n in (
        ("n.returned", "Cases returned", cohort.returned),
        ("n.set_aside", "Cases set aside for their data", _stage(cohort, "set aside")),
        ("n.not_eligible", "Cases not eligible", _stage(cohort, "not eligible")),
    ):
        yield Result(result_id, label, "count", Estimate(n, None, None, level, "count", cohort.returned))
    n = len(cohort.courses)
    yield Result(
        "n.cases", "Cases analysed", "count", Estimate(n, None, None, level, "count", n), cohort.sources
    )


def flow_steps(cohort: Cohort, study: Study, reached: Sequence[tuple[str, int]]) -> tuple[FlowStep, ...]:
    """The flow diagram: returned, sound, eligible, then how many `reached` each later point."""
    sound = cohort.returned - _stage(cohort, "set aside")
    steps = [
        *_records(cohort),
        FlowStep(
            "Cases returned by the centres",
            cohort.returned,
            _reasons(cohort, "set aside"),
            _identified(cohort),
        ),
    ]
    if sound != cohort.returned or any(one.stage == "not eligible" for one in cohort.left):
        steps.append(FlowStep("Records complete enough to use", sound, _reasons(cohort, "not eligible")))
    steps.append(FlowStep(f"Eligible, received {study.index.label}", len(cohort.courses)))
    return (*steps, *(FlowStep(label, n) for label, n in reached))


def _records(cohort: Cohort) -> Iterator[FlowStep]:
    if cohort.seconds:
        left = (("second record of a child", cohort.seconds),)
        yield FlowStep("Records returned by the centres", cohort.returned + cohort.seconds, left)


def _stage(cohort: Cohort, stage: str) -> int:
    return sum(one.stage == stage for one in cohort.left)


def _reasons(cohort: Cohort, stage: str) -> tuple[tuple[str, int], ...]:
    counts = Counter(one.reason for one in cohort.left if one.stage == stage)
    return tuple(counts.most_common())


FOUND_BY = {
    "both": "by tumour board and survey",
    "tumour board": "by tumour board only",
    "survey": "by survey only",
    "": "source not stated",
}


def _identified(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """How the cases were found; nothing where no return says so, for then the study did not ask."""
    rows = (course.patient.only("patients") for course in cohort.courses)
    counts = Counter(FOUND_BY[(row.text("identified_by") if row else None) or ""] for row in rows)
    return tuple(sorted(counts.items())) if set(counts) != {FOUND_BY[""]} else ()
