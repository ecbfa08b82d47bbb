"""The finished web page, PDF and Word file are read back: every number in them rests on something, or is an orphan."""

import json
import re
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path

import openpyxl
import pytest

from account import NUMBER, Account, find_orphans, open_account
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
    (">1163</a></td>", ">1164</a></td>", "nothing explains 1164"),
    (">9 / 11</a>", ">9 / 12</a>", "9 / 12 is not printed by mrd.response.complete"),
    ("<b>Table 4.", "<b>Table 5.", "nothing explains 5"),
    (">267 days (95% CI 77–853)</a>", ">268 days (95% CI 77–853)</a>", "is not printed by followup.hsct"),
    ("HSCT (n\u00a0=\u00a011)</text>", "HSCT (n = 10)</text>", "figure-flow: nothing explains 10"),
    (">7</text>", ">8</text>", "the rows of adtte.csv give 11 7 3 2 2 1 1"),
    (">18</text>", ">19</text>", "these are no marks of an axis"),
    (">0.1%</text>", ">0.2%</text>", "these are no marks of an axis"),
    ("31 October 2019.", "30 October 2019.", "nothing explains 30"),
    (
        ">0.42 (95% CI 0.05–1.55)</a>",
        ">0.43 (95% CI 0.05–1.55)</a>",
        "is not printed by compare.os_mixture.smr",
    ),
    (">1.3 cases</a>", ">1.4 cases</a>", "is not printed by compare.os_mixture.36m.effective"),
    ("n = 202;", "n = 203;", "nothing explains 203"),
    ("for the 7 of ours", "for the 8 of ours", "nothing explains 8"),
    ("(Figure 8; Table 7)", "(Figure 9; Table 7)", "nothing explains 9"),
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
