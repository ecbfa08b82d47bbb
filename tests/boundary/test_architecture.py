"""Imports point down, and the contract that says so is seen to fire."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
            "--config",
            str(ROOT / ".importlinter"),
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_point_down():
    finished = _lint_imports(ROOT)
    assert finished.returncode == 0, finished.stdout


PLANTED = {
    "a room imports one above it": (
        "record/dates.py",
        "import caseseries.intake.cells\n",
        "Imports point down BROKEN",
    ),
    "the statistics import ours": (
        "stats/estimate.py",
        "import caseseries.findings\n",
        "stats imports nothing of ours BROKEN",
    ),
    "what prints names a patient": (
        "present/document.py",
        "import caseseries.record.patient\n",
        "What prints can name a patient only through a result row BROKEN",
    ),
    "a new room has no place": ("cellar.py", "", "caseseries.cellar"),
}


@pytest.mark.parametrize(("module", "line", "complaint"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_import_breaks_its_contract(tmp_path, module, line, complaint):
    shutil.copytree(ROOT / "src", tmp_path / "src")
    target = tmp_path / "src" / "caseseries" / module
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(text + line, encoding="utf-8")
    finished = _lint_imports(tmp_path)
    assert finished.returncode == 1
    assert complaint in finished.stdout


HEAVY = ("docx", "jinja2", "numpy", "pydantic", "rich", "scipy", "typst", "xlsxwriter")


def _imports_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*(set({HEAVY!r}) & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(printed.split())


def test_the_command_line_starts_without_the_heavy_libraries():
    assert _imports_after("import caseseries.cli") == set()


def test_a_plate_is_read_without_what_a_study_needs():
    assert _imports_after("import caseseries.pcr.command") == {"numpy"}


def test_a_heavy_import_would_be_seen():
    assert _imports_after("import caseseries.study.definition") == {"pydantic"}
