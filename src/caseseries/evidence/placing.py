"""From a way through counts to a cohort: moves get days, and days get persons."""

from collections.abc import Iterable, Mapping, Sequence

from caseseries.evidence.cohort import Course, Person, Problem
from caseseries.evidence.pools import EVENTS, Layer, Pools
from caseseries.evidence.ways import Move, Way


def place_cohort(
    problem: Problem, pools: Pools, layers: Sequence[Layer], way: Way, gaps: Sequence[Mapping[str, int]]
) -> tuple[Course, ...]:
    """A cohort that goes this way, `gaps` by person; empty where the days or the persons do not suffice for it."""
    days = place_days(layers, way)
    if days is None:
        return ()
    relapses = iter(days.get("relapse", []))
    plain, stays = iter(days.get("death without relapse", [])), iter(days.get("censored", []))
    courses: list[Course | None] = []
    pool: dict[int, tuple[Person, int]] = {}
    for place, person in enumerate(problem.persons):
        relapse = None
        if person.relapse:
            relapse = next(relapses, 0) if person.relapse_day is None else person.relapse_day
        if person.relapse and person.death_day is None:
            pool[place] = (person, relapse or 0)
            courses.append(None)
        elif person.dead:
            end = next(plain) if person.death_day is None else person.death_day
            courses.append(Course(end, True, relapse, gaps[place]))
        else:
            courses.append(Course(next(stays), False, None, gaps[place]))
    if pools.untold_ends:
        ends = [(problem.last_day, True)] * pools.dying + [(problem.last_day, False)] * pools.ending
    else:
        ends = [(day, True) for day in days.get("death after relapse", [])]
        ends += [(day, False) for day in days.get("ended", [])]
    matched = match_ends(pool, ends)
    if matched is None:
        return ()
    for place, (day, dead) in matched.items():
        courses[place] = Course(day, dead, pool[place][1], gaps[place])
    return tuple(course for course in courses if course)


def place_days(layers: Sequence[Layer], way: Way) -> dict[Move, list[int]] | None:
    """A day for each move, by kind; None where a layer has fewer days than its order of moves needs.

    An event after a censoring needs a new day; everything else can share one. The days are spread evenly.
    """
    days: dict[Move, list[int]] = {}
    moves: dict[int, list[Move]] = {}
    for place, move in way:
        moves.setdefault(place, []).append(move)
    for place, here in moves.items():
        layer, censored = layers[place], False
        turns: list[int] = []
        for move in here:
            if move in EVENTS and censored:
                turns.append(turns[-1] + 1)
                censored = False
            else:
                turns.append(turns[-1] if turns else 0)
                censored |= move not in EVENTS
        needed = turns[-1] + 1
        if needed > layer.width:
            return None
        for move, turn in zip(here, turns, strict=True):
            days.setdefault(move, []).append(layer.first + turn * layer.width // needed)
    return days


def match_ends(
    pool: Mapping[int, tuple[Person, int]], ends: Iterable[tuple[int, bool]]
) -> dict[int, tuple[int, bool]] | None:
    """Give each relapsed person an end, on or after the relapse and of a fate that is open; None if it cannot be."""
    holds: dict[int, tuple[int, bool]] = {}

    def find(end: tuple[int, bool], tried: set[int]) -> bool:
        for place, (person, relapse) in pool.items():
            fits = relapse <= end[0] and person.dead in (None, end[1])
            if place in tried or not fits:
                continue
            tried.add(place)
            if place not in holds or find(holds[place], tried):
                holds[place] = end
                return True
        return False

    return holds if all(find(end, set()) for end in ends) else None
