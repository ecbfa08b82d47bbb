"""The numbers of the guidelines, as data: each with its unit, its source and who has checked it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from caseseries.pcr.criteria_check import TEXTS, check_profile
from caseseries.pcr.plate import PlateError, refuse
from caseseries.study.toml import read_toml, suggest

PREVENT_FALSE_NEGATIVE = "esg-mrd-all-2007/prevent-false-negative"
PREVENT_FALSE_POSITIVE = "esg-mrd-all-2007/prevent-false-positive"
HAIR = 1e-9  # cycles; a difference of two decimals, 32.02 − 30.52, misses its bound by less in binary
BUILT_IN = (PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, "euromrd-2024")


@dataclass(frozen=True)
class Criterion:
    """One number. `basis` says whether it was read, recalled or chosen; `confidence` is A, B or C until verified."""

    name: str
    value: float
    unit: str
    means: str
    citation: str
    basis: str
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
    data = files("caseseries.pcr").joinpath(f"profiles/{name}.toml").read_bytes()
    return _make(read_toml(data.decode()), data)


def _load_own(path: Path) -> Profile:
    try:
        data = path.read_bytes()
    except OSError:
        allowed = ", ".join(BUILT_IN) + ", or the path of a TOML file"
        what = f'there is no profile "{path}"'
        raise refuse(path.name, "profile.missing", what, allowed, suggest(str(path), BUILT_IN)) from None
    try:
        table = read_toml(data.decode())
    except ValueError as error:
        what = f"the file cannot be read ({error})"
        raise refuse(path.name, "profile.unreadable", what, "TOML", "Correct the profile") from None
    units = {name: item.unit for name, item in _built_in(PREVENT_FALSE_NEGATIVE).criteria.items()}
    if faults := check_profile(table, path.name, units, BUILT_IN):
        raise PlateError(faults)
    return _make(table, data)


def _make(table: Mapping[str, Any], data: bytes) -> Profile:
    said = {key: str(table.get(key, "")) for key in ("id", "title", "citation", "note")}
    made = {name: _criterion(name, item) for name, item in table["criteria"].items()}
    return Profile(**said, sha256=hashlib.sha256(data).hexdigest(), criteria=made)


def _criterion(name: str, item: Mapping[str, object]) -> Criterion:
    return Criterion(name, float(str(item["value"])), *(str(item.get(key, "")) for key in TEXTS))


def say_aim(name: str) -> str:
    """`prevent-false-negative` in words."""
    return f"to {name.replace('-', ' ')}s"


def say_against(value: float, *bounds: float, digits: int = 2) -> str:
    """A value with as many decimals as tell it from its bounds: 1.503, not 1.50, is over 1.5."""
    enough = next((n for n in range(digits, 9) if round(value, n) not in bounds), 9)
    return f"{value:.{enough}f}"
