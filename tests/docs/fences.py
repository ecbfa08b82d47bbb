"""Fenced blocks of a Markdown page, and whether printed output is what a page promises."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Fence:
    """One fenced block. `line` is the line of its opening mark, from 1; `text` ends with a line end."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """One command of a console block and the lines promised after it."""

    command: str
    promised: tuple[str, ...]


FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def find_fences(page: str) -> list[Fence]:
    return [
        Fence(match[1], match[2], page.count("\n", 0, match.start()) + 1) for match in FENCE.finditer(page)
    ]


def find_steps(text: str) -> list[Step]:
    """A line beginning "$ " is a command; the lines up to the next are what it prints."""
    command, *rest = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if command.strip():
        raise ValueError("a console block begins with a command")
    parts = [part.splitlines() for part in rest]
    return [Step(lines[0], tuple(lines[1:])) for lines in parts]


def keeps_promise(printed: str, promised: tuple[str, ...]) -> bool:
    """Whether the printed lines are those promised; a line "..." stands for any lines, or none."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in promised)
    return (
        re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n")
        is not None
    )
