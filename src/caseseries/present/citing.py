"""Tables and figures by the numbers they print with: "(see figure:flow, table:characteristics)" in a text becomes
"(Figure 1; Table 1)". A name may stand for all that begin with it; what the report has not got is not cited."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from caseseries.present.document import Block, Bullets, Figure, Inline, Inlines, Paragraph, Table, Text

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
    return tuple(run for inline in inlines for run in _split(inline, numbers))


def _split(inline: Inline, numbers: Numbers) -> Iterator[Inline]:
    """A run in pieces: what is cited leads to where it stands."""
    if not isinstance(inline, Text) or not PLACE.search(inline.text):
        yield inline
        return
    end = 0
    for place in PLACE.finditer(inline.text):
        found = [runs for name in place[1].split(", ") if (runs := _words(name, numbers))]
        before = inline.text[end : place.start()]
        yield replace(inline, text=f"{before} (" if found else before)
        for i, runs in enumerate(found):
            yield from (Text("; "), *runs) if i else runs
        yield from [Text(")")] if found else []
        end = place.end()
    yield replace(inline, text=inline.text[end:])


def _words(name: str, numbers: Numbers) -> Inlines:
    """ "Figure 5", "Figures 5 and 6"; empty where the report has none."""
    kind = name.partition(":")[0].capitalize()
    found = {
        number: known.replace(":", "-", 1) for known, number in numbers.items() if known.startswith(name)
    }
    if len(found) == 1:
        return tuple(Text(f"{kind} {number}", to=place) for number, place in found.items())
    runs: list[Inline] = []
    for i, (number, place) in enumerate(found.items()):
        between = f"{kind}s " if not i else " and " if i == len(found) - 1 else ", "
        runs += [Text(between), Text(str(number), to=place)]
    return tuple(runs)
