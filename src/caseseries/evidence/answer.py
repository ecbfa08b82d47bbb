"""What `caseseries claims` answers: the verdicts as text for a reader or as JSON for a program."""

from collections.abc import Iterator
from pathlib import Path

from caseseries.evidence.against import compare_with_data, read_data
from caseseries.evidence.claims import ClaimsFile, load_claims
from caseseries.evidence.cohort import Course
from caseseries.evidence.verdicts import Judgement, judge

MADE_UP = "A made-up cohort that satisfies every claim kept; these are not patients."
WRONG = ("impossible", "differs")


def answer_claims(path: Path, data: Path | None = None) -> tuple[dict[str, object], str, bool]:
    """The answer as a JSON-ready record, as text, and whether every claim stands.

    With `data`, a study folder that was run, each number is recomputed; without, a cohort is searched for.

    Raises:
        StudyError: the claims file or the results cannot be read; carries every problem.
    """
    file = load_claims(path)
    if data is not None:
        verdicts = compare_with_data(file, read_data(data))
        judgement = Judgement(file.title, verdicts, {}, (), (), ())
    else:
        judgement = judge(file)
    stands = not any(verdict.verdict in WRONG for verdict in judgement.verdicts)
    return claims_record(judgement, file), "\n".join(claims_text(judgement, file)), stands


def claims_record(judgement: Judgement, file: ClaimsFile) -> dict[str, object]:
    """{"claims", "sequences", "conflicts", "example", "notes"}; the example is null where there is none."""
    return {
        "title": judgement.title,
        "claims": [
            {"id": v.id, "printed": v.printed, "verdict": v.verdict, "because": v.because}
            for v in judgement.verdicts
        ],
        "sequences": {place: [list(s) for s in found] for place, found in judgement.sequences.items()},
        "conflicts": [list(conflict) for conflict in judgement.conflicts],
        "example": _example(judgement.example, file) if judgement.example else None,
        "notes": list(judgement.notes),
    }


def claims_text(judgement: Judgement, file: ClaimsFile) -> Iterator[str]:
    """Title, a paragraph a claim, the conflicts and assumptions, and the example as a small table."""
    yield judgement.title
    yield ""
    for verdict in judgement.verdicts:
        yield f"{verdict.verdict.upper()}  {verdict.id}: “{verdict.printed}”"
        yield f"    {verdict.because}"
    if judgement.notes:
        yield ""
        yield from judgement.notes
    if judgement.example:
        yield ""
        yield MADE_UP
        yield from (f"    {line}" for line in _lines(judgement.example, file))


def _example(courses: tuple[Course, ...], file: ClaimsFile) -> dict[str, object]:
    return {
        "label": MADE_UP,
        "origin": file.base,
        "cases": [
            {"relapse": c.relapse, "end": c.end, "dead": c.dead, "days_to_origin": dict(c.gaps)}
            for c in courses
        ],
    }


def _lines(courses: tuple[Course, ...], file: ClaimsFile) -> Iterator[str]:
    for number, course in enumerate(courses, start=1):
        relapse = f"relapse on day {course.relapse}, " if course.relapse is not None else ""
        end = f"{'died' if course.dead else 'last seen alive'} on day {course.end}"
        gaps = "".join(f", {gap} days after {file.origins[origin]}" for origin, gap in course.gaps.items())
        yield f"{number}: {relapse}{end} from {file.origins[file.base]}{gaps}"
