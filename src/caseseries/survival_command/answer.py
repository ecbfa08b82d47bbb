"""The answer: estimates and curves of each group, tests between them, a model. `stats` computes them all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from caseseries.analysis.results import Results
from caseseries.findings import Finding
from caseseries.present.wording import show
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.stats.events import EventTable, start_at
from caseseries.stats.survival import SurvivalCurve, survival_curve
from caseseries.survival_command.comparisons import Tested, compare_groups, compare_with
from caseseries.survival_command.estimates import choose_interval, estimate_groups
from caseseries.survival_command.question import Question, Regression, days_of

if TYPE_CHECKING:
    from caseseries.stats.competing import IncidenceCurve
    from caseseries.stats.reference import Reference
    from caseseries.stats.regression import CoxModel


@dataclass(frozen=True)
class Drawn:
    """One curve: of survival, or of the incidence of `cause`."""

    group: str
    cause: str | None
    table: EventTable
    curve: "SurvivalCurve | IncidenceCurve"


@dataclass(frozen=True)
class Answer:
    """Everything that is printed. `findings` are the rows refused, by the counting or by the model.

    A model is of the hazard of its cause, or of any event.
    """

    counted: Counted
    results: Results
    curves: tuple[Drawn, ...]
    tests: tuple[Tested, ...]
    findings: tuple[Finding, ...]
    models: "tuple[tuple[str | None, CoxModel], ...]" = ()


def answer(counted: Counted, question: Question, reference: "Reference | None" = None) -> Answer:
    """Every estimate and curve of every group, and the tests between them and against a reference."""
    if question.landmark:
        counted = _from_landmark(counted, question.landmark)
    found = estimate_groups(counted, question, reference)
    drawn = tuple(curve for group in counted.tables for curve in _curves(counted, group, question))
    tests = [*compare_groups(counted, question.tests, {at: days_of(at) for at in question.at})]
    if reference:
        tests += compare_with(counted, reference)
    return Answer(counted, show(Results(found)), drawn, tuple(tests), counted.findings)


def regress(
    answer: Answer, source: str, layout: Layout, regression: Regression, question: Question
) -> Answer:
    """The answer with a model of the covariates, fitted to the rows that have them all.

    Where causes compete, of the time to any event, and of the hazard of each cause.
    """
    from caseseries.registry.covariates import read_covariates
    from caseseries.stats.regression import fit_cox

    rows = read_covariates(Path(source), layout, regression.covariates, regression.cluster)
    day = days_of(question.landmark) if question.landmark else 0
    late = rows.stop > day if question.landmark else rows.stop >= 0
    start = None if rows.start is None else np.maximum(rows.start - day, 0)

    def fit(cause: int | None) -> "CoxModel":
        return fit_cox(
            rows.stop[late] - day,
            (rows.event > 0 if cause is None else rows.event == cause)[late],
            rows.values[late],
            rows.names,
            start=None if start is None else start[late],
            strata=None if rows.strata is None else rows.strata[late],
            ties=regression.ties,
            firth=regression.firth,
            robust=regression.robust,
            cluster=None if rows.cluster is None else rows.cluster[late],
            interval=regression.interval,
            level=question.level,
        )

    each = enumerate(rows.causes, 1) if len(rows.causes) > 1 else ()
    models = ((None, fit(None)), *((cause, fit(number)) for number, cause in each))
    findings = tuple(sorted({*answer.findings, *rows.findings}))
    counted = replace(answer.counted, notes=(*answer.counted.notes, *rows.notes))
    return replace(answer, counted=counted, models=models, findings=findings)


def _from_landmark(counted: Counted, landmark: str) -> Counted:
    """The tables of those still under observation and free of events after the landmark, days counted from it."""
    day = days_of(landmark)
    tables = {group: start_at(table, day) for group, table in counted.tables.items()}
    strata = {
        stratum: {group: start_at(table, day) for group, table in groups.items()}
        for stratum, groups in counted.strata.items()
    }
    left = sum(table.n for table in tables.values())
    note = (
        f"landmark {landmark}: day 0 is day {day}, and {left} of {counted.used} rows were under observation and "
        "free of events after it or entered later"
    )
    return replace(counted, tables=tables, strata=strata, notes=(*counted.notes, note))


def _curves(counted: Counted, group: str, question: Question) -> Iterator[Drawn]:
    table = counted.tables[group]
    yield Drawn(group, None, table, survival_curve(table, question.level, choose_interval(table, question)))
    if len(counted.causes) > 1:
        from caseseries.stats.competing import incidence_curve

        for number, cause in enumerate(counted.causes, 1):
            yield Drawn(group, cause, table, incidence_curve(table, number, question.level))
