"""Every file of the report folder, written from an analysis."""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from caseseries.analysis.exports import ADSL_COLUMNS, ADTTE_COLUMNS, to_csv
from caseseries.analysis.results import to_json
from caseseries.analysis.run import Analysis
from caseseries.findings import escape_unseen, show_unseen
from caseseries.present.abstract import abstract
from caseseries.present.checklists import checklists
from caseseries.present.document import Document, Figure, Table, words_of
from caseseries.present.docx import write_docx
from caseseries.present.exports import export
from caseseries.present.html import write_html
from caseseries.present.pdf import write_pdf
from caseseries.present.report import Material, Reading, assemble
from caseseries.present.transport import to_transport
from caseseries.present.wording import plain
from caseseries.study.definition import Study


def write_report(
    report: Path,
    study: Study,
    analysis: Analysis,
    inputs: Mapping[str, str],
    reading: Reading,
    software: str,
    *,
    transport: bool = False,
) -> None:
    """Everything under `report`: the numbers first, so that a failure to draw loses none.

    `inputs` are the files the report was made from and their SHA-256; `analysis` has its printed strings.
    """
    write_data(report, study, analysis, inputs, software)
    write_transport(report / "exports", study, analysis, wanted=transport)
    material = Material(study, analysis.results, analysis.displays, analysis.remarks, reading)
    document = assemble(material, software)
    write_parts(report, document)
    write_text(report / "text.txt", abstract(material))
    with ThreadPoolExecutor() as threads:  # Typst, which sets the PDF and the pictures, releases the lock
        typeset = threads.submit(write_pdf, document, report / "report.pdf")
        others = [
            threads.submit(write_html, document, report / "report.html"),
            threads.submit(write_docx, document, report / "report.docx"),
        ]
        write_docx(checklists(document, typeset.result()), report / "checklists.docx")
    for one in others:
        one.result()


def write_data(
    report: Path, study: Study, analysis: Analysis, inputs: Mapping[str, str], software: str
) -> None:
    """The results and the rows they were made from, for other programs."""
    listing = analysis.displays.listing
    heading = {"software": software, "study": study.short_title, "notice": study.notice}
    write_text(report / "results.json", to_json(analysis.results, {**heading, "inputs": dict(inputs)}))
    write_text(report / "listing.csv", to_csv(listing.columns, listing.rows))
    write_text(report / "adtte.csv", to_csv(ADTTE_COLUMNS, analysis.adtte))
    write_text(report / "adsl.csv", to_csv(ADSL_COLUMNS, analysis.adsl))
    exports = export(study, analysis.results, analysis.displays, analysis.adtte, software)
    for name, text in exports.items():
        write_text(report / "exports" / name, text)


def write_transport(exports: Path, study: Study, analysis: Analysis, *, wanted: bool) -> None:
    """ADSL and ADTTE as SAS transport files where they are wanted; none is left from an earlier run."""
    datasets = {"ADSL": (ADSL_COLUMNS, analysis.adsl), "ADTTE": (ADTTE_COLUMNS, analysis.adtte)}
    for name, (columns, rows) in datasets.items():
        path = exports / f"{name.lower()}.xpt"
        if wanted:
            path.write_bytes(to_transport(name, columns, rows, study.data_cut))
        else:
            path.unlink(missing_ok=True)


def write_parts(report: Path, document: Document) -> None:
    """Each table as CSV and each figure as SVG, for people who need only one; none is left from an earlier run."""
    for kind in ("tables", "figures"):
        shutil.rmtree(report / kind, ignore_errors=True)
    for block in document.blocks:
        if isinstance(block, Table):
            columns = tuple(map(words_of, block.columns))
            rows = [
                dict(zip(columns, (plain(cell) for cell in row.cells), strict=True)) for row in block.rows
            ]
            write_text(report / "tables" / f"{block.id}.csv", to_csv(columns, rows))
        if isinstance(block, Figure):
            write_text(report / "figures" / f"{block.id}.svg", block.svg)


def write_text(path: Path, text: str) -> None:
    """UTF-8 with Unix line ends, whatever the machine, and with nothing in it that cannot be seen."""
    text = escape_unseen(text) if path.suffix == ".json" else show_unseen(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
