"""The command's curves against R's survfit: from days, with delayed entry, and of competing causes."""

import json
import sys

import numpy as np
import pytest

import r_transcript
from caseseries import cli

NAME = "survival_command"
TOLERANCE = 1e-12  # both sides multiply the same sixty fractions; the order may differ in the last digits


@pytest.fixture(scope="module")
def answers():
    return r_transcript.read_transcript(NAME)


@pytest.fixture
def curves(monkeypatch, capsys):
    def ask(*options: str) -> dict[tuple[str, str | None], dict]:
        file = str(r_transcript.R / f"{NAME}.csv")
        asked = ["--time", "days", "--event", "status", "--group", "arm", "--interval", "log-log", "--json"]
        monkeypatch.setattr(sys, "argv", ["caseseries", "survival", file, *asked, *options])
        with pytest.raises(SystemExit):
            cli.main()
        found = json.loads(capsys.readouterr().out)["curves"]
        return {(curve["group"], curve["cause"]): curve for curve in found}

    return ask


def column(curve, name):
    """A column from the first day after day 0, as R prints it."""
    return np.array([np.nan if value is None else value for value in curve[name]], dtype=float)[1:]


@pytest.mark.parametrize("arm", ["A", "B"])
def test_survival(curves, answers, arm):
    curve = curves()[arm, None]
    for name in ("time", "n_risk"):
        assert column(curve, name).tolist() == answers[arm, name].tolist()
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(column(curve, name), answers[arm, name], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("arm", ["A", "B"])
def test_delayed_entry(curves, answers, arm):
    """R lists the days on which somebody leaves; ours also those on which somebody enters."""
    curve = curves("--entry", "entry")[arm, None]
    leaving = np.isin(curve["time"], answers[arm, "late_time"])
    at_risk, estimate = np.array(curve["n_risk"])[leaving], np.array(curve["estimate"])[leaving]
    assert at_risk.tolist() == answers[arm, "late_n_risk"].tolist()
    np.testing.assert_allclose(estimate, answers[arm, "late_estimate"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("arm", ["A", "B"])
@pytest.mark.parametrize("cause", ["death", "relapse"])
def test_competing_causes(curves, answers, arm, cause):
    curve = curves("--cause", "cause")[arm, cause]
    expected = answers[arm, f"incidence_{cause}"]
    np.testing.assert_allclose(column(curve, "estimate"), expected, rtol=0, atol=TOLERANCE)


def test_the_transcript_is_what_r_says_now(require_tool):
    rscript = require_tool("Rscript", "survival")
    kept = (r_transcript.R / f"{NAME}.out").read_text(encoding="utf-8").splitlines()[1:]
    assert r_transcript.run_again(rscript, NAME) == kept
