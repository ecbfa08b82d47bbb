"""From curves in closed form to Cq and state. A logistic with a plateau of 10 crosses 1 at its Cq exactly."""

import numpy as np
import pytest

from caseseries.pcr.calls import AGREEMENT, State, call_wells, count_states
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.curve import find_crossings
from caseseries.pcr.mrd import interpret_plate
from pcr_plates import logistic, plate_of, well

CYCLES = np.arange(1, 51)


def calls_of(curves, **more):
    wells = [well(f"A{n}", "s", cq=more.get("cq")) for n in range(1, len(curves) + 1)]
    return call_wells(
        plate_of(wells, curves), late_after=40, use_instrument=more.get("use_instrument", False)
    )


def series(*cqs, efficiency=0.95):
    return [logistic(cq, efficiency) for cq in cqs]


@pytest.mark.parametrize("efficiency", [0.8, 0.9, 1.0])
def test_the_cq_of_a_logistic_is_where_it_stands_at_a_tenth_of_its_plateau(efficiency):
    true = np.arange(14.0, 44.0, 1.5)
    found = find_crossings(np.array(series(*true, efficiency=efficiency)))
    np.testing.assert_allclose(found.cq, true, atol=0.05)
    assert found.threshold == pytest.approx(1.0, rel=0.01)


def test_scale_offset_and_common_drift_change_nothing():
    curves = np.array(series(18, 24, 30, 36))
    plain = find_crossings(curves).cq
    for scale, offset, drift in [(1e-4, 0, 0), (3000, 500, 0), (1, 0, 0.02)]:
        np.testing.assert_allclose(
            find_crossings(scale * curves + offset + drift * CYCLES).cq, plain, atol=0.02
        )


@pytest.mark.parametrize("wells", [2, 3, 30])
@pytest.mark.parametrize("drift", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("cycles", [50, 60])
def test_wells_that_drift_in_opposite_ways_keep_their_cq(wells, drift, cycles):
    """Half of them up and half down, a tenth to a half of a percent of the plateau a cycle."""
    true, ways = np.linspace(18, 40, wells), np.where(np.arange(wells) % 2, drift, -drift)
    noise = np.random.default_rng(wells).normal(0, 0.005, (wells, cycles))
    curves = np.array([logistic(cq, 0.95, cycles) for cq in true]) + noise
    found = find_crossings(curves + ways[:, None] * np.arange(1, cycles + 1))
    np.testing.assert_allclose(found.cq, true, atol=AGREEMENT / 2)


def test_curves_that_lost_their_baseline_to_the_instrument_are_read_alike():
    curves = np.array(series(18, 24, 30, 36))
    np.testing.assert_allclose(
        find_crossings(curves - 2, subtracted=True).cq, find_crossings(curves).cq, atol=1e-9
    )


def test_a_flat_well_and_a_drifting_well_do_not_amplify():
    noise = np.random.default_rng(1).normal(0, 0.01, len(CYCLES))
    drift = 2 + 0.05 * CYCLES + noise
    fading = 2 + 0.4 * np.exp(-CYCLES / 3) + noise
    bowed = 2 + 1.5 * (1 - np.exp(-CYCLES / 15)) + noise
    calls = calls_of([*series(20, 25, 30), logistic(np.inf), drift, fading, bowed])
    assert [call.state for call in calls[3:]] == [State.NONE] * 4
    assert all(call.cq is None for call in calls[3:])


@pytest.mark.parametrize("cq", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
@pytest.mark.parametrize("written", [50.0, "Undetermined", None, 33.3])
@pytest.mark.parametrize("use_instrument", [False, True])
def test_a_curve_that_rises_from_the_start_is_a_baseline_failure_whatever_stands_beside_it(
    cq, written, use_instrument
):
    calls = calls_of([*series(20, 25, 30), logistic(cq)], cq=written, use_instrument=use_instrument)
    assert calls[-1].state is State.BASELINE_FAILURE
    assert calls[-1].note == "no baseline before it rises: a very high load; dilute and repeat"


def test_a_well_that_begins_on_the_plateau_is_a_baseline_failure():
    calls = calls_of([*series(20, 25, 30), np.full(50, 12.0)])
    assert calls[-1].state is State.BASELINE_FAILURE


def test_a_failed_subtraction_is_still_seen():
    high = logistic(4.0)
    wrong = high - high[2:15].mean()
    curves = [curve - 2 for curve in series(20, 25, 30)]
    wells = [well(f"A{n}", "s", cq="Undetermined") for n in range(1, 5)]
    plate = plate_of(wells, [*curves, wrong])
    plate = type(plate)(
        plate.name, plate.sha256, plate.format, plate.wells, plate.fluorescence, subtracted=True
    )
    assert call_wells(plate, late_after=40)[-1].state is State.BASELINE_FAILURE


@pytest.mark.parametrize("cq", [9.5, 10.0, 12.0, 15.0])
def test_a_high_load_with_a_short_baseline_still_has_its_cq(cq):
    call = calls_of([*series(20, 25, 30, 35), logistic(cq, 0.95)])[-1]
    assert call.cq == pytest.approx(cq, abs=0.15)


def test_a_plate_on_which_every_well_is_too_high_is_all_baseline_failure():
    assert {call.state for call in calls_of(series(3, 4, 5))} == {State.BASELINE_FAILURE}


def test_late_is_amplified_and_kept():
    calls = calls_of(series(20, 25, 39.5, 41.0))
    assert [call.state for call in calls[2:]] == [State.AMPLIFIED, State.LATE]
    assert calls[3].is_amplified
    assert calls[3].cq == pytest.approx(41.0, abs=0.05)


def test_one_threshold_serves_every_well_of_a_target_on_every_plate():
    low = [2 + 0.25 * (curve - 2) for curve in series(21, 26)]
    together = calls_of([*series(20, 25, 30), *low])
    assert len({call.threshold for call in together}) == 1
    assert together[3].cq > 21 + np.log2(4) - 0.3  # the dim well crosses the common line later


def test_a_threshold_can_be_given():
    wells = [well(f"A{n}", "s") for n in range(1, 4)]
    plate = plate_of(wells, series(20, 25, 30))
    calls = call_wells(plate, late_after=40, thresholds={"IGH": 2.0})
    assert calls[0].threshold == 2.0
    expected = 20 + np.log((10 / 1 - 1) / (10 / 2 - 1)) / np.log(1.95)
    assert calls[0].cq == pytest.approx(expected, abs=0.05)


def test_the_instrument_s_cq_stays_beside_ours_and_a_difference_is_told():
    near, far = calls_of(series(20, 25), cq=20.3)
    assert near.note == ""
    assert far.note == f"our Cq {far.own_cq:.2f} and the instrument's 20.30 differ by {far.own_cq - 20.3:.2f}"


def test_disagreement_on_whether_it_amplifies_at_all_is_told():
    amplified = calls_of(series(20, 25, 30), cq="Undetermined")[0]
    assert amplified.note == f'the curve amplifies at {amplified.cq:.2f}, the instrument says "Undetermined"'
    flat = calls_of([*series(20, 25, 30), logistic(np.inf)], cq=33.0)[-1]
    assert flat.note == "the curve does not amplify, the instrument says Cq 33.00"


def test_without_a_curve_only_the_instrument_speaks_and_that_is_said():
    wells = [well("A1", "s", cq=25.0), well("A2", "s", cq="Undetermined"), well("A3", "s")]
    calls = call_wells(plate_of(wells), late_after=40)
    assert [(call.state, call.cq, call.seen) for call in calls] == [
        (State.AMPLIFIED, 25.0, False),
        (State.NONE, None, False),
        (State.MISSING, None, False),
    ]


def test_excluded_wells_are_counted_as_such():
    wells = [well("A1", "s", excluded="the plate file"), well("A2", "s")]
    calls = call_wells(plate_of(wells, series(20, 25)), late_after=40)
    assert calls[0].state is State.EXCLUDED
    assert calls[0].note == "excluded by the plate file"
    assert sum(count_states(calls).values()) == 2


def test_short_and_gappy_curves_are_read():
    gappy = logistic(25.0, 0.95)
    gappy[[3, 20]] = np.nan
    short = logistic(25.0, 0.95)[:40]
    calls = calls_of([*series(20, 30), gappy, short])
    assert [call.cq for call in calls[2:]] == pytest.approx([25.0, 25.0], abs=0.05)


@pytest.mark.parametrize("line", [-1.3, 0.8, 2.0])
def test_an_instrument_that_sets_its_line_elsewhere_disagrees_in_no_well_but_the_odd_one(line):
    """Another threshold shifts every Cq of a target alike; among them the one that is really odd must be seen."""
    cqs = np.linspace(20, 33, 12)
    theirs = [*(cqs[:-1] + line), 25.0]
    wells = [well(f"A{n}", "pt", cq=cq) for n, cq in enumerate(theirs, 1)]
    calls = call_wells(plate_of(wells, [logistic(cq) for cq in cqs]), late_after=40)
    odd = [n for n, call in enumerate(calls) if call.note]
    assert odd == [11]
    usual = float(calls[11].note.rsplit(" ", 1)[1])
    assert usual == pytest.approx(abs(line), abs=0.05)  # a Cq in closed form is found within this
    report = interpret_plate(
        plate_of(wells, [logistic(cq) for cq in cqs]), load_profile(PREVENT_FALSE_NEGATIVE)
    )
    (said,) = (finding.what for finding in report.findings if finding.code == "well.offset")
    when = "earlier" if line > 0 else "later"
    assert said == f"IGH: our Cq are {usual:.2f} cycles {when} than the instrument's in most wells"
