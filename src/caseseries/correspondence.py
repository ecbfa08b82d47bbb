"""What a centre changed between two versions of its return, and what that did to the findings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.intake.apart import Apart
from caseseries.intake.returns import READERS, interpret, read_return
from caseseries.intake.revisions import Revision, compare_findings, compare_versions
from caseseries.pipeline import Checked, form_study


def compare_return(folder: Path, checked: Checked, old: Path) -> Revision:
    """What changed since `old`, an earlier version of one of the returns, known by its file name.

    Raises:
        StudyError: `old` cannot be read, or no return has its name.
    """
    books = checked.returns.books
    file = _version_of(old, [one.file for one in books])
    if not file:
        where, do = Where(str(old)), "Give it the name of the return that it is a version of"
        names = ", ".join(Path(one.file).name for one in books)
        raise StudyError(
            [Finding(where, "intake.no-version", Severity.STUDY, "no return has this name", names, do)]
        )
    with Apart() as apart:
        book = read_return(old, old.parent, apart)
    if book.findings:
        raise StudyError(list(book.findings))
    earlier = replace(book, file=file)
    returns = interpret(
        [earlier if one.file == file else one for one in books], checked.study, (), checked.log
    )
    before = form_study(folder, checked.study, returns, checked.log)
    closed, opened, both = compare_findings(before.findings, checked.findings)
    newer = next(one for one in books if one.file == file)
    changes = compare_versions(earlier, newer, checked.study, checked.log)
    return Revision(changes, tuple(closed), tuple(opened), both)


def _version_of(old: Path, files: Sequence[str]) -> str:
    """The return of the same name, or else of the same name in another format; empty when there is none, or several."""
    same = [file for file in files if Path(file).name == old.name]
    alike = [file for file in files if Path(file).stem == old.stem]
    found = same or alike
    return found[0] if len(found) == 1 and old.suffix.lower() in READERS else ""
