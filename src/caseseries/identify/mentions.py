"""A paragraph of minutes to the children it may be about, with what is said of each and what is denied.

Patterns and a window for negation in the manner of ConText (Harkema et al., J Biomed Inform 2009;42:839), with
the phrases of leukaemia boards. Every candidate is a proposal that quotes its text; nothing is concluded here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["drug", "disease", "transplant", "date"]
Verdict = Literal["stated", "denied", "considered", "relative"]

OTHER_NAMES = {"blinatumomab": ("blinatumomab", "blina", "blincyto")}

DISEASE = re.compile(
    r"\b(?:[Ii]nfant |pre-?B[- ]?|B-?(?:cell )?|T-?)?ALL\b|acute lymphoblastic leuka?emia|\bleuka?emia\b"
    r"|\bKMT2A(?:[:-]\w+|-?r\b)?|\bMLL\b|\bt\(\d{1,2};\d{1,2}\)|\b11q23\b",
)
TRANSPLANT = re.compile(r"\b(?:HSCT|BMT|SCT|transplant(?:ation|ed)?)\b", re.IGNORECASE)

MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
EXACT = re.compile(
    rf"\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)? )?{MONTH} \d{{4}})\b",
    re.IGNORECASE,
)
RELATIVE = re.compile(
    r"\b(?:yesterday|today|tomorrow|(?:last|next|this) (?:week|month|year|\w+day)|(?:on )?day [+-]?\d+"
    r"|\d+ (?:days|weeks|months) (?:ago|later))\b",
    re.IGNORECASE,
)

# Where one child ends and the next begins.
ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "ALL AML BMT CAR CNS CR CRP CRS CSF DNA DOB EFS GVHD HLA HSCT IHI LP MDT MLL MPAL MRD NGS NHS NOT OS PCR "
        "RNA SCT UK US WBC WCC",
    )
)
LABEL = re.compile(
    r"\b(?:[Pp]atient|[Pp]t|[Cc]ase|[Cc]hild|[Ii]nfant|[Bb]aby|[Bb]oy|[Gg]irl|[Tt]win),? (?:[Nn]o\.? ?)?"
    r"(?P<given>\d{1,3}|[A-Z]{1,3}|[A-Z]\. ?[A-Z]\.?)(?![\w-])"
    r"|(?P<dotted>\b[A-Z]\. ?[A-Z]\.(?: ?[A-Z]\.)?)"
    r"|(?:^|(?<=[.;:] ))(?P<bare>[A-Z]{2,3})(?= ?[,:(–-])"
)
ANOTHER = re.compile(
    r"\b(?:another|an? second|the second|the other|the next|a further) "
    r"(?:child|infant|patient|baby|girl|boy|case|twin)\b",
    re.IGNORECASE,
)
SEVERAL = re.compile(r"\b(?:both|twins|triplets|siblings)\b", re.IGNORECASE)
AGED = re.compile(r"\b\d+[- ](?:day|week|month|year)s?[- ]old\b", re.IGNORECASE)
BORN = re.compile(r"\b(?:DOB|D\.O\.B\.?|born)\b", re.IGNORECASE)

# Negation. A trigger reaches as far as the sentence, the next terminator or eight words.
BEFORE = re.compile(
    r"\b(?:no|not(?! only| just)|never|without|neither|nor|declin\w+|refus\w+|against|instead of|rather than|"
    r"unable to|cannot|"
    r"unsuitable|ineligible|contraindicat\w+|withheld|avoid\w*|n't)\b",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\b(?:(?:was|were|is|has|had|have)? ?(?:not|never|n't)\b"
    r"(?! (?:been )?(?:before|until|cancelled|only|just|stopped|discontinued|interrupted|held|paused|reduced|tolerated"
    r"|effective|completed?|clear\w*|respond\w*|work\w*))"
    r"|declined|refused|withheld|contraindicated|unavailable|inappropriate|unsuitable|ruled out|avoided|rejected"
    r"|abandoned|not (?:given|indicated|approved|available|started)|deferred)",
    re.IGNORECASE,
)
# What looks like a denial and is none ("no objection to"), and what denies further on ("considered but not given").
NO_DENIAL = re.compile(
    r"\b(?:nothing|nobody) (?:speaks?|spoke|argues?) against\b"
    r"|\bno (?:objections?|reason not|doubts?|hesitation|obstacles?)\b"
    r"|\bnot (?:yet )?(?:decided|clear|known|certain|sure|excluded|ruled out)\b|\bcannot (?:be )?(?:exclude|rule)\w*",
    re.IGNORECASE,
)
OVERTURNED = re.compile(
    r"\b(?:but|however|though)\b[^.;]*?(?:\b(?:not|never) (?:given|started|used|received|funded|approved)\b"
    r"|\b(?:refused|declined)\b(?! (?:the )?(?:transplant|hsct|bmt|sct|further)))",
    re.IGNORECASE,
)
CURT = re.compile(r"\s*[:–-]\s*(?:no|nil|none)\s*(?:[.,;]|$)", re.IGNORECASE)
TOO_LATE = re.compile(r"\s*could (?:be|have been)\b", re.IGNORECASE)
STILL_TO_COME = re.compile(
    r"\b(?:to|will|should) (?:start|begin|commence|receive|have)|\bplanned|\bscheduled", re.IGNORECASE
)
# Words after which an earlier "no" or "not" denies something else: "no response to blinatumomab" was given it.
ENDS = re.compile(
    r"\b(?:but|however|although|then|so|therefore|after|following|since|during|under|despite|while|before|until|from|on|"
    r"with|respon\w+ to|refractory to|contraindication to|toxicity of|tolerat\w+|complet\w+|finish\w+|"
    r"continu\w+)\b|,|(?:\b(?:and|he|she|they|who|has)|:) (?:was |has |had )?"
    r"(?:received|given|started|commenced|proceed\w*|had|having)\b",
    re.IGNORECASE,
)
CONSIDERED = re.compile(
    r"\b(?:consider\w*|discuss\w*|plan\w*|propos\w+|possib\w+|may|might|could|would|if|whether|apply|applied|"
    r"application|request\w*|for|awaiting|option\w*|recommend\w*|to (?:start|receive|have))\b",
    re.IGNORECASE,
)
GIVEN = re.compile(
    r"\b(?:received|given|started|commenced|cycles?|complet\w+|tolerat\w+|respon\w+|after|following|during|since|"
    r"on)\b",
    re.IGNORECASE,
)
WINDOW = 8  # words
SENTENCE = re.compile(r"(?<=[A-Za-z0-9)%]{2}[.!?]) +(?=[A-Z(])|;|\n")


@dataclass(frozen=True)
class Mention:
    """Something named in a text: what, in which words, and whether it is stated, denied or only considered.

    A date is "relative" when it counts from a day that the text does not give.
    """

    kind: Kind
    text: str
    verdict: Verdict


@dataclass(frozen=True)
class Candidate:
    """The part of a paragraph that is about one child. `notes` say what makes the reading doubtful."""

    quote: str
    mentions: tuple[Mention, ...]
    notes: tuple[str, ...] = ()

    def verdicts(self, kind: Kind) -> set[Verdict]:
        return {mention.verdict for mention in self.mentions if mention.kind == kind}


def find_candidates(paragraph: str, drug: str, other_names: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """Every part of a paragraph about one child in which the drug is named, by any of its names, denied or not."""
    names = (drug, *OTHER_NAMES.get(drug.casefold(), ()), *other_names)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
    parts = split_children(paragraph)
    found = []
    for number, part in enumerate(parts):
        if pattern.search(part.text):
            notes = tuple(_doubts(parts, number))
            found.append(Candidate(part.text, tuple(_mentions(part.text, pattern)), notes))
    return tuple(found)


@dataclass(frozen=True)
class Part:
    """What stands about one child. `label` is what the text calls it; `begins` what made it another child."""

    text: str
    label: str
    begins: str


def _doubts(parts: Sequence[Part], number: int) -> Iterator[str]:
    labels = {part.label for part in parts if part.label}
    children = len(labels) + sum(not part.label for part in parts)
    here = parts[number].label
    called = [part for part in parts if here and part.label == here]
    is_doubled = any(part.begins in ("another", "aged", "born") for part in called[1:])
    if children + is_doubled > 1:
        yield f"The paragraph seems to be about {children + is_doubled} children; read it whole."
    if SEVERAL.search(parts[number].text):
        yield "The passage may be about more than one child."
    if is_doubled:
        yield f"Two children in this paragraph are called {here}."


def split_children(paragraph: str) -> tuple[Part, ...]:
    """The paragraph cut where another child begins."""
    cuts, labels, kinds = [0], [""], ["first"]
    seen: set[str] = set()
    for start, kind, label in _anchors(paragraph):
        is_other = kind == "another" or (kind in ("aged", "born") and kind in seen)
        if is_other or (kind == "label" and labels[-1] not in ("", label)):
            cuts.append(max(_sentence_start(paragraph, start), cuts[-1] + 1))
            labels.append("")
            kinds.append(kind)
            seen = set()
        seen.add(kind)
        if kind == "label":
            labels[-1] = label
    texts = (paragraph[start:end].strip() for start, end in zip(cuts, [*cuts[1:], None], strict=True))
    parts = (Part(*each) for each in zip(texts, labels, kinds, strict=True))
    return tuple(part for part in parts if part.text)


def _anchors(text: str) -> list[tuple[int, str, str]]:
    found = [(match.start(), "label", _label(match)) for match in LABEL.finditer(text)]
    found = [anchor for anchor in found if anchor[2] and anchor[2] not in ABBREVIATIONS]
    for kind, pattern in (("another", ANOTHER), ("aged", AGED), ("born", BORN)):
        found += [(match.start(), kind, "") for match in pattern.finditer(text)]
    return sorted(found)


def _label(match: re.Match[str]) -> str:
    return re.sub(r"[. ]", "", next(filter(None, match.groups()), ""))


def _sentence_start(text: str, position: int) -> int:
    """Where the sentence around a position begins; the position itself when another child came before it there."""
    starts = [0, *(match.end() for match in SENTENCE.finditer(text) if match.end() <= position)]
    between = text[starts[-1] : position]
    return position if LABEL.search(between) or AGED.search(between) else starts[-1]


def _mentions(text: str, drug: re.Pattern[str]) -> Iterator[Mention]:
    for sentence in SENTENCE.split(text):
        kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = (
            ("drug", drug),
            ("disease", DISEASE),
            ("transplant", TRANSPLANT),
        )
        for kind, pattern in kinds:
            for match in pattern.finditer(sentence):
                yield Mention(kind, match.group(), judge(sentence, match.start(), match.end()))
        for match in EXACT.finditer(sentence):
            yield Mention("date", match.group(), "stated")
        for match in RELATIVE.finditer(sentence):
            yield Mention("date", match.group(), "relative")


def judge(sentence: str, start: int, end: int) -> Verdict:
    """Whether what stands at a place of a sentence is stated, denied or only considered."""
    before = NO_DENIAL.sub("considering", _last_words(sentence[:start]))
    rest = sentence[end:]
    after = re.split(r"\b(?:but|and|however|then|if|unless)\b|,", " ".join(rest.split()[:5]), maxsplit=1)[0]
    is_given = bool(GIVEN.search(before) or GIVEN.search(after))
    if _is_denied(before, after, rest):
        is_pending = "not yet" in before.casefold() and STILL_TO_COME.search(rest)
        return "considered" if is_pending else "denied"
    if CONSIDERED.search(before) or CONSIDERED.search(after):
        if OVERTURNED.search(rest):
            return "denied"
        return "stated" if is_given or not CONSIDERED.search(before) else "considered"
    return "stated"


def _is_denied(before: str, after: str, rest: str) -> bool:
    ends = [match.end() for match in ENDS.finditer(before)]
    reach = before[ends[-1] :] if ends else before
    is_late = before.casefold().endswith("before") and TOO_LATE.match(rest)
    return bool(BEFORE.search(reach) or AFTER.search(after) or CURT.match(rest) or is_late)


def _last_words(text: str) -> str:
    return " ".join(text.split()[-WINDOW:])


def days_named(text: str) -> set[date]:
    """Every day that an exact date in a text can mean: day first and month first."""
    return {day for match in EXACT.finditer(text) for day in _readings(match.group())}


def _readings(written: str) -> Iterator[date]:
    numbers = [int(number) for number in re.findall(r"\d+", written)]
    if month := re.search(MONTH, written, re.IGNORECASE):
        if len(numbers) == 2:
            place = MONTHS.index(month.group()[:3].casefold())
            yield from _day(numbers[1], place // 3 + 1, numbers[0])
    elif len(numbers) == 3 and numbers[0] > 31:
        yield from _day(*numbers)
    elif len(numbers) == 3:
        year = numbers[2] if numbers[2] > 99 else 2000 + numbers[2]
        yield from _day(year, numbers[1], numbers[0])
        yield from _day(year, numbers[0], numbers[1])


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return
