"""The web page in a real browser: its script runs under its own policy, and it asks the network for nothing."""

import re
import subprocess
from dataclasses import replace

import pytest

from caseseries.present.document import Number, Table, TableRow, Text
from caseseries.present.html import render_html, write_html
from present_sample import make_document


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(make_document(), path)
    return path


def browse(chromium: str, url: str, profile) -> tuple[str, str]:
    """The page after its script has run, and what the browser logged."""
    finished = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return finished.stdout, finished.stderr


def test_a_number_s_address_opens_its_trail(report, require_tool, tmp_path):
    page, log = browse(require_tool("chromium"), f"{report.as_uri()}#efs.hsct.36m", tmp_path)
    dialog = page[page.index("<dialog") : page.index("</dialog>")]
    assert " open" in dialog.split(">")[0]
    assert "Event-free survival, 36 months from HSCT" in dialog
    assert "<li>At risk: 1</li>" in dialog
    assert "Content Security Policy" not in log
    assert "CONSOLE" not in log


def test_without_an_address_the_page_opens_quietly(report, require_tool, tmp_path):
    page, log = browse(require_tool("chromium"), report.as_uri(), tmp_path)
    assert " open" not in page[page.index("<dialog") :].split(">")[0]
    assert "CONSOLE" not in log


def test_a_script_that_is_not_ours_is_refused(report, require_tool, tmp_path):
    foreign = report.with_name("foreign.html")
    foreign.write_text(
        report.read_text(encoding="utf-8").replace(
            "</body>", "<script>document.title='taken'</script></body>"
        ),
        encoding="utf-8",
    )
    page, log = browse(require_tool("chromium"), foreign.as_uri(), tmp_path)
    assert "<title>taken" not in page
    assert "Content Security Policy" in log


MEASURE = """<script>
const over = one => one.scrollWidth - one.clientWidth;
document.title = "over by " + Math.max(...[...document.querySelectorAll(".scroll")].map(over));
</script></body>"""


def test_a_table_of_sentences_is_no_wider_than_the_page(require_tool, tmp_path):
    """A number may be a sentence; one that cannot break pushes what follows it out of sight."""
    followed = Number("efs", "CAR-T (CD19) (148); complete remission (176); relapse (290); seen alive (449)")
    columns = ("Case", "Event", "MRD before HSCT", "What followed (day)")
    row = TableRow(((Text("EM-01"),), (Text("relapse, CD19-positive"),), (followed,), (followed,)))
    document = replace(make_document(), blocks=(Table("after", "After HSCT", columns, (row,), "llll"),))
    policy, page = re.compile("<meta http-equiv=[^>]*>"), tmp_path / "page.html"
    page.write_text(policy.sub("", render_html(document)).replace("</body>", MEASURE), encoding="utf-8")
    shown, _ = browse(require_tool("chromium"), page.as_uri(), tmp_path)
    assert "<title>over by 0</title>" in shown
