"""What holds of any cohort, whoever is who: in which order cases leave, and how many have left by which day.

From each origin, so many of each kind have left by each day that a fact looks at. A curve is the order in which its
cases leave, each by an event or censored: the p-th to leave is one of n - p + 1 at risk. So an estimate is a
sum over the places in that order, up to the number that have left by its horizon. Between two origins lie so many
days for everyone, from least to most: who has left by a day of one has left `most` days later by the other, and
nobody sooner than `least` days later.

All ways to deal out the deaths are searched at once. Logarithms are rounded to whole numbers, and their sums get
more room than the rounding can take; so what is ruled out is impossible.

What is not may have an outline, for which more is asked: of either curve of an origin, which kind leaves at which
place; whoever leaves both curves at once does so in the same order; on a single day events come first; and
each estimate is right in exact arithmetic. That is nearly always the outline of a cohort.
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
    Answer,
    Ends,
    Fact,
    Falls,
    Person,
    Problem,
    Remains,
    Spread,
    State,
    Survives,
    agrees,
    is_gap,
)
from caseseries.evidence.solver import WORK, Model

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

UNIT = 100_000_000  # of a logarithm
NOBODY = -20 * UNIT  # for the logarithm of 0; without it the logarithms of a curve add up to -5 at most

BOTH: tuple[Kind, Kind] = ("death without relapse", "censored")  # of those who leave both curves at once
AFTER: tuple[Kind, Kind] = ("death after relapse", "censored after relapse")
CUTS = 50  # outlines forbidden, for an estimate that only the rounding admits, before the search is given up

Totals = tuple[int, ...]  # how many there are of each kind
Gone = Mapping[tuple[str, int, Kind], int]


@dataclass(frozen=True)
class Outline:
    """The problem whose persons it is about; how many have left before a day of an origin, by kind; and the numbers
    at risk at the events behind each estimate.
    """

    problem: Problem
    gone: Gone
    at_risk: Mapping[Survives | Falls, tuple[int, ...]]


def rule_out(problems: Sequence[Problem], effort: float) -> tuple[State, int]:
    """`none` where it is proved that none of the problems, which differ in their persons alone, has a cohort; `found`
    where this is no way to prove it. And the work it took.
    """
    by_totals = _by_totals(problems)
    if not by_totals:
        return "none", 0
    orders = Orders(problems, tuple(by_totals), woven=False)
    return orders.model.solve(effort), orders.model.work


def outline_cohort(problems: Sequence[Problem], effort: float) -> tuple[Outline | None, Answer]:
    """An outline for one of the problems, which differ in their persons alone; or a proof that none has a cohort."""
    by_totals = _by_totals(problems)
    if not by_totals:
        return None, Answer("none")
    orders = Orders(problems, tuple(by_totals), woven=True)
    state, outline = _solve(orders, by_totals, effort)
    return outline, Answer("none" if state == "none" else "undecided", work=orders.model.work)


def _solve(
    orders: "Orders", by_totals: Mapping[Totals, Problem], effort: float
) -> tuple[State, Outline | None]:
    """Outlines that only the rounding of logarithms admits are forbidden one by one."""
    model = orders.model
    for _ in range(CUTS):
        state = model.solve(effort - model.work / WORK)
        if state != "found":
            return state, None
        at_risk = orders.at_risk()
        wrong = [fact for fact, sequence in at_risk.items() if not agrees(sequence, fact)]
        if not wrong:
            totals = tuple(model.value(orders.totals[kind]) for kind in KINDS)
            return state, Outline(by_totals[totals], orders.counts(), at_risk)
        for fact in wrong:
            model.forbid(orders.happened[fact].values())
    return "undecided", None


def _by_totals(problems: Sequence[Problem]) -> dict[Totals, Problem]:
    return {totals: problem for problem in reversed(problems) for totals in list_totals(problem)}


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

    def __init__(self, problems: Sequence[Problem], totals: Sequence[Totals], woven: bool) -> None:
        self.woven = woven
        self.problem, self.n = problems[0], len(problems[0].persons)
        self.most = max(each[0] for each in totals)  # relapses
        self.facts = [fact for fact in self.problem.facts if not is_gap(fact)]
        self.alive = {each[3] + each[4] for each in totals}  # how many survive
        self.model = Model(bounded=not woven)
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
        self.curves: dict[tuple[Ends, str], Curve] = {}
        self.happened: dict[Survives | Falls, dict[int, Any]] = {}
        for fact in self.facts:
            self._write(fact)
        for origin in self.gone if woven else ():
            if all((ends, origin) in self.curves for ends in LEAVING):
                self._weave(self.curves["first event", origin], self.curves["death", origin])

    def at_risk(self) -> dict[Survives | Falls, tuple[int, ...]]:
        """The numbers at risk in the solution found, at the events behind each estimate."""
        return {
            fact: tuple(count for count, event in happened.items() if self.model.value(event))
            for fact, happened in self.happened.items()
        }

    def counts(self) -> Gone:
        """How many have left in the solution found."""
        return {
            (origin, day, kind): self.model.value(count)
            for origin, days in self.gone.items()
            for day, counts in days.items()
            for kind, count in counts.items()
        }

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

    def _curve(self, ends: Ends, origin: str) -> "Curve":
        if (ends, origin) not in self.curves:
            kinds = [(kind,) for kind in LEAVING[ends]] if self.woven else [EVENTS[ends]]
            leaves = {each: [self.model.choice() for _ in range(self.n)] for each in kinds}
            for each, places in leaves.items():
                self.model.model.add(sum(places) == sum(self.totals[kind] for kind in each))
            for place in zip(*leaves.values(), strict=True) if self.woven else ():
                self.model.model.add_exactly_one(place)
            self.curves[ends, origin] = Curve(ends, leaves, {})
            self._place_by_days(self.curves[ends, origin], origin)
        return self.curves[ends, origin]

    def _place_by_days(self, curve: "Curve", origin: str) -> None:
        """By each day so many have left, and of each kind as many of them as the counts say."""
        before: list[Any] = [self.model.zero] * self.n
        for sooner, day in pairwise(self.gone[origin]):
            left = self.model.number(0, self.n)
            self.model.model.add(left == self._before(origin, day, LEAVING[curve.ends]))
            reached = [self.model.is_less(place, left) for place in range(self.n)]
            gone: dict[tuple[Kind, ...], list[Any]] = {}
            for kinds, places in list(curve.leaves.items())[: None if len(curve.leaves) == 1 else -1]:
                gone[kinds] = [self.model.all_of(both) for both in zip(places, reached, strict=True)]
                self.model.model.add(sum(gone[kinds]) == self._before(origin, day, kinds))
            events = [places for kinds, places in gone.items() if set(kinds) <= set(EVENTS[curve.ends])]
            curve.happened[day] = [sum(place) for place in zip(*events, strict=True)]
            if self.woven and day == sooner + 1:
                self._come_first(curve, before, reached)
            before = reached

    def _come_first(self, curve: "Curve", before: Sequence[Any], reached: Sequence[Any]) -> None:
        """Of those who leave on one day, no event follows a censoring."""
        events = [curve.leaves[kind,] for kind in EVENTS[curve.ends]]
        for place, after in pairwise(range(self.n)):
            for each in events:
                first = [kind[place] for kind in events]
                self.model.model.add_bool_or(before[place], ~reached[after], ~each[after], *first)

    def _weave(self, first: "Curve", death: "Curve") -> None:
        """Who leaves both curves at once is of the same kind in either, and as many such have left before.

        The places differ by as many as have had a relapse and not yet died or been lost, which is never less than none.
        """
        model, n = self.model, self.n
        dead, lost = (death.leaves[kind,] for kind in AFTER)
        relapsed = self._so_far(first.leaves["relapse",])
        ended = self._so_far([one + other for one, other in zip(dead, lost, strict=True)])
        same = {
            (place, lag): model.choice() for place in range(n) for lag in range(min(place, self.most) + 1)
        }
        for (place, lag), here in same.items():
            there = place - lag
            model.model.add(relapsed[place] - ended[there] == lag).only_enforce_if(here)
            one, other = (curve.leaves["death without relapse",] for curve in (first, death))
            model.model.add_bool_or(~here, ~one[place], other[there])
            model.model.add_bool_or(~here, one[place], ~other[there])
        for place in range(n):
            held = [each for (at, lag), each in same.items() if at - lag == place]
            model.model.add(sum(held) == sum(death.leaves[kind,][place] for kind in BOTH))
            held = [each for (at, _), each in same.items() if at == place]
            model.model.add(sum(held) == sum(first.leaves[kind,][place] for kind in BOTH))

    def _so_far(self, places: Sequence[Any]) -> list[Any]:
        """How many of these are in the places before."""
        counts: list[Any] = [self.model.zero]
        for place in places:
            counts.append(self.model.number(0, self.n))
            self.model.model.add(counts[-1] == counts[-2] + place)
        return counts

    def _write_estimate(self, fact: Survives | Falls) -> None:
        days = self.gone[fact.origin]
        day = min(fact.day + 1, max(days))
        events = self._curve(fact.ends, fact.origin).happened.get(day, [self.model.zero] * self.n)
        happened = {}
        for at_risk, event in zip(range(self.n, 0, -1), events, strict=True):
            happened[at_risk] = self.model.choice()
            self.model.model.add(happened[at_risk] == event)
        self.happened[fact] = happened
        write_estimate(self.model, fact, happened)


@dataclass(frozen=True)
class Curve:
    """The order in which cases leave: which places are of which kinds, and which of them are events before a day."""

    ends: Ends
    leaves: Mapping[tuple[Kind, ...], list[Any]]
    happened: dict[int, list[Any]]


def write_estimate(model: Model, fact: Survives | Falls, happened: Mapping[int, Any]) -> None:
    """The events up to its day, each 1 at its number at risk, give the estimate or one of the listed sequences."""
    add = model.between
    sequences = (fact.at_risk,) if isinstance(fact, Falls) else fact.sequences
    if sequences is not None:
        rows = [[int(count in sequence) for count in happened] for sequence in sequences]
        model.model.add_allowed_assignments(list(happened.values()), rows) if rows else model.refuse()
    if isinstance(fact, Falls):
        return
    room = len(happened) // 2 + 1  # each term is off by a half at most
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
