"""Survival and incidence: the protocol's endpoints, from each origin, at each horizon."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from caseseries.analysis.describe import summary
from caseseries.analysis.displays import Curve
from caseseries.analysis.results import Result, Sources
from caseseries.stats.competing import IncidenceCurve, estimate_incidence, incidence_curve
from caseseries.stats.events import EventTable, count_events, reverse
from caseseries.stats.survival import SurvivalCurve, estimate_quantile, estimate_survival, survival_curve
from caseseries.study.definition import Endpoint, Study, Wanted, days_of
from caseseries.timeline.course import Course
from caseseries.timeline.endpoints import EVENT, NoObservation, Observation, observe

# Below this many cases BPCP keeps its coverage and log-log does not (docs/decisions/0002).
FEW_CASES = 50

DEATH = Endpoint(label="Overall survival", short="OS", events=("death",))


@dataclass(frozen=True)
class Clock:
    """One endpoint asked of the cohort from one origin: its observations and their event table."""

    name: str  # efs.hsct
    endpoint: Endpoint
    origin_label: str
    observations: tuple[Observation, ...]
    missing: tuple[NoObservation, ...]
    table: EventTable
    delayed: bool = False

    @property
    def as_written(self) -> str:
        """The name of the clock without delayed entry."""
        return self.name.removesuffix(".delayed_entry")

    @property
    def sources(self) -> Sources:
        return {one.case_id: one.sources for one in self.observations}


def start_clock(
    name: str, courses: Sequence[Course], study: Study, endpoint: Endpoint, origin: str, entry: str = ""
) -> Clock:
    """Observe every case from `origin`; with `entry`, only from that event on (delayed entry)."""
    start = study.origins[origin]
    asked = [observe(course, endpoint, start.event, study.data_cut, entry=entry) for course in courses]
    seen = tuple(one for one in asked if isinstance(one, Observation))
    missing = tuple(one for one in asked if isinstance(one, NoObservation))
    table = count_events(
        np.array([one.stop for one in seen], dtype=np.int64),
        np.array([one.status for one in seen], dtype=np.int64),
        np.array([one.entry for one in seen], dtype=np.int64) if entry else None,
        causes=2 if endpoint.competing else 1,
    )
    return Clock(name, endpoint, start.label, seen, missing, table, bool(entry))


def start_clocks(courses: Sequence[Course], study: Study) -> tuple[Clock, ...]:
    """Every endpoint × origin the protocol asks for. An origin before the index treatment is asked twice:
    as written, and with each case under observation only from its index treatment on."""
    clocks = []
    for wanted in study.estimates:
        endpoint = study.endpoints[wanted.endpoint]
        for origin in wanted.origins:
            name = f"{wanted.endpoint}.{origin}"
            clocks.append(start_clock(name, courses, study, endpoint, origin))
            if starts_before_index(courses, study, origin):
                clocks.append(start_clock(f"{name}.delayed_entry", courses, study, endpoint, origin, "index"))
    return tuple(clocks)


def starts_before_index(courses: Sequence[Course], study: Study, origin: str) -> bool:
    """Whether reaching the cohort required surviving from this origin to the index treatment."""
    pairs = ((course.first(study.origins[origin].event), course.first("index")) for course in courses)
    return any(start and index and start.on < index.on for start, index in pairs)


def estimate_outcomes(clocks: Sequence[Clock], study: Study) -> Iterator[Result]:
    """Each clock at each of its horizons, and the median time to the endpoint."""
    for clock in clocks:
        for horizon in _wanted(clock, study).horizons:
            yield from _at_horizon(clock, horizon, study)
        if not clock.endpoint.competing:
            yield from _median(clock, study)


def _wanted(clock: Clock, study: Study) -> Wanted:
    endpoint, origin = clock.name.split(".")[:2]
    return next(w for w in study.estimates if w.endpoint == endpoint and origin in w.origins)


def _at_horizon(clock: Clock, horizon: str, study: Study) -> Iterator[Result]:
    day, level = days_of(horizon), study.report.level
    first, *rest = clock.name.split(".")
    result_id = ".".join([first, rest[0], horizon, *rest[1:]])
    label = label_of(clock, horizon)
    if clock.endpoint.competing:
        estimate = estimate_incidence(clock.table, 1, day, level)
        yield _quoted(Result(result_id, label, "probability", estimate, clock.sources), study)
        return
    main = interval_of(clock, study)
    other = "log-log" if main == "bpcp" else "bpcp"
    estimate = estimate_survival(clock.table, day, level, main)
    yield _quoted(Result(result_id, label, "probability", estimate, clock.sources), study)
    if not clock.delayed:
        second = estimate_survival(clock.table, day, level, other)
        suffix = other.replace("-", "")
        yield _quoted(
            Result(
                f"{result_id}.{suffix}", f"{label}, {other} interval", "probability", second, clock.sources
            ),
            study,
        )


def _quoted(result: Result, study: Study) -> Result:
    """A horizon with fewer at risk than the protocol's minimum carries its warning wherever it is printed."""
    at_risk = result.estimate.at_risk
    if result.estimate.value is None or at_risk is None or at_risk >= study.report.minimum_at_risk:
        return result
    cases = "1 case" if at_risk == 1 else f"{at_risk} cases"
    return result.with_caveat(
        f"rests on {cases} at risk; the protocol asks for {study.report.minimum_at_risk}"
    )


def interval_of(clock: Clock, study: Study) -> str:
    """The protocol's interval; by default BPCP under fifty cases, else log-log. BPCP knows no delayed entry."""
    if clock.delayed:
        return "log-log"
    if study.report.interval != "default":
        return study.report.interval
    return "bpcp" if len(clock.observations) < FEW_CASES else "log-log"


def _median(clock: Clock, study: Study) -> Iterator[Result]:
    estimate = estimate_quantile(clock.table, 0.5, study.report.level, interval_of(clock, study))
    first, *rest = clock.name.split(".")
    result_id = ".".join([first, rest[0], "median", *rest[1:]])
    yield Result(
        result_id, f"Median {clock.endpoint.short} from {_from(clock)}", "days", estimate, clock.sources
    )


def label_of(clock: Clock, horizon: str) -> str:
    """ "3-year EFS from HSCT"."""
    endpoint = clock.endpoint
    name = endpoint.label[:1].lower() + endpoint.label[1:] if endpoint.competing else endpoint.short
    return f"{spoken(horizon)} {name} from {_from(clock)}"


def _from(clock: Clock) -> str:
    return f"{clock.origin_label}, entry at index treatment" if clock.delayed else clock.origin_label


def spoken(horizon: str) -> str:
    """ "36m" as people say it: 3-year; "12m": 12-month; "100d": day-100."""
    number, unit = int(horizon[:-1]), horizon[-1]
    if unit == "d":
        return f"day-{number}"
    if unit == "m" and number % 12 == 0 and number > 12:
        return f"{number // 12}-year"
    return f"{number}-{'month' if unit == 'm' else 'year'}"


def describe_follow_up(courses: Sequence[Course], study: Study) -> Iterator[Result]:
    """Follow-up from each origin: reverse Kaplan–Meier over all cases, and the survivors' median and range."""
    level = study.report.level
    for origin in dict.fromkeys(origin for wanted in study.estimates for origin in wanted.origins):
        clock = start_clock(f"os.{origin}", courses, study, DEATH, origin)
        estimate = estimate_quantile(reverse(clock.table), 0.5, level, interval_of(clock, study))
        label = f"Median follow-up from {clock.origin_label}, reverse Kaplan–Meier"
        yield Result(f"followup.{origin}.reverse_km.median", label, "days", estimate, clock.sources)
        alive = {o.case_id: (o.stop, o.sources) for o in clock.observations if o.status != EVENT}
        label = f"Follow-up of survivors from {clock.origin_label}"
        yield from summary(f"followup.{origin}.survivors.{{}}", label, "days", alive, level)


def curve_of(clock: Clock, study: Study) -> Curve:
    """A clock's curve for drawing, from day 0."""
    level = study.report.level
    kind = "incidence" if clock.endpoint.competing else "survival"
    drawn: SurvivalCurve | IncidenceCurve
    if kind == "incidence":
        drawn = incidence_curve(clock.table, 1, level)
    else:
        drawn = survival_curve(clock.table, level, interval_of(clock, study))
    label = clock.endpoint.short if kind == "incidence" else clock.endpoint.label
    return _curve(clock.name, label, clock.origin_label, kind, drawn)


def curve_of_table(table: EventTable, name: str, label: str, origin: str, study: Study) -> Curve:
    """The survival curve of a published cohort's event table, for drawing."""
    interval = "bpcp" if table.n < FEW_CASES else "log-log"
    return _curve(name, label, origin, "survival", survival_curve(table, study.report.level, interval))


def _curve(name: str, label: str, origin: str, kind: str, drawn: SurvivalCurve | IncidenceCurve) -> Curve:
    return Curve(
        name,
        label,
        origin,
        kind,
        drawn.method,
        tuple(int(day) for day in drawn.days),
        tuple(float(x) for x in drawn.estimate),
        tuple(_or_none(x) for x in drawn.lower),
        tuple(_or_none(x) for x in drawn.upper),
        tuple(int(x) for x in drawn.at_risk),
        tuple(int(x) for x in drawn.events),
        tuple(int(x) for x in drawn.censored),
    )


def _or_none(limit: float) -> float | None:
    return None if np.isnan(limit) else float(limit)


def events_before(courses: Sequence[Course], endpoint: Endpoint, kind: str) -> list[str]:
    """Cases that already had one of the endpoint's events before (or on) the moment `kind`."""
    found = []
    for course in courses:
        moment = course.first(kind)
        if moment and any(m.on <= moment.on for m in course.all(*endpoint.events)):
            found.append(course.case_id)
    return found
