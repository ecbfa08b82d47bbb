"""One or several plates to interpreted levels: the page that calls everything else in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from caseseries.findings import Finding, Severity
from caseseries.pcr.calls import call_wells
from caseseries.pcr.checks import check_plate
from caseseries.pcr.control import Control, compare_control
from caseseries.pcr.criteria import (
    HAIR,
    PREVENT_FALSE_NEGATIVE,
    PREVENT_FALSE_POSITIVE,
    Profile,
    load_profile,
    say_against,
)
from caseseries.pcr.evidence import Evidence, Rule
from caseseries.pcr.interpret import MarkerLevel, derive_level
from caseseries.pcr.plate import Plate, name_targets
from caseseries.pcr.roles import COPIES, FRACTION, NANOGRAMS, Role, apply_setup, assign_roles
from caseseries.pcr.setup import Setup
from caseseries.pcr.standards import Reaction, StandardCurve, fit_curve

AIMS = {"prevent-false-negative": PREVENT_FALSE_NEGATIVE, "prevent-false-positive": PREVENT_FALSE_POSITIVE}

Key = tuple[str, str, str]  # target, plate, run


@dataclass(frozen=True, eq=False)
class PlateReport:
    """A plate, understood and interpreted. `reactions` are in the plate's order, `setup` is what plate.toml said."""

    plate: Plate
    profile: Profile
    reactions: tuple[Reaction, ...]
    curves: tuple[StandardCurve, ...]
    levels: tuple[MarkerLevel, ...]
    findings: tuple[Finding, ...]
    setup: Setup = field(default_factory=Setup)


def interpret_plate(
    plate: Plate, profile: Profile, setup: Setup | None = None, *, use_instrument: bool = False
) -> PlateReport:
    """Roles, Cq, standard curves and levels of a plate (or of several, joined) under a profile."""
    said = setup or Setup()
    plate = name_targets(apply_setup(plate, said))
    parts = assign_roles(plate, said)
    calls = call_wells(
        plate, late_after=profile["late_after"], thresholds=said.thresholds, use_instrument=use_instrument
    )
    reactions = tuple(map(Reaction, plate.wells, parts, calls))
    curves = _fit_curves(reactions, profile, said)
    levels = _derive_levels(reactions, curves, profile, said)
    found = (*plate.findings, *check_plate(plate, parts, reactions, curves.values(), levels))
    findings = tuple(
        sorted(found, key=lambda finding: finding.severity is Severity.NOTE)
    )  # what is open first
    return PlateReport(plate, profile, reactions, tuple(curves.values()), levels, findings, said)


def _key(reaction: Reaction) -> Key:
    return reaction.well.target, reaction.well.plate, reaction.well.run


def _fit_curves(reactions: Sequence[Reaction], profile: Profile, said: Setup) -> dict[Key, StandardCurve]:
    """A curve for each target on each run that has at least three dilution steps of it."""
    groups: dict[Key, list[Reaction]] = {}
    for one in reactions:
        if one.part.role is Role.STANDARD:
            groups.setdefault(_key(one), []).append(one)
    cells = (said.dna_per_well_ng or profile["dna_per_well"]) * 1000 / profile["dna_per_cell"]
    copies = {FRACTION: cells, COPIES: 1.0, NANOGRAMS: 2 * 1000 / profile["dna_per_cell"]}
    return {
        key: fit_curve(
            standards,
            _background(reactions, key[0]),
            profile,
            copies.get(standards[0].part.unit, np.inf),
        )
        for key, standards in groups.items()
        if len({one.part.amount for one in standards}) >= profile["steps_least"]
    }


def _background(reactions: Iterable[Reaction], target: str) -> tuple[Reaction, ...]:
    """Polyclonal DNA is the background of a marker; of the control gene it is full measure."""
    return tuple(one for one in _of(reactions, target, Role.BACKGROUND) if not one.part.is_control_gene)


def _of(reactions: Iterable[Reaction], target: str, role: Role) -> tuple[Reaction, ...]:
    return tuple(one for one in reactions if one.well.target == target and one.part.role is role)


def _derive_levels(
    reactions: Sequence[Reaction], curves: Mapping[Key, StandardCurve], profile: Profile, said: Setup
) -> tuple[MarkerLevel, ...]:
    aims = {name: load_profile(profile_id) for name, profile_id in AIMS.items()}
    groups: dict[tuple[str, Key], list[Reaction]] = {}
    for one in reactions:
        if one.part.role is Role.FOLLOW_UP and not one.part.is_control_gene:
            groups.setdefault((one.well.sample, _key(one)), []).append(one)
    controls = _controls(reactions, curves, profile, said)
    return tuple(
        derive_level(
            _evidence(sample, key, tuple(wells), reactions, curves, controls, profile, said), profile, aims
        )
        for (sample, key), wells in groups.items()
    )


def _evidence(
    sample: str,
    key: Key,
    wells: tuple[Reaction, ...],
    reactions: Sequence[Reaction],
    curves: Mapping[Key, StandardCurve],
    controls: Mapping[str, Mapping[Key, Control]],
    profile: Profile,
    said: Setup,
) -> Evidence:
    curve, bridge = _curve_for(key, reactions, curves, profile)
    return Evidence(
        sample=sample,
        target=key[0],
        reactions=wells,
        curve=curve,
        background=_of(reactions, key[0], Role.BACKGROUND),
        water=_of(reactions, key[0], Role.WATER),
        bridge=bridge,
        control=_control_for(key, controls.get(sample, {})),
        nanograms=said.dna_per_well_ng or profile["dna_per_well"],
        curves_reviewed_by=said.curves_reviewed_by,
        dilutions=len({one.part.amount for one in _standards(key, reactions)}),
    )


def _standards(key: Key, reactions: Sequence[Reaction]) -> list[Reaction]:
    return [one for one in _of(reactions, key[0], Role.STANDARD) if _key(one) == key]


def _curve_for(
    key: Key, reactions: Sequence[Reaction], curves: Mapping[Key, StandardCurve], profile: Profile
) -> tuple[StandardCurve | None, Rule | None]:
    """The curve of the sample's own run; else another run's, if a bridging dilution ties the two together."""
    if key in curves:
        return curves[key], None
    others = [curve for other, curve in curves.items() if other[0] == key[0] and curve.accepted]
    if not others:
        return None, None
    return others[0], _check_bridge(_standards(key, reactions), others[0], profile)


def _check_bridge(standards: Sequence[Reaction], curve: StandardCurve, profile: Profile) -> Rule:
    place = " › ".join(part for part in (curve.plate, curve.run) if part)
    code, do = "level.no_bridge", "Measure a bridging dilution beside the sample"
    if not standards or curve.range_line is None:
        what = f"the curve is on {place} and no dilution was measured beside the sample"
        return Rule("bridge", False, what, code, do)
    gaps = [
        abs(one.cq - curve.range_line.at(one.part.amount)) if one.cq is not None else np.inf
        for one in standards
        if one.part.amount and one.counts
    ]
    gap, most = max(gaps, default=np.inf), profile["bridge_most"]
    far = f"lies {say_against(gap, most)} cycles from the curve on {place}, {most:g} allowed"
    what = f"the bridging dilution {far if np.isfinite(gap) else 'has a well without a Cq, or none'}"
    return Rule("bridge", bool(gap <= most + HAIR), what, code, do)


def _controls(
    reactions: Sequence[Reaction], curves: Mapping[Key, StandardCurve], profile: Profile, said: Setup
) -> dict[str, dict[Key, Control]]:
    """The control gene of each sample, on every run and target on which it was measured."""
    groups: dict[str, dict[Key, list[Reaction]]] = {}
    for one in reactions:
        if one.part.is_control_gene and one.part.role is Role.FOLLOW_UP:
            groups.setdefault(one.well.sample, {}).setdefault(_key(one), []).append(one)
    nanograms = said.dna_per_well_ng or profile["dna_per_well"]
    return {
        sample: {
            key: _control(key, wells, reactions, curves, nanograms, profile) for key, wells in by_key.items()
        }
        for sample, by_key in groups.items()
    }


def _control_for(key: Key, controls: Mapping[Key, Control]) -> Control | None:
    """The control gene of the marker's own run, else of another; of several the first by name."""
    here = {other: control for other, control in controls.items() if other[1:] == key[1:]}
    return min((here or controls).items(), key=lambda pair: pair[0])[1] if controls else None


def _control(
    key: Key,
    wells: list[Reaction],
    reactions: Sequence[Reaction],
    curves: Mapping[Key, StandardCurve],
    nanograms: float,
    profile: Profile,
) -> Control:
    here = [one for one in reactions if _key(one) == key]
    reference = _of(here, key[0], Role.REFERENCE) or _of(here, key[0], Role.BACKGROUND)
    water = _of(here, key[0], Role.WATER)
    return compare_control(wells, reference, water, curves.get(key), nanograms, profile)
