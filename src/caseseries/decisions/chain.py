"""Questions, and decisions in a chain in which a changed, moved or missing line shows.

Each line is canonical JSON and holds the hash of the line before it; its own hash is the SHA-256 of all the
rest of the line. No clock is read here: when something was decided is part of the decision.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from caseseries.findings import Finding, Severity, Where

FILE = "decisions.jsonl"
FIRST = "0" * 64  # what stands for the line before the first one

KEYS = frozenset({"number", "when", "who", "question", "asked", "answer", "reason", "previous", "hash"})


@dataclass(frozen=True)
class Option:
    """One answer: what is recorded, and what it does."""

    answer: str
    meaning: str


@dataclass(frozen=True)
class Question:
    """Something only a person can answer.

    `id` is the same each time the same doubt arises. `text` is recorded with the answer; `evidence` is shown
    when the question is asked and goes nowhere else, because it may quote what a patient's record says; `recorded`
    is kept in place of the text where that says more.
    """

    id: str
    text: str
    options: tuple[Option, ...]
    where: Where
    evidence: tuple[str, ...] = ()
    recorded: str = ""

    def allows(self, answer: str) -> bool:
        return any(option.answer == answer for option in self.options)


@dataclass(frozen=True)
class Decision:
    """An answer a person gave. `when` is ISO 8601 in UTC, to the second, with a final Z."""

    question: str
    asked: str
    answer: str
    reason: str
    who: str
    when: str


@dataclass(frozen=True)
class Entry:
    """A decision in its place in the log."""

    number: int
    decision: Decision
    previous: str
    hash: str


@dataclass(frozen=True)
class Log:
    """The decisions of a study, oldest first. `torn` is how many bytes of an unfinished last line were met."""

    entries: tuple[Entry, ...] = ()
    torn: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def head(self) -> str:
        """The hash of the last line: it stands for the whole log."""
        return self.entries[-1].hash if self.entries else FIRST

    @property
    def answers(self) -> Mapping[str, Entry]:
        """The last answer to each question; a later answer takes the place of an earlier one."""
        return {entry.decision.question: entry for entry in self.entries}


def question_id(kind: str, *parts: str) -> str:
    """A short name that depends on nothing but what is asked about."""
    return f"{kind}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]}"


def unanswered(questions: Sequence[Question], log: Log) -> tuple[Question, ...]:
    """The questions that have no answer, or one that is no longer among their options."""
    answers = log.answers
    return tuple(
        question
        for question in questions
        if question.id not in answers or not question.allows(answers[question.id].decision.answer)
    )


def seal(decision: Decision, number: int, previous: str) -> Entry:
    """The decision as line `number`, after the line whose hash is `previous`."""
    digest = hashlib.sha256(_canonical(_body(decision, number, previous))).hexdigest()
    return Entry(number, decision, previous, digest)


def line_of(entry: Entry) -> bytes:
    """The line of the log, with its line end."""
    body = _body(entry.decision, entry.number, entry.previous)
    return _canonical({**body, "hash": entry.hash}) + b"\n"


def _body(decision: Decision, number: int, previous: str) -> dict[str, object]:
    texts = {each.name: getattr(decision, each.name) for each in fields(decision)}
    return {**texts, "number": number, "previous": previous}


def _canonical(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_chain(lines: Sequence[bytes]) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    """The entries up to the first bad line, and the finding that names it. Lines come without their ends."""
    entries: list[Entry] = []
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        record = _parse(line)
        if record is None:
            return tuple(entries), (_bad(number, "the line is not a decision"),)
        entry = _entry(record)
        if line_of(seal(entry.decision, entry.number, entry.previous)) != line + b"\n":
            return tuple(entries), (_bad(number, "the line was changed after it was written"),)
        if (entry.number, entry.previous) != (number, previous):
            what = "the line does not follow the one before it: a line was removed, added or moved"
            return tuple(entries), (_bad(number, what),)
        entries.append(entry)
        previous = entry.hash
    return tuple(entries), ()


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.keys() != KEYS or type(record["number"]) is not int:
        return None
    texts = (value for key, value in record.items() if key != "number")
    return record if all(isinstance(value, str) and _is_text(value) for value in texts) else None


def _entry(record: Mapping[str, Any]) -> Entry:
    decision = Decision(**{each.name: record[each.name] for each in fields(Decision)})
    return Entry(record["number"], decision, record["previous"], record["hash"])


def _is_text(text: str) -> bool:
    """Whether UTF-8 can hold it: half of a surrogate pair is no character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _bad(number: int, what: str) -> Finding:
    do = "Put back the file from a backup. No later line can be trusted, and nothing is run until it is whole"
    return Finding(
        Where(FILE, cell=f"line {number}"),
        "decisions.broken",
        Severity.STUDY,
        what,
        "the line as it was written",
        do,
    )


WORDS = {
    "question": "the question is not named",
    "answer": "there is no answer",
    "who": "who answers is not stated",
    "reason": "the reason is not stated",
}


def check_decision(decision: Decision) -> list[Finding]:
    """Everything that keeps a decision from being recorded."""
    found = [
        _refusal(name, what, "a few words", "State it")
        for name, what in WORDS.items()
        if not getattr(decision, name).strip()
    ]
    found += [
        _refusal(each.name, "the text holds a character that cannot be stored", "plain text", "Type it again")
        for each in fields(decision)
        if not _is_text(getattr(decision, each.name))
    ]
    if not _is_moment(decision.when):
        found.append(_refusal("when", "the time is not stated in UTC", "2026-01-31T09:30:00Z", "State it so"))
    return found


def _is_moment(when: str) -> bool:
    try:
        return datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").strftime("%Y-%m-%dT%H:%M:%SZ") == when
    except ValueError:
        return False


def _refusal(name: str, what: str, allowed: str, do: str) -> Finding:
    return Finding(Where(FILE, cell=name), "decisions.refused", Severity.STUDY, what, allowed, do)
