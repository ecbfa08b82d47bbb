"""Returns in a centre's own words: five layouts, what is asked, what is stored, and that nothing is lost."""

from datetime import datetime

import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from caseseries.intake.returns import read_returns
from own_workbooks import check_sums, read_answered, values_of, write_own
from return_folder import STUDY

YES = {"headings": "as shown"}

WIDE = [
    ["Study no.", "DOB", "Sex", "Date of diagnosis", "MLL", "WCC (/µl)", "Blina start", "HSCT date", "Relapse date", "Last seen"],
    ["A-1", "15/06/2016", "f", "23/09/2016", "pos", "120,500", "01/01/2017", "20/02/2017", "-", "25/02/2018"],
    ["A-2", "17/08/2016", "m", "13/11/2016", "neg", "88,000", "22/02/2017", "14/04/2017", "30/07/2017", "25/03/2018"],
]  # fmt: skip


def read(folder, sheets, answers=YES, **options):
    write_own(folder, sheets, **options)
    return read_answered(folder, answers)


def told(returns):
    return [f"{finding.severity} {finding.code}" for finding in returns.findings]


def test_a_wide_sheet_makes_the_lines_of_every_form(tmp_path):
    returns = read(tmp_path, {"All": WIDE})
    assert [patient.case_id for patient in returns.patients] == ["A-1", "A-2"]
    assert values_of(returns, "A-1", "patients") == [{"birth_date": "2016-06-15", "sex": "female"}]
    assert values_of(returns, "A-1", "diagnosis") == [
        {"diagnosis_date": "2016-09-23", "kmt2a": "rearranged", "wbc": "120.5"}
    ]
    assert values_of(returns, "A-1", "treatment") == [
        {"treatment": "blinatumomab", "start_date": "2017-01-01", "cycle": "1.0"}
    ]
    assert values_of(returns, "A-1", "transplant") == [{"hsct_date": "2017-02-20"}]
    assert values_of(returns, "A-1", "follow_up") == [{"date": "2018-02-25", "event": "seen alive"}]
    assert values_of(returns, "A-2", "follow_up") == [
        {"date": "2017-07-30", "event": "relapse"},
        {"date": "2018-03-25", "event": "seen alive"},
    ]


def test_nothing_is_stored_from_a_sheet_nobody_confirmed(tmp_path):
    returns = read(tmp_path, {"All": WIDE}, {})
    assert returns.patients == ()
    assert returns.counts.stored == 0
    assert returns.counts.problem == 20
    assert told(returns) == ["file intake.own-headings"]
    [question] = returns.questions
    assert "  “WCC (/µl)” is Diagnosis: White cell count (10^9/L), in /µL" in question.evidence
    assert "“DOB” is Patients: Date of birth" in question.recorded


def test_the_source_of_a_value_is_the_cell_as_it_was_typed(tmp_path):
    returns = read(tmp_path, {"All": WIDE})
    source = returns.patients[0].only("diagnosis").values["wbc"].source
    assert (str(source.where), source.raw) == ("returns/leeds.xlsx › All › F2", "120,500")


def transposed(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def titled(rows):
    return [["Leeds infants"], [None], *rows, [None], ["compiled by the research nurse in May"]]


TWO_LINES = [
    ["Patient", None, None, "Diagnosis", None, None, "Treatment", "HSCT", "Outcome", None],
    [
        "Study no.",
        "DOB",
        "Sex",
        "Date",
        "MLL",
        "WCC (/µl)",
        "Blina start",
        "Date",
        "Relapse date",
        "Last seen",
    ],
    *WIDE[1:],
]


@pytest.mark.parametrize(
    "rows", [transposed(WIDE), titled(WIDE), TWO_LINES], ids=["sideways", "titled", "two lines"]
)
def test_the_same_table_in_another_layout_gives_the_same_patients(tmp_path, rows):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    wanted, found = read(tmp_path / "one", {"All": WIDE}), read(tmp_path / "other", {"All": rows})
    for case in ("A-1", "A-2"):
        for form in ("patients", "diagnosis", "treatment", "transplant", "follow_up"):
            assert values_of(found, case, form) == values_of(wanted, case, form)


def test_one_sheet_a_child_asks_once(tmp_path):
    sheets = {row[0]: transposed([WIDE[0], row]) for row in WIDE[1:]}
    write_own(tmp_path, sheets)
    [question] = [each for each in read_returns(tmp_path, STUDY).questions if each.id.startswith("headings")]
    assert sum(line.startswith("Sheet ") for line in question.evidence) == 1
    assert [patient.case_id for patient in read_answered(tmp_path, YES).patients] == ["A-1", "A-2"]


LISTS = {
    "Demographics": [["ID", "Born", "Gender"], ["A-1", datetime(2016, 6, 15), "girl"]],
    "Bone marrows": [
        ["ID", "Sample date", "MRD", "Sens."],
        ["A-1", datetime(2016, 12, 30), "0.2 %", "1E-5"],
        [None, datetime(2017, 1, 29), "neg", "1E-5"],
        [None, datetime(2017, 3, 3), "PNQ", "1E-5"],
    ],
    "Events": [["ID", "Date", "What"], ["A-1", datetime(2018, 2, 5), "alive"]],
}


def test_a_sheet_for_each_form_with_ids_only_on_the_first_line(tmp_path):
    returns = read(tmp_path, LISTS, {**YES, "fill-down": "every line"})
    assert values_of(returns, "A-1", "specimens") == [
        {"specimen_date": "2016-12-30", "mrd_percent": "0.2", "mrd_result": "quantified", "sensitivity_percent": "0.001"},
        {"specimen_date": "2017-01-29", "mrd_result": "not detected", "sensitivity_percent": "0.001"},
        {"specimen_date": "2017-03-03", "mrd_result": "positive below quantitative range", "sensitivity_percent": "0.001"},
    ]  # fmt: skip
    assert values_of(returns, "A-1", "follow_up") == [{"date": "2018-02-05", "event": "seen alive"}]


def test_lines_without_an_id_belong_to_nobody_until_somebody_says_so(tmp_path):
    returns = read(tmp_path, LISTS)
    assert told(returns) == ["case intake.no-case-id"] * 2
    assert [each.id.split("-")[0] for each in returns.questions] == ["fill"]


def test_exact_headings_of_the_template_need_no_question(tmp_path):
    write_own(
        tmp_path,
        {"Leeds children": [["Case id", "Date of birth", "Sex"], ["A-1", datetime(2016, 6, 15), "female"]]},
    )
    returns = read_returns(tmp_path, STUDY)
    assert returns.questions == ()
    assert values_of(returns, "A-1", "patients") == [{"birth_date": "2016-06-15", "sex": "female"}]


# --- doubts -------------------------------------------------------------------------------------------------


def changed(row, column, value, rows=WIDE):
    copy = [list(each) for each in rows]
    copy[row][column] = value
    return copy


def test_a_misspelt_heading_is_asked_about_and_keeps_the_file_waiting(tmp_path):
    sheets = {"All": changed(0, 8, "Dat of relapse")}
    returns = read(tmp_path, sheets)
    assert "file intake.heading-in-doubt" in told(returns)
    assert returns.patients == ()  # a relapse could be hidden there
    returns = read_answered(tmp_path, {**YES, "heading": "Follow-up: Date (relapse)"})
    assert values_of(returns, "A-2", "follow_up")[0] == {"date": "2017-07-30", "event": "relapse"}


def test_a_heading_can_be_refused_by_a_person(tmp_path):
    returns = read(tmp_path, {"All": changed(0, 8, "Dat of relapse")}, {**YES, "heading": "none of these"})
    assert "note intake.heading-refused" in told(returns)
    assert [row["event"] for row in values_of(returns, "A-2", "follow_up")] == ["seen alive"]


def test_a_workbook_can_be_refused_whole_or_without_one_sheet(tmp_path):
    sheets = {"All": WIDE, "Old copy": changed(1, 0, "Z-9")}
    assert read(tmp_path, sheets, {"headings": "not this workbook"}).counts.stored == 0
    returns = read_answered(tmp_path, {"headings": "all but Old copy"})
    assert [patient.case_id for patient in returns.patients] == ["A-1", "A-2"]


AMBIGUOUS = [
    ["Study no.", "DOB", "Relapse date"],
    ["A-1", "05/06/2016", "03/04/2018"],
    ["A-2", "04/07/2016", "02/03/2018"],
]


@pytest.mark.parametrize(
    ("answer", "born"), [("day first", "2016-06-05"), ("month first", "2016-05-06"), ("", "")]
)
def test_an_order_of_dates_that_nothing_tells_is_asked_once_a_sheet(tmp_path, answer, born):
    returns = read(tmp_path, {"All": AMBIGUOUS}, {**YES, "date-order": answer})
    if born:
        assert values_of(returns, "A-1", "patients") == [{"birth_date": born}]
        assert returns.questions == ()
    else:
        assert returns.patients == ()
        assert [each.id.rpartition("-")[0] for each in returns.questions] == ["date-order"]


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("15.06.16", "2016-06-15"),
        ("15 Juin 2016", "2016-06-15"),
        ("15. Juni 2016", "2016-06-15"),
        ("15 de junio 2016", "2016-06-15"),
        ("15 Meitheamh 2016", "2016-06-15"),
        ("00/06/2016", "between 2016-06-01 and 2016-06-30"),
        ("??.06.2016", "between 2016-06-01 and 2016-06-30"),
        ("06/2016", "between 2016-06-01 and 2016-06-30"),
        ("2016", "between 2016-01-01 and 2016-12-31"),
        ("März 2016", "between 2016-03-01 and 2016-03-31"),
    ],
)
def test_dates_as_hospitals_write_them(tmp_path, typed, read_as):
    returns = read(tmp_path, {"All": changed(1, 1, typed)})
    assert values_of(returns, "A-1", "patients")[0]["birth_date"] == read_as


@pytest.mark.parametrize(
    ("heading", "typed", "answer", "wbc"),
    [
        ("WCC", "120500", "/µL", "120.5"),
        ("WCC", "120.5", "10^9/L", "120.5"),
        ("WCC", "120.5 G/L", "", "120.5"),
        ("WCC", "120.500 /µl", "", "120.5"),
        ("WCC (x10^9/L)", "120,5", "", "120.5"),
        ("WCC (K/uL)", 120.5, "", "120.5"),
    ],
)
def test_white_cells_in_any_unit(tmp_path, heading, typed, answer, wbc):
    rows = [row[:6] + row[6:] for row in changed(1, 5, typed, changed(0, 5, heading))][:2]
    returns = read(tmp_path, {"All": rows}, {**YES, **({"unit": answer} if answer else {})})
    assert values_of(returns, "A-1", "diagnosis")[0]["wbc"] == wbc


def test_a_count_whose_unit_nobody_stated_is_not_used(tmp_path):
    returns = read(tmp_path, {"All": changed(1, 5, 120500, changed(0, 5, "WCC"))})
    assert "wbc" not in values_of(returns, "A-1", "diagnosis")[0]
    [question] = returns.questions
    assert question.evidence == ("The numbers: 88000 to 120500, median 104250.",)
    assert question.options[0].answer == "/µL"


def test_a_new_word_is_asked_about_once_for_a_centre(tmp_path):
    rows = changed(2, 4, "split", changed(1, 4, "split"))
    returns = read(tmp_path, {"All": rows})
    assert [each.text for each in returns.questions] == [
        "What does “split” of leeds mean under “MLL” (KMT2A status)?"
    ]
    returns = read_answered(tmp_path, {**YES, "word": "rearranged"})
    assert [values_of(returns, case, "diagnosis")[0]["kmt2a"] for case in ("A-1", "A-2")] == [
        "rearranged"
    ] * 2


def test_a_word_can_be_left_out(tmp_path):
    returns = read(tmp_path, {"All": changed(1, 4, "split")}, {**YES, "word": "leave out"})
    assert "kmt2a" not in values_of(returns, "A-1", "diagnosis")[0]
    assert "note intake.left-out" in told(returns)


# --- alive or dead ------------------------------------------------------------------------------------------

OUTCOMES = ["Study no.", "DOB", "Vital status", "Last seen", "Date of death", "Cause of death"]


@pytest.mark.parametrize(
    ("status", "seen", "died", "cause", "events"),
    [
        ("alive", "25/02/2018", None, None, [("2018-02-25", "seen alive")]),
        ("dead", "25/02/2018", None, None, [("2018-02-25", "death")]),
        ("dead", None, "25/02/2018", None, [("2018-02-25", "death")]),
        ("dead", "25/02/2018", "25/02/2018", None, [("2018-02-25", "death")]),
        ("dead", "13/01/2018", "25/02/2018", None, [("2018-02-25", "death"), ("2018-01-13", "seen alive")]),
        (None, "25/02/2018", "25/02/2018", None, [("2018-02-25", "death")]),
        ("dead", "25/02/2018", None, "sepsis", [("2018-02-25", "death")]),
    ],
)
def test_a_death_is_told_once_however_often_it_is_written(tmp_path, status, seen, died, cause, events):
    returns = read(tmp_path, {"All": [OUTCOMES, ["A-1", "15/06/2016", status, seen, died, cause]]})
    lines = values_of(returns, "A-1", "follow_up")
    assert sorted((row["date"], row["event"]) for row in lines) == sorted(events)
    if cause:
        assert {row.get("cause_of_death") for row in lines} == {"infection"}


def test_alive_beside_a_date_of_death_sets_the_case_aside(tmp_path):
    returns = read(
        tmp_path, {"All": [OUTCOMES, ["A-1", "15/06/2016", "alive", "25/02/2018", "26/02/2018", None]]}
    )
    assert returns.patients == ()
    assert "case intake.alive-or-dead" in told(returns)


def test_no_in_a_column_of_dates_means_that_it_did_not_happen(tmp_path):
    returns = read(tmp_path, {"All": changed(2, 8, "no", changed(1, 8, "none"))})
    assert [len(values_of(returns, case, "follow_up")) for case in ("A-1", "A-2")] == [1, 1]


# --- what is seen beside the cells --------------------------------------------------------------------------


def test_struck_hidden_and_annotated_cells_are_seen(tmp_path):
    def edit(book):
        sheet = book["All"]
        sheet["I3"].font = Font(strike=True)
        sheet["B2"].comment = Comment("from the mother", "nurse")
        sheet.row_dimensions[2].hidden = True

    returns = read(tmp_path, {"All": WIDE}, edit=edit)
    assert {"case intake.struck", "note intake.cell-note", "note intake.hidden-rows"} <= set(told(returns))
    assert [patient.case_id for patient in returns.patients] == ["A-1"]  # a struck relapse may be one


def test_a_child_told_differently_on_two_sheets_is_set_aside(tmp_path):
    sheets = {
        "All": WIDE,
        "Demographics": [["Study no.", "DOB"], ["A-1", "16/06/2016"], ["A-2", "17/08/2016"]],
    }
    returns = read(tmp_path, sheets)
    assert "case intake.double-case" in told(returns)
    assert [patient.case_id for patient in returns.patients] == ["A-2"]
    assert "note intake.repeated" in told(returns)


def test_two_headings_of_one_meaning_are_both_left_unread(tmp_path):
    returns = read(tmp_path, {"All": changed(0, 9, "Date of birth")})
    assert "file intake.double-heading" in told(returns)
    assert returns.patients == ()


def test_a_file_that_names_no_centre_of_the_protocol_is_asked_about(tmp_path):
    study = STUDY.model_copy(update={"centres": ("Leeds", "York")})
    write_own(tmp_path, {"All": WIDE}, file="final_v2.xlsx")
    returns = read_answered(tmp_path, {"centre": "York", **YES}, study=study)
    assert {patient.centre for patient in returns.patients} == {"York"}
    write_own(tmp_path, {"All": WIDE}, file="Return Leeds v3.xlsx")
    (tmp_path / "returns" / "final_v2.xlsx").unlink()
    returns = read_answered(tmp_path, YES, study=study)
    assert {patient.centre for patient in returns.patients} == {"Leeds"}


def test_a_workbook_of_something_else_stays_one_finding(tmp_path):
    write_own(tmp_path, {"Rota": [["Week", "Consultant"], ["1", "Dr A"], ["2", "Dr B"]]})
    returns = read_returns(tmp_path, STUDY)
    check_sums(returns)
    assert told(returns) == ["file intake.no-return"]
