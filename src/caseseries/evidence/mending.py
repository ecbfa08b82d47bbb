"""A cohort found by small changes: many side by side, one case of each changed at a time until all facts hold.

Simulated annealing. What a cohort lacks is a sum over the facts: how far each estimate, count and median is from
what is printed. A change after which less is lacking is kept, one after which more is lacking with a chance that
falls as the search cools. Then the best go on, warmed again. Whole numbers throughout, so that every machine
finds the same. It proves nothing impossible, and what it finds was checked in exact fractions.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caseseries.evidence.cohort import (
    Among,
    Answer,
    Course,
    Ends,
    Falls,
    Person,
    Problem,
    Quantity,
    Remains,
    Spread,
    Survives,
)

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]

CHAINS = 128  # cohorts side by side
COOLING = 500  # changes from warm to cold
CYCLE = 12  # coolings after which all begin anew
BEST = CHAINS // 8  # cohorts that go on after each
UNIT = 1_000_000
COUNT = UNIT // 2  # lacked by a number at risk that is off by one
WIDTH = 20 * UNIT  # by a printed interval, for each unit of the logarithm of its Greenwood sum
DAY, WRONG = UNIT // 100, UNIT // 4  # by each day that a day is off, and by its being off at all
FAR = 300  # days beyond which it does not matter how far
LOG = 100 * UNIT  # by an estimate, for each unit of its logarithm: one percent off lacks one unit
HOT, WARM, COLD = UNIT, UNIT // 4, UNIT // 100
NEVER = 1 << 40
CHANCES = 1 << 12
SHIFTS = np.array([sign * days for days in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89) for sign in (1, -1)])
CHANGE = 20  # work of one change of all cohorts


def mend_cohort(problems: Sequence[Problem], changes: int) -> Answer:
    """A cohort of one of the problems, which differ in their persons alone; `undecided` if none was found."""
    if not problems or not problems[0].persons or not problems[0].facts:
        return Answer("undecided")
    search = Mending(problems)
    courses = search.run(changes)
    return Answer("found" if courses else "undecided", courses, CHANGE * search.done)


@dataclass
class Cases:
    """Cases of all cohorts, or one of each. Who does not relapse has an end only; a day not printed is -1.

    `gaps` has an axis of origins before the others.
    """

    relapses: Truth
    relapse_printed: Whole
    death_printed: Whole
    open: Truth  # the fate is not told
    relapse: Whole
    end: Whole
    dead: Truth
    gaps: Whole

    def cohorts(self, rows: Whole) -> "Cases":
        return Cases(*(values[..., rows, :] for values in self._columns()))

    def one_of_each(self, rows: Whole, case: Whole) -> "Cases":
        return Cases(*(values[..., rows, case] for values in self._columns()))

    def put(self, rows: Whole, case: Whole, new: "Cases", chosen: Truth) -> None:
        """Overwrite what can change of one case of each chosen cohort."""
        rows, case = rows[chosen], case[chosen]
        for mine, theirs in zip(self._columns()[4:], new._columns()[4:], strict=True):
            mine[..., rows, case] = theirs[..., chosen]

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return tuple(vars(self).values())

    @property
    def first(self) -> Whole:
        """The day of the first event, or of the end."""
        first: Whole = np.where(self.relapses, self.relapse, self.end)
        return first

    def gap(self, place: int) -> Whole | int:
        return 0 if place < 0 else self.gaps[place]


class Lack:
    """What cohorts lack of the facts: 0 where, but for rounding, all of them hold."""

    def __init__(self, problem: Problem, places: Mapping[str, int]) -> None:
        self.curves: dict[tuple[Ends, int], list[Survives | Falls | Remains]] = {}
        self.spreads: dict[tuple[Quantity, Among, int], list[Spread]] = {}
        for fact in problem.facts:
            place = places.get(fact.origin, -1)
            if isinstance(fact, Spread):
                self.spreads.setdefault((fact.quantity, fact.among, place), []).append(fact)
            else:
                self.curves.setdefault((fact.ends, place), []).append(fact)
        n = len(problem.persons)
        self.at_risk = np.arange(n, 0, -1)
        logs = [0, -20 * LOG, *(round(LOG * math.log1p(-1 / k)) for k in range(2, n + 1))]
        self.logs = np.array(logs)[self.at_risk]
        self.allowed = {
            fact: fact.limits.tabulate(fact.band)
            for fact in problem.facts
            if isinstance(fact, Survives) and fact.limits is not None and fact.limits.adds_up
        }
        self.greenwood = 1 / np.maximum(self.at_risk * (self.at_risk - 1), 1)

    def __call__(self, cases: Cases) -> Whole:
        total = np.zeros(CHAINS, dtype=np.int64)
        for (ends, place), curve in self.curves.items():
            leaves = _in_order(cases, ends, place)
            for fact in curve:
                total += self._of_curve(fact, leaves)
        for (quantity, among, place), spreads in self.spreads.items():
            values, count = _values(cases, quantity, among, place)
            for spread in spreads:
                off = _days_off(spread, values, count)
                total += DAY * np.minimum(off, FAR) + WRONG * (off > 0)
        return total

    def _of_curve(self, fact: Survives | Falls | Remains, leaves: Whole) -> Whole:
        if isinstance(fact, Remains):
            return COUNT * _outside((leaves >= 2 * fact.day).sum(axis=1), fact.least, fact.most)
        events = (leaves <= 2 * fact.day) & (leaves % 2 == 0)
        if isinstance(fact, Falls):
            told = np.zeros(len(self.at_risk) + 1, dtype=np.int64)
            told[1 : len(fact.at_risk) + 1] = fact.at_risk
            so_far = events.cumsum(axis=1)
            off = (np.abs(self.at_risk - told[so_far]) * events).sum(axis=1)
            off += np.abs(so_far[:, -1] - len(fact.at_risk))
            lack: Whole = COUNT * off
            return lack
        low = math.floor(LOG * math.log(fact.band.low)) if fact.band.low > 0 else -NEVER
        high = math.ceil(LOG * math.log(fact.band.high)) if fact.band.high > 0 else -10 * LOG
        logs = (events * self.logs).sum(axis=1)
        lack = _outside(logs, low, high)
        if (allowed := self.allowed.get(fact)) is not None:
            missed = allowed.miss(np.exp(logs / LOG), (events * self.greenwood).sum(axis=1))
            lack += np.floor(WIDTH * missed).astype(np.int64)
        return lack


def _in_order(cases: Cases, ends: Ends, place: int) -> Whole:
    """Twice the days on which cases leave, one more for a censoring, in order."""
    day, event = (cases.end, cases.dead) if ends == "death" else (cases.first, cases.relapses | cases.dead)
    return np.sort(2 * (day + cases.gap(place)) + ~event, axis=1)


def _values(cases: Cases, quantity: Quantity, among: Among, place: int) -> tuple[Whole, Whole]:
    """The values of those a spread is about, in order, and how many there are."""
    values = np.zeros_like(cases.end) + cases.gap(place) + (cases.end if quantity == "follow-up" else 0)
    if among == "all":
        return np.sort(values, axis=1), np.full(CHAINS, values.shape[1])
    return np.sort(np.where(cases.dead, NEVER, values), axis=1), (~cases.dead).sum(axis=1)


def _outside(values: Whole, low: int, high: int) -> Whole:
    return np.maximum(np.maximum(low - values, values - high), 0)


def _days_off(fact: Spread, values: Whole, count: Whole) -> Whole:
    days, twice = fact.band.whole(), fact.band.scaled(Fraction(2)).whole()
    rows = np.arange(CHAINS)
    if fact.measure == "median":
        both = values[rows, (count - 1) // 2] + values[rows, count // 2]
        return (_outside(both, twice.start, twice.stop - 1) + 1) // 2
    if fact.measure == "at least":
        return np.maximum(days.start - values[:, 0], 0)
    if fact.measure == "reaches low":
        return np.maximum(values[:, 0] - days.stop + 1, 0)
    most = values[rows, count - 1]
    return np.maximum(most - days.stop + 1 if fact.measure == "at most" else days.start - most, 0)


class Mending:
    """The search: the cohorts, what each lacks, and the changes tried. In each step all try one kind of change."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems, self.problem = problems, problems[0]
        self.rosters = [problem.persons for problem in problems]
        self.places = {origin: place for place, origin in enumerate(sorted(self.problem.gaps))}
        bounds = [self.problem.gaps[origin] for origin in self.places]
        self.low, self.high = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
        spreads = [fact for fact in self.problem.facts if isinstance(fact, Spread)]
        self.marks = {
            quantity: np.array(
                [
                    (self.places.get(f.origin, -1), day)
                    for f in spreads
                    if f.quantity == quantity
                    for day in _ends(f)
                ]
            ).reshape(-1, 2)
            for quantity in ("follow-up", "gap")
        }
        self.limits = [
            f for f in spreads if f.quantity == "follow-up" and f.measure in ("at least", "at most")
        ]
        self.rows = np.arange(CHAINS)
        self.source = np.random.PCG64(len(self.rosters[0]))  # its raw stream is the same in every version
        self.chances = np.array([round(-1024 * math.log((k + 0.5) / CHANCES)) for k in range(CHANCES)])
        self.lack = Lack(self.problem, self.places)
        self.kinds = self._kinds()
        self.done = 0
        self.cases, self.roster, self.lacking = self._begin()

    def run(self, changes: int) -> tuple[Course, ...]:
        for cooling in range(changes // COOLING):
            if cooling and cooling % CYCLE == 0:
                self.cases, self.roster, self.lacking = self._begin()
            elif cooling:
                best = np.argsort(self.lacking, kind="stable")[self.rows % BEST]
                self.cases, self.roster = self.cases.cohorts(best), self.roster[best]
                self.lacking = self.lacking[best]
            warm = WARM if cooling % CYCLE else HOT
            for step in range(COOLING):
                self.done += 1
                self._change(round(warm * (COLD / warm) ** (step / (COOLING - 1))))
                for row in np.flatnonzero(self.lacking == 0)[:2]:
                    courses = self._courses(int(row))
                    if self.problems[self.roster[row]].admits(courses):
                        return courses
        return ()

    def _draw(self, below: int, *shape: int) -> Whole:
        raw = self.source.random_raw(math.prod(shape or (CHAINS,))) >> np.uint64(11)
        return (raw % np.uint64(below)).astype(np.int64).reshape(shape or (CHAINS,))

    def _begin(self) -> tuple[Cases, Whole, Whole]:
        """Cohorts at random, the rosters taking turns."""
        roster = self.rows % len(self.rosters)
        people = [self.rosters[place] for place in roster]
        size = len(people[0])

        def told(of: Callable[[Person], int]) -> Whole:
            return np.array([[of(person) for person in persons] for persons in people], dtype=np.int64)

        relapse_printed = told(lambda p: -1 if p.relapse_day is None else p.relapse_day)
        death_printed = told(lambda p: -1 if p.death_day is None else p.death_day)
        spans = (self.high - self.low + 1)[:, None, None]
        cases = Cases(
            relapses=told(lambda p: p.relapse).astype(bool),
            relapse_printed=relapse_printed,
            death_printed=death_printed,
            open=told(lambda p: p.dead is None).astype(bool),
            relapse=self._draw(self.problem.last_day + 1, CHAINS, size),
            end=self._draw(self.problem.last_day + 1, CHAINS, size),
            dead=np.array([_fates(persons, self.problem.deaths) for persons in people]),
            gaps=self.low[:, None, None] + self._draw(1 << 30, len(self.low), CHAINS, size) % spans,
        )
        self._set_end(cases, cases.end)
        return cases, roster, self.lack(cases)

    def _change(self, warmth: int) -> None:
        """Every cohort tries a change, and keeps it or not."""
        i, j = self._draw(self.cases.end.shape[1]), self._draw(self.cases.end.shape[1])
        before, other = self.cases.one_of_each(self.rows, i), self.cases.one_of_each(self.rows, j)
        after, beside = replace(before), replace(other)
        self.kinds[int(self._draw(len(self.kinds), 1)[0])](after, beside)
        every = np.ones(CHAINS, dtype=bool)
        self.cases.put(self.rows, j, beside, every)
        self.cases.put(self.rows, i, after, every)
        lacking = self.lack(self.cases)
        worse = lacking > self.lacking + (warmth * self.chances[self._draw(CHANCES)] >> 10)
        self.cases.put(self.rows, j, other, worse)
        self.cases.put(self.rows, i, before, worse)
        self.lacking = np.where(worse, self.lacking, lacking)

    def _kinds(self) -> list[Callable[[Cases, Cases], None]]:
        kinds: list[Callable[[Cases, Cases], None]] = [
            self._end_anywhere,
            self._end_sooner_or_later,
            self._end_beside_other,
            self._leave_anywhere,
            self._leave_sooner_or_later,
            self._leave_beside_other,
            self._all_sooner_or_later,
        ]
        if any(person.dead is None for persons in self.rosters for person in persons):
            kinds.append(self._exchange_fates)
        if len(self.marks["follow-up"]):
            kinds.append(self._end_on_mark)
        if self.places:
            kinds += [self._gap_anywhere, self._gap_longer_or_shorter, self._exchange_gaps]
        if len(self.marks["gap"]):
            kinds.append(self._gap_on_mark)
        return kinds

    def _end_anywhere(self, case: Cases, _: Cases) -> None:
        self._set_end(case, self._draw(self.problem.last_day + 1))

    def _end_sooner_or_later(self, case: Cases, _: Cases) -> None:
        self._set_end(case, case.end + self._shift())

    def _end_beside_other(self, case: Cases, other: Cases) -> None:
        self._set_end(case, self._beside(case, other))

    def _end_on_mark(self, case: Cases, _: Cases) -> None:
        place, day = self._mark("follow-up")
        self._set_end(case, day - self._gap_at(case, place))

    def _leave_anywhere(self, case: Cases, _: Cases) -> None:
        self._set_first(case, self._draw(1 << 30) % (case.end + 1))

    def _leave_sooner_or_later(self, case: Cases, _: Cases) -> None:
        self._set_first(case, case.first + self._shift())

    def _leave_beside_other(self, case: Cases, other: Cases) -> None:
        self._set_first(case, self._beside(case, other))

    def _all_sooner_or_later(self, case: Cases, _: Cases) -> None:
        shift = self._shift()
        case.relapse = _within(case.relapse + shift, 0, self.problem.last_day)
        self._set_end(case, case.end + shift)

    def _exchange_fates(self, case: Cases, other: Cases) -> None:
        """Where the number of deaths is not told, one fate changes by itself."""
        if self.problem.deaths is None:
            case.dead = case.dead ^ case.open
        else:
            both = case.open & other.open
            case.dead, other.dead = (
                np.where(both, other.dead, case.dead),
                np.where(both, case.dead, other.dead),
            )

    def _gap_anywhere(self, case: Cases, _: Cases) -> None:
        place = self._draw(len(self.low))
        self._set_gap(case, place, self.low[place] + self._draw(1 << 30) % (self.high - self.low + 1)[place])

    def _gap_longer_or_shorter(self, case: Cases, _: Cases) -> None:
        place = self._draw(len(self.low))
        self._set_gap(case, place, case.gaps[place, self.rows] + self._shift())

    def _gap_on_mark(self, case: Cases, _: Cases) -> None:
        self._set_gap(case, *self._mark("gap"))

    def _exchange_gaps(self, case: Cases, other: Cases) -> None:
        case.gaps, other.gaps = other.gaps, case.gaps

    def _shift(self) -> Whole:
        return SHIFTS[self._draw(len(SHIFTS))]

    def _mark(self, quantity: Quantity) -> tuple[Whole, Whole]:
        place, day = self.marks[quantity][self._draw(len(self.marks[quantity]))].T
        return place, day

    def _beside(self, case: Cases, other: Cases) -> Whole:
        """On the day the other leaves, as seen from some origin, or the day before or after."""
        place = self._draw(len(self.low) + 1) - 1
        day = np.where(self._draw(2) == 0, other.first, other.end)
        return day + self._gap_at(other, place) - self._gap_at(case, place) + self._draw(3) - 1

    def _gap_at(self, case: Cases, place: Whole) -> Whole:
        if not self.places:
            return np.zeros(CHAINS, dtype=np.int64)
        return np.where(place < 0, 0, case.gaps[place, self.rows])

    def _set_gap(self, case: Cases, place: Whole, gap: Whole) -> None:
        case.gaps = case.gaps.copy()
        case.gaps[place, self.rows] = _within(gap, self.low[place], self.high[place])

    def _set_end(self, case: Cases, end: Whole) -> None:
        """The end goes there, as far as a printed range of follow-up lets it; a relapse after it is taken along."""
        end = _within(end, 0, self.problem.last_day)
        for fact in self.limits:
            days, gap = fact.band.whole(), case.gap(self.places.get(fact.origin, -1))
            limit = (
                np.maximum(end, days.start - gap)
                if fact.measure == "at least"
                else np.minimum(end, days.stop - 1 - gap)
            )
            end = np.where(case.dead & (fact.among == "survivors"), end, limit)
        self._set(case, case.relapse, end)

    def _set_first(self, case: Cases, day: Whole) -> None:
        """The first event, or the end, goes there; a relapse takes an end before it along."""
        day = _within(day, 0, self.problem.last_day)
        self._set(case, day, np.where(case.relapses, np.maximum(case.end, day), day))

    def _set(self, case: Cases, relapse: Whole, end: Whole) -> None:
        """As far as printed days and the order of relapse and end allow."""
        end = np.where(
            case.relapses & (case.relapse_printed >= 0), np.maximum(end, case.relapse_printed), end
        )
        case.end = np.where(
            case.death_printed >= 0, case.death_printed, _within(end, 0, self.problem.last_day)
        )
        case.relapse = np.where(
            case.relapse_printed >= 0, case.relapse_printed, np.minimum(relapse, case.end)
        )

    def _courses(self, row: int) -> tuple[Course, ...]:
        cases = self.cases
        return tuple(
            Course(
                int(cases.end[row, i]),
                bool(cases.dead[row, i]),
                int(cases.relapse[row, i]) if cases.relapses[row, i] else None,
                {origin: int(cases.gaps[place, row, i]) for origin, place in self.places.items()},
            )
            for i in range(cases.end.shape[1])
        )


def _within(values: Whole, low: Whole | int, high: Whole | int) -> Whole:
    return np.minimum(np.maximum(values, low), high)


def _ends(fact: Spread) -> tuple[int, int]:
    days = fact.band.whole()
    return days.start, days.stop - 1


def _fates(persons: Sequence[Person], deaths: int | None) -> list[bool]:
    """Who dies; of those whose fate is not told the first, as many as are left."""
    left = (deaths or 0) - sum(person.dead is True for person in persons)
    untold = [place for place, person in enumerate(persons) if person.dead is None][: max(left, 0)]
    return [person.dead is True or place in untold for place, person in enumerate(persons)]
