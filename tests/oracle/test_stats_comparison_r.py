"""Group comparisons against R survival 3.5-3 (`survdiff`) and cmprsk 2.2-11, and against published values.

Tolerance 1e-10 relative: sums of closed forms.
"""

import csv
from math import comb

import numpy as np
import pytest

from caseseries.stats.comparison import combine_weights, compare_curves
from caseseries.stats.events import count_events
from caseseries.stats.gray import compare_incidence
from caseseries.stats.permutation import permute_groups
from r_transcript import R, count_rows, read_cases, read_transcript, run_again

CASES = read_cases()
SAID = read_transcript("stats_comparison")
COMPARED = [case for case, what in SAID if what == "survdiff.0"]


def split(rows, by):
    return [[row for row in rows if row[by] == value] for value in sorted({row[by] for row in rows})]


def groups_of(case):
    return [count_rows(rows) for rows in split(CASES[case], "group")]


def strata_of(case):
    """The groups within each stratum, the same groups in each, an absent one empty."""
    names = sorted({row["group"] for row in CASES[case]})
    strata = split(CASES[case], "stratum")
    return [[count([row for row in rows if row["group"] == name]) for name in names] for rows in strata]


def count(rows):
    return count_events([row["stop"] for row in rows], [row["status"] for row in rows], causes=2)


@pytest.fixture(scope="session")
def freireich(data_folder):
    """Remission, in weeks, of 21 pairs on placebo and on 6-mercaptopurine."""
    with (data_folder / "data" / "clinical" / "KMsurv_drug6mp.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    placebo = count_events([int(row["t1"]) for row in rows], [1] * 21)
    drug = count_events([int(row["t2"]) for row in rows], [int(row["relapse"]) for row in rows])
    pairs = [
        [count_events([int(row["t1"])], [1]), count_events([int(row["t2"])], [int(row["relapse"])])]
        for row in rows
    ]
    return placebo, drug, pairs


def test_the_transcript_is_what_r_says(require_tool):
    rscript = require_tool("Rscript", "survival", "cmprsk")
    assert run_again(rscript, "stats_comparison") == (R / "stats_comparison.out").read_text().splitlines()[1:]


@pytest.mark.parametrize("rho", [0, 1])
@pytest.mark.parametrize("case", COMPARED)
def test_survdiff(case, rho):
    ours = compare_curves(*[groups_of(case)], weight="fleming-harrington", rho=rho)
    assert ours.statistic == pytest.approx(SAID[case, f"survdiff.{rho}"][0], rel=1e-10, abs=1e-12)
    if not rho:
        assert ours.expected == pytest.approx(SAID[case, "survdiff.expected.0"], rel=1e-12)
        assert compare_curves(groups_of(case)).statistic == ours.statistic


@pytest.mark.parametrize("rho", [0, 1])
@pytest.mark.parametrize("case", COMPARED)
def test_stratified_survdiff(case, rho):
    ours = compare_curves(*strata_of(case), weight="fleming-harrington", rho=rho)
    assert ours.statistic == pytest.approx(SAID[case, f"stratified.{rho}"][0], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("case", [case for case, what in SAID if what == "gray.1"])
def test_gray(case, cause):
    ours = compare_incidence(groups_of(case), cause=cause)
    assert (ours.statistic, ours.p) == pytest.approx(tuple(SAID[case, f"gray.{cause}"]), rel=1e-10)


@pytest.mark.parametrize("case", [case for case, what in SAID if what == "gray.1"])
def test_stratified_gray(case):
    ours = compare_incidence(*strata_of(case), cause=1)
    assert ours.statistic == pytest.approx(SAID[case, "gray.stratified.1"][0], rel=1e-10)
    assert ours.name == "stratified Gray test"


@pytest.mark.parametrize(
    ("weight", "statistic"),
    [
        ("log-rank", 16.792940989216532),
        ("gehan", 13.457852049631066),
        ("tarone-ware", 15.123575301872698),
        ("peto", 14.084139866),
    ],
)
def test_freireich_weights(freireich, weight, statistic):
    """16.79, 13.46, 15.12 and 14.08 in Klein & Moeschberger 2003, table 7.3 and its software manuals."""
    ours = compare_curves(freireich[:2], weight=weight)
    assert ours.statistic == pytest.approx(statistic, rel=1e-9)
    assert ours.df == 1


def test_freireich_within_pairs(freireich):
    assert compare_curves(*freireich[2]).statistic == pytest.approx(10.714286, abs=5e-7)


def test_freireich_exact_permutation(freireich):
    """coin::logrank_test(distribution = "exact") gives 2.612005e-05."""
    ours = permute_groups(*freireich[:2])
    assert ours.p == pytest.approx(2.6120045e-5, rel=1e-8)
    assert ours.p * comb(42, 21) == 14059320


def test_freireich_monte_carlo_agrees_within_its_error(freireich):
    drug = freireich[1]
    half = count_events([6, 6, 7, 10, 22, 32], [1, 0, 1, 1, 1, 0])
    exact = permute_groups(drug, half).p
    drawn = permute_groups(drug, half, draws=20000, random=np.random.default_rng(3))
    assert drawn.p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 20000) ** 0.5)
    assert drawn.caveats == ("20000 random permutations: standard error of p 0.0032",)


def test_freireich_max_combo_is_the_largest_of_its_parts(freireich):
    ours = combine_weights(*freireich[:2])
    parts = [
        compare_curves(freireich[:2], weight="fleming-harrington", rho=rho, gamma=gamma)
        for rho, gamma in ((0, 0), (1, 0), (0, 1), (1, 1))
    ]
    assert ours.statistic**2 == pytest.approx(max(part.statistic for part in parts), rel=1e-12)
    assert min(part.p for part in parts) < ours.p < 4 * min(part.p for part in parts)


def test_aml_maintenance(data_folder):
    """R's survival::aml: log-rank 3.396, p 0.0653."""
    with (data_folder / "data" / "clinical" / "survival_aml.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    arms = [[row for row in rows if row["x"] == arm] for arm in ("Maintained", "Nonmaintained")]
    tables = [
        count_events([int(row["time"]) for row in arm], [int(row["status"]) for row in arm]) for arm in arms
    ]
    ours = compare_curves(tables)
    assert (ours.statistic, ours.p) == pytest.approx((3.396389, 0.065339), abs=5e-7)


@pytest.mark.parametrize(("cause", "statistic", "p"), [(1, 11.922882, 0.0026), (2, 0.137411, 0.934)])
def test_bmt_relapse_and_death_in_remission(data_folder, cause, statistic, p):
    """cmprsk on Klein & Moeschberger's 137 transplants: relapse 11.92, death in remission 0.137."""
    with (data_folder / "data" / "clinical" / "KMsurv_bmt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    status = {("1", "0"): 2, ("0", "0"): 0}
    tables = [
        count_events(
            *zip(
                *[(int(r["t2"]), status.get((r["d1"], r["d2"]), 1)) for r in rows if r["group"] == g],
                strict=True,
            ),
            causes=2,
        )
        for g in "123"
    ]
    ours = compare_incidence(tables, cause=cause)
    assert (ours.statistic, ours.df) == (pytest.approx(statistic, abs=5e-7), 2)
    assert ours.p == pytest.approx(p, abs=5e-4)


def test_bmt_disease_free_survival(data_folder):
    """Klein & Moeschberger 2003: log-rank 13.80 on 2 df, p 0.00101."""
    with (data_folder / "data" / "clinical" / "KMsurv_bmt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    tables = [
        count_events(*zip(*[(int(r["t2"]), int(r["d3"])) for r in rows if r["group"] == g], strict=True))
        for g in "123"
    ]
    ours = compare_curves(tables)
    assert (ours.statistic, ours.df) == (pytest.approx(13.803722, abs=5e-7), 2)
    assert ours.p == pytest.approx(0.00101, abs=5e-6)
