"""The laboratory's pages: what they must say, the same twice, and honest when there is nothing to draw."""

import json
import re
from datetime import date

import numpy as np
import pytest
from pypdf import PdfReader

from caseseries.analysis.plates import show_courses, show_plate
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import join_plates
from caseseries.pcr.reading import read_plate
from caseseries.pcr.record import record_plate
from caseseries.pcr.setup import Saying, Setup
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.present.document import Heading
from caseseries.present.figures.plates import HEIGHT, TOP, page_figure
from caseseries.present.html import render_html
from caseseries.present.laboratory import compose_pages, write_pages
from caseseries.present.lettering import REGULAR, SEMIBOLD, text_width
from caseseries.present.wording import power, powers
from pcr_plates import Bench, cq_at, logistic, made, three, usual_bench, usual_standards

PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)
ASSAY = Assay("IGH-1", background_share=0.5, background_cq=40.0)


@pytest.fixture(scope="module")
def shown():
    samples = (MadeSample("NB-01 <day 0>", 2e-3), MadeSample("NB-01 day 33", 0.0))
    return show_plate(interpret_plate(simulate_plate(Design(ASSAY, samples), "case01.rdml"), PROFILE))


def titles(document, title):
    return [block for block in document.blocks if getattr(block, "title", "") == title]


def test_the_files_are_written_and_are_the_same_twice(shown, tmp_path):
    html, pdf = write_pages(shown, "caseseries x", tmp_path / "first")
    again, twice = write_pages(shown, "caseseries x", tmp_path / "second")
    assert html.read_bytes() == again.read_bytes()
    assert pdf.read_bytes() == twice.read_bytes()
    text = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "2.0 × 10⁻³ (95 % interval" in text
    assert "not detected at sensitivity" in text


def test_a_sample_and_marker_is_one_sheet(shown, tmp_path):
    """What was measured on its front, every rule and well on its back; the plate stands before them."""
    _, pdf = write_pages(shown, "caseseries x", tmp_path)
    starts = [page.extract_text().strip().splitlines()[0] for page in PdfReader(pdf).pages]
    assert starts[0] == "MRD by RQ-PCR"
    assert starts[1::2] == ["NB-01 <day 0> · IGH-1", "NB-01 day 33 · IGH-1"]
    assert len(starts) == 5
    headings = [block for block in compose_pages(shown, "x").blocks if isinstance(block, Heading)]
    assert [one.text for one in headings if one.fresh] == starts[1::2]


def test_the_page_says_what_a_reader_must_know(shown):
    page = render_html(compose_pages(shown, "caseseries x"))
    for words in (
        "NB-01 &lt;day 0&gt; · IGH-1",
        "To prevent false negatives: positive; to prevent false positives: positive.",
        "To prevent false negatives: negative; to prevent false positives: negative.",
        "not a medical device",
        "Not yet checked against the publication",
        "positive background margin",
        "profile esg-mrd-all-2007/prevent-false-negative",
        "Every rule that was asked",
        "Every well",
        "plate sha256",
        "<strong>limits of this sample: </strong>",
        "quantitative range from 1.0 × 10⁻⁴",
        "by ALB, in 3 wells of 500 ng",
    ):
        assert words in page, words
    assert "<day 0>" not in page


def test_every_level_stands_on_the_first_page(shown):
    document = compose_pages(shown, "x")
    (levels,) = titles(document, "Levels")
    said = [tuple(cell[0].text for cell in row.cells) for row in levels.rows]
    assert [row[0] for row in said] == ["NB-01 <day 0>", "NB-01 day 33"]
    assert [row[3:] for row in said] == [("positive", "positive"), ("negative", "negative")]
    assert not titles(document, "All markers of a sample together")


def test_markers_of_one_sample_are_told_together():
    rng = np.random.default_rng(1)
    plates = [
        simulate_plate(Design(Assay(name), (MadeSample("pt", level),)), f"{name}.rdml", rng)
        for name, level in (("IGH", 2e-3), ("TRG", 0.0))
    ]
    document = compose_pages(show_plate(interpret_plate(join_plates(plates), PROFILE)), "x")
    (together,) = titles(document, "All markers of a sample together")
    (row,) = together.rows
    assert row.cells[0][0].text == "pt"
    assert re.match(r"\d\.\d × 10⁻³", row.cells[1][0].text)
    assert "log apart" in row.cells[2][0].text


def test_findings_of_the_plate_are_on_its_first_page():
    report = interpret_plate(usual_bench({"a": three(30.0)}, water=[33.0, 33.2]).plate(), PROFILE)
    page = render_html(compose_pages(show_plate(report), "x"))
    assert "Find the contamination and repeat the plate" in page


def test_every_well_is_in_the_table_with_its_cq_or_its_state(shown):
    tables = titles(compose_pages(shown, "caseseries x"), "Every well")
    for table, page in zip(tables, shown.pages, strict=True):
        listed = " ".join(row.cells[3][0].text for row in table.rows)
        for well in (*page.marker.wells, *page.control.wells):
            said = f"{well.cq:.2f}" if well.cq is not None else "none"
            assert f"{well.position} {said}" in listed


def test_an_excluded_well_is_in_the_table_and_says_by_whom():
    bench = usual_bench({"a": [*three(30.0), 25.0]})
    wells = bench.plate().wells
    (last,) = [n for n, well in enumerate(wells) if well.reading.cq == 25.0]
    bench.wells[last] = bench.wells[last].__class__(
        **{**bench.wells[last].__dict__, "excluded": "plate.toml: bubble, E. Bench"}
    )
    document = compose_pages(show_plate(interpret_plate(bench.plate(), PROFILE)), "x")
    (table,) = titles(document, "Every well")
    place = wells[last].position
    assert any(f"{place} excluded" in row.cells[3][0].text for row in table.rows)
    assert f"{place}: excluded by plate.toml: bubble, E. Bench" in table.footnotes


def test_the_drawing_says_what_it_shows_and_shows_every_well(shown):
    page = shown.pages[0]
    drawn = page_figure(page)
    for words in (
        "Linear plot of IGH-1",
        "Logarithmic plot of IGH-1",
        "threshold",
        "range 10⁻⁴",
        "sensitivity 10⁻⁵",
        ">background<",
        ">−1.5<",
        "Standard curve, ALB",
        "Every Cq of ALB",
    ):
        assert words in drawn.svg, words
    wells = (*page.marker.wells, *page.control.wells)
    traces = sum(1 for well in page.marker.wells if well.net)
    points = (
        len(page.marker.curve.points) + len(page.control.curve.points) + 2 * 3
    )  # three wells of the sample
    assert drawn.svg.count('class="fact"') == traces + len(wells) + points
    assert not re.search(r"nan|inf(?!o)", drawn.svg.replace("aria-label", ""))
    for well in wells:
        assert f"{well.position}, {well.role}" in drawn.alt


def test_the_sample_stands_on_its_standard_curve_where_the_line_reads_it():
    """On a perfect line Cq = 18 − 3.32 log10 f, whatever the level of DNA."""
    report = interpret_plate(usual_bench({"a": three(cq_at(3e-3), 0.0)}).plate(), PROFILE)
    (page,) = show_plate(report).pages
    assert [amount for amount, _ in page.marker.curve.sample] == pytest.approx([3e-3] * 3, rel=0.02)
    assert page_figure(page).svg.count("the sample at Cq ") == 6  # and on the control gene's


def test_without_background_the_limits_of_both_aims_are_drawn():
    report = interpret_plate(usual_bench({"a": three(30.0)}).plate(), PROFILE)
    (page,) = show_plate(report).pages
    highest = max(cq for cq in usual_standards()[1e-5] if isinstance(cq, float))
    assert dict(page.marker.lines) == pytest.approx({"FN limit": highest + 4.0, "FP limit": highest + 1.5})
    assert "FN limit" in page_figure(page).svg


def test_a_plate_of_standards_alone_has_a_page_for_each_curve(data_folder, tmp_path):
    report = interpret_plate(
        read_plate(data_folder / "data" / "qpcr" / "data_vermeulen_std_150000_15.rdml"), PROFILE
    )
    shown = show_plate(report)
    assert len(shown.pages) == 64
    refused = [page.marker.target for page in shown.pages if page.verdict == "standard curve refused"]
    assert refused == ["ALUsq(Eurogentec)_20080228"]
    assert not titles(compose_pages(shown, "x"), "Levels")
    write_pages(shown, "x", tmp_path)
    assert len(PdfReader(tmp_path / "mrd.pdf").pages) == 65


def test_a_load_without_a_baseline_is_drawn_as_high_as_it_is():
    """From its own baseline, taken on the plateau, it would be drawn as a curve that falls."""
    high = logistic(2.0, 0.95) + np.random.default_rng(1).normal(0, 0.01, 50)
    (page,) = show_plate(interpret_plate(made(high, high, high), PROFILE)).pages
    for well in page.marker.wells:
        if well.role == "follow-up":
            assert well.state == "baseline failure"
            assert well.net == pytest.approx(tuple(high - 2.0), abs=0.05)


def test_a_load_too_high_to_read_is_named_where_every_level_stands():
    """ "Not evaluable" alone, on the first page, is what an empty tube would get."""
    high = logistic(2.0, 0.95) + np.random.default_rng(1).normal(0, 0.01, 50)
    shown = show_plate(interpret_plate(made(high, high, high), PROFILE))
    (levels,) = titles(compose_pages(shown, "x"), "Levels")
    assert levels.rows[0].cells[2][0].text == "not evaluable: very high, dilute and repeat"
    few = show_plate(interpret_plate(usual_bench({"pt": [30.0, 30.1]}).plate(), PROFILE))
    assert few.pages[0].verdict == "not evaluable: wells"


def test_two_specimens_of_one_day_are_shown_at_the_higher():
    """Marrow and blood of one day: the blood must not cover the marrow."""
    samples = (MadeSample("marrow", 2e-3), MadeSample("blood", 0.0), MadeSample("later", 1e-3))
    days = {"marrow": 1, "blood": 1, "later": 30}
    said = Setup(
        samples={name: Saying(case="NB-01", specimen_date=date(2020, 1, day)) for name, day in days.items()}
    )
    report = interpret_plate(simulate_plate(Design(ASSAY, samples), "p.rdml"), PROFILE, said)
    (course,) = show_courses(report)
    assert [point.state for point in course.points] == ["quantified", "quantified"]


def test_a_prolonged_line_ends_where_its_panel_ends():
    """A sample far below the lowest standard: the line is prolonged to it, and not through the words above it."""
    late = usual_bench({"a": three(45.0)}).plate()
    (page,) = show_plate(interpret_plate(late, PROFILE)).pages
    dotted = re.findall(
        r'<line [^>]*y1="([\d.-]+)"[^>]*y2="([\d.-]+)"[^>]*dasharray="1 4"', page_figure(page).svg
    )
    assert len(dotted) == 4
    assert all(TOP <= float(y) <= TOP + HEIGHT for ends in dotted for y in ends)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1e-5, "10⁻⁵"), (5e-4, "5 × 10⁻⁴"), (0.1, "10⁻¹"), (2.34e-3, "2.3 × 10⁻³"), (1.0, "10⁰")],
)
def test_dilutions_are_written_as_laboratories_write_them(number, words):
    assert power(number) == words


def test_numbers_keep_every_figure_and_names_are_left_alone():
    assert powers("reads 2.03e-03, range 1.0e-04; 1e-05") == "reads 2.03 × 10⁻³, range 1.0 × 10⁻⁴; 10⁻⁵"
    assert powers("EM-01 2019-05-31, E5, 3e, W1e-3, 40.00") == "EM-01 2019-05-31, E5, 3e, W1e-3, 40.00"


def test_a_plate_of_cq_alone_has_no_amplification_plot_and_other_patients_stay_off_the_page():
    report = interpret_plate(usual_bench({"a": three(30.0), "b": ["Undetermined"] * 3}).plate(), PROFILE)
    first, second = show_plate(report).pages
    assert "plot of" not in page_figure(first).svg
    assert {well.sample for well in first.marker.wells if well.role == "follow-up"} == {"a"}
    assert "not evaluable" in second.verdict


def test_specimens_of_several_days_are_shown_over_time(tmp_path):
    samples = (
        MadeSample("AB-01 2019-05-31", 2e-3),
        MadeSample("AB-01 2019-07-01", 0.0),
        MadeSample("XY", 0.0),
    )
    plate = simulate_plate(Design(Assay("IGH-1"), samples), "a.rdml", np.random.default_rng(1))
    report = interpret_plate(plate, PROFILE)
    shown = show_plate(report)
    (course,) = shown.courses
    assert (course.case_id, [point.day for point in course.points]) == ("AB-01", [0, 31])
    number, negative = course.points
    assert number.lower < number.value < number.upper
    assert (negative.value, negative.limit) == (None, negative.sensitivity)
    write_pages(shown, "caseseries x", tmp_path)
    page = (tmp_path / "mrd.html").read_text(encoding="utf-8")
    assert "MRD over time, patient by patient" in page
    assert "AB-01, day 31: not detected (&lt; " in page


def test_only_the_wells_of_the_sample_s_own_runs_are_on_its_page():
    rng = np.random.default_rng(1)
    plates = [
        simulate_plate(Design(Assay(name), (MadeSample("pt", 2e-3),)), f"{name}.rdml", rng)
        for name in ("IGH", "TRG")
    ]
    for page in show_plate(interpret_plate(join_plates(plates), PROFILE)).pages:
        places = [well.position for well in page.control.wells]
        assert len(places) == len(set(places)) > 0
        assert page.trail


@pytest.mark.parametrize("cqs", [(25, 25.001, 25.002), (25.002, 25.001, 25), (25, 25, 25), (20, 30, 31)])
@pytest.mark.parametrize("sample", [10.0, 20.0, 45.0])
def test_standards_that_make_no_line_are_drawn_without_one(cqs, sample):
    """A level line has no efficiency, and puts a sample at 10 to the thousands."""
    standards = {10.0**-n: [float(cq)] * 3 for n, cq in enumerate(cqs, 1)}
    bench = (
        Bench().standards(standards).add("MNC", ["Undetermined"] * 3).add("pt", [sample] * 3).control("pt")
    )
    report = interpret_plate(bench.plate(), PROFILE)
    assert "<svg" in render_html(compose_pages(show_plate(report), "x"))
    (curve,) = (one for one in record_plate(report, "x")["curves"] if not one["control_gene"])
    json.dumps(curve, allow_nan=False)
    assert curve["efficiency"] is None or curve["slope"] < -0.5


@pytest.mark.parametrize("name", ["W" * 200, "il" * 100, "Sample-2024/03.11_" * 11])
def test_a_name_without_a_space_breaks_where_its_column_or_its_page_ends(name, tmp_path):
    """It ran over the columns beside it and off the page; the widths are of lines in pt on 170 mm of A4."""
    samples = (MadeSample(name, 2e-3),)
    plate = interpret_plate(simulate_plate(Design(ASSAY, samples), "a.rdml"), PROFILE)
    _, pdf = write_pages(show_plate(plate), "caseseries x", tmp_path)
    first, second, *_, last = [page.extract_text() for page in PdfReader(pdf).pages]
    across = 170 / 25.4 * 72
    for page, size, weight, room in (
        (first, 9, REGULAR, across / 3),  # of five columns
        (second, 14, SEMIBOLD, across),
        (last, 9, REGULAR, across / 2),  # of six, and the others are narrow
    ):
        assert name in page.replace("\n", "")
        lines = [line for line in page.splitlines() if len(line) > 5 and line in name]
        assert lines
        assert max(text_width(line, size, weight) for line in lines) <= room
