"""How the cases were found, and which of the centres asked have answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from caseseries.intake.returns import ReturnedFile
from caseseries.record.patient import Patient, Source
from caseseries.study.definition import Study

BOARD, SURVEY, BOTH, UNKNOWN = "tumour board", "survey", "both", ""


@dataclass(frozen=True)
class Reach:
    """The centres the protocol names, and those of them with a return that holds something."""

    asked: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


def list_answers(study: Study, files: Iterable[ReturnedFile]) -> Reach:
    """Which centres have answered."""
    filled = {file.centre for file in files if file.counts.non_empty}
    return Reach(study.centres, tuple(centre for centre in study.centres if centre in filled))


def group_by_source(patients: Sequence[Patient]) -> Mapping[str, Mapping[str, tuple[Source, ...]]]:
    """Cases by what found them (tumour board, survey, both, or nothing stated), each with its cell."""
    groups: dict[str, dict[str, tuple[Source, ...]]] = {name: {} for name in (BOARD, SURVEY, BOTH, UNKNOWN)}
    for patient in patients:
        row = patient.only("patients")
        word = (row.text("identified_by") if row else None) or UNKNOWN
        groups[word][patient.case_id] = row.sources("identified_by") if row else ()
    return groups
