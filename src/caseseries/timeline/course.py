"""A case's dated history in order: records to moments on one calendar, each with the cells behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from caseseries.record.dates import ClinicalDate
from caseseries.record.levels import Level
from caseseries.record.patient import Patient, Row, Source
from caseseries.record.specimens import PLATE_COLUMNS, SPECIMEN_COLUMNS, can_read, derive_level
from caseseries.study.definition import Study

# On one day, a state that begins is put before the event that ends it, and death last.
ORDER = (
    "birth",
    "diagnosis",
    "complete remission",
    "relapse",
    "second malignancy",
    "index",
    "index end",
    "other treatment",
    "hsct",
    "seen alive",
    "death",
)


@dataclass(frozen=True)
class Moment:
    """Something that happened on a day. `detail` is the phenotype, the cause of death or the treatment."""

    kind: str
    on: date
    sources: tuple[Source, ...]
    detail: str = ""


@dataclass(frozen=True)
class Sample:
    """One MRD measurement of one marker. `wells` are those of the plate it was read from, or confirmed by."""

    on: date
    level: Level
    marker: str
    sources: tuple[Source, ...]
    wells: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """A specimen whose day or result could not be read: it lies somewhere in the interval and may show anything."""

    earliest: date
    latest: date
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Course:
    """The history of one case. `moments` and `samples` are in order of day; `doubts` could be any sample."""

    patient: Patient
    moments: tuple[Moment, ...]
    samples: tuple[Sample, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def case_id(self) -> str:
        return self.patient.case_id

    def all(self, *kinds: str) -> tuple[Moment, ...]:
        return tuple(moment for moment in self.moments if moment.kind in kinds)

    def first(self, kind: str, since: date | None = None) -> Moment | None:
        """The first moment of a kind, on or after `since`."""
        found = (m for m in self.all(kind) if since is None or m.on >= since)
        return next(found, None)

    def last_known(self) -> Moment | None:
        """The last dated moment, which ends every clock without an event.

        A specimen is no moment: it shows that the child lived, and not that nothing had happened.
        """
        return max(self.moments, key=lambda moment: moment.on, default=None)

    def last_alive(self) -> date | None:
        """The last day that shows the child alive: a moment but death, a specimen or a toxicity, of a whole day."""
        days = [moment.on for moment in self.moments if moment.kind != "death"]
        lines = (row.date(DAY_OF[form]) for form in SHOW_ALIVE for row in self.patient.form(form))
        return max(filter(None, (*days, *lines)), default=None)


def build_course(patient: Patient, study: Study) -> Course:
    """The course of one case. Dates known only as intervals give no moment; `check` reports them."""
    moments = sorted(_moments(patient, study), key=lambda moment: (moment.on, ORDER.index(moment.kind)))
    samples = sorted(_samples(patient), key=lambda sample: sample.on)
    doubts = (_doubt(row) for row in patient.form("specimens") if not can_read(row))
    return Course(patient, tuple(moments), tuple(samples), tuple(doubts))


# The day that a line of each form is about.
DAY_OF = {
    "treatment": "start_date",
    "specimens": "specimen_date",
    "toxicity": "onset_date",
    "transplant": "hsct_date",
    "follow_up": "date",
}
SHOW_ALIVE = ("specimens", "toxicity")  # forms whose lines are no moments, and are of a living child


def cut_off(course: Course, data_cut: date) -> Course:
    """The course as it was known on `data_cut`: nothing that happened later is in it.

    What came later still says that the child was alive on that day: a moment "data cut" stands for it.
    """
    moments = tuple(moment for moment in course.moments if moment.on <= data_cut)
    last = course.last_known()
    if last is not None and last.on > data_cut:
        moments += (Moment("data cut", data_cut, last.sources),)
    rows = {
        form: tuple(row for row in found if not _is_after(row, DAY_OF.get(form, ""), data_cut))
        for form, found in course.patient.rows.items()
    }
    samples = tuple(sample for sample in course.samples if sample.on <= data_cut)
    doubts = tuple(doubt for doubt in course.doubts if doubt.earliest <= data_cut)
    return Course(replace(course.patient, rows=rows), moments, samples, doubts)


def _is_after(row: Row, column: str, data_cut: date) -> bool:
    found = row.values.get(column)
    return bool(found and isinstance(found.value, ClinicalDate) and found.value.earliest > data_cut)


def _moments(patient: Patient, study: Study) -> Iterator[Moment]:
    yield from _dated("birth", patient.form("patients"), "birth_date")
    yield from _dated("diagnosis", patient.form("diagnosis"), "diagnosis_date")
    index = [row for row in patient.form("treatment") if row.text("treatment") == study.index.treatment]
    other = [row for row in patient.form("treatment") if row.text("treatment") != study.index.treatment]
    yield from _dated("index", index, "start_date", "", "treatment")
    yield from _dated("index end", index, "end_date")
    yield from _dated("other treatment", other, "start_date", "treatment")
    yield from _dated("hsct", patient.form("transplant"), "hsct_date")
    for row in patient.form("follow_up"):
        if kind := row.text("event"):
            detail = "cause_of_death" if kind == "death" else "phenotype"
            yield from _dated(kind, [row], "date", detail, "event")


def _dated(kind: str, rows: Iterable[Row], column: str, detail: str = "", *more: str) -> Iterator[Moment]:
    for row in rows:
        if on := row.date(column):
            columns = [name for name in (column, detail, *more) if name]
            yield Moment(kind, on, row.sources(*columns), (row.text(detail) or "") if detail else "")


def _samples(patient: Patient) -> Iterator[Sample]:
    for row in patient.form("specimens"):
        on = row.date("specimen_date")
        if on and can_read(row):
            cells, wells = row.sources(*SPECIMEN_COLUMNS), row.sources(*PLATE_COLUMNS)
            yield Sample(on, derive_level(row), row.text("marker") or "", cells, wells)


def _doubt(row: Row) -> Doubt:
    found = row.values.get("specimen_date")
    known = (
        found.value if found and isinstance(found.value, ClinicalDate) else ClinicalDate(date.min, date.max)
    )
    return Doubt(known.earliest, known.latest, row.sources(*SPECIMEN_COLUMNS))
