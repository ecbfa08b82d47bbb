"""Our reader of workbooks against openpyxl, on workbooks written by two other programs.

openpyxl reads a workbook in another way (a tree, whole sheets, Python dates); what both understand must agree,
cell by cell: address, value, number format, date.
"""

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.intake.returns import read_returns
from caseseries.intake.sheet import INVISIBLE, Cell, letters_of, number_of
from caseseries.intake.workbook import read_workbook
from return_folder import STUDY, check_conservation, lines_of, return_of

LIBREOFFICE = Path(__file__).parent.parent / "museum" / "return-saved-by-libreoffice.xlsx"
DAY_0 = dt.datetime(1899, 12, 30)


def openpyxl_cells(path: Path) -> dict[str, dict[str, tuple[Any, str]]]:
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        sheet.title: {
            cell.coordinate: (cell.value, cell.number_format)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None and str(cell.value).strip().strip(INVISIBLE)
        }
        for sheet in book.worksheets
    }


def our_value(cell: Cell) -> object:
    """Our cell in openpyxl's terms."""
    if cell.kind != "date":
        return cell.value
    moment = DAY_0 + dt.timedelta(days=float(cell.value))
    return moment.replace(microsecond=0) + dt.timedelta(seconds=round(moment.microsecond / 1e6))


def check_agreement(path: Path) -> int:
    theirs = openpyxl_cells(path)
    ours = {
        sheet.name: {cell.address: cell for cell in sheet.cells}
        for sheet in read_workbook(path, path.parent).sheets
    }
    assert list(ours) == list(theirs)
    for name, cells in ours.items():
        assert list(cells) == sorted(theirs[name], key=lambda address: place(address))
        for address, cell in cells.items():
            value, number_format = theirs[name][address]
            assert same(our_value(cell), value), (name, address, cell, value)
            if cell.kind in ("date", "percent"):
                assert (
                    cell.number_format.lower() == number_format.lower() or cell.number_format == "yyyy-mm-dd"
                )
    return sum(map(len, ours.values()))


def place(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    return int(address[len(letters) :]), number_of(letters)


def same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, dt.datetime) and isinstance(ours, dt.datetime):
        return abs(ours - theirs) <= dt.timedelta(seconds=1)
    if isinstance(theirs, (int, float)) and not isinstance(theirs, bool) and isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=0)
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


# What XML 1.0 can carry and neither library changes on the way.
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
numbers = st.floats(-1e300, 1e300, allow_subnormal=False) | st.integers(-(10**6), 10**6)
days = st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(2199, 12, 31)).map(
    lambda at: at.replace(microsecond=0)
)
values = st.one_of(texts, numbers, days, st.booleans())
grids = st.dictionaries(st.tuples(st.integers(0, 40), st.integers(0, 30)), values, max_size=15)


def write_with_xlsxwriter(path: Path, grid: dict[tuple[int, int], Any]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("Data")
        shown = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        for (row, column), value in grid.items():
            if isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif isinstance(value, dt.datetime):
                sheet.write_datetime(row, column, value, shown)
            elif isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)


def write_with_openpyxl(path: Path, grid: dict[tuple[int, int], Any]) -> None:
    book = openpyxl.Workbook()
    for (row, column), value in grid.items():
        cell = book.active.cell(row + 1, column + 1)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"  # a text like "=1" stays a text
    book.save(path)


@pytest.mark.parametrize("write", [write_with_xlsxwriter, write_with_openpyxl])
def test_generated_workbooks_are_read_alike(write: Callable[..., None]):
    @settings(max_examples=25)
    @given(grids)
    def check(grid: dict[tuple[int, int], Any]) -> None:
        with TemporaryDirectory() as name:
            path = Path(name) / "book.xlsx"
            write(path, grid)
            check_agreement(path)

    check()


def test_a_filled_template_is_read_alike(tmp_path):
    assert check_agreement(return_of(tmp_path, lines_of())) > 200


def test_a_return_saved_by_libreoffice_is_read_alike_and_means_the_same(tmp_path):
    """A template of ours, opened and saved by LibreOffice Calc 7.4.7: other styles, other XML, same return."""
    assert check_agreement(LIBREOFFICE) > 200
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns" / "leeds.xlsx").write_bytes(LIBREOFFICE.read_bytes())
    returns = read_returns(tmp_path, STUDY)
    check_conservation(returns)
    [patient] = returns.patients
    assert (patient.case_id, patient.centre) == ("UK-01", "Leeds")
    assert patient.only("patients").date("birth_date") == dt.date(2016, 3, 4)
    assert patient.only("specimens").number("mrd_percent") == 0.2
    assert patient.only("specimens").text("marker") == "=cmd|'/c calc'!A0"
    assert str(patient.only("transplant").values["hsct_date"].value) == "between 2017-03-01 and 2017-03-31"
    assert patient.only("transplant").flag("therapy_between") is False


@given(st.integers(1, 18_278))
def test_columns_are_lettered_as_openpyxl_letters_them(number):
    assert letters_of(number) == openpyxl.utils.get_column_letter(number)
    assert number_of(letters_of(number)) == number
