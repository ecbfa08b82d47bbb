"""Every case by name: its days and its fate are unknowns, and who is at risk at which event are comparisons of days.

Exact, but for the rounding of logarithms: a cohort that only the rounding admits is forbidden and the search goes on.
By itself it decides small cohorts. Of larger ones it finds one that follows an outline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from caseseries.evidence.cohort import (
    Answer,
    Course,
    Ends,
    Fact,
    Problem,
    Remains,
    Spread,
    can_hold,
    is_gap,
)
from caseseries.evidence.orders import Kind, Outline, write_estimate
from caseseries.evidence.solver import EFFORT, WORK, Model

CUTS = 50  # cohorts forbidden before the search is given up

What = Literal["relapse", "end"]


def name_cases(
    problem: Problem, effort: float = EFFORT, outline: Outline | None = None, least_end: int | None = None
) -> Answer:
    """A cohort of the problem, or a proof that there is none; of those that follow the outline, where one is given.

    Args:
        least_end: the place of a person whose last day shall be proved least.
    """
    named = Named(problem, sorted_everywhere=outline is not None)
    if not named.told:
        return Answer("undecided")
    if outline is not None:
        named.follow(outline)
    if least_end is not None:
        named.model.model.minimize(named.times["end", least_end, problem.base])
    for _ in range(CUTS):
        state = named.model.solve(effort - named.model.work / WORK, proved=least_end is not None)
        if state != "found":
            return Answer(state, work=named.model.work)
        courses = named.courses()
        if problem.admits(courses):
            return Answer("found", courses, named.model.work)
        if not named.forbid(fact for fact in problem.facts if not can_hold(courses, fact)):
            break
    return Answer("undecided", work=named.model.work)


def size_of(problem: Problem) -> int:
    """About how many comparisons of days its model has."""
    curves = {(fact.ends, fact.origin) for fact in problem.facts if not isinstance(fact, Spread)}
    events = sum(person.relapse or person.dead is not False for person in problem.persons)
    return len(problem.persons) * events * len(curves)


class Named:
    """The model. `told` is False where it could not be written: the number of those with a median is not known."""

    def __init__(self, problem: Problem, sorted_everywhere: bool) -> None:
        self.problem, self.persons, self.told = problem, problem.persons, True
        self.places = range(len(problem.persons))
        self.model = Model()
        constant = self.model.model.new_constant
        self.dead = [
            self.model.choice() if person.dead is None else constant(int(person.dead))
            for person in self.persons
        ]
        if problem.deaths is not None:
            self.model.between(sum(self.dead), problem.deaths, problem.deaths)
        self.gaps = {
            origin: [self.model.number(*bounds) for _ in self.places]
            for origin, bounds in problem.gaps.items()
        }
        self.times: dict[tuple[What, int, str], Any] = {}
        self._set_days()
        for origin in self.gaps:
            self._set_days_from(origin)
        self._sort_twins(sorted_everywhere)
        self.compared: dict[object, Any] = {}
        self.curves: dict[tuple[Ends, str], list[tuple[What, int, Any]]] = {}
        self.happened: dict[Fact, dict[int, Any]] = {}
        for fact in problem.facts:
            self._write(fact)

    def _set_days(self) -> None:
        def day(known: int | None) -> Any:
            last = self.problem.last_day
            return self.model.number(0, last) if known is None else self.model.model.new_constant(known)

        base = self.problem.base
        for i, person in enumerate(self.persons):
            self.times["end", i, base] = day(person.death_day)
            if person.relapse:
                self.times["relapse", i, base] = day(person.relapse_day)
                self.model.model.add(self.times["relapse", i, base] <= self.times["end", i, base])

    def _set_days_from(self, origin: str) -> None:
        low, high = self.problem.gaps[origin]
        known = [key for key in self.times if key[2] == self.problem.base]
        for what, i, base in known:
            time = self.model.number(low, self.problem.last_day + high)
            self.model.model.add(time == self.times[what, i, base] + self.gaps[origin][i])
            self.times[what, i, origin] = time

    def _sort_twins(self, everywhere: bool) -> None:
        """Of cases described alike one order is enough, from every origin where nothing is said of their gaps."""
        apart = {fact.origin for fact in self.problem.facts if is_gap(fact)}
        for i, j in pairwise(self.places):
            one, other = (replace(self.persons[k], label="") for k in (i, j))
            if one != other:
                continue
            what: What = "relapse" if one.relapse and one.relapse_day is None else "end"
            alone = not one.relapse and one.dead is not None
            for origin in (self.problem.base, *self.gaps):
                if origin == self.problem.base or (alone and (everywhere or origin not in apart)):
                    self.model.model.add(self.times[what, i, origin] <= self.times[what, j, origin])

    def follow(self, outline: Outline) -> None:
        """By every day of the base origin as many have left as in the outline, by kind, with its numbers at risk."""
        for (origin, day, kind), count in outline.gone.items():
            if origin == self.problem.base:
                self.model.between(sum(self._gone(kind, day)), count, count)
        for fact, at_risk in outline.at_risk.items():
            if fact.origin == self.problem.base:
                for count, event in self.happened[fact].items():
                    self.model.between(event, int(count in at_risk), int(count in at_risk))

    def _gone(self, kind: Kind, day: int) -> Iterator[Any]:
        """For each person of a kind, whether it has left before the day."""
        relapsed = kind in ("relapse", "death after relapse", "censored after relapse")
        what: What = "relapse" if kind == "relapse" else "end"
        for i, person in enumerate(self.persons):
            if person.relapse != relapsed:
                continue
            left = self._before(what, i, self.problem.base, day)
            if kind == "relapse":
                yield left
            else:
                fate = self.dead[i] if kind.startswith("death") else ~self.dead[i]
                yield left if person.dead == kind.startswith("death") else self.model.all_of([left, fate])

    def _before(self, what: What, i: int, origin: str, day: int) -> Any:
        key = (what, i, origin, day)
        if key not in self.compared:
            self.compared[key] = self.model.is_less(self.times[what, i, origin], day)
        return self.compared[key]

    def _earlier(self, one: tuple[What, int], other: tuple[What, int], origin: str) -> Any:
        key = (one, other, origin)
        if key not in self.compared:
            self.compared[key] = self.model.is_less(self.times[*one, origin], self.times[*other, origin])
        return self.compared[key]

    def _leaving(self, ends: Ends, i: int) -> tuple[What, int]:
        return ("relapse" if ends == "first event" and self.persons[i].relapse else "end"), i

    def _event(self, ends: Ends, i: int) -> bool | None:
        """Whether the person leaves by an event; None where the fate is open."""
        return True if ends == "first event" and self.persons[i].relapse else self.persons[i].dead

    def _left(self, ends: Ends, origin: str, i: int, j: int) -> Any:
        """Whether i has left when j has an event: earlier, or on that day by an event that is listed before it."""
        one, other, event = self._leaving(ends, i), self._leaving(ends, j), self._event(ends, i)
        earlier = self._earlier(one, other, origin)
        if i > j or event is False:
            return earlier
        not_later = ~self._earlier(other, one, origin)
        if event:
            return not_later
        return ~self.model.all_of([~earlier, ~self.model.all_of([not_later, self.dead[i]])])

    def _curve(self, ends: Ends, origin: str) -> list[tuple[What, int, Any]]:
        """Who may leave by an event, and the number at risk then."""
        if (ends, origin) not in self.curves:
            found = []
            for j in self.places:
                if self._event(ends, j) is not False:
                    at_risk = self.model.number(1, len(self.persons))
                    left = sum(self._left(ends, origin, i, j) for i in self.places if i != j)
                    self.model.model.add(at_risk + left == len(self.persons))
                    found.append((*self._leaving(ends, j), at_risk))
            self.curves[ends, origin] = found
        return self.curves[ends, origin]

    def _write(self, fact: Fact) -> None:
        if isinstance(fact, Spread):
            self._write_spread(fact)
        elif isinstance(fact, Remains):
            staying = sum(
                ~self._before(*self._leaving(fact.ends, i), fact.origin, fact.day) for i in self.places
            )
            self.model.between(staying, fact.least, fact.most)
        else:
            happened: dict[int, list[Any]] = {count: [] for count in range(1, len(self.persons) + 1)}
            for what, i, at_risk in self._curve(fact.ends, fact.origin):
                reached = self._before(what, i, fact.origin, fact.day + 1)
                if self._event(fact.ends, i) is None:
                    reached = self.model.all_of([reached, self.dead[i]])
                at = {count: self.model.choice() for count in happened}
                self.model.model.add_exactly_one(*at.values(), ~reached)
                for count, here in at.items():
                    self.model.model.add(at_risk == count).only_enforce_if(here)
                    happened[count].append(here)
            self.happened[fact] = {count: self.model.choice() for count in happened}
            for count, event in self.happened[fact].items():
                self.model.model.add(sum(happened[count]) == event)
            write_estimate(self.model, fact, self.happened[fact])

    def _write_spread(self, fact: Spread) -> None:
        """Each value counts where its person belongs to the group: everybody, or who did not die."""
        members = [
            (i, None if fact.among == "all" or person.dead is False else ~self.dead[i])
            for i, person in enumerate(self.persons)
            if fact.among == "all" or not person.dead
        ]
        values = {
            i: self.gaps[fact.origin][i] if is_gap(fact) else self.times["end", i, fact.origin]
            for i, _ in members
        }
        days, add = fact.band.whole(), self.model.between
        if not members:
            self.model.refuse()
            return
        open_ = [belongs for _, belongs in members if belongs is not None]
        if len(open_) == len(members):
            self.model.model.add_bool_or(open_)

        def below(limit: Any, ask: bool = True) -> Any:
            """How many values are less than the limit, or not less."""
            found = []
            for i, belongs in members:
                less = self.model.is_less(values[i], limit)
                here = less if ask else ~less
                found.append(here if belongs is None else self.model.all_of([here, belongs]))
            return sum(found)

        most = len(members)
        if fact.measure == "at least":
            add(below(days.start), 0, 0)
        elif fact.measure == "at most":
            add(below(days.stop, ask=False), 0, 0)
        elif fact.measure == "reaches low":
            add(below(days.stop), 1, most)
        elif fact.measure == "reaches high":
            add(below(days.start, ask=False), 1, most)
        else:
            size = self._size(members)
            half = (size + 1) // 2
            if size % 2:
                add(below(days.stop), half, most)
                add(below(days.start, ask=False), half, most)
            else:
                twice = fact.band.scaled(Fraction(2)).whole()
                lower, upper = (self.model.number(0, max(0, twice.stop)) for _ in range(2))
                add(lower + upper, twice.start, twice.stop - 1)
                add(upper - lower, 0, max(0, twice.stop))
                add(below(lower + 1), half, most)
                add(below(lower, ask=False), half + 1, most)
                add(below(upper + 1), half + 1, most)
                add(below(upper, ask=False), half, most)

    def _size(self, members: Sequence[tuple[int, Any]]) -> int:
        """How many belong to the group."""
        if all(belongs is None for _, belongs in members):
            return len(members)
        self.told &= self.problem.deaths is not None
        return len(self.persons) - (self.problem.deaths or 0)

    def courses(self) -> tuple[Course, ...]:
        value, base = self.model.value, self.problem.base
        return tuple(
            Course(
                value(self.times["end", i, base]),
                bool(value(self.dead[i])),
                value(self.times["relapse", i, base]) if person.relapse else None,
                {origin: value(gaps[i]) for origin, gaps in self.gaps.items()},
            )
            for i, person in enumerate(self.persons)
        )

    def forbid(self, broken: Iterator[Fact]) -> bool:
        """Rule out the numbers at risk of these estimates in the solution, and no others; False if there is none."""
        found = [self.happened[fact] for fact in broken if fact in self.happened]
        for happened in found:
            self.model.forbid(happened.values())
        return bool(found)
