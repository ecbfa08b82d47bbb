"""Whole processes on the demo study: time and memory, medians of five, as a table for benchmarks/README.md.

python benchmarks/run_demo.py
"""

import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RUNS = 5
CASESERIES = str(Path(sysconfig.get_path("scripts")) / "caseseries")


@dataclass(frozen=True)
class Goal:
    command: tuple[str, ...]
    seconds: float
    megabytes: float


GOALS = (
    Goal(("run", "DEMO"), 4.0, 600),
    Goal(("check", "DEMO"), 4.0, 600),
    Goal(("--help",), 0.35, 600),
)


def measure(arguments: list[str]) -> tuple[float, float]:
    """Seconds on the wall and peak megabytes of one process; a failing process ends the benchmark."""
    started = time.perf_counter()
    with subprocess.Popen(
        [CASESERIES, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        messages = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"caseseries {' '.join(arguments)} failed:\n{messages.decode()}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def row(goal: Goal, demo: Path) -> str:
    arguments = [str(demo) if word == "DEMO" else word for word in goal.command]
    seconds, megabytes = zip(*(measure(arguments) for _ in range(RUNS)), strict=True)
    spread = f"{min(seconds):.2f}–{max(seconds):.2f}"
    return (
        f"| `caseseries {' '.join(goal.command)}` | {statistics.median(seconds):.2f} | {spread} | "
        f"{goal.seconds:g} | {statistics.median(megabytes):.0f} | {goal.megabytes:g} |"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        measure(["demo", str(demo)])
        lines = [
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores; median of {RUNS} whole processes.",
            "",
            "| command | seconds | range | goal | peak MB | goal |",
            "|---|---|---|---|---|---|",
            *(row(goal, demo) for goal in GOALS),
        ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
