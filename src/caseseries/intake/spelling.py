"""What two spellings of a word have in common, and which allowed word was meant."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from caseseries.intake.sheet import INVISIBLE

# Cyrillic and Greek letters drawn like Latin ones (the single-letter part of Unicode TR39's confusables).
CYRILLIC = ("АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁ", "ABESIJKMHOPCTYXaesijopcyxhd")
GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo")
LOOK_ALIKE = str.maketrans(CYRILLIC[0] + GREEK[0], CYRILLIC[1] + GREEK[1])
DASHES = str.maketrans("‐‑‒–—−", "------")
GONE = dict.fromkeys(map(ord, INVISIBLE))
SPACES = re.compile(r"\s+")

NEAR, CLEARLY = 0.75, 0.05
SHORT = 40


def clean(text: str) -> str:
    """Without invisible characters; each run of spaces of any kind is one plain space, none at the ends."""
    if text.isascii():  # nearly all text is, and then nothing invisible can stand in it
        return " ".join(text.split())
    return SPACES.sub(" ", text.translate(GONE)).strip()


def fold(text: str) -> str:
    """Case, spaces and the kind of dash set aside."""
    if text.isascii():
        return clean(text).casefold()
    return clean(unicodedata.normalize("NFC", text)).translate(DASHES).casefold()


def key_of(text: str) -> str:
    """As `fold`, and letters of another alphabet that look like Latin ones made Latin."""
    return _key_of_short(text) if len(text) <= SHORT else _key_of(text)


def _key_of(text: str) -> str:
    return fold(text if text.isascii() else text.translate(LOOK_ALIKE))


_key_of_short = lru_cache(maxsize=65_536)(_key_of)  # each case id is looked up many times


def closest(word: str, allowed: Iterable[str]) -> str:
    """The one allowed word that is clearly meant: near, and nearer than any other. Else an empty text."""
    scored = sorted(((_likeness(word, each), each) for each in allowed), reverse=True)
    if not scored or scored[0][0] < NEAR:
        return ""
    is_clear = len(scored) == 1 or scored[0][0] - scored[1][0] >= CLEARLY
    return scored[0][1] if is_clear else ""


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, key_of(one), key_of(other), autojunk=False).ratio()


def suggestion(word: str, allowed: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown word: the word that was probably meant, or `otherwise`."""
    meant = closest(word, allowed)
    return f"Did you mean “{meant}”? If so, write it like that" if meant else otherwise
