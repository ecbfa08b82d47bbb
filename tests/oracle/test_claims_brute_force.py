"""The checker against every cohort there is on a small grid of days, each recomputed by the definitions.

Small cohorts are drawn and told as a paper tells them, some numbers off by one digit. A set of claims that the checker
calls contradictory may hold together in no cohort of the grid; a cohort that it shows must have all that it let stand.
"""

import random
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from caseseries.evidence.claims import ClaimsFile, check_claims
from caseseries.evidence.verdicts import judge

LAST = 4  # days run from 0
ENDPOINTS = {"efs": {"label": "EFS", "ends": "first event"}, "os": {"label": "OS", "ends": "death"}}


@dataclass(frozen=True)
class Case:
    relapse: int | None
    end: int
    dead: bool

    def leaves(self, endpoint: str) -> tuple[int, bool]:
        if endpoint == "efs" and self.relapse is not None:
            return self.relapse, True
        return self.end, self.dead


KINDS = [
    Case(relapse, end, dead)
    for end in range(LAST + 1)
    for relapse in (None, *range(end + 1))
    for dead in (False, True)
]


@cache
def cohorts(n: int) -> list[tuple[Case, ...]]:
    return list(combinations_with_replacement(KINDS, n))


def survival(cohort, endpoint: str, day: int) -> Fraction:
    seen, product = [case.leaves(endpoint) for case in cohort], Fraction(1)
    for here in range(day + 1):
        at_risk = sum(left >= here for left, _ in seen)
        product *= 1 - Fraction(sum(one == (here, True) for one in seen), max(1, at_risk))
    return product


def middle(values: list[int]) -> Fraction:
    ordered = sorted(values)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def printed_as(value: Fraction, text: str) -> bool:
    """Rounded to the last digit printed, a half up or down."""
    return abs(value - Fraction(text)) * 2 <= Fraction(1, 10 ** len(text.partition(".")[2]))


def is_true(cohort, claim: dict, file: list[dict]) -> bool:
    kind, printed = claim["kind"], claim["printed"]
    if kind == "count":
        counted = {
            "cases": len(cohort), "relapses": sum(c.relapse is not None for c in cohort),
            "deaths": sum(c.dead for c in cohort),
            "first events": sum(c.dead or c.relapse is not None for c in cohort),
        }  # fmt: skip
        return counted[claim["of"]] == int(printed)
    if kind == "event days":
        told = Counter(map(int, printed.split(", ")))
        happened = Counter(case.relapse for case in cohort if case.relapse is not None)
        counted = any(other.get("of") == "relapses" for other in file)
        return told <= happened if counted else told == happened
    if kind == "survival":
        day = int(claim["horizon"][:-1])
        return printed_as(100 * survival(cohort, claim["endpoint"], day), printed.rstrip("%"))
    if kind == "at risk":
        day = int(claim["horizon"][:-1])
        return sum(case.leaves(claim["endpoint"])[0] >= day for case in cohort) == int(printed)
    values = [case.end for case in cohort if claim["among"] == "all" or not case.dead]
    median, low, high = printed.replace(" (", "-").rstrip(")").split("-")
    return bool(values) and all(
        printed_as(value, text)
        for value, text in (
            (middle(values), median),
            (Fraction(min(values)), low),
            (Fraction(max(values)), high),
        )
    )


def draw(value: Fraction, chance: random.Random) -> str:
    """As printed, now and then with a digit that is wrong."""
    up, wrong = chance.choice([Fraction(1, 2), Fraction(49, 100)]), chance.choice([-1, 0, 0, 0, 0, 0, 1])
    return str(max(0, int(value + up) + wrong))


def tell(cohort, chance: random.Random) -> list[dict]:
    claims = [{"kind": "count", "of": "cases", "printed": str(len(cohort))}]
    relapses = [case.relapse for case in cohort if case.relapse is not None]
    dead = sum(case.dead for case in cohort)
    for of, number in (("relapses", len(relapses)), ("deaths", dead)):
        if chance.random() < 0.7:
            claims.append({"kind": "count", "of": of, "printed": str(number)})
    if relapses and chance.random() < 0.5:
        claims.append({"kind": "event days", "event": "relapse", "printed": ", ".join(map(str, relapses))})
    for _ in range(chance.randint(1, 3)):
        endpoint, day = chance.choice(["efs", "os"]), chance.randint(1, LAST)
        place = {"endpoint": endpoint, "origin": "start", "horizon": f"{day}d"}
        left = sum(case.leaves(endpoint)[0] >= day for case in cohort)
        percent = draw(100 * survival(cohort, endpoint, day), chance)
        claims.append({"kind": "survival", **place, "printed": f"{min(100, int(percent))}%"})
        if chance.random() < 0.4:
            claims.append({"kind": "at risk", **place, "printed": draw(Fraction(left), chance)})
    among = chance.choice(["all", "survivors"])
    values = [case.end for case in cohort if among == "all" or not case.dead]
    if values and chance.random() < 0.5:
        low, high = (draw(Fraction(value), chance) for value in (min(values), max(values)))
        shown = f"{draw(middle(values), chance)} ({low}-{high})"
        claims.append({"kind": "median and range", "of": "follow-up", "among": among, "printed": shown})
    return [{"id": f"claim-{place}", **claim} for place, claim in enumerate(claims, start=1)]


@pytest.mark.parametrize("seed", range(40))
def test_no_cohort_of_the_grid_has_what_is_called_contradictory(seed: int) -> None:
    chance = random.Random(seed)
    n = chance.choice([1, 2, 3])
    claims = tell(chance.choice(cohorts(n)), chance)
    raw = {"title": "Drawn", "source": "drawn", "endpoints": ENDPOINTS, "claims": tuple(claims)}
    file = ClaimsFile.model_validate(raw)
    if [*check_claims(file, Path("drawn.toml"))]:  # more deaths than cases, and the like
        return
    judgement = judge(file)
    verdicts = {verdict.id: verdict.verdict for verdict in judgement.verdicts}
    days = [claim for claim in claims if claim["kind"] == "event days"]  # how many there are is a count
    counts = [claim for claim in claims if claim["kind"] == "count"]
    sizes = [{"kind": "count", "of": "relapses", "printed": str(c["printed"].count(",") + 1)} for c in days]
    sizes = [] if any(c["of"] == "relapses" for c in counts) else sizes
    for conflict in judgement.conflicts:
        together = [*counts, *sizes, *(claim for claim in claims if claim["id"] in conflict)]
        assert not any(all(is_true(c, claim, claims) for claim in together) for c in cohorts(n))
    shown = [Case(course.relapse, course.end, course.dead) for course in judgement.example]
    stood = [claim for claim in claims if claim in counts or verdicts[claim["id"]] == "possible"]
    assert not shown or all(is_true(shown, claim, claims) for claim in stood)
    assert shown or len(stood) == len(counts)
