"""The methods' references, numbered as a journal does, in the order in which the text first cites them.

"Survival was estimated by Kaplan–Meier (cite kaplan-meier)." becomes a raised number that leads to the reference, whose
own number leads back.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from caseseries.present.document import Block, Heading, Inline, Paragraph, Text

REFERENCES: Mapping[str, str] = {
    "kaplan-meier": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc "
    "1958;53:457–481.",
    "bpcp": "Fay MP, Brittain EH, Proschan MA. Pointwise confidence intervals for a survival distribution with small "
    "samples or heavy censoring. Biostatistics 2013;14:723–736.",
    "aalen-johansen": "Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based "
    "on censored observations. Scand J Stat 1978;5:141–150.",
    "clopper-pearson": "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of "
    "the binomial. Biometrika 1934;26:404–413.",
    "reverse": "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. Control Clin Trials "
    "1996;17:343–346.",
    "danzer": "Danzer MF, Feld J, Faldum A, Schmidt R. Reference curve sampling variability in one-sample log-rank "
    "tests. PLoS ONE 2022;17:e0271094.",
    "peto": "Peto R, Pike MC, Armitage P, et al. Design and analysis of randomized clinical trials requiring prolonged "
    "observation of each patient. II. Analysis and examples. Br J Cancer 1977;35:1–39.",
}

HEADING = "References"
CITED = re.compile(r" \(cite ([a-z-]+)\)")


def cite_references(blocks: Sequence[Block], pages: str = "–") -> tuple[Block, ...]:
    """The blocks with every "(cite …)" of their paragraphs a number, and the list below its heading.

    `pages` stands between the first and the last page of an article. A reference nobody knows is a KeyError.
    """
    numbers: dict[str, int] = {}
    cited: list[Block] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            block = Paragraph(tuple(run for inline in block.inlines for run in _numbered(inline, numbers)))
        cited.append(block)
    below = cited.index(Heading(1, HEADING)) + 1
    listed = (_reference(REFERENCES[name].replace("–", pages), number) for name, number in numbers.items())
    return (*cited[:below], *listed, *cited[below:])


def _numbered(inline: Inline, numbers: dict[str, int]) -> Iterator[Inline]:
    if not isinstance(inline, Text):
        yield inline
        return
    end = 0
    for found in CITED.finditer(inline.text):
        yield replace(inline, text=inline.text[end : found.start()])
        first = found[1] not in numbers
        number = numbers.setdefault(found[1], len(numbers) + 1)
        place = f"cited-{number}" if first else ""
        yield Text(str(number), raised=True, place=place, to=f"reference-{number}")
        end = found.end()
    yield replace(inline, text=inline.text[end:])


def _reference(article: str, number: int) -> Paragraph:
    own = Text(str(number), place=f"reference-{number}", to=f"cited-{number}")
    return Paragraph((own, Text(f". {article}")))
