"""Laws of the decision log, for any text people type and for a crash at any byte."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.decisions.chain import FIRST, Decision, Log, line_of, read_chain, seal
from caseseries.decisions.log import append_decision, read_decisions, verify_decisions

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map("x{}".format)
FIXED = st.just("Is it so?")
DECISIONS = st.builds(Decision, TEXT, FIXED, TEXT, FIXED, FIXED, st.just("2026-01-31T09:30:00Z"))


def write(decisions: list[Decision]) -> bytes:
    lines, previous = b"", FIRST
    for number, decision in enumerate(decisions, start=1):
        entry = seal(decision, number, previous)
        lines, previous = lines + line_of(entry), entry.hash
    return lines


@given(st.lists(DECISIONS, max_size=5))
def test_whatever_is_typed_reads_back(decisions):
    data = write(decisions)
    entries, findings = read_chain(data.split(b"\n")[:-1])
    assert findings == ()
    assert [entry.decision for entry in entries] == decisions
    assert b"".join(map(line_of, entries)) == data


@given(st.lists(DECISIONS, min_size=1, max_size=4), st.data())
def test_no_byte_can_be_changed_unseen(decisions, data):
    written = write(decisions)
    place = data.draw(st.integers(0, len(written) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte not in (written[place], 10)))
    changed = written[:place] + bytes([other]) + written[place + 1 :]
    entries, findings = read_chain(changed.split(b"\n")[:-1])
    if written[place] == 10:  # two lines became one
        assert findings
        return
    [finding] = findings
    assert finding.where.cell == f"line {written[:place].count(10) + 1}"
    assert len(entries) == written[:place].count(10)


@settings(max_examples=60)
@given(st.lists(DECISIONS, min_size=1, max_size=3), DECISIONS, st.data())
def test_a_crash_at_any_byte_of_the_last_line_keeps_all_the_others(decisions, following, data):
    *kept, last = write(decisions).splitlines(keepends=True) if decisions else []
    cut = data.draw(st.integers(0, len(last) - 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "decisions.jsonl").write_bytes(b"".join(kept) + last[:cut])
        assert [entry.decision for entry in read_decisions(folder).entries] == decisions[:-1]
        append_decision(folder, following)
        assert [entry.decision for entry in read_decisions(folder).entries] == [*decisions[:-1], following]
        assert verify_decisions(folder) == ()
        aside = folder / "decisions.torn"
        assert (aside.read_bytes() if aside.exists() else b"") == (last[:cut] + b"\n" if cut else b"")


@given(st.lists(DECISIONS, min_size=2, max_size=5, unique_by=lambda d: d.question), st.data())
def test_no_line_but_the_last_can_be_taken_out(decisions, data):
    lines = write(decisions).split(b"\n")[:-1]
    gone = data.draw(st.integers(0, len(lines) - 2))
    entries, findings = read_chain(lines[:gone] + lines[gone + 1 :])
    assert findings[0].where.cell == f"line {gone + 1}"
    assert Log(entries).answers.keys() == {decision.question for decision in decisions[:gone]}
