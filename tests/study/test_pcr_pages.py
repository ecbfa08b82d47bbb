"""The laboratory's pages: what they must say, the same twice, and honest when there is nothing to draw."""

import re

import numpy as np
import pytest
from pypdf import PdfReader

from caseseries.analysis.plates import show_courses, show_plate
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import join_plates
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


def test_specimens_of_several_days_are_shown_over_time(tmp_path):
    samples = (
        MadeSample("AB-01 2019-05-31", 2e-3),
        MadeSample("AB-01 2019-07-01", 0.0),
        MadeSample("XY", 0.0),
    )
    plate = simulate_plate(Design(Assay("IGH-1"), samples), "a.rdml", np.random.default_rng(1))
    report = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE))
    (course,) = show_courses(report)
    assert (course.case_id, [point.day for point in course.points]) == ("AB-01", [0, 31])
    number, negative = course.points
    assert number.lower < number.value < number.upper
    assert (negative.value, negative.limit) == (None, negative.sensitivity)
    write_pages(show_plate(report), "caseseries x", tmp_path, [course])
    page = (tmp_path / "mrd.html").read_text(encoding="utf-8")
    assert "MRD over time, patient by patient" in page
    assert "AB-01, day 31: not detected (&lt; " in page


def test_only_the_wells_of_the_sample_s_own_runs_are_on_its_page():
    rng = np.random.default_rng(1)
    plates = [
        simulate_plate(Design(Assay(name), (MadeSample("pt", 2e-3),)), f"{name}.rdml", rng)
        for name in ("IGH", "TRG")
    ]
    pages = show_plate(interpret_plate(join_plates(plates), load_profile(PREVENT_FALSE_NEGATIVE)))
    for page in pages:
        places = [well.position for well in page.control_wells]
        assert len(places) == len(set(places)) > 0
        assert page.trail
