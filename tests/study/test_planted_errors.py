"""What goes wrong in real returns, planted in the demo's: each is a sentence at its cell, and the rest runs."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook import Workbook

import planted_errors

FILE = "returns/Westerlea.xlsx"


def _column(book: Workbook, sheet: str, heading: str) -> int:
    [column] = [cell.column for cell in book[sheet][1] if str(cell.value).rstrip(" *") == heading]
    return column


def _first(book: Workbook, sheet: str, heading: str) -> Cell:
    return book[sheet].cell(2, _column(book, sheet, heading))


def _lose_sheet(book: Workbook, file: str) -> str:
    del book["Toxicity"]
    return f"{file}: the sheet “Toxicity” is missing."


def _misspell_sheet(book: Workbook, file: str) -> str:
    book["Follow-up"].title = "Folow-up"
    return f"{file} › Folow-up: there is no sheet “Follow-up”, but one named “Folow-up”."


def _lose_column(book: Workbook, file: str) -> str:
    book["Patients"].delete_cols(_column(book, "Patients", "Sex"))
    return f"{file} › Patients: the heading “Sex” is missing."


def _misspell_column(book: Workbook, file: str) -> str:
    heading = book["Diagnosis"].cell(1, _column(book, "Diagnosis", "CNS status"))
    heading.value = "CNS stauts"
    return f"{file} › Diagnosis › {heading.coordinate}: there is no heading “CNS status”, but one reading “CNS stauts”."


def _transplant_before_diagnosis(book: Workbook, file: str) -> str:
    cell = _first(book, "Transplant", "Date of transplant")
    case = _first(book, "Transplant", "Case id").value
    [diagnosed] = [row[1].value for row in book["Diagnosis"].iter_rows(min_row=2) if row[0].value == case]
    cell.value = diagnosed - timedelta(days=1)
    day = cell.value.date()
    return (
        f"{file} › Transplant › {cell.coordinate}: transplant on {day} is before the diagnosis of leukaemia."
    )


def _lose_index_treatment(book: Workbook, file: str) -> str:
    case = _first(book, "Patients", "Case id").value
    for line in book["Treatment"].iter_rows(min_row=2):
        if line[0].value == case:
            for cell in line:
                cell.value = None
    return f"{file} › Patients › A2: case {case} has no dated line of blinatumomab."


def _repeat_case_id(book: Workbook, file: str) -> str:
    case = book["Patients"]["A3"] = _first(book, "Patients", "Case id").value
    return f"{file} › Patients › A3: the case id “{case}” is also at {file} › Patients › A2."


def _text_for_number(book: Workbook, file: str) -> str:
    cell = _first(book, "Diagnosis", "White cell count (10^9/L)")
    cell.value = "about 300"
    return f"{file} › Diagnosis › {cell.coordinate}: the text “about 300” is no number."


# Kinds of error that leave a contradiction wherever they are planted; the others leave none in some places.
ALWAYS_TOLD = (
    "year ten off",
    "a date years after the data cut",
    "a placeholder for a date",
    "two dates of a line exchanged",
    "two dates of a child exchanged",
    "death before the last event",
    "white cells × 1,000 (per microlitre)",
    "MRD level as a fraction",
    "dose × 10 or ÷ 10",
    "another cycle",
    "a misspelt word",
    "positive for negative MRD, or the reverse",
    "a line twice",
    "a required cell emptied",
    "a mistyped case id",
)

# What is planted, and how many of a workbook's two cases it costs.
COST = {
    _lose_sheet: 2,
    _misspell_sheet: 2,
    _lose_column: 0,
    _misspell_column: 0,
    _transplant_before_diagnosis: 1,
    _lose_index_treatment: 1,
    _repeat_case_id: 2,
    _text_for_number: 0,
}


@pytest.fixture
def study(demo, tmp_path) -> Path:
    return shutil.copytree(demo, tmp_path / "study", ignore=shutil.ignore_patterns("report"))


def _plant(study: Path, file: str, *errors) -> list[str]:
    book = openpyxl.load_workbook(study / file)
    sentences = [plant(book, file) for plant in errors]
    book.save(study / file)
    return sentences


def _sums(printed: str) -> tuple[int, ...]:
    return tuple(
        map(int, re.findall(r"\d+", "".join(re.findall(r"^(?:Cells|Cases): .*", printed, re.MULTILINE))))
    )


@pytest.mark.parametrize("error", COST, ids=lambda error: error.__name__.strip("_"))
def test_one_error_is_one_sentence_at_its_place_and_the_sums_hold(caseseries, study, error):
    [sentence] = _plant(study, FILE, error)
    finished = caseseries("check", study)
    assert finished.returncode == 1
    assert finished.stderr == "Reading the returns\n"
    assert len([line for line in finished.stdout.splitlines() if sentence in line]) == 1
    non_empty, stored, problem, ignored, returned, analysed, left = _sums(finished.stdout)
    assert non_empty == stored + problem + ignored
    assert returned == analysed + left
    assert analysed == 11 - COST[error]


def test_errors_in_every_return_are_listed_at_once_and_the_rest_runs(caseseries, study):
    sentences = [
        *_plant(study, "returns/Eastmere.xlsx", _lose_sheet),
        *_plant(study, "returns/Kilvarra.xlsx", _misspell_sheet),
        *_plant(study, "returns/Northbridge.xlsx", _transplant_before_diagnosis, _text_for_number),
        *_plant(study, "returns/Southmarsh.xlsx", _lose_index_treatment, _lose_column, _misspell_column),
        *_plant(study, "returns/Westerlea.xlsx", _repeat_case_id),
    ]
    listed = caseseries("check", study).stdout
    assert [sentence for sentence in sentences if sentence not in listed] == []
    finished = caseseries("run", study)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].endswith("report.docx")
    assert "problems set something aside; list them with: caseseries check" in finished.stdout
    results = json.loads((study / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    assert {row["id"]: row["value"] for row in results}["n.cases"] == 11 - 2 - 2 - 1 - 1 - 2
    assert {path.suffix for path in (study / "report").iterdir()} >= {".html", ".pdf", ".docx"}


def test_a_repeated_case_id_is_set_aside_for_that_and_not_for_what_follows_from_it(caseseries, study):
    _plant(study, FILE, _repeat_case_id)
    [reason] = [line for line in caseseries("check", study).stdout.splitlines() if line.startswith("  WL-")]
    assert "set aside, the case id “WL-01” is also at" in reason


def test_a_file_that_is_no_workbook_is_set_aside_whole(caseseries, study):
    (study / FILE).write_bytes(b"%PDF-1.7 not a workbook")
    finished = caseseries("run", study)
    assert finished.returncode == 1
    assert "9 returned = 9 analysed" in finished.stdout
    assert f"FILE  {FILE}: the file is a PDF, not an Excel workbook." in caseseries("check", study).stdout


def test_no_returns_at_all_is_a_sentence(caseseries, study):
    shutil.rmtree(study / "returns")
    finished = caseseries("run", study)
    assert finished.returncode != 0
    assert "Traceback" not in finished.stderr


def test_every_mistake_in_the_protocol_is_listed_with_its_path(caseseries, study):
    protocol = study / "study.toml"
    text = protocol.read_text(encoding="utf-8")
    broken = text.replace("title =", "titel =", 1).replace('treatment = "blinatumomab"', "treatment = 7", 1)
    protocol.write_text(broken, encoding="utf-8")
    finished = caseseries("check", study)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert "study.toml › titel: the key titel is not known." in finished.stderr
    assert "Did you mean title?" in finished.stderr
    assert "study.toml › index.treatment: found 7." in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["run", "nowhere"], 2, "there is no study.toml in nowhere."),
        (["frobnicate"], 3, "No such command 'frobnicate'."),
        (["why", "nowhere"], 3, "Missing argument 'RESULT_ID'."),
        (["check", "nowhere", "--jsn"], 3, "No such option: --jsn"),
    ],
)
def test_wrong_use_is_a_sentence_and_an_exit_code(caseseries, arguments, status, sentence):
    finished = caseseries(*arguments)
    assert finished.returncode == status
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr


def test_of_a_hundred_planted_errors_most_are_told_and_no_clean_cell_is_blamed():
    """A thousand, by hand: docs/returns-tested.md."""
    outcomes = planted_errors.plant_all(100, seed=33)
    silent = {outcome.kind for outcome in outcomes if not outcome.is_told}
    assert silent & set(ALWAYS_TOLD) == set()
    assert len(outcomes) >= 100
    assert sum(outcome.is_told for outcome in outcomes) >= 0.82 * len(outcomes)
    assert planted_errors.clean_returns().told == frozenset()
