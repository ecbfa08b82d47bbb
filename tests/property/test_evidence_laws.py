"""Laws of the claims checker, held by a dumb second implementation and by cohorts whose truth is known."""

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.evidence.cohort import (
    Course,
    Falls,
    Person,
    Problem,
    Remains,
    Spread,
    Survives,
    can_hold,
    list_at_risk,
    median_of,
)
from caseseries.evidence.printed import Band, Rounding, parse_number
from caseseries.evidence.searching import find_cohort
from caseseries.evidence.sequences import estimate_after, find_sequences
from caseseries.evidence.settle import find_conflict


@given(n=st.integers(1, 11), data=st.data())
@settings(max_examples=100)
def test_every_sequence_is_found_and_no_other(n: int, data) -> None:
    """Against plain enumeration of all falling sequences."""
    events = data.draw(st.integers(0, min(n, 6)))
    percent = data.draw(st.decimals(0, 100, places=1))
    band = parse_number(str(percent)).proportion().band(data.draw(st.sampled_from(Rounding)))
    dumb = {tuple(reversed(s)) for s in combinations(range(1, n + 1), events)}
    expected = {s for s in dumb if band.admits(estimate_after(s))}
    found = find_sequences(n, events, band)
    assert found.complete
    assert len(found.found) == len(set(found.found))
    assert set(found.found) == expected


def cohorts(n: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[Course, ...]]:
    course = st.tuples(
        st.integers(0, 12), st.booleans(), st.none() | st.integers(0, 12), st.integers(3, 6)
    ).map(lambda t: Course(max(t[0], t[2] or 0), t[1], t[2], {"before": t[3]}))
    return n.flatmap(lambda size: st.lists(course, min_size=size, max_size=size)).map(tuple)


def whole_percent(value: Fraction) -> Band:
    return parse_number(str(round(100 * value))).proportion().band()


def described(course: Course, days: bool) -> Person:
    known = days and course.relapse is not None
    return Person(course.relapse is not None, course.dead, course.relapse if known else None)


@given(cohort=cohorts(st.integers(1, 7)), days=st.booleans())
@settings(max_examples=25)
def test_what_a_real_cohort_prints_is_possible(cohort: tuple[Course, ...], days: bool) -> None:
    """Estimates from both origins, numbers at risk, medians and ranges taken from a cohort always fit together."""
    facts = []
    for ends, origin in product(("first event", "death"), ("now", "before")):
        at_risk = list_at_risk(cohort, ends, origin, 9)
        facts.append(Survives(f"{ends} {origin}", ends, origin, 9, whole_percent(estimate_after(at_risk))))
    facts.append(Remains("remain", "death", "now", 5, *[sum(c.end >= 5 for c in cohort)] * 2))
    alive = [c.end for c in cohort if not c.dead]
    if alive:
        exact = {
            "median": median_of(alive),
            "reaches low": Fraction(min(alive)),
            "at most": Fraction(max(alive)),
        }
        for measure, value in exact.items():
            facts.append(Spread("fu", "follow-up", "survivors", "now", measure, Band(value, value)))
    problem = Problem(tuple(described(c, days) for c in cohort), tuple(facts), "now", 20, {"before": (3, 6)})
    answer = find_cohort(problem)
    assert answer.state == "found"
    assert all(can_hold(answer.courses, fact) for fact in facts)


@given(percents=st.lists(st.integers(0, 100), min_size=1, max_size=2), end=st.integers(0, 3))
@settings(max_examples=30)
def test_impossible_is_said_only_of_what_no_small_cohort_does(percents: list[int], end: int) -> None:
    """Four cases, two of whom die, days 0 to 4: every cohort there is, one by one, against the search."""
    facts = [
        Survives(
            f"os {day}", "death", "now", day, Band(Fraction(p, 100) - Fraction(5, 100), Fraction(p, 100))
        )
        for p, day in zip(percents, (4, 2), strict=False)
    ]
    facts.append(
        Spread("fu", "follow-up", "survivors", "now", "reaches high", Band(Fraction(end), Fraction(end)))
    )
    persons = (Person(dead=True), Person(dead=True), Person(), Person())
    every = (
        tuple(Course(day, dead=person.dead is True) for day, person in zip(days, persons, strict=True))
        for days in product(range(5), repeat=4)
    )
    possible = any(all(can_hold(cohort, fact) for fact in facts) for cohort in every)
    assert find_cohort(Problem(persons, tuple(facts), "now", 4)).state == ("found" if possible else "none")


@given(cohort=cohorts(st.integers(3, 6)))
@settings(max_examples=30)
def test_untold_deaths_are_dealt_out_by_the_search(cohort: tuple[Course, ...]) -> None:
    relapsed = [c for c in cohort if c.relapse is not None]
    persons = [Person(True, None, c.relapse) for c in relapsed] + [
        Person(dead=c.dead) for c in cohort if c.relapse is None
    ]
    at_risk = list_at_risk(cohort, "death", "now", 12)
    facts = (Falls("os", "death", "now", 12, at_risk),)
    problem = Problem(tuple(persons), facts, "now", 20, deaths=sum(c.dead for c in cohort))
    answer = find_cohort(problem)
    assert answer.state == "found"
    assert sum(c.dead for c in answer.courses) == problem.deaths


@given(st.sets(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_conflict_is_minimal(impossible: set[frozenset[str]]) -> None:
    """Nothing can be left out of it, and it is one of the ways the claims contradict each other."""

    def is_impossible(kept: frozenset[str]) -> bool:
        return any(core <= kept for core in impossible)

    found = frozenset(find_conflict("abcdef", is_impossible))
    assert is_impossible(found)
    assert not any(is_impossible(found - {claim}) for claim in found)


@pytest.mark.parametrize("text", ["46.5", "0", "100", "46·75"])
def test_what_rounds_to_a_number_is_admitted_and_what_does_not_is_not(text: str) -> None:
    printed = parse_number(text)
    nearest, cut = printed.band(), printed.band(Rounding.TRUNCATED)
    half = printed.unit / 2
    assert nearest.admits(printed.value - half)
    assert nearest.admits(printed.value + half)
    assert not nearest.admits(printed.value + half + Fraction(1, 10**9))
    assert cut.admits(printed.value)
    assert not cut.admits(printed.value - Fraction(1, 10**9))
    assert not cut.admits(printed.value + printed.unit)
