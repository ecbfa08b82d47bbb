"""The same plate through every instrument's export: the same levels, and the highest load is never a negative."""

from dataclasses import replace

import numpy as np
import pytest

from caseseries.pcr.calls import State
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import Plate, Reading, stack_curves
from caseseries.pcr.reading import read_plate_bytes
from caseseries.pcr.setup import Saying, Setup, load_setup
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.record.levels import LevelState
from pcr_plates import logistic
from vendor_files import CQ_ONLY, ONE_TARGET, WITH_CURVES, lightcycler_480_raw

SENTINELS = ["Undetermined", "50", "40", "45", "-1", "0", "", "NaN", "N/A", "-"]
PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)
SAMPLES = (MadeSample("pt high", 0.0), MadeSample("pt clear", 0.0), MadeSample("pt 2 in 1000", 2e-3))
# RDES has no amounts and no format but RDML a word for polyclonal DNA: names say both.
SETUP = Setup(samples={"MNC": Saying(role="background")}, control_genes=("ALB",))


@pytest.fixture(scope="module")
def plate() -> Plate:
    """Simulated; the wells of `pt high` rise from the second cycle. The instrument has a Cq where a curve crosses."""
    made = simulate_plate(
        Design(Assay("IGH", background_share=0.5), SAMPLES), "made.rdml", np.random.default_rng(4)
    )
    curves = made.fluorescence.copy()
    high = [n for n, well in enumerate(made.wells) if (well.sample, well.target) == ("pt high", "IGH")]
    curves[high] = logistic(2.0, 0.95) + np.random.default_rng(4).normal(0, 0.01, (3, 50))
    made = replace(made, fluorescence=curves)
    calls = [one.call for one in interpret_plate(made, PROFILE).reactions]
    readings = [Reading(call.cq, "" if call.cq is None else f"{call.cq:.3f}") for call in calls]
    return replace(
        made,
        wells=tuple(replace(w, reading=reading) for w, reading in zip(made.wells, readings, strict=True)),
    )


def levels(plate: Plate, setup: Setup = SETUP):
    return {one.sample: one for one in interpret_plate(plate, PROFILE, setup).levels}


@pytest.mark.parametrize("word", SENTINELS)
@pytest.mark.parametrize("vendor", WITH_CURVES)
def test_with_curves_every_export_tells_the_highest_load_from_nothing(vendor, word, plate):
    read = read_plate_bytes(WITH_CURVES[vendor](plate, word), "export")
    assert len(read.wells) == len(plate.wells)
    found = levels(read)
    high, clear, known = (found[sample.name] for sample in SAMPLES)
    assert high.level.state is LevelState.NOT_EVALUABLE
    assert high.stopped_by[0].code == "level.very_high"
    assert clear.level.state is LevelState.NOT_DETECTED
    own = levels(plate)
    # Cq are written to three decimals and curves to four or five; CFX's baseline is another one.
    assert known.level.value == pytest.approx(own["pt 2 in 1000"].level.value, rel=0.02)
    assert clear.level.sensitivity == pytest.approx(own["pt clear"].level.sensitivity, rel=0.02)


@pytest.mark.parametrize("word", SENTINELS)
@pytest.mark.parametrize("vendor", CQ_ONLY)
def test_without_curves_no_export_gives_a_negative(vendor, word, plate):
    bare = replace(plate, fluorescence=stack_curves([[] for _ in plate.wells]))
    found = levels(read_plate_bytes(CQ_ONLY[vendor](bare, word), "export"))
    for sample in ("pt high", "pt clear"):
        assert found[sample].level.state is LevelState.NOT_EVALUABLE, sample
        assert set(found[sample].calls.values()) == {"not evaluable"}
    # Elsewhere blank background wells say nothing, so that another line carries the level.
    if word or vendor == "LightCycler 96":
        known = found["pt 2 in 1000"].level.value
        assert known == pytest.approx(levels(plate)["pt 2 in 1000"].level.value, rel=0.02)


@pytest.mark.parametrize("word", SENTINELS)
@pytest.mark.parametrize("vendor", ONE_TARGET)
def test_exports_of_one_target_never_call_a_missing_cq_negative(vendor, word, plate):
    """Rotor-Gene and LightCycler 480 write one channel a file, so that there is no control gene either."""
    bare = replace(plate, fluorescence=stack_curves([[] for _ in plate.wells]))
    report = interpret_plate(read_plate_bytes(ONE_TARGET[vendor](bare, word), "export"), PROFILE, SETUP)
    assert {one.level.state for one in report.levels} == {LevelState.NOT_EVALUABLE}
    assert {one.sample for one in report.levels} == {sample.name for sample in SAMPLES}
    standards = [one for one in report.reactions if one.part.role.value == "standard" and one.cq is not None]
    assert len(standards) >= 12
    missing = [one.call.state for one in report.reactions if one.well.sample == "pt high"]
    assert set(missing) <= {State.NONE, State.MISSING}


def test_raw_fluorescence_of_a_lightcycler_480_gives_the_same_levels(plate, tmp_path):
    """Its text knows neither target nor amount: plate.toml says both."""
    said = ['control_genes = ["ALB"]\n', '[samples.MNC]\nrole = "background"\n']
    said += [f'[wells.{well.position}]\ntarget = "{well.target}"\n' for well in plate.wells]
    for sample, well in {well.sample: well for well in plate.wells if well.quantity}.items():
        is_mass = well.unit == "ng"  # "500 ng" names its amount
        said.append(
            f'[samples."{sample}"]\n'
            + ('role = "standard"\n' if is_mass else f"dilution = {well.quantity}\n")
        )
    path = tmp_path / "plate.toml"
    path.write_text("".join(said), encoding="utf-8")
    read = read_plate_bytes(lightcycler_480_raw(plate), "run.txt")
    assert (read.format, read.fluorescence.shape) == ("LightCycler table", plate.fluorescence.shape)
    assert read.wells[0].target == "465-510"
    own, found = levels(plate), levels(read, load_setup(path))
    assert {name: one.level.state for name, one in found.items()} == {
        name: one.level.state for name, one in own.items()
    }
    value = own["pt 2 in 1000"].level.value
    assert found["pt 2 in 1000"].level.value == pytest.approx(value, rel=0.02)
    assert found["pt high"].stopped_by[0].code == "level.very_high"
