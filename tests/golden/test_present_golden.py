"""What each figure of the sample says, word for word, and that nothing depends on where it is drawn.

The words were read against the pictures when they were stored. After a wanted change, look at the figure
first; then store what `words_and_facts` returns.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from caseseries.present.drawing import Drawing
from caseseries.present.figures import (
    flow_figure,
    incidence_figure,
    mrd_figure,
    survival_figure,
    swimmer_figure,
)
from present_ink import facts_of, texts_of
from present_sample import FLOW, INCIDENCE, LANES, MRD, SURVIVAL

STORED = Path(__file__).parent / "figures"
ROOT = Path(__file__).parents[2]

FIGURES = {
    "flow": flow_figure(FLOW),
    "mrd": mrd_figure(MRD, 1e-4),
    "swimmer": swimmer_figure(LANES, "start of blinatumomab"),
    "survival": survival_figure(SURVIVAL, 3, 0.95),
    "incidence": incidence_figure(INCIDENCE, 3, 0.95),
}


def words_and_facts(drawn: Drawing) -> str:
    parts = ["Words", *texts_of(drawn.svg), "", "Facts", *facts_of(drawn.svg), "", "Description", drawn.alt]
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_said(name):
    assert words_and_facts(FIGURES[name]) == (STORED / f"{name}.txt").read_text(encoding="utf-8")


DIGESTS = """
import sys
sys.path.insert(0, "tests")
from hashlib import sha256
from present_sample import make_document
from caseseries.present.docx import render_docx
from caseseries.present.html import render_html
from caseseries.present.pdf import as_json
from caseseries.present.typeset import typeset_pdf
document = make_document()
for made in (render_html(document).encode(), typeset_pdf(as_json(document))[0], render_docx(document)):
    print(sha256(made).hexdigest())
"""


def digests(**environment: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.split()


def test_all_documents_are_the_same_in_another_place_and_process():
    here = digests(PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C.UTF-8")
    there = digests(PYTHONHASHSEED="2", TZ="Asia/Kolkata", LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8")
    assert here == there
    assert len(set(here)) == 3
