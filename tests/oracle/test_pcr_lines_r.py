"""The standard curve and its inverse prediction against R's lm()."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from caseseries.pcr.standards import fit_line
from caseseries.pcr.uncertainty import read_amount, t_quantile
from r_transcript import read_transcript, run_again

R = Path(__file__).parent / "r"
SAID = read_transcript("pcr_lines")


def lines():
    points = defaultdict(list)
    with (R / "pcr_lines.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            points[row["case"]].append((float(row["amount"]), float(row["cq"])))
    return {case: fit_line(*zip(*pairs, strict=True)) for case, pairs in points.items()}


LINES = lines()


@pytest.mark.parametrize("case", LINES)
def test_slope_intercept_r_and_residual_error_are_r_s(case):
    line = LINES[case]
    assert [line.slope, line.intercept, line.r, line.r2, line.error] == pytest.approx(
        SAID[case, "line"], rel=1e-9
    )


@pytest.mark.parametrize("case", LINES)
@pytest.mark.parametrize("wells", [1, 3])
def test_the_closed_form_of_fieller_is_the_inverted_prediction_band(case, wells):
    cq, middle, lower, upper = SAID[case, f"read{wells}"]
    part = read_amount(LINES[case], cq, wells)
    assert [part.value, part.lower, part.upper] == pytest.approx([middle, lower, upper], rel=1e-8)


def test_student_s_quantiles():
    found = [t_quantile(0.95, df) for df in (1, 2, 3, 7, 10, 40, 1000)]
    assert found == pytest.approx(SAID["student", "quantiles"], rel=1e-9)


def test_r_still_says_so(require_tool):
    for line in run_again(require_tool("Rscript"), "pcr_lines"):
        case, what, *values = line.split()
        assert [float(value) for value in values] == pytest.approx(SAID[case, what], rel=1e-8)
