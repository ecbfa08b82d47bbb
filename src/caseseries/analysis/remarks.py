"""The limitations the software sees by itself: sentences about results, for the report and for the referee.

A remark's text names results in braces, {efs.hsct.36m} for the printed string and {efs.hsct.36m:at_risk} for
one of its counts; `present.wording` fills them in, so that a remark can never print a number of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from caseseries.analysis.outcomes import Clock, events_before, spoken
from caseseries.analysis.results import Result, Results
from caseseries.record.patient import Source
from caseseries.stats.proportions import estimate_proportion
from caseseries.study.definition import Study
from caseseries.timeline.course import Course


@dataclass(frozen=True)
class Remark:
    """One limitation. `about` are the results it qualifies."""

    code: str
    text: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a rule looks at."""

    results: Results
    clocks: Sequence[Clock]
    study: Study


def count_before(courses: Sequence[Course], clocks: Sequence[Clock], level: float) -> Iterator[Result]:
    """For each endpoint asked from an origin before the index treatment: how many had its event before it."""
    for clock in clocks:
        if clock.delayed:
            before = events_before(courses, clock.endpoint, "index")
            name = clock.as_written
            sources = {
                c.case_id: sum((m.sources for m in c.all(*clock.endpoint.events, "index")), ())
                for c in courses
            }
            estimate = estimate_proportion(len(before), len(courses), level)
            yield Result(
                f"{name}.before_index",
                f"{clock.endpoint.short}: event before the index treatment",
                "proportion",
                estimate,
                sources,
            )


def course_cells(course: Course, kinds: Sequence[str]) -> tuple[Source, ...]:
    """The cells behind every moment of the given kinds."""
    return tuple(source for moment in course.all(*kinds) for source in moment.sources)


def see_limits(results: Results, clocks: Sequence[Clock], study: Study) -> tuple[Remark, ...]:
    """Every remark the results call for, most serious first."""
    seen = Seen(results, clocks, study)
    return tuple(remark for rule in RULES for remark in rule(seen))


def _immortal_time(seen: Seen) -> Iterator[Remark]:
    for clock in (clock for clock in seen.clocks if clock.delayed):
        name = clock.as_written
        for horizon in _horizons(name, seen.study):
            naive, delayed = f"{name}.{horizon}", f"{name}.{horizon}.delayed_entry"
            short, origin = clock.endpoint.short, clock.origin_label
            text = (
                f"{short} from {origin} includes the time up to {seen.study.index.label}; a child who died in "
                f"that time could not have entered this series (immortal time). As written, {spoken(horizon)} "
                f"{short} is {{{naive}}}; counting each case only from its index treatment (delayed entry) it "
                f"is {{{delayed}}}."
            )
            yield Remark("immortal-time", text, (naive, delayed))


def _event_before_entry(seen: Seen) -> Iterator[Remark]:
    for clock in (clock for clock in seen.clocks if clock.delayed):
        name = clock.as_written
        count = seen.results.get(f"{name}.before_index")
        if count is not None and count.estimate.events:
            text = (
                f"{clock.endpoint.short} from {clock.origin_label} cannot describe the treatment: "
                f"{{{count.id}:events}} of {{{count.id}:n}} cases had already had one of its events before "
                f"{seen.study.index.label}."
            )
            yield Remark("event-before-index", text, (count.id,))


def _few_at_risk(seen: Seen) -> Iterator[Remark]:
    for clock in seen.clocks:
        for result in () if clock.delayed else _quoted(seen, clock.name):
            at_risk = result.estimate.at_risk
            if result.estimate.value is None:
                yield Remark(
                    "not-estimable",
                    f"{result.label} is not estimable: {result.estimate.because}.",
                    (result.id,),
                )
            elif at_risk is not None and at_risk < seen.study.report.minimum_at_risk:
                noun = "patient" if at_risk == 1 else "patients"
                text = (
                    f"{result.label} rests on {{{result.id}:at_risk}} {noun} still at risk: {{{result.id}}}."
                )
                yield Remark("few-at-risk", text, (result.id,))


def _same_at_two_horizons(seen: Seen) -> Iterator[Remark]:
    for clock in seen.clocks:
        for one, two in combinations(_quoted(seen, clock.name), 2):
            if (
                one.estimate.value is not None
                and one.estimate.value == two.estimate.value
                and not clock.delayed
            ):
                text = (
                    f"{one.label} and {two.label} must be the same number, {{{one.id}:value}}: no event falls "
                    f"between them, so the later one adds length but no information."
                )
                yield Remark("same-at-two-horizons", text, (one.id, two.id))


def _everyone_transplanted(seen: Seen) -> Iterator[Remark]:
    reached = seen.results.get("characteristics.hsct_after_index.yes")
    if reached is not None and reached.estimate.n and reached.estimate.events == reached.estimate.n:
        text = (
            f"All {{{reached.id}:n}} cases reached transplant. Children who were given {seen.study.index.label} "
            "and died, relapsed or were never transplanted may not have been found; outcomes from HSCT hold only "
            "for those who reach it."
        )
        yield Remark("everyone-transplanted", text, (reached.id,))


def _few_cases(seen: Seen) -> Iterator[Remark]:
    n = seen.results["n.cases"].estimate.value
    if n is not None and n < 50:
        text = (
            "With {n.cases} cases every interval is wide. Survival is given with the beta product confidence "
            "procedure, which keeps its coverage in small samples; the log–log interval beside it is what most "
            "programs print and is too narrow in the tail."
        )
        yield Remark("few-cases", text, ("n.cases",))


def _no_comparator(seen: Seen) -> Iterator[Remark]:
    text = f"There is no comparison group: nothing here shows what {seen.study.index.label} changed."
    yield Remark("no-comparator", text)


def _horizons(name: str, study: Study) -> tuple[str, ...]:
    endpoint, origin = name.split(".")[:2]
    return next(w.horizons for w in study.estimates if w.endpoint == endpoint and origin in w.origins)


def _quoted(seen: Seen, name: str) -> list[Result]:
    suffix = ".delayed_entry" if name.endswith(".delayed_entry") else ""
    stem = name.removesuffix(".delayed_entry")
    return [seen.results[f"{stem}.{horizon}{suffix}"] for horizon in _horizons(stem, seen.study)]


Rule = Callable[[Seen], Iterator[Remark]]
RULES: tuple[Rule, ...] = (
    _few_at_risk,
    _event_before_entry,
    _immortal_time,
    _same_at_two_horizons,
    _everyone_transplanted,
    _few_cases,
    _no_comparator,
)
