"""Two versions of one return: which cells changed, and which queries that closed and opened."""

import shutil
from datetime import date

import openpyxl
import pytest

from caseseries.correspondence import compare_return
from caseseries.findings import StudyError
from caseseries.intake.returns import interpret
from caseseries.intake.revisions import compare_findings, compare_versions
from caseseries.intake.workbook import read_workbook
from caseseries.pipeline import check_study
from return_folder import STUDY, lines_of, return_of, together

FILE = "returns/leeds.xlsx"


def version(folder, lines):
    path = return_of(folder, lines)
    return read_workbook(path, folder)


def changes(folder, before, after):
    old = version(folder, before)
    return [str(change) for change in compare_versions(old, version(folder, after), STUDY)]


def test_the_same_return_has_not_changed(tmp_path):
    assert changes(tmp_path, lines_of(), lines_of()) == []


def test_a_changed_a_filled_and_an_emptied_cell_are_listed(tmp_path):
    before = lines_of(patients=[{"birth_date": date(2016, 6, 15), "sex": "female"}])
    after = lines_of(patients=[{"birth_date": date(2016, 6, 16), "country": "Ireland"}])
    assert changes(tmp_path, before, after) == [
        f"{FILE} › Patients › B2 (A-1, Date of birth): “2016-06-15” became “2016-06-16”",
        f"{FILE} › Patients › C2 (A-1, Sex): “female” became nothing",
        f"{FILE} › Patients › D2 (A-1, Country): nothing became “Ireland”",
    ]


def test_a_line_inserted_above_moves_nothing(tmp_path):
    one, other = lines_of("B-1"), lines_of("A-1")
    listed = changes(tmp_path, one, together(other, one))
    assert listed
    assert all("(A-1, " in line for line in listed)


def test_a_finding_that_moved_with_its_line_is_the_same(tmp_path):
    bad = lines_of("B-1", diagnosis=[{"diagnosis_date": "31.02.2018"}])
    old, new = bad, together(lines_of("A-1"), bad)
    findings = []
    for lines in (old, new):
        findings.append(interpret([version(tmp_path, lines)], STUDY).findings)
    assert findings[0][0].where != findings[1][0].where
    assert compare_findings(*findings) == ([], [], 1)


@pytest.fixture
def study(demo, tmp_path):
    return shutil.copytree(demo, tmp_path / "study", ignore=shutil.ignore_patterns("report"))


def test_check_lists_what_a_corrected_return_closed(caseseries, study, tmp_path):
    path = study / "returns" / "Westerlea.xlsx"
    book = openpyxl.load_workbook(path)
    book["Diagnosis"]["G2"] = "about 300"
    book.save(tmp_path / "Westerlea.xlsx")
    finished = caseseries("check", study, "--against", tmp_path / "Westerlea.xlsx")
    assert finished.returncode == 0, finished.stdout
    assert finished.stdout.splitlines()[-4:] == [
        "1 cell changed:",
        "  returns/Westerlea.xlsx › Diagnosis › G2 (WL-01, White cell count (10^9/L)): “about 300” became “241”",
        "1 finding closed, 0 new, 0 still open",
        "  closed: returns/Westerlea.xlsx › Diagnosis › G2: the text “about 300” is no number",
    ]


def test_an_old_version_must_bear_the_name_of_a_return(demo, tmp_path):
    checked = check_study(demo)
    with pytest.raises(StudyError, match="no return has this name"):
        compare_return(demo, checked, tmp_path / "Westerly.xlsx")
    (tmp_path / "Westerlea.xlsx").write_bytes(b"%PDF")
    with pytest.raises(StudyError, match="the file is a PDF"):
        compare_return(demo, checked, tmp_path / "Westerlea.xlsx")
