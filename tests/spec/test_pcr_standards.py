"""Standard curves on perfect lines, then with one thing wrong at a time."""

import numpy as np
import pytest

from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.standards import fit_line
from pcr_plates import Bench, cq_at, three, usual_bench, usual_standards

PROFILE = load_profile(PREVENT_FALSE_NEGATIVE)


def curve_of(bench: Bench, target: str = "IGH"):
    report = interpret_plate(bench.plate(), PROFILE)
    return next(curve for curve in report.curves if curve.target == target)


def changed(**levels):
    """The usual standards with some steps changed: step_3=[...] is the step of 10⁻³."""
    standards = usual_standards()
    for name, cqs in levels.items():
        standards[10.0 ** -int(name[-1])] = cqs
    return Bench().standards(standards).add("MNC", ["Undetermined"] * 3)


def test_perfect_doubling_has_slope_minus_one_over_log_two():
    tenfold = fit_line([10.0**-n for n in range(5)], [20 + n * np.log2(10) for n in range(5)])
    assert tenfold.slope == pytest.approx(-3.321928094887362, abs=1e-12)
    assert tenfold.efficiency == pytest.approx(1.0, abs=1e-12)
    assert tenfold.r == pytest.approx(-1.0, abs=1e-12)


def test_a_twofold_and_a_tenfold_series_agree():
    tenfold = fit_line([10.0**-n for n in range(5)], [20 + n * np.log2(10) for n in range(5)])
    twofold = fit_line([2.0**-n for n in range(5)], [20.0 + n for n in range(5)])
    assert twofold.slope == pytest.approx(tenfold.slope, abs=1e-12)
    assert twofold.intercept == pytest.approx(tenfold.intercept, abs=1e-12)


def test_r_is_not_r_squared():
    line = fit_line([1, 10, 100, 1000], [30, 26.9, 23.2, 20.1])
    assert line.r2 == pytest.approx(line.r**2)
    assert line.r < 0


@pytest.mark.parametrize("points", [([1.0], [20.0]), ([1.0, 1.0, 1.0], [20.0, 21.0, 22.0]), ([], [])])
def test_no_line_through_one_amount(points):
    assert fit_line(*points) is None


def test_the_usual_curve():
    curve = curve_of(usual_bench({}))
    assert curve.accepted
    assert curve.quantitative_range == 1e-4
    assert curve.sensitivity == 1e-5
    assert curve.range_line.slope == pytest.approx(-3.321928, abs=1e-6)
    assert curve.reasons == ("step 1e-05 is outside the range: 2 of 3 wells amplified",)
    assert [one.well.position for one in curve.unused] == ["B1", "B2", "B3"]
    assert len(curve.used) == 12


def test_replicates_that_span_more_than_one_and_a_half_cycles_end_the_range():
    exactly = [cq_at(1e-4) - 0.75, cq_at(1e-4), cq_at(1e-4) + 0.75]
    assert curve_of(changed(step_4=exactly)).quantitative_range == 1e-4
    wider = [cq_at(1e-4) - 0.76, cq_at(1e-4), cq_at(1e-4) + 0.75]
    assert curve_of(changed(step_4=wider)).quantitative_range == 1e-3


def test_a_step_near_the_background_is_detected_but_not_quantified():
    bench = Bench().standards(usual_standards()).add("MNC", [cq_at(1e-4) + 1.2, 39.0, "Undetermined"])
    curve = curve_of(bench)
    assert curve.background_cq == pytest.approx(cq_at(1e-4) + 1.2)
    assert curve.quantitative_range == 1e-3
    assert curve.sensitivity == 1e-4


def test_every_well_of_a_step_must_be_apart_from_the_background_not_only_the_first():
    early, late = cq_at(1e-4) - 0.7, cq_at(1e-4) + 0.7
    bench = changed(step_4=[early, cq_at(1e-4), late]).add("MNC", [late + 1.4])
    assert curve_of(bench).quantitative_range == 1e-3
    bench = changed(step_4=[early, cq_at(1e-4), late]).add("MNC", [late + 1.6])
    assert curve_of(bench).quantitative_range == 1e-4


def test_a_background_as_early_as_a_step_takes_the_sensitivity_too():
    bench = Bench().standards(usual_standards()).add("MNC", [cq_at(1e-4) + 0.5] * 3)
    assert curve_of(bench).sensitivity == 1e-3


def test_a_single_well_says_nothing_of_reproducibility():
    reasons = curve_of(changed(step_4=[cq_at(1e-4)])).reasons
    assert (
        "step 0.0001 is outside the range: 1 well, so that nothing is known of its reproducibility" in reasons
    )


def test_a_slope_outside_the_window_is_refused_with_its_numbers():
    bench = Bench().standards({10.0**-n: three(cq_at(10.0**-n, slope=-4.1)) for n in (1, 2, 3, 4)})
    curve = curve_of(bench.add("MNC", ["Undetermined"] * 3))
    assert not curve.accepted
    assert curve.reasons == ("slope -4.100, outside -3.9 to -3.1",)
    assert curve.quantitative_range is None
    assert curve.sensitivity is None


@pytest.mark.parametrize("slope", [-3.9, -3.1])
def test_the_window_includes_its_ends(slope):
    bench = Bench().standards({10.0**-n: [cq_at(10.0**-n, slope=slope)] * 3 for n in (1, 2, 3, 4)})
    curve = curve_of(bench)
    assert curve.range_line.slope == pytest.approx(slope)


def test_a_dilution_that_contradicts_the_others_refuses_the_curve():
    curve = curve_of(changed(step_2=three(cq_at(10.0**-2.6))))
    assert not curve.accepted
    assert curve.contradictions == (
        "step 0.01 is off the line by 1.99 cycles; the other steps put it at 0.0025",
    )


def test_a_lowest_step_off_the_line_only_ends_the_range():
    curve = curve_of(changed(step_4=three(cq_at(1e-4) - 1.4), step_5=["Undetermined"] * 3))
    assert curve.accepted
    assert curve.quantitative_range == 1e-3


def test_too_few_steps():
    bench = Bench().standards({0.1: three(21.3), 0.01: three(24.6), 0.001: ["Undetermined"] * 3})
    assert curve_of(bench).reasons[0] == "reproducible dilution steps: 2, under 3"


def test_polyclonal_dna_is_no_background_of_the_control_gene():
    curve = curve_of(usual_bench({"pt": three(30.0)}), "ALB")
    assert curve.accepted
    assert curve.background_cq is None
    assert curve.unit == "ng"


def test_a_lowest_step_that_holds_more_than_was_declared_is_told():
    """The curve stands without it; what was pipetted there was not what was written."""
    levels = {10.0**-n: three(cq_at(10.0**-n)) for n in (1, 2, 3)}
    bench = Bench().standards({**levels, 1e-5: three(cq_at(1e-4))})
    bench.add("MNC", ["Undetermined"] * 3).add("water", ["Undetermined"] * 2)
    report = interpret_plate(bench.add("pt", three(25.0)).control("pt").plate(), PROFILE)
    (curve,) = (one for one in report.curves if not one.is_control_gene)
    assert (curve.accepted, curve.quantitative_range, curve.sensitivity) == (True, 1e-3, 1e-3)
    (said,) = report.findings
    assert str(said) == (
        "p.rdml › run 1 › A10, A11, A12: the step 1e-05 of IGH amplifies too early for what it is declared: off the "
        "line by 3.32 cycles; the other steps put it at 0.0001. Check the dilution; it is not used."
    )


@pytest.mark.parametrize("first", [30.52, 30.7, 28.0, 31.18])
def test_a_bound_of_decimals_is_met_by_decimals(first):
    """32.02 − 30.52 is 1.5000000000000000 to a person and a little more in binary."""
    levels = {10.0**-n: three(cq_at(10.0**-n)) for n in (1, 2, 3)}
    spread = [first, round(first + 1.5, 2), round(first + 0.75, 2)]
    background = [round(first + 3.0, 2)] * 3
    bench = Bench().standards({**levels, 1e-4: spread}).add("MNC", background)
    curve = next(one for one in interpret_plate(bench.plate(), PROFILE).curves)
    lowest = curve.steps[-1]
    assert not [fault for fault in lowest.faults if "replicates" in fault or "background" in fault]


def test_too_few_dilutions_are_counted():
    bench = Bench().standards({1e-1: three(25.0), 1e-2: three(28.3)}).add("MNC", ["Undetermined"] * 3)
    report = interpret_plate(bench.add("pt", three(27.0)).control("pt").plate(), PROFILE)
    assert report.levels[0].reasons == (
        "standard curve: 2 of 3 dilution steps on this run, and no curve on another to bridge to",
    )


def test_a_curve_without_a_usable_well_is_named_by_its_run():
    bench = Bench().standards({10.0**-n: [None] * 3 for n in (1, 2, 3)})
    report = interpret_plate(bench.plate(), PROFILE)
    refused = next(finding for finding in report.findings if finding.code == "curve.refused")
    assert str(refused).startswith(
        "p.rdml › run 1: the standard curve of IGH is refused: reproducible dilution steps: 0, under 3; step 0.1 is "
        "outside the range: none of its wells can be used; "
    )


def test_no_amount_is_read_from_steps_that_make_no_line():
    """Constant Cq with one apart have no slope: "the others put it at 4.3e-85" helped nobody."""
    bench = Bench().standards({1e-1: three(25.0), 1e-2: three(28.5), 1e-3: three(25.0), 1e-4: three(25.0)})
    curve = next(one for one in interpret_plate(bench.plate(), PROFILE).curves)
    assert "step 0.01 is off the line by 3.50 cycles" in curve.reasons
    assert "put it at" not in " ".join(curve.reasons)


@pytest.mark.parametrize(
    ("slope", "accepted"), [(-3.9, True), (-3.1, True), (-3.9002, False), (-3.0998, False)]
)
def test_a_slope_on_the_bound_is_within_it_and_one_beyond_is_printed_beyond(slope, accepted):
    levels = {10.0**-n: [cq_at(10.0**-n, slope=slope)] * 3 for n in (1, 2, 3, 4)}
    curve = curve_of(Bench().standards(levels).add("MNC", ["Undetermined"] * 3))
    assert curve.accepted is accepted
    assert accepted or curve.reasons[0] == f"slope {slope:.4f}, outside -3.9 to -3.1"


def test_what_is_over_its_bound_is_printed_over_it():
    """ "Span 1.50 cycles, over 1.5" reads like a mistake of the program."""
    first = cq_at(1e-4) - 0.75
    curve = curve_of(changed(step_4=[first, first + 0.5, first + 1.503]))
    assert any("replicates span 1.503 cycles, over 1.5" in reason for reason in curve.reasons)
    bench = usual_bench({"pt": [28.0, 28.5, 29.503]})
    (one,) = interpret_plate(bench.plate(), PROFILE).levels
    assert one.reasons[0] == "replicates span 1.503 cycles, over 1.5"
