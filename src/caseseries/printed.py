"""What the commands print: checked studies, results and questions as text and as JSON."""

from typing import TYPE_CHECKING

from caseseries.findings import Finding

if TYPE_CHECKING:
    from caseseries.analysis.results import Result
    from caseseries.decisions.chain import Question
    from caseseries.pipeline import Checked


def question_text(question: "Question", place: str) -> str:
    """The question, what is known, and the answers by number."""
    lines = [f"Question {place} ({question.id})", question.text]
    lines += [f"  {line}" for line in question.evidence]
    lines += [f"  {n}. {each.answer}: {each.meaning}" for n, each in enumerate(question.options, start=1)]
    return "\n".join(lines)


def summary_text(checked: "Checked") -> str:
    """How many cells and cases were used, and how many were set aside and why."""
    counts, cohort = checked.returns.counts, checked.cohort
    lines = [
        f"Cells: {counts.non_empty} non-empty = {counts.stored} stored + {counts.problem} problems "
        f"+ {counts.ignored} ignored",
        f"Cases: {cohort.returned} returned = {len(cohort.courses)} analysed + {len(cohort.left)} not analysed",
        *(f"  {one.case_id}: {one.stage}, {one.reason}" for one in cohort.left),
    ]
    if checked.questions:
        lines.append(
            f"{plural(len(checked.questions), 'question')} only a person can answer; "
            "answer with: caseseries decide"
        )
    if checked.problems:
        lines.append(
            f"{plural(len(checked.problems), 'problem')} set something aside; list them with: caseseries check"
        )
    return "\n".join(lines)


def check_text(checked: "Checked") -> str:
    """Every finding, file by file, then the sums."""
    lines = [f"{finding.severity.upper():5} {finding}" for finding in checked.findings]
    return "\n".join([*lines, *([""] if lines else []), summary_text(checked)])


def check_record(checked: "Checked") -> dict[str, object]:
    counts = checked.returns.counts
    return {
        "cells": counts_record(counts),
        "cases": {"returned": checked.cohort.returned, "analysed": len(checked.cohort.courses)},
        "files": [
            {"name": file.file, "centre": file.centre, "sha256": file.sha256, **counts_record(file.counts)}
            for file in checked.returns.files
        ],
        "findings": [finding_record(finding) for finding in checked.findings],
    }


def counts_record(counts: object) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("non_empty", "stored", "problem", "ignored")}


def finding_record(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": str(finding.where),
        "what": finding.what,
        "allowed": finding.allowed,
        "do": finding.do,
        "case": finding.case_id,
    }


def why_record(result: "Result") -> dict[str, object]:
    from caseseries.analysis.results import to_record

    cells = {
        case: [
            {"file": cell.where.file, "sheet": cell.where.sheet, "cell": cell.where.cell, "raw": cell.raw}
            for cell in found
        ]
        for case, found in sorted(result.sources.items())
    }
    return {**to_record(result), "cells": cells}


def why_text(result: "Result") -> str:
    """The number, what it rests on, then each case and its cells."""
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
    for case, cells in sorted(result.sources.items()):
        lines.append(case)
        lines += [f"  {cell.where} › {cell.raw}" for cell in cells] or ["  (no cell: the value is absent)"]
    return "\n".join(lines)


def plural(n: int, noun: str) -> str:
    """1 problem, 2 problems."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
