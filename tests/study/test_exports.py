"""The files for other programs, read back as those programs would and held to results.json and the returns."""

import csv
import json
from datetime import date
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest

from caseseries.analysis.exports import ADSL_COLUMNS
from caseseries.stats.events import count_events
from caseseries.stats.survival import estimate_survival


def _rows(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(demo) -> dict[str, dict]:
    record = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in record["results"]}


@pytest.fixture(scope="module")
def adsl(demo) -> list[dict[str, str]]:
    return _rows(demo / "report" / "adsl.csv")


def test_adsl_has_one_row_a_case_and_adams_names(adsl, results):
    assert [row["USUBJID"] for row in adsl] == results["n.cases"]["cases"]
    assert all(tuple(row) == ADSL_COLUMNS for row in adsl)
    assert all(len(name) <= 8 and name.isupper() for name in ADSL_COLUMNS)


def test_adsl_says_what_the_returns_say(adsl, demo):
    books = [openpyxl.load_workbook(path) for path in sorted((demo / "returns").glob("*.xlsx"))]
    sheets = {name: _by_case(books, name) for name in ("Patients", "Diagnosis", "Transplant")}
    for row in adsl:
        patient, diagnosis, transplant = (sheets[name][row["USUBJID"]] for name in sheets)
        born, diagnosed, grafted = (one[1].date() for one in (patient, diagnosis, transplant))
        started = date.fromisoformat(row["TRTSDT"])
        assert row["AGE"] == str((started - born).days)
        assert (row["DIAGDT"], row["HSCTDT"]) == (diagnosed.isoformat(), grafted.isoformat())
        assert diagnosed < started < grafted


def _by_case(books, sheet: str) -> dict[str, tuple]:
    lines = [line for book in books for line in book[sheet].iter_rows(values_only=True)]
    return {line[0]: line for line in lines}


def test_adsl_and_adtte_agree_on_deaths_and_starts(adsl, demo):
    adtte = {
        row["USUBJID"]: row for row in _rows(demo / "report" / "adtte.csv") if row["PARAMCD"] == "OSINDEX"
    }
    for row in adsl:
        survival = adtte[row["USUBJID"]]
        assert survival["STARTDT"] == row["TRTSDT"]
        assert (survival["CNSR"] == "0") == (row["DTHFL"] == "Y")
        assert survival["ADT"] == (row["DTHDT"] or row["LSTALVDT"])


@pytest.fixture(scope="module")
def ard(demo) -> dict:
    return json.loads((demo / "report" / "exports" / "ard.json").read_text(encoding="utf-8"))


def test_every_value_of_every_result_is_one_record_of_the_ard(ard, results):
    assert [analysis["id"] for analysis in ard["analyses"]] == list(results)
    for analysis in ard["analyses"]:
        row, prefix = results[analysis["id"]], f"{analysis['methodId']}."
        records = {one["operationId"].removeprefix(prefix): one["rawValue"] for one in analysis["results"]}
        present = {key: row[key] for key in ("value", "lower", "upper", "n", "events", "at_risk")}
        expected = {key: value for key, value in present.items() if value is not None}
        assert {key: float(raw) for key, raw in records.items() if raw} == expected
        assert "value" in records


def test_the_ard_prints_as_the_report_does(ard):
    [analysis] = [one for one in ard["analyses"] if one["id"] == "efs.hsct.36m"]
    assert [one["formattedValue"] for one in analysis["results"]] == ["47%", "2", "80", "11", "5", "1"]


def test_ids_of_the_ard_resolve(ard):
    operations = {one["id"] for method in ard["methods"] for one in method["operations"]}
    assert len(operations) == 6 * len(ard["methods"])
    assert {one["operationId"] for analysis in ard["analyses"] for one in analysis["results"]} <= operations
    contents = ard["mainListOfContents"]["contentsList"]["listItems"]
    assert [one["analysisId"] for one in contents] == [one["id"] for one in ard["analyses"]]
    assert [one["order"] for one in contents] == list(range(1, len(contents) + 1))


# Of the JSON schema of ARS 1.0 (github.com/cdisc-org/analysis-results-standard, ars_ldm.schema.json), for the classes
# that we write: what each requires, what else of ours it knows, and the types that are not text. It allows no others.
ARS = {
    "ReportingEvent": ("id name mainListOfContents", "version description methods analyses"),
    "ListOfContents": ("name contentsList", ""),
    "NestedList": ("", "listItems"),
    "OrderedListItem": ("level order name", "analysisId"),
    "AnalysisMethod": ("id name operations", ""),
    "Operation": ("id order name", "label"),
    "Analysis": ("id reason purpose methodId name", "version description results"),
    "Term": ("controlledTerm", ""),
    "OperationResult": ("operationId", "rawValue formattedValue"),
}
ARS_PARTS = {
    "mainListOfContents": "ListOfContents", "contentsList": "NestedList", "listItems": "OrderedListItem",
    "methods": "AnalysisMethod", "operations": "Operation", "analyses": "Analysis", "reason": "Term",
    "purpose": "Term", "results": "OperationResult",
}  # fmt: skip
ARS_INTEGERS = ("version", "level", "order")
ARS_TERMS = {
    "reason": {"SPECIFIED IN PROTOCOL", "SPECIFIED IN SAP", "DATA DRIVEN", "REQUESTED BY REGULATORY AGENCY"},
    "purpose": {
        "PRIMARY OUTCOME MEASURE", "SECONDARY OUTCOME MEASURE", "EXPLORATORY OUTCOME MEASURE",
    },
}  # fmt: skip


def _against_ars(kind: str, one: dict, where: str) -> list[str]:
    required, known = (set(words.split()) for words in ARS[kind])
    wrong = [f"{where}: {key} is missing" for key in required - one.keys()]
    wrong += [f"{where}: {key} is not known" for key in one.keys() - required - known]
    for key, value in one.items():
        if key in ARS_PARTS:
            parts = value if isinstance(value, list) else [value]
            wrong += [
                w
                for i, part in enumerate(parts)
                for w in _against_ars(ARS_PARTS[key], part, f"{where}.{key}[{i}]")
            ]
        elif type(value) is not (int if key in ARS_INTEGERS else str):
            wrong.append(f"{where}.{key}: {value!r}")
        if key in ARS_TERMS and value["controlledTerm"] not in ARS_TERMS[key]:
            wrong.append(f"{where}.{key}: {value}")
    return wrong


def test_the_ard_is_as_the_schema_of_the_standard_has_it(ard):
    assert _against_ars("ReportingEvent", ard, "ard") == []


def test_the_schema_in_the_test_refuses_what_the_standard_refuses(ard):
    """As the file once was: a version in words, keys of our own, no list of contents and no reason."""
    analysis = {key: value for key, value in ard["analyses"][0].items() if key != "reason"}
    once = {"id": "a", "name": "b", "version": "1", "covers": "c", "analyses": [analysis]}
    assert sorted(_against_ars("ReportingEvent", once, "ard")) == [
        "ard.analyses[0]: reason is missing",
        "ard.version: '1'",
        "ard: covers is not known",
        "ard: mainListOfContents is missing",
    ]


@pytest.fixture(scope="module")
def prism(demo) -> dict[str, ElementTree.Element]:
    root = ElementTree.parse(demo / "report" / "exports" / "prism.pzfx").getroot()
    assert (root.tag, root.get("PrismXMLVersion")) == ("GraphPadPrismFile", "5.00")
    tables = root.findall("Table")
    assert [one.get("ID") for one in root.find("TableSequence")] == [one.get("ID") for one in tables]
    return {one.findtext("Title"): one for one in tables}


def _cells(column: ElementTree.Element) -> list[str]:
    return [cell.text or "" for cell in column.find("Subcolumn")]


@pytest.mark.parametrize(
    ("title", "result"),
    [
        ("Event-free survival from HSCT (days)", "efs.hsct.36m"),
        ("Overall survival from start of blinatumomab (days)", "os.index.36m"),
    ],
)
def test_a_survival_table_of_prism_gives_the_curve_again(prism, results, title, result):
    table = prism[title]
    assert (table.get("TableType"), table.get("XFormat")) == ("Survival", "numbers")
    days, events = (_cells(table.find(name)) for name in ("XColumn", "YColumn"))
    counted = count_events(np.array(days, dtype=np.int64), np.array(events, dtype=np.int64))
    assert estimate_survival(counted, 1095, 0.95, "bpcp").value == results[result]["value"]
    assert _cells(table.find("RowTitlesColumn")) == results[result]["cases"]


def test_prism_gets_no_endpoint_that_it_would_overstate(prism):
    assert [title for title in prism if "relapse" in title.lower()] == []
    assert len([one for one in prism.values() if one.get("TableType") == "Survival"]) == 6


def test_the_levels_of_prism_are_those_measured_and_blank_where_not_detected(prism, demo):
    table = prism["MRD, fraction of cells"]
    assert (table.get("TableType"), table.get("XFormat")) == ("OneWay", "none")
    cases = _cells(table.find("RowTitlesColumn"))
    listing = {row["case_id"]: row for row in _rows(demo / "report" / "listing.csv")}
    for column in table.findall("YColumn"):
        when = column.findtext("Title")
        for case, level in zip(cases, _cells(column), strict=True):
            assert level == listing[case][f"mrd_{when}"]
            assert bool(level) == (listing[case][f"mrd_{when}_result"] == "quantified")
