"""The workbook that goes back to a centre: its own cells, each finding in its cell, nothing that runs."""

import zipfile
from datetime import date

import openpyxl
import pytest

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.queries import write_queries
from caseseries.intake.returns import read_returns
from caseseries.intake.workbook import read_workbook
from return_folder import STUDY, check_conservation, lines_of, return_of, together

FORMULAS = ("=cmd|'/c calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")')


def queries_of(folder, lines, edit=None, **options):
    """Write a return, check it, and write its queries: the returns and the paths."""
    return_of(folder, lines, edit=edit, **options)
    returns = read_returns(folder, STUDY)
    return returns, write_queries(folder / "queries", returns.books, returns.findings, STUDY)


def test_a_return_without_findings_has_no_queries_and_old_ones_go(tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "leeds.xlsx").write_text("of an earlier check")
    assert queries_of(tmp_path, lines_of())[1] == ()
    assert not (tmp_path / "queries").exists()


def test_a_finding_is_marked_and_explained_in_its_cell(tmp_path):
    _, [path] = queries_of(tmp_path, lines_of(diagnosis=[{"diagnosis_date": "31.02.2018", "wbc": "120,5"}]))
    assert path.name == "leeds.xlsx"
    sheet = openpyxl.load_workbook(path)["Diagnosis"]
    assert sheet["B2"].value == "31.02.2018"
    assert sheet["B2"].fill.fgColor.rgb == "FFFFC7B8"
    assert sheet["B2"].comment.text == (
        "“31.02.2018” is no day of the calendar. Allowed: a date, like 2018-03-25; or 2018-03 or 2018 when the day is "
        "not known. Type the date as year-month-day, for example 2018-03-25"
    )
    assert sheet["G2"].fill.fgColor.rgb == "FFFFF1C2"
    assert sheet["A2"].comment is None
    assert sheet["A2"].fill.patternType is None


def test_an_empty_cell_that_must_be_filled_is_marked(tmp_path):
    _, [path] = queries_of(tmp_path, lines_of(patients=[{"sex": "female"}]))
    cell = openpyxl.load_workbook(path)["Patients"]["B2"]
    assert cell.value is None
    assert cell.fill.fgColor.rgb == "FFFFC7B8"
    assert cell.comment.text.startswith("“Date of birth” is empty.")


def test_the_first_sheet_lists_the_queries_and_leads_to_their_cells(tmp_path):
    _, [path] = queries_of(tmp_path, lines_of(diagnosis=[{"diagnosis_date": "31.02.2018", "wbc": "120,5"}]))
    book = openpyxl.load_workbook(path)
    sheet = book["Queries"]
    assert book.sheetnames[0] == "Queries"
    assert [cell.value for cell in sheet[1]] == [
        "Where",
        "What was found",
        "Allowed",
        "What to do",
        "Until then",
    ]
    assert [cell.value for cell in sheet[2]] == [
        "Diagnosis › B2",
        "“31.02.2018” is no day of the calendar",
        "A date, like 2018-03-25; or 2018-03 or 2018 when the day is not known",
        "Type the date as year-month-day, for example 2018-03-25",
        "The child is set aside",
    ]
    assert sheet["A2"].hyperlink.location == "'Diagnosis'!B2"
    assert [sheet["A3"].value, sheet["E3"].value] == ["Diagnosis › G2", "Nothing is set aside"]
    assert sheet.max_row == 3


def test_every_other_cell_comes_back_as_it_was(tmp_path):
    lines = together(lines_of("00123"), lines_of("A-2", diagnosis=[{"diagnosis_date": "03/04/2018"}]))

    def edit(book):
        book["Diagnosis"]["G2"].number_format = "0.00"
        book["Follow-up"]["F2"] = "2018-02"
        book["Toxicity"]["J2"] = True
        book.create_sheet("Our notes (x)")["C7"] = 0.5

    returns, [path] = queries_of(tmp_path, lines, edit, centre="Leeds General")
    before, after = returns.books[0], read_workbook(path, tmp_path)
    assert after.findings == ()
    kept = {sheet.name: sheet for sheet in after.sheets}
    for sheet in before.sheets:
        if sheet.name != "Lists":
            assert [(c.address, c.kind, c.value) for c in kept[sheet.name].cells] == [
                (c.address, c.kind, c.value) for c in sheet.cells
            ]
    formats = {cell.address: cell.number_format for cell in kept["Diagnosis"].cells}
    assert (formats["G2"], formats["B2"]) == ("0.00", "yyyy-mm-dd")


def test_drop_downs_and_checks_come_back_with_it(tmp_path):
    _, [path] = queries_of(tmp_path, lines_of(patients=[{"sex": "female"}]))
    book = openpyxl.load_workbook(path)
    rules = {str(rule.sqref): rule for rule in book["Patients"].data_validations.dataValidation}
    assert rules["C2:C2000"].type == "list"
    assert rules["B2:B2000"].formula1.startswith("OR(AND(ISNUMBER(B2)")
    assert book["Lists"].sheet_state == "hidden"
    assert book["Patients"]["B1"].comment.text.startswith("A date, year-month-day.")


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_never_becomes_one(tmp_path, text):
    lines = lines_of(toxicity=[{"toxicity": text, "onset_date": date(2017, 1, 2), "description": text}])
    _, [path] = queries_of(tmp_path, lines)
    with zipfile.ZipFile(path) as package:
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        assert all(b"<f>" not in package.read(name) for name in sheets)
        assert not [name for name in package.namelist() if "external" in name.lower()]
    cell = openpyxl.load_workbook(path)["Toxicity"]["B2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, True)


def test_the_same_findings_give_the_same_bytes(tmp_path):
    lines = lines_of(diagnosis=[{"diagnosis_date": "31.02.2018"}])
    _, [path] = queries_of(tmp_path, lines)
    first = path.read_bytes()
    _, [path] = queries_of(tmp_path, lines)
    assert path.read_bytes() == first


def test_a_corrected_query_workbook_is_a_return_without_queries(tmp_path):
    _, [path] = queries_of(tmp_path, lines_of(diagnosis=[{"diagnosis_date": "31.02.2018"}]))
    book = openpyxl.load_workbook(path)
    book["Diagnosis"]["B2"] = date(2016, 9, 23)
    book.save(tmp_path / "returns" / "leeds.xlsx")
    returns = read_returns(tmp_path, STUDY)
    assert returns.findings == ()
    assert len(returns.patients) == 1
    check_conservation(returns)


def test_a_file_that_could_not_be_read_gets_the_list_alone(tmp_path):
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns" / "leeds.xlsx").write_bytes(b"%PDF-1.7")
    returns = read_returns(tmp_path, STUDY)
    [path] = write_queries(tmp_path / "queries", returns.books, returns.findings, STUDY)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Queries"]
    assert [cell.value for cell in book["Queries"][2]][:2] == [
        "the whole file",
        "The file is a PDF, not an Excel workbook",
    ]


def test_names_that_excel_refuses_are_changed_and_others_kept(tmp_path):
    returns, _ = queries_of(tmp_path, lines_of())
    book = returns.books[0]
    odd = ("'a/b'", "A_b", "x" * 40, "", "Queries2")
    sheets = tuple(type(book.sheets[1])(name, False, book.sheets[1].cells) for name in odd)
    finding = Finding(Where(book.file, "'a/b'", "A1"), "intake.x", Severity.NOTE, "=what", "", "do")
    copy = type(book)(book.file, "", sheets)
    [path] = write_queries(tmp_path / "queries", [copy], [finding], STUDY)
    names = openpyxl.load_workbook(path).sheetnames
    assert names == ["Queries", "a_b", "A_b (2)", "x" * 31, "Sheet 4", "Queries2", "Lists"]


def test_two_sheets_of_one_name_both_come_back(tmp_path):
    """A damaged or hand-made file may hold them; Excel takes each name once. Found by spoiling files."""
    returns, _ = queries_of(tmp_path, lines_of())
    book = returns.books[0]
    twice = type(book)(book.file, "", (book.sheets[1], book.sheets[1]))
    finding = Finding(Where(book.file, "Patients", "B2"), "intake.x", Severity.NOTE, "what", "", "do")
    [path] = write_queries(tmp_path / "queries", [twice], [finding], STUDY)
    written = openpyxl.load_workbook(path)
    assert written.sheetnames == ["Queries", "Patients", "Patients (2)", "Lists"]
    assert written["Patients"]["A2"].value == written["Patients (2)"]["A2"].value == "A-1"
    assert written["Queries"]["A2"].hyperlink.location == "'Patients'!B2"


def test_what_cannot_be_seen_is_shown_in_the_words_and_stays_in_the_cell(tmp_path):
    def add(book):
        book["Diagnosis"].cell(1, 30, "Bemer\u202ekung")
        book["Diagnosis"].cell(2, 30, "x")

    _, [path] = queries_of(tmp_path, lines_of(), edit=add)
    book = openpyxl.load_workbook(path)
    cell = book["Diagnosis"].cell(1, 30)
    assert cell.value == "Bemer\u202ekung"
    for said in (cell.comment.text, book["Queries"]["B2"].value):
        assert said.startswith("The column “Bemer[U+202E]kung” is no part of the return")
