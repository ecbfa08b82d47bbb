"""A child returned twice and named in the minutes: from the first doubt to the clean study's numbers."""

import json
import shutil
from pathlib import Path

import openpyxl
import pytest

from caseseries.decisions.log import read_decisions
from caseseries.pipeline import analyse_study, check_study


@pytest.fixture
def messy(demo, tmp_path) -> Path:
    """The demo, with one child of Northbridge returned by Eastmere too, under Eastmere's own id."""
    folder = tmp_path / "messy"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("report"))
    book = openpyxl.load_workbook(folder / "returns" / "Eastmere.xlsx")
    other = openpyxl.load_workbook(folder / "returns" / "Northbridge.xlsx")
    twice = str(other["Patients"]["A2"].value)
    for sheet in book:
        source = other[sheet.title]
        if str(source["A1"].value).startswith("Case id"):
            rows = [row for row in source.iter_rows(min_row=2, values_only=True) if row[0] == twice]
            filled = max((cell.row for cell in sheet["A"] if cell.value), default=1)
            for number, row in enumerate(rows, start=filled + 1):
                for column, value in enumerate(("X-99", *row[1:]), start=1):
                    sheet.cell(number, column).value = value
    book.save(folder / "returns" / "Eastmere.xlsx")
    return folder


def shown(folder: Path) -> dict[str, str]:
    results = analyse_study(check_study(folder)).results
    return {name: result.shown for name, result in results.items()}


def test_the_demo_asks_nothing(demo):
    checked = check_study(demo)
    assert (checked.questions, checked.findings) == ((), ())


def test_a_second_record_is_asked_about_answered_and_gone(caseseries, demo, messy):
    checked = check_study(messy)
    assert checked.cohort.returned == 12
    [question] = checked.questions
    kept = question.options[1].answer.removeprefix("same, keep ")
    said = caseseries("check", messy).stdout
    assert "1 question only a person can answer; answer with: caseseries decide" in said

    silent = caseseries("decide", messy, before=["sh", "-c", 'exec "$@" </dev/null', "sh"])
    assert silent.returncode == 3
    assert silent.stderr.splitlines()[-1] == (
        "caseseries: nothing was typed. Without a terminal, options say it (try: caseseries COMMAND --help)"
    )

    refused = caseseries(
        "decide", messy, "--question", question.id, "--answer", "perhaps", "--who", "A", "--why", "B"
    )
    assert refused.returncode == 3
    assert refused.stderr.splitlines()[-1] == (
        f"caseseries: “perhaps” is not one of the answers to {question.id}: “different”; “same, keep {kept}”; "
        "“same, keep X-99”"
    )
    options = (
        "--question",
        question.id,
        "--answer",
        f"same, keep {kept}",
        "--who",
        "Dr A",
        "--why",
        "transferred",
    )
    assert caseseries("decide", messy, *options).returncode == 0
    [entry] = read_decisions(messy).entries
    assert (entry.decision.who, entry.decision.reason) == ("Dr A", "transferred")

    assert shown(messy) == shown(demo)
    again = caseseries("decide", messy, *options)
    assert again.returncode == 3
    assert again.stderr.splitlines()[-1] == (
        f"caseseries: {question.id} has this answer already, by decision 1"
    )
    changed = [*options[:3], "different", *options[4:]]
    assert caseseries("decide", messy, *changed).returncode == 0
    assert check_study(messy).cohort.returned == 12
    assert [entry.decision.answer for entry in read_decisions(messy).entries] == [options[3], "different"]
    unknown = caseseries("decide", messy, "--question", "same-child-0", *options[2:])
    assert unknown.returncode == 3
    assert unknown.stderr.splitlines()[-1] == (
        "caseseries: no open question is called same-child-0. The open ones: none"
    )


def test_the_report_prints_the_head_and_verify_finds_it(caseseries, messy):
    [question] = check_study(messy).questions
    answer = question.options[1].answer
    caseseries("decide", messy, "--question", question.id, "--answer", answer, "--who", "Dr A", "--why", "w")
    assert caseseries("run", messy).returncode == 0
    head = read_decisions(messy).head
    report = (messy / "report" / "report.html").read_text(encoding="utf-8")
    assert f"Decisions recorded: 1; the last has the hash {head}." in report
    assert "X-99 is a second record of" in report
    assert "second record of a child" in report
    inputs = json.loads((messy / "report" / "results.json").read_text(encoding="utf-8"))["inputs"]
    assert "decisions.jsonl" in inputs
    verified = caseseries("verify", messy, "--head", head)
    assert (verified.returncode, verified.stdout) == (0, f"1 decision; the last has the hash {head}\n")

    log = messy / "decisions.jsonl"
    log.write_bytes(log.read_bytes().replace(b"Dr A", b"Dr B"))
    for command in ("verify", "check", "run"):
        broken = caseseries(command, messy)
        assert broken.returncode == 2
        assert "decisions.jsonl › line 1: the line was changed after it was written." in broken.stderr


def test_the_terminal_takes_an_answer_by_its_number(messy):
    from typer.testing import CliRunner

    from caseseries.cli import app

    finished = CliRunner().invoke(app, ["decide", str(messy)], input="9\n1\nDr A\ntwo children\n")
    assert "Question 1 of 1 (same-child-" in finished.output
    assert "“9” is not one of the answers" in finished.output
    assert "No question is open" in finished.output
    [entry] = read_decisions(messy).entries
    assert (entry.decision.answer, entry.decision.who) == ("different", "Dr A")
    assert check_study(messy).cohort.returned == 12


def test_minutes_change_nothing_until_a_person_has_spoken(caseseries, demo, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("report"))
    before = shown(folder)
    survey_only = next(
        each
        for each in check_study(folder).cohort.courses
        if each.patient.only("patients").text("identified_by") == "survey"
    ).case_id
    (folder / "minutes").mkdir()
    text = "1. Baby Zz Secretname: infant ALL, started blinatumomab.\n2. AB: not for blinatumomab.\n"
    (folder / "minutes" / "2018-03.txt").write_text(text, encoding="utf-8")
    assert shown(folder) == before

    [question] = check_study(folder).questions
    assert question.text == "Which case is the child given blinatumomab in minutes/2018-03.txt › paragraph 1?"
    assert question.evidence[0] == "“1. Baby Zz Secretname: infant ALL, started blinatumomab.”"
    said = caseseries("check", folder).stdout
    assert "minutes/2018-03.txt › paragraph 1: the minutes may name a child given blinatumomab." in said
    assert "minutes/2018-03.txt › paragraph 2: blinatumomab is named and denied; no case is proposed." in said
    assert "Secretname" not in said

    options = ("--question", question.id, "--who", "Dr A", "--why", "I was there")
    caseseries("decide", folder, *options, "--answer", f"case {survey_only}")
    after = shown(folder)
    assert (before["ascertainment.survey_only"], before["ascertainment.both"]) == ("2", "6")
    assert (after["ascertainment.survey_only"], after["ascertainment.both"]) == ("1", "7")
    assert caseseries("run", folder).returncode == 0
    written = [path.read_bytes() for path in (folder / "report").rglob("*") if path.is_file()]
    assert not any(b"Secretname" in each for each in [*written, (folder / "decisions.jsonl").read_bytes()])


def test_a_child_whom_no_centre_returned_is_a_finding(caseseries, demo, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("report"))
    (folder / "minutes").mkdir()
    (folder / "minutes" / "a.txt").write_text("AB had blinatumomab.", encoding="utf-8")
    [question] = check_study(folder).questions
    caseseries(
        "decide", folder, "--question", question.id, "--answer", "not returned", "--who", "A", "--why", "B"
    )
    assert [str(finding) for finding in check_study(folder).findings] == [
        "minutes/a.txt › paragraph 1: the child in this paragraph is a case of the study, and no centre has "
        "returned it. Ask the centre for its return."
    ]


def test_ascertainment_of_the_demo(demo):
    printed = shown(demo)
    wanted = {
        "ascertainment.board_only": "3",
        "ascertainment.survey_only": "2",
        "ascertainment.both": "6",
        "ascertainment.unknown": "0",
        "ascertainment.total": "12 (95% CI 11–21)",
        "ascertainment.total.error": "1.17",
        "ascertainment.total.profile": "11 (95% CI 11–15)",
        "ascertainment.total.odds_ratio_3": "14 (95% CI 11–40)",
        "ascertainment.response": "6/6 (100%; 95% CI 54–100)",
    }
    assert {name: printed[name] for name in wanted} == wanted
    total = analyse_study(check_study(demo)).results["ascertainment.total"].estimate.value
    assert round(total, 2) == 11.86


def test_the_command_for_centres(caseseries, tmp_path):
    key, names = tmp_path / "study.key", tmp_path / "leeds.csv"
    made = caseseries("pseudonymise", "--new-key", key)
    assert made.stderr == (
        f"Wrote {key}. Give it to the other centres, never to the study office; a lost key is lost.\n"
    )
    names.write_text("Case id,NHS number\nA-1,9434765919\nA-2,9434765918\n", encoding="utf-8")
    finished = caseseries("pseudonymise", names, "--key", key)
    assert finished.returncode == 1
    header, first, second = finished.stdout.splitlines()
    assert (header, second) == ("case_id,nhs_number", "A-2,")
    assert first.startswith("A-1,")
    assert finished.stderr.splitlines() == [
        "VALUE leeds.csv › B3: the NHS number cannot be right: the check digit does not fit: a digit is "
        "wrong, or two are exchanged. Correct it from the patient's record.",
        "Cells: 6 non-empty = 1 replaced + 2 case ids + 2 left behind + 1 problems",
    ]
    assert caseseries("pseudonymise", names).returncode == 3
