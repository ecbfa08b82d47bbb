"""The lists that centres made with `caseseries pseudonymise`: case ids with keyed hashes in place of identifiers."""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caseseries.findings import Finding, Severity, Where
from caseseries.identify.likeness import TOKENS
from caseseries.intake.layout import FORMULA_MARKS
from caseseries.intake.package import UnreadableError, read_bytes

FOLDER = "identifiers"
CASE_ID = "case_id"
TOKEN = re.compile(r"([0-9a-f]{8})\.[0-9a-f]{32}")

LONGEST_ID = 40
NOT_IN_IDS = frozenset(",;\t\r\n")

Tokens = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Identifiers:
    """`tokens` by case id and kind; `hashes` of the files they were read from."""

    tokens: Tokens = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def read_tokens(folder: Path) -> Identifiers:
    """Every list in `folder`/identifiers. A list with anything but keyed hashes is refused whole, unquoted."""
    lists = folder / FOLDER
    paths = (
        sorted(path for path in lists.iterdir() if not path.name.startswith(".")) if lists.is_dir() else []
    )
    tokens: dict[str, dict[str, str]] = {}
    hashes: dict[str, str] = {}
    findings: list[Finding] = []
    keys: set[str] = set()
    for path in paths:
        file = path.relative_to(folder).as_posix()
        try:
            data = read_bytes(path)
            hashes[file] = hashlib.sha256(data).hexdigest()
            rows = _parse(data)
        except UnreadableError as error:
            findings.append(
                Finding(Where(file), f"identify.{error.code}", Severity.FILE, error.what, "", error.do)
            )
            continue
        for row in rows:
            tokens.setdefault(_plain(row.pop(CASE_ID)), {}).update(row)
        keys |= {token.partition(".")[0] for row in rows for token in row.values()}
    if len(keys) > 1:
        what = f"the lists were made with {len(keys)} keys, so their identifiers cannot be compared"
        do = "Have every centre make its list again with the one key of the study"
        findings.append(Finding(Where(FOLDER), "identify.keys", Severity.NOTE, what, "one key", do))
    return Identifiers(tokens, hashes, tuple(findings))


def can_travel(case_id: str) -> bool:
    """Whether a text may be a case id; one that is long or has a comma or a line break is something else."""
    return len(case_id) <= LONGEST_ID and not set(case_id) & NOT_IN_IDS


def _parse(data: bytes) -> list[dict[str, str]]:
    do = "Make the list again, at the centre, with: caseseries pseudonymise"
    try:
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        rows = list(csv.DictReader(text, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError("not-a-list", "the list cannot be read", do) from error
    columns = set(rows[0]) if rows else set()
    is_known = CASE_ID in columns and columns <= {CASE_ID, *TOKENS}
    values = [value for row in rows for name, value in row.items() if name != CASE_ID and value]
    is_safe = all(isinstance(value, str) and TOKEN.fullmatch(value) for value in values)
    if not is_known or not is_safe or not all(can_travel(row[CASE_ID] or "") for row in rows):
        what = "the list holds something other than case ids and keyed hashes; nothing of it is used"
        raise UnreadableError("plain-identifiers", what, do)
    return [{name: value for name, value in row.items() if value} for row in rows if row[CASE_ID]]


def _plain(case_id: str) -> str:
    """Without the apostrophe that kept a spreadsheet from computing it."""
    return case_id[1:] if case_id.startswith("'") and case_id[1:].startswith(FORMULA_MARKS) else case_id
