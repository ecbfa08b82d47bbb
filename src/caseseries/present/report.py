"""The report as a document: what is said and in what order, from results, displays and remarks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from caseseries.analysis.displays import Displays
from caseseries.analysis.remarks import Remark
from caseseries.analysis.results import Result, Results
from caseseries.analysis.rulings import Ruling
from caseseries.present import methods, protocol, tables, trails, treatment
from caseseries.present.citing import cite_numbers
from caseseries.present.document import (
    Block,
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Inlines,
    Paragraph,
    Text,
)
from caseseries.present.drawing import Drawing
from caseseries.present.figures import (
    beside_figure,
    flow_figure,
    incidence_figure,
    mrd_figure,
    survival_figure,
    swimmer_figure,
    symbols_of,
    trajectory_figure,
)
from caseseries.present.references import HEADING as REFERENCES
from caseseries.present.references import cite_references
from caseseries.present.wording import (
    STYLES,
    Style,
    capital,
    fill,
    join,
    level_interval,
    level_words,
    noun,
    percent,
)
from caseseries.study.definition import Study, days_of
from caseseries.study.variables import BY_NAME

PANELS = 20  # as many as one page shows at a size that can be read
QUOTING = "Before quoting these numbers"
# Remarks a reader must have met before the first survival figure; the rest wait for the limitations.
URGENT = (
    "few-at-risk",
    "not-estimable",
    "event-before-index",
    "not-everyone-transplanted",
    "same-at-two-horizons",
)


@dataclass(frozen=True)
class Reading:
    """What was read, in words: printed at the end of the report so that the sums can be checked."""

    lines: tuple[str, ...]
    findings: tuple[str, ...]
    rulings: tuple[Ruling, ...] = ()


@dataclass(frozen=True)
class Material:
    """Everything a section may draw from."""

    study: Study
    results: Results
    displays: Displays
    remarks: tuple[Remark, ...]
    reading: Reading

    @property
    def style(self) -> Style:
        return STYLES[self.study.report.style]

    @property
    def to(self) -> str:
        """What stands between the ends of a range."""
        return self.style.between

    def say(self, text: str) -> Paragraph:
        return Paragraph(fill(text, self.results, protocol.numbers_of(self.study)))


def assemble(material: Material, software: str) -> Document:
    """The whole report."""
    study = material.study
    sections = (
        _summary,
        _methods,
        _cohort,
        _treatment,
        _toxicity,
        _outcomes,
        _relapses,
        _beside,
        _limits,
        _references,
        _data,
        _cases,
    )
    of_nobody = (_summary, _methods, _flow, _references, _data)  # only how the cohort came to be
    is_empty = not material.results["n.cases"].estimate.value
    said = [block for section in (of_nobody if is_empty else sections) for block in section(material)]
    cited = cite_numbers(cite_references(said, material.style.between))
    blocks = tuple(_in_style(block, material.style) for block in cited)
    return Document(
        title=study.title,
        subtitle=f"{study.design}. {study.population}",
        notice=study.notice,
        dated=study.data_cut,
        blocks=blocks,
        footer=f"{study.short_title} · data to {study.data_cut:%-d %B %Y} · {software}",
        keywords=("case series", study.index.label, "survival", "minimal residual disease"),
        trails={
            **trails.of_results(material.results, material.reading.rulings),
            **trails.of_curves(material.displays.curves, material.results, material.reading.rulings),
            **trails.of_cases(material.results, material.reading.rulings),
            **protocol.trails_of(study),
        },
    )


DRAWN_WORDS = re.compile("(?<=>)[^<>]+(?=</text>)")
POINT = re.compile(r"(?<=\d)\.(?=\d)")


def _in_style(block: Block, style: Style) -> Block:
    """A figure with the decimal mark of the style in its words."""
    if not isinstance(block, Figure):
        return block
    return replace(block, svg=DRAWN_WORDS.sub(lambda words: POINT.sub(style.decimal, words[0]), block.svg))


def _summary(m: Material) -> Iterator[Block]:
    study, results = m.study, m.results
    yield Heading(1, "Summary")
    parts = [treatment.given(study, results)]
    if not results["n.cases"].estimate.value:
        yield m.say(parts[0])
        return
    if results["mrd.response.complete"].estimate.n:
        parts.append(
            "MRD response was complete in {mrd.response.complete} and complete or partial in "
            "{mrd.response.complete_or_partial}."
        )
    yield m.say(" ".join(parts))
    yield Bullets(tuple(fill(_headline_text(results[one]), results) for one in headline(results, study)))
    urgent = [fill(remark.text, results) for remark in m.remarks if remark.code in URGENT]
    if urgent:
        yield Callout("limit", QUOTING, tuple(urgent))


def _headline_text(result: Result) -> str:
    return (
        f"{result.label}: {{{result.id}}}; {{{result.id}:events}} {noun(result.estimate.events, 'event')}, "
        f"{{{result.id}:at_risk}} still at risk."
    )


def headline(results: Results, study: Study) -> list[str]:
    """The last horizon of every survival endpoint, from origins that are not before the index treatment."""
    return [
        name
        for name in _last_horizons(results, study, competing=False)
        if f"{name.rpartition('.')[0]}.before_index" not in results
    ]


def _last_horizons(results: Results, study: Study, *, competing: bool) -> Iterator[str]:
    """The results of the last horizons, from origins that any case reached."""
    for wanted in study.estimates:
        if bool(study.endpoints[wanted.endpoint].competing) is competing:
            names = [f"{wanted.endpoint}.{o}.{max(wanted.horizons, key=days_of)}" for o in wanted.origins]
            yield from (
                name for name in names if results[name].estimate.n or not results["n.cases"].estimate.value
            )


def _methods(m: Material) -> Iterator[Block]:
    yield Heading(1, "Methods")
    for sentences in methods.paragraphs(m.study, m.results):
        yield m.say(sentences)


def _cohort(m: Material) -> Iterator[Block]:
    yield from _flow(m)
    yield tables.characteristics(m.study, m.results)


def _flow(m: Material) -> Iterator[Block]:
    results = m.results
    yield Heading(1, "Cohort")
    yield m.say(
        f"The centres returned {{n.returned}} {noun(results['n.returned'].estimate.value, 'case')}; {{n.set_aside}} "
        f"{'was' if results['n.set_aside'].estimate.value == 1 else 'were'} set aside for faults in the data and "
        "{n.not_eligible} did not meet the protocol, which leaves {n.cases} (see figure:flow, table:characteristics). "
        f"{levels_of(results, 'indication', 'The indication was')} "
        f"{levels_of(results, 'remission_at_start', 'The state at the start of treatment was')}"
    )
    yield _figure(
        "flow", "Flow of cases", "From the centres’ returns to the analysis.", flow_figure(m.displays.flow)
    )


def levels_of(results: Results, variable: str, opening: str) -> str:
    """ "The indication was after relapse in 7 of 11 and first line in 4 of 11." """
    stem = f"characteristics.{variable}."
    rows = [row for name, row in results.items() if name.startswith(stem) and row.unit == "proportion"]
    heading = f"{BY_NAME[variable].label}: "
    levels = [row.label.removeprefix(heading) for row in rows]
    clauses = [f"{level} in {{{row.id}:of}}" for level, row in zip(levels, rows, strict=True)]
    if any(mark in level for level in levels for mark in ",:"):
        return f"{opening} {'; '.join(clauses)}."
    return f"{opening} {join(clauses)}." if clauses else ""


def _treatment(m: Material) -> Iterator[Block]:
    study = m.study
    yield Heading(1, "Treatment and MRD response")
    levels = treatment.mrd_levels(study, m.results, shown=bool(m.displays.mrd))
    yield m.say(" ".join([levels_of(m.results, "cycles", "The number of cycles was"), *levels]))
    target = m.displays.mrd_target
    caption = (
        "Each line is one case. A filled sign is a quantified level, a square before and a circle after; an open "
        "symbol in the shaded band is a specimen in which MRD was not detected, drawn at the level that specimen could "
        "have shown."
    )
    points = tuple(replace(point, label=level_words(point)) for point in m.displays.mrd)
    if points:
        title = f"MRD before and after {study.index.label}"
        yield _figure("mrd", title, caption, mrd_figure(points, target))
    yield from _over_time(m)
    if points:
        yield tables.response(m.results)
    if followed := [*treatment.transplants(study, m.results), *treatment.discharge(m.results)]:
        yield m.say(" ".join(followed))


def _over_time(m: Material) -> Iterator[Block]:
    """Every specimen of every case."""
    cases = [
        replace(one, points=tuple(replace(p, label=level_interval(p)) for p in one.points))
        for one in m.displays.trajectories
    ]
    if not cases:
        return
    label = m.study.index.label
    pages = [cases[n : n + PANELS] for n in range(0, len(cases), PANELS)]
    for n, page in enumerate(pages, 1):
        drawn = trajectory_figure(page, m.displays.mrd_target, m.study.start, cases)
        name, title = "mrd-over-time", "MRD over time, case by case"
        if len(pages) > 1:
            name, title = f"{name}-{n}", f"{title}, {n} of {len(pages)}"
        yield _figure(name, title, symbols_of(page, label), drawn)


def _toxicity(m: Material) -> Iterator[Block]:
    yield Heading(1, "Toxicity")
    yield m.say(f"{toxicity_of(m)[:-1]} (see table:toxicity).")
    yield tables.toxicity(m.study, m.results)


def toxicity_of(m: Material) -> str:
    clauses = [f"{kind} in {{toxicity.{name}.any:of}}" for name, kind in m.study.toxicity.kinds.items()]
    return f"Toxicity of any grade: {join(clauses)}."


def _outcomes(m: Material) -> Iterator[Block]:
    study, results = m.study, m.results
    yield Heading(1, "Outcome")
    start = study.start
    yield m.say(_course(m))
    if m.displays.lanes:
        alive = "; an arrow is a case alive at last contact" * any(lane.alive for lane in m.displays.lanes)
        caption = f"From {start}{alive}."
        yield _figure("swimmer", "Time-line of each case", caption, swimmer_figure(m.displays.lanes, start))
    for origin in dict.fromkeys(curve.origin for curve in m.displays.curves if curve.kind == "survival"):
        curves = [c for c in m.displays.curves if c.origin == origin and c.kind == "survival"]
        if f"{curves[0].id}.before_index" in results:
            continue
        names = join([study.endpoints[curve.id.split(".")[0]].short for curve in curves])
        caption = (
            f"Kaplan–Meier with pointwise {percent(study.report.level)} interval, "
            f"{curves[0].method.split(', ', 1)[-1]}; ticks are censored cases; "
            f"dashed where fewer than {study.report.minimum_at_risk} are at risk."
        )
        drawn = survival_figure(curves, study.report.minimum_at_risk, study.report.level)
        yield _figure(f"survival-{curves[0].id.split('.')[1]}", f"{names} from {origin}", caption, drawn)
    yield tables.survival(study, results)
    yield m.say(_follow_up(study, results))


def _course(m: Material) -> str:
    """What the figures and the table of survival show, in sentences."""
    said = [outcome_of(m, result_id) for result_id in headline(m.results, m.study)]
    return " ".join(
        [
            "Each case is shown as a time-line (see figure:swimmer).",
            *said[:-1],
            *(f"{one[:-1]} (see figure:survival-, table:survival)." for one in said[-1:]),
        ]
    )


def outcome_of(m: Material, result_id: str) -> str:
    """ "3-year EFS from HSCT was 47% (95% CI 2–80), with 5 events and 1 still at risk." """
    result = m.results[result_id]
    return (
        f"{result.label} was {{{result_id}}}, with {{{result_id}:events}} "
        f"{noun(result.estimate.events, 'event')} and {{{result_id}:at_risk}} still at risk."
    )


def _follow_up(study: Study, results: Results) -> str:
    sentences, to = [], STYLES[study.report.style].between
    for origin in dict.fromkeys(origin for wanted in study.estimates for origin in wanted.origins):
        stem = f"followup.{origin}"
        if results[f"{stem}.reverse_km.median"].estimate.n:
            survivors = (
                f"survivors were followed for a median of {{{stem}.survivors.median}}, range "
                f"{{{stem}.survivors.minimum:value}}{to}{{{stem}.survivors.maximum}}"
            )
            alive = results[f"{stem}.survivors.median"].estimate.n
            if alive < 2:
                survivors = (
                    f"the survivor was followed for {{{stem}.survivors.median}}"
                    if alive
                    else "nobody survived"
                )
            sentences.append(
                f"Median follow-up from {study.origins[origin].label} was {{{stem}.reverse_km.median}} by reverse "
                f"Kaplan–Meier; {survivors}."
            )
    return " ".join(sentences)


def _relapses(m: Material) -> Iterator[Block]:
    curves = [c for c in m.displays.curves if c.kind == "incidence"]
    if not curves and not m.displays.aftermath:
        return
    yield Heading(1, "Relapse and death")
    yield m.say(_incidences(m))
    for origin in dict.fromkeys(curve.origin for curve in curves):
        here = [c for c in curves if c.origin == origin]
        drawn = incidence_figure(here, m.study.report.minimum_at_risk, m.study.report.level)
        names = join([curve.label for curve in here])
        caption = "Aalen–Johansen; what competes with each event is said in the methods."
        yield _figure(
            f"incidence-{here[0].id.split('.')[1]}", f"{capital(names)} from {origin}", caption, drawn
        )
    if curves:
        yield tables.incidence(m.study, m.results)
    if m.displays.aftermath:
        yield tables.aftermath(m.displays.aftermath, m.study)


def _incidences(m: Material) -> str:
    """The last horizon of every cumulative incidence, in a sentence."""
    names = _last_horizons(m.results, m.study, competing=True)
    said = [f"{m.results[name].label} was {{{name}}}" for name in names]
    sentences = [f"{capital(join(said))} (see figure:incidence-, table:incidence)."] if said else []
    if m.displays.aftermath:
        since = tables.told_since(m.study)
        early = "before and " if any(row.before_hsct for row in m.displays.aftermath) else ""
        sentences.append(
            f"The first relapse or death of each case {early}after {since} is listed with what followed "
            "(see table:aftermath)."
        )
    return " ".join(sentences)


def _beside(m: Material) -> Iterator[Block]:
    if not m.displays.contrasts:
        return
    yield Heading(1, "Beside published outcomes")
    yield m.say(
        f"No published cohort is a control group. Its cases were not chosen for {m.study.index.label} and did not have "
        "to live until they could be given it, as ours did (selection, immortal time); what differs besides the "
        "treatment is not known. An outcome of another origin or endpoint is compared only where the study says how."
    )
    for contrast in m.displays.contrasts:
        theirs = " and ".join(contrast.theirs)
        if contrast.refused:
            title = (
                f"Not compared: {contrast.ours} with {theirs}" if theirs else f"Not compared: {contrast.ours}"
            )
            yield Callout("limit", title, tuple(_words(reason) for reason in contrast.refused))
            continue
        if contrast.drawn is not None:
            shown = beside_figure(contrast.drawn, m.study.report.minimum_at_risk, m.study.report.level)
            name = f"compare-{contrast.id}-{contrast.drawn.ours.id.split('.')[1]}"
            caption = "Ours with its pointwise interval; the published outcome with its own."
            yield _figure(name, f"{contrast.ours} beside {join(contrast.names)}", caption, shown)
        yield tables.comparison(contrast, m.results, m.study)
        told = [f"Compared although they differ: {contrast.told}"] if contrast.told else []
        yield m.say(
            f"{contrast.ours} beside {join(contrast.names)} (see figure:compare-{contrast.id}, "
            f"table:compare-{contrast.id}):"
        )
        yield Bullets(tuple(_words(f"{capital(one)}.") for one in [*told, *contrast.cautions]))


def _limits(m: Material) -> Iterator[Block]:
    yield Heading(1, "Limitations", settled=True)
    if any(remark.code in URGENT for remark in m.remarks):
        yield m.say(f"What stands in the summary under “{QUOTING}” comes first. Besides:")
    yield Bullets(tuple(fill(remark.text, m.results) for remark in m.remarks if remark.code not in URGENT))


def _references(m: Material) -> Iterator[Block]:
    """What the text has cited goes below this heading."""
    del m
    yield Heading(1, REFERENCES)


def _data(m: Material) -> Iterator[Block]:
    yield Heading(1, "Appendix: what was read")
    cases = (
        f"{{n.returned}} {noun(m.results['n.returned'].estimate.value, 'case')} returned: "
        "{n.cases} analysed, {n.set_aside} set aside for their data, {n.not_eligible} not "
        "eligible."
    )
    yield Bullets((fill(cases, m.results), *(_words(line) for line in m.reading.lines)))
    if m.reading.findings:
        yield Heading(2, "Open findings")
        yield Bullets(tuple(_words(line) for line in m.reading.findings))


def _cases(m: Material) -> Iterator[Block]:
    yield Heading(1, "Appendix: the cases, one by one")
    yield tables.cases(m.displays.listing, m.study)


def _words(line: str) -> Inlines:
    return (Text(line),)


def _figure(name: str, title: str, caption: str, drawn: Drawing) -> Figure:
    return Figure(name, title, (Text(caption),), drawn.alt, drawn.svg)
