"""Is there a cohort that satisfies every printed fact? One is shown, or it is proved that there is none.

Three searches share the work. Orders of leaving rule out, small changes find, and naming every case does both for small
cohorts. Each is given up after so many steps, never after a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from caseseries.evidence.cohort import Answer, Problem, State, is_gap
from caseseries.evidence.mending import mend_cohort
from caseseries.evidence.named import name_cases, size_of
from caseseries.evidence.orders import outline_cohort

SMALL = 300  # comparisons of days: named at once
LARGE = 1_500  # named, if nothing else decides
FEW_CHANGES = 1_000
CHANGES = 4_500
EFFORT = 5.0  # of CP-SAT, in one search
FOLLOWING = 0.2  # of it, for a cohort that follows an outline
ALLOWED = 200_000  # work: some 8 seconds
LEAST = 0.1  # of all this, where more than the work allowed was done before


def find_cohort(problem: Problem) -> Answer:
    """A cohort that satisfies all facts of one problem."""
    return find_any([problem])


def find_any(problems: Sequence[Problem], allowed: int = ALLOWED, shown: bool = True) -> Answer:
    """A cohort of one of the problems, which differ in their persons alone; `none` only if each is proved impossible.

    The less work is allowed, the less far each search looks. Where no cohort need be `shown`, the quick proofs alone
    are tried.
    """
    work = 0
    for answer in _searches(problems, max(LEAST, allowed / ALLOWED), shown):
        work += answer.work
        if answer.state != "undecided":
            return replace(answer, work=work)
    return Answer("undecided", work=work)


def _searches(problems: Sequence[Problem], share: float, shown: bool) -> Iterator[Answer]:
    """One search after the other, the quick ones first."""
    if not problems:
        yield Answer("none")  # the counts printed fit no cohort
        return
    effort, largest = share * EFFORT, max(map(size_of, problems))
    gaps = tuple(fact for fact in problems[0].facts if is_gap(fact))
    if gaps:
        yield _only("none", name_cases(replace(problems[0], facts=gaps), effort))
    state, outline, work = outline_cohort(problems, effort)
    yield _only("none", Answer(state, work=work))
    if shown and largest > SMALL:
        yield mend_cohort(problems, FEW_CHANGES)
    if shown and outline is not None:
        yield _only("found", name_cases(outline.problem, FOLLOWING * effort, outline.gone))
    if shown and largest > SMALL:
        yield mend_cohort(problems, round(share * CHANGES))
    if largest <= (LARGE if shown else SMALL):
        yield _name(problems, effort)


def _only(state: State, answer: Answer) -> Answer:
    """An answer about a part of the facts, or to more than was asked: it decides one way only."""
    return answer if answer.state == state else Answer("undecided", work=answer.work)


def _name(problems: Sequence[Problem], effort: float) -> Answer:
    """One problem after the other, in equal shares."""
    answers = []
    for problem in problems:
        answers.append(name_cases(problem, effort / len(problems)))
        if answers[-1].state == "found":
            break
    work = sum(answer.work for answer in answers)
    states = {answer.state for answer in answers}
    return replace(
        answers[-1], state="undecided" if states == {"none", "undecided"} else answers[-1].state, work=work
    )
