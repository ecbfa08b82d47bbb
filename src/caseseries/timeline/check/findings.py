"""What a rule about a course says: a question, a value in doubt, or a case that cannot be used."""

from collections.abc import Callable, Iterator

from caseseries.findings import Finding, Severity
from caseseries.record.patient import Source
from caseseries.timeline.course import Course

Rule = Callable[[Course], Iterator[Finding]]

CORRECT_ONE = "Correct one of the two dates"


def ask(course: Course, source: Source, code: str, what: str, allowed: str, do: str) -> Finding:
    """A question: the value stands, and somebody should look at it."""
    return _finding(course, source, code, Severity.NOTE, what, allowed, do)


def doubt(course: Course, source: Source, code: str, what: str, allowed: str, do: str) -> Finding:
    """A value from which nothing can be counted."""
    return _finding(course, source, code, Severity.VALUE, what, allowed, do)


def refuse(course: Course, source: Source, code: str, what: str, allowed: str, do: str) -> Finding:
    """A contradiction that could hide or invent an event: the case waits for its answer."""
    return _finding(course, source, code, Severity.CASE, what, allowed, do)


def _finding(
    course: Course, source: Source, code: str, severity: Severity, what: str, allowed: str, do: str
) -> Finding:
    return Finding(source.where, f"course.{code}", severity, what, allowed, do, course.case_id)
