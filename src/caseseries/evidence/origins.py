"""A cohort seen from each of its origins, by counting: what cannot be from one of them cannot be at all.

Between two origins lie so many days for everyone, from `least` to `most`. So whoever has left by a day of one has
left `most` days later by the other, and nobody sooner than `least` days later. What is said of the counts from one
origin is thus said, less sharply, from every other.
"""

from collections.abc import Iterator
from dataclasses import replace

from caseseries.evidence.cohort import Answer, Ends, Fact, Problem, Remains, Spread, Survives
from caseseries.evidence.counting import count_cohort
from caseseries.evidence.pools import Event, Gate, Gates, Pools, What, gates_of, middle_of, pool_people

FALLING: tuple[What, ...] = ("at risk", "alive at risk")
HAPPENED: dict[Event, What] = {
    "relapse": "relapses",
    "death after relapse": "deaths after relapse",
    "death without relapse": "deaths without relapse",
}


def rule_out(problem: Problem, steps: int) -> Answer:
    """`none` where the facts from one origin have no cohort beside what the others say of its counts."""
    views = {origin: _view(problem, origin) for origin in (problem.base, *sorted(problem.gaps))}
    work = 0
    for origin, view in views.items():
        if (
            all(is_gap(fact) or fact.origin != origin for fact in problem.facts)
            or _apart(problem, problem.base, origin)[0] < 0
        ):
            continue  # nothing is said from there, or somebody might leave before day 0
        shifted: Gates = ()
        for other in views.keys() - {origin}:
            shifted += tuple(_shift(_gates(views[other]), *_apart(problem, other, origin), len(view.persons)))
        answer = count_cohort(view, [{}] * len(view.persons), steps, shifted)
        work += answer.work
        if answer.state == "none":
            return Answer("none", work=work)
    return Answer("undecided", work=work)


def is_gap(fact: Fact) -> bool:
    return isinstance(fact, Spread) and fact.quantity == "gap"


def _view(problem: Problem, origin: str) -> Problem:
    """The facts from one origin. Printed days are known from the base alone; what any origin counts, all count."""
    facts = [fact for fact in problem.facts if not is_gap(fact)]
    counts: set[Ends] = {"death" if isinstance(fact, Spread) else fact.ends for fact in facts}
    n, latest = len(problem.persons), _apart(problem, problem.base, origin)[1]
    counted = [Remains("", ends, origin, 0, 0, n) for ends in sorted(counts)]
    persons = problem.persons
    if origin != problem.base:
        persons = tuple(replace(person, relapse_day=None, death_day=None) for person in persons)
    return Problem(
        persons,
        (*(fact for fact in facts if fact.origin == origin), *counted),
        origin,
        problem.last_day + latest,
        {},
        problem.deaths,
    )


def _apart(problem: Problem, origin: str, other: str) -> tuple[int, int]:
    """How many days more there are from the other origin, at least and at most."""
    less, more = problem.gaps.get(origin, (0, 0)), problem.gaps.get(other, (0, 0))
    return more[0] - less[1], more[1] - less[0]


def _gates(view: Problem) -> Gates:
    """What must hold of the counts from an origin, if its facts do."""
    pools = pool_people(view)
    if not isinstance(pools, Pools):
        return ()
    gates = list(_printed(view, pools))
    for fact in view.facts:
        gates += gates_of(fact, pools)
        if isinstance(fact, Survives):
            most = int(
                pools.n * (1 - fact.band.low)
            )  # events lower an estimate least where nobody was censored
            gates.append((fact.day + 1, Gate("events" if fact.ends == "first event" else "deaths", 0, most)))
        if isinstance(fact, Spread) and fact.measure == "median":
            gates += middle_of(fact, pools).gates
    return tuple(gates)


def _printed(view: Problem, pools: Pools) -> Iterator[tuple[int, Gate]]:
    """On a printed day so many events of its kind have happened, and so many are left."""
    first_events = any(isinstance(fact, Remains) and fact.ends == "first event" for fact in view.facts)
    totals = {
        "relapse": pools.relapsing,
        "death after relapse": pools.dying,
        "death without relapse": pools.plain,
    }
    for kind, what in HAPPENED.items():
        days = [day for day, event, _ in pools.told if event == kind]
        if (kind == "relapse" and not first_events) or (kind == "death after relapse" and pools.untold_ends):
            continue
        for place, day in enumerate(days):
            yield day + 1, Gate(what, place + 1, pools.n)
            yield day, Gate(what, 0, totals[kind] + place)


def _shift(gates: Gates, least: int, most: int, n: int) -> Iterator[tuple[int, Gate]]:
    """What they say where everyone leaves from `least` to `most` days later."""
    for day, gate in gates:
        falling = gate.what in FALLING
        yield day + (least if falling else most), replace(gate, high=n)
        yield day + (most if falling else least), replace(gate, low=0)
