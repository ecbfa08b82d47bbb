"""The one door to XlsxWriter: workbooks to write, the same bytes every time."""

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from caseseries.study.definition import Study

__all__ = ["Format", "Formats", "NewWorkbook", "Worksheet", "open_new", "xl_col_to_name", "xl_rowcol_to_cell"]

Formats = Mapping[str, Format]


class NewWorkbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter has no call for it: sheets can be neither removed, renamed nor moved (ECMA-376 18.2.29)."""

    def _write_book_views(self) -> None:
        self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()


def open_new(path: Path, study: Study) -> NewWorkbook:
    """A workbook to write, dated with the data cut: the clock would make two runs differ."""
    book = NewWorkbook(str(path), {"in_memory": True})
    book.set_properties({"title": study.title, "created": datetime.combine(study.data_cut, time())})
    return book
