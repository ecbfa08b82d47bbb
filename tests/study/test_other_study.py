"""A study that is nothing like the demo, by the documented way: protocol, template, returns, check, run."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from docs.fences import find_fences

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
START = date(2020, 3, 1)
# Case, then days from infusion to relapse, to death, and to last contact alive.
COURSES = (
    ("L-1", 90, 300, None),
    ("L-2", None, None, 800),
    ("L-3", None, 40, None),
    ("L-4", 200, None, 900),
    ("P-1", None, None, 1000),
    ("P-2", None, None, 500),
)


@pytest.fixture(scope="module")
def study(caseseries, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    [protocol] = [
        fence.text for fence in find_fences(PAGE.read_text(encoding="utf-8")) if fence.language == "toml"
    ]
    (folder / "study.toml").write_text(protocol, encoding="utf-8")
    assert caseseries("new", folder).returncode == 0
    for centre in ("Lyon", "Paris"):
        book = openpyxl.load_workbook(folder / "template.xlsx")
        book.worksheets[0]["B3"] = centre
        for course in COURSES:
            if course[0].startswith(centre[0]):
                _fill(book, *course)
        book.save(folder / "returns" / f"{centre}.xlsx")
    return folder


def _fill(book, case: str, relapse: int | None, death: int | None, seen: int | None) -> None:
    days = {"relapse": relapse, "death": death, "seen alive": seen}
    _line(book["Patients"], case, START - timedelta(3000), "female", "France")
    _line(book["Diagnosis"], case, START - timedelta(1500), "B-ALL")
    treatment = ("tisagenlecleucel", 1, START, None, "after relapse", "CR2, MRD-negative", 2.5)
    _line(book["Treatment"], case, *treatment)
    negative = ("bone marrow", "flow cytometry", None, "not detected", None, 0.01)
    _line(book["MRD"], case, START + timedelta(28), *negative)
    _line(book["Follow-up"], case, START - timedelta(400), "relapse")
    _line(book["Follow-up"], case, START - timedelta(60), "complete remission")
    for event, day in days.items():
        if day is not None:
            cause = (None, "leukaemia") if event == "death" else ()
            _line(book["Follow-up"], case, START + timedelta(day), event, *cause)


def _line(sheet, *values) -> None:
    row = next(number for number in range(2, 200) if sheet.cell(number, 1).value is None)
    for column, value in enumerate(values, start=1):
        if value is not None:
            sheet.cell(row, column, value)


def test_it_is_read_without_a_problem_and_told_in_its_own_words(caseseries, study):
    checked = caseseries("check", study)
    assert checked.returncode == 0, checked.stdout
    assert "Cases: 6 returned = 6 analysed + 0 not analysed" in checked.stdout
    finished = caseseries("run", study)
    assert finished.returncode == 0, finished.stderr
    paragraph = (study / "report" / "text.txt").read_text(encoding="utf-8")
    page = (study / "report" / "report.html").read_text(encoding="utf-8")
    said = page.partition("<script")[0]
    for word in ("HSCT", "ransplant", "KMT2A", "Interfant", "nfant"):
        assert word not in paragraph
        assert word not in said.partition("Appendix")[0], word
    rows = json.loads((study / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    values = {row["id"]: row["value"] for row in rows}
    # Deaths on 40 and 300 with all at risk: 5/6 · 4/5. First events on 40, 90 and 200: 5/6 · 4/5 · 3/4.
    assert values["os.infusion.12m"] == pytest.approx(4 / 6)
    assert values["efs.infusion.12m"] == pytest.approx(3 / 6)
    # Nobody has an event between one year and two.
    assert values["efs.infusion.24m"] == pytest.approx(3 / 6)
    assert values["mrd.response.complete"] == 1.0


def test_its_listing_counts_from_the_infusion(caseseries, study):
    caseseries("run", study)
    with (study / "report" / "listing.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["case_id"]: row for row in csv.DictReader(file)}
    told = [(rows[case]["event_after_index"], rows[case]["days_index_to_last_known"]) for case, *_ in COURSES]
    assert told == [
        ("relapse", "300"),
        ("", "800"),
        ("death", "40"),
        ("relapse", "900"),
        ("", "1000"),
        ("", "500"),
    ]
