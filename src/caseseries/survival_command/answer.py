"""The answer: estimates and curves of each group, tests between them, a model. `stats` computes them all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries.analysis.results import Result, Results
from caseseries.findings import Finding
from caseseries.present.wording import show
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.stats.events import EventTable, reverse
from caseseries.stats.survival import SurvivalCurve, estimate_quantile, estimate_survival, survival_curve
from caseseries.survival_command.comparisons import Tested, compare_groups, compare_with
from caseseries.survival_command.question import DEFAULT, Question, Regression, days_of

if TYPE_CHECKING:
    from caseseries.stats.competing import IncidenceCurve
    from caseseries.stats.reference import Reference
    from caseseries.stats.regression import CoxModel

FEW_CASES = 50  # below it BPCP keeps its coverage and log-log does not (docs/decisions/0002)


@dataclass(frozen=True)
class Drawn:
    """One curve: of survival, or of the incidence of `cause`."""

    group: str
    cause: str | None
    table: EventTable
    curve: "SurvivalCurve | IncidenceCurve"


@dataclass(frozen=True)
class Answer:
    """Everything that is printed. `findings` are the rows refused, by the counting or by the model."""

    counted: Counted
    results: Results
    curves: tuple[Drawn, ...]
    tests: tuple[Tested, ...]
    findings: tuple[Finding, ...]
    model: "CoxModel | None" = None


def answer(counted: Counted, question: Question, reference: "Reference | None" = None) -> Answer:
    """Every estimate and curve of every group, and the tests between them and against a reference."""
    found = [result for group in counted.tables for result in _estimates(counted, group, question)]
    drawn = tuple(curve for group in counted.tables for curve in _curves(counted, group, question))
    tests = [*compare_groups(counted, question.tests)]
    if reference:
        tests += compare_with(counted, reference)
        found += [_ratio(group, table, reference, question) for group, table in counted.tables.items()]
    return Answer(counted, show(Results(found)), drawn, tuple(tests), counted.findings)


def regress(answer: Answer, source: Path, layout: Layout, regression: Regression, level: float) -> Answer:
    """The answer with a model of the covariates, fitted to the rows that have them all."""
    from caseseries.registry.covariates import read_covariates
    from caseseries.stats.regression import fit_cox

    rows = read_covariates(source, layout, regression.covariates)
    model = fit_cox(
        rows.stop,
        rows.event,
        rows.values,
        rows.names,
        start=rows.start,
        firth=regression.model == "firth",
        interval="profile" if regression.model == "firth" else "wald",
        level=level,
    )
    return replace(answer, model=model, findings=tuple(sorted({*answer.findings, *rows.findings})))


def _estimates(counted: Counted, group: str, question: Question) -> Iterator[Result]:
    table, named = counted.tables[group], f" in {group}" if group else ""
    interval, level, competing = _interval(table, question), question.level, len(counted.causes) > 1
    what = "Survival without any event" if competing else "Survival"
    for horizon in question.at:
        estimate = estimate_survival(table, days_of(horizon), level, interval)
        yield Result(
            name_result("survival", group, horizon), f"{what} at {horizon}{named}", "probability", estimate
        )
    if competing:
        yield from _incidences(counted, group, question)
    estimate = estimate_quantile(table, 0.5, level, interval)
    yield Result(name_result("median", group), f"Median{named}", "days", estimate)
    estimate = estimate_quantile(reverse(table), 0.5, level, interval)
    yield Result(
        name_result("followup", group), f"Median follow-up{named}, reverse Kaplan–Meier", "days", estimate
    )


def _incidences(counted: Counted, group: str, question: Question) -> Iterator[Result]:
    from caseseries.stats.competing import estimate_incidence

    table, named = counted.tables[group], f" in {group}" if group else ""
    for horizon in question.at:
        for number, cause in enumerate(counted.causes, 1):
            estimate = estimate_incidence(table, number, days_of(horizon), question.level)
            result_id = name_result("incidence", group, cause, horizon)
            yield Result(result_id, f"Incidence of {cause} at {horizon}{named}", "probability", estimate)


def _curves(counted: Counted, group: str, question: Question) -> Iterator[Drawn]:
    table = counted.tables[group]
    yield Drawn(group, None, table, survival_curve(table, question.level, _interval(table, question)))
    if len(counted.causes) > 1:
        from caseseries.stats.competing import incidence_curve

        for number, cause in enumerate(counted.causes, 1):
            yield Drawn(group, cause, table, incidence_curve(table, number, question.level))


def _interval(table: EventTable, question: Question) -> str:
    if question.interval != DEFAULT:
        return question.interval
    return "bpcp" if table.n < FEW_CASES and not table.delayed else "log-log"


def name_result(*parts: str) -> str:
    """Words joined by dots; a dot or a space within a part becomes a low line."""
    return ".".join(re.sub(r"[.\s]+", "_", part) for part in parts if part)


def _ratio(group: str, table: EventTable, reference: "Reference", question: Question) -> Result:
    from caseseries.stats.reference import estimate_mortality_ratio

    label = f"Observed over expected events{f' in {group}' if group else ''}"
    estimate = estimate_mortality_ratio(table, reference, question.level)
    return Result(name_result("ratio", group), label, "ratio", estimate, decimals=2)
