"""Times the survival core against its peers in one run, and says what the time goes into.

    python benchmarks/survival.py --folder DIR [--only km,logrank,aj,cox,parquet,growth,small]
        [--most 7] [--repeats 5] [--without R,sksurv] [--clock processor]

Run by hand, on a machine that does nothing else: it measures, it does not pass or fail. Each part prints as soon
as it is measured, so that one part may be run at a time. Peers that are not installed are left out by name.
Wanted beside the extras registry and fast: lifelines, statsmodels, scikit-survival, survival (the port to
Rust), and R with its package survival. Each round runs everything once, so that a slow moment of the machine falls
on all; a cell is the median of the rounds, and in brackets how many times ours. On a busy machine
`--clock processor` counts the processor's seconds instead, those of all threads.
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
from caseseries.stats import moments
from caseseries.stats.comparison import compare_curves
from caseseries.stats.competing import incidence_curve
from caseseries.stats.events import EventTable, count_events
from caseseries.stats.regression import fit_cox
from caseseries.stats.survival import estimate_survival, survival_curve

GROUPS, DAYS = 5, 4_000
CLOCK = time.perf_counter
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
    return run_r(f"{read}; ", expression)


def run_r(read: str, expression: str) -> float:
    clock = "sum(t[1:2])" if CLOCK is time.process_time else "t[['elapsed']]"
    code = f"suppressMessages(library(survival)); {read}t <- system.time({expression}); cat({clock})"
    printed = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout
    return float(printed)


def r_peers(expression: str, columns: tuple[np.ndarray, ...], folder: Path) -> Iterator[tuple[str, Task]]:
    if subprocess.run(["which", "Rscript"], capture_output=True, check=False).returncode == 0:
        yield "R survival", partial(r_seconds, expression, columns, folder)


def measure(tasks: dict[str, Task], repeats: int) -> dict[str, float]:
    """Median seconds of each, over rounds of all; the first round, in which things are compiled, is not counted.

    What takes longer than two seconds compiles nothing that counts: its first round is one of the rounds.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for again in range(repeats + 1):
        for name, task in tasks.items():
            if len(times[name]) == repeats:
                continue
            began = CLOCK()
            said = task()
            taken = CLOCK() - began
            seconds = said if isinstance(said, float) else taken
            if again or seconds > 2:
                times[name].append(seconds)
    return {name: statistics.median(found) for name, found in times.items()}


def table(title: str, sizes: dict[int, dict[str, float]], base: str) -> Iterator[str]:
    """A row for each implementation: milliseconds at each size, and how many times ours."""
    yield f"\n### {title}\n"
    yield "| implementation | " + " | ".join(f"10^{power} ms" for power in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for name in dict.fromkeys(name for found in sizes.values() for name in found):
        cells = [
            f"{found[name] * 1e3:,.2f} ({found[name] / found[base]:,.3g}×)" if name in found else ""
            for found in sizes.values()
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


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


def write_parts(folder: Path, power: int) -> Path:
    """10^power rows of id, days, status, arm as a folder of parts of at most 10^7 rows; id is never asked for."""
    import polars as pl

    parts = folder / f"parts-{power}"
    if parts.exists():
        return parts
    parts.mkdir()
    for part in range(max(1, 10 ** (power - 7))):
        day, status, group = rows(min(power, 7))
        frame = pl.DataFrame({"id": np.arange(day.size), "days": day, "status": status, "arm": group})
        frame.write_parquet(parts / f"part-{part:03}.parquet", compression="snappy", row_group_size=1 << 20)
    return parts


PARQUET = """
import sys, time, resource
from caseseries.registry import arrays
from caseseries.registry.coding import Layout
from caseseries.registry.sources import count_source
from caseseries.stats.survival import survival_curve
name, fast, keep, repeats = sys.argv[1], sys.argv[2] == "fast", sys.argv[3] == "keep", int(sys.argv[4])
clock = getattr(time, sys.argv[5])
arrays.FAST_FROM = -1 if fast else 2**62
times = []
for again in range(repeats + 1):
    began = clock()
    counted = count_source(name, Layout("days", "status", group="arm"), keep=keep)
    for table in counted.tables.values():
        survival_curve(table, interval="log-log")
    times.append(clock() - began)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(sorted(times[1:])[repeats // 2], peak, counted.rows)
"""


def parquet(powers: list[int], folder: Path, repeats: int) -> Iterator[str]:
    """From a folder of Parquet parts to five curves, each in a process of its own, for its memory."""
    yield "\n### Parquet to five curves\n"
    yield "| rows | way | seconds | ns a row | peak MB |"
    yield "|---|---|---|---|---|"
    ways = [("default", "plain", "no"), ("[fast]", "fast", "no"), ("tables kept beside it", "plain", "keep")]
    for power in powers:
        parts = write_parts(folder, power)
        for name, fast, keep in ways:
            argv = [sys.executable, "-c", PARQUET, str(parts), fast, keep, str(repeats), CLOCK.__name__]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
            seconds, peak, n = map(float, done.stdout.split())
            yield f"| 10^{power} | {name} | {seconds:.4f} | {seconds / n * 1e9:.1f} | {peak:,.0f} |"


def cox_rows(power: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, status and five covariates of 10^power patients, whose hazard depends on four of them."""
    random, n = np.random.default_rng(power), 10**power
    numbers = random.normal(size=(n, 3))
    x = np.column_stack([numbers, random.integers(0, 2, n), random.integers(0, 4, n)])
    life = np.ceil(random.exponential(1_500 * np.exp(-x @ [0.3, -0.2, 0.0, 0.5, 0.1]))).astype(np.int64)
    seen = random.integers(1, DAYS + 1, n)
    return np.minimum(life, seen), (life <= seen).astype(np.int64), x


def our_cox(day, status, x, fast: bool) -> object:
    moments.FAST_FROM = 0 if fast else 2**62
    return fit_cox(day, status, x, [f"x{j}" for j in range(x.shape[1])])


def cox_peers(day, status, x, power: int) -> Iterator[tuple[str, Task]]:
    frame = {"day": day, "status": status, **{f"x{j}": column for j, column in enumerate(x.T)}}
    if find_spec("survival"):
        import survival

        formula = "Surv(day, status) ~ x0 + x1 + x2 + x3 + x4"
        yield "survival (Rust)", lambda: survival.coxph(formula, data=frame)
    if find_spec("statsmodels"):
        from statsmodels.duration.hazard_regression import PHReg

        yield "statsmodels", lambda: PHReg(day, x, status, ties="efron").fit()
    if find_spec("lifelines"):
        import pandas as pd
        from lifelines import CoxPHFitter

        yield "lifelines", lambda: CoxPHFitter().fit(pd.DataFrame(frame), "day", "status")
    if find_spec("sksurv") and power < 6:  # half a minute a round at 10^6
        from sksurv.linear_model import CoxPHSurvivalAnalysis
        from sksurv.util import Surv

        y = Surv.from_arrays(status.astype(bool), day)
        yield "sksurv (no errors)", lambda: CoxPHSurvivalAnalysis(ties="efron").fit(x, y)


def r_cox(day, status, x, folder: Path) -> Iterator[tuple[str, Task]]:
    if subprocess.run(["which", "Rscript"], capture_output=True, check=False).returncode:
        return
    for name, column in (("day", day.astype(np.int32)), ("status", status.astype(np.int32)), ("x", x.T)):
        np.ascontiguousarray(column).tofile(folder / f"{name}.bin")
    read = (
        f"d <- data.frame(day = readBin('{folder}/day.bin', 'integer', {day.size}), "
        f"status = readBin('{folder}/status.bin', 'integer', {day.size}), "
        f"matrix(readBin('{folder}/x.bin', 'double', {x.size}), ncol = 5)); "
    )
    yield "R survival", partial(run_r, read, "coxph(Surv(day, status) ~ ., d)")


def cox_at(power: int, folder: Path, repeats: int, without: set[str]) -> dict[str, float]:
    columns = cox_rows(power)
    fast = {"ours, [fast]": partial(our_cox, *columns, True)} if find_spec("numba") else {}
    tasks = {
        **fast,
        "ours, NumPy": partial(our_cox, *columns, False),
        **wanted(cox_peers(*columns, power), without),
        **wanted(r_cox(*columns, folder), without),
    }
    return measure(tasks, repeats)


def grow(power: int, repeats: int) -> str:
    """One row of the table of growth; run in a process of its own, for its memory."""
    columns = rows(power)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fast = bool(find_spec("numba"))
    tables = ours(*columns, fast)

    def curves() -> None:
        for table in tables:
            fresh = EventTable(table.days, table.entered, table.events, table.censored)
            survival_curve(fresh, interval="log-log")

    tasks = {
        "reading the columns": partial(read_once, *columns),
        "counting in NumPy": partial(ours, *columns, False),
        **({"counting": partial(ours, *columns, True)} if fast else {}),
        "the limits of each day": curves,
    }
    found = measure(tasks, repeats)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    most = max(("counting", "the limits of each day"), key=lambda name: found.get(name, 0))
    cells = [f"{seconds * 1e3:,.3f}" for seconds in found.values()]
    held = sum(column.nbytes for column in columns) / 1e6
    return f"| 10^{power} | {' | '.join(cells)} | {held:,.0f} | {more:,.0f} | {most} |"


def growth(powers: list[int], repeats: int) -> Iterator[str]:
    """Time and memory of curves from columns in memory, and what most of the time goes into."""
    yield "\n### Growth: five curves from columns in memory\n"
    counting = "counting, NumPy ms | counting, [fast] ms" if find_spec("numba") else "counting ms"
    yield f"| rows | reading once ms | {counting} | limits ms | columns MB | MB beside them | most of it |"
    yield "|---|" + "---|" * (counting.count("|") + 6)
    for power in powers:
        argv = [sys.executable, __file__, "--grow", str(power), "--repeats", str(repeats), *CLOCK_OPTION]
        yield subprocess.run(argv, capture_output=True, text=True, check=True).stdout.rstrip()


def small(repeats: int) -> Iterator[str]:
    """Eleven patients, warm, beside lifelines' one interval."""
    days, status = [30, 61, 95, 120, 400, 410, 500, 720, 800, 990, 1200], [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0]

    def five() -> None:
        counted = count_events(days, status)
        for interval in ("bpcp", "log-log"):
            for day in (90, 182, 365, 547, 730):
                estimate_survival(counted, day, interval=interval)

    tasks: dict[str, Task] = {"ours, BPCP and log-log at five horizons": five}
    if find_spec("lifelines"):
        from lifelines import KaplanMeierFitter

        tasks["lifelines, log-log"] = lambda: KaplanMeierFitter().fit(days, status)
    yield "\n### Eleven patients, warm\n"
    yield "| implementation | ms |\n|---|---|"
    for name, seconds in measure(tasks, 40 * repeats).items():
        yield f"| {name} | {seconds * 1e3:.2f} |"


COMPARED = {
    "km": ("Kaplan–Meier with log-log limits, 5 groups", curves_at, (3, 5, 6, 7)),
    "logrank": ("Log-rank, 5 groups", tests_at, (3, 5, 6, 7)),
    "aj": ("Aalen–Johansen with variance, 2 causes, 5 groups", incidences_at, (3, 5, 6)),
    "cox": ("Cox, Efron's ties, 5 covariates", cox_at, (4, 5, 6)),
}
PARTS = (*COMPARED, "parquet", "growth", "small")
CLOCK_OPTION: list[str] = []


def run_part(part: str, options: argparse.Namespace) -> Iterator[str]:
    if part in COMPARED:
        title, task, powers = COMPARED[part]
        without = set(filter(None, options.without.split(",")))
        base = "ours, [fast]" if find_spec("numba") else "ours, NumPy"
        sizes = {p: task(p, options.folder, options.repeats, without) for p in powers if p <= options.most}
        return table(title, sizes, base)
    if part == "parquet":
        return parquet([p for p in (6, 7, 8, 9) if p <= options.most + 1], options.folder, options.repeats)
    if part == "growth":
        return growth([p for p in range(3, 9) if p <= options.most + 1], options.repeats)
    return small(options.repeats)


def main() -> None:
    global CLOCK
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help="parts, as in km,logrank,cox")
    parser.add_argument("--most", type=int, default=7, help="the largest power of ten of the comparisons")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without", default="", help="peers to leave out, as in R,sksurv")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--folder", type=Path, help="for files that are made and may be deleted")
    parser.add_argument("--grow", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.clock == "processor":
        CLOCK = time.process_time
        CLOCK_OPTION.extend(["--clock", "processor"])
    say = partial(print, flush=True, file=sys.stdout)
    if options.grow:
        return say(grow(options.grow, options.repeats))
    if options.folder is None:
        parser.error("--folder is needed")
    options.folder.mkdir(exist_ok=True)
    say(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} cores; "
        f"median of {options.repeats}, {options.clock} time."
    )
    for part in options.only.split(","):
        for line in run_part(part, options):
            say(line)
    return None


if __name__ == "__main__":
    main()
