"""The return workbook as a centre opens it, read with a library that did not write it."""

from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from caseseries.intake.template import write_template
from caseseries.study.forms import forms_of
from made_up import made_up_study
from return_folder import STUDY, lines_of

FORMS = forms_of(STUDY)


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("template") / "return.xlsx"
    write_template(path, STUDY, lines_of(), centre="Leeds")
    return openpyxl.load_workbook(path)


def rules_of(sheet: Worksheet) -> dict[str, object]:
    """Each column's validation, by the column's letter."""
    return {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule
        for rule in sheet.data_validations.dataValidation
    }


def test_the_help_sheet_comes_first_then_the_forms_then_the_hidden_lists(book):
    assert book.sheetnames == ["How to fill this in", *(form.sheet for form in FORMS), "Lists"]
    assert book["Lists"].sheet_state == "hidden"
    assert book.active.title == "How to fill this in"


def test_the_help_sheet_says_what_a_centre_must_know(book):
    sheet = book["How to fill this in"]
    words = " ".join(str(cell.value) for row in sheet for cell in row if cell.value)
    assert sheet["B3"].value == "Leeds"
    assert sheet["B4"].value == "caseseries return 1 · Made-up"
    assert "Type an apostrophe, then the year and month, for example '2018-03" in words
    assert "0.2 % is 0.2, not 0.002" in words
    assert "up to 2022-01-31" in words
    for form in FORMS:
        assert form.help in words


def test_headings_carry_the_unit_a_star_when_required_and_a_note(book):
    for form in FORMS:
        for cell, column in zip(book[form.sheet][1], form.columns, strict=True):
            assert cell.value == column.heading + (" *" if column.required else "")
            assert cell.protection.locked
            assert column.help in cell.comment.text


def test_the_note_says_what_may_stand_in_the_column(book):
    notes = {cell.value: cell.comment.text for cell in (*book["Toxicity"][1], *book["MRD"][1])}
    assert notes["Grade (1-5)"] == "By ASTCT 2019. A whole number from 1 to 5."
    assert notes["Toxicity *"] == "One of: CRS; neurotoxicity. Required."
    assert notes["Steroids given"] == "yes or no."
    assert notes["MRD level (%)"] == "Only for a quantified result. A number from 0 to 100."


def test_required_headings_differ_by_more_than_colour(book):
    required, optional = book["Patients"]["B1"], book["Patients"]["C1"]
    assert required.font.b
    assert not optional.font.b
    assert required.fill.fgColor.rgb != optional.fill.fgColor.rgb


def test_entry_cells_are_open_and_everything_else_is_locked(book):
    assert book.security.lockStructure
    for form in FORMS:
        sheet = book[form.sheet]
        assert sheet.protection.sheet
        assert sheet.freeze_panes == "B2"
        dimensions = [each for each in sheet.column_dimensions.values() if each.min]
        assert sum(each.max - each.min + 1 for each in dimensions) == len(form.columns)
        assert not any(each.protection.locked for each in dimensions)
    assert book["How to fill this in"].protection.sheet
    assert not book["How to fill this in"]["B3"].protection.locked
    assert book["How to fill this in"]["B4"].protection.locked


def test_every_choice_has_a_drop_down_of_exactly_its_words(book):
    lists = book["Lists"]
    for form in FORMS:
        rules = rules_of(book[form.sheet])
        for cell, column in zip(book[form.sheet][1], form.columns, strict=True):
            words = ("yes", "no") if column.kind == "yes_no" else column.choices
            if words:
                rule = rules[cell.column_letter]
                assert rule.type == "list"
                area = rule.formula1.removeprefix("Lists!").replace("$", "")
                assert tuple(row[0].value for row in lists[area]) == words
                assert (rule.errorTitle, rule.error) == (
                    column.heading[:32],
                    "Choose one of the words in the list.",
                )


def test_numbers_are_checked_against_their_limits(book):
    rule = rules_of(book["Diagnosis"])["G"]
    assert (rule.type, rule.formula1, rule.formula2) == ("decimal", "0.1", "3000")
    assert rule.operator in (None, "between")  # the standard's default
    assert rule.error == "Type a number from 0.1 to 3000, without unit or words."
    assert rules_of(book["Toxicity"])["D"].type == "whole"


def test_dates_are_checked_and_may_be_texts_of_a_month_or_a_year(book):
    rule = rules_of(book["Patients"])["B"]
    low, high = (date(1910, 1, 1) - date(1899, 12, 30)).days, (date(2023, 2, 1) - date(1899, 12, 30)).days
    assert rule.type == "custom"
    assert rule.formula1 == (
        f"OR(AND(ISNUMBER(B2),B2>={low},B2<={high}),AND(ISTEXT(B2),OR(LEN(B2)=4,LEN(B2)=7)))"
    )
    assert rule.error == (
        "Type the date as year-month-day, for example 2018-03-25. Day not known: '2018-03 or '2018."
    )


def test_number_cells_have_no_format_so_that_a_typed_percent_sign_shows(book):
    columns = {cell.value: cell.column_letter for cell in book["MRD"][1]}
    formats = {name: book["MRD"].column_dimensions[letter].number_format for name, letter in columns.items()}
    assert formats["MRD level (%)"] == "General"
    assert formats["Specimen date *"] == "yyyy-mm-dd"
    assert formats["Case id *"] == formats["Marker"] == "@"


def test_values_are_written_as_what_they_are(tmp_path):
    path = tmp_path / "return.xlsx"
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "http://example.org", "12", "\tx"]
    lines = [{"case_id": "A-1", "marker": text, "mrd_percent": 0.2} for text in hostile]
    lines[0] |= {"specimen_date": date(2017, 1, 29)}
    write_template(
        path, STUDY, {"specimens": lines, "toxicity": [{"steroids": True, "onset_date": "2017-01"}]}
    )
    book = openpyxl.load_workbook(path)
    cells = [row[4] for row in book["MRD"].iter_rows(min_row=2, max_row=len(hostile) + 1)]
    assert [cell.value for cell in cells] == hostile
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert book["MRD"]["B2"].value == datetime(2017, 1, 29)
    assert book["MRD"]["G2"].value == 0.2
    assert (book["Toxicity"]["F2"].value, book["Toxicity"]["C2"].value) == ("yes", "2017-01")


def test_the_same_study_gives_the_same_bytes_and_another_gives_others(tmp_path):
    one, two, other = (tmp_path / name for name in ("one.xlsx", "two.xlsx", "other.xlsx"))
    write_template(one, STUDY, lines_of(), centre="Leeds")
    write_template(two, STUDY, lines_of(), centre="Leeds")
    write_template(other, made_up_study(short_title="Another"), lines_of(), centre="Leeds")
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    assert openpyxl.load_workbook(one).properties.created == datetime(2022, 1, 31)


def test_a_changed_protocol_changes_the_drop_downs(tmp_path):
    path = tmp_path / "return.xlsx"
    write_template(path, made_up_study(toxicity={"scale": "CTCAE 5.0", "kinds": {"hlh": "HLH"}}))
    words = [cell.value for column in openpyxl.load_workbook(path)["Lists"].columns for cell in column]
    assert "HLH" in words
    assert "CRS" not in words


def test_lines_for_a_form_or_column_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(KeyError, match="form patients has no column"):
        write_template(tmp_path / "x.xlsx", STUDY, {"patients": [{"name": "Ann"}]})
    with pytest.raises(KeyError, match="pets"):
        write_template(tmp_path / "x.xlsx", STUDY, {"pets": []})


def test_a_drop_down_column_is_wide_enough_for_its_words(book):
    for form in FORMS:
        for cell, column in zip(book[form.sheet][1], form.columns, strict=True):
            width = book[form.sheet].column_dimensions[cell.column_letter].width
            assert width >= max(12, *(min(len(word), 36) for word in ("", *column.choices)))


def test_a_case_id_typed_twice_or_on_no_patients_sheet_is_warned_about_and_not_refused(book):
    """Excel's own test of it, in a formula; a person can go on, for the children may be typed last."""
    for form in FORMS:
        rule = rules_of(book[form.sheet])["A"]
        ids = "$A$2:$A$2000,A2)"
        wanted = f"COUNTIF({ids}=1" if form.name == "patients" else f"COUNTIF(Patients!{ids}>0"
        assert (rule.type, rule.formula1, rule.errorStyle) == ("custom", wanted, "warning")
    assert "Patients" in book.sheetnames


def test_the_centre_is_chosen_from_those_of_the_protocol(tmp_path):
    study = STUDY.model_copy(update={"centres": ("Leeds", "York")})
    write_template(tmp_path / "a.xlsx", study)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    [rule] = book["How to fill this in"].data_validations.dataValidation
    assert (str(rule.sqref), rule.type, rule.formula1) == ("B3", "list", "Lists!$A$2:$A$3")
    assert [book["Lists"].cell(row, 1).value for row in (1, 2, 3)] == ["centres", "Leeds", "York"]
    sex = rules_of(book["Patients"])["C"].formula1
    assert [cell[0].value for cell in book["Lists"][sex.partition("!")[2].replace("$", "")]] == [
        "female",
        "male",
    ]
