"""`caseseries survival` as a person or a program runs it: text, JSON, figure, exit codes and refusals."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from caseseries.registry.coding import DAYS_PER_UNIT
from caseseries.survival_command.comparisons import ALLOWED, NAMES
from caseseries.survival_command.question import days_of
from registry_rows import write_csv

# AML maintenance (Miller 1997, as in R's survival::aml), weeks read as days.
AML = {
    "Maintained": [(9, 1), (13, 1), (13, 0), (18, 1), (23, 1), (28, 0), (31, 1), (34, 1), (45, 0), (48, 1), (161, 0)],
    "Nonmaintained": [(5, 1), (5, 1), (8, 1), (8, 1), (12, 1), (16, 0), (23, 1), (27, 1), (30, 1), (33, 1), (43, 1), (45, 1)],
}  # fmt: skip


@pytest.fixture
def aml(tmp_path):
    rows = [(day, status, group) for group, pairs in AML.items() for day, status in pairs]
    return write_csv(tmp_path / "aml.csv", "days,status,arm", rows)


@pytest.fixture
def run(run_survival):
    return run_survival


ASKED = ("--time", "days", "--event", "status", "--group", "arm")


def test_the_text(run, aml):
    code, out, err = run(aml, *ASKED, "--at", "20d", "--test", "log-rank")
    assert (code, err) == (0, "")
    assert (
        out
        == f"""{aml}: 23 rows read = 23 used + 0 refused

                                                         n   events  at risk  estimate
Survival at 20d in Maintained                            11  3       7        72%          95% CI 36–94
Median in Maintained                                     11  7                31 days      95% CI 13–not reached
Median follow-up in Maintained, reverse Kaplan–Meier     11  4                103 days     95% CI 23–not reached
Survival at 20d in Nonmaintained                         12  5       6        58%          95% CI 26–85
Median in Nonmaintained                                  12  11               23 days      95% CI 8–43
Median follow-up in Nonmaintained, reverse Kaplan–Meier  12  1                not reached  95% CI 16–not reached

log-rank test: chi-square 3.396 on 1 df, p = 0.0653.

Method: Kaplan–Meier, beta product confidence procedure (BPCP).
Method: Kaplan–Meier, beta product confidence procedure (BPCP), inverted (Brookmeyer–Crowley).
Median follow-up in Nonmaintained, reverse Kaplan–Meier: not reached: the curve ends at 0.857 on day 45.
"""
    )


def test_the_json_has_the_documented_keys(run, aml):
    code, out, _ = run(aml, *ASKED, "--at", "20d,12m", "--json")
    assert code == 0
    record = json.loads(out)
    assert list(record) == ["results", "curves", "tests", "read"]
    assert record["read"] == {"rows": 23, "used": 23, "refused": 0}
    assert [result["id"] for result in record["results"]][:4] == [
        "survival.Maintained.20d",
        "survival.Maintained.12m",
        "median.Maintained",
        "followup.Maintained",
    ]
    assert record["results"][0]["shown"] == "72% (95% CI 36–94)"
    assert record["results"][1]["value"] is None
    assert record["results"][1]["caveats"] == [
        "not estimable: nobody was followed to day 365: the last follow-up is on day 161"
    ]
    first, second = record["curves"]
    assert list(first) == [
        "group", "cause", "time", "n_risk", "n_event", "n_censor", "n_enter", "estimate", "lower", "upper",
    ]  # fmt: skip
    assert (first["group"], second["group"], first["cause"]) == ("Maintained", "Nonmaintained", None)
    assert first["time"] == [0, 9, 13, 18, 23, 28, 31, 34, 45, 48, 161]
    assert first["n_risk"] == [11, 11, 10, 8, 7, 6, 5, 4, 3, 2, 1]
    assert first["n_event"] == [0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0]
    assert first["n_censor"] == [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1]
    assert first["n_enter"] == [11] + [0] * 10
    assert first["estimate"][:3] == pytest.approx([1, 10 / 11, 9 / 11], abs=1e-15)


def test_limits_that_do_not_exist_are_null(run, aml):
    _, out, _ = run(aml, *ASKED, "--interval", "log-log", "--json")
    assert json.loads(out)["curves"][0]["lower"][0] is None


@pytest.mark.parametrize(
    ("test", "statistic", "p"),
    [("log-rank", 3.396389, 0.065339), ("peto", 2.77920, 0.095500)],  # survdiff(rho = 0); rho = 1 is below
)
def test_the_published_log_rank(run, aml, test, statistic, p):
    name = {"peto": "fleming-harrington"}.get(
        test, test
    )  # R's rho = 1 weighs by S(t-): Fleming–Harrington (1, 0)
    _, out, _ = run(aml, *ASKED, "--test", name, "--json")
    (found,) = json.loads(out)["tests"]
    assert (found["name"], found["df"]) == (name, 1)
    assert found["statistic"] == pytest.approx(statistic, abs=1e-4)
    assert found["p"] == pytest.approx(p, abs=1e-5)


def test_every_test_can_be_asked_for(run, aml):
    code, out, _ = run(aml, *ASKED, "--at", "20d", "--test", ",".join(NAMES), "--json")
    assert code == 0
    found = json.loads(out)["tests"]
    assert [test["name"] for test in found] == list(NAMES)
    assert all(0 < test["p"] < 0.9 for test in found)


def test_each_test_of_a_cause_has_an_id_of_its_own(run, tmp_path):
    causes = enumerate(["x.y", "x y", "", "x.y", "x y"])
    rows = [(day + 2, int(bool(cause)), cause, "ab"[day % 2]) for day, cause in causes]
    path = write_csv(tmp_path / "a.csv", "t,e,k,g", rows)
    asked = ("--time", "t", "--event", "e", "--cause", "k", "--group", "g", "--test", "log-rank,gray")
    _, out, _ = run(path, *asked, "--json")
    found = json.loads(out)["tests"]
    assert [(test["id"], test["cause"]) for test in found] == [
        ("log-rank", None),
        ("log-rank.x_y", "x y"),
        ("log-rank.x_y-2", "x.y"),
        ("gray.x_y", "x y"),
        ("gray.x_y-2", "x.y"),
    ]
    _, out, _ = run(path, *asked)
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith("log-rank")] == [
        "log-rank test, any event",
        "log-rank test, x y",
        "log-rank test, x.y",
    ]


def test_a_test_of_two_groups_asked_of_three_says_why_not(run, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(3, 1, "a"), (4, 1, "b"), (5, 0, "c"), (6, 1, "c")])
    _, out, _ = run(path, "--time", "t", "--event", "e", "--group", "g", "--test", "exact-log-rank,log-rank")
    assert "exact-log-rank: not estimable, it compares two groups, not 3.\n" in out
    assert "log-rank test: chi-square" in out


def test_a_comparison_of_one_group_says_why_not(run, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(3, 1, "a"), (4, 1, "a"), (-1, 1, "b")])
    code, out, err = run(path, "--time", "t", "--event", "e", "--group", "g", "--test", "log-rank")
    assert code == 1
    assert "log-rank: not estimable, there are fewer than two groups with rows.\n" in out
    assert err == "a.csv › row 4: t is -1. Allowed: whole days from 0. Correct the value or remove the row.\n"


def test_competing_causes_are_incidence_and_never_one_minus_kaplan_meier(run, tmp_path):
    rows = [(3, 1, "relapse"), (4, 1, "death"), (5, 0, ""), (6, 1, "relapse")]
    path = write_csv(tmp_path / "a.csv", "t,e,c", rows)
    _, out, _ = run(path, "--time", "t", "--event", "e", "--cause", "c", "--at", "5d", "--json")
    record = json.loads(out)
    values = {result["id"]: result["value"] for result in record["results"]}
    assert values["survival.5d"] == pytest.approx(0.5)
    assert values["incidence.death.5d"] == pytest.approx(0.25)
    assert values["incidence.relapse.5d"] == pytest.approx(0.25)
    assert [curve["cause"] for curve in record["curves"]] == [None, "death", "relapse"]


def test_a_test_of_hazards_says_which_events_it_counts(run, tmp_path):
    rows = [(3, 1, "relapse", "A"), (4, 1, "death", "B"), (5, 0, "", "A"), (6, 1, "relapse", "B")]
    path = write_csv(tmp_path / "a.csv", "t,e,c,g", rows)
    asked = ("--time", "t", "--event", "e", "--cause", "c", "--group", "g", "--test", "log-rank,gray")
    _, out, _ = run(path, *asked, "--model", "firth", "--covariates", "g")
    lines = [line.split(":")[0] for line in out.splitlines() if " test, " in line]
    assert lines == [
        "log-rank test, any event",
        "log-rank test, death",
        "log-rank test, relapse",
        "Gray test, death",
        "Gray test, relapse",
    ]
    models = [line.split(", profile likelihood, ")[1] for line in out.splitlines() if line.startswith("Cox")]
    assert [line.split(",")[0] for line in models] == ["any event", "death", "relapse"]
    assert models[1] == "death, n = 4, 1 events: 1 event is too few for 1 covariate."


def test_grays_test_is_asked_once_for_each_cause(run, tmp_path):
    rows = [
        (3, 1, "relapse", "A"),
        (4, 1, "death", "B"),
        (5, 0, "", "A"),
        (6, 1, "relapse", "B"),
        (7, 1, "death", "A"),
    ]
    path = write_csv(tmp_path / "a.csv", "t,e,c,g", rows)
    asked = ("--time", "t", "--event", "e", "--cause", "c", "--group", "g", "--test", "gray", "--json")
    found = json.loads(run(path, *asked)[1])["tests"]
    assert [(test["name"], test["cause"], test["df"]) for test in found] == [
        ("gray", "death", 1),
        ("gray", "relapse", 1),
    ]


def test_a_published_reference(run, aml, tmp_path):
    """At half a year half survive: with a constant hazard a day of follow-up expects log(2) / 182 events."""
    reference = write_csv(tmp_path / "published.csv", "time,survival", [("6m", 0.5)])
    _, out, _ = run(aml, "--time", "days", "--event", "status", "--reference", reference, "--json")
    record = json.loads(out)
    expected = sum(day for pairs in AML.values() for day, _ in pairs) * 0.6931471805599453 / 182
    tests = {test["name"]: test for test in record["tests"]}
    assert list(tests) == ["reference-log-rank", "reference-wu", "reference-exact", "reference-binomial"]
    assert tests["reference-binomial"]["at"] == "182d"
    assert tests["reference-binomial"]["caveats"] == ["not estimable: 5 left observation before day 182"]
    assert tests["reference-log-rank"]["observed"] == [18]
    assert tests["reference-log-rank"]["expected"] == pytest.approx([expected], abs=1e-9)
    assert tests["reference-log-rank"]["statistic"] == pytest.approx(
        (18 - expected) ** 2 / expected, abs=1e-9
    )
    (ratio,) = [row for row in record["results"] if row["id"] == "ratio"]
    assert ratio["value"] == pytest.approx(18 / expected, abs=1e-9)


def test_a_reference_cohort_brings_its_own_error(run, aml, tmp_path):
    cohort = write_csv(tmp_path / "cohort.csv", "days,status", AML["Nonmaintained"])
    _, out, _ = run(aml, *ASKED, "--reference", cohort, "--json")
    tests = {(test["name"], test["group"]): test["p"] for test in json.loads(out)["tests"]}
    assert len(tests) == 10
    known, uncertain = (tests[f"reference-log-rank{tail}", "Maintained"] for tail in ("", "-with-error"))
    assert known < uncertain < 1


def test_a_reference_that_is_no_curve(run, aml, tmp_path):
    path = write_csv(tmp_path / "published.csv", "time,survival", [("6w", 0.5), ("12m", 1.5), ("24m", 0.3)])
    code, out, err = run(aml, *ASKED, "--reference", path)
    assert (code, out) == (2, "")
    allowed = "Allowed: whole days, or a time as in 12m or 3y; survival between 0 and 1. Correct the row."
    assert err.splitlines() == [
        f"published.csv › row 2: time 6w and survival 0.5 are no point of a curve. {allowed}",
        f"published.csv › row 3: time 12m and survival 1.5 are no point of a curve. {allowed}",
    ]
    path = write_csv(tmp_path / "published.csv", "time,survival", [("12m", 0.5), ("24m", 0.6)])
    assert "does not fall from 1" in run(aml, *ASKED, "--reference", path)[2]


def test_delayed_entry_is_in_the_risk_set_and_in_the_curve(run, tmp_path):
    path = write_csv(tmp_path / "a.csv", "s,t,e", [(0, 10, 1), (5, 12, 0), (8, 12, 1)])
    _, out, _ = run(path, "--time", "t", "--event", "e", "--entry", "s", "--json")
    (curve,) = json.loads(out)["curves"]
    assert curve["time"] == [0, 5, 8, 10, 12]
    assert curve["n_enter"] == [1, 1, 1, 0, 0]
    assert curve["n_risk"] == [1, 1, 2, 3, 2]


def test_a_regression(run, aml):
    code, out, _ = run(
        aml, "--time", "days", "--event", "status", "--model", "cox", "--covariates", "arm", "--json"
    )
    assert code == 0
    (model,) = json.loads(out)["models"]
    (coefficient,) = model["coefficients"]
    assert coefficient["name"] == "arm=Nonmaintained"
    assert coefficient["coefficient"] == pytest.approx(0.915533, abs=1e-6)  # R's coxph, Efron
    assert (model["n"], model["events"]) == (23, 18)


def test_rows_without_a_covariate_are_named(run, tmp_path):
    path = write_csv(
        tmp_path / "a.csv", "t,e,age", [(3, 1, 40), (4, 1, ""), (5, 1, 50), (7, 1, 20), (8, 0, 30)]
    )
    code, out, err = run(path, "--time", "t", "--event", "e", "--model", "cox", "--covariates", "age")
    assert code == 1
    assert "n = 4, 3 events" in out
    assert err == "a.csv › row 3: age is empty. Fill it in, or leave the covariate out of the model.\n"


def test_a_separated_covariate_needs_firth(run, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,x", [(1, 1, 1), (2, 1, 1), (3, 1, 1), (7, 0, 0), (8, 0, 0)])
    asked = (path, "--time", "t", "--event", "e", "--covariates", "x", "--model")
    assert "x separates the events" in run(*asked, "cox")[1]
    assert "x: hazard ratio" in run(*asked, "firth")[1]


def test_the_figure_is_the_reports(run, aml, tmp_path):
    code, _, _ = run(aml, *ASKED, "--figure", tmp_path / "out.svg")
    assert code == 0
    svg = (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "Maintained" in svg
    assert "Nonmaintained" in svg


def test_every_group_and_every_cause_is_drawn(run, tmp_path):
    """Five causes have more names than colours; nine groups stand in rows, each under its own letter and name."""
    causes = ["ab", "cd", "ef", "gh", "ij"]
    rows = [(3 + day, 1, causes[day % 5], f"G{day % 9}") for day in range(90)]
    path = write_csv(tmp_path / "a.csv", "t,e,c,g", rows)
    asked = ("--time", "t", "--event", "e", "--figure", tmp_path / "out.svg")

    def drawn(*options):
        assert run(path, *asked, *options)[0] == 0
        tree = ElementTree.parse(tmp_path / "out.svg")
        words = ["".join(text.itertext()) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
        return words, [float(side) for side in tree.getroot().get("viewBox").split()[2:]]

    words, (width, height) = drawn("--cause", "c")
    assert {"Ab", "Cd", "Ef", "Gh", "Ij", "Cumulative incidence"} <= set(words)
    groups, (wide, high) = drawn("--group", "g")
    assert {f"G{group}" for group in range(9)} | set("ABCDEFGHI") <= set(groups)
    both, _ = drawn("--group", "g", "--cause", "c")
    assert {f"G{group}" for group in range(9)} | {"Ab", "Ij"} <= set(both)
    assert (wide, high) > (width, height)


def test_kept_counts_give_the_same_answer(run, aml):
    first, second = (run(aml, *ASKED, "--at", "20d", "--keep", "--json") for _ in range(2))
    assert first == second


def test_refused_rows_are_one_line_each_and_exit_code_1(run, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e", [(3, 1), ("x", 1), (4, 7)])
    code, out, err = run(path, "--time", "t", "--event", "e")
    assert code == 1
    assert out.startswith(f"{path}: 3 rows read = 1 used + 2 refused\n")
    assert err.splitlines() == [
        'a.csv › row 3: t is "x". Allowed: whole days from 0. Correct the value or remove the row.',
        "a.csv › row 4: e is 7. Allowed: 0 (censored) or 1 (event). "
        "Correct the value, or name the coding of the column with --coding.",
    ]


def test_every_wrong_option_is_said_at_once(run, aml):
    options = (
        "--at",
        "12w,1y",
        "--interval",
        "exact",
        "--unit",
        "weeks",
        "--coding",
        "dead",
        "--level",
        "95",
    )
    code, out, err = run(aml, *options, "--test", "chi", "--model", "weibull")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "--time: no column is named. Add --time COLUMN.",
        "--event: no column is named. Add --event COLUMN.",
        '--unit: "weeks" is not known. Allowed: days, months, years. Use one of those.',
        '--coding: "dead" is not known. Allowed: status, status12, cnsr. Use one of those.',
        '--interval: "exact" is not known. Allowed: default, bpcp, bpcp-midp, log-log, log, likelihood-ratio, plain, arcsine. '
        "Use one of those.",
        f'--test: "chi" is not known. Allowed: {", ".join(ALLOWED)}. Use one of those.',
        "--test: there is nothing to compare without --group. Correct the option.",
        '--model: "weibull" is not known. Allowed: cox, firth. Use one of those.',
        "--covariates: no column is named. Add --covariates COLUMN.",
        '--at: "12w" is not a time. Allowed: a number with d, m or y, as in 100d, 12m or 3y. Correct the option.',
        "--level: 95 is not a level. Allowed: a number between 0 and 1. Correct the option.",
    ]


@pytest.mark.parametrize("horizon", ["1d", "100d", "1m", "12m", "36m", "1y", "3y"])
def test_a_horizon_is_the_same_day_as_in_a_study(horizon):
    from caseseries.study import definition

    assert days_of(horizon) == definition.days_of(horizon)
    assert DAYS_PER_UNIT["years"] == definition.DAYS_PER_YEAR


def test_eleven_patients_need_no_heavy_library(aml):
    heavy = ("polars", "scipy", "pandas", "narwhals", "duckdb", "numba", "openpyxl", "typst")
    code = (
        "import sys; from caseseries.cli import main\n"
        f"sys.argv = ['caseseries', 'survival', {str(aml)!r}, '--time', 'days', '--event', 'status', '--at', '20d']\n"
        f"try: main()\nfinally: print(*sorted({heavy!r} & sys.modules.keys()), file=sys.stderr)"
    ).replace(f"{heavy!r} &", f"set({heavy!r}) &")
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "\n")


def test_a_curve_waits_for_nothing_that_was_not_asked_for(aml):
    code = (
        "import subprocess, sys\n"
        "from caseseries.cli import main\n"
        f"sys.argv = ['caseseries', 'survival', {str(aml)!r}, '--time', 'days', '--event', 'status']\n"
        "try: main()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
        "    show = 'import os, sys; sys.stderr.write(os.environ[\"OPENBLAS_NUM_THREADS\"])'\n"
        "    subprocess.run([sys.executable, '-c', show], check=True)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, threads = finished.stderr.split("\n")
    rooms = ("present.figures", "stats.permutation", "stats.reference", "stats.regression", "registry.prism")
    assert {f"caseseries.{room}" for room in rooms} & set(modules.split()) == set()
    assert threads == "1"  # a child of the process sees what NumPy's library saw
