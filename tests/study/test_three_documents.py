"""The web page, the PDF and the Word file of the demo print the same numbers, as they stand in results.json."""

import json
import re
import zipfile
from html import unescape
from pathlib import Path

import pypdf
import pytest

NUMBER = re.compile(r'<a class="num" href="#[^"]+" data-result="([^"]+)">(.*?)</a>', re.DOTALL)
NOTICE = "made-up patients; reproduces the published aggregates of Clesham et al., Blood 2020;135:1501"


def _words(text: str) -> str:
    """Text without line ends, marks that only allow a break, and markup."""
    plain = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\s+", "", re.sub("[\u00ad\u200b\u2060]", "", plain))


def _word_text(report: Path, prefix: str) -> str:
    with zipfile.ZipFile(report / "report.docx") as parts:
        names = [name for name in parts.namelist() if re.match(rf"word/{prefix}.*\.xml$", name)]
        return _words("".join(parts.read(name).decode("utf-8") for name in names))


@pytest.fixture(scope="module")
def pages(demo) -> list[str]:
    return [_words(page.extract_text()) for page in pypdf.PdfReader(demo / "report" / "report.pdf").pages]


@pytest.fixture(scope="module")
def shown(demo) -> dict[str, str]:
    rows = json.loads((demo / "report" / "results.json").read_text(encoding="utf-8"))["results"]
    return {row["id"]: row["shown"] for row in rows}


@pytest.fixture(scope="module")
def printed(demo) -> list[tuple[str, str]]:
    """Every number of the web page: the result it names, and its words."""
    html = (demo / "report" / "report.html").read_text(encoding="utf-8")
    return [(result, _words(text)) for result, text in NUMBER.findall(html)]


def test_every_number_of_the_page_names_a_result(printed, shown):
    assert len(printed) > 100
    assert {result for result, _ in printed} <= shown.keys()


@pytest.mark.parametrize(
    "result",
    [
        "age.index.median_years", "mrd.response.complete", "mrd.response.complete_or_partial", "efs.hsct.36m",
        "os.hsct.36m", "efs.index.36m", "os.index.36m",
        "followup.hsct.reverse_km.median", "followup.hsct.survivors.median", "time.index_to_hsct.median",
    ],
)  # fmt: skip
def test_the_main_results_are_quoted_as_shown_in_all_three(result, printed, shown, pages, demo):
    words = _words(shown[result])
    assert (result, words) in printed
    assert words in "".join(pages)
    assert words in _word_text(demo / "report", "document")


def test_every_number_of_the_page_is_in_the_pdf_and_in_word(printed, pages, demo):
    pdf, word = "".join(pages), _word_text(demo / "report", "document")
    assert [(result, words) for result, words in printed if words not in pdf] == []
    assert [(result, words) for result, words in printed if words not in word] == []


def test_the_notice_is_on_every_page(pages, demo):
    assert [number for number, page in enumerate(pages, start=1) if _words(NOTICE) not in page] == []
    assert _words(NOTICE) in _word_text(demo / "report", "header") + _word_text(demo / "report", "footer")


def test_cells_are_behind_the_numbers_of_the_web_page_only(demo, pages):
    """As the README says: no date of birth is in the PDF or the Word file."""
    html = (demo / "report" / "report.html").read_text(encoding="utf-8")
    births = re.findall(r"Patients › B\d+ = (\d{4}-\d\d-\d\d)", html)
    assert len(set(births)) > 5
    documents = "".join(pages) + _word_text(demo / "report", "")
    assert [birth for birth in births if birth in documents] == []
    assert "Patients›B" not in documents
