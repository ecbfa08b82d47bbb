"""Tables and figures by the numbers they print with: "(see figure:flow, table:characteristics)" in a text becomes
"(Figure 1; Table 1)". A name may stand for all that begin with it; what the report has not got is not cited."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from caseseries.present.document import Block, Bullets, Figure, Inlines, Paragraph, Table, Text
from caseseries.present.wording import join

Numbers = dict[str, int]  # "figure:flow" to 1

PLACE = re.compile(r" \(see ([a-z:_, -]+)\)")


def cite_numbers(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks with every "(see …)" in their paragraphs and bullets resolved."""
    numbers = number_of(blocks)
    return tuple(_cited(block, numbers) for block in blocks)


def number_of(blocks: Iterable[Block]) -> Numbers:
    """The number of every table and figure, in the order they stand in."""
    numbers: Numbers = {}
    counts = {Table: 0, Figure: 0}
    for block in blocks:
        if isinstance(block, Table | Figure):
            counts[type(block)] += 1
            numbers[f"{type(block).__name__.lower()}:{block.id}"] = counts[type(block)]
    return numbers


def _cited(block: Block, numbers: Numbers) -> Block:
    match block:
        case Paragraph(inlines):
            return Paragraph(_resolved(inlines, numbers))
        case Bullets(items):
            return Bullets(tuple(_resolved(item, numbers) for item in items))
    return block


def _resolved(inlines: Inlines, numbers: Numbers) -> Inlines:
    spoken = partial(_spoken, numbers=numbers)
    return tuple(
        replace(run, text=PLACE.sub(spoken, run.text)) if isinstance(run, Text) else run for run in inlines
    )


def _spoken(place: re.Match[str], numbers: Numbers) -> str:
    found = [words for name in place[1].split(", ") if (words := _words(name, numbers))]
    return f" ({'; '.join(found)})" if found else ""


def _words(name: str, numbers: Numbers) -> str:
    """ "Figure 5", "Figures 5 and 6"; empty where the report has none."""
    found = [str(number) for known, number in numbers.items() if known.startswith(name)]
    kind = name.partition(":")[0].capitalize()
    return f"{kind}{'s' * (len(found) > 1)} {join(found)}" if found else ""
