"""Event tables kept beside the data, and used again while neither the data nor the question has changed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.stats.events import EventTable

_FORMAT = "caseseries-events/1"
_ARRAYS = ("days", "entered", "events", "censored")


def place_beside(source: Path) -> Path:
    """Where the tables of a file or a folder are kept: in the same folder, with the source's name first."""
    return source.with_name(f"{source.name}.events.npz")


def fingerprint(source: Path, layout: Layout) -> str:
    """Changes with the question, and with the name, size or time of change of any file of the source."""
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    facts = [(file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    return sha256(json.dumps([_FORMAT, asdict(layout), facts]).encode()).hexdigest()


def write_tables(counted: Counted, path: Path, mark: str) -> None:
    """Keep the tables, and the account of the rows, under the mark of what they were counted from."""
    facts = {
        "mark": mark,
        "groups": list(counted.tables),
        "causes": counted.causes,
        "rows": counted.rows,
        "used": counted.used,
        "findings": [asdict(finding) for finding in counted.findings],
        "notes": counted.notes,
    }
    arrays = {f"{name}{i}": getattr(table, name) for i, name, table in _parts(counted)}
    with path.open("wb") as file:
        np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)


def read_tables(path: Path, mark: str) -> Counted | None:
    """What was kept; None if there is nothing, it is damaged, or it was counted from something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            facts = json.loads(kept["facts"].tobytes())
            if facts["mark"] != mark:
                return None
            tables = {
                group: EventTable(*(kept[f"{name}{i}"] for name in _ARRAYS))
                for i, group in enumerate(facts["groups"])
            }
    except (OSError, EOFError, BadZipFile, KeyError, ValueError, AttributeError, TypeError):
        return None
    findings = tuple(
        Finding(**{**one, "where": Where(**one["where"]), "severity": Severity(one["severity"])})
        for one in facts["findings"]
    )
    return Counted(
        tables, tuple(facts["causes"]), facts["rows"], facts["used"], findings, tuple(facts["notes"])
    )


def _parts(counted: Counted) -> Iterator[tuple[int, str, EventTable]]:
    for i, table in enumerate(counted.tables.values()):
        for name in _ARRAYS:
            yield i, name, table
