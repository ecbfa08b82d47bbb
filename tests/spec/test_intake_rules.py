"""What must hold within a line and between lines, each rule with the failure it is for."""

from datetime import date

import pytest

from caseseries.intake.returns import read_returns
from return_folder import STUDY, check_conservation, lines_of, read_back, return_of, together, told

HERE = "returns/leeds.xlsx"
SAMPLE = date(2017, 1, 29)
NOT_EVALUABLE = "until then the specimen is not evaluable."


def specimen(**values):
    return lines_of(specimens=[{"specimen_date": SAMPLE, **values}])


def follow_up(**values):
    return lines_of(follow_up=[{"date": date(2018, 2, 5), **values}])


# --- MRD: a child's leukaemia must never be called gone by mistake ----------------------------------------

CONTRADICTIONS = [
    (
        specimen(mrd_result="quantified"),
        f"value intake.no-level: {HERE} › MRD › F2: the result is “quantified” and the level is not given. "
        f"Allowed: a level above 0. Add the level, or correct the result; {NOT_EVALUABLE}",
    ),
    (
        specimen(mrd_result="quantified", mrd_percent=0.0),
        f"value intake.no-level: {HERE} › MRD › F2: the result is “quantified” and the level is 0 %. "
        f"Allowed: a level above 0. Add the level, or correct the result; {NOT_EVALUABLE}",
    ),
    (
        specimen(mrd_result="not detected", mrd_percent=0.3, sensitivity_percent=0.001),
        f"value intake.level-or-result: {HERE} › MRD › G2: a level of 0.3 % stands beside “not detected”. "
        f"Allowed: a level only beside “quantified”. Correct the result or remove the level; {NOT_EVALUABLE}",
    ),
    (
        specimen(mrd_result="not evaluable", mrd_percent=0.3),
        f"value intake.level-or-result: {HERE} › MRD › G2: a level of 0.3 % stands beside “not evaluable”. "
        f"Allowed: a level only beside “quantified”. Correct the result or remove the level; {NOT_EVALUABLE}",
    ),
    (
        specimen(mrd_result="positive below quantitative range", mrd_percent=0.3, range_percent=0.01),
        f"value intake.level-or-result: {HERE} › MRD › G2: a level of 0.3 % stands beside “positive below "
        "quantitative range”. Allowed: a level only beside “quantified”. Correct the result or remove the "
        f"level; {NOT_EVALUABLE}",
    ),
    (
        specimen(mrd_result="not detected"),
        f"value intake.no-sensitivity: {HERE} › MRD › F2: the result is “not detected” without a "
        "sensitivity. Allowed: the lowest level that this sample could have shown. Add the sensitivity; "
        f"{NOT_EVALUABLE}",
    ),
]


@pytest.mark.parametrize(("lines", "sentence"), CONTRADICTIONS)
def test_a_result_that_contradicts_itself_is_not_used(tmp_path, lines, sentence):
    returns, findings = read_back(tmp_path, lines)
    assert findings == [sentence]
    row = returns.patients[0].only("specimens")
    assert row.text("mrd_result") is None
    assert row.number("mrd_percent") is None
    assert row.date("specimen_date") == SAMPLE


def test_a_small_level_beside_a_positive_below_range_leaves_the_child_positive(tmp_path):
    lines = specimen(mrd_result="positive below quantitative range", mrd_percent=0.005, range_percent=0.01)
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"value intake.level-not-used: {HERE} › MRD › G2: a level of 0.005 % stands beside “positive below "
        "quantitative range”. Allowed: a level only beside “quantified”. Remove the level; the result stands "
        "and the level is not used."
    ]
    row = returns.patients[0].only("specimens")
    assert row.text("mrd_result") == "positive below quantitative range"
    assert row.number("mrd_percent") is None


def test_a_zero_beside_a_negative_is_ignored_and_said_so(tmp_path):
    lines = specimen(mrd_result="not detected", mrd_percent=0.0, sensitivity_percent=0.001)
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"note intake.level-zero: {HERE} › MRD › G2: a level of 0 % beside “not detected” is ignored. "
        "Allowed: no level. Leave the cell empty: what was not found has a sensitivity, not a level."
    ]
    row = returns.patients[0].only("specimens")
    assert (row.text("mrd_result"), row.number("mrd_percent")) == ("not detected", None)


def test_a_level_below_its_own_limit_is_pointed_out(tmp_path):
    lines = specimen(mrd_result="quantified", mrd_percent=0.002, range_percent=0.01)
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"note intake.level-below-range: {HERE} › MRD › G2: the level 0.002 % is quantified, below what the "
        "assay can quantify (0.01 %). Allowed: “positive below quantitative range”. Check the level, its "
        "unit and the limits."
    ]
    assert returns.patients[0].only("specimens").number("mrd_percent") == 0.002


def test_a_level_typed_as_a_limit_takes_the_quantified_result_with_it(tmp_path):
    returns, findings = read_back(tmp_path, specimen(mrd_result="quantified", mrd_percent="<0.01"))
    assert [each.split(":")[0] for each in findings] == ["value intake.no-level", "value intake.limit"]
    assert returns.patients[0].only("specimens").text("mrd_result") is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mrd_result": "quantified", "mrd_percent": 250}, "“quantified” and the level cannot be read"),
        (
            {"mrd_result": "not detected", "sensitivity_percent": 250},
            "“not detected” with a sensitivity that cannot be read",
        ),
    ],
)
def test_a_number_that_cannot_be_read_is_not_said_to_be_missing(tmp_path, values, said):
    returns, findings = read_back(tmp_path, specimen(**values))
    assert said in findings[0]
    assert "250 is too high" in findings[1]
    assert returns.patients[0].only("specimens").text("mrd_result") is None


# --- required cells, details and their events -------------------------------------------------------------


def test_a_missing_day_of_an_event_sets_the_case_aside(tmp_path):
    lines = lines_of(follow_up=[{"event": "relapse"}, {"date": date(2018, 2, 5), "event": "seen alive"}])
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"case intake.required: {HERE} › Follow-up › B2: “Date” is empty. Allowed: a date, like 2018-03-25; "
        "or 2018-03 or 2018 when the day is not known. Fill the cell."
    ]
    [aside] = returns.aside
    assert (aside.case_id, aside.centre, aside.reason) == ("A-1", "leeds", returns.findings[0])
    assert returns.patients == ()
    assert returns.counts.stored == 0


def test_a_word_for_missing_does_not_fill_a_required_cell(tmp_path):
    _, findings = read_back(tmp_path, follow_up(event="unknown"))
    assert [each.split(":")[0] for each in findings] == ["note intake.missing-word", "case intake.required"]


def test_an_unreadable_event_is_told_once_and_sets_the_case_aside(tmp_path):
    returns, findings = read_back(tmp_path, follow_up(event="relapsd"))
    assert findings == [
        f"case intake.not-a-choice: {HERE} › Follow-up › C2: “relapsd” is not in the list. Allowed: one of: "
        "complete remission; relapse; second malignancy; death; seen alive. Did you mean “relapse”? If so, "
        "write it like that."
    ]
    assert returns.patients == ()


def test_a_missing_sample_date_costs_only_the_value(tmp_path):
    lines = lines_of(specimens=[{"mrd_result": "quantified", "mrd_percent": 0.2}])
    returns, findings = read_back(tmp_path, lines)
    assert [each.split(":")[0] for each in findings] == ["value intake.required"]
    assert len(returns.patients) == 1


@pytest.mark.parametrize(
    ("values", "cell", "heading", "allowed"),
    [
        ({"event": "seen alive", "cause_of_death": "leukaemia"}, "E2", "Cause of death", "“death”"),
        (
            {"event": "seen alive", "phenotype": "CD19-positive"},
            "D2",
            "Relapse phenotype",
            "“death” or “relapse” or “second malignancy”",
        ),
    ],
)
def test_a_detail_beside_another_event_sets_the_case_aside(tmp_path, values, cell, heading, allowed):
    returns, findings = read_back(tmp_path, follow_up(**values))
    assert findings == [
        f"case intake.detail-or-event: {HERE} › Follow-up › {cell}: “{heading}” is filled beside the event "
        f"“seen alive”. Allowed: {allowed}. Correct the event, or empty the cell; until then it is not clear "
        "what happened."
    ]
    assert returns.patients == ()


@pytest.mark.parametrize(
    "values",
    [
        {"event": "death", "cause_of_death": "infection", "phenotype": "CD19-negative"},
        {"event": "relapse", "phenotype": "lineage switch"},
    ],
)
def test_a_detail_beside_its_event_is_fine(tmp_path, values):
    assert read_back(tmp_path, follow_up(**values))[1] == []


@pytest.mark.parametrize(("grade", "word"), [(2.5, "not-whole"), (6.0, "out-of-range")])
def test_a_grade_is_a_whole_number_from_1_to_5(tmp_path, grade, word):
    lines = lines_of(toxicity=[{"toxicity": "CRS", "onset_date": SAMPLE, "grade": grade}])
    _, findings = read_back(tmp_path, lines)
    assert [each.split(":")[0] for each in findings] == [f"value intake.{word}"]
    assert "Allowed: a whole number from 1 to 5." in findings[0]


# --- case ids ---------------------------------------------------------------------------------------------


def test_a_line_without_a_case_id_is_told_and_no_case_is_blamed(tmp_path):
    lines = lines_of()
    lines["follow_up"].append({"date": date(2018, 3, 5), "event": "death"})
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"case intake.no-case-id: {HERE} › Follow-up › A3: the line has no case id. Allowed: the study's "
        "number for the child, as text. Add the case id, or empty the line."
    ]
    assert returns.counts.problem == 2
    assert len(returns.patients) == 1


def test_a_line_whose_case_id_is_no_id_is_set_aside_whole(tmp_path):
    lines = lines_of()
    lines["follow_up"].append({"case_id": 12.5, "date": date(2018, 3, 5), "event": "death"})
    returns, findings = read_back(tmp_path, lines)
    assert [each.split(":")[0] for each in findings] == ["case intake.not-an-id"]
    assert returns.counts.problem == 3


def test_a_case_twice_on_one_sheet_is_set_aside_with_both_cells_named(tmp_path):
    returns, findings = read_back(tmp_path, together(lines_of("A-1"), lines_of("a-1"), lines_of("A-2")))
    doubled = [each for each in findings if "double-case" in each]
    assert doubled == [
        f"case intake.double-case: {HERE} › Patients › A3: the case id “a-1” is also at {HERE} › Patients › "
        "A2. Allowed: each case id once in all returns together. If it is the same child keep one line, else "
        "give one of them another id; both are set aside."
    ]
    assert [patient.case_id for patient in returns.patients] == ["A-2"]
    assert [aside.case_id for aside in returns.aside] == ["A-1"]


def test_a_case_in_two_centres_is_set_aside_with_both_files_named(tmp_path):
    return_of(tmp_path, lines_of("A-1"), "dublin.xlsx")
    return_of(tmp_path, together(lines_of("A-1"), lines_of("A-2")), "leeds.xlsx")
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    assert (
        "case intake.double-case: returns/leeds.xlsx › Patients › A2: the case id “A-1” is also at "
        "returns/dublin.xlsx › Patients › A2." in told(returns)[-1]
    )
    assert [patient.case_id for patient in returns.patients] == ["A-2"]


def test_a_transferred_child_may_have_lines_from_two_centres(tmp_path):
    transplanted = {name: [] for name in lines_of()} | {"transplant": lines_of()["transplant"]}
    return_of(tmp_path, lines_of(transplant=[]), "dublin.xlsx")
    return_of(tmp_path, transplanted, "leeds.xlsx")
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    [patient] = returns.patients
    assert (returns.findings, patient.centre) == ((), "dublin")
    assert patient.only("transplant").where.file == "returns/leeds.xlsx"


def test_a_line_of_an_unknown_case_sets_the_likely_case_aside(tmp_path):
    lines = together(lines_of("DUB-01"), lines_of("LDS-77"))
    lines["follow_up"].append({"case_id": "DUB-1", "date": date(2018, 3, 5), "event": "death"})
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"case intake.unknown-case: {HERE} › Follow-up › A4: the case id “DUB-1” is on no Patients sheet. "
        "Allowed: a case of the Patients sheets. Did you mean “DUB-01”? Until it is clear that case is set "
        "aside as well."
    ]
    assert [patient.case_id for patient in returns.patients] == ["LDS-77"]


def test_a_line_of_an_unknown_case_that_could_be_several_blames_none(tmp_path):
    lines = together(lines_of("A-1"), lines_of("A-2"))
    lines["follow_up"].append({"case_id": "A-3", "date": date(2018, 3, 5), "event": "death"})
    returns, findings = read_back(tmp_path, lines)
    assert "Correct the case id, or add the child to the Patients sheet." in findings[0]
    assert len(returns.patients) == 2


def test_another_spelling_of_a_case_id_is_read_and_pointed_out(tmp_path):
    lines = lines_of("UK-01")
    lines["diagnosis"][0]["case_id"] = "uk–01"
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"note intake.case-spelling: {HERE} › Diagnosis › A2: the case id “uk–01” is read as “UK-01”. "
        "Allowed: the spelling of the Patients sheet. Correct it if another child is meant."
    ]
    assert returns.patients[0].only("diagnosis").case_id == "UK-01"
    assert returns.findings[0].case_id == "UK-01"


def test_an_id_that_excel_has_eaten_is_not_taken_for_the_one_with_zeros(tmp_path):
    lines = lines_of("00123")
    lines["transplant"][0]["case_id"] = 123.0
    returns, findings = read_back(tmp_path, lines)
    assert [each.split(":")[0] for each in findings] == [
        "note intake.number-as-id",
        "case intake.unknown-case",
    ]
    assert "Did you mean “00123”?" in findings[1]
    assert returns.patients == ()


def test_a_form_filled_once_for_each_child_is_not_filled_twice(tmp_path):
    lines = lines_of()
    lines["diagnosis"] *= 2
    returns, findings = read_back(tmp_path, lines)
    assert findings == [
        f"case intake.second-line: {HERE} › Diagnosis › A3: a second line for case “A-1”; the first is {HERE} "
        "› Diagnosis › A2. Allowed: one line for each case on this sheet. Keep one of the two lines."
    ]
    assert returns.patients == ()
