"""Plates that lie: each mistake of a bench, a file or an instrument that could make leukaemia pass for nothing.

Every case is put to all three built-in profiles; none may claim a negative, and the reason must be the right one.
"""

from dataclasses import replace

import numpy as np
import pytest

from caseseries.pcr.calls import call_wells
from caseseries.pcr.criteria import BUILT_IN, PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import PlateError, Reading, Task, join_plates
from caseseries.pcr.reading import read_plate_bytes
from caseseries.pcr.readings import FOUND_NONE
from caseseries.pcr.setup import Setup
from caseseries.pcr.simulate import MadeSample, simulate_plate
from caseseries.record.levels import LevelState
from pcr_plates import DESIGN, FLAT, logistic, made, one_well, rdml, rows_of, usual_bench

NOISE = np.random.default_rng(3).normal(0, 0.01, 50)
DILUTIONS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def codes_of(plate, setup=None):
    """What stopped the level of "pt" under each profile; fails where any of them calls it negative."""
    found = []
    for profile in BUILT_IN:
        for level in interpret_plate(plate, load_profile(profile), setup).levels:
            if level.sample == "pt":
                assert level.level.state is not LevelState.NOT_DETECTED, profile
                assert "negative" not in level.calls.values(), profile
                found += [rule.code for rule in level.stopped_by]
    return set(found)


def pipetted(level=2e-3, **design):
    """A simulated plate with one sample of this level."""
    return simulate_plate(
        replace(DESIGN, samples=(MadeSample("pt", level),), **design), "p.rdml", np.random.default_rng(4)
    )


def wells_of(plate, sample, target="IGH"):
    return [n for n, one in enumerate(plate.wells) if (one.sample, one.target) == (sample, target)]


def rewritten(plate, rewrite):
    return replace(plate, wells=tuple(rewrite(n, well) for n, well in enumerate(plate.wells)))


def kept(plate, keep):
    rows = [n for n, well in enumerate(plate.wells) if keep(n, well)]
    return replace(plate, wells=tuple(plate.wells[n] for n in rows), fluorescence=plate.fluorescence[rows])


def exchanged(plate, some, others):
    """The wells' contents swapped: what a turned plate or a slipped pipette does."""
    curves = plate.fluorescence.copy()
    curves[some], curves[others] = plate.fluorescence[others], plate.fluorescence[some]
    return replace(plate, fluorescence=curves)


def drawn(*shapes):
    return made(*(shape if np.ndim(shape) == 0 else shape + NOISE for shape in shapes))


# What an instrument writes.


@pytest.mark.parametrize("word", [0.0, -1.0, 40.0, 44.97, 45.0, 50.0, 60.01, 70.0, 99.9, 999.0, 1e6])
@pytest.mark.parametrize("background", [None, [38.5] * 3 + ["Undetermined"] * 3])
def test_a_number_for_none_without_a_curve(word, background):
    """40 is known for a last cycle; 44.97 and 999 are not, and stand for one all the same."""
    if word > 0:
        assert codes_of(usual_bench({"pt": [word] * 3}, background).plate()) == {"level.no_curves"}
        seen = interpret_plate(
            usual_bench({"pt": [word] * 3}, background).plate(),
            load_profile(PREVENT_FALSE_NEGATIVE),
            Setup(curves_reviewed_by="E. Bench"),
        )
        assert seen.levels[0].level.state is LevelState.NOT_DETECTED
    data = f"<cq>{word}</cq>"
    (well,) = read_plate_bytes(rdml(one_well(data)), "p.rdml").wells
    assert well.reading.cq is None or well.reading.cq == word > 0


@pytest.mark.parametrize("reading", [0.0, 2.0, 1e-3, 12.0, 65535.0])
def test_a_channel_that_says_the_same_in_every_cycle(reading):
    """Zeros where nothing was exported, or the end of the detector's scale."""
    stuck = np.full(50, reading)
    assert codes_of(made(stuck, stuck, stuck)) <= {"level.few_wells", "level.very_high"}
    assert codes_of(made(stuck, FLAT, FLAT)) <= {"level.few_wells", "level.very_high"}


def test_a_detector_that_is_full_before_the_curve_is_seen_to_rise():
    full = np.minimum(logistic(12.0, 0.95), 2.04)
    assert codes_of(made(full, full, full)) <= {"level.few_wells", "level.very_high"}


def test_a_curve_of_no_numbers():
    nothing = np.full(50, np.nan)
    assert codes_of(made(nothing, nothing, nothing)) == {"level.few_wells"}


@pytest.mark.parametrize("last", [15, 16, 20, 25, 30, 35])
def test_a_run_that_ended_too_soon(last):
    """Flat to cycle 25 says nothing of what would have risen at 34."""
    short = np.where(np.arange(1, 51) <= last, logistic(FLAT) + NOISE, np.nan)
    assert codes_of(made(short, short, short)) == {"level.short_curve"}
    assert codes_of(made(short, FLAT, FLAT)) == {"level.short_curve"}


def test_a_run_that_ended_too_soon_beside_standards_of_which_only_the_cq_is_known():
    """They amplified at 36 on another instrument, whose curves were not exported."""
    short = np.where(np.arange(1, 51) <= 25, logistic(FLAT) + NOISE, np.nan)
    plate = made(short, short, short)
    wells, curves = list(plate.wells), plate.fluorescence.copy()
    for row, call in enumerate(call_wells(plate, late_after=40)):
        if wells[row].task is Task.STANDARD:
            reading = Reading(call.cq, f"{call.cq:.3f}") if call.cq else Reading(None, "-", FOUND_NONE)
            wells[row], curves[row] = replace(wells[row], reading=reading), np.nan
    assert codes_of(replace(plate, wells=tuple(wells), fluorescence=curves)) == {"level.short_curve"}


@pytest.mark.parametrize("first", [4, 6, 11, 15])
@pytest.mark.parametrize("subtracted", [False, True])
def test_a_curve_without_its_first_cycles(first, subtracted):
    """Spent by then, the highest load of all is level, and with its baseline off it is nothing."""
    spent = np.where(np.arange(1, 51) < first, np.nan, logistic(-3.0, 0.95, base=-8.0) + NOISE)
    flat = np.where(np.arange(1, 51) < first, np.nan, logistic(FLAT) + NOISE)
    for curve in (spent, flat):
        plate = replace(made(curve, curve, curve), subtracted=subtracted)
        assert codes_of(plate) <= {"level.short_curve", "level.very_high", "level.not_level"}
        assert codes_of(plate)


def test_a_run_as_long_as_its_standards_is_long_enough():
    """Forty cycles for all: the sensitivity was shown within them."""
    plate = made(FLAT, FLAT, FLAT)
    forty = replace(plate, fluorescence=plate.fluorescence[:, :40])
    (level,) = interpret_plate(forty, load_profile(PREVENT_FALSE_NEGATIVE)).levels
    assert level.level.state is LevelState.NOT_DETECTED


@pytest.mark.parametrize("cq", [22.0, 25.0, 30.0, 33.0])
def test_cycles_that_are_missing_where_it_rose(cq):
    """The Cq would be drawn through the gap, later than it was."""
    gap = logistic(cq, 0.95)
    gap[19:40] = np.nan
    assert "level.few_wells" in codes_of(made(gap, gap, gap))


@pytest.mark.parametrize("cq", [20.0, 25.0, 33.0])
def test_every_second_cycle_is_a_curve_still(cq):
    curve = logistic(cq, 0.95) + NOISE
    curve[1::2] = np.nan
    assert not codes_of(made(curve, curve, curve))


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("cq", [15.0, 20.0, 25.0, 30.0])
def test_a_curve_of_a_fiftieth_of_the_others(cq, share):
    dim = logistic(cq, 0.95, plateau=10 * share) + NOISE / 10
    assert "level.rising_curve" in codes_of(made(dim, dim, dim))


@pytest.mark.parametrize("scatter", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("cq", [FLAT, 2.0, 20.0, 33.0])
def test_a_curve_far_quieter_than_its_neighbours_is_no_measurement(cq, scatter):
    """Light of a hundredth on an offset: level to the eye, whatever rises in it."""
    faint = 2.0 + 0.004 * (logistic(cq, 0.95) - 2) + scatter * NOISE
    assert codes_of(made(faint, faint, faint)) <= {"level.few_wells", "level.rising_curve", "level.very_high"}
    assert codes_of(made(faint, faint, faint))


def test_a_curve_a_fifth_as_quiet_is_one():
    """On the published plates no well has less."""
    level = logistic(FLAT) + NOISE / 5
    (found,) = interpret_plate(made(level, level, level), load_profile(PREVENT_FALSE_NEGATIVE)).levels
    assert found.level.state is LevelState.NOT_DETECTED


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1])
def test_the_highest_load_on_a_low_plateau(share):
    dim = logistic(2.0, 0.95, plateau=10 * share) + NOISE / 10
    assert codes_of(made(dim, dim, dim)) == {"level.very_high"}


@pytest.mark.parametrize("cq", [15.0, 20.0, 25.0, 30.0])
def test_a_curve_upside_down(cq):
    """A wrong sign, or a bubble that bursts: what falls is not level."""
    turned = 24 - logistic(cq, 0.95)
    assert codes_of(drawn(turned, turned, turned)) <= {"level.not_level", "level.very_high"}
    assert codes_of(drawn(turned, FLAT, FLAT)) <= {"level.not_level", "level.very_high"}


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_in_noise(seed):
    """It climbs three times the threshold, and seldom multiplies from one cycle to the next."""
    noisy = logistic(24.0, 0.95, plateau=3.0) + np.random.default_rng(seed).normal(0, 0.4, 50)
    assert codes_of(made(noisy, noisy, noisy)) <= {"level.not_level", "level.very_high"}


@pytest.mark.parametrize("at", [42, 44, 46])
@pytest.mark.parametrize("cq", [19.0, 22.0, 25.0])
def test_a_step_at_the_end_that_passes_for_the_rise(cq, at):
    """The sharpest bend is the bubble's: the baseline before it holds the whole amplification, or its plateau."""
    late = logistic(cq, 0.95, plateau=3.0) + np.where(np.arange(50) >= at, 8.0, 0.0)
    assert codes_of(drawn(late, late, late)) in ({"level.not_level"}, {"level.very_high"})


@pytest.mark.parametrize("cq", [20.0, 25.0, 30.0, 33.0])
@pytest.mark.parametrize("drift", [-0.2, -0.05, 0.05])
def test_drift_hides_no_curve(cq, drift):
    curve = 20 + logistic(cq, 0.95) + drift * np.arange(50)
    assert not codes_of(drawn(curve, curve, curve))


@pytest.mark.parametrize("below", [-5.0, -50.0, -1e4])
def test_negative_fluorescence_is_a_curve_like_any_other(below):
    curve = below + logistic(25.0, 0.95)
    plate = drawn(curve, curve, curve)
    assert not codes_of(replace(plate, fluorescence=plate.fluorescence + below, subtracted=True))


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1e-2])
def test_a_well_without_light(scale):
    """A reaction without its probe cannot rise."""
    plate = pipetted()
    curves = plate.fluorescence.copy()
    curves[rows_of(plate)] *= scale
    assert codes_of(replace(plate, fluorescence=curves)) <= {"level.few_wells", "level.rising_curve"}


# What is pipetted.


@pytest.mark.parametrize("other", ["water", "MNC", *(f"dx {level:g}" for level in DILUTIONS)])
def test_wells_exchanged_with_a_control_or_a_standard(other):
    plate = pipetted()
    theirs = wells_of(plate, other)[:3]
    swapped = exchanged(plate, rows_of(plate)[: len(theirs)], theirs)
    assert codes_of(swapped) <= {"level.water", "level.curve_refused"}


def test_water_that_amplifies_like_the_sample():
    plate = pipetted()
    curves = plate.fluorescence.copy()
    water = wells_of(plate, "water")
    curves[water] = curves[rows_of(plate)[: len(water)]]
    assert codes_of(replace(plate, fluorescence=curves)) == {"level.water"}


@pytest.mark.parametrize("cq", [20.0, 25.0, 28.0, 30.0])
def test_a_background_earlier_than_the_sample(cq):
    plate = pipetted()
    curves = plate.fluorescence.copy()
    curves[wells_of(plate, "MNC")] = logistic(cq, 0.95) + NOISE
    assert codes_of(replace(plate, fluorescence=curves)) == {"level.curve_refused"}


@pytest.mark.parametrize(("amplifiable", "stopped"), [(0.5, set()), (0.05, {"level.little_dna"})])
def test_too_little_dna(amplifiable, stopped):
    """What is left of a negative is its own sensitivity, until nothing is left of it."""
    design = replace(DESIGN, samples=(MadeSample("pt", 0.0, amplifiable),))
    plate = simulate_plate(design, "p.rdml", np.random.default_rng(4))
    (level,) = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE)).levels
    assert {rule.code for rule in level.stopped_by} == stopped
    if not stopped:
        assert level.level.sensitivity == pytest.approx(3 / (3 * 500 / 6.6e-3 * amplifiable), rel=0.1)


@pytest.mark.parametrize("cq", [FLAT, 2.0])
def test_a_control_gene_that_is_inhibited_or_overloaded(cq):
    plate = pipetted(0.0)
    curves = plate.fluorescence.copy()
    curves[wells_of(plate, "pt", "ALB")] = logistic(cq, 0.97) + NOISE
    assert codes_of(replace(plate, fluorescence=curves)) == {"level.control_gene"}


@pytest.mark.parametrize(("sample", "stopped"), [("MNC", "level.background"), ("pt", "level.control_gene")])
def test_a_plate_from_which_something_is_missing(sample, stopped):
    plate = pipetted(0.0)
    gone = wells_of(plate, sample, "ALB" if sample == "pt" else "IGH")
    assert codes_of(kept(plate, lambda n, _: n not in gone)) == {stopped}


@pytest.mark.parametrize("part", [0, 1])
def test_half_a_plate(part):
    """One half has the standards and no sample, the other a sample and nothing to hold it against."""
    plate = pipetted(0.0)
    half = len(plate.wells) // 2
    found = codes_of(kept(plate, lambda n, _: (n < half) == (part == 0)))
    assert found == (set() if part == 0 else {"level.no_curve", "level.background"})


@pytest.mark.parametrize(("sample", "stopped"), [("water", "level.water"), ("MNC", "level.background")])
@pytest.mark.parametrize("level", [0.0, 2e-3])
def test_a_control_that_amplified_and_that_the_file_leaves_out(sample, stopped, level):
    """Without it the water was clean, and the background later than it was."""
    plate = pipetted(level)
    row = wells_of(plate, sample)[0]
    curves = plate.fluorescence.copy()
    curves[row] = logistic(30.0, 0.95) + NOISE
    amplified = replace(plate, fluorescence=curves)

    def left_out(by):
        return rewritten(amplified, lambda n, well: replace(well, excluded=by) if n == row else well)

    assert codes_of(left_out("the plate file")) == {stopped}
    explained = interpret_plate(left_out("plate.toml: splashed, EB"), load_profile(PREVENT_FALSE_NEGATIVE))
    assert not explained.levels[0].stopped_by
    (note,) = (finding for finding in explained.findings if finding.code == "plate.excluded")
    place = plate.wells[row].position
    assert note.what == (
        f"wells left out of every result: 1, excluded by plate.toml: splashed, EB; amplified: {place}"
    )


def test_a_sample_whose_control_gene_alone_was_measured_is_missing_and_said():
    plate = pipetted()
    alone = kept(plate, lambda n, _: n not in rows_of(plate))
    report = interpret_plate(alone, load_profile(PREVENT_FALSE_NEGATIVE))
    assert report.levels == ()
    (said,) = report.findings
    assert said.what == 'only the control gene was measured in "pt": there is no level'


@pytest.mark.parametrize(("targets", "severity"), [(("IGH", "ALB"), "value"), (("ALB",), "note")])
def test_a_plate_of_nothing_but_control_genes_has_no_level_and_says_so(targets, severity):
    """A marker that the file calls a reference would be gone with all its samples."""
    plate = rewritten(pipetted(), lambda _, well: replace(well, is_control_gene=well.target == "IGH"))
    report = interpret_plate(
        kept(plate, lambda _, well: well.target in targets), load_profile(PREVENT_FALSE_NEGATIVE)
    )
    assert report.levels == ()
    (said,) = (finding for finding in report.findings if finding.code == "plate.no_marker")
    what = f"every target is taken for a control gene ({', '.join(targets)}): there is no level"
    assert (said.severity.value, said.what) == (severity, what)


# What is written about it.


@pytest.mark.parametrize("declared", [DILUTIONS[::-1], (1e-1, 1e-3, 1e-2, 1e-4, 1e-5)])
def test_standards_in_another_order(declared):
    said = dict(zip(DILUTIONS, declared, strict=True))
    plate = rewritten(
        pipetted(0.0), lambda _, well: replace(well, quantity=said.get(well.quantity, well.quantity))
    )
    assert codes_of(plate) == {"level.curve_refused"}


@pytest.mark.parametrize("true", DILUTIONS[:3])
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_dilution_declared_ten_times_wrong(true, factor):
    plate = rewritten(
        pipetted(0.0),
        lambda _, well: replace(well, quantity=true * factor) if well.quantity == true else well,
    )
    assert codes_of(plate) == {"level.curve_refused"}


@pytest.mark.parametrize(("declared", "shown"), [(1e-5, 1e-3), (1e-6, 1e-3)])
def test_a_lowest_dilution_that_holds_more_than_declared_shows_no_sensitivity(declared, shown):
    """Its wells amplify ten times too early: what was declared was never there."""
    plate = kept(pipetted(0.0), lambda _, well: (well.quantity, well.unit) != (1e-5, "dil"))
    lied = rewritten(
        plate, lambda _, well: replace(well, quantity=declared) if well.quantity == 1e-4 else well
    )
    report = interpret_plate(lied, load_profile(PREVENT_FALSE_NEGATIVE))
    assert [curve.sensitivity for curve in report.curves if not curve.is_control_gene] == [shown]


@pytest.mark.parametrize("unit", ["cop", "fold", "ng"])
@pytest.mark.parametrize("which", [1e-1, 1e-5])
def test_standards_in_two_units(unit, which):
    plate = rewritten(
        pipetted(0.0), lambda _, well: replace(well, unit=unit) if well.quantity == which else well
    )
    assert codes_of(plate) == {"level.curve_refused"}
    report = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE))
    (curve,) = (one for one in report.curves if not one.is_control_gene)
    assert curve.reasons[0] == f"its standards are in several units: {', '.join(sorted(('dil', unit)))}"
    assert any(finding.code == "curve.contradiction" for finding in report.findings)


@pytest.mark.parametrize("factor", [100.0, 1e6])
def test_percent_or_parts_per_million_for_fractions(factor):
    plate = rewritten(
        pipetted(0.0),
        lambda _, well: replace(well, quantity=well.quantity * factor) if well.unit == "dil" else well,
    )
    assert codes_of(plate) == {"level.curve_refused"}


def test_exponents_for_dilutions_are_asked_about():
    """−3 in the quantity column means 10⁻³ at the bench and nothing to a logarithm."""
    plate = rewritten(
        pipetted(0.0),
        lambda _, well: replace(well, quantity=np.log10(well.quantity)) if well.unit == "dil" else well,
    )
    report = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE))
    assert report.levels[0].level.state is LevelState.NOT_EVALUABLE
    said = [finding.what for finding in report.findings if finding.code == "role.unclear"]
    assert any("its amount is -3, and must be above 0" in what for what in said)


@pytest.mark.parametrize("whose", ["sample", "standards", "MNC"])
def test_one_target_in_three_spellings(whose):
    spelt = ("IGH", "IgH", "igh-1")
    plate = pipetted()
    rows = {
        "sample": rows_of(plate),
        "MNC": wells_of(plate, "MNC"),
        "standards": [n for n, well in enumerate(plate.wells) if well.unit == "dil"],
    }[whose]
    assert codes_of(
        rewritten(plate, lambda n, well: replace(well, target=spelt[n % 3]) if n in rows else well)
    ) & {"level.no_curve", "level.background", "level.few_wells", "level.curve_refused"}


@pytest.mark.parametrize("name", ["pt MNC", "PBMC day 33", "mnc 2019-05-31", "MNC NB-01"])
def test_a_patient_s_mononuclear_cells_are_no_background(name):
    plate = rewritten(
        pipetted(),
        lambda _, well: replace(well, sample=name, task=Task.UNSTATED) if well.sample == "pt" else well,
    )
    report = interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE))
    assert {one.part.role.value for one in report.reactions if one.well.sample == name} == {"unclear"}
    assert any("donors, or a patient?" in finding.what for finding in report.findings)


def test_a_well_listed_twice():
    """Three listings of one well would claim three times its DNA."""
    react = one_well()
    twice = react.replace("</run>", react[react.index("<react") : react.index("</run>")] + "</run>")
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(rdml(twice), "p.rdml")
    (finding,) = refused.value.findings
    assert (finding.code, str(finding.where)) == ("rdml.repeated", "p.rdml › r › A1")


# Two plates.


@pytest.mark.parametrize("scale", [1e-4, 0.1, 0.3, 3.0, 10.0, 1e4])
def test_a_plate_of_another_scale_under_one_threshold(scale):
    """The sample, a bridging dilution and the control gene on a plate of raw fluorescence, the curve on one of Rn."""
    whole = pipetted()
    beside = kept(whole, lambda _, well: well.sample in ("pt", "dx 0.001") or well.target == "ALB")
    other = rewritten(beside, lambda _, well: replace(well, plate="q.rdml"))
    curve = kept(whole, lambda _, well: well.sample != "pt")
    joined = join_plates([curve, replace(other, name="q.rdml", fluorescence=other.fluorescence * scale)])
    assert codes_of(joined) <= {
        "level.no_bridge",
        "level.no_curve",
        "level.control_gene",
        "level.curve_refused",
        "level.few_wells",
        "level.rising_curve",
    }


def test_a_sample_without_a_bridge_to_its_curve():
    whole = pipetted(0.0)
    beside = kept(whole, lambda _, well: well.sample == "pt" or well.target == "ALB")
    other = rewritten(beside, lambda _, well: replace(well, plate="q.rdml"))
    curve = kept(whole, lambda _, well: well.sample != "pt")
    assert codes_of(join_plates([curve, replace(other, name="q.rdml")])) == {"level.no_bridge"}


def test_a_bridging_dilution_that_did_not_amplify_is_no_bridge_and_said_in_words():
    whole = pipetted()
    beside = kept(whole, lambda _, well: well.sample in ("pt", "dx 0.001") or well.target == "ALB")
    curves = beside.fluorescence.copy()
    curves[wells_of(beside, "dx 0.001")] = logistic(FLAT) + NOISE
    other = rewritten(replace(beside, fluorescence=curves), lambda _, well: replace(well, plate="q.rdml"))
    curve = kept(whole, lambda _, well: well.sample != "pt")
    joined = join_plates([curve, replace(other, name="q.rdml")])
    (level,) = interpret_plate(joined, load_profile(PREVENT_FALSE_NEGATIVE)).levels
    assert level.reasons == ("bridge: the bridging dilution has a well without a Cq, or none",)
