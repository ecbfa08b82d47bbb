"""Printed numbers against recomputed ones: rounding, intervals, and the conventions papers do not state."""

import json
from pathlib import Path

import pytest

from caseseries.analysis.results import SCHEMA
from caseseries.evidence.against import compare_with_data, read_data
from caseseries.evidence.claims import ClaimsFile


def row(result_id: str, value: float | None, n: int = 11, **more: object) -> dict[str, object]:
    return {
        "id": result_id,
        "value": value,
        "n": n,
        "shown": f"{value}",
        "lower": None,
        "upper": None,
        **more,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "report").mkdir()
    rows = [
        row("n.cases", 11),
        row("efs.start.36m", 0.46753246753, lower=0.0208, upper=0.8038),
        row("os.start.36m", None),
        row("response", 9 / 11),
    ]
    record = {"schema": SCHEMA, "results": rows}
    (tmp_path / "report" / "results.json").write_text(json.dumps(record), encoding="utf-8")
    listing = "case_id,days,alive\n" + "".join(
        f"A{k},{day},yes\n" for k, day in enumerate((58, 77, 267, 300))
    )
    (tmp_path / "report" / "listing.csv").write_text(listing + "A9,57,no\n", encoding="utf-8")
    return tmp_path


def verdict(folder: Path, **claim: object) -> tuple[str, str]:
    file = ClaimsFile.model_validate(
        {
            "title": "t",
            "source": "s",
            "endpoints": {e: {"label": e, "ends": "death"} for e in ("efs", "os")},
            "claims": ({"id": "it", **claim},),
        }
    )
    (found,) = compare_with_data(file, read_data(folder))
    return found.verdict, found.because


SURVIVAL = {"kind": "survival", "endpoint": "efs", "origin": "start", "horizon": "3y"}


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("47%", "agrees"), ("46.8%", "agrees"), ("46.7%", "differs"), ("46%", "differs"),
     ("47% (2-80)", "agrees"), ("47% (15-74)", "differs")],
)  # fmt: skip
def test_an_estimate_agrees_as_far_as_it_was_printed(folder: Path, printed: str, expected: str) -> None:
    assert verdict(folder, printed=printed, **SURVIVAL)[0] == expected


def test_what_cannot_be_estimated_or_is_not_there_says_so(folder: Path) -> None:
    assert verdict(folder, printed="81%", **{**SURVIVAL, "endpoint": "os"}) == (
        "cannot be computed",
        "Cannot be computed: os.start.36m cannot be estimated.",
    )
    assert verdict(folder, printed="50%", **{**SURVIVAL, "horizon": "12m"}) == (
        "cannot be computed",
        "Cannot be computed: the results have no efs.start.12m.",
    )
    assert verdict(folder, printed="9/11", kind="proportion") == (
        "cannot be computed",
        "Cannot be computed: the claim names no result and no column.",
    )


@pytest.mark.parametrize(
    ("printed", "expected"), [("9/11 (82%)", "agrees"), ("81%", "differs"), ("8/11", "differs")]
)
def test_a_proportion_agrees_in_count_and_percentage(folder: Path, printed: str, expected: str) -> None:
    assert verdict(folder, printed=printed, kind="proportion", result=("response",))[0] == expected


SPREAD = {"kind": "median and range", "of": "follow-up", "column": "days", "where": {"alive": "yes"}}


@pytest.mark.parametrize(
    ("printed", "expected", "words"),
    [
        ("172 (58-300)", "agrees", "median 172 (as printed by the middle value), range 58–300"),
        ("77 (58-300)", "agrees", "(as printed by the lower middle value)"),
        ("267 (58-300)", "agrees", "(as printed by the upper middle value)"),
        ("200 (58-300)", "differs", "median 172, range 58–300"),
        ("172 (57-300)", "differs", "range 58–300"),
    ],
)
def test_a_median_of_an_even_number_is_tried_under_every_convention(
    folder: Path, printed: str, expected: str, words: str
) -> None:
    found, because = verdict(folder, printed=printed, **SPREAD)
    assert found == expected
    assert words in because


def test_quartiles_are_tried_under_the_nine_types(folder: Path) -> None:
    """Of 58, 77, 267 and 300: type 6 gives 62.75 and 291.75, type 7 gives 72.25 and 275.25."""
    shows = {"shows": "median and quartiles"}
    found, because = verdict(folder, printed="172 (62.75-291.75)", **SPREAD, **shows)
    assert found == "agrees"
    assert "by type 7 (as printed by type 6 (Minitab, SPSS, Prism))" in because
    assert verdict(folder, printed="172 (72.25-275.25)", **SPREAD, **shows)[0] == "agrees"
    assert verdict(folder, printed="172 (60-280)", **SPREAD, **shows)[0] == "differs"


def test_event_days_are_compared_as_a_set_of_days(folder: Path) -> None:
    dead = {"column": "days", "where": {"alive": "no"}, "kind": "event days", "event": "death"}
    assert verdict(folder, printed="day 57", **dead) == ("agrees", "Recomputed: 57.")
    assert verdict(folder, printed="day 58", **dead) == ("differs", "Recomputed: 57.")
