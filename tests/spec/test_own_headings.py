"""Headings that no synonym matches: a person says what they are, once for a centre, or that they are to be ignored."""

import pytest
from typer.testing import CliRunner

from caseseries.cli import app
from caseseries.decisions.log import read_decisions
from caseseries.intake.headings import Lexicon, match_heading
from caseseries.intake.returns import read_returns
from caseseries.pipeline import check_study
from made_up import made_up_study
from own_workbooks import check_sums, read_answered, values_of, write_own
from return_folder import STUDY

REST = "as shown, and ask about the rest"
ROWS = [
    ["Study no.", "DOB", "Sex", "Blina start", "Zurück am", "Zimmer", "Last seen"],
    ["A-1", "15/06/2016", "f", "01/01/2017", "30/07/2017", "12", "25/02/2018"],
    ["A-2", "17/08/2016", "m", "22/02/2017", "-", "14", "25/03/2018"],
]
NO_IDS = [["Kürzel", *ROWS[0][1:]], *ROWS[1:]]
HEADLESS = [[None, *ROWS[0][1:]], *ROWS[1:]]


def told(returns):
    return [f"{finding.severity} {finding.code}" for finding in returns.findings]


def transposed(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def read(folder, rows, answers, file="leeds.xlsx"):
    write_own(folder, {"All": rows}, file=file)
    return read_answered(folder, answers)


@pytest.mark.parametrize("turn", [list, transposed], ids=["a line a child", "a column a child"])
def test_an_unknown_heading_can_be_said_to_be_one_of_ours(tmp_path, turn):
    answers = {"headings": REST, "“Zurück am”": "Follow-up: Date (relapse)", "“Zimmer”": "none of these"}
    returns = read(tmp_path, turn(ROWS), answers)
    assert values_of(returns, "A-1", "follow_up")[0] == {"date": "2017-07-30", "event": "relapse"}
    assert [row["event"] for row in values_of(returns, "A-2", "follow_up")] == ["seen alive"]
    assert "note intake.heading-refused" in told(returns)
    assert returns.questions == ()


def test_a_corrected_copy_with_another_column_asks_nothing_again(tmp_path):
    answers = {"headings": REST, "“Zurück am”": "Follow-up: Date (relapse)", "“Zimmer”": "none of these"}
    read(tmp_path, ROWS, answers)
    more = [[*row, word] for row, word in zip(ROWS, ("Bett", "a", "b"), strict=True)]
    returns = read(tmp_path, more, answers, file="leeds-v2.xlsx")
    (tmp_path / "returns" / "leeds-v2.xlsx").unlink()
    write_own(tmp_path, {"All": more})
    returns = read_answered(tmp_path, answers)
    assert [each.text for each in returns.questions] == ["What does “Bett” on the sheet “All” of leeds mean?"]


def test_until_it_is_said_the_file_waits_where_a_relapse_could_hide(tmp_path):
    returns = read(tmp_path, ROWS, {"headings": REST})
    assert returns.patients == ()
    assert told(returns).count("file intake.heading-in-doubt") == 2
    first = returns.questions[0]
    assert first.text == "What does “Zurück am” on the sheet “All” of leeds mean?"
    assert first.evidence == ("Its cells hold, for example, “30/07/2017” and “-”.",)


def test_every_column_of_the_forms_is_among_the_answers(tmp_path):
    returns = read(tmp_path, ROWS, {"headings": REST})
    offered = {option.answer for option in returns.questions[0].options}
    forms = {"Patients", "Diagnosis", "Treatment", "MRD", "Toxicity", "Transplant", "Follow-up"}
    assert {answer.partition(":")[0] for answer in offered} == forms | {"none of these"}
    assert {
        "Follow-up: Date (relapse)",
        "Diagnosis: Karyotype (ISCN)",
        "Toxicity: Grade (1-5) (CRS)",
    } <= offered


def test_the_unit_and_the_number_of_a_heading_are_its_own_whatever_it_is_said_to_be(tmp_path):
    rows = [
        ["Study no.", "DOB", "Date of diagnosis", "Zahl (/µl)", "Blina start", "Kurs 2 los"],
        ["A-1", "15/06/2016", "23/09/2016", "120,500", "01/01/2017", "13/02/2017"],
    ]
    answers = {
        "headings": REST,
        "“Zahl (/µl)”": "Diagnosis: White cell count (10^9/L)",
        "“Kurs 2 los”": "Treatment: Start date (blinatumomab)",
    }
    returns = read(tmp_path, rows, answers)
    assert values_of(returns, "A-1", "diagnosis") == [{"diagnosis_date": "2016-09-23", "wbc": "120.5"}]
    assert [row["cycle"] for row in values_of(returns, "A-1", "treatment")] == ["1.0", "2.0"]


def test_a_heading_that_is_understood_wrongly_can_be_set_right(tmp_path):
    rows = [
        ["Study no.", "DOB", "Relapse date", "Last seen"],
        ["A-1", "15/06/2016", "30/07/2017", "25/02/2018"],
    ]
    wrong = read(tmp_path, rows, {"headings": "as shown"})
    assert values_of(wrong, "A-1", "follow_up")[0]["event"] == "relapse"
    answers = {"headings": "one by one", "“Relapse date”": "Follow-up: Date (complete remission)"}
    right = {
        "“Study no.”": "Patients: Case id",
        "“DOB”": "Patients: Date of birth",
        "“Last seen”": "Follow-up: Date (seen alive)",
    }
    waiting = read_answered(tmp_path, answers)
    assert waiting.patients == ()
    returns = read_answered(tmp_path, {**answers, **right})
    assert values_of(returns, "A-1", "follow_up")[0] == {"date": "2017-07-30", "event": "complete remission"}
    assert returns.questions == ()


# --- whose lines they are -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (NO_IDS, "Kürzel"),
        (HEADLESS, "column A, which has no heading"),
        (transposed(NO_IDS), "Kürzel"),
        (transposed(HEADLESS), "row 1, which has no heading"),
    ],
    ids=["unknown", "no heading", "unknown, sideways", "no heading, sideways"],
)
def test_the_column_of_the_case_ids_is_asked_for(tmp_path, rows, name):
    write_own(tmp_path, {"All": rows})
    waiting = read_returns(tmp_path, STUDY)
    check_sums(waiting)
    assert told(waiting) == ["file intake.no-case-ids"]
    [question] = waiting.questions
    assert name in [option.answer for option in question.options]
    returns = read_answered(tmp_path, {"case-ids": name, "headings": "as shown"})
    assert [patient.case_id for patient in returns.patients] == ["A-1", "A-2"]
    refused = read_answered(tmp_path, {"case-ids": "none of these"})
    assert told(refused) == ["note intake.sheet-refused"]


def test_a_sheet_that_nobody_is_named_on_keeps_its_file_waiting(tmp_path):
    rows = [["DOB", "Sex", "Relapse date"], ["15/06/2016", "f", "30/07/2017"], ["17/08/2016", "m", "-"]]
    write_own(tmp_path, {"All": ROWS, "More": rows})
    returns = read_answered(tmp_path, {"headings": "as shown"})
    assert "file intake.no-case-ids" in told(returns)
    assert returns.patients == ()


# --- at the terminal ----------------------------------------------------------------------------------------


def test_a_person_types_or_chooses_the_column_and_can_say_otherwise_later(demo, tmp_path):
    folder = tmp_path / "study"
    (folder / "returns").mkdir(parents=True)
    (folder / "study.toml").write_bytes((demo / "study.toml").read_bytes())
    write_own(folder, {"All": ROWS}, file="Eastmere.xlsx")

    def decide(typed, *options):
        return CliRunner().invoke(app, ["decide", str(folder), *options], input=typed).output

    said = decide("as shown\nDr A\nread through\n" + "\n" * 20)
    assert (
        "2. as shown, and ask about the rest: read so; then each heading that is ignored is asked about"
        in said
    )
    [entry] = read_decisions(folder).entries
    name = entry.decision.question
    notes = [finding for finding in check_study(folder).findings if finding.code == "intake.strange-heading"]
    assert notes[0].do == (
        f"If it holds data of the study, answer “{REST}”: caseseries decide DIR --question {name}"
    )

    typed = f"{REST}\nDr A\nthere is more\nrelapse\nfollow-up: DATE (relapse)\nback in hospital\n1\na room\n"
    said = decide(typed + "\n" * 20, "--question", name)
    assert "“relapse” is not one of the answers; it is part of " in said
    assert [entry.decision.answer for entry in read_decisions(folder).entries] == [
        "as shown",
        REST,
        "Follow-up: Date (relapse)",
        "none of these",
    ]
    [patient] = [each for each in check_study(folder).returns.patients if each.case_id == "A-1"]
    assert [row.text("event") for row in patient.form("follow_up")] == ["relapse", "seen alive"]


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Dose (µg/m²/day)", "µg/m²/day"),
        ("Dose mcg/m2/d", "µg/m²/day"),
        ("Dose, µg/m² per day", "µg/m²/day"),
        ("dose (µg/d)", "µg/day"),
        ("Dosis in μg/Tag", "µg/day"),
        ("Dose [ug]", "µg"),
        ("Dose (mg)", "mg"),
        ("Dose (mg/m²/day)", "mg/m²/day"),
        ("Daily dose (mg/kg)", "mg/kg"),
        ("Blinatumomab dose (µg/day)", "µg/day"),
        ("Dose (x10^6 cells/kg)", "10⁶ cells/kg"),
        ("Dose (10^9/L)", "10^9/L"),
        ("Dose", ""),
        ("Dose level", ""),
    ],
)
@pytest.mark.parametrize("ours", ["µg/m²/day", "mg/m²/day", "µg/day", "10⁶ cells/kg"])
def test_a_dose_in_another_unit_than_the_protocols_is_asked_about(heading, unit, ours):
    index = {"treatment": "blinatumomab", "label": "blinatumomab", "dose_unit": ours}
    match = match_heading(heading, Lexicon(made_up_study(index=index)), "treatment")
    assert {(each.target.column, each.unit) for each in match.meanings} == {("dose", unit)}
    if not heading.startswith("Blinatumomab"):  # not a heading of this form, and asked about for that
        assert match.is_certain == (unit in ("", ours))


DOSES = [["Study no.", "DOB", "Blina start", "Dose (µg/d)"], ["A-1", "15/06/2016", "01/01/2017", 9]]
A_DOSE = {"headings": "as shown", "“Dose (µg/d)” on": "Treatment: Dose (µg/m²/day)"}
DAYS = {"cycle": "1.0", "start_date": "2017-01-01", "treatment": "blinatumomab"}


@pytest.mark.parametrize(
    ("typed", "answer", "dose"),
    [
        (9, "µg/m²/day", {"dose": "9.0"}),
        (9, "leave out", {}),
        (9, "", {}),
        ("15 µg/m²/d", "", {"dose": "15.0"}),
        ("9 µg/d", "", {}),
    ],
)
def test_a_dose_in_another_unit_is_used_only_where_a_person_says_what_it_is(tmp_path, typed, answer, dose):
    rows = [DOSES[0], [*DOSES[1][:3], typed]]
    returns = read(tmp_path, rows, {**A_DOSE, "In which unit": answer})
    assert values_of(returns, "A-1", "treatment") == [DAYS | dose]
    open_questions = [each.text for each in returns.questions]
    asked = "In which unit are the doses of leeds under “Dose (µg/d)”? The protocol's is µg/m²/day."
    assert open_questions == ([asked] if typed == 9 and not answer else [])


def test_a_cell_with_a_dose_in_another_unit_is_told_and_not_used(tmp_path):
    rows = [["Study no.", "DOB", "Blina start", "Dose"], ["A-1", "15/06/2016", "01/01/2017", "9 µg/d"]]
    returns = read(tmp_path, rows, {"headings": "as shown"})
    assert values_of(returns, "A-1", "treatment") == [DAYS]
    [said] = [str(finding) for finding in returns.findings if finding.code == "intake.unit"]
    assert said.endswith(
        "“9 µg/d” is in µg/day, and doses are in µg/m²/day. Allowed: a number from 1 to 60. Give the dose in µg/m²/day."
    )
