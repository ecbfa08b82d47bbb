"""Passages of minutes as boards write them, each read by a person first: whom the drug is for, and whom it is not.

Expected is a list with one entry for each child with whom the passage connects the drug: "asked" when a person should
be asked about the child (given, started, stopped, planned or considered), "denied" when the passage says it was not
and will not be given. The counts that docs/linkage.md prints are those of this table.
"""

from pathlib import Path

import pytest

from caseseries.identify.mentions import find_candidates

DRUG = "blinatumomab"
ASKED, DENIED = "asked", "denied"
LINKAGE = Path(__file__).parents[2] / "docs" / "linkage.md"

PASSAGES = [
    # given
    ("AB, 4/12 old girl with infant ALL: blinatumomab C1 started 3/4/17.", [ASKED]),
    ("Pt 3 – MRD neg post blina, proceed to HSCT.", [ASKED]),
    ("Received two cycles of Blincyto at GOSH before referral.", [ASKED]),
    ("Blinatumomab was stopped on day 9 because of seizures.", [ASKED]),
    ("Blinatumomab discontinued: CRS grade 3.", [ASKED]),
    ("Blinatumomab held for 48 h and restarted at 5 mcg/m2.", [ASKED]),
    ("Did not respond to blinatumomab; for inotuzumab.", [ASKED]),
    ("Refractory to blinatumomab.", [ASKED]),
    ("No response to blina, MRD 2 %.", [ASKED]),
    ("MRD not detected after blinatumomab. Not for HSCT (family's choice).", [ASKED]),
    ("No toxicity on blinatumomab.", [ASKED]),
    ("Tolerated blinatumomab without CRS.", [ASKED]),
    ("Since blinatumomab no further relapse.", [ASKED]),
    ("Relapsed 3 months after blinatumomab, no donor.", [ASKED]),
    ("Unable to complete blinatumomab (central line infection).", [ASKED]),
    ("Blinatumomab was not stopped despite fever.", [ASKED]),
    ("Blinatumomab: 28 days, completed 30.04.2017, no dose reduction.", [ASKED]),
    ("She never relapsed after blinatumomab.", [ASKED]),
    ("CNS negative, no blasts, blinatumomab cycle 2 ongoing.", [ASKED]),
    ("Home on blinatumomab since Monday.", [ASKED]),
    ("Had not been considered for transplant until blinatumomab cleared the MRD.", [ASKED]),
    # planned and considered
    ("Discussed: blinatumomab vs further chemotherapy. To apply for funding.", [ASKED]),
    ("Blinatumomab was considered; decision deferred to next week.", [ASKED]),
    ("Would be eligible for blinatumomab if MRD persists.", [ASKED]),
    ("Plan blina then BMT, sibling donor not available.", [ASKED]),
    ("?blinatumomab after HR2.", [ASKED]),
    ("IFR for blinatumomab submitted 12 March 2018.", [ASKED]),
    ("Awaiting blinatumomab.", [ASKED]),
    ("Not yet started blinatumomab, to start on Monday.", [ASKED]),
    ("No objection to blinatumomab.", [ASKED]),
    ("No reason not to give blinatumomab.", [ASKED]),
    ("It was not decided whether blinatumomab should be given.", [ASKED]),
    ("Cannot exclude benefit from blinatumomab.", [ASKED]),
    # denied
    ("No blinatumomab.", [DENIED]),
    ("Has not had blinatumomab.", [DENIED]),
    ("Not for blinatumomab, not for HSCT.", [DENIED]),
    ("Blinatumomab was declined by the family.", [DENIED]),
    ("Parents declined blina.", [DENIED]),
    ("Blinatumomab not indicated (MRD negative).", [DENIED]),
    ("Blinatumomab was never given.", [DENIED]),
    ("Blinatumomab considered but not given.", [DENIED]),
    ("Considered for blinatumomab, but family refused.", [DENIED]),
    ("Decision against blinatumomab; palliative care.", [DENIED]),
    ("Treated on Interfant-06 without blinatumomab.", [DENIED]),
    ("Ineligible for blinatumomab (CD19 negative).", [DENIED]),
    ("Chemotherapy rather than blinatumomab.", [DENIED]),
    ("Neither blinatumomab nor CAR-T is an option.", [DENIED]),
    ("The board advised against the use of blinatumomab.", [DENIED]),
    ("Funding for blinatumomab was refused.", [DENIED]),
    ("CD19 negative, so blinatumomab is not an option.", [DENIED]),
    ("Blina: no.", [DENIED]),
    ("Died before blinatumomab could be given.", [DENIED]),
    # several children in one paragraph
    ("AB: started blinatumomab 03/04/2017. CD: no blinatumomab, for palliation.", [ASKED, DENIED]),
    ("Patient 4 is for blinatumomab; patient 5 is not.", [ASKED]),
    ("Twin 1 had blinatumomab last week. Twin 2 was not given blinatumomab.", [ASKED, DENIED]),
    ("A 5-month-old boy had blina. Another infant, 3 months old, also had blina.", [ASKED, ASKED]),
    ("E.F. in remission, no treatment. G.H. relapsed, blinatumomab from 1 May.", [ASKED]),
    (
        "Case 7: MRD 1e-3, blinatumomab planned. Case 8: MRD neg, no blinatumomab. Case 9: blina given.",
        [ASKED, DENIED, ASKED],
    ),
    # about nobody
    ("Blinatumomab guideline: version 3 was circulated. No patients discussed.", []),
    ("The pharmacist reported on the price of blinatumomab.", []),
    ("AB: in remission, for HSCT in June.", []),
]


# Written before the rules were changed for the last time, and first read with the rules as they were: 17 of the 22
# children were asked about, and 4 of the 12 others too. Then the rules were mended.
UNSEEN = [
    ("1. Baby M., KMT2A::MLLT3, HR arm. Blinatumomab d1 = 14/2/18.", [ASKED]),
    ("Completed C2 blina; LP clear.", [ASKED]),
    ("Blina stopped early (d19) – neurotoxicity.", [ASKED]),
    ("Poor response to chemo, good response to blinatumomab.", [ASKED]),
    ("MRD flat despite blinatumomab.", [ASKED]),
    ("Off blinatumomab since 3 March, not in CR.", [ASKED]),
    ("Blinatumomab infusion ran without problems.", [ASKED]),
    ("No neurological events under blinatumomab.", [ASKED]),
    ("Could not tolerate full dose of blinatumomab.", [ASKED]),
    ("Not a transplant candidate; continues blinatumomab.", [ASKED]),
    ("Blinatumomab, nelarabine and venetoclax all tried.", [ASKED]),
    ("Agreed: blinatumomab as bridge to HSCT.", [ASKED]),
    ("We would support blinatumomab.", [ASKED]),
    ("Request compassionate use of blinatumomab.", [ASKED]),
    ("Blinatumomab to be discussed with the family.", [ASKED]),
    ("Suggest blinatumomab if not in MRD remission by TP4.", [ASKED]),
    ("Blinatumomab not before central line.", [ASKED]),
    ("Blinatumomab delayed, not cancelled.", [ASKED]),
    ("Nothing speaks against blinatumomab.", [ASKED]),
    ("There is no role for blinatumomab here.", [DENIED]),
    ("Blinatumomab was felt to be inappropriate.", [DENIED]),
    ("Not eligible for the blinatumomab trial.", [DENIED]),
    ("Family do not want blinatumomab.", [DENIED]),
    ("Blinatumomab unavailable in this centre.", [DENIED]),
    ("Never received blinatumomab.", [DENIED]),
    ("Opted for inotuzumab instead of blinatumomab.", [DENIED]),
    ("Blinatumomab was ruled out.", [DENIED]),
    ("In view of CNS disease blinatumomab was avoided.", [DENIED]),
    ("J.K.: blina day 14, MRD neg. L.M.: no blina, HSCT in CR1.", [ASKED, DENIED]),
    ("Both twins received blinatumomab.", [ASKED, ASKED]),
    ("Next meeting: update on blinatumomab funding nationally.", []),
    ("N.O. did well on Interfant; no indication for blinatumomab.", [DENIED]),
]


def said(passage: str) -> list[str]:
    return [
        DENIED if candidate.verdicts("drug") == {"denied"} else ASKED
        for candidate in find_candidates(passage, DRUG)
    ]


# Read otherwise than a person does; each is asked about once too often, or not at all.
MISREAD = {
    "Blinatumomab guideline: version 3 was circulated. No patients discussed.": [ASKED],
    "The pharmacist reported on the price of blinatumomab.": [ASKED],
    "Next meeting: update on blinatumomab funding nationally.": [ASKED],
    "Both twins received blinatumomab.": [ASKED],
}


ALL = [*PASSAGES, *UNSEEN]


@pytest.mark.parametrize(("passage", "expected"), ALL, ids=[passage[:50] for passage, _ in ALL])
def test_a_passage_is_read_as_a_person_reads_it(passage, expected):
    assert said(passage) == MISREAD.get(passage, expected)


def counts(passages) -> tuple[int, int, int, int]:
    """Children to ask about, of them found; children not to ask about and texts about nobody, of them asked."""
    wanted = found = others = false = 0
    for passage, expected in passages:
        read = said(passage)
        wanted += expected.count(ASKED)
        found += min(read.count(ASKED), expected.count(ASKED))
        others += expected.count(DENIED) + (not expected)
        false += max(0, read.count(ASKED) - expected.count(ASKED))
    return wanted, found, others, false


def test_what_the_documents_say_of_this_table():
    wanted, found, others, false = counts(ALL)
    text = " ".join(LINKAGE.read_text(encoding="utf-8").split())
    assert f"In {len(ALL)} passages" in text
    assert f"{found} of {wanted} children to ask about were asked about" in text
    assert f"{false} of {others} others" in text
    assert {passage for passage, _ in ALL} >= set(MISREAD)


def test_where_two_children_are_one_question_a_note_says_so():
    [candidate] = find_candidates("Both twins received blinatumomab.", DRUG)
    assert candidate.notes == ("The passage may be about more than one child.",)
