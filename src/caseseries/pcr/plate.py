"""A plate as read: wells, their curves and what the file said about them. Nothing is interpreted here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from caseseries.findings import Finding, Severity, StudyError, Where

Matrix = NDArray[np.float64]
UNNAMED = "unnamed target"
COUNT_DIGITS = 5
MOST_LIGHT = 1e30
SHORTENED = 4  # so many neighbouring wells are named by the first and the last


class PlateError(StudyError):
    """A plate, or what describes it, that cannot be read; carries every finding, not the first."""


class Task(StrEnum):
    """What the file says a sample is, in RDML's words."""

    UNKNOWN = "unkn"
    STANDARD = "std"
    WATER = "ntc"
    NEGATIVE = "neg"  # not RDML's: a negative control, of water or of polyclonal DNA
    NO_TARGET = "ntp"
    NO_AMPLIFICATION_CONTROL = "nac"
    NO_RT_CONTROL = "nrt"
    POSITIVE = "pos"
    OPTICAL = "opt"
    UNSTATED = ""


@dataclass(frozen=True)
class Reading:
    """The instrument's own Cq. `cq` None means it gave none, and `note` says what stood there instead."""

    cq: float | None = None
    text: str = ""
    note: str = ""


@dataclass(frozen=True)
class Well:
    """One reaction: one target in one well. `quantity` is what the file declares for a standard."""

    plate: str
    run: str
    position: str
    sample: str
    target: str
    dye: str = ""
    task: Task = Task.UNSTATED
    is_control_gene: bool | None = None
    quantity: float | None = None
    unit: str = ""
    reading: Reading = Reading()
    excluded: str = ""  # by whom, empty when in use

    @property
    def where(self) -> Where:
        return Where(self.plate, self.run, self.position)


@dataclass(frozen=True, eq=False)
class Plate:
    """Wells and their fluorescence (wells × cycles, cycle 1 first, NaN where nothing was measured).

    `subtracted` is true when the file's curves already had their baseline taken off.
    """

    name: str
    sha256: str
    format: str
    wells: tuple[Well, ...]
    fluorescence: Matrix
    subtracted: bool = False
    findings: tuple[Finding, ...] = field(default=())


def stack_curves(curves: Sequence[Sequence[float] | Matrix]) -> Matrix:
    """Curves of any length as one matrix, short ones ending in NaN; what no detector counts to is not measured."""
    width = max((len(curve) for curve in curves), default=0)
    matrix = np.full((len(curves), width), np.nan)
    for row, curve in zip(matrix, curves, strict=True):
        row[: len(curve)] = curve
    matrix[np.abs(matrix) > MOST_LIGHT] = np.nan
    return matrix


def join_plates(plates: Sequence[Plate]) -> Plate:
    """Several plates as one, in the order given; each well keeps its own plate's name."""
    if len(plates) == 1:
        return plates[0]
    return Plate(
        name=" + ".join(plate.name for plate in plates),
        sha256=" ".join(plate.sha256 for plate in plates),
        format=" + ".join(sorted({plate.format for plate in plates})),
        wells=tuple(well for plate in plates for well in plate.wells),
        fluorescence=stack_curves([row for plate in plates for row in plate.fluorescence]),
        # A well that begins on its plateau shows only in a raw curve, so one raw plate has all of them looked at.
        subtracted=all(plate.subtracted for plate in plates),
        findings=tuple(finding for plate in plates for finding in plate.findings),
    )


def name_targets(plate: Plate) -> Plate:
    """A file of one target may leave it without a name; it gets one, because it is spoken of."""
    if any(well.target for well in plate.wells):
        return plate
    return replace(plate, wells=tuple(replace(well, target=UNNAMED) for well in plate.wells))


def place_of(wells: Iterable[Well]) -> Where:
    """The place of several wells of one plate: plate › run › "A1, A2, B1–B12"."""
    listed = list(wells)
    cells = ", ".join(_shorten(list(dict.fromkeys(well.position for well in listed))))
    runs = dict.fromkeys(well.run for well in listed)
    files = dict.fromkeys(well.plate for well in listed)
    return Where(" + ".join(files), ", ".join(runs) if len(runs) < 4 else f"{len(runs)} runs", cells)


def _shorten(positions: Sequence[str]) -> Iterator[str]:
    """Neighbours of one row, where they are more than three, by the first and the last of them."""
    start = 0
    for n in range(1, len(positions) + 1):
        if n == len(positions) or not _follows(positions[n - 1], positions[n]):
            run = positions[start:n]
            yield from run if len(run) < SHORTENED else [f"{run[0]}–{run[-1]}"]
            start = n


def is_count(text: str) -> bool:
    """Whether a text is the number of a well or a cycle; to Python `²` is a digit too, and 5,000 nines are an error."""
    return text.isascii() and text.isdigit() and len(text) <= COUNT_DIGITS


def _follows(before: str, after: str) -> bool:
    row, number = after.rstrip("0123456789"), after.lstrip("ABCDEFGHIJKLMNOP")
    return is_count(number) and before == f"{row}{int(number) - 1}"


def refuse(file: str, code: str, what: str, allowed: str, do: str, part: str = "") -> PlateError:
    """The error for a file that must not be read at all."""
    return PlateError([Finding(Where(file, part), code, Severity.FILE, what, allowed, do)])
