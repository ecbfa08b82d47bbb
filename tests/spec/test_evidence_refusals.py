"""What a wrong claims or comparator file is told: every problem at once, with its TOML path."""

import json
from functools import partial
from pathlib import Path

import pytest

from caseseries.evidence.claims import load_claims
from caseseries.evidence.comparators import load_comparators
from caseseries.evidence.verdicts import judge
from caseseries.findings import StudyError

HEAD = """
title = "A paper"
source = "Somewhere"
[endpoints.efs]
label = "EFS"
ends = "first event"
"""


def table(name: str, **values: object) -> str:
    """A table of an array of tables; TOML reads a text, a number or a list as JSON writes it."""
    return "\n".join(
        (f"\n[[{name}]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), "")
    )


claim, comparator = partial(table, "claims"), partial(table, "comparator")
survival = partial(claim, kind="survival", endpoint="efs", origin="start", horizon="3y", printed="47%")
published = partial(
    comparator, study="A", population="all", endpoint="OS", origin="HSCT", mark="read", source="s"
)
SIZE = claim(id="size", kind="count", of="cases", printed="11")


def refused(tmp_path: Path, text: str, load=load_claims) -> list[str]:
    path = tmp_path / "paper.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load(path)
    return [str(finding) for finding in error.value.findings]


def test_unknown_keys_and_kinds_are_named_together_with_what_was_meant(tmp_path: Path) -> None:
    claims = claim(id="efs", kind="survivl", printed="47%")
    claims += claim(id="os", kind="survival", printed="81%", endpoint="efs", origin="start", horizont="3y")
    found = refused(tmp_path, HEAD.replace("source", "sauce") + SIZE + claims)
    assert found == [
        "paper.toml › source: source is missing. Add source.",
        "paper.toml › claims[2].kind: the kind survivl is not known. Allowed: count, event days, death after relapse, "
        "median and range, survival, at risk, proportion, parts, published. Did you mean survival?",
        "paper.toml › claims[3].horizon: horizon is missing. Add horizon.",
        "paper.toml › claims[3].horizont: the key horizont is not known. Allowed: id, printed, quote, result, column, "
        "where, kind, endpoint, origin, horizon, events, interval. Did you mean horizon?",
        "paper.toml › sauce: the key sauce is not known. Allowed: title, source, rounding, case, cases, base, origins, "
        "endpoints, claims. Did you mean source?",
    ]


def test_contradictions_and_impossible_percentages_are_all_listed(tmp_path: Path) -> None:
    claims = survival(id="efs", printed="147%", endpoint="esf", origin="strat")
    claims += claim(id="response", kind="proportion", printed="12/11", of=10)
    claims += claim(id="response", kind="median and range", of="follow-up", printed="267 days")
    assert refused(tmp_path, HEAD + SIZE + claims) == [
        "paper.toml › claims: 2 claims are called response. Allowed: one. Rename the others.",
        "paper.toml › claims[2].printed: 147 % is not a percentage. Allowed: 0 to 100. Correct the number.",
        "paper.toml › claims[2].endpoint: esf is not known here. Allowed: efs. Did you mean efs?",
        "paper.toml › claims[2].origin: strat is not known here. Allowed: start. Did you mean start?",
        'paper.toml › claims[3].of: of is 10, but "12/11" says 11. Allowed: one of the two. Remove the wrong one.',
        "paper.toml › claims[3]: 12 of 11 is more than all. Allowed: a count up to the total. Correct one of them.",
        'paper.toml › claims[4].printed: "267 days" holds 1 number. Allowed: at least 3. Print it as the paper does.',
    ]


def test_a_claim_that_is_not_well_formed_hides_nothing_of_the_others(tmp_path: Path) -> None:
    claims = """
[[claims]]
id = "wrong"
kind = "survivl"
printed = "47%"

[[claims]]
id = "size"
kind = "survival"
printed = "47%"
endpoint = "esf"
origin = "strat"
horizon = "3y"

[[claims]]
id = "deaths"
kind = "count"
of = "deaths"
printed = "14 deaths"
"""
    assert refused(tmp_path, HEAD + SIZE + claims)[1:] == [
        "paper.toml › claims: 2 claims are called size. Allowed: one. Rename the others.",
        "paper.toml › claims[4]: 14 deaths in 11 cases. Allowed: a count up to the total. Correct one of them.",
        "paper.toml › claims[3].endpoint: esf is not known here. Allowed: efs. Did you mean efs?",
        "paper.toml › claims[3].origin: strat is not known here. Allowed: start. Did you mean start?",
    ]
    [only] = refused(tmp_path, HEAD + '[[claims]]\nid = "n"\nkind = "counts"\nof = "cases"\nprinted = "11"\n')
    assert only.startswith("paper.toml › claims[1].kind")


def test_a_cohort_without_a_size_is_refused(tmp_path: Path) -> None:
    claims = claim(id="days", kind="event days", event="relapse", printed="35")
    assert refused(tmp_path, HEAD + claims) == [
        "paper.toml › claims: days is about a cohort whose size is not claimed. "
        'Add a claim with kind = "count" and of = "cases".'
    ]


def test_a_comparator_file_with_a_rising_curve_and_growing_numbers_at_risk(tmp_path: Path) -> None:
    text = published(years=3.0, estimate=145.0, mark="red", sauce="t")
    text += published(
        years=3.0, estimate=45.0, lower=50.0, upper=60.0,
        days=[10, 20, 15], curve=[90.0, 95.0, 80.0], risk_days=[0, 365], at_risk=[20, 25, 3],
    )  # fmt: skip
    found = refused(tmp_path, text, load_comparators)
    assert found == [
        "paper.toml › comparator[1].estimate: found 145.0. Allowed: less than or equal to 100. Change the value.",
        "paper.toml › comparator[1].mark: found 'red'. Allowed: 'read', 'recalled' or 'read; n or interval recalled'. "
        "Did you mean read?",
        "paper.toml › comparator[1].sauce: the key sauce is not known. Allowed: study, population, n, endpoint, origin, "
        "years, estimate, lower, upper, se, mark, source, data_cut, days, curve, risk_days, at_risk, times, events. "
        "Did you mean source?",
        "paper.toml › comparator[2]: one outcome is given as estimate and curve. Allowed: one of them. Make a table of "
        "each, or keep one.",
        "paper.toml › comparator[2]: the interval 50–60 does not hold the estimate 45. Correct one of them.",
        "paper.toml › comparator[2].days[3]: day 15 stands after day 20. Allowed: rising days. Put them in order.",
        "paper.toml › comparator[2].curve[2]: curve rises from 90 to 95. Allowed: a fall or no change. "
        "Correct the value.",
        "paper.toml › comparator[2].at_risk: at_risk has 3 values for 2 risk_days. Allowed: one a day. "
        "Add or remove values.",
        "paper.toml › comparator[2].at_risk[2]: at_risk grows from 20 to 25. Allowed: a fall or no change. "
        "Correct the value.",
    ]


def test_a_key_that_cannot_be_used_does_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    text = published(estimate=120, lower=60, upper=50, years=3.0)
    text += comparator(
        study="B", endpoint="OS", origin="HSCT", mark="read", source="s",
        n=0, times=[3, -4, 5], events=[1, 0], curve=[90.0, 95.0], days=[1, 2],
    )  # fmt: skip
    text += table("comparison", id="a b", endpoint="os", origin="hsct", horizons=["36"])
    assert refused(tmp_path, text, load_comparators) == [
        "paper.toml › comparator[1].estimate: found 120. Allowed: less than or equal to 100. Change the value.",
        "paper.toml › comparator[1]: the interval falls from 60 to 50. Allowed: lower, then upper. Correct one of them.",
        "paper.toml › comparator[2].population: population is missing. Add population.",
        "paper.toml › comparator[2].n: found 0. Allowed: greater than or equal to 1. Change the value.",
        "paper.toml › comparator[2].times[2]: found -4. Allowed: greater than or equal to 0. Change the value.",
        "paper.toml › comparator[2].risk_days: a digitised curve has no numbers at risk. Add risk_days, from 0, and "
        "at_risk, as printed beneath it.",
        "paper.toml › comparator[2].curve[2]: curve rises from 90 to 95. Allowed: a fall or no change. Correct the value.",
        "paper.toml › comparison[1].id: found 'a b'. Allowed: lower-case letters, digits and underscores. Change the "
        "value.",
        "paper.toml › comparison[1].horizons[1]: found '36'. Allowed: a whole number and d, m or y, as in \"3y\". Change the "
        "value.",
    ]


def test_one_outcome_in_two_forms_is_refused(tmp_path: Path) -> None:
    text = published(years=3.0, estimate=40, times=[3, 4], events=[1, 0])
    assert refused(tmp_path, text, load_comparators) == [
        "paper.toml › comparator[1]: one outcome is given as estimate and times. Allowed: one of them. Make a table of "
        "each, or keep one."
    ]


TEXT = 'title = "A paper"\nsource = "Somewhere"\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'title = "\xe9"\n', "the text is not in UTF-8. Allowed: UTF-8. Save it again with that encoding."),
        (
            b'title = "a\n',
            "Illegal character '\\n' (at line 1, column 11). Allowed: TOML, with texts in quotes and dates as in 2019-10-31. Mend the line named.",
        ),
        (
            b"a = " + b"[" * 3000,
            "brackets within brackets without end. Allowed: TOML, with texts in quotes and dates as in 2019-10-31. Mend the line named.",
        ),
    ],
)
@pytest.mark.parametrize("load", [load_claims, load_comparators])
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes, sentence: str, load) -> None:
    path = tmp_path / "paper.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as error:
        load(path)
    assert [str(finding) for finding in error.value.findings] == [f"paper.toml: {sentence}"]


@pytest.mark.parametrize("load", [load_claims, load_comparators])
def test_a_missing_file_and_a_folder(tmp_path: Path, load) -> None:
    told = []
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(StudyError) as error:
            load(path)
        told += [str(finding).removeprefix(f"{path.name}: ") for finding in error.value.findings]
    assert [sentence.partition(". Allowed")[0].partition(". Name")[0] for sentence in told] == [
        "there is no such file",
        "it is a folder",
    ]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(HEAD + SIZE, encoding="utf-8-sig")
    assert load_claims(path).title == "A paper"


@pytest.mark.parametrize(
    ("value", "shown"), [("nan", "nan"), ("inf", "inf"), ("11.0", "11.0"), ('"11"', "'11'")]
)
def test_a_count_is_a_whole_number(tmp_path: Path, value: str, shown: str) -> None:
    """And that no claim is left is not a second mistake."""
    assert refused(tmp_path, HEAD + SIZE + f"value = {value}\n") == [
        f"paper.toml › claims[1].value: found {shown}. Allowed: a whole number. Change the value."
    ]


def test_wrong_types_are_named_in_the_words_of_the_file(tmp_path: Path) -> None:
    text = """
rounding = "up"
claims = ["a", {id = "N N", kind = ["survival"], printed = "47"}, {id = "n", kind = "count", of = "cases", printed = ""},
  {id = "q", kind = "parts", parts = [], of = 2, printed = "two"}]
[origins]
Start = "start"
"""
    assert refused(tmp_path, TEXT + text) == [
        "paper.toml › rounding: found 'up'. Allowed: 'nearest', 'truncated' or 'any'. Change the value.",
        "paper.toml › origins.Start: found 'Start'. Allowed: lower-case letters, digits and underscores. "
        "Change the value.",
        "paper.toml › claims[1]: found 'a'. Allowed: a table. Change the value.",
        "paper.toml › claims[2].kind: the claim has no kind, or one that is no text. Allowed: count, event days, "
        "death after relapse, median and range, survival, at risk, proportion, parts, published. Say which it is.",
        "paper.toml › claims[3].printed: found ''. Allowed: a text that is not empty. Change the value.",
        "paper.toml › claims[4].parts: found []. Allowed: a list that is not empty. Change the value.",
    ]
    assert refused(tmp_path, TEXT + "claims = 5\n") == [
        "paper.toml › claims: found 5. Allowed: a list. Change the value."
    ]
    assert refused(tmp_path, TEXT + "claims = []\n") == [
        "paper.toml › claims: found []. Allowed: a list that is not empty. Change the value."
    ]


def test_more_events_than_cases_and_more_days_than_events(tmp_path: Path) -> None:
    claims = claim(id="relapses", kind="count", of="relapses", printed="12")
    claims += claim(id="deaths", kind="count", of="deaths", printed="1")
    claims += claim(id="days", kind="event days", event="death without relapse", printed="10, 20")
    claims += survival(id="efs", events=13)
    assert refused(tmp_path, HEAD + SIZE + claims) == [
        "paper.toml › claims[2]: 12 relapses in 11 cases. Allowed: a count up to the total. Correct one of them.",
        "paper.toml › claims[4].printed: 2 days of death without relapse for 1. Allowed: a count up to the total. "
        "Correct one of them.",
        "paper.toml › claims[5].events: 13 events in 11 cases. Allowed: a count up to the total. "
        "Correct one of them.",
    ]


def test_days_beyond_a_lifetime_and_halves_of_cases(tmp_path: Path) -> None:
    """Also in a file that is wrong elsewhere."""
    claims = claim(id="half", kind="count", of="relapses", printed="2.5")
    claims += survival(id="efs", horizon="99999999999y")
    claims += claim(
        id="follow-up", kind="median and range", of="follow-up", unit="years", printed="267 (58-1163)"
    )
    claims += claim(id="days", kind="event days", event="relapse", printed="35.5, 10000000")
    expected = [
        "paper.toml › claims[2].printed: 2.5 is not a number of cases. Allowed: a whole number from 0. "
        "Correct the number.",
        "paper.toml › claims[3].horizon: 99999999999y is beyond a lifetime. Allowed: up to 36525 days. "
        "Correct the horizon.",
        "paper.toml › claims[4].printed: 267 years is beyond a lifetime. Allowed: 0 to 36525 days. "
        "Correct the number or unit.",
        "paper.toml › claims[4].printed: 1163 years is beyond a lifetime. Allowed: 0 to 36525 days. "
        "Correct the number or unit.",
        "paper.toml › claims[5].printed: 35.5 is not a day. Allowed: whole days from 0 to 36525. Correct the number.",
        "paper.toml › claims[5].printed: 10000000 is not a day. Allowed: whole days from 0 to 36525. "
        "Correct the number.",
    ]
    assert refused(tmp_path, HEAD + SIZE + claims) == expected
    found = refused(tmp_path, HEAD.replace("source", "sauce") + SIZE + claims)
    assert found[-len(expected) :] == expected
    assert len(found) == len(expected) + 2


def test_a_large_cohort_is_not_searched(tmp_path: Path) -> None:
    claims = survival(id="efs", events=5)
    path = tmp_path / "paper.toml"
    path.write_text(HEAD + SIZE.replace('"11"', '"99999999999"') + claims, encoding="utf-8")
    verdict = judge(load_claims(path)).verdicts[1]
    assert (verdict.verdict, verdict.because) == (
        "not checked",
        "Not searched: there are more than 100 patients.",
    )


DOUBTS = [
    (
        {"kind": "count", "of": "relapses", "printed": "of 10 patients, 7 relapsed"},
        '"of 10 patients, 7 relapsed" holds 2 numbers, and any may be the count. Allowed: one number, or the count as '
        "value. Add value.",
    ),
    (
        {"kind": "at risk", "endpoint": "efs", "origin": "start", "horizon": "2y", "printed": "9 (2)"},
        '"9 (2)" holds 2 numbers. Allowed: the number at risk alone. Leave out the others.',
    ),
    (
        {"printed": "3-year EFS 47%"},
        '"3-year EFS 47%" begins with 3, which is no percentage. Allowed: the estimate first, as in "47% (95% CI '
        '15-74)". Leave out what is before it.',
    ),
    (
        {"printed": "61,1%"},
        'the comma in "1,1" may part decimals, thousands or numbers. Allowed: a point for decimals, nothing for '
        "thousands, a comma and a space between numbers. Write it so.",
    ),
    (
        {"printed": "47% (90% CI 15-74)", "interval": "log-log"},
        'the limits are printed as 90 % limits. Allowed: 95 % limits, or "none". Write interval = "none".',
    ),
    (
        {"kind": "median and range", "of": "follow-up", "unit": "months", "printed": "24 (IQR 12–36)"},
        '"24 (IQR 12–36)" tells quartiles, but shows is "median and range". Allowed: "median and quartiles". Correct '
        "shows.",
    ),
    (
        {"kind": "median and range", "of": "follow-up", "printed": "24 (12-36) in survivors"},
        '"24 (12-36) in survivors" speaks of survivors, but among is "all". Allowed: "survivors", or "unstated" if it '
        "may be either. Correct among.",
    ),
    (
        {"kind": "median and range", "of": "follow-up", "printed": "24 months (12-36)"},
        '"24 months (12-36)" is in months, not in days. Allowed: months. Correct unit.',
    ),
    (
        {"kind": "event days", "event": "relapse", "printed": "3 and 7 months"},
        '"3 and 7 months" is in months, not in days. Allowed: months. Write them in days.',
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), DOUBTS)
def test_what_can_be_read_in_two_ways_is_asked(tmp_path: Path, fields: dict[str, str], sentence: str) -> None:
    text = survival(id="doubted", **fields) if "kind" not in fields else claim(id="doubted", **fields)
    found = refused(tmp_path, HEAD + SIZE + text)
    assert [line.partition(": ")[2] for line in found] == [sentence]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "count", "of": "relapses", "printed": "7 relapsed (39%)"},
        {"kind": "count", "of": "relapses", "printed": "of 10 patients, 7 relapsed", "value": 7},
        {"printed": "47% (95% CI 15-74)", "interval": "log-log"},
        {"printed": "47% (90% CI 15-74)"},
        {"printed": "46·8 (95% confidence interval, 15·1–74·0)"},
        {"kind": "proportion", "printed": "9/11 (82%; 95% CI 48-98)"},
        {"kind": "median and range", "of": "follow-up", "unit": "months", "printed": "24 mo (12-36)"},
        {"kind": "event days", "event": "relapse", "printed": "35, 92, 108 and 133 days"},
    ],
)
def test_what_can_be_read_in_one_way_is_not(tmp_path: Path, fields: dict[str, object]) -> None:
    path = tmp_path / "paper.toml"
    text = survival(id="read", **fields) if "kind" not in fields else claim(id="read", **fields)
    path.write_text(HEAD + SIZE + text, encoding="utf-8")
    assert load_claims(path).claims[1].printed == fields["printed"]


def test_limits_held_against_nothing_are_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    counts = claim(id="events", kind="count", of="first events", printed="5")
    share = claim(id="share", kind="proportion", printed="9/11 (82%; 95% CI 48-98)")
    efs = survival(id="efs", printed="53% (95% CI 20-79)", interval="log-log")
    bare = survival(id="bare", printed="53% (SE 15.5)", horizon="3y")
    path.write_text(HEAD + SIZE + counts + share + efs + bare, encoding="utf-8")
    because = {verdict.id: verdict.because for verdict in judge(load_claims(path)).verdicts}
    unused = "held against nothing: interval does not say how limits were made."
    assert because["share"].endswith(f"Beside it 48 and 98 were {unused}")
    assert because["bare"].endswith(f"Beside it 15.5 was {unused}")
    assert "held against nothing" not in because["efs"]


def test_a_gap_to_itself_and_a_cohort_of_nobody(tmp_path: Path) -> None:
    """No gap is counted from the base, nor from nowhere."""
    head = 'base = "hsct"\n' + HEAD.replace(
        "[endpoints", "[origins]\nhsct = 'HSCT'\nstart = 'start'\n[endpoints"
    )
    gap = partial(claim, kind="median and range", of="gap", printed="5 (3-9)")
    nobody = claim(id="size", kind="count", of="cases", printed="0")
    assert refused(tmp_path, head + nobody + gap(id="from-base", origin="hsct") + gap(id="from-nowhere")) == [
        "paper.toml › claims[1]: a cohort of 0 cases has no outcome. Allowed: a whole number from 1. "
        "Correct the number.",
        "paper.toml › claims[2].origin: a gap from hsct to hsct is none. Allowed: start. Say from which.",
        "paper.toml › claims[3].origin: a gap from no origin to hsct is none. Allowed: start. Say from which.",
    ]


def test_a_misspelt_choice_is_answered_with_the_nearest(tmp_path: Path) -> None:
    claims = HEAD.replace("title = ", 'rounding = "nearst"\ntitle = ', 1)
    claims += claim(id="f", kind="median and range", of="followup", printed="3 (1-9)")
    found = refused(tmp_path, claims)
    assert [one.rpartition(". ")[2] for one in found] == ["Did you mean nearest?", "Did you mean follow-up?"]


def test_what_is_neither_event_nor_none_is_told_once(tmp_path: Path) -> None:
    found = refused(tmp_path, published(times=[10, 20, 30], events=[1, 2, 0]), load_comparators)
    assert found == [
        "paper.toml › comparator[1].events[2]: found 2. Allowed: 0, 1, False or True. Change the value."
    ]


def test_words_of_a_claim_that_is_not_well_formed_are_looked_up_too(tmp_path: Path) -> None:
    claims = claim(id="a", kind="survival", endpoint="eft", origin="hsctt", horizon="3 years", printed="47%")
    found = "\n".join(refused(tmp_path, HEAD + claims))
    assert "claims[1].horizon: found '3 years'" in found
    assert "claims[1].endpoint: eft is not known here" in found
    assert "claims[1].origin: hsctt is not known here" in found
