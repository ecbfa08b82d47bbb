"""From the wells of one sample and marker to its level, with every rule that was asked on the way.

A level is built only when nothing stands in the way: the rules in `_barriers` come first, then positivity
under each aim, then the quantity. Rules: van der Velden et al., Leukemia 2007;21:604, through the profile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from caseseries.pcr.calls import State
from caseseries.pcr.criteria import HAIR, Profile, say_against, say_aim
from caseseries.pcr.doubts import excluded_by_hand, find_doubts, rises_unexplained
from caseseries.pcr.evidence import Evidence, Rule, latest_positive
from caseseries.pcr.standards import Line, Reaction, StandardCurve, is_fraction
from caseseries.pcr.uncertainty import Part, add_parts, count_copies, read_amount
from caseseries.record.levels import Level, LevelState

VERY_HIGH = "level.very_high"
# Our choices:
UNEQUAL = 2  # times more or less DNA than the reference: a cycle, and worth a word
IMPOSSIBLE = 10  # times undiluted diagnosis DNA, of which leukaemia is seldom less than a tenth
DISCORDANT = 10  # a well this many times above the range, beside wells below it, is not a low positive
POSITIVE, NEGATIVE, NO_CALL = "positive", "negative", "not evaluable"


@dataclass(frozen=True)
class MarkerLevel:
    """The level of one sample by one marker."""

    evidence: Evidence
    level: Level
    calls: Mapping[str, str]
    reasons: tuple[str, ...]
    trail: tuple[Rule, ...]
    stopped_by: tuple[Rule, ...] = ()

    @property
    def sample(self) -> str:
        return self.evidence.sample

    @property
    def target(self) -> str:
        return self.evidence.target

    @property
    def lower(self) -> float | None:
        return self.level.lower

    @property
    def upper(self) -> float | None:
        return self.level.upper


@dataclass(frozen=True)
class _Reach:
    """What a sample could have shown. `line_range` and `line_sensitivity` are as read on the curve."""

    line: Line
    line_range: float
    line_sensitivity: float
    highest_standard: float
    correction: Part
    cells: float  # pipetted, in all wells together
    copies: float  # that the DNA must hold to be seen

    @property
    def factor(self) -> float:
        """The reference's amplifiable DNA over the sample's, by which everything read on the curve is multiplied."""
        return float(10**self.correction.value)

    @property
    def tested(self) -> float:
        """Cells. A control gene that comes early is no proof of more DNA than was pipetted."""
        return self.cells / max(self.factor, 1.0)

    @property
    def floor(self) -> float:
        """The lowest level that this many cells can show, whatever the dilutions showed."""
        return self.copies / self.tested

    @property
    def sensitivity(self) -> float:
        return max(self.line_sensitivity * self.factor, self.floor)

    @property
    def quantitative_range(self) -> float:
        return max(self.line_range * self.factor, self.sensitivity)


def derive_level(evidence: Evidence, profile: Profile, aims: Mapping[str, Profile]) -> MarkerLevel:
    """The level under `profile`, and the call under each of `aims` (by name)."""
    barriers = _barriers(evidence, profile)
    stopped = [rule for rule in barriers if not rule.passed]
    reach = None if stopped else _reach(evidence, profile)
    if reach is None:
        return _not_evaluable(evidence, aims, barriers, stopped)
    asked = _is_positive(evidence, profile)
    aimed = {name: _is_positive(evidence, aim) for name, aim in aims.items()}
    named = [replace(rule, name=f"positive, {say_aim(name)}") for name, rule in aimed.items()]
    calls = {name: _call(rule, evidence, aims[name], reach) for name, rule in aimed.items()}
    trail = [*barriers, asked, *named]
    if asked.passed:
        return _positive(evidence, profile, calls, trail, reach)
    return _negative(evidence, profile, calls, trail, reach)


def _call(rule: Rule, evidence: Evidence, aim: Profile, reach: _Reach) -> str:
    """The word for one aim; a negative only where nothing speaks against it."""
    if rule.passed:
        return POSITIVE
    return NO_CALL if _doubts(evidence, aim, reach) else NEGATIVE


def _doubts(evidence: Evidence, profile: Profile, reach: _Reach) -> list[Rule]:
    quantifiable = max(reach.quantitative_range, _callable_from(evidence, profile, reach, reach.factor))
    return find_doubts(evidence, profile, _highest(evidence, reach), quantifiable)


def _highest(evidence: Evidence, reach: _Reach) -> float:
    """The level of the earliest well alone; 0 when none amplified."""
    cqs = evidence.cqs
    return reach.line.read(min(cqs)) * reach.factor if cqs else 0.0


def _callable_from(evidence: Evidence, profile: Profile, reach: _Reach, factor: float) -> float:
    """The lowest level the rule for a positive could have called, of a sample with this factor.

    It is the sensitivity, unless the latest Cq that counts stands for more: then a negative claims no more than that.
    """
    limit, _ = latest_positive(evidence.curve, profile)
    return max(max(reach.line_sensitivity, reach.line.read(limit)) * factor, reach.floor)


def _barriers(evidence: Evidence, profile: Profile) -> list[Rule]:
    rules = [
        _check_baseline(evidence),
        _check_wells(evidence, profile),
        _check_curve(evidence, profile),
        _check_background(evidence, profile),
        _check_water(evidence),
        _check_control(evidence),
    ]
    return [*rules, evidence.bridge] if evidence.bridge else rules


def _check_baseline(evidence: Evidence) -> Rule:
    high = [one.well.position for one in evidence.reactions if one.call.state is State.BASELINE_FAILURE]
    what = (
        f"no baseline in {', '.join(high)}: very high, dilute and repeat" if high else "every curve has one"
    )
    return Rule("baseline", not high, what, VERY_HIGH, "Dilute the DNA and repeat")


def _check_wells(evidence: Evidence, profile: Profile) -> Rule:
    n, least = len(evidence.used), profile["follow_up_wells_least"]
    return Rule(
        "wells", n >= least, f"{n} usable of {least:g} wanted", "level.few_wells", "Repeat the sample"
    )


def _check_curve(evidence: Evidence, profile: Profile) -> Rule:
    curve, name = evidence.curve, "standard curve"
    if curve is None:
        few = f"{evidence.dilutions} of {profile['steps_least']:g} dilution steps"
        here = few if evidence.dilutions else "no standards"
        what = f"{here} on this run, and no curve on another to bridge to"
        return Rule(name, False, what, "level.no_curve", "Add the dilution series, or a bridging dilution")
    if not curve.accepted:
        return Rule(
            name, False, f"refused: {'; '.join(curve.reasons)}", "level.curve_refused", "Repeat the curve"
        )
    if not is_fraction(curve):
        what = f'its unit is "{curve.unit}", not a fraction of diagnosis DNA'
        return Rule(name, False, what, "level.unit", "Give the dilutions in plate.toml")
    return Rule(name, True, _say_curve(curve))


def _say_curve(curve: StandardCurve) -> str:
    line = curve.range_line
    return (
        ""
        if line is None
        else f"slope {line.slope:.3f}, r {line.r:.4f}, range {curve.quantitative_range:.2g}"
    )


def _check_background(evidence: Evidence, profile: Profile) -> Rule:
    used = [one for one in evidence.background if one.counts]
    least, do = profile["background_wells_least"], "Add wells of polyclonal mononuclear-cell DNA"
    if any(one.call.state is State.BASELINE_FAILURE for one in used):
        return Rule("background", False, "a background well has no baseline", "level.background", do)
    if left_out := ", ".join(one.well.position for one in evidence.background if rises_unexplained(one)):
        what = f"the plate file excludes {left_out}, which amplified"
        return Rule("background", False, what, "level.background", "Give the reason in plate.toml")
    cqs = [one.cq for one in used if one.cq is not None]
    found = f"lowest Cq {min(cqs):.2f}" if cqs else "no amplification"
    what = f"{len(used)} usable of {least:g} wanted; {found}"
    return Rule("background", len(used) >= least, what, "level.background", do)


def _check_water(evidence: Evidence) -> Rule:
    wet = [
        one
        for one in evidence.water
        if one.cq is not None or one.call.state is State.BASELINE_FAILURE or rises_unexplained(one)
    ]
    if wet:
        what = f"amplified in {', '.join(map(_say_wet, wet))}"
        return Rule("water", False, what, "level.water", "Find the contamination and repeat the plate")
    n = sum(one.counts for one in evidence.water)
    return Rule("water", True, f"{n} usable; no amplification" if n else "no water well on the plate")


def _say_wet(one: Reaction) -> str:
    left_out = f" (excluded by {one.well.excluded})" if one.call.state is State.EXCLUDED else ""
    return one.well.position + left_out


def _check_control(evidence: Evidence) -> Rule:
    control, code, do = evidence.control, "level.control_gene", "Repeat the control gene"
    if control is None:
        return Rule("control gene", False, "not measured in this sample", code, "Add control-gene wells")
    if control.correction is None:
        return Rule("control gene", False, f"{control.target}: {'; '.join(control.faults)}", code, do)
    what = (
        f"{control.target} {control.mean_cq:.2f}, amplifiable DNA {control.amplifiable:.2f} of the reference"
    )
    return Rule("control gene", True, what)


def _is_positive(evidence: Evidence, profile: Profile) -> Rule:
    curve = evidence.curve
    limit, why = latest_positive(curve, profile)
    positive = [cq for cq in evidence.cqs if cq <= limit]
    least = int(profile["positive_wells_least"])
    what = f"{len(positive)} of {len(evidence.used)} wells at or below {limit:.2f} ({why}); {least} wanted"
    return Rule("positive", len(positive) >= least, what)


def _reach(evidence: Evidence, profile: Profile) -> _Reach | None:
    curve, control = evidence.curve, evidence.control
    if curve is None or control is None or curve.range_line is None or control.correction is None:
        return None
    if curve.quantitative_range is None or curve.sensitivity is None:
        return None
    return _Reach(
        line=curve.range_line,
        line_range=curve.quantitative_range,
        line_sensitivity=curve.sensitivity,
        highest_standard=max(step.amount for step in curve.steps),
        correction=control.correction,
        cells=evidence.nanograms * 1000 / profile["dna_per_cell"] * len(evidence.used),
        copies=profile["floor_copies"],
    )


def _say_reach(reach: _Reach) -> list[str]:
    """What bounded the level beside the dilutions: the amount of DNA, and how much of it amplifies."""
    share, said = 1 / reach.factor, []
    if not 1 / UNEQUAL <= share <= UNEQUAL:
        said.append(f"amplifiable DNA {share:.2g} of the reference, by which levels are divided")
    if reach.floor > reach.line_sensitivity * reach.factor:
        cells = f"{reach.tested:,.0f} cells tested cannot show less than {reach.sensitivity:.1e}"
        said.append(f"{cells}, whatever the dilutions showed (Poisson)")
    return said


def _disagreement(calls: Mapping[str, str]) -> list[str]:
    return ["the call depends on the aim"] if len(set(calls.values())) > 1 else []


def _negative(
    evidence: Evidence, profile: Profile, calls: Mapping[str, str], trail: list[Rule], reach: _Reach
) -> MarkerLevel:
    # Nor does an early control gene let a negative claim more than the curve showed.
    sensitivity = _callable_from(evidence, profile, reach, max(reach.factor, 1.0))
    doubts = [*_doubts(evidence, profile, reach), *_check_reach(sensitivity, reach)]
    if doubts:
        return _not_evaluable(evidence, dict.fromkeys(calls, profile), trail, doubts)
    range_ = max(sensitivity, reach.quantitative_range)
    level = Level(LevelState.NOT_DETECTED, None, sensitivity, range_, 0.0, sensitivity)
    reasons = (
        *_say_late(evidence, profile),
        *_disagreement(calls),
        *_say_reach(reach),
        *excluded_by_hand(evidence),
    )
    return MarkerLevel(evidence, level, calls, reasons, tuple(trail))


def _say_late(evidence: Evidence, profile: Profile) -> list[str]:
    """Wells that amplify although nothing is called detected are never passed over in silence."""
    if not evidence.cqs:
        return []
    limit, why = latest_positive(evidence.curve, profile)
    n, first = f"{len(evidence.cqs)} of {len(evidence.used)} wells", min(evidence.cqs)
    enough = "" if first > limit else f", and {profile['positive_wells_least']:g} such wells are wanted"
    return [f"{n} amplify, the first at {first:.2f}; positive is up to {limit:.2f} ({why}){enough}"]


def _check_reach(sensitivity: float, reach: _Reach) -> list[Rule]:
    """A rule that no level on the curve could have met calls nothing negative."""
    if sensitivity < reach.highest_standard:
        return []
    what = f"the profile could not have called less than {sensitivity:.1e} positive here"
    return [
        Rule("reach", False, what, "level.no_reach", "Correct the profile, or repeat with less background")
    ]


def _positive(
    evidence: Evidence, profile: Profile, calls: Mapping[str, str], trail: list[Rule], reach: _Reach
) -> MarkerLevel:
    rule = _can_quantify(evidence, reach, profile)
    trail = [*trail, rule]
    reasons = [*_disagreement(calls), *_say_reach(reach), *excluded_by_hand(evidence)]
    if rule.passed:
        return _quantified(evidence, calls, trail, reach, reasons)
    highest = _highest(evidence, reach)
    if highest > DISCORDANT * reach.quantitative_range:
        what = f"a well stands at {highest:.1e} while others do not amplify or come much later"
        torn = Rule("replicates", False, what, "level.discordant", "Repeat the sample")
        return _not_evaluable(evidence, dict.fromkeys(calls, profile), trail, [torn])
    upper = max(highest, reach.quantitative_range)
    level = Level(LevelState.BELOW_RANGE, None, reach.sensitivity, reach.quantitative_range, 0.0, upper)
    return MarkerLevel(evidence, level, calls, (rule.detail, *reasons), tuple(trail))


def _can_quantify(evidence: Evidence, reach: _Reach, profile: Profile) -> Rule:
    cqs, wells, most = evidence.cqs, len(evidence.used), profile["replicate_range_most"]
    span = max(cqs) - min(cqs)
    if len(cqs) < wells:
        return Rule("quantity", False, f"{len(cqs)} of {wells} wells amplified")
    if span > most + HAIR:
        return Rule("quantity", False, f"replicates span {say_against(span, most)} cycles, over {most:g}")
    raw = reach.line.read(float(np.mean(cqs)))
    what = f"mean Cq {np.mean(cqs):.2f} reads {raw:.2e} on the curve, range {reach.line_range:.2g}"
    return Rule("quantity", raw >= reach.line_range, what)


def _quantified(
    evidence: Evidence, calls: Mapping[str, str], trail: list[Rule], reach: _Reach, reasons: list[str]
) -> MarkerLevel:
    mean, wells = float(np.mean(evidence.cqs)), len(evidence.cqs)
    raw = read_amount(reach.line, mean, wells)
    amount = float(10**raw.value)
    if amount * reach.factor > IMPOSSIBLE:
        return _not_evaluable(evidence, calls, trail, [_too_high(amount * reach.factor)])
    copies = count_copies(amount * reach.cells)
    total = add_parts((raw, reach.correction, copies))
    value, lower, upper = (float(10**x) for x in (total.value, total.lower, total.upper))
    if amount > reach.highest_standard:
        reasons = [*reasons, "above the highest standard: extrapolated"]
    if value > 1:
        reasons = [*reasons, "above 1: more than in the diagnosis sample"]
    level = Level(LevelState.QUANTIFIED, value, reach.sensitivity, reach.quantitative_range, lower, upper)
    return MarkerLevel(evidence, level, calls, tuple(reasons), tuple(trail))


def _too_high(value: float) -> Rule:
    what = f"it reads {value:.1e} of undiluted diagnosis DNA; dilute and repeat"
    return Rule("very high", False, what, VERY_HIGH, "Dilute the DNA and repeat, with its control gene")


def _not_evaluable(
    evidence: Evidence, aims: Mapping[str, object], trail: Sequence[Rule], stopped: Sequence[Rule]
) -> MarkerLevel:
    level = Level(LevelState.NOT_EVALUABLE)
    reasons = tuple(f"{rule.name}: {rule.detail}" for rule in stopped)
    trail = (*trail, *(rule for rule in stopped if rule not in trail))
    calls = dict.fromkeys(aims, NO_CALL)
    return MarkerLevel(evidence, level, calls, reasons, trail, tuple(stopped))
