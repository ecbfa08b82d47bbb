"""The tables: result rows laid out in the conventions of gtsummary; each number leads back to its row."""

import re
from collections.abc import Iterator, Mapping, Sequence

from caseseries.analysis.displays import Aftermath, Contrast, Listing
from caseseries.analysis.results import Result, Results
from caseseries.present.document import Inlines, Number, Table, TableRow, Text, case_trail
from caseseries.present.wording import (
    NOT_DEFINED,
    STYLES,
    capital,
    fill,
    join,
    level_percent,
    level_words,
    noun,
    p_before,
    percent,
    plain,
    rounded,
    spell,
)
from caseseries.study.definition import Study
from caseseries.study.variables import BY_NAME, Variable


def characteristics(study: Study, results: Results) -> Table:
    """Table 1: one line a number, one a level of each category, and how many are not known."""
    rows = [
        row for name in study.report.characteristics for row in _characteristic(BY_NAME[name], study, results)
    ]
    return Table(
        "characteristics",
        "Characteristics of the cases",
        ("Characteristic", Number("n.cases", f"N = {results['n.cases'].shown}")),
        tuple(rows),
        "lr",
        ("Median (range) or n (%). Percentages are of the cases for which the value is known.",),
    )


def _characteristic(variable: Variable, study: Study, results: Results) -> Iterator[TableRow]:
    label = variable.label.replace("index treatment", study.index.label)
    to = STYLES[study.report.style].between
    label = f"{label}, {variable.unit}" if variable.unit else label
    if variable.kind == "number":
        stem = variable.result_id("{}")
        median, low, high = (stem.format(name) for name in ("median", "minimum", "maximum"))
        known = results[median].estimate.n
        line = f"{{{median}:value}}" + (f" ({{{low}:value}}{to}{{{high}:value}})" if known > 1 else "")
    elif variable.kind == "yes_no":
        known, line = results[variable.result_id("yes")].estimate.n, f"{{{variable.result_id('yes')}:value}}"
    else:
        known, line = 0, ""
    unknown, stem = f"characteristics.{variable.name}.unknown", variable.result_id("")
    levels = [row for name, row in results.items() if name.startswith(stem) and row.unit == "proportion"]
    if known:
        yield _row(results, label, line)
    elif levels or unknown in results:  # a characteristic that applies to no case has no line
        yield TableRow(((Text(label),), ()), head=True)
    if not line:
        for level in levels:
            yield _row(results, level.label.removeprefix(f"{variable.label}: "), f"{{{level.id}:value}}", 1)
    if unknown in results:
        yield _row(results, "Unknown", f"{{{unknown}:value}}", 1)


def _row(results: Results, label: str, text: str, indent: int = 0) -> TableRow:
    return TableRow(((Text(label),), fill(text, results)), indent)


def cases(listing: Listing, study: Study) -> Table:
    """One row a case, in the order of the returns; a column that nobody filled is left out."""
    since, index = told_since(study), study.index.label
    columns = (
        ("Case", "case_id", "l"),
        ("Fusion", "fusion", "l"),
        ("Age at diagnosis, months", "age_at_diagnosis_months", "r"),
        ("Indication", "indication", "l"),
        ("Remission at start", "remission_at_start", "l"),
        (f"Age at {index}, years", "age_at_index_years", "r"),
        ("Cycles", "cycles", "r"),
        ("MRD before", "mrd_before", "r"),
        ("MRD after", "mrd_after", "r"),
        ("Days to HSCT", "days_index_to_hsct", "r"),
        (f"Event (day after {since})", f"event_after_{study.told_from}", "l"),
        (f"Last seen, day after {since}", f"days_{study.told_from}_to_last_known", "r"),
        ("Alive", "alive", "l"),
    )
    written = [(name, [_words_of(row, name, study) for row in listing.rows]) for _, name, _ in columns]
    kept = {name for name, words in written if any(word != NOTHING for word in words)}
    shown = [column for column in columns if column[1] in kept or not listing.rows]
    rows = tuple(
        TableRow(tuple(_of_case(str(row["case_id"]), _words_of(row, name, study)) for _, name, _ in shown))
        for row in listing.rows
    )
    mrd = "MRD is a percentage of cells; < marks a specimen in which it was not detected, at the sensitivity given."
    notes = [mrd] if kept & {"mrd_before", "mrd_after"} else []
    notes += [f"Days to HSCT are from the start of {index}."] if "days_index_to_hsct" in kept else []
    notes += _early_note(study) if any(BEFORE_HSCT in word for _, words in written for word in words) else []
    return Table(
        "cases",
        "Every case, in the order of the returns",
        tuple(heading for heading, _, _ in shown),
        rows,
        "".join(align for _, _, align in shown),
        tuple(notes),
        wide=True,
    )


def _of_case(case_id: str, words: str) -> Inlines:
    """What is said of a case; where that is a number, it leads to the case's cells."""
    return (Text(words, trail=case_trail(case_id) if any(letter.isdigit() for letter in words) else ""),)


NOTHING = "–"
BEFORE_HSCT = "*"  # after a day that is not counted from the transplant


def _words_of(row: Mapping[str, object], name: str, study: Study) -> str:
    value, style = row.get(name), study.report.style
    if name in ("mrd_before", "mrd_after"):
        return spell(_level(row, name), style)
    if name == f"event_after_{study.told_from}":
        return _events_of(row, study.told_from)
    if name == "days_hsct_to_last_known" and value is None and row["days_index_to_last_known"] is not None:
        return f"{row['days_index_to_last_known']}{BEFORE_HSCT}"
    if isinstance(value, float):
        return spell(rounded(value, 1), style)
    return NOTHING if value is None else str(value)


def _events_of(row: Mapping[str, object], told_from: str) -> str:
    """The relapse or death of a case with its day; one before the transplant is marked."""
    said = []
    if row.get("event_before_hsct"):
        day = f"{row['days_index_to_event_before_hsct']}{BEFORE_HSCT}"
        said.append(_step(str(row["event_before_hsct"]), str(row["event_before_hsct_detail"] or ""), day))
    if event := row[f"event_after_{told_from}"]:
        day = str(row[f"days_{told_from}_to_event"])
        said.append(_step(str(event), str(row["event_detail"] or ""), day))
    return "; ".join(said) or NOTHING


def _early_note(study: Study) -> list[str]:
    return [f"{BEFORE_HSCT} Before HSCT, or without one: counted from the start of {study.index.label}."]


def _level(row: Mapping[str, object], name: str) -> str:
    state, value, limit = row[f"{name}_result"], row[name], row[f"{name}_sensitivity"]
    if isinstance(value, float):
        return level_percent(value)
    if state == "not detected" and isinstance(limit, float):
        return f"< {level_percent(limit)}"
    return str(state or NOTHING)


def response(results: Results) -> Table:
    """MRD response with exact intervals."""
    names = ("complete", "partial", "complete_or_partial", "none", "indeterminate", "not_evaluable")
    rows = tuple(
        TableRow(((Text(capital(name.replace("_", " "))),), *_counted(results[f"mrd.response.{name}"])))
        for name in names
        if f"mrd.response.{name}" in results
    )
    return Table(
        "response",
        "MRD response",
        ("Response", "n / N", "%", f"{percent(results['mrd.response.complete'].estimate.level)} CI"),
        rows,
        "lrrr",
        ("Exact (Clopper–Pearson) intervals.",),
    )


def _counted(result: Result) -> tuple[Inlines, ...]:
    count = fill(f"{{{result.id}:out_of}}", {result.id: result})
    share = plain(fill(f"{{{result.id}:value}}", {result.id: result})).split("(")[-1].rstrip("%)")
    return count, (Number(result.id, share),), fill(f"{{{result.id}:range}}", {result.id: result})


SPLIT = re.compile(r"[,:] ")


def toxicity(study: Study, results: Results) -> Table:
    """Each toxicity: any grade, by grade, and how it was managed."""
    rows = []
    for name in study.toxicity.kinds:
        stem = f"toxicity.{name}."
        mine = [row for result_id, row in results.items() if result_id.startswith(stem)]
        for result in mine:
            label = result.label if result.id.endswith(".any") else capital(SPLIT.split(result.label, 1)[-1])
            rows.append(TableRow(((Text(label),), *_counted(result)), 0 if result.id.endswith(".any") else 1))
    note = f"Graded by {study.toxicity.scale}; a case counts once, at its highest grade. Exact intervals."
    columns = ("Toxicity", "n / N", "%", f"{percent(study.report.level)} CI")
    return Table("toxicity", "Toxicity", columns, tuple(rows), "lrrr", (note,))


def survival(study: Study, results: Results) -> Table:
    """Every survival estimate with both intervals, its events and the number at risk."""
    rows = []
    for result in _asked(study, results, competing=False):
        beside = next(
            (results[i] for i in (f"{result.id}.loglog", f"{result.id}.bpcp") if i in results), None
        )
        quoted, other = (_range(one, results) for one in (result, beside))
        first = (quoted, other) if "beta product" in result.estimate.method else (other, quoted)
        _, value, _ = _estimate_cells(result, results)
        rows.append(TableRow((_named(result, study), value, *first, *_rests_on(result))))
    interval = f"{percent(study.report.level)} CI"
    columns = ("Estimate", "%", f"{interval}, BPCP", f"{interval}, log–log", "Events / n", "At risk")
    notes = (
        "Kaplan–Meier. BPCP, the beta product confidence procedure, is not defined with delayed entry.",
        f"At risk: still under observation at the horizon; {study.report.minimum_at_risk} are asked for.",
        *_undefined_note(rows),
    )
    return Table("survival", "Survival", columns, tuple(rows), "lrrrrr", notes)


def _undefined_note(rows: Sequence[TableRow]) -> tuple[str, ...]:
    """What is said beneath a table with an interval that is not defined."""
    if any(plain(cell) == NOT_DEFINED for row in rows for cell in row.cells):
        return ("An interval is not defined where nobody, or everybody, has had the event.",)
    return ()


def _named(result: Result, study: Study) -> Inlines:
    """The label of a result, with the index treatment by its name."""
    return (Text(result.label.replace("index treatment", study.index.label)),)


def _range(result: Result | None, results: Results) -> Inlines:
    return fill(f"{{{result.id}:range}}", results) if result else (Text("–"),)


def incidence(study: Study, results: Results) -> Table:
    """Cumulative incidence with its interval."""
    rows = [
        TableRow((*_estimate_cells(result, results), *_rests_on(result)))
        for result in _asked(study, results, competing=True)
    ]
    columns = ("Estimate", "%", f"{percent(study.report.level)} CI", "Events / n", "At risk")
    notes = ("Aalen–Johansen.", *_undefined_note(rows))
    return Table("incidence", "Cumulative incidence", columns, tuple(rows), "lrrrr", notes)


def _asked(study: Study, results: Results, *, competing: bool) -> Iterator[Result]:
    """The protocol's estimates in its order, each followed by its delayed-entry twin."""
    for wanted in study.estimates:
        if bool(study.endpoints[wanted.endpoint].competing) is not competing:
            continue
        for origin in wanted.origins:
            for horizon in wanted.horizons:
                name = f"{wanted.endpoint}.{origin}.{horizon}"
                yield from (results[i] for i in (name, f"{name}.delayed_entry") if i in results)


def _estimate_cells(result: Result, results: Results) -> tuple[Inlines, ...]:
    value = fill(f"{{{result.id}:value}}", results)
    shown = tuple(
        Number(run.result_id, run.shown.removesuffix("%")) for run in value if isinstance(run, Number)
    )
    return (Text(result.label),), shown, fill(f"{{{result.id}:range}}", results)


def _rests_on(result: Result) -> tuple[Inlines, ...]:
    estimate = result.estimate
    at_risk = "–" if estimate.at_risk is None else str(estimate.at_risk)
    return fill(f"{{{result.id}:out_of}}", {result.id: result}), (Number(result.id, at_risk),)


def told_since(study: Study) -> str:
    """The event from which relapses and deaths are told: "HSCT", or the index treatment."""
    return "HSCT" if study.told_from == "hsct" else study.index.label


def aftermath(rows: Sequence[Aftermath], study: Study) -> Table:
    """Relapses and deaths after transplant (or the index treatment) and, marked, before it; and what followed."""
    since, style = told_since(study), study.report.style
    mrd = f"MRD {'before' if study.told_from == 'hsct' else 'after'} {since}"
    columns = ("Case", "Event", f"Day after {since}", mrd, "What followed (day)")
    body = tuple(
        TableRow(tuple(_of_case(row.case_id, words) for words in _happened(row, style))) for row in rows
    )
    early = any(row.before_hsct for row in rows)
    title = f"Relapses and deaths {'before and ' if early else ''}after {since}, and what followed"
    return Table("aftermath", title, columns, body, "llrll", tuple(_early_note(study) if early else ()))


def _happened(row: Aftermath, style: str) -> tuple[str, ...]:
    return (
        row.case_id,
        f"{row.event}, {row.detail}" if row.detail else row.event,
        _day(row, row.day),
        spell(level_words(row.mrd) if row.mrd else "–", style),
        _followed(row),
    )


def _day(row: Aftermath, day: int) -> str:
    return f"{day}{BEFORE_HSCT}" if row.before_hsct else str(day)


def _followed(row: Aftermath) -> str:
    steps = [
        f"{detail or what} ({_day(row, day)})"
        if what == "other treatment"
        else _step(what, detail, _day(row, day))
        for what, detail, day in row.followed
    ]
    return "; ".join(steps) or "–"


def _step(what: str, detail: str, day: str) -> str:
    return f"{what}, {detail} ({day})" if detail else f"{what} ({day})"


PRIORS = ("weak", "robust", "power")
MARKED = "recalled — verify"
RECALLED = (f"{MARKED}: noted from memory, to be checked in its source before it is quoted.",)


def comparison(contrast: Contrast, results: Results, study: Study) -> Table:
    """One comparison with a published outcome: a line a measure, and what it rests on."""
    rows = tuple(
        TableRow((_named(results[name], study), _shown(results[name]), _rests_on_what(name, results)))
        for name in contrast.result_ids
        if not {"worth", "conflict"} & set(name.split("."))
    )
    bayes = (
        "CrI, credible interval. ESS, effective sample size of the prior. P(ours is higher) is a probability, not a "
        "test; the prior is on our survival, so it pulls towards the published outcome. Where our effective cases are "
        "few, even the weak prior counts for as much as they do, and the difference is not that of the two estimates. "
        "Prior–data conflict: how likely the prior made data as far from it as ours; a small P means that the two "
        "disagree.",
    )
    notes = (
        *contrast.references,
        *(RECALLED if any(MARKED in said for said in contrast.references) else ()),
        *(bayes if any(".better." in name for name in contrast.result_ids) else ()),
    )
    title = f"{contrast.ours} beside {join(contrast.names)}"
    return Table(f"compare-{contrast.id}", title, ("Measure", "Result", "Rests on"), rows, "lll", notes)


def _shown(result: Result) -> Inlines:
    """A result as printed; a p-value with its P."""
    if result.unit != "p-value" or result.estimate.value is None:
        return (Number(result.id, result.shown),)
    return Text(p_before(result)), Number(result.id, result.shown)


def _rests_on_what(name: str, results: Results) -> Inlines:
    """What a row of a comparison rests on; why there is no number, with the trail of the number there is not."""
    estimate = results[name].estimate
    if estimate.value is None:
        return (Text(estimate.because, trail=name),)
    return fill(_basis(name, results), results)


def _basis(name: str, results: Results) -> str:
    """What a row of a comparison rests on, as a text for `fill`."""
    stem, _, last = name.rpartition(".")
    if last in PRIORS:
        horizon = stem.rpartition(".")[0]
        conflict = p_before(results[f"{horizon}.conflict.{last}"])
        return f"ESS {{{horizon}.worth.{last}}}; prior–data conflict, {conflict}{{{horizon}.conflict.{last}}}"
    estimate = results[name].estimate
    if last == "ours":
        events = noun(estimate.events, "event")
        return f"{{{name}:events}} {events} in {{{name}:n}} {noun(estimate.n, 'case')}; {{{name}:at_risk}} at risk"
    if last == "published":
        return f"{{{name}:n}} published cases" if estimate.n else "number of cases not known"
    if last == "tipping" and estimate.caveats:
        return estimate.caveats[0]
    if last in ("effective", "difference", "tipping", "smr", "log_rank", "binomial"):
        return estimate.method
    return ""
