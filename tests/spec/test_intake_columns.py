"""Sheets and headings as centres send them: what is matched, and the sentence for everything that is not."""

import pytest

from return_folder import lines_of, read_back

TEMPLATE = "Use the study's own template, and neither remove nor rename its sheets and headings."
MOVE = "If it holds data of the study, move them to a column of the template."


def test_an_untouched_return_is_read_whole_and_in_silence(tmp_path):
    returns, findings = read_back(tmp_path, lines_of())
    assert findings == []
    [patient] = returns.patients
    assert (patient.case_id, patient.centre) == ("A-1", "leeds")
    assert {form: len(rows) for form, rows in patient.rows.items()} == {
        "patients": 1,
        "diagnosis": 1,
        "treatment": 1,
        "specimens": 2,
        "toxicity": 1,
        "transplant": 1,
        "follow_up": 1,
    }
    assert returns.counts.problem == 0


def test_case_spaces_and_the_star_of_a_heading_do_not_matter(tmp_path):
    def edit(book):
        book["Patients"]["B1"] = "  date OF\u00a0birth"
        book["Patients"].title = "PATIENTS "

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert findings == []
    assert returns.patients[0].only("patients").date("birth_date").isoformat() == "2016-06-15"


def test_headings_below_a_title_are_found_and_the_title_is_listed(tmp_path):
    def edit(book):
        book["Patients"].insert_rows(1, 2)
        book["Patients"]["A1"] = "Our list of patients"

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert findings == [
        "note intake.outside: returns/leeds.xlsx › Patients › A1: "
        "cells ignored: 1 filled above the headings. If this belongs to the study, move it to a column of the "
        "template."
    ]
    assert returns.patients[0].only("patients").where.cell == "A4"


def drop_column(book):
    book["Diagnosis"].delete_cols(2)


def drop_optional_column(book):
    book["Diagnosis"].delete_cols(3)


def misspell_heading(book):
    book["Patients"]["B1"] = "Date of brith"


def misspell_optional_heading(book):
    book["Diagnosis"]["G1"] = "White cell count"


def double_heading(book):
    book["Follow-up"]["G1"] = "Date"
    book["Follow-up"]["G2"] = "2018-02-06"


def double_optional_heading(book):
    book["MRD"]["J1"] = "Marker"
    book["MRD"]["J2"] = "KMT2A"


def add_column(book):
    book["Patients"]["F1"] = "Hospital number"
    book["Patients"]["F2"] = "H 4711"


def add_loose_cell(book):
    book["Patients"]["XFD1048576"] = "x"


def look_alike_heading(book):
    book["Patients"]["A1"] = "Саse id"


def drop_case_ids(book):
    book["Toxicity"].delete_cols(1)


def drop_sheet(book):
    del book["Toxicity"]


def misspell_sheet(book):
    book["Follow-up"].title = "Folow-up"


def add_sheet(book):
    book.create_sheet("Remarks")["B3"] = "please call"
    book["Remarks"].sheet_state = "hidden"


def add_empty_sheet(book):
    book.create_sheet("Sheet1")


HERE = "returns/leeds.xlsx"
SPOILT = [
    (
        drop_column,
        0,
        f"file intake.no-heading: {HERE} › Diagnosis: the heading “Date of diagnosis” is missing. "
        f"Allowed: a column “Date of diagnosis”. {TEMPLATE}",
    ),
    (
        drop_optional_column,
        1,
        f"value intake.no-heading: {HERE} › Diagnosis: the heading “Immunophenotype” is missing. "
        f"Allowed: a column “Immunophenotype”. {TEMPLATE}",
    ),
    (
        misspell_heading,
        0,
        f"file intake.misspelt-heading: {HERE} › Patients › B1: there is no heading “Date of birth”, but one "
        "reading “Date of brith”. Allowed: one column “Date of birth”. If “Date of birth” is meant, correct "
        "the heading; until then the column is not read.",
    ),
    (
        misspell_optional_heading,
        1,
        f"value intake.misspelt-heading: {HERE} › Diagnosis › G1: there is no heading “White cell count "
        "(10^9/L)”, but one reading “White cell count”. Allowed: one column “White cell count (10^9/L)”. If "
        "“White cell count (10^9/L)” is meant, correct the heading; until then the column is not read.",
    ),
    (
        double_heading,
        0,
        f"file intake.double-heading: {HERE} › Follow-up › G1: the heading “Date” is there 2 times (B1 and "
        "G1). Allowed: one column “Date”. Keep one of the columns; until then neither is read.",
    ),
    (
        double_optional_heading,
        1,
        f"value intake.double-heading: {HERE} › MRD › J1: the heading “Marker” is there 2 times (E1 and J1). "
        "Allowed: one column “Marker”. Keep one of the columns; until then neither is read.",
    ),
    (
        add_column,
        1,
        f"note intake.strange-heading: {HERE} › Patients › F1: the column “Hospital number” is no part of "
        f"the return; its filled cells (1) are ignored. {MOVE}",
    ),
    (
        add_loose_cell,
        1,
        f"note intake.outside: {HERE} › Patients › XFD1048576: cells ignored: 1 filled in column XFD, which "
        "has no heading. If this belongs to the study, move it to a column of the template.",
    ),
    (
        look_alike_heading,
        1,
        f"note intake.look-alike: {HERE} › Patients › A1: the heading “Саse id” has letters of another "
        "alphabet that look like Latin ones; read as “Case id”. Allowed: one column “Case id”. Type the "
        "heading again.",
    ),
    (
        drop_case_ids,
        0,
        f"file intake.no-heading: {HERE} › Toxicity: the heading “Case id” is missing. Allowed: a column "
        f"“Case id”. {TEMPLATE}",
    ),
    (
        drop_sheet,
        0,
        f"file intake.no-sheet: {HERE}: the sheet “Toxicity” is missing. Allowed: all sheets of the "
        f"template. {TEMPLATE}",
    ),
    (
        misspell_sheet,
        0,
        f"file intake.misspelt-sheet: {HERE} › Folow-up: there is no sheet “Follow-up”, but one named "
        "“Folow-up”. Allowed: a sheet named “Follow-up”. If “Follow-up” is meant, rename the sheet.",
    ),
    (
        add_sheet,
        1,
        f"note intake.strange-sheet: {HERE} › Remarks: the hidden sheet is no part of the return; its filled "
        "cells (1) are ignored. If it holds data of the study, move them to the sheets of the template.",
    ),
]


@pytest.mark.parametrize(
    ("edit", "patients", "sentence"), SPOILT, ids=lambda each: getattr(each, "__name__", "")
)
def test_each_spoilt_layout_is_told_in_its_sentence(tmp_path, edit, patients, sentence):
    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert sentence in findings
    others = [each for each in findings if each != sentence]
    assert all("no-case-ids" in each for each in others), others
    assert len(returns.patients) == patients
    assert [each.case_id for each in returns.aside] == ["A-1"] * (1 - patients)


def test_an_empty_strange_sheet_is_not_worth_a_word(tmp_path):
    assert read_back(tmp_path, lines_of(), add_empty_sheet)[1] == []


def test_a_sheet_without_case_ids_counts_its_cells_as_problems(tmp_path):
    _, findings = read_back(tmp_path, lines_of(), drop_case_ids)
    assert (
        f"file intake.no-case-ids: {HERE} › Toxicity: no line can be read without the case ids (4 filled "
        "cells). Allowed: a case id on every line. "
        f"{TEMPLATE}" in findings
    )


def test_everything_wrong_is_told_at_once(tmp_path):
    def edit(book):
        misspell_optional_heading(book)
        double_optional_heading(book)
        add_column(book)
        add_sheet(book)

    _, findings = read_back(tmp_path, lines_of(), edit)
    assert [each.split(":")[0] for each in findings] == [
        "value intake.misspelt-heading",
        "value intake.double-heading",
        "note intake.strange-heading",
        "note intake.strange-sheet",
    ]


def test_a_workbook_of_something_else_is_one_finding(tmp_path):
    def edit(book):
        for name in book.sheetnames[1:]:
            del book[name]
        book[book.sheetnames[0]].title = "Rota"

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert findings == [
        f"file intake.no-return: {HERE}: the workbook has none of the sheets of a return (its sheets: "
        f"“Rota”). Allowed: a filled return template. {TEMPLATE}"
    ]
    assert returns.counts.problem == returns.counts.non_empty > 0


def test_a_sheet_emptied_of_its_headings_is_refused_and_not_read_as_nothing_happened(tmp_path):
    def edit(book):
        book["Follow-up"].delete_rows(1, 5)

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert findings == [
        f"file intake.no-headings: {HERE} › Follow-up: the sheet has none of its headings. Allowed: “Case "
        "id”, “Date”, “Event”, “Relapse phenotype”, “Cause of death”, “Detail” in its first rows. "
        f"{TEMPLATE}"
    ]
    assert returns.patients == ()


def test_two_misspelt_headings_never_stand_for_the_same_column(tmp_path):
    def edit(book):
        book["Patients"]["B1"] = "Date of brith"
        book["Patients"]["F1"] = "Date of birht"

    returns, findings = read_back(tmp_path, lines_of(), edit)
    assert [each.split(":")[0] for each in findings] == ["file intake.misspelt-heading"] * 2
    assert returns.patients == ()
