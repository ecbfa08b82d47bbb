"""What must hold within a line and between lines. The order of dates is the business of `timeline`.

The harm to design against is a child whose leukaemia is called gone: when a result contradicts itself, none of
it is used.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from caseseries.findings import Finding, Severity
from caseseries.intake.cells import allowed_in
from caseseries.intake.lines import Line, Remark, severity_of
from caseseries.intake.notices import quote
from caseseries.intake.spelling import closest
from caseseries.record.levels import LevelState
from caseseries.study.forms import CASE_ID

PATIENTS = "patients"
UNKNOWN_CASE = "intake.unknown-case"

# A detail that says something happened, and the events beside which it makes sense.
DETAILS = {
    "cause_of_death": frozenset({"death"}),
    "phenotype": frozenset({"relapse", "second malignancy", "death"}),
}


def check_lines(lines: Sequence[Line]) -> Iterator[Remark]:
    """Every remark on the lines of all returns together."""
    for line in lines:
        yield from _required_is_filled(line)
        if line.form.name in LINE_RULES:
            yield from LINE_RULES[line.form.name](line)
    for check_all in STUDY_RULES:
        yield from check_all(lines)


def spellings_of(lines: Iterable[Line]) -> dict[str, str]:
    """The study's spelling of each case id, as first written on a Patients sheet, by its key."""
    spellings: dict[str, str] = {}
    for line in lines:
        if line.form.name == PATIENTS:
            spellings.setdefault(line.key, line.case_id)
    return spellings


def _remark(
    line: Line,
    column: str,
    code: str,
    severity: Severity,
    words: tuple[str, str, str],
    aside: Iterable[str] = (),
) -> Remark:
    """`words` are what, allowed and do; `aside` the columns whose cells are not used."""
    finding = Finding(line.places[column], f"intake.{code}", severity, *words, case_id=line.case_id)
    values = line.row.values
    return Remark(finding, tuple(values[name].source.where for name in aside if name in values))


# --- within a line ----------------------------------------------------------------------------------------


def _required_is_filled(line: Line) -> Iterator[Remark]:
    for column in line.form.required:
        name = column.name
        if name not in line.row.values and name not in line.unread and name in line.places:
            words = (f"“{column.heading}” is empty", allowed_in(column), "Fill the cell")
            yield _remark(line, name, "required", severity_of(line.form, column), words)


def _result_is_complete(line: Line) -> Iterator[Remark]:
    result, level = line.row.text("mrd_result"), line.row.number("mrd_percent")
    if result == LevelState.QUANTIFIED:
        yield from _quantified(line, level)
    elif result and level == 0:
        yield _zero_beside_result(line, result)
    elif result and level is not None:
        yield _level_beside_result(line, result, level)
    if result == LevelState.NOT_DETECTED and line.row.number("sensitivity_percent") is None:
        yield _without_sensitivity(line)


def _zero_beside_result(line: Line, result: str) -> Remark:
    what = f"a level of 0 % beside “{result}” is ignored"
    words = (what, "no level", "Leave the cell empty: what was not found has a sensitivity, not a level")
    remark = _remark(line, "mrd_percent", "level-zero", Severity.NOTE, words)
    return replace(remark, ignored=(line.places["mrd_percent"],))


def _level_beside_result(line: Line, result: str, level: float) -> Remark:
    """A level within a stated range leaves a positive result standing; any other leaves nothing."""
    what, allowed = f"a level of {level:g} % stands beside “{result}”", "a level only beside “quantified”"
    if result == LevelState.BELOW_RANGE and level <= (line.row.number("range_percent") or 0):
        words = (what, allowed, "Remove the level; the result stands and the level is not used")
        return _remark(line, "mrd_percent", "level-not-used", Severity.VALUE, words, ("mrd_percent",))
    words = (
        what,
        allowed,
        "Correct the result or remove the level; until then the specimen is not evaluable",
    )
    aside = ("mrd_result", "mrd_percent")
    return _remark(line, "mrd_percent", "level-or-result", Severity.VALUE, words, aside)


def _quantified(line: Line, level: float | None) -> Iterator[Remark]:
    limit = line.row.number("range_percent") or line.row.number("sensitivity_percent")
    if not level:
        given = (
            "is 0 %" if level == 0 else "cannot be read" if "mrd_percent" in line.unread else "is not given"
        )
        what = f"the result is “quantified” and the level {given}"
        do = "Add the level, or correct the result; until then the specimen is not evaluable"
        words = (what, "a level above 0", do)
        yield _remark(line, "mrd_result", "no-level", Severity.VALUE, words, ("mrd_result", "mrd_percent"))
    elif limit and level < limit:
        what = f"the level {level:g} % is quantified, below what the assay can quantify ({limit:g} %)"
        words = (what, "“positive below quantitative range”", "Check the level, its unit and the limits")
        yield _remark(line, "mrd_percent", "level-below-range", Severity.NOTE, words)


def _without_sensitivity(line: Line) -> Remark:
    unread = "sensitivity_percent" in line.unread
    given = "with a sensitivity that cannot be read" if unread else "without a sensitivity"
    what = f"the result is “not detected” {given}"
    allowed = "the lowest level that this sample could have shown"
    do = "Add the sensitivity; until then the specimen is not evaluable"
    return _remark(line, "mrd_result", "no-sensitivity", Severity.VALUE, (what, allowed, do), ("mrd_result",))


def _detail_fits_event(line: Line) -> Iterator[Remark]:
    event = line.row.text("event")
    for name, events in DETAILS.items():
        if event and name in line.row.values and event not in events:
            heading = line.form.column(name).heading
            what = f"“{heading}” is filled beside the event “{event}”"
            allowed = " or ".join(f"“{each}”" for each in sorted(events))
            do = "Correct the event, or empty the cell; until then it is not clear what happened"
            yield _remark(line, name, "detail-or-event", Severity.CASE, (what, allowed, do))


# --- between lines ----------------------------------------------------------------------------------------


def _by_case(lines: Iterable[Line], form: str) -> Mapping[str, list[Line]]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.form.name == form:
            groups[line.key].append(line)
    return groups


def _one_patient_a_case(lines: Sequence[Line]) -> Iterator[Remark]:
    for first, *others in _by_case(lines, PATIENTS).values():
        for line in others:
            what = f"the case id {quote(line.case_id)} is also at {first.row.where}"
            do = "If it is the same child keep one line, else give one of them another id; both are set aside"
            words = (what, "each case id once in all returns together", do)
            yield _remark(line, CASE_ID.name, "double-case", Severity.CASE, words)


def _form_filled_once(lines: Sequence[Line]) -> Iterator[Remark]:
    for form in {line.form.name: line.form for line in lines}.values():
        if form.repeats or form.name == PATIENTS:
            continue
        for first, *others in _by_case(lines, form.name).values():
            for line in others:
                what = f"a second line for case {quote(line.case_id)}; the first is {first.row.where}"
                words = (what, "one line for each case on this sheet", "Keep one of the two lines")
                yield _remark(line, CASE_ID.name, "second-line", Severity.CASE, words)


def _case_is_known(lines: Sequence[Line]) -> Iterator[Remark]:
    spellings = spellings_of(lines)
    for line in lines:
        known = spellings.get(line.key)
        if known is None:
            yield _unknown_case(line, spellings.values())
        elif known != line.case_id:
            what = f"the case id {quote(line.case_id)} is read as “{known}”"
            words = (what, "the spelling of the Patients sheet", "Correct it if another child is meant")
            yield _remark(line, CASE_ID.name, "case-spelling", Severity.NOTE, words)


def _unknown_case(line: Line, known: Iterable[str]) -> Remark:
    """If one case is clearly meant it is set aside too: it may lack an event."""
    meant = closest(line.case_id, known)
    asked = f"Did you mean “{meant}”? Until it is clear that case is set aside as well"
    do = asked if meant else "Correct the case id, or add the child to the Patients sheet"
    what = f"the case id {quote(line.case_id)} is on no Patients sheet"
    finding = Finding(
        line.row.where,
        UNKNOWN_CASE,
        Severity.CASE,
        what,
        "a case of the Patients sheets",
        do,
        meant or line.case_id,
    )
    return Remark(finding, tuple(line.cells))


LINE_RULES: Mapping[str, Callable[[Line], Iterator[Remark]]] = {
    "specimens": _result_is_complete,
    "follow_up": _detail_fits_event,
}
STUDY_RULES: tuple[Callable[[Sequence[Line]], Iterator[Remark]], ...] = (
    _one_patient_a_case,
    _form_filled_once,
    _case_is_known,
)
