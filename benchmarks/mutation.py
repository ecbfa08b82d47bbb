"""What the tests of the statistics notice: breaks `src/caseseries/stats` in one place at a time and runs the tests.

    python benchmarks/mutation.py --folder DIR [--sample 320] [--seed 1] [--again mutants.json]

Run by hand, in the environment of the README's test command; everything happens in a copy of the repository under DIR.
First each test is run once to see which functions of `stats` it calls; then, for each mutant drawn, the tests that
call the function it is in, quickest first, until one fails, and then every other test of its module. A mutant is one
comparison, `and`/`or`, `not`, sign, arithmetic operator, number, truth value, pair of words (min and max, any and all,
left and right …) or the two sides of a choice exchanged. Flags that guard the program against itself (`strict` of a
zip, `frozen` and `eq` of a class, `cache` and `nogil` of a compiler) are left alone. DIR/mutants.json keeps every
mutant and what became of it; `--again` runs the survivors in such a file anew, so that a new test can be seen to
kill them.
"""

import argparse
import ast
import copy
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATS = Path("src", "caseseries", "stats")
TESTS = (
    "unit/test_stats_*.py", "spec/test_stats_*.py", "oracle/test_stats_*.py", "property/test_stats_*.py",
    "oracle/test_capture_r.py", "oracle/test_survival_command_r.py", "unit/test_survival_*.py",
)  # fmt: skip
QUIET = ("-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
SECONDS = 120  # a mutant that takes longer hangs, and that is noticed
FLAGS = ("strict", "frozen", "eq", "slots", "cache", "nogil")
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
WORDS = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any",
         "left": "right", "right": "left", "log1p": "log", "expm1": "exp", "cumsum": "cumprod"}  # fmt: skip


@dataclass
class Mutant:
    """One change: the module, the line, the function it is in ("" for the module) and its place in the walk."""

    module: str
    line: int
    function: str
    place: int
    before: str
    after: str
    outcome: str = ""
    by: str = ""


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may be exchanged for, one change each."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op, *_]) if type(op) in COMPARISONS:
            new.ops[0] = COMPARISONS[type(op)]()
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            new.op = OPERATORS[type(op)]()
        case ast.BoolOp():
            new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            new = operand
        case ast.Constant(value=bool()):
            new.value = not new.value
        case ast.Constant(value=int() | float()):
            new.value += 1
        case (
            ast.Constant(value="left" | "right")
            | ast.Name(id="min" | "max" | "any" | "all" | "log1p" | "expm1")
        ):
            field = "value" if isinstance(new, ast.Constant) else "id"
            setattr(new, field, WORDS[getattr(new, field)])
        case ast.Attribute(attr=attr) if attr in WORDS:
            new.attr = WORDS[attr]
        case ast.IfExp():
            new.body, new.orelse = new.orelse, new.body
        case _:
            return
    yield ast.copy_location(new, node)


def spots(tree: ast.Module) -> Iterator[tuple[int, ast.AST, str]]:
    """Every node that can be changed: its place in the walk, itself and the function it is in."""
    skipped: set[ast.AST] = set()
    inside: dict[ast.AST, str] = {}
    for place, node in enumerate(ast.walk(tree)):
        of = inside.get(node, "")
        if isinstance(node, ast.FunctionDef):
            of = of or node.name
            hints = [node.returns, *(a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg))]
            skipped |= {each for hint in hints if hint for each in ast.walk(hint)}
        if isinstance(node, ast.AnnAssign):
            skipped |= set(ast.walk(node.annotation))
        if isinstance(node, ast.keyword) and node.arg in FLAGS:
            skipped |= set(ast.walk(node.value))
        for child in ast.iter_child_nodes(node):
            inside[child] = of
        if node not in skipped and any(True for _ in changes(node)):
            yield place, node, of


def every_mutant(folder: Path) -> list[Mutant]:
    found = []
    for path in sorted((folder / STATS).glob("*.py")):
        for place, node, function in spots(ast.parse(path.read_text(encoding="utf-8"))):
            (new,) = changes(node)
            line = getattr(node, "lineno", 0)
            found.append(Mutant(path.stem, line, function, place, ast.unparse(node), ast.unparse(new)))
    return found


def mutated(text: str, place: int) -> str:
    tree = ast.parse(text)
    target = next(node for at, node in enumerate(ast.walk(tree)) if at == place)
    (new,) = changes(target)

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Exchange().visit(tree)))


class Reach:
    """A plugin that keeps which functions of `stats` each test calls, and how long it takes."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder / STATS)
        self.calls: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_protocol(self, item):
        called = self.calls.setdefault(item.nodeid, set())

        def note(frame, event, _):
            code = frame.f_code
            if event == "call" and code.co_filename.startswith(self.root):
                called.add(f"{Path(code.co_filename).stem}:{code.co_firstlineno}")

        began = time.perf_counter()
        sys.setprofile(note)
        try:
            from _pytest.runner import runtestprotocol

            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            runtestprotocol(item, nextitem=None)
        finally:
            sys.setprofile(None)
        self.seconds[item.nodeid] = time.perf_counter() - began
        return True


class Chosen:
    """A plugin that runs the tests named, in that order, with fewer examples and without shrinking."""

    def __init__(self, names: list[str]) -> None:
        self.names = {name: n for n, name in enumerate(names)}
        self.failed = ""

    def pytest_configure(self):
        from hypothesis import Phase, settings

        few = {"max_examples": 50, "phases": (Phase.explicit, Phase.generate), "derandomize": True}
        settings.register_profile("mutants", deadline=None, database=None, **few)
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted(
            (item for item in items if item.nodeid in self.names), key=lambda item: self.names[item.nodeid]
        )

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = report.nodeid


def in_a_child(task, folder: Path) -> tuple[int, str]:
    """Exit code and last words of a task in a process of its own; 14 if it had to be stopped."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.chdir(folder)
        quiet = os.open(folder.parent / "last.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code, said = task()
        os.write(writing, said.encode()[:60_000])
        os._exit(int(code))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return (os.waitstatus_to_exitcode(status), said)


def find_reach(folder: Path) -> dict[str, dict]:
    kept = folder / "reach.json"
    if not kept.exists():
        import pytest

        def task() -> tuple[int, str]:
            reach = Reach(folder)
            code = pytest.main([*QUIET, *files(folder)], plugins=[reach])
            told = {
                name: {"calls": sorted(reach.calls[name]), "seconds": s} for name, s in reach.seconds.items()
            }
            kept.write_text(json.dumps(told), encoding="utf-8")
            return code, ""

        code, _ = in_a_child(task, folder)
        if code:
            kept.unlink(missing_ok=True)
            sys.exit("the tests do not pass without a mutant")
    return json.loads(kept.read_text(encoding="utf-8"))


def files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for glob in TESTS for path in sorted((folder / "tests").glob(glob))]


def tests_of(mutant: Mutant, reach: dict[str, dict], folder: Path, whole: bool) -> list[str]:
    """The tests that call the mutant's function, or (whole) anything of its module: quickest first."""
    lines = set()
    tree = ast.parse((folder / STATS / f"{mutant.module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= mutant.line <= (node.end_lineno or 0):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines.add(f"{mutant.module}:{first}")
    called = [
        name
        for name, test in reach.items()
        if any(call.startswith(f"{mutant.module}:") if whole else call in lines for call in test["calls"])
    ]
    return sorted(called, key=lambda name: reach[name]["seconds"])


def run_mutant(mutant: Mutant, reach: dict[str, dict], folder: Path) -> None:
    import pytest

    path = folder / STATS / f"{mutant.module}.py"
    original = path.read_text(encoding="utf-8")
    narrow = tests_of(mutant, reach, folder, whole=False)
    wide = [name for name in tests_of(mutant, reach, folder, whole=True) if name not in set(narrow)]

    def task() -> tuple[int, str]:
        signal.alarm(SECONDS)
        for names in filter(None, (narrow, wide)):
            chosen = Chosen(names)
            where = sorted({name.split("::")[0] for name in names})
            code = pytest.main([*QUIET, "-x", *where], plugins=[chosen])
            if code:
                return 1, chosen.failed or "not even collected"
        return 0, ""

    path.write_text(mutated(original, mutant.place), encoding="utf-8")
    try:
        code, mutant.by = in_a_child(task, folder)
    finally:
        path.write_text(original, encoding="utf-8")
    mutant.outcome = "killed" if code else "survived"
    mutant.by = mutant.by or ("time" if code else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="for the copy; may be deleted")
    parser.add_argument("--sample", type=int, default=320)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, help="a mutants.json whose survivors are run anew")
    options = parser.parse_args()
    os.environ.update(CI="1", PYTHONDONTWRITEBYTECODE="1", NUMBA_CACHE_DIR=str(options.folder / "numba"))
    os.environ.setdefault("CASESERIES_DATA", str(ROOT.parent / "shared"))
    folder = options.folder.resolve() / "copy"
    for name in ("src", "tests"):
        shutil.copytree(
            ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    sys.path[0] = str(folder / "src")  # in place of this file's folder, whose names are those of packages too
    import hypothesis  # noqa: F401  (once, here, not in every child)
    import numpy  # noqa: F401

    say = partial(print, flush=True)
    reach = find_reach(folder)
    everything = every_mutant(folder)
    chosen = random.Random(options.seed).sample(everything, min(options.sample, len(everything)))
    if options.again:
        chosen = survivors(options.again, everything)
    kept = options.folder / ("again.json" if options.again else "mutants.json")
    for number, mutant in enumerate(chosen, 1):
        run_mutant(mutant, reach, folder)
        kept.write_text(json.dumps([asdict(each) for each in chosen], indent=1), encoding="utf-8")
        where = f"{mutant.module}:{mutant.line} {mutant.function}"
        say(f"{number}/{len(chosen)} {mutant.outcome} {where}: {mutant.before} → {mutant.after}")
    killed = sum(mutant.outcome == "killed" for mutant in chosen)
    say(f"{killed} of {len(chosen)} killed, of {len(everything)} that can be made")


def survivors(path: Path, everything: list[Mutant]) -> list[Mutant]:
    """The mutants of a file that survived, found again by module, function and change."""
    told = [Mutant(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    wanted = {(m.module, m.function, m.before, m.after) for m in told if m.outcome == "survived"}
    return [m for m in everything if (m.module, m.function, m.before, m.after) in wanted]


if __name__ == "__main__":
    main()
