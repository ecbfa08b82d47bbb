"""What a paper does not tell is not taken for none: every paper here is true of the cohort its line describes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from caseseries.evidence.claims import ClaimsFile, check_claims
from caseseries.evidence.verdicts import Judgement, judge

Claim = Mapping[str, object]


def paper(*claims: Claim) -> ClaimsFile:
    return ClaimsFile.model_validate(
        {
            "title": "A paper",
            "source": "Somewhere",
            "base": "hsct",
            "origins": {"hsct": "HSCT", "treatment": "treatment"},
            "endpoints": {
                "efs": {"label": "EFS", "ends": "first event"},
                "os": {"label": "OS", "ends": "death"},
            },
            "claims": tuple({"id": f"claim-{place}", **one} for place, one in enumerate(claims, start=1)),
        }
    )


def count(of: str, printed: int) -> Claim:
    return {"kind": "count", "of": of, "printed": str(printed)}


def days(event: str, printed: str) -> Claim:
    return {"kind": "event days", "event": event, "printed": printed}


def survival(endpoint: str, day: int, printed: str, **more: object) -> Claim:
    place = {"endpoint": endpoint, "origin": "hsct", "horizon": f"{day}d"}
    return {"kind": "survival", **place, "printed": printed, **more}


def at_risk(endpoint: str, day: int, printed: int) -> Claim:
    place = {"endpoint": endpoint, "origin": "hsct", "horizon": f"{day}d"}
    return {"kind": "at risk", **place, "printed": str(printed)}


def spread(of: str, printed: str, **more: object) -> Claim:
    return {"kind": "median and range", "of": of, "printed": printed, **more}


def died_later(relapse: int, **more: object) -> Claim:
    return {"kind": "death after relapse", "relapse_day": relapse, "printed": "it died", **more}


TRUE = {
    "a death after a relapse, where relapses are not counted": (
        count("cases", 5), count("deaths", 2), died_later(2, day=2), at_risk("os", 4, 0),
    ),
    "two relapses of one day, after which one of the two died": (
        count("cases", 3), count("relapses", 2), count("deaths", 2), died_later(2, day=4),
        days("relapse", "2, 2"), at_risk("os", 2, 3), survival("efs", 5, "0%"),
    ),
    "a death after relapse beside the days of deaths without one": (
        count("cases", 4), days("death without relapse", "3"), days("relapse", "0, 0, 4"),
        survival("efs", 5, "0%"), survival("os", 5, "25%"),
    ),
    "a number at risk after the last printed day": (
        count("cases", 1), count("deaths", 0), days("relapse", "0"), at_risk("os", 90, 1),
    ),
    "relapses among first events, the others being deaths that nobody counted": (
        count("cases", 5), count("first events", 4), count("relapses", 2), survival("efs", 9, "20%"),
    ),
    "relapses after the horizon up to which an estimate tells its events": (
        count("cases", 10), count("relapses", 4), survival("efs", 365, "70%", events=3),
    ),
    "deaths after the horizon up to which an estimate tells its deaths": (
        count("cases", 4), survival("os", 10, "75%", events=1), survival("os", 20, "50%"),
    ),
    "four deaths by an estimate, of which the two without relapse are dated": (
        count("cases", 4), survival("os", 4, "0%", events=4), days("death without relapse", "2, 2"),
    ),
    "a relapse count beside estimates whose other events are deaths that nobody counted": (
        count("cases", 10), count("relapses", 0), survival("efs", 365, "60%"),
    ),
    "a median of two far apart": (
        count("cases", 2), count("deaths", 0), spread("follow-up", "20", shows="median"), at_risk("os", 5, 1),
    ),
    "origins further apart than two years": (
        count("cases", 3), spread("gap", "900", shows="median", origin="treatment"),
    ),
    "hundredths of a month, in some of which no whole day lies": (
        count("cases", 3), spread("gap", "1.15 (0.76-3.91)", unit="months", origin="treatment"),
        spread("follow-up", "24.53 (2.04-60.01)", unit="months"),
    ),
    "a median with more digits than its range": (
        count("cases", 2), spread("follow-up", "12.4 (12-12)", unit="months"),
    ),
}  # fmt: skip


def said(*claims: Claim) -> Judgement:
    file = paper(*claims)
    assert [*check_claims(file, Path("paper.toml"))] == []
    return judge(file)


@pytest.mark.parametrize("what", TRUE)
def test_a_true_paper_is_not_called_impossible(what: str) -> None:
    judgement = said(*TRUE[what])
    assert judgement.conflicts == ()
    assert {v.verdict for v in judgement.verdicts} <= {"possible", "not checked"}
    assert "possible" in {v.verdict for v in judgement.verdicts[1:]}


def test_a_median_outside_its_range_condemns_no_other_claim() -> None:
    wrong = spread("gap", "1 (2-1)", origin="treatment")
    judgement = said(count("cases", 2), count("relapses", 2), wrong, died_later(1))
    assert [v.verdict for v in judgement.verdicts] == ["possible", "possible", "impossible", "possible"]
    assert judgement.conflicts == ()


def test_counts_without_any_event_that_contradict_each_other_are_told() -> None:
    judgement = said(
        count("cases", 1), count("first events", 0), count("relapses", 1), survival("efs", 7, "0%")
    )
    assert judgement.verdicts[-1].verdict == "impossible"
    assert "No cohort has the sizes and counts printed" in judgement.verdicts[-1].because


@pytest.mark.parametrize(
    "other", [survival("efs", 9, "50%"), days("relapse", "3"), count("first events", 1), died_later(3)]
)
def test_a_bare_death_beside_what_depends_on_relapses_is_asked_about(other: Claim) -> None:
    (finding,) = check_claims(paper(count("cases", 4), days("death", "5"), other), Path("paper.toml"))
    assert "leaves open whether the death followed a relapse" in str(finding)
