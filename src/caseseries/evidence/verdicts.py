"""The judgement of a paper's printed numbers: a verdict a claim, the conflicts, an example, all in sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from caseseries.evidence.alone import (
    Verdict,
    Word,
    judge_pairs,
    judge_parts,
    judge_proportion,
    judge_published,
    judge_spread,
)
from caseseries.evidence.claims import (
    AtRisk,
    ClaimsFile,
    DeathAfterRelapse,
    EventDays,
    MedianRange,
    Parts,
    Proportion,
    Published,
    Survival,
    _Claim,
)
from caseseries.evidence.cohort import Course
from caseseries.evidence.comparators import Comparator, load_library
from caseseries.evidence.narrowing import (
    Narrowing,
    Precision,
    Sequence,
    earliest_death,
    is_follow_up,
    measure_precision,
    narrow,
)
from caseseries.evidence.reading import COUNTED, GAP, Paper
from caseseries.evidence.sequences import interval_of
from caseseries.evidence.settle import Settled, settle
from caseseries.evidence.wording import explain_unused
from caseseries.findings import join

GIVEN_UP = "The search was given up before it was decided."
SHOWN = 6  # sequences listed in a sentence; more are counted


@dataclass(frozen=True)
class Judgement:
    """`sequences` maps endpoint.origin to the at-risk sequences left; `notes` say what was assumed and not searched.

    `example` is a made-up cohort that satisfies every claim kept, empty where none was found or asked for.
    """

    title: str
    verdicts: tuple[Verdict, ...]
    sequences: Mapping[str, tuple[Sequence, ...]]
    conflicts: tuple[tuple[str, ...], ...]
    example: tuple[Course, ...]
    notes: tuple[str, ...]


def judge(file: ClaimsFile, library: tuple[Comparator, ...] | None = None) -> Judgement:
    """Is there a cohort behind the printed numbers? Every claim gets a verdict and the reason for it."""
    known = load_library() if library is None else library
    paper = Paper(file)
    settled = settle(paper)
    narrowed = {
        claim.id: narrow(paper, claim, settled)
        for claim in file.claims
        if isinstance(claim, Survival) and not paper.choices(claim) and not paper.why_unsearched(claim)
    }
    verdicts = tuple(
        _judge_claim(paper, claim, settled, narrowed.get(claim.id), known) for claim in file.claims
    )
    left = {
        _place(paper.claims[name]): narrowing.last
        for name, narrowing in narrowed.items()
        if name in settled.kept and narrowing.complete
    }
    notes = (*judge_pairs(file, known), *_notes(paper, settled, narrowed))
    return Judgement(file.title, verdicts, left, settled.conflicts, settled.example, notes)


def _place(claim: _Claim) -> str:
    return f"{claim.endpoint}.{claim.origin}" if isinstance(claim, Survival) else claim.id


def _judge_claim(
    paper: Paper,
    claim: _Claim,
    settled: Settled,
    narrowing: Narrowing | None,
    library: tuple[Comparator, ...],
) -> Verdict:
    if isinstance(claim, Proportion):
        return judge_proportion(claim, paper.file.rounds)
    if isinstance(claim, Parts):
        return judge_parts(claim)
    if isinstance(claim, Published):
        return judge_published(claim, paper.file, library)
    if isinstance(claim, MedianRange) and (claim.of == "value" or not paper.in_order(claim)):
        return judge_spread(claim, paper.file.rounds)
    if why := paper.why_unsearched(claim):
        return Verdict(claim.id, claim.printed, "not checked", f"Not searched: {why}.")
    if settled.dropped(claim.id):
        return Verdict(claim.id, claim.printed, "impossible", explain_conflict(paper, claim, settled))
    if claim.id in settled.against:
        return Verdict(claim.id, claim.printed, "conditional", _explain_condition(paper, claim, settled))
    if isinstance(claim, Survival) and narrowing is not None:
        return _judge_survival(paper, claim, settled, narrowing)
    if claim.id in settled.undecided:
        return Verdict(claim.id, claim.printed, "not checked", GIVEN_UP)
    return Verdict(claim.id, claim.printed, "possible", "It fits the other claims.")


def _judge_survival(paper: Paper, claim: Survival, settled: Settled, narrowing: Narrowing) -> Verdict:
    because = [*_explain_survival(paper, claim, settled, narrowing)]
    verdict: Word = "not checked"
    if claim.id in settled.undecided:
        because.append(GIVEN_UP)
    elif not paper.interval_checked(claim, settled.example, settled.choices):
        because.append("The estimate fits the other claims; its BPCP interval was not held against so many.")
    elif not paper.events_checked(claim, settled.example, settled.choices):
        because.append(
            "The estimate fits the other claims; its number of events was not held against so many."
        )
    else:
        verdict = "possible"
        if claim.interval != "none" and not narrowing.complete:
            because.append("One that has the printed interval fits the other claims.")
    unused = [number.text for number in claim.numbers[1:] if claim.interval == "none"]
    return Verdict(claim.id, claim.printed, verdict, " ".join(because) + explain_unused(unused))


# --- sentences -----------------------------------------------------------------------------------------


def explain_conflict(paper: Paper, claim: _Claim, settled: Settled) -> str:
    """Why a claim was dropped: in the plainest form that its conflicts allow."""
    against = settled.against[claim.id]
    if isinstance(claim, Survival):
        if len(against) == 1 and all(conflict == (claim.id,) for conflict in against.values()):
            whose = f"{paper.count('cases')} {paper.file.cases}"
            return f"No at-risk sequence of {whose} gives “{claim.printed}” ({_rounding(paper.file)})."
        flat = {
            choice: _flat(paper, claim, choice or claim.origin, conflict)
            for choice, conflict in against.items()
        }
        if all(flat.values()):
            others, days = zip(*(found for found in flat.values() if found), strict=True)
            origins = [choice or claim.origin for choice in against]
            either = (
                " from either origin" if len(origins) == 2 else " from any origin" if len(origins) > 2 else ""
            )
            first = f"day {days[0]} from {paper.file.origins[origins[0]]}"
            rest = "; ".join(
                f"{day} from {paper.file.origins[o]}" for o, day in zip(origins[1:], days[1:], strict=True)
            )
            return (
                f"“{_spoken(paper, claim)}” is impossible{either} beside {' and '.join(f'{o} %' for o in others)}, "
                f"because no event falls after {first}{f' ({rest})' if rest else ''}."
            )
    return " ".join(_cannot(paper, conflict) for conflict in dict.fromkeys(against.values()))


def _cannot(paper: Paper, conflict: tuple[str, ...]) -> str:
    if not conflict:
        names = {
            "cases": paper.file.cases,
            "first events": "first events",
            "relapses": "relapses",
            "deaths": "deaths",
        }
        printed = [f"{n} {words}" for what, words in names.items() if (n := paper.count(what)) is not None]
        return (
            f"No cohort has the sizes and counts printed, as such or as days: {join(printed)}. A first event is a "
            "relapse, or a death without one before it."
        )
    listed = "; ".join(f"“{paper.claims[name].printed}” ({name})" for name in conflict)
    return f"No cohort satisfies all of: {listed}."


def _flat(paper: Paper, claim: Survival, origin: str, conflict: tuple[str, ...]) -> tuple[str, int] | None:
    """The other estimate of a conflict, and the last event day, where the curve is flat between their horizons."""
    others = [c for name in conflict if isinstance(c := paper.claims[name], Survival) and c.id != claim.id]
    last = last_event(paper, claim, origin)
    if len(others) != 1 or last is None or others[0].endpoint != claim.endpoint:
        return None
    return (_percent(others[0]), last) if last <= min(claim.day, others[0].day) else None


def last_event(paper: Paper, claim: Survival, origin: str) -> int | None:
    """The last day on which an event of the endpoint can fall, where all their days are printed."""
    days = [day for c in paper.file.claims if isinstance(c, EventDays) for day in c.days]
    total = paper.first_events() if paper.ends(claim) == "first event" else None
    if not days or total is None or len(days) != total:
        return None
    return max(days) + paper.gaps(frozenset(paper.claims)).get(origin, (0, 0))[1]


def _explain_condition(paper: Paper, claim: _Claim, settled: Settled) -> str:
    choice = settled.choices[claim.id]
    ruled, conflict = next(iter(settled.against[claim.id].items()))
    if isinstance(claim, MedianRange):
        other = next((c for name in conflict if isinstance(c := paper.claims[name], EventDays)), None)
        if other is not None and ruled == "all" and other.event != "relapse":
            shown = ", ".join(map(str, other.days))
            spread = "–".join(number.text for number in claim.numbers[-2:])
            return f"A death on day {shown} and follow-up “range {spread}” agree only if the range is of survivors."
        return f"“{claim.printed}” fits the other claims only if it is of {choice}."
    return f"“{claim.printed}” fits the other claims only from {paper.file.origins[choice]}."


def _explain_survival(paper: Paper, claim: Survival, settled: Settled, narrowing: Narrowing) -> Iterator[str]:
    yield _need(paper, claim, settled, narrowing)
    shortest = _shortest(paper, settled)
    if narrowing.followed and narrowing.followed != narrowing.early and shortest is not None:
        yield f"A survivor followed for only {shortest} days leaves {_left(narrowing.followed)} alone."
    if narrowing.beside and narrowing.beside != narrowing.followed:
        remain = "remains" if len(narrowing.beside) <= SHOWN else "remain"
        yield f"Beside the other claims only {_left(narrowing.beside)} {remain}."
    yield from _censored_between(paper, claim, settled, narrowing)
    precision = measure_precision(paper, claim, settled, narrowing)
    if precision is not None:
        yield from _explain_precision(paper, claim, narrowing, precision)
    elif narrowing.beside is not None and not any(isinstance(c, AtRisk) for c in paper.file.claims):
        yield "How many were at risk at the horizon, and so its interval, was not sought over all cohorts that fit."


def _need(paper: Paper, claim: Survival, settled: Settled, narrowing: Narrowing) -> str:
    name = f"{paper.file.endpoints[claim.endpoint].label} {_percent(claim)} % from {paper.file.origins[claim.origin]}"
    left = narrowing.alone if narrowing.early is None else narrowing.early
    if not narrowing.complete or len(left) > SHOWN:
        return f"{name} has {len(left) if narrowing.complete else f'more than {COUNTED}'} at-risk sequences."
    if len(left) == 1 and narrowing.alone == left:
        return f"{name} has one at-risk sequence, {_list(left)}."
    before = _before(paper, settled, claim)
    sequences = f"sequence{'s' * (len(left) > 1)} {_list(left)}"
    return f"{paper.count('cases')} patients and {name} need exactly the at-risk {sequences}{before}."


def _before(paper: Paper, settled: Settled, claim: Survival) -> str:
    """The last printed event day before which nobody is censored, because the shortest follow-up is longer."""
    shortest = _shortest(paper, settled)
    days = [day for c in paper.file.claims if isinstance(c, EventDays) for day in c.days]
    early = [day for day in days if shortest is not None and day <= shortest]
    if not early or claim.origin != paper.file.base:
        return ", given the days printed" if days else ""
    return f" when nobody is censored before day {max(early)}"


def _shortest(paper: Paper, settled: Settled) -> int | None:
    for name in sorted(settled.kept):
        claim = paper.claims[name]
        if isinstance(claim, MedianRange) and is_follow_up(paper, name) and claim.range:
            return int(claim.range[0].value) if claim.unit == "days" else None
    return None


def _censored_between(paper: Paper, claim: Survival, settled: Settled, narrowing: Narrowing) -> Iterator[str]:
    """What a single sequence says about who left between two deaths, and when the undated death fell."""
    undated = [c for c in paper.file.claims if isinstance(c, DeathAfterRelapse) and c.day is None]
    if paper.ends(claim) != "death" or len(narrowing.last) != 1 or claim.origin != paper.file.base:
        return
    falls = [before - after - 1 for before, after in pairwise(narrowing.last[0])]
    if len(falls) != 1 or not falls[0] or len(undated) != 1:
        return
    who = f"1 {paper.file.case} was" if falls[0] == 1 else f"{falls[0]} {paper.file.cases} were"
    known = [
        day for c in paper.file.claims if isinstance(c, EventDays) and c.event != "relapse" for day in c.days
    ]
    first = earliest_death(paper, claim, settled, undated[0].label)
    if first is not None and known and first > max(known):
        yield (
            f"Between the two deaths {who} censored, so {undated[0].label} died after that censoring, "
            f"on day {first} or later."
        )


def _explain_precision(
    paper: Paper, claim: Survival, narrowing: Narrowing, precision: Precision
) -> Iterator[str]:
    low, high = precision.at_risk
    horizon = _horizon(claim)
    name = f"{paper.file.endpoints[claim.endpoint].label} {_percent(claim)} %"
    many = str(low) if low == high else f"{low} to {high}"
    yield f"Nothing printed says how many were at risk at {horizon}: it can be {many}."
    if low <= 1 <= high and len(narrowing.last) == 1:
        lower, upper = interval_of(paper.count("cases") or 0, narrowing.last[0], 1)
        longest = _longest(paper, claim)
        yield (
            f"With {longest or f'one {paper.file.case} at risk'} the 95 % interval of {name} is "
            f"{lower * 100:.0f}–{upper * 100:.0f} % (BPCP)."
        )
    yield (
        f"Over all cohorts that fit, its lower limit is {_span(precision.lower)} % and its upper limit "
        f"{_span(precision.upper)} %."
    )


def _longest(paper: Paper, claim: Survival) -> str:
    for other in paper.file.claims:
        if isinstance(other, MedianRange) and other.of == "follow-up" and other.range:
            days = other.range[1]
            if other.unit == "days" and days.value >= claim.day and other.origin == claim.origin:
                return f"the one {paper.file.case} of {days.text} days"
    return ""


def _notes(paper: Paper, settled: Settled, narrowed: Mapping[str, Narrowing]) -> Iterator[str]:
    if paper.cohort_claims():
        yield f"Percentages are read as {_rounding(paper.file)}; sizes and counts are taken as given."
        yield f"No day after {paper.last_day()} was searched."
        for origin in paper.unbounded_gaps():
            names = f"{paper.file.origins[origin]} to {paper.file.origins[paper.file.base]}"
            yield f"More than {GAP[1]} days from {names} were not searched."
    for conflict in settled.conflicts:
        yield f"{_cannot(paper, conflict)} The later was set aside; which is wrong, arithmetic cannot say."
    for name in settled.undecided:
        beside = ", ".join(
            claim for claim in paper.cohort_claims() if claim in settled.kept and claim != name
        )
        yield (
            f"{name}: no cohort was found in which it is true beside {beside}, but not every cohort was searched; "
            "whether it fits them is not known."
        )
    for name, narrowing in narrowed.items():
        if narrowing.beside is None and name in settled.kept:
            count = len(narrowing.alone) if narrowing.complete else f"more than {COUNTED}"
            yield f"{name}: {count} at-risk sequences were not tried one by one against the other claims."
    if settled.kept and not settled.example:
        yield "No example cohort was found within the search limit."


def _percent(claim: _Claim) -> str:
    return claim.numbers[0].text


def _horizon(claim: Survival) -> str:
    unit = {"d": "day", "m": "month", "y": "year"}[claim.horizon[-1]]
    return f"{claim.horizon[:-1]} {unit}{'s' * (claim.horizon[:-1] != '1')}"


def _spoken(paper: Paper, claim: Survival) -> str:
    horizon = _horizon(claim).removesuffix("s").replace(" ", "-")
    return f"{horizon} {paper.file.endpoints[claim.endpoint].label} of {_percent(claim)} %"


def _rounding(file: ClaimsFile) -> str:
    return {
        "nearest": "rounded to the nearest, a half up or to even",
        "truncated": "truncated",
        "any": "rounded or truncated",
    }[file.rounding]


def _list(sequences: tuple[Sequence, ...]) -> str:
    return " or ".join(f"[{', '.join(map(str, sequence))}]" for sequence in sequences)


def _left(sequences: tuple[Sequence, ...]) -> str:
    return _list(sequences) if len(sequences) <= SHOWN else f"{len(sequences)} of them"


def _span(ends: tuple[float, float]) -> str:
    low, high = (f"{end * 100:.0f}" for end in ends)
    return low if low == high else f"{low} to {high}"
