"""A result is a row before it is ink: one number, its interval, what it rests on and where it came from."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from caseseries.record.patient import Source
from caseseries.stats.estimate import Estimate

SCHEMA = "caseseries-results/1"

Sources = Mapping[str, tuple[Source, ...]]


@dataclass(frozen=True)
class Result:
    """One number of the report.

    `estimate.value` is unrounded; proportions are 0–1 and days whole. `sources` holds, for each case behind
    the number, the cells it came from. `shown` is the exact string printed; `present.wording`, the only place
    that rounds, fills it. `decimals` is how precisely the quantity was recorded.
    """

    id: str
    label: str
    unit: str
    estimate: Estimate
    sources: Sources = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    decimals: int = 0
    shown: str = ""

    @property
    def cases(self) -> tuple[str, ...]:
        return tuple(sorted(self.sources))

    def with_caveat(self, *sentences: str) -> "Result":
        return replace(self, caveats=(*self.caveats, *sentences))


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

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def to_record(result: Result) -> dict[str, object]:
    """A result as a row of results.json (docs/results-schema.md)."""
    estimate = result.estimate
    is_stated = estimate.because.startswith("not reached")
    because = (
        (estimate.because if is_stated else f"not estimable: {estimate.because}",) if estimate.because else ()
    )
    return {
        "id": result.id,
        "label": result.label,
        "value": estimate.value,
        "unit": result.unit,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "level": estimate.level,
        "method": estimate.method,
        "n": estimate.n,
        "events": estimate.events,
        "at_risk": estimate.at_risk,
        "cases": list(result.cases),
        "caveats": [*because, *estimate.caveats, *result.caveats],
        "shown": result.shown,
    }


def to_json(results: Results, heading: Mapping[str, object]) -> str:
    """results.json: the schema's name, what was run, and every row."""
    rows = [to_record(result) for result in results.values()]
    return json.dumps({"schema": SCHEMA, **heading, "results": rows}, indent=1, ensure_ascii=False) + "\n"
