"""The answer as JSON, as text and as the report's figure. Nothing here computes."""

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from caseseries.analysis.results import Result, to_record
from caseseries.findings import escape_unseen
from caseseries.present.wording import brief, limits_of
from caseseries.registry.counted import Counted
from caseseries.stats.events import EventTable
from caseseries.survival_command.answer import Answer, Drawn
from caseseries.survival_command.comparisons import Tested
from caseseries.survival_command.estimates import name_result, number_repeats
from caseseries.survival_command.question import Question

if TYPE_CHECKING:
    from caseseries.analysis.displays import Curve
    from caseseries.stats.regression import CoxModel


def to_json(answer: Answer) -> str:
    """The answer as one JSON object; what cannot be computed is null."""
    counted = answer.counted
    record = {
        "results": [to_record(result) for result in answer.results.values()],
        "curves": [curve_record(drawn) for drawn in answer.curves],
        "tests": test_records(answer.tests),
        **({"models": [model_record(*of) for of in answer.models]} if answer.models else {}),
        **({"notes": list(counted.notes)} if counted.notes else {}),
        "read": {"rows": counted.rows, "used": counted.used, "refused": counted.refused},
    }
    return escape_unseen(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False))


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


def test_records(tests: Sequence[Tested]) -> list[dict[str, object]]:
    """Each test under an id of its own: one name may have been asked of several groups, causes and times."""
    named = ([each.name, each.group or "", each.cause or "", each.at or ""] for each in tests)
    ids = number_repeats(name_result(*parts) for parts in named)
    return [_test_record(test_id, tested) for test_id, tested in zip(ids, tests, strict=True)]


def _test_record(test_id: str, tested: Tested) -> dict[str, object]:
    """A test under the name it was asked by; its own name is the method."""
    test = tested.test
    return {
        "id": test_id,
        "name": tested.name,
        "group": tested.group,
        "cause": tested.cause,
        "at": tested.at,
        "statistic": test.statistic,
        "df": test.df,
        "p": test.p,
        "method": test.name,
        "n": test.n,
        "observed": list(test.observed),
        "expected": list(test.expected),
        "caveats": [*_because(test.because), *test.caveats],
    }


def model_record(cause: str | None, model: "CoxModel") -> dict[str, object]:
    """A regression: a row for each coefficient, and the tests of the whole."""
    return {
        "cause": cause,
        "method": model.method,
        "n": model.n,
        "events": model.events,
        "coefficients": [
            {
                "name": name,
                "coefficient": coefficient,
                "se": error,
                "p": p,
                "hazard_ratio": ratio.value,
                "lower": ratio.lower,
                "upper": _finite(ratio.upper),
                "level": ratio.level,
            }
            for name, coefficient, error, p, ratio in zip(
                model.names, model.coefficients, model.errors, model.p_values, model.ratios, strict=False
            )
        ],
        "tests": test_records([Tested(test.name, test) for test in model.tests]),
        "caveats": [*_because(model.because), *model.caveats],
    }


def _finite(limit: float | None) -> float | None:
    return limit if limit is not None and isfinite(limit) else None


def _because(reason: str) -> tuple[str, ...]:
    return (f"not estimable: {reason}",) if reason else ()


def to_text(name: str, answer: Answer) -> str:
    """What was read, then a line for each estimate, in columns."""
    results = list(answer.results.values())
    rows = [("", "n", "events", "at risk", "estimate", ""), *(_line(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    of_any = "any event" if len(answer.counted.causes) > 1 else ""
    methods = dict.fromkeys(result.estimate.method for result in results)
    return "\n".join(
        [
            account(name, answer.counted),
            *(f"Note: {note}." for note in answer.counted.notes),
            "",
            *(line.rstrip() for line in lines),
            "",
            *(_test_line(tested, of_any) for tested in answer.tests),
            *(line for cause, model in answer.models for line in _model_lines(cause or of_any, model)),
            *([""] if answer.tests or answer.models else []),
            *(f"Method: {method}." for method in methods),
            *dict.fromkeys(_remarks(results)),
        ]
    )


def account(name: str, counted: Counted) -> str:
    """Every row read, and what became of it."""
    return f"{name}: {counted.rows} rows read = {counted.used} used + {counted.refused} refused"


def draw_figure(answer: Answer, question: Question, name: str) -> str:
    """The report's figure, as SVG: one panel a group, with the competing causes together if there are any."""
    from caseseries.present.figures import incidence_figure, incidence_panels, survival_figure

    competing = len(answer.counted.causes) > 1
    groups: dict[str, list[Curve]] = {}
    for drawn in answer.curves:
        if (drawn.cause is not None) == competing:
            groups.setdefault(drawn.group, []).append(_to_display(drawn, name))
    if competing and len(groups) > 1:
        return incidence_panels(groups, 0, question.level).svg
    draw = incidence_figure if competing else survival_figure
    return draw([curve for curves in groups.values() for curve in curves], 0, question.level).svg


def _entered_by(table: EventTable, days: Any) -> Any:
    """How many had entered by each of the days."""
    so_far = np.append(0, np.cumsum(table.entered))
    return so_far[np.searchsorted(table.days, days, side="right")]


def _to_display(drawn: Drawn, name: str) -> "Curve":
    from caseseries.analysis.displays import Curve

    curve = drawn.curve
    return Curve(
        name_result("curve", drawn.group, drawn.cause or ""),
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


def _line(result: Result) -> tuple[str, ...]:
    estimate = result.estimate
    numbers = (estimate.n, estimate.events, estimate.at_risk)
    shown = ("" if number is None else str(number) for number in numbers)
    unit = " days" if result.unit == "days" and estimate.value is not None else ""
    return (result.label, *shown, f"{brief(result)}{unit}", limits_of(result))


def _test_line(tested: Tested, of_any: str = "") -> str:
    """`of_any` is said of a test of no cause in particular, where causes compete."""
    named = (tested.group, tested.cause or of_any, tested.at)
    test, of = tested.test, "".join(f", {what}" for what in named if what)
    if test.p is None:
        return f"{test.name}{of}: not estimable, {test.because}."
    statistic = "" if test.df is None else f"chi-square {test.statistic:.4g} on {test.df} df, "
    return "; ".join([f"{test.name}{of}: {statistic}p = {test.p:.3g}", *test.caveats]) + "."


def _model_lines(cause: str, model: "CoxModel") -> Iterator[str]:
    yield f"{model.method}{f', {cause}' if cause else ''}, n = {model.n}, {model.events} events" + (
        f": {model.because}." if model.because else ""
    )
    for name, ratio, p in zip(model.names, model.ratios, model.p_values, strict=False):
        value, lower, upper = map(_three_digits, (ratio.value, ratio.lower, ratio.upper))
        limits = f"{ratio.level * 100:g}% CI {lower}–{upper}"
        yield f"  {name}: hazard ratio {value} ({limits}), p = {p:.3g}"
    yield from (f"  {_test_line(Tested(test.name, test))}" for test in model.tests)
    yield from (f"  Note: {caveat}." for caveat in model.caveats)


def _three_digits(number: float | None) -> str:
    return "" if number is None else f"{number:#.3g}".rstrip(".")


def _remarks(results: list[Result]) -> Iterator[str]:
    for result in results:
        if result.estimate.because:
            yield f"{result.label}: {result.estimate.because}."
        for caveat in result.estimate.caveats:
            yield f"{result.label}: {caveat}."
