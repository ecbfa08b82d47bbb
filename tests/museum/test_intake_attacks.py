"""Bad files among the returns, each invented to break `check`: each ends in its sentence, fast, and no cell is lost."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from caseseries.decisions.chain import Log
from caseseries.demo.office import write_ods
from caseseries.intake.queries import write_queries
from caseseries.intake.returns import read_returns
from caseseries.pipeline import form_study
from own_workbooks import write_own
from return_folder import STUDY, lines_of, return_of, told
from spoilt_files import OLD_EXCEL

HEADINGS = ["Study no.", "DOB", "Sex", "Date of diagnosis", "MLL", "WCC (10^9/L)", "Blina start", "HSCT date", "Last seen"]  # fmt: skip
RECORD = ["A-1", "15/06/2016", "f", "23/09/2016", "pos", "120.5", "01/01/2017", "20/02/2017", "25/02/2018"]
SLOWEST = 5.0  # seconds of the processor, on a machine that is busy

Make = Callable[[Path], object]


def raw(name: str, data: bytes) -> Make:
    return lambda folder: (folder / "returns" / name).write_bytes(data)


def typed(sheet: str, cell: str, content: object) -> Make:
    """The template, with one content typed into a cell as text."""

    def edit(book):
        book[sheet][cell] = content
        book[sheet][cell].data_type = "s" if isinstance(content, str) else "n"

    return lambda folder: return_of(folder, lines_of(), edit=edit)


def unheard_of(folder: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        name = next(part for part in parts if part.startswith("xl/worksheets/sheet"))
        body = parts[name].partition(b"?>")[2] or parts[name]
        parts[name] = b'<?xml version="1.0" encoding="UTFF-8"?>' + body

    repacked(folder, "leeds.xlsx", change)


def in_a_circle(folder: Path) -> None:
    """Its first short sector is followed by itself."""
    data = bytearray(OLD_EXCEL.read_bytes())
    (sector,) = struct.unpack_from("<i", data, 60)
    struct.pack_into("<i", data, 512 * (sector + 1), 0)
    (folder / "returns" / "leeds.xls").write_bytes(data)


def spent() -> float:
    """Seconds of the processor, those of the processes that files are read in included."""
    return sum(os.times()[:4])


def own(*rows: list[str], sheets: int = 1) -> Make:
    return lambda folder: write_own(folder, {f"S{number}": rows for number in range(sheets)})


def repacked(folder: Path, name: str, change: Callable[[dict[str, bytes]], None]) -> None:
    """The template under another name, its parts changed."""
    path = return_of(folder, lines_of())
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    change(parts)
    path.unlink()
    with zipfile.ZipFile(folder / "returns" / name, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def with_macros(name: str) -> Make:
    def change(parts: dict[str, bytes]) -> None:
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(
            b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled"
        )
        parts["xl/vbaProject.bin"] = b"Sub Auto_Open()"

    return lambda folder: repacked(folder, name, change)


def binary(folder: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"workbook.xml", b"workbook.bin")

    repacked(folder, "leeds.xlsx", change)


def widest(folder: Path) -> None:
    with xlsxwriter.Workbook(str(folder / "returns" / "leeds.xlsx")) as book:
        sheet = book.add_worksheet("Data")
        for column in range(16_384):
            sheet.write(0, column, f"Heading {column}")
            sheet.write(1, column, column)


def repeated_cells(folder: Path) -> None:
    path = folder / "returns" / "leeds.ods"
    write_ods(path, "S", [HEADINGS, RECORD])
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    rows, cells = (
        b'<table:table-row table:number-rows-repeated="1048576"',
        b'<table:table-cell table:number-columns-repeated="999"',
    )
    parts["content.xml"] = (
        parts["content.xml"].replace(b"<table:table-row", rows, 1).replace(b"<table:table-cell", cells, 1)
    )
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def nested_zip() -> bytes:
    inner = b"x"
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.zip", inner)
        inner = buffer.getvalue()
    return inner


OWN = "the sheet has the centre's own headings"
NOBODY = "and nobody has confirmed them; its filled cells (9) are not used."
ATTACKS: dict[str, tuple[Make, str]] = {
    "16,384 columns of .xlsx": (widest, "the workbook has none of the sheets of a return (its sheets: “Data”)."),
    "16,384 columns of .csv": (
        raw("leeds.csv", b",".join(b"h%d" % n for n in range(16_384)) + b"\n" + b"1," * 16_383 + b"1"),
        "the workbook has none of the sheets of a return (its sheets: “leeds”).",
    ),
    "200 sheets": (own(HEADINGS, RECORD, sheets=200), f"› S199: {OWN} (9 of 9 understood), {NOBODY}"),
    "headings of 30,000 letters": (own(["x" * 30_000] * 50, RECORD), "unpacks more than 200-fold."),
    "a number of 400 digits": (typed("Diagnosis", "G2", "9" * 400), "is too high."),
    "1e300 for a date": (typed("Patients", "B2", 1e300), "the number 1e+300 stands where a date belongs."),
    "a word written from right to left": (typed("Patients", "D2", "\u202eIreland"), "“␣Ireland” is not in the list."),
    "a number with spaces of all kinds": (typed("Diagnosis", "G2", "\u00a0120.5\u2009"), ""),
    "a command for the spreadsheet": (typed("MRD", "E2", "=cmd|'/c calc'!A0"), ""),
    "half a letter, escaped": (typed("MRD", "E2", "a_xD800_b"), ""),
    "a cell as long as Excel allows": (typed("MRD", "E2", "x" * 32_767), ""),
    "digits of other scripts": (typed("Patients", "B2", "١٥/٠٦/٢٠١٦"), "١٥/٠٦/٢٠١٦"),
    "a workbook with macros": (with_macros("leeds.xlsm"), "a file of this kind is not read."),
    "macros under another name": (with_macros("leeds.xlsx"), ""),  # never run, never read
    "a binary workbook": (binary, "the file is a binary Excel workbook (.xlsb)."),
    "zips within zips": (raw("leeds.xlsx", nested_zip()), "the file is a zip or another Office file, not an Excel workbook."),
    "a million rows that are one": (repeated_cells, "a sheet has more than 2,500,000 filled cells."),
    "a NUL in text": (raw("leeds.csv", b"Study no.,DOB\nA-1,15/06\0/2016\n"), "the file holds bytes that no text has (NUL)."),
    "half a letter": (raw("leeds.csv", b"Study no.,DOB\nA-1,\xed\xa0\x80\n"), "the file is not in UTF-8; read as Western European,"),
    "a quotation mark that never ends": (raw("leeds.csv", b'Study no.,DOB\n"' + b"A-1,2016\n" * 999), "a quotation mark opened at line 2 is never closed."),
    "quotation marks in every line": (raw("leeds.csv", b'Study no.,DOB\n"A-1,2016\n' * 999), "at line 4 a text goes on after the quotation mark that"),
    "lines of different lengths": (raw("leeds.csv", b"Study no.,DOB\nA-1\nA-2,1,2\n"), "line 2 has 1 fields and the heading 2:"),
    "headings and nothing else": (raw("leeds.csv", b"Study no.,DOB,Sex\n"), "the workbook has none of the sheets of a return"),
    "a web page named .xls": (raw("leeds.xls", b"<html><table><tr><td>x"), "the file is no old Excel workbook, whatever its name says."),
    "an old workbook that never ends": (in_a_circle, "the workbook is damaged."),
    "an encoding that nobody knows": (unheard_of, "the file is damaged: its part xl/worksheets/sheet1.xml cannot be read."),
    "an empty .ods": (raw("leeds.ods", b""), "the file is empty."),
}  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), ATTACKS.values(), ids=list(ATTACKS))
def test_a_bad_file_ends_in_its_sentence(tmp_path, make, sentence):
    (tmp_path / "returns").mkdir()
    make(tmp_path)
    start = spent()
    returns = read_returns(tmp_path, STUDY)
    form_study(tmp_path, STUDY, returns, Log())
    write_queries(tmp_path / "queries", returns.books, returns.findings, STUDY)
    assert spent() - start < SLOWEST
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored
    said = [line for line in told(returns) if sentence and sentence in line]
    assert (len(said) == 1) if sentence else (told(returns) == [] and len(returns.patients) == 1)
