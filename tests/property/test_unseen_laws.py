"""What is not drawn is shown by its number in everything that is printed, so that no two names look alike."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from typer.testing import CliRunner

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.run import Analysis, analyse
from caseseries.cli import app
from caseseries.findings import escape_unseen, show_unseen
from caseseries.pcr.plate import Plate
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.present.publish import write_report
from caseseries.present.report import Reading
from caseseries.present.wording import show
from made_up import made_up_case, made_up_study
from vendor_files import quantstudio_text, rdes

BIDIRECTIONAL = (
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # UAX 9, table 4 and ALM
)
NO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
CONTROL = "\x07\x1b\x7f\x9b"
UNSEEN = BIDIRECTIONAL + NO_WIDTH + CONTROL
STUDY = made_up_study()

words = st.text(st.characters(codec="utf-8") | st.sampled_from(UNSEEN))


@pytest.mark.parametrize("letter", UNSEEN)
def test_each_is_shown_by_its_number(letter):
    assert show_unseen(f"A{letter}1") == f"A[U+{ord(letter):04X}]1"


@given(words)
def test_what_is_seen_is_left_alone_and_json_keeps_its_values(text):
    assert not set(show_unseen(text)) & set(UNSEEN)
    seen = "".join(letter for letter in text if category(letter) not in ("Cc", "Cf"))
    assert show_unseen(seen) == seen
    record = escape_unseen(json.dumps({"name": text}, ensure_ascii=False))
    assert not set(record) & set(UNSEEN)
    assert json.loads(record) == {"name": text}


@cache
def plate() -> Plate:
    samples = (MadeSample("NB-01", 2e-3), MadeSample("NB-02", 0.0))
    return simulate_plate(Design(Assay("IGH-1", background_share=0.5, background_cq=40.0), samples), "x")


@pytest.mark.parametrize("written", [rdes, quantstudio_text])
def test_two_samples_that_differ_in_what_is_not_drawn_look_different_in_every_output_of_mrd(written):
    other = f"NB-0{UNSEEN}1"
    wells = tuple(replace(well, sample=other) if well.sample == "NB-02" else well for well in plate().wells)
    with TemporaryDirectory() as place:
        path = Path(place) / f"a{BIDIRECTIONAL}b.txt"
        path.write_bytes(written(replace(plate(), wells=wells), ""))
        page = Path(place) / "page"
        texts = [CliRunner().invoke(app, ["mrd", str(path), *more]) for more in ([], ["--roles"])]
        record = CliRunner().invoke(app, ["mrd", str(path), "--json", "--page", str(page)])
        for result in (*texts, record):
            assert result.exception is None or isinstance(result.exception, SystemExit)
        printed = [result.output for result in (*texts, record)]
        assert show_unseen(other) in printed[0]
        assert show_unseen(other) in printed[1]
        assert other in {level["sample"] for level in json.loads(record.stdout)["levels"]}
        files = dict(texts_under(page))
        assert set(files) == {"mrd.html", "mrd.pdf"}
        assert show_unseen(other) in files["mrd.html"]
    for text in (*printed, *files.values()):
        assert not set(text) & set(UNSEEN)


def test_no_file_of_the_report_holds_what_is_not_drawn():
    cases = [replace(made_up_case(f"A-{n}{UNSEEN}"), centre=f"North{UNSEEN}") for n in (1, 2)]
    made = analyse(form_cohort(cases, STUDY), STUDY)
    made = Analysis(show(made.results), made.displays, made.remarks, made.adtte, made.adsl)
    with TemporaryDirectory() as place:
        read = Reading(("nothing",), ())
        write_report(Path(place), STUDY, made, {f"returns/{UNSEEN}.xlsx": "0"}, read, "caseseries")
        files = dict(texts_under(Path(place)))
    assert {
        "report.html",
        "report.pdf",
        "report.docx › word/document.xml",
        "results.json",
        "listing.csv",
    } <= set(files)
    assert show_unseen(f"A-1{UNSEEN}") in files["listing.csv"]
    results = json.loads(files["results.json"])["results"]
    assert {case for row in results for case in row["cases"]} == {f"A-{n}{UNSEEN}" for n in (1, 2)}
    assert [name for name, text in files.items() if set(text) & set(UNSEEN)] == []


def texts_under(folder: Path) -> Iterator[tuple[str, str]]:
    """The text of every file, of each part of a Word file, and of the pages of a PDF."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as parts:
                for part in parts.namelist():
                    if part.startswith("word/") and part.endswith(".xml"):
                        yield f"{name} › {part}", parts.read(part).decode()
        elif path.suffix == ".pdf":
            yield name, "".join(page.extract_text() for page in PdfReader(path).pages)
        else:
            yield name, path.read_text(encoding="utf-8")
