"""What each well is for: from plate.toml, from the file, or from its names by stated patterns."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

import numpy as np

from caseseries.pcr.plate import Plate, Task, Well
from caseseries.pcr.setup import Saying, Setup

# How a well is understood from its names when neither plate.toml nor the file says; tried in this order,
# upper and lower case alike. `--roles` prints which one matched.
PATTERNS: Mapping[str, tuple[str, ...]] = {
    "unused": (r"^(no sample|empty|leer|vide|-)$",),
    "water": (r"(\b|_)(ntc|h2o|water|aqua|wasser|agua|вода|no template)\d*(\b|_)", r"^blank\b"),
    "background": (
        r"\b(mnc|pbmnc|pbmc|poly-?clonal|buffy ?coat|bkg|background|normal (mnc|dna|pool)|mnc ?pool)",
    ),
    "reference": (r"^(reference|ref dna)\b",),
    "control gene": (
        r"^(alb|albumin|hbb|b2m|gusb?|tbp|abl1?|rnase ?p|rpph1)\b",
        r"albumin",
        r"\bcontrol gene\b",
    ),
}

# A patient's cells are mononuclear too: a name that says more than these is no pool of donors until a person says so.
_DONORS = re.compile(
    r"mnc|pbmnc|pbmc|bm|pb|mncpool|poly|clonal|polyclonal|buffy|coat|buffycoat|background|bkg|normal|healthy|donors?|dna|"
    r"pool|pooled|control|ctrl|neg|negative|lot|batch|and|of|[a-z]?\d{0,2}",
    re.IGNORECASE,
)

# Nor is "NB-01 H2O" plainly water, beyond the words of the well's own target.
_WATERS = re.compile(
    r"ntc\d*|h2o\d*|water\d*|aqua\d*|wasser\d*|agua\d*|вода\d*|dest|bidest|dist|distilled|no|template|control|ctrl|kontrolle|neg|negative|blank|"
    r"pcr|grade|sterile|free|nuclease|rnase|dnase|mix|master|mastermix|buffer|te|primer|probe|rep|well|plate|"
    r"[a-z]?\d{0,2}",
    re.IGNORECASE,
)
_SAYS_MORE = {"background": (_DONORS, "donors, or a patient?"), "water": (_WATERS, "water, or a patient?")}
_LOOKALIKES = str.maketrans("АВЕКМНОРСТХУавекмнорстху", "ABEKMHOPCTXYabekmhopctxy")
SERIES_LEAST = 3  # dilutions of one name that make it the series

FRACTION, COPIES, NANOGRAMS = "dil", "cop", "ng"  # RDML's units; a fraction is of diagnosis DNA


class Role(StrEnum):
    STANDARD = "standard"
    FOLLOW_UP = "follow-up"
    BACKGROUND = "background"  # polyclonal mononuclear-cell DNA
    WATER = "water"
    REFERENCE = "reference"  # control gene only: the DNA the dilutions were made of
    UNUSED = "unused"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Part:
    """The part one well plays, and why we think so. `amount` and `unit` are set for standards."""

    role: Role
    because: str
    is_control_gene: bool = False
    amount: float | None = None
    unit: str = ""


SAID_BY_FILE = "the file says"
_DILUTION = "the name is a dilution"
_OTHER_DILUTION = "the name is a dilution, but not of this plate's standards: a standard, or a patient?"
_REFERENCE = "the control gene of a dilution in polyclonal DNA, which holds it in full"
SILENT = Saying()
_TASKS = {
    Task.STANDARD: Role.STANDARD,
    Task.WATER: Role.WATER,
    Task.NEGATIVE: Role.WATER,
    Task.NO_TARGET: Role.BACKGROUND,
    Task.NO_AMPLIFICATION_CONTROL: Role.UNUSED,
    Task.NO_RT_CONTROL: Role.UNUSED,
    Task.POSITIVE: Role.UNUSED,
    Task.OPTICAL: Role.UNUSED,
}
_POWER = re.compile(
    r"(?:^|[\s_(,;])(?:(\d+(?:[.,]\d+)?)\s*[xх×*·]\s*)?(?:10\s*\^\s*[-−]\s*(\d+)|10[-−]0?(\d)|(\d(?:[.,]\d+)?)e[-−]0?(\d+))(?=$|[\s_),;])",
    re.IGNORECASE,
)
_MASS = re.compile(
    r"(?:^|[\s_(])(\d{1,9}(?:[.,]\d+)?)\s*ng(?=$|[\s_)])", re.IGNORECASE
)  # of a standard's DNA
_DECIMAL = re.compile(
    r"(?:^|[\s_(])(0[.,]0*[1-9]\d*)(?=$|[\s_)])"
)  # of a standard, by the file or plate.toml
_AMBIGUOUS = re.compile(r"(?:^|[\s_])10e-\d", re.IGNORECASE)
_RATIO = re.compile(r"(?:^|[\s_(])1\s*[:/]\s*(\d[\d.,' ]{0,19})(?=$|[\s_)])")


def parse_dilution(name: str) -> float | None:
    """The dilution in a sample's name: `10-3`, `5x10^-4`, `1E-03`, `1:1000`; None when there is none.

    `10E-3` means a hundredth to a computer and a thousandth at the bench; it is left unread.
    """
    power = _POWER.search(name)
    if power:
        factor, caret, plain, mantissa, exponent = power.groups()
        number = float((factor or mantissa or "1").replace(",", "."))
        return float(f"{number}e-{caret or plain or exponent}")
    ratio = _RATIO.search(name)
    return (
        1.0 / float(re.sub(r"[.,' ]", "", ratio[1])) if ratio and int(re.sub(r"\D", "", ratio[1])) else None
    )


def assign_roles(plate: Plate, setup: Setup | None = None) -> tuple[Part, ...]:
    """The part of every well, in the plate's order: plate.toml first, then the file, then the names."""
    said = setup or Setup()
    states_control = {well.target: well.is_control_gene for well in plate.wells}
    all_control = len(states_control) > 1 and all(states_control.values())
    controls = {
        target: _is_control(target, None if all_control else stated, said)
        for target, stated in states_control.items()
    }
    empty, fractions, others = _empty_rows(plate), _in_fractions(plate), _other_dilutions(plate)
    parts = (
        _assign(well, said, controls[well.target], row in empty, well.target in fractions)
        for row, well in enumerate(plate.wells)
    )
    asked = (
        _ask_of_dilution(part) if (well.target, well.sample) in others else part
        for well, part in zip(plate.wells, parts, strict=True)
    )
    return _take_references(plate.wells, tuple(asked))


def _take_references(wells: Sequence[Well], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The control gene of a marker's own dilutions is reference DNA, where it has a curve of its own.

    Diluted in polyclonal DNA they hold it in full, whatever amount the file gives the sample for every dye in the well.
    """
    pairs = list(zip(wells, parts, strict=True))
    standards = [(well, part) for well, part in pairs if part.role is Role.STANDARD]
    series = {well.sample for well, part in standards if not part.is_control_gene}
    own: dict[str, set[float | None]] = {}
    for well, part in standards:
        if part.is_control_gene and well.sample not in series:
            own.setdefault(well.target, set()).add(part.amount)
    curved = {target for target, amounts in own.items() if len(amounts) >= SERIES_LEAST}
    return tuple(
        Part(Role.REFERENCE, _REFERENCE, is_control_gene=True)
        if part.role is Role.STANDARD and well.target in curved and well.sample in series
        else part
        for well, part in pairs
    )


def _ask_of_dilution(part: Part) -> Part:
    is_guessed = part.because == _DILUTION
    return Part(Role.UNCLEAR, _OTHER_DILUTION, part.is_control_gene) if is_guessed else part


def _other_dilutions(plate: Plate) -> set[tuple[str, str]]:
    """Target and sample of what is named like a dilution beside a series that is not its own.

    A patient's DNA, diluted and repeated, is called "NB-01 1:10", and a specimen of March "NB-01 10-3": as a standard
    it would be gone. The series is what the file calls standards, else the name that has several dilutions.
    """
    named: dict[str, dict[str, set[float]]] = {}
    typed: set[str] = set()
    for well in plate.wells:
        dilution = parse_dilution(well.sample)
        if well.task is Task.STANDARD:
            typed.add(well.target)
        elif dilution is not None:
            named.setdefault(well.target, {}).setdefault(_stem(well.sample), set()).add(dilution)
    others = set()
    for well in plate.wells:
        stems = named.get(well.target, {})
        series = {stem for stem, dilutions in stems.items() if len(dilutions) >= SERIES_LEAST}
        is_other = bool(series) and _stem(well.sample) not in series
        if well.task is not Task.STANDARD and (well.target in typed or is_other):
            others.add((well.target, well.sample))
    return others


def _stem(sample: str) -> str:
    """A name without its dilution."""
    return " ".join(_RATIO.sub(" ", _POWER.sub(" ", sample)).split()).casefold()


def _in_fractions(plate: Plate) -> set[str]:
    """Targets whose amounts bear no unit and are none above 1: dilutions, where 500, 50, 5 and 0.5 are not."""
    highest: dict[str, float] = {}
    for well in plate.wells:
        if well.quantity and not well.unit:
            highest[well.target] = max(highest.get(well.target, 0.0), well.quantity)
    return {target for target, quantity in highest.items() if quantity <= 1}


def _empty_rows(plate: Plate) -> set[int]:
    has_curve = np.isfinite(plate.fluorescence).sum(axis=1) > 0
    return {
        n
        for n, well in enumerate(plate.wells)
        if not well.reading.text and not has_curve[n] and not well.sample
    }


def _is_control(target: str, stated: bool | None, said: Setup) -> bool:
    if said.control_genes:
        return target in said.control_genes
    return bool(stated) or _matches("control gene", target) is not None


def _assign(well: Well, said: Setup, is_control: bool, is_empty: bool, in_fractions: bool) -> Part:
    saying = _said_of(well, said)
    if is_empty:
        return Part(Role.UNUSED, "the well is empty", is_control)
    role, because = _role_of(well, saying)
    if not well.target and well.sample and role is not Role.UNUSED:
        return Part(Role.UNCLEAR, "it names no target, and others do")
    if role is not Role.STANDARD:
        return Part(role, because, is_control)
    amount, unit = _amount_of(well, saying, in_fractions)
    if amount is not None and amount <= 0:
        because = f"{because}, but its amount is {amount:g}, and must be above 0"
        return Part(Role.UNCLEAR, because, is_control)
    if amount is None:
        return Part(Role.UNCLEAR, f"{because}, but its dilution is not known", is_control)
    return Part(role, because, is_control, amount, unit)


def said_of_place(well: Well, said: Setup) -> Saying:
    """What plate.toml says of this well: by plate and position, else by position."""
    return said.wells.get(f"{well.plate} {well.position}", said.wells.get(well.position, SILENT))


def _said_of(well: Well, said: Setup) -> Saying:
    sample, own = said.samples.get(well.sample, SILENT), said_of_place(well, said)
    if sample is own:
        return SILENT
    return replace(
        sample,
        role=own.role or sample.role,
        dilution=own.dilution or sample.dilution,
        exclude=own.exclude or sample.exclude,
        target=own.target,
    )


def apply_setup(plate: Plate, setup: Setup) -> Plate:
    """The plate with what plate.toml excludes marked so, with its reason, and with the targets it names.

    A well of several dyes keeps the file's targets: under one name it would count several times.
    """
    if not (setup.samples or setup.wells):
        return plate
    held = Counter(well.where for well in plate.wells)
    wells = []
    for well in plate.wells:
        said = _said_of(well, setup)
        excluded = f"plate.toml: {said.exclude}" if said.exclude else well.excluded
        target = said.target if said.target and held[well.where] == 1 else well.target
        wells.append(replace(well, excluded=excluded, target=target))
    return replace(plate, wells=tuple(wells))


def _role_of(well: Well, saying: Saying) -> tuple[Role, str]:
    if saying.role:
        return Role(saying.role), "plate.toml"
    if saying.dilution:
        return Role.STANDARD, "plate.toml gives its dilution"
    named = _role_by_name(well.sample)
    stated = _TASKS.get(well.task)
    if stated is None:
        if named:
            return _ask_of_patient(named, well)
        return (
            (Role.FOLLOW_UP, "a sample by default") if well.sample else (Role.UNCLEAR, "no name and no type")
        )
    if named and well.task is Task.NEGATIVE and named[0] is Role.BACKGROUND:
        return _ask_of_patient(named, well)
    if named and {named[0], stated} == {Role.BACKGROUND, Role.WATER}:
        return Role.UNCLEAR, f'the file says {stated.value}, the name "{well.sample}" says {named[0].value}'
    return stated, f"{SAID_BY_FILE} {well.task.value}"


def _role_by_name(sample: str) -> tuple[Role, str] | None:
    for role in ("unused", "water", "background", "reference"):
        pattern = _matches(role, sample)
        if pattern:
            return Role(role), f"the name matches {pattern}"
    if parse_dilution(sample) is not None:
        return Role.STANDARD, _DILUTION
    if _AMBIGUOUS.search(sample):
        return Role.STANDARD, "the name is a dilution that can be read in two ways"
    return None


def _ask_of_patient(named: tuple[Role, str], well: Well) -> tuple[Role, str]:
    """Asks where a name says more than a pool of donors, or water, and its number or the target."""
    if named[0] not in _SAYS_MORE:
        return named
    known, question = _SAYS_MORE[named[0]]
    of_target = set(re.split(r"[\W_]+", well.target.casefold()))
    words = [word for word in re.split(r"[\W_]+", well.sample) if word.casefold() not in of_target]
    more = " ".join(
        word
        for word in words
        if not known.fullmatch(word) and not known.fullmatch(word.translate(_LOOKALIKES))
    )
    return (Role.UNCLEAR, f'the name says {named[0].value} and "{more}": {question}') if more else named


def _amount_of(well: Well, saying: Saying, in_fractions: bool) -> tuple[float | None, str]:
    if saying.dilution:
        return saying.dilution, FRACTION
    if well.quantity:
        return well.quantity, FRACTION if in_fractions and not well.unit else well.unit
    mass = _MASS.search(well.sample)
    if mass:
        return float(mass[1].replace(",", ".")), NANOGRAMS
    decimal = _DECIMAL.search(well.sample)
    if decimal:
        return float(decimal[1].replace(",", ".")), FRACTION
    return parse_dilution(well.sample), FRACTION


@cache
def _matches(role: str, name: str) -> str | None:
    """The pattern that a name matches, also where a Russian keyboard wrote it: Н2О looks the same and is not."""
    seen = (name, name.translate(_LOOKALIKES))
    found = (pattern for pattern in PATTERNS[role] for one in seen if re.search(pattern, one, re.IGNORECASE))
    return next(found, None)
