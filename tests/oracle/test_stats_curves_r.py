"""Curves, limits and quantiles against R survival 3.5-3 and cmprsk 2.2-11.

Tolerance 1e-10: both sides are closed forms of at most 200 factors.
"""

import numpy as np
import pytest

from caseseries.stats.competing import incidence_curve
from caseseries.stats.events import reverse
from caseseries.stats.hazard import hazard_curve
from caseseries.stats.survival import estimate_quantile, survival_curve
from r_transcript import R, count_rows, read_cases, read_transcript, run_again

CASES = read_cases()
SAID = read_transcript("stats_curves")
OURS = {"plain": "plain", "log": "log", "log-log": "log-log", "arcsin": "arcsine"}


def at(curve, days):
    """Rows of the curve on R's days: R leaves out days on which people only enter."""
    return np.searchsorted(curve.days, days)


def close(ours, theirs):
    return np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_the_transcript_is_what_r_says(require_tool):
    rscript = require_tool("Rscript", "survival", "cmprsk")
    assert run_again(rscript, "stats_curves") == (R / "stats_curves.out").read_text().splitlines()[1:]


@pytest.mark.parametrize("case", CASES)
def test_survival_and_numbers_at_risk(case):
    curve = survival_curve(count_rows(CASES[case]))
    rows = at(curve, SAID[case, "time"])
    close(curve.estimate[rows], SAID[case, "survival"])
    assert (curve.at_risk[rows] == SAID[case, "risk"]).all()


@pytest.mark.parametrize("case", CASES)
def test_nelson_aalen_and_its_standard_error(case):
    curve = hazard_curve(count_rows(CASES[case]))
    rows = at(curve, SAID[case, "time"])
    close(curve.estimate[rows], SAID[case, "cumhaz"])
    close(np.sqrt(curve.variance[rows]), SAID[case, "cumhaz.se"])


@pytest.mark.parametrize("theirs", OURS)
@pytest.mark.parametrize("case", CASES)
def test_limits_where_greenwood_is_defined(case, theirs):
    curve = survival_curve(count_rows(CASES[case]), interval=OURS[theirs])
    rows = at(curve, SAID[case, "time"])
    inside = (curve.estimate[rows] > 0) & (curve.estimate[rows] < 1)
    assert inside.any()
    close(curve.lower[rows][inside], SAID[case, f"{theirs}.lower"][inside])
    close(curve.upper[rows][inside], SAID[case, f"{theirs}.upper"][inside])
    assert np.isnan(curve.lower[rows][~inside]).all()


@pytest.mark.parametrize("theirs", OURS)
@pytest.mark.parametrize("case", CASES)
def test_quartiles_and_their_limits(case, theirs):
    """Not where delayed entry makes a limit rise again: R then answers with its last crossing, which at
    `late` puts the lower limit of the first quartile (day 14) above the quartile itself (day 4)."""
    table = count_rows(CASES[case])
    lower = survival_curve(table, interval=OURS[theirs]).lower
    if (np.diff(lower[~np.isnan(lower)]) > 0).any():
        assert (case, theirs) in {("late", "log-log"), ("entries", "log-log")}
        assert estimate_quantile(table, 0.25, interval=OURS[theirs]).lower <= SAID[case, "time"][1]
        return
    for i, p in enumerate((0.25, 0.5, 0.75)):
        ours = estimate_quantile(table, p, interval=OURS[theirs])
        found = np.array([ours.value, ours.lower, ours.upper], dtype=float)
        wanted = [SAID[case, f"{theirs}.quartiles{end}"][i] for end in ("", ".lower", ".upper")]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("case", CASES)
def test_reversed_follow_up(case):
    table = reverse(count_rows(CASES[case]))
    curve = survival_curve(table)
    close(curve.estimate[at(curve, SAID[case, "reverse.time"])], SAID[case, "reverse.survival"])
    median = estimate_quantile(table).value
    assert (np.nan if median is None else median) == pytest.approx(
        SAID[case, "reverse.median"][0], nan_ok=True
    )


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("case", [case for case, what in SAID if what == "aj.time"])
def test_incidence_and_its_standard_error(case, cause):
    curve = incidence_curve(count_rows(CASES[case]), cause)
    rows = at(curve, SAID[case, "aj.time"])
    close(curve.estimate[rows], SAID[case, f"aj.{cause}"])
    if CASES[case][0]["start"] is not None:
        return  # R's infinitesimal jackknife needs each patient's own entry, which no table of counts holds
    close(np.sqrt(curve.variance[rows]), SAID[case, f"aj.se.{cause}"])


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("case", [case for case, what in SAID if what == "cuminc.time"])
def test_incidence_of_cmprsk(case, cause):
    curve = incidence_curve(count_rows(CASES[case]), cause)
    close(curve.estimate[at(curve, SAID[case, "cuminc.time"])], SAID[case, f"cuminc.{cause}"])
