"""Who belongs to the cohort: the protocol's rules, asked of one course at a time, in the protocol's order."""

from dataclasses import dataclass
from datetime import date

from caseseries.record.patient import Source
from caseseries.study.definition import Rule, Study
from caseseries.study.variables import BY_NAME
from caseseries.timeline.course import Course
from caseseries.timeline.variables import Known, derive_fact


@dataclass(frozen=True)
class Verdict:
    """Whether a case is in, and if not the first rule it failed, in words, with the cells that decided."""

    eligible: bool
    reason: str = ""
    sources: tuple[Source, ...] = ()


def judge(course: Course, study: Study) -> Verdict:
    """Whether the index treatment was given; then the first failed rule decides. A rule that cannot be judged
    excludes too, and says what is missing."""
    decided: tuple[Source, ...] = ()
    given = [row.text("treatment") for row in course.patient.form("treatment")]
    if study.index.treatment not in given:
        return Verdict(False, f"{study.index.label} not started by the data cut")
    for rule in study.eligibility:
        fact = derive_fact(course, rule.variable)
        if fact.value is None:
            return Verdict(False, f"not known: {BY_NAME[rule.variable].label.lower()}")
        if not can_meet(rule, fact.value):
            return Verdict(False, rule.reason, fact.sources)
        decided += fact.sources
    return Verdict(True, sources=decided)


def can_meet(rule: Rule, value: Known) -> bool:
    """Whether a known value meets every condition of a rule. Limits are included."""
    if isinstance(value, bool):
        return rule.is_yes is None or value == rule.is_yes
    if isinstance(value, str):
        return rule.one_of is None or value in rule.one_of
    if isinstance(value, date):
        return (rule.from_date or value) <= value <= (rule.to_date or value)
    low = rule.at_least is None or value >= rule.at_least
    return low and (rule.at_most is None or value <= rule.at_most)
