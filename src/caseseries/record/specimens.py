"""One line of the MRD form, or one specimen of a plate: what level it states."""

from decimal import Decimal

from caseseries.record.levels import Level, LevelState
from caseseries.record.patient import Row

SPECIMEN_COLUMNS = ("specimen_date", "mrd_result", "mrd_percent", "sensitivity_percent", "range_percent")
PLATE_COLUMNS = ("plate_wells", "plate_control", "plate_standards", "plate_background")  # on no form


def can_read(row: Row) -> bool:
    """Whether a specimen's day and result are known. What the laboratory calls not evaluable is a result."""
    result = row.text("mrd_result")
    claims_nothing = derive_level(row).state is LevelState.NOT_EVALUABLE
    return row.date("specimen_date") is not None and (
        result == LevelState.NOT_EVALUABLE or not claims_nothing
    )


def derive_level(row: Row) -> Level:
    """The level on a specimen row: percent to fraction of cells.

    A quantified result without its number, or a negative without its sensitivity, is not evaluable: nothing
    can be claimed from it.
    """
    state = LevelState(row.text("mrd_result") or LevelState.NOT_EVALUABLE)
    value = _fraction(row.number("mrd_percent"))
    sensitivity = _fraction(row.number("sensitivity_percent"))
    quantitative_range = _fraction(row.number("range_percent"))
    incomplete = {
        LevelState.QUANTIFIED: value is None or value == 0,
        LevelState.NOT_DETECTED: sensitivity is None,
        LevelState.BELOW_RANGE: quantitative_range is None,
    }
    if incomplete.get(state, False):
        return Level(LevelState.NOT_EVALUABLE, None, sensitivity, quantitative_range)
    value = value if state is LevelState.QUANTIFIED else None
    return Level(state, value, sensitivity, quantitative_range, *_limits(row, state))


def _limits(row: Row, state: LevelState) -> tuple[float | None, float | None]:
    """The 95 % limits that a plate gives beside the line; of a negative, the sensitivity is limit enough."""
    lower, upper = _fraction(row.number("plate_lower_percent")), _fraction(row.number("plate_upper_percent"))
    if state is LevelState.QUANTIFIED and lower:
        return lower, upper
    return (None, upper) if state is LevelState.BELOW_RANGE else (None, None)


def _fraction(percent: float | None) -> float | None:
    # In decimal, so that 0.06 % is the double nearest to 0.0006 and thresholds are met exactly.
    return None if percent is None else float(Decimal(repr(percent)) / 100)
