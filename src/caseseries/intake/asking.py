"""What a centre's own sheet leaves open, as questions with the answers there are.

A question's name depends on the centre and on what is asked about, never on the file or the row: a corrected copy of
the sheet asks nothing again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from caseseries.decisions.chain import Log, Option, Question, question_id
from caseseries.findings import Where

LEFT_OUT = "leave out"
ANSWER = "Answer with: caseseries decide DIR"


@dataclass
class Asking:
    """The questions of one file as they come up, and the log in which their answers are looked for."""

    file: str
    centre: str
    log: Log
    questions: dict[str, Question] = field(default_factory=dict)

    def ask(
        self,
        kind: str,
        about: Sequence[str],
        text: str,
        options: Sequence[Option],
        where: Where,
        evidence: Sequence[str] = (),
        recorded: str = "",
    ) -> str:
        """The answer in force; empty, and the question kept as open, when there is none.

        Args:
            about: what the question's name is made of, beside the centre.
            recorded: what the log keeps as the question, when that is more than its text.
        """
        question = Question(self.name_of(kind, about), text, tuple(options), where, tuple(evidence), recorded)
        entry = self.log.answers.get(question.id)
        if entry and question.allows(entry.decision.answer):
            return entry.decision.answer
        self.questions.setdefault(question.id, question)
        return ""

    def name_of(self, kind: str, about: Sequence[str]) -> str:
        return question_id(kind, self.centre, *about)
