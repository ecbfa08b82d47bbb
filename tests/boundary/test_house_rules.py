"""This repository keeps the house rules of tests/boundary/house.py."""

import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from boundary import house

ROOT = Path(__file__).parents[2]

# Tracked files over 700 KiB, each with its reason.
LARGE_FILES: dict[str, str] = {}


def _read(folder: str) -> dict[str, str]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


SOURCES = _read("src")
TESTS = _read("tests")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
EXTRAS = [
    each
    for name, needed in PROJECT["project"]["optional-dependencies"].items()
    if name != "test"
    for each in needed
    if not each.startswith("caseseries[")
]
TEST_EXTRA = PROJECT["project"]["optional-dependencies"]["test"]
# Distributions of extras whose name is not that of what is imported, for where they are not installed.
OWNERS = {"ibis": ["ibis-framework"], "redcap": ["PyCap"]}
# What a library of an extra needs and does not ask for itself, and the engine whose frames a caller brings.
NEEDED_BY_OTHERS = {"pandas", "pyarrow", "pyspark", "sqlglot"}
# Run as programs or read as type stubs, never imported.
PROGRAMS = {"import-linter", "mypy", "ruff", "scipy-stubs"}


@pytest.fixture(scope="session")
def tracked(require_tool) -> list[str]:
    git = require_tool("git")
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone made with git: this copy does not say which files are tracked")
    listed = subprocess.run(
        [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [path for path in listed.split("\0") if (ROOT / path).is_file()]


def test_functions_are_short():
    assert house.find_long_functions(SOURCES) == []


def test_modules_are_short():
    assert house.find_long_modules(SOURCES) == []


def test_there_are_enough_tests():
    source, tests = house.count_lines(SOURCES.values()), house.count_lines(TESTS.values())
    assert tests >= house.TESTS_PER_SOURCE_LINE * source, f"{tests} test lines for {source} source lines"


def test_every_module_is_named_after_its_subject():
    assert house.find_banned_names([*SOURCES, *TESTS]) == []


def test_each_outside_library_has_one_door():
    assert house.find_shared_gates(SOURCES) == []


def test_nothing_reaches_a_network():
    assert house.find_network_imports(SOURCES) == []


def test_only_the_command_line_opens_the_door_to_a_network():
    """And only inside the function that was given an address: reading a study never loads it."""
    door = "caseseries.intake.redcap_fetch"
    assert [name for name, text in SOURCES.items() if f"{door} import" in text] == ["src/caseseries/cli.py"]
    assert f"\nfrom {door}" not in SOURCES["src/caseseries/cli.py"]


def test_nothing_reads_the_clock_the_locale_or_the_environment():
    assert house.find_hidden_inputs(SOURCES) == []


def test_every_import_is_declared():
    declared = {house.distribution_of(each) for each in RUNTIME + EXTRAS}
    owners = {**OWNERS, **packages_distributions()}
    assert house.find_undeclared(house.third_party(SOURCES), declared, owners) == []
    assert house.find_unused(house.third_party(SOURCES), declared - NEEDED_BY_OTHERS, owners) == []


def test_every_import_of_the_tests_is_declared():
    runtime = {house.distribution_of(each) for each in RUNTIME + EXTRAS}
    extra = {house.distribution_of(each) for each in TEST_EXTRA}
    own = {path.stem for path in (ROOT / "tests").rglob("*.py")} | set(house.KINDS)
    imported = house.third_party(TESTS) - own
    owners = {**OWNERS, **packages_distributions()}
    assert house.find_undeclared(imported, runtime | extra, owners) == []
    assert (
        house.find_unused(imported | house.third_party(SOURCES), extra - PROGRAMS - NEEDED_BY_OTHERS, owners)
        == []
    )


def test_every_dependency_has_an_upper_bound():
    build = PROJECT["build-system"]["requires"] + PROJECT["dependency-groups"]["build"]
    assert house.find_unbounded(RUNTIME + EXTRAS + TEST_EXTRA + build) == []


def test_tests_live_in_directories_of_their_kind():
    assert house.find_misplaced_tests(TESTS) == []


def test_tracked_files_name_no_machine_registry_or_working_arrangement(tracked):
    texts = {}
    for path in tracked:
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw:
            texts[path] = raw.decode("utf-8")
    assert house.find_forbidden_text(texts) == []


def test_tracked_files_are_small_or_have_a_reason(tracked):
    large = {path for path in tracked if (ROOT / path).stat().st_size > 700 * 1024}
    assert large == set(LARGE_FILES)
