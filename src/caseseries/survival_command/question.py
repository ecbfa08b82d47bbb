"""What is asked, and every option that cannot be answered."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.registry.coding import CODINGS, DAYS_PER_UNIT, Layout
from caseseries.stats.intervals import INTERVALS
from caseseries.survival_command.comparisons import NAMES

MODELS = ("cox", "firth")
DEFAULT = "default"
HORIZON = re.compile(r"[1-9][0-9]*[dmy]")


@dataclass(frozen=True)
class Question:
    """What is asked of the event tables: horizons ("12m", "3y", "100d"), the interval, its level and tests."""

    at: tuple[str, ...] = ()
    interval: str = DEFAULT
    level: float = 0.95
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Regression:
    """A model by name, and its covariates by column; an empty name is none."""

    model: str = ""
    covariates: tuple[str, ...] = ()


def words(option: str) -> tuple[str, ...]:
    """The words of an option that takes several, separated by commas."""
    return tuple(word.strip() for word in option.split(",") if word.strip())


def check_question(source: str, layout: Layout, question: Question, regression: Regression) -> None:
    """Raises StudyError with every option that is missing or whose value is not one of those allowed."""
    prism = source.endswith((".pzfx", ".prism"))
    findings = [
        *(() if prism else _missing({"--time": layout.time, "--event": layout.event})),
        *_unknown("--unit", layout.unit, tuple(DAYS_PER_UNIT)),
        *_unknown("--coding", layout.coding, tuple(CODINGS)),
        *_unknown("--interval", question.interval, (DEFAULT, *INTERVALS)),
        *(finding for test in question.tests for finding in _unknown("--test", test, NAMES)),
        *(_unknown("--model", regression.model, MODELS) if regression.model else ()),
        *(_missing({"--covariates": ",".join(regression.covariates)}) if regression.model else ()),
    ]
    if question.tests and not (layout.group or prism):
        findings.append(_option("--test", "there is nothing to compare without --group", ""))
    for horizon in question.at:
        if not HORIZON.fullmatch(horizon):
            what, allowed = f'"{horizon}" is not a time', "a number with d, m or y, as in 100d, 12m or 3y"
            findings.append(_option("--at", what, allowed))
    if not 0 < question.level < 1:
        findings.append(_option("--level", f"{question.level:g} is not a level", "a number between 0 and 1"))
    if findings:
        raise StudyError(findings)


def days_of(horizon: str) -> int:
    """The last whole day of a horizon, as in a study: "36m" is day 1095 (1095.75, rounded down)."""
    days = {"d": 1.0, "m": DAYS_PER_UNIT["months"], "y": DAYS_PER_UNIT["years"]}
    return int(int(horizon[:-1]) * days[horizon[-1]])


def _unknown(option: str, value: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if value not in allowed:
        yield _option(option, f'"{value}" is not known', ", ".join(allowed))


def _missing(options: Mapping[str, str]) -> Iterator[Finding]:
    for option, value in options.items():
        if not value:
            yield Finding(
                Where(option), "option", Severity.STUDY, "no column is named", "", f"Add {option} COLUMN"
            )


def _option(option: str, what: str, allowed: str) -> Finding:
    return Finding(Where(option), "option", Severity.STUDY, what, allowed, "Correct the option")
