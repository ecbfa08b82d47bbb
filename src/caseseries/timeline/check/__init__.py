"""Is the course possible, and is it plausible? Every rule is a small function from a course to findings.

What cannot be sets the case aside; what is unlikely, or contradicts another cell without making a date impossible, is
asked about in a note. Faults of a history are named as R's `survival::survcheck` names them: overlap, gap, jump,
teleport, duplicate.
"""

from dataclasses import replace

from caseseries.findings import Finding
from caseseries.study.definition import DOSE_UNIT, Study
from caseseries.timeline.check import disease, history, mrd, order, toxicity, treatment
from caseseries.timeline.course import Course

RULES = (*order.RULES, *history.RULES, *disease.RULES, *treatment.RULES, *mrd.RULES, *toxicity.RULES)

# Faults of what is there, which nothing that is still to come could explain.
FIRM_RULES = (
    order.nothing_before_birth,
    order.nothing_before_diagnosis,
    order.nothing_after_death,
    order.examined_while_alive,
    order.dies_once,
    order.ends_after_start,
    order.other_treatment_ends_in_life,
    order.resolves_after_onset,
    mrd.assay_is_possible,
    mrd.level_is_a_percentage,
    mrd.sensitivity_is_reached,
    mrd.marker_fits_method,
)


def check_course(course: Course, study: Study) -> tuple[Finding, ...]:
    """Every finding about one case's course, in no particular order."""
    found = [finding for rule in RULES for finding in rule(course)]
    if study.index.dose_unit == DOSE_UNIT:
        found += treatment.dose_fits(course)
    return (
        *found,
        *order.has_index_treatment(course, study.index.treatment),
        *history.is_transplanted(course, study),
    )


def check_what_is_known(course: Course) -> tuple[Finding, ...]:
    """The firm findings about a case that is set aside: the centre is asked everything at once."""
    found = (finding for rule in FIRM_RULES for finding in rule(course))
    return tuple(
        replace(finding, do=f"{finding.do}; the case is set aside for another reason too")
        for finding in found
    )
