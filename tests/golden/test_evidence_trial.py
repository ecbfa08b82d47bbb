"""The infant blinatumomab trial: its printed intervals are those of few at-risk sequences."""

import math
from importlib.resources import files
from pathlib import Path
from statistics import NormalDist

import pytest

from caseseries.evidence.claims import ClaimsFile, load_claims
from caseseries.evidence.cohort import list_at_risk
from caseseries.evidence.printed import Rounding, parse_numbers, prints_as
from caseseries.evidence.reading import Paper
from caseseries.evidence.sequences import estimate_after, find_sequences, interval_of
from caseseries.evidence.verdicts import Judgement, judge
from caseseries.study.definition import days_of

PUBLISHED = Path(str(files("caseseries.evidence"))) / "published"


@pytest.mark.parametrize(
    ("at_risk", "printed"),
    [((30, 29, 28, 27, 26), "83.3 (64.5-92.7)"), ((30, 29), "93.3 (75.9-98.3)")],
)
def test_25_and_28_of_30_give_the_printed_log_log_limits(at_risk: tuple[int, ...], printed: str) -> None:
    estimate, low, high = parse_numbers(printed)
    values = (float(estimate_after(at_risk)), *interval_of(30, at_risk, 0, "log-log"))
    assert prints_as(values, (estimate, low, high), Rounding.NEAREST)


def test_the_letters_bpcp_limits_as_published_for_one_at_risk() -> None:
    low, high = interval_of(11, (11, 10, 7, 6, 5), 1)
    assert (round(100 * low, 1), round(100 * high, 1)) == (2.1, 80.4)
    low, high = interval_of(11, (11, 9), 1)
    assert (round(100 * low, 1), round(100 * high, 1)) == (3.0, 97.6)


def test_thirty_sequences_round_to_81_6_and_three_have_its_interval() -> None:
    file = load_claims(PUBLISHED / "infant-blinatumomab-2023.toml")
    paper = Paper(file)
    dfs = paper.claims["dfs"]
    assert len(find_sequences(30, 5, dfs.numbers[0].proportion().band()).found) == 30
    assert paper.sequences(dfs).found == ((30, 29, 27, 26, 18), (30, 29, 28, 23, 19), (30, 29, 28, 25, 18))
    assert paper.sequences(paper.claims["os"]).found == ((30, 29),)


def test_an_interval_nobody_can_have_makes_the_claim_impossible() -> None:
    """The limits of the first data cut beside the estimate of the second."""
    claims = (
        {"id": "n", "kind": "count", "of": "cases", "printed": "30"},
        {"id": "dfs", "kind": "survival", "endpoint": "dfs", "origin": "start", "horizon": "4y",
         "events": 5, "interval": "log-log", "printed": "83.3% (60.8-92.0)"},
    )  # fmt: skip
    ends = {"dfs": {"label": "DFS", "ends": "first event"}}
    file = ClaimsFile.model_validate({"title": "t", "source": "s", "endpoints": ends, "claims": claims})
    judgement = judge(file)
    assert judgement.conflicts == (("dfs",),)
    assert judgement.verdicts[1].verdict == "impossible"
    assert judgement.verdicts[1].because == (
        "No at-risk sequence of 30 patients gives “83.3% (60.8-92.0)” (rounded to the nearest, a half up or to even)."
    )


def judge_limits(interval: str, limits: str, **printed: int) -> Judgement:
    """30 cases, 11 events; of 10 before the horizon there are few sequences, of any number 15,489."""
    claims = (
        {"id": "n", "kind": "count", "of": "cases", "printed": "30"},
        {"id": "events", "kind": "count", "of": "first events", "printed": "11"},
        {"id": "efs", "kind": "survival", "endpoint": "efs", "origin": "start", "horizon": "2y",
         "interval": interval, "printed": f"61.5% ({limits})", **printed},
    )  # fmt: skip
    ends = {"efs": {"label": "EFS", "ends": "first event"}}
    return judge(
        ClaimsFile.model_validate({"title": "t", "source": "s", "endpoints": ends, "claims": claims})
    )


@pytest.mark.parametrize(("limits", "verdict"), [("39.5-77.5", "possible"), ("41.0-90.7", "impossible")])
@pytest.mark.parametrize("printed", [{"events": 10}, {}])
def test_an_interval_is_held_against_every_sequence_few_or_many(limits, verdict, printed) -> None:
    """39.5-77.5 are the log-log limits after 29, 27, 26, 24, 23, 22, 21, 20, 19 and 12 at risk; 41.0-90.7 of none."""
    judged = judge_limits("log-log", limits, **printed)
    assert judged.verdicts[2].verdict == verdict
    if verdict == "possible":
        at_risk = list_at_risk(judged.example, "first event", "start", days_of("2y"))
        low, high = interval_of(30, at_risk, 0, "log-log")
        assert (round(100 * low, 1), round(100 * high, 1)) == (39.5, 77.5)
    if verdict == "possible" and not printed:
        assert judged.verdicts[2].because.startswith(
            "EFS 61.5 % from start has more than 2000 at-risk sequences. "
        )
        assert judged.verdicts[2].because.endswith("One that has the printed interval fits the other claims.")
        assert not judged.sequences


def test_no_sequence_whatever_of_the_many_has_the_impossible_limits() -> None:
    """All 15,489, one by one: S to the power exp(±z √V / log S), with V = Σ 1/(r (r - 1))."""
    band = parse_numbers("61.5")[0].proportion().band()
    every = [s for k in range(12) for s in find_sequences(30, k, band, limit=100_000).found]
    assert len(every) == 15_489
    printed = parse_numbers("41.0-90.7")
    for at_risk in every:
        survival = math.prod(1 - 1 / r for r in at_risk)
        width = NormalDist().inv_cdf(0.975) * math.sqrt(sum(1 / (r * (r - 1)) for r in at_risk))
        limits = (survival ** math.exp(sign * width / math.log(survival)) for sign in (-1, 1))
        assert not prints_as(limits, printed, Rounding.NEAREST)


def test_bpcp_limits_are_not_held_against_too_many_sequences_and_it_says_so() -> None:
    """They rest on more than two sums."""
    verdict = judge_limits("bpcp", "41.0-90.7").verdicts[2]
    assert verdict.verdict == "not checked"
    assert verdict.because == (
        "EFS 61.5 % from start has more than 2000 at-risk sequences. The estimate fits the other claims; its "
        "BPCP interval was not held against so many."
    )
