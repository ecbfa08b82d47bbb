"""Which claims can be true together: those kept, those ruled out, and the smallest sets that disagree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from caseseries.evidence.claims import EventDays, MedianRange, Survival
from caseseries.evidence.cohort import Course, State
from caseseries.evidence.reading import Choices, Paper


@dataclass(frozen=True)
class Settled:
    """`kept` fit together under `choices`, as `example` shows. `against` holds, for each claim, the conflict
    behind every choice that was ruled out ("" for a claim that leaves no choice); `conflicts` those that no
    choice avoids. `undecided` names the claims after which the search was given up, where no example shows them true.
    """

    kept: frozenset[str]
    choices: Choices
    example: tuple[Course, ...]
    conflicts: tuple[tuple[str, ...], ...]
    against: Mapping[str, Mapping[str, tuple[str, ...]]]
    undecided: tuple[str, ...]

    def dropped(self, claim: str) -> bool:
        return claim in self.against and claim not in self.kept


def settle(paper: Paper) -> Settled:
    """Take the claims in file order, the definite before the open; drop one that the earlier ones rule out.

    Which of two contradicting claims is the wrong one is not for arithmetic to say: the later one is
    dropped, and the conflict names all that are involved.
    """
    names = paper.cohort_claims()
    order = sorted(names, key=lambda name: bool(paper.choices(paper.claims[name])))
    against: dict[str, dict[str, tuple[str, ...]]] = {}
    start = _definite(paper, order)
    if not start:
        definite = [name for name in order if not paper.choices(paper.claims[name])]
        while definite and _state(paper, tuple(definite), {}) == "none":
            early = definite[: _fewest(definite, lambda first: paper.rules_out(frozenset(first), {}))]
            conflict = _conflict(paper, tuple(early), {})
            late = max(conflict or early, key=order.index)
            against[late] = {"": conflict}
            definite.remove(late)
        start = frozenset(definite if definite and _state(paper, tuple(definite), {}) == "found" else ())
    kept: tuple[str, ...] = ()
    choices: Choices = {}
    undecided: list[str] = []
    left = [name for name in order if name not in against]
    while left:
        name = left[0]
        if start and name in start:
            kept = (*kept, left.pop(0))
            continue
        readings = _readings(paper, kept, choices, against)
        tried = {c: tuple(_with(reading, name, c) for reading in readings) for c in _open(paper, name)}
        best = {c: _best(paper, (*kept, name), tried[c]) for c in tried}
        states = {c: state for c, (state, _) in best.items()}
        ruled = [choice for choice, state in states.items() if state == "none"]
        found = {c: _conflict(paper, (*kept, name), *tried[c]) for c in ruled}
        others = next((conflict for conflict in found.values() if conflict and name not in conflict), None)
        if others is not None:  # an earlier claim that was not decided is shown to be impossible after all
            late = max(others, key=order.index)
            against[late] = {choices.get(late, ""): others}
            kept = tuple(claim for claim in kept if claim != late)
            continue
        left.pop(0)
        if found:
            against[name] = found
        undecided += [name] if "undecided" in states.values() else []
        fitting = [choice for choice in states if choice not in ruled]
        if fitting:
            first = min(fitting, key=lambda choice: states[choice] != "found")
            kept, choices = (*kept, name), best[first][1]
    conflicts = [found for name, by in against.items() if name not in kept for found in by.values()]
    example = paper.example(frozenset(kept), choices) if kept else ()
    unknown = tuple(name for name in undecided if name in kept and not example)
    return Settled(frozenset(kept), choices, example, tuple(dict.fromkeys(conflicts)), against, unknown)


def _definite(paper: Paper, order: list[str]) -> frozenset[str]:
    """All claims that leave no choice, if they fit together: one search instead of one a claim.

    Beside an open claim the search is narrower, and its cohort serves again when that claim's turn comes.
    """
    definite = frozenset(name for name in order if not paper.choices(paper.claims[name]))
    for name in order:
        for choice in paper.choices(paper.claims[name]):
            if definite and _state(paper, (*definite, name), {name: choice}) == "found":
                return definite
    return definite if definite and _state(paper, tuple(definite), {}) == "found" else frozenset()


def _open(paper: Paper, name: str) -> tuple[str, ...]:
    return paper.choices(paper.claims[name]) or ("",)


def _readings(
    paper: Paper, kept: Sequence[str], choices: Choices, against: Mapping[str, Mapping[str, object]]
) -> tuple[Choices, ...]:
    """The choices made for the claims kept, and then every other way to make them that is not ruled out."""
    left = {
        name: [choice for choice in paper.choices(paper.claims[name]) if choice not in against.get(name, {})]
        for name in kept
        if name in choices
    }
    others = (dict(zip(left, made, strict=True)) for made in product(*left.values()))
    return (choices, *(other for other in others if other != choices))


def _best(paper: Paper, names: tuple[str, ...], readings: Sequence[Choices]) -> tuple[State, Choices]:
    """The first reading that a cohort is found for; else the first that was not decided; none if each is ruled out."""
    open_still: list[Choices] = []
    for reading in readings:
        state = _state(paper, names, reading)
        if state == "found":
            return state, reading
        open_still += [reading] if state == "undecided" else []
    return ("undecided", open_still[0]) if open_still else ("none", readings[0])


def _with(choices: Choices, name: str, choice: str) -> Choices:
    """A claim that leaves nothing open keeps what it says itself."""
    return {**choices, name: choice} if choice else choices


def _state(paper: Paper, names: tuple[str, ...], choices: Choices) -> State:
    return paper.find(frozenset(names), choices).state


def _conflict(paper: Paper, names: tuple[str, ...], *readings: Choices) -> tuple[str, ...]:
    """Days first, then estimates of the same endpoint, then the rest: what remains is the easiest to see.

    It is one under every reading.
    """
    new = paper.claims[names[-1]]

    def distance(name: str) -> int:
        claim = paper.claims[name]
        if claim is new or isinstance(claim, EventDays):
            return 0
        if isinstance(claim, Survival) and isinstance(new, Survival) and claim.endpoint == new.endpoint:
            return 1
        return 3 if isinstance(claim, MedianRange) and claim.of == "follow-up" else 2

    tried = sorted((names[-1], *names[:-1]), key=distance)
    found = find_conflict(tried, lambda kept: all(paper.rules_out(kept, reading) for reading in readings))
    return tuple(name for name in paper.claims if name in found)


def find_conflict(claims: Sequence[str], impossible: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """A minimal set of claims that cannot hold together: the fewest first ones that cannot, less what is not needed.

    `impossible` says whether a set of claims is proved to have no cohort; the claims given must have none together. A
    claim is left out only when the rest is proved impossible without it, so what is not proved keeps it in. Empty where
    what is not claimed contradicts itself.
    """
    if impossible(frozenset()):
        return ()
    kept = list(claims[: _fewest(claims, lambda first: impossible(frozenset(first)))])
    for claim in reversed(kept[:-1]):
        if impossible(frozenset(kept) - {claim}):
            kept.remove(claim)
    return tuple(kept)


def _fewest(claims: Sequence[str], impossible: Callable[[Sequence[str]], bool]) -> int:
    """So many of the first claims are proved impossible together, and one fewer are not. All of them must be."""
    possible, ruled_out = 0, len(claims)
    while ruled_out - possible > 1:
        middle = (possible + ruled_out) // 2
        if impossible(claims[:middle]):
            ruled_out = middle
        else:
            possible = middle
    return ruled_out
