"""A large return from file to records and findings, a small study checked, and ten thousand records linked.

python benchmarks/intake.py [--lines 50000]

The return is generated: five forms of the demo's template with 40 columns in all, every cell filled, as many lines on
each form as there are children. Each measurement is a process of its own.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from caseseries.decisions.chain import Log
from caseseries.demo import write_demo
from caseseries.findings import Where
from caseseries.identify.likeness import traits_of
from caseseries.identify.link import find_candidates, join_cases
from caseseries.intake.returns import read_returns
from caseseries.intake.template import write_template
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Row, Source, Value
from caseseries.study.definition import Study
from caseseries.study.forms import Column, forms_of
from caseseries.study.load import load_study

RUNS = 5
FILLED = ("patients", "diagnosis", "treatment", "specimens", "follow_up")  # 40 columns
FIRST_BIRTH = date(2014, 1, 1)
DAYS = {
    "birth_date": 0,
    "diagnosis_date": 100,
    "start_date": 200,
    "end_date": 228,
    "specimen_date": 235,
    "date": 700,
}
NUMBERS = {
    "wbc": 20.5,
    "cycle": 1,
    "dose": 15,
    "mrd_percent": 0.02,
    "sensitivity_percent": 0.001,
    "range_percent": 0.005,
}
WORDS = {"mrd_result": "quantified", "event": "death", "treatment": "blinatumomab", "kmt2a": "rearranged"}
TEXTS = ("KMT2A::AFF1", "KMT2A::MLLT1", "46,XX", "IGH VH3-JH4", "TRG")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--lines", type=int, default=50_000)
    asked.add_argument("--read", type=Path, help="only read this study and print what it cost")
    asked.add_argument("--link", type=int, help="only link so many records and print what it cost")
    chosen = asked.parse_args()
    if chosen.read:
        read(chosen.read)
    elif chosen.link:
        link(chosen.link)
    else:
        measure_all(chosen.lines)


def measure_all(lines: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        demo = Path(name) / "demo"
        write_demo(demo)
        check = [str(Path(sysconfig.get_path("scripts")) / "caseseries"), "check", str(demo)]
        small = [measure(check) for _ in range(RUNS)]
        study = load_study(demo)
        for old in (demo / "returns").iterdir():
            old.unlink()
        path = demo / "returns" / "Northbridge.xlsx"
        write_template(path, study, dict(filled(study, lines)), "Northbridge")
        size = path.stat().st_size / 1e6
        again = [sys.executable, __file__]
        large = [measure([*again, "--read", str(demo)]) for _ in range(3)]
        linked = [measure([*again, "--link", "10000"]) for _ in range(3)]
    say("| what | seconds of the processor, median (fastest) | goal | peak MB | goal |")
    say("|---|---|---|---|---|")
    row(f"{lines:,} lines × 40 columns of .xlsx ({size:.0f} MB) to records and findings", large, "8", "1000")
    row("the demo's six returns: `caseseries check`, whole process", small, "1", "")
    row("10,000 records linked", linked, "5", "")


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor and peak megabytes: what the process says of itself, or else of the whole of it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        told = process.stdout.read() if process.stdout else ""
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    own = [line.removeprefix("seconds ") for line in told.splitlines() if line.startswith("seconds ")]
    spent = float(own[0]) if own else usage.ru_utime + usage.ru_stime
    return spent, usage.ru_maxrss * 1024 / 1e6


def row(what: str, costs: list[tuple[float, float]], seconds: str, megabytes: str) -> None:
    spent, held = zip(*costs, strict=True)
    say(
        f"| {what} | {statistics.median(spent):.2f} ({min(spent):.2f}) | {seconds} | {statistics.median(held):.0f} "
        f"| {megabytes} |"
    )


def read(folder: Path) -> None:
    study, start = load_study(folder), time.process_time()
    returns = read_returns(folder, study)
    say(f"seconds {time.process_time() - start}")
    say(f"{returns.counts} {len(returns.patients)} patients {len(returns.findings)} findings")


def filled(study: Study, lines: int) -> Iterator[tuple[str, list[dict[str, date | float | str | bool]]]]:
    for form in forms_of(study):
        if form.name in FILLED:
            yield form.name, [{c.name: entry(c, line) for c in form.columns} for line in range(lines)]


def entry(column: Column, line: int) -> date | float | str | bool:
    """What a child's line holds: all of it possible, little of it the same for all."""
    if column.kind == "id":
        return f"C-{line:06}"
    if column.kind == "date":
        return FIRST_BIRTH + timedelta(days=line % 1500 + DAYS[column.name] + line % 7)
    if column.kind == "number":
        return NUMBERS[column.name] * (1 + line % 97 / 1000) if column.name == "wbc" else NUMBERS[column.name]
    if column.kind == "yes_no":
        return line % 2 == 0
    if column.kind == "choice":
        return WORDS.get(column.name, column.choices[line % len(column.choices)])
    return TEXTS[line % len(TEXTS)]


def link(count: int) -> None:
    """Births over five years, half of the fusions alike: the crowded case."""
    chance = random.Random(1)
    patients = [made_up_patient(f"C-{number:05}", chance) for number in range(count)]
    start = time.process_time()
    joined = join_cases(patients, Log())
    say(f"seconds {time.process_time() - start}")
    pairs = find_candidates([traits_of(patient, {}) for patient in patients])[0]
    say(f"{len(joined.questions)} questions, {len(pairs)} pairs")


def made_up_patient(case_id: str, chance: random.Random) -> Patient:
    birth = FIRST_BIRTH + timedelta(days=chance.randrange(1826))
    values = {
        "patients": {
            "birth_date": ClinicalDate.on(birth),
            "sex": chance.choice(("female", "male")),
            "country": chance.choice(("Ireland", "United Kingdom")),
        },
        "diagnosis": {
            "diagnosis_date": ClinicalDate.on(birth + timedelta(days=chance.randrange(365))),
            "fusion": chance.choice(TEXTS[:2]),
        },
    }
    rows = {
        form: (Row(form, case_id, Where(), {n: Value(v, Source(Where(), "")) for n, v in found.items()}),)
        for form, found in values.items()
    }
    return Patient(case_id, chance.choice(("Leeds", "York")), rows)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
