"""What carries leukaemia is never called negative, however the file, the bench or the profile conspire.

The worst error of all: the highest load and a true negative get the same word from an instrument. Each test builds a
plate on which something positive could pass for nothing, and asks for "not evaluable" with its reason.
"""

from dataclasses import replace

import numpy as np
import pytest

from caseseries.pcr.calls import State
from caseseries.pcr.criteria import BUILT_IN, PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, load_profile
from caseseries.pcr.markers import join_markers
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import PlateError, Reading, join_plates
from caseseries.pcr.setup import Saying, Setup
from caseseries.pcr.simulate import Assay, simulate_plate
from caseseries.record.levels import LevelState
from pcr_plates import DESIGN, FLAT, logistic, made, own_profile, rows_of


def level_of(plate, profile=PREVENT_FALSE_NEGATIVE, setup=None, **how):
    (level,) = interpret_plate(plate, load_profile(profile), setup, **how).levels
    assert "negative" not in level.calls.values() or level.level.state is not LevelState.NOT_EVALUABLE
    return level


def stopped(level, code):
    assert level.level.state is LevelState.NOT_EVALUABLE
    assert set(level.calls.values()) == {"not evaluable"}
    assert [rule.code for rule in level.stopped_by] == [code]
    return level.reasons[0]


def test_a_flat_sample_is_negative():
    """Or nothing below would mean anything."""
    assert level_of(made(FLAT, FLAT, FLAT)).level.state is LevelState.NOT_DETECTED


@pytest.mark.parametrize("profile", BUILT_IN)
@pytest.mark.parametrize("plateau", [1.0, 2.0, 3.0, 5.0, 10.0, 15.0])
@pytest.mark.parametrize("cq", [-1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 6.5, 8.0, 9.0, 10.0, 12.0])
def test_the_highest_loads_at_any_plateau(cq, plateau, profile):
    """A very high load may end on a plateau of its own, even a tenth of the others'."""
    shape = logistic(cq, 0.95, plateau=plateau) + np.random.default_rng(3).normal(0, 0.01, 50)
    level = level_of(made(shape, shape, shape), profile)
    assert level.level.state in (LevelState.NOT_EVALUABLE, LevelState.QUANTIFIED)
    assert "negative" not in level.calls.values()


@pytest.mark.parametrize("profile", BUILT_IN)
@pytest.mark.parametrize("cq", [15.0, 20.0, 25.0, 30.0])
def test_a_dim_curve_below_the_threshold(cq, profile):
    shape = logistic(cq, 0.95, plateau=0.8) + np.random.default_rng(3).normal(0, 0.01, 50)
    said = stopped(level_of(made(shape, shape, shape), profile), "level.rising_curve")
    assert said.startswith("rise: the curve rises in ")


@pytest.mark.parametrize("profile", BUILT_IN)
@pytest.mark.parametrize("cq", [2.0, 15.0, 20.0, 25.0])
def test_one_high_well_of_three(cq, profile):
    level = level_of(made(cq, FLAT, FLAT), profile)
    assert level.level.state is LevelState.NOT_EVALUABLE
    assert set(level.calls.values()) == {"not evaluable"}


@pytest.mark.parametrize("excluded", ["the plate file", "the plate file: BADROX"])
@pytest.mark.parametrize("cq", [2.0, 24.0])
def test_a_well_that_the_file_excludes(cq, excluded):
    """Four wells, of which the instrument left out the one that amplified."""
    plate = simulate_plate(replace(DESIGN, replicates=4), "p.rdml", np.random.default_rng(1))
    row = rows_of(plate)[0]
    curves, wells = plate.fluorescence.copy(), list(plate.wells)
    curves[row], wells[row] = logistic(cq, 0.95), replace(wells[row], excluded=excluded)
    level = level_of(replace(plate, fluorescence=curves, wells=tuple(wells)))
    said = stopped(level, "level.rising_curve")
    assert f"excluded by {excluded}" in said


def test_a_well_that_a_person_excludes_with_a_reason_is_named():
    plate = simulate_plate(replace(DESIGN, replicates=4), "p.rdml", np.random.default_rng(1))
    row = rows_of(plate)[0]
    place = plate.wells[row].position
    said = Setup(wells={place: Saying(exclude="splashed, E. Bench")})
    for cq, state in ((24.0, LevelState.NOT_DETECTED), (2.0, LevelState.NOT_EVALUABLE)):
        curves = plate.fluorescence.copy()
        curves[row] = logistic(cq, 0.95)
        level = level_of(replace(plate, fluorescence=curves), setup=said)
        assert level.level.state is state
        assert any(place in reason and "splashed, E. Bench" in reason for reason in level.reasons)


@pytest.mark.parametrize("cq", [15.0, 24.0, 33.0])
def test_the_instrument_s_word_against_a_curve_that_amplifies(cq):
    plate = made(cq, cq, cq)
    wells = [
        replace(
            one,
            reading=Reading(call.cq, f"{call.cq:.2f}") if call.cq else Reading(None, "Undetermined", "none"),
        )
        for one, call in zip(plate.wells, calls_of(plate), strict=True)
    ]
    for row in rows_of(plate):
        wells[row] = replace(wells[row], reading=Reading(None, "Undetermined", "the instrument found no Cq"))
    level = level_of(replace(plate, wells=tuple(wells)), use_instrument=True)
    stopped(level, "level.rising_curve")


def calls_of(plate):
    return [one.call for one in interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE)).reactions]


def test_the_instrument_s_cq_against_a_curve_that_does_not():
    seen = made(FLAT, FLAT, FLAT, reading=Reading(27.3, "27.3"))
    assert "has a Cq in" in stopped(level_of(seen), "level.instrument_positive")
    last_cycle = made(FLAT, FLAT, FLAT, reading=Reading(40.0, "40.0"))
    assert level_of(last_cycle).level.state is LevelState.NOT_DETECTED


@pytest.mark.parametrize("threshold", [0.05, 3.0, 8.0])
def test_a_threshold_set_wrong(threshold):
    """Set too high, dim wells stay below it; set too low, it sits in the noise. Neither makes a negative."""
    dim = logistic(22.0, 0.95, plateau=6.0)
    level = level_of(made(dim, dim, dim), setup=Setup(thresholds={"IGH": threshold}))
    assert level.level.state is not LevelState.NOT_DETECTED
    assert "negative" not in level.calls.values()


def test_another_marker_does_not_speak_for_one_that_is_too_high():
    rng = np.random.default_rng(1)
    high, clear = made(2.0, 2.0, 2.0), simulate_plate(replace(DESIGN, marker=Assay("TRG")), "q.rdml", rng)
    report = interpret_plate(join_plates([high, clear]), load_profile(PREVENT_FALSE_NEGATIVE))
    (sample,) = (one for one in join_markers(report.levels, report.profile) if one.sample == "pt")
    assert {one.level.state for one in sample.markers} == {LevelState.NOT_EVALUABLE, LevelState.NOT_DETECTED}
    assert sample.level.state is LevelState.NOT_EVALUABLE
    assert sample.reasons[0].startswith("IGH may stand higher than every other marker: baseline: no baseline")


@pytest.mark.parametrize(("cq", "state"), [(22.0, LevelState.NOT_EVALUABLE), (FLAT, LevelState.NOT_DETECTED)])
def test_nor_for_one_of_too_few_wells_whose_excluded_ones_rise(cq, state):
    """Too few wells stop a level before anything is asked of them."""
    plate = made(cq, cq, FLAT)
    wells = list(plate.wells)
    for row in rows_of(plate)[:2]:
        wells[row] = replace(wells[row], excluded="the plate file")
    other = simulate_plate(replace(DESIGN, marker=Assay("TRG")), "q.rdml", np.random.default_rng(5))
    report = interpret_plate(
        join_plates([replace(plate, wells=tuple(wells)), other]), load_profile(PREVENT_FALSE_NEGATIVE)
    )
    (sample,) = join_markers(report.levels, report.profile)
    assert sample.level.state is state
    assert any("the curve rises in D5" in reason for reason in sample.reasons) is (cq == 22.0)


def test_joining_plates_does_not_hide_a_well_that_begins_on_its_plateau():
    high = made(*[np.full(50, 12.0)] * 3)
    other = simulate_plate(DESIGN, "q.rdml", np.random.default_rng(2))
    net = replace(other, fluorescence=other.fluorescence - 2.0, subtracted=True)
    report = interpret_plate(join_plates([high, net]), load_profile(PREVENT_FALSE_NEGATIVE))
    states = {
        one.call.state for one in report.reactions if one.well.sample == "pt" and one.well.plate == "p.rdml"
    }
    assert State.BASELINE_FAILURE in states


def test_a_stricter_aim_claims_no_more_than_it_could_have_called():
    """To prevent false positives a well must lie 3 cycles below the background: less than that was not looked for."""
    near = 1.5
    plate = simulate_plate(
        replace(DESIGN, marker=Assay("IGH", background_share=1.0, background_cq=36.0)), "p.rdml"
    )
    curves = plate.fluorescence.copy()
    (curve,) = (
        one
        for one in interpret_plate(plate, load_profile(PREVENT_FALSE_POSITIVE)).curves
        if not one.is_control_gene
    )
    for row in rows_of(plate):
        curves[row] = logistic(curve.background_cq - near, 0.95)
    level = level_of(replace(plate, fluorescence=curves), PREVENT_FALSE_POSITIVE)
    shown = curve.range_line.read(curve.background_cq - near)
    assert level.level.state is LevelState.NOT_DETECTED
    assert level.level.sensitivity > shown  # a level that stood there is not denied
    assert level.calls == {"prevent-false-negative": "positive", "prevent-false-positive": "negative"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"positive_wells_least": 4}, "own.toml › criteria.positive_wells_least.value: the value is 4, above follow_up_wells_least (3). Allowed: at most follow_up_wells_least. Correct the profile."),
        ({"positive_background_margin": 30}, "own.toml › criteria.positive_background_margin.value: the value is 30. Allowed: 0 to 10. Correct the profile."),
        ({"floor_copies": 0}, "own.toml › criteria.floor_copies.value: the value is 0. Allowed: 1 to 20. Correct the profile."),
        ({"slope_steepest": -3.0}, "own.toml › criteria.slope_steepest.value: the value is -3, above slope_shallowest (-3.1). Allowed: at most slope_shallowest. Correct the profile."),
    ],
)  # fmt: skip
def test_a_profile_that_could_call_nothing_positive_is_refused(tmp_path, values, said):
    with pytest.raises(PlateError) as refused:
        load_profile(own_profile(tmp_path / "own.toml", **values))
    assert [str(one) for one in refused.value.findings] == [said]


@pytest.mark.parametrize(
    "values",
    [
        {"positive_background_margin": 10},
        {"positive_beyond_sensitivity_most": 0},
        {"follow_up_wells_least": 1},
    ],
)
@pytest.mark.parametrize("cq", [2.0, 12.0, 18.0, 25.0])
def test_no_profile_of_one_s_own_makes_a_high_load_negative(tmp_path, values, cq):
    level = level_of(made(cq, cq, cq), own_profile(tmp_path / "own.toml", **values))
    assert level.level.state in (LevelState.QUANTIFIED, LevelState.NOT_EVALUABLE)
