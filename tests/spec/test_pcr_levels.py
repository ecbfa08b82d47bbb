"""Levels from Cq on a perfect plate: one state each, and everything that must stop a number."""

import json
from dataclasses import replace

import numpy as np
import pytest

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, load_profile
from caseseries.pcr.markers import join_markers
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import Task
from caseseries.pcr.record import record_plate
from caseseries.pcr.setup import Saying, Setup
from caseseries.record.levels import LevelState
from pcr_plates import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    Bench,
    cq_at,
    logistic,
    own_profile,
    plate_of,
    three,
    usual_bench,
    usual_standards,
)

PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)
STRICT = load_profile(PREVENT_FALSE_POSITIVE)
SEEN = Setup(curves_reviewed_by="EB")
CELLS = 500 * 1000 / 6.6 * 3
NOTHING = ["Undetermined"] * 3


def report_of(bench: Bench, setup: Setup = SEEN, profile=PROFILE):
    return interpret_plate(bench.plate(), profile, setup)


def level_of(cqs, background=None, water=None, shift=0.0, setup=SEEN, profile=PROFILE):
    bench = usual_bench({}, background, water).add("pt", cqs).control("pt", shift={"pt": shift})
    return next(one for one in report_of(bench, setup, profile).levels if one.sample == "pt")


def test_a_level_on_the_line_is_itself():
    one = level_of(three(cq_at(2e-3)))
    assert one.level.state is LevelState.QUANTIFIED
    assert one.level.value == pytest.approx(2e-3, rel=1e-9)
    assert one.lower < 2e-3 < one.upper
    assert one.calls == {FALSE_NEGATIVE: "positive", FALSE_POSITIVE: "positive"}


def test_less_amplifiable_dna_scales_the_level_its_range_and_its_sensitivity():
    full, half = level_of(three(cq_at(2e-3))), level_of(three(cq_at(2e-3)), shift=1.0)
    assert half.level.value == pytest.approx(2 * full.level.value, rel=1e-9)
    assert half.level.quantitative_range == pytest.approx(2 * full.level.quantitative_range, rel=1e-9)
    assert half.level.sensitivity == pytest.approx(2 * full.level.sensitivity, rel=1e-9)


@pytest.mark.parametrize(("shift", "said"), [(2.0, "0.25"), (-1.5, "2.8"), (0.5, ""), (-0.9, "")])
def test_dna_much_more_or_less_than_the_reference_is_said(shift, said):
    """It moves the level by as much, so it stands beside it."""
    for cqs in (three(cq_at(2e-3)), NOTHING):
        told = [reason for reason in level_of(cqs, shift=shift).reasons if reason.startswith("amplifiable")]
        assert told == (
            [f"amplifiable DNA {said} of the reference, by which levels are divided"] if said else []
        )


def test_below_the_range_there_is_no_number():
    one = level_of(three(cq_at(3e-5)))
    assert one.level.state is LevelState.BELOW_RANGE
    assert one.level.value is None
    assert (one.lower, one.upper) == (0.0, pytest.approx(1e-4))


def test_at_the_edge_of_the_range_it_is_quantified():
    assert level_of([cq_at(1.001e-4)] * 3).level.state is LevelState.QUANTIFIED
    assert level_of([cq_at(0.999e-4)] * 3).level.state is LevelState.BELOW_RANGE


def test_not_detected_names_the_sensitivity_that_the_dna_allows():
    one = level_of(NOTHING)
    assert one.level.state is LevelState.NOT_DETECTED
    assert one.level.sensitivity == pytest.approx(3 / CELLS)
    assert one.reasons == (
        "227,273 cells tested cannot show less than 1.3e-05, whatever the dilutions showed (Poisson)",
    )
    assert one.calls == {FALSE_NEGATIVE: "negative", FALSE_POSITIVE: "negative"}


def test_more_dna_lets_the_dilutions_set_the_sensitivity():
    one = level_of(NOTHING, setup=Setup(curves_reviewed_by="EB", dna_per_well_ng=1000))
    assert one.level.sensitivity == pytest.approx(1e-5)


def test_replicates_that_disagree_are_positive_without_a_number():
    one = level_of([cq_at(2e-4) - 0.8, cq_at(2e-4), cq_at(2e-4) + 0.8])
    assert one.level.state is LevelState.BELOW_RANGE
    assert one.reasons[0] == "replicates span 1.60 cycles, over 1.5"
    assert one.upper > 2e-4  # the highest well, not the range, bounds it


def test_one_high_well_among_none_is_not_called_low():
    one = level_of([cq_at(5e-2), "Undetermined", "Undetermined"])
    assert one.level.state is LevelState.NOT_EVALUABLE
    assert one.reasons == (
        "replicates: a well stands at 5.0e-02 while others do not amplify or come much later",
    )


def test_a_call_between_the_two_aims_says_so():
    background = [40.0, 40.5, "Undetermined"]
    one = level_of([38.5, 38.6, "Undetermined"], background)
    assert one.calls == {FALSE_NEGATIVE: "positive", FALSE_POSITIVE: "negative"}
    assert "the call depends on the aim" in one.reasons
    assert one.level.state is LevelState.BELOW_RANGE


def test_a_well_as_late_as_the_background_is_negative_to_both():
    one = level_of([39.5, 39.5, "Undetermined"], [40.0, 40.5, "Undetermined"])
    assert one.level.state is LevelState.NOT_DETECTED
    assert one.reasons[0] == (
        "2 of 3 wells amplify, the first at 39.50; positive is up to 39.00 (background 40.00 less 1)"
    )
    strict = level_of([34.0, "Undetermined", "Undetermined"], [40.0, 40.5, "Undetermined"], profile=STRICT)
    assert strict.level.state is LevelState.NOT_DETECTED
    assert strict.reasons[0].endswith(
        "positive is up to 37.00 (background 40.00 less 3), and 2 such wells are wanted"
    )


def test_above_the_highest_standard_is_extrapolated_and_said():
    one = level_of(three(cq_at(0.4)))
    assert one.level.value == pytest.approx(0.4)
    assert "above the highest standard: extrapolated" in one.reasons


def test_more_than_the_diagnosis_sample_is_said():
    """A relapse may hold more leukaemia than the diagnosis sample did."""
    one = level_of(three(cq_at(3.0)))
    assert one.level.value == pytest.approx(3.0)
    assert "above 1: more than in the diagnosis sample" in one.reasons


@pytest.mark.parametrize("reads", [20.0, 1.7e3, 1e6])
def test_more_than_any_sample_can_hold_is_no_number(reads):
    """A load that rises before its baseline is measured reads a thousand times the diagnosis sample."""
    one = level_of(three(cq_at(reads)))
    assert one.level.state is LevelState.NOT_EVALUABLE
    assert one.reasons[-1].startswith("very high: it reads ")
    assert [rule.code for rule in one.stopped_by] == ["level.very_high"]
    assert set(one.calls.values()) == {"not evaluable"}


@pytest.mark.parametrize("written", ["NB-01 1:10", "NB-01 10-1"])
def test_a_diluted_repeat_reads_the_undiluted_level(written):
    said = Setup(curves_reviewed_by="EB", samples={written: Saying(role="follow-up")})
    bench = (
        usual_bench({}).add(written, three(cq_at(0.05))).control(written, shift={written: -cq_at(10, 0.0)})
    )
    (one,) = report_of(bench, said).levels
    assert one.level.value == pytest.approx(0.5, rel=1e-6)


def test_a_control_gene_that_comes_early_lifts_no_sensitivity():
    """It does not put more cells into the wells than were pipetted."""
    plain, early = level_of(NOTHING), level_of(NOTHING, shift=cq_at(3, 0.0))
    assert early.evidence.control.amplifiable == pytest.approx(3)
    assert early.level.sensitivity == plain.level.sensitivity == pytest.approx(3 / CELLS)


def test_nor_does_it_lift_the_sensitivity_that_the_dilutions_showed():
    bench = Bench().standards({amount: cqs for amount, cqs in usual_standards().items() if amount > 1e-5})
    bench.add("MNC", NOTHING, task=Task.NO_TARGET).add("pt", NOTHING)
    bench.control("pt", shift={"pt": cq_at(5, 0.0)})
    (one,) = report_of(bench).levels
    assert one.evidence.control.amplifiable == pytest.approx(5)
    assert one.level.sensitivity == one.level.upper == pytest.approx(1e-4)


def test_a_range_nearer_to_the_background_than_a_positive_shows_no_sensitivity(tmp_path):
    """The step of 10⁻⁴ is 0.6 cycles before the background, enough for this range, and could not be called positive."""
    profile = load_profile(own_profile(tmp_path / "own.toml", range_background_margin=0.5))
    background = cq_at(1e-4) + 0.1 + 0.6
    (one,) = report_of(usual_bench({"pt": NOTHING}, [background] * 3), profile=profile).levels
    assert one.evidence.curve.sensitivity == pytest.approx(1e-4)
    assert one.level.sensitivity == pytest.approx(1e-4 * 2**0.3)  # a cycle before the background


@pytest.mark.parametrize("cqs", [NOTHING, three(cq_at(2e-3))])
def test_ten_times_more_dna_than_the_reference_is_not_believed(cqs):
    """Another amount, or control gene in the wells: it would make the level as many times too low."""
    one = level_of(cqs, shift=cq_at(20, 0.0))
    assert one.level.state is LevelState.NOT_EVALUABLE
    words = "control gene: ALB: amplifiable DNA 20.0 of the reference, over 10: is it another amount, or contaminated?"
    assert one.reasons == (words,)


def test_without_curves_a_missing_cq_is_no_negative():
    one = level_of(NOTHING, setup=Setup())
    assert one.level.state is LevelState.NOT_EVALUABLE
    assert one.reasons[0].startswith("curves: no curve to show that ")
    assert one.calls == {FALSE_NEGATIVE: "not evaluable", FALSE_POSITIVE: "not evaluable"}


@pytest.mark.parametrize("written", [50.0, 40.0, "Undetermined", "-1.0", None])
def test_the_highest_load_of_all_is_never_negative(written):
    """The worst error: its curve has no baseline and the instrument writes the same word as for a true negative."""
    bench = usual_bench({"relapse": [written] * 3, "clear": [written] * 3})
    curves = []
    for well in bench.wells:
        cq = well.reading.cq if well.reading.cq is not None else np.inf
        curves.append(
            logistic({"relapse": 3.0, "clear": np.inf}.get(well.sample, cq) if well.target == "IGH" else cq)
        )
    report = interpret_plate(plate_of(bench.wells, curves), PROFILE)
    relapse, clear = report.levels
    assert relapse.level.state is LevelState.NOT_EVALUABLE
    assert "very high, dilute and repeat" in relapse.reasons[0]
    assert set(relapse.calls.values()) == {"not evaluable"}
    assert clear.level.state is LevelState.NOT_DETECTED


def test_one_well_without_a_baseline_is_enough():
    bench = usual_bench({"pt": three(22.0)})
    first = next(n for n, well in enumerate(bench.wells) if well.sample == "pt" and well.target == "IGH")
    curves = [logistic(well.reading.cq if well.reading.cq is not None else np.inf) for well in bench.wells]
    curves[first] = logistic(2.0)
    (one,) = interpret_plate(plate_of(bench.wells, curves), PROFILE).levels
    assert one.level.state is LevelState.NOT_EVALUABLE


def told(bench: Bench, setup: Setup = SEEN):
    report = report_of(bench, setup)
    assert all(one.level.value is None for one in report.levels)
    assert all(one.level.state is LevelState.NOT_EVALUABLE for one in report.levels)
    return [str(finding) for finding in report.findings]


def test_no_standards():
    bench = Bench().add("MNC", NOTHING, task=Task.NO_TARGET).add("water", NOTHING, task=Task.WATER)
    bench.add("pt", three(30.0)).control("pt")
    assert told(bench) == [
        "p.rdml › run 1 › A7, A8, A9: IGH has no standards. Add the dilution series, or name it in plate.toml."
    ]


def test_no_background():
    bench = Bench().standards(usual_standards()).add("water", NOTHING, task=Task.WATER)
    bench.add("pt", three(30.0)).control("pt")
    assert told(bench) == [
        "p.rdml › run 1 › B7, B8, B9: IGH has no polyclonal background. Add wells of polyclonal mononuclear-cell "
        "DNA, or name them in plate.toml."
    ]


def test_no_control_gene():
    bench = (
        Bench().standards(usual_standards()).add("MNC", NOTHING).add("water", NOTHING).add("pt", three(30.0))
    )
    assert told(bench) == [
        "p.rdml › run 1 › B10, B11, B12: no control gene was measured. Add ALB wells, or name the control gene in "
        "plate.toml."
    ]


def test_contaminated_water():
    bench = usual_bench({"pt": three(30.0)}, water=[36.2, "Undetermined"])
    assert told(bench) == [
        "p.rdml › run 1 › B9, B10, B11: IGH is not evaluable in pt: water: amplified in B7. Find the contamination and "
        "repeat the plate."
    ]


def test_a_refused_curve_is_told_once_however_many_samples_it_spoils():
    levels = {10.0**-n: three(cq_at(10.0**-n, slope=-4.2)) for n in (1, 2, 3, 4)}
    bench = Bench().standards(levels).add("MNC", NOTHING).add("water", NOTHING)
    for sample in ("a", "b", "c"):
        bench.add(sample, three(30.0))
    (said,) = told(bench.control("a", "b", "c"))
    assert (
        "the standard curve of IGH is refused: slope -4.200, outside -3.9 to -3.1. Repeat the dilution series."
        in said
    )


def test_a_declared_dilution_that_contradicts_the_fit():
    standards = {**usual_standards(), 1e-2: three(cq_at(1e-3) - 0.5)}
    bench = Bench().standards(standards).add("MNC", NOTHING).add("water", NOTHING).add("pt", three(25.0))
    (said,) = told(bench.control("pt"))
    assert (
        "the standard curve of IGH is refused: step 0.01 is off the line by 2.82 cycles; the other steps put it at "
        "0.0014; step 1e-05 is outside the range: 2 of 3 wells amplified. Check the declared dilutions."
    ) in said


def test_too_few_wells():
    bench = usual_bench({"pt": [30.0, 30.1]})
    assert told(bench) == [
        "p.rdml › run 1 › B9, B10: IGH is not evaluable in pt: wells: 2 usable of 3 wanted. Repeat the sample."
    ]


def test_what_is_open_is_told_before_what_is_only_noted():
    bench = usual_bench({"pt": [30.0, None, None], "clear": three(30.0)})
    severities = [finding.severity.value for finding in report_of(bench).findings]
    assert severities == ["value", "note"]


def test_wells_that_hold_nothing_are_missing_and_said():
    said = told(usual_bench({"pt": [30.0, 30.1, None]}))
    assert (
        "IGH: neither a curve nor a Cq in 1 of its wells; B11: neither curve nor Cq. Look at the curves."
        in said[1]
    )
    assert "2 usable of 3 wanted" in said[0]


def test_excluded_wells_say_by_whom():
    setup = Setup(curves_reviewed_by="EB", wells={"B9": Saying(exclude="bubble, EB")})
    report = report_of(usual_bench({"pt": three(30.0)}), setup)
    assert next(one for one in report.reactions if one.well.position == "B9").call.note == (
        "excluded by plate.toml: bubble, EB"
    )
    assert report.levels[0].level.state is LevelState.NOT_EVALUABLE


def test_little_dna_stops_a_negative_but_not_a_positive():
    assert level_of(NOTHING, shift=4.0).reasons == ("DNA: amplifiable DNA 0.06 of the reference, 0.1 wanted",)
    assert level_of(three(cq_at(2e-3)), shift=4.0).level.state is LevelState.QUANTIFIED


def test_too_few_background_wells():
    bench = usual_bench({"pt": three(30.0)}, background=["Undetermined"] * 2)
    (said,) = told(bench)
    assert "background: 2 usable of 3 wanted; no amplification" in said


def test_control_gene_replicates_that_disagree():
    bench = (
        usual_bench({})
        .add("pt", three(30.0))
        .add("pt", [20.0, 22.0, 20.1], target="ALB", is_control_gene=True)
    )
    (said,) = told(bench)
    assert "control gene: ALB: the wells of the sample span 2.00 cycles, over 1.5" in said


def on_run(bench: Bench, run: str):
    return [replace(well, run=run, plate=f"{run}.rdml") for well in bench.wells]


@pytest.mark.parametrize(
    ("offset", "state", "words"),
    [
        (None, LevelState.NOT_EVALUABLE, "and no dilution was measured beside the sample"),
        (0.3, LevelState.QUANTIFIED, ""),
        (
            0.7,
            LevelState.NOT_EVALUABLE,
            "the bridging dilution lies 0.80 cycles from the curve on one.rdml › one",
        ),
    ],
)
def test_a_sample_on_another_plate_than_its_curve_needs_a_bridge(offset, state, words):
    first = usual_bench({})
    second = Bench().add("pt", three(cq_at(2e-3))).control("pt")
    if offset is not None:
        second.standards({1e-2: three(cq_at(1e-2) + offset)})
    plate = plate_of([*on_run(first, "one"), *on_run(second, "two")])
    (one,) = interpret_plate(plate, PROFILE, SEEN).levels
    assert one.level.state is state
    assert any(words in reason for reason in (*one.reasons, ""))


def test_several_markers_give_the_highest_and_flag_what_is_a_log_apart():
    bench = usual_bench({"pt": three(cq_at(2e-2))})
    bench.standards(usual_standards(), target="TRG").add("MNC", NOTHING, target="TRG").add(
        "water", NOTHING, target="TRG"
    )
    bench.add("pt", three(cq_at(1e-3)), target="TRG")
    report = report_of(bench)
    (sample,) = join_markers(report.levels, PROFILE)
    assert sample.level.value == pytest.approx(2e-2)
    assert sample.reasons == (
        "markers are 1.3 log apart: clonal evolution, oligoclonality or a lineage switch; repeat",
    )


def test_a_marker_that_cannot_be_read_is_named_beside_the_one_that_can():
    bench = usual_bench({"pt": NOTHING}).add("pt", NOTHING, target="TRG")
    (sample,) = join_markers(report_of(bench).levels, PROFILE)
    assert sample.level.state is LevelState.NOT_DETECTED
    assert sample.reasons == ("rests on 1 of 2 markers; not evaluable: TRG",)


@pytest.mark.parametrize("clear", [NOTHING, three(cq_at(1e-3))])
def test_a_marker_that_amplifies_and_cannot_be_read_is_spoken_for_by_no_other(clear):
    bench = usual_bench({"pt": clear}).add("pt", three(30.0), target="TRG")
    (sample,) = join_markers(report_of(bench).levels, PROFILE)
    assert sample.level.state is LevelState.NOT_EVALUABLE
    assert sample.reasons[0].startswith("TRG may stand higher than every other marker: standard curve: ")


def test_a_sample_too_high_by_every_marker_says_so():
    """ "No marker is evaluable" would read as nothing measured."""
    bench = usual_bench({"pt": three(cq_at(1e4))})
    (sample,) = join_markers(report_of(bench).levels, PROFILE)
    assert sample.level.state is LevelState.NOT_EVALUABLE
    assert sample.reasons == (
        "IGH may be high: very high: it reads 1.0e+04 of undiluted diagnosis DNA; dilute and repeat",
    )


def test_late_wells_of_an_unreadable_marker_are_no_more_than_its_background():
    bench = usual_bench({"pt": NOTHING}).add("pt", three(38.0), target="TRG")
    bench.add("MNC", three(38.5), target="TRG", task=Task.NO_TARGET)
    (sample,) = join_markers(report_of(bench).levels, PROFILE)
    assert sample.level.state is LevelState.NOT_DETECTED


def test_the_record_has_every_field_that_is_promised():
    record = json.loads(
        json.dumps(record_plate(report_of(usual_bench({"pt": three(cq_at(2e-3))})), "caseseries x"))
    )
    assert {"plate", "wells", "curves", "levels"} <= record.keys()
    curve = {"target", "unit", "slope", "intercept", "r", "r2", "efficiency", "accepted", "reasons"}
    curve |= {"quantitative_range", "sensitivity", "wells_used", "wells_excluded"}
    assert curve <= record["curves"][0].keys()
    level = {
        "sample",
        "target",
        "state",
        "value",
        "lower",
        "upper",
        "sensitivity",
        "quantitative_range",
        "reasons",
    }
    assert (
        level | {"call_prevent_false_negative", "call_prevent_false_positive"} <= record["levels"][0].keys()
    )
    assert record["levels"][0]["value"] == pytest.approx(2e-3)
    assert len(record["profile"]["unverified"]) == len(PROFILE.criteria)
