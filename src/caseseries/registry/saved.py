"""Event tables kept beside the data, and used again while neither the data nor the question has changed."""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from caseseries.findings import Finding, Severity, Where
from caseseries.registry.arrays import Ints
from caseseries.registry.coding import Layout
from caseseries.registry.counted import Counted
from caseseries.stats.events import EventTable

_FORMAT = "caseseries-events/3"


def place_beside(source: Path) -> Path:
    """Where the tables of a file or a folder are kept: in the same folder, with the source's name first."""
    return source.with_name(f"{source.name}.events.npz")


def fingerprint(source: Path, layout: Layout) -> str:
    """Changes with the question, and with the name, size or time of change of any file of the source.

    Two times: the one a program may set back, and the one that says when it did.
    """
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    facts = [(file.name, (stat := file.stat()).st_size, stat.st_mtime_ns, stat.st_ctime_ns) for file in files]
    return sha256(json.dumps([_FORMAT, asdict(layout), facts]).encode()).hexdigest()


def write_tables(counted: Counted, path: Path, mark: str) -> None:
    """Keep the tables, and the account of the rows, under the mark of what they were counted from."""
    facts = {
        "mark": mark,
        "groups": {group: table.days.size for group, table in counted.tables.items()},
        "causes": counted.causes,
        "rows": counted.rows,
        "used": counted.used,
        "findings": [asdict(finding) for finding in counted.findings],
        "notes": counted.notes,
    }
    rows = np.concatenate([_flat(table) for table in counted.tables.values()])
    with path.open("wb") as file:
        np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), rows=rows)


def read_tables(path: Path, mark: str) -> Counted | None:
    """What was kept; None if there is nothing, it is damaged, or it was counted from something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            facts = json.loads(kept["facts"].tobytes())
            if facts["mark"] != mark:
                return None
            ends = np.cumsum(list(facts["groups"].values()))
            parts = np.split(kept["rows"], ends[:-1])
    except (OSError, EOFError, BadZipFile, KeyError, ValueError, AttributeError, TypeError):
        return None
    findings = tuple(
        Finding(**{**one, "where": Where(*one["where"]), "severity": Severity(one["severity"])})
        for one in facts["findings"]
    )
    tables = {group: _table(part) for group, part in zip(facts["groups"], parts, strict=True)}
    return Counted(
        tables, tuple(facts["causes"]), facts["rows"], facts["used"], findings, tuple(facts["notes"])
    )


def _flat(table: EventTable) -> Ints:
    """A row a day: the day, the numbers entered and censored, and the events of each cause."""
    return np.column_stack([table.days, table.entered, table.censored, table.events])


def _table(rows: Ints) -> EventTable:
    return EventTable(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 3:].copy(), rows[:, 2].copy())
