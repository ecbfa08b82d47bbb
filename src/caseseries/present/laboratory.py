"""The laboratory's pages as a document: the plate first, then a sheet for each sample and marker."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean

from caseseries.analysis.displays import Trajectory
from caseseries.analysis.plates import PlatePage, PlateShown, SideShown, WellShown
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
from caseseries.present.figures.plates import page_figure
from caseseries.present.html import write_html
from caseseries.present.pdf import write_pdf
from caseseries.present.wording import capital, level_interval, powers

UNDATED = date(1970, 1, 1)  # a plate file need not say when it was run, and today is never the answer
LIMITS = (
    "Interpretation by stated rules of measurements made elsewhere; not a medical device. "
    "A clinical decision needs the laboratory's own reading."
)
SIGNATURE = "Curves and result reviewed by: ____________________    Date: ______________"
CAPTION = (
    "Diamonds: the sample, where the line reads it. Open standards lie outside the quantitative range; open symbols at "
    "the foot have no Cq. Green: the lowest background Cq and 1, 1.5 and 3 cycles before it, or without background the "
    "latest Cq that counts to prevent false negatives (FN) and false positives (FP)."
)


def write_plate(shown: PlateShown, software: str, folder: Path) -> tuple[str, ...]:
    """The pages of a plate, written into a folder; what was written, in words."""
    if not shown.pages:
        return (f"No page was written to {folder}: no sample and no standard curve was found. See --roles.",)
    return tuple(f"Wrote {path}" for path in write_pages(shown, software, folder))


def write_pages(shown: PlateShown, software: str, folder: Path) -> tuple[Path, Path]:
    """Write mrd.html and mrd.pdf into a folder, and return their paths."""
    document = compose_pages(shown, software)
    folder.mkdir(parents=True, exist_ok=True)
    html, pdf = folder / "mrd.html", folder / "mrd.pdf"
    write_html(document, html)
    write_pdf(document, pdf)
    return html, pdf


def compose_pages(shown: PlateShown, software: str) -> Document:
    """The document of a plate. Every page names software, plate and profile; what nobody has checked stands first."""
    each = [block for n, page in enumerate(shown.pages, 1) for block in _page(page, n)]
    footer = (
        f"{software} · plate sha256 {shown.sha256[:16]} · profile {shown.profile} {shown.profile_sha256[:16]}"
    )
    return Document(
        title="MRD by RQ-PCR",
        subtitle=shown.plate,
        notice="",
        dated=UNDATED,
        blocks=(*_limits(shown), *_summary(shown), *_over_time(shown.courses), *_findings(shown), *each),
        footer=footer,
        keywords=("MRD", "RQ-PCR", shown.profile),
        stays=True,
    )


def _limits(shown: PlateShown) -> Iterator[Block]:
    items: list[Inlines] = [_text(LIMITS)]
    if shown.unverified:
        said = f"Not yet checked against the publication ({shown.profile}): {', '.join(shown.unverified)}."
        items.append(_text(said.replace("_", " ")))
    yield Callout("limit", "Before you use this", tuple(items))


def _summary(shown: PlateShown) -> Iterator[Block]:
    """Every level of the plate on its first page, then what several markers of a sample say together."""
    levels = [page for page in shown.pages if page.sample]
    if not levels:
        return
    aims = tuple(capital(aim) for aim, _ in levels[0].calls)
    rows = tuple(
        TableRow(
            (
                _text(page.sample),
                _text(page.marker.target),
                _text(powers(page.verdict)),
                *(_text(call) for _, call in page.calls),
            )
        )
        for page in levels
    )
    yield Table("levels", "Levels", ("Sample", "Marker", "Level", *aims), rows, "lllll")
    if shown.samples:
        joined = tuple(
            TableRow((_text(name), _text(powers(verdict)), _text(powers("; ".join(reasons)))))
            for name, verdict, reasons in shown.samples
        )
        yield Table(
            "samples", "All markers of a sample together", ("Sample", "Level", "Because"), joined, "lll"
        )


def _over_time(courses: Sequence[Trajectory]) -> Iterator[Block]:
    if not courses:
        return
    yield Heading(1, "MRD over time")
    labelled = [
        replace(one, points=tuple(replace(point, label=level_interval(point)) for point in one.points))
        for one in courses
    ]
    caption = (
        "The markers of each specimen together, with the 95 % interval of a quantified level. An open symbol was not "
        "detected, at its own sensitivity; a hatched stretch is positive below the quantitative range."
    )
    drawn = trajectory_figure(labelled, None, "the first specimen")
    yield _figure("over-time", "MRD over time, patient by patient", caption, drawn)


def _findings(shown: PlateShown) -> Iterator[Block]:
    if shown.findings:
        yield Heading(1, "Findings")
        yield Bullets(tuple(_text(powers(said)) for said in shown.findings))


def _page(page: PlatePage, n: int) -> Iterator[Block]:
    name = f"{page.sample} · {page.marker.target}" if page.sample else page.marker.target
    yield Heading(1, name, fresh=True)
    yield Paragraph((Text(powers(page.verdict), strong=True),))
    calls = "; ".join(f"{aim}: {call}" for aim, call in page.calls)
    said = [_text(f"{capital(calls)}.")] if calls else []
    said += [_text(powers(reason)) for reason in page.reasons]
    said += [_named(what, words) for what, words in page.facts]
    if said:
        yield Bullets(tuple(said))
    yield _figure(f"plate-{n}", "What was measured", CAPTION, page_figure(page))
    if page.trail:
        yield _trail(page, n)
    facts = [
        (f"{side.target}, {what}", words)
        for side in page.sides
        if side.curve
        for what, words in side.curve.facts
    ]
    if facts:
        yield Bullets(tuple(_named(what, words) for what, words in facts))
    yield _wells(page.sides, n)
    if page.sample:
        yield Paragraph(_text(SIGNATURE))


def _trail(page: PlatePage, n: int) -> Table:
    rows = tuple(
        TableRow((_text(rule.name), _text("yes" if rule.passed else "no"), _text(powers(rule.detail))))
        for rule in page.trail
    )
    return Table(f"trail-{n}", "Every rule that was asked", ("Rule", "Passed", "Numbers"), rows, "lll")


def _wells(sides: Sequence[SideShown], n: int) -> Table:
    """A line for each set of replicates, every well named, the target at its first; remarks on wells stand below."""
    sets: dict[tuple[str, str, str], list[WellShown]] = {}
    for side in sides:
        for well in side.wells:
            sets.setdefault((side.target, well.sample, well.role), []).append(well)
    has_instrument = any(well.instrument for wells in sets.values() for well in wells)
    columns = (
        "Target",
        "Sample",
        "Role",
        "Wells and their Cq",
        "Mean",
        "Span",
        *(["Instrument"] * has_instrument),
    )
    named: set[str] = set()
    rows = []
    for (target, *key), wells in sets.items():
        cells = ["" if target in named else target, *key, *_replicates(wells)]
        named.add(target)
        rows.append(TableRow(tuple(map(_text, cells + [_instrument(wells)] * has_instrument))))
    remarks = tuple(
        f"{well.position}: {well.remark}" for wells in sets.values() for well in wells if well.remark
    )
    return Table(f"wells-{n}", "Every well", columns, tuple(rows), "llllrr" + "l" * has_instrument, remarks)


def _replicates(wells: Sequence[WellShown]) -> tuple[str, str, str]:
    cqs = [well.cq for well in wells if well.cq is not None]
    mean = f"{fmean(cqs):.2f}" if cqs else ""
    span = f"{max(cqs) - min(cqs):.2f}" if len(cqs) > 1 else ""
    return ", ".join(f"{well.position} {_cq(well)}" for well in wells), mean, span


def _cq(well: WellShown) -> str:
    if well.cq is None:
        return {"no amplification": "none"}.get(well.state, well.state)
    return f"{well.cq:.2f}" + (" late" if well.state == "late" else "")


def _instrument(wells: Sequence[WellShown]) -> str:
    return ", ".join(well.instrument or "blank" for well in wells)


def _figure(name: str, title: str, caption: str, drawn: Drawing) -> Figure:
    return Figure(name, title, _text(caption), drawn.alt, drawn.svg)


def _named(what: str, words: str) -> Inlines:
    return (Text(f"{what}: ", strong=True), Text(powers(words)))


def _text(words: str) -> Inlines:
    return (Text(words),)
