"""Survival tables of GraphPad Prism: `.pzfx` (XML) and `.prism` (a zip of JSON and CSV).

In both a row is a subject, X is its time, and there is one Y column a group: 1 for the event, 0 for censored,
blank for a subject of another group.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted, Row, count_distinct, find_refused
from caseseries.registry.text import unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

EXCLUDED = "excluded"  # stands for a value that Prism shows but leaves out of its analyses


@dataclass(frozen=True)
class SurvivalTable:
    """One table: the times, and the Y column of each group. A blank is "", an excluded value `EXCLUDED`."""

    name: str
    x: str
    times: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    def subjects(self) -> Iterator[tuple[int, Row]]:
        """The row of each value in a Y column, from 1, and (time, value, group)."""
        for name, column in self.groups:
            for number, (time, value) in enumerate(zip_longest(self.times, column, fillvalue=""), 1):
                if value:
                    yield number, (time, value, name)


def count_prism(path: Path, unit: str, table: str = "") -> Counted:
    """The event tables of a survival table, one a group; `table` names it where the file has several.

    Raises:
        StudyError: the file cannot be read, or has no such table.
    """
    chosen = _choose(path.name, read_prism(path), table)
    layout = Layout(chosen.x, "Y", group="group", unit=unit)
    subjects = [(Where(path.name, chosen.name, f"row {number}"), row) for number, row in chosen.subjects()]
    counted, refused = count_distinct(Counter(row for _, row in subjects if EXCLUDED not in row), layout)
    set_aside = [(place, row) for place, row in subjects if EXCLUDED in row]
    findings = (*find_refused(subjects, refused), *(_excluded(place, row) for place, row in set_aside))
    return replace(counted, rows=len(subjects), findings=tuple(sorted(findings)))


def read_prism(path: Path) -> list[SurvivalTable]:
    """Every survival table of a file, in its order.

    Raises:
        StudyError: the file cannot be read.
    """
    from xml.etree.ElementTree import ParseError

    try:
        if path.suffix == ".pzfx":
            return list(_read_xml(path))
        with ZipFile(path) as archive:
            return list(_read_zip(archive))
    except OSError as error:
        raise unreadable(
            path.name, f"the file cannot be opened: {error.strerror}", "Check its path"
        ) from None
    except (ParseError, BadZipFile, KeyError, ValueError):
        what, do = (
            "the file is not a Prism file, or is damaged",
            "Save it again in Prism, or export it as CSV",
        )
        raise unreadable(path.name, what, do) from None


def _excluded(place: Where, row: Row) -> Finding:
    what, do = f"a subject of {row[2]} is excluded in Prism", "Include it in Prism if it is to count"
    return Finding(place, "excluded", Severity.CASE, what, "", do)


def _choose(file: str, tables: list[SurvivalTable], name: str) -> SurvivalTable:
    chosen = [table for table in tables if name in ("", table.name)]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(table.name for table in tables)
    if not tables:
        raise unreadable(file, "there is no survival table", "Export the table as CSV")
    what = (
        f"there is no survival table {name}" if name and not chosen else "there are several survival tables"
    )
    raise unreadable(file, what, f"Name one with --table: {names}")


def _read_xml(path: Path) -> Iterator[SurvivalTable]:
    from xml.etree.ElementTree import fromstring

    text = path.read_bytes()
    if b"<!DOCTYPE" in text:
        raise ValueError("Prism writes no document type; entities are defined in one")
    for element in fromstring(text).iter():
        if element.tag.endswith("}Table") or element.tag == "Table":
            if element.get("TableType") != "Survival":
                continue
            space = element.tag.removesuffix("Table")
            x = element.find(f"{space}XColumn")
            if x is None:
                raise ValueError("a survival table without X")
            groups = [(_title(y, space), _column(y, space)) for y in element.findall(f"{space}YColumn")]
            yield SurvivalTable(_title(element, space), _title(x, space), _column(x, space), tuple(groups))


def _title(element: "Element", space: str) -> str:
    title = element.find(f"{space}Title")
    return "" if title is None else "".join(title.itertext()).strip()


def _column(element: "Element", space: str) -> tuple[str, ...]:
    cells = element.findall(f"{space}Subcolumn/{space}d")
    return tuple(
        EXCLUDED if cell.get("Excluded") == "1" else "".join(cell.itertext()).strip() for cell in cells
    )


def _read_zip(archive: ZipFile) -> Iterator[SurvivalTable]:
    for uid in _json(archive, "document.json")["sheets"]["data"]:
        sheet = _json(archive, f"data/sheets/{uid}/sheet.json")
        if sheet["table"]["format"] == "survival":
            yield _read_sheet(archive, sheet)


def _read_sheet(archive: ZipFile, sheet: dict[str, Any]) -> SurvivalTable:
    """The columns of the CSV are row titles if any, X, and one Y a group."""
    table = sheet["table"]
    text = archive.read(f"data/tables/{table['uid']}/data.csv").decode("utf-8")
    columns = list(zip_longest(*csv.reader(text.splitlines()), fillvalue=""))
    names = [_json(archive, f"data/sets/{uid}.json")["title"] for uid in table["dataSets"]]
    x = _json(archive, f"data/sets/{table['xDataSet']}.json").get("title", "X")
    *_, times = columns[: len(columns) - len(names)]
    groups = zip(map(_words, names), columns[len(columns) - len(names) :], strict=True)
    return SurvivalTable(sheet["title"], _words(x), times, tuple(groups))


def _words(title: Any) -> str:
    """A title is a string, or an object of formatted text."""
    return title if isinstance(title, str) else "".join(_strings(title))


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for child in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        yield from _strings(child)


def _json(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))
