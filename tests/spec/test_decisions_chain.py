"""A decision log says exactly what it holds, and the first line that is not what it was."""

import hashlib
import json

import pytest

from caseseries.decisions.chain import (
    FIRST,
    Decision,
    Log,
    Option,
    Question,
    check_decision,
    line_of,
    question_id,
    read_chain,
    seal,
    unanswered,
)
from caseseries.findings import Where

WHEN = "2026-01-31T09:30:00Z"


def decision(**changes: str) -> Decision:
    words = {
        "question": "same-child-1",
        "asked": "Are A-1 and B-7 the same child?",
        "answer": "different",
        "reason": "two hospital numbers",
        "who": "Dr Ó Briain",
        "when": WHEN,
    }
    return Decision(**{**words, **changes})


def chain(*decisions: Decision) -> list[bytes]:
    lines, previous = [], FIRST
    for number, each in enumerate(decisions, start=1):
        entry = seal(each, number, previous)
        lines.append(line_of(entry)[:-1])
        previous = entry.hash
    return lines


def told(lines: list[bytes]) -> list[str]:
    return [str(finding) for finding in read_chain(lines)[1]]


REMEDY = (
    "Allowed: the line as it was written. Put back the file from a backup. No later line can be trusted, and "
    "nothing is run until it is whole."
)
THREE = chain(decision(), decision(question="q2"), decision(question="q3"))


def test_a_line_is_canonical_json_whose_hash_is_that_of_the_rest():
    record = json.loads(THREE[1])
    digest = record.pop("hash")
    rest = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(rest.encode()).hexdigest() == digest
    assert record["previous"] == json.loads(THREE[0])["hash"]
    assert record == {
        "number": 2,
        "when": WHEN,
        "who": "Dr Ó Briain",
        "question": "q2",
        "asked": "Are A-1 and B-7 the same child?",
        "answer": "different",
        "reason": "two hospital numbers",
        "previous": record["previous"],
    }


def test_the_first_line_never_changes_its_form():
    """Pinned: a release that writes another form would call every older log broken."""
    assert json.loads(THREE[0])["hash"] == seal(decision(), 1, FIRST).hash
    assert seal(decision(who="A"), 1, FIRST).hash == PINNED


PINNED = hashlib.sha256(
    b'{"answer":"different","asked":"Are A-1 and B-7 the same child?","number":1,"previous":"'
    + b"0" * 64
    + b'","question":"same-child-1","reason":"two hospital numbers","when":"2026-01-31T09:30:00Z","who":"A"}'
).hexdigest()


def test_a_whole_chain_reads_back():
    entries, findings = read_chain(THREE)
    assert findings == ()
    assert [entry.decision.question for entry in entries] == ["same-child-1", "q2", "q3"]
    assert Log(entries).head == json.loads(THREE[2])["hash"]


def test_a_changed_answer_is_named():
    changed = [THREE[0], THREE[1].replace(b"different", b"same, keep A-1"), THREE[2]]
    assert told(changed) == [f"decisions.jsonl › line 2: the line was changed after it was written. {REMEDY}"]
    assert len(read_chain(changed)[0]) == 1


def test_a_line_changed_together_with_its_hash_is_betrayed_by_the_next():
    forged = chain(decision(), decision(question="q2", answer="same, keep A-1"))[1]
    assert told([THREE[0], forged, THREE[2]]) == [
        "decisions.jsonl › line 3: the line does not follow the one before it: a line was removed, added or "
        f"moved. {REMEDY}"
    ]


@pytest.mark.parametrize(
    "lines",
    [[THREE[0], THREE[2]], [THREE[0], THREE[0], THREE[1]], [THREE[0], THREE[2], THREE[1]]],
    ids=["removed", "copied", "swapped"],
)
def test_a_line_out_of_its_place_is_named(lines):
    [sentence] = told(lines)
    assert sentence.startswith("decisions.jsonl › line 2: the line does not follow the one before it")


def test_a_first_line_cannot_be_removed_either():
    assert told(THREE[1:])[0].startswith("decisions.jsonl › line 1: the line does not follow")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0\0\0\0",
        b"null",
        b"[1]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        THREE[1][:-1],
        THREE[1].replace(b'"number":2', b'"number":"2"'),
        THREE[1].replace(b'"number":2', b'"number":true'),
        THREE[1].replace(b'"who":', b'"whom":'),
        THREE[1].replace(b"different", b"\\ud800"),
    ],
)
def test_what_is_no_decision_is_named(line):
    assert told([THREE[0], line, THREE[2]]) == [
        f"decisions.jsonl › line 2: the line is not a decision. {REMEDY}"
    ]


@pytest.mark.parametrize(
    "line",
    [
        THREE[1].replace(b'","', b'", "', 1),
        THREE[1].replace("Ó".encode(), b"\\u00d3"),
        THREE[1].replace(b'"number":2', b'"number":1,"number":2'),
        THREE[1] + b"\r",
    ],
    ids=["a space", "an escape", "a key twice", "a carriage return"],
)
def test_the_same_content_in_other_bytes_is_a_change(line):
    assert told([THREE[0], line, THREE[2]])[0].startswith(
        "decisions.jsonl › line 2: the line was changed after it was written."
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"answer": " "}, "answer: there is no answer. Allowed: a few words. State it."),
        ({"who": ""}, "who: who answers is not stated. Allowed: a few words. State it."),
        ({"reason": "\t"}, "reason: the reason is not stated. Allowed: a few words. State it."),
        ({"question": ""}, "question: the question is not named. Allowed: a few words. State it."),
        (
            {"who": "\udce9"},
            "who: the text holds a character that cannot be stored. Allowed: plain text. Type it again.",
        ),
        (
            {"when": "2026-01-31 09:30"},
            "when: the time is not stated in UTC. Allowed: 2026-01-31T09:30:00Z. State it so.",
        ),
        (
            {"when": "2026-02-30T09:30:00Z"},
            "when: the time is not stated in UTC. Allowed: 2026-01-31T09:30:00Z. State it so.",
        ),
        (
            {"when": "2026-1-31T9:30:00Z"},
            "when: the time is not stated in UTC. Allowed: 2026-01-31T09:30:00Z. State it so.",
        ),
    ],
)
def test_a_decision_without_its_circumstances_is_refused(change, sentence):
    assert [str(finding) for finding in check_decision(decision(**change))] == [
        f"decisions.jsonl › {sentence}"
    ]


def test_everything_that_is_missing_is_said_at_once():
    assert len(check_decision(decision(answer="", who="", reason=""))) == 3


def test_a_question_keeps_its_name_and_another_has_another():
    assert question_id("same", "A-1", "B-7") == question_id("same", "A-1", "B-7")
    names = {question_id("same", *parts) for parts in (("A-1", "B-7"), ("A-1B", "-7"), ("A-1", "B", "7"))}
    assert len(names) == 3


def test_a_question_is_open_until_it_has_an_answer_that_it_allows():
    def ask(name: str) -> Question:
        return Question(name, "?", (Option("different", "two children"),), Where("x"))

    log = Log(read_chain(chain(decision(question="q1"), decision(question="q2", answer="same, keep Z-9")))[0])
    assert [q.id for q in unanswered([ask("q1"), ask("q2"), ask("q3")], log)] == ["q2", "q3"]


def test_a_later_answer_takes_the_place_of_an_earlier_one():
    log = Log(read_chain(chain(decision(), decision(answer="same, keep A-1")))[0])
    assert log.answers["same-child-1"].decision.answer == "same, keep A-1"
    assert log.answers["same-child-1"].number == 2
