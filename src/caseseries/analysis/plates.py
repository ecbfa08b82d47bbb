"""What the laboratory's page shows of one sample and marker, as plain numbers and sentences."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from caseseries.analysis.displays import LevelAt, Trajectory
from caseseries.pcr.control import Control
from caseseries.pcr.criteria import load_profile, say_aim
from caseseries.pcr.curve import take_baselines
from caseseries.pcr.evidence import Evidence, latest_positive
from caseseries.pcr.folder import DAY, day_in
from caseseries.pcr.interpret import VERY_HIGH, MarkerLevel
from caseseries.pcr.markers import SampleLevel, join_markers
from caseseries.pcr.mrd import AIMS, PlateReport
from caseseries.pcr.roles import Role
from caseseries.pcr.setup import Saying
from caseseries.pcr.standards import Reaction, StandardCurve, say_efficiency
from caseseries.record.levels import LevelState, say_level

ROLES = {
    Role.STANDARD: "standard",
    Role.FOLLOW_UP: "follow-up",
    Role.BACKGROUND: "background",
    Role.WATER: "water",
    Role.REFERENCE: "reference",
}
MARGINS = (1.0, 1.5, 3.0)  # cycles below the background that the published rules keep
AIMS_IN_SHORT = {"FN": "prevent-false-negative", "FP": "prevent-false-positive"}


@dataclass(frozen=True)
class WellShown:
    """One well. `net` is its fluorescence above its baseline, cycle by cycle; empty without a curve."""

    position: str
    sample: str
    role: str
    amount: float | None
    unit: str
    cq: float | None
    instrument: str
    state: str
    remark: str
    net: tuple[float, ...]


@dataclass(frozen=True)
class StandardShown:
    """A standard curve: (amount, Cq, whether levels rest on it) of each well, and the line levels are read from.

    `sample` is (amount read from the line, Cq) of each well of the page's sample that amplified.
    """

    unit: str
    points: tuple[tuple[float, float, bool], ...]
    sample: tuple[tuple[float, float], ...]
    slope: float | None
    intercept: float | None
    accepted: bool
    quantitative_range: float | None
    sensitivity: float | None
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SideShown:
    """The marker of a page, or its control gene. `lines` are Cq worth a line across, by name."""

    target: str
    wells: tuple[WellShown, ...]
    threshold: float | None
    lines: tuple[tuple[str, float], ...]
    curve: StandardShown | None


@dataclass(frozen=True)
class RuleShown:
    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class PlatePage:
    """One sample by one marker; without a sample, one standard curve that no sample was read from."""

    sample: str
    verdict: str
    reasons: tuple[str, ...]
    calls: tuple[tuple[str, str], ...]  # the aim in words, and the call under it
    facts: tuple[tuple[str, str], ...]
    marker: SideShown
    control: SideShown | None
    trail: tuple[RuleShown, ...]

    @property
    def sides(self) -> tuple[SideShown, ...]:
        return (self.marker, self.control) if self.control else (self.marker,)


@dataclass(frozen=True)
class PlateShown:
    """A plate's pages, what several markers of a sample say together, what was found, and who and what said so."""

    pages: tuple[PlatePage, ...]
    samples: tuple[tuple[str, str, tuple[str, ...]], ...]  # name, level in words, reasons
    courses: tuple[Trajectory, ...]
    findings: tuple[str, ...]
    plate: str
    sha256: str
    profile: str
    profile_sha256: str
    unverified: tuple[str, ...]


def show_plate(report: PlateReport) -> PlateShown:
    """A page for each level of a report, in its order, then one for each standard curve on none of them."""
    nets, profile = _nets(report), report.profile
    pages = [_page(report, level, nets) for level in report.levels]
    used = {id(curve) for level in report.levels for curve in _curves_of(level)}
    pages += [_curve_page(report, curve, nets) for curve in report.curves if id(curve) not in used]
    joined = [one for one in join_markers(report.levels, profile) if len(one.markers) > 1]
    return PlateShown(
        pages=tuple(pages),
        samples=tuple((one.sample, say_level(one.level), one.reasons) for one in joined),
        courses=show_courses(report),
        findings=tuple(map(str, report.findings)),
        plate=f"{report.plate.name} ({report.plate.format})",
        sha256=report.plate.sha256,
        profile=profile.id,
        profile_sha256=profile.sha256,
        unverified=profile.unverified,
    )


def _curves_of(level: MarkerLevel) -> Iterable[StandardCurve | None]:
    return (level.evidence.curve, level.evidence.control.curve if level.evidence.control else None)


def show_courses(report: PlateReport) -> tuple[Trajectory, ...]:
    """MRD over time of each patient with specimens of two days or more on these plates, in days from the first.

    A sample's patient and day are what plate.toml says (`case`, `specimen_date`), else its name without the day.
    """
    by_patient: dict[str, dict[date, SampleLevel]] = {}
    for sample in join_markers(report.levels, report.profile):
        patient, day = _whose(sample.sample, report.setup.samples.get(sample.sample, Saying()))
        if day is not None:
            same = by_patient.setdefault(patient, {})
            same[day] = max(same.get(day, sample), sample, key=lambda one: one.level.bounds()[1])
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
    is_known = level.state is not LevelState.NOT_EVALUABLE
    limit = level.bounds()[1] if is_known and level.value is None else None
    lower, upper = (level.lower, level.upper) if level.value is not None else (None, None)
    return LevelAt(
        day, str(level.state), level.value, limit, level.sensitivity, level.quantitative_range, lower, upper
    )


def _nets(report: PlateReport) -> dict[Reaction, tuple[float, ...]]:
    """Each well's curve above its baseline, worked out a target at a time as its Cq was.

    A well that has no baseline of its own stands on the others' first fluorescence, so that its height is seen.
    """
    fluorescence = report.plate.fluorescence
    nets: dict[Reaction, tuple[float, ...]] = {}
    for target in dict.fromkeys(one.well.target for one in report.reactions):
        rows = [n for n, one in enumerate(report.reactions) if one.well.target == target and one.call.seen]
        curved = [n for n in rows if np.isfinite(fluorescence[n]).sum() > 0]
        if not curved:
            continue
        traces = take_baselines(fluorescence[curved])
        is_early = np.array([report.reactions[n].call.is_early for n in curved])
        level = (
            0.0
            if report.plate.subtracted
            else np.median(traces.start[~is_early] if (~is_early).any() else traces.start)
        )
        net = np.where(is_early[:, None], fluorescence[curved] - level, traces.net)
        for row, curve in zip(curved, net, strict=True):
            nets[report.reactions[row]] = tuple(float(value) for value in curve)
    return nets


def _page(report: PlateReport, level: MarkerLevel, nets: dict[Reaction, tuple[float, ...]]) -> PlatePage:
    evidence = level.evidence
    curve, control = evidence.curve, evidence.control
    runs = {*_runs(evidence.reactions), *([(curve.plate, curve.run)] if curve else [])}
    wells = [one for one in report.reactions if _belongs(one, evidence.target, evidence.sample, runs)]
    return PlatePage(
        sample=evidence.sample,
        verdict=_verdict(level),
        reasons=level.reasons,
        calls=tuple((say_aim(name), call) for name, call in level.calls.items()),
        facts=tuple(_facts_of(level)),
        marker=_side(evidence.target, wells, nets, curve, evidence.cqs, tuple(_lines(evidence))),
        control=_control_side(report, evidence.sample, control, nets) if control else None,
        trail=tuple(RuleShown(rule.name, rule.passed, rule.detail) for rule in level.trail),
    )


def _verdict(level: MarkerLevel) -> str:
    """The level in words; without one, what stopped it, for a load too high to read must not pass for an empty tube."""
    said = say_level(level.level)
    if any(rule.code == VERY_HIGH for rule in level.stopped_by):
        return f"{said}: very high, dilute and repeat"
    names = ", ".join(dict.fromkeys(rule.name for rule in level.stopped_by))
    return f"{said}: {names}" if names else said


def _curve_page(
    report: PlateReport, curve: StandardCurve, nets: dict[Reaction, tuple[float, ...]]
) -> PlatePage:
    here = {(curve.plate, curve.run)}
    wells = [one for one in report.reactions if _belongs(one, curve.target, "", here)]
    lines = (("background", curve.background_cq),) if curve.background_cq else ()
    verdict = f"standard curve {'accepted' if curve.accepted else 'refused'}"
    side = _side(curve.target, wells, nets, curve, (), lines)
    return PlatePage("", verdict, (), (), (), side, None, ())


def _control_side(
    report: PlateReport, sample: str, control: Control, nets: dict[Reaction, tuple[float, ...]]
) -> SideShown:
    runs = _runs(control.reactions)
    wells = [one for one in report.reactions if _belongs(one, control.target, sample, runs)]
    cqs = tuple(one.cq for one in control.reactions if one.cq is not None)
    return _side(control.target, wells, nets, control.curve, cqs, ())


def _side(
    target: str,
    wells: Sequence[Reaction],
    nets: dict[Reaction, tuple[float, ...]],
    curve: StandardCurve | None,
    cqs: Sequence[float],
    lines: tuple[tuple[str, float], ...],
) -> SideShown:
    threshold = next((one.call.threshold for one in wells if one.call.threshold), None)
    return SideShown(target, _show_wells(wells, nets), threshold, lines, _show_curve(curve, cqs))


def _lines(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """The lowest background Cq with the usual margins; without background, the latest Cq that each aim counts."""
    curve = evidence.curve
    if curve is not None and curve.background_cq is not None:
        yield "background", curve.background_cq
        yield from ((f"−{margin:g}", curve.background_cq - margin) for margin in MARGINS)
    elif curve is not None and curve.accepted:
        for short, name in AIMS_IN_SHORT.items():
            limit, _ = latest_positive(curve, load_profile(AIMS[name]))
            if math.isfinite(limit):
                yield f"{short} limit", limit


def _facts_of(level: MarkerLevel) -> Iterator[tuple[str, str]]:
    """The sample's own limits and its DNA, which a level means nothing without."""
    own, control = level.level, level.evidence.control
    if own.sensitivity is not None and own.quantitative_range is not None:
        said = f"sensitivity {own.sensitivity:.1e}, quantitative range from {own.quantitative_range:.1e}"
        yield "limits of this sample", said
    if control is not None and control.amplifiable is not None:
        said = f"{control.amplifiable:.2f} of the reference by {control.target}, in {len(level.evidence.used)} wells"
        yield "amplifiable DNA", f"{said} of {level.evidence.nanograms:g} ng"


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
            unit=one.part.unit,
            cq=one.cq,
            instrument=one.well.reading.text,
            state=one.call.state.value,
            remark=one.call.note,
            net=nets.get(one, ()),
        )
        for one in reactions
    )


def _show_curve(curve: StandardCurve | None, cqs: Sequence[float]) -> StandardShown | None:
    if curve is None:
        return None
    used = {id(one) for one in curve.used}
    drawn = curve.range_line or curve.line
    line = drawn if drawn and drawn.falls else None
    return StandardShown(
        unit=curve.unit,
        points=tuple(
            (step.amount, one.cq, id(one) in used)
            for step in curve.steps
            for one in step.reactions
            if one.cq is not None
        ),
        sample=tuple((line.read(cq), cq) for cq in cqs) if line else (),
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
            facts.append((name, f"{fit}, efficiency {say_efficiency(line)}, {line.n} wells"))
    reasons: Sequence[str] = curve.reasons or ("no step is left out",)
    return (*facts, ("verdict", "; ".join(("accepted" if curve.accepted else "refused", *reasons))))
