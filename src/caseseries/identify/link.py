"""Records that may be the same child: asked about once, joined only by a person's answer.

A child is returned twice when it moves between hospitals or stands on two lists; twins are two children who
look like one. No threshold can tell these apart, so none tries: rules and points only choose what to ask.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from math import log2

from caseseries.decisions.chain import Entry, Log, Option, Question, question_id
from caseseries.findings import Finding, Severity, Where
from caseseries.identify.likeness import TOKENS, Comparison, Traits, compare, most_points, traits_of
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Value

KIND = "same-child"
DIFFERENT = "different"
SAME = "same, keep "

RULES = {
    "nhs-number": "the same NHS number",
    "ihi": "the same IHI",
    "birth-sex-diagnosis": "the same date of birth and sex, diagnosed in the same month",
    "points": "much in common",
}
"""Strongest first."""

SECONDS_IN = 50  # one record in this many is taken to be a second record of a child
ASKED_FROM = 20  # a pair is asked about when the odds against "the same child" are below this
LARGEST_BLOCK = 200  # records alike in one way; more are a placeholder, not children


@dataclass(frozen=True)
class Candidate:
    """Two records that may be one child, in the order of their case ids, and the strongest rule that says so."""

    one: Traits
    other: Traits
    rule: str
    comparisons: tuple[Comparison, ...]

    @property
    def points(self) -> float:
        return round(sum(each.points for each in self.comparisons), 1)


@dataclass(frozen=True)
class Second:
    """A record that is a second record of the child whose case id is `kept`, by decision `number`."""

    case_id: str
    kept: str
    number: int


@dataclass(frozen=True)
class Joined:
    """One patient a child. `seconds` are the records that are not used because another of the child's is."""

    patients: tuple[Patient, ...] = ()
    seconds: tuple[Second, ...] = ()
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """For a case id that is not used, the case id of the record that is."""
        return {second.case_id: second.kept for second in self.seconds}


def join_cases(
    patients: Sequence[Patient], log: Log, tokens: Mapping[str, Mapping[str, str]] | None = None
) -> Joined:
    """Find what may be one child, apply what was decided, and ask the rest.

    Args:
        tokens: for a case id, its identifiers as keyed hashes (`identify.tokens`).
    """
    traits = [traits_of(patient, (tokens or {}).get(patient.case_id, {})) for patient in patients]
    candidates, findings = find_candidates(traits)
    seconds, clashes = _seconds([patient.case_id for patient in patients], log)
    dropped = {second.case_id for second in seconds}
    asked = [
        (candidate, _ask(candidate))
        for candidate in candidates
        if not {candidate.one.case_id, candidate.other.case_id} & dropped and not _is_settled(candidate, log)
    ]
    doubts = (_finding_of(candidate, question) for candidate, question in asked)
    return Joined(
        tuple(_kept(patients, seconds)),
        seconds,
        tuple(question for _, question in asked),
        tuple(sorted((*findings, *clashes, *doubts))),
    )


def find_candidates(traits: Sequence[Traits]) -> tuple[tuple[Candidate, ...], tuple[Finding, ...]]:
    """Every pair worth asking about, likeliest first, and the groups too large to be compared pair by pair."""
    pairs: set[tuple[int, int]] = set()
    findings = []
    for key, members in sorted(_blocks(traits).items()):
        if len(members) <= LARGEST_BLOCK:
            pairs.update(combinations(members, 2))
        elif key[0] in ("birth", *TOKENS):
            findings.append(_crowd(key[0], len(members)))
    threshold = log2(SECONDS_IN / 2 * max(len(traits) - 1, 1)) - log2(ASKED_FROM - 1)
    found = (_candidate(traits[i], traits[j], threshold) for i, j in sorted(pairs))
    ordered = sorted(
        (each for each in found if each), key=lambda c: (-c.points, c.one.case_id, c.other.case_id)
    )
    return tuple(ordered), tuple(findings)


def _candidate(one: Traits, other: Traits, threshold: float) -> Candidate | None:
    if most_points(one, other) < threshold:
        return None
    comparisons = compare(one, other)
    same = {each.field for each in comparisons if each.verdict == "same"}
    if "nhs_number" in same:
        rule = "nhs-number"
    elif "ihi" in same:
        rule = "ihi"
    elif {"birth_date", "sex"} <= same and _month(one.diagnosis) & _month(other.diagnosis):
        rule = "birth-sex-diagnosis"
    elif sum(each.points for each in comparisons) >= threshold:
        rule = "points"
    else:
        return None
    one, other = sorted((one, other), key=lambda each: each.case_id)
    return Candidate(one, other, rule, comparisons)


def _blocks(traits: Sequence[Traits]) -> Mapping[tuple[str, ...], list[int]]:
    """Records by what they have in common; only records that share a block are compared."""
    blocks: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, each in enumerate(traits):
        for key in _keys(each):
            blocks[key].append(number)
    return blocks


def _keys(each: Traits) -> Iterator[tuple[str, ...]]:
    yield from ((name, each.words[name]) for name in TOKENS if name in each.words)
    births, diagnoses = sorted(_month(each.birth)), sorted(_month(each.diagnosis))
    for name, day in (("birth", each.birth), ("diagnosis", each.diagnosis)):
        if day and day.exact:
            yield name, day.exact.isoformat()
    for month in births:
        yield from (("months", month, diagnosed) for diagnosed in diagnoses)
    sex = each.words.get("sex", "")
    yield from (("diagnosed", month, sex, each.words.get("fusion", "")) for month in diagnoses)


def _month(day: ClinicalDate | None) -> set[str]:
    """The months a date may lie in; none when that is more than a year."""
    if day is None or (day.latest - day.earliest).days > 366:
        return set()
    first, last = _count_months(day.earliest), _count_months(day.latest)
    return {f"{number // 12}-{number % 12 + 1:02}" for number in range(first, last + 1)}


def _count_months(day: date) -> int:
    return 12 * day.year + day.month - 1


def _crowd(name: str, size: int) -> Finding:
    what = f"{size} records share one {'date of birth' if name == 'birth' else name.replace('_', ' ')}"
    do = "Check whether it stands for “not known”; these records were not compared with each other by it"
    return Finding(Where("returns"), "identify.crowd", Severity.NOTE, what, f"at most {LARGEST_BLOCK}", do)


# --- what was decided ---------------------------------------------------------------------------------------


def _ids(one: str, other: str) -> dict[str, str]:
    """The name of the question about two records under each rule, strongest first."""
    first, second = sorted((one, other))
    return {question_id(KIND, rule, first, second): rule for rule in RULES}


def _is_settled(candidate: Candidate, log: Log) -> bool:
    """Whether a person has answered, with at least the evidence there is now against "different"."""
    strength, answers = list(RULES), log.answers
    for name, rule in _ids(candidate.one.case_id, candidate.other.case_id).items():
        answer = answers[name].decision.answer if name in answers else ""
        if answer == DIFFERENT and strength.index(rule) <= strength.index(candidate.rule):
            return True
    return False


def _seconds(case_ids: Sequence[str], log: Log) -> tuple[tuple[Second, ...], tuple[Finding, ...]]:
    """Which records the decisions drop, each with the record that stands for the child in the end."""
    kept_by: dict[str, tuple[str, Entry]] = {}
    findings: list[Finding] = []
    for entry in sorted(log.answers.values(), key=lambda entry: entry.number):
        if not entry.decision.question.startswith(KIND) or not entry.decision.answer.startswith(SAME):
            continue
        kept = entry.decision.answer.removeprefix(SAME)
        others = (other for other in case_ids if entry.decision.question in _ids(kept, other))
        other = next(others, None) if kept in case_ids else None
        if other is None:
            findings.append(_idle(entry))
        elif other in kept_by or _end(kept, kept_by) == other:
            findings.append(_clash(entry, other))
        else:
            kept_by[other] = kept, entry
    seconds = (Second(case, _end(case, kept_by), entry.number) for case, (_, entry) in kept_by.items())
    return tuple(sorted(seconds, key=lambda second: second.case_id)), tuple(findings)


def _end(case_id: str, kept_by: Mapping[str, tuple[str, Entry]]) -> str:
    while case_id in kept_by:
        case_id = kept_by[case_id][0]
    return case_id


def _idle(entry: Entry) -> Finding:
    what = f"decision {entry.number} joins two records, and one of them is no longer among the returns"
    do = "Check whether a case id was changed; if so, answer the question about the new one"
    return Finding(_place(entry), "identify.idle-decision", Severity.NOTE, what, "", do)


def _clash(entry: Entry, case_id: str) -> Finding:
    what = (
        f"decision {entry.number} drops {case_id}, and an earlier decision already says which record is kept"
    )
    do = "Answer one of the two questions again, so that each child has one record that is kept"
    return Finding(_place(entry), "identify.clash", Severity.STUDY, what, "", do, case_id)


def _place(entry: Entry) -> Where:
    return Where("decisions.jsonl", cell=f"line {entry.number}")


SOURCES = {"tumour board": {"tumour board"}, "survey": {"survey"}, "both": {"tumour board", "survey"}}


def _kept(patients: Iterable[Patient], seconds: Iterable[Second]) -> Iterator[Patient]:
    patients = list(patients)
    by_id = {patient.case_id: patient for patient in patients}
    others: dict[str, list[Patient]] = defaultdict(list)
    for second in seconds:
        others[second.kept].append(by_id[second.case_id])
    dropped = {second.case_id for second in seconds}
    for patient in patients:
        if patient.case_id not in dropped:
            yield _found_by_all(patient, others[patient.case_id])


def _found_by_all(patient: Patient, others: Sequence[Patient]) -> Patient:
    """The kept record, found by whatever found any record of the child."""
    rows = (each.only("patients") for each in (patient, *others))
    values = [row.values["identified_by"] for row in rows if row and "identified_by" in row.values]
    found = set().union(*(SOURCES.get(str(value.value), set()) for value in values))
    word = next((word for word, sources in SOURCES.items() if sources == found), "")
    if not others or not word:
        return patient
    raw = "; ".join(f"{value.source.where} = {value.source.raw}" for value in values)
    return with_source(patient, Value(word, values[0].source._replace(raw=raw)))


def with_source(patient: Patient, value: Value) -> Patient:
    """The patient with another value for how it was found."""
    row = patient.form("patients")[0]
    row = replace(row, values={**row.values, "identified_by": value})
    return replace(patient, rows={**patient.rows, "patients": (row, *patient.form("patients")[1:])})


# --- what is asked ------------------------------------------------------------------------------------------


def _ask(candidate: Candidate) -> Question:
    one, other = candidate.one, candidate.other
    return Question(
        question_id(KIND, candidate.rule, one.case_id, other.case_id),
        f"Are {_named(one)} and {_named(other)} the same child?",
        (
            Option(DIFFERENT, "two children; both stay"),
            Option(f"{SAME}{one.case_id}", f"one child; the record of {one.centre} is used"),
            Option(f"{SAME}{other.case_id}", f"one child; the record of {other.centre} is used"),
        ),
        _where(other),
        tuple(_evidence(candidate)),
    )


def _where(traits: Traits) -> Where:
    source = traits.sources.get("birth_date") or next(iter(traits.sources.values()), None)
    return source.where if source else Where("returns")


def _evidence(candidate: Candidate) -> Iterator[str]:
    one, other = candidate.one, candidate.other
    yield (
        f"Asked because they have {RULES[candidate.rule]}."
        if candidate.rule != "points"
        else (f"Asked because they are {RULES['points']}.")
    )
    for each in candidate.comparisons:
        cells = [t.sources[each.field] for t in (one, other) if each.field in t.sources]
        shown = "; ".join(f"{cell.raw} ({cell.where})" for cell in cells)
        yield f"{each.label}: {each.verdict}, {each.points:+.1f}{f': {shown}' if shown else ''}"
    yield f"Together {candidate.points:+.1f} points; ten make it a thousandfold more likely than before."
    if one.centre == other.centre and "birth_date" in {c.field for c in candidate.comparisons}:
        yield "Both are from one centre: twins share a date of birth, and a twin with leukaemia has it too often."
    elif one.centre != other.centre:
        yield "They are from two centres: a child who was transferred is returned by both."


def _finding_of(candidate: Candidate, question: Question) -> Finding:
    pair = f"{_named(candidate.one)} and {_named(candidate.other)}"
    what = f"{pair} may be the same child: they have {RULES[candidate.rule]}"
    do = "Answer with: caseseries decide DIR"
    return Finding(
        question.where, "identify.same-child", Severity.NOTE, what, "", do, candidate.other.case_id
    )


def _named(traits: Traits) -> str:
    return f"{traits.case_id} ({traits.centre})"
