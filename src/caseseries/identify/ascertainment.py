"""How the cases were found, and which of the centres asked have answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from caseseries.decisions.chain import Log, Option, Question, question_id, unanswered
from caseseries.findings import Finding, Severity, Where
from caseseries.intake.returns import ReturnedFile
from caseseries.record.patient import Patient, Source
from caseseries.study.definition import Study

BOARD, SURVEY, BOTH, UNKNOWN = "tumour board", "survey", "both", ""
WAITING, NO_CASE, NOT_ASKED = "not yet answered", "no such case", "never asked"


@dataclass(frozen=True)
class Reach:
    """The centres the protocol names, and those of them with a return that holds something."""

    asked: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Silence:
    """The centres from which nothing came, as questions and findings until somebody says why."""

    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()


def list_answers(study: Study, files: Iterable[ReturnedFile], log: Log) -> Reach:
    """Which centres were asked and which have answered; what somebody said of a silent centre counts."""
    filled = {centre for file in files if file.counts.non_empty for centre in file.centres}
    said = {centre: _said(centre, log) for centre in study.centres if centre not in filled}
    asked = tuple(centre for centre in study.centres if said.get(centre) != NOT_ASKED)
    return Reach(asked, tuple(centre for centre in asked if centre in filled or said[centre] == NO_CASE))


def ask_silent_centres(study: Study, files: Iterable[ReturnedFile], log: Log) -> Silence:
    """A question for each centre of the protocol from which nothing came."""
    filled = {centre for file in files for centre in file.centres}
    silent = [centre for centre in study.centres if centre not in filled] if filled else []
    questions = unanswered([_ask(centre) for centre in silent], log)
    findings = [
        _missing(centre, _said(centre, log)) for centre in silent if _said(centre, log) in ("", WAITING)
    ]
    return Silence(questions, tuple(findings))


def _said(centre: str, log: Log) -> str:
    entry = log.answers.get(_ask(centre).id)
    return entry.decision.answer if entry else ""


def _ask(centre: str) -> Question:
    options = (
        Option(WAITING, "it counts as asked and silent; its cases, if it has any, are missing"),
        Option(NO_CASE, "it counts as an answer"),
        Option(NOT_ASKED, "it is no centre of the study; it counts nowhere"),
    )
    text = f"Nothing was returned by {centre}, which the protocol names. Why?"
    return Question(question_id("silent-centre", centre), text, options, Where("study.toml", cell="centres"))


def _missing(centre: str, said: str) -> Finding:
    what = f"nothing was returned by {centre}" + (", which has not answered yet" if said else "")
    do = "Ask the centre for its return" if said else "Ask the centre, then: caseseries decide DIR"
    where = Where("study.toml", cell="centres")
    return Finding(where, "identify.silent-centre", Severity.NOTE, what, "a return of each centre", do)


def group_by_source(patients: Sequence[Patient]) -> Mapping[str, Mapping[str, tuple[Source, ...]]]:
    """Cases by what found them (tumour board, survey, both, or nothing stated), each with its cell."""
    groups: dict[str, dict[str, tuple[Source, ...]]] = {name: {} for name in (BOARD, SURVEY, BOTH, UNKNOWN)}
    for patient in patients:
        row = patient.only("patients")
        word = (row.text("identified_by") if row else None) or UNKNOWN
        groups[word][patient.case_id] = row.sources("identified_by") if row else ()
    return groups
