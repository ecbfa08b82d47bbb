"""The folder of returns: which files are read, whose they are, and the numbers that must add up."""

import hashlib
from datetime import date

import pytest

from caseseries.analysis.cohort import form_cohort
from caseseries.findings import Severity
from caseseries.intake.returns import CellCounts, read_returns
from made_up import made_up_study
from return_folder import STUDY, check_conservation, lines_of, read_back, return_of, together, told

SAVE_AS = "Open it in Excel and save it as “Excel Workbook (.xlsx)”."


def test_no_returns_at_all_stops_the_study(tmp_path):
    sentence = (
        "study intake.no-returns: returns: there are no returns. Allowed: .xlsx, .xls, .ods, .csv, .tsv. Put the "
        "centres' files into the folder returns."
    )
    assert told(read_returns(tmp_path, STUDY)) == [sentence]
    (tmp_path / "returns").mkdir()
    assert told(read_returns(tmp_path, STUDY)) == [sentence]


def test_every_file_that_is_not_read_is_named(tmp_path):
    return_of(tmp_path, lines_of())
    folder = tmp_path / "returns"
    (folder / "~$leeds.xlsx").write_bytes(b"lock")
    (folder / ".DS_Store").write_bytes(b"mac")
    (folder / "dublin.odt").write_text("Case id;Date of birth")
    (folder / "old").mkdir()
    returns = read_returns(tmp_path, STUDY)
    allowed, kinds = "Allowed: Excel workbooks (.xlsx).", "Allowed: .xlsx, .xls, .ods, .csv, .tsv."
    ignored = (
        f"a lock file or hidden file is ignored. {allowed} Close the workbook in Excel, or delete the file."
    )
    assert told(returns) == [
        f"note intake.hidden-file: returns/.DS_Store: {ignored}",
        f"file intake.not-xlsx: returns/dublin.odt: a file of this kind is not read. {kinds} {SAVE_AS}",
        f"file intake.folder: returns/old: folders inside the returns are not read. {allowed} Move its "
        "workbooks up.",
        f"note intake.hidden-file: returns/~$leeds.xlsx: {ignored}",
    ]
    assert [file.file for file in returns.files] == ["returns/leeds.xlsx"]
    assert len(returns.patients) == 1


def test_a_file_remembers_its_hash_and_a_broken_one_does_not_stop_the_others(tmp_path):
    good = return_of(tmp_path, lines_of())
    (tmp_path / "returns" / "cork.xlsx").write_bytes(b"not a workbook")
    returns = read_returns(tmp_path, STUDY)
    broken, read = returns.files
    assert read.sha256 == hashlib.sha256(good.read_bytes()).hexdigest()
    assert broken.sha256 == hashlib.sha256(b"not a workbook").hexdigest()
    assert broken.counts == CellCounts()
    assert len(returns.patients) == 1


def test_the_counts_of_a_clean_return_by_hand(tmp_path):
    returns, _ = read_back(tmp_path, lines_of())
    headings = 5 + 11 + 9 + 9 + 10 + 5 + 6
    [file] = returns.files
    # 4 patients, 4 diagnosis, 4 treatment, 4 + 4 specimens, 5 toxicity, 3 transplant, 3 follow-up
    assert file.counts.stored == 31
    assert file.counts.problem == 0
    assert file.counts.ignored == file.counts.non_empty - 31 > headings
    empty, _ = read_back(tmp_path, {})
    assert empty.counts == CellCounts(file.counts.ignored, 0, 0, file.counts.ignored)
    assert returns.counts == file.counts


def test_the_counts_of_all_files_are_the_sum(tmp_path):
    for number, centre in enumerate(("cork", "dublin", "leeds")):
        return_of(tmp_path, lines_of(f"{centre}-{number}"), f"{centre}.xlsx")
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    assert returns.counts.stored == 3 * 31
    assert returns.counts.non_empty == sum(file.counts.non_empty for file in returns.files)


def test_a_refused_file_takes_all_its_cases_and_only_those(tmp_path):
    def edit(book):
        del book["Toxicity"]

    return_of(tmp_path, lines_of("C-1"), "cork.xlsx")
    return_of(tmp_path, together(lines_of("D-1"), lines_of("D-2")), "dublin.xlsx", edit)
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    assert [patient.case_id for patient in returns.patients] == ["C-1"]
    assert [(each.case_id, each.reason.code) for each in returns.aside] == [
        ("D-1", "intake.no-sheet"),
        ("D-2", "intake.no-sheet"),
    ]
    assert [file.counts.stored for file in returns.files] == [31, 0]


def test_findings_come_in_the_order_a_person_meets_them(tmp_path):
    lines = together(*(lines_of(f"A-{i}", patients=[{"sex": "x"}]) for i in range(12)))
    returns, _ = read_back(tmp_path, lines)
    cells = [finding.where.cell for finding in returns.findings]
    assert cells == [f"{column}{row}" for row in range(2, 14) for column in "BC"]


def test_a_value_remembers_its_cell_and_what_stood_in_it(tmp_path):
    returns, _ = read_back(tmp_path, lines_of(diagnosis=[{"diagnosis_date": "23.09.2016", "wbc": "120,5"}]))
    row = returns.patients[0].only("diagnosis")
    day, count = row.sources("diagnosis_date", "wbc")
    assert (str(day.where), day.raw) == ("returns/leeds.xlsx › Diagnosis › B2", "23.09.2016")
    assert (str(count.where), count.raw) == ("returns/leeds.xlsx › Diagnosis › G2", "120,5")
    assert row.number("wbc") == 120.5
    assert str(row.where) == "returns/leeds.xlsx › Diagnosis › A2"


def test_reading_twice_gives_the_same(tmp_path):
    return_of(tmp_path, lines_of())
    assert read_returns(tmp_path, STUDY) == read_returns(tmp_path, STUDY)


# --- the help sheet: whose return, and of which study ------------------------------------------------------


def test_the_centre_is_its_cell_or_else_the_file(tmp_path):
    assert read_back(tmp_path, lines_of())[0].patients[0].centre == "leeds"
    assert read_back(tmp_path, lines_of(), centre="Leeds General")[0].files[0].centre == "Leeds General"


@pytest.mark.parametrize(("centre", "read"), [("", "Leeds"), ("LEEDS", "Leeds"), ("Dublin", "Dublin")])
def test_a_centre_of_the_protocol_gets_the_protocol_s_spelling(tmp_path, centre, read):
    study = made_up_study(centres=("Dublin", "Leeds"))
    returns, findings = read_back(tmp_path, lines_of(), centre=centre, study=study)
    assert (findings, returns.patients[0].centre) == ([], read)


def test_a_centre_that_the_protocol_does_not_know_is_pointed_out(tmp_path):
    study = made_up_study(centres=("Dublin", "Leeds"))
    returns, findings = read_back(tmp_path, lines_of(), centre="Leds", study=study)
    assert findings == [
        "note intake.centre: returns/leeds.xlsx › How to fill this in › B3: the centre “Leds” is not in the "
        "protocol. Allowed: Dublin; Leeds. Did you mean “Leeds”? If so, write it like that."
    ]
    assert len(returns.patients) == 1


def test_a_return_of_another_study_is_pointed_out(tmp_path):
    return_of(tmp_path, lines_of(), study=made_up_study(short_title="Another"))
    returns = read_returns(tmp_path, STUDY)
    assert told(returns) == [
        "note intake.stamp: returns/leeds.xlsx › How to fill this in › B4: the workbook was made from the "
        "template “caseseries return 1 · Another”. Allowed: “caseseries return 1 · Made-up”. Check that it is "
        "a return of this study."
    ]


def test_a_return_without_the_help_sheet_bears_no_stamp(tmp_path):
    def edit(book):
        del book["How to fill this in"]

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert len(returns.patients) == 1
    assert findings == [
        "note intake.stamp: returns/leeds.xlsx › How to fill this in › B4: the workbook bears no stamp. "
        "Allowed: “caseseries return 1 · Made-up”. Check that it is a return of this study."
    ]


UNREAD = {"date": "spring", "event": "seen alive"}
BACKWARDS = {"treatment": "blinatumomab", "start_date": date(2017, 1, 1), "end_date": date(2016, 12, 1)}


def test_what_is_known_of_a_case_that_waits_is_checked_at_once(tmp_path):
    returns, _ = read_back(tmp_path, lines_of(follow_up=[UNREAD], treatment=[BACKWARDS]))
    [patient] = returns.waiting
    assert (returns.patients, patient.form("follow_up")[0].date("date")) == ((), None)
    cohort = form_cohort((), STUDY, waiting=returns.waiting)
    assert [(f.severity, f.code, f.do) for f in cohort.findings] == [
        (
            Severity.CASE,
            "course.order",
            "Correct one of the two dates; the case is set aside for another reason too",
        )
    ]
    assert cohort.returned == 0


def test_what_may_be_missing_from_a_case_that_waits_is_not_asked_about(tmp_path):
    returns, _ = read_back(tmp_path, lines_of(follow_up=[UNREAD], treatment=[]))
    assert form_cohort((), STUDY, waiting=returns.waiting).findings == ()


def test_two_lines_that_may_be_two_children_are_not_checked_as_one(tmp_path):
    lines = together(lines_of(), lines_of(treatment=[BACKWARDS]))
    returns, _ = read_back(tmp_path, lines)
    assert ([one.case_id for one in returns.aside], returns.waiting) == (["A-1"], ())
