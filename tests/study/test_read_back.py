"""The finished web page, PDF and Word file are read back: every number in them rests on something, or is an orphan."""

import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from html import unescape
from pathlib import Path

import openpyxl
import pytest

from account import (
    JOURNAL,
    NUMBER,
    Account,
    as_pattern,
    find_orphans,
    levels,
    lines_of_reading,
    open_account,
    reasons,
)
from caseseries.pipeline import SOFTWARE, analyse_study, check_study, describe_reading
from caseseries.present.document import Document, Number, Paragraph, Text
from caseseries.present.docx import write_docx
from caseseries.present.html import write_html
from caseseries.present.pdf import write_pdf
from caseseries.present.report import Material, assemble
from read_back import (
    Piece,
    differences_in_pdf,
    differences_in_word,
    read_page,
    read_page_with_places,
    read_pdf,
    read_word,
    read_word_margins,
    squeeze,
)


@pytest.fixture(scope="module")
def pieces(demo) -> list[Piece]:
    return read_page(demo / "report" / "report.html")


@pytest.fixture(scope="module")
def account(demo, caseseries) -> Account:
    return open_account(demo, json.loads(caseseries("check", demo, "--json").stdout))


def test_no_number_of_the_web_page_is_an_orphan(pieces, account):
    assert find_orphans(pieces, account) == []
    assert sum(len(piece.numbers) for piece in pieces) > 200
    assert sum(len(NUMBER.findall(piece.text)) for piece in pieces) > 800


def test_the_pdf_has_the_words_of_the_web_page_and_no_others(pieces, demo):
    assert differences_in_pdf(pieces, read_pdf(demo / "report" / "report.pdf")) == []


def test_the_word_file_has_the_words_of_the_web_page_and_no_others(pieces, demo):
    assert differences_in_word(pieces, read_word(demo / "report" / "report.docx")) == []


def test_the_margins_of_the_word_file_hold_the_notice_the_footer_and_the_page(pieces, demo):
    notice, footer = squeeze(pieces[0].text), squeeze(pieces[-2].text)
    assert read_word_margins(demo / "report" / "report.docx") == {notice, f"{footer}·page1of1"}


PLANTED = [
    ("still at risk.", "still at risk of 17.", "nothing explains 17"),
    (">47% (95% CI 2–80)</a>", ">47% (95% CI 3–80)</a>", "47% (95% CI 3–80) is not printed by efs.hsct.36m"),
    ("asks for 5.", "asks for 6.", "nothing explains 6"),
    ("2064 non-empty", "2065 non-empty", "nothing explains 6"),
    ("(CD19) (148)", "(CD19) (149)", "nothing explains"),
    (">N = 11</a></th>", ">N = 12</a></th>", "N = 12 is not printed by n.cases"),
    ("1958;53:457–481.", "1958;53:457–481, table 2.", "nothing explains 1958"),
    (">1163</a></td>", ">1164</a></td>", "nothing explains 1164"),
    (">9 / 11</a>", ">9 / 12</a>", "9 / 12 is not printed by mrd.response.complete"),
    ("<b>Table 4.", "<b>Table 5.", "nothing explains 5"),
    (">267 days (95% CI 77–853)</a>", ">268 days (95% CI 77–853)</a>", "is not printed by followup.hsct"),
    ("HSCT (n\u00a0=\u00a011)</text>", "HSCT (n = 10)</text>", "figure-flow: nothing explains 10"),
    (">7</text>", ">8</text>", "the rows of adtte.csv give 11 7 3 2 2 1 1"),
    (">18</text>", ">19</text>", "these are no marks of an axis"),
    (">0.1%</text>", ">0.2%</text>", "these are no marks of an axis"),
    ("31 October 2019</a>.", "30 October 2019</a>.", "nothing explains 30"),
    (
        ">0.42 (95% CI 0.05–1.55)</a>",
        ">0.43 (95% CI 0.05–1.55)</a>",
        "is not printed by compare.os_mixture.smr",
    ),
    (">1.3 cases</a>", ">1.4 cases</a>", "is not printed by compare.os_mixture.36m.effective"),
    ("n = 202;", "n = 203;", "nothing explains 203"),
    (">Figure 8</a>; ", ">Figure 9</a>; ", "nothing explains 9"),
    ("censored before day 1095", "censored before day 1096", "nothing explains 8"),
    ("sha256sum prints it", "sha256sum prints 16", "nothing explains 15"),
]


@pytest.mark.parametrize(("there", "planted", "complaint"), PLANTED)
def test_a_planted_orphan_is_found(there, planted, complaint, demo, account, tmp_path):
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    assert there in page
    (tmp_path / "planted.html").write_text(page.replace(there, planted, 1), encoding="utf-8")
    assert complaint in "\n".join(find_orphans(read_page(tmp_path / "planted.html"), account))


@pytest.fixture(scope="module")
def document(demo) -> Document:
    checked = check_study(demo)
    found = analyse_study(checked)
    reading = describe_reading(demo, checked)
    return assemble(Material(checked.study, found.results, found.displays, found.remarks, reading), SOFTWARE)


SENTENCE = Paragraph((Text("Of these, 17 did well, "), Number("n.cases", "12"), Text(".")))


def test_a_sentence_with_numbers_of_its_own_is_found_in_all_three(document, pieces, account, tmp_path: Path):
    written = replace(document, blocks=(*document.blocks[:3], SENTENCE, *document.blocks[3:]))
    write_html(written, tmp_path / "report.html")
    write_pdf(written, tmp_path / "report.pdf")
    write_docx(written, tmp_path / "report.docx")
    page = read_page(tmp_path / "report.html")
    assert find_orphans(page, account) == [
        "Summary › p: Of these, 17 did well, 12.: 12 is not printed by n.cases",
        "Summary › p: Of these, 17 did well, 12.: nothing explains 17",
    ]
    [pdf] = differences_in_pdf(pieces, read_pdf(tmp_path / "report.pdf"))
    [word] = differences_in_word(pieces, read_word(tmp_path / "report.docx"))
    assert "Ofthese,17didwell,12." in pdf
    assert "Ofthese,17didwell,12." in word
    assert differences_in_pdf(page, read_pdf(tmp_path / "report.pdf")) == []
    assert differences_in_word(page, read_word(tmp_path / "report.docx")) == []


def test_every_number_of_a_table_and_of_a_figure_of_cases_opens_a_trail(demo):
    """Cells with a number are links but for labels and what describes the method; drawings open one as a whole."""
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    trails = _trails(page)
    opened = {unescape(name) for name in re.findall(r'data-(?:result|trail)="([^"]*)"', page)}
    assert opened <= trails.keys()
    for table in ("cases", "aftermath", "survival", "incidence", "response", "toxicity"):
        [body] = re.findall(rf'id="table-{table}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
        cells = re.findall(r"<td[^>]*>(.*?)</td>", body, re.DOTALL)
        assert [cell for cell in cells if re.search(r"\d", cell) and "<a " not in cell] == []
    drawings = re.findall(r'<figure id="(figure-[^"]*)">(.*?)</figure>', page, re.DOTALL)
    assert [name for name, drawn in drawings if "data-trail" not in drawn] == []


def test_every_number_that_opens_no_trail_is_known_to_be_no_result(pieces, account):
    """And why: each reason is needed, and none is left over."""
    said, unknown = numbers_without_trail(pieces, account)
    assert unknown == []
    assert [reason for reason in (*PLACES, LEVEL, *reasons(account)) if not said[reason]] == []


@pytest.mark.parametrize("printed", ["N = 11", "1163", "8 of 11 were censored"])
def test_a_number_whose_trail_was_left_out_is_found(printed, demo, account, tmp_path):
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    bare = re.sub(rf"<a [^>]*>({printed}[^<]*)</a>", r"\1", page, count=1)
    assert bare != page
    (tmp_path / "bare.html").write_text(bare, encoding="utf-8")
    [unknown] = numbers_without_trail(read_page(tmp_path / "bare.html"), account)[1][:1]
    assert printed in unknown


def numbers_without_trail(pieces: list[Piece], account: Account) -> tuple[Counter[str], list[str]]:
    """How often each reason stands for a number outside a link; and the numbers that none stands for."""
    known = {LEVEL: levels(account)} | {
        reason: [as_pattern(one) for one in sorted(words, key=len, reverse=True)]
        for reason, words in reasons(account).items()
    }
    said: Counter[str] = Counter()
    unknown = []
    for piece in (one for one in pieces if one.kind != "text"):
        words = piece.bare
        for reason, found in {**reasons_of_place(piece, account), **known}.items():
            words, times = re.subn("|".join(found), "", words) if found else (words, 0)
            said[reason] += times
        unknown += [f"{piece}: {number}" for number in NUMBER.findall(words)]
    return said, unknown


LEVEL = "the name of a level"
PLACES = ("the number of a caption", "a reference", "a sum or a hash of the reading", "the name of a row")


def reasons_of_place(piece: Piece, account: Account) -> dict[str, list[str]]:
    """Where a number stands may say that it is no result."""
    sums = piece.section == "Appendix: what was read" and piece.words in lines_of_reading(account)
    names = piece.kind == "th" and piece.row > 0
    return {
        PLACES[0]: [rf"^{kind} \d+\." for kind in ("Table", "Figure") if piece.kind == "figcaption"],
        PLACES[1]: [JOURNAL.pattern] if piece.section == "References" else [],
        PLACES[2]: [".+"] if sums else [],
        PLACES[3]: [".*\\d.*"] if names else [],
    }


def test_a_citation_leads_to_what_it_names_and_a_reference_back(demo):
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    pieces, places = read_page_with_places(demo / "report" / "report.html")
    captions = {piece.block: piece.words.split(".")[0] for piece in pieces if piece.kind == "figcaption"}
    cites = [(piece, place, words) for piece in pieces for place, words in piece.cites]
    for piece, place, words in cites:
        assert page.count(f'id="{place}"') == 1
        if place in captions:
            assert captions[place].endswith(words if words.isdigit() else f"{words}")
        elif piece.section == "References":
            assert (place, words) in [(f"cited-{words}", words)]
            assert (f"reference-{words}", words) in places[place].cites
        else:
            assert places[place].words.startswith(f"{words}. ")
    numbers = [int(words) for piece, place, words in cites if place.startswith("reference-")]
    assert list(dict.fromkeys(numbers)) == sorted(set(numbers)) == list(range(1, max(numbers) + 1))
    assert len([place for _, place, _ in cites if place.startswith("cited-")]) == max(numbers) > 5


def test_the_trail_of_a_case_has_every_cell_that_any_number_has_of_it(demo, account):
    trails = _trails((demo / "report" / "report.html").read_text(encoding="utf-8"))
    for case in account.listing:
        told = set(trails[f"case {case}"]["lines"])
        behind = [
            trail
            for name, trail in trails.items()
            if name in account.rows and case in account.rows[name]["cases"]
        ]
        assert f"Behind {len(behind)} numbers of this report" in told
        lines = {
            line.partition(": ")[2]
            for trail in behind
            for line in trail["lines"]
            if line.startswith(f"{case}: ")
        }
        cells = {
            cell for line in lines if line != "no cell" for cell in re.split(r"; (?=returns/|plates/)", line)
        }
        assert cells <= told


def _trails(page: str) -> dict[str, dict]:
    [trails] = re.findall(r'<script type="application/json" id="trails">(.*?)</script>', page)
    return json.loads(trails)


CELL = re.compile(r"(returns/[^›]+\.xlsx) › ([^›]+) › ([A-Z]+\d+) = (.*?)(?=; returns/|; plates/|$)")
WELLS = re.compile(r"(plates/[^›]+\.rdml) › run 1 › ([A-H0-9, –]+) = ([^;]*?): Cq (.*?)(?=; |$)")


def test_every_trail_leads_to_cells_that_hold_what_it_says(demo, account):
    """The trails of the page against the workbooks, read by another reader."""
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    books = {
        f"returns/{path.name}": openpyxl.load_workbook(path) for path in (demo / "returns").glob("*.xlsx")
    }
    cells = 0
    trails = _trails(page)
    assert account.rows.keys() <= trails.keys()
    for result, row in account.rows.items():
        trail = trails[result]
        assert trail["lines"][:2] == [row["shown"], f"Method: {row['method']}; n = {row['n']}"]
        stated = [line.partition(": ") for line in trail["lines"] if line.split(":")[0] in row["cases"]]
        assert [case for case, _, _ in stated] == row["cases"]
        for file, sheet, cell, raw in CELL.findall("\n".join(line for _, _, line in stated)):
            assert raw.split("\n")[0] == _as_read(books[file][sheet][cell].value), (result, file, sheet, cell)
            cells += 1
    assert cells > 2000


def test_every_trail_leads_to_wells_of_the_sample_and_marker_it_names(demo):
    """The trails of the page against the plates' XML, read without our reader."""
    page = (demo / "report" / "report.html").read_text(encoding="utf-8")
    named = {name: trail for name, trail in _trails(page).items() if not name.startswith("case ")}
    lines = {line for trail in named.values() for line in trail["lines"]}
    plates = {path.name: _wells_of(path) for path in (demo / "plates").iterdir()}
    told = {found for line in lines for found in WELLS.findall(line)}
    for file, places, name, cqs in told:
        held = [plates[file.removeprefix("plates/")][place] for place in _each(places)]
        assert len(cqs.split(", ")) == len(held)
        if name.startswith(("IG", "TR")):
            assert {target for _, target in held} == {name}
            assert all(sample.startswith(file[7:12]) for sample, _ in held)
        elif name.startswith("control gene"):
            assert {target for _, target in held} == {"ALB"}
        else:
            assert {sample for sample, _ in held} == {"MNC"} or all(s.startswith("dx ") for s, _ in held)
    assert (
        len(told) == 30 * 2 + 15 * 2
    )  # sample and control wells of 30 specimens; curve and background of 15 runs


def _each(places: str) -> list[str]:
    """The wells of "D5, D6, A1–A12", one by one."""
    found = []
    for place in places.split(", "):
        first, _, last = place.partition("–")
        numbers = range(int(first[1:]), int((last or first)[1:]) + 1)
        found += [f"{first[0]}{number}" for number in numbers]
    return found


def _wells_of(path: Path) -> dict[str, tuple[str, str]]:
    """Position to (sample, target) on a plate of 8 rows and 12 columns."""
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("rdml_data.xml").decode()
    found = re.findall(r'<react id="(\d+)"><sample id="([^"]*)"/><data><tar id="([^"]*)"/>', xml)
    return {f"{'ABCDEFGH'[(int(n) - 1) // 12]}{(int(n) - 1) % 12 + 1}": (s, t) for n, s, t in found}


def _as_read(value: object) -> str:
    text = f"{value:%Y-%m-%d}" if hasattr(value, "year") else str(value)
    return text.removesuffix(".0")
