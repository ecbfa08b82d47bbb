"""Do simulated plates give back what was put in? Ten thousand are run by benchmarks/mrd.py; here, a few hundred.

The bounds are three standard errors about the promise, so that a method that keeps it passes with this seed
and one that does not fails.
"""

import math

import pytest

from caseseries.pcr.command import read_report
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE
from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.recovery import recover
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.record.levels import LevelState

PLATES = 400


@pytest.fixture(scope="module")
def recovered():
    return recover(PLATES, seed=2020)


def test_intervals_cover_the_true_level_as_often_as_they_promise(recovered):
    slack = 3 * math.sqrt(0.95 * 0.05 / recovered.quantified)
    assert 0.93 - slack < recovered.coverage < 0.97 + slack
    assert recovered.quantified > 0.8 * PLATES


def test_levels_are_not_biased(recovered):
    assert abs(recovered.mean_log10_error) < 0.01


def test_false_positives_and_false_negatives_are_ordered_by_aim(recovered):
    lenient, strict = recovered.rates["prevent-false-negative"], recovered.rates["prevent-false-positive"]
    assert lenient.false_negative <= strict.false_negative
    assert lenient.false_positive >= strict.false_positive
    assert strict.false_positive < 0.01


LETTER = {"before": 2e-3, "highest": 1e-2, "lowest": 6e-4, "after": 0.0, "partial": 2e-4}


def test_the_demo_s_plates_give_back_the_levels_they_were_made_for(tmp_path):
    samples = tuple(MadeSample(name, level, amplifiable=0.9) for name, level in LETTER.items())
    path = tmp_path / "case01.rdml"
    path.write_bytes(
        write_rdml(simulate_plate(Design(Assay("IGH-1", background_share=0.3), samples), path.name))
    )
    report = read_report([path], PREVENT_FALSE_NEGATIVE)
    for one in report.levels:
        true = LETTER[one.sample]
        if true:
            assert one.level.value == pytest.approx(true, rel=0.02)
            assert one.lower < true < one.upper
        else:
            assert one.level.state is LevelState.NOT_DETECTED
            assert one.level.sensitivity < 1e-4
