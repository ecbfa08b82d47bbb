"""Answers to questions: one by one, or all of a file, each recorded as a decision of its own.

A file of answers is for a study that is read again from the beginning, and for showing what was decided and why. It
answers questions; it is no way around them: an answer that its question does not offer is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caseseries.decisions.chain import Decision, Question
from caseseries.decisions.log import append_decision
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.pipeline import check_study
from caseseries.study.toml import read_toml

Say = Callable[[str], None]
KEYS = ("question", "answer", "why")


@dataclass(frozen=True)
class Answer:
    """What somebody says to a question, and why."""

    answer: str
    why: str


def record(folder: Path, question: Question, answer: Answer, who: str, when: str, say: Say) -> None:
    """Append a decision. `when` is UTC, as the log keeps it."""
    decision = Decision(question.id, question.recorded or question.text, answer.answer, answer.why, who, when)
    entry = append_decision(folder, decision)
    say(f"Recorded as decision {entry.number}: {answer.answer}")


def record_one(
    folder: Path, questions: Sequence[Question], name: str, answer: Answer, who: str, when: str, say: Say
) -> bool:
    """Answer one of the open questions; False, and said why, when it is not open or has no such answer."""
    asked = next((each for each in questions if each.id == name), None)
    if asked is None:
        names = ", ".join(each.id for each in questions) or "none"
        say(f"caseseries: no open question is called {name}. The open ones: {names}")
    elif not asked.allows(answer.answer):
        say(f"caseseries: {refusal(asked, answer.answer)}")
    else:
        record(folder, asked, answer, who, when, say)
        return True
    return False


def load_answers(path: Path) -> Mapping[str, Answer]:
    """The answers of a file by the names of their questions.

    Raises:
        StudyError: the file is no TOML, or an answer lacks something.
    """
    try:
        table = read_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refused(path, f"the answers cannot be read ({error})", "") from error
    answers = {}
    listed = table.get("answers", [])
    for number, each in enumerate(listed if isinstance(listed, list) else [], start=1):
        if not isinstance(each, dict) or not all(isinstance(each.get(key), str) for key in KEYS):
            raise _refused(
                path, f"answer {number} lacks a question, an answer or a reason", f"answers[{number}]"
            )
        answers[each["question"]] = Answer(each["answer"], each["why"])
    if not answers:
        raise _refused(path, "there are no answers in the file", "answers")
    return answers


def record_answers(
    folder: Path, answers: Mapping[str, Answer], who: str, when: Callable[[], str], say: Say
) -> tuple[Question, ...]:
    """Record every answer whose question is open, round by round, because an answer can open further questions.

    Returns the questions that are still open.
    """
    used: set[str] = set()
    while True:
        questions = check_study(folder).questions
        ready = [each for each in questions if each.id in answers and each.allows(answers[each.id].answer)]
        for each in ready:
            used.add(each.id)
            record(folder, each, answers[each.id], who, when(), say)
        if not ready:
            break
    for each in questions:
        if each.id in answers:
            used.add(each.id)
            say(f"caseseries: {refusal(each, answers[each.id].answer)}")
    if idle := sorted(answers.keys() - used):
        say(f"Not asked, or answered before: {', '.join(idle)}")
    return questions


def refusal(question: Question, answer: str) -> str:
    """Why an answer is none."""
    allowed = "; ".join(f"“{option.answer}”" for option in question.options)
    return f"“{answer}” is not one of the answers to {question.id}: {allowed}"


def _refused(path: Path, what: str, key: str) -> StudyError:
    where, do = Where(str(path), cell=key), "Correct the file (docs/decision-log.md shows one)"
    allowed = "[[answers]] with question, answer and why"
    return StudyError([Finding(where, "decisions.answers", Severity.STUDY, what, allowed, do)])
