"""TOML text to a table, the one place that knows the library; and what a misspelt word in one may mean."""

import difflib
import tomllib
from collections.abc import Iterable
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """The table. Raises ValueError, whose message names the line, when the text is not TOML."""
    return tomllib.loads(text)


def suggest(word: str, allowed: Iterable[str]) -> str:
    """The sentence "Did you mean …?" when one of `allowed` is close to `word`; else an instruction."""
    words = list(allowed)
    close = [one for one in words if one.casefold() == word.casefold()]
    close += difflib.get_close_matches(word, words, n=1)
    close += [one for one in words if word and one.startswith(word)]
    return f"Did you mean {close[0]}?" if close else "Use one of those"
