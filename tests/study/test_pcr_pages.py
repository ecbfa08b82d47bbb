"""The laboratory's pages: what they must say, the same twice, and honest when there is nothing to draw."""

import re

import pytest
from pypdf import PdfReader

from caseseries.analysis.plates import show_plate
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.present.figures.plates import amplification_figure, standard_figure, strip_figure
from caseseries.present.html import render_html
from caseseries.present.laboratory import compose_pages, write_pages
from pcr_plates import three, usual_bench

PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)


@pytest.fixture(scope="module")
def pages():
    samples = (MadeSample("NB-01 <day 0>", 2e-3), MadeSample("NB-01 day 33", 0.0))
    design = Design(Assay("IGH-1", background_share=0.5, background_cq=40.0), samples)
    return show_plate(interpret_plate(simulate_plate(design, "case01.rdml"), PROFILE))


def test_the_files_are_written_and_are_the_same_twice(pages, tmp_path):
    html, pdf = write_pages(pages, "caseseries x", tmp_path / "first")
    again, twice = write_pages(pages, "caseseries x", tmp_path / "second")
    assert html.read_bytes() == again.read_bytes()
    assert pdf.read_bytes() == twice.read_bytes()
    text = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "2.0e-03 (95 % interval" in text
    assert "not detected at sensitivity" in text


def test_the_page_says_what_a_reader_must_know(pages):
    page = render_html(compose_pages(pages, "caseseries x"))
    for words in (
        "NB-01 &lt;day 0&gt; · IGH-1",
        "To prevent false negative: positive.",
        "To prevent false positive: negative.",
        "not a medical device",
        "Not yet checked against the publication",
        "positive background margin",
        "profile esg-mrd-all-2007/prevent-false-negative",
        "Every rule that was asked",
        "Every well",
        "plate sha256",
    ):
        assert words in page, words
    assert "<day 0>" not in page


def test_every_well_is_in_the_table_and_every_figure_says_what_it_shows(pages):
    document = compose_pages(pages, "caseseries x")
    tables = [block for block in document.blocks if getattr(block, "title", "") == "Every well"]
    assert [len(table.rows) for table in tables] == [
        len(page.wells) + len(page.control_wells) for page in pages
    ]
    figures = [block for block in document.blocks if hasattr(block, "svg")]
    assert all(figure.alt.startswith(("Amplification", "Standard curve", "Every Cq")) for figure in figures)
    assert len({figure.id for figure in figures}) == len(figures)


def test_figures_show_range_sensitivity_threshold_background_and_every_cq(pages):
    page = pages[0]
    assert "threshold" in amplification_figure(page).svg
    standards = standard_figure(page.curve, page.target).svg
    assert "quantitative range 0.0001" in standards
    assert "sensitivity 1e-05" in standards
    strip = strip_figure(page, page.wells, page.target, page.background_cq).svg
    assert "background" in strip
    assert strip.count('class="fact"') == len(page.wells)
    assert not re.search(r"nan|inf", standards + strip)


def test_a_plate_of_cq_alone_has_no_amplification_plot_and_other_patients_stay_off_the_page():
    report = interpret_plate(usual_bench({"a": three(30.0), "b": ["Undetermined"] * 3}).plate(), PROFILE)
    first, second = show_plate(report)
    document = compose_pages([first, second], "caseseries x")
    assert not any(getattr(block, "title", "") == "Amplification" for block in document.blocks)
    assert {well.sample for well in first.wells if well.role == "follow-up"} == {"a"}
    assert "not evaluable" in second.verdict
