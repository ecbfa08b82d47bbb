"""Two reports side by side: what moved, and which inputs changed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from caseseries.analysis.changes import Moved, compare_results, describe_changes
from caseseries.analysis.results import SCHEMA, read_results
from caseseries.findings import StudyError

OLD: dict[str, Any] = {
    "schema": SCHEMA,
    "software": "caseseries 0.1.0",
    "inputs": {"study.toml": "aa", "returns/a.xlsx": "bb"},
    "results": [
        {"id": "n.cases", "label": "Cases", "shown": "11", "value": 11},
        {"id": "os.hsct.36m", "label": "3-year OS", "shown": "81%", "value": 0.8081},
    ],
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OLD), **parts}


def test_a_report_does_not_differ_from_itself() -> None:
    found = compare_results(OLD, OLD)
    assert (found.moved, found.causes) == ((), ())
    assert describe_changes(found) == ["0 of 2 numbers differ.", "No input changed."]


def test_a_number_that_moved_less_than_its_print_still_moved() -> None:
    rows = [OLD["results"][0], {**OLD["results"][1], "value": 0.8085}]
    assert compare_results(OLD, changed(results=rows)).moved == (
        Moved("os.hsct.36m", "3-year OS", "81%", "81%", "value: 0.8081 → 0.8085"),
    )


def test_what_differs_behind_a_print_that_does_not_is_told() -> None:
    old, new = (
        changed(results=[{**OLD["results"][0], "caveats": ["few", why], "cases": ["A", "B"]}])
        for why in ("at risk", "not read")
    )
    assert describe_changes(compare_results(old, new)) == [
        "1 of 1 numbers differ.",
        "  n.cases › 11, printed alike; caveats: at risk → not read",
        "No input changed.",
    ]


def test_what_the_listing_says_otherwise_of_a_case_is_told() -> None:
    old = {"A": {"case_id": "A", "day": "108", "event": ""}, "B": {"case_id": "B", "day": "1", "event": "x"}}
    new = {"A": {"case_id": "A", "day": "118", "event": "relapse"}, "C": {"case_id": "C"}}
    assert describe_changes(compare_results(OLD, OLD, old, new)) == [
        "0 of 2 numbers differ.",
        "4 entries of the listing differ.",
        "  A › day: 108 → 118",
        "  A › event: none → relapse",
        "  B › listed → not there",
        "  C › not there → listed",
        "No input changed.",
    ]
    assert compare_results(OLD, OLD, old, {}).cases == ()


def test_numbers_that_came_and_went_and_every_kind_of_cause_are_told() -> None:
    new = changed(
        software="caseseries 0.2.0",
        inputs={"study.toml": "cc", "returns/b.xlsx": "bb", "decisions.jsonl": "dd"},
        results=[
            OLD["results"][0],
            {"id": "os.hsct.12m", "label": "1-year OS", "shown": "90%", "value": 0.9},
        ],
    )
    assert describe_changes(compare_results(OLD, new)) == [
        "2 of 3 numbers differ.",
        "  os.hsct.36m › 81% → not there",
        "  os.hsct.12m › not there → 90%",
        "What changed:",
        "  software: caseseries 0.1.0 → caseseries 0.2.0",
        "  decisions: decisions.jsonl added",
        "  data: returns/a.xlsx removed",
        "  data: returns/b.xlsx added",
        "  protocol: study.toml changed",
    ]


@pytest.mark.parametrize("inside", ["", "report"])
def test_results_are_found_in_a_study_in_its_report_or_by_name(inside: str, tmp_path: Path) -> None:
    folder = tmp_path / inside
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(json.dumps(OLD), encoding="utf-8")
    assert read_results(tmp_path) == read_results(folder) == read_results(folder / "results.json") == OLD


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({**OLD, "schema": "caseseries-results/0"})])
def test_what_is_not_ours_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_results(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'results.json'}: there are no results of this version here. Allowed: schema {SCHEMA}. "
        "Name a folder in which caseseries run has been run."
    )
