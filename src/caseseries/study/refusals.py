"""What pydantic refuses, in words that somebody who writes TOML can act on."""

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from caseseries.study.toml import suggest

PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and underscores",
    r"^[a-z0-9][a-z0-9-]*$": "lower-case letters, digits and hyphens",
    r"^[1-9][0-9]*[dmy]$": 'a whole number and d, m or y, as in "3y"',
}
SHAPES = {
    "tuple_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "too_short": "a list that is not empty",
    "string_too_short": "a text that is not empty",
    "string_too_long": "a shorter text",
    "string_type": "a text in quotes",
    "date_type": "a date, as in 2019-10-31, without quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}
LONGEST = 60  # letters of what was found


def refusals_in(error: ValidationError) -> list[ErrorDetails]:
    """Each refusal once: a list all of whose items are refused is not called empty too."""
    return [detail for detail in error.errors() if detail["type"] != "too_short" or not detail["input"]]


def allowed_by(detail: ErrorDetails) -> str:
    """What would have been accepted in the place of what was refused."""
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    by_type = SHAPES.get(
        detail["type"], detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    )
    return PATTERNS.get(pattern, by_type)


def mend(detail: ErrorDetails) -> str:
    """What to do about a refused value: the nearest of the words that are allowed, where there are such."""
    words = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    advice = suggest(str(detail["input"]), words)
    return advice if advice.startswith("Did you mean") else "Change the value"


def found_in(detail: ErrorDetails) -> str:
    """What was refused, as TOML has it; cut short where it is long."""
    found = detail["input"]
    text = repr(list(found) if isinstance(found, tuple) else found)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "…"
