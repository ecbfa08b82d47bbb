"""A result is a row before it is ink: one number, its interval, what it rests on and where it came from."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.record.patient import Source
from caseseries.stats.estimate import Estimate

SCHEMA = "caseseries-results/1"

Sources = Mapping[str, tuple[Source, ...]]


@dataclass(frozen=True)
class Result:
    """One number of the report.

    `estimate.value` is unrounded; proportions are 0–1 and days whole. `sources` holds, for each case behind
    the number, the cells it came from. `shown` is the exact string printed; `present.wording`, the only place
    that rounds, fills it, in the `style` it was asked for. `decimals` is how precisely the quantity was
    recorded.
    """

    id: str
    label: str
    unit: str
    estimate: Estimate
    sources: Sources = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    decimals: int = 0
    shown: str = ""
    style: str = "plain"

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known beside the number: why there is none, then every caveat."""
        because = self.estimate.because
        if because and not because.startswith("not reached"):
            because = f"not estimable: {because}"
        return (*([because] if because else []), *self.estimate.caveats, *self.caveats)

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
        "caveats": list(result.notes),
        "shown": result.shown,
    }


def read_results(path: Path) -> dict[str, Any]:
    """results.json of a study folder, of its report folder, or named itself.

    Raises:
        StudyError: there is none, or it is not one of ours.
    """
    place = find_results(path)
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise KeyError
    except (OSError, ValueError, KeyError, TypeError) as error:
        what, do = (
            "there are no results of this version here",
            "Name a folder in which caseseries run has been run",
        )
        finding = Finding(
            Where(str(place)), "results.unreadable", Severity.STUDY, what, f"schema {SCHEMA}", do
        )
        raise StudyError([finding]) from error
    return dict(record)


def find_results(path: Path) -> Path:
    """Where the results.json of a study folder, of its report folder, or named itself is, or ought to be."""
    places = [path] if path.is_file() else [path / "report" / "results.json", path / "results.json"]
    return next((one for one in places if one.is_file()), places[0])


def to_json(results: Results, heading: Mapping[str, object]) -> str:
    """results.json: the schema's name, what was run, and every row."""
    rows = [to_record(result) for result in results.values()]
    return json.dumps({"schema": SCHEMA, **heading, "results": rows}, indent=1, ensure_ascii=False) + "\n"
