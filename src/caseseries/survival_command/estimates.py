"""The rows that are printed: survival, incidence, hazards, medians, restricted means and differences.

An estimator is imported when it is asked for, so that a curve alone does not wait for it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from caseseries.analysis.results import Result
from caseseries.registry.counted import Counted
from caseseries.stats.estimate import Estimate
from caseseries.stats.events import EventTable, reverse, start_at
from caseseries.stats.survival import estimate_quantile, estimate_survival
from caseseries.survival_command.comparisons import FIXED_TIME, MEDIANS
from caseseries.survival_command.question import AUTO, DEFAULT, Question, days_of

if TYPE_CHECKING:
    from caseseries.stats.reference import Reference

FEW_CASES = 50  # below it BPCP keeps its coverage and log-log does not (docs/decisions/0002)
ENOUGH, SHARE = 3, 0.1  # patients under observation, and of those who began, at an automatic horizon


def estimate_groups(counted: Counted, question: Question, reference: "Reference | None") -> list[Result]:
    """Every row of every group, of two groups' differences, and of each group over a reference."""
    found = [result for group in counted.tables for result in _estimate_group(counted, group, question)]
    found += _differences(counted, question)
    if reference:
        found += [_ratio(group, table, reference, question) for group, table in counted.tables.items()]
    ids = number_repeats(result.id for result in found)
    return [replace(result, id=each) for result, each in zip(found, ids, strict=True)]


def choose_interval(table: EventTable, question: Question) -> str:
    """The interval asked for; by default the beta product for few, log-log for many or under delayed entry."""
    if question.interval != DEFAULT:
        return question.interval
    return "bpcp" if table.n < FEW_CASES and not table.delayed else "log-log"


def name_result(*parts: str) -> str:
    """Words joined by dots; a dot or a space within a part becomes a low line."""
    return ".".join(re.sub(r"[.\s]+", "_", part) for part in parts if part)


def number_repeats(ids: Iterable[str]) -> Iterator[str]:
    """The ids, the second of one ("a b" and "a.b" are both a_b) with a 2 behind it."""
    seen: Counter[str] = Counter()
    for each in ids:
        seen[each] += 1
        yield each if seen[each] == 1 else f"{each}-{seen[each]}"


def _estimate_group(counted: Counted, group: str, question: Question) -> Iterator[Result]:
    table, named = counted.tables[group], f" in {group}" if group else ""
    interval, level = choose_interval(table, question), question.level
    what = "Survival without any event" if len(counted.causes) > 1 else "Survival"
    for at in question.at:
        estimate = estimate_survival(table, days_of(at), level, interval)
        yield Result(name_result("survival", group, at), f"{what} at {at}{named}", "probability", estimate)
    yield from _conditional(table, group, question, f"{what} at", named)
    if len(counted.causes) > 1:
        yield from _incidences(counted, group, question, named)
    if question.hazard:
        yield from _hazards(counted, group, question, named)
    for percentage in question.quantiles:
        estimate = estimate_quantile(table, float(percentage) / 100, level, interval)
        name, label = (
            ("median", "Median")
            if float(percentage) == 50
            else (f"quantile.{percentage}", f"{percentage}% quantile")
        )
        result_id = ".".join(
            [name_result(part) for part in name.split(".")] + [name_result(group)] * bool(group)
        )
        first = " without any event" if len(counted.causes) > 1 else ""
        yield Result(result_id, f"{label}{first}{named}", "days", estimate)
    for horizon in question.rmst:
        yield _restricted_mean(counted, group, horizon, level, named)
    estimate = estimate_quantile(reverse(table), 0.5, level, interval)
    label = f"Median follow-up{named}, reverse Kaplan–Meier"
    yield Result(name_result("followup", group), label, "days", estimate)


def _conditional(
    table: EventTable, group: str, question: Question, what: str, named: str
) -> Iterator[Result]:
    """Survival to each later horizon among those who reached the time given."""
    if not question.given:
        return
    reached = days_of(question.given)
    late = start_at(table, reached)
    for at in question.at:
        if days_of(at) > reached:
            interval = choose_interval(late, question)
            estimate = estimate_survival(late, days_of(at) - reached, question.level, interval)
            result_id = name_result("survival", group, at, "given", question.given)
            yield Result(result_id, f"{what} {at} given {question.given}{named}", "probability", estimate)


def _incidences(counted: Counted, group: str, question: Question, named: str) -> Iterator[Result]:
    """Of each cause where several compete, at each horizon."""
    from caseseries.stats.competing import estimate_incidence

    for number, cause in enumerate(counted.causes, 1):
        for at in question.at:
            estimate = estimate_incidence(counted.tables[group], number, days_of(at), question.level)
            result_id = name_result("incidence", group, cause, at)
            yield Result(result_id, f"Incidence of {cause} at {at}{named}", "probability", estimate)


def _hazards(counted: Counted, group: str, question: Question, named: str) -> Iterator[Result]:
    """Cumulative hazards at each horizon, of each cause where several compete."""
    from caseseries.stats.hazard import estimate_hazard

    competing = len(counted.causes) > 1
    for number, cause in enumerate(counted.causes, 1):
        for at in question.at:
            of_one = number if competing else None
            estimate = estimate_hazard(counted.tables[group], days_of(at), of_one, question.level)
            label = f"Cumulative hazard{f' of {cause}' if cause else ''} at {at}{named}"
            result_id = name_result("hazard", group, cause, at)
            yield Result(result_id, label, "cumulative hazard", estimate, decimals=3)


def _restricted_mean(counted: Counted, group: str, horizon: str, level: float, named: str) -> Result:
    from caseseries.stats.restricted import estimate_restricted_mean

    table = counted.tables[group]
    result_id = name_result("rmst", group, horizon)
    day = _latest_day(counted) if horizon == AUTO else days_of(horizon)
    if day is None:
        because = f"no day has {ENOUGH} patients under observation in every group"
        estimate = Estimate(
            None, None, None, level, "restricted mean survival time", table.n, because=because
        )
        return Result(result_id, f"Restricted mean{named}", "days", estimate)
    estimate = estimate_restricted_mean(table, day, level)
    at_risk = estimate.at_risk or 0
    if estimate.value is not None and at_risk < ENOUGH:
        few = f"{at_risk} under observation at the horizon: fewer than {ENOUGH}"
        estimate = replace(estimate, caveats=(*estimate.caveats, few))
    when = f"day {day}" if horizon == AUTO else horizon
    return Result(result_id, f"Restricted mean to {when}{named}", "days", estimate)


def _latest_day(counted: Counted) -> int | None:
    """The last day on which every group with rows still has `ENOUGH` patients and `SHARE` of its own."""
    from caseseries.stats.restricted import last_day_with

    days = [
        last_day_with(table, max(ENOUGH, -int(-table.n * SHARE // 1)))
        for table in counted.tables.values()
        if table.n
    ]
    return None if None in days or not days else min(day for day in days if day is not None)


def _differences(counted: Counted, question: Question) -> Iterator[Result]:
    """What the exact tests of two groups are about: the difference and its limits."""
    groups = [group for group, table in counted.tables.items() if table.n]
    if len(groups) != 2 or counted.strata or not {FIXED_TIME, MEDIANS} & set(question.tests):
        return
    from caseseries.stats.melding import estimate_median_difference, estimate_survival_difference

    a, b = (counted.tables[group] for group in groups)
    between = f"{groups[0]} less {groups[1]}"
    for at in question.at if FIXED_TIME in question.tests else ():
        estimate = estimate_survival_difference(a, b, days_of(at), question.level)
        label = f"Difference of survival at {at}, {between}"
        yield Result(name_result("difference", at), label, "difference", estimate, decimals=2)
    if MEDIANS in question.tests:
        estimate = estimate_median_difference(a, b, question.level)
        yield Result("difference.median", f"Difference of medians, {between}", "days", estimate)


def _ratio(group: str, table: EventTable, reference: "Reference", question: Question) -> Result:
    from caseseries.stats.reference import estimate_mortality_ratio

    label = f"Observed over expected events{f' in {group}' if group else ''}"
    estimate = estimate_mortality_ratio(table, reference, question.level)
    return Result(name_result("ratio", group), label, "ratio", estimate, decimals=2)
