"""What can be said about one cell, before anyone knows where it stands."""

from dataclasses import dataclass

SHOWN = 60


@dataclass(frozen=True)
class Notice:
    """A finding without its place. `allowed` is filled in from the column when it is empty."""

    code: str
    what: str
    do: str
    allowed: str = ""


class ProblemError(Exception):
    """This one cell cannot be used; caught where the cell is read and never seen outside intake."""

    def __init__(self, code: str, what: str, do: str) -> None:
        super().__init__(what)
        self.notice = Notice(code, what, do)


def quote(raw: str) -> str:
    """A cell's content for a sentence: control characters made visible, long text cut."""
    shown = "".join(character if character.isprintable() else "␣" for character in raw)
    return f"“{shown[:SHOWN]}…”" if len(shown) > SHOWN else f"“{shown}”"
