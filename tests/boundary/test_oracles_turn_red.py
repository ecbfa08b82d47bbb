"""An estimator broken on purpose turns its oracle red: no tolerance here is wide enough to hide a mistake."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutation:
    """`old` stands once in the module and becomes `new`; then the named tests must fail."""

    module: str
    old: str
    new: str
    oracle: str


CURVES = "tests/oracle/test_stats_curves_r.py"
EDGES = "tests/spec/test_stats_edges.py"

MUTATIONS = {
    "Kaplan–Meier counts one too many at risk in a million": Mutation(
        "stats/steps.py", "cumprod(alive / at_risk,", "cumprod(alive / (at_risk * 1.000001),", CURVES
    ),
    "Greenwood's variance becomes that of the simple count": Mutation(
        "stats/steps.py",
        "/ (at_risk * alive)",
        "/ (at_risk * at_risk)",
        CURVES,
    ),
    "log-log limits are a millionth too wide": Mutation(
        "stats/intervals.py",
        "np.exp(width / log_survival)",
        "np.exp(1.000001 * width / log_survival)",
        CURVES,
    ),
    "incidence forgets who failed on the same day": Mutation(
        "stats/competing.py", "np.append(1.0, steps.survival[:-1])", "steps.survival", CURVES
    ),
    "the first step of BPCP loses a patient": Mutation(
        "stats/steps.py", "np.log1p(-d / (y + 1))", "np.log1p(-d / y)", EDGES
    ),
    "Clopper–Pearson takes its upper limit one event early": Mutation(
        "stats/proportions.py",
        "beta_quantile(1 - tail, x + 1, n - x)",
        "beta_quantile(1 - tail, x, n - x)",
        EDGES,
    ),
    "CNSR runs the way of R's status": Mutation(
        "analysis/exports.py",
        "{0: 1, 1: 0, 2: 2}",
        "{0: 0, 1: 1, 2: 2}",
        "tests/unit/test_analysis_exports.py",
    ),
    "an event on the day of the horizon is lost": Mutation(
        "stats/steps.py", 'searchsorted(day, side="right")', 'searchsorted(day, side="left")', EDGES
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _run(folder: Path, oracle: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-k", "not transcript", oracle],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_broken_estimator_turns_its_oracle_red(copy, mutation):
    module = copy / "src" / "caseseries" / mutation.module
    whole = module.read_text(encoding="utf-8")
    assert whole.count(mutation.old) == 1
    module.write_text(whole.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        finished = _run(copy, mutation.oracle)
    finally:
        module.write_text(whole, encoding="utf-8")
    assert finished.returncode == 1
    assert "AssertionError" in finished.stdout
