"""Is there a cohort that satisfies every printed fact? One is shown, or it is proved that there is none.

Four searches share the work. Orders of leaving rule out, small changes find, an outline leads to a cohort or rules
out, and naming every case does both for small cohorts. Each is given up after so many steps, never after a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from caseseries.evidence.cohort import Answer, Problem, State, is_gap
from caseseries.evidence.mending import mend_cohort
from caseseries.evidence.named import name_cases, size_of
from caseseries.evidence.orders import outline_cohort, rule_out

SMALL = 300  # comparisons of days: named at once
LARGE = 1_500  # named, if nothing else decides
FEW_CHANGES, CHANGES = 1_000, 4_000
QUICK, EFFORT, FOLLOWING = 0.3, 1.5, 1.0  # seconds of CP-SAT's own clock, in one search
ALLOWED = 400_000  # work: some 20 seconds, which few papers come near
LEAST = 0.03  # of all this, where more than the work allowed was done before


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
    if not problems:
        yield Answer("none")  # the counts printed fit no cohort
        return
    largest = max(map(size_of, problems))
    gaps = tuple(fact for fact in problems[0].facts if is_gap(fact))
    if gaps:
        yield _only("none", name_cases(replace(problems[0], facts=gaps), share * EFFORT))
    state, work = rule_out(problems, share * QUICK)
    yield _only("none", Answer(state, work=work))
    if largest <= SMALL:
        yield _name(problems, share * EFFORT)
    if shown:
        yield mend_cohort(problems, round(share * FEW_CHANGES))
        yield from _follow(problems, share)
        yield mend_cohort(problems, round(share * CHANGES))
    if shown and SMALL < largest <= LARGE:
        yield _name(problems, share * EFFORT)
    if state == "undecided":
        state, work = rule_out(problems, share * EFFORT)
        yield _only("none", Answer(state, work=work))


def _follow(problems: Sequence[Problem], share: float) -> Iterator[Answer]:
    """An outline, and a cohort that follows it."""
    outline, answer = outline_cohort(problems, share * EFFORT)
    yield answer
    if outline is not None:
        yield _only("found", name_cases(outline.problem, share * FOLLOWING, outline))


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
