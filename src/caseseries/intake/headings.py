"""A centre's heading to the columns it may stand for: by meaning, with its unit and its number understood apart.

What fits word for word is shown and confirmed with the sheet; what only looks alike is asked about by itself.
"""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from caseseries.intake.spelling import LOOK_ALIKE, clean, fold
from caseseries.intake.units import dose_unit_of, unit_of
from caseseries.study.definition import Study
from caseseries.study.forms import Column, Form, forms_of
from caseseries.study.headings import Target, Vocabulary, load_vocabulary

Counts = npt.NDArray[np.integer[Any]]
Entry = tuple[tuple[str, ...], tuple[Target, ...]]

NEAR, CLEARLY = 0.82, 0.04
CLASSES = 64  # of letters
SHOWN = 4  # proposals in a question

FORMAT = re.compile(
    r"[(\[]?\b((?:dd?|mm?|yyyy|yy|tt|jjjj|jj|aaaa)(?:[-/. ](?:dd?|mm?|yyyy|yy|tt|jjjj|jj|aaaa)){1,2})\b[)\]]?"
)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b")
NOT_A_LETTER = re.compile(r"[^\w+♀♂]+|_")
ORDINALS = {
    "first": "1",
    "second": "2",
    "third": "3",
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "erste": "1",
    "zweite": "2",
}
COUNTED = re.compile(r"(?:c|cycle)?(\d)")
TIMES = frozenset(
    (
        "before",
        "after",
        "start",
        "end",
        "cycle",
        "day",
        "week",
        "diagnosis",
        "transplant",
        "relapse",
        "remission",
        "induction",
    )
)
NAMES = frozenset(  # what a person is called by, and never a case
    (
        *(
            "name",
            "names",
            "surname",
            "forename",
            "firstname",
            "lastname",
            "initials",
            "mrn",
            "nhs",
            "hospital",
        ),
        *("nachname", "vorname", "familienname", "nom", "prenom", "nombre", "apellido", "apellidos"),
    )
)
A_DAY = re.compile(r"d\+?\d{1,3}|\d{1,3}")


@dataclass(frozen=True)
class Meaning:
    """What a heading says: where its cells go, in which unit, and which line of a child's several it is."""

    target: Target
    unit: str = ""
    order: str = ""
    number: str = ""
    is_ours: bool = False

    @property
    def line(self) -> tuple[str, str]:
        """Columns of one form with the same line stand together."""
        return self.target.group, "" if self.number == "1" else self.number


@dataclass(frozen=True)
class Match:
    """A heading and its meanings: one when it is certain, several when somebody must choose, none when unknown.

    Certain and without a meaning is what a person said is none of the study's columns, or has not said yet.
    """

    heading: str
    meanings: tuple[Meaning, ...] = ()
    is_certain: bool = False


@dataclass(frozen=True)
class Lexicon:
    """A study's forms and vocabulary, by the keys that headings are looked up with; made when first asked for, since a
    return on the template asks for nothing.
    """

    study: Study

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return forms_of(self.study)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return load_vocabulary(self.study)

    @cached_property
    def keys(self) -> Mapping[tuple[str, ...], tuple[Target, ...]]:
        return self._keyed(self.vocabulary.phrases)

    @cached_property
    def own(self) -> Mapping[tuple[str, ...], tuple[Target, ...]]:
        return self._keyed(self.vocabulary.own)

    @cached_property
    def counted(self) -> tuple[Sequence[Entry], Counts]:
        """All keys with their targets, and the letters of each: (keys, classes)."""
        entries = (*self.keys.items(), *self.own.items())
        return entries, np.stack([_count_letters(" ".join(key)) for key, _ in entries])

    def alike(self, word: str) -> Iterator[Entry]:
        """The keys that share enough letters with a word to be near it, in whatever order: few of some hundreds."""
        entries, counts = self.counted
        shared = np.minimum(counts, _count_letters(word)).sum(axis=1)
        bounds = 2 * shared / (counts.sum(axis=1) + len(word))  # on difflib's ratio
        yield from (entries[place] for place in np.flatnonzero(bounds >= NEAR).tolist())

    @cached_property
    def matched(self) -> dict[tuple[str, str], Match]:
        """Headings that were looked up before, with the form of their sheet: many sheets have the same."""
        return {}

    @cached_property
    def drugs(self) -> frozenset[str]:
        """Tokens of the names of treatments."""
        names = [
            word
            for (_, column), words in self.vocabulary.words.items()
            if column == "treatment"
            for word in words
        ]
        names += [
            choice
            for form in self.forms
            if form.name == "treatment"
            for choice in form.column("treatment").choices
        ]
        return frozenset(token for name in names for token in self.tokens(name))

    def _keyed(
        self, phrases: Mapping[str, tuple[Target, ...]]
    ) -> Mapping[tuple[str, ...], tuple[Target, ...]]:
        keyed: dict[tuple[str, ...], dict[Target, None]] = defaultdict(dict)
        for phrase, targets in phrases.items():
            words, _ = unit_of(phrase)
            keyed[self.key(words)] |= dict.fromkeys(targets)
        return {key: tuple(targets) for key, targets in keyed.items()}

    def tokens(self, text: str) -> list[str]:
        """Words without accents, small words and punctuation; each group of like words as one."""
        found = []
        whole = DOTTED.sub(lambda match: match[0].replace(".", ""), plain(CAMEL.sub(" ", text)))
        for word in NOT_A_LETTER.sub(" ", whole.replace("f/u", "fu")).split():
            same = self.vocabulary.same.get(word, word)
            if same not in self.vocabulary.noise:
                found.append(ORDINALS.get(same, same))
        return found

    def key(self, text: str) -> tuple[str, ...]:
        return tuple(sorted(set(self.tokens(text))))

    @cached_property
    def every_target(self) -> Mapping[str, Target]:
        """Whatever a heading may stand for, by its words, in the order of the forms; the case id once."""
        found = {target for targets in self.vocabulary.phrases.values() for target in targets}
        place = {
            (form.name, column.name): (i, j)
            for i, form in enumerate(self.forms)
            for j, column in enumerate(form.columns)
        }
        ordered = sorted(found, key=lambda each: (each.form, each.group, each.column))
        ordered.sort(
            key=lambda each: (place[each.form, each.column][0], each.group, place[each.form, each.column])
        )
        once = [
            target for target in ordered if target.column != "case_id" or target.form == self.forms[0].name
        ]
        return {self.describe(Meaning(target)): target for target in once}

    @cached_property
    def dose_unit(self) -> str:
        """The protocol's unit of doses, as a heading's unit is written here."""
        return dose_unit_of(self.study.index.dose_unit)[1] or self.study.index.dose_unit

    def is_in_our_unit(self, meaning: Meaning) -> bool:
        """Whether a heading leaves the unit of its doses open or names the protocol's; other columns have one unit, or
        several that are understood."""
        return meaning.target.column != "dose" or meaning.unit in ("", self.dose_unit)

    def form(self, name: str) -> Form:
        return next(form for form in self.forms if form.name == name)

    def column(self, target: Target) -> Column:
        return self.form(target.form).column(target.column)

    def describe(self, meaning: Meaning) -> str:
        """A meaning in the words of our template: "Follow-up: Date (relapse, 2)"."""
        target = meaning.target
        more = [word for _, word in target.sets] + ([meaning.number] if meaning.number else [])
        form = self.form(target.form)
        return f"{form.sheet}: {form.column(target.column).heading}" + (
            f" ({', '.join(more)})" if more else ""
        )

    def sheet_form(self, name: str) -> str:
        """The form a sheet's name speaks of; empty when none, or several."""
        said = set(self.tokens(name))
        found = {
            form for words, form in self.vocabulary.sheets.items() if said and set(self.tokens(words)) <= said
        }
        return found.pop() if len(found) == 1 else ""


def plain(text: str) -> str:
    """Lower case, without accents, look-alike letters made Latin."""
    decomposed = unicodedata.normalize("NFKD", fold(text.translate(LOOK_ALIKE)).replace("ß", "ss"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def match_heading(text: str, lexicon: Lexicon, form: str = "") -> Match:
    """What one heading may stand for on a sheet about `form` (empty when it is about several)."""
    said = clean(text).rstrip("*: ")
    rest, unit = unit_of(said)
    order, rest = _order_in(rest)
    for is_alike in (False, True):
        if is_alike and (dose := _match_dose(text, said, lexicon, form)).meanings:
            return dose
        found = _look_up(rest, lexicon, form, is_alike=is_alike)
        found = _settle_level(found, unit)
        if names_a_person(text):
            found = [(target, number) for target, number in found if target.column != "case_id"]
        if found:
            exact = {fold(lexicon.column(target).heading) for target, _ in found if not target.group}
            is_ours = fold(clean(text).rstrip("* ")) in exact
            meanings = tuple(
                Meaning(target, _unit_for(target, said), order, number, is_ours)
                for target, number in found[:SHOWN]
            )
            is_certain = not is_alike and len(meanings) == 1 and lexicon.is_in_our_unit(meanings[0])
            return Match(text, meanings, is_certain)
    return Match(text)


def _match_dose(text: str, said: str, lexicon: Lexicon, form: str) -> Match:
    """A dose under a heading that names its unit; asked about by itself where that is not the protocol's."""
    words, unit = dose_unit_of(said)
    found = _look_up(words, lexicon, form, is_alike=False) if unit else []
    meanings = tuple(
        Meaning(target, unit, "", number) for target, number in found[:SHOWN] if target.column == "dose"
    )
    return Match(text, meanings, len(meanings) == 1 and lexicon.is_in_our_unit(meanings[0]))


def _unit_for(target: Target, said: str) -> str:
    """The unit that a heading names, as far as the column has one."""
    return dose_unit_of(said)[1] if target.column == "dose" else unit_of(said)[1]


def names_a_person(heading: str) -> bool:
    """Whether a heading is of what a person is called by, which is no case id whatever it looks like."""
    return bool(NAMES & set(NOT_A_LETTER.sub(" ", plain(heading)).split()))


def meaning_as(text: str, target: Target, lexicon: Lexicon) -> Meaning:
    """A heading that a person says stands for `target`: its unit, order and number are still its own."""
    said = clean(text).rstrip("*: ")
    order, rest = _order_in(unit_of(said)[0])
    readings = _readings(lexicon.tokens(rest), lexicon)
    numbers = [
        number for _, number, is_timed in readings if number and (not is_timed or target.form == "specimens")
    ]
    return Meaning(target, _unit_for(target, said), order, numbers[0] if numbers else "")


def _settle_level(found: list[tuple[Target, str]], unit: str) -> list[tuple[Target, str]]:
    """“MRD” with a unit is a level, without one whatever the laboratory said; both are read alike."""
    columns = {target.column for target, _ in found}
    other = "mrd_result" if unit else "mrd_percent"
    if {"mrd_result", "mrd_percent"} <= columns:
        return [(target, number) for target, number in found if target.column != other]
    return found


def _order_in(text: str) -> tuple[str, str]:
    """A date's format given in the heading tells the order of day and month."""
    match = FORMAT.search(text.casefold())
    if not match:
        return "", text
    parts = re.split(r"[-/. ]", match[1])
    rest = text[: match.start()] + " " + text[match.end() :]
    if len(parts) < 3 or parts[0][0] not in "dtm":
        return "", rest
    return "month first" if parts[0][0] == "m" else "day first", rest


def _look_up(text: str, lexicon: Lexicon, form: str, *, is_alike: bool) -> list[tuple[Target, str]]:
    """The targets of a heading, first as it stands, then without its number, then without the time it speaks of."""
    tokens = lexicon.tokens(text)
    for rest, number, is_timed in _readings(tokens, lexicon):
        key = tuple(sorted(set(rest)))
        found = _near(key, lexicon, form) if is_alike else _exact(key, lexicon, form)
        found = [target for target in found if not is_timed or target.form == "specimens"]
        if found:
            return [(target, number) for target in found]
    return []


def _readings(tokens: list[str], lexicon: Lexicon) -> Iterable[tuple[list[str], str, bool]]:
    yield tokens, "", False
    counted = [COUNTED.fullmatch(token) for token in tokens]
    numbers = [match[1] for match in counted if match]
    rest = [token for token, match in zip(tokens, counted, strict=True) if not match]
    keeps_cycle = any(
        token.startswith("c") and match for token, match in zip(tokens, counted, strict=True) if match
    )
    if len(numbers) == 1:
        yield rest + (["cycle"] if keeps_cycle and "cycle" not in rest else []), numbers[0], False
        yield rest, numbers[0], False
    times = [
        token
        for token in tokens
        if token in TIMES or token in lexicon.drugs or A_DAY.fullmatch(token) or COUNTED.fullmatch(token)
    ]
    if times and len(times) < len(tokens):
        yield [token for token in tokens if token not in times], " ".join(times), True


def _exact(key: tuple[str, ...], lexicon: Lexicon, form: str) -> list[Target]:
    own = [target for target in lexicon.own.get(key, ()) if target.form == form]
    found = own or list(lexicon.keys.get(key, ()))
    here = [target for target in found if target.form == form and not target.group]
    case_ids = [target for target in found if target.column == "case_id"]
    return here or case_ids[:1] or _grouped(found, form)


def _grouped(found: list[Target], form: str) -> list[Target]:
    """On a sheet about no single form, a column that comes with its event is meant, not the bare one of the form."""
    grouped = [target for target in found if target.group]
    if not form and grouped:
        return [
            target for target in found if target.group or target.form not in {each.form for each in grouped}
        ]
    return found


def _count_letters(text: str) -> Counts:
    """How often each letter occurs; letters of one class, which are rarely in one text, count as the same."""
    return np.bincount([ord(letter) % CLASSES for letter in text], minlength=CLASSES)


def _near(key: tuple[str, ...], lexicon: Lexicon, form: str) -> list[Target]:
    word = " ".join(key)
    if len(word) < 4:
        return []
    scored: dict[Target, float] = {}
    for known, targets in lexicon.alike(word):
        score = difflib.SequenceMatcher(None, word, " ".join(known), autojunk=False).ratio()
        for target in targets if score >= NEAR else ():
            if known in lexicon.keys or target.form == form:
                scored[target] = max(score, scored.get(target, 0.0))
    best = max(scored.values(), default=0.0)
    return sorted(
        (target for target in scored if scored[target] >= best - CLEARLY),
        key=lambda each: (-scored[each], each),
    )
