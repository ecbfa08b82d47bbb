"""A cohort whose days are spread is still a cohort of the same paper."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from caseseries.evidence.cohort import (
    Course,
    Fact,
    Person,
    Problem,
    Remains,
    Spread,
    Survives,
    count_at_risk,
    list_at_risk,
    median_of,
)
from caseseries.evidence.printed import Band
from caseseries.evidence.sequences import estimate_after
from caseseries.evidence.spreading import spread_days

LAST = 60


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[Course, ...]:
    days, gaps = st.integers(0, LAST), st.integers(0, 9)
    drawn = draw(st.lists(st.tuples(days, days, st.booleans(), st.booleans(), gaps), min_size=1, max_size=9))
    return tuple(
        Course(max(one, other), dead, min(one, other) if relapsed else None, {"treatment": gap})
        for one, other, dead, relapsed, gap in drawn
    )


def printed_of(courses: tuple[Course, ...], day: int) -> Problem:
    """What a paper that prints estimates, a number at risk and the follow-up would say of this cohort."""
    facts: list[Fact] = []
    for ends in ("first event", "death"):
        for origin in ("hsct", "treatment"):
            exact = estimate_after(list_at_risk(courses, ends, origin, day))
            facts.append(Survives("s", ends, origin, day, Band(exact, exact)))
    left = count_at_risk(courses, "death", "hsct", day)
    facts.append(Remains("r", "death", "hsct", day, left, left))
    middle = median_of(course.end for course in courses)
    facts.append(Spread("m", "follow-up", "all", "hsct", "median", Band(middle - 1, middle + Fraction(1))))
    persons = tuple(Person(course.relapse is not None, course.dead) for course in courses)
    return Problem(persons, tuple(facts), "hsct", LAST, {"treatment": (0, 9)})


@given(cohorts(), st.integers(0, LAST))
def test_it_satisfies_the_same_facts_with_the_same_numbers_at_risk(
    courses: tuple[Course, ...], day: int
) -> None:
    problem = printed_of(courses, day)
    assert problem.admits(courses)
    shown = spread_days(problem, courses)
    assert problem.admits(shown)
    for ends in ("first event", "death"):
        for origin in ("hsct", "treatment"):
            assert list_at_risk(shown, ends, origin, day) == list_at_risk(courses, ends, origin, day)


def test_where_nothing_is_printed_nobody_shares_a_day() -> None:
    courses = (Course(0, True, 0), Course(0), Course(1, False, 1), Course(1, True))
    persons = tuple(Person(course.relapse is not None, course.dead) for course in courses)
    shown = spread_days(Problem(persons, (), "hsct", 700), courses)
    days = [course.end for course in shown] + [c.relapse for c in shown if c.relapse is not None]
    assert len(set(days)) == 6
    assert min(days) >= 100


def test_a_printed_day_stays() -> None:
    courses = (Course(5, True), Course(5))
    problem = Problem((Person(False, True, death_day=5), Person()), (), "hsct", 90)
    died, lived = spread_days(problem, courses)
    assert died.end == 5
    assert lived.end == 61
