"""REDCap both ways: the 18 columns of our dictionary, and raw exports of it back to the same patients."""

import csv
import io
from datetime import date

import pytest

from caseseries.decisions.chain import Log
from caseseries.identify.ascertainment import ask_silent_centres
from caseseries.intake.redcap import field_of, to_dictionary
from caseseries.intake.returns import read_returns
from caseseries.study.forms import CASE_ID, forms_of
from return_folder import STUDY, check_conservation, lines_of, read_back, together, told

# The fixed order of a data dictionary (REDCap's own download).
COLUMNS = 18
FORMS = {form.name: form for form in forms_of(STUDY)}


def dictionary():
    return list(csv.reader(io.StringIO(to_dictionary(STUDY))))


def test_the_dictionary_has_eighteen_columns_and_every_field_once():
    head, *fields = dictionary()
    assert {len(row) for row in (head, *fields)} == {COLUMNS}
    names = [row[0] for row in fields]
    assert names[0] == "case_id"
    assert len(names) == len(set(names)) == 1 + sum(len(form.columns) - 1 for form in FORMS.values())
    assert all(name.isascii() and name == name.lower() and len(name) <= 40 for name in names)


def test_each_kind_of_field_is_what_redcap_expects():
    fields = {row[0]: row for row in dictionary()}
    assert fields["patients_sex"][3:6] == ["radio", "Sex", "1, female | 2, male"]
    assert fields["diagnosis_cd15"][3] == "yesno"
    assert fields["toxicity_grade"][7:10] == ["integer", "1", "5"]
    assert fields["specimens_mrd_percent"][7:10] == ["number", "0", "100"]
    assert fields["patients_birth_date"][7] == ""  # a validated date would make the centre invent a day
    assert fields["patients_birth_date"][10] == "y"
    assert fields["patients_birth_date"][12] == "y"


def test_instruments_stand_together():
    forms = [row[1] for row in dictionary()[1:]]
    assert [name for i, name in enumerate(forms) if i == 0 or forms[i - 1] != name] == list(FORMS)


# --- exports ----------------------------------------------------------------------------------------------


def coded(column, entry):
    if isinstance(entry, bool):
        return str(int(entry))
    if column.kind == "choice":
        return str(column.choices.index(entry) + 1) if entry in column.choices else entry
    return (
        entry.isoformat() if isinstance(entry, date) else f"{entry:g}" if isinstance(entry, float) else entry
    )


def export(lines, delimiter=",", extra=()):
    """A raw export as REDCap writes it: non-repeating forms on one line, each repeated line on its own."""
    fields = ["case_id", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group"]
    for form in FORMS.values():
        fields += [field_of(form, column) for column in form.columns if column is not CASE_ID]
        fields.append(f"{form.name}_complete")
    rows = []
    for case in dict.fromkeys(line["case_id"] for line in lines["patients"]):
        base = {"case_id": case, "patients_complete": "2", "redcap_data_access_group": "leeds"}
        rows.append(base)
        for name, form in FORMS.items():
            own = (line for line in lines.get(name, ()) if line["case_id"] == case)
            for number, line in enumerate(own, start=1):
                row = (
                    base
                    if not form.repeats
                    else {
                        "case_id": case,
                        "redcap_repeat_instrument": name,
                        "redcap_repeat_instance": str(number),
                    }
                )
                for key, entry in line.items():
                    if key != "case_id":
                        row[field_of(form, form.column(key))] = coded(form.column(key), entry)
                rows += [row] if form.repeats else []
    out = io.StringIO()
    writer = csv.DictWriter(out, [*fields, *extra], delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_export(folder, text, name="leeds.csv"):
    (folder / "returns").mkdir(exist_ok=True)
    (folder / "returns" / name).write_bytes(text.encode())
    returns = read_returns(folder, STUDY)
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored, file
    return returns


def contents(returns):
    return [
        (patient.case_id, form, [{name: value.value for name, value in row.values.items()} for row in rows])
        for patient in returns.patients
        for form, rows in patient.rows.items()
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_says_what_the_workbook_says(tmp_path, delimiter):
    lines = together(lines_of("A-1"), lines_of("A-2"))
    (tmp_path / "book").mkdir()
    workbook, _ = read_back(tmp_path / "book", lines)
    returns = read_export(tmp_path, export(lines, delimiter))
    assert told(returns) == []
    assert contents(returns) == contents(workbook)
    check_conservation(workbook)


def test_labels_instead_of_codes_are_read_too(tmp_path):
    text = export(lines_of()).replace("A-1,,,leeds,2016-06-15,1,", "A-1,,,leeds,2016-06-15,female,")
    assert "female" in text
    assert read_export(tmp_path, text).patients[0].only("patients").text("sex") == "female"


def test_a_code_that_is_not_in_the_list_is_asked_about_at_its_cell(tmp_path):
    text = export(lines_of()).replace("A-1,,,leeds,2016-06-15,1,", "A-1,,,leeds,2016-06-15,7,")
    assert told(read_export(tmp_path, text)) == [
        "value intake.not-a-choice: returns/leeds.csv › leeds › F2: “7” is not in the list. Allowed: one of: female; "
        "male. Choose from the drop-down list."
    ]


def test_a_field_of_another_dictionary_is_ignored_and_said_so(tmp_path):
    text = (
        export(lines_of(), extra=["race___1"]).replace("\r\n", "1\r\n", 2).replace("race___11", "race___1", 1)
    )
    assert told(read_export(tmp_path, text)) == [
        "note intake.strange-field: returns/leeds.csv › leeds › BH1: the field “race___1” is none of the study's; its "
        "filled cells (1) are ignored. If it holds data of the study, export them under the study's own field."
    ]


def test_a_line_of_the_wrong_instrument_sets_the_case_aside(tmp_path):
    text = export(lines_of()).replace("A-1,follow_up,1", "A-1,toxicity,2")
    returns = read_export(tmp_path, text)
    assert [aside.case_id for aside in returns.aside] == ["A-1"]
    [said] = [finding for finding in returns.findings if finding.code == "intake.instrument"]
    assert said.what == "line 8 is of another instrument than its fields: follow_up_date, follow_up_event"


@pytest.mark.parametrize(
    "fields",
    [
        "case_id,patients_birth_date,patients_birth_date,patients_sex",
        "case_id,patients_birth_date,case_id,patients_sex",  # no line can be told from another
    ],
)
def test_a_field_that_is_there_twice_is_not_read_and_no_cell_is_lost(tmp_path, fields):
    returns = read_export(tmp_path, f"{fields}\nA-1,2016-06-15,2016-06-16,1\n")
    [file] = returns.files
    assert file.counts.non_empty == file.counts.stored + file.counts.problem + file.counts.ignored
    assert (file.counts.stored, file.counts.problem) == (0, 4)
    double = fields.split(",")[2]
    [said] = [line for line in told(returns) if "is there 2 times" in line]
    assert said == (
        f"file intake.double-heading: returns/leeds.csv › leeds › C1: the field “{double}” is there 2 times. "
        "Allowed: each field once. Export the data again; until then neither is read."
    )


# --- exports as REDCap writes them, typed by hand -----------------------------------------------------------

ALL = [
    "case_id",
    *(field_of(form, column) for form in FORMS.values() for column in form.columns if column is not CASE_ID),
]


def raw(rows, delimiter=",", fields=ALL, bom=""):
    """Rows of fields in the order of the first row's own, then every other field of the study, empty."""
    own = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*own, *(name for name in fields if name not in own)], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return bom + out.getvalue()


def event(name, **fields):
    return {"redcap_event_name": name, "redcap_repeat_instrument": "", "redcap_repeat_instance": "", **fields}


BORN = {"patients_birth_date": "2016-06-15", "patients_sex": "1"}
LONGITUDINAL = [
    {"case_id": "A-1", **event("baseline_arm_1", **BORN), "diagnosis_diagnosis_date": "2016-09-23"},
    {"case_id": "A-1", **event("follow_up_arm_1", redcap_repeat_instrument="follow_up", redcap_repeat_instance="1"),
     "follow_up_date": "2017-07-30", "follow_up_event": "2"},
    {"case_id": "A-1", **event("follow_up_arm_1", redcap_repeat_instrument="follow_up", redcap_repeat_instance="2"),
     "follow_up_date": "2018-02-25", "follow_up_event": "5"},
]  # fmt: skip


def told_of(returns):
    return [f"{finding.severity} {finding.code.removeprefix('intake.')}" for finding in returns.findings]


def events_of(returns):
    [patient] = returns.patients
    return [(str(row.values["date"].value), row.text("event")) for row in patient.form("follow_up")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "bom"])
def test_a_longitudinal_project_with_repeating_instruments(tmp_path, delimiter, bom):
    returns = read_export(tmp_path, raw(LONGITUDINAL, delimiter, bom=bom))
    assert told_of(returns) == []
    assert events_of(returns) == [("2017-07-30", "relapse"), ("2018-02-25", "seen alive")]


def test_a_repeating_event_has_every_instrument_on_its_line(tmp_path):
    """A repeating event names no instrument: its instance counts for all that its line holds."""
    visits = [
        {"case_id": "A-1", **event("visit_arm_1", redcap_repeat_instance=str(number)), "follow_up_date": day,
         "follow_up_event": "5", "specimens_specimen_date": day, "specimens_mrd_result": "3",
         "specimens_sensitivity_percent": "0.01"}
        for number, day in enumerate(("2018-01-02", "2018-02-03"), start=1)
    ]  # fmt: skip
    returns = read_export(tmp_path, raw([LONGITUDINAL[0], *visits]))
    assert told_of(returns) == []
    assert len(returns.patients[0].form("specimens")) == len(returns.patients[0].form("follow_up")) == 2


def test_a_form_once_a_child_that_stands_in_two_events_is_asked_about(tmp_path):
    again = {"case_id": "A-1", **event("visit_arm_1"), "patients_birth_date": "2016-06-16"}
    returns = read_export(tmp_path, raw([*LONGITUDINAL, again]))
    assert [aside.case_id for aside in returns.aside] == ["A-1"]


def test_labels_for_values_name_the_instruments_by_their_labels(tmp_path):
    labelled = [
        {**row, "redcap_repeat_instrument": "Follow Up" if row["redcap_repeat_instrument"] else ""}
        for row in LONGITUDINAL
    ]
    labelled[0]["patients_sex"], labelled[1]["follow_up_event"] = "female", "relapse"
    labelled[2]["follow_up_event"] = "seen alive"
    returns = read_export(tmp_path, raw(labelled))
    assert told_of(returns) == []
    assert events_of(returns) == [("2017-07-30", "relapse"), ("2018-02-25", "seen alive")]


def test_labels_for_headings_are_refused_with_what_to_export(tmp_path):
    text = 'Case id,"Repeat Instrument","Repeat Instance","Date of birth",Sex,Complete?\nA-1,,,2016-06-15,female,Complete\n'
    returns = read_export(tmp_path, text)
    assert told_of(returns) == ["file redcap-labels"]
    assert returns.findings[0].do == "Export it again as “CSV / Microsoft Excel (raw data)”"
    assert returns.patients == ()


def test_a_field_made_a_checkbox_is_no_answer(tmp_path):
    row = {"case_id": "A-1", **BORN, "diagnosis_cd15___0": "0", "diagnosis_cd15___1": "1"}
    returns = read_export(tmp_path, raw([row]))
    assert told_of(returns) == ["value checkbox", "value checkbox"]
    row = {"case_id": "A-1", **BORN, "follow_up_event___2": "1", "follow_up_event___4": "0"}
    returns = read_export(tmp_path, raw([row]))
    assert told_of(returns).count("file checkbox") == 2
    assert returns.patients == ()


def test_what_the_export_does_not_hold_is_said(tmp_path):
    fields = [name for name in ALL if not name.startswith("follow_up_") and name != "diagnosis_wbc"]
    returns = read_export(tmp_path, raw([{"case_id": "A-1", **BORN}], fields=fields))
    [finding] = returns.findings
    assert (
        finding.what == "the export lacks every field of the instruments follow_up; the fields diagnosis_wbc"
    )


@pytest.mark.parametrize("group", ["great_ormond_stree", "Great Ormond Street", "york"])
def test_a_data_access_group_is_the_centre_of_its_cases(tmp_path, group):
    """REDCap's own name of a group: its label in lower case, other signs as _, 18 letters at most."""
    study = STUDY.model_copy(update={"centres": ("Great Ormond Street", "York", "Leeds")})
    rows = [
        {"case_id": "A-1", "redcap_data_access_group": group, **BORN},
        {"case_id": "B-1", "redcap_data_access_group": "leeds", **BORN},
    ]
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns" / "all.csv").write_text(raw(rows), encoding="utf-8")
    returns = read_returns(tmp_path, study)
    wanted = "York" if group == "york" else "Great Ormond Street"
    assert {patient.case_id: patient.centre for patient in returns.patients} == {
        "A-1": wanted,
        "B-1": "Leeds",
    }
    assert returns.files[0].centres == tuple(sorted((wanted, "Leeds")))
    silent = {question.text for question in ask_silent_centres(study, returns.files, Log()).questions}
    assert len(silent) == 1
    assert wanted not in silent.pop()


def test_a_group_that_is_no_centre_is_said_to_be_none(tmp_path):
    study = STUDY.model_copy(update={"centres": ("Leeds",)})
    (tmp_path / "returns").mkdir()
    text = raw([{"case_id": "A-1", "redcap_data_access_group": "test", **BORN}])
    (tmp_path / "returns" / "all.csv").write_text(text, encoding="utf-8")
    returns = read_returns(tmp_path, study)
    assert told_of(returns) == ["note centre"]
    assert returns.patients[0].centre == "test"
