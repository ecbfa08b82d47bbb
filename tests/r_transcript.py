"""The small cases that R was asked about, and what it answered: lines of "case quantity value value ..."."""

import csv
import subprocess
from pathlib import Path

import numpy as np

from caseseries.stats.events import EventTable, count_events

R = Path(__file__).parent / "oracle" / "r"
INTEGERS = ("start", "stop", "status")


def read_cases() -> dict[str, list[dict]]:
    cases: dict[str, list[dict]] = {}
    with (R / "stats_cases.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            numbers = {name: int(row[name]) if row[name] else None for name in INTEGERS}
            cases.setdefault(row["case"], []).append(row | numbers)
    return cases


def count_rows(rows: list[dict], causes: int = 2) -> EventTable:
    start = None if rows[0]["start"] is None else [row["start"] for row in rows]
    return count_events([row["stop"] for row in rows], [row["status"] for row in rows], start, causes)


def read_transcript(name: str) -> dict[tuple[str, str], np.ndarray]:
    return parse_transcript((R / f"{name}.out").read_text(encoding="utf-8"))


def parse_transcript(text: str) -> dict[tuple[str, str], np.ndarray]:
    """The answers beneath the line that names the versions."""
    fields = [line.split() for line in text.splitlines()[1:]]
    return {
        (case, what): np.array([np.nan if v in ("NA", "NaN") else float(v) for v in values])
        for case, what, *values in fields
    }


def run_again(rscript: str, name: str, *arguments: str) -> dict[tuple[str, str], list[str]]:
    finished = subprocess.run(
        [rscript, f"{name}.R", *arguments], cwd=R, capture_output=True, text=True, check=True
    )
    return finished.stdout.splitlines()[1:]
