"""What the reporting guidelines ask for, and where this report answers it: looked up in the document, never assumed.

STROBE for cohorts: von Elm et al., Lancet 2007;370:1453. PROCESS 2023: Mathew et al., Int J Surg 2023;109:3760. The
asks are in our words. An item marked `recalled` was written from memory of an earlier edition and says so in print.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from caseseries.present.citing import number_of
from caseseries.present.document import (
    Block,
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Number,
    Paragraph,
    Table,
    TableRow,
    Text,
)
from caseseries.present.wording import plain

LIMITS = "Limitations"
REPORTED, PARTLY, MISSING, MOOT = "yes", "in part", "not reported", "does not apply"


@dataclass(frozen=True)
class Item:
    """One item. Each of `places` must be found for the item to be reported: "title:" and "keyword:" name a phrase,
    "section:", "table:" and "figure:" a part, "result:" the part that prints a result by the beginning of its id, and
    "words:" a section and a pattern in its text, "words:Methods|censored". Where `moot` is found the item does not
    apply.
    """

    number: str
    asks: str
    places: tuple[str, ...] = ()
    recalled: bool = False
    moot: str = ""


Recalled = partial(Item, recalled=True)

STROBE = (
    Item("1a", "The design, in title or abstract", ("title:case series",)),
    Item("1b", "A summary of what was done and found", ("section:Summary",)),
    Item("2", "Background and rationale"),
    Item("3", "Objectives"),
    Item("4", "Study design, early on", ("words:Methods|(?i)retrospective|prospective",)),
    Item(
        "5",
        "Setting, places, dates",
        ("result:characteristics.country.", "words:Methods|data were cut on", "words:Methods|(?i)recruit"),
    ),
    Item(
        "6a",
        "Eligibility, sources, methods of selection and follow-up",
        (
            "words:Methods|(?i)excluded if",
            "result:characteristics.identified_by.",
            "words:Methods|was censored on",
        ),
    ),
    Item("6b", "Matching, in matched studies", moot=f"words:{LIMITS}|no comparison group"),
    Item(
        "7",
        "Outcomes, exposures and diagnostic criteria defined",
        ("words:Methods|time to", "words:Methods|response is complete when"),
    ),
    Item(
        "8",
        "Sources and methods of measurement",
        ("words:Methods|last evaluable specimen", "words:Methods|graded by"),
    ),
    Item("9", "Efforts against bias", (f"words:{LIMITS}|immortal time",)),
    Item("10", "How the study size was arrived at", ("words:Methods|(?i)sample size|study size",)),
    Item("11", "How quantities were handled", ("words:Methods|Time is in whole days",)),
    Item("12a", "Statistical methods", ("words:Methods|estimated by",)),
    Item("12b", "Subgroups and interactions", ("words:Methods|(?i)subgroup",)),
    Item("12c", "Missing data", ("words:Cohort|value is known",)),
    Item("12d", "Loss to follow-up", ("words:Methods|was censored on",)),
    Item("12e", "Sensitivity analyses", ("words:Methods|beside (it|them)|stands beside",)),
    Item("13a", "Numbers at each stage", ("figure:flow", "result:n.returned", "result:n.cases")),
    Item(
        "13b",
        "Reasons for not taking part",
        ("words:Cohort|set aside for faults in the data", "words:Cohort|did not meet the protocol"),
    ),
    Item("13c", "A flow diagram", ("figure:flow",)),
    Item("14a", "Characteristics", ("table:characteristics",)),
    Item(
        "14b",
        "Numbers with missing data for each variable",
        ("words:Cohort|value is known", "words:Cohort|Unknown"),
    ),
    Item("14c", "Follow-up time", ("result:followup.",)),
    Item("15", "Events over time", ("table:survival", "figure:survival-")),
    Item("16a", "Estimates with their precision", ("table:survival",)),
    Item("16b", "Boundaries of categories"),
    Item("16c", "Absolute risks", ("table:survival", "table:incidence")),
    Item("17", "Other analyses", ("words:Outcome|, entry at",)),
    Item("18", "Key results", ("section:Summary",)),
    Item("19", "Limitations", (f"section:{LIMITS}",)),
    Item("20", "Interpretation"),
    Item("21", "Generalisability", (f"words:{LIMITS}|hold only for",)),
    Item("22", "Funding", ("words:Methods|(?i)fund(ed|ing)",)),
)

PROCESS = (
    Item("1", "“Case series” and the focus, in the title", ("title:case series",)),
    Item("2", "Three to six keywords, “case series” among them", ("keyword:case series",)),
    Item("3a", "Abstract: background, rationale, aims"),
    Item(
        "3b",
        "Abstract: size, time frame, design",
        ("result:n.cases", "words:Summary|(?i)retrospective|prospective"),
    ),
    Item("3c", "Abstract: outcomes", ("words:Summary|still at risk",)),
    Item("3d", "Abstract: conclusion"),
    Item("3e", "Abstract: structured"),
    Item("4", "Highlights, three to five"),
    Item("5", "Introduction: background, theme, aims"),
    Item("6a", "Registration and protocol", ("words:Methods|(?i)registr",)),
    Recalled(
        "6b",
        "Prospective or not, one centre or more, consecutive or not",
        (
            "words:Methods|(?i)retrospective|prospective",
            "words:Methods|(?i)multicentre|single.centre",
            "words:Methods|(?i)consecutive",
        ),
    ),
    Recalled("6c", "Setting and dates", ("words:Methods|data were cut on", "words:Methods|(?i)recruit")),
    Recalled(
        "6d", "Participants and eligibility", ("table:characteristics", "words:Methods|(?i)excluded if")
    ),
    Recalled("6e", "The intervention", ("section:Treatment and MRD response", "words:Methods|(?i)dose")),
    Recalled("6f", "Who gave it, and its quality control", ("words:Methods|(?i)quality control",)),
    Recalled(
        "6g",
        "Follow-up: how, how long, losses",
        ("result:followup.", "words:Methods|was censored on"),
    ),
    Recalled("7a", "Participants: numbers and characteristics", ("figure:flow", "table:characteristics")),
    Recalled("7b", "Deviations from the plan"),
    Recalled("7c", "Outcomes", ("table:response", "table:survival")),
    Recalled("7d", "Complications", ("table:toxicity",)),
    Recalled(
        "8",
        "Discussion: results in context, strengths, limitations",
        (f"section:{LIMITS}", "section:Discussion"),
    ),
    Recalled("9", "Conclusion", ("section:Conclusion",)),
    Recalled("10", "Ethics approval and consent", ("words:Methods|(?i)ethic", "words:Methods|(?i)consent")),
    Recalled(
        "11",
        "Funding and conflicts of interest",
        ("words:Methods|(?i)fund(ed|ing)", "words:Methods|(?i)conflict"),
    ),
)

GUIDELINES = (("strobe", "STROBE, cohort studies", STROBE), ("process", "PROCESS 2023, case series", PROCESS))
NOTES = (
    "Looked up in the report: “in part” means that something the item asks for was not found; the authors add it.",
    "The asks are summaries. Hold them to the published checklist before you send them to a journal.",
    "† recalled from an earlier edition: verify number and wording.",
)


Pages = Mapping[str, int]  # of the PDF, by part: "table:survival"


def checklists(report: Document, pages: Pages) -> Document:
    """The checklists of a report as a document of their own, with the pages of its PDF."""
    blocks: list[Block] = []
    for name, title, items in GUIDELINES:
        blocks += [Heading(1, title), check_items(name, title, items, report, pages)]
    return replace(report, subtitle="Reporting checklists", blocks=tuple(blocks), trails={})


def check_items(name: str, title: str, items: Sequence[Item], report: Document, pages: Pages) -> Table:
    """One line an item: whether the report answers it, and where."""
    rows = tuple(TableRow(tuple((Text(words),) for words in _line(item, report, pages))) for item in items)
    return Table(name, title, ("Item", "Asks for", "Reported", "Where"), rows, "llll", NOTES)


def _line(item: Item, report: Document, pages: Pages) -> tuple[str, str, str, str]:
    number = f"{item.number}{'†' if item.recalled else ''}"
    if moot := find_place(item.moot, report, pages) if item.moot else "":
        return number, item.asks, MOOT, moot
    found = [where for place in item.places if (where := find_place(place, report, pages))]
    complete = bool(found) and len(found) == len(item.places)
    state = REPORTED if complete else PARTLY if found else MISSING
    return number, item.asks, state, "; ".join(dict.fromkeys(found)) or "–"


def find_place(place: str, report: Document, pages: Pages) -> str:
    """Where a report has a place, as a reader would be sent to it, with its page; empty if it has not."""
    kind, _, name = place.partition(":")
    if kind == "title":
        return "title" if name in report.title.lower() else ""
    if kind == "keyword":
        return "keywords" if name in report.keywords else ""
    if kind in ("table", "figure"):
        part = next((one for one in number_of(report.blocks) if one.startswith(place)), "")
        return _named(part, report, pages)
    if kind == "result":
        part = next((part for one, part in _printed(report) if one.startswith(name)), "")
        return _named(part, report, pages)
    section, _, pattern = name.partition("|")
    if not re.search(pattern or ".", _text_of(section, report)):
        return ""
    return _named(f"section:{section}", report, pages)


def _named(part: str, report: Document, pages: Pages) -> str:
    """ "Table 4 (p. 7)", "Methods (from p. 1)"; empty for no part."""
    kind, _, name = part.partition(":")
    words = name if kind in ("", "section") else f"{kind.capitalize()} {number_of(report.blocks)[part]}"
    return f"{words}{_page(part, pages)}"


def _page(part: str, pages: Pages) -> str:
    """ " (p. 3)"; what stands in a section is somewhere from its heading on."""
    first = "from " * part.startswith("section:")
    return f" ({first}p. {pages[part]})" if part in pages else ""


def _printed(report: Document) -> Iterator[tuple[str, str]]:
    """The ids of every result that the report prints, in order, each with the part it stands in."""
    part = ""
    for block in report.blocks:
        if isinstance(block, Heading) and block.level == 1:
            part = f"section:{block.text}"
        own = f"table:{block.id}" if isinstance(block, Table) else part
        for inlines in _inlines(block):
            yield from ((run.result_id, own) for run in inlines if isinstance(run, Number))


def _inlines(block: Block) -> Iterator[tuple[Text | Number, ...]]:
    match block:
        case Paragraph(inlines):
            yield inlines
        case Bullets(items) | Callout(_, _, items):
            yield from items
        case Table(rows=rows, footnotes=footnotes):
            yield from (cell for row in rows for cell in row.cells)
            yield from ((Text(note),) for note in footnotes)
        case Figure(caption=caption):
            yield caption


def _text_of(section: str, report: Document) -> str:
    """The words below a heading, down to the next of its level."""
    texts, here = [], False
    for block in report.blocks:
        if isinstance(block, Heading):
            here = block.text == section if block.level == 1 else here
        elif here:
            texts += [plain(inlines) for inlines in _inlines(block)]
    return "\n".join(texts)
