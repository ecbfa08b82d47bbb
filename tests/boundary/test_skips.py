"""A skip says what is missing and what to install; under the switch for CI it is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

PLANTED = """
import pytest

def test_program(require_tool):
    require_tool("psql")

def test_r_package(require_tool):
    require_tool("Rscript", "cmprsk")

def test_data(data_folder):
    pass

def test_by_hand():
    pytest.skip("too slow")

@pytest.mark.xfail
def test_expected_to_fail():
    assert False
"""

RSCRIPT_WITHOUT_PACKAGES = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def run_planted(tmp_path):
    """Runs PLANTED on a machine whose only program is an R without packages; returns what pytest printed."""
    (tmp_path / "tests").mkdir()
    shutil.copy(CONFTEST, tmp_path / "tests")
    (tmp_path / "tests" / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    rscript = tmp_path / "bin" / "Rscript"
    rscript.parent.mkdir()
    rscript.write_text(RSCRIPT_WITHOUT_PACKAGES, encoding="utf-8")
    rscript.chmod(0o755)

    def run(require_all: str) -> str:
        switches = {"CASESERIES_REQUIRE_ALL": require_all, "CASESERIES_DATA": "", "PATH": str(rscript.parent)}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-rsfE", "-p", "no:cacheprovider", "tests"],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", **switches},
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    return run


REASONS = (
    "needs psql: install the Debian package postgresql",
    "needs R's cmprsk: install the Debian package r-cran-cmprsk",
    "set CASESERIES_DATA to its folder",
    "too slow",
)


@pytest.mark.parametrize(
    ("require_all", "closing"),
    [("", "4 skipped, 1 xfailed"), ("1", "3 failed, 1 xfailed, 1 error")],
    ids=["user", "CI"],
)
def test_each_skip_is_named_and_refused_when_all_are_required(run_planted, require_all, closing):
    printed = run_planted(require_all)
    assert closing in printed
    for reason in REASONS:
        assert reason in printed
