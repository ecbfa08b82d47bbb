"""What hospitals call our columns, and the words they write in them: `headings.toml`, made fit for one protocol.

Nothing is matched here. Every phrase leads to the columns it may stand for; the reader of returns shows what it made
of a sheet, and a person confirms it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from caseseries.study.definition import Study
from caseseries.study.forms import Form, forms_of
from caseseries.study.toml import read_toml

FILE = "headings.toml"


@dataclass(frozen=True, order=True)
class Target:
    """What a heading may stand for: a column of a form, on a line of its own where `group` is not empty.

    `sets` are the words of other columns that such a heading implies: "Date of relapse" is a date, and the event is a
    relapse.
    """

    form: str
    column: str
    group: str = ""
    sets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """Phrases to targets (`own` ones only on a sheet about their form), and words to the choices of a column."""

    phrases: Mapping[str, tuple[Target, ...]]
    own: Mapping[str, tuple[Target, ...]]
    sheets: Mapping[str, str]
    words: Mapping[tuple[str, str], Mapping[str, str]]
    same: Mapping[str, str]
    noise: frozenset[str]


def load_vocabulary(study: Study) -> Vocabulary:
    """The vocabulary of one protocol: its treatments, its kinds of toxicity, the headings of its template."""
    data = read_toml(files("caseseries.study").joinpath(FILE).read_text(encoding="utf-8"))
    forms = forms_of(study)
    return Vocabulary(
        _gather(_phrases(data, forms, study)),
        _gather(_columns(data, forms, "own")),
        {name: form.name for form in forms for name in (form.sheet, *data[form.name].get("sheets", ()))},
        {(form, column): words for form, column, words in _words(data, forms, study)},
        {word: name for name, others in data["same"].items() for word in others},
        frozenset(data["noise"]),
    )


def _gather(found: Iterable[tuple[str, Target]]) -> Mapping[str, tuple[Target, ...]]:
    gathered: dict[str, dict[Target, None]] = defaultdict(dict)
    for phrase, target in found:
        gathered[phrase][target] = None
    return {phrase: tuple(targets) for phrase, targets in gathered.items()}


def _phrases(data: Mapping[str, Any], forms: Sequence[Form], study: Study) -> Iterator[tuple[str, Target]]:
    for form in forms:
        for column in form.columns:
            yield column.heading, Target(form.name, column.name)
    yield from _columns(data, forms, "headings")
    yield from _groups(data, study)
    yield from _toxicities(data, study)


def _columns(data: Mapping[str, Any], forms: Sequence[Form], kind: str) -> Iterator[tuple[str, Target]]:
    for form in forms:
        for column in form.columns:
            for phrase in data[form.name].get(column.name, {}).get(kind, ()):
                yield phrase, Target(form.name, column.name)


def _groups(data: Mapping[str, Any], study: Study) -> Iterator[tuple[str, Target]]:
    index = study.index.treatment
    names = dict.fromkeys((index, study.index.label, *study.index.other_names, *data["drugs"].get(index, ())))
    for group, columns in data["groups"].items():
        sets = tuple((column, word.format(index=index)) for column, word in columns["sets"].items())
        if ("treatment", "CAR-T (CD19)") in sets and "CAR-T (CD19)" not in study.treatments:
            continue
        for column, phrases in columns.items():
            if column not in ("form", "sets"):
                target = Target(columns["form"], column, group, sets)
                yield from ((phrase.format(index=name), target) for phrase in phrases for name in names)


def _toxicities(data: Mapping[str, Any], study: Study) -> Iterator[tuple[str, Target]]:
    known = data["toxicity"]["toxicity"]["words"]
    for kind in study.toxicity.kinds.values():
        for column, phrases in data["each_toxicity"].items():
            target = Target("toxicity", column, kind, (("toxicity", kind),))
            for name in (kind, *known.get(kind, ())):
                yield from ((phrase.format(kind=name), target) for phrase in phrases)


def _words(
    data: Mapping[str, Any], forms: Sequence[Form], study: Study
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for form in forms:
        for column in form.columns:
            listed = data[form.name].get(column.name, {}).get("words", {})
            if column.name == "treatment":
                listed = {name: data["drugs"].get(name, ()) for name in study.treatments}
                index = study.index.treatment
                listed[index] = (*listed[index], *(name.casefold() for name in study.index.other_names))
            words = _unambiguous(column.choices, listed)
            if words:
                yield form.name, column.name, words


def _unambiguous(choices: Sequence[str], listed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Words by their choice; a word of two choices of this study is left to be asked about."""
    meant: dict[str, set[str]] = defaultdict(set)
    for choice in choices:
        for word in listed.get(choice, ()):
            meant[word].add(choice)
    return {word: only for word, (only, *others) in meant.items() if not others}
