"""What an author sends: the paragraph for the abstract, the checklists, and the report in a journal's style."""

import re
from dataclasses import replace

import docx
import pytest

from caseseries.pipeline import SOFTWARE, Checked, analyse_study, check_study, describe_reading
from caseseries.present.checklists import GUIDELINES, REPORTED, checklists
from caseseries.present.document import Document, Heading, Number, Paragraph, Table
from caseseries.present.html import write_html
from caseseries.present.report import Material, assemble
from caseseries.present.wording import STYLES, plain
from read_back import read_page, read_pdf, squeeze

PARAGRAPH = (
    "Blinatumomab was given to 11 cases (median age 0.5 years (95% CI 0.4–1.2), range 0.2–2.9 years). The indication "
    "was after relapse in 7 of 11; first line: resistant or refractory in 4 of 11. After treatment, MRD was not "
    "detected in 9/11 (82%; 95% CI 48–98); the MRD response was complete in 9/11 (82%; 95% CI 48–98). Toxicity of any "
    "grade: CRS in 3 of 11, neurotoxicity in 1 of 11 and other in 0 of 11. HSCT followed in 11 of 11, a median of 51 "
    "days (95% CI 40–113) after the start of blinatumomab (range 34–119 days). 3-year EFS from HSCT was 47% (95% CI "
    "2–80), with 5 events and 1 still at risk. 3-year EFS from start of blinatumomab was 51% (95% CI 2–82), with 5 "
    "events and 1 still at risk. 3-year OS from HSCT was 81% (95% CI 3–98), with 2 events and 1 still at risk. 3-year OS from start of "
    "blinatumomab was 79% (95% CI 3–97), with 2 events and 1 still at risk."
)


def test_the_paragraph_to_paste_says_what_the_report_says(demo):
    title, results, *rest = (demo / "report" / "text.txt").read_text(encoding="utf-8").split("\n\n")
    assert title.endswith("a case series")
    assert results == PARAGRAPH
    assert len(results.split()) < 250
    assert sum("still at risk" in part for part in rest) == 2
    assert "made-up patients" in rest[-1]


@pytest.fixture(scope="module")
def checked(demo) -> Checked:
    return check_study(demo)


@pytest.fixture(scope="module")
def in_style(demo, checked):
    def make(style: str) -> Document:
        report = checked.study.report.model_copy(update={"style": style})
        styled = replace(checked, study=checked.study.model_copy(update={"report": report}))
        found = analyse_study(styled)
        reading = describe_reading(demo, styled)
        return assemble(
            Material(styled.study, found.results, found.displays, found.remarks, reading), SOFTWARE
        )

    return make


@pytest.fixture(scope="module")
def document(in_style) -> Document:
    return in_style("plain")


def _numbers(document: Document) -> list[tuple[str, list[str]]]:
    """Every printed result with the digits of its print, in order; a P may have more of them, or a bound."""
    cells = [cell for b in document.blocks if isinstance(b, Table) for row in b.rows for cell in row.cells]
    cells += [block.inlines for block in document.blocks if hasattr(block, "inlines")]
    cells += [item for block in document.blocks for item in getattr(block, "items", ())]
    numbers = [run for inlines in cells for run in inlines if isinstance(run, Number)]
    return [(run.result_id, re.findall(r"\d+", run.shown)) for run in numbers if not _is_p(run)]


def _is_p(run: Number) -> bool:
    return ".conflict." in run.result_id or run.result_id.endswith((".log_rank", ".binomial"))


@pytest.mark.parametrize("style", STYLES)
def test_a_style_prints_the_same_results_with_the_same_digits(style, in_style, document):
    assert _numbers(in_style(style)) == _numbers(document)


def test_the_lancet_has_its_raised_points_and_jama_its_hyphens(in_style):
    words = {
        style: " ".join(
            plain(cell)
            for block in in_style(style).blocks
            if isinstance(block, Table)
            for row in block.rows
            for cell in row.cells
        )
        for style in ("lancet", "jama")
    }
    assert "0·5 (0·2–2·9)" in words["lancet"]
    assert re.search(r"\d\.\d", words["lancet"]) is None
    assert " 2-80 " in words["jama"]
    assert "79% (95% CI, 3%-97%)" in words["jama"]
    assert "9 (82) " in words["jama"]


@pytest.mark.parametrize(
    ("style", "foreign"), [("lancet", r"\d\.\d"), ("jama", r"\d–\d"), ("blood", r"\d–\d")]
)
def test_no_other_convention_stands_in_the_text_the_tables_or_the_figures(style, foreign, in_style, tmp_path):
    write_html(in_style(style), tmp_path / "report.html")
    pieces = [piece for piece in read_page(tmp_path / "report.html") if piece.section != "footer"]
    assert any(piece.kind == "text" for piece in pieces)
    assert [str(piece) for piece in pieces if re.search(foreign, piece.text)] == []


@pytest.mark.parametrize("style", STYLES)
def test_a_share_in_the_text_has_its_sign(style, in_style):
    [summary, *_] = [plain(b.inlines) for b in in_style(style).blocks if isinstance(b, Paragraph)]
    assert re.search(r"complete in 9/11 \(82%; 95% CI", summary)


@pytest.mark.parametrize(
    ("style", "printed"),
    [("plain", "P = 0.21"), ("blood", "P = .21"), ("jama", "P = .21"), ("lancet", "p=0·21")],
)
def test_a_p_value_is_printed_as_the_journal_prints_it(style, printed, in_style):
    [table] = [b for b in in_style(style).blocks if isinstance(b, Table) and b.id == "compare-os_mixture"]
    rows = {plain(row.cells[0]): plain(row.cells[1]) for row in table.rows}
    assert rows["One-sample log-rank test"].replace("\u00a0", " ") == printed


def _states(document: Document) -> dict[tuple[str, str], str]:
    tables = [block for block in checklists(document, {}).blocks if isinstance(block, Table)]
    return {
        (table.id, plain(row.cells[0]).rstrip("†")): plain(row.cells[2])
        for table in tables
        for row in table.rows
    }


CITED = [
    pytest.param(name, item.number, place, id=f"{name} {item.number} {place}")
    for name, _, items in GUIDELINES
    for item in items
    for place in item.places
    if place.startswith(("table:", "figure:", "section:", "result:"))
]


@pytest.mark.parametrize(("guideline", "number", "place"), CITED)
def test_an_item_is_not_reported_once_what_it_cites_is_gone(guideline, number, place, document):
    kind, _, name = place.partition(":")
    kept = [block for block in document.blocks if not _cites(block, kind, name)]
    after = _states(replace(document, blocks=tuple(kept)))[guideline, number]
    assert after != REPORTED


def _cites(block: object, kind: str, name: str) -> bool:
    if kind == "section":
        return isinstance(block, Heading) and block.text == name
    if kind == "result":
        return f"result_id='{name}" in repr(block)
    return type(block).__name__.lower() == kind and block.id.startswith(name)


def test_tables_and_figures_are_cited_by_the_numbers_of_the_report(demo):
    """The checklists' Word file against the captions of the web page."""
    page = [piece.text for piece in read_page(demo / "report" / "report.html") if piece.kind == "figcaption"]
    captions = {title.split(".")[0]: title.split(". ")[1].rstrip(".") for title in page}
    tables = docx.Document(str(demo / "report" / "checklists.docx")).tables
    cited = {row.cells[0].text: re.sub(r" \(p\. \d+\)", "", row.cells[3].text) for row in tables[0].rows}
    assert captions[cited["14a"]] == "Characteristics of the cases"
    assert captions[cited["13c"]] == "Flow of cases"
    assert [captions[one] for one in cited["16c"].split("; ")] == ["Survival", "Cumulative incidence"]


def test_the_checklists_send_a_reader_to_the_page_of_the_pdf(demo):
    """Every cited page against the words on that page of the finished PDF."""
    pages = read_pdf(demo / "report" / "report.pdf")
    tables = docx.Document(str(demo / "report" / "checklists.docx")).tables
    cells = [row.cells[3].text for table in tables for row in table.rows]
    places = set(re.findall(r"(?:^|; )([^;(\n]+) \((?:from )?p\. (\d+)\)", "\n".join(cells), re.MULTILINE))
    numbered = {one for one in places if re.fullmatch(r"(Table|Figure) \d+", one[0])}
    sections = {one for one in places if one[0][0].isupper()} - numbered
    assert len(numbered) > 5
    assert {"Methods", "Limitations", "Summary"} <= {section for section, _ in sections}
    for caption, page in numbered:
        assert squeeze(f"{caption}. ") in pages[int(page) - 1], (caption, page)
    for section, page in sections:
        assert squeeze(section) in pages[int(page) - 1], (section, page)
    for result, page in places - numbered - sections:
        assert re.fullmatch(r"[a-z0-9_.]+", result)
        assert 0 < int(page) <= len(pages)


def test_every_table_and_figure_is_cited_and_in_the_order_in_which_they_stand(demo):
    """What a journal asks for; the appendix stands for itself."""
    pieces = read_page(demo / "report" / "report.html")
    text = " ".join(piece.text for piece in pieces if not piece.block)
    for kind in ("Table", "Figure"):
        cited = re.findall(rf"\b{kind}s? (\d+)(?: and (\d+))?", text)
        first = list(dict.fromkeys(int(number) for pair in cited for number in pair if number))
        captions = [
            piece.text
            for piece in pieces
            if piece.kind == "figcaption" and piece.text.startswith(kind) and "Appendix" not in piece.section
        ]
        assert first == list(range(1, len(captions) + 1))
    assert "(see " not in text


def test_a_published_outcome_is_printed_with_its_source_and_how_far_it_was_read(demo):
    pieces = read_page(demo / "report" / "report.html")
    notes = [piece.text for piece in pieces if piece.kind == "footnote"]
    assert (
        "Interfant-06: infants with ALL, n = 651; OS from diagnosis; Clesham Blood 2020;135:1501 (final intro); Pieters "
        "JCO 2019;37:2246 (abstract) (read; n or interval recalled — verify)." in notes
    )


def test_what_only_the_authors_know_is_not_reported(document):
    states = _states(document)
    authors = [("strobe", n) for n in ("2", "3", "10", "20", "22")] + [
        ("process", n) for n in ("5", "6a", "9", "10", "11")
    ]
    assert {states[one] for one in authors} == {"not reported"}
    assert states["strobe", "6b"] == "does not apply"
