"""How alike two records are: what is compared, what each agreement and difference is worth, and why.

Points are binary logarithms of m / u (Fellegi & Sunter, JASA 1969;64:1183): m is how often a field agrees in
two records of one child, u how often in records of two. Ten points make "the same child" a thousandfold more
likely than before. The frequencies are stated, not fitted: a case series has too few pairs to learn from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf, log2

from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Row, Source

DAYS_OF_BIRTH = 1826  # children of a series are born over some five years
DAYS_TO_DIAGNOSIS = 365  # once two were born on one day, both diagnoses fall in the year after
NEAR_DIAGNOSIS = 14  # days between a sample and the report that one centre dates by


@dataclass(frozen=True)
class Weight:
    """What one field is worth when it agrees and when it differs, with the reason for the numbers."""

    field: str
    label: str
    agree: float
    differ: float
    why: str


def _points(m: float, u: float) -> float:
    return round(log2(m / u), 1)


WEIGHTS = (
    Weight("nhs_number", "NHS number", 20.0, -4.0, "unique; but a newborn may hold a temporary one first"),
    Weight("ihi", "IHI", 20.0, -4.0, "unique; but assigned late, and to either of two records"),
    Weight("hospital_number", "hospital number", 12.0, 0.0, "unique in one hospital only"),
    Weight("name", "name", 10.0, -1.0, "rare together with a birth date; infants change names"),
    Weight("initials", "initials", 5.0, -1.0, "about one pair in 40 shares them by chance"),
    Weight("sex", "sex", _points(0.99, 0.5), _points(0.01, 0.5), "half of all pairs agree by chance"),
    Weight("country", "country", _points(0.95, 0.7), _points(0.05, 0.3), "a transfer may cross a border"),
    Weight("fusion", "fusion", _points(0.9, 0.3), _points(0.1, 0.7), "four partners make up most of them"),
)

SAME_BIRTH, CLOSE_BIRTH, OTHER_BIRTH = 0.95, 0.03, 0.02  # m: equal, one slip of the pen, otherwise
SLIPS = 20  # birth dates that are one digit, or day and month, away from a given one
SAME_DIAGNOSIS, CLOSE_DIAGNOSIS, OTHER_DIAGNOSIS = 0.8, 0.15, 0.05

TOKENS = ("nhs_number", "ihi", "hospital_number", "name", "initials")
TOKEN_SET = frozenset(TOKENS)


@dataclass(frozen=True)
class Traits:
    """What is compared of one record. Absent traits are left out and count neither way."""

    case_id: str
    centre: str
    birth: ClinicalDate | None = None
    diagnosis: ClinicalDate | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """One field of two records. `points` is what it adds to the score."""

    field: str
    label: str
    verdict: str
    points: float


def traits_of(patient: Patient, tokens: Mapping[str, str]) -> Traits:
    """The traits of a returned case; `tokens` are the identifiers its centre replaced by keyed hashes."""
    first, second = patient.only("patients"), patient.only("diagnosis")
    words = {
        "sex": _word(first, "sex"),
        "country": _word(first, "country"),
        "fusion": _word(second, "fusion"),
        **tokens,
    }
    sources = {
        name: row.values[name].source
        for row, names in ((first, ("birth_date", "sex", "country")), (second, ("diagnosis_date", "fusion")))
        if row
        for name in names
        if name in row.values
    }
    return Traits(
        patient.case_id,
        patient.centre,
        _day(first, "birth_date"),
        _day(second, "diagnosis_date"),
        {name: word for name, word in words.items() if word},
        sources,
    )


def _word(row: Row | None, column: str) -> str:
    return "".join((row.text(column) or "").casefold().split()) if row else ""


def _day(row: Row | None, column: str) -> ClinicalDate | None:
    found = row.values.get(column) if row else None
    return found.value if found and isinstance(found.value, ClinicalDate) else None


def compare(one: Traits, other: Traits) -> tuple[Comparison, ...]:
    """Every field that both records have."""
    return (*_compare_birth(one, other), *_compare_diagnosis(one, other), *_compare_words(one, other))


MOST_IN_WORDS = sum(weight.agree for weight in WEIGHTS if weight.field not in TOKENS)
MOST_BY_SLIP = _points(CLOSE_BIRTH, SLIPS / DAYS_OF_BIRTH)
MOST_NEARBY = _points(CLOSE_DIAGNOSIS, 2 * NEAR_DIAGNOSIS / DAYS_TO_DIAGNOSIS)


def most_points(one: Traits, other: Traits) -> float:
    """No less than the two can score, when that is seen from their dates: most pairs need no closer look."""
    if one.birth is None or other.birth is None or one.words.keys() & other.words.keys() & TOKEN_SET:
        return inf
    if not gap_of(one.birth, other.birth):
        return inf
    near = one.diagnosis is None or other.diagnosis is None or not gap_of(one.diagnosis, other.diagnosis)
    return MOST_IN_WORDS + MOST_BY_SLIP + (log2(DAYS_TO_DIAGNOSIS) if near else MOST_NEARBY)


def _compare_words(one: Traits, other: Traits) -> Iterator[Comparison]:
    for weight in WEIGHTS:
        mine, theirs = one.words.get(weight.field), other.words.get(weight.field)
        if mine and theirs:
            verdict, points = ("same", weight.agree) if mine == theirs else ("different", weight.differ)
            yield Comparison(weight.field, weight.label, verdict, points)


def _compare_birth(one: Traits, other: Traits) -> Iterator[Comparison]:
    if one.birth and other.birth:
        chance = _chance(one.birth, other.birth, DAYS_OF_BIRTH)
        if gap_of(one.birth, other.birth) == 0:
            verdict, points = "same", _points(SAME_BIRTH, chance)
        elif is_slip(one.birth.exact, other.birth.exact):
            verdict, points = "one slip of the pen apart", _points(CLOSE_BIRTH, SLIPS / DAYS_OF_BIRTH)
        else:
            verdict, points = "different", _points(OTHER_BIRTH, 1 - chance)
        yield Comparison("birth_date", "date of birth", verdict, points)


def _compare_diagnosis(one: Traits, other: Traits) -> Iterator[Comparison]:
    if one.diagnosis and other.diagnosis:
        gap = gap_of(one.diagnosis, other.diagnosis)
        if gap == 0:
            chance = _chance(one.diagnosis, other.diagnosis, DAYS_TO_DIAGNOSIS)
            verdict, points = "same", _points(SAME_DIAGNOSIS, chance)
        elif gap <= NEAR_DIAGNOSIS:
            days = f"{gap} day{'s' if gap > 1 else ''} apart"
            verdict, points = days, _points(CLOSE_DIAGNOSIS, 2 * NEAR_DIAGNOSIS / DAYS_TO_DIAGNOSIS)
        else:
            verdict, points = "different", _points(OTHER_DIAGNOSIS, 1)
        yield Comparison("diagnosis_date", "date of diagnosis", verdict, points)


def gap_of(one: ClinicalDate, other: ClinicalDate) -> int:
    """Days that certainly lie between two dates; 0 when they may be one day."""
    return max((one.earliest - other.latest).days, (other.earliest - one.latest).days, 0)


def _chance(one: ClinicalDate, other: ClinicalDate, days: int) -> float:
    """How likely two unrelated dates, known this precisely, are to be compatible."""
    widths = sum((each.latest - each.earliest).days for each in (one, other))
    return min(0.9, (widths + 1) / days)


def is_slip(one: date | None, other: date | None) -> bool:
    """Whether one digit, or the order of day and month, is all that differs."""
    if not (one and other):
        return False
    swapped = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    return swapped or sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True)) == 1
