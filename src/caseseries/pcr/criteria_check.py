"""What is wrong with a laboratory's own profile: every fault at once, each with its TOML path."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from caseseries.findings import Finding, Severity, Where
from caseseries.study.toml import suggest

TOP = ("id", "title", "citation", "note", "criteria")
TEXTS = ("unit", "means", "citation", "basis", "confidence", "verified_by", "verified_on")
COUNTS = ("wells", "dilution steps")  # units of which there is no half

# What a value may be at all; outside it the rules would call everything, or nothing, positive.
SENSE: Mapping[str, tuple[float, float]] = {
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
ORDERED = (
    ("slope_steepest", "slope_shallowest"),
    ("positive_wells_least", "follow_up_wells_least"),
    ("sensitivity_background_margin", "positive_background_margin"),
)


def check_profile(
    table: Mapping[str, Any], file: str, units: Mapping[str, str], taken: Sequence[str]
) -> list[Finding]:
    """Every fault of a profile's TOML.

    Args:
        units: the criteria there must be, each with the unit its value is read in.
        taken: the ids of the built-in profiles, which no other may bear.
    """
    faults = [*_check_keys(table, TOP, file, ""), *_check_id(table.get("id"), file, taken)]
    criteria = table.get("criteria", {})
    if not isinstance(criteria, dict):
        return [
            *faults,
            _fault(file, "criteria", f"the value is {criteria!r}", "tables such as [criteria.late_after]"),
        ]
    faults += _check_keys(criteria, tuple(units), file, "criteria.")
    for name, unit in units.items():
        faults += (
            _check_criterion(criteria[name], name, unit, file) if name in criteria else [_missing(file, name)]
        )
    return [*faults, *_check_order({name: _number(criteria.get(name)) for name in units}, file)]


def _check_keys(table: Mapping[str, Any], known: Sequence[str], file: str, path: str) -> Iterator[Finding]:
    for key in table:
        if key not in known:
            where = Where(file, "", path + key)
            what, do = f'"{key}" is not known', suggest(key, known)
            yield Finding(where, "profile.unknown_key", Severity.FILE, what, ", ".join(known), do)


def _check_id(name: object, file: str, taken: Sequence[str]) -> Iterator[Finding]:
    if not isinstance(name, str) or not name.strip():
        yield _fault(file, "id", "the profile has no id", "a name of your own, which every report prints")
    elif name in taken:
        yield _fault(file, "id", f'the id is "{name}", a profile of the software', "a name of your own")


def _check_criterion(item: object, name: str, unit: str, file: str) -> Iterator[Finding]:
    path = f"criteria.{name}"
    if not isinstance(item, dict):
        yield _fault(file, path, f"the value is {item!r}", f"a table: [{path}] with value, unit, citation")
        return
    yield from _check_keys(item, ("value", *TEXTS), file, f"{path}.")
    yield from _check_value(item, name, unit, file)
    yield from _check_texts(item, unit, file, path)


def _check_value(item: Mapping[str, object], name: str, unit: str, file: str) -> Iterator[Finding]:
    path, number = f"criteria.{name}.value", _number(item)
    least, most = SENSE[name]
    if number is None:
        yield _fault(file, path, f"the value is {item.get('value')!r}", "a number")
    elif not least <= number <= most:
        yield _fault(file, path, f"the value is {number:g}", f"{least:g} to {most:g}")
    elif unit in COUNTS and not number.is_integer():
        yield _fault(file, path, f"the value is {number:g}", f"a whole number of {unit}")


def _check_texts(item: Mapping[str, object], unit: str, file: str, path: str) -> Iterator[Finding]:
    for key in TEXTS:
        is_date = key == "verified_on" and isinstance(item.get(key), date)
        if key in item and not isinstance(item[key], str) and not is_date:
            yield _fault(file, f"{path}.{key}", f"the value is {item[key]!r}", "words in quotes")
    if isinstance(said := item.get("unit", ""), str) and said != unit:
        yield _fault(file, f"{path}.unit", f'the unit is "{said}"', f'"{unit}": the value is read in it')
    if isinstance(cited := item.get("citation", ""), str) and not cited.strip():
        yield _fault(file, f"{path}.citation", "the citation is missing", "where the number comes from")


def _check_order(values: Mapping[str, float | None], file: str) -> Iterator[Finding]:
    """Pairs that contradict each other."""
    for less, more in ORDERED:
        low, high = values.get(less), values.get(more)
        if low is not None and high is not None and low > high:
            what = f"the value is {low:g}, above {more} ({high:g})"
            yield _fault(file, f"criteria.{less}.value", what, f"at most {more}")


def _number(item: object) -> float | None:
    value = item.get("value") if isinstance(item, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _missing(file: str, name: str) -> Finding:
    return _fault(file, f"criteria.{name}", "the criterion is missing", f"a table: [criteria.{name}]")


def _fault(file: str, path: str, what: str, allowed: str) -> Finding:
    return Finding(
        Where(file, "", path), "profile.value", Severity.FILE, what, allowed, "Correct the profile"
    )
