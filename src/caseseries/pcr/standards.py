"""The standard curve: steps, line, quantitative range and sensitivity.

Rules and numbers: van der Velden et al., Leukemia 2007;21:604, through the profile. The line over every
amplified well is what a laboratory reads off; levels are computed from the line through the quantitative
range only, because wells below it amplify when they happen to hold a copy and so come too early.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caseseries.pcr.calls import Call, State
from caseseries.pcr.criteria import HAIR, Profile, say_against
from caseseries.pcr.curve import Vector
from caseseries.pcr.plate import Well
from caseseries.pcr.roles import FRACTION, Part

# Our choices:
EARLY = 2  # times step_deviation_most; a tenfold mistake in a dilution is more than three cycles
LEAST_FALL = -0.5  # cycles per tenfold; a line that falls less says nothing of amplification
LIKE_A_LINE = (-5.0, -2.0)  # slopes of a line that an amount can be read from
OFF_LINE = "off the line by"
LEAST_ERROR = 0.02  # cycles; no well repeats better than its threshold is read


@dataclass(frozen=True)
class Reaction:
    """One well, the part it plays and what became of it."""

    well: Well
    part: Part
    call: Call

    @property
    def cq(self) -> float | None:
        return self.call.cq if self.call.is_amplified else None

    @property
    def counts(self) -> bool:
        """Whether the well says anything: not excluded, not missing."""
        return self.call.state not in (State.EXCLUDED, State.MISSING)


@dataclass(frozen=True)
class Line:
    """Least squares of Cq on log10 amount.

    `error` is the standard deviation, in cycles, of a well with very many copies. The variances are of the
    line itself, from that error and from the Poisson scatter of the copies in each standard well.
    """

    slope: float
    intercept: float
    r: float
    n: int
    centre: float  # mean log10 amount
    breadth: float  # sum of squares of log10 amount about it
    error: float
    height_variance: float  # of the line at its centre
    slope_variance: float
    covariance: float

    @property
    def freedom(self) -> int:
        return self.n - 2

    @property
    def r2(self) -> float:
        return self.r**2

    @property
    def falls(self) -> bool:
        """Whether an amount can be read from it at all: a level line puts a Cq at 10 to the thousands."""
        return self.slope < LEAST_FALL

    @property
    def efficiency(self) -> float | None:
        """Copies made per copy and cycle; 1 is perfect doubling. None where the line does not fall as a curve does."""
        return float(10 ** (-1 / self.slope) - 1) if self.falls else None

    def at(self, amount: float) -> float:
        """The Cq of an amount."""
        return self.intercept + self.slope * float(np.log10(amount))

    def read(self, cq: float) -> float:
        """The amount at a Cq."""
        return float(10 ** ((cq - self.intercept) / self.slope))


@dataclass(frozen=True)
class Step:
    """One dilution. `faults` is empty when it is reproducible, apart from background and on the line."""

    amount: float
    reactions: tuple[Reaction, ...]
    faults: tuple[str, ...]

    @property
    def cqs(self) -> tuple[float, ...]:
        return tuple(reaction.cq for reaction in self.reactions if reaction.cq is not None)

    @property
    def is_off_line(self) -> bool:
        return bool(self.faults) and self.faults[0].startswith(OFF_LINE)


def say_efficiency(line: Line) -> str:
    """The efficiency of a line in words; "none" where it has none."""
    return "none" if line.efficiency is None else f"{100 * line.efficiency:.1f} %"


@dataclass(frozen=True)
class StandardCurve:
    """A target's curve on one run. `line` is over all steps, `range_line` over the quantitative range."""

    target: str
    plate: str
    run: str
    unit: str
    is_control_gene: bool
    line: Line | None
    range_line: Line | None
    accepted: bool
    reasons: tuple[str, ...]
    quantitative_range: float | None
    sensitivity: float | None
    sensitivity_cq: float | None  # highest Cq of the dilution that sets the sensitivity
    background_cq: float | None  # lowest Cq in polyclonal DNA
    background_wells: int
    steps: tuple[Step, ...]
    contradictions: tuple[str, ...]
    overfull: tuple[Step, ...]  # outside the range, and holding more than was declared

    @property
    def used(self) -> tuple[Reaction, ...]:
        return tuple(
            one for step in self.steps if not step.faults for one in step.reactions if one.cq is not None
        )

    @property
    def unused(self) -> tuple[Reaction, ...]:
        used = {one.well.position for one in self.used}
        return tuple(one for step in self.steps for one in step.reactions if one.well.position not in used)


def fit_line(
    amounts: Sequence[float], cqs: Sequence[float], copies_of_one: float = float("inf")
) -> Line | None:
    """Least squares through wells; None with fewer than three wells or one amount only.

    `copies_of_one` is how many copies a well of amount 1 holds. The variances allow each well its own scatter
    (White, Econometrica 1980;48:817, with the scatter modelled instead of squared residuals).
    """
    x, y = np.log10(np.asarray(amounts, dtype=float)), np.asarray(cqs, dtype=float)
    n = len(x)
    if n < 3 or x.min() == x.max():
        return None
    centre, height = float(x.mean()), float(y.mean())
    away = x - centre
    breadth, cross = float((away**2).sum()), float((away * (y - height)).sum())
    slope = cross / breadth
    total = float(((y - height) ** 2).sum())
    poisson = (slope * np.log10(np.e)) ** 2 / (copies_of_one * 10**x)
    error = _technical_variance(y - height - slope * away, poisson)
    scatter = error + poisson
    return Line(
        slope=slope,
        intercept=height - slope * centre,
        r=cross / float(np.sqrt(breadth * total)) if total else 0.0,
        n=n,
        centre=centre,
        breadth=breadth,
        error=float(np.sqrt(error)),
        height_variance=float(scatter.sum()) / n**2,
        slope_variance=float((away**2 * scatter).sum()) / breadth**2,
        covariance=float((away * scatter).sum()) / (n * breadth),
    )


def _technical_variance(residuals: Vector, poisson: Vector) -> float:
    """The common variance that, added to the known ones, explains the residuals (Paule & Mandel 1982;
    J Res Natl Bur Stand 87:377): the root of the sum of weighted squares less its degrees of freedom."""
    freedom = len(residuals) - 2
    low, high = 0.0, float((residuals**2).sum()) / freedom
    if high == 0 or float((residuals**2 / np.maximum(poisson, 1e-12)).sum()) <= freedom:
        return LEAST_ERROR**2 if high else 0.0
    for _ in range(40):
        middle = (low + high) / 2
        too_small = float((residuals**2 / (middle + poisson)).sum()) > freedom
        low, high = (middle, high) if too_small else (low, middle)
    return max(high, LEAST_ERROR**2)


def fit_curve(
    standards: Sequence[Reaction],
    background: Sequence[Reaction],
    profile: Profile,
    copies_of_one: float = float("inf"),
) -> StandardCurve:
    """The curve of one target on one run from its standards and its polyclonal background wells.

    `copies_of_one` is how many copies a well of amount 1 holds; infinite when that is not known.
    """
    lowest = min((one.cq for one in background if one.cq is not None), default=None)
    steps = _judge_steps(standards, lowest, profile)
    good = [step for step in steps if not step.faults]
    range_line, misplaced = _line_through(good, copies_of_one), _misplaced(steps)
    contradictions = (*_check_amounts(standards), *map(_say_misplaced, misplaced))
    reasons = (*_judge_line(range_line, len(good), profile), *contradictions)
    overfull = tuple(step for step in steps if _holds_more(step, range_line, copies_of_one, profile))
    detected = _detected([step for step in steps if step not in overfull], lowest, profile)
    accepted, first = not reasons, standards[0]
    return StandardCurve(
        target=first.well.target,
        plate=first.well.plate,
        run=first.well.run,
        unit=first.part.unit,
        is_control_gene=first.part.is_control_gene,
        line=_line_through(steps, copies_of_one),
        range_line=range_line,
        accepted=accepted,
        reasons=(*reasons, *_notes(steps, [step.amount for step in misplaced])),
        quantitative_range=min(step.amount for step in good) if accepted else None,
        sensitivity=detected.amount if accepted and detected else None,
        sensitivity_cq=max(detected.cqs) if detected else None,
        background_cq=lowest,
        background_wells=sum(one.counts for one in background),
        steps=steps,
        contradictions=contradictions,
        overfull=overfull,
    )


def _line_through(steps: Sequence[Step], copies_of_one: float) -> Line | None:
    points = [(step.amount, cq) for step in steps for cq in step.cqs]
    return fit_line([amount for amount, _ in points], [cq for _, cq in points], copies_of_one)


def _judge_steps(standards: Sequence[Reaction], lowest: float | None, profile: Profile) -> tuple[Step, ...]:
    """Steps from the highest amount to the lowest, each with what is wrong with it."""
    amounts = sorted({one.part.amount for one in standards if one.part.amount}, reverse=True)
    steps = []
    for amount in amounts:
        wells = tuple(one for one in standards if one.part.amount == amount and one.counts)
        steps.append(Step(amount, wells, _faults_of(wells, lowest, profile)))
    return _judge_places(steps, profile)


def _faults_of(wells: tuple[Reaction, ...], lowest: float | None, profile: Profile) -> tuple[str, ...]:
    cqs = [one.cq for one in wells if one.cq is not None]
    faults = []
    if not wells:
        faults.append("none of its wells can be used")
    if len(wells) == 1:
        faults.append("1 well, so that nothing is known of its reproducibility")
    if len(cqs) < len(wells):
        faults.append(f"{len(cqs)} of {len(wells)} wells amplified")
    most, least = profile["replicate_range_most"], profile["range_background_margin"]
    if cqs and (span := max(cqs) - min(cqs)) > most + HAIR:
        faults.append(f"replicates span {say_against(span, most)} cycles, over {most:g}")
    if cqs and lowest is not None and (margin := lowest - max(cqs)) < least - HAIR:
        far = f"{say_against(margin, least)} cycles from the lowest background Cq {lowest:.2f}"
        faults.append(f"{far}, under {least:g}")
    return tuple(faults)


def _judge_places(steps: list[Step], profile: Profile) -> tuple[Step, ...]:
    """Marks steps that lie off the line through the others, one at a time, the worst first.

    The worst is the one without which the others lie best on a line. Of three steps only the middle one can
    be judged.
    """
    while True:
        good = [step for step in steps if not step.faults]
        worst, off, slope = _worst_placed(good)
        if worst is None or abs(off) <= profile["step_deviation_most"]:
            return tuple(steps)
        fault = f"{OFF_LINE} {abs(off):.2f} cycles"
        if LIKE_A_LINE[0] < slope < LIKE_A_LINE[1]:
            fault += f"; the other steps put it at {worst.amount * 10 ** (off / slope):.2g}"
        steps = [Step(step.amount, step.reactions, (fault,)) if step is worst else step for step in steps]


def _worst_placed(good: Sequence[Step]) -> tuple[Step | None, float, float]:
    """The step, how far it lies from the line through the others, and that line's slope."""
    if len(good) < 3:
        return None, 0.0, 0.0
    x = np.log10([step.amount for step in good])
    y = np.array([np.mean(step.cqs) for step in good])
    best = (np.inf, 0, 0.0, 0.0)
    for n in range(len(good)) if len(good) > 3 else (1,):
        others = np.arange(len(good)) != n
        slope, level = np.polyfit(x[others], y[others], 1)
        rest = float(((y[others] - level - slope * x[others]) ** 2).sum())
        best = min(best, (rest, n, float(y[n] - level - slope * x[n]), float(slope)))
    return good[best[1]], best[2], best[3]


def _check_amounts(standards: Sequence[Reaction]) -> tuple[str, ...]:
    """Amounts that cannot all be meant as they are written."""
    units = sorted({one.part.unit or "none" for one in standards})
    highest = max((one.part.amount or 0.0 for one in standards), default=0.0)
    several = f"its standards are in several units: {', '.join(units)}"
    above = f"a dilution of {highest:g} is above 1, so that percent or copies may be meant"
    faults = [several] if len(units) > 1 else []
    return (*faults, above) if units == [FRACTION] and highest > 1 else tuple(faults)


def _misplaced(steps: Sequence[Step]) -> list[Step]:
    """Steps off the line with sound steps below them: the declared dilution, not the limit, is at fault."""
    sound = [step.amount for step in steps if not step.faults]
    return [step for step in steps if step.is_off_line and sound and step.amount > min(sound)]


def _say_misplaced(step: Step) -> str:
    return f"step {step.amount:g} is {step.faults[0]}"


def _judge_line(line: Line | None, steps: int, profile: Profile) -> tuple[str, ...]:
    if line is None or steps < profile["steps_least"]:
        return (f"reproducible dilution steps: {steps}, under {profile['steps_least']:g}",)
    reasons, least = [], profile["correlation_least"]
    steepest, shallowest = profile["slope_steepest"], profile["slope_shallowest"]
    if not steepest - HAIR <= line.slope <= shallowest + HAIR:
        slope = say_against(line.slope, steepest, shallowest, digits=3)
        reasons.append(f"slope {slope}, outside {steepest:g} to {shallowest:g}")
    if abs(line.r) < least - HAIR or line.slope > 0:
        r = say_against(line.r, -least, digits=4)
        reasons.append(f"correlation coefficient {r}, short of {least:g}")
    return tuple(reasons)


def _notes(steps: Sequence[Step], told: Sequence[float]) -> tuple[str, ...]:
    return tuple(
        f"step {step.amount:g} is outside the range: {fault}"
        for step in steps
        for fault in step.faults
        if step.amount not in told
    )


def _detected(steps: Sequence[Step], lowest: float | None, profile: Profile) -> Step | None:
    """The lowest dilution with a well that is far enough from the background; never above the range."""
    found = [step for step in steps if step.cqs and _is_detected(step, lowest, profile)]
    return min(found, key=lambda step: step.amount, default=None)


def _is_detected(step: Step, lowest: float | None, profile: Profile) -> bool:
    if not step.faults:
        return True
    return lowest is None or lowest - min(step.cqs) >= profile["sensitivity_background_margin"] - HAIR


def _holds_more(step: Step, line: Line | None, copies_of_one: float, profile: Profile) -> bool:
    """Whether a step outside the range amplifies earlier than its amount, or one copy, could: it shows nothing.

    Twice the deviation allowed to a step on the line, because wells of one or two copies scatter that much.
    """
    if line is None or not step.faults or not step.cqs:
        return False
    latest = line.at(max(step.amount, 1 / copies_of_one))
    return float(np.mean(step.cqs)) < latest - EARLY * profile["step_deviation_most"]


def is_fraction(curve: StandardCurve) -> bool:
    """Whether amounts are fractions of diagnosis DNA, the only unit a level can be given in."""
    return curve.unit == FRACTION
