"""Claims against data: each printed number recomputed from a study that was run.

A number agrees when the recomputed value, rounded as the paper rounds, is the number printed. Medians and
quartiles are tried under every convention in use, because papers do not say which they took.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from caseseries.analysis.results import read_results
from caseseries.evidence.alone import Verdict, judge_published
from caseseries.evidence.claims import (
    ClaimsFile,
    Count,
    EventDays,
    MedianRange,
    Parts,
    Proportion,
    Published,
    Survival,
    _Claim,
    share_of,
)
from caseseries.evidence.comparators import load_library
from caseseries.evidence.printed import Printed, Rounding

MEDIANS = {
    "the middle value": "averaged_inverted_cdf",
    "the lower middle value": "inverted_cdf",
    "the upper middle value": "higher",
}
QUARTILES = {  # Hyndman & Fan 1996, Am Stat 50:361, types 1 to 9
    "type 1": "inverted_cdf",
    "type 2 (SAS)": "averaged_inverted_cdf",
    "type 3": "closest_observation",
    "type 4": "interpolated_inverted_cdf",
    "type 5": "hazen",
    "type 6 (Minitab, SPSS, Prism)": "weibull",
    "type 7 (R, Excel)": "linear",
    "type 8": "median_unbiased",
    "type 9": "normal_unbiased",
}


@dataclass(frozen=True)
class Data:
    """What a run left behind: the rows of results.json by id, and the lines of listing.csv."""

    rows: Mapping[str, Mapping[str, Any]]
    lines: tuple[Mapping[str, str], ...]

    def column(self, claim: _Claim) -> list[float] | None:
        """The numbers in the claim's column, over the lines it asks for; None if there is no such column."""
        if not self.lines or claim.column not in self.lines[0]:
            return None
        chosen = [
            line for line in self.lines if all(line.get(key) == value for key, value in claim.where.items())
        ]
        return [float(line[claim.column]) for line in chosen if line[claim.column]]


def read_data(folder: Path) -> Data:
    """The results and the listing of a study folder.

    Raises:
        StudyError: there are no results.
    """
    record = read_results(folder)
    places = (folder / "report" / "listing.csv", folder / "listing.csv")
    place = next((one for one in places if one.is_file()), None)
    lines = tuple(csv.DictReader(place.read_text(encoding="utf-8").splitlines())) if place else ()
    return Data({row["id"]: row for row in record["results"]}, lines)


def compare_with_data(file: ClaimsFile, data: Data) -> tuple[Verdict, ...]:
    """Agrees, differs or cannot be computed, for every claim."""
    return tuple(_compare(claim, file, data) for claim in file.claims)


def _compare(claim: _Claim, file: ClaimsFile, data: Data) -> Verdict:
    if isinstance(claim, Published):
        return judge_published(claim, file, load_library())
    values = data.column(claim) if claim.column else None
    if claim.column and values is None:
        return _missing(claim, f"the listing has no column {claim.column}")
    if values is not None:
        return _compare_values(claim, values, file.rounds)
    names = claim.result or ((_result_of(claim),) if isinstance(claim, Survival) else ())
    absent = [name for name in names if name not in data.rows]
    if not names:
        return _missing(claim, "the claim names no result and no column")
    if absent:
        return _missing(claim, f"the results have no {' and no '.join(absent)}")
    if empty := [name for name in names if data.rows[name]["value"] is None]:
        return _missing(claim, f"{' and '.join(empty)} cannot be estimated")
    return _compare_rows(claim, [data.rows[name] for name in names], file.rounds)


def _result_of(claim: Survival) -> str:
    number, unit = int(claim.horizon[:-1]), claim.horizon[-1]
    return f"{claim.endpoint}.{claim.origin}.{f'{12 * number}m' if unit == 'y' else claim.horizon}"


def _compare_rows(claim: _Claim, rows: Sequence[Mapping[str, Any]], rounding: Rounding) -> Verdict:
    if isinstance(claim, Survival):
        agrees = any(_interval_agrees(claim.numbers, row, rounding) for row in rows)
    elif isinstance(claim, Proportion):
        agrees = _proportion_agrees(claim, rows[0], rounding)
    elif isinstance(claim, Parts):
        agrees = [round(row["value"] * row["n"]) for row in rows] == list(claim.parts)
    elif isinstance(claim, Count):
        agrees = rows[0]["value"] == claim.number
    else:
        numbers = claim.numbers[: len(rows)]
        share = isinstance(claim, MedianRange) and claim.unit == "percent"
        agrees = len(numbers) == len(rows) and all(
            _agrees(number.proportion() if share else number, row["value"], rounding)
            for number, row in zip(numbers, rows, strict=True)
        )
    shown = "; ".join(f"{row['shown']} ({row['id']})" for row in rows)
    return Verdict(claim.id, claim.printed, "agrees" if agrees else "differs", f"Recomputed: {shown}.")


def _agrees(number: Printed, value: float, rounding: Rounding) -> bool:
    return number.band(rounding).admits(Fraction(value).limit_denominator(10**6))


def _interval_agrees(numbers: tuple[Printed, ...], row: Mapping[str, Any], rounding: Rounding) -> bool:
    pairs = [(numbers[0], row["value"])]
    if len(numbers) >= 3:
        pairs += [(numbers[-2], row["lower"]), (numbers[-1], row["upper"])]
    return all(value is not None and _agrees(number.proportion(), value, rounding) for number, value in pairs)


def _proportion_agrees(claim: Proportion, row: Mapping[str, Any], rounding: Rounding) -> bool:
    written, percents = share_of(claim)
    count, of = written or (claim.count, claim.of)
    counts = (of is None or of == row["n"]) and (count is None or count == round(row["value"] * row["n"]))
    return counts and (not percents or _agrees(percents[0].proportion(), row["value"], rounding))


def _compare_values(claim: _Claim, values: Sequence[float], rounding: Rounding) -> Verdict:
    ordered = sorted(values)
    shown = ", ".join(f"{value:g}" for value in ordered) or "none"
    if isinstance(claim, EventDays):
        agrees = [Fraction(value) for value in ordered] == sorted(number.value for number in claim.numbers)
        return Verdict(claim.id, claim.printed, "agrees" if agrees else "differs", f"Recomputed: {shown}.")
    if isinstance(claim, Count):
        agrees = len(ordered) == claim.number
        return Verdict(
            claim.id, claim.printed, "agrees" if agrees else "differs", f"Recomputed: {len(ordered)}."
        )
    if not isinstance(claim, MedianRange):
        return _missing(claim, f"a {getattr(claim, 'kind', 'claim')} is not recomputed from a column")
    if not ordered:
        return _missing(claim, f"{claim.column} holds no values")
    return _compare_spread(claim, ordered, rounding)


def _compare_spread(claim: MedianRange, ordered: Sequence[float], rounding: Rounding) -> Verdict:
    """Under which conventions the median (and quartiles) would have been printed so, and whether the range would."""
    printed = claim.numbers
    reasons: list[str] = []
    agrees = True
    if claim.median:
        fitting = _conventions(
            MEDIANS, lambda method: (_quantile(ordered, 0.5, method),), printed[:1], rounding
        )
        agrees &= bool(fitting)
        reasons.append(
            f"median {_quantile(ordered, 0.5, 'averaged_inverted_cdf'):g}{_under(fitting, MEDIANS)}"
        )
    if claim.shows == "median and quartiles":

        def pair(method: str) -> tuple[float, float]:
            return _quantile(ordered, 0.25, method), _quantile(ordered, 0.75, method)

        fitting = _conventions(QUARTILES, pair, printed[-2:], rounding)
        agrees &= bool(fitting)
        low, high = pair("linear")
        reasons.append(f"quartiles {low:g} and {high:g} by type 7{_under(fitting, QUARTILES)}")
    if claim.range:
        agrees &= all(
            _agrees(n, v, rounding) for n, v in zip(claim.range, (ordered[0], ordered[-1]), strict=True)
        )
        reasons.append(f"range {ordered[0]:g}–{ordered[-1]:g}")
    because = f"Recomputed from {len(ordered)} values: {', '.join(reasons)}."
    return Verdict(claim.id, claim.printed, "agrees" if agrees else "differs", because)


def _conventions(
    known: Mapping[str, str],
    compute: Callable[[str], tuple[float, ...]],
    printed: Sequence[Printed],
    rounding: Rounding,
) -> list[str]:
    return [
        name
        for name, method in known.items()
        if all(
            _agrees(number, value, rounding) for number, value in zip(printed, compute(method), strict=True)
        )
    ]


def _under(fitting: Sequence[str], known: Mapping[str, str]) -> str:
    """Only where it matters: which conventions give what is printed."""
    return "" if len(fitting) in (0, len(known)) else f" (as printed by {' or '.join(fitting)})"


def _quantile(ordered: Sequence[float], p: float, method: str) -> float:
    return float(np.quantile(np.array(ordered), p, method=method))  # type: ignore[call-overload]


def _missing(claim: _Claim, why: str) -> Verdict:
    return Verdict(claim.id, claim.printed, "cannot be computed", f"Cannot be computed: {why}.")
