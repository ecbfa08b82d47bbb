"""Numbers that describe the cohort: characteristics, times, response, toxicity. Each is a result row."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from caseseries.analysis.results import Result, Sources
from caseseries.record.levels import LevelState
from caseseries.record.patient import Source
from caseseries.stats.estimate import Estimate
from caseseries.stats.proportions import estimate_median, estimate_proportion
from caseseries.study.definition import Study
from caseseries.study.variables import BY_NAME, Variable
from caseseries.timeline.course import Course
from caseseries.timeline.endpoints import origin_of
from caseseries.timeline.response import Measured, MrdResponse, ResponseState
from caseseries.timeline.variables import Fact, derive_fact, transplant_row

Numbers = Mapping[str, tuple[int | float, tuple[Source, ...]]]

NO_CELLS: tuple[Source, ...] = ()


def slug(words: str) -> str:
    """ "KMT2A::AFF1" as part of a result id: kmt2a_aff1."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def proportion(result_id: str, label: str, chosen: Iterable[str], sources: Sources, level: float) -> Result:
    """How many of the cases in `sources` are `chosen`, with the exact interval."""
    return Result(
        result_id,
        label,
        "proportion",
        estimate_proportion(len(set(chosen)), len(sources), level),
        sources,
    )


def summary(
    stem: str, label: str, unit: str, numbers: Numbers, level: float, decimals: int = 0
) -> Iterator[Result]:
    """The median with its exact interval, and the range. `stem` holds a {} for the statistic's name."""
    values = [value for value, _ in numbers.values()]
    sources = {case: cells for case, (_, cells) in numbers.items()}
    n = len(values)
    yield Result(
        stem.format("median"), f"{label}, median", unit, estimate_median(values, level), sources, (), decimals
    )
    for name, extreme in (("minimum", min), ("maximum", max)):
        value = extreme(values) if values else None
        because = "" if values else "no case has a value"
        estimate = Estimate(value, None, None, level, name, n, because=because)
        yield Result(stem.format(name), f"{label}, {name}", unit, estimate, sources, (), decimals)


def describe_variable(variable: Variable, courses: Sequence[Course], level: float) -> Iterator[Result]:
    """One characteristic: its summary over the cases where it is known, and of how many to whom it applies it is
    not."""
    derived = {course.case_id: derive_fact(course, variable.name) for course in courses}
    facts = {case: fact for case, fact in derived.items() if fact.applies}
    known = {case: fact for case, fact in facts.items() if fact.value is not None}
    if variable.kind == "number":
        numbers = {
            case: (float(fact.value), fact.sources)
            for case, fact in known.items()
            if isinstance(fact.value, int | float)
        }
        stem = variable.result_id("{}")
        yield from summary(stem, variable.label, variable.unit, numbers, level, variable.decimals)
    elif variable.kind == "yes_no":
        yes = [case for case, fact in known.items() if fact.value is True]
        yield proportion(variable.result_id("yes"), variable.label, yes, _cells(known), level)
    else:
        values = {case: str(fact.value) for case, fact in known.items()}
        if variable.is_free:
            values = _spelled_alike(values)
        for value, name in _named(levels_of(values.values())).items():
            those = [case for case, found in values.items() if found == value]
            yield proportion(
                variable.result_id(name), f"{variable.label}: {value}", those, _cells(known), level
            )
    if missing := len(facts) - len(known):
        estimate = Estimate(missing, None, None, level, "count", len(facts))
        yield Result(
            f"characteristics.{variable.name}.unknown",
            f"{variable.label}: not known",
            "count",
            estimate,
            {case: NO_CELLS for case in facts if case not in known},
        )


def levels_of(values: Iterable[str]) -> list[str]:
    """The levels of a category, most frequent first, ties in alphabetical order."""
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], value))


def _spelled_alike(values: Mapping[str, str]) -> dict[str, str]:
    """Free text with one spelling of what differs in case and punctuation alone: the most frequent one."""
    spelling: dict[str, str] = {}
    for value in levels_of(values.values()):
        spelling.setdefault(slug(value) or value, value)
    return {case: spelling[slug(value) or value] for case, value in values.items()}


def _named(levels: Sequence[str]) -> dict[str, str]:
    """Each level as part of a result id; levels that differ in marks alone ("MRD+", "MRD-") are numbered."""
    names: dict[str, str] = {}
    for level in levels:
        name, number = slug(level) or "level", 1
        while name in (*names.values(), "unknown"):
            number += 1
            name = f"{slug(level) or 'level'}_{number}"
        names[level] = name
    return names


def describe_response(
    responses: Mapping[str, MrdResponse], courses: Sequence[Course], study: Study
) -> Iterator[Result]:
    """MRD before treatment, the response to it, and the fall."""
    level = study.report.level
    eligible = {
        course.case_id
        for course in courses
        if derive_fact(course, "remission_at_start").value in study.before_in
    }
    before = {case: _quantified(r.before) for case, r in responses.items() if case in eligible}
    numbers = {case: found for case, found in before.items() if found}
    yield from summary("mrd.before.{}", "MRD before treatment", "fraction of cells", numbers, level)
    evaluable = {
        case: r.sources() for case, r in responses.items() if r.state is not ResponseState.NOT_EVALUABLE
    }
    named = {
        "complete": (ResponseState.COMPLETE,),
        "partial": (ResponseState.PARTIAL,),
        "complete_or_partial": (ResponseState.COMPLETE, ResponseState.PARTIAL),
        "none": (ResponseState.NONE,),
        "indeterminate": (ResponseState.INDETERMINATE,),
    }
    for name, states in named.items():
        those = [case for case in evaluable if responses[case].state in states]
        label = f"MRD response: {name.replace('_', ' ')}"
        yield proportion(f"mrd.response.{name}", label, those, evaluable, level)
    if unjudged := [case for case in responses if case not in evaluable]:
        everyone = {case: r.sources() for case, r in responses.items()}
        yield proportion(
            "mrd.response.not_evaluable", "MRD response: not evaluable", unjudged, everyone, level
        )
    after = {case: r.after.sources for case, r in responses.items() if r.after}
    undetected = [
        case for case, r in responses.items() if r.after and r.after.level.state is LevelState.NOT_DETECTED
    ]
    yield proportion("mrd.after.not_detected", "MRD not detected after treatment", undetected, after, level)


def describe_toxicity(courses: Sequence[Course], study: Study) -> Iterator[Result]:
    """How many cases had each toxicity, its highest grade, and how it was managed."""
    level = study.report.level
    for name, kind in study.toxicity.kinds.items():
        rows = {
            course.case_id: [row for row in course.patient.form("toxicity") if row.text("toxicity") == kind]
            for course in courses
        }
        cells = {
            case: sum((row.sources("toxicity", "grade") for row in found), NO_CELLS)
            for case, found in rows.items()
        }
        yield proportion(
            f"toxicity.{name}.any",
            f"{_title(kind)}, any grade",
            [c for c, found in rows.items() if found],
            cells,
            level,
        )
        worst = {
            case: max((row.number("grade") or 0 for row in found), default=None)
            for case, found in rows.items()
        }
        for grade in range(1, 6):
            those = [case for case, highest in worst.items() if highest == grade]
            if those:
                yield proportion(
                    f"toxicity.{name}.grade_{grade}", f"{_title(kind)}, grade {grade}", those, cells, level
                )
        if ungraded := [case for case, highest in worst.items() if highest == 0]:
            label = f"{_title(kind)}, grade not known"
            yield proportion(f"toxicity.{name}.grade_unknown", label, ungraded, cells, level)
        for action, words in MANAGEMENT.items():
            those = [case for case, found in rows.items() if any(row.flag(action) for row in found)]
            if those:
                yield proportion(f"toxicity.{name}.{action}", f"{_title(kind)}: {words}", those, cells, level)


MANAGEMENT = {
    "interrupted": "infusion interrupted",
    "steroids": "steroids given",
    "tocilizumab": "tocilizumab given",
    "restarted_lower": "restarted at a lower dose",
}


def _title(kind: str) -> str:
    return "Other toxicity" if kind == "other" else kind[:1].upper() + kind[1:]


def describe_times(courses: Sequence[Course], study: Study) -> Iterator[Result]:
    """Days from the index treatment to the transplant, and whether anything was given between."""
    level = study.report.level
    numbers: dict[str, tuple[int | float, tuple[Source, ...]]] = {}
    for course in courses:
        index, hsct = course.first("index"), origin_of(course, "hsct")
        if index and hsct and hsct.on >= index.on:
            numbers[course.case_id] = ((hsct.on - index.on).days, index.sources + hsct.sources)
    yield from summary("time.index_to_hsct.{}", f"{study.index.label} to HSCT", "days", numbers, level)
    rows = {course.case_id: row for course in courses if (row := transplant_row(course))}
    between = {
        case: row.sources("therapy_between")
        for case, row in rows.items()
        if row.flag("therapy_between") is not None
    }
    given = [case for case, row in rows.items() if row.flag("therapy_between")]
    if between:
        yield proportion("hsct.therapy_between", "Other therapy before HSCT", given, between, level)


def describe_all(
    courses: Sequence[Course], responses: Mapping[str, MrdResponse], study: Study
) -> Iterator[Result]:
    """Every descriptive result, in the order of the report; those the text relies on are always there."""
    wanted = dict.fromkeys((*study.report.characteristics, *ALWAYS))
    for name in wanted:
        yield from describe_variable(BY_NAME[name], courses, study.report.level)
    yield from describe_response(responses, courses, study)
    yield from describe_times(courses, study)
    yield from describe_toxicity(courses, study)


ALWAYS = (
    "age_at_index_years",
    "indication",
    "remission_at_start",
    "cycles",
    "home_after_week_1",
    "hsct_after_index",
)


def _quantified(measured: Measured | None) -> tuple[float, tuple[Source, ...]] | None:
    if measured is None or measured.level.value is None:
        return None
    return measured.level.value, measured.sources


def _cells(facts: Mapping[str, Fact]) -> Sources:
    return {case: fact.sources for case, fact in facts.items()}
