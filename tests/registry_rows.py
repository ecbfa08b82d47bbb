"""Rows for the registry's tests: one set with everything in it, a dumb way to count, and a way into each engine."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from caseseries.registry.coding import Layout
from caseseries.stats.events import EventTable

# (days, status, arm, site, entry): what each row should become is said beside it.
GOOD_ROWS = (
    (12, 1, "A", "relapse", 0),
    (12, 0, "A", None, 3),
    (12, 1, "B", "death", 0),
    (0, 0, "B", None, None),
    (30, 1, "A", "relapse", 12),
    (30, 1, "B", "relapse", 1),
    (400, 0, "C", None, 399),
)


def count_dumbly(
    rows: Iterable[tuple[str, int, int | None, str | None]],
) -> dict[str, tuple[Counter[int], Counter[tuple[int, str | None]]]]:
    """Entries by day and exits by (day, cause) of each group, one row at a time."""
    found: dict[str, tuple[Counter[int], Counter[tuple[int, str | None]]]] = {}
    for group, day, entry, cause in rows:
        entries, exits = found.setdefault(group, (Counter(), Counter()))
        entries[-1 if entry is None else entry] += 1
        exits[day, cause] += 1
    return found


def flatten(tables: Mapping[str, EventTable], causes: tuple[str, ...]):
    """Event tables in the form of `count_dumbly`."""
    found = {}
    for group, table in tables.items():
        entries, exits = Counter(), Counter()
        for row, day in enumerate(table.days.tolist()):
            entries[day] += int(table.entered[row])
            exits[day, None] += int(table.censored[row])
            for kind, cause in enumerate(causes):
                exits[day, cause] += int(table.events[row, kind])
        found[group] = (+entries, +exits)
    return found


def write_csv(path: Path, heading: str, rows: Iterable[Iterable[object]]) -> Path:
    lines = [heading, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


LAYOUT = Layout("days", "status", group="arm")
