"""A claims file: the numbers of a paper as printed, one by one, checked and frozen.

The file is TOML. Every claim has an `id`, a `kind` and the `printed` string; the kind decides what else it
may carry. `load_claims` reads a file or refuses it with every problem at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from caseseries.evidence.printed import Printed, Rounding, parse_numbers
from caseseries.evidence.wording import find_doubts, without_level
from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.study.definition import Horizon, Sentence, Word, days_of
from caseseries.study.load import toml_path
from caseseries.study.refusals import allowed_by, found_in
from caseseries.study.toml import Unreadable, read_toml_file, suggest

UNSTATED = "unstated"
LIFETIME = 36_525  # days in 100 years
DAYS_IN = {
    "days": Fraction(1),
    "months": Fraction("30.4375"),
    "years": Fraction("365.25"),
    "percent": Fraction(1, 100),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Claim(_Part):
    """`quote` is the sentence the number stands in.

    To hold it against data: `result` names rows of results.json (one a number, or alternatives for a
    survival estimate), or `column` a column of listing.csv, over the lines whose other columns are as in `where`.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    printed: Sentence
    quote: str = ""
    result: tuple[str, ...] = ()
    column: str = ""
    where: dict[str, str] = Field(default_factory=dict)

    @property
    def numbers(self) -> tuple[Printed, ...]:
        return parse_numbers(without_level(self.printed))


class Count(_Claim):
    """How many cases, relapses, deaths, or first events (relapse or death) there were."""

    kind: Literal["count"]
    of: Literal["cases", "relapses", "deaths", "first events"]
    value: int | None = Field(default=None, ge=0)

    @property
    def number(self) -> int:
        return self.value if self.value is not None else int(self.numbers[0].value)


class EventDays(_Claim):
    """The days of events, counted from the base origin. A bare "death" is for papers that tell no relapses."""

    kind: Literal["event days"]
    event: Literal["relapse", "death without relapse", "death"]

    @property
    def days(self) -> tuple[int, ...]:
        return tuple(int(number.value) for number in self.numbers)


class DeathAfterRelapse(_Claim):
    """The case that relapsed on `relapse_day` died later, on `day` if that is printed."""

    kind: Literal["death after relapse"]
    relapse_day: int = Field(ge=0)
    day: int | None = Field(default=None, ge=0)
    label: str = "the case"


class MedianRange(_Claim):
    """A median with its range, as in "267 (58–1163)"; either may be missing.

    `of` is follow-up from `origin`, the gap from `origin` to the base origin, or any other value, which is
    only checked for itself.
    """

    kind: Literal["median and range"]
    of: Literal["follow-up", "gap", "value"]
    origin: str = ""
    among: Literal["all", "survivors", "unstated"] = "all"
    unit: Literal["days", "months", "years", "percent"] = "days"
    shows: Literal["median and range", "median", "range", "median and quartiles"] = "median and range"

    @property
    def median(self) -> Printed | None:
        return None if self.shows == "range" else self.numbers[0]

    @property
    def range(self) -> tuple[Printed, Printed] | None:
        return (self.numbers[-2], self.numbers[-1]) if self.shows in ("median and range", "range") else None


class Survival(_Claim):
    """A Kaplan–Meier estimate in percent at a horizon; `interval` says how its printed limits were computed."""

    kind: Literal["survival"]
    endpoint: Word
    origin: Sentence
    horizon: Horizon
    events: int | None = Field(default=None, ge=0)
    interval: Literal["none", "unstated", "log-log", "log", "plain", "arcsine", "bpcp"] = "none"

    @property
    def day(self) -> int:
        return days_of(self.horizon)


class AtRisk(_Claim):
    """A printed number at risk."""

    kind: Literal["at risk"]
    endpoint: Word
    origin: Word
    horizon: Horizon


class Proportion(_Claim):
    """A share of cases: "11/11", "82%", "9/11 (82%)", "55.6% (30.8–78.5)". `count` and `of` as far as known."""

    kind: Literal["proportion"]
    count: int | None = Field(default=None, ge=0)
    of: int | None = Field(default=None, ge=1)
    interval: Literal["none", "clopper-pearson", "wilson", "unstated"] = "none"


class Parts(_Claim):
    """Groups that should add up to a whole."""

    kind: Literal["parts"]
    parts: tuple[int, ...] = Field(min_length=2)
    of: int = Field(ge=1)


class Published(_Claim):
    """An estimate quoted from elsewhere, in percent; `studies` are ids of the comparator library."""

    kind: Literal["published"]
    studies: tuple[Sentence, ...] = Field(min_length=1)
    endpoint: Sentence
    horizon: Horizon


Claim = Annotated[
    Count | EventDays | DeathAfterRelapse | MedianRange | Survival | AtRisk | Proportion | Parts | Published,
    Field(discriminator="kind"),
]
MODELS: Mapping[str, type[_Claim]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Claim)[0])
}


class PrintedEndpoint(_Part):
    """`ends` says what ends the clock: the first event (EFS, DFS, RFS, PFS) or death (OS)."""

    label: Sentence
    ends: Literal["first event", "death"]


class ClaimsFile(_Part):
    """Everything a paper prints about one cohort. `base` is the latest origin: days are counted from it."""

    title: Sentence
    source: Sentence
    rounding: Literal["nearest", "truncated", "any"] = "nearest"
    case: Sentence = "patient"
    cases: Sentence = "patients"
    base: Word = "start"
    origins: dict[Word, Sentence] = Field(default_factory=lambda: {"start": "start"})
    endpoints: dict[Word, PrintedEndpoint] = Field(default_factory=dict)
    claims: tuple[Claim, ...] = Field(min_length=1)

    @property
    def rounds(self) -> Rounding:
        return Rounding(self.rounding)


def load_claims(path: Path) -> ClaimsFile:
    """The claims in a TOML file.

    Raises:
        StudyError: the file cannot be read, is not TOML, or breaks a rule; carries every finding.
    """
    data = read_toml_file(path, "a claims file")
    if isinstance(data, Unreadable):
        raise StudyError([_finding(path, "", *data)])
    try:
        file = ClaimsFile.model_validate(_tuples(data))
    except ValidationError as error:
        empty = not data.get("claims")
        details = (d for d in error.errors() if empty or (d["loc"], d["type"]) != (("claims",), "too_short"))
        told = [_explain(path, detail) for detail in details]
        sound, places = _keep_sound(data)
        more = (one for one in check_claims(sound, path, places) if one.code != "claims.no-size")
        raise StudyError([*told, *more]) from error
    if findings := [*check_claims(file, path)]:
        raise StudyError(findings)
    return file


def _keep_sound(data: Mapping[str, Any]) -> tuple[ClaimsFile, tuple[int, ...]]:
    """What is well formed in a file that is not, with the places of its claims, so that all else is told at once.

    A word defined in a table that is not well formed counts as defined.
    """
    listed = data.get("claims")
    sound: list[Claim] = []
    places = []
    for place, table in enumerate(listed if isinstance(listed, list) else (), start=1):
        try:
            sound.append(TypeAdapter(Claim).validate_python(_tuples(table)))
        except ValidationError:
            continue
        places.append(place)
    tables = {key: value for key in ("origins", "endpoints") if isinstance(value := data.get(key, {}), dict)}
    origins = tables.get("origins") or {"start": "start"}
    base = data.get("base")
    file = ClaimsFile.model_construct(
        title="",
        source="",
        base=base if isinstance(base, str) else next(iter(origins)),
        origins=origins,
        endpoints=tables.get("endpoints", {}),
        claims=tuple(sound),
    )
    return file, tuple(places)


def check_claims(file: ClaimsFile, path: Path, places: Sequence[int] = ()) -> Iterator[Finding]:
    """What a model cannot see by itself: numbers in the printed strings, words defined elsewhere, one id each.

    Args:
        places: where each claim stands in the file, from 1; in their order if left out.
    """
    numbered = list(zip(places or range(1, len(file.claims) + 1), file.claims, strict=True))
    for name, times in Counter(claim.id for claim in file.claims).items():
        if times > 1:
            yield _finding(
                path, "claims", "twice", f"{times} claims are called {name}", "one", "Rename the others"
            )
    yield from _unknown(path, "base", file.base, file.origins)
    yield from _check_counts(path, file)
    yield from _check_sizes(path, numbered)
    for number, claim in numbered:
        where = f"claims[{number}]"
        yield from _check_printed(path, where, claim)
        endpoint, origin = getattr(claim, "endpoint", None), getattr(claim, "origin", "")
        if isinstance(claim, Survival | AtRisk) and endpoint is not None:
            yield from _unknown(path, f"{where}.endpoint", endpoint, file.endpoints)
        if isinstance(claim, MedianRange) and claim.of == "gap" and origin in ("", file.base):
            allowed = [name for name in file.origins if name != file.base]
            what = f"a gap from {origin or 'no origin'} to {file.base} is none"
            do = "Say from which" if allowed else "Add the other origin to origins"
            yield _finding(path, f"{where}.origin", "gap", what, ", ".join(allowed), do)
        elif origin and origin != UNSTATED:
            yield from _unknown(path, f"{where}.origin", origin, file.origins)


def _check_counts(path: Path, file: ClaimsFile) -> Iterator[Finding]:
    counted = Counter(claim.of for claim in file.claims if isinstance(claim, Count))
    for counts, times in counted.items():
        if times > 1:
            yield _finding(
                path, "claims", "twice", f"{counts} are counted {times} times", "once", "Keep one count"
            )
    needs = [claim for claim in file.claims if isinstance(claim, Survival | AtRisk | EventDays)]
    if needs and not counted["cases"]:
        what = f"{needs[0].id} is about a cohort whose size is not claimed"
        yield _finding(
            path, "claims", "no-size", what, "", 'Add a claim with kind = "count" and of = "cases"'
        )
    bare = any(isinstance(claim, EventDays) and claim.event == "death" for claim in file.claims)
    if bare and any(_tells_relapses(claim, file) for claim in file.claims):
        what = 'event = "death" leaves open whether the death followed a relapse'
        do = 'Say "death without relapse", or use kind = "death after relapse"'
        yield _finding(path, "claims", "which-death", what, "", do)


def _tells_relapses(claim: _Claim, file: ClaimsFile) -> bool:
    """Whether it matters to the claim which deaths followed a relapse."""
    if isinstance(claim, Count):
        return claim.of in ("relapses", "first events")
    if isinstance(claim, Survival | AtRisk):
        endpoint = file.endpoints.get(claim.endpoint)
        return isinstance(endpoint, PrintedEndpoint) and endpoint.ends == "first event"
    return isinstance(claim, DeathAfterRelapse) or (isinstance(claim, EventDays) and claim.event == "relapse")


def _check_sizes(path: Path, numbered: Sequence[tuple[int, _Claim]]) -> Iterator[Finding]:
    """No more of anything than there are cases, and no more days of an event than there are such events."""
    counts = {
        c.of: c.number for _, c in numbered if isinstance(c, Count) and (c.numbers or c.value is not None)
    }
    cases = counts.get("cases")
    if cases is None:
        return
    for place, claim in numbered:
        if isinstance(claim, Count) and claim.of != "cases" and counts.get(claim.of, 0) > cases:
            what, where = f"{counts[claim.of]} {claim.of} in {cases} cases", f"claims[{place}]"
        elif isinstance(claim, Survival) and (claim.events or 0) > cases:
            what, where = f"{claim.events} events in {cases} cases", f"claims[{place}].events"
        elif isinstance(claim, EventDays) and len(claim.numbers) > (most := _most_days(claim, counts)):
            what, where = f"{len(claim.numbers)} days of {claim.event} for {most}", f"claims[{place}].printed"
        else:
            continue
        yield _finding(path, where, "too-many", what, "a count up to the total", "Correct one of them")


def _most_days(claim: EventDays, counts: Mapping[Any, int]) -> int:
    return counts.get("relapses" if claim.event == "relapse" else "deaths", counts["cases"])


NEEDED = {"survival": 1, "at risk": 1, "published": 1, "event days": 1}
PERCENT = ("survival", "published")


def _check_printed(path: Path, where: str, claim: _Claim) -> Iterator[Finding]:
    kind, numbers = str(getattr(claim, "kind", "")), claim.numbers
    needed = NEEDED.get(kind, 0)
    if isinstance(claim, MedianRange):
        needed = {"median": 1, "range": 2}.get(claim.shows, 3)
    if isinstance(claim, Survival | Proportion) and claim.interval != "none":
        needed = 3
    if isinstance(claim, Count) and claim.value is None:
        needed = 1
    if len(numbers) < needed:
        what = f'"{claim.printed}" holds {len(numbers)} number{"s" * (len(numbers) != 1)}'
        yield _finding(
            path, f"{where}.printed", "numbers", what, f"at least {needed}", "Print it as the paper does"
        )
    shares = numbers if kind in PERCENT else _percents(claim)
    for number in shares:
        if not 0 <= number.value <= 100:
            what = f"{number.text} % is not a percentage"
            yield _finding(path, f"{where}.printed", "percent", what, "0 to 100", "Correct the number")
    yield from _check_whole(path, where, claim)
    yield from _check_days(path, where, claim)
    for doubt in find_doubts(claim.model_dump()):
        yield _finding(path, f"{where}.{doubt.field}", "doubt", doubt.what, doubt.allowed, doubt.do)


def _percents(claim: _Claim) -> tuple[Printed, ...]:
    return share_of(claim)[1] if isinstance(claim, Proportion) else ()


def _check_days(path: Path, where: str, claim: _Claim) -> Iterator[Finding]:
    """Days are whole, and nothing is further off than a lifetime."""
    if isinstance(claim, EventDays):
        for number in claim.numbers:
            if number.value.denominator != 1 or not 0 <= number.value <= LIFETIME:
                what, allowed = f"{number.text} is not a day", f"whole days from 0 to {LIFETIME}"
                yield _finding(path, f"{where}.printed", "day", what, allowed, "Correct the number")
    if isinstance(claim, MedianRange) and claim.of != "value":
        for number in claim.numbers:
            if not 0 <= number.value * DAYS_IN[claim.unit] <= LIFETIME:
                what = f"{number.text} {claim.unit} is beyond a lifetime"
                yield _finding(
                    path,
                    f"{where}.printed",
                    "day",
                    what,
                    f"0 to {LIFETIME} days",
                    "Correct the number or unit",
                )
    horizon = getattr(claim, "horizon", "")
    if horizon and days_of(horizon) > LIFETIME:
        what = f"{horizon} is beyond a lifetime"
        yield _finding(path, f"{where}.horizon", "day", what, f"up to {LIFETIME} days", "Correct the horizon")


def _check_whole(path: Path, where: str, claim: _Claim) -> Iterator[Finding]:
    numbers = claim.numbers[:1] if isinstance(claim, AtRisk) else ()
    if isinstance(claim, Count) and claim.value is None:
        numbers = claim.numbers[:1]
    for number in numbers:
        if number.value.denominator != 1 or number.value < 0:
            what = f"{number.text} is not a number of cases"
            yield _finding(
                path, f"{where}.printed", "whole", what, "a whole number from 0", "Correct the number"
            )
    if isinstance(claim, Count) and claim.of == "cases" and 0 in {claim.value, *(n.value for n in numbers)}:
        what = "a cohort of 0 cases has no outcome"
        yield _finding(path, where, "no-cases", what, "a whole number from 1", "Correct the number")
    if isinstance(claim, Proportion):
        yield from _check_share(path, where, claim)


def _check_share(path: Path, where: str, claim: Proportion) -> Iterator[Finding]:
    written, _ = share_of(claim)
    for name, given, stands in zip(
        ("count", "of"), (claim.count, claim.of), written or (None, None), strict=True
    ):
        if given is not None and stands is not None and given != stands:
            what = f'{name} is {given}, but "{claim.printed}" says {stands}'
            yield _finding(
                path, f"{where}.{name}", "contradiction", what, "one of the two", "Remove the wrong one"
            )
    count, of = written or (claim.count, claim.of)
    if count is not None and of is not None and count > of:
        what = f"{count} of {of} is more than all"
        yield _finding(path, where, "contradiction", what, "a count up to the total", "Correct one of them")


def share_of(claim: Proportion) -> tuple[tuple[int, int] | None, tuple[Printed, ...]]:
    """The "x/n" in the printed string, if there is one, and the percentages: estimate, then its limits."""
    text = without_level(claim.printed)
    before, slash, after = text.partition("/")
    if not slash:
        return None, claim.numbers
    head, tail = parse_numbers(before), parse_numbers(after)
    if not head or not tail:
        return None, claim.numbers
    return (int(head[-1].value), int(tail[0].value)), tail[1:]


def _unknown(path: Path, where: str, word: str, known: Iterable[str]) -> Iterator[Finding]:
    allowed = list(known)
    if word not in allowed:
        what = f"{word} is not known here"
        yield _finding(path, where, "unknown-word", what, ", ".join(allowed), suggest(word, allowed))


def _tuples(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_tuples(item) for item in data)
    return {key: _tuples(value) for key, value in data.items()} if isinstance(data, dict) else data


def _finding(path: Path, where: str, code: str, what: str, allowed: str, do: str) -> Finding:
    return Finding(
        Where(path.name, cell=where), f"claims.{code}", Severity.FILE, what, allowed, do.rstrip(".")
    )


def _explain(path: Path, detail: ErrorDetails) -> Finding:
    """One pydantic refusal as our sentence; the name of the union member is no part of the user's path."""
    location = tuple(part for place, part in enumerate(detail["loc"]) if place != 2 or part not in MODELS)
    where, kind, key = toml_path(location).removesuffix(".[key]"), detail["type"], str(detail["loc"][-1])
    if kind == "extra_forbidden":
        allowed = [name for name in _fields(detail["loc"][:-1])]
        return _finding(
            path,
            where,
            "unknown-key",
            f"the key {key} is not known",
            ", ".join(allowed),
            suggest(key, allowed),
        )
    if kind == "missing":
        return _finding(path, where, "missing-key", f"{key} is missing", "", f"Add {key}")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = detail["input"].get("kind", "")
        given = kinds if isinstance(kinds, str) else ""
        what = f"the kind {given} is not known" if given else "the claim has no kind, or one that is no text"
        do = suggest(given, MODELS) if given else "Say which it is"
        return _finding(path, f"{where}.kind", "kind", what, ", ".join(MODELS), do)
    return _finding(
        path, where, "wrong-value", f"found {found_in(detail)}", allowed_by(detail), "Change the value"
    )


def _fields(location: tuple[int | str, ...]) -> Iterable[str]:
    if location and location[0] == "claims":
        return MODELS[str(location[-1])].model_fields
    return PrintedEndpoint.model_fields if location else ClaimsFile.model_fields
