"""Claims that can be judged one by one: shares, sums, medians, and numbers quoted from elsewhere."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from caseseries.evidence.claims import ClaimsFile, MedianRange, Parts, Proportion, Published, share_of
from caseseries.evidence.comparators import Comparator, find_comparators
from caseseries.evidence.printed import Band, Printed, Rounding, parse_number, prints_as
from caseseries.evidence.wording import explain_unused
from caseseries.stats.proportions import estimate_proportion
from caseseries.study.definition import days_of

Word = Literal[
    "possible", "impossible", "conditional", "agrees", "differs", "not checked", "cannot be computed"
]
LARGEST = 200  # the largest denominator tried where a paper prints none
INTERVALS = ("clopper-pearson", "wilson")


@dataclass(frozen=True)
class Verdict:
    """What became of one claim. `because` is a sentence or more, for a reader who knows only the paper."""

    id: str
    printed: str
    verdict: Word
    because: str


def judge_proportion(claim: Proportion, rounding: Rounding) -> Verdict:
    """Whether some whole number of cases gives the printed percentage, and its interval if one is printed."""
    written, percents = share_of(claim)
    count, of = written or (claim.count, claim.of)
    band = percents[0].proportion().band(rounding) if percents else Band(Fraction(0), Fraction(1))
    fitting = [
        (x, n)
        for n in ([of] if of is not None else range(1, LARGEST + 1))
        for x in band.scaled(Fraction(n)).whole()
        if x <= n and count in (None, x) and interval_fits(x, n, percents, claim, rounding)
    ]
    place = f"of {of}" if of is not None else f"of up to {LARGEST}"
    if not fitting:
        none = (
            f"{count} of {of} does not give"
            if count is not None and of is not None
            else f"No count {place} gives"
        )
        return Verdict(claim.id, claim.printed, "impossible", f"{none} “{claim.printed}”.")
    shown = ", ".join(f"{x}/{n}" for x, n in fitting[:6])
    more = f" and {len(fitting) - 6} more" if len(fitting) > 6 else ""
    because = f"{shown}{more} give “{claim.printed}”."
    if len(fitting) == 1:
        because = f"{shown} is the only count {place} that gives “{claim.printed}”."
    unused = explain_unused([number.text for number in percents[1:] if claim.interval == "none"])
    return Verdict(claim.id, claim.printed, "possible", because + unused)


def interval_fits(
    x: int, n: int, percents: tuple[Printed, ...], claim: Proportion, rounding: Rounding
) -> bool:
    """Whether the printed limits, if there are any, are those of x out of n by the method they are said to be of."""
    if len(percents) < 3 or claim.interval == "none":
        return True
    methods = INTERVALS if claim.interval == "unstated" else (claim.interval,)
    return any(prints_as(limits(x, n, method), percents[-2:], rounding) for method in methods)


def limits(x: int, n: int, method: str) -> tuple[float, float]:
    estimate = estimate_proportion(x, n, method=method)
    return estimate.lower or 0.0, 1.0 if estimate.upper is None else estimate.upper


def judge_parts(claim: Parts) -> Verdict:
    total, shown = sum(claim.parts), " + ".join(map(str, claim.parts))
    if total == claim.of:
        return Verdict(claim.id, claim.printed, "possible", f"{shown} = {claim.of}.")
    return Verdict(claim.id, claim.printed, "impossible", f"{shown} = {total}, not {claim.of}.")


def judge_spread(claim: MedianRange, rounding: Rounding = Rounding.NEAREST) -> Verdict:
    """A median must lie within its range, and a range rise, as far as the digits printed tell."""
    numbers = claim.numbers
    median = [numbers[0]] if claim.median else []
    ends = (numbers[-2:] if claim.shows != "median" else median) or numbers[:1]
    pairs = [(ends[0], ends[-1]), *((ends[0], one) for one in median), *((one, ends[-1]) for one in median)]
    if all(_can_rise(low, high, rounding) for low, high in pairs):
        return Verdict(claim.id, claim.printed, "possible", "The numbers are in order.")
    return Verdict(
        claim.id, claim.printed, "impossible", "The numbers are not in order: smallest, median, largest."
    )


def _can_rise(low: Printed, high: Printed, rounding: Rounding) -> bool:
    """Whether the first can be no larger: 12.4 beside 12 can be, for that may be 12.5 with fewer digits."""
    if low.unit == high.unit and rounding is not Rounding.ANY:
        return low.value <= high.value
    return low.band(rounding).low <= high.band(rounding).high


def judge_published(claim: Published, file: ClaimsFile, library: tuple[Comparator, ...]) -> Verdict:
    """Whether a number quoted from elsewhere is the number published there, as far as the library knows it."""
    printed, years = claim.numbers[0], days_of(claim.horizon) // 365
    known = {study: find_comparators(study, claim.endpoint, float(years), library) for study in claim.studies}
    missing = [study for study, found in known.items() if not found]
    if len(missing) == len(claim.studies):
        because = f"The library holds no {years}-year {claim.endpoint} of {' or '.join(missing)}."
        return Verdict(claim.id, claim.printed, "not checked", because)
    wrong = [study for study, found in known.items() if found and not _quoted(printed, found, file.rounds)]
    shown = "; ".join(_published(study, found) for study, found in known.items() if found)
    if not wrong:
        return Verdict(claim.id, claim.printed, "agrees", f"{shown}.")
    several = (
        f"{claim.printed} cannot be read for both {' and '.join(claim.studies)}: "
        if len(claim.studies) == 2
        else ""
    )
    return Verdict(claim.id, claim.printed, "differs", f"{several}{shown}.")


def _quoted(printed: Printed, found: tuple[Comparator, ...], rounding: Rounding) -> bool:
    """The published number, rounded no further than the quotation, is the one quoted."""
    return any(printed.band(rounding).admits(parse_number(f"{c.estimate:g}").value) for c in found)


def _published(study: str, found: tuple[Comparator, ...]) -> str:
    shown = " or ".join(f"{c.estimate:g} % ({c.population}; {c.verified})" for c in found)
    first = found[0]
    return f"{study} is published with a {first.years:g}-year {first.endpoint} of {shown}"


def judge_pairs(file: ClaimsFile, library: tuple[Comparator, ...]) -> tuple[str, ...]:
    """Where several studies are quoted with one pair of numbers: the pair that each was published with."""
    quoted = [claim for claim in file.claims if isinstance(claim, Published) and len(claim.studies) > 1]
    sentences = []
    for studies in dict.fromkeys(claim.studies for claim in quoted):
        pair = [claim for claim in quoted if claim.studies == studies]
        numbers = "/".join(claim.numbers[0].text for claim in pair)
        own = {study: "/".join(_own(study, claim, library) for claim in pair) for study in studies}
        wrong = [study for study in studies if own[study] != numbers and "?" not in own[study]]
        if len(pair) > 1 and wrong:
            trials = "Both trials" if len(studies) == 2 else f"All {len(studies)} trials"
            published = "; ".join(f"{study} is published with {own[study]}" for study in studies)
            sentences.append(f"{trials} cannot be read from one pair {numbers}: {published}.")
    return tuple(sentences)


def _own(study: str, claim: Published, library: tuple[Comparator, ...]) -> str:
    found = find_comparators(study, claim.endpoint, float(days_of(claim.horizon) // 365), library)
    return f"{found[0].estimate:g}" if found else "?"
