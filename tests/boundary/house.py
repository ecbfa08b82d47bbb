"""The house rules as pure functions: source text in, complaints out.

Kept apart from the tests that apply them to this repository, so that every rule is also seen to fire on a
planted violation.
"""

import ast
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

KINDS = ("boundary", "docs", "golden", "museum", "oracle", "property", "spec", "study", "unit")

BANNED_NAMES = ("common", "helper", "helpers", "misc", "util", "utils")

# One importer each: changing the library then means changing one module.
ONE_IMPORTER = ("docx", "jinja2", "openpyxl", "tomllib", "typer", "typst", "xlsxwriter")

MEDIAN_LINES, NINETIETH_LINES, LONGEST_LINES, MODULE_LINES = 9, 30, 100, 500

# A ratchet on the way to 1.3, which the projects we admire meet; set when the rooms came together, raised from here.
TESTS_PER_SOURCE_LINE = 0.78

# Spelt with a bracketed letter so that this list does not find itself.
FORBIDDEN_TEXT = {
    "a path of one machine": r"(?<![\w.])/(?:wo[r]k|ro[o]t|ho[m]e/\w+|Us[e]rs/\w+|tm[p]/\w+)/",
    "a package registry": r"p[y]pi\.org|py[t]honhosted|regis[t]ry\.npmjs|de[b]ian\.org/|https?://\S*/simp[l]e\b",
    "how the work was organised": r"(?i)\bissue [A-E]\b|\bC[E]O\b|sub-?age[n]t|be[f]ore-stop|far[m]-bench",
}

# Reading any of these would make two runs differ.
HIDDEN_INPUTS = (
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "locale.setlocale",
    "os.environ",
    "os.getenv",
    "os.urandom",
    "random.random",
    "random.seed",
    "time.ctime",
    "time.localtime",
    "time.time",
    "uuid.uuid1",
    "uuid.uuid4",
)

# When a person decides something is a fact to keep: that clock is read at the door and handed in.
DOORS = {"src/caseseries/cli.py": ("datetime.now",)}

NETWORK_MODULES = ("aiohttp", "ftplib", "http", "httpx", "redcap", "requests", "smtplib", "socket", "urllib")

# A person may ask for the records of a REDCap project: that connection is opened in one place (docs/decisions/0026).
NETWORK_DOORS = {"src/caseseries/intake/redcap_fetch.py": {"redcap"}}


@cache
def nodes_of(text: str) -> tuple[ast.AST, ...]:
    """Every node of a module's tree; each text is parsed once for all the rules."""
    return tuple(ast.walk(ast.parse(text)))


def find_long_functions(sources: Mapping[str, str]) -> list[str]:
    lengths = [
        (node.end_lineno - node.lineno + 1, f"{name}:{node.lineno} {node.name}")
        for name, text in sources.items()
        for node in nodes_of(text)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    counts = sorted(length for length, _ in lengths)
    complaints = [
        f"{place} has {length} lines; {LONGEST_LINES} at most"
        for length, place in lengths
        if length > LONGEST_LINES
    ]
    if statistics.median(counts) > MEDIAN_LINES:
        complaints.append(
            f"the median function has {statistics.median(counts)} lines; {MEDIAN_LINES} at most"
        )
    ninetieth = counts[(9 * len(counts) - 1) // 10]
    if ninetieth > NINETIETH_LINES:
        complaints.append(f"one function in ten has over {ninetieth - 1} lines; {NINETIETH_LINES} at most")
    return complaints


def find_long_modules(sources: Mapping[str, str]) -> list[str]:
    return [
        f"{name} has {len(text.splitlines())} lines; {MODULE_LINES} at most"
        for name, text in sources.items()
        if len(text.splitlines()) > MODULE_LINES
    ]


def count_lines(sources: Iterable[str]) -> int:
    """Lines that are not blank: the same count for source and for tests."""
    return sum(bool(line.strip()) for text in sources for line in text.splitlines())


def find_banned_names(paths: Iterable[str]) -> list[str]:
    return [
        f"{path} is named after nothing in particular"
        for path in paths
        if set(BANNED_NAMES) & {PurePosixPath(part).stem for part in PurePosixPath(path).parts}
    ]


def imports_of(text: str) -> set[str]:
    """Top-level names of the packages a module imports, at module level or inside a function."""
    names: set[str] = set()
    for node in nodes_of(text):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def find_shared_gates(sources: Mapping[str, str]) -> list[str]:
    importers: dict[str, list[str]] = {gate: [] for gate in ONE_IMPORTER}
    for name, text in sources.items():
        for gate in imports_of(text) & set(ONE_IMPORTER):
            importers[gate].append(name)
    return [
        f"{gate} is imported by {', '.join(names)}; one module only"
        for gate, names in importers.items()
        if len(names) > 1
    ]


def find_network_imports(sources: Mapping[str, str]) -> list[str]:
    return [
        f"{name} imports {', '.join(sorted(found))}; nothing here may reach a network"
        for name, text in sources.items()
        if (found := (imports_of(text) & set(NETWORK_MODULES)) - NETWORK_DOORS.get(name, set()))
    ]


def find_hidden_inputs(sources: Mapping[str, str]) -> list[str]:
    return [
        f"{name}:{node.lineno} reads {ast.unparse(node)}; two runs would differ"
        for name, text in sources.items()
        for node in nodes_of(text)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node).endswith(HIDDEN_INPUTS)
        and not ast.unparse(node).endswith(DOORS.get(name, ()))
    ]


def third_party(sources: Mapping[str, str]) -> set[str]:
    imported = set().union(*(imports_of(text) for text in sources.values()))
    return imported - set(sys.stdlib_module_names) - {"caseseries"}


def find_undeclared(imported: set[str], declared: set[str], owners: Mapping[str, list[str]]) -> list[str]:
    """Imports whose distribution is not declared; `owners` maps import names to distribution names."""
    return [
        f"{name} is imported and not declared in pyproject.toml"
        for name in sorted(imported)
        if not {normal(owner) for owner in owners.get(name, [name])} & declared
    ]


def find_unused(imported: set[str], declared: set[str], owners: Mapping[str, list[str]]) -> list[str]:
    used = {normal(owner) for name in imported for owner in owners.get(name, [name])}
    return [f"{name} is declared and nowhere imported" for name in sorted(declared - used)]


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def distribution_of(requirement: str) -> str:
    return normal(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0])


def find_unbounded(requirements: Iterable[str]) -> list[str]:
    return [f"{each} has no upper bound" for each in requirements if "<" not in each]


def find_forbidden_text(texts: Mapping[str, str]) -> list[str]:
    return [
        f"{name}:{number} names {what}: {match.group()}"
        for name, text in texts.items()
        for what, pattern in FORBIDDEN_TEXT.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := re.search(pattern, line))
    ]


def find_misplaced_tests(paths: Iterable[str]) -> list[str]:
    """Tests outside the directories that name their kind, and test modules that share a name."""
    tests = [PurePosixPath(path) for path in paths if re.fullmatch(r"test_.*\.py", Path(path).name)]
    repeated = Counter(path.name for path in tests)
    return [
        f"{path} is not in a directory of its kind: tests/{{{','.join(KINDS)}}}"
        for path in tests
        if path.parts[0] != "tests" or len(path.parts) < 3 or path.parts[1] not in KINDS
    ] + [f"{name} is the name of {times} test modules" for name, times in repeated.items() if times > 1]


def find_loose_pins(text: str) -> list[str]:
    """Entries of a constraints file that are anything but an exact version followed by its hashes."""
    entries = text.replace("\\\n", " ").splitlines()
    pinned = re.compile(r"[a-z0-9-]+==\S+( ;[^#]*?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    return [
        f"not an exact, hashed version: {entry[:80]}"
        for entry in entries
        if entry.strip() and not pinned.fullmatch(entry.strip())
    ]
