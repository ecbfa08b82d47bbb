"""The control gene: how much amplifiable DNA a sample had, against the DNA the dilutions were made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caseseries.pcr.calls import State
from caseseries.pcr.criteria import HAIR, Profile, say_against
from caseseries.pcr.roles import NANOGRAMS
from caseseries.pcr.standards import Reaction, StandardCurve
from caseseries.pcr.uncertainty import Part, read_amount, read_difference


@dataclass(frozen=True)
class Control:
    """`correction` is log10 (reference / sample) with its limits; None when `faults` says why not."""

    target: str
    curve: StandardCurve | None
    reactions: tuple[Reaction, ...]
    reference: tuple[Reaction, ...]
    correction: Part | None
    faults: tuple[str, ...]

    @property
    def amplifiable(self) -> float | None:
        """The sample's amplifiable DNA as a share of the reference's."""
        return None if self.correction is None else float(10**-self.correction.value)

    @property
    def mean_cq(self) -> float | None:
        cqs = [one.cq for one in self.reactions if one.cq is not None]
        return float(np.mean(cqs)) if cqs else None


def compare_control(
    reactions: Sequence[Reaction],
    reference: Sequence[Reaction],
    water: Sequence[Reaction],
    curve: StandardCurve | None,
    nanograms: float,
    profile: Profile,
) -> Control:
    """The control gene of one sample. Without reference wells a curve in ng is read against `nanograms`."""
    wells = tuple(one for one in reactions if one.counts)
    others = tuple(one for one in reference if one.counts)
    faults = [
        *_check_curve(curve),
        *_check_wells(wells, "of the sample", profile),
        *_check_reference(others, curve, profile),
        *_check_water(wells, water, profile),
    ]
    target = reactions[0].well.target if reactions else ""
    correction = None if faults or curve is None else _correct(wells, others, curve, nanograms)
    if correction is not None and (excess := _check_excess(correction, profile)):
        correction, faults = None, excess
    return Control(target, curve, tuple(reactions), tuple(reference), correction, tuple(faults))


def _check_excess(correction: Part, profile: Profile) -> list[str]:
    """Ten times more DNA than the reference was never pipetted; it would make a level ten times too low."""
    share, most = 10**-correction.value, 1 / profile["amplifiable_least"]
    if share <= most:
        return []
    return [
        f"amplifiable DNA {share:.1f} of the reference, over {most:g}: is it another amount, or contaminated?"
    ]


def _check_curve(curve: StandardCurve | None) -> list[str]:
    if curve is None:
        return ["it has no standard curve"]
    return [] if curve.accepted else [f"its curve is refused: {curve.reasons[0]}"]


def _check_wells(wells: Sequence[Reaction], whose: str, profile: Profile) -> list[str]:
    cqs = [one.cq for one in wells if one.cq is not None]
    if any(one.call.state is State.BASELINE_FAILURE for one in wells):
        return [f"a well {whose} has no baseline: too much DNA"]
    if len(cqs) < profile["control_wells_least"]:
        return [f"{_count(cqs)} {whose} amplified, under {profile['control_wells_least']:g}"]
    span = max(cqs) - min(cqs)
    most = profile["replicate_range_most"]
    return (
        [f"the wells {whose} span {say_against(span, most)} cycles, over {most:g}"]
        if span > most + HAIR
        else []
    )


def _count(wells: Sequence[object]) -> str:
    return "1 well" if len(wells) == 1 else f"{len(wells)} wells"


def _check_reference(wells: Sequence[Reaction], curve: StandardCurve | None, profile: Profile) -> list[str]:
    if wells:
        return _check_wells(wells, "of the reference DNA", profile)
    if curve is not None and curve.unit == NANOGRAMS:
        return []
    return ["it was not measured in the DNA the dilutions were made of"]


def _check_water(wells: Sequence[Reaction], water: Sequence[Reaction], profile: Profile) -> list[str]:
    """Traces of human DNA in water matter only when they come near the sample's own."""
    latest = max((one.cq for one in wells if one.cq is not None), default=None)
    first = min((one.cq for one in water if one.cq is not None), default=None)
    if latest is None or first is None or first - latest >= profile["control_water_margin"]:
        return []
    margin = f"{first - latest:.1f} cycles after the sample, under {profile['control_water_margin']:g}"
    return [f"it amplifies in water {margin}"]


def _correct(
    wells: Sequence[Reaction], others: Sequence[Reaction], curve: StandardCurve, nanograms: float
) -> Part | None:
    line = curve.range_line
    if line is None:
        return None
    own = [one.cq for one in wells if one.cq is not None]
    theirs = [one.cq for one in others if one.cq is not None]
    if theirs:
        later = float(np.mean(theirs) - np.mean(own))
        return read_difference(line, later, (len(theirs), len(own)))
    amount = read_amount(line, float(np.mean(own)), len(own))
    full = math.log10(nanograms)
    return Part(full - amount.value, full - amount.upper, full - amount.lower)
