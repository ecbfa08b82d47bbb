"""Rows of a text file with a heading: CSV, or the same with semicolons or tabs."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.coding import Layout
from caseseries.registry.counted import SHOWN, Counted, Row, count_distinct, find_refused, more_refused
from caseseries.registry.quoting import DOUBLE, LONGEST_FIELD, find_misquoting

_SEPARATORS = ",;\t"
_PATTERN = frozenset("*?[")


def count_text(path: Path, layout: Layout) -> Counted:
    """The event tables of a text file. Rows are numbered as a spreadsheet shows them: the heading is row 1.

    Raises:
        StudyError: the file cannot be read, or a column is not there.
    """
    distinct = Counter(read_rows(path, layout.columns))
    distinct.pop((), None)
    counted, refused = count_distinct(distinct, layout)
    if not refused:
        return counted
    numbered = enumerate(read_rows(path, layout.columns), 2)
    places = ((Where(path.name, cell=f"row {number}"), row) for number, row in numbered if row in refused)
    named = find_refused(islice(places, SHOWN), refused)
    return replace(counted, findings=(*named, *more_refused(path.name, max(0, counted.refused - SHOWN))))


def check_columns(place: Where, there: Sequence[str], columns: Sequence[str]) -> None:
    """Raises StudyError with every one of the columns that is not there, or is there twice."""
    findings = []
    for name in columns:
        if there.count(name) != 1:
            times = f"{there.count(name)} columns are called {name}" if name in there else f"no column {name}"
            allowed = ", ".join(dict.fromkeys(column for column in there if column))
            do = _nearest(name, there) if name not in there else "Rename one of them"
            findings.append(Finding(place, "column", Severity.FILE, times, allowed, do))
    if findings:
        raise StudyError(findings)


def _nearest(name: str, there: Sequence[str]) -> str:
    """The question whether another column was meant, where one is spelt much alike."""
    alike = {column.casefold(): column for column in there if column}
    near = get_close_matches(name.casefold(), alike, n=1)
    return f"Did you mean {alike[near[0]]}?" if near else "Name one of the columns that are there"


def unreadable(name: str, what: str, do: str) -> StudyError:
    return StudyError([Finding(Where(name), "file", Severity.FILE, what, "", do)])


def is_parquet(name: str) -> bool:
    """Whether a source is read as Parquet: a file of that kind, a folder, or a pattern."""
    return Path(name).suffix == ".parquet" or Path(name).is_dir() or bool(_PATTERN & set(name))


def read_heading(path: Path) -> list[str]:
    """The names of the columns."""
    with _opened(path) as (heading, _):
        return heading


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Those columns of every row; () for a blank line, and a short row is filled with empty cells."""
    with _opened(path) as (heading, reader):
        check_columns(Where(path.name), heading, columns)
        places = [heading.index(name) for name in columns]
        for row in reader:
            filled = any(map(str.strip, row))
            yield tuple(row[place] if place < len(row) else "" for place in places) if filled else ()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """The heading and the rows beneath it."""
    try:
        csv.field_size_limit(LONGEST_FIELD)
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            separator = max(_SEPARATORS, key=first.count)
            reader = csv.reader(chain([first], file), delimiter=separator, strict=True)
            heading = [name.strip() for name in next(reader, [])]
            if not any(heading):
                raise unreadable(
                    path.name, "the first line names no columns", "Put the names of the columns there"
                )
            yield heading, reader
    except OSError as error:
        raise unreadable(
            path.name, f"the file cannot be opened: {error.strerror}", "Check its path"
        ) from None
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8"
        raise unreadable(path.name, what, "Save the file as CSV UTF-8") from None
    except csv.Error:
        with path.open(encoding="utf-8-sig", newline="") as file:
            what = find_misquoting(file, separator)
        raise unreadable(path.name, what, DOUBLE) from None
