"""Published outcomes to hold a cohort against, with their source and how far each was verified.

The library that ships with the package holds one estimate a row. A study's own comparators are TOML files of
the same keys in published/ (`read_published`), beside what is to be compared with them. `check_match` says why
two outcomes may not be compared.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from caseseries.findings import Finding, Severity, StudyError, Where, join
from caseseries.stats.distributions import normal_quantile
from caseseries.study.definition import Horizon, Sentence, Study, Word
from caseseries.study.load import toml_path
from caseseries.study.refusals import allowed_by, found_in
from caseseries.study.toml import Unreadable, read_toml_file, suggest
from caseseries.study.variables import BY_NAME

Mark = Literal["read", "recalled", "read; n or interval recalled"]
Percent = Annotated[float, Field(ge=0, le=100)]

# words for the same day 0, and for the same events, in the papers of the library
ORIGINS = {
    "blinatumomab start": "start of blinatumomab",
    "end of induction cr": "end of induction",
    "end of induction/blina": "end of induction or start of blinatumomab",
}
SAME_EVENTS = ({"OS"}, {"EFS", "DFS", "RFS", "PFS", "LFS"})
FROM_REMISSION = {"DFS", "RFS", "LFS"}


FOLDER = "published"


class Comparator(BaseModel):
    """One published estimate, in percent, or a digitised curve, or patients.

    `years` is the horizon of the estimate; a response has none. Days are whole days from the origin.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    study: Sentence
    population: Sentence
    n: int | None = Field(default=None, ge=1)
    endpoint: Sentence
    origin: Sentence
    years: float | None = Field(default=None, gt=0)
    estimate: Percent | None = None
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
    times: tuple[Annotated[int, Field(ge=0)], ...] = ()  # patients: the day each was last seen,
    events: tuple[bool | Literal[0, 1], ...] = ()  # and whether that was by an event

    @property
    def share(self) -> float:
        """The estimate as a proportion."""
        return (self.estimate or 0.0) / 100

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
        return (self.share * (1 - self.share) / self.n) ** 0.5 if self.n else None


class Asked(BaseModel):
    """One `[[comparison]]`: an endpoint and origin of the study, and what to hold them against.

    Either one `study`, or for a mixed population a `mixture`: for each level of our variable `by`, the study
    that its cases are held against. `because` says how outcomes of different origins or endpoints may be
    compared; without it they are not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Word
    endpoint: Word
    origin: Word
    horizons: tuple[Horizon, ...] = ()
    study: str = ""
    population: str = ""  # which, where the study is published for several
    by: str = ""
    mixture: dict[str, str] = Field(default_factory=dict)
    published_endpoint: str = ""  # as the reference calls it, where it is not ours
    because: str = ""

    @property
    def studies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.mixture.values())) or (self.study,)


@dataclass(frozen=True)
class Published:
    """What a study's own published/ holds. `hashes` are of the files that were used."""

    comparators: tuple[Comparator, ...] = ()
    asked: tuple[tuple[Asked, str], ...] = ()  # with the file and TOML path of each
    findings: tuple[Finding, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)


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


def read_published(folder: Path, study: Study) -> Published:
    """Every TOML file of `folder`/published that is not a list of claims; a file with problems is set aside whole."""
    comparators: list[Comparator] = []
    asked: list[tuple[Asked, str]] = []
    findings: list[Finding] = []
    hashes = {}
    for path in sorted((folder / FOLDER).glob("*.toml")):
        name = f"{FOLDER}/{path.name}"
        try:
            own, wanted = load_comparators(path, study, name)
        except StudyError as error:
            findings += error.findings
            continue
        if own or wanted:
            hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        comparators += own
        asked += wanted
    known = (*load_library(), *comparators)
    for one, where in asked:
        findings += _check_asked(Where(where.partition(" › ")[0], cell=where.partition(" › ")[2]), one, known)
    for name, times in Counter(one.id for one, _ in asked).items():
        if times > 1:
            what = f"{times} comparisons are called {name}"
            findings.append(_finding(FOLDER, "comparison", "twice", what, "one", "Rename the others"))
    wrong = {str(finding.where) for finding in findings}
    sound = [(one, where) for one, where in asked if not any(place.startswith(where) for place in wrong)]
    return Published(tuple(comparators), _first_of_each(sound), tuple(findings), hashes)


def load_comparators(
    path: Path, study: Study | None = None, name: str = ""
) -> tuple[tuple[Comparator, ...], tuple[tuple[Asked, str], ...]]:
    """The `[[comparator]]` and `[[comparison]]` tables of a TOML file; none of a file of claims.

    Raises:
        StudyError: with every problem found: unknown keys, percentages beyond 0–100, curves that rise,
            numbers at risk that grow.
    """
    name = name or path.name
    data = read_toml_file(path, "a comparators file")
    if isinstance(data, Unreadable):
        raise StudyError([_finding(name, "", *data)])
    if "claims" in data:
        return (), ()
    tables = ["comparator", "comparison"]
    findings = [
        _finding(
            name, key, "unknown-key", f"the key {key} is not known", ", ".join(tables), suggest(key, tables)
        )
        for key in data
        if key not in tables
    ]
    for key in tables:
        if not isinstance(data.get(key, []), list):
            what = f"{key} is one table"
            findings.append(_finding(name, key, "table", what, f"[[{key}]]", "Double its brackets"))
            data[key] = []
    found: list[Comparator] = []
    for where, table in _tables(data, "comparator"):
        one, bad, wrong = _parse(Comparator, name, where, table)
        if isinstance(one, Comparator):
            wrong += [each for each in _check(name, where, one) if not _hangs_on(each, where, bad)]
            found.append(_in_our_words(one, study))
        findings += wrong
    asked: list[tuple[Asked, str]] = []
    for where, table in _tables(data, "comparison"):
        wanted, bad, wrong = _parse(Asked, name, where, table)
        if isinstance(wanted, Asked):
            more = _check_words(name, where, wanted, study) if study else []
            wrong += [each for each in more if not _hangs_on(each, where, bad)]
            asked.append((wanted, f"{name} › {where}"))
        findings += wrong
    if findings:
        raise StudyError(findings)
    return tuple(found), tuple(asked)


def _in_our_words(comparator: Comparator, study: Study | None) -> Comparator:
    """With the origin by its label, where it is given by the name that study.toml has for it."""
    ours = study.origins.get(comparator.origin) if study else None
    return comparator.model_copy(update={"origin": ours.label}) if ours else comparator


def _tables(data: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    for number, table in enumerate(data.get(key, []), start=1):
        yield f"{key}[{number}]", table


def _parse(
    model: type[Comparator] | type[Asked], name: str, where: str, table: Any
) -> tuple[Comparator | Asked | None, frozenset[str], list[Finding]]:
    """The table without the keys that cannot be used, so that the rest is checked all the same; those, and why."""
    if not isinstance(table, dict):
        wrong = _finding(name, where, "table", "this is no table", f"[[{where}]]", "Write a table")
        return None, frozenset(), [wrong]
    frozen = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    try:
        return model.model_validate(frozen), frozenset(), []
    except ValidationError as error:
        bad = frozenset(str(detail["loc"][0]) for detail in error.errors())
        values: dict[str, Any] = {key: "" for key, one in model.model_fields.items() if one.is_required()}
        values |= {key: value for key, value in frozen.items() if key not in bad}
        wrong_keys = [_explain(model, name, where, detail) for detail in error.errors()]
        return model.model_construct(**values), bad, wrong_keys


# Findings that a key which cannot be used may cause by its absence alone.
_NEEDS = {
    "comparators.no-outcome": {"estimate", "curve", "times"},
    "comparators.no-estimate": {"estimate"},
    "comparators.no-numbers": {"risk_days"},
    "comparators.lengths": {"days", "curve", "risk_days", "at_risk", "times", "events"},
    "comparators.missing-key": {"lower", "upper"},
    "comparators.reference": {"study", "mixture"},
}


def _hangs_on(finding: Finding, where: str, bad: frozenset[str]) -> bool:
    """Whether a finding says no more than that a key could not be used."""
    key = finding.where.cell.removeprefix(where).removeprefix(".").partition("[")[0]
    return key in bad or bool(_NEEDS.get(finding.code, set()) & bad)


def _first_of_each(asked: Sequence[tuple[Asked, str]]) -> tuple[tuple[Asked, str], ...]:
    return tuple({one.id: (one, where) for one, where in reversed(asked)}.values())[::-1]


def find_comparators(
    study: str, endpoint: str, years: float | None, library: Iterable[Comparator] | None = None
) -> tuple[Comparator, ...]:
    """The estimates of a study for one endpoint at one horizon."""
    known = load_library() if library is None else library
    return tuple(
        c
        for c in known
        if (c.study, c.endpoint, c.years) == (study, endpoint, years) and c.estimate is not None
    )


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


def _check_words(name: str, where: str, asked: Asked, study: Study) -> list[Finding]:
    """Words of a comparison that study.toml must know, and what it must say."""
    findings = []
    for key, word, known in (
        ("endpoint", asked.endpoint, [*study.endpoints]),
        ("origin", asked.origin, [*study.origins]),
    ):
        if word not in known:
            what = f"{word} is not known in study.toml"
            findings.append(
                _finding(name, f"{where}.{key}", "unknown-word", what, ", ".join(known), suggest(word, known))
            )
    endpoint = study.endpoints.get(asked.endpoint)
    if endpoint is not None and endpoint.competing:
        what = f"{asked.endpoint} has competing events, and is no survival"
        do = "Compare an endpoint without them"
        findings.append(_finding(name, f"{where}.endpoint", "competing", what, "", do))
    if bool(asked.study) == bool(asked.mixture):
        what = "a comparison needs either a study or a mixture"
        findings.append(_finding(name, where, "reference", what, "one of the two", "Name one of them"))
    words = [variable for variable, one in BY_NAME.items() if one.kind != "date"]
    if (asked.mixture or asked.by) and asked.by not in words:
        what = f"{asked.by} is not known" if asked.by else "the mixture does not say by which variable"
        findings.append(
            _finding(name, f"{where}.by", "unknown-word", what, ", ".join(words), suggest(asked.by, words))
        )
    return findings


def _check_asked(where: Where, asked: Asked, known: Sequence[Comparator]) -> Iterator[Finding]:
    """Studies that neither the library nor the study's own files hold."""
    names = list(dict.fromkeys(one.study for one in known))
    for study in asked.studies:
        if study not in names:
            place = f"{where.cell}.{'mixture' if asked.mixture else 'study'}"
            what = f"no comparator is called {study}"
            yield _finding(where.file, place, "no-comparator", what, "; ".join(names), suggest(study, names))


def _check(name: str, where: str, comparator: Comparator) -> list[Finding]:
    return [
        *_check_given(name, where, comparator),
        *_check_limits(name, where, comparator),
        *_check_columns(name, where, comparator),
    ]


def _check_given(name: str, where: str, comparator: Comparator) -> Iterator[Finding]:
    """One outcome in one form."""
    given = [key for key in ("estimate", "curve", "times") if getattr(comparator, key) not in (None, ())]
    if not given:
        what = "there is no outcome"
        yield _finding(name, where, "no-outcome", what, "estimate, curve or times", "Give one of them")
    if len(given) > 1:
        what = f"one outcome is given as {join(given)}"
        yield _finding(name, where, "contradiction", what, "one of them", "Make a table of each, or keep one")
    if comparator.years and comparator.estimate is None:
        what = "a horizon has no estimate"
        yield _finding(name, f"{where}.years", "no-estimate", what, "", "Add estimate, in percent")
    if comparator.curve and not comparator.risk_days:
        what = "a digitised curve has no numbers at risk"
        do = "Add risk_days, from 0, and at_risk, as printed beneath it"
        yield _finding(name, f"{where}.risk_days", "no-numbers", what, "", do)
    if comparator.risk_days and comparator.risk_days[0] != 0:
        what = f"the numbers at risk begin on day {comparator.risk_days[0]}"
        yield _finding(name, f"{where}.risk_days[1]", "day-0", what, "0", "Begin with day 0")
    for key in ("at_risk", "times"):
        size = {"at_risk": comparator.at_risk[:1], "times": (len(comparator.times),)}[key]
        if comparator.n and getattr(comparator, key) and size[0] != comparator.n:
            what = f"n is {comparator.n}, but {key} begins with {size[0]}"
            what = what if key == "at_risk" else f"n is {comparator.n}, but there are {size[0]} times"
            yield _finding(name, f"{where}.n", "contradiction", what, "one of the two", "Correct one")


def _check_limits(name: str, where: str, comparator: Comparator) -> Iterator[Finding]:
    lower, upper, estimate = comparator.lower, comparator.upper, comparator.estimate
    if (lower is None) != (upper is None):
        missing = "lower" if lower is None else "upper"
        what = f"the interval has no {missing} limit"
        yield _finding(name, where, "missing-key", what, "both limits or none", f"Add {missing}")
    if lower is not None and upper is not None and lower > upper:
        what = f"the interval falls from {lower:g} to {upper:g}"
        yield _finding(name, where, "contradiction", what, "lower, then upper", "Correct one of them")
        return
    if estimate is None:
        return
    most = (estimate * (100 - estimate)) ** 0.5
    if comparator.se is not None and 0 < most <= comparator.se:
        what = f"a standard error of {comparator.se:g} is none of a share of {estimate:g} %"
        yield _finding(
            name, f"{where}.se", "contradiction", what, f"less than {most:.1f}", "Correct one of them"
        )
    if (lower is not None and lower > estimate) or (upper is not None and upper < estimate):
        what = f"the interval {_plain(lower)}–{_plain(upper)} does not hold the estimate {estimate:g}"
        yield _finding(name, where, "contradiction", what, "", "Correct one of them")
    if None not in (lower, upper, comparator.se):
        width = ((upper or 0) - (lower or 0)) / 2 / normal_quantile(0.975)
        if not 0.5 < width / (comparator.se or 1) < 2:
            what = f"the interval {lower:g}–{upper:g} is that of a standard error of {width:.1f}, not {comparator.se:g}"
            yield _finding(name, f"{where}.se", "contradiction", what, "", "Correct one of them")


def _plain(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}"


def _check_columns(name: str, where: str, comparator: Comparator) -> Iterator[Finding]:
    """Columns that belong together: as long as each other, days that rise, values that do not."""
    for key, other, falls in (
        ("curve", "days", True),
        ("at_risk", "risk_days", True),
        ("events", "times", False),
    ):
        column, days = getattr(comparator, key), getattr(comparator, other)
        if len(days) != len(column):
            what = f"{key} has {len(column)} values for {len(days)} {other}"
            yield _finding(name, f"{where}.{key}", "lengths", what, "one a day", "Add or remove values")
        if not falls:
            continue
        for place in (i for i in range(1, len(days)) if days[i] <= days[i - 1]):
            what = f"day {days[place]} stands after day {days[place - 1]}"
            yield _finding(
                name, f"{where}.{other}[{place + 1}]", "order", what, "rising days", "Put them in order"
            )
        for place in (i for i in range(1, len(column)) if column[i] > column[i - 1]):
            verb = "rises" if key == "curve" else "grows"
            what = f"{key} {verb} from {column[place - 1]:g} to {column[place]:g}"
            yield _finding(
                name, f"{where}.{key}[{place + 1}]", verb, what, "a fall or no change", "Correct the value"
            )


def _finding(file: str, where: str, code: str, what: str, allowed: str, do: str) -> Finding:
    return Finding(
        Where(file, cell=where), f"comparators.{code}", Severity.FILE, what, allowed, do.rstrip(".")
    )


def _explain(model: type[Comparator] | type[Asked], name: str, where: str, detail: Any) -> Finding:
    place, key = f"{where}.{toml_path(detail['loc'])}", str(detail["loc"][-1])
    if detail["type"] == "extra_forbidden":
        allowed = list(model.model_fields)
        what = f"the key {key} is not known"
        return _finding(name, place, "unknown-key", what, ", ".join(allowed), suggest(key, allowed))
    if detail["type"] == "missing":
        return _finding(name, place, "missing-key", f"{key} is missing", "", f"Add {key}")
    return _finding(
        name, place, "wrong-value", f"found {found_in(detail)}", allowed_by(detail), "Change the value"
    )
