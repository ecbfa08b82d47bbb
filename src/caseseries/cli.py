"""Words to pipeline; our exceptions to one line and an exit code.

Rooms are imported inside the commands, so that `--help` costs no more than reading this page.
"""

import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from caseseries import __version__
from caseseries.findings import StudyError, show_unseen
from caseseries.terminal import (
    check_record,
    check_text,
    json_text,
    plural,
    revision_record,
    revision_text,
    summary_text,
    unknown_text,
    who_text,
    why_record,
    why_text,
)

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
    os.putenv("OPENBLAS_NUM_THREADS", "1")  # small sums: its threads only cost start-up, and add in any order
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
    except typer.Abort:  # Ctrl-C, or nobody there to type
        say("")
        say(
            "caseseries: nothing was typed. Without a terminal, options say it (try: caseseries COMMAND --help)"
        )
        status = WRONG_USE
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        say(f"caseseries: {error.format_message()} (try: caseseries --help)")
        status = WRONG_USE
    sys.exit(status or DONE)


def say(line: str, *, err: bool = True) -> None:
    """Progress and messages go to stderr; stdout is for data. What is not drawn is shown in both."""
    typer.echo(show_unseen(line), err=err)


def show(record: object, text: str, *, as_json: bool) -> None:
    """The answer, on stdout."""
    say(json_text(record) if as_json else text, err=False)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    messy: Annotated[
        bool, typer.Option("--messy", help="As hospitals return it; writes it and runs nothing.")
    ] = False,
) -> int:
    """Write the demo study (made-up patients) into DIR and run it."""
    from caseseries.demo import write_demo, write_messy

    if messy:
        write_messy(folder)
        say(
            f"Wrote the same eleven made-up infants to {folder}, as hospitals return them. Then: caseseries check"
        )
        return DONE
    say(f"Writing a study of eleven made-up infants to {folder}")
    write_demo(folder)
    return run(folder, freeze=False)


@app.command()
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]) -> int:
    """Write a protocol to edit and the return template into DIR."""
    from caseseries.demo import write_new

    for path in write_new(folder):
        say(f"Wrote {path}")
    say(
        "Edit study.toml; if you change its words or lists, delete the template and run this again for a new one. "
        "Send the template to the centres, put what they return into returns/, then: caseseries check"
    )
    return DONE


@app.command()
def check(
    folder: Folder,
    as_json: AsJson = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="OLD", help="An earlier version of one return: list what changed since."),
    ] = None,
) -> int:
    """Read everything, list every problem, write the queries."""
    from caseseries.correspondence import compare_return
    from caseseries.pipeline import check_study, write_query_sheets

    checked = check_study(folder, say)
    record, text = check_record(checked), check_text(checked)
    if against:
        revision = compare_return(folder, checked, against)
        record["against"], text = revision_record(revision), f"{text}\n\n{revision_text(revision)}"
    show(record, text, as_json=as_json)
    queries = write_query_sheets(folder, checked)
    if queries and not as_json:
        names = ", ".join(path.name for path in queries)
        say(f"To send back, each finding marked in its cell: {queries[0].parent}: {names}", err=False)
    return OPEN_PROBLEMS if checked.problems else DONE


@app.command()
def redcap(
    folder: Folder,
    fetch: Annotated[
        str, typer.Option(metavar="URL", help="Fetch the records from this address, https://…/api/.")
    ] = "",
    token: Annotated[
        Path | None, typer.Option(help="With --fetch: a file with the API token; otherwise it is asked for.")
    ] = None,
) -> int:
    """Write a REDCap dictionary, or fetch its records."""
    from caseseries.intake.redcap import DICTIONARY, to_dictionary
    from caseseries.study.load import load_study

    study = load_study(folder)
    if fetch:
        from caseseries.intake.redcap_fetch import fetch_export, keep_export, read_token

        secret = read_token(token) if token else typer.prompt("API token", hide_input=True)
        path, earlier = keep_export(folder, fetch_export(fetch, secret.strip()))
        say(f"Wrote {path}")
        if earlier:
            say(f"What changed: caseseries check {folder} --against {earlier}")
        return DONE
    (folder / DICTIONARY).write_bytes(to_dictionary(study).encode("utf-8"))
    say(
        f"Wrote {folder / DICTIONARY}. Set all instruments but patients and diagnosis to repeat, then put raw CSV"
    )
    say("exports into returns/, or fetch them: caseseries redcap DIR --fetch URL")
    return DONE


@app.command()
def run(
    folder: Folder,
    freeze: Annotated[bool, typer.Option("--freeze", help="Also write report/bundle.zip.")] = False,
    xpt: Annotated[bool, typer.Option("--xpt", help="Also write ADSL and ADTTE for SAS.")] = False,
) -> int:
    """Read, estimate and write the report."""
    from caseseries.pipeline import run_study

    checked = run_study(folder, say, transport=xpt)
    written = f"The report is in {folder / 'report'}: report.html, report.pdf, report.docx, results.json"
    say(f"{summary_text(checked)}\n{written}", err=False)
    if freeze:
        from caseseries.bundle import write_bundle

        bundle = write_bundle(folder, checked.study)
        say(f"Everything it was made from and all of it is in {bundle}", err=False)
    return OPEN_PROBLEMS if checked.problems else DONE


@app.command()
def reproduce(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip made by run --freeze.")],
) -> int:
    """Run a frozen study again and compare."""
    from caseseries.bundle import reproduce as run_again

    found = run_again(bundle, say)
    for line in found.environment:
        say(f"Installed in another version than then: {line}")
    identical = f"identical: {found.results} results, {found.files} files"
    say(f"differs: {found.difference}" if found.difference else identical, err=False)
    return OPEN_PROBLEMS if found.difference else DONE


@app.command()
def why(
    folder: Folder,
    result_id: Annotated[str, typer.Argument(metavar="RESULT_ID", help="For example efs.hsct.36m.")],
    as_json: AsJson = False,
) -> int:
    """Say where a number comes from, down to its cells."""
    from caseseries.analysis.rulings import rulings_behind
    from caseseries.pipeline import analyse_study, check_study, list_decisions

    checked = check_study(folder)
    results = analyse_study(checked).results
    if result_id not in results:
        say(unknown_text("result", result_id, results, "report/results.json"))
        return WRONG_USE
    found = results[result_id]
    said = found, rulings_behind(found, list_decisions(checked))
    show(why_record(*said), why_text(*said), as_json=as_json)
    return DONE


@app.command()
def who(
    folder: Folder,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="A case id, for example NB-01.")],
    as_json: AsJson = False,
) -> int:
    """List every number that a case is behind."""
    from caseseries.pipeline import analyse_study, check_study, list_decisions

    checked = check_study(folder)
    cases = [course.case_id for course in checked.cohort.courses]
    if case_id not in cases:
        say(unknown_text("analysed case", case_id, cases, "report/listing.csv"))
        return WRONG_USE
    found = [result for result in analyse_study(checked).results.values() if case_id in result.sources]
    rows = [{"id": result.id, "label": result.label, "shown": result.shown} for result in found]
    show(rows, who_text(case_id, rows, list_decisions(checked)), as_json=as_json)
    return DONE


@app.command()
def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A study folder with a report, or its results.json.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same, later.")],
    as_json: AsJson = False,
) -> int:
    """List what differs between two reports."""
    from dataclasses import asdict

    from caseseries.analysis.changes import compare_results, describe_changes, read_listing
    from caseseries.analysis.results import read_results

    listings = read_listing(old), read_listing(new)
    changes = compare_results(read_results(old), read_results(new), *listings)
    show(asdict(changes), "\n".join(describe_changes(changes)), as_json=as_json)
    return DONE


@app.command()
def survival(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV, Parquet (a file, a folder, a pattern), .pzfx, .prism, or the URL of a database.",
        ),
    ],
    time: Annotated[str, typer.Option(metavar="COL", help="How long each row was observed.")] = "",
    event: Annotated[str, typer.Option(metavar="COL", help="How the observation ended; see --coding.")] = "",
    cause: Annotated[str, typer.Option(metavar="COL", help="Which event it was, if several compete.")] = "",
    group: Annotated[str, typer.Option(metavar="COL", help="One curve for each of its values.")] = "",
    entry: Annotated[str, typer.Option(metavar="COL", help="When observation began, if after day 0.")] = "",
    unit: Annotated[str, typer.Option(help="Of the times: days, months or years.")] = "days",
    coding: Annotated[
        str,
        typer.Option(help="status (1 = event, 0 = censored), status12 (2, 1) or cnsr (CDISC: 0, 1, 2 …)."),
    ] = "",
    at: Annotated[str, typer.Option(metavar="TIMES", help="Horizons, as in 100d,12m,3y.")] = "",
    interval: Annotated[
        str, typer.Option(help="bpcp, bpcp-mid-p, log-log, log, likelihood-ratio, plain or arcsine.")
    ] = "default",
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    strata: Annotated[str, typer.Option(metavar="COL", help="Compare within each of its values.")] = "",
    quantiles: Annotated[str, typer.Option(metavar="%", help="Beside the median, as in 25,50,75.")] = "50",
    rmst: Annotated[str, typer.Option(metavar="TIMES", help="Restricted means; or auto.")] = "",
    given: Annotated[str, typer.Option(metavar="TIME", help="--at also for those event-free then.")] = "",
    landmark: Annotated[str, typer.Option(metavar="TIME", help="Count everything from then on.")] = "",
    hazard: Annotated[bool, typer.Option("--hazard", help="Cumulative hazards at --at.")] = False,
    query: Annotated[str, typer.Option(metavar="SQL", help="For the URL of a database: the rows.")] = "",
    table: Annotated[str, typer.Option(help="For a Prism file with several survival tables: its name.")] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the counts beside the file for next time.")
    ] = False,
    test: Annotated[
        str, typer.Option(metavar="TESTS", help="Of the groups, as in log-rank,peto,exact-log-rank.")
    ] = "",
    model: Annotated[str, typer.Option(help="cox or firth; with ,breslow ,robust ,profile.")] = "",
    covariates: Annotated[str, typer.Option(metavar="COLS", help="For --model, as in age,arm.")] = "",
    cluster: Annotated[str, typer.Option(metavar="COL", help="Rows of one value belong together.")] = "",
    reference: Annotated[
        str, typer.Option(metavar="FILE", help="A cohort, its survival at some times, or 36m=0.46.")
    ] = "",
    figure: Annotated[str, typer.Option(metavar="SVG", help="Draw the curves into this file.")] = "",
    as_json: AsJson = False,
) -> int:
    """Estimate survival from a table of times and events."""
    from caseseries.registry.coding import Layout
    from caseseries.survival_command.run import Options, answer_survival, print_survival

    options = Options(
        at, interval, level, test, quantiles, rmst, given, landmark, hazard, model, covariates, cluster,
        reference, query, table, keep,
    )  # fmt: skip
    layout = Layout(time, event, cause, group, entry, unit, coding, strata)
    found, question = answer_survival(source, layout, options)
    for finding in found.findings:
        say(str(finding))
    say(print_survival(source, found, question, figure, as_json=as_json), err=False)
    return OPEN_PROBLEMS if found.findings else DONE


@app.command()
def claims(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The printed numbers, as TOML (docs/claims.md).")
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A study that has been run, to hold the numbers against."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Ask whether the numbers a paper prints can all be true."""
    from caseseries.evidence.answer import answer_claims

    found, text, stands = answer_claims(file, data)
    show(found, text, as_json=as_json)
    return DONE if stands else OPEN_PROBLEMS


@app.command()
def mrd(
    plates: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLATE...",
            help="RDML, RDES or an instrument's exports; or their folder.",
        ),
    ],
    profile: Annotated[
        str, typer.Option(help="A built-in profile, or the path of your own TOML file.")
    ] = "esg-mrd-all-2007/prevent-false-negative",
    setup: Annotated[Path | None, typer.Option(help="The plate.toml, if it is not beside the plate.")] = None,
    cq: Annotated[str, typer.Option(help="Whose Cq to use: own (from the curves) or instrument.")] = "own",
    roles: Annotated[bool, typer.Option("--roles", help="Only show how every well was understood.")] = False,
    page: Annotated[Path | None, typer.Option(help="A folder for mrd.html and mrd.pdf.")] = None,
    as_json: AsJson = False,
) -> int:
    """Turn RQ-PCR plates into MRD levels with their reasons."""
    from caseseries.pcr.command import has_open_problems, read_report, say_report, say_roles
    from caseseries.pcr.record import record_plate

    if cq not in ("own", "instrument"):
        say(f'caseseries: --cq is "{cq}"; allowed: own, instrument')
        return WRONG_USE
    report = read_report(plates, profile, setup, use_instrument=cq == "instrument")
    if page:
        from caseseries.analysis.plates import show_plate
        from caseseries.present.laboratory import write_plate

        for line in write_plate(show_plate(report), f"caseseries {__version__}", page):
            say(line)
    if roles:
        say(say_roles(report), err=False)
    else:
        show(record_plate(report, f"caseseries {__version__}"), say_report(report), as_json=as_json)
    return OPEN_PROBLEMS if has_open_problems(report) else DONE


@app.command()
def decide(
    folder: Folder,
    question: Annotated[
        str, typer.Option(help="This question, also to answer it anew; with --answer without being asked.")
    ] = "",
    answer: Annotated[
        str, typer.Option(help="With --question: one of its answers, without being asked.")
    ] = "",
    who: Annotated[str, typer.Option(help="Who answers.")] = "",
    why: Annotated[str, typer.Option(help="With --question: the reason.")] = "",
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answer from this file, with --who and without being asked."),
    ] = None,
) -> int:
    """Ask a person the open questions; record the answers."""
    from caseseries.deciding import Answer, ask_person, load_answers, record_answers, record_one

    if question and answer:
        is_recorded = record_one(folder, question, Answer(answer, why), who, moment(), say)
        return DONE if is_recorded else WRONG_USE
    if answers:
        left = len(record_answers(folder, load_answers(answers), who, moment, say))
    else:
        left = len(ask_person(folder, question, who, moment, prompt, say))
    say(f"{plural(left, 'question')} open" if left else "No question is open")
    return OPEN_PROBLEMS if left else DONE


@app.command()
def verify(
    folder: Folder,
    head: Annotated[str, typer.Option(help="A hash printed in a report: is its line still there?")] = "",
) -> int:
    """Walk the log of decisions; name its first bad line."""
    from caseseries.decisions.log import read_decisions, verify_decisions
    from caseseries.findings import Severity

    findings = verify_decisions(folder, head)
    for finding in findings:
        say(str(finding))
    if any(finding.severity is Severity.STUDY for finding in findings):
        return UNREADABLE
    log = read_decisions(folder)
    say(f"{plural(len(log.entries), 'decision')}; the last has the hash {log.head}", err=False)
    return DONE


@app.command()
def pseudonymise(
    file: Annotated[
        Path | None, typer.Argument(metavar="LIST", help="The centre's list, CSV or Excel.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key file that the centres share.")] = None,
    out: Annotated[Path | None, typer.Option(help="A new file; otherwise the list is printed.")] = None,
    new_key: Annotated[Path | None, typer.Option(help="Make a key in this new file, and stop.")] = None,
) -> int:
    """At the centre: replace identifiers by keyed hashes."""
    from caseseries.identify.pseudonymise import pseudonymise as replace_identifiers
    from caseseries.identify.pseudonymise import read_key, write_new_key, write_new_list

    if new_key:
        write_new_key(new_key)
        say(f"Wrote {new_key}. Give it to the other centres, never to the study office; a lost key is lost.")
        return DONE
    if file is None or key is None:
        say("caseseries: name a list and its key: caseseries pseudonymise LIST --key FILE")
        return WRONG_USE
    made = replace_identifiers(file, read_key(key))
    if out:
        write_new_list(out, made)
    else:
        typer.echo(made.to_csv(), nl=False)
    for finding in made.findings:
        say(f"{finding.severity.upper():5} {finding}")
    say(
        f"Cells: {made.non_empty} non-empty = {made.replaced} replaced + {made.kept} case ids + "
        f"{made.left_behind} left behind + {made.problem} problems"
    )
    return OPEN_PROBLEMS if made.problem else DONE


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show:
        say(f"caseseries {__version__}", err=False)
        raise typer.Exit


def prompt(text: str, default: str | None = None) -> str:
    """What a person types; nothing is taken for an answer only where there is a default."""
    return str(typer.prompt(show_unseen(text), default=default, show_default=False)).strip()


def moment() -> str:
    """The clock is read here and nowhere else: when somebody decided is a fact to keep."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
