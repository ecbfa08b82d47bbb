"""Rows with covariates, for a regression: the one question that counts cannot answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.arrays import Ints
from caseseries.registry.coding import (
    COMMA,
    POINT,
    Complaint,
    Exit,
    Layout,
    in_order,
    read_label,
    read_number,
    read_row,
)
from caseseries.registry.counted import SHOWN, Row, more_refused
from caseseries.registry.text import is_parquet, read_rows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CovariateRows:
    """Rows that can be used: times, events and strata (N,), and `values` (N, names); a word is 1 where it applies.

    An event is the number of its cause among `causes`, from 1, and 0 is censored.
    """

    stop: Ints
    event: Ints
    start: Ints | None
    values: Floats
    names: tuple[str, ...]
    findings: tuple[Finding, ...]
    causes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    strata: npt.NDArray[np.str_] | None = None
    cluster: npt.NDArray[np.str_] | None = None


def read_covariates(path: Path, layout: Layout, columns: Sequence[str], cluster: str = "") -> CovariateRows:
    """The rows of a text or Parquet file that have a time, an event and every covariate.

    A column of numbers is one covariate. A column with a word in it becomes one for each of its values but the
    first, named "column=value". Rows with the same value of the column `cluster` belong together.

    Raises:
        StudyError: the file cannot be read, or a column is not there.
    """
    needed = (*columns, cluster) if cluster else tuple(columns)
    names = tuple(dict.fromkeys((*layout.columns, *needed)))
    used: list[tuple[Exit, dict[str, object]]] = []
    findings: list[Finding] = []
    refused = 0
    for number, values in _rows(path, names):
        row = dict(zip(names, values, strict=True))
        read = read_row(row, layout)
        complaints = [] if isinstance(read, Exit) else list(read)
        complaints += [complaint for name in needed if (complaint := _complain(name, row[name]))]
        if isinstance(read, Exit) and not complaints:
            used.append((read, row))
        refused += bool(complaints)
        place = Where(path.name, cell=f"row {number}")
        if refused <= SHOWN:
            findings += [Finding(place, c.code, Severity.CASE, c.what, c.allowed, c.do) for c in complaints]
    findings += more_refused(path.name, max(0, refused - SHOWN), "are left out of the model")
    notes = tuple(note for name in columns for note in _mixed(name, [row[name] for _, row in used]))
    coded = [part for name in columns for part in _code(name, [row[name] for _, row in used])]
    values_of = np.array([values for _, values in coded], dtype=np.float64).reshape(len(coded), len(used)).T
    exits = [exit for exit, _ in used]
    causes = in_order(exit.cause for exit in exits if exit.cause is not None)
    start = np.array([exit.entry for exit in exits], dtype=np.int64) if layout.entry else None
    return CovariateRows(
        np.array([exit.day for exit in exits], dtype=np.int64),
        np.array(
            [0 if exit.cause is None else 1 + causes.index(exit.cause) for exit in exits], dtype=np.int64
        ),
        start,
        values_of,
        tuple(name for name, _ in coded),
        tuple(findings),
        causes,
        notes,
        _labels(used, layout.strata),
        _labels(used, cluster),
    )


def _labels(used: list[tuple[Exit, dict[str, object]]], name: str) -> npt.NDArray[np.str_] | None:
    return np.array([read_label(row[name]) for _, row in used], dtype=str) if name else None


def _rows(path: Path, names: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    """Each row with its number: a text file's heading is row 1, a Parquet file has none."""
    if not is_parquet(str(path)):
        for number, row in enumerate(read_rows(path, names), 2):
            if row:
                yield number, row
        return
    from caseseries.registry.sources import open_parquet
    from caseseries.registry.text import check_columns

    frame = open_parquet(str(path)).frame
    check_columns(Where(path.name), list(frame.collect_schema()), names)
    yield from enumerate(frame.select(*names).collect("polars").iter_rows(), 1)


def _mixed(name: str, values: list[object]) -> Iterator[str]:
    """What is said of a column of numbers and words: it is read as words, which may be a slip of one cell."""
    words = [value for value in values if read_number(value) is None]
    if 0 < len(words) < len(values):
        where = f"{len(words)} {'row' if len(words) == 1 else 'rows'}"
        yield f"{name} holds numbers, but words in {where}, as {words[0]}: each of its values is a category"


def _code(name: str, values: list[object]) -> Iterator[tuple[str, list[float]]]:
    numbers = [read_number(value) for value in values]
    if None not in numbers:
        yield name, [number for number in numbers if number is not None]
        return
    labels = [read_label(value) for value in values]
    distinct = in_order(labels)
    for label in distinct[1:] or distinct:  # one word for everyone is a covariate too, and refused as one
        yield f"{name}={label}", [float(other == label) for other in labels]


def _complain(name: str, value: object) -> Complaint | None:
    """Why a value cannot be used, if it cannot; a word can."""
    if not read_label(value):
        do = "Fill it in, or leave the covariate out of the model"
        return Complaint("covariate", f"{name} is empty", "", do)
    number = read_number(value)
    if number is not None and not isfinite(number):
        return Complaint("covariate", f"{name} is {value}", "a finite number", "Correct the value")
    if isinstance(value, str) and COMMA.fullmatch(value.strip()):
        return Complaint("covariate", f'{name} is "{value.strip()}"', "a number, or a word", POINT)
    return None
