"""When a plate and a centre's return contradict each other, and when they only differ."""

import pytest

from caseseries.findings import Where
from caseseries.pcr.agreement import check_agreement
from caseseries.pcr.markers import SampleLevel
from caseseries.record.levels import Level, LevelState

WHERE = Where("north.xlsx", "mrd", "C7")


def quantified(value):
    return Level(LevelState.QUANTIFIED, value, 1e-5, 1e-4)


def not_detected(sensitivity):
    return Level(LevelState.NOT_DETECTED, None, sensitivity, 1e-4)


NEGATIVE = not_detected(1e-4)
BELOW = Level(LevelState.BELOW_RANGE, None, 1e-5, 1e-4)
UNKNOWN = Level(LevelState.NOT_EVALUABLE)


@pytest.mark.parametrize(
    ("plate", "returned", "agree"),
    [
        (quantified(2e-3), quantified(2e-3), True),
        (quantified(2e-3), quantified(6.3e-3), True),
        (quantified(2e-3), quantified(6.4e-3), False),
        (quantified(6.4e-3), quantified(2e-3), False),
        (NEGATIVE, quantified(2e-3), False),
        (NEGATIVE, BELOW, True),
        (NEGATIVE, quantified(5e-5), True),
        (quantified(5e-5), NEGATIVE, False),  # complete needs that nothing was found, not little
        (BELOW, NEGATIVE, False),
        (not_detected(3.1e-5), not_detected(1e-5), True),
        (not_detected(3.2e-5), not_detected(1e-5), False),  # the plate could not have shown what is claimed
        (not_detected(1e-5), not_detected(1e-3), True),
        (BELOW, quantified(2e-3), False),
        (UNKNOWN, quantified(2e-3), True),
        (quantified(2e-3), UNKNOWN, True),
    ],
)
def test_two_levels_agree_when_they_do_not_exclude_each_other(plate, returned, agree):
    assert (check_agreement(SampleLevel("s", plate, (), ()), returned, WHERE) is None) is agree


def test_a_disagreement_names_both_and_the_cell():
    found = check_agreement(SampleLevel("NB-01 day 33", NEGATIVE, (), ()), quantified(2e-3), WHERE)
    assert str(found) == (
        "north.xlsx › mrd › C7: the plate gives not detected (1.0e-04) for NB-01 day 33, the return says 2.0e-03. "
        "Allowed: within half a log. Ask the centre which is right; neither is used until then."
    )
