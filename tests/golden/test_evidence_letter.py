"""The letter's numbers: what arithmetic alone says about them, word for word."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from caseseries.evidence.answer import answer_claims
from caseseries.evidence.claims import load_claims
from caseseries.evidence.cohort import Course, can_hold, list_at_risk, median_of
from caseseries.evidence.reading import Paper

LETTER = Path(str(files("caseseries.evidence"))) / "published" / "letter.toml"


@pytest.fixture(scope="module")
def answer():
    record, text, stands = answer_claims(LETTER)
    assert not stands
    return record, text


def because(answer, claim_id: str) -> str:
    return next(claim["because"] for claim in answer[0]["claims"] if claim["id"] == claim_id)


@pytest.mark.parametrize(
    ("claim_id", "sentence"),
    [
        (
            "efs-hsct",
            "11 patients and EFS 47 % from HSCT need exactly the at-risk sequences [11, 10, 7, 6, 5] or "
            "[11, 10, 9, 7, 4] when nobody is censored before day 57.",
        ),
        ("efs-hsct", "A survivor followed for only 58 days leaves [11, 10, 7, 6, 5] alone."),
        ("os-hsct", "OS 81 % from HSCT has one at-risk sequence, [11, 9]."),
        (
            "os-hsct",
            "Between the two deaths 1 child was censored, so the child with the lineage switch died after that "
            "censoring, on day 59 or later.",
        ),
        ("os-blinatumomab", "OS 79 % from blinatumomab has one at-risk sequence, [10, 8]."),
        (
            "efs-12-months",
            "“12-month EFS of 50 %” is impossible from either origin beside 47 % and 51 %, because no event falls "
            "after day 133 from HSCT (252 from blinatumomab).",
        ),
        (
            "follow-up",
            "A death on day 57 and follow-up “range 58–1163” agree only if the range is of survivors.",
        ),
        ("efs-hsct", "Nothing printed says how many were at risk at 3 years: it can be 0 to 4."),
        ("efs-hsct", "With the one child of 1163 days the 95 % interval of EFS 47 % is 2–80 % (BPCP)."),
        ("efs-hsct", "Over all cohorts that fit, its lower limit is 0 to 15 % and its upper limit 80 %."),
        ("low-burden-response", "10/18 is the only count of up to 200 that gives “55.6% (30.8-78.5)”."),
        ("high-burden-response", "17/52 is the only count of up to 200 that gives “32.7% (20.3-47.1)”."),
    ],
)
def test_the_letter_is_judged_in_these_words(answer, claim_id: str, sentence: str) -> None:
    assert sentence in because(answer, claim_id)
    assert sentence in answer[1]


def test_one_pair_cannot_stand_for_two_trials(answer) -> None:
    assert (
        "Both trials cannot be read from one pair 46.1/58.2: Interfant-99 is published with 46.4/53.8; "
        "Interfant-06 is published with 46.1/58.2." in answer[0]["notes"]
    )


def test_verdicts_conflicts_and_sequences_as_json(answer) -> None:
    record = json.loads(json.dumps(answer[0]))
    verdicts = {claim["id"]: claim["verdict"] for claim in record["claims"]}
    assert {name for name, verdict in verdicts.items() if verdict not in ("possible", "agrees")} == {
        "follow-up",
        "efs-12-months",
        "interfant-efs",
        "interfant-os",
    }
    assert verdicts["efs-12-months"] == "impossible"
    assert verdicts["follow-up"] == "conditional"
    assert record["conflicts"] == [["efs-hsct", "efs-12-months"], ["efs-blinatumomab", "efs-12-months"]]
    assert record["sequences"] == {
        "efs.hsct": [[11, 10, 7, 6, 5]],
        "os.hsct": [[11, 9]],
        "efs.blinatumomab": [[11, 9, 8, 7, 6], [11, 10, 8, 7, 6], [11, 10, 9, 8, 5]],
        "os.blinatumomab": [[10, 8]],
    }


def test_the_example_is_labelled_and_satisfies_every_claim_that_was_kept(answer) -> None:
    example = answer[0]["example"]
    assert "made-up" in example["label"]
    cohort = tuple(Course(c["end"], c["dead"], c["relapse"], c["days_to_origin"]) for c in example["cases"])
    assert len(cohort) == 11
    assert sorted(c.relapse for c in cohort if c.relapse is not None) == [35, 92, 108, 133]
    assert sorted(c.end for c in cohort if c.dead)[0] == 57
    alive = [c.end for c in cohort if not c.dead]
    assert (min(alive), median_of(alive), max(alive)) == (58, 267, 1163)
    gaps = [c.gaps["blinatumomab"] for c in cohort]
    assert (min(gaps), median_of(gaps), max(gaps)) == (34, 51, 119)
    assert list_at_risk(cohort, "first event", "hsct", 1095) == (11, 10, 7, 6, 5)
    assert list_at_risk(cohort, "death", "blinatumomab", 1095) == (10, 8)
    paper = Paper(load_claims(LETTER))
    kept = set(paper.cohort_claims()) - {"efs-12-months"}
    facts = [f for name in kept for f in paper.facts(paper.claims[name], {"follow-up": "survivors"})]
    assert all(can_hold(cohort, fact) for fact in facts)
