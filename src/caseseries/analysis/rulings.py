"""Which recorded decisions stand behind a number: those about a return it was read from, or about a case behind it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caseseries.analysis.results import Result
from caseseries.decisions.chain import Entry, Log


@dataclass(frozen=True)
class Ruling:
    """A decision in words; `about` are the files and the cases it is about."""

    number: int
    words: str
    about: frozenset[str]


def list_rulings(log: Log, centres: Mapping[str, str], cases: Collection[str]) -> tuple[Ruling, ...]:
    """The last answer to each question. `centres` names the centre of every file that was read.

    A question about a centre's return is about all of that centre's files: headings, units and the order of dates hold
    wherever they stand.
    """
    return tuple(_ruling(entry, centres, cases) for entry in log.answers.values())


def rulings_behind(result: Result, rulings: Sequence[Ruling]) -> tuple[Ruling, ...]:
    """Those about a file that a cell of the result is in, or about one of its cases."""
    named = {cell.where.file for cells in result.sources.values() for cell in cells} | set(result.cases)
    return tuple(one for one in rulings if one.about & named)


def _ruling(entry: Entry, centres: Mapping[str, str], cases: Collection[str]) -> Ruling:
    decision = entry.decision
    said = f"{decision.asked} {decision.answer}"
    files = {file for file, centre in centres.items() if _names(said, centre) or _names(said, file)}
    question = f"{decision.asked.split('?')[0]}?"
    signed = f"{decision.who}, {decision.when[:10]}"
    words = f"decision {entry.number}: {question} {decision.answer} ({signed}: {decision.reason})"
    return Ruling(entry.number, words, frozenset(files | {case for case in cases if _names(said, case)}))


def _names(said: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None
