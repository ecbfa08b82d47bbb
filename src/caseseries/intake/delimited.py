"""Comma-separated files to the same addressed cells as workbooks; what the bytes do not say is found by evidence.

A row with more or fewer fields than the heading has moved its values under other headings: the file is refused.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from caseseries.findings import Finding, Severity, Where
from caseseries.intake.notices import quote
from caseseries.intake.package import HERE, CostlyError, UnreadableError
from caseseries.intake.sheet import (
    MOST_CELLS,
    Cell,
    Sheet,
    Workbook,
    content_of_text,
    read_or_refuse,
)
from caseseries.registry.quoting import DOUBLE, LONGEST_FIELD, find_misquoting

DELIMITERS = (",", ";", "\t", "|")
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
WESTERN = "cp1252"
READ_LINES = 50  # enough to tell the delimiter

ALLOWED = "a delimited text file (CSV) in UTF-8"
SAVE_UTF8 = "Save it as “CSV UTF-8”, or send the workbook"


def read_delimited(path: Path, root: Path, here: float = HERE) -> Workbook:
    """One sheet, named like the file without its ending; `root` is the folder that places are named from.

    A file that cannot be read gives no sheet and the finding that says why. Raises CostlyError for more than `here`
    bytes (`apart`).
    """

    def read(file: str, digest: str, data: bytes) -> Workbook:
        if len(data) > here:
            raise CostlyError
        text, findings = _decode(data, file)
        rows = _rows(text)
        _check_widths(rows)
        return Workbook(file, digest, (Sheet(path.stem, False, tuple(_cells(rows))),), warnings=findings)

    return read_or_refuse(path, root, ALLOWED, read)


def _decode(data: bytes, file: str) -> tuple[str, tuple[Finding, ...]]:
    """The text: by its byte order mark, else UTF-8, else Western European with a question."""
    mark = next((encoding for start, encoding in MARKS if data.startswith(start)), "")
    if not data.strip():
        raise UnreadableError("empty-file", "the file is empty")
    if b"\0" in data and mark != "utf-16":
        raise UnreadableError("nul-bytes", "the file holds bytes that no text has (NUL)", SAVE_UTF8)
    try:
        return data.decode(mark or "utf-8"), ()
    except UnicodeDecodeError as error:
        if mark:
            raise UnreadableError(
                "encoding", f"the file is damaged at byte {error.start}", SAVE_UTF8
            ) from error
        try:
            text = data.decode(WESTERN)
        except UnicodeDecodeError as worse:
            what = f"the letters of the file are in no known code (byte {worse.start})"
            raise UnreadableError("encoding", what, SAVE_UTF8) from worse
        line = text[: error.start].count("\n")
        shown = quote(text.splitlines()[line])
        what = f"the file is not in UTF-8; read as Western European, line {line + 1} is {shown}"
        finding = Finding(
            Where(file),
            "intake.encoding",
            Severity.NOTE,
            what,
            "UTF-8",
            f"If the letters are wrong: {SAVE_UTF8}",
        )
        return text, (finding,)


def _rows(text: str) -> list[list[str]]:
    lines = list(io.StringIO(text, newline=""))  # for str.splitlines a form feed within a field ends the line
    delimiter = max(DELIMITERS, key=lambda each: _evidence(lines[:READ_LINES], each))
    csv.field_size_limit(LONGEST_FIELD)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableError("unbalanced-quote", find_misquoting(lines, delimiter), DOUBLE) from error
    if sum(map(len, rows)) > MOST_CELLS:
        raise UnreadableError("too-many-cells", f"the file has more than {MOST_CELLS:,} cells")
    return rows


def _evidence(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """How much speaks for a delimiter: the share of lines with as many fields as the first, and how many."""
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _check_widths(rows: Sequence[Sequence[str]]) -> None:
    width = len(rows[0]) if rows else 0
    for number, row in enumerate(rows, start=1):
        if row and len(row) != width:
            what = f"line {number} has {len(row)} fields and the heading {width}: its values may have moved"
            raise UnreadableError(
                "ragged", what, "Put texts with a delimiter or a line break in quotation marks"
            )


def _cells(rows: Sequence[Sequence[str]]) -> Iterator[Cell]:
    for row, fields in enumerate(rows, start=1):
        for column, text in enumerate(fields, start=1):
            if content := content_of_text(text):
                yield Cell(row, column, *content)
