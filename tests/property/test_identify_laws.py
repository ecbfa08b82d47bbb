"""Laws of linkage and of minutes: no pair is missed by the blocks, no order matters, no text brings a fault."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.identify.likeness import Traits, compare, most_points
from caseseries.identify.link import _candidate, find_candidates
from caseseries.identify.mentions import find_candidates as find_mentions
from caseseries.identify.mentions import split_children
from caseseries.identify.numbers import NumberError, parse_initials, parse_name, parse_nhs_number
from caseseries.record.dates import ClinicalDate

DAYS = st.integers(0, 60).map(lambda n: date(2016, 1, 1) + timedelta(n))
DATES = st.one_of(
    st.none(),
    DAYS.map(ClinicalDate.on),
    DAYS.map(lambda d: ClinicalDate(d.replace(day=1), d.replace(day=28))),
)
WORDS = st.fixed_dictionaries(
    {},
    optional={
        "sex": st.sampled_from(["male", "female"]),
        "fusion": st.sampled_from(["a", "b"]),
        "nhs_number": st.sampled_from(["k.1", "k.2", "k.3"]),
    },
)


@st.composite
def series(draw: st.DrawFn) -> list[Traits]:
    count = draw(st.integers(2, 8))
    return [Traits(f"A-{n}", "x", draw(DATES), draw(DATES), draw(WORDS)) for n in range(count)]


def names(traits: list[Traits]) -> set[tuple[str, str, str]]:
    return {(each.one.case_id, each.other.case_id, each.rule) for each in find_candidates(traits)[0]}


@given(series())
def test_a_rule_misses_no_pair_that_a_look_at_all_pairs_finds(traits):
    """By rule; a pair that only points bring together has to share a block."""
    found = {
        (one.case_id, other.case_id)
        for i, one in enumerate(traits)
        for other in traits[i + 1 :]
        if (candidate := _candidate(one, other, 1e9)) and candidate.rule != "points"
    }
    assert found <= {(one, other) for one, other, _ in names(traits)}


@given(series(), st.randoms())
def test_the_order_of_the_records_does_not_matter(traits, chance):
    shuffled = chance.sample(traits, len(traits))
    assert names(shuffled) == names(traits)


@given(series())
def test_likeness_is_symmetric_and_never_above_its_bound(traits):
    one, other = traits[:2]
    points = [sum(each.points for each in compare(*pair)) for pair in ((one, other), (other, one))]
    assert points[0] == points[1] <= most_points(one, other) + 0.2  # points are rounded to a tenth


@settings(max_examples=150)
@given(st.text(st.sampled_from("ABpatient noblinatumomab .,;:12/-()\n"), max_size=80))
def test_no_text_of_minutes_is_lost_or_brings_a_fault(text):
    parts = split_children(text)
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())
    for candidate in find_mentions(f"{text} blinatumomab", "blinatumomab"):
        assert candidate.quote in f"{text} blinatumomab"


@given(st.integers(0, 10**9 - 1), st.integers(0, 9), st.integers(0, 9))
def test_one_wrong_digit_of_an_nhs_number_never_passes(first_nine, place, other):
    digits = f"{first_nine:09}"
    check = -sum(w * int(d) for w, d in zip(range(10, 1, -1), digits, strict=True)) % 11
    number = f"{digits}{check % 10}"
    try:
        assert parse_nhs_number(number) == number
    except NumberError:
        assert check == 10 or len(set(number)) == 1
        return
    if int(number[place]) != other:
        wrong = number[:place] + str(other) + number[place + 1 :]
        try:
            parse_nhs_number(wrong)
        except NumberError:
            return
        raise AssertionError(wrong)


@given(st.lists(st.sampled_from(["Seán", "O'Brien", "Mary-Jane", "İpek", "Łukasz"]), min_size=1, max_size=4))
def test_a_name_is_the_same_in_any_order_case_and_spacing(words):
    spellings = {" ".join(words), ", ".join(reversed(words)).upper(), "  ".join(words).title()}
    assert len({parse_name(spelling) for spelling in spellings - {""}}) == 1
    letters = "".join(word[0] for word in words)
    assert parse_initials(letters) == parse_initials(" ".join(reversed(letters)))
