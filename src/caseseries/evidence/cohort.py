"""What a paper says about one cohort, as facts; and whether a cohort of whole days satisfies them, exactly.

Days are counted from the base origin, the latest of the origins; another origin lies `gap` days before it.
A tied event precedes a censoring, and a case is at risk on the day it leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from caseseries.evidence.greenwood import PrintedLimits
from caseseries.evidence.printed import Band
from caseseries.evidence.sequences import estimate_after

Ends = Literal["first event", "death"]  # EFS, DFS, RFS and PFS; or OS
Quantity = Literal["follow-up", "gap"]
Among = Literal["all", "survivors"]
Measure = Literal["at least", "at most", "reaches low", "reaches high", "median"]
State = Literal["found", "none", "undecided"]


@dataclass(frozen=True)
class Person:
    """One case as far as it is described; a day not printed is None, and so is a fate not told."""

    relapse: bool = False
    dead: bool | None = False
    relapse_day: int | None = None
    death_day: int | None = None
    label: str = ""

    def may_be(self, course: "Course") -> bool:
        """Whether the case can have had this course, as far as it is described."""
        return (
            self.relapse == (course.relapse is not None)
            and (course.relapse is None or course.relapse <= course.end)
            and self.dead in (None, course.dead)
            and self.relapse_day in (None, course.relapse)
            and self.death_day in (None, course.end)
        )


@dataclass(frozen=True)
class Course:
    """One case of a made-up cohort. `gaps` holds the days from each other origin to the base origin."""

    end: int
    dead: bool = False
    relapse: int | None = None
    gaps: Mapping[str, int] = field(default_factory=dict)

    def leaves(self, ends: Ends, origin: str) -> tuple[int, bool]:
        """The day the case leaves observation, and whether by an event."""
        gap = self.gaps.get(origin, 0)
        if ends == "first event" and self.relapse is not None:
            return self.relapse + gap, True
        return self.end + gap, self.dead


@dataclass(frozen=True)
class Survives:
    """The Kaplan–Meier estimate at a day lies in the band.

    `sequences` lists every at-risk sequence that can stand behind it, where they are few enough to list: those of
    the band, without those that a printed interval rules out. Where they are too many, `limits` is that interval.
    """

    claim: str
    ends: Ends
    origin: str
    day: int
    band: Band
    sequences: tuple[tuple[int, ...], ...] | None = None
    limits: PrintedLimits | None = None


@dataclass(frozen=True)
class Falls:
    """The numbers at risk at the events up to a day are exactly these."""

    claim: str
    ends: Ends
    origin: str
    day: int
    at_risk: tuple[int, ...]


@dataclass(frozen=True)
class Remains:
    """So many are still at risk on a day: from `least` to `most`."""

    claim: str
    ends: Ends
    origin: str
    day: int
    least: int
    most: int


@dataclass(frozen=True)
class Spread:
    """A median or an end of a range, of follow-up from an origin or of the gap between two.

    A printed minimum is two facts: no value is below it ("at least"), and some value is as low ("reaches
    low"); a maximum likewise.
    """

    claim: str
    quantity: Quantity
    among: Among
    origin: str
    measure: Measure
    band: Band

    def of(self, course: Course) -> int:
        gap = course.gaps.get(self.origin, 0)
        return gap if self.quantity == "gap" else course.end + gap


Fact = Survives | Falls | Remains | Spread


def is_gap(fact: Fact) -> bool:
    """Whether it says nothing but of the days between two origins."""
    return isinstance(fact, Spread) and fact.quantity == "gap"


@dataclass(frozen=True)
class Problem:
    """A described cohort and the facts about it. `gaps` bounds the days from each other origin to `base`.

    `deaths` is the number of cases that die, where some fates are not told.
    """

    persons: tuple[Person, ...]
    facts: tuple[Fact, ...]
    base: str
    last_day: int
    gaps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    deaths: int | None = None

    def beside(self, *facts: Fact) -> "Problem":
        return replace(self, facts=(*self.facts, *facts))

    def admits(self, courses: tuple[Course, ...]) -> bool:
        """Whether the cohort is described so, case by case, and satisfies every fact, in exact arithmetic."""
        return (
            len(courses) == len(self.persons)
            and all(person.may_be(course) for person, course in zip(self.persons, courses, strict=True))
            and self.deaths in (None, sum(course.dead for course in courses))
            and all(
                low <= c.gaps[origin] <= high for c in courses for origin, (low, high) in self.gaps.items()
            )
            and all(course.leaves("first event", self.base)[0] >= 0 for course in courses)
            and all(course.end <= self.last_day for course in courses)
            and all(can_hold(courses, fact) for fact in self.facts)
        )


@dataclass(frozen=True)
class Answer:
    """`none` is a proof within `last_day`; `undecided` means the search was given up.

    `work` counts what it took, in units of some 40 microseconds; the same on every machine.
    """

    state: State
    courses: tuple[Course, ...] = ()
    work: int = 0


def list_at_risk(courses: Iterable[Course], ends: Ends, origin: str, day: int) -> tuple[int, ...]:
    """The number at risk at each event up to `day`, events on one day counted one after the other."""
    leaves = sorted((day, not event) for day, event in (course.leaves(ends, origin) for course in courses))
    return tuple(
        len(leaves) - place for place, (when, stayed) in enumerate(leaves) if not stayed and when <= day
    )


def count_at_risk(courses: Iterable[Course], ends: Ends, origin: str, day: int) -> int:
    return sum(course.leaves(ends, origin)[0] >= day for course in courses)


def can_hold(courses: tuple[Course, ...], fact: Fact) -> bool:
    """Whether the cohort satisfies the fact, in exact arithmetic; printed limits as the estimator computes them."""
    if isinstance(fact, Spread):
        return _spread_holds(
            [fact.of(course) for course in courses if fact.among == "all" or not course.dead], fact
        )
    if isinstance(fact, Remains):
        return fact.least <= count_at_risk(courses, fact.ends, fact.origin, fact.day) <= fact.most
    return agrees(list_at_risk(courses, fact.ends, fact.origin, fact.day), fact)


def agrees(at_risk: tuple[int, ...], fact: Survives | Falls) -> bool:
    """Whether these are numbers at risk at the events that the fact admits."""
    if isinstance(fact, Falls):
        return at_risk == fact.at_risk
    if fact.sequences is not None and at_risk not in fact.sequences:
        return False
    return fact.band.admits(estimate_after(at_risk)) and (fact.limits is None or fact.limits.fit(at_risk))


def median_of(values: Iterable[int]) -> Fraction:
    """The middle value, or the mean of the two middle ones. There must be at least one."""
    ordered = sorted(values)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def _spread_holds(values: list[int], fact: Spread) -> bool:
    if not values:
        return False
    if fact.measure == "median":
        return fact.band.admits(median_of(values))
    if fact.measure == "at least":
        return Fraction(min(values)) >= fact.band.low
    if fact.measure == "at most":
        return not fact.band.exceeded_by(Fraction(max(values)))
    if fact.measure == "reaches low":
        return not fact.band.exceeded_by(Fraction(min(values)))
    return Fraction(max(values)) >= fact.band.low
