"""What a centre changed between two versions of its return, and what that did to the findings."""

from dataclasses import replace
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.apart import Apart
from caseseries.intake.package import UnreadableError
from caseseries.intake.returns import interpret
from caseseries.intake.revisions import Revision, compare_findings, compare_versions
from caseseries.intake.workbook import Workbook, read_workbook, refuse
from caseseries.pipeline import Checked, form_study


def compare_return(folder: Path, checked: Checked, old: Path) -> Revision:
    """What changed since `old`, an earlier version of one of the returns, known by its file name.

    Raises:
        StudyError: `old` cannot be read, or no return has its name.
    """
    book, books = _read(old), checked.returns.books
    file = next((one.file for one in books if Path(one.file).name == old.name), "")
    if not file:
        where, do = Where(str(old)), "Give it the name of the return that it is a version of"
        names = ", ".join(Path(one.file).name for one in books)
        raise StudyError(
            [Finding(where, "intake.no-version", Severity.STUDY, "no return has this name", names, do)]
        )
    if book.findings:
        raise StudyError(list(book.findings))
    earlier = replace(book, file=file)
    returns = interpret(
        [earlier if one.file == file else one for one in books], checked.study, (), checked.log
    )
    before = form_study(folder, checked.study, returns, checked.log)
    closed, opened, both = compare_findings(before.findings, checked.findings)
    newer = next(one for one in books if one.file == file)
    changes = compare_versions(earlier, newer, checked.study)
    return Revision(changes, tuple(closed), tuple(opened), both)


def _read(old: Path) -> Workbook:
    with Apart() as apart:
        try:
            return apart.read(read_workbook, old, old.parent)
        except UnreadableError as error:
            return refuse(old.name, "", error)
