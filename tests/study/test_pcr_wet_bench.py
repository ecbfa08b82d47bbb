"""Plates of a bench that knows nothing of the package: the levels by hand, and never a positive made negative."""

import pytest

from caseseries.pcr.criteria import BUILT_IN, load_profile
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.reading import read_plate_bytes
from caseseries.record.levels import LevelState
from wet_bench import CELLS, CONTROL, MARKER, RULES, Bench, by_hand, drawn_plate, is_positive_by_hand


@pytest.mark.parametrize("seed", range(12))
def test_levels_are_those_a_spreadsheet_gives_from_the_same_cq(seed):
    samples, _, report = drawn_plate(seed)
    for one in report.levels:
        if one.level.state is LevelState.QUANTIFIED:
            level, slope, least = by_hand(report, one.sample)
            assert one.level.value == pytest.approx(level, rel=1e-9)
            assert one.evidence.curve.range_line.slope == pytest.approx(slope, rel=1e-9)
            assert one.level.quantitative_range == pytest.approx(max(least, one.level.sensitivity), rel=1e-9)
        elif samples[one.sample][0] >= 3 * (one.level.sensitivity or 1):
            assert one.level.state is not LevelState.NOT_DETECTED


POSITIVE = (LevelState.QUANTIFIED, LevelState.BELOW_RANGE)


@pytest.mark.parametrize("profile", RULES)
@pytest.mark.parametrize("seed", [5, 6, 23, 45, 62, 219, 251, 300])
def test_beside_background_a_sample_is_positive_where_the_rule_says_so_and_nowhere_else(seed, profile):
    """Also of samples without leukaemia, some of which are: one copy of background in a well looks like one of a blast."""
    samples, _, report = drawn_plate(seed, profile, everywhere=True)
    for one in report.levels:
        if one.level.state is not LevelState.NOT_EVALUABLE:
            assert (one.level.state in POSITIVE) is is_positive_by_hand(report, one.sample)
        if not samples[one.sample][0] and one.level.state in POSITIVE:
            assert one.level.state is LevelState.BELOW_RANGE
            assert one.level.lower == 0


@pytest.mark.parametrize("copies", [2e12, 1e12, 1e11, 1e10, 2e9, 3e8, 3e7])
@pytest.mark.parametrize("wells", [1, 3])
def test_more_copies_than_a_well_of_dna_can_hold_are_never_negative_nor_a_number(copies, wells):
    """A well of 500 ng holds 75,758 cells; these rise from the first cycles on, or are spent before."""
    bench = Bench(5)
    bench.add("pt", MARKER, copies, wells).add("pt", MARKER, 0, 3 - wells).add("pt", CONTROL, 2 * CELLS)
    plate = read_plate_bytes(bench.plate({}), "wet.rdml")
    for profile in BUILT_IN:
        (one,) = interpret_plate(plate, load_profile(profile)).levels
        assert one.level.state is LevelState.NOT_EVALUABLE
        assert set(one.calls.values()) == {"not evaluable"}
        assert {"level.very_high", "level.discordant"} & {rule.code for rule in one.stopped_by}


@pytest.mark.parametrize("seed", [134, 147, 263, 350])
def test_wells_between_the_background_s_limit_and_the_lowest_dilution_bound_the_negative(seed):
    """The four of 1,595 that were called negative at a level above the sensitivity then printed."""
    samples, _, report = drawn_plate(seed)
    for one in report.levels:
        if one.level.state is LevelState.NOT_DETECTED:
            assert samples[one.sample][0] < one.level.sensitivity
