"""The finder of the demo's times: every seed finds the letter's numbers, by an estimator that is not the finder's."""

from dataclasses import replace
from fractions import Fraction
from random import Random
from statistics import median

import pytest

from caseseries.demo import cohort

SEEDS = (cohort.SEED, 1, 3, 4, 18)


def survival(ends):
    """Kaplan–Meier, day by day, in exact fractions: P(beyond day t) = product over days of 1 - deaths / at risk."""
    left = Fraction(1)
    for day in range(max(stop for stop, _ in ends) + 1):
        deaths = sum(event and stop == day for stop, event in ends)
        if deaths:
            left *= 1 - Fraction(deaths, sum(stop >= day for stop, _ in ends))
    return left


@pytest.fixture(scope="module", params=SEEDS)
def children(request):
    return cohort.find_times(request.param)


def test_the_same_seed_finds_the_same_children():
    assert cohort.find_times() == cohort.find_times(cohort.SEED)


def test_seeds_differ():
    assert len({cohort.find_times(seed) for seed in SEEDS}) == len(SEEDS)


def test_the_demo_has_these_children():
    """Written down, so that a Python that draws differently is seen and not only a cohort that disagrees."""
    found = [(child.to_hsct, child.last_seen) for child in cohort.find_times()]
    assert found == [
        (113, 67),
        (34, 449),
        (59, 267),
        (42, 296),
        (75, 57),
        (119, 58),
        (50, 77),
        (59, 206),
        (51, 853),
        (45, 223),
        (40, 1163),
    ]


def test_survival_from_transplant_is_the_letters(children):
    efs = [(child.relapse or child.last_seen, child.died or child.relapse is not None) for child in children]
    os = [(child.last_seen, child.died) for child in children]
    assert survival(efs) == Fraction(36, 77)
    assert survival(os) == Fraction(80, 99)
    assert (round(100 * survival(efs)), round(100 * survival(os))) == (47, 81)


def test_survival_from_blinatumomab_is_the_letters(children):
    efs = [(c.to_hsct + (c.relapse or c.last_seen), c.died or c.relapse is not None) for c in children]
    os = [(c.to_hsct + c.last_seen, c.died) for c in children]
    assert survival(os) == Fraction(63, 80)
    assert (round(100 * survival(efs)), round(100 * survival(os))) == (51, 79)


def test_days_to_transplant_and_follow_up_are_the_letters(children):
    gaps = [child.to_hsct for child in children]
    seen = [child.last_seen for child in children if not child.died]
    assert (min(gaps), median(gaps), max(gaps)) == (34, 51, 119)
    assert (min(seen), median(seen), max(seen)) == (58, 267, 1163)
    assert len(seen) == 9


def test_the_two_with_two_cycles_waited_longest(children):
    two = sorted(child.to_hsct for child in children if child.cycles == 2)
    assert two == sorted(child.to_hsct for child in children)[-2:]
    assert two[0] >= 84


def test_only_an_event_free_child_is_followed_for_three_years(children):
    (longest,) = [child for child in children if child.to_hsct + child.last_seen >= 1095]
    assert longest.last_seen == 1163
    assert longest.relapse is None
    assert not longest.died


def test_the_day_35_child_died_shortly_after_and_the_others_lived_on(children):
    relapsed = {child.relapse: child for child in children if child.relapse}
    assert list(relapsed) == [35, 92, 108, 133]
    assert relapsed[35].died
    assert 58 < relapsed[35].last_seen <= 75
    assert all(relapsed[day].last_seen >= day + 100 for day in (92, 108, 133))


@pytest.mark.parametrize("place", range(11))
def test_a_cohort_with_one_child_changed_is_refused(place):
    """Ending a child's time on day 20, with an event, changes a percentage or a range whichever child it is."""
    children = list(cohort.find_times())
    assert cohort.matches_letter(children)
    children[place] = replace(children[place], last_seen=20, relapse=None, died=True)
    assert not cohort.matches_letter(children)


@pytest.mark.parametrize(("before", "after"), [(34, 35), (51, 52), (119, 120)])
def test_a_cohort_with_another_wait_is_refused(before, after):
    children = [
        replace(child, to_hsct=after) if child.to_hsct == before else child for child in cohort.find_times()
    ]
    assert not cohort.matches_letter(children)


@pytest.mark.parametrize(("before", "after"), [(58, 59), (267, 268), (1163, 1162)])
def test_a_cohort_with_another_follow_up_is_refused(before, after):
    children = [
        replace(child, last_seen=after) if child.last_seen == before else child
        for child in cohort.find_times()
    ]
    assert not cohort.matches_letter(children)


def test_a_survivor_of_relapse_lost_before_car_t_is_refused():
    """The only rule broken is the last: the median of the follow-up stays where it is."""
    children = list(cohort.find_times(4))
    assert (children[1].relapse, children[1].last_seen) == (92, 247)
    children[1] = replace(children[1], last_seen=191)
    assert not cohort.matches_letter(children)
    children[1] = replace(children[1], last_seen=192)
    assert cohort.matches_letter(children)


@pytest.mark.parametrize(
    ("ends", "at_risk", "percent"),
    [
        ([(5, True), (6, False), (7, True)], [3, 1], 0),
        ([(5, False), (5, True), (9, False)], [3], 67),  # an event comes before a censoring of its day
        ([(5, True), (5, True), (9, False), (9, False)], [4, 3], 50),  # two events on one day
        ([(5, False), (9, False)], [], 100),
    ],
)
def test_at_risk_and_percent_by_hand(ends, at_risk, percent):
    assert cohort.count_at_risk(ends) == at_risk
    assert cohort.estimate_percent(ends) == percent


def test_the_estimate_is_kaplan_meier_with_ties():
    rng = Random(7)
    for _ in range(200):
        ends = [(int(rng.random() * 12), rng.random() < 0.5) for _ in range(1 + int(rng.random() * 10))]
        assert cohort.estimate_percent(ends) == round(100 * survival(ends))


def test_draws_reach_both_ends_of_a_range():
    rng = Random(2)
    assert {cohort._draw(rng, 3, 6) for _ in range(200)} == {3, 4, 5, 6}
