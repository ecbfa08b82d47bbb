"""Words and signs beside printed numbers that say something else than the claim does, or leave two readings.

A misread number is worse than one that is asked about: nothing here is guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COMMA = re.compile(r"\d,\d")
NUMBER = r"[-−]?\d+(?:[.·]\d+)?"
LEVEL = re.compile(r"(\d+(?:[.·]\d+)?)\s*%?[\s-]*(?:CI\b|confidence)", re.IGNORECASE)
FIRST = re.compile(rf"({NUMBER})\s*(%?)")
QUARTILES = re.compile(r"\bIQR\b|quartile", re.IGNORECASE)
SURVIVORS = re.compile(r"surviv(?:or|ing)|\balive\b", re.IGNORECASE)
UNITS = {
    "days": re.compile(r"\bdays?\b", re.IGNORECASE),
    "months": re.compile(r"\b(?:months?|mos?)\b", re.IGNORECASE),
    "years": re.compile(r"\b(?:years?|yrs?)\b", re.IGNORECASE),
}


@dataclass(frozen=True)
class Doubt:
    """What a claim's `field` leaves open or contradicts, what would do, and what to write."""

    field: str
    what: str
    allowed: str
    do: str


def without_level(printed: str) -> str:
    """The string without the "95%" of "95% CI", which is no result."""
    return LEVEL.sub(" ", printed)


def explain_unused(numbers: Sequence[str]) -> str:
    """A sentence about limits, or whatever else is printed beside an estimate, that nothing was held against."""
    if not numbers:
        return ""
    verb = "were" if len(numbers) > 1 else "was"
    beside = f" Beside it {' and '.join(numbers)} {verb} held against nothing"
    return f"{beside}: interval does not say how limits were made."


def find_doubts(claim: Mapping[str, Any]) -> Iterator[Doubt]:
    """Every doubt about a claim, given by its fields."""
    kind, printed = claim["kind"], claim["printed"]
    if kind == "published" or (kind == "count" and claim["value"] is not None):
        return
    if found := COMMA.search(printed):  # which number is which is not known then
        yield Doubt(
            "printed",
            f'the comma in "{found.group()}" may part decimals, thousands or numbers',
            "a point for decimals, nothing for thousands, a comma and a space between numbers",
            "Write it so",
        )
        return
    if kind == "count":
        yield from _of_count(printed)
    elif kind == "at risk":
        yield from _of_at_risk(printed)
    elif kind in ("survival", "proportion"):
        yield from _of_percent(claim, printed)
    elif kind == "median and range":
        yield from _of_spread(claim, printed)
    elif kind == "event days":
        yield from _of_unit("days", printed, "Write them in days")


def _of_count(printed: str) -> Iterator[Doubt]:
    counts = [number for number, percent in FIRST.findall(printed) if not percent]
    if len(counts) > 1:
        what = f'"{printed}" holds {len(counts)} numbers, and any may be the count'
        yield Doubt("printed", what, "one number, or the count as value", "Add value")


def _of_at_risk(printed: str) -> Iterator[Doubt]:
    numbers = re.findall(NUMBER, printed)
    if len(numbers) > 1:
        what = f'"{printed}" holds {len(numbers)} numbers'
        yield Doubt("printed", what, "the number at risk alone", "Leave out the others")


def _of_percent(claim: Mapping[str, Any], printed: str) -> Iterator[Doubt]:
    plain = without_level(printed)
    first = FIRST.search(plain)
    if first and "%" in plain and not first.group(2) and "/" not in plain:
        what = f'"{printed}" begins with {first.group(1)}, which is no percentage'
        yield Doubt(
            "printed", what, 'the estimate first, as in "47% (95% CI 15-74)"', "Leave out what is before it"
        )
    level = LEVEL.search(printed)
    if claim["interval"] != "none" and level and level.group(1) != "95":
        what = f"the limits are printed as {level.group(1)} % limits"
        yield Doubt("interval", what, '95 % limits, or "none"', 'Write interval = "none"')


def _of_spread(claim: Mapping[str, Any], printed: str) -> Iterator[Doubt]:
    if QUARTILES.search(printed) and claim["shows"] != "median and quartiles":
        what = f'"{printed}" tells quartiles, but shows is "{claim["shows"]}"'
        yield Doubt("shows", what, '"median and quartiles"', "Correct shows")
    if claim["of"] == "follow-up" and claim["among"] == "all" and SURVIVORS.search(printed + claim["quote"]):
        what = f'"{printed}" speaks of survivors, but among is "all"'
        yield Doubt("among", what, '"survivors", or "unstated" if it may be either', "Correct among")
    yield from _of_unit(claim["unit"], printed, "Correct unit", "unit")


def _of_unit(unit: str, printed: str, do: str, field: str = "printed") -> Iterator[Doubt]:
    named = [name for name, word in UNITS.items() if word.search(printed)]
    if named and unit not in named:
        yield Doubt(field, f'"{printed}" is in {" and ".join(named)}, not in {unit}', named[0], do)
