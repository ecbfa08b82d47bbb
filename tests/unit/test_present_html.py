"""The web page: self-contained, safe, readable by machines that read aloud."""

import itertools
import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from caseseries.present.document import Bullets, Callout, Figure, Number, Paragraph, Table, Trail
from caseseries.present.html import render_html, write_html
from present_sample import make_document

DOCUMENT = make_document()
PAGE = render_html(DOCUMENT)


class Reader(HTMLParser):
    """Every element with its attributes, and the text within."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside.setdefault(tag, []).append("")
        self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in set(self._open):
            self.inside[tag][-1] += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


READ = read(PAGE)


def numbers_of(document) -> list[Number]:
    found = []
    for block in document.blocks:
        match block:
            case Paragraph(inlines):
                found += inlines
            case Bullets(items) | Callout(_, _, items):
                found += [inline for item in items for inline in item]
            case Table():
                found += [inline for row in block.rows for cell in row.cells for inline in cell]
            case Figure():
                found += block.caption
    return [inline for inline in found if isinstance(inline, Number)]


def test_every_number_leads_to_its_result():
    printed = [
        (attributes["data-result"], attributes["href"])
        for tag, attributes in READ.elements
        if "data-result" in attributes
    ]
    assert printed == [(number.result_id, f"#{number.result_id}") for number in numbers_of(DOCUMENT)]
    assert len(printed) > 40


def test_numbers_are_printed_as_they_are_shown():
    for number in numbers_of(DOCUMENT):
        assert f'data-result="{number.result_id}">{number.shown}</a>' in PAGE


def test_nothing_is_loaded_from_anywhere():
    loading = {"src", "srcset", "action", "data", "poster", "formaction", "background", "xlink:href"}
    for tag, attributes in READ.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not loading & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert all(url.startswith('"data:font/woff2;base64,') for url in re.findall(r"url\((.*?)\)", PAGE))
    assert "@import" not in PAGE


def test_the_policy_allows_this_style_and_this_script_only():
    (policy,) = [a["content"] for a in READ.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", PAGE, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", PAGE, re.DOTALL)
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "style-src": hashed(style),
        "script-src": hashed(script),
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_no_style_or_event_hides_in_an_attribute():
    names = {name for _, attributes in READ.elements for name in attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


def test_trails_come_back_as_they_went_in():
    (embedded,) = re.findall(r'<script type="application/json" id="trails">(.*?)</script>', PAGE, re.DOTALL)
    assert json.loads(embedded) == {
        name: {"label": trail.label, "lines": list(trail.lines)} for name, trail in DOCUMENT.trails.items()
    }


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "<!--", "</style>", '"; x: y'])
def test_no_text_can_break_out(hostile):
    document = replace(
        DOCUMENT,
        title=hostile,
        notice=hostile,
        footer=hostile,
        trails={"n.cases": Trail(hostile, (hostile,))},
    )
    reader = read(render_html(document))
    assert [tag for tag, _ in reader.elements] == [tag for tag, _ in READ.elements]
    assert reader.inside["title"] == [hostile]
    assert reader.inside["h1"] == [hostile]


def test_hostile_characters_survive_as_text():
    assert "#*_$<>&\"'\\ @ ~ [x]" in "".join(READ.inside["p"])


def test_the_notice_stands_first_last_and_on_every_printed_page():
    assert READ.inside["p"][0] == DOCUMENT.notice
    assert READ.inside["footer"][0].endswith(DOCUMENT.notice)
    content = re.search(r'@page\{@top-left\{content:"(.*?)"', PAGE)[1]
    assert re.sub(r"\\([0-9a-f]+) ", lambda code: chr(int(code[1], 16)), content) == DOCUMENT.notice


def test_the_outline_is_sound():
    assert READ.all("html")[0]["lang"] == "en-GB"
    assert len(READ.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in READ.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_contents_lead_to_headings():
    targets = {attributes.get("id") for _, attributes in READ.elements}
    links = [a["href"][1:] for a in READ.all("a") if "data-result" not in a]
    assert len(links) == 7
    assert set(links) <= targets


def test_ids_are_unique():
    ids = [attributes["id"] for _, attributes in READ.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_figures_are_images_with_a_description():
    figures = [block for block in DOCUMENT.blocks if isinstance(block, Figure)]
    drawn = [(a["role"], a["aria-label"]) for a in READ.all("svg")]
    assert drawn == [("img", figure.alt) for figure in figures]


def test_tables_name_their_rows_and_columns():
    tables = [block for block in DOCUMENT.blocks if isinstance(block, Table)]
    scopes = [a["scope"] for a in READ.all("th")]
    assert scopes.count("col") == sum(len(table.columns) for table in tables)
    assert scopes.count("row") == sum(len(table.rows) for table in tables)


def test_captions_are_numbered_apart():
    captions = [caption.strip() for caption in READ.inside["figcaption"]]
    assert [c.split(".")[0] for c in captions if c.startswith("Table")] == ["Table 1", "Table 2", "Table 3"]
    assert [c.split(".")[0] for c in captions if c.startswith("Figure")] == [
        f"Figure {i}" for i in range(1, 6)
    ]


def test_levels_are_indented_and_heads_are_bold():
    assert '<tr class=head><th scope="row" class="l level0 short">Indication</th>' in PAGE
    assert 'class="l level1">after relapse</th>' in PAGE


def test_a_single_remark_is_a_paragraph_and_several_are_a_list():
    asides = re.findall(r"<aside.*?</aside>", PAGE, re.DOTALL)
    assert ["<ul>" in aside for aside in asides] == [True, False]


def test_the_same_document_makes_the_same_page(tmp_path):
    write_html(DOCUMENT, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == render_html(make_document()).encode()


def test_the_page_is_light():
    assert len(PAGE.encode()) < 400_000
