"""Tables and figures are cited by the numbers they print with; what is not there is not cited."""

import pytest

from caseseries.present.citing import cite_numbers
from caseseries.present.document import Bullets, Figure, Number, Paragraph, Table, Text


def figure(name: str) -> Figure:
    return Figure(name, name, (), "", "")


def table(name: str) -> Table:
    return Table(name, name, ("a",), (), "l")


BLOCKS = (
    figure("flow"),
    table("cohort"),
    figure("survival-hsct"),
    figure("survival-index"),
    table("survival"),
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Seen (see figure:flow).", "Seen (Figure 1)."),
        ("Seen (see figure:flow, table:survival).", "Seen (Figure 1; Table 2)."),
        ("Seen (see figure:survival-, table:survival).", "Seen (Figures 2 and 3; Table 2)."),
        ("Seen (see figure:mrd).", "Seen."),
        ("Seen (see figure:mrd, table:cohort).", "Seen (Table 1)."),
        ("See for yourself (or not).", "See for yourself (or not)."),
    ],
)
def test_a_citation_has_the_numbers_of_the_document(text, printed):
    paragraph, bullets, *_ = cite_numbers([Paragraph((Text(text),)), Bullets(((Text(text),),)), *BLOCKS])
    assert paragraph == Paragraph((Text(printed),))
    assert bullets == Bullets(((Text(printed),),))


def test_a_result_is_left_as_it_is():
    run = Number("a.b", "47% (see figure:flow)")
    assert cite_numbers([Paragraph((run,)), *BLOCKS])[0] == Paragraph((run,))
