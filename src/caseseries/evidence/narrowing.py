"""From all at-risk sequences behind a printed estimate to those that the other claims leave, step by step."""

from dataclasses import dataclass

from caseseries.evidence.claims import AtRisk, DeathAfterRelapse, EventDays, MedianRange, Survival
from caseseries.evidence.cohort import Fact, Falls, Remains, Spread, count_at_risk
from caseseries.evidence.named import name_cases
from caseseries.evidence.reading import Choices, Paper
from caseseries.evidence.sequences import interval_of
from caseseries.evidence.settle import Settled

TESTED = 20  # sequences tried one by one against the other claims
MEASURED = 6  # sequences for which the interval is sought over all cohorts that fit
WORK = 100_000  # after which only verdicts are searched for, and no more is found out about the sequences

Sequence = tuple[int, ...]


@dataclass(frozen=True)
class Narrowing:
    """The sequences that remain at each step; None where there were too many to try.

    `alone` rests on sizes and counts; `early` adds the printed days and that nobody left before the shortest
    follow-up; `followed` that somebody left exactly then; `beside` all other claims.
    """

    alone: tuple[Sequence, ...]
    complete: bool
    early: tuple[Sequence, ...] | None = None
    followed: tuple[Sequence, ...] | None = None
    beside: tuple[Sequence, ...] | None = None

    @property
    def last(self) -> tuple[Sequence, ...]:
        return next(step for step in (self.beside, self.followed, self.early, self.alone) if step is not None)


@dataclass(frozen=True)
class Precision:
    """How far the interval of a printed estimate goes over all cohorts that fit: each a smallest and largest.

    The interval depends on the at-risk sequence and on the number still at risk at the horizon, and its
    lower limit rises with that number; so the extremes are reached at the smallest and largest.
    """

    at_risk: tuple[int, int]
    lower: tuple[float, float]
    upper: tuple[float, float]


def narrow(paper: Paper, claim: Survival, settled: Settled) -> Narrowing:
    """Try each sequence of a survival claim against more and more of the other claims."""
    sequences = paper.sequences(claim)
    many = not sequences.complete or len(sequences.found) > TESTED or paper.work > WORK
    if many or claim.id not in settled.kept:
        return Narrowing(sequences.found, sequences.complete)
    days = frozenset(n for n in settled.kept if isinstance(paper.claims[n], EventDays | DeathAfterRelapse))
    followed = frozenset(n for n in settled.kept if is_follow_up(paper, n))
    gaps = frozenset(n for n in settled.kept if isinstance(paper.claims[n], MedianRange)) - followed
    least = tuple(fact for name in sorted(followed) for fact in _least(paper, name, settled.choices))

    def left(
        before: tuple[Sequence, ...] | None, names: frozenset[str], *facts: Fact
    ) -> tuple[Sequence, ...] | None:
        found: list[Sequence] = []
        for sequence in before or ():
            if paper.work > WORK:
                return None
            if _fits(paper, claim, sequence, names, settled.choices, *facts):
                found.append(sequence)
        return None if before is None else tuple(found)

    early = left(sequences.found, days | gaps, *least)
    beside = left(early, settled.kept)  # before `then`, for which the cohorts found here serve again
    then = left(early, days | gaps | followed)
    if early is None or then is None or beside is None:
        return Narrowing(sequences.found, True)
    return Narrowing(sequences.found, True, early, then, tuple(s for s in beside if s in then))


def is_follow_up(paper: Paper, name: str) -> bool:
    claim = paper.claims[name]
    return isinstance(claim, MedianRange) and claim.of == "follow-up"


def measure_precision(
    paper: Paper, claim: Survival, settled: Settled, narrowing: Narrowing
) -> Precision | None:
    """The interval of the estimate over all cohorts that fit; None where that would take too many searches."""
    if (
        narrowing.beside is None
        or len(narrowing.beside) > MEASURED
        or any(isinstance(c, AtRisk) for c in paper.file.claims)
    ):
        return None
    n = paper.count("cases") or 0
    found = []
    for sequence in narrowing.beside:
        for fewest in (True, False):
            count = _extreme(paper, claim, settled, sequence, fewest)
            if count is None:
                return None
            found.append((count, *interval_of(n, sequence, count)))
    if not found:
        return None
    at_risk, lower, upper = ((min(column), max(column)) for column in zip(*found, strict=True))
    return Precision(at_risk, lower, upper)


def _extreme(paper: Paper, claim: Survival, settled: Settled, sequence: Sequence, fewest: bool) -> int | None:
    """How few, or how many, can still be at risk at the horizon; None where that was not decided.

    The bound itself is asked for first, because often it can be reached; then stretches of counts, twice as long
    after each that is ruled out, and half of what is left after each that is not.
    """
    ends, origin = paper.file.endpoints[claim.endpoint].ends, settled.choices.get(claim.id, claim.origin)
    falls = Falls(claim.id, ends, origin, claim.day, sequence)
    most = (sequence[-1] if sequence else (paper.count("cases") or 0) + 1) - 1
    first, found, length = 0, most + 1, 1  # counted from the bound
    while first < found:
        last = min(first + length, found) - 1
        counts = (first, last) if fewest else (most - last, most - first)
        remains = Remains(claim.id, ends, origin, claim.day, *counts)
        answer = paper.find(settled.kept - {claim.id}, settled.choices, falls, remains)
        if answer.state == "undecided" or paper.work > WORK:
            return None
        if answer.state == "none":
            first, length = last + 1, 2 * length
        else:
            count = count_at_risk(answer.courses, ends, origin, claim.day)
            found = count if fewest else most - count
            length = max(1, (found - first) // 2)
    if found > most:
        return None
    return found if fewest else most - found


def earliest_death(paper: Paper, claim: Survival, settled: Settled, label: str) -> int | None:
    """The first day on which the named case can have died, given the days, the follow-up and this claim."""
    kept = frozenset(
        name
        for name in settled.kept
        if name == claim.id
        or is_follow_up(paper, name)
        or isinstance(paper.claims[name], EventDays | DeathAfterRelapse)
    )
    found = []
    for problem in paper.problems(kept, settled.choices):
        place = next(i for i, person in enumerate(problem.persons) if person.label == label)
        answer = name_cases(problem, least_end=place)
        if answer.state == "undecided":
            return None
        found += [answer.courses[place].end] if answer.courses else []
    return min(found, default=None)


def _least(paper: Paper, name: str, choices: Choices) -> tuple[Fact, ...]:
    facts = paper.facts(paper.claims[name], choices)
    return tuple(fact for fact in facts if isinstance(fact, Spread) and fact.measure == "at least")


def _fits(
    paper: Paper, claim: Survival, sequence: Sequence, names: frozenset[str], choices: Choices, *facts: Fact
) -> bool:
    ends, origin = paper.file.endpoints[claim.endpoint].ends, choices.get(claim.id, claim.origin)
    falls = Falls(claim.id, ends, origin, claim.day, sequence)
    return paper.find(names - {claim.id}, choices, falls, *facts).state != "none"
