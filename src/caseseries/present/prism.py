"""GraphPad Prism's XML project (.pzfx): a Survival table for each endpoint and origin, and the MRD levels.

Prism's own files are the only description of the format; element and attribute names follow one saved by Prism 7
(Yue-Jiang/pzfx, inst/testdata/survival.pzfx). In a Survival table X is time and Y is 1 for the event, 0 for censored.
"""

from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from caseseries.analysis.displays import MrdPoint
from caseseries.study.definition import Study

Rows = Sequence[Mapping[str, object]]

NOTES = (
    "Endpoints with competing events are left out: Prism would count a competing event as censored and the "
    "Kaplan–Meier estimate would overstate the incidence. A blank MRD level was not detected or not quantified; "
    "it is no number, and none was put in its place."
)


def to_pzfx(adtte: Rows, mrd: Sequence[MrdPoint], study: Study, software: str) -> str:
    """prism.pzfx: the rows of adtte.csv and the measured levels (per cent of cells) as Prism tables."""
    root = Element("GraphPadPrismFile", PrismXMLVersion="5.00")
    program, _, version = software.partition(" ")
    stamp = f"{study.data_cut.isoformat()}T00:00:00+00:00"  # Prism asks for a time; the data cut is ours
    made = {"CreatedByProgram": program, "CreatedByVersion": version, "Login": "", "DateTime": stamp}
    SubElement(SubElement(root, "Created"), "OriginalVersion", made)
    _sequence(root, "Info", 1)
    _add_info(root, study)
    names = [name for name in dict.fromkeys(row["PARAM"] for row in adtte) if not _competes(adtte, name)]
    tables = [_survival(str(name), [row for row in adtte if row["PARAM"] == name], study) for name in names]
    tables += [_levels(mrd)] if mrd else []
    _sequence(root, "Table", len(tables))
    for number, table in enumerate(tables):
        table.set("ID", f"Table{number}")
        root.append(table)
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _competes(adtte: Rows, name: object) -> bool:
    return any(row["CNSR"] == 2 for row in adtte if row["PARAM"] == name)


def _sequence(root: Element, kind: str, number: int) -> None:
    sequence = SubElement(root, f"{kind}Sequence")
    for each in range(number):
        SubElement(sequence, "Ref", {"ID": f"{kind}{each}", **({"Selected": "1"} if each == 0 else {})})


def _add_info(root: Element, study: Study) -> None:
    info = SubElement(root, "Info", ID="Info0")
    SubElement(info, "Title").text = study.short_title
    SubElement(info, "Notes").text = f"{study.notice} {NOTES}".strip()


def _survival(name: str, rows: Rows, study: Study) -> Element:
    table = _table(name, "Survival", "numbers", [str(row["USUBJID"]) for row in rows])
    _column(table, "XColumn", "Days", [row["AVAL"] for row in rows])
    _column(table, "YColumn", study.short_title, [1 if row["CNSR"] == 0 else 0 for row in rows])
    return table


def _levels(mrd: Sequence[MrdPoint]) -> Element:
    cases = list(dict.fromkeys(point.case_id for point in mrd))
    levels = {(point.case_id, point.when): point.value for point in mrd}
    table = _table("MRD, fraction of cells", "OneWay", "none", cases)
    for when in ("before", "after"):
        values = [levels.get((case, when)) for case in cases]
        _column(table, "YColumn", when, ["" if value is None else value for value in values], decimals=6)
    return table


def _table(title: str, kind: str, x_format: str, row_titles: Iterable[str]) -> Element:
    table = Element("Table", ID="", XFormat=x_format, TableType=kind, EVFormat="AsteriskAfterNumber")
    SubElement(table, "Title").text = title
    _fill(SubElement(table, "RowTitlesColumn", Width="81"), row_titles)
    return table


def _column(table: Element, kind: str, title: str, values: Iterable[object], decimals: int = 0) -> None:
    column = SubElement(table, kind, Width="81", Decimals=str(decimals), Subcolumns="1")
    SubElement(column, "Title").text = title
    _fill(column, values)


def _fill(column: Element, values: Iterable[object]) -> None:
    cells = SubElement(column, "Subcolumn")
    for value in values:
        SubElement(cells, "d").text = str(value)
