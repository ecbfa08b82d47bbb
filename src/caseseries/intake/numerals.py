"""Numbers typed as text: decimal commas, spaces between thousands, signs from a word processor."""

import re

from caseseries.intake.notices import ProblemError, quote
from caseseries.intake.spelling import DASHES, clean

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
GROUPED = re.compile(
    r"[+-]?[1-9]\d{0,2}(?P<group>[, .'])\d{3}((?P=group)\d{3})*((?!(?P=group))[.,]\d+)?", re.ASCII
)
EITHER_WAY = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
LIMIT = re.compile(r"[<>≤≥~≈]")

ONLY_NUMBER = "Type only the number, in the unit of the heading"


def number_of_text(text: str) -> float:
    """The number in `text`. Raises ProblemError when there is none, a limit, or two possible ones."""
    words = clean(text).translate(DASHES)
    if LIMIT.match(words):
        what = f"{quote(text)} is a limit, not a number"
        do = "Type only measured numbers; a limit belongs to the sensitivity or the quantitative range"
        raise ProblemError("limit", what, do)
    if EITHER_WAY.fullmatch(words):
        thousands, decimals = re.sub("[.,]", "", words), words.replace(",", ".")
        what = f"{quote(text)} can mean {thousands} or {decimals}"
        raise ProblemError("comma-or-point", what, "Type the number without a thousands separator")
    if PLAIN.fullmatch(words):
        return float(words)
    if COMMA.fullmatch(words):
        return float(words.replace(",", "."))
    return _grouped(words, text)


def _grouped(words: str, text: str) -> float:
    match = GROUPED.fullmatch(words)
    if not match:
        raise ProblemError("not-a-number", f"the text {quote(text)} is no number", ONLY_NUMBER)
    return float(words.replace(match["group"], "").replace(",", "."))
