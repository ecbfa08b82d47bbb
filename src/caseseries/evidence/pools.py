"""People described alike are counted, not named; and time is cut where a fact looks at it.

Whether a fact counted from one origin holds depends only on the order in which cases leave, and on how many
have left by the few days the facts speak of. So a cohort is a way through *layers* of time, each with unit
moves: a case that stays is censored, one relapses, a relapsed case ends alive or dies, one dies without
relapse. A state is how many have moved so far, kind by kind.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from caseseries.evidence.cohort import Fact, Falls, Person, Problem, Remains, Spread, Survives

Event = Literal["relapse", "death after relapse", "death without relapse"]
EVENTS: Mapping[Event, int] = {"relapse": 0, "death after relapse": 1, "death without relapse": 2}  # axes
What = Literal[
    "at risk",
    "alive at risk",
    "events",
    "deaths",
    "survivors gone",
    "all gone",
    "relapses",
    "deaths after relapse",
    "deaths without relapse",
]


@dataclass(frozen=True)
class Told:
    """What printed days say has happened: events by kind, and the relapsed cases whose end is not printed.

    Of those (`open`) so many may die (`mortal`) and so many may live.
    """

    relapsed: int = 0
    died: int = 0
    plain: int = 0
    open: int = 0
    mortal: int = 0
    living: int = 0


@dataclass(frozen=True)
class Pools:
    """How many cases there are of each kind whose day is not printed, and the events whose day is."""

    n: int
    staying: int
    relapsing: int
    ending: int  # relapsed, alive at the end
    dying: int  # after a relapse
    plain: int  # die without relapse
    mortal: int  # of the relapsing, may die
    living: int
    told: tuple[tuple[int, Event, Told], ...]  # by day: the event, and what is told from then on
    start: Told
    untold_ends: bool  # no fact looks at the ends of relapsed cases: they end on the last day

    @property
    def survivors(self) -> int:
        return self.staying + self.ending

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """States: relapses, deaths after relapse, deaths without, censorings without and after relapse."""
        ends = (0, 0) if self.untold_ends else (self.dying, self.ending)
        return (self.relapsing + 1, ends[0] + 1, self.plain + 1, self.staying + 1, ends[1] + 1)


@dataclass(frozen=True)
class Gate:
    """What must hold of a count at the end of a layer."""

    what: What
    low: int
    high: int


@dataclass(frozen=True)
class Layer:
    """A stretch of days with the moves it allows, in order of time.

    A printed day is three layers: its printed events, the others, and then its censorings, because a tied
    event precedes a censoring. `told` is what holds before a printed event and after everything else.
    """

    first: int
    width: int
    moves: Literal["any", "events", "censorings", "printed event", "start"]
    told: Told
    gates: tuple[Gate, ...] = ()
    event: Event | None = None


def pool_people(problem: Problem) -> Pools | Literal["none"] | None:
    """The pools of a problem; "none" where its counts contradict each other, None where it cannot be counted."""
    persons = problem.persons
    relapsed = [person for person in persons if person.relapse]
    pool = [person for person in relapsed if person.death_day is None]
    others = [person for person in persons if not person.relapse]
    if any(p.dead is None for p in others) or any(
        p.death_day is not None and (p.dead is not True or (p.relapse and p.relapse_day is None))
        for p in persons
    ):
        return None
    if any(
        day is not None and day > problem.last_day for p in persons for day in (p.relapse_day, p.death_day)
    ):
        return None
    certain = sum(person.dead is True for person in pool)
    possible = certain + sum(person.dead is None for person in pool)
    if problem.deaths is None and certain < possible:
        return None
    elsewhere = sum(person.dead is True for person in persons) - certain
    dying = certain if problem.deaths is None else problem.deaths - elsewhere
    if not certain <= dying <= possible or any(_dies_before_relapse(person) for person in persons):
        return "none"
    first_events = any(
        isinstance(f, Survives | Falls | Remains) and f.ends == "first event" for f in problem.facts
    )
    early = [] if first_events else [person for person in pool if person.relapse_day is None]
    free = [person for person in pool if person.relapse_day is None] if first_events else []
    start = _told(Told(), early)
    return Pools(
        n=len(persons),
        staying=sum(not person.dead for person in others),
        relapsing=len(free),
        ending=len(pool) - dying,
        dying=dying,
        plain=sum(person.dead is True and person.death_day is None for person in others),
        mortal=sum(person.dead is not False for person in free),
        living=sum(person.dead is not True for person in free),
        told=tuple(_printed_events(persons, start)),
        start=start,
        untold_ends=not any(_sees_ends(fact) for fact in problem.facts),
    )


def _dies_before_relapse(person: Person) -> bool:
    known = person.relapse_day is not None and person.death_day is not None
    return known and (person.death_day or 0) < (person.relapse_day or 0)


def _sees_ends(fact: Fact) -> bool:
    return fact.quantity == "follow-up" if isinstance(fact, Spread) else fact.ends == "death"


def _told(before: Told, pool: Iterable[Person]) -> Told:
    """What holds when these cases, whose end is not printed, have relapsed too."""
    fates = [person.dead for person in pool]
    return replace(
        before,
        relapsed=before.relapsed + len(fates),
        open=before.open + len(fates),
        mortal=before.mortal + sum(fate is not False for fate in fates),
        living=before.living + sum(fate is not True for fate in fates),
    )


def _printed_events(persons: Sequence[Person], start: Told) -> Iterator[tuple[int, Event, Told]]:
    days: list[tuple[int, int, Person]] = []
    for person in persons:
        days += [(person.relapse_day, 0, person)] if person.relapse and person.relapse_day is not None else []
        days += [(person.death_day, 1, person)] if person.death_day is not None else []
    told = start
    for day, death, person in sorted(days, key=lambda found: found[:2]):
        if not death:
            told = (
                _told(told, [person])
                if person.death_day is None
                else replace(told, relapsed=told.relapsed + 1)
            )
            yield day, "relapse", told
        elif person.relapse:
            told = replace(told, died=told.died + 1)
            yield day, "death after relapse", told
        else:
            told = replace(told, plain=told.plain + 1)
            yield day, "death without relapse", told


def lay_out(problem: Problem, pools: Pools, gates: Iterable[tuple[int, Gate]]) -> tuple[Layer, ...]:
    """The layers from day 0 to the last day; each gate stands at the start of its day."""
    end = problem.last_day + 1
    at: dict[int, list[Gate]] = {}
    for day, gate in gates:
        at.setdefault(min(max(day, 0), end), []).append(gate)
    horizons = {min(max(f.day + 1, 0), end) for f in problem.facts if isinstance(f, Survives | Falls)}
    printed = {day for day, _, _ in pools.told}
    cuts = sorted({0, end, *at, *horizons, *printed, *(day + 1 for day in printed)})
    told = pools.start
    layers = [Layer(0, 0, "start", told, tuple(at.get(0, ())))]
    for first, after in pairwise(cuts):
        for _, event, later in (here for here in pools.told if here[0] == first):
            layers.append(Layer(first, 1, "printed event", told, (), event))
            told = later
        shut = tuple(at.get(after, ()))
        if after - first > 1:
            layers.append(Layer(first, after - first, "any", told, shut))
        else:
            layers += [Layer(first, 1, "events", told), Layer(first, 1, "censorings", told, shut)]
    return tuple(layers)


Gates = tuple[tuple[int, Gate], ...]  # each at the start of its day


def gates_of(fact: Fact, pools: Pools) -> Gates:
    """What a fact asks of the counts: all it says but for a median, and for an estimate whose sequences are not listed.

    Of an estimate it is how many events there are in its sequences; which, the way through them decides.
    """
    if isinstance(fact, Remains):
        what: What = "at risk" if fact.ends == "first event" else "alive at risk"
        return ((fact.day, Gate(what, fact.least, fact.most)),)
    if not isinstance(fact, Spread):
        listed = (fact.at_risk,) if isinstance(fact, Falls) else fact.sequences
        if listed is None:
            return ()
        sizes = {len(sequence) for sequence in listed}
        events: What = "events" if fact.ends == "first event" else "deaths"
        return ((fact.day + 1, Gate(events, min(sizes, default=1), max(sizes, default=0))),)
    return _spread_gates(fact, pools)


def _spread_gates(fact: Spread, pools: Pools) -> Gates:
    gone, size = _members(fact, pools)
    if size == 0:
        return ((0, Gate(gone, 1, 0)),)  # nobody to have a median: a gate that nothing passes
    days = fact.band.whole()
    if fact.measure == "at least":
        return ((days.start, Gate(gone, 0, 0)),)
    if fact.measure == "at most":
        return ((days.stop, Gate(gone, size, size)),)
    if fact.measure == "reaches low":
        return ((days.stop, Gate(gone, 1, size)),)
    if fact.measure == "reaches high":
        return ((days.start, Gate(gone, 0, size - 1)),)
    return ()


def _members(fact: Spread, pools: Pools) -> tuple[What, int]:
    return ("all gone", pools.n) if fact.among == "all" else ("survivors gone", pools.survivors)


@dataclass(frozen=True)
class Middle:
    """A median as two middle days, the same of an odd number: the lower from `low` to `high`.

    Of an even number only their sum is known, from `least` to `most`. So the gates follow from the median, but
    imply it only where the lower is one day: a range of days is halved until it is ruled out or decided.
    """

    gone: What
    size: int
    least: int
    most: int
    low: int
    high: int

    @property
    def gates(self) -> Gates:
        lower, upper = (self.size + 1) // 2, self.size // 2 + 1
        first, last = self.low, self.high
        if self.size % 2 == 0:
            first, last = max(self.low, self.least - self.high), self.most - self.low
        return (
            (self.low, Gate(self.gone, 0, lower - 1)),
            (self.high + 1, Gate(self.gone, lower, self.size)),
            (first, Gate(self.gone, 0, upper - 1)),
            (last + 1, Gate(self.gone, upper, self.size)),
        )

    @property
    def exact(self) -> bool:
        return self.size % 2 == 1 or self.low == self.high

    @property
    def near(self) -> "Middle":
        """The two days near to each other, which is enough, though not needed: both in the band, or around it."""
        low, high = -(-self.least // 2), self.most // 2
        if low > high:
            return replace(self, low=high, high=high)
        return replace(self, least=2 * low, most=2 * high, low=low, high=high)

    def halves(self) -> tuple["Middle", "Middle"]:
        """The later days first: there the two are near to each other."""
        middle = (self.low + self.high) // 2
        return replace(self, low=middle + 1), replace(self, high=middle)


def middle_of(fact: Spread, pools: Pools) -> Middle:
    gone, size = _members(fact, pools)
    days, twice = fact.band.whole(), fact.band.scaled(Fraction(2)).whole()
    if size % 2:
        return Middle(gone, size, 0, 0, days.start, days.stop - 1)
    return Middle(gone, size, twice.start, twice.stop - 1, 0, (twice.stop - 1) // 2)
