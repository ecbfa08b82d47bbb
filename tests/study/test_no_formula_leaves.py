"""Text that a spreadsheet would compute never leaves as a formula, whichever file it leaves in.

Excel and LibreOffice compute a CSV field that begins with one of = + - @, a tab or a carriage return (OWASP ASVS 5.0,
1.2.10). A plain negative number is no formula.
"""

import csv
import io
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest

from caseseries.identify.pseudonymise import read_key
from caseseries.identify.tokens import read_tokens
from caseseries.intake.workbook import read_workbook

STARTS = (
    "=cmd|'/c calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
)
LEADS = ("\t=1+1", "\r=1+1", '=HYPERLINK("http://example.org","x")')
DANGEROUS = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
FREE_TEXT = {
    "Diagnosis": ("Fusion", "Karyotype"),
    "MRD": ("Marker",),
    "Toxicity": ("Description",),
    "Transplant": ("Conditioning",),
    "Follow-up": ("Detail",),
}


@pytest.fixture(scope="module")
def planted(demo, tmp_path_factory) -> Path:
    """The demo with formulas as case ids and in every free text, checked and run."""
    study = tmp_path_factory.mktemp("formulas") / "study"
    shutil.copytree(demo, study, ignore=shutil.ignore_patterns("report"))
    for number, path in enumerate(sorted((study / "returns").glob("*.xlsx"))):
        book = openpyxl.load_workbook(path)
        plant_case_id(book, STARTS[number % len(STARTS)] + str(number))
        plant_texts(book)
        plant_problem(book)
        set_text(book["How to fill this in"]["B3"], f"=1+{number}")
        book.save(path)
    return study


def set_text(cell, text: str) -> None:
    cell.value = text
    cell.data_type = "s"  # openpyxl makes formulas of texts; a centre's text format does not


def plant_case_id(book, new: str) -> None:
    old = book["Patients"]["A2"].value
    for sheet in book.worksheets:
        for cell in sheet["A"]:
            if cell.value == old:
                set_text(cell, new)


def plant_texts(book) -> None:
    texts = [*STARTS, *LEADS]
    for sheet, headings in FREE_TEXT.items():
        for heading in book[sheet][1]:
            if str(heading.value).rstrip(" *") in headings:
                for number, (cell,) in enumerate(
                    book[sheet].iter_rows(
                        min_row=2, max_row=9, min_col=heading.column, max_col=heading.column
                    )
                ):
                    if book[sheet].cell(cell.row, 1).value:
                        set_text(cell, texts[number % len(texts)])


def plant_problem(book) -> None:
    """A word that is in no list: a finding that quotes it."""
    set_text(book["Patients"]["C2"], "=1+1")


def fields_of(path: Path) -> list[str]:
    return [
        field
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        for field in row
    ]


def live(fields) -> list[str]:
    return [field for field in fields if DANGEROUS.match(field) and not NUMBER.fullmatch(field)]


def test_no_file_of_a_report_holds_a_formula(caseseries, planted):
    assert caseseries("run", planted).returncode == 1
    report = planted / "report"
    written = sorted(report.rglob("*.csv"))
    assert {path.name for path in written} >= {"listing.csv", "adtte.csv", "adsl.csv", "cases.csv"}
    assert {path.name: found for path in written if (found := live(fields_of(path)))} == {}
    # and the texts did get that far
    assert any("cmd|" in path.read_text(encoding="utf-8") for path in written)


def test_no_workbook_that_goes_back_holds_a_formula(caseseries, planted):
    assert caseseries("check", planted).returncode == 1
    queries = sorted((planted / "report" / "queries").glob("*.xlsx"))
    assert len(queries) == 6
    for path in queries:
        with zipfile.ZipFile(path) as package:
            sheets = [n for n in package.namelist() if n.startswith("xl/worksheets/sheet")]
            assert not [name for name in sheets if re.search(rb"<f[ >/]", package.read(name))]
            assert not [name for name in package.namelist() if "externalLink" in name]
        for sheet in openpyxl.load_workbook(path).worksheets:
            cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
            risky = [cell for cell in cells if DANGEROUS.match(cell.value) and sheet.sheet_state == "visible"]
            assert {cell.data_type for cell in risky} <= {"s"}
            assert all(cell.quotePrefix for cell in risky if sheet.title != "Queries")


def test_what_goes_back_reads_as_it_came(planted, caseseries):
    """The mark that keeps a text a text is no part of the text."""
    caseseries("check", planted)
    path = sorted((planted / "returns").glob("*.xlsx"))[0]
    came = {s.name: s for s in read_workbook(path, planted).sheets}
    back = {s.name: s for s in read_workbook(planted / "report" / "queries" / path.name, planted).sheets}
    for name in FREE_TEXT:
        assert [(c.address, c.raw) for c in back[name].cells] == [
            (c.address, c.raw) for c in came[name].cells
        ]


def test_pseudonymise_writes_no_formula(caseseries, tmp_path):
    key, names = tmp_path / "study.key", tmp_path / "leeds.csv"
    caseseries("pseudonymise", "--new-key", key)
    assert read_key(key)
    rows = "\n".join(f'"{text}",9434765919' for text in STARTS)
    names.write_text(f"Case id,NHS number\n{rows}\n", encoding="utf-8")
    printed = caseseries("pseudonymise", names, "--key", key).stdout
    fields = [field for row in csv.reader(io.StringIO(printed)) for field in row]
    assert len(fields) == 10
    assert live(fields) == []


def test_the_dictionary_writes_no_formula(caseseries, demo, tmp_path):
    study = shutil.copytree(demo, tmp_path / "study", ignore=shutil.ignore_patterns("report"))
    protocol = study / "study.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace('"blinatumomab"', '"=1+1"'), encoding="utf-8")
    caseseries("redcap", study)
    fields = fields_of(study / "redcap-dictionary.csv")
    assert "=1+1" in "".join(fields)
    assert live(fields) == []


def test_a_case_id_that_begins_like_a_formula_is_known_again(caseseries, tmp_path):
    """The list goes to the study office with an apostrophe before the id, and is read there without."""
    key, names = tmp_path / "study.key", tmp_path / "leeds.csv"
    caseseries("pseudonymise", "--new-key", key)
    names.write_text("Case id,NHS number\n-7,9434765919\n'x,9434765919\n", encoding="utf-8")
    (tmp_path / "identifiers").mkdir()
    caseseries("pseudonymise", names, "--key", key, "--out", tmp_path / "identifiers" / "leeds.csv")
    assert "'-7," in (tmp_path / "identifiers" / "leeds.csv").read_text(encoding="utf-8")
    assert set(read_tokens(tmp_path).tokens) == {"-7", "'x"}
