"""Each case's story as plain numbers: MRD, time-line, relapses and what followed, the listing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from caseseries.analysis.displays import (
    Aftermath,
    Lane,
    LevelAt,
    Listing,
    Mark,
    MrdPoint,
    Span,
    Trajectory,
)
from caseseries.record.levels import Level, LevelState, combine_markers
from caseseries.study.definition import Study
from caseseries.timeline.course import Course, Moment
from caseseries.timeline.endpoints import origin_of
from caseseries.timeline.response import Measured, MrdResponse, level_between
from caseseries.timeline.variables import derive_fact

ENDINGS = ("relapse", "second malignancy", "death")


def mrd_points(courses: Sequence[Course], responses: Mapping[str, MrdResponse]) -> tuple[MrdPoint, ...]:
    """The level before and after treatment of each case that has one."""
    points = []
    for course in courses:
        response, index = responses[course.case_id], course.first("index")
        for when, measured in (("before", response.before), ("after", response.after)):
            if measured and index:
                points.append(_point(course.case_id, when, measured, index.on))
    return tuple(points)


def _point(case_id: str, when: str, measured: Measured, index: date) -> MrdPoint:
    level = measured.level
    limit = None if level.value is not None else level.bounds()[1]
    return MrdPoint(case_id, when, (measured.on - index).days, str(level.state), level.value, limit)


def trajectories(courses: Sequence[Course], study: Study, until: str | None) -> tuple[Trajectory, ...]:
    """Every specimen of each case, from the index treatment to the event that ends its window; later ones too."""
    found = (_trajectory(course, study, until) for course in courses)
    return tuple(one for one in found if one.points)


def _trajectory(course: Course, study: Study, until: str | None) -> Trajectory:
    index = course.first("index")
    if index is None:
        return Trajectory(course.case_id, ())
    levels = {day: level_of_day(course, day) for day in sorted({sample.on for sample in course.samples})}
    levels |= {d.earliest: Level(LevelState.NOT_EVALUABLE) for d in course.doubts if d.earliest == d.latest}
    points = tuple(_level_at(level, (day - index.on).days) for day, level in sorted(levels.items()))
    ended = origin_of(course, until) if until else None
    last = max([0, *(point.day for point in points), *([(ended.on - index.on).days] if ended else [])])
    marks = [
        Mark(_event_name(m.kind, m.detail), (m.on - index.on).days) for m in course.all("hsct", *ENDINGS)
    ]
    shown = tuple(mark for mark in marks if 0 <= mark.day <= last)
    return Trajectory(course.case_id, points, tuple(_spans(course, study, index.on)), shown)


def _level_at(level: Level, day: int) -> LevelAt:
    limit = None if level.value is not None or not _says_something(level) else level.bounds()[1]
    interval = (level.lower, level.upper) if level.value is not None else (None, None)
    return LevelAt(
        day, str(level.state), level.value, limit, level.sensitivity, level.quantitative_range, *interval
    )


def _says_something(level: Level) -> bool:
    return level.state is not LevelState.NOT_EVALUABLE


def level_of_day(course: Course, day: date) -> Level:
    """The markers of one day together; not evaluable when none of them is."""
    levels = [s.level for s in course.samples if s.on == day and _says_something(s.level)]
    return combine_markers(levels) if levels else Level(LevelState.NOT_EVALUABLE)


def lanes(courses: Sequence[Course], study: Study) -> tuple[Lane, ...]:
    """The time-line of each case from its index treatment to the last day known, longest first."""
    found = [lane for course in courses if (lane := _lane(course, study))]
    return tuple(sorted(found, key=lambda lane: (-lane.end, lane.case_id)))


def _lane(course: Course, study: Study) -> Lane | None:
    index, last = course.first("index"), course.last_known()
    if index is None or last is None:
        return None
    spans = tuple(_spans(course, study, index.on))
    drawn = {span.start for span in spans}
    names = {"index": study.index.label}  # given again, with no end that would make it a stretch
    marks = [
        Mark(names.get(m.kind) or _event_name(m.kind, m.detail), day)
        for m in course.all("index", "hsct", "other treatment", "complete remission", *ENDINGS)
        if (day := (m.on - index.on).days) > 0 and not (m.kind == "index" and day in drawn)
    ]
    return Lane(course.case_id, spans, tuple(marks), (last.on - index.on).days, not course.all("death"))


def _spans(course: Course, study: Study, origin: date) -> Iterator[Span]:
    """The stretches of the index treatment that have both days."""
    for row in course.patient.form("treatment"):
        start, end = row.date("start_date"), row.date("end_date")
        if row.text("treatment") == study.index.treatment and start and end:
            yield Span(study.index.label, (start - origin).days, (min(end, study.data_cut) - origin).days)


def _event_name(kind: str, detail: str) -> str:
    if kind == "hsct":
        return "HSCT"
    if kind == "other treatment":
        return detail
    return f"{kind}, {detail}" if kind == "relapse" and detail == "lineage switch" else kind


def aftermath(
    courses: Sequence[Course], responses: Mapping[str, MrdResponse], study: Study
) -> tuple[Aftermath, ...]:
    """The first relapse, second malignancy or death after each transplant, in order of day; after each index
    treatment where the study does not count from a transplant. Last those that came before a transplant."""
    found = (_aftermath(course, responses[course.case_id].after, study) for course in courses)
    before = (_before_transplant(course, study) for course in courses)
    rows = [row for row in (*found, *before) if row]
    return tuple(sorted(rows, key=lambda row: (row.before_hsct, row.day, row.case_id)))


def _aftermath(course: Course, after: Measured | None, study: Study) -> Aftermath | None:
    start, index = origin_of(course, study.told_from), course.first("index")
    later = [m for m in course.moments if start and m.on > start.on]
    event = next((m for m in later if m.kind in ENDINGS), None)
    if start is None or event is None or index is None:
        return None
    if study.told_from == "hsct":  # whatever was given before the transplant
        known = level_between(course, index.on, start.on)
    else:
        known = after if after and after.on <= event.on else None
    rest = [m for m in later[later.index(event) + 1 :] if m.kind != "index end"]
    return Aftermath(
        course.case_id,
        event.kind,
        event.detail,
        (event.on - start.on).days,
        _point(course.case_id, "after", known, index.on) if known else None,
        tuple((*_told(m, study), (m.on - start.on).days) for m in rest),
        not course.all("death"),
    )


def _before_transplant(course: Course, study: Study) -> Aftermath | None:
    """The event that came first, in a study that counts from transplant, and what followed up to a transplant."""
    index, event = course.first("index"), _ending_before(course, study.told_from)
    if index is None or event is None:
        return None
    hsct = origin_of(course, "hsct")
    later = course.moments[course.moments.index(event) + 1 :]
    rest = [m for m in later if m.kind != "index end" and (hsct is None or m.on <= hsct.on)]
    followed = tuple((*_told(m, study), (m.on - index.on).days) for m in rest)
    alive, day = not course.all("death"), (event.on - index.on).days
    return Aftermath(course.case_id, event.kind, event.detail, day, None, followed, alive, before_hsct=True)


def _ending_before(course: Course, told_from: str) -> Moment | None:
    """The first relapse, second malignancy or death between the index treatment and the transplant, or without one."""
    index, hsct = course.first("index"), origin_of(course, "hsct")
    if told_from != "hsct" or index is None:
        return None
    since = (m for m in course.moments if m.on > index.on and (hsct is None or m.on <= hsct.on))
    return next((m for m in since if m.kind in ENDINGS), None)


def _told(moment: Moment, study: Study) -> tuple[str, str]:
    """What happened, and its detail; the index treatment given again is named as any other."""
    if moment.kind == "index":
        return "other treatment", study.index.label
    return ("HSCT" if moment.kind == "hsct" else moment.kind), moment.detail


def list_cases(courses: Sequence[Course], responses: Mapping[str, MrdResponse], study: Study) -> Listing:
    """One row a case. Days, not dates: the listing travels further than the returns."""
    rows = tuple(_row(course, responses[course.case_id], study) for course in courses)
    return Listing(tuple(rows[0]) if rows else (), rows)


LISTED = (
    "centre",
    "country",
    "identified_by",
    "sex",
    "age_at_diagnosis_months",
    "fusion",
    "wbc",
    "prednisone_response",
    "indication",
    "remission_at_start",
    "age_at_index_years",
    "cycles",
    "home_after_week_1",
)

Cell = str | int | float | date | None


def _row(course: Course, response: MrdResponse, study: Study) -> dict[str, Cell]:
    row: dict[str, Cell] = {"case_id": course.case_id}
    row |= {name: derive_fact(course, name).value for name in LISTED}
    row |= _mrd_cells("before", response.before) | _mrd_cells("after", response.after)
    row["mrd_response"] = str(response.state)
    for name, kind in study.toxicity.kinds.items():
        rows = [r for r in course.patient.form("toxicity") if r.text("toxicity") == kind]
        grades = [int(grade) for r in rows if (grade := r.number("grade")) is not None]
        row[f"{name}_grade"] = max(grades, default="not known" if rows else 0)
    return row | _outcome_cells(course, study.told_from)


def _mrd_cells(when: str, measured: Measured | None) -> dict[str, Cell]:
    level = measured.level if measured else None
    return {
        f"mrd_{when}_result": str(level.state) if level else None,
        f"mrd_{when}": level.value if level else None,
        f"mrd_{when}_lower": level.lower if level and level.value is not None else None,
        f"mrd_{when}_upper": level.upper if level and level.value is not None else None,
        f"mrd_{when}_sensitivity": level.sensitivity if level else None,
    }


def _outcome_cells(course: Course, told_from: str) -> dict[str, Cell]:
    """What came after the transplant, or after the index treatment, as the names of the columns say."""
    index, hsct, last = course.first("index"), origin_of(course, "hsct"), course.last_known()
    start = origin_of(course, told_from)
    event = next((m for m in course.moments if start and m.on > start.on and m.kind in ENDINGS), None)
    return {
        "days_index_to_hsct": (hsct.on - index.on).days if hsct and index else None,
        **(_before_cells(course) if told_from == "hsct" else {}),
        f"event_after_{told_from}": event.kind if event else None,
        "event_detail": event.detail if event else None,
        f"days_{told_from}_to_event": (event.on - start.on).days if event and start else None,
        f"days_{told_from}_to_last_known": (last.on - start.on).days if last and start else None,
        "alive": "no" if course.all("death") else "yes",
    }


def _before_cells(course: Course) -> dict[str, Cell]:
    """What came before the transplant, or without one, from the index treatment."""
    index, event, last = course.first("index"), _ending_before(course, "hsct"), course.last_known()
    return {
        "event_before_hsct": event.kind if event else None,
        "event_before_hsct_detail": event.detail if event else None,
        "days_index_to_event_before_hsct": (event.on - index.on).days if event and index else None,
        "days_index_to_last_known": (last.on - index.on).days if last and index else None,
    }
