"""Two versions of one return: which cells changed, and which queries that closed and opened."""

import shutil
from datetime import date

import openpyxl
import pytest

from caseseries.correspondence import compare_return
from caseseries.demo.office import write_ods
from caseseries.findings import StudyError
from caseseries.intake.returns import READERS, interpret
from caseseries.intake.revisions import compare_findings, compare_versions
from caseseries.intake.workbook import read_workbook
from caseseries.pipeline import check_study
from own_workbooks import write_own
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


# --- returns in other words and formats -------------------------------------------------------------------------

OWN = [
    ["Study no.", "DOB", "Relapse date", "Ward"],
    ["A-1", "15/06/2016", "30/07/2017", "4"],
    ["A-2", "17/08/2016", "-", "5"],
]
CORRECTED = [["Study no.", "DOB", "Relapse date", "Ward"], OWN[2], ["A-1", "15/06/2016", "31/07/2017", "4b"]]
EXPORT = [
    ["case_id", "redcap_repeat_instrument", "redcap_repeat_instance", "patients_sex", "follow_up_date"],
    ["A-1", "", "", "1", ""],
    ["A-1", "follow_up", "1", "", "2017-07-30"],
    ["A-1", "follow_up", "2", "", "2018-01-01"],
]


def read_rows(folder, rows, name, turn):
    """`rows` as one file of the kind that its name says."""
    rows = [list(column) for column in zip(*rows, strict=True)] if turn else rows
    path = folder / "returns" / name
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".ods":
        write_ods(path, "Kids", rows)
    elif path.suffix == ".csv":
        path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    else:
        write_own(folder, {"Kids": rows}, file=name)
    return READERS[path.suffix](path, folder)


@pytest.mark.parametrize("turn", [False, True], ids=["a line a child", "a column a child"])
@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_a_return_in_a_centre_s_own_words_is_compared_case_by_case(tmp_path, kind, turn):
    """Under headings that are not the study's too: what is ignored today may be asked about tomorrow."""
    old = read_rows(tmp_path, OWN, f"leeds.{kind}", turn)
    new = read_rows(tmp_path, CORRECTED, f"leeds.{kind}", turn)
    found = [str(change).partition("(")[2] for change in compare_versions(old, new, STUDY)]
    assert found == [
        "A-1, Relapse date): “30/07/2017” became “31/07/2017”",
        "A-1, Ward): “4” became “4b”",
    ]
    assert compare_versions(old, old, STUDY) == ()


def test_a_return_that_comes_back_in_another_format_is_still_the_same(tmp_path):
    old, new = (read_rows(tmp_path, OWN, f"leeds.{kind}", False) for kind in ("csv", "xlsx"))
    assert compare_versions(old, new, STUDY) == ()


def test_two_columns_of_one_heading_are_both_compared(tmp_path):
    rows = [["Study no.", "DOB", "Note", "Note"], ["A-1", "15/06/2016", "a", "b"]]
    changed = [rows[0], ["A-1", "15/06/2016", "x", "b"]]
    old, new = (read_rows(tmp_path, each, "leeds.csv", False) for each in (rows, changed))
    assert [str(one) for one in compare_versions(old, new, STUDY)] == [
        "returns/leeds.csv › leeds › C2 (A-1, Note): “a” became “x”"
    ]


def test_a_redcap_export_is_compared_by_instrument_and_instance(tmp_path):
    moved = [EXPORT[0], EXPORT[1], EXPORT[3], [*EXPORT[2][:4], "2017-07-31"]]
    old, new = (read_rows(tmp_path, each, "leeds.csv", False) for each in (EXPORT, moved))
    assert [str(one) for one in compare_versions(old, new, STUDY)] == [
        "returns/leeds.csv › leeds › E4 (A-1, follow_up_date): “2017-07-30” became “2017-07-31”"
    ]


def test_check_compares_a_centre_s_own_file(caseseries, tmp_path):
    folder = tmp_path / "messy"
    assert caseseries("demo", "--messy", folder).returncode == 0
    old = tmp_path / "Westerlea_MRD.csv"
    text = (folder / "returns" / old.name).read_text(encoding="utf-8")
    assert text.count(";0,8;") == 1
    old.write_text(text.replace(";0,8;", ";0,9;"), encoding="utf-8")
    said = caseseries("check", folder, "--against", old).stdout
    assert (
        "1 cell changed:\n  returns/Westerlea_MRD.csv › Westerlea_MRD › F3 (WL-01, MRD (%)): “0,9” became “0,8”"
    ) in said
