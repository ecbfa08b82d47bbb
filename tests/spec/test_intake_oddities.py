"""Things a person sees on a sheet that are no cell contents: each is one sentence, and none is read in silence."""

import zipfile

import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from caseseries.intake.oddities import _counts_up
from caseseries.intake.returns import read_returns
from caseseries.intake.workbook import read_workbook
from return_folder import STUDY, check_conservation, lines_of, read_back, return_of, together

FILE = "returns/leeds.xlsx"
THREE = together(lines_of("A-1"), lines_of("A-2"), lines_of("A-3"))


def hide_sheet(book):
    book["Toxicity"].sheet_state = "hidden"


def hide_rows(book):
    for row in (2, 4, 400):
        book["MRD"].row_dimensions[row].hidden = True


def hide_columns(book):
    book["Patients"].column_dimensions["C"].hidden = True
    book["Patients"].column_dimensions["H"].hidden = True


def merge(book):
    book["Patients"].merge_cells("D2:D4")


def colour(book):
    for address, rgb in (("B2", "FF00FF00"), ("C3", "FF00FF00"), ("B4", "FFFF0000")):
        book["Patients"][address].fill = PatternFill("solid", fgColor=rgb)


def annotate(book):
    book["Patients"]["B2"].comment = Comment("born abroad", "Dr Who")


def read_1904(book):
    book.epoch = CALENDAR_MAC_1904


def fill_down(book):
    for row in (2, 3, 4):
        book["Diagnosis"].cell(row, 6).value = f"46,XX,t(4;{9 + row})(q21;q23)"


SEEN = [
    (
        hide_sheet,
        "hidden-sheet",
        "Toxicity: the sheet is hidden; it is read like the others. If they should not count, delete them; if they "
        "should, show them.",
    ),
    (
        hide_rows,
        "hidden-rows",
        "MRD › A2: hidden rows with data are read like the others: 2, 4. If they should not count, delete them; if "
        "they should, show them.",
    ),
    (
        hide_columns,
        "hidden-columns",
        "Patients › C1: hidden columns with data are read like the others: C. If they should not count, delete them; "
        "if they should, show them.",
    ),
    (
        merge,
        "merged",
        "Patients › D2: the cells D2:D4 are merged: only D2 holds a value, and it counts for its line alone. Allowed: "
        "one value in one cell. Unmerge them and fill in each line.",
    ),
    (
        colour,
        "colours",
        "Patients › B2: filled cells with a colour behind them: 3, in 2 colours. If the colour means something, write "
        "it into a column: colours are not read.",
    ),
    (
        annotate,
        "cell-note",
        "Patients › B2: the cell has a note: “born abroad”. If it holds data of the study, write them into a cell: "
        "notes are not read.",
    ),
    (
        fill_down,
        "filled-down",
        "Diagnosis › F2: 3 texts count up from line to line: “46,XX,t(4;11)(q21;q23)”, “46,XX,t(4;12)(q21;q23)”, "
        "“46,XX,t(4;13)(q21;q23)”. If Excel filled them down from the first, correct them.",
    ),
]


@pytest.mark.parametrize(("edit", "code", "sentence"), SEEN, ids=[each[1] for each in SEEN])
def test_what_is_seen_is_one_note_and_every_value_is_read(tmp_path, edit, code, sentence):
    returns, findings = read_back(tmp_path, THREE, edit)
    assert findings == [f"note intake.{code}: {FILE} › {sentence}"]
    assert len(returns.patients) == 3
    lost = 2 if edit is merge else 0  # Excel itself empties all cells of a merged range but the first
    assert returns.counts.stored == 3 * 31 - lost + (3 if edit is fill_down else 0)


def test_a_template_that_nobody_touched_has_nothing_odd(tmp_path):
    assert read_back(tmp_path, THREE)[1] == []


# --- struck through ---------------------------------------------------------------------------------------


def strike(sheet, *addresses):
    def edit(book):
        for address in addresses:
            book[sheet][address].font = Font(strike=True)

    return edit


def test_a_struck_optional_value_is_not_used(tmp_path):
    returns, findings = read_back(tmp_path, lines_of(), strike("Diagnosis", "G2"))
    assert findings == [
        f"value intake.struck: {FILE} › Diagnosis › G2: struck through: “120.5”. Allowed: values that are meant. "
        "Delete it or remove the line through it; until then it is not used."
    ]
    assert returns.patients[0].only("diagnosis").number("wbc") is None
    assert returns.counts.problem == 1


def test_a_struck_line_that_could_be_an_event_sets_the_case_aside(tmp_path):
    returns, findings = read_back(tmp_path, lines_of(), strike("Follow-up", "A2", "B2", "C2"))
    assert findings == [
        f"case intake.struck: {FILE} › Follow-up › A2: struck through: “A-1”, “2018-02-05”, “seen alive”. Allowed: "
        "values that are meant. Delete it or remove the line through it; until then it is not used."
    ]
    assert [aside.case_id for aside in returns.aside] == ["A-1"]


def test_our_own_marks_are_not_asked_about(tmp_path):
    def edit(book):
        book["Patients"]["B2"].fill = PatternFill("solid", fgColor="FFFFC7B8")
        book["Patients"]["B3"].fill = PatternFill("solid", fgColor="FFFFF1C2")
        book["Patients"]["B2"].comment = Comment("“Date of birth” is empty", "caseseries")

    assert read_back(tmp_path, THREE, edit)[1] == []


# --- the workbook as a whole ------------------------------------------------------------------------------


def replaced(path, part, old, new, **added):
    """The package with one part changed, as a program that is not openpyxl could have written it."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w") as package:
        for name, content in {**parts, **added}.items():
            package.writestr(name, content)


def test_the_calendar_of_1904_is_pointed_out(tmp_path):
    path = return_of(tmp_path, lines_of(), edit=read_1904)
    assert read_workbook(path, tmp_path).is_1904
    codes = [finding.code for finding in read_returns(tmp_path, STUDY).findings]
    assert "intake.calendar-1904" in codes


def test_links_to_other_workbooks_are_pointed_out(tmp_path):
    path = return_of(tmp_path, lines_of())
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"
    link = (
        f'<Relationship Id="rId99" Type="{kind}" Target="externalLinks/externalLink1.xml"/></Relationships>'
    )
    replaced(path, "xl/_rels/workbook.xml.rels", "</Relationships>", link)
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    assert [str(finding) for finding in returns.findings] == [
        f"{FILE}: formulas read from 1 other workbook; stored results may be old. Allowed: values. Replace the "
        "formulas by their values."
    ]


@pytest.mark.parametrize("row", [65_536, 1_048_576])
def test_a_sheet_that_ends_where_excel_ends_may_have_been_cut(tmp_path, row):
    def edit(book):
        book["MRD"].cell(row, 1).value = "A-1"

    returns, _ = read_back(tmp_path, lines_of(), edit)
    said = [str(finding) for finding in returns.findings if finding.code == "intake.row-limit"]
    assert said == [
        f"{FILE} › MRD › A{row}: the sheet is filled to row {row}, the last that Excel has: lines after it may be "
        f"lost. Allowed: fewer than {row} rows. Compare the number of lines with the source."
    ]


@pytest.mark.parametrize(
    ("one", "following", "expected"),
    [
        ("t(8;21)", "t(8;22)", True),
        ("KMT2A::AFF1", "KMT2A::AFF2", True),
        ("t(8;21)", "t(8;21)", False),
        ("t(8;21)", "t(9;22)", False),
        ("t(8;21)", "t(8;23)", False),
        ("t(8;22)", "t(8;21)", False),
        ("VH3", "VH3-JH4", False),
        ("A", "B", False),
    ],
)
def test_what_counts_up(one, following, expected):
    assert _counts_up(one, following) is expected
