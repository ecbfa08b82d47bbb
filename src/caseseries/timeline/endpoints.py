"""An endpoint asked of a course: whole days from the origin to an event or to censoring, and why.

Intervals are (start, stop]. A case without the origin gives no observation, with its reason, never a number.
"""

from dataclasses import dataclass
from datetime import date

from caseseries.record.patient import Source
from caseseries.study.definition import Endpoint
from caseseries.timeline.course import Course, Moment

CENSORED = 0
EVENT = 1
COMPETING = 2


@dataclass(frozen=True)
class Observation:
    """One case on one clock. `status` is CENSORED, EVENT or COMPETING; `reason` the event, or why censored.

    `entry` is the day the case came under observation: 0, or the index treatment when that came later.
    """

    case_id: str
    entry: int
    stop: int
    status: int
    reason: str
    started: date
    ended: date
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class NoObservation:
    case_id: str
    because: str


def origin_of(course: Course, event: str) -> Moment | None:
    """Day 0. For a transplant the first after the index treatment, since an earlier one is history."""
    index = course.first("index")
    return course.first(event, index.on if index and event == "hsct" else None)


def observe(
    course: Course, endpoint: Endpoint, origin: str, data_cut: date, *, entry: str = ""
) -> Observation | NoObservation:
    """The time from the origin to the endpoint's first event or competing event, else to the last known day.

    Args:
        origin: the event at day 0.
        data_cut: nothing after it counts; a case still followed then is censored there.
        entry: the event at which the case comes under observation, when that is later than the origin.
    """
    start = origin_of(course, origin)
    if start is None:
        return NoObservation(course.case_id, f"no {origin}")
    last = course.last_known()
    if last is None or last.on < start.on:
        return NoObservation(course.case_id, f"nothing is known after {origin}")
    end, status = _end(course, endpoint, start, data_cut)
    stop = (end.on - start.on).days if end.on <= data_cut else (data_cut - start.on).days
    delay = _delay(course, start, entry)
    if stop < 0:
        return NoObservation(course.case_id, f"{origin} is after the data cut")
    if entry and (delay or 0) >= stop:
        because = f"{end.kind} was no later than {entry if delay else origin}"
        return NoObservation(course.case_id, because)
    reason = end.kind if status else f"censored: {end.kind if end.on <= data_cut else 'data cut'}"
    return Observation(
        course.case_id,
        delay or 0,
        stop,
        status,
        reason,
        start.on,
        min(end.on, data_cut),
        start.sources + end.sources,
    )


def _end(course: Course, endpoint: Endpoint, start: Moment, data_cut: date) -> tuple[Moment, int]:
    """The moment that ends the clock. A relapse on the day of the origin led to it and does not count;
    a death on that day counts."""
    for moment in course.moments:
        after = moment.on > start.on or (moment.on == start.on and moment.kind == "death")
        if after and moment.on <= data_cut and moment.kind in endpoint.events:
            return moment, EVENT
        if after and moment.on <= data_cut and moment.kind in endpoint.competing:
            return moment, COMPETING
    return course.last_known() or start, CENSORED


def _delay(course: Course, start: Moment, entry: str) -> int | None:
    later = course.first(entry) if entry else None
    return (later.on - start.on).days if later and later.on > start.on else None
