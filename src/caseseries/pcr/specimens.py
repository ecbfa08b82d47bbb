"""Levels read from a study's plates, beside what the centres returned for the same specimens.

A specimen is a case, a day and a marker. Where a return has a line for it, the two are compared: if they agree, the
line stands as the centre signed it and gains the wells; if they exclude each other, neither is used until a person has
said which is right. Where no line exists, the plate's level becomes one. Nothing here computes a level.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from caseseries.decisions.chain import Log, Option, Question, question_id
from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.agreement import check_agreement, disagree, say_briefly
from caseseries.record.dates import ClinicalDate
from caseseries.record.levels import Level, LevelState
from caseseries.record.patient import Patient, Row, Source, Value
from caseseries.record.specimens import can_read, derive_level

FOLDER = "plates"
FORM = "specimens"
KIND = "mrd"
PLATE, RETURN = "plate", "return"


@dataclass(frozen=True)
class WellCounts:
    """`wells` is counted in the file, the others by what became of each reaction."""

    wells: int = 0
    used: int = 0
    set_aside: int = 0
    asked: int = 0

    def __add__(self, other: "WellCounts") -> "WellCounts":
        return WellCounts(
            self.wells + other.wells,
            self.used + other.used,
            self.set_aside + other.set_aside,
            self.asked + other.asked,
        )


@dataclass(frozen=True)
class PlateFile:
    """One plate, or one plate.toml, as it arrived."""

    file: str
    sha256: str
    counts: WellCounts = WellCounts()


@dataclass(frozen=True)
class Specimen:
    """One marker of one specimen, as a plate shows it.

    `hides` says why its level, though not evaluable, may be high: another marker's negative cannot speak for it.
    `because` says why there is no level, where there is none.
    `wells` are the places behind it, by the column of `record.specimens` that they fill.
    """

    case_id: str
    on: date
    sample: str
    marker: str
    level: Level
    where: Where
    wells: Mapping[str, Source]
    hides: str = ""
    because: str = ""


@dataclass(frozen=True)
class Plates:
    """Everything in a study's plates folder. `criteria` names the profile, `unverified` its unchecked values."""

    files: tuple[PlateFile, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    findings: tuple[Finding, ...] = ()
    criteria: str = ""
    unverified: tuple[str, ...] = ()

    @property
    def counts(self) -> WellCounts:
        return sum((file.counts for file in self.files), WellCounts())

    @property
    def read(self) -> int:
        """How many files held wells."""
        return sum(1 for file in self.files if file.counts.wells)


@dataclass(frozen=True)
class Measured:
    """The patients with what their plates say. `agreed` specimens had a line in a return, `added` had none."""

    patients: tuple[Patient, ...]
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()
    agreed: int = 0
    added: int = 0


@dataclass
class _Joining:
    log: Log
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    agreed: int = 0
    added: int = 0


def join_levels(patients: Sequence[Patient], plates: Plates, log: Log) -> Measured:
    """Every specimen of a plate put to its case's MRD lines; what agrees, contradicts or is new, and the answers
    people gave."""
    if not plates.specimens:
        return Measured(tuple(patients))
    by_case: dict[str, list[Specimen]] = {}
    for specimen in plates.specimens:
        by_case.setdefault(specimen.case_id, []).append(specimen)
    doing = _Joining(log)
    joined = tuple(_join(patient, by_case.get(patient.case_id, []), doing) for patient in patients)
    return Measured(joined, tuple(sorted(doing.findings)), tuple(doing.questions), doing.agreed, doing.added)


def _join(patient: Patient, specimens: Sequence[Specimen], doing: _Joining) -> Patient:
    if not specimens:
        return patient
    rows = list(patient.form(FORM))
    for specimen in (kept := _read_again(specimens, doing)):
        place = _line_of(specimen, rows, kept)
        if place is None:
            rows += _new_line(specimen, doing)
        else:
            rows[place] = _settle(rows[place], specimen, kept, doing)
    return replace(patient, rows={**patient.rows, FORM: tuple(rows)})


def _read_again(specimens: Sequence[Specimen], doing: _Joining) -> list[Specimen]:
    """Without the wells that could not be read where the same specimen was diluted and read again."""
    numbers = {
        (one.on, key_of(one.marker)): one for one in specimens if one.level.state is LevelState.QUANTIFIED
    }
    kept = []
    for one in specimens:
        again = numbers.get((one.on, key_of(one.marker)))
        if not one.hides or again is None:
            kept.append(one)
            continue
        what = f"{one.sample} could not be read ({one.hides}) and was read again as {again.sample}"
        do = f"Nothing to do: {say_briefly(again.level)} counts"
        doing.findings.append(
            Finding(one.where, "plate.read_again", Severity.NOTE, what, "", do, one.case_id)
        )
    return kept


def _line_of(specimen: Specimen, rows: Sequence[Row], beside: Sequence[Specimen]) -> int | None:
    """The line for this day and marker; a day's only line serves its only specimen where it names no marker."""
    today = [n for n, row in enumerate(rows) if row.date("specimen_date") == specimen.on]
    named = [n for n in today if key_of(rows[n].text("marker") or "") == key_of(specimen.marker)]
    if named:
        return named[0]
    is_alone = len(today) == 1 and sum(one.on == specimen.on for one in beside) == 1
    return today[0] if is_alone and not rows[today[0]].text("marker") else None


def key_of(marker: str) -> str:
    """A marker's letters and digits: `IGH VH3-JH4` and `IgH_Vh3 Jh4` are one."""
    return "".join(letter for letter in marker.casefold() if letter.isalnum())


def _settle(row: Row, specimen: Specimen, beside: Sequence[Specimen], doing: _Joining) -> Row:
    """The line of the return with the wells that confirm it; without its result where the two contradict."""
    returned = derive_level(row)
    with_wells = replace(row, values={**row.values, **_wells(specimen)})
    cell = next(iter(row.sources("mrd_percent", "mrd_result", "specimen_date")), None)
    place = cell.where if cell else row.where
    found = (
        _compare(specimen, beside, returned, place) if can_read(row) else None
    )  # else its own finding says so
    if found is None:
        doing.agreed += specimen.level.state is not LevelState.NOT_EVALUABLE or bool(specimen.hides)
        return with_wells
    question = _ask(specimen, returned, found.where)
    answer = doing.log.answers.get(question.id)
    if answer and question.allows(answer.decision.answer):
        return with_wells if answer.decision.answer == RETURN else _line(specimen)
    doing.findings.append(replace(found, case_id=specimen.case_id))
    doing.questions.append(question)
    return replace(with_wells, values=_without_result(with_wells.values))


def _compare(specimen: Specimen, beside: Sequence[Specimen], returned: Level, cell: Where) -> Finding | None:
    if specimen.hides and returned.state is not LevelState.QUANTIFIED:
        return disagree(f"{specimen.where}: {specimen.hides} for {specimen.sample}", returned, cell)
    if returned.state is LevelState.NOT_DETECTED and not _is_evaluable(specimen, beside):
        plate = f"{specimen.where} cannot be evaluated for {specimen.sample} ({specimen.because})"
        return disagree(plate, returned, cell, "a negative that its plate can show")
    return check_agreement(specimen, returned, cell, str(specimen.where))


def _is_evaluable(specimen: Specimen, beside: Sequence[Specimen]) -> bool:
    """Whether its wells gave a level, or those in which the same specimen was read again did."""
    key = (specimen.on, key_of(specimen.marker))
    again = (one for one in beside if (one.on, key_of(one.marker)) == key)
    return any(one.level.state is not LevelState.NOT_EVALUABLE for one in again)


def _ask(specimen: Specimen, returned: Level, cell: Where) -> Question:
    plate = specimen.hides or specimen.because or say_briefly(specimen.level)
    text = f"Which is right for {specimen.sample}, {specimen.marker}: {specimen.where}, or {cell}?"
    options = (
        Option(RETURN, f"the line of the return stands: {say_briefly(returned)}"),
        Option(PLATE, f"the plate stands: {plate}"),
    )
    parts = (specimen.case_id, specimen.on.isoformat(), key_of(specimen.marker), plate, say_briefly(returned))
    return Question(question_id(KIND, *parts), text, options, cell)


def _new_line(specimen: Specimen, doing: _Joining) -> Iterable[Row]:
    if specimen.level.state is LevelState.NOT_EVALUABLE and not specimen.hides:
        return ()
    doing.added += 1
    what = f"no line of the MRD sheet is for {specimen.marker} of {specimen.case_id} on {specimen.on}"
    do = "The plate's level is used; add the line if the centre has reported it"
    doing.findings.append(
        Finding(specimen.where, "plate.no_line", Severity.NOTE, what, "", do, specimen.case_id)
    )
    return (_line(specimen),)


def _line(specimen: Specimen) -> Row:
    """The plate's level as a line of the MRD form, each value with the wells it was read from."""
    level = specimen.level
    method = "RQ-PCR KMT2A" if "kmt2a" in specimen.marker.casefold() else "RQ-PCR IG/TR"
    said: dict[str, float | str | ClinicalDate | None] = {
        "specimen_date": ClinicalDate.on(specimen.on),
        "method": method,
        "marker": specimen.marker,
        "mrd_result": None if specimen.hides else str(level.state),
        "mrd_percent": _percent(level.value),
        "sensitivity_percent": _percent(level.sensitivity),
        "range_percent": _percent(level.quantitative_range),
    }
    values = {
        name: Value(value, Source(specimen.where, f"{name.replace('_', ' ')} {_written(value)}"))
        for name, value in said.items()
        if value is not None
    }
    return Row(FORM, specimen.case_id, specimen.where, {**values, **_wells(specimen)})


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100


def _written(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _wells(specimen: Specimen) -> dict[str, Value]:
    """The places behind the level, and its limits: what a plate knows and no return says."""
    level = specimen.level
    wells = {column: Value(source.raw, source) for column, source in specimen.wells.items()}
    limits = {"plate_lower_percent": level.lower, "plate_upper_percent": level.upper}
    if level.state not in (LevelState.QUANTIFIED, LevelState.BELOW_RANGE):
        return wells
    return wells | {
        name: Value(100 * limit, Source(specimen.where, f"95 % limit {100 * limit:.3g} %"))
        for name, limit in limits.items()
        if limit is not None
    }


def _without_result(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if name not in ("mrd_result", "mrd_percent")}
