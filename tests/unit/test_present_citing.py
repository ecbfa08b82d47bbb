"""Tables and figures are cited by the numbers they print with; what is not there is not cited."""

import pytest

from caseseries.present.citing import cite_numbers
from caseseries.present.document import Bullets, Figure, Heading, Number, Paragraph, Table, Text
from caseseries.present.references import REFERENCES, cite_references
from caseseries.present.wording import plain


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
    ("text", "printed", "leads_to"),
    [
        ("Seen (see figure:flow).", "Seen (Figure 1).", ["figure-flow"]),
        (
            "Seen (see figure:flow, table:survival).",
            "Seen (Figure 1; Table 2).",
            ["figure-flow", "table-survival"],
        ),
        (
            "Seen (see figure:survival-, table:survival). Again (see table:cohort).",
            "Seen (Figures 2 and 3; Table 2). Again (Table 1).",
            ["figure-survival-hsct", "figure-survival-index", "table-survival", "table-cohort"],
        ),
        ("Seen (see figure:mrd).", "Seen.", []),
        ("Seen (see figure:mrd, table:cohort).", "Seen (Table 1).", ["table-cohort"]),
        ("See for yourself (or not).", "See for yourself (or not).", []),
    ],
)
def test_a_citation_has_the_numbers_of_the_document_and_leads_there(text, printed, leads_to):
    paragraph, bullets, *_ = cite_numbers([Paragraph((Text(text),)), Bullets(((Text(text),),)), *BLOCKS])
    for inlines in (paragraph.inlines, bullets.items[0]):
        assert plain(inlines) == printed
        assert [run.to for run in inlines if run.to] == leads_to


def test_references_are_numbered_as_they_are_first_cited_and_lead_back():
    told = Paragraph((Text("One (cite peto). Two (cite bpcp), three (cite peto)."),))
    cited, heading, first, second, last = cite_references([told, Heading(1, "References"), figure("flow")])
    assert plain(cited.inlines) == "One1. Two2, three1."
    raised = [(run.text, run.place, run.to) for run in cited.inlines if run.raised]
    assert raised == [
        ("1", "cited-1", "reference-1"),
        ("2", "cited-2", "reference-2"),
        ("1", "", "reference-1"),
    ]
    assert heading == Heading(1, "References")
    assert plain(first.inlines) == f"1. {REFERENCES['peto']}"
    assert (second.inlines[0].place, second.inlines[0].to) == ("reference-2", "cited-2")
    assert last == figure("flow")


def test_the_pages_of_a_reference_are_in_the_style_of_the_journal():
    [_, _, listed] = cite_references([Paragraph((Text("One (cite peto)."),)), Heading(1, "References")], "-")
    assert plain(listed.inlines).endswith("Br J Cancer 1977;35:1-39.")


def test_what_is_cited_must_be_known():
    with pytest.raises(KeyError):
        cite_references([Paragraph((Text("One (cite nobody)."),)), Heading(1, "References")])


def test_a_result_is_left_as_it_is():
    run = Number("a.b", "47% (see figure:flow)")
    assert cite_numbers([Paragraph((run,)), *BLOCKS])[0] == Paragraph((run,))
