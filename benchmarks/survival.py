"""Times the survival core against its peers in one run, and says what the time goes into.

    python benchmarks/survival.py [--most 7] [--repeats 5] --folder DIR [--without R,sksurv]

Run by hand, on a machine that does nothing else: it measures, it does not pass or fail. Peers that are not
installed are left out by name. Wanted beside caseseries[registry,fast]: lifelines, statsmodels,
scikit-survival, survival (the port to Rust), and R with its package survival. Each round runs everything once, so
that a slow moment of the machine falls on all; a cell is the median of the rounds.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from caseseries.registry import arrays
from caseseries.registry.arrays import count_groups
from caseseries.stats.comparison import compare_curves
from caseseries.stats.competing import incidence_curve
from caseseries.stats.events import EventTable, count_events
from caseseries.stats.survival import estimate_survival, survival_curve

GROUPS, DAYS = 5, 4_000
Task = Callable[[], object]

# This file is called as one of the peers is: its folder must not be where `import survival` looks.
sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).resolve().parent]


def rows(power: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, status (0, 1) and group of 10^power patients."""
    random = np.random.default_rng(power)
    n = 10**power
    day = random.integers(1, DAYS + 1, n, dtype=np.int32)
    return day, random.integers(0, 2, n, dtype=np.int8), random.integers(0, GROUPS, n, dtype=np.int8)


def ours(day, status, group, fast: bool, causes: int = 1) -> tuple[EventTable, ...]:
    arrays.FAST_FROM = -1 if fast else 2**62
    return count_groups(day, status, group, groups=GROUPS, causes=causes)


def our_curves(day, status, group, fast: bool) -> list[object]:
    return [survival_curve(table, interval="log-log") for table in ours(day, status, group, fast)]


def numpy_count(day, status, group) -> np.ndarray:
    """Counts alone, as plainly as NumPy can: what a curve costs at the least without compiling."""
    return np.bincount(
        (group.astype(np.int64) * (DAYS + 1) + day) * 2 + status, minlength=GROUPS * (DAYS + 1) * 2
    )


def read_once(day, status, group) -> int:
    """Every byte of the columns looked at once: the floor under any count."""
    views = (
        np.frombuffer(column.data, dtype=np.uint64, count=column.nbytes // 8)
        for column in (day, status, group)
    )
    return sum(int(np.bitwise_xor.reduce(view)) & 1 for view in views)


def curve_peers(day, status, group) -> Iterator[tuple[str, Task]]:
    yield "numpy bincount, counts only", partial(numpy_count, day, status, group)
    yield "one read of the columns", partial(read_once, day, status, group)
    members = [group == g for g in range(GROUPS)]
    if find_spec("lifelines"):
        from lifelines import KaplanMeierFitter

        yield "lifelines", lambda: [KaplanMeierFitter().fit(day[m], status[m]) for m in members]
    if find_spec("statsmodels"):
        from statsmodels.duration.survfunc import SurvfuncRight

        yield "statsmodels (no interval)", lambda: [SurvfuncRight(day[m], status[m]) for m in members]
    if find_spec("survival"):
        yield "survival (Rust)", partial(rust_curve, day, status, group)
    if find_spec("sksurv"):
        from sksurv.nonparametric import kaplan_meier_estimator

        event = status.astype(bool)
        yield (
            "sksurv",
            lambda: [kaplan_meier_estimator(event[m], day[m], conf_type="log-log") for m in members],
        )


def rust_curve(day, status, group) -> object:
    import survival

    return survival.survfit(survival.Surv(day, status), group=group)


def test_peers(day, status, group) -> Iterator[tuple[str, Task]]:
    if find_spec("lifelines"):
        from lifelines.statistics import multivariate_logrank_test

        yield "lifelines", lambda: multivariate_logrank_test(day, group, status)
    if find_spec("statsmodels"):
        from statsmodels.duration.survfunc import survdiff

        yield "statsmodels", lambda: survdiff(day, status, group)
    if find_spec("survival"):
        import survival

        yield "survival (Rust)", lambda: survival.survdiff(survival.Surv(day, status), group=group)
    if find_spec("sksurv"):
        from sksurv.compare import compare_survival
        from sksurv.util import Surv

        y = Surv.from_arrays(status.astype(bool), day)
        yield "sksurv", lambda: compare_survival(y, group)


def incidence_peers(day, kind, group) -> Iterator[tuple[str, Task]]:
    members = [group == g for g in range(GROUPS)]
    if find_spec("lifelines"):
        from lifelines import AalenJohansenFitter

        fit = partial(AalenJohansenFitter, calculate_variance=False)
        yield "lifelines (no variance, one cause)", lambda: [fit().fit(day[m], kind[m], 1) for m in members]
    if find_spec("statsmodels"):
        from statsmodels.duration.survfunc import CumIncidenceRight

        yield "statsmodels", lambda: [CumIncidenceRight(day[m], kind[m]) for m in members]
    if find_spec("survival"):
        import survival

        frame = {"day": day, "kind": np.array(["0", "a", "b"])[kind], "group": group}
        formula = "Surv(day, factor(kind)) ~ group"
        yield "survival (Rust)", lambda: survival.survfit(formula, data=frame)
    if find_spec("sksurv"):
        from sksurv.nonparametric import cumulative_incidence_competing_risks

        whole = kind.astype(np.int64)
        yield (
            "sksurv (no interval)",
            lambda: [cumulative_incidence_competing_risks(whole[m], day[m]) for m in members],
        )


def r_seconds(expression: str, columns: tuple[np.ndarray, ...], folder: Path) -> float:
    """Seconds R takes for an expression of day, status and group, its start and the reading not counted."""
    for name, column in zip(("day", "status", "group"), columns, strict=True):
        column.astype(np.int32).tofile(folder / f"{name}.bin")
    n = columns[0].size
    read = "; ".join(
        f"{name} <- readBin('{folder / name}.bin', 'integer', {n})" for name in ("day", "status", "group")
    )
    code = f"suppressMessages(library(survival)); {read}; cat(system.time({expression})[['elapsed']])"
    printed = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout
    return float(printed)


def r_peers(expression: str, columns: tuple[np.ndarray, ...], folder: Path) -> Iterator[tuple[str, Task]]:
    if subprocess.run(["which", "Rscript"], capture_output=True, check=False).returncode == 0:
        yield "R survival", partial(r_seconds, expression, columns, folder)


def measure(tasks: dict[str, Task], repeats: int) -> dict[str, float]:
    """Median seconds of each, over rounds of all; the first round, in which things are compiled, is not counted."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for again in range(repeats + 1):
        for name, task in tasks.items():
            began = time.perf_counter()
            said = task()
            taken = time.perf_counter() - began
            if again:
                times[name].append(said if isinstance(said, float) else taken)
    return {name: statistics.median(found) for name, found in times.items()}


def table(title: str, sizes: dict[int, dict[str, float]], base: str) -> Iterator[str]:
    """A row for each implementation: milliseconds at each size, and how many times ours at the largest."""
    last = max(sizes)
    yield f"\n### {title}\n"
    yield (
        "| implementation | " + " | ".join(f"10^{power} ms" for power in sizes) + f" | × ours at 10^{last} |"
    )
    yield "|---|" + "---|" * (len(sizes) + 1)
    for name in dict.fromkeys(name for found in sizes.values() for name in found):
        cells = [f"{found[name] * 1e3:,.2f}" if name in found else "" for found in sizes.values()]
        ratio = f"{sizes[last][name] / sizes[last][base]:,.2f}" if name in sizes[last] else ""
        yield f"| {name} | " + " | ".join(cells) + f" | {ratio} |"


def wanted(peers: Iterator[tuple[str, Task]], without: set[str]) -> dict[str, Task]:
    return {name: task for name, task in peers if not any(name.startswith(word) for word in without)}


def curves_at(power: int, folder: Path, repeats: int, without: set[str]) -> dict[str, float]:
    columns = rows(power)
    expression = "survfit(Surv(day, status) ~ group, conf.type = 'log-log')"
    fast = {"ours, [fast]": partial(our_curves, *columns, True)} if find_spec("numba") else {}
    tasks = {
        **fast,
        "ours, NumPy": partial(our_curves, *columns, False),
        **wanted(curve_peers(*columns), without),
        **wanted(r_peers(expression, columns, folder), without),
    }
    return measure(tasks, repeats)


def tests_at(power: int, folder: Path, repeats: int, without: set[str]) -> dict[str, float]:
    columns = rows(power)
    fast = {"ours, [fast]": lambda: compare_curves(ours(*columns, True))} if find_spec("numba") else {}
    tasks = {
        **fast,
        "ours, NumPy": lambda: compare_curves(ours(*columns, False)),
        **wanted(test_peers(*columns), without),
        **wanted(r_peers("survdiff(Surv(day, status) ~ group)", columns, folder), without),
    }
    return measure(tasks, repeats)


def incidences_at(power: int, folder: Path, repeats: int, without: set[str]) -> dict[str, float]:
    day, status, group = rows(power)
    kind = (status * (1 + day % 2)).astype(np.int8)

    def our_incidences(fast: bool) -> list[object]:
        return [incidence_curve(t, c) for t in ours(day, kind, group, fast, causes=2) for c in (1, 2)]

    expression = "survfit(Surv(day, factor(status)) ~ group, se.fit = FALSE)"
    fast = {"ours, [fast]": partial(our_incidences, True)} if find_spec("numba") else {}
    tasks = {
        **fast,
        "ours, NumPy": partial(our_incidences, False),
        **wanted(incidence_peers(day, kind, group), without),
        **wanted(r_peers(expression, (day, kind, group), folder), without),
    }
    return {
        name.replace("R survival", "R survival (no variance)"): t
        for name, t in measure(tasks, repeats).items()
    }


def small(repeats: int) -> Iterator[str]:
    """Eleven patients: a curve's five horizons under two intervals, warm."""
    days, status = [30, 61, 95, 120, 400, 410, 500, 720, 800, 990, 1200], [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0]

    def five() -> None:
        counted = count_events(days, status)
        for interval in ("bpcp", "log-log"):
            for day in (90, 182, 365, 547, 730):
                estimate_survival(counted, day, interval=interval)

    warm = measure({"five": five}, 200 * repeats)
    yield "\n### Eleven patients\n"
    yield f"Kaplan–Meier with BPCP and log-log limits at five horizons, warm: {warm['five'] * 1e3:.2f} ms."


def write_parts(folder: Path, power: int) -> Path:
    """10^power rows of id, days, status, arm as a folder of parts of at most 10^7 rows; id is never asked for."""
    import polars as pl

    parts = folder / f"parts-{power}"
    parts.mkdir(exist_ok=True)
    for part in range(max(1, 10 ** (power - 7))):
        day, status, group = rows(min(power, 7))
        frame = pl.DataFrame({"id": np.arange(day.size), "days": day, "status": status, "arm": group})
        frame.write_parquet(parts / f"part-{part:03}.parquet", compression="snappy", row_group_size=1 << 20)
    return parts


PARQUET = """
import sys, time, resource
from caseseries.registry import arrays
from caseseries.registry.sources import count_source
from caseseries.stats.survival import survival_curve
name, fast, keep, repeats = sys.argv[1], sys.argv[2] == "fast", sys.argv[3] == "keep", int(sys.argv[4])
arrays.FAST_FROM = -1 if fast else 2**62
times = []
for again in range(repeats + 1):
    began = time.perf_counter()
    counted = count_source(name, Layout("days", "status", group="arm"), keep=keep)
    for table in counted.tables.values():
        survival_curve(table, interval="log-log")
    times.append(time.perf_counter() - began)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(sorted(times[1:])[repeats // 2], peak, counted.rows)
"""


def parquet(powers: list[int], folder: Path, repeats: int) -> Iterator[str]:
    """From a folder of Parquet parts to five curves, each in a process of its own, for its memory."""
    yield "\n### Parquet to five curves\n"
    yield "| rows | way | seconds | ns a row | peak MB |"
    yield "|---|---|---|---|---|"
    ways = [("NumPy", "plain", "no"), ("[fast]", "fast", "no"), ("kept tables", "plain", "keep")]
    for power in powers:
        parts = write_parts(folder, power)
        for name, fast, keep in ways:
            argv = [sys.executable, "-c", PARQUET, str(parts), fast, keep, str(repeats)]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
            seconds, peak, n = map(float, done.stdout.split())
            yield f"| 10^{power} | {name} | {seconds:.4f} | {seconds / n * 1e9:.1f} | {peak:,.0f} |"


def dominates(power: int, repeats: int) -> Iterator[str]:
    """What the time of a curve goes into: counting, or the limits of each day."""
    columns = rows(power)
    fast = bool(find_spec("numba"))
    tables = ours(*columns, fast)
    found = measure(
        {
            "reading the columns once": partial(read_once, *columns),
            "counting": partial(ours, *columns, fast),
            "curves and limits": lambda: [survival_curve(table, interval="log-log") for table in tables],
        },
        repeats,
    )
    parts = ", ".join(f"{name} {seconds * 1e3:.2f} ms" for name, seconds in found.items())
    yield f"- 10^{power}: {parts}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=7, help="the largest power of ten in memory")
    parser.add_argument("--parquet", type=int, default=7, help="the largest power of ten on disk")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without", default="", help="peers to leave out, as in R,sksurv")
    parser.add_argument(
        "--folder", type=Path, required=True, help="for files that are made and may be deleted"
    )
    options = parser.parse_args()
    without = set(filter(None, options.without.split(",")))
    powers = [power for power in (3, 5, 6, 7) if power <= options.most]
    say = partial(print, flush=True, file=sys.stdout)
    say(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} cores; median of {options.repeats}."
    )
    base = "ours, [fast]" if find_spec("numba") else "ours, NumPy"
    for title, task, most in (
        ("Kaplan–Meier with log-log limits, 5 groups", curves_at, 7),
        ("Log-rank, 5 groups", tests_at, 7),
        ("Aalen–Johansen, 2 causes, 5 groups", incidences_at, 6),
    ):
        sizes = {
            power: task(power, options.folder, options.repeats, without) for power in powers if power <= most
        }
        say("\n".join(table(title, sizes, base)))
    say(
        "\n".join(
            parquet(
                [power for power in (6, 7, 8) if power <= options.parquet], options.folder, options.repeats
            )
        )
    )
    say("\n".join(small(options.repeats)))
    say("\n### What dominates\n")
    say("\n".join(line for power in powers for line in dominates(power, options.repeats)))
    say(
        f"\nPeak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB."
    )


if __name__ == "__main__":
    main()
