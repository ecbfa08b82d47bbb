"""A result is a row before it is ink: one number, its interval, what it rests on and where it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseseries.record.patient import Source
from caseseries.stats.estimate import Estimate

SCHEMA = "caseseries-results/1"


@dataclass(frozen=True)
class Result:
    """One number of the report.

    `value` is unrounded; proportions are 0–1 and days whole. `cases` are the ids of the cases behind it and
    `sources` the cells behind each case. `shown` is the exact string printed; it is filled by
    `present.wording`, the only place that rounds.
    """

    id: str
    label: str
    unit: str
    estimate: Estimate
    cases: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    shown: str = ""
    sources: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)

    @property
    def value(self) -> float | None:
        return self.estimate.value


class Results(Mapping[str, Result]):
    """All results of a run, by id, in the order they were made. Ids are unique."""

    def __init__(self, rows: Iterable[Result]) -> None:
        self._rows: dict[str, Result] = {}
        for row in rows:
            if row.id in self._rows:
                raise ValueError(f"two results are called {row.id}")
            self._rows[row.id] = row

    def __getitem__(self, result_id: str) -> Result:
        return self._rows[result_id]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
