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


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """Seconds on the wall, seconds of processor and peak megabytes of one process, which must not fail."""
    started = time.perf_counter()
    with subprocess.Popen(
        [CASESERIES, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        messages = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"caseseries {' '.join(arguments)} failed:\n{messages.decode()}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(goal: Goal, demo: Path) -> str:
    arguments = [str(demo) if word == "DEMO" else word for word in goal.command]
    seconds, processor, megabytes = zip(*(measure(arguments) for _ in range(RUNS)), strict=True)
    cells = (
        f"`caseseries {' '.join(goal.command)}`",
        f"{statistics.median(seconds):.2f}",
        f"{min(seconds):.2f}–{max(seconds):.2f}",
        f"{goal.seconds:g}",
        f"{statistics.median(processor):.2f}",
        f"{statistics.median(megabytes):.0f}",
        f"{goal.megabytes:g}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        measure(["demo", str(demo)])
        lines = [
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores; median of {RUNS} whole processes.",
            "",
            "| command | seconds | range | goal | processor seconds | peak MB | goal |",
            "|---|---|---|---|---|---|---|",
            *(row(goal, demo) for goal in GOALS),
        ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
