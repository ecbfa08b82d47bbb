"""Everything known about one sample and marker on one run, and one question asked of it."""

import math
from dataclasses import dataclass

from caseseries.pcr.control import Control
from caseseries.pcr.criteria import HAIR, Profile
from caseseries.pcr.standards import Reaction, StandardCurve


@dataclass(frozen=True)
class Rule:
    """One question of the trail: what was asked, whether it passed, and the numbers."""

    name: str
    passed: bool
    detail: str
    code: str = ""  # of the finding it makes when it did not pass
    do: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything about one sample and marker on one run."""

    sample: str
    target: str
    reactions: tuple[Reaction, ...]
    curve: StandardCurve | None
    background: tuple[Reaction, ...]
    water: tuple[Reaction, ...]
    bridge: Rule | None
    control: Control | None
    nanograms: float
    curves_reviewed_by: str = ""
    dilutions: int = 0  # dilution steps of the target on the sample's own run

    @property
    def used(self) -> tuple[Reaction, ...]:
        return tuple(one for one in self.reactions if one.counts)

    @property
    def cqs(self) -> tuple[float, ...]:
        return tuple(one.cq for one in self.reactions if one.cq is not None)


def latest_positive(curve: StandardCurve | None, profile: Profile) -> tuple[float, str]:
    """The latest Cq that counts as positive: below the background, else near the last dilution seen."""
    if curve is not None and curve.background_cq is not None:
        margin = profile["positive_background_margin"]
        return curve.background_cq - margin + HAIR, f"background {curve.background_cq:.2f} less {margin:g}"
    if curve is not None and curve.sensitivity_cq is not None:
        beyond = profile["positive_beyond_sensitivity_most"]
        return (
            curve.sensitivity_cq + beyond + HAIR,
            f"sensitivity dilution {curve.sensitivity_cq:.2f} plus {beyond:g}",
        )
    return math.inf, "no bound"
