"""What the laboratory says about its plate in a small `plate.toml`."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.plate import PlateError
from caseseries.pcr.readings import parse_position
from caseseries.study.toml import read_toml

ROLES = ("standard", "follow-up", "background", "water", "reference", "unused")


@dataclass(frozen=True)
class Saying:
    """What plate.toml says of one sample or well. Empty fields say nothing.

    `case` and `specimen_date` tie a follow-up sample to a case of a study; `caseseries mrd` needs neither. `target` is
    what a well measures, where the file names only its filter.
    """

    role: str = ""
    dilution: float | None = None
    exclude: str = ""
    case: str = ""
    specimen_date: date | None = None
    target: str = ""


@dataclass(frozen=True)
class Setup:
    """A plate.toml, read. `dna_per_well_ng` is the DNA in each follow-up and dilution well.

    `curves_reviewed_by` names who has looked at the curves of wells that came without any; only then may
    a missing Cq count as no amplification. `wells` are of every plate by position, of one by plate and position.
    """

    samples: Mapping[str, Saying] = field(default_factory=dict)
    wells: Mapping[str, Saying] = field(default_factory=dict)
    control_genes: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    markers: Mapping[str, str] = field(default_factory=dict)  # what the study calls a target
    dna_per_well_ng: float | None = None
    curves_reviewed_by: str = ""


_TOP = ("samples", "wells", "control_genes", "targets", "dna_per_well_ng", "curves_reviewed_by")
_SAYING = {
    "samples": ("role", "dilution", "exclude", "case", "specimen_date"),
    "wells": ("role", "dilution", "exclude", "target"),
}
_TARGET = ("threshold", "marker")
_BLOCK = re.compile(r"^([A-Pa-p])0*(\d{1,2})\s*[-–]\s*([A-Pa-p])0*(\d{1,2})$")
_OF_PLATE = re.compile(r"^(.*\S)\s+(\S+)$")  # "p2.rdml C7": of several plates, the well of one


def load_setup(path: Path) -> Setup:
    """A plate.toml. Raises PlateError with every fault, each with its TOML path."""
    try:
        table = read_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlateError(
            [_fault(path.name, "", f"the file cannot be opened ({error.strerror})", "")]
        ) from None
    except ValueError as error:
        raise PlateError([_fault(path.name, "", f"the file cannot be read ({error})", "TOML")]) from None
    faults: list[Finding] = []
    setup = _read_setup(table, path.name, faults)
    if faults:
        raise PlateError(faults)
    return setup


def _read_setup(table: dict[str, object], file: str, faults: list[Finding]) -> Setup:
    _check_keys(table, _TOP, file, "", faults)
    targets = _tables(table, "targets", _TARGET, file, faults)
    genes = table.get("control_genes", [])
    if not isinstance(genes, list) or not all(isinstance(gene, str) for gene in genes):
        faults.append(_fault(file, "control_genes", f"the value is {genes!r}", "a list of target names"))
        genes = []
    dna = _number(table, "dna_per_well_ng", file, "", faults)
    return Setup(
        samples=_read_sayings(table, "samples", file, faults),
        wells=_read_sayings(table, "wells", file, faults),
        control_genes=tuple(genes),
        thresholds={
            name: value
            for name, target in targets.items()
            if (value := _number(target, "threshold", file, f"targets.{name}.", faults)) is not None
        },
        markers={name: str(target["marker"]) for name, target in targets.items() if target.get("marker")},
        dna_per_well_ng=dna,
        curves_reviewed_by=str(table.get("curves_reviewed_by", "")).strip(),
    )


def _read_sayings(table: dict[str, object], key: str, file: str, faults: list[Finding]) -> dict[str, Saying]:
    sayings: dict[str, Saying] = {}
    for name, said in _tables(table, key, _SAYING[key], file, faults).items():
        role = str(said.get("role", ""))
        if role and role not in ROLES:
            faults.append(_fault(file, f"{key}.{name}.role", f'the role is "{role}"', ", ".join(ROLES)))
        dilution = _number(said, "dilution", file, f"{key}.{name}.", faults)
        on = said.get("specimen_date")
        if on is not None and type(on) is not date:
            path = f"{key}.{name}.specimen_date"
            faults.append(
                _fault(file, path, f"the value is {on!r}", "a date as in 2019-05-31, without quotes")
            )
            on = None
        exclude, case, target = (str(said.get(word, "")).strip() for word in ("exclude", "case", "target"))
        if "exclude" in said and not (exclude and isinstance(said["exclude"], str)):
            what = f"the value is {said['exclude']!r}"
            faults.append(_fault(file, f"{key}.{name}.exclude", what, 'a reason, as in "bubble, E. Bench"'))
        saying = Saying(role, dilution, exclude, case, on, target)
        sayings |= dict.fromkeys(_places(name) if key == "wells" else [name], saying)
    return sayings


def _places(name: str) -> list[str]:
    """The wells of `C7`, or of the block between the corners of `A1-C12`; of one plate in `p2.rdml C7`."""
    if named := _OF_PLATE.match(name.replace(" - ", "-").replace(" – ", "–")):
        return [f"{named[1]} {place}" for place in _places(named[2])]
    corners = _BLOCK.match(name)
    if corners is None:
        return [parse_position(name)]
    top, left, bottom, right = corners.groups()
    rows = range(ord(top.upper()), ord(bottom.upper()) + 1)
    return [f"{chr(row)}{column}" for row in rows for column in range(int(left), int(right) + 1)]


def _tables(
    table: dict[str, object], key: str, known: tuple[str, ...], file: str, faults: list[Finding]
) -> dict[str, dict[str, object]]:
    """The named tables under a key, such as [samples."MNC pool"]; anything else there is a fault."""
    found = table.get(key, {})
    if not isinstance(found, dict):
        faults.append(_fault(file, key, f"the value is {found!r}", f'tables such as [{key}."NAME"]'))
        return {}
    tables = {}
    for name, inner in found.items():
        if isinstance(inner, dict):
            _check_keys(inner, known, file, f"{key}.{name}.", faults)
            tables[name] = inner
        else:
            faults.append(_fault(file, f"{key}.{name}", f"the value is {inner!r}", "a table"))
    return tables


def _number(table: dict[str, object], key: str, file: str, path: str, faults: list[Finding]) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        faults.append(_fault(file, path + key, f"the value is {value!r}", "a number above 0"))
        return None
    return float(value)


def _check_keys(
    table: dict[str, object], known: tuple[str, ...], file: str, path: str, faults: list[Finding]
) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            do = f"Did you mean {near[0]}?" if near else "Remove it"
            what = f'"{key}" is not known'
            where = Where(file, "", path + key)
            faults.append(Finding(where, "setup.unknown_key", Severity.FILE, what, ", ".join(known), do))


def _fault(file: str, path: str, what: str, allowed: str) -> Finding:
    return Finding(Where(file, "", path), "setup.value", Severity.FILE, what, allowed, "Correct the value")
