"""`caseseries survival` on the published data sets of R's survival package, number by number against R itself.

The data are written by R for each run: lung, veteran, ovarian, kidney, pbc, mgus2, transplant, heart. 1e-10 for closed
forms of some hundred factors; 1e-8 for what is iterated.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from caseseries import cli
from r_transcript import R, parse_transcript

SETS = ("lung", "veteran", "ovarian", "kidney", "pbc")
INTERVALS = {"plain": "plain", "log": "log", "log-log": "log-log", "arcsin": "arcsine"}
COX = ("--time", "time", "--event", "status", "--coding", "status12")


@pytest.fixture(scope="module")
def said(require_tool, tmp_path_factory):
    """Where R wrote the data, and what it said: {(set, quantity): numbers}."""
    rscript = require_tool("Rscript", "survival", "cmprsk")
    folder = tmp_path_factory.mktemp("published")
    done = subprocess.run([rscript, R / "published.R", folder], capture_output=True, text=True, check=True)
    return folder, parse_transcript(done.stdout)


@pytest.fixture
def ask(monkeypatch, capsys, said):
    def ask(name, *options):
        file = str(said[0] / f"{name}.csv")
        monkeypatch.setattr(sys, "argv", ["caseseries", "survival", file, *options, "--json"])
        with pytest.raises(SystemExit):
            cli.main()
        printed = capsys.readouterr()
        assert printed.err == ""
        record = json.loads(printed.out)
        assert record["read"]["refused"] == 0
        return record

    return ask


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


@pytest.mark.parametrize("theirs", INTERVALS)
@pytest.mark.parametrize("name", SETS)
def test_curves_and_quartiles(ask, said, name, theirs):
    asked = ("--time", "t", "--event", "e", "--group", "g", "--interval", INTERVALS[theirs])
    record = ask(name, *asked, "--quantiles", "25,50,75")
    assert len(record["curves"]) > 1
    quartiles = [row for row in record["results"] if row["id"].startswith(("quantile", "median"))]
    for number, curve in enumerate(record["curves"]):
        of = f"{curve['group']}|{theirs}|"
        at = np.searchsorted(curve["time"], said[1][name, f"{of}time"])
        assert np.array_equal(np.array(curve["time"])[at], said[1][name, f"{of}time"])
        assert np.array_equal(np.array(curve["n_risk"])[at], said[1][name, f"{of}n_risk"])
        estimate = np.array(curve["estimate"])[at]
        np.testing.assert_allclose(estimate, said[1][name, f"{of}estimate"], rtol=0, atol=1e-10)
        inside = (estimate > 0) & (estimate < 1)
        for side in ("lower", "upper"):
            limits = numbers(curve[side])[at]
            np.testing.assert_allclose(limits[inside], said[1][name, of + side][inside], rtol=0, atol=1e-10)
        rows = quartiles[3 * number : 3 * number + 3]
        found = numbers([row[key] for key in ("value", "lower", "upper") for row in rows])
        np.testing.assert_array_equal(found, said[1][name, f"{of}quartiles"])


@pytest.mark.parametrize("name", SETS)
def test_comparisons(ask, said, name):
    asked = ("--time", "t", "--event", "e", "--group", "g")
    record = ask(name, *asked, "--test", "log-rank,fleming-harrington,trend")
    found = {test["name"]: test["statistic"] for test in record["tests"]}
    for test, what in (("log-rank", "survdiff.0"), ("fleming-harrington", "survdiff.1"), ("trend", "trend")):
        if test != "trend" or name not in {"veteran", "kidney"}:  # words: R has an order of its own for them
            assert found[test] == pytest.approx(said[1][name, what][0], rel=1e-10)
    (test,) = ask(name, *asked, "--strata", "s", "--test", "log-rank")["tests"]
    assert test["statistic"] == pytest.approx(said[1][name, "stratified"][0], rel=1e-10)


@pytest.mark.parametrize("name", SETS)
def test_follow_up_restricted_means_and_hazards(ask, said, name):
    asked = ("--time", "t", "--event", "e", "--group", "g", "--rmst", "90d", "--at", "90d", "--hazard")
    record = ask(name, *asked)
    rows = {row["id"]: row for row in record["results"]}
    for curve in record["curves"]:
        group = curve["group"]
        (followup,) = said[1][name, f"{group}|followup"]
        assert numbers([rows[f"followup.{group}"]["value"]]) == pytest.approx([followup], nan_ok=True)
        mean, error = said[1][name, f"{group}|rmst"]
        found = rows[f"rmst.{group}.90d"]
        assert found["value"] == pytest.approx(mean, abs=1e-10)
        if found["lower"]:
            assert found["value"] - found["lower"] == pytest.approx(1.959963984540054 * error, abs=1e-8)
        (hazard,) = said[1][name, f"{group}|hazard"]
        assert rows[f"hazard.{group}.90d"]["value"] == pytest.approx(hazard, abs=1e-10)


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("efron", ("--model", "cox", "--covariates", "age,sex,ph.ecog,wt.loss")),
        ("breslow", ("--model", "cox,breslow", "--covariates", "age,sex,ph.ecog,wt.loss")),
        ("robust", ("--model", "cox,robust", "--covariates", "age,sex,ph.ecog,wt.loss")),
        ("strata", ("--model", "cox", "--covariates", "age,ph.ecog,wt.loss", "--strata", "sex")),
    ],
)
def test_cox_models(ask, said, what, options):
    (model,) = ask("lungcox", *COX, *options)["models"]
    check_model(model, said[1], what)


def test_cox_models_with_entries(ask, said):
    asked = ("--time", "stop", "--event", "event", "--entry", "start", "--model", "cox")
    (model,) = ask("heart", *asked, "--covariates", "age,surgery,tx")["models"]
    check_model(model, said[1], "entry")


def check_model(model, said, what):
    found = model["coefficients"]
    np.testing.assert_allclose(
        [one["coefficient"] for one in found], said["cox", f"{what}.coefficient"], rtol=0, atol=1e-8
    )
    np.testing.assert_allclose([one["se"] for one in found], said["cox", f"{what}.se"], rtol=1e-8, atol=0)
    tests = {test["name"]: test["statistic"] for test in model["tests"]}
    both = [tests["likelihood ratio test"], tests["score test"]]
    np.testing.assert_allclose(both, said["cox", f"{what}.tests"], rtol=1e-8, atol=0)


def test_proportional_hazards(ask, said):
    (model,) = ask("lungcox", *COX, "--model", "cox", "--covariates", "age,sex,ph.ecog,wt.loss")["models"]
    found = [test["statistic"] for test in model["tests"] if test["name"].startswith("proportional")]
    np.testing.assert_allclose(found, said[1]["cox", "zph"], rtol=1e-7, atol=0)  # quotients of iterated sums


@pytest.mark.parametrize("name", ["mgus2", "transplant", "pbccause"])
def test_competing_causes(ask, said, name):
    record = ask(name, "--time", "t", "--event", "e", "--cause", "k", "--group", "g", "--test", "gray")
    assert [test["cause"] for test in record["tests"]] == [
        str(k + 1) for k in range(len(said[1][name, "gray"]))
    ]
    found = [test["statistic"] for test in record["tests"]]
    np.testing.assert_allclose(found, said[1][name, "gray"], rtol=1e-10, atol=0)
    curves = [curve for curve in record["curves"] if curve["cause"]]
    seen = [curve for curve in curves if (name, f"{curve['group']}|{curve['cause']}|incidence") in said[1]]
    assert len(seen) >= len(curves) - 1  # in one stage of pbc nobody was transplanted
    for curve in seen:
        days, incidence, error = np.split(said[1][name, f"{curve['group']}|{curve['cause']}|incidence"], 3)
        at = np.searchsorted(curve["time"], days)
        np.testing.assert_allclose(np.array(curve["estimate"])[at], incidence, rtol=0, atol=1e-10)
        inside = (incidence > 0) & (incidence < 1)
        free, se = 1 - incidence[inside], error[inside]
        spread = 1.959963984540054 * se / (free * -np.log(free))
        for side, sign in (("lower", -1), ("upper", 1)):
            limits = numbers(curve[side])[at][inside]
            np.testing.assert_allclose(limits, 1 - free ** np.exp(sign * spread), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["mgus2", "transplant"])
def test_hazards_of_each_cause(ask, said, name):
    """Log-rank and Cox of each cause's hazard; their first rows are of any event."""
    asked = ("--time", "t", "--event", "e", "--cause", "k", "--group", "g", "--test", "log-rank")
    record = ask(name, *asked, "--model", "cox", "--covariates", "g")
    any_event, *tests = record["tests"]
    assert any_event["cause"] is None
    assert any_event["statistic"] != tests[0]["statistic"]
    whole, *models = record["models"]
    assert (whole["cause"], whole["events"]) == (None, sum(model["events"] for model in models))
    assert [test["cause"] for test in tests] == [model["cause"] for model in models]
    for test, model in zip(tests, models, strict=True):
        assert test["statistic"] == pytest.approx(said[1][name, f"log-rank.{test['cause']}"][0], rel=1e-10)
        coefficients, errors = np.split(said[1][name, f"cox.{model['cause']}"], 2)
        found = model["coefficients"]
        np.testing.assert_allclose([one["coefficient"] for one in found], coefficients, rtol=0, atol=1e-8)
        np.testing.assert_allclose([one["se"] for one in found], errors, rtol=1e-7, atol=0)


@pytest.mark.parametrize("sex", ["F", "M"])
def test_delayed_entry(ask, said, sex):
    asked = ("--time", "t", "--event", "e", "--entry", "s", "--group", "g", "--interval", "log-log")
    (curve,) = [curve for curve in ask("ages", *asked)["curves"] if curve["group"] == sex]
    at = np.searchsorted(curve["time"], said[1]["ages", f"{sex}|time"])
    assert np.array_equal(np.array(curve["n_risk"])[at], said[1]["ages", f"{sex}|n_risk"])
    estimate = np.array(curve["estimate"])[at]
    np.testing.assert_allclose(estimate, said[1]["ages", f"{sex}|estimate"], rtol=0, atol=1e-10)
    inside = (estimate > 0) & (estimate < 1)
    assert inside.sum() > 100
    for side in ("lower", "upper"):
        found = numbers(curve[side])[at][inside]
        np.testing.assert_allclose(found, said[1]["ages", f"{sex}|{side}"][inside], rtol=0, atol=1e-10)
