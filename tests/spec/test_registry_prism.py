"""Survival tables of Prism, in both of its formats."""

import json
from zipfile import ZipFile

import pytest

from caseseries.findings import StudyError
from caseseries.registry.prism import count_prism
from caseseries.stats.events import count_events

PZFX = """<?xml version="1.0" encoding="UTF-8"?>
<GraphPadPrismFile xmlns="http://graphpad.com/prism/Prism.htm" PrismXMLVersion="5.00">
<TableSequence><Ref ID="Table0"/><Ref ID="Table1"/></TableSequence>
<Table ID="Table1" XFormat="none" TableType="OneWay"><Title>Weights</Title>
<YColumn><Title>A</Title><Subcolumn><d>1</d></Subcolumn></YColumn></Table>
<Table ID="Table0" XFormat="numbers" TableType="Survival" EVFormat="AsteriskAfterNumber">
<Title>Two <B>groups</B></Title>
<RowTitlesColumn><Subcolumn><d>CO</d><d>NT</d></Subcolumn></RowTitlesColumn>
<XColumn Subcolumns="1"><Title>Days</Title>
<Subcolumn><d>78</d><d>34</d><d>123</d><d>-5</d><d>45</d><d/></Subcolumn></XColumn>
<XAdvancedColumn><Title>Days</Title><Subcolumn><d>99</d></Subcolumn></XAdvancedColumn>
<YColumn Subcolumns="1"><Title>Control</Title>
<Subcolumn><d>1</d><d>1</d><d>0</d></Subcolumn></YColumn>
<YColumn Subcolumns="1"><Title>Treated</Title>
<Subcolumn><d></d><d></d><d>1</d><d>0</d><d Excluded="1">1</d><d>1</d></Subcolumn></YColumn>
</Table></GraphPadPrismFile>
"""


@pytest.fixture
def pzfx(tmp_path):
    path = tmp_path / "mice.pzfx"
    path.write_text(PZFX, encoding="utf-8")
    return path


def write_prism(path, tables):
    """A `.prism` archive laid out as Prism 10 does: tables of (title, format, CSV, titles of the Y columns)."""
    uids = [f"sheet{i}" for i in range(len(tables))]
    with ZipFile(path, "w") as archive:
        archive.writestr("document.json", json.dumps({"formatVersion": "1-4-1", "sheets": {"data": uids}}))
        for uid, (title, form, text, names) in zip(uids, tables, strict=True):
            sets = [f"{uid}-{i}" for i in range(len(names))]
            table = {"uid": f"{uid}-t", "format": form, "dataSets": sets, "xDataSet": f"{uid}-x"}
            archive.writestr(f"data/sheets/{uid}/sheet.json", json.dumps({"title": title, "table": table}))
            archive.writestr(f"data/tables/{uid}-t/data.csv", text)
            archive.writestr(f"data/sets/{uid}-x.json", json.dumps({"title": "Months"}))
            for name, one in zip(names, sets, strict=True):
                archive.writestr(f"data/sets/{one}.json", json.dumps({"title": name}))
    return path


def test_one_column_is_one_group(pzfx):
    counted = count_prism(pzfx, "days")
    assert counted.tables == {
        "Control": count_events([78, 34, 123], [1, 1, 0]),
        "Treated": count_events([123], [1]),
    }


def test_excluded_and_impossible_values_are_refused_with_their_row(pzfx):
    counted = count_prism(pzfx, "days")
    assert (counted.rows, counted.used, counted.refused) == (7, 4, 3)
    mend = "Allowed: whole days from 0. Correct the value or remove the row."
    assert [str(finding) for finding in counted.findings] == [
        f"mice.pzfx › Two groups › row 4: Days is -5. {mend}",
        "mice.pzfx › Two groups › row 5: a subject of Treated is excluded in Prism. "
        "Include it in Prism if it is to count.",
        f"mice.pzfx › Two groups › row 6: Days is empty. {mend}",
    ]


@pytest.mark.parametrize("titles", ["", "x1,"])
def test_the_archive_is_read_like_the_xml(tmp_path, titles):
    text = "".join(f"{titles}{line}\n" for line in ("6,1,", "12,0,", "6,,1"))
    tables = [("Weights", "xy", "1,2\n", ["A"]), ("Mice", "survival", text, ["Control", "Treated"])]
    counted = count_prism(write_prism(tmp_path / "mice.prism", tables), "months")
    assert counted.tables == {
        "Control": count_events([183, 365], [1, 0]),
        "Treated": count_events([183], [1]),
    }
    assert counted.notes == ("months were multiplied by 30.4375 and rounded to the nearest day, halves up",)


def test_of_several_tables_one_must_be_named(tmp_path):
    tables = [("One", "survival", "6,1\n", ["A"]), ("Two", "survival", "8,1\n", ["A"])]
    path = write_prism(tmp_path / "mice.prism", tables)
    assert count_prism(path, "days", "Two").tables == {"A": count_events([8], [1])}
    assert _refusal(path) == "mice.prism: there are several survival tables. Name one with --table: One, Two."
    assert _refusal(path, "Three") == (
        "mice.prism: there is no survival table Three. Name one with --table: One, Two."
    )


def test_files_without_a_survival_table(tmp_path):
    path = write_prism(tmp_path / "a.prism", [("Weights", "xy", "1,2\n", ["A"])])
    assert _refusal(path) == "a.prism: there is no survival table. Export the table as CSV."


@pytest.mark.parametrize("name", ["a.pzfx", "a.prism"])
def test_files_that_are_not_what_they_are_called(tmp_path, name):
    (tmp_path / name).write_text("days,status\n1,1\n", encoding="utf-8")
    said = "the file is not a Prism file, or is damaged. Save it again in Prism, or export it as CSV."
    assert _refusal(tmp_path / name) == f"{name}: {said}"


def test_an_entity_bomb_is_refused(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><GraphPadPrismFile>&c;</GraphPadPrismFile>'
    (tmp_path / "a.pzfx").write_text(bomb, encoding="utf-8")
    assert "damaged" in _refusal(tmp_path / "a.pzfx")


def _refusal(path, table="") -> str:
    with pytest.raises(StudyError) as caught:
        count_prism(path, "days", table)
    (finding,) = caught.value.findings
    return str(finding)
