"""Is there a cohort for every printed fact? As an integer programme that names every case: for small cohorts.

The day each case ends, relapses and was treated are whole numbers, and who is at risk at which event are choices
between two orders. A Kaplan–Meier estimate is a sum of logarithms of one factor an event, chosen by the number at
risk. HiGHS searches; every cohort it returns is checked again in exact fractions, and one that only floating point
admits is cut off and the search goes on.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, permutations

from caseseries.evidence.cohort import (
    Answer,
    Course,
    Ends,
    Fact,
    Falls,
    Person,
    Problem,
    Remains,
    Spread,
    State,
    Survives,
    can_hold,
)
from caseseries.evidence.printed import Band
from caseseries.evidence.programme import Linear, Programme, number

CUTS = 50
MOST = 1_000  # unknowns; a larger programme is not searched, because it can take hours
UNKNOWNS = 6_000  # a programme's work is the cube of its unknowns by this, a tenth where it finds a cohort
SLACK = 1e-6  # HiGHS is sure of a sum to 1e-7
NOBODY = -20.0  # for the logarithm of 0; without it the logarithms of a curve add up to -5 at most


Goal = Callable[[Programme, "Variables"], Linear]


def solve(problem: Problem, smallest: Goal | None = None, most: int = MOST) -> Answer:
    """By the programme; with `smallest`, a cohort in which that expression is proved least."""
    if size_of(problem) > 4 * MOST:
        return Answer("undecided")
    built = _build(problem)
    if built is None:
        return Answer("none")
    programme, variables = built
    if len(programme.bounds) > most:
        return Answer("undecided")
    work = len(programme.bounds) ** 3 // UNKNOWNS
    goal = smallest(programme, variables) if smallest else Linear({}, 0)
    for _ in range(CUTS):
        state, solution = programme.solve(goal)
        if state != "found":
            return Answer(state, work=work)
        courses = variables.courses(solution)
        broken = [fact for fact in problem.facts if not can_hold(courses, fact)]
        if not broken:
            return Answer("found", courses, work // 10)
        if not all(programme.cut(_place(fact), solution) for fact in broken):
            break
    return Answer("undecided", work=work)


def size_of(problem: Problem) -> int:
    """About how many unknowns its programme has, at most."""
    curves = [fact for fact in problem.facts if not isinstance(fact, Spread)]
    clocks = len({(fact.ends, fact.origin) for fact in curves})
    events = sum(person.relapse or person.dead is not False for person in problem.persons)
    return len(problem.persons) * (2 + len(problem.gaps) + events * (clocks + len(curves)))


def end_of(place: int) -> Goal:
    """The last day of the person at this place."""
    return lambda _, variables: variables.end[place]


def find_conflict(claims: Sequence[str], decide: Callable[[frozenset[str]], State]) -> tuple[str, ...]:
    """A minimal set of claims that cannot hold together: added until impossible, then left out one by one.

    `decide` says whether a set of claims has a cohort; the claims given must have none together. A claim is
    left out only when the rest is proved impossible without it, so an undecided search keeps it in.
    """
    size = next((k for k in range(1, len(claims)) if decide(frozenset(claims[:k])) == "none"), len(claims))
    kept = list(claims[:size])
    for claim in reversed(claims[:size]):
        without = frozenset(kept) - {claim}
        if decide(without) == "none":
            kept.remove(claim)
    return tuple(kept)


@dataclass(frozen=True)
class Variables:
    """The unknown days of each person: end, relapse (None for who never relapsed) and the gap to each origin."""

    persons: tuple[Person, ...]
    end: tuple[Linear, ...]
    dead: tuple[Linear, ...]
    relapse: tuple[Linear | None, ...]
    gaps: Mapping[str, tuple[Linear, ...]]

    def gap(self, i: int, origin: str) -> Linear:
        return self.gaps[origin][i] if origin in self.gaps else number(0)

    def leaves(self, i: int, ends: Ends, origin: str) -> Linear:
        relapse = self.relapse[i] if ends == "first event" else None
        return (self.end[i] if relapse is None else relapse) + self.gap(i, origin)

    def event(self, i: int, ends: Ends) -> Linear:
        """1 where the person leaves by an event, 0 where by censoring."""
        return number(1) if ends == "first event" and self.persons[i].relapse else self.dead[i]

    def place(self, i: int, ends: Ends, origin: str) -> Linear:
        """When the person leaves; in half days where fates are open: on one day, events precede censorings."""
        leaves = self.leaves(i, ends, origin)
        if ends == "first event" or not self.fates_open:
            return leaves
        return leaves + leaves + number(1) - self.event(i, ends)

    @cached_property
    def fates_open(self) -> bool:
        return any(line.terms for line in self.dead)

    def with_event(self, ends: Ends) -> tuple[int, ...]:
        """The persons who may leave by an event."""
        return tuple(i for i in range(len(self.persons)) if self.event(i, ends) != number(0))

    def courses(self, solution: Sequence[int]) -> tuple[Course, ...]:
        def value(line: Linear) -> int:
            return line.constant + sum(c * solution[v] for v, c in line.terms.items())

        return tuple(
            Course(
                value(self.end[i]),
                bool(value(self.dead[i])),
                None if (relapse := self.relapse[i]) is None else value(relapse),
                {origin: value(lines[i]) for origin, lines in self.gaps.items()},
            )
            for i in range(len(self.persons))
        )


def _build(problem: Problem) -> tuple[Programme, Variables] | None:
    """The programme of a problem; None when the bounds alone rule it out."""
    programme = Programme()
    variables = _declare(problem, programme)
    survivals = _prolonged([fact for fact in problem.facts if isinstance(fact, Survives | Falls)])
    for fact in problem.facts:
        if isinstance(fact, Spread):
            _write_spread(programme, variables, fact)
        elif isinstance(fact, Remains):
            _write_remains(programme, variables, fact)
    at_risk: dict[tuple[Ends, str], dict[int, Linear]] = {}
    for fact in survivals:
        place = (fact.ends, fact.origin)
        if place not in at_risk:
            at_risk[place] = _write_at_risk(programme, variables, *place)
        _write_survival(programme, variables, fact, at_risk[place])
    return None if programme.broken else (programme, variables)


def _prolonged(facts: Sequence[Survives | Falls]) -> list[Survives | Falls]:
    """Listed sequences of a later day that do not prolong one of an earlier day can be left out, and conversely."""
    kept = list(facts)
    for i, j in permutations(range(len(kept)), 2):
        early, late = kept[i], kept[j]
        if (early.ends, early.origin) != (late.ends, late.origin) or early.day > late.day:
            continue
        first, last = _listed(early), _listed(late)
        if first is not None and last is not None:
            starts, ends = set(first), {s[:size] for s in last for size in range(len(s) + 1)}
            kept[i] = _with(early, tuple(s for s in first if s in ends))
            prolong = (s for s in last if any(s[:size] in starts for size in range(len(s) + 1)))
            kept[j] = _with(late, tuple(prolong))
    return kept


def _listed(fact: Survives | Falls) -> tuple[tuple[int, ...], ...] | None:
    return (fact.at_risk,) if isinstance(fact, Falls) else fact.sequences


def _with(fact: Survives | Falls, sequences: tuple[tuple[int, ...], ...]) -> Survives:
    band = fact.band if isinstance(fact, Survives) else Band(Fraction(0), Fraction(1))
    return Survives(fact.claim, fact.ends, fact.origin, fact.day, band, sequences)


def _declare(problem: Problem, programme: Programme) -> Variables:
    def day(known: int | None) -> Linear:
        return programme.whole(0, problem.last_day) if known is None else number(known)

    relapse = tuple(day(person.relapse_day) if person.relapse else None for person in problem.persons)
    end = tuple(day(person.death_day) for person in problem.persons)
    gaps = {
        origin: tuple(programme.whole(*bounds) for _ in problem.persons)
        for origin, bounds in sorted(problem.gaps.items())
    }
    dead = tuple(programme.choice() if p.dead is None else number(int(p.dead)) for p in problem.persons)
    if problem.deaths is not None:
        programme.require(sum(dead, number(0)), problem.deaths, problem.deaths)
        programme.members = len(dead) - problem.deaths
    for last, before in zip(end, relapse, strict=True):
        if before is not None:
            programme.require(last - before, 0)
    for i, j in _twins(problem.persons):
        programme.require(end[j] - end[i], 0)
    return Variables(problem.persons, end, dead, relapse, gaps)


def _twins(persons: Sequence[Person]) -> list[tuple[int, int]]:
    """Neighbours described alike: they can be told in any order, and one order is enough to search."""
    alike = [replace(person, label="") for person in persons]
    return [(i, j) for i, j in pairwise(range(len(persons))) if alike[i] == alike[j]]


def _order_twins(
    programme: Programme, variables: Variables, origin: str, stays: Mapping[int, Linear]
) -> None:
    """Of two twins the later to end stays whenever the earlier does: implied, but it speeds the proof."""
    for i, j in _twins(variables.persons):
        if i in stays and j in stays and origin not in variables.gaps and not variables.persons[i].relapse:
            programme.require(stays[j] - stays[i], 0)


def _write_spread(programme: Programme, variables: Variables, fact: Spread) -> None:
    """Each value counts where its person belongs to the group: everybody, or who did not die."""
    one = number(1)
    places = range(len(variables.persons))
    members = [(i, one if fact.among == "all" else one - variables.dead[i]) for i in places]
    values = [
        (
            belongs,
            variables.gap(i, fact.origin) + (variables.end[i] if fact.quantity == "follow-up" else number(0)),
        )
        for i, belongs in members
        if belongs != number(0)
    ]
    whole = fact.band.whole()
    if not values or (not whole and fact.measure != "median"):
        programme.broken = True
    elif fact.measure == "median":
        _write_median(programme, values, fact)
    elif fact.measure == "at least":
        for belongs, value in values:
            programme.implies(belongs, value - number(whole[0]))
    elif fact.measure == "at most":
        for belongs, value in values:
            programme.implies(belongs, number(whole[-1]) - value)
    elif fact.measure == "reaches low":
        _so_many(programme, [(belongs, number(whole[-1]) - value) for belongs, value in values], 1)
    else:
        _so_many(programme, [(belongs, value - number(whole[0])) for belongs, value in values], 1)


def _so_many(programme: Programme, lines: Sequence[tuple[Linear, Linear]], count: int) -> None:
    """At least `count` of those that belong have a line of at least 0."""
    total = number(0)
    for belongs, line in lines:
        least, most = programme.range(line)
        if least >= 0:
            total += belongs
        elif most >= 0:
            choice = programme.choice()
            programme.implies(choice, line)
            if belongs.terms:
                programme.require(belongs - choice, 0)
            total += choice
    programme.require(total, count)


def _write_median(programme: Programme, values: Sequence[tuple[Linear, Linear]], fact: Spread) -> None:
    """Two middle values a ≤ b (the same for an odd number) whose mean lies in the band."""
    fewest, count = programme.range(sum((belongs for belongs, _ in values), number(0)))
    if fewest != count:
        count = programme.members
    ends = [programme.range(value) for _, value in values]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    lower = programme.whole(low, high)
    upper = lower if count % 2 else programme.whole(low, high)
    twice = fact.band.scaled(Fraction(2)).whole()
    if not twice:
        programme.broken = True
        return
    programme.require(lower + upper, twice[0], twice[-1])
    programme.require(upper - lower, 0)
    half = (count + 1) // 2
    _so_many(programme, [(belongs, lower - value) for belongs, value in values], half)
    _so_many(programme, [(belongs, value - lower) for belongs, value in values], count - half + 1)
    if upper is not lower:
        _so_many(programme, [(belongs, upper - value) for belongs, value in values], half + 1)
        _so_many(programme, [(belongs, value - upper) for belongs, value in values], half)


def _write_remains(programme: Programme, variables: Variables, fact: Remains) -> None:
    programme.require(_count_staying(programme, variables, fact), fact.least, fact.most)


def _count_staying(programme: Programme, variables: Variables, fact: Remains) -> Linear:
    stays = {
        i: programme.not_less(variables.leaves(i, fact.ends, fact.origin) - number(fact.day))
        for i in range(len(variables.persons))
    }
    _order_twins(programme, variables, fact.origin, stays)
    return sum(stays.values(), number(0))


def _write_at_risk(programme: Programme, variables: Variables, ends: Ends, origin: str) -> dict[int, Linear]:
    """The number at risk at each person's event; of two events on one day the earlier listed comes first."""
    events = variables.with_event(ends)
    later: dict[tuple[int, int], Linear] = {}
    totals: dict[int, Linear] = {}
    for j in events:
        totals[j] = number(1)
        for i in range(len(variables.persons)):
            if i in events and i < j:
                totals[j] += number(1) - later[j, i]
            elif i != j:
                gap = variables.place(i, ends, origin) - variables.place(j, ends, origin)
                later[i, j] = programme.not_less(gap)
                totals[j] += later[i, j]
        free = {i: later[i, j] for i in range(len(variables.persons)) if i not in events}
        _order_twins(programme, variables, origin, free)
    return totals


def _write_survival(
    programme: Programme, variables: Variables, fact: Survives | Falls, at_risk: Mapping[int, Linear]
) -> None:
    reached = {
        j: _both(
            programme,
            programme.not_less(number(fact.day) - variables.leaves(j, fact.ends, fact.origin)),
            variables.event(j, fact.ends),
        )
        for j in at_risk
    }
    certain = not any(line.terms for line in reached.values())
    place = (
        (fact.ends, fact.origin, *(j for j, line in reached.items() if line.constant)) if certain else fact
    )
    if place not in programme.picks:
        programme.picks[place] = _write_picks(programme, reached, at_risk)
    picks, logs = programme.picks[place]
    programme.falls[_place(fact)] = picks
    _write_band(programme, fact, picks, logs)


def _place(fact: Fact) -> object:
    return None if isinstance(fact, Spread) else (fact.ends, fact.origin, fact.day)


def _both(programme: Programme, one: Linear, other: Linear) -> Linear:
    """1 where both choices are."""
    if not one.terms or not other.terms:
        fixed, free = (one, other) if not one.terms else (other, one)
        return free if fixed.constant else number(0)
    both = programme.choice()
    programme.require(one - both, 0)
    programme.require(other - both, 0)
    programme.require(both - one - other, -1)
    return both


def _write_picks(
    programme: Programme, reached: Mapping[int, Linear], at_risk: Mapping[int, Linear]
) -> tuple[dict[int, Linear], dict[int, float]]:
    """By number at risk, whether a reached event happens at it; and the logarithm of each pick's factor."""
    picks: dict[int, Linear] = {}
    logs: dict[int, float] = {}
    for j, counts in reached.items():
        if programme.range(counts)[1] == 0:
            continue
        one_hot, named = number(0), number(0)
        least, most = programme.range(at_risk[j])
        for count in range(max(1, least), most + 1):
            pick = programme.choice()
            variable = next(iter(pick.terms))
            logs[variable] = math.log1p(-1 / count) if count > 1 else NOBODY
            picks[count] = picks.get(count, number(0)) + pick
            one_hot += pick
            named += Linear({variable: count}, 0)
        programme.require(one_hot - counts, 0, 0)
        programme.require(at_risk[j] - named, 0)
        programme.implies(counts, named - at_risk[j])
    return picks, logs


def _write_band(
    programme: Programme, fact: Survives | Falls, picks: Mapping[int, Linear], logs: Mapping[int, float]
) -> None:
    listed = _listed(fact)
    if listed is not None or isinstance(fact, Falls):
        _write_listed(programme, listed or (), picks)
        return
    for total in picks.values():
        programme.require(total, 0, 1)
    low = math.log(fact.band.low) - SLACK if fact.band.low > 0 else -math.inf
    high = math.log(fact.band.high) + SLACK if fact.band.high > 0 else NOBODY / 2
    if logs:
        programme.rows.append((logs, low, high))
    programme.broken |= not logs and not fact.band.admits(Fraction(1))


def _write_listed(
    programme: Programme, listed: Sequence[tuple[int, ...]], picks: Mapping[int, Linear]
) -> None:
    """Exactly one of the listed sequences happens."""
    possible = [sequence for sequence in listed if all(count in picks for count in sequence)]
    chosen = [programme.choice() for _ in possible]
    programme.require(sum(chosen, number(0)), 1, 1)
    for count, total in picks.items():
        used = (choice for choice, sequence in zip(chosen, possible, strict=True) if count in sequence)
        programme.require(total - sum(used, number(0)), 0, 0)
