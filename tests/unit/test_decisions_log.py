"""The log on disk: nothing acknowledged is lost, nothing unfinished is counted, two writers take turns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from caseseries.decisions import log as log_module
from caseseries.decisions.chain import FIRST, Decision, line_of
from caseseries.decisions.log import append_decision, read_decisions, verify_decisions
from caseseries.findings import StudyError
from kill_decisions import kill_cycles

TESTS = Path(__file__).parents[1]


def decision(question: str = "q1", **changes: str) -> Decision:
    words = {"asked": "?", "answer": "yes", "reason": "why", "who": "who", "when": "2026-01-31T09:30:00Z"}
    return Decision(question, **{**words, **changes})


def told(folder: Path, head: str = "") -> list[str]:
    return [f"{finding.severity} {finding}" for finding in verify_decisions(folder, head)]


def test_nothing_decided_is_no_file_and_no_fault(tmp_path):
    log = read_decisions(tmp_path)
    assert (log.entries, log.head, verify_decisions(tmp_path)) == ((), FIRST, ())
    assert not (tmp_path / "decisions.jsonl").exists()


def test_what_is_appended_is_read_back_in_order(tmp_path):
    first, second = append_decision(tmp_path, decision("q1")), append_decision(tmp_path, decision("q2"))
    assert read_decisions(tmp_path).entries == (first, second)
    assert (tmp_path / "decisions.jsonl").read_bytes() == line_of(first) + line_of(second)
    assert second.previous == first.hash


def test_a_refused_decision_writes_nothing(tmp_path):
    with pytest.raises(StudyError, match="the reason is not stated"):
        append_decision(tmp_path, decision(reason=""))
    assert not (tmp_path / "decisions.jsonl").exists()


def test_an_unfinished_last_line_is_not_counted_and_moves_out_of_the_way(tmp_path):
    path = tmp_path / "decisions.jsonl"
    append_decision(tmp_path, decision("q1"))
    with path.open("ab") as stream:
        stream.write(b'{"answer":"ye')
    assert [entry.decision.question for entry in read_decisions(tmp_path).entries] == ["q1"]
    assert read_decisions(tmp_path).torn == 13
    assert told(tmp_path) == [
        "note decisions.jsonl › line 2: the last line is unfinished (13 bytes): the program was stopped while "
        "writing it. Answer the question again if it is still open; the next answer moves the bytes to "
        "decisions.torn."
    ]
    append_decision(tmp_path, decision("q2"))
    assert [entry.decision.question for entry in read_decisions(tmp_path).entries] == ["q1", "q2"]
    assert (tmp_path / "decisions.torn").read_bytes() == b'{"answer":"ye\n'
    assert told(tmp_path) == []


def test_a_broken_log_is_neither_used_nor_continued(tmp_path):
    path = tmp_path / "decisions.jsonl"
    append_decision(tmp_path, decision("q1"))
    append_decision(tmp_path, decision("q2"))
    path.write_bytes(path.read_bytes().replace(b"yes", b"no", 1))
    before = path.read_bytes()
    for use in (read_decisions, lambda folder: append_decision(folder, decision("q3"))):
        with pytest.raises(StudyError, match="line 1: the line was changed after it was written"):
            use(tmp_path)
    assert path.read_bytes() == before
    [sentence] = told(tmp_path)
    assert sentence.startswith("study decisions.jsonl › line 1: the line was changed")


def test_lines_cut_off_the_end_show_only_against_the_head_of_a_report(tmp_path):
    heads = [append_decision(tmp_path, decision(f"q{n}")).hash for n in range(3)]
    assert all(told(tmp_path, head) == [] for head in heads)
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert told(tmp_path) == []
    assert told(tmp_path, heads[2]) == [
        f"study decisions.jsonl: no line has the hash {heads[2]}: lines that a report was made from are no "
        "longer in the log. Allowed: the head of an older report. Put back the file from a backup."
    ]


def test_a_folder_in_the_place_of_the_log_is_a_sentence(tmp_path):
    (tmp_path / "decisions.jsonl").mkdir()
    assert told(tmp_path) == ["study decisions.jsonl: the file cannot be read (Is a directory). Mend that."]
    with pytest.raises(StudyError, match=r"the decision is not recorded \(Is a directory\)"):
        append_decision(tmp_path, decision())


def test_a_disk_that_is_full_loses_the_answer_aloud_and_nothing_else(tmp_path, monkeypatch):
    append_decision(tmp_path, decision("q1"))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(log_module.os, "fsync", full)
        with pytest.raises(StudyError) as refused:
            append_decision(tmp_path, decision("q2"))
    assert str(refused.value) == (
        "decisions.jsonl: the decision is not recorded (No space left on device). Mend that and answer again."
    )
    assert [entry.decision.question for entry in read_decisions(tmp_path).entries] == ["q1"]


def test_a_second_writer_waits_and_then_says_so(tmp_path, monkeypatch):
    append_decision(tmp_path, decision("q1"))
    monkeypatch.setattr(log_module, "PATIENCE", 0.05)
    with log_module._open_locked(tmp_path / "decisions.jsonl"):
        with pytest.raises(StudyError) as refused:
            append_decision(tmp_path, decision("q2"))
        assert str(refused.value) == (
            "decisions.jsonl: another program is writing decisions; this one is not recorded. Close the other "
            "program."
        )
    append_decision(tmp_path, decision("q2"))
    assert len(read_decisions(tmp_path).entries) == 2


WRITER = """
import sys
from pathlib import Path
from caseseries.decisions.chain import Decision
from caseseries.decisions.log import append_decision
for n in range(25):
    append_decision(Path(sys.argv[1]), Decision(f"{sys.argv[2]}.{n}", "?", "a", "b", "c", "2026-01-31T09:30:00Z"))
"""


def run_python(*arguments: str) -> subprocess.Popen[str]:
    paths = [str(TESTS), str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_two_writers_leave_one_whole_chain(tmp_path):
    writers = [run_python("-c", WRITER, str(tmp_path), name) for name in "ab"]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0), ("", 0)]
    asked = [entry.decision.question for entry in read_decisions(tmp_path).entries]
    assert sorted(asked) == sorted(f"{name}.{n}" for name in "ab" for n in range(25))


def test_kill_9_loses_no_acknowledged_decision(tmp_path):
    """In a process of its own, because a fork of one with threads may hang."""
    said, complaints = run_python(str(TESTS / "kill_decisions.py"), str(tmp_path), "50", "7").communicate()
    assert complaints == ""
    counts = json.loads(said)
    assert (counts["cycles"], counts["lost"], counts["broken"]) == (50, 0, 0)
    assert counts["recorded"] >= counts["acknowledged"] > 0


def test_the_counting_of_lost_decisions_can_fail(tmp_path, monkeypatch):
    """A writer that acknowledges before it has written is found out."""
    import kill_decisions

    monkeypatch.setattr(kill_decisions, "_one_life", lambda *_: {"never written"})
    assert kill_cycles(tmp_path, 3, 1)["lost"] == 1
