"""The limitations the software sees by itself: sentences about results, for the report and for the referee.

A remark's text names results in braces, {efs.hsct.36m} for the printed string and {efs.hsct.36m:at_risk} for
one of its counts; `present.wording` fills them in, so that a remark can never print a number of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from caseseries.analysis.outcomes import Clock, events_before, spoken
from caseseries.analysis.results import Result, Results
from caseseries.findings import join, noun
from caseseries.stats.proportions import estimate_proportion
from caseseries.study.definition import Study, days_of
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

    def is_empty(self, row: Result) -> bool:
        """Whether an estimate has no case to rest on, though the study has cases."""
        return not row.estimate.n and bool(self.results["n.cases"].estimate.value)


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


def see_limits(results: Results, clocks: Sequence[Clock], study: Study) -> tuple[Remark, ...]:
    """Every remark the results call for, most serious first; a cohort of nobody calls for none."""
    if not results["n.cases"].estimate.value:
        return ()
    seen = Seen(results, clocks, study)
    return tuple(remark for rule in RULES for remark in rule(seen))


def _immortal_time(seen: Seen) -> Iterator[Remark]:
    for clock in (clock for clock in seen.clocks if clock.delayed):
        name = clock.as_written
        for horizon in _horizons(name, seen.study):
            naive, delayed = f"{name}.{horizon}", f"{name}.{horizon}.delayed_entry"
            short, origin = clock.endpoint.short, clock.origin_label
            text = (
                f"{short} from {origin} includes the time up to {seen.study.index.label}; a patient who died in "
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
                f"{{{count.id}:events}} of {{{count.id}:n}} {noun(count.estimate.n, 'case')} had already had one of "
                f"its events before {seen.study.index.label}."
            )
            yield Remark("event-before-index", text, (count.id,))


def _few_at_risk(seen: Seen) -> Iterator[Remark]:
    """One sentence a horizon, naming every estimate that rests on too few."""
    minimum = seen.study.report.minimum_at_risk
    for horizon in _all_horizons(seen):
        thin = [
            (clock, row)
            for clock, row in _at(seen, horizon)
            if row.estimate.value is not None and (row.estimate.at_risk or 0) < minimum
        ]
        if thin:
            (_, first), *others = thin
            clauses = [f"{_of(clock)} on {{{row.id}:at_risk}}" for clock, row in others]
            text = (
                f"{first.label} rests on {_patients(first)} still at risk{''.join(f'; {one}' for one in clauses)}. "
                f"The protocol asks for {minimum}."
            )
            yield Remark("few-at-risk", text, tuple(row.id for _, row in thin))


def _not_estimable(seen: Seen) -> Iterator[Remark]:
    """Why a number cannot be given; one sentence for all that count from an event that nobody had, or at one horizon
    for one reason."""
    lost = [row for horizon in _all_horizons(seen) for _, row in _at(seen, horizon) if seen.is_empty(row)]
    for origin in dict.fromkeys(clock.origin_label for clock in seen.clocks):
        rows = tuple(row.id for row in lost if row.label.endswith(f" from {origin}"))
        if rows:
            yield Remark("not-estimable", f"No case reached {origin}: nothing from it is estimable.", rows)
    for horizon in _all_horizons(seen):
        missing: dict[str, list[tuple[Clock, Result]]] = {}
        for clock, row in _at(seen, horizon):
            if row.estimate.value is None and row not in lost:
                missing.setdefault(row.estimate.because, []).append((clock, row))
        for because, those in missing.items():
            (_, first), *others = those
            named = join([first.label, *(_of(clock) for clock, _ in others)])
            text = f"{named} {'are' if others else 'is'} not estimable: {because}."
            yield Remark("not-estimable", text, tuple(row.id for _, row in those))


def _same_at_two_horizons(seen: Seen) -> Iterator[Remark]:
    """One sentence a pair of horizons, naming every endpoint for which they cannot differ."""
    for one, two in combinations(_all_horizons(seen), 2):
        later = {clock.name: row for clock, row in _at(seen, two)}
        pairs = [(clock, row, later[clock.name]) for clock, row in _at(seen, one) if clock.name in later]
        same = [
            (clock, row, row2)
            for clock, row, row2 in pairs
            if row.estimate.value is not None and row.estimate.value == row2.estimate.value
        ]
        if same:
            clauses = [f"{_of(clock)} ({{{row.id}:value}})" for clock, row, _ in same]
            text = (
                f"The {spoken(one)} and {spoken(two)} estimates must be one number for {join(clauses)}: no event "
                "falls between the two, so the later one adds length but no information."
            )
            yield Remark("same-at-two-horizons", text, tuple(r.id for _, *rows in same for r in rows))


def _response_not_evaluable(seen: Seen) -> Iterator[Remark]:
    unjudged = seen.results.get("mrd.response.not_evaluable")
    if unjudged is not None:
        left = "they are left out of the response rates, and none of them is"
        if unjudged.estimate.events == 1:
            left = "it is left out of the response rates, and not"
        cases = noun(unjudged.estimate.n, "case")
        text = f"The MRD response of {{{unjudged.id}:of}} {cases} could not be judged; {left} counted as negative."
        yield Remark("response-not-evaluable", text, (unjudged.id,))


def _everyone_transplanted(seen: Seen) -> Iterator[Remark]:
    reached = seen.results.get("characteristics.hsct_after_index.yes")
    if reached is not None and reached.estimate.n and reached.estimate.events == reached.estimate.n:
        who = "The only case" if reached.estimate.n == 1 else f"All {{{reached.id}:n}} cases"
        text = (
            f"{who} reached transplant. Patients who were given {seen.study.index.label} "
            "and died, relapsed or were never transplanted may not have been found; outcomes from HSCT hold only "
            "for those who reach it."
        )
        yield Remark("everyone-transplanted", text, (reached.id,))


def _not_everyone_transplanted(seen: Seen) -> Iterator[Remark]:
    """What the headline from transplant leaves out: those who did not live or stay in remission up to it."""
    reached = seen.results.get("characteristics.hsct_after_index.yes")
    origins = {name for name, origin in seen.study.origins.items() if origin.event == "hsct"}
    asked = any(clock.name.split(".")[1] in origins for clock in seen.clocks)
    if asked and reached is not None and 0 < (reached.estimate.events or 0) < reached.estimate.n:
        text = (
            f"Outcomes from HSCT are those of the {{{reached.id}:of}} cases that reached it; a relapse or death of the "
            "others is not in them."
        )
        yield Remark("not-everyone-transplanted", text, (reached.id,))


def _unseen_cases(seen: Seen) -> Iterator[Remark]:
    """What the overlap of the two sources says, and what it cannot say."""
    total = seen.results.get("ascertainment.total")
    if total is None or total.estimate.value is None:
        return
    text = (
        "Cases found by the tumour board only: {ascertainment.board_only}; by the survey only: "
        "{ascertainment.survey_only}; by both: {ascertainment.both}. Were the two independent, there would be "
        f"{{ascertainment.total}} {noun(round(total.estimate.value), 'case')} in all; they are not where one "
        "clinician sits on the board and answers the survey, and with an odds ratio of 3 there would be "
        "{ascertainment.total.odds_ratio_3}."
    )
    if "ascertainment.response" in seen.results:
        text += " Centres that returned cases: {ascertainment.response:of}."
    yield Remark("unseen-cases", text, ("ascertainment.total",))


BPCP_FIRST = (
    "Survival is given with the beta product confidence procedure, which keeps its coverage in small samples; the "
    "log–log interval beside it is what most programs print and is too narrow in the tail."
)
LOG_LOG_FIRST = (
    "Survival is given with the log–log interval, which is what most programs print and is too narrow in the tail; "
    "the beta product confidence procedure beside it keeps its coverage in small samples."
)


def _few_cases(seen: Seen) -> Iterator[Remark]:
    n = seen.results["n.cases"].estimate.value
    if n is not None and n < 50:
        text = f"With {{n.cases}} {noun(n, 'case')} every interval is wide. "
        text += LOG_LOG_FIRST if seen.study.report.interval == "log-log" else BPCP_FIRST
        yield Remark("few-cases", text, ("n.cases",))


def _no_comparator(seen: Seen) -> Iterator[Remark]:
    text = f"There is no comparison group: nothing here shows what {seen.study.index.label} changed."
    yield Remark("no-comparator", text)


def _horizons(name: str, study: Study) -> tuple[str, ...]:
    endpoint, origin = name.split(".")[:2]
    return next(w.horizons for w in study.estimates if w.endpoint == endpoint and origin in w.origins)


def _all_horizons(seen: Seen) -> tuple[str, ...]:
    found = dict.fromkeys(h for wanted in seen.study.estimates for h in wanted.horizons)
    return tuple(sorted(found, key=days_of))


def _at(seen: Seen, horizon: str) -> list[tuple[Clock, Result]]:
    """Every estimate at a horizon as the protocol writes it, without its delayed-entry twin."""
    names = [(clock, f"{clock.name}.{horizon}") for clock in seen.clocks if not clock.delayed]
    return [(clock, seen.results[name]) for clock, name in names if name in seen.results]


def _of(clock: Clock) -> str:
    return f"{clock.endpoint.short} from {clock.origin_label}"


def _patients(row: Result) -> str:
    return f"{{{row.id}:at_risk}} {'patient' if row.estimate.at_risk == 1 else 'patients'}"


Rule = Callable[[Seen], Iterator[Remark]]
RULES: tuple[Rule, ...] = (
    _few_at_risk,
    _not_estimable,
    _event_before_entry,
    _not_everyone_transplanted,
    _immortal_time,
    _same_at_two_horizons,
    _response_not_evaluable,
    _everyone_transplanted,
    _unseen_cases,
    _few_cases,
    _no_comparator,
)
