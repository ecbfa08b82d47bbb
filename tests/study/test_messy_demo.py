"""`caseseries demo --messy`: the same children as hospitals return them lead to the clean demo's results."""

import json
import re
from pathlib import Path

import pytest

from caseseries.deciding import ask_person, load_answers

CONFIRMED_ONLY = 137  # the cells of the one centre that used the template, the only ones stored unasked


@pytest.fixture(scope="module")
def messy(caseseries, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("messy") / "my-messy"
    finished = caseseries("demo", "--messy", folder)
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture(scope="module")
def unanswered(caseseries, messy) -> dict:
    finished = caseseries("check", messy, "--json")
    assert finished.returncode == 1
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def answered(caseseries, messy, unanswered) -> Path:
    assert unanswered  # read before anything is answered
    finished = caseseries("decide", messy, "--answers", messy / "answers.toml", "--who", "A. Newcomer")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.endswith("No question is open\n")
    assert caseseries("run", messy).returncode == 0
    return messy


def results_of(folder: Path) -> dict[str, dict]:
    results = json.loads((folder / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    return {row["id"]: row for row in results}


def test_nothing_is_stored_before_somebody_confirms(unanswered):
    assert unanswered["cells"]["stored"] == CONFIRMED_ONLY
    assert {each["name"] for each in unanswered["files"] if each["stored"]} == {"returns/Kilvarra.xlsx"}


def test_the_results_are_those_of_the_clean_demo_to_the_last_digit(answered, demo):
    assert results_of(answered) == results_of(demo)


def test_every_cell_is_accounted_for_before_and_after(caseseries, unanswered, answered):
    after = json.loads(caseseries("check", answered, "--json").stdout)
    for record in (unanswered, after):
        for cells in (record["cells"], *record["files"]):
            assert cells["non_empty"] == cells["stored"] + cells["problem"] + cells["ignored"]
    assert after["cells"]["problem"] == 0
    assert after["cells"]["non_empty"] == unanswered["cells"]["non_empty"]


def test_the_list_of_decisions_is_short_and_each_is_recorded_with_its_reason(answered):
    lines = (answered / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    decisions = [json.loads(line) for line in lines]
    assert len(decisions) == 18  # of 724 stored cells
    assert all(each["reason"] and each["who"] == "A. Newcomer" for each in decisions)
    headings = [each for each in decisions if each["question"].startswith("headings-")]
    assert all("“" in each["asked"] and " is " in each["asked"] for each in headings)  # what was confirmed


def test_a_number_leads_to_the_cell_as_the_hospital_wrote_it(caseseries, answered):
    told = caseseries("why", answered, "mrd.before.median").stdout
    assert "returns/Westerlea_MRD.csv › Westerlea_MRD › F2 › 1" in told
    assert "› 7x10^-3" in told
    assert "› 0,18 %" in told


def test_a_corrected_copy_asks_nothing_again(caseseries, answered, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(answered, copy)
    old = copy / "returns" / "Westerlea_MRD.csv"
    text = old.read_text(encoding="utf-8-sig").replace("neg", "negative")
    old.unlink()
    (copy / "returns" / "Westerlea MRD corrected.csv").write_text(text, encoding="utf-8")
    told = caseseries("check", copy).stdout
    assert "question" not in told
    assert "Cases: 11 returned = 11 analysed + 0 not analysed" in told


def test_the_bytes_are_the_same_every_time(caseseries, messy, tmp_path):
    again = tmp_path / "again"
    assert caseseries("demo", "--messy", again, env={"TZ": "Asia/Tokyo", "LC_ALL": "C"}).returncode == 0
    for path in sorted(again.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (messy / path.relative_to(again)).read_bytes(), path.name


def test_it_says_that_all_is_invented(messy):
    assert "made-up patients" in (messy / "README.txt").read_text(encoding="utf-8")
    assert "made-up patients" in (messy / "study.toml").read_text(encoding="utf-8")


def test_a_number_leads_to_the_decisions_behind_it_and_so_does_the_web_page(answered, caseseries):
    found = json.loads(caseseries("why", answered, "efs.hsct.36m", "--json").stdout)
    units = [one for one in found["decisions"] if one.startswith("decision 2: ")]
    assert units == [
        "decision 2: In which unit are the numbers of Eastmere under “WBC”? 10^9/L (A. Newcomer, "
        f"{units[0].partition('(A. Newcomer, ')[2][:10]}: Counts of an infant at diagnosis; 388 per microlitre would be a "
        "low count.)"
    ]
    page = (answered / "report" / "report.html").read_text(encoding="utf-8")
    [trails] = re.findall(r'<script type="application/json" id="trails">(.*?)</script>', page)
    lines = json.loads(trails)["efs.hsct.36m"]["lines"]
    assert [f"d{line[1:]}" for line in lines if line.startswith("Decision ")] == found["decisions"]


def test_a_case_leads_to_the_decisions_about_it(answered, caseseries):
    text = caseseries("who", answered, "KV-01").stdout
    assert (
        "Decided about it:\n  decision 16: Are KV-01 (Kilvarra) and WL-03 (Westerlea) the same child? same"
        in text
    )


def test_a_person_who_answers_in_the_order_of_the_questions_is_offered_the_right_answer_each_time(
    caseseries, tmp_path
):
    """Whose child the minutes speak of is asked when all children are there, not while two centres still wait."""
    folder = tmp_path / "my-messy"
    assert caseseries("demo", "--messy", folder).returncode == 0
    answers, put = load_answers(folder / "answers.toml"), []

    def say(line: str) -> None:
        put.extend(re.findall(r"^Question \d+ of \d+ \((\S+)\)$", line, re.MULTILINE))
        if line.startswith("Question ") and put[-1] in answers:
            assert f"{answers[put[-1]].answer}:" in line or f". {answers[put[-1]].answer}" in line, line
        assert "is not one of the answers" not in line

    def prompt(text: str, default: str | None = None) -> str:  # noqa: ARG001
        return answers[put[-1]].answer if text.startswith("Answer") else "asked the centre"

    left = ask_person(folder, "", "A. Newcomer", lambda: "2026-01-31T09:30:00Z", prompt, say)
    assert left == ()
    assert sorted(put) == sorted(answers)
