"""A measured MRD level: never a bare number, because "not detected" means nothing without its sensitivity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class LevelState(StrEnum):
    QUANTIFIED = "quantified"
    BELOW_RANGE = "positive below quantitative range"
    NOT_DETECTED = "not detected"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True)
class Level:
    """One MRD result. All numbers are fractions of cells (0.002 is 0.2 %).

    `value` is set exactly when the state is quantified. `sensitivity` is the lowest level this sample could
    have shown; `quantitative_range` the lowest it could have quantified. `lower` and `upper` bound the true level at
    95 % where a plate was read; they are None where only a number was returned.
    """

    state: LevelState
    value: float | None = None
    sensitivity: float | None = None
    quantitative_range: float | None = None
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.state is LevelState.QUANTIFIED):
            raise ValueError(
                f"a level that is {self.state} {'needs' if self.value is None else 'has no'} value"
            )

    def bounds(self) -> tuple[float, float]:
        """The smallest and largest true level this result allows; (0, 1) when it says nothing.

        A quantified level counts as its number, as the protocols do; its interval is shown beside it. Negative results
        are never replaced by zero or by half their limit. Replicates that disagree may stand above the range.
        """
        if self.state is LevelState.QUANTIFIED and self.value is not None:
            return self.value, self.value
        if self.state is LevelState.NOT_DETECTED and self.sensitivity is not None:
            return 0.0, self.sensitivity
        if self.state is LevelState.BELOW_RANGE and self.quantitative_range is not None:
            return 0.0, max(self.quantitative_range, self.upper or 0.0)
        return 0.0, 1.0


def say_level(level: Level) -> str:
    """A level in words; a number only when it was quantified."""
    if level.state is LevelState.QUANTIFIED:
        is_known = level.lower is not None and level.upper is not None
        interval = f" (95 % interval {level.lower:.1e} to {level.upper:.1e})" if is_known else ""
        return f"{level.value:.1e}{interval}"
    if level.state is LevelState.BELOW_RANGE:
        return f"{level.state}, below {level.bounds()[1]:.1e}"
    if level.state is LevelState.NOT_DETECTED:
        return f"{level.state} at sensitivity {level.sensitivity:.1e}"
    return str(level.state)


def combine_markers(levels: list[Level]) -> Level:
    """Several markers of one specimen: the highest quantified level; else positive if any is; negative only
    if all are, at the best sensitivity reached (van der Velden 2007; notes on two markers: verify).

    Levels that are not evaluable are left out by the caller; the list is not empty.
    """
    quantified = [level for level in levels if level.state is LevelState.QUANTIFIED]
    if quantified:
        return max(quantified, key=lambda level: level.value or 0.0)
    positive = [level for level in levels if level.state is LevelState.BELOW_RANGE]
    if positive:
        return max(positive, key=lambda level: level.bounds()[1])
    return min(levels, key=lambda level: level.sensitivity or 1.0)


def logs_apart(levels: Sequence[Level]) -> float:
    """How far apart, in log10 units, the markers of one specimen are; 0 where none has a number.

    A negative or unquantified marker stands at the highest level it allows, so that it counts only when it excludes
    what the other shows.
    """
    if not any(level.state is LevelState.QUANTIFIED for level in levels):
        return 0.0
    heights = [level.bounds()[1] for level in levels]
    return math.log10(max(heights) / min(heights))
