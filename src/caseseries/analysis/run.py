"""Cohort and protocol to everything the report may print: results, displays, remarks, exports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseseries.analysis.ascertainment import describe_ascertainment
from caseseries.analysis.cohort import Cohort, count_cases, flow_steps
from caseseries.analysis.describe import describe_all
from caseseries.analysis.displays import Contrast, Displays
from caseseries.analysis.exports import adsl_rows, adtte_rows
from caseseries.analysis.outcomes import curve_of, describe_follow_up, estimate_outcomes, start_clocks
from caseseries.analysis.remarks import Remark, count_before, see_limits
from caseseries.analysis.results import Result, Results
from caseseries.analysis.stories import aftermath, lanes, list_cases, mrd_points, trajectories
from caseseries.identify.ascertainment import Reach
from caseseries.study.definition import Study
from caseseries.timeline.response import derive_response

NOBODY_ASKED = Reach()


@dataclass(frozen=True)
class Analysis:
    """`adtte` and `adsl` are rows for adtte.csv and adsl.csv; everything else is what the report draws from."""

    results: Results
    displays: Displays
    remarks: tuple[Remark, ...]
    adtte: tuple[dict[str, object], ...]
    adsl: tuple[dict[str, object], ...] = ()


def analyse(cohort: Cohort, study: Study, reach: Reach = NOBODY_ASKED) -> Analysis:
    """Every number the protocol asks for, and what a reader should know about them."""
    courses = cohort.courses
    until = study.origins[study.response.after_until].event if study.response.after_until else None
    responses = {course.case_id: derive_response(course, study.response, until) for course in courses}
    clocks = start_clocks(courses, study)
    rows: list[Result] = [
        *count_cases(cohort, study.report.level),
        *describe_ascertainment(courses, reach, study.report.level),
        *describe_all(courses, responses, study),
        *describe_follow_up(courses, study),
        *estimate_outcomes(clocks, study),
        *count_before(courses, clocks, study.report.level),
    ]
    results = Results(rows)
    reached = []
    if any(course.samples for course in courses):
        measured = sum(1 for r in responses.values() if r.reduction)
        reached.append((f"MRD measured before and after {study.index.label}", measured))
    transplanted = results["time.index_to_hsct.median"].estimate.n
    if transplanted or study.told_from == "hsct":
        reached.append(("Proceeded to HSCT", transplanted))
    displays = Displays(
        flow_steps(cohort, study, reached),
        tuple(curve_of(clock, study) for clock in clocks if clock.observations and not clock.delayed),
        mrd_points(courses, responses),
        study.response.sensitivity,
        lanes(courses, study),
        aftermath(courses, responses, study),
        list_cases(courses, responses, study),
        trajectories(courses, study, until),
    )
    remarks = see_limits(results, clocks, study)
    adtte, adsl = adtte_rows(clocks, study), adsl_rows(courses, study)
    return Analysis(results, displays, remarks, tuple(adtte), tuple(adsl))


def with_comparisons(analysis: Analysis, rows: Sequence[Result], contrasts: Sequence[Contrast]) -> Analysis:
    """The analysis with what published outcomes add to it."""
    return replace(
        analysis,
        results=Results([*analysis.results.values(), *rows]),
        displays=replace(analysis.displays, contrasts=tuple(contrasts)),
    )
