"""One reading of a paper: its claims, with a choice made wherever it leaves something open, as a problem.

Sizes and counts are taken as given. What a paper leaves open (the origin of a survival estimate, whether a
follow-up range is of all or of survivors) has a fixed list of choices; each is a reading of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from caseseries.evidence.alone import judge_spread
from caseseries.evidence.claims import (
    DAYS_IN,
    UNSTATED,
    AtRisk,
    ClaimsFile,
    Count,
    DeathAfterRelapse,
    EventDays,
    MedianRange,
    Survival,
    _Claim,
)
from caseseries.evidence.cohort import (
    Answer,
    Course,
    Ends,
    Fact,
    Person,
    Problem,
    Remains,
    Spread,
    Survives,
    list_at_risk,
)
from caseseries.evidence.greenwood import TRANSFORMS, PrintedLimits
from caseseries.evidence.printed import Band, Printed, Rounding
from caseseries.evidence.searching import ALLOWED, find_any
from caseseries.evidence.sequences import AtRisk as AtRiskSequence
from caseseries.evidence.sequences import Sequences, find_sequences
from caseseries.evidence.spreading import spread_days
from caseseries.study.definition import days_of

CASES = 100  # a larger cohort is not searched
COUNTED = 2_000  # at-risk sequences of one estimate that are listed
LISTED = 200  # at-risk sequences that are searched one by one; more are searched as a sum of logarithms
GAP = (0, 730)  # days between two origins where the paper prints no range

Choices = Mapping[str, str]
Relapse = tuple[int | None, DeathAfterRelapse | None]  # its day, and what is told of the death after it


@dataclass
class Paper:
    """A claims file with its searches; each is done once."""

    file: ClaimsFile
    done: dict[object, Answer] = field(default_factory=dict)
    listed: dict[str, Sequences] = field(default_factory=dict)
    found: list[tuple[Course, ...]] = field(default_factory=list)
    work: int = 0  # of all searches so far

    def __post_init__(self) -> None:
        self.claims: dict[str, _Claim] = {claim.id: claim for claim in self.file.claims}

    def cohort_claims(self) -> tuple[str, ...]:
        """The claims a cohort must satisfy together, in file order."""
        return tuple(
            claim.id
            for claim in self.file.claims
            if not self.why_unsearched(claim) and _binds(claim) and self.in_order(claim)
        )

    def in_order(self, claim: _Claim) -> bool:
        """False for a median outside its range, which is impossible by itself and asks nothing of a cohort."""
        return (
            not isinstance(claim, MedianRange) or judge_spread(claim, self.file.rounds).verdict == "possible"
        )

    def why_unsearched(self, claim: _Claim) -> str:
        """Why a claim about the cohort cannot enter the search; empty if it can, or is not about the cohort."""
        ends = self.ends(claim)
        if _binds(claim) and (self.count("cases") or 0) > CASES:
            return f"there are more than {CASES} {self.file.cases}"
        if ends == "death" and self.count("deaths") is None and self.least("death") is None:
            return "the number of deaths is not claimed; add a count of deaths, or their days"
        first = (self.count("relapses"), self.count("first events"), self.least("first event"))
        if ends == "first event" and first == (None, None, None):
            return "the number of events is not claimed; add a count of first events or of relapses, or their days"
        if isinstance(claim, MedianRange) and claim.among != "all" and self.count("deaths") is None:
            return "how many survive is not claimed; add a count of deaths, or their days"
        return ""

    def ends(self, claim: _Claim) -> Literal["first event", "death"] | None:
        if isinstance(claim, Survival | AtRisk):
            return self.file.endpoints[claim.endpoint].ends
        return None

    def count(self, what: str) -> int | None:
        """A claimed count; else how many all the days of such events are, where they are printed.

        Days of deaths without relapse are all deaths only where nobody relapsed.
        """
        for claim in self.file.claims:
            if isinstance(claim, Count) and claim.of == what:
                return claim.number
        if what == "relapses":
            return self._printed_days("relapse") or None
        all_deaths = self._printed_days("death") or self.count("relapses") == 0
        if what == "deaths" and all_deaths:
            return self._printed_days("death", "death without relapse") or None
        return None

    def _printed_days(self, *events: str) -> int:
        claims = (c for c in self.file.claims if isinstance(c, EventDays))
        return sum(len(claim.days) for claim in claims if claim.event in events)

    def least(self, ends: Ends) -> int | None:
        """The most events that an estimate tells up to its horizon; there may be more after it."""
        claims = (c for c in self.file.claims if isinstance(c, Survival) and self.ends(c) == ends)
        return max((c.events for c in claims if c.events is not None), default=None)

    def choices(self, claim: _Claim) -> tuple[str, ...]:
        """What the paper leaves open about a claim; empty when nothing."""
        if isinstance(claim, Survival) and claim.origin == UNSTATED:
            return tuple(self.file.origins)
        if isinstance(claim, MedianRange) and claim.of == "follow-up" and claim.among == UNSTATED:
            return ("all", "survivors")
        return ()

    def find(self, kept: frozenset[str], choices: Choices, *more: Fact) -> Answer:
        """A cohort for these claims under these choices, and facts of our own if any."""
        key = (kept, tuple(sorted((c, v) for c, v in choices.items() if c in kept)), more)
        if key not in self.done:
            self.done[key] = self._search([problem.beside(*more) for problem in self.problems(kept, choices)])
        return self.done[key]

    def example(self, kept: frozenset[str], choices: Choices) -> tuple[Course, ...]:
        """The cohort found for these claims, as it is shown; empty where none was."""
        courses = self.find(kept, choices).courses
        fitting = (problem for problem in self.problems(kept, choices) if problem.admits(courses))
        return next((spread_days(problem, courses) for problem in fitting), courses)

    def rules_out(self, kept: frozenset[str], choices: Choices) -> bool:
        """Whether these claims are quickly proved to have no cohort under these choices; none is searched for."""
        key = (kept, tuple(sorted((c, v) for c, v in choices.items() if c in kept)), ())
        if key not in self.done:
            problems = list(self.problems(kept, choices))
            if any(problem.admits(cohort) for cohort in self.found for problem in problems):
                return False
            answer = find_any(problems, max(0, ALLOWED - self.work), shown=False)
            self.work += answer.work
            if answer.state != "none":
                return False
            self.done[key] = answer
        return self.done[key].state == "none"

    def _search(self, problems: Sequence[Problem]) -> Answer:
        """A cohort found before often satisfies other claims too, which is quick to see; else search.

        Once the searches took long, the next ones look less far.
        """
        for cohort in self.found:
            if any(problem.admits(cohort) for problem in problems):
                return Answer("found", cohort)
        answer = find_any(problems, max(0, ALLOWED - self.work))
        self.work += answer.work
        if answer.state == "found":
            self.found.append(answer.courses)
        return answer

    def problems(self, kept: frozenset[str], choices: Choices) -> Iterator[Problem]:
        facts = tuple(
            fact for name in self.claims if name in kept for fact in self.facts(self.claims[name], choices)
        )
        for persons in self.rosters(kept):
            yield Problem(
                persons, facts, self.file.base, self.last_day(), self.gaps(kept), self.count("deaths")
            )

    def facts(self, claim: _Claim, choices: Choices) -> tuple[Fact, ...]:
        """What a claim asserts about the cohort, under the choices made."""
        rounding = self.file.rounds
        if isinstance(claim, Survival):
            origin, ends = choices.get(claim.id, claim.origin), self.file.endpoints[claim.endpoint].ends
            found = self.sequences(claim)
            told = claim.interval != "none" or claim.events is not None  # of which only a list knows
            few = len(found.found) <= LISTED or told
            listed = found.found if found.complete and few else None
            band, limits = claim.numbers[0].proportion().band(rounding), self.limits(claim)
            if limits is not None and (found.complete or not limits.adds_up):
                limits = None  # the list knows of it; or no search can
            return (Survives(claim.id, ends, origin, claim.day, band, listed, limits),)
        if isinstance(claim, AtRisk):
            ends, day = self.file.endpoints[claim.endpoint].ends, days_of(claim.horizon)
            count = int(claim.numbers[0].value)
            return (Remains(claim.id, ends, claim.origin, day, count, count),)
        if isinstance(claim, MedianRange) and claim.of != "value":
            return _spread_facts(claim, choices, self.file)
        return ()

    def sequences(self, claim: Survival) -> Sequences:
        """Every at-risk sequence that gives the printed estimate, whatever else is claimed."""
        if claim.id not in self.listed:
            band = claim.numbers[0].proportion().band(self.file.rounds)
            n, ends = self.count("cases") or 0, self.file.endpoints[claim.endpoint].ends
            most = self.count("deaths") if ends == "death" else self.first_events()
            counts = range(min(n, n if most is None else most) + 1)
            counts = range(claim.events, claim.events + 1) if claim.events is not None else counts
            found: list[AtRiskSequence] = []
            complete = True
            for events in counts:
                part = find_sequences(n, events, band, limit=COUNTED - len(found))
                found += part.found
                complete = part.complete
                if not complete:
                    break
            limits = self.limits(claim) if complete else None
            fitting = (sequence for sequence in found if limits is None or limits.fit(sequence))
            self.listed[claim.id] = Sequences(tuple(sorted(fitting)), complete)
        return self.listed[claim.id]

    def limits(self, claim: Survival) -> PrintedLimits | None:
        if claim.interval == "none":
            return None
        methods = tuple(TRANSFORMS) if claim.interval == "unstated" else (claim.interval,)
        lower, upper = claim.numbers[-2:]
        return PrintedLimits(self.count("cases") or 0, methods, lower, upper, self.file.rounds)

    def interval_checked(self, claim: Survival, example: tuple[Course, ...], choices: Choices) -> bool:
        """Whether the printed interval, if any, was held against every sequence, or is that of the example."""
        limits = self.limits(claim)
        if limits is None or limits.adds_up or self.sequences(claim).complete:
            return True
        origin, ends = choices.get(claim.id, claim.origin), self.file.endpoints[claim.endpoint].ends
        return bool(example) and limits.fit(list_at_risk(example, ends, origin, claim.day))

    def events_checked(self, claim: Survival, example: tuple[Course, ...], choices: Choices) -> bool:
        """Whether the printed number of events, if any, was held against every sequence, or is that of the example."""
        if claim.events is None or self.sequences(claim).complete:
            return True
        origin, ends = choices.get(claim.id, claim.origin), self.file.endpoints[claim.endpoint].ends
        return bool(example) and len(list_at_risk(example, ends, origin, claim.day)) == claim.events

    def unbounded_gaps(self) -> tuple[str, ...]:
        """The origins of which no printed range says how long before the base origin they may lie."""
        claims = [self.claims[name] for name in self.cohort_claims()]
        told = {c.origin for c in claims if isinstance(c, MedianRange) and c.of == "gap" and c.range}
        return tuple(name for name in self.file.origins if name not in told | {self.file.base})

    def first_events(self) -> int | None:
        """The largest number of first events that the counts allow; None where they tell none."""
        first, relapses = self.count("first events"), self.count("relapses")
        if first is not None or relapses is None:
            return first
        deaths, plain = self.count("deaths"), self._printed_days("death without relapse")
        if deaths is None:
            return relapses + plain if plain else None
        after = sum(isinstance(claim, DeathAfterRelapse) for claim in self.file.claims)
        return relapses + max(0, deaths - min(after, relapses))

    def gaps(self, kept: frozenset[str]) -> dict[str, tuple[int, int]]:
        """Bounds of the days from each other origin to the base origin, from the printed ranges kept.

        Of two middle values with a printed mean the upper is at most twice that.
        """
        bounds = {origin: GAP for origin in self.file.origins if origin != self.file.base}
        for name in kept:
            claim = self.claims[name]
            if not isinstance(claim, MedianRange) or claim.of != "gap" or claim.among == "survivors":
                continue
            ends = [_whole_days(_in_days(number, claim, self.file.rounds)) for number in claim.numbers]
            if claim.range:
                bounds[claim.origin] = (ends[-2].start, ends[-1][-1])
            elif claim.origin in bounds:
                low, high = bounds[claim.origin]
                bounds[claim.origin] = (low, max(high, 2 * ends[0].stop) if high == GAP[1] else high)
        return bounds

    def last_day(self) -> int:
        """The latest day searched: past every printed day and horizon, with room for every case to differ."""
        days: list[int] = []
        for claim in self.file.claims:
            if isinstance(claim, EventDays):
                days += claim.days
            if isinstance(claim, DeathAfterRelapse):
                days += [claim.relapse_day, claim.day or 0]
            if isinstance(claim, Survival | AtRisk):
                days.append(days_of(claim.horizon))
            if isinstance(claim, MedianRange) and claim.of == "follow-up":
                # the upper of two middle values is at most twice their mean
                times = 2 if claim.shows == "median" else 1
                days += [
                    times * ceil(_in_days(number, claim, self.file.rounds).high) for number in claim.numbers
                ]
        return max(days, default=0) + 2 * (self.count("cases") or 0)

    def rosters(self, kept: frozenset[str]) -> Iterator[tuple[Person, ...]]:
        """Every way to deal the claimed deaths out among cases with and without relapse."""
        claims = [self.claims[name] for name in self.claims if name in kept]
        relapses = _described(claims)
        plain = _days(claims, "death without relapse") + _days(claims, "death")
        told = sum(after is not None for _, after in relapses)
        for relapsed, dead_only, dying in self._deals(len(relapses), len(plain), told):
            known = [*relapses, *[(None, None)] * (relapsed - len(relapses))]
            roster = self._roster(known, [*plain, *[None] * (dead_only - len(plain))], dying)
            if roster is not None:
                yield roster

    def _deals(self, relapses: int, plain: int, told: int) -> Iterator[tuple[int, int, int | None]]:
        """How many relapse, die without relapse, and die of the relapsed whose fate is not told (None where any may).

        Args:
            relapses, plain, told: how many of them are described: relapses, deaths without one, deaths after one.
        """
        deaths, first = self.count("deaths"), self.count("first events")
        for dead_only in self._deaths_without_relapse(plain, told):
            dying = None if deaths is None else max(0, deaths - told - dead_only)
            for relapsed in self._relapsed(relapses, dead_only):
                if relapsed >= relapses and first in (None, relapsed + dead_only):
                    yield relapsed, dead_only, dying

    def _deaths_without_relapse(self, plain: int, told: int) -> Iterable[int]:
        """Where deaths are not counted: all whose days are printed, or what is left of first events, or any number
        where somebody asks."""
        deaths, first, relapses = (self.count(what) for what in ("deaths", "first events", "relapses"))
        if deaths is not None:
            return range(plain, max(plain, deaths - told) + 1)
        if plain:
            return (plain,)
        if first is not None:
            return (max(0, first - relapses),) if relapses is not None else (0,)
        if relapses is None and self.least("death") is None:
            return (0,)
        return range((self.count("cases") or 0) - (relapses or 0) + 1)

    def _relapsed(self, described: int, dead_only: int) -> Iterable[int]:
        """Where relapses are not counted: what is left of first events, or no more than are described, because
        nothing else speaks of them, or as many as estimates leave open."""
        total, first, least = self.count("relapses"), self.count("first events"), self.least("first event")
        if total is not None:
            return (total,)
        if first is not None:
            return (first - dead_only,)
        all_told = self.count("deaths") is not None or self.least("death") is None or not dead_only
        if least is None and all_told:
            return (described,)
        few = least is not None and all_told and self._tells_last()
        most = max(described, least or 0) if few else (self.count("cases") or 0) - dead_only
        return range(max(described, (least or 0) - dead_only), most + 1)

    def _tells_last(self) -> bool:
        """Whether the latest estimate of first events tells how many there were: later relapses change no estimate."""
        spoken = [c for c in self.file.claims if self.ends(c) == "first event"]
        last = max(days_of(c.horizon) for c in spoken if isinstance(c, Survival | AtRisk))
        return any(isinstance(c, Survival) and c.day == last and c.events is not None for c in spoken)

    def _roster(
        self, relapses: Sequence[Relapse], plain: list[int | None], dying: int | None
    ) -> tuple[Person, ...] | None:
        """Of the relapsed whose fate is not told, `dying` die; which ones, the search decides."""
        untold = sum(after is None for _, after in relapses)
        if dying is None:
            fate = (
                None if self.least("death") is not None else False
            )  # without an estimate it is nobody's question
        else:
            fate = None if 0 < dying < untold else dying > 0
        persons = [_relapsed(day, after, fate) for day, after in relapses]
        persons += [Person(dead=True, death_day=day) for day in plain]
        persons.sort(key=_by_description)
        rest = (self.count("cases") or 0) - len(persons)
        return (*persons, *[Person()] * rest) if rest >= 0 and (dying or 0) <= untold else None


def _described(claims: Sequence[_Claim]) -> list[Relapse]:
    """The relapses whose days are printed, each with the claim that the case died later, if there is one."""
    afters = [claim for claim in claims if isinstance(claim, DeathAfterRelapse)]
    relapses: list[Relapse] = []
    for day in _days(claims, "relapse"):
        after = next((claim for claim in afters if claim.relapse_day == day), None)
        if after is not None:
            afters.remove(after)
        relapses.append((day, after))
    return relapses + [(after.relapse_day, after) for after in afters]


def _in_days(number: Printed, claim: MedianRange, rounding: Rounding) -> Band:
    """The days that a printed time can stand for. A hundredth of a month is less than a day: where no whole day
    lies in it the days around it do, for how long a month was taken to be is not known."""
    band = number.band(rounding).scaled(DAYS_IN[claim.unit])
    return (
        band
        if claim.unit == "days" or band.whole()
        else Band(Fraction(floor(band.low)), Fraction(ceil(band.high)))
    )


def _whole_days(band: Band) -> range:
    """Those from 0 in the band, or where there is none those around it: no day then satisfies what is printed."""
    days = band.whole() or range(floor(band.low), ceil(band.high) + 1)
    return range(max(0, days.start), days.stop)


def _by_description(person: Person) -> tuple[bool, str, int, int]:
    return (not person.relapse, str(person.dead), person.relapse_day or 0, person.death_day or 0)


def _relapsed(day: int | None, after: DeathAfterRelapse | None, dies: bool | None) -> Person:
    if after is None:
        return Person(True, dies, day)
    return Person(True, True, day, after.day, after.label)


def _days(claims: Sequence[_Claim], event: str) -> list[int | None]:
    return [day for c in claims if isinstance(c, EventDays) and c.event == event for day in c.days]


def _binds(claim: _Claim) -> bool:
    return isinstance(claim, EventDays | DeathAfterRelapse | Survival | AtRisk) or (
        isinstance(claim, MedianRange) and claim.of != "value"
    )


def _spread_facts(claim: MedianRange, choices: Choices, file: ClaimsFile) -> tuple[Fact, ...]:
    among = choices.get(claim.id, claim.among)
    members: Literal["all", "survivors"] = "survivors" if among == "survivors" else "all"
    quantity: Literal["follow-up", "gap"] = "gap" if claim.of == "gap" else "follow-up"
    origin = claim.origin or file.base
    bands = [_in_days(number, claim, file.rounds) for number in claim.numbers]
    facts: list[Fact] = []
    if claim.median:
        facts.append(Spread(claim.id, quantity, members, origin, "median", bands[0]))
    if claim.range:
        low, high = bands[-2:]
        facts.append(Spread(claim.id, quantity, members, origin, "at least", low))
        facts.append(Spread(claim.id, quantity, members, origin, "reaches low", low))
        facts.append(Spread(claim.id, quantity, members, origin, "at most", high))
        facts.append(Spread(claim.id, quantity, members, origin, "reaches high", high))
    return tuple(facts)
