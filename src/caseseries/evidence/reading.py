"""One reading of a paper: its claims, with a choice made wherever it leaves something open, as a problem.

Sizes and counts are taken as given. What a paper leaves open (the origin of a survival estimate, whether a
follow-up range is of all or of survivors) has a fixed list of choices; each is a reading of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

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
    Fact,
    Person,
    Problem,
    Remains,
    Spread,
    Survives,
    list_at_risk,
)
from caseseries.evidence.greenwood import TRANSFORMS, PrintedLimits
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
            claim.id for claim in self.file.claims if not self.why_unsearched(claim) and _binds(claim)
        )

    def why_unsearched(self, claim: _Claim) -> str:
        """Why a claim about the cohort cannot enter the search; empty if it can, or is not about the cohort."""
        ends = self.ends(claim)
        if _binds(claim) and (self.count("cases") or 0) > CASES:
            return f"there are more than {CASES} {self.file.cases}"
        if ends == "death" and self.count("deaths") is None:
            return "the number of deaths is not claimed; add a count of deaths, or their days"
        if ends == "first event" and self.count("relapses") is None and self.count("first events") is None:
            return "the number of events is not claimed; add a count of first events or of relapses, or their days"
        if isinstance(claim, MedianRange) and claim.among != "all" and self.count("deaths") is None:
            return "how many survive is not claimed; add a count of deaths, or their days"
        return ""

    def ends(self, claim: _Claim) -> Literal["first event", "death"] | None:
        if isinstance(claim, Survival | AtRisk):
            return self.file.endpoints[claim.endpoint].ends
        return None

    def count(self, what: str) -> int | None:
        """A claimed count; else what the printed event days or the events of an estimate imply."""
        for claim in self.file.claims:
            if isinstance(claim, Count) and claim.of == what:
                return claim.number
        ends = {"deaths": "death", "first events": "first event"}.get(what)
        events = [
            c.events
            for c in self.file.claims
            if isinstance(c, Survival) and self.ends(c) == ends and c.events
        ]
        if events:
            return max(events)
        kinds = {"relapses": ("relapse",), "deaths": ("death", "death without relapse")}.get(what, ())
        days = [len(c.days) for c in self.file.claims if isinstance(c, EventDays) and c.event in kinds]
        return sum(days) if days else None

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
            few = len(found.found) <= LISTED or claim.interval != "none"  # only a list knows of the interval
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
            counts = (claim.events,) if claim.events is not None else range(min(n, most or 0) + 1)
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

    def first_events(self) -> int | None:
        """The largest number of first events that the counts allow."""
        first, relapses = self.count("first events"), self.count("relapses")
        if first is not None or relapses is None:
            return first
        after = sum(isinstance(claim, DeathAfterRelapse) for claim in self.file.claims)
        return relapses + max(0, (self.count("deaths") or 0) - after)

    def gaps(self, kept: frozenset[str]) -> dict[str, tuple[int, int]]:
        """Bounds of the days from each other origin to the base origin, from the printed ranges kept."""
        bounds = {origin: GAP for origin in self.file.origins if origin != self.file.base}
        for name in kept:
            claim = self.claims[name]
            if (
                isinstance(claim, MedianRange)
                and claim.of == "gap"
                and claim.among != "survivors"
                and claim.range
            ):
                low, high = (number.band(self.file.rounds) for number in claim.range)
                factor = DAYS_IN[claim.unit]
                bounds[claim.origin] = (low.scaled(factor).whole()[0], high.scaled(factor).whole()[-1])
        return bounds

    def last_day(self) -> int:
        """The latest day searched: past every printed day and horizon, with room for every case to differ."""
        days: list[int] = []
        for claim in self.file.claims:
            if isinstance(claim, EventDays):
                days += claim.days
            if isinstance(claim, Survival):
                days.append(claim.day)
            if isinstance(claim, MedianRange) and claim.of == "follow-up":
                days += [int(number.value * DAYS_IN[claim.unit]) + 1 for number in claim.numbers]
        return max(days, default=0) + 2 * (self.count("cases") or 0)

    def rosters(self, kept: frozenset[str]) -> Iterator[tuple[Person, ...]]:
        """Every way to deal the claimed deaths out among cases with and without relapse."""
        claims = [self.claims[name] for name in self.claims if name in kept]
        after = {c.relapse_day: c for c in claims if isinstance(c, DeathAfterRelapse)}
        relapses = _days(claims, "relapse")
        relapses += [day for day in after if day not in relapses]
        plain = _days(claims, "death without relapse") + _days(claims, "death")
        deaths, first = self.count("deaths"), self.count("first events")
        total = self.count("relapses")
        undescribed = max(0, (deaths or 0) - len(plain) - len(after))
        for extra in range(undescribed + 1):
            dead_only = len(plain) + extra
            relapsed = total if total is not None else (first or dead_only) - dead_only
            if relapsed < len(relapses) or (first is not None and first != relapsed + dead_only):
                continue
            known: list[int | None] = [*relapses, *[None] * (relapsed - len(relapses))]
            roster = self._roster(known, [*plain, *[None] * extra], after, undescribed - extra)
            if roster is not None:
                yield roster

    def _roster(
        self,
        relapses: list[int | None],
        plain: list[int | None],
        after: Mapping[int, DeathAfterRelapse],
        dying: int,
    ) -> tuple[Person, ...] | None:
        """Of the relapsed whose fate is not told, `dying` die; which ones, the search decides."""
        untold = sum(day is None or day not in after for day in relapses)
        fate = None if 0 < dying < untold else dying > 0
        persons = [_relapsed(day, after.get(day) if day is not None else None, fate) for day in relapses]
        persons += [Person(dead=True, death_day=day) for day in plain]
        persons.sort(key=_by_description)
        rest = (self.count("cases") or 0) - len(persons)
        return (*persons, *[Person()] * rest) if rest >= 0 and dying <= untold else None


def _by_description(person: Person) -> tuple[bool, str, int, int]:
    return (not person.relapse, str(person.dead), person.relapse_day or 0, person.death_day or 0)


def _relapsed(day: int | None, after: DeathAfterRelapse | None, dies: bool | None) -> Person:
    if after is None:
        return Person(True, dies, day)
    return Person(True, True, day, after.day, after.label)


def _days(claims: list[_Claim], event: str) -> list[int | None]:
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
    bands = [number.band(file.rounds).scaled(DAYS_IN[claim.unit]) for number in claim.numbers]
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
