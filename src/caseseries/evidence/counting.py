"""Is there a cohort, where every fact about survival and follow-up counts from one origin: decided by counting."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeGuard

from caseseries.evidence.cohort import Answer, Fact, Falls, Problem, Spread, State, Survives, can_hold
from caseseries.evidence.placing import place_cohort
from caseseries.evidence.pools import Gates, Layer, Middle, Pools, gates_of, lay_out, middle_of, pool_people
from caseseries.evidence.ways import Backwards, Forwards, Question, directions_of, list_sequences

LARGEST = 4_000_000  # numbers in one layer; a larger search is not begun
STEPS = 15_000  # steps back before a search is given up: a count, so that every run agrees
WORK = 80_000  # as in Answer.work, before a search is given up
TRIED = 20  # ways made into cohorts before a search is given up
FEW = 3  # where a narrower search follows


def count_cohort(
    problem: Problem, gaps: Sequence[Mapping[str, int]], steps: int = STEPS, more: Gates = ()
) -> Answer:
    """A cohort that satisfies the facts about survival and follow-up; `gaps` go to the persons as they are.

    All these facts must count from the base origin. `none` is a proof; with `more` gates, that no cohort passes them.
    """
    pools = pool_people(problem)
    if pools == "none" or pools is None:
        return Answer("none" if pools else "undecided")
    medians = tuple(middle_of(fact, pools) for fact in problem.facts if _is_median(fact))
    search = Search(problem, pools, gaps, more, steps)
    return replace(_decide(search, medians), work=search.work)


def _decide(search: "Search", medians: tuple[Middle, ...]) -> Answer:
    """The middle days near to each other first; then all, halved until each part is decided."""
    if not all(median.exact for median in medians):
        answer = search.run(tuple(median.near for median in medians))
        if answer.state == "found":
            return answer
    state: State = "none"
    ranges = [medians]
    while ranges:
        if search.work > WORK:
            return Answer("undecided")
        medians = ranges.pop()
        answer = search.run(medians)
        if answer.state == "found":
            return answer
        open_ = [place for place, median in enumerate(medians) if not median.exact]
        if answer.state == "undecided" and open_ and search.steps:
            ranges += reversed(_halved(medians, open_[0]))
        elif answer.state == "undecided":
            state = "undecided"
    return Answer(state)


def _is_median(fact: Fact) -> TypeGuard[Spread]:
    return isinstance(fact, Spread) and fact.measure == "median"


def _halved(medians: tuple[Middle, ...], place: int) -> list[tuple[Middle, ...]]:
    return [(*medians[:place], half, *medians[place + 1 :]) for half in medians[place].halves()]


@dataclass
class Search:
    """Searches for a cohort of one problem, under one choice of middle days after another."""

    problem: Problem
    pools: Pools
    gaps: Sequence[Mapping[str, int]]
    more: Gates = ()
    steps: int = STEPS
    work: int = 0

    def run(self, medians: tuple[Middle, ...]) -> Answer:
        facts = self.problem.facts
        gates = [gate for fact in facts for gate in gates_of(fact, self.pools)]
        gates += [gate for median in medians for gate in median.gates]
        gates += self.more
        survivals = tuple(fact for fact in facts if isinstance(fact, Survives))
        sums = [1 if fact.limits is None else 2 for fact in survivals]
        directions = directions_of(sums, LARGEST // math.prod(self.pools.shape))
        if not len(directions):
            return Answer("undecided")
        layers = lay_out(self.problem, self.pools, gates)
        curves = (fact for fact in facts if isinstance(fact, Survives | Falls))
        listings = (list_sequences(fact, self.pools.n) for fact in curves)
        question = Question(self.pools, layers, survivals, tuple(found for found in listings if found))
        back = Backwards(Forwards(question, directions), self.steps)
        answer = self._first(back, layers, TRIED if all(m.exact for m in medians) else FEW)
        cell = 1 + len(directions) * math.prod(self.pools.shape[3:]) // 4_000
        self.work += len(layers) * math.prod(self.pools.shape[:3]) * cell + 3 * (self.steps - back.steps)
        self.steps = back.steps
        return answer

    def _first(self, back: Backwards, layers: tuple[Layer, ...], most: int) -> Answer:
        failed = False
        for way in islice(back.ways(), most):
            courses = place_cohort(self.problem, self.pools, layers, way, self.gaps)
            if courses and all(can_hold(courses, fact) for fact in self.problem.facts):
                return Answer("found", courses)
            failed = True
        return Answer("none" if back.exhausted and not failed else "undecided")
