"""report/exports/survival.R, run by R: it finds the numbers of results.json again, and says so when it does not."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.exports import ADTTE_COLUMNS, to_csv
from caseseries.analysis.run import analyse
from caseseries.present.rscript import to_r_script
from made_up import day, made_up_case, made_up_study

LINE = re.compile(
    r"^(\S+) +(value|at_risk|events|lower|upper) +(\S+) +(\S+) +(agrees|DIFFERS)$", re.MULTILINE
)


def _run(rscript: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [rscript, "--vanilla", "survival.R", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def rscript(require_tool) -> str:
    return require_tool("Rscript", "survival")


def test_r_finds_every_survival_number_of_the_demo(demo, rscript):
    finished = _run(rscript, demo / "report" / "exports")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    found = {(name, key): float(r) for name, key, _, r, _ in LINE.findall(finished.stdout)}
    asked = [row for row in rows if re.fullmatch(r"\w+\.(hsct|index|diagnosis)\.\d+m", row["id"])]
    assert len(asked) == 14
    for row in asked:
        for key in ("value", "at_risk", "events"):
            assert found.pop((row["id"], key)) == pytest.approx(row[key], abs=1e-12), (row["id"], key)
    limits = {row["id"]: row for row in rows if row["id"].endswith(".loglog")}
    for (name, key), r in found.items():
        assert r == pytest.approx(limits[name][key], abs=1e-12)
    assert len(found) == 2 * len(limits)


def test_a_changed_row_is_noticed(demo, rscript, tmp_path):
    exports = shutil.copytree(demo / "report" / "exports", tmp_path / "exports")
    rows = (demo / "report" / "adtte.csv").read_text(encoding="utf-8")
    changed = rows.replace(
        "Event-free survival from HSCT (days),EFSHSCT,92,0",
        "Event-free survival from HSCT (days),EFSHSCT,92,1",
    )
    assert changed != rows
    (tmp_path / "changed.csv").write_text(changed, encoding="utf-8")
    finished = _run(rscript, exports, str(tmp_path / "changed.csv"))
    assert finished.returncode == 1
    differing = {
        (name, key) for name, key, _, _, verdict in LINE.findall(finished.stdout) if verdict == "DIFFERS"
    }
    assert ("efs.hsct.36m", "value") in differing
    assert ("efs.hsct.36m", "events") in differing
    assert not any(name.startswith("os.") for name, _ in differing)


def _follow_up(on: int, event: str) -> dict[str, list[dict[str, object]]]:
    return {"follow_up": [{"date": day(on), "event": event}]}


COHORTS = {
    "ties": [(90, "death"), (90, "death"), (90, "seen alive"), (2000, "seen alive"), (2100, "death")],
    "no event": [(300, "seen alive"), (2000, "seen alive"), (2500, "seen alive")],
    "no time before the horizon": [(2000, "death"), (2100, "seen alive"), (2500, "seen alive")],
    "all died": [(60, "death"), (90, "death"), (500, "death")],
    "death on the day of the origin": [(50, "death"), (300, "death"), (2000, "seen alive")],
    "relapses and deaths": [(70, "relapse"), (80, "death"), (200, "relapse"), (2000, "seen alive")],
}


@pytest.mark.parametrize("name", COHORTS)
def test_r_agrees_on_cohorts_with_an_edge(name, rscript, tmp_path):
    study = made_up_study(data_cut=day(3000))
    cases = [made_up_case(f"A-{i}", _follow_up(on, event)) for i, (on, event) in enumerate(COHORTS[name])]
    made = analyse(form_cohort(cases, study), study)
    script = to_r_script(made.displays.curves, made.results, study)
    (tmp_path / "survival.R").write_text(script, encoding="utf-8")
    (tmp_path / "adtte.csv").write_text(to_csv(ADTTE_COLUMNS, made.adtte), encoding="utf-8")
    finished = _run(rscript, tmp_path, "adtte.csv")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert LINE.findall(finished.stdout)
    assert "\n0 numbers differ. R " in finished.stdout
