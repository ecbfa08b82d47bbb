"""Files that hurt readers of workbooks: each is refused, or costs its own cell, in one sentence and at once."""

import io
import resource
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from caseseries.intake import package
from caseseries.intake.sheet import Cell, Workbook
from caseseries.intake.workbook import read_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

AGAIN = "Ask the centre to send the file again."
SAVE_AS = "Open it in Excel and save it as “Excel Workbook (.xlsx)”."


def relations(*pairs: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(pairs, start=1)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


PARTS = {
    "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
    "xl/_rels/workbook.xml.rels": relations(
        ("worksheet", "worksheets/sheet1.xml"),
        ("sharedStrings", "sharedStrings.xml"),
        ("styles", "styles.xml"),
    ),
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="S" sheetId="1" '
    'r:id="r1"/></sheets></workbook>',
    "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>zero</t></si><si><r><t>o</t></r><r><t>ne</t></r>'
    '<rPh sb="0" eb="1"><t>guide</t></rPh></si></sst>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/>'
    '</numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="170"/><xf numFmtId="10"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml": sheet('<row r="1"><c r="A1"><v>1</v></c></row>'),
}


def pack(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(folder: Path, data: bytes) -> Workbook:
    path = folder / "returns" / "hostile.xlsx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return read_workbook(path, folder)


def cells(folder: Path, rows: str, **parts: str) -> tuple[Cell, ...]:
    book = read(folder, pack({**PARTS, "xl/worksheets/sheet1.xml": sheet(rows), **parts}))
    assert book.findings == ()
    return book.sheets[0].cells


def seen(folder: Path, rows: str) -> list[tuple[str, str, str]]:
    return [(cell.address, cell.kind, cell.raw) for cell in cells(folder, rows)]


# --- files that are refused -------------------------------------------------------------------------------


def overlapped() -> bytes:
    """Two directory entries that share one part's bytes, as in Fifield's bomb."""
    data = bytearray(pack({"a": "x" * 5000, "b": "y"}))
    directory = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", directory + 4)
    data[second + 42 : second + 46] = (10).to_bytes(4, "little")  # its local header, inside the first part
    return bytes(data)


def encrypted_zip() -> bytes:
    data = bytearray(pack({"a": "x"}))
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def doubled() -> bytes:
    data = pack({"xl/a.xml": "1", "xl/b.xml": "2"})
    return data.replace(b"xl/b.xml", b"xl/a.xml")


def bad_checksum() -> bytes:
    data = bytearray(pack(PARTS))
    directory = data.index(b"xl/workbook.xml", data.index(b"PK\1\2")) - 46
    data[directory + 16] ^= 0xFF
    return bytes(data)


def with_part(name: str, content: str) -> Callable[[], bytes]:
    return lambda: pack({**PARTS, name: content})


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
BOOK = "xl/workbook.xml"
SHEET = "xl/worksheets/sheet1.xml"

REFUSED = [
    (lambda: b"", "empty-file", "the file is empty", AGAIN),
    (
        lambda: package.OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
        "the workbook is protected by a password",
        "Open it in Excel and save it without the password.",
    ),
    (
        lambda: package.OLE + b"\0" * 600,
        "old-excel",
        "the file is an old Excel workbook (.xls) or another Office file",
        SAVE_AS,
    ),
    (
        lambda: b"\xef\xbb\xbf <HTML><table><tr><td>1",
        "web-page",
        "the file is a web page or XML, not an Excel workbook",
        SAVE_AS,
    ),
    (
        lambda: b"%PDF-1.7",
        "pdf",
        "the file is a PDF, not an Excel workbook",
        "Ask the centre for the workbook.",
    ),
    (
        lambda: "Case id;Größe\n1;2".encode("cp1252"),
        "plain-text",
        "the file is plain text (perhaps CSV), not an Excel workbook",
        SAVE_AS,
    ),
    (lambda: b"\x89PNG\0\1\2", "unknown-file", "the file is not an Excel workbook", SAVE_AS),
    (
        lambda: pack(PARTS)[:900],
        "truncated",
        "the file is incomplete: its end is missing after 900 bytes",
        AGAIN,
    ),
    (
        lambda: pack(
            {"word/document.xml": "<w/>", "_rels/.rels": relations(("officeDocument", "word/document.xml"))}
        ),
        "not-excel",
        "the file is a zip or another Office file, not an Excel workbook",
        SAVE_AS,
    ),
    (
        lambda: pack({"a.txt": "x"}),
        "not-excel",
        "the file is a zip or another Office file, not an Excel workbook",
        SAVE_AS,
    ),
    (
        lambda: pack(
            {"_rels/.rels": relations(("officeDocument", "xl/workbook.bin")), "xl/workbook.bin": "x"}
        ),
        "binary",
        "the file is a binary Excel workbook (.xlsb)",
        SAVE_AS,
    ),
    (
        lambda: pack({"xl/a.xml": b"\0" * 3_000_000}),
        "zip-bomb",
        "the part xl/a.xml unpacks more than 200-fold",
        AGAIN,
    ),
    (
        lambda: pack({str(i): "" for i in range(2001)}),
        "zip-parts",
        "the file packs 2001 parts; at most 2000 are read",
        AGAIN,
    ),
    (doubled, "zip-duplicate", "the file packs two parts named xl/a.xml", AGAIN),
    (overlapped, "zip-overlap", "the parts a and b share bytes", AGAIN),
    (encrypted_zip, "encrypted", "the zip is protected by a password", "Save it without the password."),
    (bad_checksum, "damaged", "the file is damaged: its part xl/workbook.xml cannot be read", AGAIN),
    (
        with_part(SHEET, BOMB + sheet("")),
        "doctype",
        "the file contains a document type declaration, which no workbook or document needs",
        AGAIN,
    ),
    (
        with_part(BOOK, OUTSIDE + PARTS[BOOK]),
        "doctype",
        "the file contains a document type declaration, which no workbook or document needs",
        AGAIN,
    ),
    (
        with_part(SHEET, (BOMB + sheet("")).encode("utf-16")),
        "doctype",
        "the file contains a document type declaration, which no workbook or document needs",
        AGAIN,
    ),
    (
        with_part(SHEET, sheet("<row><c>")[:-30]),
        "damaged",
        "the file is damaged: its part xl/worksheets/sheet1.xml cannot be read",
        AGAIN,
    ),
    (
        with_part(SHEET, sheet("<c><v>&bomb;</v></c>")),
        "damaged",
        "the file is damaged: its part xl/worksheets/sheet1.xml cannot be read",
        AGAIN,
    ),
    (
        lambda: pack({name: part for name, part in PARTS.items() if name != SHEET}),
        "damaged",
        "the file is damaged: its part xl/worksheets/sheet1.xml cannot be read",
        AGAIN,
    ),
]


@pytest.mark.parametrize(("make", "code", "what", "do"), REFUSED, ids=[each[1] for each in REFUSED])
def test_a_hostile_file_is_refused_in_one_sentence(tmp_path, make, code, what, do):
    book = read(tmp_path, make())
    assert book.sheets == ()
    [finding] = book.findings
    assert finding.code == f"intake.{code}"
    assert str(finding) == (
        f"returns/hostile.xlsx: {what}. Allowed: an Excel workbook (.xlsx) without a password. {do}"
    )


def test_a_file_above_the_limit_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "LARGEST_FILE", 2_000_000)
    book = read(tmp_path, b"PK" + b"\0" * 3_000_000)
    assert book.sha256 == ""
    assert book.findings[0].what == "the file has 3 MB; at most 2 MB are read"


def test_a_file_that_unpacks_too_far_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "LARGEST_UNPACKED", 4_000_000)
    parts = {f"{i}": bytes(range(256)) * 3900 for i in range(5)}
    book = read(tmp_path, pack(parts))
    assert book.findings[0].what == "the file unpacks to 4 MB; at most 4 MB are read"


def test_a_bomb_costs_neither_time_nor_memory(tmp_path):
    part = zipfile.ZipInfo(SHEET)
    part.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open(part, "w") as out,
    ):
        for _ in range(64):
            out.write(b"\0" * 1_048_576)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    assert read(tmp_path, buffer.getvalue()).findings[0].code == "intake.zip-bomb"
    assert time.perf_counter() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_more_cells_than_any_return_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("caseseries.intake.workbook.MOST_CELLS", 3)
    rows = "".join(f'<c r="A{i}"><v>1</v></c>' for i in range(1, 6))
    book = read(tmp_path, pack({**PARTS, SHEET: sheet(rows)}))
    assert book.findings[0].what == "the workbook has more than 3 filled cells"


def test_a_file_that_vanishes_is_a_finding(tmp_path):
    book = read_workbook(tmp_path / "returns" / "gone.xlsx", tmp_path)
    assert book.findings[0].what == "the file cannot be opened (No such file or directory)"


# --- cells that cost only themselves ----------------------------------------------------------------------


def test_a_lone_cell_in_the_last_corner_costs_nothing(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    start = time.perf_counter()
    assert seen(tmp_path, rows) == [("A1", "number", "1"), ("XFD1048576", "number", "2")]
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("stored", ["1E400", "NaN", "INF", "-INF", "1_000", "0x10", "one", "1,5", "١"])
def test_a_number_that_is_none_breaks_its_cell_only(tmp_path, stored):
    rows = f'<c r="A1"><v>{stored}</v></c><c r="B1"><v>2</v></c>'
    assert seen(tmp_path, rows) == [("A1", "broken", stored), ("B1", "number", "2")]


@pytest.mark.parametrize("index", ["2", "-1", "x", "99999999999", "9" * 5000])
def test_a_text_that_is_not_in_the_table_breaks_its_cell_only(tmp_path, index):
    rows = f'<c r="A1" t="s"><v>{index}</v></c><c r="B1" t="s"><v>1</v></c>'
    assert seen(tmp_path, rows) == [("A1", "broken", index), ("B1", "text", "one")]


@pytest.mark.parametrize("style", ["77", "-1", "x", "9" * 5000])
def test_a_style_that_is_not_there_breaks_its_cell_only(tmp_path, style):
    rows = f'<c r="A1" s="{style}"><v>1</v></c><c r="B1" s="1"><v>43184</v></c>'
    assert seen(tmp_path, rows) == [("A1", "broken", "1"), ("B1", "date", "2018-03-25")]


def test_two_values_for_one_cell_are_both_shown_and_neither_is_used(tmp_path):
    rows = '<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>'
    assert seen(tmp_path, rows) == [("A1", "broken", "1 and 2")]


@pytest.mark.parametrize("address", ["", "A0", "1A", "AAAA1", "A99999999", "$A$1"])
def test_a_cell_with_a_senseless_address_stands_after_the_one_before(tmp_path, address):
    rows = f'<row r="3"><c r="B3"><v>1</v></c><c r="{address}"><v>2</v></c></row>'
    assert seen(tmp_path, rows) == [("B3", "number", "1"), ("C3", "number", "2")]


def test_a_row_of_a_senseless_number_stands_after_the_one_before(tmp_path):
    rows = f'<row r="3"><c><v>1</v></c></row><row r="{"9" * 5000}"><c><v>2</v></c></row>'
    assert seen(tmp_path, rows) == [("A3", "number", "1"), ("A4", "number", "2")]


def test_rows_and_cells_without_addresses_are_counted(tmp_path):
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>"
    assert seen(tmp_path, rows) == [("A1", "number", "1"), ("B1", "number", "2"), ("B2", "number", "3")]


def test_a_formula_is_its_stored_result_or_says_that_there_is_none(tmp_path):
    rows = (
        '<c r="A1"><f>B1*2</f><v>4</v></c><c r="B1"><f>NOW()</f></c><c r="C1" t="str"><f>A1</f><v>x</v></c>'
        '<c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E1" t="str"><f>""</f><v></v></c>'
    )
    assert seen(tmp_path, rows) == [
        ("A1", "number", "4"),
        ("B1", "formula", "=NOW()"),
        ("C1", "text", "x"),
        ("D1", "error", "#DIV/0!"),
    ]


def test_every_kind_of_text_and_truth_is_read(tmp_path):
    rows = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
        '<c r="C1" t="inlineStr"><is><r><t>in</t></r><r><t>line_x000D_</t></r></is></c>'
        '<c r="D1" t="b"><v>1</v></c><c r="E1" t="d"><v>2018-03-25</v></c>'
        '<c r="F1" t="inlineStr"><is><t> \u00a0\u200b</t></is></c>'
    )
    assert seen(tmp_path, rows) == [
        ("A1", "text", "zero"),
        ("B1", "text", "one"),
        ("C1", "text", "inline\r"),
        ("D1", "logical", "TRUE"),
        ("E1", "text", "2018-03-25"),
    ]


def test_prefixed_and_strict_workbooks_are_read_alike(tmp_path):
    rows = '<x:row r="1"><x:c r="A1" s="2"><x:v>43184.5</x:v></x:c></x:row>'
    prefixed = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    book = read(tmp_path, pack({**PARTS, SHEET: prefixed}))
    [cell] = book.sheets[0].cells
    assert (cell.kind, cell.raw, cell.number_format) == ("date", "2018-03-25 12:00:00", "dd/mm/yyyy")


def test_the_1904_calendar_is_brought_to_the_other(tmp_path):
    main = PARTS[BOOK].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    parts = {BOOK: main, SHEET: sheet('<c r="A1" s="1"><v>41722</v></c>')}
    [cell] = read(tmp_path, pack({**PARTS, **parts})).sheets[0].cells
    assert (cell.value, cell.raw) == (43184.0, "2018-03-25")


def test_a_percentage_is_known_by_its_format(tmp_path):
    [cell] = cells(tmp_path, '<c r="A1" s="3"><v>2E-3</v></c>')
    assert (cell.kind, cell.value, cell.raw) == ("percent", 0.002, "0.2 %")


@pytest.mark.parametrize(
    "number_format", ["yyyy", "[$-809]dd mmmm yyyy;@", "d-mmm", 'm"月"d"日"', "[h]:mm", "\\d yy"]
)
def test_formats_that_show_a_date(tmp_path, number_format):
    assert kind_under(tmp_path, number_format) == "date"


@pytest.mark.parametrize(
    "number_format",
    ["General", "0.00", '0 "days"', "#,##0_);[Red](#,##0)", "0.00E+00", "\\d0", "@", "[Yellow]0"],
)
def test_formats_that_show_a_number(tmp_path, number_format):
    assert kind_under(tmp_path, number_format) == "number"


def kind_under(folder: Path, number_format: str) -> str:
    escaped = number_format.replace('"', "&quot;")
    styles = PARTS["xl/styles.xml"].replace("dd/mm/yyyy", escaped)
    parts = {"xl/styles.xml": styles, SHEET: sheet('<c r="A1" s="2"><v>43184</v></c>')}
    return read(folder, pack({**PARTS, **parts})).sheets[0].cells[0].kind


def test_a_hidden_sheet_is_read_and_known_to_be_hidden(tmp_path):
    main = PARTS[BOOK].replace('sheetId="1"', 'sheetId="1" state="veryHidden"')
    book = read(tmp_path, pack({**PARTS, BOOK: main}))
    assert book.sheets[0].hidden
    assert len(book.sheets[0].cells) == 1


def test_targets_may_be_absolute(tmp_path):
    links = relations(("worksheet", "/xl/worksheets/sheet1.xml"))
    assert len(read(tmp_path, pack({**PARTS, "xl/_rels/workbook.xml.rels": links})).sheets[0].cells) == 1


LOCAL, ENTRY, END = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
)  # where a zip's parts, directory and end begin


@pytest.mark.parametrize(
    "changes",
    [
        [(END, 16, (2**16).to_bytes(4, "little"))],  # the first part begins before the file does
        [(ENTRY, 42, (2**31).to_bytes(4, "little"))],  # it begins after its end
        [(ENTRY, 10, (14).to_bytes(2, "little"))],  # it is packed by LZMA, which no spreadsheet program uses
        [(ENTRY, 8, b"\0\x08"), (LOCAL, 30, b"\xff")],  # its name is UTF-8, and in the part itself it is not
    ],
)
def test_a_zip_that_misleads_is_a_damaged_workbook(tmp_path, changes):
    data = pack(PARTS)
    for mark, at, new in changes:
        start = data.index(mark) + at
        data = data[:start] + new + data[start + len(new) :]
    [finding] = read(tmp_path, data).findings
    assert finding.code == "intake.damaged"
    assert finding.what == "the file is damaged: its part _rels/.rels cannot be read"


@pytest.mark.parametrize("error", [ValueError, LookupError, KeyError, UnicodeError])
def test_a_fault_of_our_own_does_not_pass_for_a_damaged_file(error):
    class Faulty(package.Walker):
        def start(self, name, attributes):  # noqa: ARG002
            raise error("ours")

    with pytest.raises(error, match="ours"):
        package.walk(package.open_package(pack(PARTS)), BOOK, Faulty())


@pytest.mark.parametrize("encoding", ["UTFF-8", "Shift_JIS", "utf-7", "UTF8"])
def test_a_part_in_an_encoding_that_office_files_have_not_is_damaged(tmp_path, encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    [finding] = read(tmp_path, pack({**PARTS, BOOK: declared + PARTS[BOOK]})).findings
    assert finding.what == f"the file is damaged: its part {BOOK} cannot be read"


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-16", "ISO-8859-1", "us-ascii"])
def test_a_part_in_an_encoding_that_the_parser_knows_is_read(tmp_path, encoding):
    part = f'<?xml version="1.0" encoding="{encoding}"?>{PARTS[BOOK]}'.encode(encoding)
    assert len(read(tmp_path, pack({**PARTS, BOOK: part})).sheets) == 1
