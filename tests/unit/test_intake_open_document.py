"""OpenDocument sheets, and old Excel: the same cells as .xlsx, or one sentence why not."""

import math
import shutil
import struct
import time
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


def test_a_style_that_is_not_there_is_no_look(tmp_path):
    """A text of an old workbook (record 0x00FD): row 1, column 0, and the number of its style, then made 200."""
    seed = MUSEUM / "own-words-saved-by-libreoffice.xls"
    data = seed.read_bytes()
    style = data.index(b"\xfd\x00\x0a\x00\x01\x00\x00\x00") + 8
    (tmp_path / "a.xls").write_bytes(data[:style] + (200).to_bytes(2, "little") + data[style + 2 :])
    book = read_old_excel(tmp_path / "a.xls", tmp_path, math.inf)
    assert book.findings == ()
    assert book.sheets[0].cells == read_old_excel(seed, MUSEUM, math.inf).sheets[0].cells


def test_a_lone_cell_in_the_last_corner_costs_no_walk_across_the_sheet(tmp_path):
    """The last text of an old workbook, of row 2 and column 11, made the last cell that there may be."""
    seed = MUSEUM / "own-words-saved-by-libreoffice.xls"
    data = seed.read_bytes()
    at = data.rindex(b"\xfd\x00\x0a\x00\x02\x00\x0b\x00") + 4
    (tmp_path / "a.xls").write_bytes(data[:at] + struct.pack("<HH", 65_535, 255) + data[at + 4 :])
    start = time.process_time()
    *cells, last = read_old_excel(tmp_path / "a.xls", tmp_path, math.inf).sheets[0].cells
    assert time.process_time() - start < 2  # a walk across sixteen million cells takes four
    assert (last.address, len(cells)) == ("IV65536", 35)
