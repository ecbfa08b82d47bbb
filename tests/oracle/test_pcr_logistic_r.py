"""Our Cq beside R's on published curves: another model of the curve, another baseline, the same standard curves.

qpcR itself is not in Debian; its five-parameter curve is fitted by R's own nls(). It has a level baseline where ours is a
line through each well's own cycles, so that Cq shift by a constant and late wells scatter a little.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import Task
from caseseries.pcr.reading import read_plate
from r_transcript import read_transcript, run_again

SAID = read_transcript("pcr_logistic")
ASSAYS = sorted({case for case, what in SAID if what == "line"})


@pytest.fixture(scope="module")
def curves(data_folder):
    """The standard curves of both plates that R was asked about, by the name that R knows them by."""
    profile = load_profile(PREVENT_FALSE_NEGATIVE)
    plates = [read_plate(data_folder / "data" / "qpcr" / name) for name in ("absolute.rdml", "probes.rdml")]
    found = [curve for plate in plates for curve in interpret_plate(plate, profile).curves]
    return {curve.target.replace(" ", "_"): curve for curve in found if curve.accepted}


def test_the_plates_have_the_assays_that_r_was_asked_about(curves):
    assert sorted(curves) == ASSAYS
    assert len(ASSAYS) == 12


@pytest.mark.parametrize("assay", ASSAYS)
def test_slopes_agree_within_r_s_standard_error(assay, curves):
    slope, r, error = SAID[assay, "line"]
    assert abs(curves[assay].line.slope - slope) < error
    assert abs(curves[assay].line.r - r) < 0.002  # the third place, where r is judged by the second


@pytest.mark.parametrize("assay", ASSAYS)
def test_a_cq_of_ours_is_r_s_and_a_constant_of_its_target(assay, curves):
    ours = {one.well.position: one.cq for step in curves[assay].steps for one in step.reactions if one.cq}
    gaps = [cq - SAID[assay, well][0] for well, cq in ours.items()]
    assert len(gaps) == 15
    assert np.std(gaps) < 0.1  # replicates themselves scatter by 0.1 to 0.2
    assert abs(np.mean(gaps)) < 0.2


def test_by_r_the_slopes_of_the_probe_plate_are_the_published_ones():
    """-3.43 to -3.57. The file holds no Cq of its instrument, so that these come from a level baseline, as R's do."""
    slopes = [values[0] for (assay, what), values in SAID.items() if what == "line" and "FSTL" in assay]
    assert len(slopes) == 8
    assert all(-3.57 <= round(slope, 2) <= -3.43 for slope in slopes)


def test_r_still_says_so(require_tool, data_folder, tmp_path):
    path = tmp_path / "curves.csv"
    write_curves(path, data_folder / "data" / "qpcr")
    for line in run_again(require_tool("Rscript"), "pcr_logistic", str(path)):
        case, what, *values = line.split()
        assert [float(value) for value in values] == pytest.approx(SAID[case, what], rel=1e-4)


def write_curves(path: Path, folder: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["target", "well", "copies", "cycle", "fluor"])
        for name, run in (("absolute.rdml", ""), ("probes.rdml", "P4")):
            plate = read_plate(folder / name)
            for well, curve in zip(plate.wells, plate.fluorescence, strict=True):
                is_meant = well.task is Task.STANDARD and well.run.startswith(run)
                if is_meant and "No Primer" not in well.target and "T_770" not in well.target:
                    target = well.target.replace(" ", "_")
                    rows.writerows(
                        [target, well.position, well.quantity, cycle, value]
                        for cycle, value in enumerate(curve, 1)
                        if np.isfinite(value)
                    )
