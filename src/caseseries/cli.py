"""Words to pipeline; our exceptions to one line and an exit code.

Rooms are imported inside the commands, so that `--help` costs no more than reading this page.
"""

import json
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caseseries import __version__
from caseseries.findings import Finding, StudyError

if TYPE_CHECKING:
    from caseseries.analysis.results import Result
    from caseseries.intake.revisions import Revision
    from caseseries.pipeline import Checked

DONE, OPEN_PROBLEMS, UNREADABLE, WRONG_USE = 0, 1, 2, 3

app = typer.Typer(
    name="caseseries",
    help="From the spreadsheets of a small multicentre case series to a report in which every number has its "
    "interval and leads back to its cell.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The study folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """The entry point: wrong use and unusable studies end in a sentence, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # a locale that cannot print "›" is no reason to fail
    try:
        status = app(standalone_mode=False)
    except StudyError as error:
        for finding in error.findings:
            say(str(finding))
        status = UNREADABLE
    except OSError as error:
        say(
            f"caseseries: {error.filename}: {error.strerror}. Close it elsewhere, or choose a folder you may write to"
        )
        status = UNREADABLE
    except typer.Exit as stop:
        status = stop.exit_code
    except typer.Abort:
        status = WRONG_USE
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        say(f"caseseries: {error.format_message()} (try: caseseries --help)")
        status = WRONG_USE
    sys.exit(status or DONE)


def say(line: str) -> None:
    """Progress and messages go to stderr; stdout is for data."""
    typer.echo(line, err=True)


@app.command()
def demo(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]) -> int:
    """Write the demo study (made-up patients) into DIR and run it."""
    from caseseries.demo import write_demo

    say(f"Writing a study of eleven made-up infants to {folder}")
    write_demo(folder)
    return run(folder)


@app.command()
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]) -> int:
    """Write a commented study.toml and the return template into DIR."""
    from caseseries.demo import write_new

    for path in write_new(folder):
        say(f"Wrote {path}")
    say(
        "Edit study.toml, send the template to the centres, put what they return into returns/, then: caseseries check"
    )
    return DONE


@app.command()
def check(
    folder: Folder,
    as_json: AsJson = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="OLD.xlsx", help="An earlier version of one return: list what changed since."),
    ] = None,
) -> int:
    """Read everything, list every problem, write the queries."""
    from caseseries.pipeline import check_study, compare_return, write_query_sheets

    checked = check_study(folder, say)
    record, text = check_record(checked), check_text(checked)
    if against:
        revision = compare_return(checked, against)
        record["against"], text = revision_record(revision), f"{text}\n\n{revision_text(revision)}"
    typer.echo(json.dumps(record, indent=1, ensure_ascii=False) if as_json else text)
    queries = write_query_sheets(folder, checked)
    if queries and not as_json:
        names = ", ".join(path.name for path in queries)
        typer.echo(f"To send back, each finding marked in its cell: {queries[0].parent}: {names}")
    return OPEN_PROBLEMS if checked.problems else DONE


@app.command()
def redcap(folder: Folder) -> int:
    """Write DIR/redcap-dictionary.csv: the study's forms, for a group that starts in REDCap."""
    from caseseries.intake.redcap import DICTIONARY, to_dictionary
    from caseseries.pipeline import write_text
    from caseseries.study.load import load_study

    write_text(folder / DICTIONARY, to_dictionary(load_study(folder)))
    say(
        f"Wrote {folder / DICTIONARY}. Set all instruments but patients and diagnosis to repeat, then put raw CSV"
    )
    say("exports into returns/")
    return DONE


@app.command()
def run(folder: Folder) -> int:
    """Read, estimate and write the report: HTML, PDF, Word and data."""
    from caseseries.pipeline import run_study

    checked = run_study(folder, say)
    typer.echo(summary_text(checked))
    typer.echo(f"The report is in {folder / 'report'}: report.html, report.pdf, report.docx, results.json")
    return OPEN_PROBLEMS if checked.problems else DONE


@app.command()
def why(
    folder: Folder,
    result_id: Annotated[str, typer.Argument(metavar="RESULT_ID", help="For example efs.hsct.36m.")],
    as_json: AsJson = False,
) -> int:
    """Print where a number comes from: its method, cases and cells."""
    from caseseries.pipeline import analyse_study, check_study

    results = analyse_study(check_study(folder)).results
    if result_id not in results:
        return unknown("result", result_id, results, "report/results.json")
    found = results[result_id]
    typer.echo(json.dumps(why_record(found), indent=1, ensure_ascii=False) if as_json else why_text(found))
    return DONE


@app.command()
def who(
    folder: Folder,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="A case id, for example NB-01.")],
    as_json: AsJson = False,
) -> int:
    """List every number a case is behind, should consent be withdrawn."""
    from caseseries.pipeline import analyse_study, check_study

    checked = check_study(folder)
    cases = [course.case_id for course in checked.cohort.courses]
    if case_id not in cases:
        return unknown("analysed case", case_id, cases, "report/listing.csv")
    found = [result for result in analyse_study(checked).results.values() if case_id in result.sources]
    rows = [{"id": result.id, "label": result.label, "shown": result.shown} for result in found]
    text = [f"{case_id} is behind {len(rows)} numbers:", *(f"  {row['id']} › {row['shown']}" for row in rows)]
    typer.echo(json.dumps(rows, indent=1, ensure_ascii=False) if as_json else "\n".join(text))
    return DONE


@app.command()
def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A study folder with a report, or its results.json.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same, later.")],
    as_json: AsJson = False,
) -> int:
    """List what differs between two reports: numbers and inputs."""
    from dataclasses import asdict

    from caseseries.analysis.changes import compare_results, describe_changes
    from caseseries.analysis.results import read_results

    changes = compare_results(read_results(old), read_results(new))
    text = (
        json.dumps(asdict(changes), indent=1, ensure_ascii=False)
        if as_json
        else "\n".join(describe_changes(changes))
    )
    typer.echo(text)
    return DONE


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show:
        typer.echo(f"caseseries {__version__}")
        raise typer.Exit


def unknown(what: str, name: str, known: Iterable[str], where: str) -> int:
    """Say that a name is not known, with the one that was perhaps meant; the exit code for it."""
    from caseseries.study.load import suggest

    near = suggest(name, known)
    say(
        f"caseseries: no {what} is called {name}.{f' {near}' if near.endswith('?') else ''} All are in {where}."
    )
    return WRONG_USE


def summary_text(checked: "Checked") -> str:
    """How many cells and cases were used, and how many were set aside and why."""
    counts, cohort = checked.returns.counts, checked.cohort
    lines = [
        f"Cells: {counts.non_empty} non-empty = {counts.stored} stored + {counts.problem} problems "
        f"+ {counts.ignored} ignored",
        f"Cases: {cohort.returned} returned = {len(cohort.courses)} analysed + {len(cohort.left)} not analysed",
        *(f"  {one.case_id}: {one.stage}, {one.reason}" for one in cohort.left),
    ]
    if checked.problems:
        lines.append(
            f"{_plural(len(checked.problems), 'problem')} set something aside; list them with: caseseries check"
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
            f"{_plural(len(revision.changes), 'cell')} changed:",
            *(f"  {change}" for change in revision.changes),
            f"{_plural(len(revision.closed), 'finding')} closed, {len(revision.opened)} new, "
            f"{revision.still_open} still open",
            *(f"  closed: {finding.where}: {finding.what}" for finding in revision.closed),
            *(f"  new: {finding.where}: {finding.what}" for finding in revision.opened),
        ]
    )


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


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
