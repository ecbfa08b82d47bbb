"""The command line's own part: exceptions to one line and an exit code, findings and results to text."""

import json
from pathlib import Path

import pytest

from caseseries import cli, terminal
from caseseries.analysis.cohort import Left, form_cohort
from caseseries.analysis.run import analyse
from caseseries.findings import Finding, Severity, Where
from caseseries.intake.returns import CellCounts, ReturnedFile, Returns
from caseseries.pipeline import Checked
from caseseries.present.wording import show
from made_up import made_up_case, made_up_study

STUDY = made_up_study()
NOTE = Finding(Where("returns/a.xlsx", "Patients", "C3"), "x.note", Severity.NOTE, "seen", "", "Know it")
PROBLEM = Finding(
    Where("returns/a.xlsx", "Patients", "B2"), "x.y", Severity.VALUE, "found 7", "a date", "Mend it", "A-1"
)


def checked(*findings: Finding) -> Checked:
    files = (ReturnedFile("returns/a.xlsx", "Northbridge", "ab12", CellCounts(9, 6, 1, 2)),)
    cohort = form_cohort([made_up_case()], STUDY, [Left("A-2", "set aside", "two death dates")])
    returns = Returns((), (), findings, files)
    return Checked(STUDY, returns, cohort)


def test_findings_come_first_and_the_sums_after_them() -> None:
    assert terminal.check_text(checked(NOTE, PROBLEM)) == (
        "VALUE returns/a.xlsx › Patients › B2: found 7. Allowed: a date. Mend it.\n"
        "NOTE  returns/a.xlsx › Patients › C3: seen. Know it.\n"
        "\n"
        "Cells: 9 non-empty = 6 stored + 1 problems + 2 ignored\n"
        "Cases: 2 returned = 1 analysed + 1 not analysed\n"
        "  A-2: set aside, two death dates\n"
        "1 problem set something aside; each is listed above"
    )
    assert terminal.summary_text(checked(PROBLEM)).endswith("list them with: caseseries check")


def test_without_findings_only_the_sums_are_printed() -> None:
    assert terminal.check_text(checked()).startswith("Cells: 9 non-empty")


def test_a_note_is_no_problem() -> None:
    assert checked(NOTE).problems == ()


def test_the_same_as_json_has_the_documented_keys() -> None:
    record = terminal.check_record(checked(PROBLEM))
    assert record["cells"] == {"non_empty": 9, "stored": 6, "problem": 1, "ignored": 2}
    assert record["findings"] == [
        {
            "code": "x.y",
            "severity": "value",
            "where": "returns/a.xlsx › Patients › B2",
            "what": "found 7",
            "do": "Allowed: a date. Mend it",
        }
    ]
    assert list(record) == ["cells", "files", "findings"]
    assert json.loads(json.dumps(record)) == record


def test_why_goes_from_a_number_to_its_cells() -> None:
    results = show(analyse(form_cohort([made_up_case()], STUDY), STUDY).results)
    assert terminal.why_text(results["os.hsct.36m"]) == (
        "os.hsct.36m: 3-year OS from HSCT\n"
        "  not estimable\n"
        "  Kaplan–Meier, beta product confidence procedure (BPCP)\n"
        "  n = 1, events = 0, at risk = 0\n"
        "  note: not estimable: nobody was followed to day 1095: the last follow-up is on day 350\n"
        "A-1\n"
        "  returns/northbridge.xlsx › transplant › hsct_date2 › 2017-02-20\n"
        "  returns/northbridge.xlsx › follow_up › date2 › 2018-02-05\n"
        "  returns/northbridge.xlsx › follow_up › event2 › seen alive"
    )


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (
            PermissionError(13, "Permission denied", "report/report.pdf"),
            2,
            "caseseries: report/report.pdf: Permission denied. Close it elsewhere, or choose a folder you may write to\n",
        ),
        (cli.StudyError([PROBLEM]), 2, f"{PROBLEM}\n"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    error: Exception,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == status
    assert capsys.readouterr().err == line


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_one_of_a_thing_is_singular() -> None:
    assert [terminal.plural(n, "problem") for n in (0, 1, 2)] == ["0 problems", "1 problem", "2 problems"]


def test_the_folder_of_a_study_may_be_anything_but_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("sys.argv", ["caseseries", "check", str(tmp_path / "file")])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith(f"study.toml: there is no study.toml in {tmp_path / 'file'}.")


def test_who_lists_every_number_behind_a_case_and_no_other(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["caseseries", "who", str(demo), "NB-01", "--json"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    rows = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    assert stopped.value.code == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == [
        row["id"] for row in rows if "NB-01" in row["cases"]
    ]


def test_who_suggests_the_case_that_was_meant(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["caseseries", "who", str(demo), "NB-91"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 3
    assert capsys.readouterr().err == (
        "caseseries: no analysed case is called NB-91. Did you mean NB-01? All are in report/listing.csv.\n"
    )
