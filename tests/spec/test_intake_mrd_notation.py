"""MRD as laboratories write it. Levels are percent of cells; the expected values are worked by hand."""

import pytest

from caseseries.intake.mrd_notation import FRACTION, LOG, PERCENT, Notation, doubts_in, read_mrd
from caseseries.intake.notices import Notice
from caseseries.intake.workbook import Cell

WORDS = {
    "neg": "not detected",
    "negative": "not detected",
    "not detected": "not detected",
    "pnq": "positive below quantitative range",
    "pos": "quantified",
    "positive": "quantified",
}
NEGATIVE, BELOW = "not detected", "positive below quantitative range"


def text(raw):
    return Cell(2, 2, "text", raw, raw)


def number(value, number_format="General"):
    return Cell(2, 2, "percent" if "%" in number_format else "number", value, f"{value:g}", number_format)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("0.18 %", {"mrd_percent": 0.18}),
        ("0,18%", {"mrd_percent": 0.18}),
        ("1.8E-3", {"mrd_percent": 0.18}),
        ("1,8e-3", {"mrd_percent": 0.18}),
        ("1e-4", {"mrd_percent": 0.01}),
        ("10^-4", {"mrd_percent": 0.01}),
        ("10-4", {"mrd_percent": 0.01}),
        ("10⁻⁴", {"mrd_percent": 0.01}),
        ("7x10^-3", {"mrd_percent": 0.7}),
        ("7 × 10⁻³", {"mrd_percent": 0.7}),
        ("1,8·10^-3", {"mrd_percent": 0.18}),
        ("neg", {"mrd_result": NEGATIVE}),
        ("Negative", {"mrd_result": NEGATIVE}),
        ("PNQ", {"mrd_result": BELOW}),
        ("neg (<1E-5)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.001}),
        ("neg <10^-5", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.001}),
        ("negative (sens. 0.01 %)", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("negative, sensitivity 1E-4", {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        ("pos <10^-4", {"mrd_result": BELOW, "range_percent": 0.01}),
        ("PNQ (<0.05 %)", {"mrd_result": BELOW, "range_percent": 0.05}),
        ("positive 0.3 %", {"mrd_percent": 0.3}),
        ("pos", {"mrd_result": "quantified"}),
    ],
)
def test_what_says_its_own_unit_needs_no_question(raw, found):
    assert read_mrd(text(raw), "mrd_result", WORDS, Notation()) == found


@pytest.mark.parametrize(
    ("cell", "notation", "percent"),
    [
        (number(0.0018), FRACTION, 0.18),
        (number(0.18), PERCENT, 0.18),
        (number(-3.0), LOG, 0.1),
        (number(-2.0), LOG, 1.0),
        (number(0.0018, "0.00%"), "", 0.18),
        (text("0,0018"), FRACTION, 0.18),
        (text("0.18"), PERCENT, 0.18),
    ],
)
def test_a_bare_number_is_read_in_the_unit_that_was_stated(cell, notation, percent):
    assert read_mrd(cell, "mrd_result", WORDS, Notation(notation)) == {"mrd_percent": percent}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (number(0.18), "mrd-unit"),
        (text("0.18"), "mrd-unit"),
        (text("<0.01 %"), "mrd-limit"),
        (text("10E-3"), "mrd-ten-e"),
        (text("see letter"), "mrd-word"),
        (text("0 %"), "mrd-zero"),
    ],
)
def test_what_could_mean_two_things_is_no_value(cell, code):
    found = read_mrd(cell, "mrd_result", WORDS, Notation())
    assert isinstance(found, Notice)
    assert found.code == code


@pytest.mark.parametrize(
    ("below", "found"),
    [
        (NEGATIVE, {"mrd_result": NEGATIVE, "sensitivity_percent": 0.01}),
        (BELOW, {"mrd_result": BELOW, "range_percent": 0.01}),
    ],
)
def test_a_limit_alone_means_what_somebody_said(below, found):
    assert read_mrd(text("<0.01 %"), "mrd_percent", WORDS, Notation("", below)) == found


@pytest.mark.parametrize(
    ("cells", "unit", "doubtful"),
    [
        ([number(0.18)], "", True),
        ([number(0.18)], "%", False),
        ([number(0.0018, "0.0E+00")], "%", True),  # the format speaks for a fraction, the heading against it
        ([text("1E-4")], "%", True),
        ([text("0.18 %")], "", False),
        ([text("1E-4")], "", False),
        ([number(0.18, "0.00%")], "", False),
    ],
)
def test_a_column_is_asked_about_when_its_numbers_do_not_say(cells, unit, doubtful):
    assert bool(doubts_in(cells, unit).numbers) == doubtful
