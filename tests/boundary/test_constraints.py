"""Two installs are the same: every version is exact, hashed, and named without saying where it is kept."""

import re
import tomllib
from pathlib import Path

import pytest

from boundary import house

ROOT = Path(__file__).parents[2]
RUN = (ROOT / "constraints.txt").read_text(encoding="utf-8")
TEST = (ROOT / "constraints-test.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _entries(text: str) -> dict[str, str]:
    return {entry.split("==")[0]: entry for entry in re.split(r"\n(?=\S)", text.strip())}


@pytest.mark.parametrize("text", [RUN, TEST], ids=["run", "test"])
def test_every_line_is_an_exact_hashed_version(text):
    assert house.find_loose_pins(text) == []


def test_the_test_constraints_hold_the_run_constraints():
    assert _entries(RUN).items() <= _entries(TEST).items()


def test_every_dependency_is_pinned():
    build = PROJECT["dependency-groups"]["build"]
    runtime = {house.distribution_of(each) for each in PROJECT["project"]["dependencies"] + build}
    extra = {house.distribution_of(each) for each in PROJECT["project"]["optional-dependencies"]["test"]}
    assert runtime <= _entries(RUN).keys()
    assert extra <= _entries(TEST).keys()
    assert not {"pytest", "mypy", "ruff"} & _entries(RUN).keys()
