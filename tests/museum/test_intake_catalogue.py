"""The catalogue of 64 inputs that hurt: each row has its test here, points to where it stands, or is named as open.

The rows are those of a catalogue of hostile and wrong inputs for clinical data systems; the number is in each test's
name or id, so that a row can be found, and none can be forgotten.
"""

import ast
import io
import re
import time
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from caseseries.intake.queries import write_queries
from caseseries.intake.returns import read_returns
from caseseries.intake.workbook import read_workbook
from return_folder import STUDY, check_conservation, lines_of, read_back, return_of

TESTS = Path(__file__).parents[1]
HOSTILE, CELLS = "museum/test_intake_hostile.py", "spec/test_intake_cells.py"
COLUMNS, RULES = "spec/test_intake_columns.py", "spec/test_intake_rules.py"
ODDITIES, DELIMITED = "spec/test_intake_oddities.py", "spec/test_intake_delimited.py"
ORDER, FAULTS = "spec/test_intake_date_order.py", "spec/test_timeline_faults.py"
PLATES, EXPORTS, PLATE_FILES = (
    "unit/test_pcr_rdml.py",
    "unit/test_pcr_exports.py",
    "boundary/test_pcr_hostile_files.py",
)
MENTIONS, APART = "spec/test_identify_mentions.py", "museum/test_intake_apart.py"
CHECK, QUERIES = "spec/test_timeline_check.py", "unit/test_intake_queries.py"

REFUSED, ASKED = "test_a_hostile_file_is_refused_in_one_sentence", "test_refused_with_its_sentence"
POINTED, SEEN = "test_understood_and_pointed_out", "test_what_is_seen_is_one_note_and_every_value_is_read"
TRUSTED = "test_a_file_that_cannot_be_trusted_is_refused_in_one_sentence"
PLANTED = "test_a_planted_fault_is_one_sentence_at_its_cell"

# row, what it is, and the test that holds it
ELSEWHERE = [
    (1, "a gigabyte of zeros in a zip", HOSTILE, "test_a_bomb_costs_neither_time_nor_memory"),
    (2, "overlapping zip entries", HOSTILE, REFUSED),
    (4, "two parts of one name", HOSTILE, REFUSED),
    (6, "encrypted", HOSTILE, REFUSED),
    (7, "an .xls, a web page or a CSV in disguise", HOSTILE, REFUSED),
    (8, "truncated upload", HOSTILE, REFUSED),
    (9, "billion laughs", HOSTILE, REFUSED),
    (10, "quadratic blow-up", HOSTILE, REFUSED),
    (11, "external entities", HOSTILE, REFUSED),
    (
        14,
        "letters in another code",
        DELIMITED,
        "test_letters_that_are_not_utf_8_are_read_as_western_and_asked_about",
    ),
    (
        15,
        "byte order marks, NUL, mixed line ends",
        DELIMITED,
        "test_a_byte_order_mark_is_no_part_of_the_first_heading",
    ),
    (16, "semicolons beside decimal commas", DELIMITED, "test_a_decimal_comma_does_not_hide_the_semicolon"),
    (17, "an unbalanced quotation mark", DELIMITED, TRUSTED),
    (18, "ragged rows", DELIMITED, TRUSTED),
    (19, "one cell in the last corner", HOSTILE, "test_a_lone_cell_in_the_last_corner_costs_nothing"),
    (20, "exactly at the row limit", ODDITIES, "test_a_sheet_that_ends_where_excel_ends_may_have_been_cut"),
    (21, "hidden rows, columns and sheets", ODDITIES, SEEN),
    (22, "merged cells", ODDITIES, SEEN),
    (
        23,
        "title rows above the headings",
        COLUMNS,
        "test_headings_below_a_title_are_found_and_the_title_is_listed",
    ),
    (24, "double headings", COLUMNS, "test_each_spoilt_layout_is_told_in_its_sentence"),
    (25, "misspelt and look-alike headings", COLUMNS, "test_each_spoilt_layout_is_told_in_its_sentence"),
    (26, "colour and strike-through as data", ODDITIES, "test_a_struck_optional_value_is_not_used"),
    (27, "notes on cells", ODDITIES, SEEN),
    (
        28,
        "a formula without its result",
        HOSTILE,
        "test_a_formula_is_its_stored_result_or_says_that_there_is_none",
    ),
    (29, "links to other workbooks", ODDITIES, "test_links_to_other_workbooks_are_pointed_out"),
    (30, "Excel's errors", CELLS, ASKED),
    (31, "1E400, NaN, INF", HOSTILE, "test_a_number_that_is_none_breaks_its_cell_only"),
    (
        32,
        "bad string and style indices",
        HOSTILE,
        "test_a_text_that_is_not_in_the_table_breaks_its_cell_only",
    ),
    (33, "one address twice", HOSTILE, "test_two_values_for_one_cell_are_both_shown_and_neither_is_used"),
    (34, "the calendar of 1904", ODDITIES, "test_the_calendar_of_1904_is_pointed_out"),
    (35, "serial 60 and below", CELLS, ASKED),
    (36, "a time of day for a date", CELLS, ASKED),
    (37, "03/04/2021", ORDER, "test_one_date_decides_for_its_column_and_says_so"),
    (38, "a year of two digits: asked about, never completed", CELLS, ASKED),
    (39, "dates without their day", CELLS, "test_understood_without_a_word"),
    (40, "31 February", CELLS, ASKED),
    (41, "placeholders and the future", CELLS, ASKED),
    (42, "impossible orders of dates", CHECK, "test_an_impossible_course_is_one_finding"),
    (43, "events after the last contact", FAULTS, PLANTED),
    (44, "time zones", CELLS, ASKED),
    (45, "codes that Excel has eaten", CELLS, ASKED),
    (46, "decimal comma or thousand", CELLS, ASKED),
    (47, "spaces, dashes and points within numbers", CELLS, POINTED),
    (48, "MRD as percent, fraction or logs", CELLS, ASKED),
    (
        49,
        "“<0.001”, “not detected”, 0",
        RULES,
        "test_a_level_typed_as_a_limit_takes_the_quantified_result_with_it",
    ),
    (50, "white cells per µL", CELLS, ASKED),
    (51, "impossible numbers", CELLS, ASKED),
    (53, "words for missing", CELLS, "test_a_missing_word_is_missing_and_said_so"),
    (54, "yes in many ways", CELLS, ASKED),
    (55, "a Cyrillic letter in a coded word", CELLS, POINTED),
    (56, "one child twice", RULES, "test_a_case_in_two_centres_is_set_aside_with_both_files_named"),
    (57, "conflicting values for one case", FAULTS, PLANTED),
    (58, "rows filled down", ODDITIES, SEEN),
    (59, "karyotypes at odds with fusion and sex", FAULTS, PLANTED),
    (60, "formulas in texts", QUERIES, "test_text_that_begins_like_a_formula_never_becomes_one"),
    (
        60,
        "formulas in every other file",
        "study/test_no_formula_leaves.py",
        "test_no_file_of_a_report_holds_a_formula",
    ),
    (62, "NaN, negative and last-cycle Cq", PLATES, "test_what_stands_for_a_cq"),
    (62, "versions 1.0 to 1.3", PLATES, "test_every_version_is_read_and_named"),
    (62, "decimal commas", EXPORTS, "test_rdes_with_decimal_commas"),
    (62, "two dyes in one well", EXPORTS, "test_two_dyes_in_one_well_are_two_reactions"),
    (62, "a standard curve of too few steps", "spec/test_pcr_standards.py", "test_too_few_steps"),
    (63, "two children in one paragraph", MENTIONS, "test_two_children_in_one_paragraph_are_two_candidates"),
    (63, "the same initials", MENTIONS, "test_two_children_with_the_same_initials_are_noted"),
    (63, "negation", MENTIONS, "test_what_is_said_of_the_drug"),
    (63, "last week", MENTIONS, "test_a_date_that_counts_from_another_is_called_relative"),
    (
        63,
        "never written from text alone",
        "study/test_identify_end_to_end.py",
        "test_minutes_change_nothing_until_a_person_has_spoken",
    ),
    # The rows that are about any file, for plates too.
    (1, "a plate that is a bomb", PLATE_FILES, "test_a_bomb_is_refused_by_what_it_declares"),
    (2, "a plate's overlapping entries", PLATE_FILES, "test_parts_that_share_bytes"),
    (3, "a plate's lying sizes", PLATE_FILES, "test_a_size_that_lies"),
    (4, "two rdml_data.xml", PLATE_FILES, "test_two_parts_of_one_name"),
    (5, "a plate's names that lead outside", PLATE_FILES, "test_a_name_that_leads_outside"),
    (6, "an encrypted plate", PLATE_FILES, "test_a_password"),
    (7, "a web page for a plate", PLATE_FILES, "test_a_web_page_under_another_name"),
    (8, "a plate cut short", PLATE_FILES, "test_a_zip_cut_short"),
    (9, "entities in a plate", PLATE_FILES, "test_a_doctype_is_refused_wherever_it_leads"),
    (12, "includes in a plate", PLATE_FILES, "test_xinclude_and_schema_locations_are_never_followed"),
    (13, "deep nesting in a plate", PLATE_FILES, "test_deep_nesting"),
    # And what none of the rows says: a file that takes all memory or time.
    (1, "memory", APART, "test_a_part_that_fills_the_memory_is_refused"),
    (1, "time, memory, a killed reader", APART, "test_a_reader_that_goes_wrong_costs_its_file_and_no_other"),
]
HERE = (3, 5, 12, 13, 52, 61)
OPEN = {64: "no file of shared counts is read yet"}


@cache
def functions_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(
    ("row", "what", "file", "test"), ELSEWHERE, ids=[f"row-{each[0]:02d} {each[1]}" for each in ELSEWHERE]
)
def test_the_row_is_held_by(row, what, file, test):
    assert test in functions_in(file), f"row {row} ({what})"


def test_no_row_is_forgotten():
    held = {each[0] for each in ELSEWHERE} | set(HERE)
    assert held | set(OPEN) == set(range(1, 65))
    assert not held & set(OPEN)


def test_the_rows_that_are_held_here_are_here():
    rows = {
        int(row)
        for name in functions_in("museum/test_intake_catalogue.py")
        for row in re.findall(r"\d\d", name)
    }
    assert set(HERE) <= rows


# --- rows without another home ----------------------------------------------------------------------------


def repacked(path, change):
    """The workbook with `change` made to its parts, written back to the same place."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    path.write_bytes(out.getvalue())


def sheet_part(parts, word):
    return next(
        name for name in sorted(parts) if name.startswith("xl/worksheets/sheet") and word in parts[name]
    )


def test_row_03_a_part_whose_declared_size_lies_is_refused(tmp_path):
    path = return_of(tmp_path, lines_of())
    data = bytearray(path.read_bytes())
    entry = data.index(b"xl/workbook.xml", data.index(b"PK\1\2")) - 46
    size = int.from_bytes(data[entry + 24 : entry + 28], "little")
    data[entry + 24 : entry + 28] = (size - 40).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    book = read_workbook(path, tmp_path)
    assert [finding.what for finding in book.findings] == [
        "the file is damaged: its part xl/workbook.xml cannot be read"
    ]


@pytest.mark.parametrize(
    "name", ["../../escaped.xml", "/escaped.xml", "C:\\escaped.xml", "xl/../../escaped.xml"]
)
def test_row_05_a_part_that_points_out_of_the_folder_is_never_written(tmp_path, name):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    path = return_of(inside, lines_of())
    repacked(path, lambda parts: parts.update({name: b"<x/>"}))
    before = sorted(tmp_path.rglob("*"))
    returns = read_returns(inside, STUDY)
    assert len(returns.patients) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_row_12_includes_and_style_sheets_are_not_followed(tmp_path):
    path = return_of(tmp_path, lines_of())

    def change(parts):
        name = sheet_part(parts, b"<sheetData>")
        include = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
        parts[name] = parts[name].replace(
            b"<sheetData>", include + b'<?xml-stylesheet href="x.xsl"?><sheetData>', 1
        )

    repacked(path, change)
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    assert len(returns.patients) == 1


def test_row_13_deep_nesting_costs_neither_stack_nor_time(tmp_path):
    path = return_of(tmp_path, lines_of())

    def change(parts):
        name = sheet_part(parts, b"</sheetData>")
        deep = b"<x>" * 100_000 + b"</x>" * 100_000
        parts[name] = parts[name].replace(b"</sheetData>", b"</sheetData>" + deep, 1)

    repacked(path, change)
    start = time.process_time()
    assert len(read_returns(tmp_path, STUDY).patients) == 1
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a\u202eb",
        "a\u200bb",
        "🙂",
        "<svg onload=x>",
        " ".join(map(str, range(150_000))),
    ],
    ids=["script", "override", "zero-width", "emoji", "svg", "a megabyte"],
)
def test_row_61_hostile_text_is_kept_as_text_and_goes_back_as_text(tmp_path, text):
    toxicity = {"toxicity": "CRS", "onset_date": date(2017, 1, 2), "grade": 9.0}
    path = return_of(tmp_path, lines_of(toxicity=[toxicity]))

    def change(parts):
        name = next(each for each in parts if each == "xl/sharedStrings.xml")
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        parts[name] = parts[name].replace(b"<t>CRS</t>", f"<t>{escaped}</t>".encode(), 1)

    repacked(path, change)
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    said = [finding for finding in returns.findings if finding.code == "intake.not-a-choice"]
    assert all(character.isprintable() for finding in said for character in finding.what)
    assert all(len(finding.what) < 200 for finding in said)
    [back] = write_queries(tmp_path / "queries", returns.books, returns.findings, STUDY)
    assert openpyxl.load_workbook(back)["Toxicity"]["B2"].value == text[:32_767]


def test_rows_48_and_50_a_unit_is_never_guessed(tmp_path):
    lines = lines_of(
        diagnosis=[{"diagnosis_date": date(2016, 9, 23), "kmt2a": "rearranged", "wbc": 12_000.0}],
        specimens=[{"specimen_date": date(2017, 1, 29), "mrd_result": "quantified", "mrd_percent": "10^-4"}],
    )
    returns, findings = read_back(tmp_path, lines)
    assert [finding.split(":")[0] for finding in findings] == [
        "value intake.out-of-range",
        "value intake.no-level",
        "value intake.not-a-number",
    ]
    assert returns.patients[0].only("diagnosis").number("wbc") is None


def test_row_52_an_age_beside_the_date_of_birth_is_not_quietly_passed_over(tmp_path):
    """The forms ask for no age. Where a centre adds one, its column is named, so that somebody compares."""

    def edit(book):
        sheet = book["Patients"]
        sheet.cell(1, sheet.max_column + 1).value = "Age at diagnosis (months)"
        sheet.cell(2, sheet.max_column).value = 48

    returns, [finding] = read_back(tmp_path, lines_of(), edit)
    assert finding.startswith(
        "note intake.strange-heading: returns/leeds.xlsx › Patients › F1: the column “Age at"
    )
    assert returns.counts.ignored > 0
