"""Printed limits as bounds of Greenwood's sum, held against the estimator's limits and against listed sequences."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from caseseries.evidence.cohort import Person, Problem, Survives, can_hold
from caseseries.evidence.greenwood import TRANSFORMS, PrintedLimits
from caseseries.evidence.printed import Band, Rounding, parse_number
from caseseries.evidence.searching import find_cohort
from caseseries.evidence.sequences import estimate_after, find_sequences, interval_of

METHODS = tuple(TRANSFORMS)
NEAR = 1e-9  # the slack that a search gives


def print_limits(
    n: int, at_risk: tuple[int, ...], method: str, methods: Sequence[str], decimals: int, off: float = 0
) -> PrintedLimits:
    """What a paper would print of this sequence, its upper limit `off` by so many units of the last digit."""
    lower, upper = (100 * limit for limit in interval_of(n, at_risk, 0, method))
    texts = (f"{limit:.{decimals}f}" for limit in (lower, min(100, max(0, upper + off / 10**decimals))))
    return PrintedLimits(n, tuple(methods), *map(parse_number, texts), Rounding.NEAREST)


def sums_of(at_risk: tuple[int, ...]) -> tuple[float, float]:
    """The logarithm of the estimate and Greenwood's sum, from fractions."""
    greenwood = sum((Fraction(1, number * (number - 1)) for number in at_risk), Fraction(0))
    return log(estimate_after(at_risk)), float(greenwood)


@st.composite
def sequences(draw: st.DrawFn, least: int = 3, most: int = 60) -> tuple[int, tuple[int, ...]]:
    """So many cases, and the numbers at risk at 1 to 20 events: the estimate is neither 0 nor 1."""
    n = draw(st.integers(least, most))
    events = draw(st.sets(st.integers(2, n), min_size=1, max_size=min(n - 1, 20)))
    return n, tuple(sorted(events, reverse=True))


@given(sequences(), st.sampled_from(METHODS), st.integers(0, 2), st.booleans())
@settings(max_examples=300)
def test_what_is_printed_of_a_sequence_never_rules_it_out(drawn, method, decimals, stated) -> None:
    n, at_risk = drawn
    limits = print_limits(n, at_risk, method, [method] if stated else METHODS, decimals)
    assume(limits.fit(at_risk))  # not where a limit is printed half a unit off, or below 0
    band = parse_number(f"{100 * float(estimate_after(at_risk)):.{decimals}f}").proportion().band()
    logarithm, greenwood = sums_of(at_risk)
    assert limits.may_hold(logarithm, greenwood, NEAR)
    boxes = limits.boxes(band)
    inside = (boxes[:, :, 0] - NEAR <= [logarithm, greenwood]) & (
        boxes[:, :, 1] + NEAR >= [logarithm, greenwood]
    )
    assert inside.all(axis=1).any()


@given(sequences(), sequences(), st.sampled_from(METHODS), st.integers(0, 2), st.integers(-1, 1))
@settings(max_examples=300)
def test_the_sums_say_of_another_sequence_what_the_estimator_says(
    drawn, other, method, decimals, off
) -> None:
    """Both ways, but for limits within the slack of the edge of a rounding."""
    (n, at_risk), (_, second) = drawn, other
    assume(second[0] <= n)
    limits = print_limits(n, at_risk, method, [method], decimals, off)
    for sequence in (at_risk, second, at_risk[:-1] or second, (*at_risk[:-1], max(2, at_risk[-1] - 1))):
        if len(set(sequence)) == len(sequence):
            logarithm, greenwood = sums_of(sequence)
            generous, strict = (limits.may_hold(logarithm, greenwood, slack) for slack in (NEAR, -NEAR))
            assert generous >= limits.fit(sequence) >= strict


@given(sequences(), st.sampled_from(METHODS), st.integers(0, 1))
@settings(max_examples=50)
def test_boxes_are_no_wider_than_their_pieces(drawn, method, decimals) -> None:
    """A sum well outside what the printed limits allow anywhere in the band is in no box."""
    n, at_risk = drawn
    limits = print_limits(n, at_risk, method, [method], decimals)
    band = parse_number(f"{100 * float(estimate_after(at_risk)):.{decimals}f}").proportion().band()
    boxes = limits.boxes(band)
    assume(len(boxes))
    low, high = boxes[:, 1, 0].min(), boxes[:, 1, 1].max()
    within = np.linspace(max(float(band.low), 1 / n), min(float(band.high), 1 - 1 / n), 400)
    for greenwood in (low - 0.05 * (low + 1e-3), high + 0.05 * (high + 1e-3)):
        assert not any(limits.may_hold(float(np.log(s)), greenwood, 0) for s in within)


def test_there_is_no_box_where_the_estimate_and_its_limits_cannot_go_together() -> None:
    limits = PrintedLimits(40, METHODS, parse_number("70.0"), parse_number("80.0"), Rounding.NEAREST)
    assert not len(limits.boxes(Band(Fraction(50, 100), Fraction(51, 100))))
    assert not len(limits.boxes(Band(Fraction(999, 1000), Fraction(1))))
    assert len(limits.boxes(Band(Fraction(75, 100), Fraction(76, 100))))


def draw_problem(seed: int) -> Problem:
    """Eight to eighteen cases; one or two estimates of deaths or first events with their limits, some printed wrong."""
    chance = random.Random(seed)
    n = chance.randint(8, 18)
    relapses, deaths = chance.randint(1, 4), chance.randint(1, 3)
    persons = [
        Person(True, dead) for dead in sorted((chance.random() < 0.5 for _ in range(relapses)), key=str)
    ]
    persons += [Person(dead=True)] * deaths + [Person()] * (n - relapses - deaths)
    facts: list[Survives] = []
    for ends in chance.sample(["first event", "death"], chance.randint(1, 2)):
        dying = sum(person.dead is True for person in persons)
        events = dying if ends == "death" else relapses + deaths
        at_risk = tuple(sorted(chance.sample(range(2, n + 1), chance.randint(1, events)), reverse=True))
        method, decimals = chance.choice(METHODS), chance.choice([0, 0, 1])
        off = chance.choice([0, 0, 0, 1, -1, 2])
        methods = chance.choice([(method,), (method,), METHODS])
        limits = print_limits(n, at_risk, method, methods, decimals, off)
        band = parse_number(f"{100 * float(estimate_after(at_risk)):.{decimals}f}").proportion().band()
        facts.append(Survives(ends, ends, "now", chance.choice([200, 400]), band, None, limits))
    return Problem(tuple(persons), tuple(facts), "now", 600)


def listed(fact: Survives, n: int) -> Survives:
    """The same with every sequence of the band that has the limits, as the estimator says."""
    assert fact.limits
    every = (s for k in range(n + 1) for s in find_sequences(n, k, fact.band).found)
    return replace(fact, sequences=tuple(s for s in every if fact.limits.fit(s)), limits=None)


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_as_sums_limits_are_judged_as_they_are_by_listed_sequences(first: int) -> None:
    said = Counter()
    for seed in range(first, first + 100):
        problem = draw_problem(seed)
        n = len(problem.persons)
        one = find_cohort(problem)
        facts = tuple(listed(fact, n) for fact in problem.facts if isinstance(fact, Survives))
        two = find_cohort(replace(problem, facts=facts))
        assert {one.state, two.state} != {"found", "none"}, problem
        assert all(can_hold(one.courses, fact) for fact in facts if one.state == "found")
        assert all(can_hold(two.courses, fact) for fact in problem.facts if two.state == "found")
        said[one.state, two.state] += 1
    assert min(said["found", "found"], said["none", "none"]) > 20
    assert sum(count for states, count in said.items() if "undecided" in states) < 5
