"""`caseseries survival` on nineteen more data sets of R's survival package, number by number against R itself.

The data are written by R for each run, as R holds them: from aml's 23 rows to flchain's 7,874, with fractional months
(retinopathy), rows that enter late (cgd, bladder2, myeloma, jasa1, rats2), rows that belong together and covariates
that are missing (nafld1, flchain, mgus). 1e-10 for closed forms, relative to sums of thousands of days; 1e-8 for what
is iterated, and for what R draws from it.
"""

import json
import re
import subprocess

import numpy as np
import pytest

from r_transcript import R, parse_transcript, read_transcript

INTERVALS = {"plain": "plain", "log": "log", "log-log": "log-log", "arcsin": "arcsine"}
# time, event, group, stratum, entry; covariates of a model and the column of what belongs together
SETS = {
    "aml": ("time", "status", "x", "", "", "", ""),
    "colon": ("time", "status", "rx", "node4", "", "age,nodes,sex", ""),
    "rats": ("time", "status", "rx", "sex", "", "rx", "litter"),
    "stanford2": ("time", "status", "", "", "", "age,t5", ""),
    "nafld1": ("futime", "status", "male", "", "", "age,male,bmi", ""),
    "gbsg": ("rfstime", "status", "hormon", "meno", "", "age,size,nodes,pgr,er", ""),
    "rotterdam": ("dtime", "death", "grade", "hormon", "", "age,nodes,meno", ""),
    "myeloid": ("futime", "death", "trt", "sex", "", "", ""),
    "flchain": ("futime", "death", "sex", "flc.grp", "", "age,kappa,lambda", ""),
    "nwtco": ("edrel", "rel", "histol", "study", "", "age,stage,histol", ""),
    "mgus": ("futime", "death", "sex", "", "", "age,alb,mspike", ""),
    "cgd": ("tstop", "status", "treat", "sex", "tstart", "age,steroids,propylac", "id"),
    "bladder2": ("stop", "event", "rx", "enum", "start", "rx,size,number", "id"),
    "myeloma": ("futime", "death", "", "", "entry", "year", ""),
    "jasa1": ("stop", "event", "transplant", "", "start", "age,surgery,transplant", "id"),
    "rats2": ("time2", "status", "trt", "", "time1", "trt", "id"),
    "valveSeat": ("time", "status", "", "", "", "", ""),
    "genfan": ("hours", "status", "", "", "", "", ""),
    "retinopathy": ("futime", "status", "trt", "type", "", "trt,age,risk", "id"),
}
COMPARED = [name for name, (_, _, group, _, entry, *_) in SETS.items() if group and not entry]
MODELLED = [name for name, columns in SETS.items() if columns[5]]


@pytest.fixture(scope="module")
def said(require_tool, tmp_path_factory):
    """Where R wrote the data, and what it said: {(set, quantity): numbers}."""
    rscript = require_tool("Rscript", "survival")
    folder = tmp_path_factory.mktemp("published")
    script = R / "published_more.R"
    done = subprocess.run([rscript, script, folder], capture_output=True, text=True, check=True)
    return folder, parse_transcript(done.stdout)


@pytest.fixture
def ask(run_survival, said):
    def ask(name, *options, strata=True):
        time, event, group, stratum, entry, *_ = SETS[name]
        named = {"--time": time, "--event": event, "--group": group, "--entry": entry}
        named["--strata"] = stratum if strata else ""
        columns = [word for option, column in named.items() if column for word in (option, column)]
        unit = ("--unit", "months") if name == "retinopathy" else ()
        _, out, err = run_survival(said[0] / f"{name}.csv", *columns, *unit, *options, "--json")
        return json.loads(out), err

    return ask


def test_the_transcript_is_what_r_says_now(said):
    """What R said when it was first asked is kept beside the script, all but the curves."""
    kept = read_transcript("published_more")
    assert kept.keys() == {key for key in said[1] if not key[1].endswith("|curve")}
    for key, values in kept.items():
        np.testing.assert_allclose(said[1][key], values, rtol=1e-9, atol=1e-12, err_msg=str(key))


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


@pytest.mark.parametrize("theirs", INTERVALS)
@pytest.mark.parametrize("name", SETS)
def test_curves_and_quartiles(ask, said, name, theirs):
    asked = ("--interval", INTERVALS[theirs], "--quantiles", "25,50,75")
    record, err = ask(name, *asked, strata=False)
    assert (err, record["read"]["refused"]) == ("", 0)
    quartiles = [row for row in record["results"] if row["id"].startswith(("quantile", "median"))]
    for number, curve in enumerate(record["curves"]):
        time, at_risk, estimate, *limits = np.split(said[1][name, f"{curve['group']}|{theirs}|curve"], 5)
        at = np.searchsorted(curve["time"], time)
        assert np.array_equal(np.array(curve["time"])[at], time)
        assert np.array_equal(np.array(curve["n_risk"])[at], at_risk)
        np.testing.assert_allclose(np.array(curve["estimate"])[at], estimate, rtol=0, atol=1e-10)
        inside = (estimate > 0) & (estimate < 1)
        for side, theirs_too in zip(("lower", "upper"), limits, strict=True):
            found = numbers(curve[side])[at]
            np.testing.assert_allclose(found[inside], theirs_too[inside], rtol=0, atol=1e-10)
        rows = quartiles[3 * number : 3 * number + 3]
        found = numbers([row[key] for key in ("value", "lower", "upper") for row in rows])
        quartiles_too = np.split(said[1][name, f"{curve['group']}|{theirs}|quartiles"], 3)
        expected = [quartiles_too[0], *map(first_days, [time] * 2, limits, quartiles_too[1:])]
        np.testing.assert_array_equal(found, np.concatenate(expected))


def first_days(time, limits, quartiles):
    """R's own; but its quantile() sorts limits before it looks them up, and after late entries a lower limit can rise.

    Then the first days on which R's limits are at 0.75, 0.5 and 0.25, as its summary() takes them for the median.
    """
    if (np.diff(limits[np.isfinite(limits)]) <= 0).all():
        return quartiles
    low = [time[limits <= level] for level in (0.75, 0.5, 0.25)]
    return [days[0] if days.size else np.nan for days in low]


@pytest.mark.parametrize("name", SETS)
def test_restricted_means_and_hazards(ask, said, name):
    for curve in ask(name, strata=False)[0]["curves"]:
        of = f"{curve['group']}|"
        half, mean, error = said[1][name, f"{of}rmst"]
        asked = ("--rmst", f"{half:.0f}d", "--at", f"{half:.0f}d", "--hazard")
        rows = {row["id"]: row for row in ask(name, *asked, strata=False)[0]["results"]}
        label = curve["group"].replace(" ", "_").replace(".", "_")
        dot = f".{label}" if label else ""
        found = rows[f"rmst{dot}.{half:.0f}d"]
        assert found["value"] == pytest.approx(mean, rel=1e-10)
        assert found["value"] - found["lower"] == pytest.approx(1.959963984540054 * error, rel=1e-8)
        hazard = rows[f"hazard{dot}.{half:.0f}d"]["value"]
        assert hazard == pytest.approx(said[1][name, f"{of}hazard"][1], rel=1e-10)


@pytest.mark.parametrize("name", COMPARED)
def test_comparisons(ask, said, name):
    for strata, what in ((False, "survdiff"), (True, "stratified")):
        if strata and not SETS[name][3]:
            continue
        tests = ask(name, "--test", "log-rank,fleming-harrington", strata=strata)[0]["tests"]
        found = [test["statistic"] for test in tests]
        theirs = [said[1][name, f"{what}.{rho}"][0] for rho in (0, 1)]
        np.testing.assert_allclose(found, theirs, rtol=1e-10, atol=0)


@pytest.mark.parametrize("what", ["efron", "breslow", "robust", "cluster", "strata"])
@pytest.mark.parametrize("name", MODELLED)
def test_cox_models(ask, said, name, what):
    if (name, f"cox|{what}|n") not in said[1]:
        _, _, _, stratum, entry, _, cluster = SETS[name]
        absent = {"robust": bool(entry), "cluster": not cluster, "strata": not stratum}
        assert absent[what], f"R was not asked for {what}"
        return
    covariates, cluster = SETS[name][5:]
    named = f"cox,{what}" if what in ("breslow", "robust") else "cox"
    asked = ("--model", named, "--covariates", covariates)
    if what == "cluster":
        asked += ("--cluster", cluster)
    record, err = ask(name, *asked, strata=what == "strata")
    (model,) = record["models"]
    n, events = said[1][name, f"cox|{what}|n"]
    assert (model["n"], model["events"]) == (n, events)
    named = len(set(re.findall(r"› row (\d+):", err)))
    more = sum(map(int, re.findall(r"(\d+) more rows are left out", err)))
    assert record["read"]["rows"] - n == named + more
    found = model["coefficients"]
    theirs, errors = (said[1][name, f"cox|{what}|{part}"] for part in ("coefficient", "se"))
    np.testing.assert_allclose([one["coefficient"] for one in found], theirs, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose([one["se"] for one in found], errors, rtol=1e-7, atol=0)
    tests = {test["name"]: test["statistic"] for test in model["tests"]}
    both = [tests["likelihood ratio test"], tests["score test"]]
    np.testing.assert_allclose(both, said[1][name, f"cox|{what}|tests"], rtol=1e-8, atol=0)


@pytest.mark.parametrize("name", MODELLED)
def test_proportional_hazards(ask, said, name):
    (model,) = ask(name, "--model", "cox", "--covariates", SETS[name][5], strata=False)[0]["models"]
    found = [test["statistic"] for test in model["tests"] if test["name"].startswith("proportional")]
    theirs = said[1][name, "zph"][: len(found)]  # of one covariate R says the whole again
    np.testing.assert_allclose(found, theirs, rtol=1e-7, atol=0)  # quotients of iterated sums
