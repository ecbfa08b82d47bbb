"""What people do in their own spreadsheets: each is seen, asked about or understood, in .xlsx, .xls and .ods alike.

`tests/museum/own-edges.xls` and `.ods` are the workbook below as LibreOffice 7.4 saved it:
soffice --headless --convert-to xls own-edges.xlsx, and the same with ods.
"""

import shutil
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from own_workbooks import read_answered, values_of, write_own

MUSEUM = Path(__file__).parents[1] / "museum"
YES = {"headings": "as shown"}

TITLE = ["Universitätsklinik, Säuglinge"]
UPPER = [
    *("Patient", None, None, "Diagnose", None, None, "Therapie", None),
    *("MRD vor Blina", None, None, "Verlauf", None, None),
]
LOWER = [
    *("Pat.-ID", "Geb.datum", "m/w", "Datum", "Leukozyten [G/l]", "KMT2A", "Blina Beginn", "Blina Ende"),
    *("Datum", "MRD", "Sens.", "SZT-Datum", "Rezidivdatum", "Letzter Kontakt"),
]
BLINA, SAMPLE = datetime(2017, 1, 1), datetime(2016, 12, 30)
CHILDREN = [
    ["K-1", datetime(2016, 6, 15), "w", "23.09.2016", "120,5", "pos", BLINA, "29.01.2017", SAMPLE, "0,2 %", "1E-4", "20.02.2017", None, "25.02.2018"],
    ["K-2", datetime(2016, 8, 17), "m", "13.11.2016", "88", "neg", BLINA, "22.03.2017", SAMPLE, "10^-4", "10^-5", "14.04.2017", "30.07.2017", "25.03.2018"],
    ["K-3", 42522, "m", "01.10.2016", 55.5, "pos", BLINA, None, SAMPLE, "<0,01 %", "1e-4", "01.06.2017", None, "25.03.2018"],
    ["K-4", datetime(2016, 9, 1), "w", "01/10/2016", 61, "?", BLINA, None, SAMPLE, "PNQ", "0,01%", "02.07.2017", "nein", "25.03.2018"],
    ["K-5", datetime(2016, 9, 5), "w", "11.10.2016", 61, "pos", BLINA, None, SAMPLE, "neg", 1e-4, "02.07.2017", "nein", "25.03.2018"],
]  # fmt: skip
BELOW = [["Summe", None, None, None, None, "3"], [], ["Stand: 1.4.2018"]]
ROWS = [TITLE, [], UPPER, LOWER, *CHILDREN[:2], LOWER, *CHILDREN[2:], *BELOW]
SHEETS = {
    "Kinder": ROWS,
    "Archiv": [["Pat.-ID", "Geb.datum", "m/w"], ["K-9", "21.02.2016", "w"]],
    "Notizen": [["Telefonat mit dem Labor"]],
}


def spoil(book):
    sheet = book["Kinder"]
    for merged in ("A1:F1", "A3:C3", "D3:F3", "G3:H3", "I3:K3", "L3:N3"):
        sheet.merge_cells(merged)
    sheet["M6"].font = Font(strike=True)
    sheet["L5"] = CellRichText(TextBlock(InlineFont(strike=True), "19.02.2017"), " 20.02.2017")
    sheet["E5"].fill = PatternFill("solid", fgColor="FFFF0000")
    sheet["F9"].comment = Comment("laut Labor positiv", "Schwester")
    sheet.row_dimensions[10].hidden = True
    sheet.column_dimensions["E"].hidden = True
    book["Archiv"].sheet_state = "hidden"


def write_edges(folder, kind):
    """The workbook, as Excel's format or as LibreOffice saved it in another."""
    path = write_own(folder, SHEETS, file="own-edges.xlsx", edit=spoil)
    if kind != "xlsx":
        path.unlink()
        shutil.copy(MUSEUM / f"own-edges.{kind}", folder / "returns")


ANSWERS = {
    "headings": "all but Archiv",
    "serials": "days counted by Excel",
    "mrd-limit": "not detected",
    "mrd-unit": "fraction of cells",
}
KINDS = pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])


@KINDS
def test_every_oddity_is_seen_in_every_kind_of_file(tmp_path, kind):
    write_edges(tmp_path, kind)
    returns = read_answered(tmp_path, ANSWERS)
    assert [
        f"{f.severity} {f.code} {f.where.sheet} {f.where.cell}".rstrip().replace("intake.", "")
        for f in returns.findings
    ] == [
        "note sheet-refused Archiv",
        "note outside Kinder A1",
        "note hidden-columns Kinder E4",
        "note colours Kinder E5",
        "case not-a-date Kinder L5",
        "case struck Kinder L5",
        "case struck Kinder M6",
        "note cell-note Kinder F9",
        "note did-not-happen Kinder M9",
        "note hidden-rows Kinder A10",
        "note strange-sheet Notizen",
    ]
    assert returns.questions == ()


@KINDS
def test_what_can_be_understood_is_the_same_in_every_kind_of_file(tmp_path, kind):
    write_edges(tmp_path, kind)
    returns = read_answered(tmp_path, ANSWERS)
    assert [patient.case_id for patient in returns.patients] == ["K-3", "K-4", "K-5"]
    assert values_of(returns, "K-3", "patients") == [{"birth_date": "2016-06-01", "sex": "male"}]
    assert values_of(returns, "K-3", "diagnosis") == [
        {"diagnosis_date": "2016-10-01", "wbc": "55.5", "kmt2a": "rearranged"}
    ]
    assert [values_of(returns, case, "specimens")[0] for case in ("K-3", "K-4", "K-5")] == [
        {"specimen_date": "2016-12-30", "mrd_result": "not detected", "sensitivity_percent": "0.01"},
        {"specimen_date": "2016-12-30", "mrd_result": "positive below quantitative range", "sensitivity_percent": "0.01"},
        {"specimen_date": "2016-12-30", "mrd_result": "not detected", "sensitivity_percent": "0.01"},
    ]  # fmt: skip


@KINDS
def test_a_hidden_sheet_is_shown_as_hidden_where_it_is_confirmed(tmp_path, kind):
    write_edges(tmp_path, kind)
    [question] = [each for each in read_answered(tmp_path, {}).questions if each.id.startswith("headings")]
    assert "Hidden sheet “Archiv”, 1 record, one line each:" in question.evidence


def test_several_sheets_are_chosen_one_by_one(tmp_path):
    rows = {name: SHEETS["Archiv"] for name in ("2016", "2017", "neu")}
    write_own(tmp_path, rows)
    answers = {"headings": "sheet by sheet", "“2016”": "it is ignored", "“2017”": "it is ignored"}
    waiting = read_answered(tmp_path, answers)
    assert [question.text for question in waiting.questions] == [
        "Is the sheet “neu” of leeds part of the return?"
    ]
    assert waiting.patients == ()
    returns = read_answered(tmp_path, {**answers, "“neu”": "it is read"})
    [patient] = returns.patients
    assert {
        value.source.where.sheet for row in patient.form("patients") for value in row.values.values()
    } == {"neu"}


# --- struck in part -----------------------------------------------------------------------------------------


def test_a_number_of_which_a_part_is_struck_is_never_read_as_one(tmp_path):
    """Excel keeps “12” struck and “85” beside it as one text, 1285."""

    def edit(book):
        book["All"]["C2"] = CellRichText(TextBlock(InlineFont(strike=True), "12"), "85")

    rows = [["Study no.", "DOB", "WCC (/µl)"], ["A-1", "15/06/2016", "x"]]
    write_own(tmp_path, {"All": rows}, edit=edit)
    returns = read_answered(tmp_path, YES)
    assert [str(f.what) for f in returns.findings if f.code == "intake.struck"] == [
        "partly struck through: “1285”"
    ]
    assert not any(
        "wbc" in row
        for patient in returns.patients
        for row in values_of(returns, patient.case_id, "diagnosis")
    )


# --- days as numbers ----------------------------------------------------------------------------------------

SERIALS = [["Study no.", "DOB", "Relapse date"], ["A-1", 42522, 42955], ["A-2", "17/08/2016", "-"]]


@pytest.mark.parametrize(
    ("answer", "days"),
    [
        ("days counted by Excel", ("2016-06-01", "2017-08-08")),
        ("days counted from 1904", ("2020-06-02", "2021-08-09")),
    ],
)
@pytest.mark.parametrize("as_text", [False, True], ids=["numbers", "text"])
def test_numbers_where_dates_belong_are_days_once_somebody_says_so(tmp_path, answer, days, as_text):
    """Day 42522 of Excel is 1 June 2016; the Macintosh calendar begins 1462 days later."""
    rows = [[str(cell) if as_text else cell for cell in row] for row in SERIALS]
    write_own(tmp_path, {"All": rows})
    waiting = read_answered(tmp_path, YES)
    assert [question.id.rpartition("-")[0] for question in waiting.questions] == ["serials"]
    assert [aside.case_id for aside in waiting.aside] == ["A-1"]
    refused = read_answered(tmp_path, {**YES, "serials": "no dates"})
    assert (refused.questions, [aside.case_id for aside in refused.aside]) == ((), ["A-1"])
    returns = read_answered(tmp_path, {**YES, "serials": answer})
    born, relapsed = days
    assert values_of(returns, "A-1", "patients") == [{"birth_date": born}]
    assert values_of(returns, "A-1", "follow_up") == [{"date": relapsed, "event": "relapse"}]


def test_a_workbook_that_counts_from_1904_gives_the_days_a_person_sees(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["Study no.", "DOB"])
    book.active.append(["A-1", datetime(2016, 6, 15)])
    (tmp_path / "returns").mkdir()
    book.save(tmp_path / "returns" / "leeds.xlsx")
    returns = read_answered(tmp_path, YES)
    assert values_of(returns, "A-1", "patients") == [{"birth_date": "2016-06-15"}]
    assert "intake.calendar-1904" in [finding.code for finding in returns.findings]


def test_dates_that_contradict_one_another_are_shown_when_the_order_is_asked_for(tmp_path):
    rows = [["Study no.", "DOB"], ["A-1", "25/12/2016"], ["A-2", "12/25/2016"], ["A-3", "03/04/2016"]]
    write_own(tmp_path, {"All": rows})
    [question] = read_answered(tmp_path, YES).questions
    assert question.evidence == (
        "DOB: for example “03/04/2016”",
        "DOB: its dates are not all of one order",
    )


# --- MRD ----------------------------------------------------------------------------------------------------


def test_under_a_heading_in_percent_powers_of_ten_are_asked_about_by_themselves(tmp_path):
    """A laboratory that writes 0.02 for percent writes 1E-4 for one cell in ten thousand, in the same column."""
    rows = [
        ["Study no.", "DOB", "MRD date", "MRD (%)"],
        ["A-1", "15/06/2016", "30/12/2016", 0.02],
        ["A-1", "15/06/2016", "29/01/2017", "neg (<10^-4)"],
        ["A-1", "15/06/2016", "28/02/2017", "1.8e-3"],
    ]
    write_own(tmp_path, {"All": rows})
    waiting = read_answered(tmp_path, YES)
    assert [question.id.rpartition("-")[0] for question in waiting.questions] == ["mrd-powers"]
    assert values_of(waiting, "A-1", "specimens")[0]["mrd_percent"] == "0.02"
    returns = read_answered(tmp_path, {**YES, "mrd-powers": "fraction of cells"})
    said = [
        {k: v for k, v in row.items() if k != "specimen_date"}
        for row in values_of(returns, "A-1", "specimens")
    ]
    assert said == [
        {"mrd_percent": "0.02", "mrd_result": "quantified"},
        {"mrd_result": "not detected", "sensitivity_percent": "0.01"},
        {"mrd_percent": "0.18", "mrd_result": "quantified"},
    ]


# --- lines that are no child's ------------------------------------------------------------------------------

LIST = [
    ["Study no.", "DOB", "Dx date", "WCC (/µl)"],
    ["A-1", "15/06/2016", "23/09/2016", "120500"],
    ["A-2", "17/08/2016", "13/11/2016", "88000"],
]


@pytest.mark.parametrize(
    ("rows", "ignored"),
    [
        ([*LIST, ["Mean", None, None, "104250"]], 2),
        ([*LIST[:2], LIST[0], *LIST[2:]], 4),
        ([["Leeds, WCC in /µl"], *LIST], 1),
        ([*LIST, [None, "total: 2"]], 1),
        ([*LIST, ["as of April"]], 1),
    ],
    ids=["sums", "headings again", "a title with a unit", "a remark", "a remark below the case ids"],
)
def test_sums_titles_and_repeated_headings_are_no_children(tmp_path, rows, ignored):
    write_own(tmp_path, {"All": rows})
    returns = read_answered(tmp_path, YES)
    assert [patient.case_id for patient in returns.patients] == ["A-1", "A-2"]
    assert returns.aside == ()
    assert [f.what for f in returns.findings if f.code == "intake.outside"] == [
        f"cells ignored: {ignored} filled outside the records: titles, notes, sums, headings said again"
    ]


# --- cells for several children -----------------------------------------------------------------------------

TWINS = [["Study no.", "DOB", "Sex"], ["A-1", "15/06/2016", "f"], ["A-2", None, "m"]]
EVERY = {**YES, "fill-down": "every line"}


def merge_births(book):
    book["All"].merge_cells("B2:B3")


def test_a_cell_merged_over_two_children_counts_for_both_and_once_in_the_sums(tmp_path):
    write_own(tmp_path, {"All": TWINS}, edit=merge_births)
    returns = read_answered(tmp_path, EVERY)
    assert [values_of(returns, case, "patients")[0]["birth_date"] for case in ("A-1", "A-2")] == [
        "2016-06-15",
        "2016-06-15",
    ]
    assert (returns.counts.non_empty, returns.counts.stored) == (8, 5)


def test_a_child_whose_merged_cell_is_set_aside_with_another_s_is_set_aside_too(tmp_path):
    rows = [[*TWINS[0], "Relapse date"], [*TWINS[1], "31/02/2018"], [*TWINS[2], "-"]]
    write_own(tmp_path, {"All": rows}, edit=merge_births)
    returns = read_answered(tmp_path, EVERY)
    assert [aside.case_id for aside in returns.aside] == ["A-1", "A-2"]
    assert returns.aside[1].reason.what == "the merged cell counts for A-1 too, which is set aside"


def test_a_value_merged_over_two_headings_is_pointed_out(tmp_path):
    rows = [["Study no.", "DOB", "HSCT date", "Relapse date"], ["A-1", "15/06/2016", "none", None]]
    write_own(tmp_path, {"All": rows}, edit=lambda book: book["All"].merge_cells("C2:D2"))
    [finding] = [each for each in read_answered(tmp_path, YES).findings if each.code == "intake.merged"]
    assert (finding.where.cell, finding.what) == (
        "C2",
        "“none” is merged over the places of several headings, and counts for the first alone",
    )


def test_texts_that_excel_filled_down_are_pointed_out(tmp_path):
    rows = [["Study no.", "DOB", "Dx date", "Karyotype"]]
    rows += [[f"A-{n}", "15/06/2016", "23/09/2016", f"t(8;{20 + n})"] for n in (1, 2, 3)]
    write_own(tmp_path, {"All": rows})
    assert [
        each.what for each in read_answered(tmp_path, YES).findings if each.code == "intake.filled-down"
    ] == ["3 texts count up from line to line: “t(8;21)”, “t(8;22)”, “t(8;23)”"]


@pytest.mark.parametrize("sideways", [False, True])
def test_a_table_that_says_every_heading_twice_is_asked_about_and_breaks_nothing(tmp_path, sideways):
    rows = [["Study no.", "Study no.", "DOB", "DOB"], ["A-1", "A-1", "15/06/2016", "15/06/2016"]]
    write_own(tmp_path, {"All": [list(each) for each in zip(*rows, strict=True)] if sideways else rows})
    returns = read_answered(tmp_path, YES)
    assert [each.code for each in returns.findings].count("intake.double-heading") == 4
    assert returns.patients == ()


# --- several tables on one sheet ----------------------------------------------------------------------------

STACKED = [
    ["Leeds"],
    ["Study no.", "DOB", "Sex"],
    ["A-1", "15/06/2016", "f"],
    ["A-2", "17/08/2016", "m"],
    [],
    ["Study no.", "Relapse date", "Relapse phenotype", "Last seen"],
    ["A-1", "30/07/2017", "CD19-", "25/02/2018"],
]


def test_tables_below_one_another_have_each_its_own_headings(tmp_path):
    """Read as one, the second table's headings would be a child, or the first table a note above the second."""
    write_own(tmp_path, {"All": STACKED})
    returns = read_answered(tmp_path, YES)
    assert [patient.case_id for patient in returns.patients] == ["A-1", "A-2"]
    assert returns.aside == ()
    assert [row["event"] for row in values_of(returns, "A-1", "follow_up")] == ["relapse", "seen alive"]


def test_what_is_seen_on_a_sheet_of_two_tables_is_said_once(tmp_path):
    def edit(book):
        book["All"]["B7"].font = Font(strike=True)
        book["All"]["C3"].comment = Comment("really?", "nurse")
        book["All"].row_dimensions[4].hidden = True

    write_own(tmp_path, {"All": STACKED}, edit=edit)
    returns = read_answered(tmp_path, YES)
    assert sorted(each.code for each in returns.findings) == [
        "intake.cell-note",
        "intake.hidden-rows",
        "intake.outside",
        "intake.struck",
    ]
    assert [aside.case_id for aside in returns.aside] == ["A-1"]


@pytest.mark.parametrize(
    "heading", ["Name", "Patient name", "NAME (child)", "Hospital number", "Patient's initials"]
)
def test_names_are_never_offered_as_case_ids(tmp_path, heading):
    rows = [
        [heading, "DOB", "Sex"],
        ["Mary Example", "15/06/2016", "f"],
        ["John Example", "17/08/2016", "m"],
    ]
    write_own(tmp_path, {"All": rows})
    returns = read_answered(tmp_path, YES)
    assert returns.questions == ()
    [finding] = [each for each in returns.findings if each.code == "intake.no-case-ids"]
    assert finding.do == "Ask for a copy with the study's number for each child, and without names"


def test_two_numbered_headings_of_case_ids_are_asked_about(tmp_path):
    """Found by the law of conservation: the cells under “Patient ID 2” were neither stored nor listed."""
    write_own(tmp_path, {"All": [["Study no.", "Patient ID 2", "DOB"], ["A-1", "B-1", "15/06/2016"]]})
    returns = read_answered(tmp_path, YES)
    assert [each.code for each in returns.findings].count("intake.double-heading") == 2
    assert returns.patients == ()
