"""Real plates: numbers that others computed, and what must not be concluded from them."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from caseseries.pcr.calls import State, call_wells, count_states
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import Task
from caseseries.pcr.reading import read_plate
from caseseries.record.levels import LevelState

PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)
RDMLPYTHON = Path(__file__).parent / "rdmlpython" / "absolute_cq.out"


@pytest.fixture(scope="module")
def plate(data_folder):
    return lambda name: read_plate(data_folder / "data" / "qpcr" / name)


@pytest.fixture(scope="module")
def absolute(plate):
    return plate("absolute.rdml")


def by_target(report):
    return {curve.target.split("_")[0]: curve for curve in report.curves}


def test_the_instrument_s_cq_gives_the_published_curves(absolute):
    curves = by_target(interpret_plate(absolute, PROFILE, use_instrument=True))
    slopes = {name: round(curve.line.slope, 3) for name, curve in curves.items()}
    assert slopes == {"BIRC5": -3.600, "CDCA5": -3.435, "DDC": -3.398, "ECEL1": -3.410}
    assert round(curves["BIRC5"].line.r, 4) == -0.9946
    assert round(curves["BIRC5"].range_line.slope, 3) == -3.569
    assert round(curves["BIRC5"].range_line.r, 4) == -0.9993
    assert all(curve.accepted for curve in curves.values())


@pytest.mark.parametrize("use_instrument", [True, False])
def test_the_lowest_step_of_birc5_is_outside_the_range_by_either_cq(absolute, use_instrument):
    curves = by_target(interpret_plate(absolute, PROFILE, use_instrument=use_instrument))
    assert {name: curve.quantitative_range for name, curve in curves.items()} == {
        "BIRC5": 18.75,
        "CDCA5": 1.875,
        "DDC": 1.875,
        "ECEL1": 1.875,
    }
    lowest = curves["BIRC5"].steps[-1]
    assert max(lowest.cqs) - min(lowest.cqs) == pytest.approx(2.79, abs=0.1)
    assert curves["BIRC5"].unit == "cop"


def test_our_cq_agrees_with_the_instrument_s(absolute):
    calls = call_wells(absolute, late_after=40)
    gaps = [
        call.own_cq - well.reading.cq
        for call, well in zip(calls, absolute.wells, strict=True)
        if call.own_cq is not None and well.reading.cq is not None
    ]
    assert len(gaps) == 84
    assert max(map(abs, gaps)) < 0.5


def test_copies_without_background_or_control_gene_are_no_level(absolute):
    report = interpret_plate(absolute, PROFILE)
    assert {one.level.state for one in report.levels} == {LevelState.NOT_EVALUABLE}
    codes = [finding.code for finding in report.findings]
    assert codes.count("plate.no_background") == 4
    assert codes.count("plate.no_control_gene") == 1


def test_linregpcr_reads_the_same_standards_alike(absolute):
    """rdmlpython places its line elsewhere, so its Cq are shifted; within a target the shift is one constant."""
    theirs = {}
    for line in RDMLPYTHON.read_text(encoding="utf-8").splitlines():
        target, position, cq = line.split(" ")
        theirs[target, position] = float(cq)
    gaps = defaultdict(list)
    for call, well in zip(call_wells(absolute, late_after=40), absolute.wells, strict=True):
        if well.task is Task.STANDARD and theirs[well.target, well.position] > 0:
            gaps[well.target].append(call.own_cq - theirs[well.target, well.position])
    assert [len(gap) for gap in gaps.values()] == [15] * 4
    for gap in gaps.values():
        assert np.ptp(gap) < 0.45
        assert np.std(gap) < 0.12


def test_vermeulen_one_assay_of_sixty_four_is_refused_and_six_lose_their_lowest_step(plate):
    report = interpret_plate(plate("data_vermeulen_std_150000_15.rdml"), PROFILE)
    assert len(report.curves) == 64
    refused = [curve.target for curve in report.curves if not curve.accepted]
    assert refused == ["ALUsq(Eurogentec)_20080228"]
    shortened = [curve for curve in report.curves if curve.accepted and curve.quantitative_range > 1.875]
    assert len(shortened) == 6
    slopes = [curve.line.slope for curve in report.curves]
    assert np.median(slopes) == pytest.approx(-3.457, abs=0.01)
    assert count_states([one.call for one in report.reactions])[State.AMPLIFIED] == 960


def test_hydrolysis_probes_on_genomic_dna(plate):
    """Four amplicons in two mixes; the fifth, of 770 bases, is too long for its chemistry and is refused.

    The file holds no Cq of its instrument. The published slopes are -3.43 to -3.57.
    """
    report = interpret_plate(plate("probes.rdml"), PROFILE)
    curves = [curve for curve in report.curves if "No Primer" not in curve.target]
    sound = [curve for curve in curves if "T_770" not in curve.target]
    assert len(sound) == 8
    assert all(curve.accepted for curve in sound)
    assert all(-3.57 <= round(curve.line.slope, 2) <= -3.43 for curve in sound)
    assert [curve.accepted for curve in curves if "T_770" in curve.target] == [False, False]


def test_replicates_on_the_probe_plate_scatter_no_more_than_by_r(plate):
    """Wells whose optics settle slowly used to lend their slope to the Cq: 0.168 cycles on one assay, 0.073 by R."""
    report = interpret_plate(plate("probes.rdml"), PROFILE)
    (curve,) = (one for one in report.curves if one.target == "FSTL_1_O_417 250nM 150nM IDT")
    spread = [np.var([one.cq for one in step.reactions], ddof=1) for step in curve.steps]
    assert np.sqrt(np.mean(spread)) < 0.09


def test_a_real_well_that_begins_on_its_plateau_is_not_negative(plate):
    """probes.rdml, P8 › K10: 24.9 from the first cycle to the last, where its replicates start at 5."""
    probes = plate("probes.rdml")
    row = next(n for n, well in enumerate(probes.wells) if (well.run[:2], well.position) == ("P8", "K10"))
    assert call_wells(probes, late_after=40)[row].state is State.BASELINE_FAILURE


def test_a_real_well_that_creeps_up_far_below_the_threshold_is_not_level(plate):
    """lc96_bACTXY.rdml, E10: a fifth of the threshold at the end, 78 times its own noise, as E7 and E8 beside it."""
    creeping = plate("lc96_bACTXY.rdml")
    calls = dict(
        zip(
            ((w.position, w.target) for w in creeping.wells), call_wells(creeping, late_after=40), strict=True
        )
    )
    assert calls["E10", "Hex@X"].state is State.NONE
    assert calls["E10", "Hex@X"].strays
    assert all(calls[well, "Hex@X"].faint_cq is not None for well in ("E7", "E8"))


def test_the_published_plates_keep_their_negatives(plate):
    """Wells without amplification that nothing speaks against: what care must not cost."""
    kept = {}
    for name in ("absolute.rdml", "lc96_bACTXY.rdml", "probes.rdml", "RAS002.rdml", "BioRad.xlsx"):
        calls = call_wells(plate(name), late_after=40)
        kept[name] = sum(
            one.state is State.NONE and not one.strays and one.faint_cq is None and one.seen for one in calls
        )
    assert kept == {
        "absolute.rdml": 11,
        "lc96_bACTXY.rdml": 287,
        "probes.rdml": 98,
        "RAS002.rdml": 123,
        "BioRad.xlsx": 4,
    }


def test_water_is_clean_on_the_probe_plate_but_for_one_late_well(plate):
    probes = plate("probes.rdml")
    wet = [
        (well.position, round(call.cq, 1))
        for call, well in zip(call_wells(probes, late_after=40), probes.wells, strict=True)
        if well.task is Task.WATER and call.is_amplified
    ]
    assert wet == [("J17", 56.1)]


@pytest.mark.parametrize(
    ("name", "format_", "wells", "cycles"),
    [
        ("lc96_bACTXY.rdml", "RDML 1.1", 384, 50),
        ("RAS002.rdml", "RDML 1.2", 192, 40),
        ("BioRad.xlsx", "Bio-Rad CFX table", 16, 63),
        ("sample.tsv", "table", 96, 45),
    ],
)
def test_vendor_files_are_read_whole(plate, name, format_, wells, cycles):
    found = plate(name)
    assert (found.format, *found.fluorescence.shape) == (format_, wells, cycles)
    assert len(found.wells) == wells
    assert np.isfinite(found.fluorescence).all()
    assert sum(count_states(call_wells(found, late_after=40)).values()) == wells
