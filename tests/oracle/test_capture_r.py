"""The limits of a two-source total are those of R's phyper, tried at every whole total up to 20,000.

tests/oracle/r/capture.R is the script and capture.out its raw transcript. The limits are whole numbers, so
there is no tolerance.
"""

import subprocess
from pathlib import Path

import pytest

from caseseries.stats.capture import estimate_total

R = Path(__file__).parent / "r"
ROWS = [tuple(map(int, line.split())) for line in (R / "capture.out").read_text("utf-8").splitlines()[2:]]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_limits_are_those_of_r(row):
    first, second, both, lower, upper = row
    estimate = estimate_total(first, second, both)
    assert (estimate.lower, estimate.upper) == (lower, upper)


def test_the_transcript_is_what_r_says_today(require_tool):
    said = subprocess.run(
        [require_tool("Rscript"), "capture.R"], cwd=R, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert said.splitlines()[1:] == (R / "capture.out").read_text("utf-8").splitlines()[1:]
