"""Is there a cohort that satisfies every printed fact? One is shown, or it is proved that there is none.

Three searches share the work. Counting and, of small cohorts, integer programmes prove and find; small changes find,
of cohorts too large for these. Each is given up after so many steps, never after a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from caseseries.evidence.cohort import Answer, Course, Problem
from caseseries.evidence.counting import STEPS, count_cohort
from caseseries.evidence.feasible import size_of, solve
from caseseries.evidence.mending import mend_cohort
from caseseries.evidence.origins import is_gap, rule_out

SMALL = 700  # that take less than a second
LARGE = 1_500
FEW_STEPS = 1_000  # of counting, before small changes are tried
FEW_CHANGES = 3_000
CHANGES = 4_500
FEWEST_CHANGES = 500
ALLOWED = 200_000  # work: some 8 seconds


def find_cohort(problem: Problem) -> Answer:
    """A cohort that satisfies all facts of one problem."""
    return find_any([problem])


def find_any(problems: Sequence[Problem], allowed: int = ALLOWED) -> Answer:
    """A cohort of one of the problems, which differ in their persons alone; `none` only if each is proved impossible.

    Counting and programmes decide, small changes find. What is quick comes first: where large cohorts are seen from
    several origins, small changes. No more is begun once it took the work allowed, but the first.
    """
    if not problems:
        return Answer("none")  # the counts printed fit no cohort
    origins = {fact.origin for problem in problems for fact in problem.facts if not is_gap(fact)}
    few_changes = _mending(FEW_CHANGES if allowed > 0 else FEWEST_CHANGES)
    steps = _each(lambda problem: _count(problem, STEPS), allowed // 2)
    if max(map(size_of, problems)) > (SMALL if len(origins) > 1 else LARGE):
        first = [few_changes]
    else:
        few_steps = _each(lambda problem: _count(problem, FEW_STEPS), ALLOWED)
        first = [few_steps, _each(lambda problem: solve(problem, most=SMALL), ALLOWED), few_changes]
    stages = [*first, steps, _mending(CHANGES), _each(solve, allowed // 4)]
    left, work = list(problems), 0
    for place, stage in enumerate(stages):
        if place >= len(first) and work >= allowed:
            break
        answer, left = stage(left)
        work += answer.work
        if answer.state == "found" or not left:
            return replace(answer, work=work)
    return Answer("undecided", work=work)


Stage = Callable[[list[Problem]], tuple[Answer, list[Problem]]]


def _mending(changes: int) -> Stage:
    return lambda problems: (mend_cohort(problems, changes), problems)


def _each(search: Callable[[Problem], Answer], allowed: int) -> Stage:
    """Search the problems one by one while it is allowed; return what came of it, and those that are left."""

    def stage(problems: list[Problem]) -> tuple[Answer, list[Problem]]:
        left: list[Problem] = []
        work = 0
        for place, problem in enumerate(problems):
            if work >= allowed:
                left += problems[place:]
                break
            answer = search(problem)
            work += answer.work
            if answer.state == "found":
                return replace(answer, work=work), []
            left += [problem] if answer.state == "undecided" else []
        return Answer("undecided" if left else "none", work=work), left

    return stage


def _count(problem: Problem, steps: int) -> Answer:
    """By counting: a cohort, where all facts count from one origin; of several, only that there is none.

    Facts about the days between two origins are no hindrance where nothing else is said of the other origin.
    """
    apart = tuple(fact for fact in problem.facts if is_gap(fact))
    if any(fact.origin not in problem.gaps for fact in apart):
        return Answer("undecided")
    lengths = solve(replace(problem, facts=apart)) if apart else Answer("found", _shortest_gaps(problem))
    if lengths.state != "found":
        return replace(lengths, courses=())
    rest = tuple(fact for fact in problem.facts if not is_gap(fact))
    if any(fact.origin in problem.gaps for fact in rest):
        return rule_out(problem, steps)
    answer = count_cohort(replace(problem, facts=rest), [course.gaps for course in lengths.courses], steps)
    if answer.state == "found" and not problem.admits(answer.courses):
        return Answer("undecided", work=answer.work)
    return answer


def _shortest_gaps(problem: Problem) -> tuple[Course, ...]:
    gaps = {origin: low for origin, (low, _) in sorted(problem.gaps.items())}
    return tuple(Course(0, gaps=gaps) for _ in problem.persons)
