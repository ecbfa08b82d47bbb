"""What a paragraph of minutes says of whom, and what it denies."""

from datetime import date

import pytest

from caseseries.identify.mentions import days_named, find_candidates, split_children

DRUG = "blinatumomab"

STATED = [
    "Patient 3 received blinatumomab on 3 April 2017.",
    "No response to blinatumomab.",
    "She did not respond to blinatumomab.",
    "MRD not detected after blinatumomab.",
    "No toxicity with blinatumomab.",
    "Not in remission; blinatumomab started.",
    "Could not complete blinatumomab.",
    "Did not tolerate Blincyto.",
    "Without further chemotherapy he received blinatumomab.",
    "Not only blinatumomab but also CAR-T.",
    "No relapse since blina.",
    "No contraindication to blinatumomab.",
    "Declined transplant, has had blinatumomab.",
]
DENIED = [
    "No blinatumomab.",
    "Not for blinatumomab.",
    "Not a candidate for blinatumomab.",
    "Family declined blinatumomab.",
    "Blinatumomab was declined.",
    "Blinatumomab not given because of seizures.",
    "Not yet started blinatumomab.",
    "Treated without blinatumomab.",
    "Chemotherapy instead of blinatumomab.",
    "Blinatumomab contraindicated.",
    "Decided against blinatumomab.",
    "Rather than blinatumomab, CAR-T was given.",
]
CONSIDERED = [
    "To consider blinatumomab.",
    "For blinatumomab, then HSCT.",
    "Discussed blinatumomab; apply for funding.",
    "Plan: blinatumomab.",
    "Might benefit from a trial of blinatumomab.",
]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [(t, "stated") for t in STATED]
    + [(t, "denied") for t in DENIED]
    + [(t, "considered") for t in CONSIDERED],
)
def test_what_is_said_of_the_drug(text, verdict):
    [candidate] = find_candidates(text, DRUG)
    assert {mention.verdict for mention in candidate.mentions if mention.kind == "drug"} == {verdict}


def test_not_for_hsct_denies_the_transplant_and_not_the_drug():
    [candidate] = find_candidates(
        "Infant ALL, KMT2A::AFF1. Blinatumomab from 03/04/2017. Not for HSCT.", DRUG
    )
    assert [(m.kind, m.text, m.verdict) for m in candidate.mentions] == [
        ("disease", "Infant ALL", "stated"),
        ("disease", "KMT2A", "stated"),
        ("drug", "Blinatumomab", "stated"),
        ("date", "03/04/2017", "stated"),
        ("transplant", "HSCT", "denied"),
    ]


def test_a_date_that_counts_from_another_is_called_relative():
    [candidate] = find_candidates("Blinatumomab started last week, day +5 today.", DRUG)
    dates = [(mention.text, mention.verdict) for mention in candidate.mentions if mention.kind == "date"]
    assert dates == [("last week", "relative"), ("day +5", "relative"), ("today", "relative")]


def test_two_children_in_one_paragraph_are_two_candidates():
    text = (
        "AB: 5-month-old girl with infant ALL. MRD positive; for blinatumomab. CD, 3-month-old boy, relapsed: no "
        "blinatumomab, palliative care."
    )
    one, two = find_candidates(text, DRUG)
    assert one.quote == "AB: 5-month-old girl with infant ALL. MRD positive; for blinatumomab."
    assert (one.verdicts("drug"), two.verdicts("drug")) == ({"considered"}, {"denied"})
    assert one.notes == ("The paragraph seems to be about 2 children; read it whole.",)


def test_two_children_with_the_same_initials_are_noted():
    text = "Patient AB had blinatumomab. Another infant, AB, had chemotherapy without blinatumomab."
    one, two = find_candidates(text, DRUG)
    assert one.quote == "Patient AB had blinatumomab."
    assert (
        one.notes
        == two.notes
        == (
            "The paragraph seems to be about 2 children; read it whole.",
            "Two children in this paragraph are called AB.",
        )
    )


def test_twins_are_two():
    parts = split_children("Born 01/02/2016. Twin 1 had blinatumomab. Twin 2 is well.")
    assert [(part.text, part.label) for part in parts] == [
        ("Born 01/02/2016. Twin 1 had blinatumomab.", "1"),
        ("Twin 2 is well.", "2"),
    ]


def test_an_abbreviation_is_nobodys_initials():
    assert len(split_children("ALL: relapsed. MRD: positive. CNS, clear.")) == 1


def test_a_paragraph_without_the_drug_proposes_nobody():
    assert find_candidates("AB has infant ALL in remission.", DRUG) == ()
    assert find_candidates("blinatumomabs", DRUG) == ()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on 03/04/2017", {date(2017, 4, 3), date(2017, 3, 4)}),
        ("on 25.04.17", {date(2017, 4, 25)}),
        ("2017-04-03", {date(2017, 4, 3)}),
        ("3rd April 2017", {date(2017, 4, 3)}),
        ("in April 2017", set()),
        ("31/02/2017", set()),
        ("last week", set()),
    ],
)
def test_every_day_a_date_can_mean(text, days):
    assert days_named(text) == days


def test_the_protocols_other_names_are_the_drug_too():
    text = "Boy J.K., T-ALL relapse, has had Atriance since 5 October 2020."
    assert find_candidates(text, "nelarabine") == ()
    [candidate] = find_candidates(text, "nelarabine", ["Atriance", "AraG (506U78)"])
    assert ("drug", "Atriance", "stated") in [(m.kind, m.text, m.verdict) for m in candidate.mentions]
    [bracketed] = find_candidates(
        "Girl, 3 years, given AraG (506U78) in May.", "nelarabine", ["AraG (506U78)"]
    )
    assert bracketed.mentions[0].text == "AraG (506U78)"
    assert find_candidates("Atriances", "nelarabine", ["Atriance"]) == ()
