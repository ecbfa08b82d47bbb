"""What the laboratory's page shows of one sample and marker, as plain numbers and sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from caseseries.analysis.displays import LevelAt, Trajectory
from caseseries.pcr.command import say_level
from caseseries.pcr.curve import take_baselines
from caseseries.pcr.folder import DAY, day_in
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.markers import SampleLevel, join_markers
from caseseries.pcr.mrd import PlateReport
from caseseries.pcr.roles import Role
from caseseries.pcr.setup import Saying
from caseseries.pcr.standards import Reaction, StandardCurve
from caseseries.record.levels import LevelState

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


def show_courses(report: PlateReport) -> tuple[Trajectory, ...]:
    """MRD over time of each patient with specimens of two days or more on these plates, in days from the first.

    A sample's patient and day are what plate.toml says (`case`, `specimen_date`), else its name without the day.
    """
    by_patient: dict[str, dict[date, SampleLevel]] = {}
    for sample in join_markers(report.levels, report.profile):
        patient, day = _whose(sample.sample, report.setup.samples.get(sample.sample, Saying()))
        if day is not None:
            by_patient.setdefault(patient, {})[day] = sample
    return tuple(_course(patient, found) for patient, found in by_patient.items() if len(found) > 1)


def _whose(sample: str, said: Saying) -> tuple[str, date | None]:
    day = said.specimen_date or day_in(sample)
    bare = DAY.sub("", sample).strip(" _,;-") if day else sample
    return said.case or bare or sample, day


def _course(patient: str, found: dict[date, SampleLevel]) -> Trajectory:
    first = min(found)
    points = (_level_at(sample, (day - first).days) for day, sample in sorted(found.items()))
    return Trajectory(patient, tuple(points))


def _level_at(sample: SampleLevel, day: int) -> LevelAt:
    level = sample.level
    own = next((one for one in sample.markers if one.level == level), None)
    is_known = level.state is not LevelState.NOT_EVALUABLE
    limit = level.bounds()[1] if is_known and level.value is None else None
    lower, upper = (own.lower, own.upper) if own and level.value is not None else (None, None)
    return LevelAt(
        day, str(level.state), level.value, limit, level.sensitivity, level.quantitative_range, lower, upper
    )


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
    curve, control = evidence.curve, evidence.control
    runs = {*_runs(evidence.reactions), *([(curve.plate, curve.run)] if curve else [])}
    wells = [one for one in report.reactions if _belongs(one, evidence.target, evidence.sample, runs)]
    runs = _runs(control.reactions) if control else set()
    others = [
        one for one in report.reactions if control and _belongs(one, control.target, evidence.sample, runs)
    ]
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


def _runs(reactions: Iterable[Reaction]) -> set[tuple[str, str]]:
    return {(one.well.plate, one.well.run) for one in reactions}


def _belongs(one: Reaction, target: str, sample: str, runs: set[tuple[str, str]]) -> bool:
    """Whether a well is of this sample or a control of its runs: no other patient's wells come on the page."""
    is_other_patient = one.part.role is Role.FOLLOW_UP and one.well.sample != sample
    is_here = one.well.target == target and (one.well.plate, one.well.run) in runs
    return is_here and one.part.role in ROLES and not is_other_patient


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
