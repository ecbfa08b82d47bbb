"""What the command line prints: findings, sums and results as text, and the same as JSON."""

import json
from typing import TYPE_CHECKING

from caseseries.findings import Finding, escape_unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from caseseries.analysis.results import Result
    from caseseries.analysis.rulings import Ruling
    from caseseries.intake.revisions import Revision
    from caseseries.pipeline import Checked


def summary_text(checked: "Checked", *, is_listed: bool = False) -> str:
    """How many cells and cases were used, and how many were set aside and why; `is_listed` after the problems."""
    counts, cohort = checked.returns.counts, checked.cohort
    lines = [
        f"Cells: {counts.non_empty} non-empty = {counts.stored} stored + {counts.problem} problems "
        f"+ {counts.ignored} ignored",
        f"Cases: {cohort.returned} returned = {len(cohort.courses)} analysed + {len(cohort.left)} not analysed",
        *(f"  {one.case_id}: {one.stage}, {one.reason}" for one in cohort.left),
    ]
    lines[1:1] = plates_lines(checked)
    if checked.questions:
        lines.append(
            f"{plural(len(checked.questions), 'question')} only a person can answer; "
            "answer with: caseseries decide"
        )
    if checked.problems:
        where = "each is listed above" if is_listed else "list them with: caseseries check"
        lines.append(f"{plural(len(checked.problems), 'problem')} set something aside; {where}")
    return "\n".join(lines)


def plates_lines(checked: "Checked") -> list[str]:
    """What became of the wells; nothing where the study has no plates."""
    plates, measured = checked.plates, checked.measured
    if not plates.files:
        return []
    counts = plates.counts
    return [
        f"Wells: {counts.wells} on {plural(plates.read, 'plate')} = {counts.used} used + {counts.set_aside} set aside "
        f"+ {counts.asked} asked about",
        f"Levels of plates: {measured.agreed} agree with the returns, {len(measured.questions)} contradict them, "
        f"{measured.added} added",
    ]


def check_text(checked: "Checked") -> str:
    """Every finding, file by file, then the sums."""
    lines = [f"{finding.severity.upper():5} {finding}" for finding in checked.findings]
    return "\n".join([*lines, *([""] if lines else []), summary_text(checked, is_listed=True)])


def check_record(checked: "Checked") -> dict[str, object]:
    """Cells, files and findings; of a study with plates their wells and levels too."""
    return {
        "cells": counts_record(checked.returns.counts),
        "files": [
            {"name": file.file, "centre": file.centre, "sha256": file.sha256, **counts_record(file.counts)}
            for file in checked.returns.files
        ],
        "findings": [finding_record(finding) for finding in checked.findings],
        **(_plates_record(checked) if checked.plates.files else {}),
    }


def _plates_record(checked: "Checked") -> dict[str, object]:
    return {
        "wells": wells_record(checked.plates.counts),
        "levels": {
            "agree": checked.measured.agreed,
            "contradict": len(checked.measured.questions),
            "added": checked.measured.added,
        },
        "plates": [
            {"name": file.file, "sha256": file.sha256, **wells_record(file.counts)}
            for file in checked.plates.files
        ],
    }


def wells_record(counts: object) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("wells", "used", "set_aside", "asked")}


def revision_record(revision: "Revision") -> dict[str, object]:
    return {
        "changes": [
            {
                "where": str(one.where),
                "case": one.case_id,
                "heading": one.heading,
                "before": one.before,
                "after": one.after,
            }
            for one in revision.changes
        ],
        "closed": [finding_record(finding) for finding in revision.closed],
        "opened": [finding_record(finding) for finding in revision.opened],
        "still_open": revision.still_open,
    }


def revision_text(revision: "Revision") -> str:
    """Cell by cell what changed, then which queries that closed and opened."""
    return "\n".join(
        [
            f"{plural(len(revision.changes), 'cell')} changed:",
            *(f"  {change}" for change in revision.changes),
            f"{plural(len(revision.closed), 'finding')} closed, {len(revision.opened)} new, "
            f"{revision.still_open} still open",
            *(f"  closed: {finding.where}: {finding.what}" for finding in revision.closed),
            *(f"  new: {finding.where}: {finding.what}" for finding in revision.opened),
        ]
    )


def counts_record(counts: object) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("non_empty", "stored", "problem", "ignored")}


def json_text(record: object) -> str:
    """JSON, with what is not drawn as escapes."""
    return escape_unseen(json.dumps(record, indent=1, ensure_ascii=False))


def finding_record(finding: Finding) -> dict[str, str]:
    """Five keys; what is allowed belongs to what is to be done."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": str(finding.where),
        "what": finding.what,
        "do": f"Allowed: {finding.allowed}. {finding.do}" if finding.allowed else finding.do,
    }


def why_record(result: "Result", rulings: "Sequence[Ruling]" = ()) -> dict[str, object]:
    from caseseries.analysis.results import to_record

    cells = {
        case: [
            {"file": cell.where.file, "sheet": cell.where.sheet, "cell": cell.where.cell, "raw": cell.raw}
            for cell in found
        ]
        for case, found in sorted(result.sources.items())
    }
    return {**to_record(result), "cells": cells, "decisions": [ruling.words for ruling in rulings]}


def why_text(result: "Result", rulings: "Sequence[Ruling]" = ()) -> str:
    """The number, what it rests on, the decisions behind it, then each case and its cells."""
    estimate = result.estimate
    lines = [
        f"{result.id}: {result.label}",
        f"  {result.shown}",
        f"  {estimate.method}",
        f"  n = {estimate.n}",
    ]
    if estimate.events is not None:
        lines[-1] += f", events = {estimate.events}"
    if estimate.at_risk is not None:
        lines[-1] += f", at risk = {estimate.at_risk}"
    lines += [f"  note: {caveat}" for caveat in result.notes]
    lines += [f"  {ruling.words}" for ruling in rulings]
    for case, cells in sorted(result.sources.items()):
        lines.append(case)
        lines += [f"  {cell.where} › {cell.raw}" for cell in cells] or ["  (no cell: the value is absent)"]
    return "\n".join(lines)


def who_text(case_id: str, rows: "Sequence[Mapping[str, str]]", rulings: "Sequence[Ruling]") -> str:
    """Every number a case is behind, and the decisions about it."""
    lines = [f"{case_id} is behind {plural(len(rows), 'number')}:"]
    lines += [f"  {row['id']} › {row['shown']}" for row in rows]
    if about := [f"  {ruling.words}" for ruling in rulings if case_id in ruling.about]:
        lines += ["Decided about it:", *about]
    return "\n".join(lines)


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def unknown_text(what: str, name: str, known: "Iterable[str]", where: str) -> str:
    """That a name is not known, with the one that was perhaps meant."""
    from caseseries.study.toml import suggest

    near = suggest(name, known)
    meant = f" {near}" if near.endswith("?") else ""
    return f"caseseries: no {what} is called {name or '“”'}.{meant} All are in {where}."
