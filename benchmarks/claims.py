"""How long the claims checker takes on cohorts whose truth is known, up to 60 cases and 20 events.

    python benchmarks/claims.py

For each size a cohort is drawn, its numbers are printed as a paper would print them, and the checker is asked
whether they are possible (they are), and again with the EFS moved (which may be possible too, in another cohort)
and without the days of the relapses. Whether follow-up was decided is seen in the verdicts.
"""

import random
import sys
import time
from collections import Counter

from caseseries.evidence.claims import ClaimsFile
from caseseries.evidence.cohort import Course, list_at_risk, median_of
from caseseries.evidence.printed import parse_number
from caseseries.evidence.sequences import estimate_after, find_sequences
from caseseries.evidence.verdicts import judge

VARIANTS = (
    ("as it is", 0, True),
    ("EFS 9 points lower", 9, True),
    ("EFS 25 points lower", 25, True),
    ("no relapse days", 0, False),
)


def draw_cohort(n: int, events: int, rng: random.Random) -> list[Course]:
    days = rng.sample(range(20, 900), events)
    dying = [Course(day + rng.randrange(5, 300), dead=True, relapse=day) for day in days[: events // 2]]
    relapsed = [Course(day + rng.randrange(5, 900), relapse=day) for day in days[events // 2 :]]
    return [*dying, *relapsed, *(Course(rng.randrange(60, 1800)) for _ in range(n - events))]


def print_claims(cohort: list[Course], shift: int = 0, days: bool = True) -> ClaimsFile:
    def estimate(ends: str) -> str:
        return f"{100 * float(estimate_after(list_at_risk(cohort, ends, 'start', 730))):.0f}"  # type: ignore[arg-type]

    alive = [course.end for course in cohort if not course.dead]
    relapses = sorted(course.relapse for course in cohort if course.relapse is not None)
    efs, os = (estimate(ends) for ends in ("first event", "death"))
    common = {"kind": "survival", "origin": "start", "horizon": "730d"}
    claims = [
        {"id": "n", "kind": "count", "of": "cases", "printed": str(len(cohort))},
        {"id": "deaths", "kind": "count", "of": "deaths", "printed": str(sum(c.dead for c in cohort))},
        {"id": "relapses", "kind": "count", "of": "relapses", "printed": str(len(relapses))},
        {"id": "days", "kind": "event days", "event": "relapse", "printed": ", ".join(map(str, relapses))},
        {"id": "efs", "endpoint": "efs", "printed": str(max(0, int(efs) - shift)), **common},
        {"id": "os", "endpoint": "os", "printed": os, **common},
        {
            "id": "follow-up",
            "kind": "median and range",
            "of": "follow-up",
            "among": "survivors",
            "printed": f"{float(median_of(alive)):g} ({min(alive)}-{max(alive)})",
        },
    ]
    ends = {"efs": {"label": "EFS", "ends": "first event"}, "os": {"label": "OS", "ends": "death"}}
    claims = [claim for claim in claims if days or claim["id"] != "days"]
    return ClaimsFile.model_validate(
        {"title": "drawn", "source": "drawn", "endpoints": ends, "claims": tuple(claims)}
    )


def main() -> None:
    sys.stdout.write("| cases | events | printed | verdicts | processor seconds |\n|---|---|---|---|---|\n")
    for n, events in ((11, 5), (20, 8), (40, 12), (60, 20)):
        cohort = draw_cohort(n, events, random.Random(n))
        for what, shift, days in VARIANTS:
            file = print_claims(cohort, shift, days)
            started = time.process_time()
            verdicts = Counter(verdict.verdict for verdict in judge(file).verdicts)
            took = time.process_time() - started
            shown = ", ".join(f"{times} {verdict}" for verdict, times in verdicts.items())
            sys.stdout.write(f"| {n} | {events} | {what} | {shown} | {took:.1f} |\n")
            sys.stdout.flush()
    started = time.process_time()
    found = [
        find_sequences(60, 20, parse_number(str(p)).proportion().band(), limit=1_000) for p in range(1, 100)
    ]
    sys.stdout.write(
        f"\n60 cases, 20 events, 1 % to 99 %: {sum(bool(f.found) for f in found)} possible, "
        f"{time.process_time() - started:.1f} s\n"
    )


if __name__ == "__main__":
    main()
