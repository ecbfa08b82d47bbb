"""Returns for tests: real workbooks on disk, written from the template and then spoilt on purpose."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from caseseries.intake.returns import Returns, read_returns
from caseseries.intake.template import write_template
from made_up import made_up_study

STUDY = made_up_study()

Edit = Callable[[openpyxl.Workbook], None]


def lines_of(case_id: str = "A-1", **changes: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """One child's lines on every form, all of them right; `changes` replace whole forms."""
    forms: dict[str, Sequence[Mapping[str, Any]]] = {
        "patients": [{"birth_date": date(2016, 6, 15), "sex": "female", "country": "Ireland"}],
        "diagnosis": [{"diagnosis_date": date(2016, 9, 23), "kmt2a": "rearranged", "wbc": 120.5}],
        "treatment": [{"treatment": "blinatumomab", "cycle": 1.0, "start_date": date(2017, 1, 1)}],
        "specimens": [
            {"specimen_date": date(2016, 12, 30), "mrd_result": "quantified", "mrd_percent": 0.2},
            {"specimen_date": date(2017, 1, 29), "mrd_result": "not detected", "sensitivity_percent": 0.001},
        ],
        "toxicity": [{"toxicity": "CRS", "onset_date": date(2017, 1, 2), "grade": 1.0, "steroids": False}],
        "transplant": [{"hsct_date": date(2017, 2, 20), "therapy_between": False}],
        "follow_up": [{"date": date(2018, 2, 5), "event": "seen alive"}],
        **changes,
    }
    return {name: [{"case_id": case_id, **line} for line in lines] for name, lines in forms.items()}


def together(*cases: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The lines of several children on the same sheets."""
    return {name: [line for case in cases for line in case[name]] for name in cases[0]}


def return_of(
    folder: Path, lines: Mapping[str, Any], file: str = "leeds.xlsx", edit: Edit | None = None, **options: Any
) -> Path:
    """Write a centre's workbook into `folder`/returns; `edit` then changes it as a person in Excel could."""
    path = folder / "returns" / file
    path.parent.mkdir(exist_ok=True)
    write_template(path, options.pop("study", STUDY), lines, **options)
    if edit:
        book = openpyxl.load_workbook(path)
        edit(book)
        book.save(path)
    return path


def read_back(
    folder: Path, lines: Mapping[str, Any], edit: Edit | None = None, **options: Any
) -> tuple[Returns, list[str]]:
    """One workbook written and read: the returns, and each finding as "severity code: sentence"."""
    return_of(folder, lines, edit=edit, **options)
    returns = read_returns(folder, options.get("study", STUDY))
    check_conservation(returns)
    return returns, told(returns)


def told(returns: Returns) -> list[str]:
    return [f"{finding.severity} {finding.code}: {finding}" for finding in returns.findings]


def check_conservation(returns: Returns) -> None:
    """Every filled cell has one fate, and the stored ones are the very cells the patients point to."""
    for file in returns.files:
        counts = file.counts
        assert counts.non_empty == counts.stored + counts.problem + counts.ignored, file
    sources = [
        value.source.where
        for patient in returns.patients
        for rows in patient.rows.values()
        for row in rows
        for value in row.values.values()
    ]
    assert len(sources) == len(set(sources)) == returns.counts.stored
