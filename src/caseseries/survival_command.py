"""`caseseries survival`: a file of times and events to estimates, curves and tests; no study needed.

Nothing here computes: `registry` counts, `stats` estimates, `present` words and draws.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from caseseries.analysis.displays import Curve
from caseseries.analysis.results import Result, Results, to_record
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.present.wording import brief, limits_of, show
from caseseries.registry.coding import CODINGS, DAYS_PER_UNIT, Layout
from caseseries.registry.counted import Counted
from caseseries.stats.comparison import WEIGHTS, combine_weights, compare_curves
from caseseries.stats.competing import IncidenceCurve, estimate_incidence, incidence_curve
from caseseries.stats.estimate import Comparison
from caseseries.stats.events import EventTable, reverse
from caseseries.stats.intervals import INTERVALS
from caseseries.stats.permutation import permute_groups
from caseseries.stats.regression import CoxModel, fit_cox
from caseseries.stats.survival import SurvivalCurve, estimate_quantile, estimate_survival, survival_curve

MODELS = ("cox", "firth")
DRAWS, SEED = 100_000, 0  # of a permutation test too large to be counted
FEW_CASES = 50  # below it BPCP keeps its coverage and log-log does not (docs/decisions/0002)
DEFAULT = "default"


@dataclass(frozen=True)
class Question:
    """What is asked of the event tables: horizons ("12m", "3y", "100d"), the interval, its level and tests."""

    at: tuple[str, ...] = ()
    interval: str = DEFAULT
    level: float = 0.95
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Regression:
    """A model by name, and its covariates by column; an empty name is none."""

    model: str = ""
    covariates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """One curve: of survival, or of the incidence of `cause`."""

    group: str
    cause: str | None
    table: EventTable
    curve: SurvivalCurve | IncidenceCurve


@dataclass(frozen=True)
class Answer:
    """Everything that is printed. `findings` are the rows refused, by the counting or by the model."""

    counted: Counted
    results: Results
    curves: tuple[Drawn, ...]
    tests: tuple[tuple[str, Comparison], ...]
    findings: tuple[Finding, ...]
    model: CoxModel | None = None


def words(option: str) -> tuple[str, ...]:
    """The words of an option that takes several, separated by commas."""
    return tuple(word.strip() for word in option.split(",") if word.strip())


def check_question(source: str, layout: Layout, question: Question, regression: Regression) -> None:
    """Raises StudyError with every option that is missing or whose value is not one of those allowed."""
    prism = source.endswith((".pzfx", ".prism"))
    findings = [
        *(() if prism else _missing({"--time": layout.time, "--event": layout.event})),
        *_unknown("--unit", layout.unit, tuple(DAYS_PER_UNIT)),
        *_unknown("--coding", layout.coding, tuple(CODINGS)),
        *_unknown("--interval", question.interval, (DEFAULT, *INTERVALS)),
        *(finding for test in question.tests for finding in _unknown("--test", test, tuple(TESTS))),
        *(_unknown("--model", regression.model, MODELS) if regression.model else ()),
        *(_missing({"--covariates": ",".join(regression.covariates)}) if regression.model else ()),
    ]
    if question.tests and not (layout.group or prism):
        findings.append(_option("--test", "there is nothing to compare without --group", ""))
    for horizon in question.at:
        if not re.fullmatch(r"[1-9][0-9]*[dmy]", horizon):
            what, allowed = f'"{horizon}" is not a time', "a number with d, m or y, as in 100d, 12m or 3y"
            findings.append(_option("--at", what, allowed))
    if not 0 < question.level < 1:
        findings.append(_option("--level", f"{question.level:g} is not a level", "a number between 0 and 1"))
    if findings:
        raise StudyError(findings)


def answer(counted: Counted, question: Question) -> Answer:
    """Every estimate and curve of every group, and the tests between them."""
    results = Results(result for group in counted.tables for result in _estimates(counted, group, question))
    drawn = tuple(curve for group in counted.tables for curve in _curves(counted, group, question))
    groups = [table for table in counted.tables.values() if table.n]
    tests = tuple((name, _compare(name, groups)) for name in question.tests)
    return Answer(counted, show(results), drawn, tests, counted.findings)


def regress(answer: Answer, source: Path, layout: Layout, regression: Regression, level: float) -> Answer:
    """The answer with a model of the covariates, fitted to the rows that have them all."""
    from caseseries.registry.covariates import read_covariates

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


def to_json(answer: Answer) -> str:
    """The answer as one JSON object; what cannot be computed is null."""
    counted = answer.counted
    record = {
        "results": [to_record(result) for result in answer.results.values()],
        "curves": [curve_record(drawn) for drawn in answer.curves],
        "tests": [test_record(name, test) for name, test in answer.tests],
        **({"models": [model_record(answer.model)]} if answer.model else {}),
        "read": {"rows": counted.rows, "used": counted.used, "refused": counted.refused},
    }
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)


def curve_record(drawn: Drawn) -> dict[str, object]:
    """A curve at day 0 and at every day on which something happens."""
    curve, table = drawn.curve, drawn.table
    entered = np.diff(np.append(0, _entered_by(table, curve.days)))
    return {
        "group": drawn.group,
        "cause": drawn.cause,
        "time": curve.days.tolist(),
        "n_risk": curve.at_risk.tolist(),
        "n_event": curve.events.tolist(),
        "n_censor": curve.censored.tolist(),
        "n_enter": entered.tolist(),
        "estimate": curve.estimate.tolist(),
        "lower": _or_null(curve.lower),
        "upper": _or_null(curve.upper),
    }


def test_record(name: str, test: Comparison) -> dict[str, object]:
    """A test under the name it was asked by; its own name is the method."""
    return {
        "name": name,
        "statistic": test.statistic,
        "df": test.df,
        "p": test.p,
        "method": test.name,
        "n": test.n,
        "observed": list(test.observed),
        "expected": list(test.expected),
        "caveats": [*_because(test.because), *test.caveats],
    }


def model_record(model: CoxModel) -> dict[str, object]:
    """A regression: a row for each coefficient, and the tests of the whole."""
    return {
        "method": model.method,
        "n": model.n,
        "events": model.events,
        "coefficients": [
            {
                "name": name,
                "coefficient": coefficient,
                "hazard_ratio": ratio.value,
                "lower": ratio.lower,
                "upper": ratio.upper,
                "level": ratio.level,
            }
            for name, coefficient, ratio in zip(model.names, model.coefficients, model.ratios, strict=False)
        ],
        "tests": [test_record(test.name, test) for test in model.tests],
        "caveats": [*_because(model.because), *model.caveats],
    }


def _because(reason: str) -> tuple[str, ...]:
    return (f"not estimable: {reason}",) if reason else ()


def to_text(name: str, answer: Answer) -> str:
    """What was read, then a line for each estimate, in columns."""
    results = list(answer.results.values())
    rows = [("", "n", "events", "at risk", "estimate", ""), *(_line(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    methods = dict.fromkeys(result.estimate.method for result in results)
    return "\n".join(
        [
            account(name, answer.counted),
            *(f"Note: {note}." for note in answer.counted.notes),
            "",
            *(line.rstrip() for line in lines),
            "",
            *(_test_line(test) for _, test in answer.tests),
            *(_model_lines(answer.model) if answer.model else ()),
            *([""] if answer.tests or answer.model else []),
            *(f"Method: {method}." for method in methods),
            *dict.fromkeys(_remarks(results)),
        ]
    )


def account(name: str, counted: Counted) -> str:
    """Every row read, and what became of it."""
    return f"{name}: {counted.rows} rows read = {counted.used} used + {counted.refused} refused"


def figure(answer: Answer, question: Question, name: str) -> str:
    """The report's figure, as SVG: one panel a group, or the competing causes together."""
    from caseseries.present.figures import incidence_figure, survival_figure

    competing = len(answer.counted.causes) > 1
    chosen = [drawn for drawn in answer.curves if (drawn.cause is not None) == competing]
    curves = [_to_display(drawn, name) for drawn in chosen]
    draw = incidence_figure if competing else survival_figure
    return draw(curves, 0, question.level).svg


def days_of(horizon: str) -> int:
    """The last whole day of a horizon, as in a study: "36m" is day 1095 (1095.75, rounded down)."""
    days = {"d": 1.0, "m": DAYS_PER_UNIT["months"], "y": DAYS_PER_UNIT["years"]}
    return int(int(horizon[:-1]) * days[horizon[-1]])


def _estimates(counted: Counted, group: str, question: Question) -> Iterator[Result]:
    table, named = counted.tables[group], f" in {group}" if group else ""
    interval, level, competing = _interval(table, question), question.level, len(counted.causes) > 1
    what = "Survival without any event" if competing else "Survival"
    for horizon in question.at:
        estimate = estimate_survival(table, days_of(horizon), level, interval)
        yield Result(_id("survival", group, horizon), f"{what} at {horizon}{named}", "probability", estimate)
    for horizon in question.at if competing else ():
        for number, cause in enumerate(counted.causes, 1):
            estimate = estimate_incidence(table, number, days_of(horizon), level)
            result_id, label = (
                _id("incidence", group, cause, horizon),
                f"Incidence of {cause} at {horizon}{named}",
            )
            yield Result(result_id, label, "probability", estimate)
    estimate = estimate_quantile(table, 0.5, level, interval)
    yield Result(_id("median", group), f"Median{named}", "days", estimate)
    estimate = estimate_quantile(reverse(table), 0.5, level, interval)
    yield Result(_id("followup", group), f"Median follow-up{named}, reverse Kaplan–Meier", "days", estimate)


def _curves(counted: Counted, group: str, question: Question) -> Iterator[Drawn]:
    table = counted.tables[group]
    yield Drawn(group, None, table, survival_curve(table, question.level, _interval(table, question)))
    if len(counted.causes) > 1:
        for number, cause in enumerate(counted.causes, 1):
            yield Drawn(group, cause, table, incidence_curve(table, number, question.level))


def _compare(name: str, groups: list[EventTable]) -> Comparison:
    n = sum(group.n for group in groups)
    if len(groups) < 2:
        return Comparison(name, None, None, None, n, because="there are fewer than two groups with rows")
    if name in PAIRWISE and len(groups) > 2:
        return Comparison(name, None, None, None, n, because=f"it compares two groups, not {len(groups)}")
    return TESTS[name](groups)


def _weighted(weight: str, groups: list[EventTable]) -> Comparison:
    return compare_curves(groups, weight=weight, rho=1 if weight == "fleming-harrington" else 0)


def _permuted(weight: str, groups: list[EventTable]) -> Comparison:
    """Counted if the possible sums are few enough to list, else drawn."""
    try:
        return permute_groups(groups[0], groups[1], weight)
    except ValueError:
        return permute_groups(groups[0], groups[1], weight, DRAWS, np.random.default_rng(SEED))


def _interval(table: EventTable, question: Question) -> str:
    if question.interval != DEFAULT:
        return question.interval
    return "bpcp" if table.n < FEW_CASES and not table.delayed else "log-log"


def _entered_by(table: EventTable, days: Any) -> Any:
    """How many had entered by each of the days."""
    so_far = np.append(0, np.cumsum(table.entered))
    return so_far[np.searchsorted(table.days, days, side="right")]


def _to_display(drawn: Drawn, name: str) -> Curve:
    curve = drawn.curve
    return Curve(
        _id("curve", drawn.group, drawn.cause or ""),
        drawn.cause or drawn.group or name,
        "day 0",
        "survival" if drawn.cause is None else "incidence",
        curve.method,
        tuple(curve.days.tolist()),
        tuple(curve.estimate.tolist()),
        tuple(_or_null(curve.lower)),
        tuple(_or_null(curve.upper)),
        tuple(curve.at_risk.tolist()),
        tuple(curve.events.tolist()),
        tuple(curve.censored.tolist()),
    )


def _or_null(limits: Any) -> list[float | None]:
    return [None if limit != limit else limit for limit in limits.tolist()]


def _id(*parts: str) -> str:
    """Words joined by dots; a dot or a space within a part becomes a low line."""
    return ".".join(re.sub(r"[.\s]+", "_", part) for part in parts if part)


def _line(result: Result) -> tuple[str, ...]:
    estimate = result.estimate
    numbers = (estimate.n, estimate.events, estimate.at_risk)
    shown = ("" if number is None else str(number) for number in numbers)
    unit = " days" if result.unit == "days" and estimate.value is not None else ""
    return (result.label, *shown, f"{brief(result)}{unit}", limits_of(result))


def _test_line(test: Comparison) -> str:
    if test.p is None:
        return f"{test.name}: not estimable, {test.because}."
    statistic = "" if test.df is None else f"chi-square {test.statistic:.4g} on {test.df} df, "
    return "; ".join([f"{test.name}: {statistic}p = {test.p:.3g}", *test.caveats]) + "."


def _model_lines(model: CoxModel) -> Iterator[str]:
    yield f"{model.method}, n = {model.n}, {model.events} events" + (
        f": {model.because}." if model.because else ""
    )
    for name, ratio in zip(model.names, model.ratios, strict=False):
        limits = f"{ratio.level:.0%} CI {ratio.lower:.3g}–{ratio.upper:.3g}"
        yield f"  {name}: hazard ratio {ratio.value:.3g} ({limits})"
    yield from (f"  {_test_line(test)}" for test in model.tests)
    yield from (f"  Note: {caveat}." for caveat in model.caveats)


def _remarks(results: list[Result]) -> Iterator[str]:
    for result in results:
        if result.estimate.because:
            yield f"{result.label}: {result.estimate.because}."
        for caveat in result.estimate.caveats:
            yield f"{result.label}: {caveat}."


def _unknown(option: str, value: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if value not in allowed:
        yield _option(option, f'"{value}" is not known', ", ".join(allowed))


def _missing(options: Mapping[str, str]) -> Iterator[Finding]:
    for option, value in options.items():
        if not value:
            yield Finding(
                Where(option), "option", Severity.STUDY, "no column is named", "", f"Add {option} COLUMN"
            )


def _option(option: str, what: str, allowed: str) -> Finding:
    return Finding(Where(option), "option", Severity.STUDY, what, allowed, "Correct the option")


TESTS: dict[str, Callable[[list[EventTable]], Comparison]] = {
    **{name: partial(_weighted, name) for name in WEIGHTS},
    "fleming-harrington": partial(_weighted, "fleming-harrington"),
    "max-combo": lambda groups: combine_weights(groups[0], groups[1]),
    **{f"exact-{name}": partial(_permuted, name) for name in WEIGHTS},
}
PAIRWISE = frozenset({"max-combo", *(name for name in TESTS if name.startswith("exact-"))})
