"""Reporting checklists: an item is reported only where the document has what it asks for."""

from dataclasses import replace
from datetime import date

import pytest

from caseseries.present.checklists import (
    GUIDELINES,
    MISSING,
    MOOT,
    PARTLY,
    PROCESS,
    REPORTED,
    STROBE,
    Item,
    check_items,
    checklists,
    find_place,
)
from caseseries.present.document import Document, Figure, Heading, Number, Paragraph, Table, TableRow, Text
from caseseries.present.wording import plain

EMPTY = Document("Some infants", "", "", date(2020, 1, 1), (), "")
REPORT = replace(
    EMPTY,
    title="Ten infants: a case series",
    keywords=("case series", "infants"),
    blocks=(
        Heading(1, "Methods"),
        Paragraph((Text("A retrospective study of "), Number("n.cases", "10"), Text(" infants."))),
        Heading(2, "Time"),
        Paragraph((Text("Censored on the last day."),)),
        Heading(1, "Outcome"),
        Figure("flow", "Flow", (Text("All of them."),), "", "<svg/>"),
        Table("first", "First", ("A",), (), "l"),
        Table("survival", "Survival", ("A",), (TableRow(((Number("efs.36m", "47%"),),)),), "l", ("At risk.",)),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("title:case series", "title"),
        ("keyword:case series", "keywords"),
        ("keyword:case", ""),
        ("section:Methods", "Methods"),
        ("section:Discussion", ""),
        ("words:Methods|(?i)RETROspective", "Methods"),
        ("words:Methods|of 10 infants", "Methods"),
        ("words:Methods|Censored", "Methods"),
        ("words:Outcome|retrospective", ""),
        ("words:Outcome|At risk", "Outcome"),
        ("table:survival", "Table 2"),
        ("table:incidence", ""),
        ("figure:flow", "Figure 1"),
        ("result:n.", "Methods"),
        ("result:efs.", "Table 2"),
        ("result:os.", ""),
    ],
)
def test_a_place_is_found_where_a_reader_would_find_it(place: str, where: str) -> None:
    assert find_place(place, REPORT, {}) == where


@pytest.mark.parametrize(
    ("item", "state", "where"),
    [
        (Item("1", "x", ("section:Methods", "table:survival")), REPORTED, "Methods; Table 2"),
        (Item("2", "x", ("section:Methods", "section:Discussion")), PARTLY, "Methods"),
        (Item("3", "x", ("section:Discussion",)), MISSING, "–"),
        (Item("4", "x"), MISSING, "–"),
        (Item("5", "x", moot="section:Methods"), MOOT, "Methods"),
        (Item("6", "x", moot="section:Discussion"), MISSING, "–"),
    ],
)
def test_an_item_is_reported_only_if_all_it_asks_for_is_there(item: Item, state: str, where: str) -> None:
    [row] = check_items("x", "X", [item], REPORT, {}).rows
    assert [plain(cell) for cell in row.cells] == [item.number, "x", state, where]


def test_an_empty_report_reports_nothing() -> None:
    for block in checklists(EMPTY, {}).blocks:
        if isinstance(block, Table):
            assert {plain(row.cells[2]) for row in block.rows} == {MISSING}


def test_what_was_recalled_is_marked() -> None:
    table = check_items("x", "X", PROCESS, REPORT, {})
    marked = [plain(row.cells[0]).endswith("†") for row in table.rows]
    assert marked == [item.recalled for item in PROCESS]
    assert any("†" in note for note in table.footnotes)


def test_the_items_are_those_of_the_guidelines() -> None:
    """STROBE has 22 items (von Elm et al. 2007, table); numbers are unique."""
    assert {item.number.rstrip("abcde") for item in STROBE} == {str(number) for number in range(1, 23)}
    for _, _, items in GUIDELINES:
        assert len({item.number for item in items}) == len(items)
