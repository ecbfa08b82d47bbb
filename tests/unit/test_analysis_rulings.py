"""Which decisions stand behind a number: those about its returns, and those about its cases."""

import pytest

from caseseries.analysis.results import Result
from caseseries.analysis.rulings import list_rulings, rulings_behind
from caseseries.decisions.chain import FIRST, Decision, Log, seal
from caseseries.findings import Where
from caseseries.record.patient import Source
from caseseries.stats.estimate import Estimate

ASKED = (
    "Are the headings of Eastmere understood rightly? “Born” is Date of birth",
    "Are EM-01 (Eastmere) and WL-10 (Westerlea) the same child?",
    "Which case is the child given blinatumomab in minutes/National board.docx › paragraph 2?",
    "Nothing was returned by Brackenfold, which the protocol names. Why?",
    "Are the headings of Eastmere understood rightly? “Born” is Date of birth",
)
ANSWERS = ("as shown", "no", "case WL-01", "never asked", "not as shown")
CENTRES = {
    "returns/East.xlsx": "Eastmere",
    "returns/West.csv": "Westerlea",
    "minutes/National board.docx": "",
}


@pytest.fixture
def rulings():
    entries, previous = [], FIRST
    for number, (asked, answer) in enumerate(zip(ASKED, ANSWERS, strict=True), start=1):
        decision = Decision(
            f"q-{asked[:30]}", asked, answer, "it is so", "A. Newcomer", "2026-01-02T03:04:05Z"
        )
        entries.append(seal(decision, number, previous))
        previous = entries[-1].hash
    return list_rulings(Log(tuple(entries)), CENTRES, ["EM-01", "WL-01", "WL-1"])


def _result(**cells: str) -> Result:
    sources = {
        case.replace("_", "-"): (Source(Where(file, "S", "B2"), "x"),) * bool(file)
        for case, file in cells.items()
    }
    return Result("a.b", "A", "count", Estimate(1.0, None, None, 0.95, "count", 1), sources)


def test_only_the_last_answer_to_a_question_counts(rulings):
    assert sorted(one.number for one in rulings) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("result", "numbers"),
    [
        (_result(EM_02="returns/East.xlsx"), [2, 5]),
        (_result(WL_02="returns/West.csv"), [2]),
        (_result(WL_01="returns/other.xlsx"), [3]),
        (_result(WL_1="returns/other.xlsx"), []),  # WL-10 and WL-01 are others
        (_result(EM_01=""), [2]),
        (_result(), []),
    ],
)
def test_a_decision_is_behind_a_number_by_its_return_or_by_its_case(result, numbers, rulings):
    assert sorted(one.number for one in rulings_behind(result, rulings)) == numbers


def test_a_decision_is_told_with_who_when_and_why(rulings):
    told = {one.number: one.words for one in rulings}
    assert told[5] == (
        "decision 5: Are the headings of Eastmere understood rightly? not as shown (A. Newcomer, 2026-01-02: it is so)"
    )
