"""A reference from a file: a cohort of its own, or the survival somebody published at some times."""

from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.coding import Layout, read_days, read_number
from caseseries.registry.sources import count_source
from caseseries.registry.text import read_heading, read_rows, unreadable
from caseseries.survival_command.question import HORIZON, days_of

if TYPE_CHECKING:
    from caseseries.stats.reference import Reference

TIME, SURVIVAL = "time", "survival"
ALLOWED = "whole days, or a time as in 12m or 3y; survival between 0 and 1"


def read_reference(name: str, layout: Layout) -> "Reference":
    """The reference in a file, or as written: "36m=0.46" is the constant hazard that leaves 46% at 36 months.

    A file with the columns `time` and `survival` it holds published survival, a row a time (100d, 12m, 3y, or whole
    days); the hazard is constant between them. Otherwise it is a cohort with the same columns, unit and coding
    as the cohort that is held against it, and has a sampling error of its own.

    Raises:
        StudyError: the file cannot be read, or does not fall from 1 over times after 0.
    """
    from caseseries.stats.reference import reference_exponential, reference_from_table

    time, _, survival = name.partition("=")
    share = read_number(survival)
    if HORIZON.fullmatch(time) and share is not None:
        if not 0 < share < 1:
            raise StudyError(
                [
                    Finding(
                        Where("--reference"),
                        "option",
                        Severity.STUDY,
                        f"survival {survival} gives no hazard",
                        "a number between 0 and 1, as in 36m=0.46",
                        "Correct the option",
                    )
                ]
            )
        return reference_exponential(share, days_of(time))
    path = Path(name)
    if path.suffix == ".csv" and {TIME, SURVIVAL} <= set(read_heading(path)):
        return _read_horizons(path)
    counted = count_source(name, replace(layout, group="", cause=""))
    if counted.refused:
        raise StudyError(list(counted.findings))
    return reference_from_table(counted.tables[""])


def _read_horizons(path: Path) -> "Reference":
    from caseseries.stats.reference import reference_from_horizons

    survival: dict[int, float] = {}
    findings = []
    for number, row in enumerate(read_rows(path, (TIME, SURVIVAL)), 2):
        if not row:
            continue
        day, share = _day(str(row[0]).strip()), read_number(row[1])
        if day and share is not None and isfinite(share) and 0 < share <= 1:
            survival[day] = share
        else:
            what = f"time {row[0]} and survival {row[1]} are no point of a curve"
            place = Where(path.name, cell=f"row {number}")
            findings.append(Finding(place, "reference", Severity.FILE, what, ALLOWED, "Correct the row"))
    if findings:
        raise StudyError(findings)
    try:
        return reference_from_horizons(survival)
    except ValueError as error:
        raise unreadable(path.name, str(error), "Correct the file") from None


def _day(written: str) -> int:
    """The day of a time as written; 0 if it is none."""
    if HORIZON.fullmatch(written):
        return days_of(written)
    day = read_days(written, TIME, "days")
    return day if isinstance(day, int) else 0
