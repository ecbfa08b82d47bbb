"""What is wrong with a plate: each problem once, naming its wells, whatever it goes on to spoil."""

from collections.abc import Iterable, Sequence

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.calls import AGREEMENT, Call, State, measure_offset
from caseseries.pcr.evidence import Rule
from caseseries.pcr.interpret import MarkerLevel
from caseseries.pcr.plate import Plate, Well, place_of
from caseseries.pcr.roles import SAID_BY_FILE, Part, Role, said_of_place
from caseseries.pcr.setup import Setup
from caseseries.pcr.standards import Reaction, StandardCurve, Step
from caseseries.study.toml import suggest

# A level that stops for a reason already told of the plate or the curve is not told again.
TOLD = {
    "plate.no_standards": "level.no_curve",
    "plate.no_background": "level.background",
    "plate.no_control_gene": "level.control_gene",
    "curve.refused": "level.curve_refused",
    "curve.contradiction": "level.curve_refused",
}


def check_plate(
    plate: Plate,
    parts: Sequence[Part],
    reactions: Sequence[Reaction],
    curves: Iterable[StandardCurve],
    levels: Sequence[MarkerLevel],
) -> tuple[Finding, ...]:
    """Roles, curves, wells, then levels: one finding a problem."""
    before = [
        *check_roles(plate, parts),
        *_check_curves(curves),
        *_check_calls(reactions),
        *_left_out(reactions),
    ]
    told = {TOLD[finding.code] for finding in before if finding.code in TOLD}
    return (*before, *_check_levels(levels, told))


def _check_levels(levels: Sequence[MarkerLevel], told: set[str]) -> list[Finding]:
    """Levels stopped by the same thing are one finding, with all their wells."""
    groups: dict[tuple[str, Rule], list[MarkerLevel]] = {}
    for level in levels:
        for rule in level.stopped_by:
            if rule.code not in told:
                groups.setdefault((level.target, rule), []).append(level)
    return [_stopped(target, rule, spoilt) for (target, rule), spoilt in groups.items()]


def _stopped(target: str, rule: Rule, spoilt: list[MarkerLevel]) -> Finding:
    where = place_of(one.well for level in spoilt for one in level.evidence.reactions)
    samples = ", ".join(level.sample for level in spoilt)
    what = f"{target} is not evaluable in {samples}: {rule.name}: {rule.detail}"
    return Finding(where, rule.code, Severity.VALUE, what, "", rule.do)


def check_roles(plate: Plate, parts: Sequence[Part]) -> tuple[Finding, ...]:
    """What is missing from the plate or unclear about it: one finding each, naming the wells."""
    unclear = [_check_unclear(wells, because) for because, wells in _group_unclear(plate, parts).items()]
    return (
        *unclear,
        *_check_missing(plate, parts),
        *_check_unmeasured(plate, parts),
        *_check_unused(plate, parts),
    )


def _check_unused(plate: Plate, parts: Sequence[Part]) -> list[Finding]:
    """Wells that the file calls something MRD has no use for: among them a patient's may have been called so."""
    groups: dict[str, list[Well]] = {}
    for well, part in zip(plate.wells, parts, strict=True):
        if part.role is Role.UNUSED and part.because.startswith(SAID_BY_FILE):
            groups.setdefault(part.because, []).append(well)
    return [_unused(because, wells) for because, wells in groups.items()]


def _unused(because: str, wells: list[Well]) -> Finding:
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(well.sample for well in wells))
    do = "Nothing to do if that is right; else give their role in plate.toml"
    return Finding(place_of(wells), "role.unused", Severity.NOTE, f"not used: {names}; {because}", "", do)


def _group_unclear(plate: Plate, parts: Sequence[Part]) -> dict[str, list[Well]]:
    groups: dict[str, list[Well]] = {}
    for well, part in zip(plate.wells, parts, strict=True):
        if part.role is Role.UNCLEAR:
            groups.setdefault(part.because, []).append(well)
    return groups


def _check_unclear(wells: list[Well], because: str) -> Finding:
    do = "Say what it is in plate.toml; the well is not used until then"
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(well.sample for well in wells) if name)
    what = f"the role{' of ' if names else ''}{names} is unclear: {because}"
    return Finding(place_of(wells), "role.unclear", Severity.VALUE, what, "", do)


def _check_missing(plate: Plate, parts: Sequence[Part]) -> list[Finding]:
    markers = dict.fromkeys(
        well.target
        for well, part in zip(plate.wells, parts, strict=True)
        if not part.is_control_gene and part.role is Role.FOLLOW_UP
    )
    has_control = any(part.is_control_gene for part in parts)
    findings = []
    for target in markers:
        pairs = [(well, part) for well, part in zip(plate.wells, parts, strict=True) if well.target == target]
        for role, code, what, do in _NEEDED:
            if not any(part.role is role for _, part in pairs):
                follow_up = [well for well, part in pairs if part.role is Role.FOLLOW_UP]
                findings.append(_missing(follow_up, code, f"{target} {what}", do))
    if markers and not has_control:
        follow_up = [
            well for well, part in zip(plate.wells, parts, strict=True) if part.role is Role.FOLLOW_UP
        ]
        findings.append(
            _missing(follow_up, "plate.no_control_gene", "no control gene was measured", _ADD_CONTROL)
        )
    return findings


def _check_unmeasured(plate: Plate, parts: Sequence[Part]) -> list[Finding]:
    """Samples whose control gene alone was measured, beside a marker: their level is missing, not negative."""
    pairs = list(zip(plate.wells, parts, strict=True))
    if all(part.is_control_gene for _, part in pairs):
        return _check_controls(plate, parts)
    followed = [(well, part) for well, part in pairs if part.role is Role.FOLLOW_UP]
    marked = {well.sample for well, part in followed if not part.is_control_gene}
    alone = [well for well, _ in followed if well.sample not in marked]
    if not alone:
        return []
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(well.sample for well in alone))
    what = f"only the control gene was measured in {names}: there is no level"
    do = "Measure the marker, correct the names, or say in plate.toml that they are unused"
    return [Finding(place_of(alone), "plate.no_marker", Severity.VALUE, what, "", do)]


def _check_controls(plate: Plate, parts: Sequence[Part]) -> list[Finding]:
    """A plate of nothing but control genes: one may be meant, of several one is a marker that is called otherwise."""
    wells = [well for well, part in zip(plate.wells, parts, strict=True) if part.role is Role.FOLLOW_UP]
    targets = dict.fromkeys(well.target for well in wells)
    if not targets:
        return []
    what = f"every target is taken for a control gene ({', '.join(targets)}): there is no level"
    severity = Severity.VALUE if len(targets) > 1 else Severity.NOTE
    do = 'Name the control gene in plate.toml, as in control_genes = ["ALB"]'
    return [Finding(place_of(wells), "plate.no_marker", severity, what, "", do)]


_NEEDED: tuple[tuple[Role, str, str, str], ...] = (
    (
        Role.STANDARD,
        "plate.no_standards",
        "has no standards",
        "Add the dilution series, or name it in plate.toml",
    ),
    (
        Role.BACKGROUND,
        "plate.no_background",
        "has no polyclonal background",
        "Add wells of polyclonal mononuclear-cell DNA, or name them in plate.toml",
    ),
    (
        Role.WATER,
        "plate.no_water",
        "has no water control",
        "Add a no-template well, or name it in plate.toml",
    ),
)
_ADD_CONTROL = "Add ALB wells, or name the control gene in plate.toml"


def check_setup(plate: Plate, setup: Setup, file: str) -> tuple[Finding, ...]:
    """What plate.toml says of samples, wells and targets that are on none of these plates."""
    samples = dict.fromkeys(well.sample for well in plate.wells)
    positions = dict.fromkeys(
        place for well in plate.wells for place in (well.position, f"{well.plate} {well.position}")
    )
    targets = dict.fromkeys(well.target for well in plate.wells)
    asked = [
        *((f"samples.{name}", name, samples) for name in setup.samples),
        *((f"wells.{name}", name, positions) for name in setup.wells),
        *((f"targets.{name}", name, targets) for name in {**setup.thresholds, **setup.markers}),
        *(("control_genes", name, targets) for name in setup.control_genes),
    ]
    unmatched = [_unmatched(file, path, name, there) for path, name, there in asked if name not in there]
    kept = [well for well in plate.wells if said_of_place(well, setup).target not in ("", well.target)]
    return (*unmatched, *([_kept(kept)] if kept else []), *_check_several(plate, setup, file))


def _check_several(plate: Plate, setup: Setup, file: str) -> list[Finding]:
    """Wells that plate.toml names by position alone, where several plates have that position."""
    plates: dict[str, dict[str, None]] = {}
    for well in plate.wells:
        if said_of_place(well, setup) is setup.wells.get(well.position):
            plates.setdefault(well.position, {})[well.plate] = None
    several = [position for position, names in plates.items() if len(names) > 1]
    if not several:
        return []
    names = ", ".join(dict.fromkeys(name for position in several for name in plates[position]))
    what = (
        f"{', '.join(several)} {'is' if len(several) == 1 else 'are'} on each of {names}, and meant on each"
    )
    do = f'Write "{next(iter(plates[several[0]]))} {several[0]}" where one plate is meant'
    return [Finding(Where(file, "", "wells"), "setup.several_plates", Severity.NOTE, what, "", do)]


def _kept(wells: list[Well]) -> Finding:
    what = "plate.toml names one target for wells that hold several dyes; they keep the file's"
    do = "Name each dye's target in the instrument software"
    return Finding(place_of(wells), "setup.several_dyes", Severity.NOTE, what, "", do)


def _unmatched(file: str, path: str, name: str, there: Iterable[str]) -> Finding:
    near = suggest(name, there)
    do = near if near.endswith("?") else "Nothing to do if it is on another plate"
    what = f'"{name}" is on none of these plates'
    return Finding(Where(file, "", path), "setup.no_match", Severity.NOTE, what, "", do)


def _missing(wells: list[Well], code: str, what: str, do: str) -> Finding:
    return Finding(place_of(wells), code, Severity.CASE, what, "", do)


def _check_curves(curves: Iterable[StandardCurve]) -> list[Finding]:
    findings = []
    for curve in curves:
        usable = [one.well for step in curve.steps for one in step.reactions]
        where = place_of(usable) if usable else Where(curve.plate, curve.run)
        if not curve.accepted:
            what = f"the standard curve of {curve.target} is refused: {'; '.join(curve.reasons)}"
            code = "curve.contradiction" if curve.contradictions else "curve.refused"
            do = "Check the declared dilutions" if curve.contradictions else "Repeat the dilution series"
            findings.append(Finding(where, code, Severity.CASE, what, "", do))
        else:
            findings += [_overfull(curve, step) for step in curve.overfull]
    return findings


def _overfull(curve: StandardCurve, step: Step) -> Finding:
    where = place_of(one.well for one in step.reactions)
    what = f"the step {step.amount:g} of {curve.target} amplifies too early for what it is declared: {step.faults[0]}"
    return Finding(where, "curve.step", Severity.VALUE, what, "", "Check the dilution; it is not used")


def _check_calls(reactions: Sequence[Reaction]) -> list[Finding]:
    """Wells whose curve and instrument disagree, and wells that say nothing: one note a target."""
    notes: dict[tuple[str, str], list[Reaction]] = {}
    for one in reactions:
        if one.call.note and one.call.seen and one.call.state not in (State.EXCLUDED, State.BASELINE_FAILURE):
            notes.setdefault((one.well.target, _odd(one.call)), []).append(one)
        elif one.call.state is State.MISSING and one.part.role not in (Role.UNUSED, Role.UNCLEAR):
            notes.setdefault((one.well.target, "neither a curve nor a Cq"), []).append(one)
        elif one.call.state is State.BASELINE_FAILURE:
            notes.setdefault((one.well.target, "no baseline, as at a very high load"), []).append(one)
    return [
        *_check_offsets(reactions),
        *(_note(target, what, wells) for (target, what), wells in notes.items()),
    ]


def _check_offsets(reactions: Sequence[Reaction]) -> list[Finding]:
    """Targets whose Cq all differ from the instrument's, which set its line elsewhere: one note each."""
    findings = []
    for target in dict.fromkeys(one.well.target for one in reactions):
        wells = [one for one in reactions if one.well.target == target and one.well.reading.cq is not None]
        offset = measure_offset((one.call, one.well) for one in wells)
        if abs(offset) > AGREEMENT:
            when = "later" if offset > 0 else "earlier"
            what = f"{target}: our Cq are {abs(offset):.2f} cycles {when} than the instrument's in most wells"
            do = "Nothing to do: another threshold shifts standards and samples alike"
            where = place_of(one.well for one in wells)
            findings.append(Finding(where, "well.offset", Severity.NOTE, what, "", do))
    return findings


def _left_out(reactions: Sequence[Reaction]) -> list[Finding]:
    """Wells that a person or a file left out, by reason."""
    groups: dict[str, list[Reaction]] = {}
    for one in reactions:
        if one.call.state is State.EXCLUDED:
            groups.setdefault(one.call.note, []).append(one)
    return [_excluded(note, wells) for note, wells in groups.items()]


def _excluded(note: str, wells: list[Reaction]) -> Finding:
    rising = ", ".join(one.well.position for one in wells if one.call.rise is not None)
    what = f"wells left out of every result: {len(wells)}, {note}{f'; amplified: {rising}' if rising else ''}"
    where = place_of(one.well for one in wells)
    return Finding(where, "plate.excluded", Severity.NOTE, what, "", "Nothing to do if that is right")


def _odd(call: Call) -> str:
    if call.faint_cq is not None:
        return "a curve stays below the threshold"
    return "a curve strays" if call.strays else "curve and instrument disagree"


def _note(target: str, what: str, wells: list[Reaction]) -> Finding:
    where = place_of(one.well for one in wells)
    first = f"{len(wells)} of its wells; {wells[0].well.position}: {wells[0].call.note}"
    return Finding(
        where, "well.note", Severity.NOTE, f"{target}: {what} in {first}", "", "Look at the curves"
    )
