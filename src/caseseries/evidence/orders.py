"""What holds of any cohort, whoever is who: in which order cases leave, and how many have left by which day.

From each origin, so many of each kind have left by each day that a fact looks at. A curve is the order in which its
cases leave, each by an event or censored: the p-th to leave is one of n - p + 1 at risk. So an estimate is a
sum over the places in that order, up to the number that have left by its horizon. Between two origins lie so many
days for everyone, from least to most: who has left by a day of one has left `most` days later by the other, and
nobody sooner than `least` days later.

All ways to deal out the deaths are searched at once. Logarithms are rounded to whole numbers, and their sums get
more room than the rounding can take; so what is ruled out is impossible. What is not has an outline, which may or
may not be that of a cohort.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import pairwise, permutations
from operator import and_
from typing import Any, Literal, get_args

from caseseries.evidence.cohort import (
    Ends,
    Fact,
    Falls,
    Person,
    Problem,
    Remains,
    Spread,
    State,
    Survives,
    is_gap,
)
from caseseries.evidence.solver import Model

Kind = Literal[
    "relapse", "death after relapse", "death without relapse", "censored", "censored after relapse"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
LEAVING: Mapping[Ends, tuple[Kind, ...]] = {
    "first event": ("relapse", "death without relapse", "censored"),
    "death": ("death after relapse", "death without relapse", "censored", "censored after relapse"),
}
EVENTS: Mapping[Ends, tuple[Kind, ...]] = {
    "first event": ("relapse", "death without relapse"),
    "death": ("death after relapse", "death without relapse"),
}
ALIVE: tuple[Kind, ...] = ("censored", "censored after relapse")

UNIT = 1_000_000  # of a logarithm
NOBODY = -20 * UNIT  # for the logarithm of 0; without it the logarithms of a curve add up to -5 at most

Totals = tuple[int, ...]  # how many there are of each kind
Gone = Mapping[tuple[str, int, Kind], int]


@dataclass(frozen=True)
class Outline:
    """The problem whose persons it is about; and how many have left before a day of an origin, by kind."""

    problem: Problem
    gone: Gone


def outline_cohort(problems: Sequence[Problem], effort: float) -> tuple[State, Outline | None, int]:
    """An outline for one of the problems, which differ in their persons alone; and the work it took.

    `none` is a proof that none of them has a cohort.
    """
    by_totals = {totals: problem for problem in reversed(problems) for totals in list_totals(problem)}
    if not by_totals:
        return "none", None, 0
    orders = Orders(problems, tuple(by_totals))
    state = orders.model.solve(effort)
    if state != "found":
        return state, None, orders.model.work
    value = orders.model.value
    totals = tuple(value(orders.totals[kind]) for kind in KINDS)
    gone = {
        (origin, day, kind): value(count)
        for origin, days in orders.gone.items()
        for day, counts in days.items()
        for kind, count in counts.items()
    }
    return "found", Outline(by_totals[totals], gone), orders.model.work


def list_totals(problem: Problem) -> Iterator[Totals]:
    """How many there can be of each kind, as the fates that are not told may be."""
    relapsed = [person for person in problem.persons if person.relapse]
    others = [person for person in problem.persons if not person.relapse]
    asked = any(isinstance(fact, Spread) and fact.among == "survivors" for fact in problem.facts)
    for died in _deaths(relapsed):
        for plain in _deaths(others):
            alive = len(problem.persons) - died - plain
            if problem.deaths in (None, died + plain) and (alive or not asked):
                yield len(relapsed), died, plain, len(others) - plain, len(relapsed) - died


def _deaths(persons: Sequence[Person]) -> range:
    certain = sum(person.dead is True for person in persons)
    return range(certain, certain + sum(person.dead is None for person in persons) + 1)


class Orders:
    """The model. `gone` holds, by origin and day, how many have left before that day, by kind."""

    def __init__(self, problems: Sequence[Problem], totals: Sequence[Totals]) -> None:
        self.problem, self.n = problems[0], len(problems[0].persons)
        self.facts = [fact for fact in self.problem.facts if not is_gap(fact)]
        self.alive = {each[3] + each[4] for each in totals}  # how many survive
        self.model = Model()
        self.near = (
            self.model.choice()
        )  # the two middle values of a median lie close together: easier to place
        self.model.model.add_hint(self.near, 1)
        self.totals: dict[Kind, Any] = {}
        for place, kind in enumerate(KINDS):
            counts = [each[place] for each in totals]
            self.totals[kind] = self.model.number(min(counts), max(counts))
        self.model.model.add_allowed_assignments(list(self.totals.values()), list(totals))
        self.apart = {self.problem.base: (0, 0), **self.problem.gaps}  # days before the base origin
        printed = _printed_days(problems)
        self.gone = {origin: self._count(origin, days) for origin, days in self._days(printed).items()}
        self._compare_origins()
        self._write_printed(printed)
        self.curves: dict[tuple[Ends, str], dict[int, list[Any]]] = {}
        for fact in self.facts:
            self._write(fact)

    def _days(self, printed: Mapping[Kind, Sequence[int]]) -> dict[str, set[int]]:
        """The days of each origin that facts look at, from wherever they look."""
        own: dict[str, set[int]] = {origin: set() for origin in self.apart}
        for fact in self.facts:
            own[fact.origin] |= _looked_at(fact)
        for days in printed.values():
            own[self.problem.base] |= {day + after for day in days for after in (0, 1)}
        seen = {origin: set(days) for origin, days in own.items()}
        for one, other in permutations(own, 2):
            seen[other] |= {day + shift for day in own[one] for shift in self._shift(one, other)}
        return seen

    def _shift(self, one: str, other: str) -> tuple[int, int]:
        """How many days later everyone leaves by the other origin, at least and at most."""
        (low, high), (least, most) = self.apart[one], self.apart[other]
        return least - high, most - low

    def _count(self, origin: str, days: Iterable[int]) -> dict[int, dict[Kind, Any]]:
        """Nobody has left before the first day, everybody before the last, and nobody comes back."""
        low, high = self.apart[origin]
        end = self.problem.last_day + high + 1
        counts: dict[int, dict[Kind, Any]] = {low: dict.fromkeys(KINDS, self.model.zero)}
        for day in sorted({day for day in days if low < day < end}):
            counts[day] = {kind: self.model.number(0, self.n) for kind in KINDS}
        counts[end] = self.totals
        for before, after in pairwise(counts.values()):
            for kind in KINDS:
                self.model.model.add(before[kind] <= after[kind])
        for here in list(counts.values())[1:]:
            ended = here["death after relapse"] + here["censored after relapse"]
            self.model.model.add(ended <= here["relapse"])
        return counts

    def _compare_origins(self) -> None:
        for one, other in permutations(self.gone, 2):
            least, most = self._shift(one, other)
            for day, counts in self.gone[one].items():
                later = next((there for there in self.gone[other] if there >= day + most), None)
                sooner = next((there for there in reversed(self.gone[other]) if there <= day + least), None)
                for kind in KINDS:
                    if later is not None:
                        self.model.model.add(counts[kind] <= self.gone[other][later][kind])
                    if sooner is not None:
                        self.model.model.add(self.gone[other][sooner][kind] <= counts[kind])

    def _write_printed(self, printed: Mapping[Kind, Sequence[int]]) -> None:
        """By any day, those whose day is printed have left, or not."""
        for kind, known in printed.items():
            for day, counts in list(self.gone[self.problem.base].items())[1:]:
                gone = sum(each < day for each in known)
                self.model.model.add(counts[kind] >= gone)
                self.model.model.add(counts[kind] <= self.totals[kind] - (len(known) - gone))

    def _before(self, origin: str, day: int, kinds: Iterable[Kind]) -> Any:
        """How many of these kinds have left before the day."""
        days = self.gone[origin]
        here = days[min(max(day, min(days)), max(days))]
        return sum(here[kind] for kind in kinds)

    def _write(self, fact: Fact) -> None:
        if isinstance(fact, Spread):
            self._write_spread(fact)
        elif isinstance(fact, Remains):
            gone = self._before(fact.origin, fact.day, LEAVING[fact.ends])
            self.model.between(gone, self.n - fact.most, self.n - fact.least)
        else:
            self._write_estimate(fact)

    def _write_spread(self, fact: Spread) -> None:
        kinds = ALIVE if fact.among == "survivors" else LEAVING["death"]
        size = sum(self.totals[kind] for kind in kinds)
        days, add = fact.band.whole(), self.model.model.add

        def before(day: int) -> Any:
            return self._before(fact.origin, day, kinds)

        if fact.measure == "at least":
            add(before(days.start) == 0)
        elif fact.measure == "at most":
            add(before(days.stop) == size)
        elif fact.measure == "reaches low":
            add(before(days.stop) >= 1)
        elif fact.measure == "reaches high":
            add(before(days.start) <= size - 1)
        elif fact.among == "all" or len(self.alive) == 1:
            count = self.n if fact.among == "all" else next(iter(self.alive))
            for day, fewest, most, near in _middle(fact, count):
                held = self.model.between(before(day), fewest, most)
                if near:
                    held.only_enforce_if(self.near)

    def _curve(self, ends: Ends, origin: str) -> dict[int, list[Any]]:
        """By day, which places in the order of leaving are events before that day."""
        if (ends, origin) not in self.curves:
            model = self.model.model
            event = [self.model.choice() for _ in range(self.n)]
            model.add(sum(event) == sum(self.totals[kind] for kind in EVENTS[ends]))
            self.curves[ends, origin] = {}
            for day in list(self.gone[origin])[1:]:
                left = self.model.number(0, self.n)
                model.add(left == self._before(origin, day, LEAVING[ends]))
                reached = [self.model.is_less(place, left) for place in range(self.n)]
                happened = [self.model.all_of(both) for both in zip(event, reached, strict=True)]
                model.add(sum(happened) == self._before(origin, day, EVENTS[ends]))
                self.curves[ends, origin][day] = happened
        return self.curves[ends, origin]

    def _write_estimate(self, fact: Survives | Falls) -> None:
        days = self.gone[fact.origin]
        day = min(fact.day + 1, max(days))
        places = self._curve(fact.ends, fact.origin).get(day)
        happened = dict(zip(range(self.n, 0, -1), places or [self.model.zero] * self.n, strict=True))
        write_estimate(self.model, fact, happened)


def write_estimate(model: Model, fact: Survives | Falls, happened: Mapping[int, Any]) -> None:
    """The events up to its day, each 1 at its number at risk, give the estimate or one of the listed sequences."""
    add = model.between
    sequences = (fact.at_risk,) if isinstance(fact, Falls) else fact.sequences
    if sequences is not None:
        rows = [[int(count in sequence) for count in happened] for sequence in sequences]
        model.model.add_allowed_assignments(list(happened.values()), rows) if rows else model.refuse()
    if isinstance(fact, Falls):
        return
    room = len(happened)
    logs = {r: round(UNIT * math.log1p(-1 / r)) if r > 1 else NOBODY for r in happened}
    total = sum(logs[r] * event for r, event in happened.items())
    low = math.floor(UNIT * math.log(fact.band.low)) - room if fact.band.low > 0 else 2 * NOBODY
    high = math.ceil(UNIT * math.log(fact.band.high)) + room if fact.band.high > 0 else NOBODY // 2
    add(total, low, high)
    if fact.limits is None or not fact.limits.adds_up:
        return
    greenwood = sum(round(UNIT / (r * (r - 1))) * event for r, event in happened.items() if r > 1)
    chosen = []
    for (least, most), (fewest, largest) in fact.limits.boxes(fact.band).tolist():
        box = model.choice()
        chosen.append(box)
        add(total, math.floor(UNIT * least) - room, math.ceil(UNIT * most) + room).only_enforce_if(box)
        add(greenwood, math.floor(UNIT * fewest) - room, math.ceil(UNIT * largest) + room).only_enforce_if(
            box
        )
    model.model.add_bool_or(chosen)


def _looked_at(fact: Fact) -> set[int]:
    if isinstance(fact, Remains):
        return {fact.day}
    if not isinstance(fact, Spread):
        return {fact.day + 1}
    days, twice = fact.band.whole(), fact.band.scaled(Fraction(2)).whole()
    if fact.measure != "median":
        return {days.start, days.stop}
    low, high = -(-twice.start // 2), (twice.stop - 1) // 2
    return {days.start, days.stop, low, high, low + 1, high + 1}


def _middle(fact: Spread, count: int) -> Iterator[tuple[int, int, int, bool]]:
    """How many of `count` values may lie before a day, if their median is the printed one: (day, fewest, most, near).

    Of an even number two values are in the middle, and only their sum is known. That they are `near` to each other
    is enough, though not needed: both in the band, or on the two days around it.
    """
    half = (count + 1) // 2
    if count % 2:
        days = fact.band.whole()
        yield days.start, 0, half - 1, False
        yield days.stop, half, count, False
        return
    twice = fact.band.scaled(Fraction(2)).whole()
    low, high = -(-twice.start // 2), (twice.stop - 1) // 2
    yield high + 1, half, count, False
    yield low, 0, half, False
    if low > high:
        yield low, half, half, True
    low, high = min(low, high), max(low, high)
    yield low, 0, half - 1, True
    yield high + 1, half + 1, count, True


def _printed_days(problems: Sequence[Problem]) -> dict[Kind, list[int]]:
    """The days that are printed whatever the problem, by kind of event."""
    common: dict[Kind, list[int]] = {}
    for kind, day in reduce(and_, (Counter(_printed(problem)) for problem in problems)).elements():
        common.setdefault(kind, []).append(day)
    return common


def _printed(problem: Problem) -> Iterator[tuple[Kind, int]]:
    for person in problem.persons:
        if person.relapse_day is not None and person.relapse:
            yield "relapse", person.relapse_day
        if person.death_day is not None and person.dead:
            yield ("death after relapse" if person.relapse else "death without relapse"), person.death_day
