"""Is the course possible, and is it plausible? Every rule is a small function from a course to findings.

What cannot be sets the case aside; what is unlikely, or contradicts another cell without making a date impossible, is
asked about in a note. Faults of a history are named as R's `survival::survcheck` names them: overlap, gap, jump,
teleport, duplicate.
"""

from caseseries.findings import Finding
from caseseries.study.definition import Study
from caseseries.timeline.check import disease, history, mrd, order, toxicity, treatment
from caseseries.timeline.course import Course

RULES = (*order.RULES, *history.RULES, *disease.RULES, *treatment.RULES, *mrd.RULES, *toxicity.RULES)


def check_course(course: Course, study: Study) -> tuple[Finding, ...]:
    """Every finding about one case's course, in no particular order."""
    found = [finding for rule in RULES for finding in rule(course)]
    return (*found, *order.has_index_treatment(course, study.index.treatment))
