"""Lint, format and types, each as one failure that prints what the tool printed, each seen to fire."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "--no-cache", "."), ("ruff", "format", "--no-cache", "--check", "."), ("mypy",)],
    ids=["lint", "format", "types"],
)
def test_the_code_is_clean(command):
    finished = _run(*command)
    assert finished.returncode == 0, finished.stdout + finished.stderr


BRANCHES = "def f(x: int) -> int:\n" + "".join(
    f"    if x == {number}:\n        return {number}\n" for number in range(11)
)


@pytest.mark.parametrize(
    ("command", "text", "complaint"),
    [
        (("ruff", "check"), BRANCHES + "    return x\n", "C901"),
        (("ruff", "check"), "print(1)\n", "T201"),
        (("ruff", "format", "--check"), "x = {'a':1}\n", "would be reformatted"),
        (("mypy",), "def f(x):\n    return x\n", "no-untyped-def"),
    ],
    ids=["too complex", "prints", "unformatted", "untyped"],
)
def test_a_planted_fault_is_refused(tmp_path, command, text, complaint):
    planted = tmp_path / "planted.py"
    planted.write_text(text, encoding="utf-8")
    configured = ["--config-file" if command == ("mypy",) else "--config", str(ROOT / "pyproject.toml")]
    finished = _run(*command, *configured, str(planted))
    assert finished.returncode == 1
    assert complaint in finished.stdout + finished.stderr
