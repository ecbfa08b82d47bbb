"""Every fenced block, link, command and exit code in the documents is true."""

import os
import re
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
import typer

from caseseries import cli
from caseseries.evidence.claims import load_claims
from caseseries.evidence.comparators import load_comparators
from caseseries.evidence.verdicts import judge
from caseseries.study.definition import (
    Endpoint,
    Index,
    Origin,
    Reporting,
    Response,
    Rule,
    Study,
    Toxicity,
    Wanted,
)
from caseseries.study.load import load_study
from caseseries.study.variables import BY_NAME
from docs.fences import Fence, find_fences, find_steps, keeps_promise

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
FENCES = [(page, fence) for page in PAGES for fence in find_fences(page.read_text(encoding="utf-8"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(cli.app).commands


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(language: str, but: tuple[Path, ...] = ()) -> list:
    return [
        pytest.param(fence, id=f"{_name(page)}:{fence.line}")
        for page, fence in FENCES
        if fence.language == language and page not in but
    ]


def test_every_block_has_a_language_that_is_run_or_none():
    known = {"", "console", "python", "sh", "toml"}
    assert [f"{_name(page)}:{fence.line}" for page, fence in FENCES if fence.language not in known] == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(p == page and f.language == "console" for p, f in FENCES)],
    ids=_name,
)
def test_console_blocks_print_what_they_promise(page, demo, tmp_path, require_tool):
    """The blocks of a page run in order in one folder, which holds what the README's first command made."""
    bash = require_tool("bash")
    shutil.copytree(demo, tmp_path / "my-demo")
    scripts = sysconfig.get_path("scripts")
    for fence in (fence for other, fence in FENCES if other == page and fence.language == "console"):
        for step in find_steps(fence.text):
            finished = subprocess.run(
                [bash, "-c", step.command],
                cwd=tmp_path,
                env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert finished.returncode == 0, f"{step.command}\n{finished.stderr}"
            assert keeps_promise(finished.stdout, step.promised), f"{step.command}\n{finished.stdout}"


@pytest.mark.parametrize("fence", _blocks("python"))
def test_python_blocks_run(fence: Fence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(fence.text, f"line {fence.line}", "exec"), {})


CLAIMS_PAGE, COMPARATORS_PAGE = ROOT / "docs" / "claims.md", ROOT / "docs" / "comparators.md"
PROTOCOL_PAGE = ROOT / "docs" / "protocol.md"


def test_the_toml_blocks_of_the_page_on_claims_are_possible_claims(tmp_path):
    """Each block is a file of its own, and every claim in it is decided."""
    blocks = [fence.text for page, fence in FENCES if page == CLAIMS_PAGE and fence.language == "toml"]
    titles = []
    for block in blocks:
        (tmp_path / "claims.toml").write_text(block, encoding="utf-8")
        judgement = judge(load_claims(tmp_path / "claims.toml"))
        assert {verdict.verdict for verdict in judgement.verdicts} == {"possible"}
        titles.append(judgement.title)
    assert titles == ["A letter", "A trial, arm A"]


def test_the_toml_of_the_page_on_comparators_is_a_comparator_file(demo, tmp_path):
    [block] = [fence.text for page, fence in FENCES if page == COMPARATORS_PAGE and fence.language == "toml"]
    (tmp_path / "comparators.toml").write_text(block, encoding="utf-8")
    _, asked = load_comparators(tmp_path / "comparators.toml", load_study(demo))
    assert [one.id for one, _ in asked] == ["os_from_diagnosis", "os_mixture"]


def test_the_toml_of_the_page_on_the_protocol_is_a_whole_one(tmp_path):
    [block] = [fence.text for page, fence in FENCES if page == PROTOCOL_PAGE and fence.language == "toml"]
    (tmp_path / "study.toml").write_text(block, encoding="utf-8")
    assert load_study(tmp_path).told_from == "index"


def test_every_key_and_variable_of_a_protocol_is_on_its_page():
    page = PROTOCOL_PAGE.read_text(encoding="utf-8")
    parts = (Study, Index, Rule, Origin, Endpoint, Wanted, Response, Toxicity, Reporting)
    keys = {key for part in parts for key in part.model_fields}
    assert [key for key in sorted(keys | BY_NAME.keys()) if not re.search(rf"`\[*{key}\b[^`]*`", page)] == []


@pytest.mark.parametrize("fence", _blocks("toml", but=(CLAIMS_PAGE, COMPARATORS_PAGE, PROTOCOL_PAGE)))
def test_toml_blocks_belong_in_a_protocol(fence: Fence, demo, tmp_path):
    """Added to the demo's protocol, the block is understood and nothing else changes."""
    protocol = (demo / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(f"{protocol}\n{fence.text}", encoding="utf-8")
    before, after = load_study(demo).model_dump(), load_study(tmp_path).model_dump()
    assert {key for key in after if after[key] != before[key]} == set(tomllib.loads(fence.text))


def _readme_block(bash: str, word: str) -> str:
    """The block as .ci/run finds it: its own function, run by bash."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    [function] = re.findall(r"^readme_block\(\) \{\n.*?^\}$", script, flags=re.MULTILINE | re.DOTALL)
    return subprocess.run(
        [bash, "-c", f"{function}\nreadme_block '{word}'"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_ci_runs_the_two_commands_of_the_readme_and_there_are_only_two(require_tool):
    bash = require_tool("bash")
    blocks = [fence.text.strip() for page, fence in FENCES if fence.language == "sh"]
    assert blocks == [_readme_block(bash, "caseseries demo"), _readme_block(bash, "pytest")]
    assert blocks[0].endswith(".venv/bin/caseseries demo my-demo")
    assert blocks[1].endswith(".venv/bin/python -m pytest")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.endswith("eval \"$(readme_block 'caseseries demo')\"\neval \"$(readme_block 'pytest')\"\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help(name):
    command = COMMANDS[name]
    words = " ".join(p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument")
    assert f"| `caseseries {name} {words}` |" in README
    assert command.help
    assert all(parameter.help for parameter in command.params if parameter.name != "help")


def test_the_readme_names_no_command_that_is_not_there():
    named = set(re.findall(r"`?caseseries ([a-z]+) ", README)) - {"works"}
    assert named == set(COMMANDS)


def test_exit_codes_are_those_of_the_readme():
    codes = {
        int(code): meaning for code, meaning in re.findall(r"^\| (\d) \| (.*) \|$", README, re.MULTILINE)
    }
    assert codes == {
        cli.DONE: "done",
        cli.OPEN_PROBLEMS: "done, with open problems",
        cli.UNREADABLE: "the study cannot be read",
        cli.WRONG_USE: "wrong use",
    }


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_decisions_are_numbered_and_those_that_the_code_names_are_there():
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").iterdir())]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert set(re.findall(r"docs/decisions/(\d+)", sources)) <= set(numbers)


def test_the_help_says_what_each_command_does_in_a_whole_sentence(caseseries):
    printed = caseseries("--help", env={"COLUMNS": "80"}).stdout
    for name in COMMANDS:
        [line] = re.findall(rf"^  {name} +(\S.*)$", printed, re.MULTILINE)
        assert line.endswith(".")
        assert not line.endswith("..."), line


def test_every_law_names_tests_that_are_there():
    page = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")
    laws = [line for line in page.splitlines() if re.match(r"\| M\d+ ", line)]
    assert [int(re.match(r"\| M(\d+)", law)[1]) for law in laws] == list(range(1, 21))
    named = [re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", law) for law in laws]
    assert all(named)
    for file, test in (one for law in named for one in law):
        text = (ROOT / "tests" / "property" / file).read_text(encoding="utf-8")
        assert f"def {test}" in text, f"{file} has no {test}"


def test_every_option_of_survival_is_on_its_page_and_in_an_example_that_runs():
    page = ROOT / "docs" / "survival.md"
    options = {name for p in COMMANDS["survival"].params for name in p.opts if name.startswith("--")}
    text = page.read_text(encoding="utf-8")
    assert {option for option in options if f"`{option}" not in text} == set()
    steps = [
        step
        for p, fence in FENCES
        if p == page and fence.language == "console"
        for step in find_steps(fence.text)
    ]
    shown = {word for step in steps for word in step.command.split() if word.startswith("--")}
    assert options - shown == set()
