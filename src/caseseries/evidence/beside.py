"""The comparisons a study asks for, as result rows: our cohort beside published outcomes, or why it is not.

A published cohort is no control group. Outcomes of different origins or endpoints are compared only where the
study says how; a clock that starts before the index treatment counts each case only from that treatment on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseseries.analysis.displays import Beside, Contrast
from caseseries.analysis.outcomes import (
    Clock,
    curve_of,
    curve_of_table,
    interval_of,
    label_of,
    spoken,
    start_clock,
    starts_before_index,
)
from caseseries.analysis.results import Result
from caseseries.evidence.comparators import Asked, Comparator, Published, check_match, load_library
from caseseries.evidence.comparisons import (
    Better,
    compare_follow_up,
    compare_horizon,
    effective_number,
    estimate_difference,
    estimate_ratio,
    expect,
    find_tipping_point,
    mix,
    weigh,
)
from caseseries.evidence.outcomes import Outcome, beta_of, limits_of, make_outcome
from caseseries.findings import join
from caseseries.stats.estimate import Comparison, Estimate
from caseseries.stats.events import EventTable, count_events
from caseseries.stats.survival import estimate_survival
from caseseries.study.definition import Study, days_of
from caseseries.timeline.course import Course
from caseseries.timeline.variables import derive_fact

POINTS, RATIO, P_VALUE, CASES, EVENTS = "percentage points", "ratio", "p-value", "cases", "events"
PRIORS = {
    "weak": "weak prior",
    "robust": "robust prior (half the published outcome, half weak)",
    "power": "power prior (the published outcome at half its worth)",
}

NO_ERROR = "the published outcome is given without its error, and none can be derived"
NO_SIZE = (
    "the published outcome, as a prior, heaps at 0 or 100 %, where a mixture has no effective sample size"
)
TOO_WIDE = "the error of the published outcome is too wide beside its estimate to be that of a probability"


@dataclass(frozen=True)
class _Part:
    """The cases of ours that are held against one published outcome. `level` names their levels of the mixture."""

    level: str
    cases: frozenset[str]
    table: EventTable
    outcome: Outcome


@dataclass(frozen=True)
class _Pair:
    """A comparison that may be made: our clock, its parts, and the rows' ids and sources."""

    asked: Asked
    study: Study
    clock: Clock
    parts: tuple[_Part, ...]
    place: str

    @property
    def stem(self) -> str:
        return f"compare.{self.asked.id}"

    @property
    def theirs(self) -> str:
        return " + ".join(_name(part, len(self.parts)) for part in self.parts)

    @property
    def caveats(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for part in self.parts for c in part.outcome.caveats))


def compare_published(
    published: Published, courses: Sequence[Course], study: Study
) -> tuple[tuple[Result, ...], tuple[Contrast, ...]]:
    """Every comparison asked for: its result rows, and what the report shows of it."""
    known = (*published.comparators, *load_library())
    rows: list[Result] = []
    contrasts = []
    for asked, place in published.asked:
        made, contrast = _compare(asked, place, known, courses, study)
        rows += made
        contrasts.append(replace(contrast, result_ids=tuple(row.id for row in made)))
    return tuple(rows), tuple(contrasts)


def _compare(
    asked: Asked, place: str, known: Sequence[Comparator], courses: Sequence[Course], study: Study
) -> tuple[list[Result], Contrast]:
    delayed = starts_before_index(courses, study, asked.origin)
    name = f"{asked.endpoint}.{asked.origin}" + ".delayed_entry" * delayed
    entry = "index" if delayed else ""
    clock = start_clock(name, courses, study, study.endpoints[asked.endpoint], asked.origin, entry)
    ours = f"{clock.endpoint.short} from {clock.origin_label}"
    parts, against = _parts_of(asked, clock, known, courses)
    cautions: list[str] = []
    for part in parts:
        for refusal in check_match(clock.endpoint.short, clock.origin_label, part.outcome.rows[0]):
            if asked.because:
                cautions.append(refusal.because)
            else:
                against.append(f"{refusal.because}. {refusal.do}.")
    contrast = Contrast(
        asked.id,
        ours,
        tuple(_described(part) for part in parts),
        tuple(dict.fromkeys(part.outcome.study for part in parts)),
        tuple(_reference(part) for part in parts),
        told=asked.because,
    )
    if against or not parts:
        return [], replace(contrast, refused=tuple(dict.fromkeys(against)))
    if delayed:
        cautions.append(
            f"each case counts only from its {study.index.label} on: before it nobody of ours could die"
        )
    cautions += _interpolations(asked, parts)
    pair = _Pair(asked, study, clock, parts, place)
    rows = [row for horizon in _horizons(asked, parts, study) for row in _at_horizon(pair, horizon)]
    rows += _over_follow_up(pair)
    drawn = _draw(pair)
    return [_traced(row, pair) for row in rows], replace(
        contrast, cautions=tuple(dict.fromkeys(cautions)), drawn=drawn
    )


def _parts_of(
    asked: Asked, clock: Clock, known: Sequence[Comparator], courses: Sequence[Course]
) -> tuple[tuple[_Part, ...], list[str]]:
    """Our cases by the outcome each is held against, and the reasons why some have none."""
    against: list[str] = []
    levels = _levels(asked, courses)
    if asked.mixture:
        for level in levels.keys() - asked.mixture.keys():
            shown = f"{asked.by} “{level}”" if level else f"an unknown {asked.by}"
            whose = f"{len(levels[level])} of our cases have {shown}"
            against.append(f"{whose}, for which the mixture names no study.")
    parts = []
    for study, named in _held_against(asked, levels).items():
        found = _find(asked, clock, study, known)
        if isinstance(found, str):
            against.append(found)
            continue
        cases = frozenset().union(*(levels[level] for level in named))
        parts.append(_Part(join(named), cases, _table(clock, cases), found))
    return tuple(parts), sorted(against)


def _held_against(asked: Asked, levels: Mapping[str, frozenset[str]]) -> Mapping[str, list[str]]:
    """The levels that we have cases of, by the study they are held against.

    Those of one study are one part: its error is one error, shared by all of them, and not one for each.
    """
    whose: dict[str, list[str]] = {}
    for level, study in (asked.mixture or {"": asked.study}).items():
        if levels.get(level):
            whose.setdefault(study, []).append(level)
    return whose


def _levels(asked: Asked, courses: Sequence[Course]) -> Mapping[str, frozenset[str]]:
    """Our cases by the value of the mixture's variable ("" where it is not known); all together without one."""
    if not asked.mixture:
        return {"": frozenset(course.case_id for course in courses)}
    levels: dict[str, frozenset[str]] = {}
    for course in courses:
        value = derive_fact(course, asked.by).value
        spoken_value = "yes" if value is True else "no" if value is False else str(value or "")
        levels[spoken_value] = levels.get(spoken_value, frozenset()) | {course.case_id}
    return levels


def _table(clock: Clock, cases: frozenset[str]) -> EventTable:
    seen = [one for one in clock.observations if one.case_id in cases]
    entries = [one.entry for one in seen] if clock.delayed else None
    return count_events([one.stop for one in seen], [one.status for one in seen], entries)


def _find(asked: Asked, clock: Clock, study: str, known: Sequence[Comparator]) -> Outcome | str:
    """The outcome of a study that is nearest to ours; in words, why there is none."""
    rows = [row for row in known if row.study == study and _has_course(row)]
    endpoint = asked.published_endpoint or clock.endpoint.short
    rows = [row for row in rows if row.endpoint == endpoint] or rows
    rows = [row for row in rows if not asked.population or row.population == asked.population]
    if not rows:
        return f"{study} is published with no survival over time{' of that population' * bool(asked.population)}."
    first = rows[0]
    same = [row for row in rows if _about(row) == _about(first)]
    try:
        return make_outcome(same)
    except ValueError as error:
        return f"{study}: {error}."


def _about(row: Comparator) -> tuple[str, str, str]:
    return row.endpoint, row.origin, row.population


def _has_course(row: Comparator) -> bool:
    return bool(row.curve or row.times or (row.years and row.estimate is not None))


def _horizons(asked: Asked, parts: Sequence[_Part], study: Study) -> tuple[str, ...]:
    """Those asked for; else the protocol's last one of this clock for which every reference prints a number."""
    wanted = [w for w in study.estimates if w.endpoint == asked.endpoint and asked.origin in w.origins]
    days = {h: days_of(h) for one in wanted for h in one.horizons}
    known = [
        h
        for h, day in days.items()
        if not any(p.outcome.interpolated(day) or day > p.outcome.last_day for p in parts)
    ]
    return asked.horizons or tuple(sorted(known, key=days_of)[-1:])


def _interpolations(asked: Asked, parts: Sequence[_Part]) -> Iterator[str]:
    printed = [part.outcome for part in parts if part.outcome.table is None]
    for outcome in printed:
        between = [h for h in asked.horizons if outcome.interpolated(days_of(h))]
        if any(days_of(h) <= outcome.last_day for h in between):
            yield (
                f"no {' or '.join(spoken(h) for h in between)} value of {outcome.study} is published; the one used "
                "assumes a constant hazard between its horizons"
            )
    if printed:
        studies = join([*dict.fromkeys(outcome.study for outcome in printed)])
        yield (
            f"of {studies} only horizons are printed: the hazard is taken as constant between them, which expects too "
            "few events early on where most events fall early"
        )


# --- rows ----------------------------------------------------------------------------------------------


def _at_horizon(pair: _Pair, horizon: str) -> Iterator[Result]:
    clock, day, stem = pair.clock, days_of(horizon), f"{pair.stem}.{horizon}"
    ours = estimate_survival(clock.table, day, pair.study.report.level, interval_of(clock, pair.study))
    yield Result(f"{stem}.ours", label_of(clock, horizon), "probability", ours)
    found = [(len(part.cases), part.outcome.survival(day)) for part in pair.parts]
    label = f"Published {spoken(horizon)} {pair.parts[0].outcome.endpoint}"
    if any(one is None for _, one in found):
        because = f"no published outcome reaches day {day}"
        yield Result(
            f"{stem}.published", label, "probability", _none(because, "published estimate", clock.table.n)
        )
        return
    share, error = mix([(count, *one) for count, one in found if one is not None])
    yield Result(
        f"{stem}.published",
        label,
        "probability",
        _published(pair, day, share, error),
        caveats=pair.caveats,
    )
    if clock.delayed or ours.value is None:
        return
    yield from _bayes(pair, horizon, ours.value, share, error)
    test = compare_horizon(clock.table, day, share)
    yield _p_value(f"{stem}.binomial", f"Exact binomial test at {_at(horizon)}", test)


def _published(pair: _Pair, day: int, share: float, error: float | None) -> Estimate:
    """The reference's estimate with its own interval: the printed one, else that of its error as a beta."""
    counts = [part.outcome.n for part in pair.parts]
    n = sum(count or 0 for count in counts) if None not in counts else 0
    method = "published estimate" if len(pair.parts) == 1 else "published estimates, weighted by our cases"
    only = pair.parts[0].outcome if len(pair.parts) == 1 else None
    printed = next((p for p in only.points if p.day == day), None) if only else None
    lower, upper = (printed.lower, printed.upper) if printed else limits_of(share, error)
    caveats = () if lower is not None else (_no_beta(share, error),)
    return Estimate(share, lower, upper, 0.95, method, n, None, None, caveats=caveats)


def _no_beta(share: float, error: float | None) -> str:
    """Why an estimate and its error have no beta distribution."""
    return TOO_WIDE if error and 0 < share < 1 else NO_ERROR


def _bayes(pair: _Pair, horizon: str, ours: float, share: float, error: float | None) -> Iterator[Result]:
    stem, clock = f"{pair.stem}.{horizon}", pair.clock
    free, worth = effective_number(clock.table, days_of(horizon), ours)
    method = "number free at the horizon over the estimate (Peto 1977)"
    estimate = Estimate(worth, None, None, pair.study.report.level, method, clock.table.n)
    yield Result(
        f"{stem}.effective", f"Effective number of our cases at {_at(horizon)}", CASES, estimate, decimals=1
    )
    published = beta_of(share, error)
    if published is None:
        none = _none(_no_beta(share, error), "beta posterior", clock.table.n)
        yield Result(f"{stem}.difference", f"Difference at {_at(horizon)}", POINTS, none)
        return
    believed = weigh(free, worth, published)
    level = pair.study.report.level
    limits = estimate_difference(believed[0].posterior, published, level)
    method = "posterior of the difference, weak prior, mean and equal tails"
    mean, low, high = (100 * x for x in limits)
    estimate = Estimate(mean, low, high, level, method, clock.table.n)
    yield Result(f"{stem}.difference", f"Difference at {_at(horizon)}", POINTS, estimate)
    for one in believed:
        yield from _believed(stem, one, clock.table.n, level)
    certain = (
        1 + level
    ) / 2  # of either being higher; below it the credible interval of the difference holds 0
    stays = "higher" if believed[0].probability > 0.5 else "lower"
    yield _tipping(stem, find_tipping_point(free, worth, published, certain), stays, clock.table.n, certain)


def _believed(stem: str, one: Better, n: int, level: float) -> Iterator[Result]:
    prior = PRIORS[one.prior]
    method = f"beta posteriors, {prior}"
    for name, label, unit, value in (
        ("better", f"P(ours is higher), {prior}", "probability", one.probability),
        ("worth", f"Effective sample size, {prior}", CASES, one.effective),
        ("conflict", f"Prior–data conflict, {prior}", P_VALUE, one.conflict),
    ):
        because = NO_SIZE if value is None else ""
        estimate = Estimate(value, None, None, level, method, n, because=because)
        yield Result(f"{stem}.{name}.{one.prior}", label, unit, estimate, decimals=1)


def _tipping(stem: str, point: float | None, stays: str, n: int, certain: float) -> Result:
    label = "Tipping point: share of the published data, as a prior, at which the two may be equal"
    method = "power prior, bisection"
    if point is None:
        because = f"not reached: ours stays {stays} even with the whole of the published data as prior"
        return Result(f"{stem}.tipping", label, "probability", _none(because, method, n))
    caveats = () if point else ("the two may be equal with a weak prior alone",)
    estimate = Estimate(point, None, None, certain, method, n, caveats=caveats)
    return Result(f"{stem}.tipping", label, "probability", estimate)


def _over_follow_up(pair: _Pair) -> Iterator[Result]:
    counted = expect([(part.table, part.outcome.reference) for part in pair.parts])
    n, level, short = counted.n, pair.study.report.level, pair.clock.endpoint.short
    caveats = [] if counted.own is not None else ["the reference’s own error is not known and not counted"]
    caveats += [
        f"follow-up beyond day {part.outcome.last_day} has no reference in {part.outcome.study} and is not counted"
        for part in pair.parts
        if part.table.last_day > part.outcome.last_day
    ]
    for name, label, value in (
        ("observed", f"Observed {short} events", float(counted.observed)),
        ("expected", f"Expected {short} events", counted.expected),
    ):
        estimate = Estimate(
            value, None, None, level, "sum of the reference’s hazard over our follow-up", n, counted.observed
        )
        decimals = 0 if name == "observed" else 1
        yield Result(
            f"{pair.stem}.{name}", label, EVENTS, estimate, caveats=tuple(caveats), decimals=decimals
        )
    yield Result(
        f"{pair.stem}.smr",
        "Observed / expected (SMR)",
        RATIO,
        estimate_ratio(counted, level),
        caveats=tuple(caveats),
        decimals=2,
    )
    yield replace(
        _p_value(f"{pair.stem}.log_rank", "One-sample log-rank test", compare_follow_up(counted)),
        caveats=tuple(caveats),
    )


def _p_value(name: str, label: str, test: Comparison) -> Result:
    because = "" if test.p is not None else test.because
    estimate = Estimate(test.p, None, None, 0.95, test.name, test.n, because=because, caveats=test.caveats)
    return Result(name, label, P_VALUE, estimate)


def _none(because: str, method: str, n: int) -> Estimate:
    return Estimate(None, None, None, 0.95, method, n, because=because)


def _traced(row: Result, pair: _Pair) -> Result:
    """With the cells of our cases, the place that asked for the comparison, and how it was allowed."""
    ours = {} if row.id.endswith(".published") else pair.clock.sources
    told = (f"compared although they differ: {pair.asked.because}",) if pair.asked.because else ()
    asked = f"asked for in {pair.place}"
    return replace(row, sources=ours, caveats=(*row.caveats, *told, asked))


# --- words and drawing ---------------------------------------------------------------------------------


def _at(horizon: str) -> str:
    """ "36m" as a place in time: 3 years."""
    number, _, unit = spoken(horizon).partition("-")
    if number == "day":
        return f"day {unit}"
    return f"{number} {unit}{'s' * (number != '1')}"


def _name(part: _Part, parts: int) -> str:
    return f"{len(part.cases)} of {part.outcome.study}" if parts > 1 else part.outcome.study


def _described(part: _Part) -> str:
    """Who is compared with what: "after relapse: OS from relapse, Interfant-99 relapses (Driessen)"."""
    outcome = part.outcome
    kind = f"{part.level}: " if part.level else ""
    return f"{kind}{outcome.endpoint} from {outcome.origin}, {outcome.study} ({outcome.population})"


def _reference(part: _Part) -> str:
    """What is published of whom, where, and how far it was read: a footnote."""
    outcome = part.outcome
    n = f", n = {outcome.n}" if outcome.n else ""
    kind = f", for ours “{part.level}”" if part.level else ""
    return f"{outcome.study}{kind}: {outcome.population}{n}; {outcome.endpoint} from {outcome.origin}; {outcome.told}."


def _draw(pair: _Pair) -> Beside | None:
    """Our curve beside the reference; none with delayed entry, whose curve is not drawn."""
    clock = pair.clock
    if clock.delayed or not clock.observations:
        return None
    ours = curve_of(clock, pair.study)
    only = pair.parts[0].outcome if len(pair.parts) == 1 else None
    if only is not None and only.table is not None:
        label = f"{only.study}: {only.endpoint}"
        theirs = curve_of_table(only.table, f"{pair.stem}.theirs", label, only.origin, pair.study)
        return Beside(ours, only.study, theirs)
    if only is not None:
        points = tuple((p.day, p.estimate, p.lower, p.upper) for p in only.points)
        return Beside(ours, only.study, None, points)
    return Beside(ours, "published outcomes, mixed as ours", None, tuple(_mixed_points(pair)))


def _mixed_points(pair: _Pair) -> Iterator[tuple[int, float, float | None, float | None]]:
    for horizon in _horizons(pair.asked, pair.parts, pair.study):
        day = days_of(horizon)
        found = [(len(part.cases), part.outcome.survival(day)) for part in pair.parts]
        if all(one is not None for _, one in found):
            share, error = mix([(count, *one) for count, one in found if one is not None])
            estimate = _published(pair, day, share, error)
            yield day, share, estimate.lower, estimate.upper
