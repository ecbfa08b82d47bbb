"""A cohort found by search crowds its days where the arithmetic first held; the one that is shown spreads them.

Every step is checked as the cohort was: what is shown still satisfies every fact, with the same numbers at risk. The
days are as made up as before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from caseseries.evidence.cohort import Course, Falls, Problem, Survives, list_at_risk

Mark = tuple[int, str]  # the place of a case, and which of its days


def spread_days(problem: Problem, courses: tuple[Course, ...]) -> tuple[Course, ...]:
    """The same cohort with its days, in their order, as evenly over the follow-up as the facts allow."""
    estimates = tuple(fact for fact in problem.facts if isinstance(fact, Survives | Falls))
    others = replace(problem, facts=tuple(fact for fact in problem.facts if fact not in estimates))
    behind = _at_risk(estimates, courses)
    marks = sorted(_marks(courses), key=lambda mark: (_day(courses, mark), mark[0]))
    step = (problem.last_day + 1) / (len(marks) + 1)
    targets = {mark: round(step * rank) for rank, mark in enumerate(marks, start=1)}
    for mark in (*reversed(marks), *marks):  # to the right first, where there is room, then back
        way = targets[mark] - _day(courses, mark)
        for moved in (_moved(courses, mark, part) for part in (way, way // 2, way // 4) if part):
            if others.admits(moved) and _at_risk(estimates, moved) == behind:
                courses = moved
                break
    return courses


def _at_risk(estimates: Sequence[Survives | Falls], courses: tuple[Course, ...]) -> list[tuple[int, ...]]:
    """The numbers at risk behind every estimate: while they stay, so does whatever was printed of it."""
    return [list_at_risk(courses, fact.ends, fact.origin, fact.day) for fact in estimates]


def _marks(courses: Sequence[Course]) -> Iterator[Mark]:
    for place, course in enumerate(courses):
        if course.relapse is not None:
            yield place, "relapse"
        yield place, "end"


def _day(courses: Sequence[Course], mark: Mark) -> int:
    place, name = mark
    day: int = getattr(courses[place], name)
    return day


def _moved(courses: tuple[Course, ...], mark: Mark, days: int) -> tuple[Course, ...]:
    place, name = mark
    course, day = courses[place], _day(courses, mark) + days
    course = replace(course, end=day) if name == "end" else replace(course, relapse=day)
    return (*courses[:place], course, *courses[place + 1 :])
