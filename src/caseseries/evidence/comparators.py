"""Published outcomes to hold a cohort against, with their source and how far each was verified.

The library that ships with the package holds one estimate a row. A study's own comparators are TOML files of
the same keys (`load_comparators`). `check_match` says why two outcomes may not be compared.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.stats.distributions import normal_quantile
from caseseries.study.load import suggest, toml_path
from caseseries.study.toml import read_toml

Mark = Literal["read", "recalled", "read; n or interval recalled"]
Percent = Annotated[float, Field(ge=0, le=100)]

# words for the same day 0, and for the same events, in the papers of the library
ORIGINS = {
    "blinatumomab start": "start of blinatumomab",
    "index": "start of blinatumomab",
    "end of induction cr": "end of induction",
    "end of induction/blina": "end of induction or start of blinatumomab",
}
SAME_EVENTS = ({"OS"}, {"EFS", "DFS", "RFS", "PFS", "LFS"})
FROM_REMISSION = {"DFS", "RFS", "LFS"}


class Comparator(BaseModel):
    """One published estimate, in percent. `years` is the horizon; a response has none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    study: str
    population: str
    n: int | None = Field(default=None, ge=1)
    endpoint: str
    origin: str
    years: float | None = Field(default=None, gt=0)
    estimate: Percent
    lower: Percent | None = None
    upper: Percent | None = None
    se: Annotated[float, Field(gt=0, le=50)] | None = None
    mark: Mark
    source: str
    data_cut: str = ""
    days: tuple[int, ...] = ()  # a digitised curve: its days,
    curve: tuple[Percent, ...] = ()  # the estimate from each day on,
    risk_days: tuple[int, ...] = ()  # and the numbers at risk printed beneath it
    at_risk: tuple[int, ...] = ()

    @property
    def verified(self) -> str:
        """The mark as it prints."""
        return self.mark if self.mark == "read" else f"{self.mark} — verify"

    def standard_error(self) -> float | None:
        """The printed standard error; else from the printed 95 % interval; else binomial; as a proportion."""
        if self.se is not None:
            return self.se / 100
        if self.lower is not None and self.upper is not None:
            return (self.upper - self.lower) / 200 / normal_quantile(0.975)
        share = self.estimate / 100
        return (share * (1 - share) / self.n) ** 0.5 if self.n else None


@dataclass(frozen=True)
class Refusal:
    """Why two outcomes are not compared, and what would make it possible."""

    because: str
    do: str


@cache
def load_library() -> tuple[Comparator, ...]:
    """The comparators that ship with the package."""
    text = (files("caseseries.evidence") / "library" / "comparators.csv").read_text(encoding="utf-8")
    return tuple(Comparator.model_validate(_typed(row)) for row in csv.DictReader(io.StringIO(text)))


def load_comparators(path: Path) -> tuple[Comparator, ...]:
    """The `[[comparator]]` tables of a TOML file.

    Raises:
        StudyError: with every problem found: unknown keys, percentages beyond 0–100, curves that rise,
            numbers at risk that grow.
    """
    try:
        data = read_toml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError([_finding(path, "", "toml", str(error), "TOML", "Mend the file")]) from error
    findings = [
        _finding(
            path,
            key,
            "unknown-key",
            f"the key {key} is not known",
            "comparator",
            suggest(key, ["comparator"]),
        )
        for key in data
        if key != "comparator"
    ]
    found: list[Comparator] = []
    for number, table in enumerate(data.get("comparator", []), start=1):
        where = f"comparator[{number}]"
        try:
            comparator = Comparator.model_validate(
                {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
            )
        except ValidationError as error:
            findings += [_explain(path, where, detail) for detail in error.errors()]
            continue
        findings += _check(path, where, comparator)
        found.append(comparator)
    if findings:
        raise StudyError(findings)
    return tuple(found)


def find_comparators(
    study: str, endpoint: str, years: float | None, library: Iterable[Comparator] | None = None
) -> tuple[Comparator, ...]:
    """The estimates of a study for one endpoint at one horizon."""
    known = load_library() if library is None else library
    return tuple(c for c in known if (c.study, c.endpoint, c.years) == (study, endpoint, years))


def check_match(endpoint: str, origin: str, comparator: Comparator) -> list[Refusal]:
    """Why a cohort's endpoint and origin may not be held against the comparator; empty if they may."""
    refusals = []
    if _events(endpoint) != _events(comparator.endpoint):
        because = f"{endpoint} counts other events than {comparator.endpoint} of {comparator.study}"
        refusals.append(Refusal(because, f"Compare {comparator.endpoint} with {comparator.endpoint}"))
    elif endpoint != comparator.endpoint:
        because = (
            f"{comparator.endpoint} of {comparator.study} is counted only from remission, {endpoint} is not"
        )
        if {endpoint, comparator.endpoint} & FROM_REMISSION:
            refusals.append(
                Refusal(because, "Restrict the cohort to cases in remission, or say that they all were")
            )
    ours, theirs = _origin(origin), _origin(comparator.origin)
    if ours != theirs:
        because = (
            f"{endpoint} from {origin} is not {comparator.endpoint} from {comparator.origin}: who was to be counted "
            f"from {origin} had first to live to it (immortal time), and was chosen for it (selection)"
        )
        refusals.append(
            Refusal(because, f"Take the origin {comparator.origin}, or state how the two may be compared")
        )
    return refusals


def _events(endpoint: str) -> frozenset[str]:
    return next((frozenset(same) for same in SAME_EVENTS if endpoint in same), frozenset({endpoint}))


def _origin(origin: str) -> str:
    return ORIGINS.get(origin.lower(), origin.lower())


def _typed(row: dict[str, str]) -> dict[str, Any]:
    numbers = {"n": int, "years": float, "estimate": float, "lower": float, "upper": float, "se": float}
    return {key: numbers[key](value) if key in numbers else value for key, value in row.items() if value}


def _check(path: Path, where: str, comparator: Comparator) -> Iterator[Finding]:
    lower, upper = comparator.lower, comparator.upper
    if (lower is not None and lower > comparator.estimate) or (
        upper is not None and upper < comparator.estimate
    ):
        what = f"the interval {lower}–{upper} does not hold the estimate {comparator.estimate}"
        yield _finding(path, where, "contradiction", what, "", "Correct one of them")
    for name, column, other in (
        ("curve", comparator.curve, "days"),
        ("at_risk", comparator.at_risk, "risk_days"),
    ):
        days = getattr(comparator, other)
        if len(days) != len(column):
            what = f"{name} has {len(column)} values for {len(days)} {other}"
            yield _finding(path, f"{where}.{name}", "lengths", what, "one a day", "Add or remove values")
        for place in (i for i in range(1, len(days)) if days[i] <= days[i - 1]):
            what = f"day {days[place]} stands after day {days[place - 1]}"
            yield _finding(
                path, f"{where}.{other}[{place + 1}]", "order", what, "rising days", "Put them in order"
            )
        for place in (i for i in range(1, len(column)) if column[i] > column[i - 1]):
            verb = "rises" if name == "curve" else "grows"
            what = f"{name} {verb} from {column[place - 1]:g} to {column[place]:g}"
            yield _finding(
                path, f"{where}.{name}[{place + 1}]", verb, what, "a fall or no change", "Correct the value"
            )


def _finding(path: Path, where: str, code: str, what: str, allowed: str, do: str) -> Finding:
    return Finding(
        Where(path.name, cell=where), f"comparators.{code}", Severity.FILE, what, allowed, do.rstrip(".")
    )


def _explain(path: Path, where: str, detail: Any) -> Finding:
    place, key = f"{where}.{toml_path(detail['loc'])}", str(detail["loc"][-1])
    if detail["type"] == "extra_forbidden":
        allowed = list(Comparator.model_fields)
        what = f"the key {key} is not known"
        return _finding(path, place, "unknown-key", what, ", ".join(allowed), suggest(key, allowed))
    if detail["type"] == "missing":
        return _finding(path, place, "missing-key", f"{key} is missing", "", f"Add {key}")
    allowed_text = detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return _finding(
        path, place, "wrong-value", f"found {detail['input']!r}", allowed_text, "Change the value"
    )
