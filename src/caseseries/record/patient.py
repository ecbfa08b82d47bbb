"""One case as the centres returned it: rows of typed values, each with the cell it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from caseseries.findings import Where
from caseseries.record.dates import ClinicalDate


class Source(NamedTuple):
    """The cell a value came from, and what stood in it."""

    where: Where
    raw: str


class Value(NamedTuple):
    """A typed value and its source. Numbers are floats, choices and text strings, yes/no booleans."""

    value: ClinicalDate | float | str | bool
    source: Source


@dataclass(frozen=True, slots=True)
class Row:
    """One filled line of one form. `values` holds only the columns that were filled and understood."""

    form: str
    case_id: str
    where: Where
    values: Mapping[str, Value]

    def date(self, column: str) -> date | None:
        """The exact day in a date column; None when empty or when only an interval is known."""
        found = self.values.get(column)
        return found.value.exact if found and isinstance(found.value, ClinicalDate) else None

    def number(self, column: str) -> float | None:
        found = self.values.get(column)
        return found.value if found and isinstance(found.value, float) else None

    def text(self, column: str) -> str | None:
        found = self.values.get(column)
        return found.value if found and isinstance(found.value, str) else None

    def flag(self, column: str) -> bool | None:
        found = self.values.get(column)
        return found.value if found and isinstance(found.value, bool) else None

    def sources(self, *columns: str) -> tuple[Source, ...]:
        """The cells behind the named columns, in that order; empty columns have none."""
        return tuple(self.values[name].source for name in columns if name in self.values)


@dataclass(frozen=True)
class Patient:
    """Everything returned about one case, by form, in sheet order."""

    case_id: str
    centre: str
    rows: Mapping[str, tuple[Row, ...]]

    def form(self, name: str) -> tuple[Row, ...]:
        return self.rows.get(name, ())

    def only(self, name: str) -> Row | None:
        """The row of a form that is filled once per case; None when it was not filled."""
        return next(iter(self.form(name)), None)
