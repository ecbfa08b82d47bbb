"""A centre's own workbook for tests: rows as a person would type them, read with the answers somebody gave."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl

from caseseries.decisions.chain import Decision, Log, Question, seal
from caseseries.intake.returns import Returns, read_returns
from return_folder import STUDY

Rows = Sequence[Sequence[Any]]
Edit = Callable[[openpyxl.Workbook], None]
WHEN = datetime(2026, 1, 31, 9, 30, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_own(
    folder: Path, sheets: Mapping[str, Rows], file: str = "leeds.xlsx", edit: Edit | None = None
) -> Path:
    """Write `sheets` as they stand into `folder`/returns; None leaves a cell empty."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if edit:
        edit(book)
    path = folder / "returns" / file
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def read_answered(folder: Path, answers: Mapping[str, str], **options: Any) -> Returns:
    """Read the returns again and again, answering each open question by the first word that its name begins with."""
    log = Log()
    while True:
        returns = read_returns(folder, options.get("study", STUDY), log)
        check_sums(returns)
        ready = [(each, said) for each in returns.questions if (said := answer_to(each, answers))]
        if not ready:
            return returns
        for question, said in ready:
            assert question.allows(said), (question.id, said, [option.answer for option in question.options])
            decision = Decision(question.id, question.text, said, "asked the centre", "A. Tester", WHEN)
            log = Log((*log.entries, seal(decision, len(log.entries) + 1, log.head)))


def answer_to(question: Question, answers: Mapping[str, str]) -> str:
    kind = question.id.rpartition("-")[0]
    named = (said for part, said in answers.items() if part in question.text)
    return next(named, answers.get(kind, ""))


def check_sums(returns: Returns) -> None:
    """Every filled cell has one fate, in each file and in all; a stored cell is one that a patient points to."""
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored, file
    sources = {
        value.source.where
        for patient in returns.patients
        for rows in patient.rows.values()
        for row in rows
        for value in row.values.values()
    }
    assert len(sources) == returns.counts.stored


def values_of(returns: Returns, case_id: str, form: str) -> list[dict[str, str]]:
    """The lines of one form of a case, each value as text, without the case id."""
    [patient] = [patient for patient in returns.patients if patient.case_id == case_id]
    return [
        {name: str(value.value) for name, value in row.values.items() if name != "case_id"}
        for row in patient.form(form)
    ]
