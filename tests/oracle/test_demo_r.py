"""R's survival package on the demo's adtte.csv gives the numbers of results.json.

tests/oracle/r/demo_adtte.R is the script and demo_adtte.out its raw transcript. The transcript is compared
everywhere; where R is installed the script is also run afresh on the file that this run wrote.

Tolerance 1e-10: both sides compute in doubles, products of at most eleven ratios, so they agree to some 1e-15;
anything that 1e-10 lets through is arithmetic, and no other definition of the interval comes so close.
"""

import csv
import json
import math
import subprocess
from pathlib import Path

import pytest

from caseseries.stats.events import count_events
from caseseries.stats.survival import survival_curve

R = Path(__file__).parent / "r"
TOLERANCE = 1e-10
PARAMETERS = {
    "EFSHSCT": "efs.hsct",
    "OSHSCT": "os.hsct",
    "EFSINDEX": "efs.index",
    "OSINDEX": "os.index",
    "EFSDIAGN": "efs.diagnosis",
    "OSDIAGNO": "os.diagnosis",
}
HORIZONS = {"12m": 365, "36m": 1095}


def _parse(transcript: str) -> dict[tuple[str, int], dict[str, float]]:
    lines = [line.split() for line in transcript.splitlines() if not line.startswith("#")]
    header = lines[0][1:]
    numbers = [
        (code, [math.nan if word == "NA" else float(word) for word in rest]) for code, *rest in lines[1:]
    ]
    return {(code, int(row[0])): dict(zip(header, row, strict=True)) for code, row in numbers}


def _run_r(rscript: str, adtte: Path) -> str:
    finished = subprocess.run(
        [rscript, str(R / "demo_adtte.R"), str(adtte)], capture_output=True, encoding="utf-8", check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module", params=["kept transcript", "R run afresh"])
def by_r(request, demo, require_tool) -> dict[tuple[str, int], dict[str, float]]:
    if request.param == "kept transcript":
        return _parse((R / "demo_adtte.out").read_text(encoding="utf-8"))
    return _parse(_run_r(require_tool("Rscript", "survival"), demo / "report" / "adtte.csv"))


@pytest.fixture(scope="module")
def results(demo) -> dict[str, dict]:
    rows = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("code", ["EFSHSCT", "OSHSCT", "EFSINDEX", "OSINDEX"])
def test_kaplan_meier_and_log_log_limits_are_those_of_r(by_r, results, code, horizon):
    ours = results[f"{PARAMETERS[code]}.{horizon}.loglog"]
    theirs = by_r[code, HORIZONS[horizon]]
    for mine, its in {"value": "estimate", "lower": "lower", "upper": "upper"}.items():
        assert ours[mine] == pytest.approx(theirs[its], abs=TOLERANCE, rel=0), mine
    assert ours["at_risk"] == theirs["n_risk"]
    assert results[f"{PARAMETERS[code]}.{horizon}"]["value"] == ours["value"]


@pytest.mark.parametrize("code", ["RELAHSCT", "NRMHSCT"])
def test_cumulative_incidence_is_that_of_r(by_r, results, code):
    ours = results[{"RELAHSCT": "relapse.hsct.36m", "NRMHSCT": "nrm.hsct.36m"}[code]]
    theirs = by_r[code, 1095]
    assert ours["value"] == pytest.approx(theirs["estimate"], abs=TOLERANCE, rel=0)


@pytest.mark.parametrize("code", PARAMETERS)
def test_the_whole_curve_is_that_of_r(demo, by_r, code):
    rows = [row for row in _read_adtte(demo) if row["PARAMCD"] == code]
    table = count_events([int(row["AVAL"]) for row in rows], [int(row["CNSR"] == "0") for row in rows])
    curve = survival_curve(table, 0.95, "log-log")
    for day in {int(row["AVAL"]) for row in rows}:
        here, theirs = curve.days.tolist().index(day), by_r[code, day]
        assert curve.estimate[here] == pytest.approx(theirs["estimate"], abs=TOLERANCE, rel=0)
        for mine, its in {"lower": curve.lower[here], "upper": curve.upper[here]}.items():
            assert its == pytest.approx(theirs[mine], abs=TOLERANCE, rel=0, nan_ok=True), (day, mine)
        counts = (curve.at_risk[here], curve.events[here], curve.censored[here])
        assert counts == (theirs["n_risk"], theirs["n_event"], theirs["n_censor"])


def test_every_row_of_adtte_is_in_some_comparison(demo, by_r):
    rows = _read_adtte(demo)
    assert {row["PARAMCD"] for row in rows} == {code for code, _ in by_r}
    assert {(row["PARAMCD"], int(row["AVAL"])) for row in rows} <= by_r.keys()


def _read_adtte(demo: Path) -> list[dict[str, str]]:
    with (demo / "report" / "adtte.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
