"""MRD response by the protocol's rule. Negatives are limits, never zero and never half a limit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from caseseries.record.levels import Level, LevelState, combine_markers
from caseseries.record.patient import Source
from caseseries.study.definition import Response as ResponseRule
from caseseries.timeline.course import Course, Doubt, Sample
from caseseries.timeline.endpoints import origin_of

# A level recorded in decimal and divided in binary may fall an ulp short of a threshold it meets.
TOLERANCE = 1e-9


class ResponseState(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"
    INDETERMINATE = "indeterminate"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True)
class Measured:
    """The level that stands for a day: the highest over markers, with the day and its cells."""

    on: date
    level: Level
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class MrdResponse:
    """`reduction` is the interval, in log10 units, of the fall from before to after; None when unknown."""

    state: ResponseState
    before: Measured | None
    after: Measured | None
    reduction: tuple[float, float] | None
    because: str = ""

    def sources(self) -> tuple[Source, ...]:
        return sum((m.sources for m in (self.before, self.after) if m), ())


def derive_response(course: Course, rule: ResponseRule, until: str | None) -> MrdResponse:
    """The response to the index treatment.

    Before: the last evaluable day in the `before_within_days` up to the start. After: the last evaluable day in the
    time that is the index treatment's own (`_ends`).

    Args:
        until: the event that ends the time after treatment (the transplant), if one does.
    """
    index = course.first("index")
    if index is None:
        return MrdResponse(ResponseState.NOT_EVALUABLE, None, None, None, "no index treatment")
    earliest = index.on - timedelta(days=rule.before_within_days)
    before = last_level(s for s in course.samples if earliest <= s.on <= index.on)
    if _doubted(course, earliest - timedelta(days=1), index.on, before):
        before = None
    later = [s for s in course.samples if s.on > index.on]
    for limit in _ends(course, index.on, rule, until):
        after = last_level(s for s in later if s.on <= limit)
        doubt = _doubted(course, index.on, limit, after)
        if after or doubt:
            break
    if doubt:
        because = "a specimen after treatment has a day or a result that could not be read"
        return MrdResponse(
            ResponseState.NOT_EVALUABLE, before, None, None, f"{because} ({doubt.sources[0].where})"
        )
    if after is None:
        return MrdResponse(
            ResponseState.NOT_EVALUABLE, before, None, None, "no evaluable specimen after treatment"
        )
    reduction = log_reduction(before.level, after.level) if before else None
    state, because = _classify(after.level, reduction, rule)
    return MrdResponse(state, before, after, reduction, because)


def _ends(course: Course, start: date, rule: ResponseRule, until: str | None) -> tuple[date, ...]:
    """The last day on which a level still speaks of the index treatment, in the order to try.

    That is the day of the protocol's event, of its number of days, or of another treatment, whichever is first. A
    relapse ends it the day before: what is measured at relapse is the relapse, and counts only where nothing was
    measured earlier, for a child who never responded must not be left out of those who did.
    """
    ended = origin_of(course, until) if until else None
    other = next((m for m in course.all("other treatment") if m.on > start), None)
    limits = [moment.on for moment in (ended, other) if moment is not None]
    if rule.after_within_days is not None:
        limits.append(start + timedelta(days=rule.after_within_days))
    last = min(limits, default=date.max)
    relapse = next((m.on for m in course.all("relapse") if m.on > start), date.max)
    return (relapse - timedelta(days=1), relapse) if relapse <= last else (last,)


def _doubted(course: Course, start: date, limit: date, after: Measured | None) -> Doubt | None:
    """A specimen that could not be read and may be the one to judge by: an earlier negative must not stand in."""
    since = after.on if after else start
    return next(
        (d for d in course.doubts if d.earliest <= limit and d.latest > start and d.latest >= since), None
    )


def level_between(course: Course, start: date, limit: date) -> Measured | None:
    """The last evaluable level after `start` and no later than `limit`; None where one that could not be read may be
    later."""
    found = last_level(s for s in course.samples if start < s.on <= limit)
    return None if _doubted(course, start, limit, found) else found


def last_level(samples: Iterable[Sample]) -> Measured | None:
    """The last day with an evaluable level, and its level over all markers of that day."""
    evaluable = [s for s in samples if s.level.state is not LevelState.NOT_EVALUABLE]
    if not evaluable:
        return None
    last = max(s.on for s in evaluable)
    today = [s for s in evaluable if s.on == last]
    sources = tuple(source for sample in today for source in (*sample.sources, *sample.wells))
    return Measured(last, combine_markers([s.level for s in today]), sources)


def log_reduction(before: Level, after: Level) -> tuple[float, float] | None:
    """The interval of log10(before) − log10(after) that both results allow; None when nothing bounds it.

    A limit stays a limit: from a number to a negative the fall is at least so much, from a negative to a number at
    most so much, and from a negative to a negative nothing is known.
    """
    if LevelState.NOT_EVALUABLE in (before.state, after.state):
        return None
    (low_before, high_before), (low_after, high_after) = before.bounds(), after.bounds()
    least = math.log10(low_before / high_after) if low_before else -math.inf
    most = math.log10(high_before / low_after) if low_after else math.inf
    return None if math.isinf(least) and math.isinf(most) else (least, most)


def _classify(
    after: Level, reduction: tuple[float, float] | None, rule: ResponseRule
) -> tuple[ResponseState, str]:
    if after.state is LevelState.NOT_DETECTED and (after.sensitivity or 1.0) <= rule.sensitivity * (
        1 + TOLERANCE
    ):
        return ResponseState.COMPLETE, ""
    if reduction is None:
        return ResponseState.INDETERMINATE, "the fall from before to after is not known"
    low, high = reduction
    if low > rule.partial_log_reduction + TOLERANCE:
        return ResponseState.PARTIAL, ""
    if high <= rule.partial_log_reduction + TOLERANCE:
        return ResponseState.NONE, ""
    return ResponseState.INDETERMINATE, "the fall may or may not exceed the protocol's limit"
