"""Alive or dead, and on which day, where a wide sheet says it in two places.

A status and a day last seen make a death or a day seen alive. Where a date of death stands beside them, it is the
death; a day last seen before it is a day seen alive, and the same day says nothing more.
"""

from collections.abc import Sequence
from dataclasses import replace

from caseseries.findings import Finding, Severity
from caseseries.intake.lines import Line, Remark
from caseseries.record.patient import Value

ALIVE, DEAD = "seen alive", "death"

Change = tuple[Line, Line | None]  # a line, and what takes its place


def settle_status(lines: Sequence[Line]) -> tuple[list[Line], list[Remark]]:
    """One record's lines, with at most one death; what says it again is ignored, what contradicts is refused."""
    deaths = [line for line in lines if _is(line, DEAD)]
    dated = [line for line in deaths if "date" in line.row.values]
    if len(deaths) == 2 and len(dated) == 1:
        other = next(line for line in deaths if line is not dated[0])
        if not {"date"} & other.unread:
            joined = _joined(dated[0], other)
            used = {value.source.where for value in joined.row.values.values()}
            said = [] if other.row.values["event"].source.where in used else _said_again(other)
            return _replace(lines, (dated[0], joined), (other, None)), said
    if len(dated) == 2:
        return _two_days(lines, *dated)
    if len(dated) == 1:
        return _beside_death(lines, dated[0])
    return list(lines), []


def _is(line: Line, event: str) -> bool:
    return line.form.name == "follow_up" and line.row.text("event") == event


def _replace(lines: Sequence[Line], *changes: Change) -> list[Line]:
    by_id = {id(line): new for line, new in changes}
    return [new for line in lines if (new := by_id.get(id(line), line)) is not None]


def _joined(line: Line, other: Line) -> Line:
    """The death with what the other line adds: its cause, or the status that says it again."""
    values = {**other.row.values, **line.row.values}
    return replace(
        line,
        row=replace(line.row, values=values),
        cells=(*line.cells, *other.cells),
        unread=line.unread | other.unread,
    )


def _said_again(line: Line) -> list[Remark]:
    value = line.row.values["event"]
    what = f"“{value.source.raw}” says again what the date of death says"
    finding = Finding(
        value.source.where,
        "intake.said-again",
        Severity.NOTE,
        what,
        "",
        "Nothing, if that is right",
        line.case_id,
    )
    return [Remark(finding, ignored=(value.source.where,))]


def _two_days(lines: Sequence[Line], one: Line, other: Line) -> tuple[list[Line], list[Remark]]:
    """A date of death, and a status "dead" beside a day last seen."""
    death, seen = (
        (one, other)
        if one.row.values["event"].source.where == one.row.values["date"].source.where
        else (other, one)
    )
    if death.row.values["date"].value == seen.row.values["date"].value:
        cells = tuple({seen.row.values[name].source.where for name in ("event", "date")})
        remark = _said_again(seen)[0]
        return _replace(lines, (seen, None)), [replace(remark, ignored=cells)]
    event = seen.row.values["event"]
    alive = replace(
        seen,
        row=replace(
            seen.row, values={**seen.row.values, "event": Value(ALIVE, seen.row.values["date"].source)}
        ),
    )
    return _replace(lines, (seen, alive)), [replace(_said_again(seen)[0], ignored=(event.source.where,))]


def _beside_death(lines: Sequence[Line], death: Line) -> tuple[list[Line], list[Remark]]:
    changes: list[Change] = []
    remarks: list[Remark] = []
    for line in lines:
        if not _is(line, ALIVE):
            continue
        event, day = line.row.values["event"], line.row.values.get("date")
        is_stated = day is None or event.source.where != day.source.where
        if is_stated:
            what = (
                f"“{event.source.raw}” stands beside a date of death ({death.row.values['date'].source.raw})"
            )
            do = "Correct one of the two; until then it is not clear what happened"
            finding = Finding(
                event.source.where,
                "intake.alive-or-dead",
                Severity.CASE,
                what,
                "one of the two",
                do,
                line.case_id,
            )
            remarks.append(Remark(finding, (event.source.where,)))
        elif day and day.value == death.row.values["date"].value:
            remarks += [replace(_said_again(line)[0], ignored=(day.source.where,))]
            changes.append((line, None))
    return _replace(lines, *changes), remarks
