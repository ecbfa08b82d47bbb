"""What `caseseries survival` answers beyond curves: strata, trend, landmarks, restricted means, exact differences."""

import json
from math import comb, erfc, log

import numpy as np
import polars as pl
import pytest

from registry_rows import write_csv

# AML maintenance (Miller 1997, as in R's survival::aml), weeks read as days.
AML = {
    "Maintained": [(9, 1), (13, 1), (13, 0), (18, 1), (23, 1), (28, 0), (31, 1), (34, 1), (45, 0), (48, 1), (161, 0)],
    "Nonmaintained": [(5, 1), (5, 1), (8, 1), (8, 1), (12, 1), (16, 0), (23, 1), (27, 1), (30, 1), (33, 1), (43, 1), (45, 1)],
}  # fmt: skip
ASKED = ("--time", "days", "--event", "status", "--group", "arm")


@pytest.fixture
def aml(tmp_path):
    rows = [(day, status, group) for group, pairs in AML.items() for day, status in pairs]
    return write_csv(tmp_path / "aml.csv", "days,status,arm", rows)


@pytest.fixture
def pairs(tmp_path):
    """Twenty-one pairs; in eighteen the first arm's patient relapses and the other is still well, in three the reverse."""
    rows = []
    for pair in range(21):
        sooner, later = ("placebo", "6-MP") if pair < 18 else ("6-MP", "placebo")
        rows += [(10, 1, sooner, pair), (20, 0, later, pair)]
    return write_csv(tmp_path / "pairs.csv", "t,e,arm,pair", rows)


@pytest.fixture
def ask(run_survival):
    def ask(*options):
        code, out, err = run_survival(*options, "--json")
        assert (code, err) == (0, "")
        record = json.loads(out)
        record["rows"] = {row["id"]: row for row in record["results"]}
        record["named"] = {test["name"]: test for test in record["tests"]}
        return record

    return ask


def test_the_issues_names_of_intervals_are_known(ask, aml):
    for name, method in {
        "bpcp-mid-p": "mid-p beta product",
        "bpcp-midp": "mid-p beta product",
        "arcsin": "arcsine",
        "thomas-grunkemeier": "Thomas–Grunkemeier",
    }.items():
        record = ask(aml, *ASKED, "--at", "20d", "--interval", name)
        assert method in record["rows"]["survival.Maintained.20d"]["method"]


def test_matched_pairs_are_the_sign_test(ask, pairs):
    """Each pair is a stratum: its share of the sum is a half either way, so p is binomial, 18 of 21."""
    record = ask(
        pairs,
        "--time",
        "t",
        "--event",
        "e",
        "--group",
        "arm",
        "--strata",
        "pair",
        "--test",
        "exact-log-rank,log-rank",
    )
    expected = 2 * sum(comb(21, k) for k in range(4)) / 2**21
    exact, normal = record["named"]["exact-log-rank"], record["named"]["log-rank"]
    assert exact["p"] == pytest.approx(expected, abs=1e-12)
    assert exact["method"] == "exact stratified log-rank permutation test"
    assert abs(exact["statistic"]) == pytest.approx((18 - 3) / 2)
    assert normal["statistic"] == pytest.approx((18 - 3) ** 2 / 21, abs=1e-12)
    assert normal["method"] == "stratified log-rank test"


def test_the_trend_is_in_the_groups_numbers_or_their_order(ask, tmp_path):
    rows = [
        (3, 1),
        (4, 1),
        (6, 1),
        (8, 0),
        (5, 1),
        (9, 1),
        (11, 0),
        (12, 0),
        (7, 1),
        (13, 0),
        (14, 0),
        (15, 0),
    ]
    doses = [0] * 4 + [1] * 4 + [10] * 4
    for labels, said in (
        (doses, "scores are the groups' own numbers"),
        ([("none", "some", "very much")[dose // 5 or dose] for dose in doses], "none 1, some 2, very much 3"),
    ):
        scores = np.array(doses if labels is doses else [1] * 4 + [2] * 4 + [3] * 4, dtype=float)
        path = write_csv(
            tmp_path / "dose.csv",
            "t,e,dose",
            [(*row, label) for row, label in zip(rows, labels, strict=True)],
        )
        (test,) = ask(path, "--time", "t", "--event", "e", "--group", "dose", "--test", "trend")["tests"]
        # Tarone: without ties, on each event day the score of who fell less the mean of those at risk
        stops, events = np.array(rows).T
        at_risk = [scores[stops >= stop] for stop in stops[events == 1]]
        fell = scores[events == 1]
        z = sum(s - r.mean() for s, r in zip(fell, at_risk, strict=True)) ** 2 / sum(r.var() for r in at_risk)
        assert test["statistic"] == pytest.approx(z, abs=1e-12)
        assert said in test["caveats"][0]


def test_powers_of_ones_own(ask, aml):
    """R: survdiff(rho = 0) and (rho = 1) of aml; only the late-weighted one is not among its own."""
    record = ask(
        aml, *ASKED, "--test", "fleming-harrington:0:0,fleming-harrington:1:0,fleming-harrington:0:1"
    )
    assert record["named"]["fleming-harrington:0:0"]["statistic"] == pytest.approx(3.396389, abs=5e-7)
    assert record["named"]["fleming-harrington:1:0"]["statistic"] == pytest.approx(2.779280, abs=5e-7)
    assert record["named"]["fleming-harrington:0:1"]["method"] == "Fleming–Harrington (0, 1) test"


def test_what_has_no_stratified_form_says_so(ask, pairs):
    asked = ("--time", "t", "--event", "e", "--group", "arm", "--strata", "pair", "--at", "9d")
    record = ask(pairs, *asked, "--test", "max-combo,medians,fixed-time")
    for name in ("max-combo", "medians", "fixed-time"):
        said = record["named"][name]
        assert (said["p"], said["caveats"]) == (
            None,
            ["not estimable: it has no stratified form: leave --strata out"],
        )


def test_rows_without_a_stratum_are_refused(run_survival, tmp_path):
    path = write_csv(
        tmp_path / "a.csv", "t,e,g,s", [(3, 1, "a", 1), (4, 1, "b", ""), (5, 0, "b", 1), (6, 1, "a", 2)]
    )
    asked = ("--time", "t", "--event", "e", "--group", "g", "--strata", "s", "--test", "log-rank")
    code, out, err = run_survival(path, *asked)
    assert code == 1
    assert out.startswith(f"{path}: 4 rows read = 3 used + 1 refused\n")
    assert err == "a.csv › row 3: s is empty. Say which stratum the row belongs to, or remove the row.\n"
    assert "stratified log-rank test: chi-square 1 on 1 df" in out  # stratum 2 has one group only


def test_strata_are_a_cox_models_strata(ask, pairs):
    """Matched pairs: the ratio is that of the discordant pairs, eighteen to three."""
    asked = ("--time", "t", "--event", "e", "--strata", "pair", "--model", "cox", "--covariates", "arm")
    (model,) = ask(pairs, *asked)["models"]
    (arm,) = model["coefficients"]
    assert arm["name"] == "arm=placebo"
    assert arm["hazard_ratio"] == pytest.approx(18 / 3, rel=1e-9)
    assert arm["se"] == pytest.approx((1 / 18 + 1 / 3) ** 0.5, rel=1e-9)
    z = log(6) / (1 / 18 + 1 / 3) ** 0.5
    assert arm["p"] == pytest.approx(erfc(z / 2**0.5), rel=1e-6)


def test_options_of_a_model(ask, aml):
    asked = ("--time", "days", "--event", "status", "--covariates", "arm", "--model")
    breslow, robust, profile = (
        ask(aml, *asked, f"cox,{option}")["models"][0] for option in ("breslow", "robust", "profile")
    )
    assert breslow["coefficients"][0]["coefficient"] == pytest.approx(
        0.904220, abs=5e-7
    )  # R coxph, ties = "breslow"
    assert robust["coefficients"][0]["se"] != pytest.approx(0.511934, abs=1e-3)
    assert robust["method"] == "Cox regression, Efron ties, robust variance, Wald"
    ratio = [test for test in profile["tests"] if test["name"] == "likelihood ratio test"]
    assert profile["coefficients"][0]["p"] == pytest.approx(ratio[0]["p"], abs=1e-9)
    assert profile["method"] == "Cox regression, Efron ties, profile likelihood"


def test_one_word_for_everyone_is_no_covariate(ask, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,x", [(day, 1, "yes") for day in range(1, 6)])
    (model,) = ask(path, "--time", "t", "--event", "e", "--covariates", "x", "--model", "cox")["models"]
    assert model["caveats"] == ["not estimable: x=yes is the same in every patient"]


def test_a_robust_variance_has_walds_limits(ask, run_survival, aml):
    asked = ("--time", "days", "--event", "status", "--covariates", "arm", "--model")
    (firth,) = ask(aml, *asked, "firth,robust")["models"]
    assert firth["method"] == "Cox regression, Efron ties, Firth's penalty, robust variance, Wald"
    (arm,) = firth["coefficients"]
    assert log(arm["upper"] / arm["hazard_ratio"]) == pytest.approx(1.959963984540054 * arm["se"], rel=1e-12)
    code, _, err = run_survival(aml, *asked, "cox,robust,profile")
    said = "limits of the profile likelihood know nothing of a robust variance. Allowed: wald. Correct the option."
    assert (code, err) == (2, f"--model: {said}\n")


def test_a_limit_that_is_infinite_is_null(ask, tmp_path):
    """Separated: under Firth's penalty the profile may never fall far enough."""
    rows = [(1, 1, 1), (2, 1, 1), (7, 0, 0), (8, 0, 0)]
    path = write_csv(tmp_path / "a.csv", "t,e,x", rows)
    (model,) = ask(path, "--time", "t", "--event", "e", "--covariates", "x", "--model", "firth")["models"]
    assert model["coefficients"][0]["upper"] is None or model["coefficients"][0]["upper"] > 10


def test_survival_given_survival(ask, aml):
    """Maintained: at 20 days 7/11 of eleven, of whom ten lived past day 10."""
    rows = ask(aml, *ASKED, "--at", "5d,20d", "--given", "10d")["rows"]
    given, whole = rows["survival.Maintained.20d.given.10d"], rows["survival.Maintained.20d"]
    assert given["value"] == pytest.approx(whole["value"] / (10 / 11), abs=1e-12)
    assert (given["n"], given["events"]) == (10, 2)
    assert "survival.Maintained.5d.given.10d" not in rows


def test_a_landmark_counts_from_there(ask, run_survival, aml):
    record = ask(aml, *ASKED, "--at", "10d", "--landmark", "10d", "--test", "log-rank")
    late = {group: [(day - 10, status) for day, status in rows if day > 10] for group, rows in AML.items()}
    assert record["rows"]["survival.Maintained.10d"]["n"] == len(late["Maintained"]) == 10
    assert record["curves"][1]["time"] == sorted({0, *(day for day, _ in late["Nonmaintained"])})
    assert record["named"]["log-rank"]["n"] == 18
    _, out, _ = run_survival(aml, *ASKED, "--landmark", "10d")
    assert (
        "Note: landmark 10d: day 0 is day 10, and 18 of 23 rows were under observation and free of events"
        in out
    )


def test_a_landmark_is_a_models_too(ask, aml, tmp_path):
    late = [(day - 10, status, group) for group, rows in AML.items() for day, status in rows if day > 10]
    path = write_csv(tmp_path / "late.csv", "days,status,arm", late)
    asked = ("--time", "days", "--event", "status", "--covariates", "arm", "--model", "cox")
    ours, theirs = ask(aml, *asked, "--landmark", "10d"), ask(path, *asked)
    assert ours["models"][0]["coefficients"] == theirs["models"][0]["coefficients"]
    assert ours["models"][0]["n"] == 18


def test_restricted_means(ask, aml):
    """Klein & Moeschberger's maintained arm to 30 weeks: R's survfit, print(rmean = 30), 24.6 with error 2.31."""
    rows = ask(aml, *ASKED, "--rmst", "30d,auto")["rows"]
    found = rows["rmst.Maintained.30d"]
    area = 9 + 10 / 11 * 4 + 9 / 11 * 5 + 9 / 11 * 7 / 8 * 5 + 9 / 11 * 7 / 8 * 6 / 7 * 7
    assert found["value"] == pytest.approx(area, abs=1e-12)
    assert found["unit"] == "days"
    assert rows["rmst.Maintained.auto"]["label"] == "Restricted mean to day 33 in Maintained"
    assert rows["rmst.Nonmaintained.auto"]["at_risk"] == 3


def test_a_horizon_with_few_left_says_so(ask, aml):
    (caveat,) = ask(aml, *ASKED, "--rmst", "44d")["rows"]["rmst.Nonmaintained.44d"]["caveats"]
    assert caveat == "1 under observation at the horizon: fewer than 3"


def test_a_horizon_that_nobody_reaches(ask, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e", [(3, 1), (4, 0)])
    row = ask(path, "--time", "t", "--event", "e", "--rmst", "auto")["rows"]["rmst.auto"]
    assert row["value"] is None
    assert row["caveats"] == ["not estimable: no day has 3 patients under observation in every group"]


def test_quantiles(ask, aml):
    """R: quantile(survfit(Surv(time, status) ~ x, aml)) gives 18, 31 and 48 for the maintained."""
    rows = ask(aml, *ASKED, "--quantiles", "25,50,75")["rows"]
    values = [
        rows[name]["value"]
        for name in ("quantile.25.Maintained", "median.Maintained", "quantile.75.Maintained")
    ]
    assert values == [18, 31, 48]


def test_cumulative_hazards(ask, aml):
    rows = ask(aml, *ASKED, "--at", "20d", "--hazard")["rows"]
    assert rows["hazard.Maintained.20d"]["value"] == pytest.approx(1 / 11 + 1 / 10 + 1 / 8, abs=1e-15)


def test_hazards_of_causes_that_compete(ask, tmp_path):
    rows = [(3, 1, "relapse"), (4, 1, "death"), (5, 0, ""), (6, 1, "relapse")]
    path = write_csv(tmp_path / "a.csv", "t,e,c", rows)
    found = ask(path, "--time", "t", "--event", "e", "--cause", "c", "--at", "6d", "--hazard")["rows"]
    assert found["hazard.relapse.6d"]["value"] == pytest.approx(1 / 4 + 1, abs=1e-15)
    assert found["hazard.death.6d"]["value"] == pytest.approx(1 / 3, abs=1e-15)


def test_differences_of_two_groups_come_with_their_tests(ask, aml):
    record = ask(aml, *ASKED, "--at", "20d,30d", "--test", "fixed-time,medians")
    assert [(test["name"], test["at"]) for test in record["tests"]] == [
        ("fixed-time", "20d"),
        ("fixed-time", "30d"),
        ("medians", None),
    ]
    difference = record["rows"]["difference.20d"]
    assert difference["value"] == pytest.approx(9 / 11 * 7 / 8 - 7 / 12, abs=1e-12)
    assert difference["lower"] < 0 < difference["upper"]
    assert record["tests"][0]["p"] > 0.05
    assert record["rows"]["difference.median"]["value"] == 31 - 23


def test_groups_alike_but_for_a_dot_are_two(ask, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(3, 1, "a b"), (4, 1, "a.b"), (5, 0, "a_b")])
    rows = ask(path, "--time", "t", "--event", "e", "--group", "g", "--at", "3d")["rows"]
    assert [name for name in rows if name.startswith("survival")] == [
        "survival.a_b.3d",
        "survival.a_b.3d-2",
        "survival.a_b.3d-3",
    ]


def test_cdiscs_column_wants_its_coding_named(run_survival, tmp_path):
    path = write_csv(tmp_path / "adtte.csv", "AVAL,CNSR", [(10, 0), (20, 1), (30, 2)])
    code, out, err = run_survival(path, "--time", "AVAL", "--event", "CNSR")
    assert (code, out) == (2, "")
    assert err == (
        "--coding: CNSR is CDISC's name of a column in which 0 is the event. Allowed: status (1 event, 0 censored), "
        "status12 (2 event, 1 censored), cnsr (0 event, 1, 2, … censored). Name its coding with --coding.\n"
    )
    code, out, _ = run_survival(path, "--time", "AVAL", "--event", "CNSR", "--coding", "cnsr", "--at", "10d")
    assert code == 0
    assert "67%" in out


def test_one_and_two_are_not_read_as_events_and_refusals(run_survival, tmp_path):
    """R's older coding: without its name every censored patient would count as dead and every death be refused."""
    path = write_csv(tmp_path / "lung.csv", "t,status", [(10, 2), (20, 1), (30, 2)])
    code, out, err = run_survival(path, "--time", "t", "--event", "status")
    assert (code, out) == (2, "")
    assert err.startswith(
        "--coding: lung.csv: status holds 1 and 2 and no 0. Allowed: status (1 event, 0 censored)"
    )
    assert run_survival(path, "--time", "t", "--event", "status", "--coding", "status12")[0] == 0
    assert run_survival(path, "--time", "t", "--event", "status", "--coding", "status")[0] == 1


def test_options_that_cannot_be_answered(run_survival, aml):
    options = (
        "--at",
        "12m",
        "--rmst",
        "auto,x",
        "--given",
        "3",
        "--landmark",
        "soon",
        "--quantiles",
        "25,0,101,x",
    )
    code, _, err = run_survival(
        aml, *ASKED, *options, "--test", "fleming-harrington:1", "--model", "cox,exact"
    )
    assert code == 2
    assert [line.split(". ")[0] for line in err.splitlines()] == [
        '--test: "fleming-harrington:1" is not known',
        '--model: "exact" is not known',
        "--covariates: no column is named",
        '--rmst: "x" is not a time',
        '--given: "3" is not a time',
        '--landmark: "soon" is not a time',
        '--quantiles: "0" is not a percentage',
        '--quantiles: "101" is not a percentage',
        '--quantiles: "x" is not a percentage',
    ]


def test_a_fixed_time_needs_a_time(run_survival, aml):
    _, _, err = run_survival(aml, *ASKED, "--test", "fixed-time")
    assert err.startswith("--test: fixed-time compares survival at the times of --at, which names none.")


def test_a_model_needs_rows(run_survival):
    asked = ("--time", "t", "--event", "e", "--model", "cox", "--covariates", "x")
    for source in ("duckdb:///a.duckdb", "table.pzfx"):
        code, _, err = run_survival(source, *asked, "--query", "select 1", "--strata", "s")
        assert code == 2
        assert "--model: a regression needs the rows, which a Prism table or a database does not give" in err
        assert ("--strata: a Prism table has no column of strata" in err) == source.endswith("pzfx")


def test_a_folder_of_parquet_has_models_too(ask, aml, tmp_path):
    polars = pytest.importorskip("polars", reason="needs polars: install caseseries[registry]")
    folder = tmp_path / "parts"
    folder.mkdir()
    frame = polars.read_csv(aml)
    frame[:9].write_parquet(folder / "a.parquet")
    frame[9:].write_parquet(folder / "b.parquet")
    asked = ("--time", "days", "--event", "status", "--covariates", "arm", "--model", "cox")
    wanted = ask(aml, *asked)["models"]
    assert ask(folder, *asked)["models"] == wanted
    assert ask(f"{folder}/*.parquet", *asked)["models"] == wanted
    assert wanted[0]["coefficients"][0]["coefficient"] == pytest.approx(0.915533, abs=5e-7)


def test_the_ratio_is_of_hazards(ask, aml):
    (model,) = ask(aml, *ASKED, "--model", "cox", "--covariates", "arm")["models"]
    (arm,) = model["coefficients"]
    assert log(arm["hazard_ratio"]) == pytest.approx(arm["coefficient"], abs=1e-12)
    assert arm["se"] == pytest.approx(0.511934, abs=5e-7)


def test_a_constant_hazard_is_a_reference_as_written(ask, run_survival, aml):
    """Expected events are the days at risk times the hazard that leaves 46% at 36 months; the last arm named is kept."""
    record = ask(aml, *ASKED, "--reference", "36m=0.46")
    hazard = -log(0.46) / 1095
    days = sum(day for day, _ in AML["Nonmaintained"])
    (expected,) = record["named"]["reference-log-rank"]["expected"]
    assert expected == pytest.approx(days * hazard, rel=1e-12)
    assert record["rows"]["ratio.Nonmaintained"]["value"] == pytest.approx(11 / (days * hazard), rel=1e-12)
    assert [test["at"] for test in record["tests"] if test["name"] == "reference-binomial"] == [
        "1095d",
        "1095d",
    ]
    code, _, err = run_survival(aml, *ASKED, "--reference", "36m=46")
    assert (code, err) == (
        2,
        "--reference: survival 46 gives no hazard. Allowed: a number between 0 and 1, as in 36m=0.46. Correct the option.\n",
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_cnsr_above_one_is_counted_as_censored_and_said_so_with_how_to_have_it_compete(ask, tmp_path, kind):
    """By hand: of four at risk one has the event on day 10, of three one competes on day 20, of two one has it on day
    30, so the incidence is 1/4 + 1/2 × 1/2 and that of the competing event 3/4 × 1/3."""
    rows = [(10, 0), (20, 2), (30, 0), (40, 1)]
    path = write_csv(tmp_path / "adtte.csv", "AVAL,CNSR", rows)
    if kind == "parquet":
        path = tmp_path / "adtte.parquet"
        pl.DataFrame(rows, schema=["AVAL", "CNSR"], orient="row").write_parquet(path)
    asked = ask(path, "--time", "AVAL", "--event", "CNSR", "--coding", "cnsr", "--at", "30d")
    assert asked["notes"] == [
        "1 row has CNSR above 1 and is counted as censored. If 2 is a competing event, as in the adtte.csv of "
        "caseseries run, write a column with 1 where CNSR is 0, 0 where it is 1 and 2 where it is 2, and name it as "
        "--event and as --cause, without --coding"
    ]
    as_told = [(day, {0: 1, 1: 0, 2: 2}[cnsr]) for day, cnsr in rows]
    told = write_csv(tmp_path / "told.csv", "AVAL,status", as_told)
    shown = ask(told, "--time", "AVAL", "--event", "status", "--cause", "status", "--at", "30d")
    assert "notes" not in shown
    assert shown["rows"]["incidence.1.30d"]["value"] == pytest.approx(0.5)
    assert shown["rows"]["incidence.2.30d"]["value"] == pytest.approx(0.25)


def test_the_note_of_a_cnsr_above_one_counts_the_rows_used_and_is_told_at_the_terminal(
    run_survival, tmp_path
):
    rows = [(10, 0), (20, 2), (30, 3), (40, 1), ("", 2)]
    path = write_csv(tmp_path / "a.csv", "AVAL,CNSR", rows)
    code, out, err = run_survival(path, "--time", "AVAL", "--event", "CNSR", "--coding", "cnsr")
    assert code == 1
    assert "Note: 2 rows have CNSR above 1 and are counted as censored. " in out
    assert err.startswith("a.csv › row 6: AVAL is empty.")
    none = write_csv(tmp_path / "b.csv", "AVAL,CNSR", [(10, 0), (20, 1)])
    assert "Note" not in run_survival(none, "--time", "AVAL", "--event", "CNSR", "--coding", "cnsr")[1]
