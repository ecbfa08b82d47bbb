"""The numbers of the guidelines, as data: each with its unit, its source and who has checked it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from caseseries.findings import Finding, Severity, Where
from caseseries.pcr.plate import PlateError
from caseseries.study.toml import read_toml

PREVENT_FALSE_NEGATIVE = "esg-mrd-all-2007/prevent-false-negative"
PREVENT_FALSE_POSITIVE = "esg-mrd-all-2007/prevent-false-positive"
BUILT_IN = (PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, "euromrd-2024")
_FIELDS = ("unit", "means", "citation", "confidence", "verified_by", "verified_on")


@dataclass(frozen=True)
class Criterion:
    """One number. `confidence` is A, B or C while `verified_by` is empty."""

    name: str
    value: float
    unit: str
    means: str
    citation: str
    confidence: str
    verified_by: str
    verified_on: str


@dataclass(frozen=True)
class Profile:
    """A set of criteria under one name; `sha256` is of the file it was read from."""

    id: str
    title: str
    citation: str
    note: str
    sha256: str
    criteria: Mapping[str, Criterion]

    def __getitem__(self, name: str) -> float:
        return self.criteria[name].value

    @property
    def unverified(self) -> tuple[str, ...]:
        return tuple(name for name, item in self.criteria.items() if not item.verified_by)


def load_profile(name: str) -> Profile:
    """A built-in profile by its id, or a laboratory's own by the path of its TOML file.

    Raises PlateError with every missing, unknown or wrong value.
    """
    return _built_in(name) if name in BUILT_IN else _load_own(Path(name))


@cache
def _built_in(name: str) -> Profile:
    return _read(
        files("caseseries.pcr").joinpath(f"profiles/{name}.toml").read_bytes(), f"{name}.toml", frozenset()
    )


def _load_own(path: Path) -> Profile:
    try:
        data = path.read_bytes()
    except OSError:
        allowed = ", ".join(BUILT_IN) + ", or the path of a TOML file"
        raise PlateError([_fault(path.name, "", f'there is no profile "{path}"', allowed)]) from None
    return _read(data, path.name, frozenset(_built_in(PREVENT_FALSE_NEGATIVE).criteria))


def _read(data: bytes, file: str, needed: frozenset[str]) -> Profile:
    try:
        table = read_toml(data.decode())
    except ValueError as error:
        raise PlateError([_fault(file, "", f"the file cannot be read ({error})", "TOML")]) from None
    criteria = table.get("criteria", {})
    faults = [fault for name, item in criteria.items() for fault in _check(name, item, file, needed)]
    faults += [
        _fault(file, f"criteria.{name}", "the value is missing", "")
        for name in sorted(needed - criteria.keys())
    ]
    faults += [] if faults else _check_sense({name: item["value"] for name, item in criteria.items()}, file)
    if faults:
        raise PlateError(faults)
    said = {key: str(table.get(key, "")) for key in ("id", "title", "citation", "note")}
    made = {name: _criterion(name, item) for name, item in criteria.items()}
    return Profile(**said, sha256=hashlib.sha256(data).hexdigest(), criteria=made)


def _check(name: str, item: object, file: str, needed: frozenset[str]) -> list[Finding]:
    path = f"criteria.{name}"
    if needed and name not in needed:
        return [_fault(file, path, "the criterion is not known", ", ".join(sorted(needed)))]
    value = item.get("value") if isinstance(item, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [_fault(file, f"{path}.value", f"the value is {value!r}", "a number")]
    return []


# What a value may be at all; outside it the rules would call everything, or nothing, positive.
_SENSE: Mapping[str, tuple[float, float]] = {
    "slope_steepest": (-6.0, -2.0),
    "slope_shallowest": (-6.0, -2.0),
    "correlation_least": (0.5, 1.0),
    "steps_least": (3, 20),
    "step_deviation_most": (0.0, 5.0),
    "replicate_range_most": (0.0, 5.0),
    "range_background_margin": (0.0, 10.0),
    "sensitivity_background_margin": (0.0, 10.0),
    "positive_background_margin": (0.0, 10.0),
    "positive_wells_least": (1, 20),
    "positive_beyond_sensitivity_most": (0.0, 20.0),
    "late_after": (20, 100),
    "follow_up_wells_least": (1, 20),
    "background_wells_least": (1, 50),
    "control_wells_least": (1, 20),
    "amplifiable_least": (0.0, 1.0),
    "control_water_margin": (1.0, 40.0),
    "bridge_most": (0.0, 5.0),
    "dna_per_well": (1.0, 5000.0),
    "dna_per_cell": (1.0, 20.0),
    "floor_copies": (1.0, 20.0),
    "markers_apart_most": (0.0, 5.0),
}


def _check_sense(values: Mapping[str, float], file: str) -> list[Finding]:
    """Values no rule can work with, and pairs that contradict each other."""
    faults = [
        _fault(file, f"criteria.{name}.value", f"the value is {value:g}", f"{least:g} to {most:g}")
        for name, value in values.items()
        if not (least := _SENSE[name][0]) <= value <= (most := _SENSE[name][1])
    ]
    for less, more in (
        ("slope_steepest", "slope_shallowest"),
        ("positive_wells_least", "follow_up_wells_least"),
        ("sensitivity_background_margin", "positive_background_margin"),
    ):
        if values[less] > values[more]:
            what = f"the value is {values[less]:g}, above {more} ({values[more]:g})"
            faults.append(_fault(file, f"criteria.{less}.value", what, f"at most {more}"))
    return faults


def _criterion(name: str, item: Mapping[str, object]) -> Criterion:
    return Criterion(name, float(str(item["value"])), *(str(item.get(key, "")) for key in _FIELDS))


def _fault(file: str, path: str, what: str, allowed: str) -> Finding:
    return Finding(
        Where(file, "", path), "profile.value", Severity.FILE, what, allowed, "Correct the profile"
    )
