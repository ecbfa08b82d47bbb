"""A 384-well RDML plate from file to calls, beside rdmlpython's LinRegPCR; 10 MB of XML; and the recovery run.

python benchmarks/mrd.py [--plate FILE] [--recovery N] [--curves N]

Without --plate a made-up plate of 384 wells and 50 cycles is used. rdmlpython is measured where it is installed.
--recovery simulates N plates of Cq alone, --curves N plates whose Cq must first be found in their curves.
"""

import argparse
import importlib
import importlib.util
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from caseseries.pcr.command import read_report
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE
from caseseries.pcr.plate import join_plates
from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.reading import read_plate
from caseseries.pcr.recovery import recover
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate

RUNS = 5


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--plate", type=Path)
    asked.add_argument("--recovery", type=int, default=0)
    asked.add_argument("--curves", type=int, default=0)
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plate = chosen.plate or make_plate(Path(folder), 54)
        big = make_plate(Path(folder), 54, "big.rdml", runs=12)
        say(f"{plate.name}: {len(read_plate(plate).wells)} reactions; median of {RUNS}, goals in brackets\n")
        say("| what | seconds | of the processor | goal | megabytes | goal |\n|---|---:|---:|---:|---:|---:|")
        ours = report("file to calls, warm", lambda: read_report([plate], PREVENT_FALSE_NEGATIVE), "0.7")
        run = [sys.executable, "-c", "from caseseries.cli import main; main()", "mrd", str(plate), "--json"]
        report("whole process, --json", lambda: subprocess.run(run, capture_output=True, check=False), "1.5")
        size = xml_size(big) / 1e6
        report(f"{size:.0f} MB of XML read", lambda: read_plate(big), "1", memory_of(big))
        compare(plate, ours)
    if chosen.recovery:
        print_recovery(chosen.recovery, with_curves=False)
    if chosen.curves:
        print_recovery(chosen.curves, with_curves=True)


def make_plate(folder: Path, samples: int, name: str = "plate.rdml", runs: int = 1) -> Path:
    """A plate of so many samples, as often as there are runs; 54 samples fill 384 wells."""
    design = Design(Assay("IGH"), tuple(MadeSample(f"s{n}", 1e-3) for n in range(samples)))
    made = [simulate_plate(design, name, np.random.default_rng(run)) for run in range(runs)]
    named = [
        replace(plate, wells=tuple(replace(well, run=f"run {n}") for well in plate.wells))
        for n, plate in enumerate(made)
    ]
    path = folder / name
    path.write_bytes(write_rdml(join_plates(named)))
    return path


def xml_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(part.file_size for part in archive.infolist())


def report(what: str, work: Callable[[], object], goal: str, megabytes: str = " | ") -> float:
    """Median seconds on the wall and of the processor, this process and its children together."""
    walls, processors = [], []
    for _ in range(RUNS):
        started, busy = time.perf_counter(), processor_seconds()
        work()
        walls.append(time.perf_counter() - started)
        processors.append(processor_seconds() - busy)
    wall, processor = statistics.median(walls), statistics.median(processors)
    say(f"| {what} | {wall:.2f} | {processor:.2f} | {goal} | {megabytes} |")
    return wall


def processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def memory_of(path: Path) -> str:
    """Peak memory of a process of its own that reads the plate."""
    code = f"from pathlib import Path; from caseseries.pcr.reading import read_plate; read_plate(Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    return f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} | 200"


def compare(plate: Path, ours: float) -> None:
    """rdmlpython's LinRegPCR on the same file, if it is there and can read it."""
    if importlib.util.find_spec("rdmlpython") is None:
        say("\nrdmlpython is not installed: no comparison")
        return
    np.NaN = np.nan  # it was written for NumPy 1
    library = importlib.import_module("rdmlpython")
    started = time.perf_counter()
    loaded = library.Rdml(str(plate))
    loaded.experiments()[0].runs()[0].linRegPCR(updateRDML=False, timeRun=False)
    theirs = time.perf_counter() - started
    say(
        f"\nrdmlpython {theirs:.2f} s for loading and LinRegPCR; ours {ours:.2f} s: {theirs / ours:.1f} times"
    )


def print_recovery(plates: int, *, with_curves: bool) -> None:
    found = recover(plates, seed=2020, with_curves=with_curves)
    what = "from their curves" if with_curves else "from Cq"
    say(f"\n{found.plates} simulated plates {what}, {found.quantified} quantified levels:")
    missed = f"too low {100 * found.too_low:.1f} %, too high {100 * found.too_high:.1f} %"
    say(f"  95 % intervals cover {100 * found.coverage:.1f} % ({missed})")
    say(f"  log10 error {found.mean_log10_error:+.3f} ± {found.sd_log10_error:.3f}")
    for aim, rates in found.rates.items():
        called = f"false positive {rates.false_positive:.4f}, false negative {rates.false_negative:.4f}"
        say(f"  {aim}: {called}, not evaluable {rates.not_evaluable:.4f}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
