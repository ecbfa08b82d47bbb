"""REDCap both ways: the 18 columns of our dictionary, and raw exports of it back to the same patients."""

import csv
import io
from datetime import date

import pytest

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
