"""Every house rule, seen to fire on a planted violation and to pass its innocent neighbour."""

import pytest

from boundary import house


def _function(name: str, lines: int) -> str:
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


SHORT = "".join(_function(f"short_{number}", 3) for number in range(20))


def test_one_function_over_a_hundred_lines_is_named():
    assert house.find_long_functions({"a.py": SHORT + _function("most", 100)}) == []
    assert house.find_long_functions({"a.py": SHORT + _function("endless", 101)}) == [
        "a.py:61 endless has 101 lines; 100 at most"
    ]


def test_a_median_of_ten_lines_is_too_long():
    assert house.find_long_functions({"a.py": _function("f", 9)}) == []
    assert house.find_long_functions({"a.py": _function("f", 10)}) == [
        "the median function has 10 lines; 9 at most"
    ]


def test_more_than_one_function_in_ten_over_thirty_lines_is_too_many():
    nine_short = "".join(_function(f"short_{number}", 3) for number in range(9))
    assert house.find_long_functions({"a.py": nine_short + _function("long", 31)}) == []
    eight_short = "".join(_function(f"short_{number}", 3) for number in range(8))
    too_many = eight_short + _function("long", 31) + _function("longer", 32)
    assert house.find_long_functions({"a.py": too_many}) == [
        "one function in ten has over 30 lines; 30 at most"
    ]


def test_a_module_over_five_hundred_lines_is_named():
    assert house.find_long_modules({"a.py": "x = 1\n" * 500}) == []
    assert house.find_long_modules({"a.py": "x = 1\n" * 501}) == ["a.py has 501 lines; 500 at most"]


def test_blank_lines_do_not_count():
    assert house.count_lines(["a = 1\n\n   \nb = 2\n", "c = 3"]) == 3


@pytest.mark.parametrize("path", ["src/utils.py", "src/common/dates.py", "tests/unit/helpers.py"])
def test_a_banned_name_is_refused(path):
    assert house.find_banned_names([path]) == [f"{path} is named after nothing in particular"]


def test_a_name_that_only_contains_a_banned_word_is_fine():
    assert house.find_banned_names(["src/commonness.py"]) == []


def test_a_second_importer_of_a_library_is_named_even_inside_a_function():
    door = "import openpyxl.styles\n"
    assert house.find_shared_gates({"a.py": door, "b.py": "import os\n"}) == []
    second = "def f():\n    from openpyxl import Workbook\n"
    assert house.find_shared_gates({"a.py": door, "b.py": second}) == [
        "openpyxl is imported by a.py, b.py; one module only"
    ]


def test_a_network_import_is_refused():
    assert house.find_network_imports({"a.py": "from urllib.request import urlopen\n"}) == [
        "a.py imports urllib; nothing here may reach a network"
    ]
    door = "src/caseseries/intake/redcap_fetch.py"
    assert house.find_network_imports({door: "from redcap.project import Project\n"}) == []
    assert house.find_network_imports({"a.py": "import redcap\n", door: "import socket\n"}) == [
        "a.py imports redcap; nothing here may reach a network",
        f"{door} imports socket; nothing here may reach a network",
    ]


@pytest.mark.parametrize(
    "expression", ["datetime.date.today()", "time.time()", "os.environ['TZ']", "np.random.seed(1)"]
)
def test_a_hidden_input_is_refused(expression):
    [complaint] = house.find_hidden_inputs({"a.py": f"x = {expression}\n"})
    assert complaint.startswith("a.py:1 reads ")


def test_only_the_door_may_read_the_clock_and_only_that():
    source = {"src/caseseries/cli.py": "when = datetime.now(UTC)\nday = date.today()\n"}
    assert house.find_hidden_inputs(source) == [
        "src/caseseries/cli.py:2 reads date.today; two runs would differ"
    ]
    assert house.find_hidden_inputs({"src/caseseries/pipeline.py": "when = datetime.now(UTC)\n"})


def test_a_monotonic_clock_for_progress_is_fine():
    assert house.find_hidden_inputs({"a.py": "x = time.monotonic()\n"}) == []


def test_an_undeclared_import_is_refused():
    imported = house.third_party({"a.py": "import os\nimport docx\nimport caseseries\n"})
    assert imported == {"docx"}
    owners = {"docx": ["python-docx"]}
    assert house.find_undeclared(imported, {"python-docx"}, owners) == []
    assert house.find_undeclared(imported, {"numpy"}, owners) == [
        "docx is imported and not declared in pyproject.toml"
    ]


def test_a_declared_package_that_nobody_imports_is_refused():
    owners = {"docx": ["python-docx"]}
    assert house.find_unused({"docx"}, {"python-docx", "numpy"}, owners) == [
        "numpy is declared and nowhere imported"
    ]


def test_a_dependency_without_an_upper_bound_is_refused():
    assert house.find_unbounded(["numpy>=2,<3", "scipy>=1.15"]) == ["scipy>=1.15 has no upper bound"]


@pytest.mark.parametrize(
    "line",
    [
        "open('/" + "work/main/x')",
        "cd /" + "root/clone/",
        "index-url = " + "https:" + "//example.org/simple",
        "pip install -i https://py" + "pi.org/",
        "as issue" + " B asks",
    ],
)
def test_forbidden_text_is_found(line):
    [complaint] = house.find_forbidden_text({"a.md": f"first\n{line}\n"})
    assert complaint.startswith("a.md:2 names ")


@pytest.mark.parametrize(
    "line", ["a simple session with an alkylating agent", "see ../homework/notes", "issue 12"]
)
def test_ordinary_text_is_not(line):
    assert house.find_forbidden_text({"a.md": line}) == []


@pytest.mark.parametrize(
    "path", ["tests/test_x.py", "tests/integration/test_x.py", "src/caseseries/test_x.py"]
)
def test_a_misplaced_test_is_refused(path):
    [complaint] = house.find_misplaced_tests([path])
    assert complaint.startswith(f"{path} is not in a directory of its kind")


def test_two_test_modules_of_one_name_are_refused():
    assert house.find_misplaced_tests(["tests/unit/test_x.py", "tests/spec/test_x.py"]) == [
        "test_x.py is the name of 2 test modules"
    ]


HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "entry",
    [
        f"numpy==2.4.6 \\\n    {HASH} \\\n    {HASH}\n",
        f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    {HASH}\n",
    ],
)
def test_an_exact_hashed_version_is_a_pin(entry):
    assert house.find_loose_pins(entry) == []


@pytest.mark.parametrize("entry", ["numpy==2.4.6\n", f"numpy>=2.4 \\\n    {HASH}\n", "--index-url x\n"])
def test_anything_else_is_not_a_pin(entry):
    assert len(house.find_loose_pins(entry)) == 1
