"""What is wrong, where, what is allowed and what to do: the only way this package reports a user's mistake.

A finding is data, so that it can be counted, sorted, printed, written back into a centre's workbook and
tested word for word. Nothing here knows what a study or a patient is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# What is drawn as nothing or steers a terminal: Unicode's categories Cc, but tab and the ends of lines, and Cf, but the
# signs of numbers and verses that are drawn, in its first plane.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


class Severity(StrEnum):
    """What a finding sets aside, from the most to the least."""

    STUDY = "study"  # nothing can be run until this is mended
    FILE = "file"
    CASE = "case"
    VALUE = "value"
    NOTE = "note"  # nothing is set aside; a reader should know


class Where(NamedTuple):
    """A place a person can open: file › sheet › cell, or file › TOML path."""

    file: str = ""
    sheet: str = ""
    cell: str = ""

    def __str__(self) -> str:
        return " › ".join(part for part in (self.file, self.sheet, self.cell) if part)


@dataclass(frozen=True, order=True)
class Finding:
    """One problem. `what` is what was found, `allowed` what would have been right, `do` the remedy."""

    where: Where
    code: str
    severity: Severity
    what: str
    allowed: str
    do: str
    case_id: str = ""

    def __str__(self) -> str:
        allowed = f" Allowed: {self.allowed}." if self.allowed else ""
        do = self.do if self.do.endswith("?") else f"{self.do}."
        return f"{self.where}: {self.what}.{allowed} {do}"


class StudyError(Exception):
    """The study cannot be run as it stands; carries every finding, not the first."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def show_unseen(text: str) -> str:
    """Text in which what is not drawn is shown by its number, as [U+202E]: no two names are to look alike.

    Marks of direction, which also turn what stands beside them, spaces of no width, joiners and control characters.
    Everything that is printed or drawn goes through here, whatever file it came from.
    """
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def escape_unseen(record: str) -> str:
    """JSON in which they are escapes: the values stay what they are."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", record)


def noun(count: float | None, word: str) -> str:
    """ "event" for one, else "events"."""
    return word if count == 1 else f"{word}s"


def join(words: Sequence[str]) -> str:
    """ "a, b and c": several things in one sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
