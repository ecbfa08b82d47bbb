"""What is printed of a cohort that exists is never called impossible, however the paper chose what to print."""

import random
from collections import Counter

import pytest

from caseseries.evidence.claims import DAYS_IN, ClaimsFile
from caseseries.evidence.cohort import Course, count_at_risk, list_at_risk, median_of
from caseseries.evidence.greenwood import TRANSFORMS
from caseseries.evidence.sequences import estimate_after, interval_of
from caseseries.evidence.verdicts import judge

ENDPOINTS = {"efs": {"label": "EFS", "ends": "first event"}, "os": {"label": "OS", "ends": "death"}}


def draw_cohort(chance: random.Random, n: int, events: int) -> list[Course]:
    """Deaths without relapse, deaths after relapse, relapsed survivors, and the others."""
    cohort = []
    for _ in range(events):
        relapse, gap = chance.randrange(20, 900), {"treatment": chance.randrange(30, 120)}
        kind = chance.choice(["plain", "dies", "lives"])
        if kind == "plain":
            cohort.append(Course(relapse, True, None, gap))
        else:
            cohort.append(Course(relapse + chance.randrange(5, 400), kind == "dies", relapse, gap))
    others = [
        Course(chance.randrange(60, 1800), gaps={"treatment": chance.randrange(30, 120)}) for _ in range(n)
    ]
    return [*cohort, *others[events:]]


def spread(values: list[int], unit: str, decimals: int) -> str:
    shown = (float(value / DAYS_IN[unit]) for value in (median_of(values), min(values), max(values)))
    return "{} ({}-{})".format(*(f"{value:.{decimals}f}" for value in shown))


def with_limits(n: int, at_risk: tuple[int, ...], method: str, stated: bool) -> dict[str, str]:
    """An estimate and its limits, as printed with one decimal."""
    numbers = (float(estimate_after(at_risk)), *interval_of(n, at_risk, 0, method))
    estimate, low, high = (f"{100 * number:.1f}" for number in numbers)
    return {
        "printed": f"{estimate}% (95% CI {low}-{high})",
        "interval": method if stated else "unstated",
    }


def print_paper(
    chance: random.Random, cohort: list[Course], origins: tuple[str, ...], method: str = ""
) -> ClaimsFile:
    """By a method, with its limits wherever there are any."""
    relapses = [course.relapse for course in cohort if course.relapse is not None]
    dead = [course for course in cohort if course.dead]
    claims: list[dict[str, object]] = [
        {"kind": "count", "of": "cases", "printed": str(len(cohort))},
        {"kind": "count", "of": "relapses", "printed": str(len(relapses))},
        {"kind": "count", "of": "deaths", "printed": str(len(dead))},
    ]
    plain = [course.end for course in dead if course.relapse is None]
    for event, days in (("relapse", relapses), ("death without relapse", plain)):
        if days and chance.random() < 0.5:
            claims.append({"kind": "event days", "event": event, "printed": ", ".join(map(str, days))})
    for endpoint, origin in [(e, o) for e in ENDPOINTS for o in origins if chance.random() < 0.7]:
        day, ends = chance.choice([365, 730, 1095]), ENDPOINTS[endpoint]["ends"]
        at_risk = list_at_risk(cohort, ends, origin, day)  # type: ignore[arg-type]
        percent = 100 * float(estimate_after(at_risk))
        place = {"endpoint": endpoint, "origin": origin, "horizon": f"{day}d"}
        shown = {"printed": f"{percent:.{chance.choice([0, 1])}f}%"}
        if method and 0 < percent < 100:
            shown = with_limits(len(cohort), at_risk, method, chance.random() < 0.5)
        claims.append({"kind": "survival", **shown, **place})
        if chance.random() < 0.3:
            count = count_at_risk(cohort, ends, origin, day)  # type: ignore[arg-type]
            claims.append({"kind": "at risk", "printed": str(count), **place})
    among, unit = chance.choice(["all", "survivors"]), chance.choice(["days", "months"])
    last = [course.end for course in cohort if among == "all" or not course.dead]
    follow_up = {"kind": "median and range", "of": "follow-up", "among": chance.choice([among, "unstated"])}
    claims.append({**follow_up, "unit": unit, "printed": spread(last, unit, chance.choice([0, 1]))})
    if len(origins) > 1:
        gaps = spread([course.gaps["treatment"] for course in cohort], "days", 1)
        claims.append({"kind": "median and range", "of": "gap", "origin": "treatment", "printed": gaps})
    return ClaimsFile.model_validate(
        {
            "title": "Drawn",
            "source": "drawn",
            "base": "hsct",
            "origins": {"hsct": "HSCT", "treatment": "treatment"},
            "endpoints": ENDPOINTS,
            "claims": tuple({"id": f"claim-{place}", **claim} for place, claim in enumerate(claims, start=1)),
        }
    )


@pytest.mark.parametrize("seed", range(24))
def test_one_origin_up_to_sixty_cases(seed: int) -> None:
    chance = random.Random(seed)
    n = chance.choice([15, 25, 40, 60])
    judgement = judge(print_paper(chance, draw_cohort(chance, n, chance.randint(3, n // 3)), ("hsct",)))
    assert {v.verdict for v in judgement.verdicts} <= {"possible", "conditional"}
    assert judgement.example
    assert not judgement.conflicts


@pytest.mark.parametrize("method", TRANSFORMS)
def test_printed_limits_are_never_called_impossible_and_mostly_found(method: str) -> None:
    """Of 40 cases with 8 to 13 events most estimates have too many sequences to list."""
    said: Counter[str] = Counter()
    for seed in range(6):
        chance = random.Random(seed)
        paper = print_paper(chance, draw_cohort(chance, 40, chance.randint(8, 13)), ("hsct",), method)
        judgement = judge(paper)
        assert not judgement.conflicts
        said.update(v.verdict for v in judgement.verdicts if "%" in v.printed)
    assert said.keys() <= {"possible", "not checked"}
    assert said["possible"] > 2 * said["not checked"]


@pytest.mark.parametrize("seed", range(12))
def test_two_origins_of_a_small_cohort(seed: int) -> None:
    chance = random.Random(seed)
    n = chance.randint(5, 7)
    judgement = judge(
        print_paper(chance, draw_cohort(chance, n, chance.randint(1, 4)), ("hsct", "treatment"))
    )
    assert not {v.verdict for v in judgement.verdicts} & {"impossible"}
    assert not judgement.conflicts


@pytest.mark.parametrize("seed", range(100, 108))
def test_two_origins_up_to_sixty_cases(seed: int) -> None:
    chance = random.Random(seed)
    n = chance.choice([20, 40, 60])
    cohort = draw_cohort(chance, n, chance.randint(n // 5, n // 3))
    judgement = judge(print_paper(chance, cohort, ("hsct", "treatment")))
    assert {v.verdict for v in judgement.verdicts} <= {"possible", "conditional"}
    assert judgement.example
    assert not judgement.conflicts
