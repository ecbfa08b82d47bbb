"""study.toml to a Study: every problem at once, each with its TOML path and a suggestion if one is close."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from caseseries.findings import Finding, Severity, StudyError, Where
from caseseries.study.definition import Rule, Study
from caseseries.study.forms import forms_of
from caseseries.study.refusals import allowed_by, found_in, mend, refusals_in
from caseseries.study.toml import TOML, read_toml, suggest
from caseseries.study.variables import BY_NAME

FILE = "study.toml"

CONDITIONS = {
    "number": ("at_least", "at_most"),
    "category": ("one_of",),
    "yes_no": ("is_yes",),
    "date": ("from_date", "to_date"),
}


def load_study(folder: Path) -> Study:
    """The protocol in `folder`/study.toml.

    Raises:
        StudyError: the file is missing, is not TOML, or breaks a rule; carries every finding.
    """
    text = _read_text(folder / FILE)
    try:
        data = read_toml(text)
    except ValueError as error:
        raise StudyError([_finding("", "toml", str(error), TOML, "Mend the line named")]) from error
    try:
        study = Study.model_validate(_frozen(data))
    except ValidationError as error:
        raise StudyError([_explain(detail) for detail in refusals_in(error)]) from error
    if findings := [*_check_references(study)]:
        raise StudyError(findings)
    return study


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        what = f"there is no {FILE} in {path.parent}"
        do = "Name a study folder, or make one with: caseseries new DIR"
        raise StudyError([_finding("", "no-study", what, "", do)]) from error
    except UnicodeDecodeError as error:
        what, do = "the text is not in UTF-8", "Save it again with that encoding"
        raise StudyError([_finding("", "unreadable", what, "a UTF-8 text file", do)]) from error
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise StudyError(
            [_finding("", "unreadable", what, "a text file", "Look at its permissions")]
        ) from error


def _frozen(data: Any) -> Any:
    """TOML arrays as tuples, because a frozen protocol holds no lists."""
    if isinstance(data, list):
        return tuple(_frozen(item) for item in data)
    if isinstance(data, dict):
        return {key: _frozen(value) for key, value in data.items()}
    return data


def _finding(path: str, code: str, what: str, allowed: str, do: str) -> Finding:
    return Finding(Where(FILE, cell=path), f"study.{code}", Severity.STUDY, what, allowed, do)


def _explain(detail: ErrorDetails) -> Finding:
    """One pydantic refusal as our sentence. Union and internal detail never reach the user."""
    path, kind = toml_path(detail["loc"]), detail["type"]
    key = str(detail["loc"][-1])
    if kind == "extra_forbidden":
        allowed = _keys_at(detail["loc"][:-1])
        return _finding(
            path, "unknown-key", f"the key {key} is not known", ", ".join(allowed), suggest(key, allowed)
        )
    if kind == "missing":
        return _finding(
            path, "missing-key", f"{key} is missing", "", f"Add {key}; 'caseseries new' writes an example"
        )
    return _finding(path, "wrong-value", f"found {found_in(detail)}", allowed_by(detail), mend(detail))


def toml_path(location: tuple[int | str, ...]) -> str:
    """("eligibility", 2, "reason") as a reader of the file would count it: eligibility[3].reason.

    Pydantic adds "[key]" where the name of a key is refused, which stands in the path already.
    """
    named = (part for part in location if part != "[key]")
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in named)
    return "".join(parts).removeprefix(".")


def _keys_at(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys the protocol knows at a TOML path, by walking the models."""
    model: Any = Study
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = _inner(model.model_fields[str(part)].annotation)
    return tuple(model.model_fields)


def _inner(annotation: Any) -> Any:
    """The model inside `tuple[Rule, ...]` or `dict[str, Origin]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return argument
    return annotation


def _check_references(study: Study) -> Iterator[Finding]:
    yield from _unknown("index.treatment", [study.index.treatment], study.treatments)
    for number, wanted in enumerate(study.estimates, start=1):
        yield from _unknown(f"estimates[{number}].endpoint", [wanted.endpoint], study.endpoints)
        yield from _unknown(f"estimates[{number}].origins", wanted.origins, study.origins)
    yield from _check_window(study)
    yield from _unknown("response.before_in", study.before_in, study.remissions)
    yield from _check_asked_once(study)
    yield from _check_names(study)
    yield from _unknown("report.characteristics", study.report.characteristics, BY_NAME)
    choices = {column.name: column.choices for form in forms_of(study) for column in form.columns}
    for number, rule in enumerate(study.eligibility, start=1):
        yield from _check_rule(f"eligibility[{number}]", rule, choices)
    for name, endpoint in study.endpoints.items():
        if both := sorted(set(endpoint.events) & set(endpoint.competing)):
            what = f"{both[0]} is both an event and a competing event"
            yield _finding(
                f"endpoints.{name}", "contradiction", what, "one or the other", "Remove one of the two"
            )


TOO_EARLY = ("birth", "diagnosis", "index")


def _check_window(study: Study) -> Iterator[Finding]:
    """The origin that ends the time after treatment must be able to come after it."""
    path, until = "response.after_until", study.response.after_until
    if until is None:
        return
    yield from _unknown(path, [until], study.origins)
    if until in study.origins and study.origins[until].event in TOO_EARLY:
        what = f"{until} is not later than the start of {study.index.label}, so no specimen could be after it"
        later = [name for name, origin in study.origins.items() if origin.event not in TOO_EARLY]
        do = "Name a later origin, or leave it out; after_within_days ends the time by days"
        yield _finding(path, "no-time", what, ", ".join(later), do)


def _check_asked_once(study: Study) -> Iterator[Finding]:
    """An endpoint from an origin has one list of horizons."""
    asked: dict[tuple[str, str], int] = {}
    for number, wanted in enumerate(study.estimates, start=1):
        for origin in dict.fromkeys(wanted.origins):
            first = asked.setdefault((wanted.endpoint, origin), number)
            if first != number:
                what = f"{wanted.endpoint} from {origin} is asked for in estimates[{first}] too"
                do = f"Put its horizons into estimates[{first}]"
                yield _finding(f"estimates[{number}].origins", "twice", what, "each pair once", do)


def _check_names(study: Study) -> Iterator[Finding]:
    """What is printed under one name must be one thing: curves, exported parameters, toxicities."""
    origins, endpoints, kinds = study.origins.items(), study.endpoints.items(), study.toxicity.kinds.items()
    for path, end, named in (
        ("origins", ".label", [(name, origin.label) for name, origin in origins]),
        ("endpoints", ".label", [(name, endpoint.label) for name, endpoint in endpoints]),
        ("endpoints", ".short", [(name, endpoint.short) for name, endpoint in endpoints]),
        ("toxicity.kinds", "", list(kinds)),
    ):
        first: dict[str, str] = {}
        for name, words in named:
            other = first.setdefault(words.casefold(), name)
            if other != name:
                what = f"“{words}” is the name of {other} too"
                yield _finding(
                    f"{path}.{name}{end}", "same-name", what, "a name for each", "Rename one of them"
                )


def _check_rule(path: str, rule: Rule, choices: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    variable = BY_NAME.get(rule.variable)
    if variable is None:
        yield from _unknown(f"{path}.variable", [rule.variable], BY_NAME)
        return
    allowed = CONDITIONS[variable.kind]
    given = [name for names in CONDITIONS.values() for name in names if getattr(rule, name) is not None]
    if not given:
        what = f"the rule on {rule.variable} has no condition"
        yield _finding(path, "no-condition", what, " or ".join(allowed), "Add one")
    for name in (name for name in given if name not in allowed):
        what = f"{name} cannot be asked of {rule.variable}, which is a {variable.kind.replace('_', '/')}"
        yield _finding(f"{path}.{name}", "wrong-condition", what, " or ".join(allowed), "Use one of those")
    if rule.one_of is not None and choices.get(rule.variable):
        yield from _unknown(f"{path}.one_of", rule.one_of, choices[rule.variable])
    for low, high in (("at_least", "at_most"), ("from_date", "to_date")):
        least, most = getattr(rule, low), getattr(rule, high)
        if least is not None and most is not None and least > most:
            what = f"{low} {least} is above {high} {most}, so that nobody can meet the rule"
            yield _finding(path, "contradiction", what, f"{low} up to {high}", "Correct one of them")


def _unknown(path: str, words: Iterable[str], allowed: Iterable[str]) -> Iterator[Finding]:
    known = list(allowed)
    between = "; " if any("," in word for word in known) else ", "
    for word in words:
        if word not in known:
            yield _finding(
                path, "unknown-word", f"{word} is not known here", between.join(known), suggest(word, known)
            )
