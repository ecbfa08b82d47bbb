"""TOML text to a table, the one place that knows the library; and what a misspelt word in one may mean."""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

TOML = "TOML, with texts in quotes and dates as in 2019-10-31"


class Unreadable(NamedTuple):
    """Why a file is no table: a code, what was found, what is allowed and what to do."""

    code: str
    what: str
    allowed: str
    do: str


def read_toml(text: str) -> dict[str, Any]:
    """The table. Raises ValueError, whose message names the line, when the text is not TOML.

    Some editors begin a file with a byte order mark; it says nothing.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise ValueError("brackets within brackets without end") from error


def read_toml_file(path: Path, kind: str) -> dict[str, Any] | Unreadable:
    """The table in a file, or why there is none; `kind` is what to name instead, such as "a claims file"."""
    try:
        return read_toml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Unreadable("no-file", "there is no such file", "", f"Name {kind}")
    except IsADirectoryError:
        return Unreadable("folder", "it is a folder", "a file", f"Name {kind}")
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        return Unreadable("unreadable", what, "a text file", "Look at its permissions")
    except UnicodeDecodeError:
        do = "Save it again with that encoding"
        return Unreadable("unreadable", "the text is not in UTF-8", "UTF-8", do)
    except ValueError as error:
        return Unreadable("toml", str(error), TOML, "Mend the line named")


def suggest(word: str, allowed: Iterable[str]) -> str:
    """The sentence "Did you mean …?" when one of `allowed` is close to `word`; else an instruction."""
    words = list(allowed)
    close = [one for one in words if one.casefold() == word.casefold()]
    close += difflib.get_close_matches(word, words, n=1)
    close += [one for one in words if word and one.startswith(word)]
    return f"Did you mean {close[0]}?" if close else "Use one of those"
