"""Any exported table as sheets of text cells: text in its encoding and delimiter, xlsx, old xls, XML rows.

Every cell is text here, as a person would see it; numbers from workbooks are written with a decimal point.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from caseseries.pcr.markup import check_markup, read_tree
from caseseries.pcr.plate import PlateError, refuse
from caseseries.pcr.readings import parse_number

ENCRYPTED_OR_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROTOR_GENE = "Rotor-Gene run"
ROTOR_GENE_TYPES = {"1": "Standard", "2": "Unknown", "3": "NTC", "5": "Positive control"}
MAX_CELLS = 2_000_000
MAX_COLUMNS = 16_384
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_DECIMAL_POINT = re.compile(r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$")
_RESAVE = "Save it again as xlsx or as text (UTF-8)"


@dataclass(frozen=True)
class Sheet:
    """One table. `decimal_comma` is true when its numbers are written 1,5."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    decimal_comma: bool = False


def read_text_sheet(data: bytes, file: str) -> Sheet:
    """A text export (UTF-8 or UTF-16; tab, semicolon or comma). Raises PlateError for other encodings."""
    text = _decode(data, file)
    delimiter = _delimiter(text)
    try:
        rows = tuple(tuple(cell.strip() for cell in row) for row in _split(text, delimiter))
    except csv.Error:
        raise refuse(file, "text.broken", "the text is not a table", "", _RESAVE) from None
    return Sheet("", rows, _has_decimal_comma(cell for row in rows for cell in row))


def _decode(data: bytes, file: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data[:400:2].count(0) > 50 or data[1:400:2].count(0) > 50:
        encoding = "utf-16-le" if data[1:400:2].count(0) > 50 else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        return _decode_western(data, file, error.start)
    if "\x00" in text:
        raise refuse(file, "text.nul", "the text holds NUL bytes", "", _RESAVE)
    return text


def _decode_western(data: bytes, file: str, at: int) -> str:
    """Windows-1252, but only where its odd bytes are signs of an instrument (µ, °, ®, Δ as D), never letters."""
    odd = {byte for byte in data if byte >= 0x80}
    if b"\x00" not in data and odd <= {0xB5, 0xB0, 0xAE, 0x99, 0xA9, 0xB1, 0xB2, 0xB3, 0xA0}:
        return data.decode("cp1252")
    line = data[:at].count(b"\n") + 1
    what = f"line {line} holds bytes that are not UTF-8"
    raise refuse(file, "text.encoding", what, "UTF-8 or UTF-16", _RESAVE)


def _delimiter(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    counts = {mark: sum(line.count(mark) for line in lines[:400]) for mark in "\t;,"}
    if counts["\t"] >= len(lines[:400]):
        return "\t"
    return ";" if counts[";"] >= len(lines[:400]) else max(counts, key=lambda mark: counts[mark])


def _split(text: str, delimiter: str) -> Iterable[list[str]]:
    if delimiter == "\t" and '"' not in text:
        return [line.split("\t") for line in text.splitlines()]
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _has_decimal_comma(cells: Iterable[str]) -> bool:
    commas = points = 0
    for cell in cells:
        if "," in cell:
            commas += bool(_DECIMAL_COMMA.match(cell))
        elif "." in cell:
            points += bool(_DECIMAL_POINT.match(cell))
    return commas > points


def read_xlsx_sheets(parts: Mapping[str, bytes], file: str) -> tuple[Sheet, ...]:
    """The sheets of a workbook from the parts of its zip (ECMA-376 part 1, 18.3 and 18.4); values only."""
    trees = {name: _tree(xml, file) for name, xml in parts.items() if name.endswith((".xml", ".rels"))}
    shared = tuple(_texts(item) for item in trees.get("xl/sharedStrings.xml", Element("sst")).iter("si"))
    links = trees.get("xl/_rels/workbook.xml.rels", Element("Relationships"))
    targets = {link.get("Id"): link.get("Target", "").removeprefix("/xl/") for link in links}
    sheets = []
    for sheet in trees["xl/workbook.xml"].iter("sheet"):
        link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        tree = trees.get(f"xl/{targets.get(link, '')}")
        if tree is not None:
            sheets.append(
                _sheet(sheet.get("name", ""), (_row(row, shared) for row in tree.iter("row")), file)
            )
    return tuple(sheets)


def read_xml_sheet(data: bytes, file: str) -> Sheet:
    """A table that Bio-Rad CFX wrote as XML: the root names the sheet, each <Row> holds a cell under its heading.

    A heading that is no XML name has its characters written as _x0020_. A row may leave cells out.
    """
    root = _tree(data, file)
    rows = [{_plain(cell.tag): (cell.text or "").strip() for cell in row} for row in root.iter("Row")]
    head = tuple(dict.fromkeys(name for row in rows for name in row))
    if len(rows) * len(head) > MAX_CELLS:
        raise refuse(file, "xlsx.too_large", "the table has over 2 million cells", "", _RESAVE)
    cells = tuple(tuple(row.get(name, "") for name in head) for row in rows)
    return Sheet(_plain(root.tag), (head, *cells), _has_decimal_comma(cell for row in cells for cell in row))


def read_rotor_gene_run(data: bytes, file: str) -> Sheet:
    """The run file of a Rotor-Gene (.rex): a row a tube and channel, with the light of each cycle and no Cq.

    By the layout that public readers describe: tubes are Samples › Page › Sample, the light of each is a Reading under
    RawChannels › RawChannel. The target is the channel. A tube with neither a name nor a tick is empty.
    """
    root = _tree(data, file)
    tubes = {sample.findtext("TubePosition", "").strip(): sample for sample in root.iter("Sample")}
    rows = []
    for channel in root.iter("RawChannel"):
        program, _, colour = channel.findtext("Name", "").rpartition(".")
        if not program.casefold().startswith("cycling"):
            continue
        for tube, reading in enumerate(channel.iter("Reading"), 1):
            sample = tubes.get(str(tube), Element("Sample"))
            name, ticked = sample.findtext("Name", "").strip(), sample.findtext("Selected", "")
            if name or ticked == "True":
                task = ROTOR_GENE_TYPES.get(sample.findtext("Type", "").strip(), "")
                given = sample.findtext("GivenConc", "").strip()
                rows.append((str(tube), name, task, given, colour, colour, "", *(reading.text or "").split()))
    width = max(map(len, rows), default=0)
    if len(rows) * width > MAX_CELLS:
        raise refuse(file, "xlsx.too_large", "the run has over 2 million cells", "", _RESAVE)
    head = ("No.", "Name", "Type", "Given Conc", "Target", "Dye", "Cq")
    cells = (head + tuple(str(n + 1) for n in range(width - len(head))), *rows)
    return Sheet(ROTOR_GENE, cells, _has_decimal_comma(cell for row in rows for cell in row))


def _plain(tag: str) -> str:
    """A heading without its escapes; half a surrogate pair is no character and stays as it is."""
    return re.sub("_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), tag)


def _tree(xml: bytes, file: str) -> Element:
    check_markup(xml, file)
    return read_tree(xml, file)


def _texts(item: Element) -> str:
    return "".join(part.text or "" for part in item.iter("t"))


def _row(row: Element, shared: tuple[str, ...]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter("c"):
        place = _column(cell.get("r", "")) if cell.get("r") else len(cells)
        cells += [""] * (min(place, MAX_COLUMNS) - len(cells))
        cells.append(_cell(cell, shared))
    return cells


def _column(reference: str) -> int:
    """The column of `AB12`, from 0."""
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


def _cell(cell: Element, shared: tuple[str, ...]) -> str:
    kind, value = cell.get("t", "n"), cell.findtext("v") or ""
    if kind == "s":
        return (
            shared[int(value)] if value.isdecimal() and len(value) < 10 and int(value) < len(shared) else ""
        )
    if kind == "inlineStr":
        return _texts(cell)
    if kind == "n" and value:
        number = parse_number(value)
        return value if number is None else _as_text(number)
    return value


def read_xls_sheets(data: bytes, file: str) -> tuple[Sheet, ...]:
    """The sheets of an old binary workbook, as StepOne and 7500 software write it."""
    from xlrd import open_workbook

    if "EncryptedPackage".encode("utf-16-le") in data:
        raise _unreadable(file, "the workbook is password-protected")
    try:
        book = open_workbook(file_contents=data, logfile=io.StringIO())
        return tuple(_sheet(sheet.name, map(sheet.row_values, range(sheet.nrows)), file) for sheet in book)
    except PlateError:
        raise
    except Exception as error:  # on a damaged file xlrd raises whatever it stumbles over
        is_locked = "encrypted" in str(error).lower()
        what = "the workbook is password-protected" if is_locked else "the workbook is damaged"
        raise _unreadable(file, what) from None


def _unreadable(file: str, what: str) -> PlateError:
    return refuse(file, "xls.unreadable", what, "", "Save it without a password as xlsx")


def _sheet(name: str, rows: Iterable[Iterable[object]], file: str) -> Sheet:
    kept: list[tuple[str, ...]] = []
    cells = 0
    for row in rows:
        kept.append(tuple(map(_as_text, row)))
        cells += len(kept[-1])
        if cells > MAX_CELLS:
            raise refuse(file, "xlsx.too_large", "the workbook has over 2 million cells", "", _RESAVE, name)
    texts = (cell for row in kept for cell in row)
    return Sheet(name, tuple(kept), _has_decimal_comma(texts))


def _as_text(value: object) -> str:
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return "" if value is None else str(value).strip()
