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
from caseseries.evidence.alone import Verdict, interval_fits, judge_published
from caseseries.evidence.claims import (
    AtRisk,
    ClaimsFile,
    Count,
    DeathAfterRelapse,
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
from caseseries.evidence.wording import explain_unused

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


METHODS = {"none": "", "unstated": "", "bpcp": "BPCP", "log-log": "log-log"}  # as the results name them


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
    names = claim.result or ((_result_of(claim),) if isinstance(claim, Survival | AtRisk) else ())
    absent = [name for name in names if name not in data.rows]
    if not names:
        return _missing(claim, "the claim names no result and no column")
    if absent:
        return _missing(claim, f"the results have no {' and no '.join(absent)}")
    if empty := [name for name in names if data.rows[name]["value"] is None]:
        return _missing(claim, f"{' and '.join(empty)} cannot be estimated")
    if isinstance(claim, Survival):
        return _compare_survival(claim, names, data, file.rounds)
    return _compare_rows(claim, [data.rows[name] for name in names], file.rounds)


def _result_of(claim: Survival | AtRisk) -> str:
    number, unit = int(claim.horizon[:-1]), claim.horizon[-1]
    return f"{claim.endpoint}.{claim.origin}.{f'{12 * number}m' if unit == 'y' else claim.horizon}"


def _compare_survival(claim: Survival, names: Sequence[str], data: Data, rounding: Rounding) -> Verdict:
    """The estimate, and its limits by the method they are said to be of; by either of a run where none is named."""
    estimate, *limits = claim.numbers
    if len(limits) < 2 or claim.interval not in METHODS:
        rows = [data.rows[name] for name in names]
        agrees = any(_agrees(estimate.proportion(), row["value"], rounding) for row in rows)
        return _answer(claim, agrees, _shown(rows), _unheld(limits))
    twins = [row for name in names for row in _intervals_of(name, data)]
    rows = [row for row in twins if METHODS[claim.interval] in row["method"]]
    if not rows:
        return _missing(claim, f"the results have no {claim.interval} limits of {' or '.join(names)}")
    agrees = any(
        _agrees(estimate.proportion(), row["value"], rounding) and _limits_agree(limits, row, rounding)
        for row in rows
    )
    return _answer(claim, agrees, _shown(rows))


def _unheld(limits: Sequence[Printed]) -> str:
    if not limits:
        return ""
    printed = " and ".join(number.text for number in limits)
    verb = "were" if len(limits) > 1 else "was"
    return f" Beside it {printed} {verb} held against nothing: a run gives limits by BPCP and log–log alone."


def _intervals_of(name: str, data: Data) -> list[Mapping[str, Any]]:
    """A row of the results, and its twin with the other limits."""
    return [data.rows[one] for one in (name, f"{name}.loglog", f"{name}.bpcp") if one in data.rows]


def _limits_agree(limits: Sequence[Printed], row: Mapping[str, Any], rounding: Rounding) -> bool:
    pairs = zip(limits[-2:], (row["lower"], row["upper"]), strict=True)
    return all(value is not None and _agrees(number.proportion(), value, rounding) for number, value in pairs)


def _compare_rows(claim: _Claim, rows: Sequence[Mapping[str, Any]], rounding: Rounding) -> Verdict:
    unused = ""
    if isinstance(claim, AtRisk):
        agrees = any(row["at_risk"] == claim.numbers[0].value for row in rows)
        said = " or ".join(f"{row['at_risk']} at risk ({row['id']})" for row in rows)
        return _answer(claim, agrees, said)
    if isinstance(claim, Proportion):
        agrees = _proportion_agrees(claim, rows[0], rounding)
        limits = share_of(claim)[1][1:]
        unused = explain_unused([number.text for number in limits if claim.interval == "none"])
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
    return _answer(claim, agrees, _shown(rows), unused)


def _shown(rows: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{row['shown']} ({row['id']})" for row in rows)


def _answer(claim: _Claim, agrees: bool, recomputed: str, unused: str = "") -> Verdict:
    because = f"Recomputed: {recomputed}.{unused}"
    return Verdict(claim.id, claim.printed, "agrees" if agrees else "differs", because)


def _agrees(number: Printed, value: float, rounding: Rounding) -> bool:
    return number.band(rounding).admits(Fraction(value).limit_denominator(10**6))


def _proportion_agrees(claim: Proportion, row: Mapping[str, Any], rounding: Rounding) -> bool:
    written, percents = share_of(claim)
    count, of = written or (claim.count, claim.of)
    events = round(row["value"] * row["n"])
    counts = of in (None, row["n"]) and count in (None, events)
    share = not percents or _agrees(percents[0].proportion(), row["value"], rounding)
    return counts and share and interval_fits(events, row["n"], percents, claim, rounding)


def _compare_values(claim: _Claim, values: Sequence[float], rounding: Rounding) -> Verdict:
    ordered = sorted(values)
    shown = ", ".join(f"{value:g}" for value in ordered) or "none"
    if isinstance(claim, EventDays):
        return _answer(claim, ordered == sorted(float(number.value) for number in claim.numbers), shown)
    if isinstance(claim, DeathAfterRelapse):
        later = len(ordered) == 1 and ordered[0] >= claim.relapse_day and claim.day in (None, ordered[0])
        return _answer(claim, later, f"died on day {shown}" if ordered else "no such death")
    if isinstance(claim, Count):
        return _answer(claim, len(ordered) == claim.number, str(len(ordered)))
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
