"""A paper of a few cases prints what it likes and leaves out the rest: nothing true is called impossible.

What is shown beside it is reckoned again here, from the days alone, by other code than the search has.
"""

import random
from collections import Counter
from fractions import Fraction
from statistics import median

import pytest

from caseseries.evidence.claims import ClaimsFile
from caseseries.evidence.cohort import Course
from caseseries.evidence.verdicts import judge

DAYS = (0, 2, 5, 9, 14)  # few, so that many fall together
ENDPOINTS = {"efs": {"label": "EFS", "ends": "first event"}, "os": {"label": "OS", "ends": "death"}}
TOLD = ("relapses", "deaths", "first events")


def draw_cohort(chance: random.Random) -> list[Course]:
    cohort = []
    for _ in range(chance.choice([1, 2, 3, 4, 5])):
        end = chance.choice(DAYS)
        relapse = chance.choice([None, None, chance.choice([day for day in DAYS if day <= end])])
        cohort.append(Course(end, chance.random() < 0.5, relapse, {"start": chance.choice([1, 4])}))
    return cohort


def leaving(cohort: list[Course], claim: dict) -> list[tuple[int, bool]]:
    """The day each case leaves, and whether by an event."""
    back = claim["origin"] == "start"
    days = []
    for one in cohort:
        first = claim["endpoint"] == "efs" and one.relapse is not None
        day, event = (one.relapse, True) if first else (one.end, one.dead)
        days.append((day + one.gaps["start"] * back, event))
    return days


def surviving(cohort: list[Course], claim: dict) -> Fraction:
    share, days = Fraction(1), leaving(cohort, claim)
    for day in sorted({day for day, event in days if event}):
        if day <= int(claim["horizon"][:-1]):
            at_risk = sum(left >= day for left, _ in days)
            share *= Fraction(at_risk - days.count((day, True)), at_risk)
    return share


def staying(cohort: list[Course], claim: dict) -> int:
    return sum(left >= int(claim["horizon"][:-1]) for left, _ in leaving(cohort, claim))


def counted(cohort: list[Course], of: str) -> int:
    tells = {
        "cases": lambda one: one.end >= 0,
        "relapses": lambda one: one.relapse is not None,
        "deaths": lambda one: one.dead,
        "first events": lambda one: one.dead or one.relapse is not None,
    }
    return sum(map(tells[of], cohort))


def values(cohort: list[Course], claim: dict) -> list[int]:
    people = [one for one in cohort if claim["among"] == "all" or not one.dead]
    if claim["of"] == "gap":
        return [one.gaps["start"] for one in people]
    return [one.end + one.gaps["start"] * (claim["origin"] == "start") for one in people]


def told_days(cohort: list[Course], event: str) -> list[int]:
    if event == "relapse":
        return [one.relapse for one in cohort if one.relapse is not None]
    return [one.end for one in cohort if one.dead and one.relapse is None]


def draw_claims(chance: random.Random, cohort: list[Course]) -> list[dict]:
    told = {of for of in TOLD if chance.random() < 0.65}
    claims = [{"kind": "count", "of": of, "printed": str(counted(cohort, of))} for of in ("cases", *told)]
    for event, of in (("relapse", "relapses"), ("death without relapse", "deaths")):
        days = told_days(cohort, event)
        if of in told and days and chance.random() < 0.5:
            some = chance.sample(days, chance.randint(1, len(days)))
            claims.append({"kind": "event days", "event": event, "printed": ", ".join(map(str, some))})
    for one in cohort:
        if "deaths" in told and one.dead and one.relapse is not None and chance.random() < 0.4:
            day = {"day": one.end} if chance.random() < 0.6 else {}
            label = f"case {len(claims)}"
            claims.append({"kind": "death after relapse", "relapse_day": one.relapse, "label": label, **day})
            claims[-1]["printed"] = "died later"
    for _ in range(chance.choice([1, 2, 3])):
        claim = {"endpoint": chance.choice(["efs", "os"]), "origin": chance.choice(["hsct", "start"])}
        claim["horizon"] = f"{chance.choice([1, 3, 5, 9, 10, 15, 17])}d"
        claims.append(
            {"kind": "survival", **claim, "printed": f"{float(100 * surviving(cohort, claim)):.1f}%"}
        )
        if chance.random() < 0.3:
            claims.append({"kind": "at risk", **claim, "printed": str(staying(cohort, claim))})
    for of, origin in (("follow-up", chance.choice(["hsct", "start"])), ("gap", "start")):
        claim = {"kind": "median and range", "of": of, "origin": origin, "shows": "median"}
        claim["among"] = "survivors" if "deaths" in told and chance.random() < 0.5 else "all"
        if (found := values(cohort, claim)) and chance.random() < 0.6:
            claims.append({**claim, "printed": f"{median(found):.1f}"})
    chance.shuffle(claims)
    return [{"id": f"claim-{place}", **claim} for place, claim in enumerate(claims)]


def holds(cohort: list[Course], claim: dict) -> bool:
    printed = claim["printed"].rstrip("%")
    if claim["kind"] == "count":
        return counted(cohort, claim["of"]) == int(printed)
    if claim["kind"] == "event days":
        return Counter(map(int, printed.split(", "))) <= Counter(told_days(cohort, claim["event"]))
    if claim["kind"] == "death after relapse":
        fits = [one for one in cohort if one.dead and one.relapse == claim["relapse_day"]]
        return any(one.end == claim.get("day", one.end) for one in fits)
    if claim["kind"] == "at risk":
        return staying(cohort, claim) == int(printed)
    if claim["kind"] == "survival":
        return abs(100 * surviving(cohort, claim) - Fraction(printed)) <= Fraction(1, 20)
    return abs(median(values(cohort, claim)) - float(printed)) <= 0.05


@pytest.mark.parametrize("first", [0, 40])
def test_of_a_true_paper_nothing_is_impossible_and_what_is_shown_fits(first: int) -> None:
    for seed in range(first, first + 20):
        chance = random.Random(seed)
        cohort = draw_cohort(chance)
        claims = draw_claims(chance, cohort)
        file = {"title": "A paper", "source": "Somewhere", "base": "hsct", "endpoints": ENDPOINTS}
        origins = {"hsct": "HSCT", "start": "the start"}
        judgement = judge(ClaimsFile.model_validate({**file, "origins": origins, "claims": tuple(claims)}))
        said = {verdict.id: verdict.verdict for verdict in judgement.verdicts}
        assert "impossible" not in said.values(), (seed, cohort, claims)
        if judgement.example:
            for claim in claims:
                if said[claim["id"]] == "possible":
                    assert holds([*judgement.example], claim), (seed, claim, judgement.example)
