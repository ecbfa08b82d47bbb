"""A centre's own list to one that may travel: identifiers become keyed hashes, everything else stays behind.

Run at the centre, before anything is sent. A plain hash of a ten-digit number can be undone by trying them
all; HMAC-SHA256 (RFC 2104) cannot without the key, which the centres share and the study office must not have.
The list is made of what is known to be safe, so a column nobody thought of cannot carry a name out.
"""

import csv
import hashlib
import hmac
import io
import os
import re
import secrets
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.identify.numbers import (
    NumberError,
    parse_hospital_number,
    parse_ihi,
    parse_initials,
    parse_name,
    parse_nhs_number,
)
from caseseries.identify.tokens import CASE_ID, can_travel
from caseseries.intake.apart import Apart
from caseseries.intake.delimited import SAVE_UTF8, read_delimited
from caseseries.intake.layout import FORMULA_MARKS
from caseseries.intake.package import SEND_AGAIN, UnreadableError
from caseseries.intake.sheet import Workbook
from caseseries.intake.spelling import fold
from caseseries.intake.workbook import read_workbook

FIRST, LAST = "first_name", "last_name"

HEADINGS: dict[str, tuple[str, ...]] = {
    CASE_ID: ("case id", "case_id", "study number", "study id", "case"),
    "nhs_number": ("nhs number", "nhs no", "nhs no.", "nhs", "chi number", "chi", "h&c number"),
    "ihi": ("ihi", "ihi number", "individual health identifier"),
    "hospital_number": ("hospital number", "hospital no", "hospital no.", "mrn", "chart number"),
    "name": ("name", "full name", "patient name", "patient"),
    FIRST: ("first name", "forename", "given name", "first names"),
    LAST: ("last name", "surname", "family name"),
    "initials": ("initials",),
}
KIND_OF = {heading: kind for kind, headings in HEADINGS.items() for heading in headings}

PARSERS: dict[str, Callable[[str], str]] = {
    "nhs_number": parse_nhs_number,
    "ihi": parse_ihi,
    "hospital_number": parse_hospital_number,
    "name": parse_name,
    "initials": parse_initials,
}
WORDS = {
    "nhs_number": "the NHS number",
    "ihi": "the IHI",
    "hospital_number": "the hospital number",
    "name": "the name",
    "initials": "the initials",
}

KEY_LINE = re.compile(r"caseseries key 1: ([0-9a-f]{64})\s*")
KEY_BYTES = 32
LISTS = "a CSV file or an Excel workbook (.xlsx)"
AGAIN = "Save it again as one of these"


@dataclass(frozen=True)
class Cell:
    """One filled cell of a list, with the row and the heading a person finds it by."""

    kind: str
    where: Where
    text: str


@dataclass(frozen=True)
class Pseudonyms:
    """The list that may travel. The counts are cells: every filled one is in exactly one of the last four."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    findings: tuple[Finding, ...]
    non_empty: int
    replaced: int
    kept: int  # case ids
    left_behind: int  # headings, and columns that do not travel
    problem: int

    def to_csv(self) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, CASE_ID: _safe(row[CASE_ID])} for row in self.rows)
        return out.getvalue()


def _safe(case_id: str) -> str:
    """A case id that no spreadsheet computes; `tokens` takes the apostrophe off again."""
    return f"'{case_id}" if case_id.startswith(FORMULA_MARKS) else case_id


def write_new_key(path: Path) -> None:
    """A new key in a new file that only its owner can read. Raises StudyError if the file is there already."""
    line = f"caseseries key 1: {secrets.token_bytes(KEY_BYTES).hex()}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        what = f"the key cannot be written ({error.strerror or type(error).__name__})"
        raise _refusal(
            str(path), "key", what, "a new file", "Name another file; keys are never replaced"
        ) from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(line)


def write_new_list(path: Path, made: Pseudonyms) -> None:
    """The list that may travel, in a new file. Raises StudyError if the file is there already."""
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(made.to_csv())
    except OSError as error:
        what = f"the list cannot be written ({error.strerror or type(error).__name__})"
        raise _refusal(str(path), "out", what, "a new file", "Name another file") from error


def read_key(path: Path) -> bytes:
    """The key in a file. Raises StudyError when it is no key file, or when others may read it."""
    try:
        match = KEY_LINE.fullmatch(path.read_text(encoding="ascii"))
        is_open = sys.platform != "win32" and bool(path.stat().st_mode & 0o077)
    except (OSError, UnicodeDecodeError):
        match, is_open = None, False
    if match is None:
        do = "Make one with: caseseries pseudonymise --new-key FILE"
        raise _refusal(str(path), "key", "this is no key file", "one made by caseseries", do)
    if is_open:
        do = f"Run: chmod 600 {path.name}"
        raise _refusal(
            str(path), "key", "other people on this computer can read the key", "only its owner", do
        )
    return bytes.fromhex(match[1])


def token_of(key: bytes, kind: str, plain: str) -> str:
    """The name of the key, a dot, and the keyed hash of one identifier; equal for equal identifiers only."""
    return f"{key_name(key)}.{_digest(key, f'{kind}: {plain}')[:32]}"


def key_name(key: bytes) -> str:
    """Eight characters that tell one key from another and nothing about it."""
    return _digest(key, "name of the key")[:8]


def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).hexdigest()


def pseudonymise(path: Path, key: bytes) -> Pseudonyms:
    """The list in a CSV file or on the first filled sheet of an Excel workbook.

    Raises:
        StudyError: the file cannot be read, or has no case id or no identifier.
    """
    headings, lines, findings = _read_list(path)
    kinds = {cell.kind for cell in headings}
    if CASE_ID not in kinds or not kinds & {*PARSERS, FIRST, LAST}:
        what = (
            "the first row names no case id" if CASE_ID not in kinds else "the first row names no identifier"
        )
        allowed = "; ".join(names[0] for names in HEADINGS.values())
        raise _refusal(path.name, "headings", what, allowed, "Name the columns so")
    used = [cell for cell in headings if cell.kind]
    findings += [_left_behind(cell) for cell in headings if not cell.kind]
    if repeated := [cell for cell in used if [c.kind for c in used].count(cell.kind) > 1]:
        what = "two columns hold the same identifier"
        raise StudyError(
            [_finding(cell.where, "twice", Severity.STUDY, what, "Remove one") for cell in repeated[1:]]
        )
    rows, replaced, kept, problem = _replace(lines, key, findings)
    columns = (CASE_ID, *(kind for kind in PARSERS if any(kind in row for row in rows)))
    filled = len(headings) + sum(len(line) for line in lines)
    behind = len(headings) + sum(not cell.kind for line in lines for cell in line)
    return Pseudonyms(columns, tuple(rows), tuple(sorted(findings)), filled, replaced, kept, behind, problem)


def _replace(
    lines: Sequence[Sequence[Cell]], key: bytes, findings: list[Finding]
) -> tuple[list[dict[str, str]], int, int, int]:
    rows: list[dict[str, str]] = []
    replaced = kept = problem = 0
    seen: set[str] = set()
    for line in lines:
        cells = {cell.kind: cell for cell in line if cell.kind}
        case = cells.pop(CASE_ID, None)
        what = _what_is_wrong(case, cells, seen)
        if case is None or what:
            place = case or next(iter(cells.values()), None)
            if place:
                findings.append(_finding(place.where, "case-id", Severity.CASE, what, "Correct the list"))
            problem += len(cells) + (case is not None)
            continue
        seen.add(case.text)
        tokens, bad = _tokens(cells, key)
        findings += bad
        rows.append({CASE_ID: case.text, **tokens})
        kept += 1
        problem += len(bad)
        replaced += len(cells) - len(bad)
    return rows, replaced, kept, problem


def _what_is_wrong(case: Cell | None, identifiers: Mapping[str, Cell], seen: Collection[str]) -> str:
    """Why a row has no case id that may travel; empty if it has one."""
    if case is None:
        return "the row has no case id"
    if case.text in seen:
        return "the case id stands on an earlier row too"
    if not can_travel(case.text):
        return "this is no case id: it is too long, or has a comma or a line break"
    if fold(case.text) in {fold(cell.text) for cell in identifiers.values()}:
        return "the case id is an identifier of the child"
    return ""


def _tokens(cells: Mapping[str, Cell], key: bytes) -> tuple[dict[str, str], list[Finding]]:
    """A row's identifiers as tokens, and what is wrong with the others; initials come from the name if need be."""
    texts = {kind: cell.text for kind, cell in cells.items() if kind in PARSERS}
    if parts := [cells[part] for part in (FIRST, LAST) if part in cells]:
        texts.setdefault("name", " ".join(part.text for part in parts))
    tokens, bad = {}, []
    for kind, text in texts.items():
        try:
            plain = PARSERS[kind](text)
        except NumberError as error:
            what, do = f"{WORDS[kind]} cannot be right: {error}", "Correct it from the patient's record"
            where = (cells.get(kind) or parts[0]).where
            bad.append(_finding(where, kind.replace("_", "-"), Severity.VALUE, what, do))
            continue
        tokens[kind] = token_of(key, kind, plain)
        if kind == "name" and "initials" not in texts:
            letters = "".join(sorted(word[0] for word in plain.split()))
            tokens["initials"] = token_of(key, "initials", letters)
    return tokens, bad


def _read_list(path: Path) -> tuple[list[Cell], list[list[Cell]], list[Finding]]:
    """The headings, the filled cells of every later row, and what is said of the file. Nothing said quotes it."""
    book = _read_book(path)
    table = _rows(book)
    if not table:
        raise _refusal(path.name, "empty", "the list is empty", "", "Name another file")
    kinds = {column: (KIND_OF.get(fold(text), ""), text) for column, (_, text) in table[0].items()}
    headings = [
        Cell(kinds[column][0], Where(path.name, cell=place), text)
        for column, (place, text) in table[0].items()
    ]
    lines = [
        [
            Cell(kinds.get(column, ("", ""))[0], Where(path.name, cell=place), text)
            for column, (place, text) in row.items()
        ]
        for row in table[1:]
    ]
    return headings, lines, [_western(path)] if book.warnings else []


def _read_book(path: Path) -> Workbook:
    """The file as cells. Raises StudyError: half a list must not pass for a list, nor a name for a case id."""
    reader = read_workbook if path.suffix.lower() == ".xlsx" else read_delimited
    with Apart() as apart:
        try:
            book = apart.read(reader, path, path.parent)
        except UnreadableError as error:
            raise _refusal(path.name, error.code, error.what, LISTS, error.do) from error
    for finding in book.findings:
        do = AGAIN if finding.do == SEND_AGAIN else finding.do
        raise _refusal(path.name, finding.code.removeprefix("intake."), finding.what, LISTS, do)
    return book


def _rows(book: Workbook) -> list[dict[int, tuple[str, str]]]:
    """The filled cells of each row of the first sheet that has any: column -> (address, text)."""
    sheet = next((sheet for sheet in book.sheets if sheet.cells), None)
    rows: dict[int, dict[int, tuple[str, str]]] = {}
    for cell in sheet.cells if sheet else ():
        if cell.raw.strip():
            rows.setdefault(cell.row, {})[cell.column] = cell.address, cell.raw.strip()
    return [rows[number] for number in sorted(rows)]


def _western(path: Path) -> Finding:
    what = "the list is not in UTF-8; its letters were read as Western European"
    return _finding(Where(path.name), "encoding", Severity.NOTE, what, f"If names have others: {SAVE_UTF8}")


def _left_behind(heading: Cell) -> Finding:
    what = f"the column “{heading.text}” is left behind"
    return _finding(heading.where, "left-behind", Severity.NOTE, what, "Nothing, unless it is an identifier")


def _finding(where: Where, code: str, severity: Severity, what: str, do: str) -> Finding:
    return Finding(where, f"pseudonymise.{code}", severity, what, "", do)


def _refusal(file: str, code: str, what: str, allowed: str, do: str) -> StudyError:
    return StudyError([Finding(Where(file), f"pseudonymise.{code}", Severity.STUDY, what, allowed, do)])
