"""MRD against remission, and each result against its assay. Levels in percent of cells, as the centre wrote them."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import permutations

from caseseries.findings import Finding
from caseseries.record.levels import LevelState, logs_apart
from caseseries.record.patient import Row
from caseseries.timeline.check.findings import Rule, ask
from caseseries.timeline.check.history import REMISSION, first_cycle
from caseseries.timeline.course import Course, Sample

OVERT = 0.05  # fraction of cells; above it marrow is not in remission
LOWEST = (
    1e-5  # RQ-PCR and deep sequencing reach this; a quantified level below it is a fraction typed as percent
)
POOR_SENSITIVITY = 0.01
BEFORE = timedelta(days=35)
AFTER = timedelta(days=60)  # of follow-up, in which MRD would have been measured
AT_RELAPSE = timedelta(days=7)
LOGS_APART = 1.0  # between the markers of one specimen (van der Velden 2007, recalled, not read)
BEST_SENSITIVITY = {"RQ-PCR IG/TR": 0.001, "RQ-PCR KMT2A": 0.001, "flow cytometry": 0.001}  # percent; 1e-5


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.4g} %"


def _in_remission(course: Course) -> tuple[Row, date] | None:
    found = first_cycle(course)
    is_remission = found and (found[0].text("remission_at_start") or "").startswith(REMISSION)
    return (found[0], found[1].on) if found and is_remission else None


def no_leukaemia_in_remission(course: Course) -> Iterator[Finding]:
    found = _in_remission(course)
    for sample in _before(course) if found else ():
        value = sample.level.value
        if found and value is not None and value >= OVERT:
            what = f"MRD of {_percent(value)} on {sample.on} stands beside “{found[0].text('remission_at_start')}”"
            do = "Check the level and its unit, or choose “not in remission”"
            yield ask(course, sample.sources[2], "overt-in-remission", what, f"below {_percent(OVERT)}", do)


def leukaemia_is_measured(course: Course) -> Iterator[Finding]:
    """A child not in remission has leukaemia in the marrow, and MRD finds it."""
    found, before = first_cycle(course), _before(course)
    levels = [sample for sample in before if sample.level.value is not None]
    highest = max(levels, key=lambda sample: sample.level.value or 0, default=None)
    if found and highest and found[0].text("remission_at_start") == "not in remission":
        value = highest.level.value or 0
        if value < OVERT:
            what = f"MRD of {_percent(value)} on {highest.on} stands beside “not in remission”"
            do = "Check the level and its unit, or the remission; leukaemia outside the marrow can do this"
            allowed = f"{_percent(OVERT)} or more"
            yield ask(course, highest.sources[2], "low-without-remission", what, allowed, do)


def _before(course: Course) -> tuple[Sample, ...]:
    index = course.first("index")
    return tuple(s for s in course.samples if index and index.on - BEFORE <= s.on <= index.on)


def mrd_is_as_stated(course: Course) -> Iterator[Finding]:
    found, before = _in_remission(course), _before(course)
    last = [sample for sample in before if sample.on == before[-1].on]
    stated = (found[0].text("remission_at_start") or "") if found else ""
    if found and last and stated.endswith("MRD-negative"):
        for sample in last:
            if sample.level.state in (LevelState.QUANTIFIED, LevelState.BELOW_RANGE):
                what = f"“{stated}” at the start on {found[1]}, and MRD was positive on {sample.on}"
                do = "Check the result and its date, or correct the remission"
                yield ask(
                    course, sample.sources[1], "positive-before", what, "a result that is not detected", do
                )
    elif found and last and all(s.level.state is LevelState.NOT_DETECTED for s in last):
        what = f"“{stated}” at the start on {found[1]}, and MRD was not detected on {last[0].on}"
        do = "Check the result and its date: it is the level before treatment"
        yield ask(course, last[0].sources[1], "negative-before", what, "a positive result", do)


def mrd_is_on_record(course: Course) -> Iterator[Finding]:
    """The level that a remission speaks of, and where there is one before, one after."""
    found, before, index = _in_remission(course), _before(course), course.first("index")
    if found and not before and not course.doubts:
        stated = found[0].text("remission_at_start")
        what = f"“{stated}” at the start on {found[1]}, and no specimen of the {BEFORE.days} days before"
        do = "Add the specimen, or correct the remission: without it there is no level to compare with"
        source = found[0].sources("remission_at_start")[0]
        yield ask(course, source, "no-mrd-before", what, "a specimen before treatment", do)
    last = course.last_known()
    is_seen = index and last and last.on > index.on + AFTER
    is_after = any(sample.on > index.on for sample in course.samples) if index else False
    if index and before and is_seen and not is_after and not course.doubts:
        what = f"MRD was measured on {before[-1].on}, and never after treatment began on {index.on}"
        do = "Add the specimens after treatment; if there are none nothing needs doing, and response is not evaluable"
        yield ask(course, before[-1].sources[0], "no-mrd-after", what, "a specimen after treatment", do)


def relapse_shows(course: Course) -> Iterator[Finding]:
    for relapse in course.all("relapse"):
        for sample in course.samples:
            is_near = relapse.on <= sample.on <= relapse.on + AT_RELAPSE
            if is_near and sample.level.state is LevelState.NOT_DETECTED:
                what = f"MRD was not detected on {sample.on}, and a relapse is recorded on {relapse.on}"
                do = "Check both dates; a relapse outside the marrow or without the marker can do this"
                yield ask(course, sample.sources[1], "negative-at-relapse", what, "a positive result", do)


def leukaemia_is_recorded(course: Course) -> Iterator[Finding]:
    """Overt leukaemia after the index treatment with no relapse on the Follow-up sheet would be a missed event."""
    index = course.first("index")
    relapses = [m.on for m in course.all("relapse") if index and m.on > index.on]
    remission = next((m for m in course.all("complete remission") if index and m.on > index.on), None)
    for sample in course.samples:
        is_after = (
            index
            and sample.on > index.on
            and (_in_remission(course) or (remission and sample.on > remission.on))
        )
        value = sample.level.value
        if is_after and value is not None and value >= OVERT and not relapses:
            what = f"MRD of {_percent(value)} on {sample.on}, and no relapse is recorded"
            do = "Check the level, or add the relapse to the Follow-up sheet: as it stands none is counted"
            yield ask(course, sample.sources[2], "relapse-not-recorded", what, "a relapse", do)


# --- one result against its assay -------------------------------------------------------------------------


def assay_is_possible(course: Course) -> Iterator[Finding]:
    """No assay quantifies below what it can detect."""
    for sample in course.samples:
        sensitivity, limit = sample.level.sensitivity, sample.level.quantitative_range
        if sensitivity and limit and sensitivity > limit:
            what = f"the quantitative range ({_percent(limit)}) reaches below the sensitivity ({_percent(sensitivity)})"
            do = "Check whether the two were exchanged"
            allowed = "a quantitative range at or above the sensitivity"
            yield ask(course, sample.sources[-1], "range-below-sensitivity", what, allowed, do)


def level_is_a_percentage(course: Course) -> Iterator[Finding]:
    for sample in course.samples:
        value = sample.level.value
        if value is not None and value < LOWEST:
            what = f"a quantified level of {_percent(value)} is lower than assays reach"
            do = "Check the unit: 0.0001 as a fraction is 0.01 %"
            yield ask(course, sample.sources[2], "level-too-low", what, f"{_percent(LOWEST)} or more", do)
        if (
            sample.level.state is LevelState.NOT_DETECTED
            and (sample.level.sensitivity or 0) > POOR_SENSITIVITY
        ):
            what = (
                f"“not detected” with a sensitivity of {_percent(sample.level.sensitivity or 0)} says little"
            )
            do = "Check the sensitivity and its unit: 1e-4 is 0.01 %"
            allowed = f"{_percent(POOR_SENSITIVITY)} or better"
            yield ask(course, sample.sources[2], "poor-sensitivity", what, allowed, do)


def sensitivity_is_reached(course: Course) -> Iterator[Finding]:
    """A tube holds some 10^5 cells' DNA: one copy in it is 1e-5 (van der Velden, Leukemia 2007;21:604)."""
    for row in course.patient.form("specimens"):
        sensitivity, best = row.number("sensitivity_percent"), BEST_SENSITIVITY.get(row.text("method") or "")
        if sensitivity and best and sensitivity < best:
            what = f"a sensitivity of {sensitivity:g} % is better than {row.text('method')} can reach"
            do = "Check the unit: 0.0001 as a fraction is 0.01 %"
            source = row.sources("sensitivity_percent")[0]
            yield ask(course, source, "sensitivity-too-good", what, f"{best:g} % or more", do)


def specimens_differ(course: Course) -> Iterator[Finding]:
    """Duplicate: one day, material, method and marker, twice; said apart when the results differ."""
    told: dict[tuple[object, ...], Row] = {}
    for row in course.patient.form("specimens"):
        on = row.date("specimen_date")
        key = (on, *(row.text(name) for name in ("material", "method", "marker")))
        first = told.setdefault(key, row)
        if on is None or first is row:
            continue
        is_same = all(_content(first, name) == _content(row, name) for name in ("mrd_result", "mrd_percent"))
        code = "duplicate" if is_same else "contradiction"
        what = f"the specimen of {on} with this marker is recorded twice" + (
            "" if is_same else ", differently"
        )
        allowed, do = (
            f"one line; the first is {first.where}",
            "Remove one of the two lines, or name the markers",
        )
        yield ask(course, row.sources("specimen_date")[0], code, what, allowed, do)


def _content(row: Row, name: str) -> object:
    return row.values[name].value if name in row.values else None


def markers_agree(course: Course) -> Iterator[Finding]:
    """More than a log between two markers of one day; the highest counts, and the others ask a question."""
    by_day: dict[date, dict[str, Sample]] = {}
    for sample in course.samples:
        if sample.marker and sample.level.state is not LevelState.NOT_EVALUABLE:
            by_day.setdefault(sample.on, {}).setdefault(sample.marker, sample)
    for on, samples in by_day.items():
        gap = logs_apart([sample.level for sample in samples.values()])
        if gap > LOGS_APART:
            low = min(samples.values(), key=lambda sample: sample.level.bounds()[1])
            what = f"the markers of {on} ({', '.join(samples)}) are {gap:.1f} log apart"
            do = "Clonal evolution, oligoclonality or lineage switch can do this; the highest counts. Check, or repeat"
            yield ask(course, low.sources[0], "markers-apart", what, f"within {LOGS_APART:g} log", do)


def markers_are_followed(course: Course) -> Iterator[Finding]:
    """The markers of the last day before treatment and of the last day before what came after it: one that is
    missing may be the higher one.
    """
    index, before = course.first("index"), _before(course)
    if not index or course.doubts:
        return
    end = next((m.on for m in course.all("hsct", "relapse") if m.on > index.on), date.max)
    after = [sample for sample in course.samples if index.on < sample.on <= end]
    days = [
        [s for s in samples if s.marker and s.on == samples[-1].on] for samples in (before, after) if samples
    ]
    for one, other in permutations(days, 2) if all(days) else ():
        for sample in one:
            if sample.marker not in {each.marker for each in other}:
                measured = ", ".join(dict.fromkeys(each.marker for each in other))
                what = f"{sample.marker}, a marker of {sample.on}, is not among those of {other[0].on} ({measured})"
                do = "Add its line, or correct the date or the marker; the one that is missing may be the higher one"
                yield ask(
                    course, sample.sources[0], "marker-missing", what, "the same markers on both days", do
                )


def marker_fits_method(course: Course) -> Iterator[Finding]:
    for row in course.patient.form("specimens"):
        method, marker = row.text("method") or "", (row.text("marker") or "").upper()
        is_receptor = marker.startswith(("IG", "TR"))
        is_wrong = (method == "RQ-PCR KMT2A" and is_receptor) or (
            method == "RQ-PCR IG/TR" and "KMT2A" in marker
        )
        if is_wrong:
            what = f"the marker {row.text('marker')} stands beside the method “{method}”"
            source = row.sources("marker")[0]
            yield ask(
                course, source, "marker-method", what, "a marker of that method", "Correct one of the two"
            )


RULES: tuple[Rule, ...] = (
    no_leukaemia_in_remission,
    leukaemia_is_measured,
    mrd_is_as_stated,
    mrd_is_on_record,
    relapse_shows,
    leukaemia_is_recorded,
    assay_is_possible,
    level_is_a_percentage,
    sensitivity_is_reached,
    specimens_differ,
    markers_agree,
    markers_are_followed,
    marker_fits_method,
)
