"""OpenDocument sheets, and old Excel: the same cells as .xlsx, or one sentence why not."""

import math
import shutil
from pathlib import Path

from caseseries.demo.office import write_ods
from caseseries.intake.old_excel import read_old_excel
from caseseries.intake.open_document import read_open_document

MUSEUM = Path(__file__).parents[1] / "museum"


def test_an_ods_sheet_gives_its_cells_with_their_addresses(tmp_path):
    write_ods(tmp_path / "a.ods", "Kids", [["ID", "", "DOB"], ["A-1", "", "5 March 2018"]])
    book = read_open_document(tmp_path / "a.ods", tmp_path)
    [sheet] = book.sheets
    assert sheet.name == "Kids"
    assert [(cell.address, cell.raw) for cell in sheet.cells] == [
        ("A1", "ID"),
        ("C1", "DOB"),
        ("A2", "A-1"),
        ("C2", "5 March 2018"),
    ]


def test_an_old_workbook_gives_its_cells(tmp_path):
    shutil.copy(MUSEUM / "stepone_results.xls", tmp_path / "a.xls")
    book = read_old_excel(tmp_path / "a.xls", tmp_path, math.inf)
    assert book.findings == ()
    assert any(cell.kind == "number" for sheet in book.sheets for cell in sheet.cells)


def test_a_file_that_is_neither_is_one_sentence(tmp_path):
    for name, read in (("a.ods", read_open_document), ("a.xls", read_old_excel)):
        (tmp_path / name).write_bytes(b"PK\x03\x04 cut off")
        book = read(tmp_path / name, tmp_path, math.inf)
        assert book.sheets == ()
        assert len(book.findings) == 1


def test_a_style_that_is_not_there_breaks_its_cell_only(tmp_path):
    """Numbers of an old workbook (record 0x00BD): row 1, column 5, and the style of the first, then made 60,000."""
    data = (MUSEUM / "own-words-saved-by-libreoffice.xls").read_bytes()
    record = data.index(b"\xbd\x00\x24\x00\x01\x00\x05\x00") + 8
    (tmp_path / "a.xls").write_bytes(data[:record] + (60_000).to_bytes(2, "little") + data[record + 2 :])
    whole = read_old_excel(MUSEUM / "own-words-saved-by-libreoffice.xls", MUSEUM, math.inf)
    [sheet] = read_old_excel(tmp_path / "a.xls", tmp_path, math.inf).sheets
    changed = [
        cell for cell, before in zip(sheet.cells, whole.sheets[0].cells, strict=True) if cell != before
    ]
    assert [(cell.address, cell.kind, cell.raw) for cell in changed] == [("F2", "broken", "120.5")]
