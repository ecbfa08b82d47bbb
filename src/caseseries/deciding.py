"""Answers to questions: one by one, or all of a file, each recorded as a decision of its own.

A file of answers is for a study that is read again from the beginning, and for showing what was decided and why. It
answers questions; it is no way around them: an answer that its question does not offer is refused.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from caseseries.decisions.chain import Decision, Option, Question
from caseseries.decisions.log import append_decision, read_decisions
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.returns import read_returns
from caseseries.pipeline import Checked, check_study, form_study
from caseseries.study.load import load_study
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


def check_again(folder: Path, name: str = "") -> Checked:
    """The study as it stands, and as if the question of that name had no answer yet."""
    study, log = load_study(folder), read_decisions(folder)
    kept = tuple(entry for entry in log.entries if entry.decision.question != name)
    before = replace(log, entries=kept)
    return form_study(folder, study, read_returns(folder, study, before), before)


def record_one(folder: Path, name: str, answer: Answer, who: str, when: str, say: Say) -> bool:
    """Answer one question, or answer it anew; False, and said why, when it is not asked or has no such answer."""
    questions = check_again(folder, name).questions
    asked = next((each for each in questions if each.id == name), None)
    earlier = read_decisions(folder).answers.get(name)
    if asked is None:
        names = ", ".join(each.id for each in questions) or "none"
        say(f"caseseries: no open question is called {name}. The open ones: {names}")
    elif not asked.allows(answer.answer):
        say(f"caseseries: {refusal(asked, answer.answer)}")
    elif earlier and earlier.decision.answer == answer.answer:
        say(f"caseseries: {name} has this answer already, by decision {earlier.number}")
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


# --- a person at the terminal -----------------------------------------------------------------------------------


class Prompt(Protocol):
    """Asks for a line; an empty one only where there is a default."""

    def __call__(self, text: str, default: str | None = None) -> str: ...


def ask_person(
    folder: Path, name: str, who: str, when: Callable[[], str], prompt: Prompt, say: Say
) -> tuple[Question, ...]:
    """Put the open questions one by one, or the one that is named; then those that the answers open.

    How the returns are read comes first: whether two children are one, and which of them minutes speak of, cannot be
    asked well before all of them are there. Returns the questions that are still open.
    """
    checked = check_again(folder, name)
    put = {each.id for each in checked.questions if name and each.id != name}
    while True:
        new = [each for each in checked.returns.questions if each.id not in put]
        new = new or [each for each in checked.questions if each.id not in put]
        if not new:
            return checked.questions
        put |= {each.id for each in new}
        for number, each in enumerate(new, start=1):
            say(question_text(each, f"{number} of {len(new)}"))
            if chosen := choose(each, prompt, say):
                who = who or prompt("Who answers")
                record(folder, each, Answer(chosen, prompt("Why")), who, when(), say)
        checked = check_again(folder)


def question_text(question: Question, place: str) -> str:
    """The question, what is known, and the answers by number; those that explain themselves in a few lines."""
    lines = [f"Question {place} ({question.id})", question.text]
    lines += [f"  {line}" for line in question.evidence]
    numbered = list(enumerate(question.options, start=1))
    lines += [f"  {n}. {each.answer}: {each.meaning}" for n, each in numbered if each.meaning]
    return "\n".join([*lines, *_listed([(n, each) for n, each in numbered if not each.meaning])])


def _listed(numbered: Sequence[tuple[int, Option]]) -> Iterator[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for number, option in numbered:
        group, _, words = option.answer.rpartition(": ")
        groups[group].append(f"{number}. {words}")
    yield from (f"  {group}: {'   '.join(words)}" for group, words in groups.items())


def choose(question: Question, prompt: Prompt, say: Say) -> str:
    """The answer a person picks by its number or its words; empty to leave the question open."""
    while True:
        said = prompt("Answer (Enter to leave it open)", default="")
        words, numbered = said.casefold(), list(enumerate(question.options, start=1))
        exact = [each.answer for n, each in numbered if words in (str(n), each.answer.casefold())]
        if not said or exact:
            return exact[0] if said else ""
        near = [f"{n}. {each.answer}" for n, each in numbered if words in each.answer.casefold()]
        more = f"; it is part of {', '.join(near)}" if near else ""
        say(f"caseseries: “{said}” is not one of the answers{more}")


def refusal(question: Question, answer: str) -> str:
    """Why an answer is none."""
    allowed = "; ".join(f"“{option.answer}”" for option in question.options)
    return f"“{answer}” is not one of the answers to {question.id}: {allowed}"


def _refused(path: Path, what: str, key: str) -> StudyError:
    where, do = Where(str(path), cell=key), "Correct the file (docs/decision-log.md shows one)"
    allowed = "[[answers]] with question, answer and why"
    return StudyError([Finding(where, "decisions.answers", Severity.STUDY, what, allowed, do)])
