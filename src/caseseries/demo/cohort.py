"""Finds when things happened to eleven made-up children so that all the letter's printed numbers come out at once.

The letter (Clesham et al., Blood 2020;135:1501) prints medians, ranges, the days of the events and four
Kaplan–Meier percentages, but no numbers at risk. Together these leave little freedom: 47 % and 81 % from
transplant need 11, 10, 7, 6, 5 children at risk at the five first events and 11, 9 at the two deaths, and 79 %
from the start of blinatumomab needs 10, 8. Children are drawn at random within the printed ranges until every
number agrees. Estimates here are exact fractions, written apart from the estimators they are used to try.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from math import prod
from random import Random
from statistics import median

SEED = 24  # any seed finds a cohort; this one needs few tries
TRIES = 100_000  # many more than any seed has needed

LONGEST_OTHER_FOLLOW_UP = 900  # our choice: only one child was followed for three years, on either clock
CAR_T_AND_REMISSION = 100  # a survivor of relapse was seen at least this long after it

End = tuple[int, bool]  # the last day under observation, and whether an event ended it


@dataclass(frozen=True)
class Times:
    """One child. `to_hsct` counts days from the start of blinatumomab; all the rest from transplant."""

    to_hsct: int
    cycles: int
    last_seen: int  # the day of death for a child who died
    relapse: int | None = None
    died: bool = False


def find_times(seed: int = SEED) -> tuple[Times, ...]:
    """Eleven children's times, always in this order.

    The four who relapsed (days 35, 92, 108, 133; the first died), the one who died in remission (day 57), the
    two event-free children followed for less than 92 days, the four followed for longer.
    """
    return next(filter(matches_letter, map(draw_times, repeat(Random(seed), TRIES))))


def draw_times(rng: Random) -> tuple[Times, ...]:
    """One try: within every printed range and with every printed median, but not yet with the percentages.

    51 % and 79 % need the longest waits, and so the second cycles, in the child whose lineage switched and in the
    child with the shortest follow-up, and the next longest in the child who died of pneumonitis.
    """
    switch, shortest = _shuffled(rng, [119, _draw(rng, 84, 118)])
    *others, pneumonitis = sorted(_draw_one_cycle_waits(rng))
    waits = _shuffled(rng, others)
    switch_death = _draw(rng, 60, 75)
    seen = _draw_later_follow_up(rng)
    return (
        Times(switch, 2, switch_death, relapse=35, died=True),
        Times(waits[0], 1, seen[0], relapse=92),
        Times(waits[1], 1, seen[1], relapse=108),
        Times(waits[2], 1, seen[2], relapse=133),
        Times(pneumonitis, 1, 57, died=True),
        Times(shortest, 2, 58),
        Times(waits[3], 1, _draw(rng, switch_death, 91)),
        *map(Times, waits[4:], repeat(1), seen[3:]),
    )


def matches_letter(children: Sequence[Times]) -> bool:
    """Whether the children reproduce the letter's medians, ranges and all four 3-year percentages."""
    efs, os = event_free(children), overall(children)
    gaps = [child.to_hsct for child in children]
    seen = [child.last_seen for child in children if not child.died]
    return (
        _can_follow(children)
        and (min(gaps), median(gaps), max(gaps)) == (34, 51, 119)
        and (min(seen), median(seen), max(seen)) == (58, 267, 1163)
        and count_at_risk(efs) == [11, 10, 7, 6, 5]
        and count_at_risk(os) == [11, 9]
        and estimate_percent(efs) == 47
        and estimate_percent(os) == 81
        and estimate_percent(from_index(children, efs)) == 51
        and count_at_risk(from_index(children, os)) == [10, 8]
    )


def event_free(children: Sequence[Times]) -> list[End]:
    """Relapse or death, days from transplant."""
    return [(child.relapse or child.last_seen, child.died or child.relapse is not None) for child in children]


def overall(children: Sequence[Times]) -> list[End]:
    """Death, days from transplant."""
    return [(child.last_seen, child.died) for child in children]


def from_index(children: Sequence[Times], ends: Sequence[End]) -> list[End]:
    """The same ends, in days from the start of blinatumomab."""
    return [(child.to_hsct + day, event) for child, (day, event) in zip(children, ends, strict=True)]


def count_at_risk(ends: Sequence[End]) -> list[int]:
    """How many were under observation just before each event; two events on one day are counted one by one."""
    events = sorted(day for day, event in ends if event)
    return [sum(day >= at for day, _ in ends) - events[:place].count(at) for place, at in enumerate(events)]


def estimate_percent(ends: Sequence[End]) -> int:
    """Kaplan–Meier after the last event, in exact fractions, rounded to a whole percent as the letter prints it."""
    return round(100 * prod(Fraction(n - 1, n) for n in count_at_risk(ends)))


def _can_follow(children: Sequence[Times]) -> bool:
    """Whether every survivor of a relapse was seen long enough for a remission after CAR-T."""
    survivors = [child for child in children if not child.died]
    return all(
        child.last_seen >= (child.relapse or 0) + CAR_T_AND_REMISSION for child in survivors if child.relapse
    )


def _draw_one_cycle_waits(rng: Random) -> list[int]:
    """Days to transplant of the nine with one cycle: five below the median of all eleven, and three above it."""
    below = [_draw(rng, 36, 50) for _ in range(4)]
    above = [_draw(rng, 52, 75) for _ in range(3)]
    return [34, *below, 51, *above]


def _draw_later_follow_up(rng: Random) -> list[int]:
    """Seven of nine survivors: two below the median of 267 days and three above it, then the longest."""
    below = [_draw(rng, 150, 266) for _ in range(2)]
    above = [_draw(rng, 268, LONGEST_OTHER_FOLLOW_UP) for _ in range(3)]
    return [*_shuffled(rng, [*below, 267, *above]), 1163]


def _draw(rng: Random, low: int, high: int) -> int:
    """A whole day from `low` to `high`. Only `random()` is promised to be the same in every Python."""
    return low + int(rng.random() * (high - low + 1))


def _shuffled(rng: Random, days: list[int]) -> list[int]:
    return sorted(days, key=lambda _: rng.random())
