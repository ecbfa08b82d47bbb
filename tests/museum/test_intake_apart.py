"""Files that cost more than any return should: refused alone, in a sentence, while all others are read."""

import importlib
import io
import json
import pickle
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl.styles import Font

from caseseries.identify.minutes import read_file
from caseseries.intake import apart as apart_module
from caseseries.intake.apart import Apart
from caseseries.intake.package import HERE, CostlyError, UnreadableError
from caseseries.intake.workbook import read_workbook
from return_folder import lines_of, return_of

MEGABYTE = 1_000_000
DO = "Ask the centre to save a copy with nothing but the filled sheets or pages, and send that"

READERS = """
import os, time
def hang(path, root, here):
    while True:
        time.sleep(1)
def spin(path, root, here):
    while True:
        pass
def swell(path, root, here):
    held = []
    while True:
        held.append(bytearray(10_000_000))
def die(path, root, here):
    os.kill(os.getpid(), 9)
def raise_something(path, root, here):
    raise RecursionError
def print_something(path, root, here):
    print("a library that talks")
    return None
def smuggle(path, root, here):
    return os.getpid
"""


@pytest.fixture
def readers(tmp_path, monkeypatch):
    """Readers as bad as can be, where the helper process finds them too."""
    (tmp_path / "bad_readers.py").write_text(READERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("bad_readers")


@pytest.fixture
def begun(monkeypatch):
    """The helper processes that were begun."""
    processes = []
    begin = apart_module._begin

    def begin_and_count():
        processes.append(begin())
        return processes[-1]

    monkeypatch.setattr(apart_module, "_begin", begin_and_count)
    return processes


def refusal(apart: Apart, reader, path: Path) -> str:
    with pytest.raises(UnreadableError) as refused:
        apart.read(reader, path, path.parent, apart=True)
    assert (refused.value.code, refused.value.do) == ("too-costly", DO)
    return refused.value.what


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("hang", "reading the file takes more than 2 seconds"),
        ("spin", "reading the file takes more than 2 seconds"),
        ("swell", "reading the file takes more than 300 MB of memory"),
        ("die", "the program that was to read the file broke down over it"),
        ("raise_something", "the program that was to read the file broke down over it"),
    ],
)
def test_a_reader_that_goes_wrong_costs_its_file_and_no_other(tmp_path, readers, begun, name, what):
    path = return_of(tmp_path, lines_of())
    patience = 2 if "seconds" in what else 60  # on a busy machine even to fill the memory takes seconds
    with Apart(memory=300 * MEGABYTE, seconds=patience) as apart:
        assert refusal(apart, getattr(readers, name), path) == what
        assert apart.process is None
        assert begun[0].poll() is not None  # nothing is left running
        apart.seconds = 60
        assert apart.read(read_workbook, path, tmp_path, apart=True) == read_workbook(path, tmp_path)
    assert len(begun) == 2
    assert begun[1].poll() is not None


def test_fifty_files_and_one_that_kills_take_two_processes(tmp_path, readers, begun):
    path = return_of(tmp_path, lines_of())
    whole = read_workbook(path, tmp_path)
    with Apart() as apart:
        for number in range(50):
            if number == 20:
                refusal(apart, readers.die, path)
            else:
                assert apart.read(read_workbook, path, tmp_path, apart=True) == whole
    assert len(begun) == 2


def test_what_a_library_prints_is_no_reply(tmp_path, readers):
    with Apart() as apart:
        assert apart.read(readers.print_something, tmp_path, tmp_path, apart=True) is None


def test_nothing_but_our_own_classes_is_taken_from_the_other_process(tmp_path, readers):
    with Apart() as apart, pytest.raises(pickle.UnpicklingError, match=r"posix\.getpid is none of ours"):
        apart.read(readers.smuggle, tmp_path, tmp_path, apart=True)


def test_marks_and_findings_come_back_too(tmp_path):
    def edit(book):
        book["Diagnosis"].row_dimensions[2].hidden = True
        book["Diagnosis"]["G2"].font = Font(strike=True)

    path = return_of(tmp_path, lines_of(), edit=edit)
    whole = read_workbook(path, tmp_path)
    (tmp_path / "no.xlsx").write_bytes(b"%PDF-1.7")
    with Apart() as apart:
        found = apart.read(read_workbook, path, tmp_path, apart=True)
        refused = apart.read(read_workbook, tmp_path / "no.xlsx", tmp_path, apart=True)
    assert [sheet.marks for sheet in found.sheets] == [sheet.marks for sheet in whole.sheets]
    assert any(sheet.marks.struck for sheet in found.sheets)
    assert [finding.code for finding in refused.findings] == ["intake.pdf"]


# --- files that are sent apart ----------------------------------------------------------------------------


def swollen(path: Path, part: str, megabytes: float) -> None:
    """The workbook with so much in one part; random, because what packs too well is refused before."""
    chance = random.Random(1)
    count = int(megabytes * MEGABYTE / 5)
    filling = "".join(
        f"<{a}{b}/>" for a, b in zip(*(chance.choices("abcdefgh", k=count) for _ in "12"), strict=True)
    )
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    end = parts[part].rindex(b"</")
    parts[part] = parts[part][:end] + filling.encode() + parts[part][end:]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    path.write_bytes(out.getvalue())


def test_a_part_of_a_million_elements_is_walked_apart_and_read(tmp_path, begun):
    path = return_of(tmp_path, lines_of())
    whole = read_workbook(path, tmp_path)
    swollen(path, "xl/styles.xml", 3)
    with pytest.raises(CostlyError):
        read_workbook(path, tmp_path)
    with Apart() as apart:
        found = apart.read(read_workbook, path, tmp_path)
    assert found.sheets == whole.sheets
    assert len(begun) == 1


def test_a_part_that_fills_the_memory_is_refused(tmp_path):
    path = return_of(tmp_path, lines_of())
    swollen(path, "xl/styles.xml", 5)
    with Apart(memory=140 * MEGABYTE) as apart, pytest.raises(UnreadableError) as refused:
        apart.read(read_workbook, path, tmp_path)
    assert refused.value.what == "reading the file takes more than 140 MB of memory"


def test_a_bomb_among_the_returns_costs_itself_and_the_study_runs(caseseries, demo, tmp_path, monkeypatch):
    """End to end, with less patience than usual: the program reads its limits from the module."""
    study = shutil.copytree(demo, tmp_path / "study", ignore=shutil.ignore_patterns("report"))
    swollen(study / "returns" / "Westerlea.xlsx", "xl/styles.xml", 5)
    package = tmp_path / "site"
    package.mkdir()
    (package / "sitecustomize.py").write_text(
        "import caseseries.intake.apart as a\na.Apart.__init__.__defaults__ = (140_000_000, 60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package))
    finished = caseseries("check", study, "--json")
    record = json.loads(finished.stdout)
    about_returns = [each for each in record["findings"] if each["code"].startswith("intake.")]
    assert [(each["code"], each["where"]) for each in about_returns] == [
        ("intake.too-costly", "returns/Westerlea.xlsx")
    ]
    assert finished.returncode == 1
    assert len(record["files"]) == 6


def test_the_demo_needs_no_second_process(demo, monkeypatch):
    from caseseries.pipeline import check_study

    monkeypatch.setattr(apart_module, "_begin", lambda: pytest.fail("a process was begun"))
    assert check_study(demo).findings == ()


def test_a_long_text_and_a_pdf_are_read_apart(tmp_path, begun):
    path = tmp_path / "a.txt"
    path.write_text("AB had blinatumomab.\n\n" * 800_000)
    assert path.stat().st_size > HERE
    with Apart() as apart:
        assert len(apart.read(read_file, path, tmp_path).paragraphs) == 800_000
    assert len(begun) == 1
