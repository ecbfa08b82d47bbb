"""The laboratory's page as a document: one section a sample and marker."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from caseseries.analysis.displays import Trajectory
from caseseries.analysis.plates import PlatePage, StandardShown, WellShown
from caseseries.present.document import (
    Block,
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Inlines,
    Paragraph,
    Table,
    TableRow,
    Text,
)
from caseseries.present.drawing import Drawing
from caseseries.present.figures import trajectory_figure
from caseseries.present.figures.plates import amplification_figure, standard_figure, strip_figure
from caseseries.present.html import write_html
from caseseries.present.pdf import write_pdf
from caseseries.present.wording import level_words

UNDATED = date(1970, 1, 1)  # a plate file need not say when it was run, and today is never the answer
LIMITS = (
    "Interpretation by stated rules of measurements made elsewhere; not a medical device. "
    "A clinical decision needs the laboratory's own reading."
)


SIGNATURE = "Curves and result reviewed by: ____________________    Date: ______________"


def write_pages(
    pages: Sequence[PlatePage], software: str, folder: Path, courses: Sequence[Trajectory] = ()
) -> tuple[Path, Path]:
    """Write mrd.html and mrd.pdf into a folder, and return their paths."""
    document = compose_pages(pages, software, courses)
    folder.mkdir(parents=True, exist_ok=True)
    html, pdf = folder / "mrd.html", folder / "mrd.pdf"
    write_html(document, html)
    write_pdf(document, pdf)
    return html, pdf


def compose_pages(pages: Sequence[PlatePage], software: str, courses: Sequence[Trajectory] = ()) -> Document:
    """The document of a plate. Every page names what nobody has checked in its profile.

    `courses` are the patients with specimens of several days: MRD over time comes first.
    """
    first, each = pages[0], [block for n, page in enumerate(pages, 1) for block in _page(page, n)]
    footer = (
        f"{software} · plate sha256 {first.sha256[:16]} · profile {first.profile} {first.profile_sha256[:16]}"
    )
    return Document(
        title="MRD by RQ-PCR",
        subtitle=first.plate,
        notice="",
        dated=UNDATED,
        blocks=(*_limits(first), *_over_time(courses), *each),
        footer=footer,
        keywords=("MRD", "RQ-PCR", first.profile),
    )


def _limits(page: PlatePage) -> Iterator[Block]:
    items: list[Inlines] = [_text(LIMITS)]
    if page.unverified:
        said = f"Not yet checked against the publication ({page.profile}): {', '.join(page.unverified)}."
        items.append(_text(said.replace("_", " ")))
    yield Callout("limit", "Before you use this", tuple(items))


def _over_time(courses: Sequence[Trajectory]) -> Iterator[Block]:
    if not courses:
        return
    yield Heading(1, "MRD over time")
    labelled = [
        replace(one, points=tuple(replace(point, label=level_words(point)) for point in one.points))
        for one in courses
    ]
    caption = (
        "The markers of each specimen together, with the 95 % interval of a quantified level. An open symbol was not "
        "detected, at its own sensitivity; a hatched stretch is positive below the quantitative range."
    )
    drawn = trajectory_figure(labelled, None, "the first specimen")
    yield _figure("over-time", "MRD over time, patient by patient", caption, drawn)


def _page(page: PlatePage, n: int) -> Iterator[Block]:
    yield Heading(1, f"{page.sample} · {page.target}")
    yield Paragraph((Text(page.verdict, strong=True),))
    calls = [f"To {name.replace('-', ' ')}: {call}." for name, call in page.calls]
    yield Bullets(tuple(_text(one) for one in (*calls, *page.reasons)))
    if any(well.net for well in page.wells):
        caption = "Curves above their own baseline; Cq is where a curve passes the threshold for good."
        yield _figure(f"amplification-{n}", "Amplification", caption, amplification_figure(page))
    if page.curve and page.curve.points:
        yield from _standard(page.curve, f"standards-{n}", page.target)
    caption = "Open symbols at the foot did not amplify. Lines are the lowest background Cq and the margins below it."
    strip = strip_figure(page, page.wells, page.target, page.background_cq)
    yield _figure(f"cqs-{n}", "Every Cq", caption, strip)
    if page.control_wells:
        yield Heading(2, "Control gene")
        strip = strip_figure(page, page.control_wells, "the control gene", None)
        yield _figure(f"control-{n}", "Control gene: every Cq", "The same wells' amplifiable DNA.", strip)
    if page.control_curve and page.control_curve.points:
        yield from _standard(page.control_curve, f"control-standards-{n}", "the control gene")
    yield _trail(page, n)
    yield _wells((*page.wells, *page.control_wells), n)
    yield Paragraph(_text(SIGNATURE))


def _standard(curve: StandardShown, name: str, target: str) -> Iterator[Block]:
    caption = "Filled symbols carry the line; open ones lie outside the quantitative range."
    yield _figure(name, f"Standard curve of {target}", caption, standard_figure(curve, target))
    yield Bullets(tuple((Text(f"{what}: ", strong=True), Text(said)) for what, said in curve.facts))


def _trail(page: PlatePage, n: int) -> Table:
    rows = tuple(
        TableRow((_text(rule.name), _text("yes" if rule.passed else "no"), _text(rule.detail)))
        for rule in page.trail
    )
    return Table(f"trail-{n}", "Every rule that was asked", ("Rule", "Passed", "Numbers"), rows, "lll")


def _wells(wells: Sequence[WellShown], n: int) -> Table:
    columns = ("Well", "Sample", "Role", "Cq", "Instrument", "State", "Remark")
    rows = tuple(
        TableRow(
            (
                _text(well.position),
                _text(well.sample),
                _text(well.role),
                _text("" if well.cq is None else f"{well.cq:.2f}"),
                _text(well.instrument),
                _text(well.state),
                _text(well.remark),
            )
        )
        for well in wells
    )
    return Table(f"wells-{n}", "Every well", columns, rows, "lllrrll")


def _figure(name: str, title: str, caption: str, drawn: Drawing) -> Figure:
    return Figure(name, title, _text(caption), drawn.alt, drawn.svg)


def _text(words: str) -> Inlines:
    return (Text(words),)
