"""What the laboratory's page shows of one sample and marker, as plain numbers and sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from caseseries.pcr.command import say_level
from caseseries.pcr.curve import take_baselines
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.mrd import PlateReport
from caseseries.pcr.roles import Role
from caseseries.pcr.standards import Reaction, StandardCurve

ROLES = {
    Role.STANDARD: "standard",
    Role.FOLLOW_UP: "follow-up",
    Role.BACKGROUND: "background",
    Role.WATER: "water",
    Role.REFERENCE: "reference",
}


@dataclass(frozen=True)
class WellShown:
    """One well. `net` is its fluorescence above its baseline, cycle by cycle; empty without a curve."""

    position: str
    sample: str
    role: str
    amount: float | None
    cq: float | None
    instrument: str
    state: str
    remark: str
    net: tuple[float, ...]


@dataclass(frozen=True)
class StandardShown:
    """A standard curve: (amount, Cq, whether levels rest on it) of each well, and the line levels are read from."""

    unit: str
    points: tuple[tuple[float, float, bool], ...]
    slope: float | None
    intercept: float | None
    accepted: bool
    quantitative_range: float | None
    sensitivity: float | None
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RuleShown:
    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class PlatePage:
    """One sample by one marker. `limits` are the Cq below which a well counts as positive, by aim."""

    sample: str
    target: str
    verdict: str
    reasons: tuple[str, ...]
    calls: tuple[tuple[str, str], ...]
    wells: tuple[WellShown, ...]
    control_wells: tuple[WellShown, ...]
    threshold: float | None
    background_cq: float | None
    curve: StandardShown | None
    control_curve: StandardShown | None
    trail: tuple[RuleShown, ...]
    plate: str
    sha256: str
    profile: str
    profile_sha256: str
    unverified: tuple[str, ...]


def show_plate(report: PlateReport) -> tuple[PlatePage, ...]:
    """A page for each level of a report, in its order."""
    nets = _nets(report)
    return tuple(_page(report, level, nets) for level in report.levels)


def _nets(report: PlateReport) -> dict[Reaction, tuple[float, ...]]:
    """Each well's curve above its baseline, worked out a target at a time as its Cq was."""
    fluorescence = report.plate.fluorescence
    nets: dict[Reaction, tuple[float, ...]] = {}
    for target in dict.fromkeys(one.well.target for one in report.reactions):
        rows = [n for n, one in enumerate(report.reactions) if one.well.target == target and one.call.seen]
        curved = [n for n in rows if np.isfinite(fluorescence[n]).sum() > 0]
        if curved:
            for row, net in zip(curved, take_baselines(fluorescence[curved]).net, strict=True):
                nets[report.reactions[row]] = tuple(float(value) for value in net)
    return nets


def _page(report: PlateReport, level: MarkerLevel, nets: dict[Reaction, tuple[float, ...]]) -> PlatePage:
    evidence, profile = level.evidence, report.profile
    wells = [one for one in report.reactions if _belongs(one, evidence.target, evidence.sample)]
    control = evidence.control
    others = [one for one in report.reactions if control and _belongs(one, control.target, evidence.sample)]
    return PlatePage(
        sample=evidence.sample,
        target=evidence.target,
        verdict=say_level(level.level, level.lower, level.upper),
        reasons=level.reasons,
        calls=tuple(level.calls.items()),
        wells=_show_wells(wells, nets),
        control_wells=_show_wells(others, nets),
        threshold=next((one.call.threshold for one in wells if one.call.threshold), None),
        background_cq=evidence.curve.background_cq if evidence.curve else None,
        curve=_show_curve(evidence.curve),
        control_curve=_show_curve(control.curve if control else None),
        trail=tuple(RuleShown(rule.name, rule.passed, rule.detail) for rule in level.trail),
        plate=f"{report.plate.name} ({report.plate.format})",
        sha256=report.plate.sha256,
        profile=profile.id,
        profile_sha256=profile.sha256,
        unverified=profile.unverified,
    )


def _belongs(one: Reaction, target: str, sample: str) -> bool:
    is_other_patient = one.part.role is Role.FOLLOW_UP and one.well.sample != sample
    return one.well.target == target and one.part.role in ROLES and not is_other_patient


def _show_wells(
    reactions: Iterable[Reaction], nets: dict[Reaction, tuple[float, ...]]
) -> tuple[WellShown, ...]:
    return tuple(
        WellShown(
            position=one.well.position,
            sample=one.well.sample,
            role=ROLES[one.part.role],
            amount=one.part.amount,
            cq=one.cq,
            instrument=one.well.reading.text,
            state=one.call.state.value,
            remark=one.call.note,
            net=nets.get(one, ()),
        )
        for one in reactions
    )


def _show_curve(curve: StandardCurve | None) -> StandardShown | None:
    if curve is None:
        return None
    used = {id(one) for one in curve.used}
    line = curve.range_line or curve.line
    return StandardShown(
        unit=curve.unit,
        points=tuple(
            (step.amount, one.cq, id(one) in used)
            for step in curve.steps
            for one in step.reactions
            if one.cq is not None
        ),
        slope=line.slope if line else None,
        intercept=line.intercept if line else None,
        accepted=curve.accepted,
        quantitative_range=curve.quantitative_range,
        sensitivity=curve.sensitivity,
        facts=_facts(curve),
    )


def _facts(curve: StandardCurve) -> tuple[tuple[str, str], ...]:
    """The lines over every step and over the range, as a laboratory states them."""
    facts: list[tuple[str, str]] = []
    for name, line in (("every step", curve.line), ("quantitative range", curve.range_line)):
        if line is not None:
            fit = f"slope {line.slope:.3f}, intercept {line.intercept:.2f}, r {line.r:.4f}, r² {line.r2:.4f}"
            facts.append((name, f"{fit}, efficiency {100 * line.efficiency:.1f} %, {line.n} wells"))
    reasons: Sequence[str] = curve.reasons or ("no step is left out",)
    return (*facts, ("verdict", "; ".join(("accepted" if curve.accepted else "refused", *reasons))))
