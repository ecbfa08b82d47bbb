"""Curves of known times, printed as a figure prints them, come back: the table of docs/comparators.md.

The times are those of data sets in R's survival package: r/reconstruction.R is the script, r/reconstruction.out its
transcript. A curve is printed by its steps, rounded to a tenth of a percent or to a whole one, with the numbers at
risk at six times; nothing else reaches the reconstruction.
"""

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from caseseries.evidence.reconstruct import PrintedCurve, reconstruct

R = Path(__file__).parent / "r"
PAGE = Path(__file__).parents[2] / "docs" / "comparators.md"
HEADING = "| data | patients | events | read to | events found | worst step | worst day | every way tried |"

Rows = list[tuple[int, bool]]


def read_transcript(text: str) -> dict[str, Rows]:
    lines = [line.split() for line in text.splitlines()[1:]]
    return {name: [(int(t.rstrip("+")), "+" not in t) for t in times] for name, *times in lines}


TIMES = read_transcript((R / "reconstruction.out").read_text("utf-8"))


def product_limit(rows: Rows) -> dict[int, Fraction]:
    """S on each day of an event, in exact fractions, by the definition."""
    survival, curve = Fraction(1), {}
    for day in sorted({day for day, event in rows if event}):
        at_risk = sum(stop >= day for stop, _ in rows)
        survival *= 1 - Fraction(sum(event and stop == day for stop, event in rows), at_risk)
        curve[day] = survival
    return curve


def height_on(curve: dict[int, Fraction], day: int) -> Fraction:
    return next((s for d, s in reversed(curve.items()) if d <= day), Fraction(1))


def print_curve(rows: Rows, decimals: int) -> PrintedCurve:
    curve = product_limit(rows)
    last = max(day for day, _ in rows)
    ticks = tuple(last * k // 6 for k in range(6))
    at_risk = tuple(sum(stop >= tick for stop, _ in rows) for tick in ticks)
    return PrintedCurve(
        tuple(curve), tuple(round(float(s), decimals) for s in curve.values()), ticks, at_risk, last
    )


def line_of(name: str, decimals: int) -> str:
    rows = TIMES[name]
    found = reconstruct(print_curve(rows, decimals))
    before, after = product_limit(rows), product_limit(list(found.rows))
    days = sorted({*before, *after})
    worst = max(abs(float(height_on(before, day) - height_on(after, day))) for day in days)
    assert found.error + 0.5 * 10**-decimals >= worst - 1e-12, "the stated error hides a larger one"
    cells = (
        name, len(rows), sum(event for _, event in rows), f"{10.0 ** (2 - decimals):g} %",
        sum(event for _, event in found.rows), f"{100 * found.error:.2f}", f"{100 * worst:.2f}",
        "yes" if found.exhaustive else "no",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.parametrize("decimals", [3, 2])
@pytest.mark.parametrize("name", TIMES)
def test_the_page_prints_the_error_of_each_reconstruction(name, decimals):
    assert line_of(name, decimals) in PAGE.read_text(encoding="utf-8")


def test_the_page_has_no_other_lines():
    printed = re.search(rf"{re.escape(HEADING)}\n\|[-|: ]+\|\n((?:\|.*\|\n)+)", PAGE.read_text("utf-8"))
    assert printed
    assert len(printed[1].splitlines()) == 2 * len(TIMES)


def test_the_transcript_is_what_r_says_today(require_tool):
    said = subprocess.run(
        [require_tool("Rscript", "survival"), "reconstruction.R"],
        cwd=R, capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    assert said.splitlines()[1:] == (R / "reconstruction.out").read_text("utf-8").splitlines()[1:]
