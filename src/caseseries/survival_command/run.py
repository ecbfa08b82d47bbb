"""`caseseries survival` from the words of its options to what is printed."""

from dataclasses import dataclass, replace
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.registry.sources import count_source
from caseseries.survival_command.answer import Answer, answer, regress
from caseseries.survival_command.output import draw_figure, to_json, to_text
from caseseries.survival_command.question import ALIASES, Question, Regression, check_question, words


@dataclass(frozen=True)
class Options:
    """The options as written."""

    at: str = ""
    interval: str = "default"
    level: float = 0.95
    test: str = ""
    quantiles: str = "50"
    rmst: str = ""
    given: str = ""
    landmark: str = ""
    hazard: bool = False
    model: str = ""
    covariates: str = ""
    cluster: str = ""
    reference: str = ""
    query: str = ""
    table: str = ""
    keep: bool = False

    @property
    def question(self) -> Question:
        interval = ALIASES.get(self.interval, self.interval)
        times = words(self.at), words(self.rmst)
        tests, quantiles = words(self.test), words(self.quantiles)
        return Question(
            times[0], interval, self.level, tests, quantiles, times[1], self.given, self.landmark, self.hazard
        )


def answer_survival(source: str, layout: Layout, options: Options) -> tuple[Answer, Question]:
    """Count, estimate, compare, model. Raises StudyError with everything that stands in the way."""
    question = options.question
    regression = Regression(words(options.model), words(options.covariates), options.cluster)
    declared = layout.coding
    layout = replace(layout, coding=declared or "status")
    of_source = {"--query": options.query, "--table": options.table, "--keep": options.keep}
    check_question(source, layout, question, regression, of_source)
    if not declared:
        _check_name(layout.event)
    held_against = None
    if options.reference:
        from caseseries.survival_command.against import read_reference

        held_against = read_reference(options.reference, layout)
    counted = count_source(source, layout, options.query, options.table, options.keep)
    if not declared:
        _check_values(source, layout.event, counted)
    found = answer(counted, question, held_against)
    if regression.model:
        found = regress(found, source, layout, regression, question)
    return found, question


def print_survival(source: str, found: Answer, question: Question, figure: str, *, as_json: bool) -> str:
    """The text or the JSON; the figure is written to its file."""
    if figure:
        Path(figure).write_text(draw_figure(found, question, Path(source).name), encoding="utf-8")
    return to_json(found) if as_json else to_text(source, found)


def _check_name(event: str) -> None:
    """A column of CDISC's name runs the other way than the coding that is taken when none is named."""
    if event.strip().casefold() == "cnsr":
        raise StudyError([_undeclared(f"{event} is CDISC's name of a column in which 0 is the event")])


def _check_values(source: str, event: str, counted: Counted) -> None:
    """1 and 2 without a 0 are R's older coding, in which 1 is censored: nothing of it may be read as 0 and 1."""
    twos = any(found.code == "event" and found.what == f"{event} is 2" for found in counted.findings)
    if twos and not sum(int(table.censored.sum()) for table in counted.tables.values()):
        raise StudyError([_undeclared(f"{Path(source).name}: {event} holds 1 and 2 and no 0")])


def _undeclared(what: str) -> Finding:
    allowed = "status (1 event, 0 censored), status12 (2 event, 1 censored), cnsr (0 event, 1, 2, … censored)"
    return Finding(
        Where("--coding"), "option", Severity.STUDY, what, allowed, "Name its coding with --coding"
    )
