"""TOML text to a table: the one place that knows the library."""

import tomllib
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """The table. Raises ValueError, whose message names the line, when the text is not TOML."""
    return tomllib.loads(text)
