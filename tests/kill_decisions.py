"""Kill -9 the writer of a decision log again and again, and count what it had acknowledged and was lost.

By hand:  python tests/kill_decisions.py FOLDER CYCLES SEED

Each cycle forks a writer that appends and reports every acknowledged decision through a pipe; the parent
kills it after a random moment, reads the log back and compares.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from caseseries.decisions.chain import Decision, check_decision
from caseseries.decisions.log import append_decision, read_decisions, verify_decisions
from caseseries.findings import Severity

LONGEST = 0.04  # seconds before the kill; an append took 1 to 5 ms where this was written
LIVES = 20  # writers that one log outlives, before the next log is begun


def kill_cycles(folder: Path, cycles: int, seed: int) -> dict[str, int]:
    chance = random.Random(seed)
    check_decision(_decision("0"))  # what Python imports on first use would be most of a writer's life
    counts = {"cycles": cycles, "acknowledged": 0, "recorded": 0, "torn": 0, "lost": 0, "broken": 0}
    for start in range(0, cycles, LIVES):
        log = folder / f"log-{start}"
        log.mkdir()
        acknowledged: set[str] = set()
        for cycle in range(start, min(start + LIVES, cycles)):
            acknowledged |= _one_life(log, cycle, chance.uniform(0, LONGEST))
            findings = verify_decisions(log)
            counts["torn"] += any(finding.severity is Severity.NOTE for finding in findings)
            counts["broken"] += any(finding.severity is Severity.STUDY for finding in findings)
        found = {entry.decision.question for entry in read_decisions(log).entries}
        counts["acknowledged"] += len(acknowledged)
        counts["recorded"] += len(found)
        counts["lost"] += len(acknowledged - found)
    return counts


def _one_life(folder: Path, cycle: int, seconds: float) -> set[str]:
    """What one writer acknowledged before it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _write_for_ever(folder, cycle, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = pipe.read(1)  # the writer is running
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard = first + pipe.read()
    return {name.decode() for name in heard.split(b"\n")[1:-1]}


def _write_for_ever(folder: Path, cycle: int, pipe: int) -> None:
    os.write(pipe, b"\n")
    number = 0
    while True:
        number += 1
        name = f"{cycle}.{number}"
        append_decision(folder, _decision(name))
        os.write(pipe, f"{name}\n".encode())


def _decision(name: str) -> Decision:
    return Decision(name, "Is it so?", "yes", "why", "who", "2026-01-31T09:30:00Z")


if __name__ == "__main__":
    where, times, start = sys.argv[1:]
    sys.stdout.write(f"{json.dumps(kill_cycles(Path(where), int(times), int(start)))}\n")
