"""Which claims are set aside, and that a claim searched alone still means what it says."""

from collections.abc import Mapping

from caseseries.evidence.claims import ClaimsFile
from caseseries.evidence.cohort import Answer, Fact
from caseseries.evidence.reading import Choices, Paper
from caseseries.evidence.settle import settle
from caseseries.evidence.verdicts import judge

SURVIVAL = {"kind": "survival", "endpoint": "os", "origin": "treatment"}


def paper(*claims: Mapping[str, object]) -> ClaimsFile:
    numbered = [{"id": f"claim-{place}", **claim} for place, claim in enumerate(claims, start=1)]
    return ClaimsFile.model_validate(
        {
            "title": "A paper",
            "source": "Somewhere",
            "base": "hsct",
            "origins": {"hsct": "HSCT", "treatment": "treatment"},
            "endpoints": {"os": {"label": "OS", "ends": "death"}},
            "claims": tuple(numbered),
        }
    )


COHORT = (
    {"kind": "count", "of": "cases", "printed": "4"},
    {"kind": "event days", "event": "death", "printed": "day 10"},
)
GAP = {"kind": "median and range", "of": "gap", "origin": "treatment", "printed": "30 (30-30)"}


def test_beside_a_contradiction_follow_up_is_still_of_survivors() -> None:
    """One dies on day 10, the others are followed for 50 days or more; 75 % and 20 % cannot both be true."""
    follow_up = {"kind": "median and range", "of": "follow-up", "among": "survivors", "printed": "60 (50-70)"}
    wrong = {**SURVIVAL, "origin": "hsct", "horizon": "20d", "printed": "20%"}
    judgement = judge(paper(*COHORT, wrong, follow_up))
    assert [v.verdict for v in judgement.verdicts] == ["possible", "possible", "impossible", "possible"]
    assert judgement.conflicts == (("claim-3",),)


def test_beside_a_contradiction_an_estimate_is_still_from_its_own_origin() -> None:
    """Every treatment began 30 days before HSCT, so the death of day 10 is one of day 40 from treatment."""
    from_treatment = {**SURVIVAL, "horizon": "30d", "printed": "100%"}
    wrong = {**SURVIVAL, "origin": "hsct", "horizon": "20d", "printed": "100%"}
    judgement = judge(paper(*COHORT, GAP, wrong, from_treatment))
    assert [v.verdict for v in judgement.verdicts][3:] == ["impossible", "possible"]
    assert judgement.conflicts == (("claim-2", "claim-4"),)


def test_days_between_origins_printed_for_survivors_say_nothing_of_who_died() -> None:
    """The death of day 10 is later than day 45 from treatment where that began 36 days or more before HSCT."""
    of_survivors = {**GAP, "among": "survivors"}
    from_treatment = {**SURVIVAL, "horizon": "45d", "printed": "100%"}
    judgement = judge(paper(*COHORT, of_survivors, from_treatment))
    assert {v.verdict for v in judgement.verdicts} == {"possible"}
    assert [c.gaps["treatment"] for c in judgement.example if not c.dead] == [30, 30, 30]
    of_all = judge(paper(*COHORT, GAP, from_treatment))
    assert [v.verdict for v in of_all.verdicts][2:] == ["possible", "impossible"]


class LateProof(Paper):
    """Two estimates that contradict each other, which the search sees only when it is asked for the third time."""

    asked = 0

    def find(self, kept: frozenset[str], choices: Choices, *more: Fact) -> Answer:
        del choices, more
        if not {"claim-3", "claim-4"} <= kept:
            return Answer("found")
        self.asked += 1
        return Answer("undecided" if self.asked < 3 else "none")

    def rules_out(self, kept: frozenset[str], choices: Choices) -> bool:
        del choices
        return {"claim-3", "claim-4"} <= kept


def test_a_claim_is_not_blamed_for_a_contradiction_among_earlier_ones() -> None:
    estimates = [{**SURVIVAL, "horizon": f"{day}d", "printed": "75%"} for day in (100, 200, 300)]
    settled = settle(LateProof(paper(*COHORT, *estimates)))
    assert settled.conflicts == (("claim-3", "claim-4"),)
    assert settled.dropped("claim-4")
    assert settled.kept == {"claim-2", "claim-3", "claim-5"}
    assert not settled.undecided


def test_once_the_searches_took_long_only_verdicts_are_searched_for(monkeypatch) -> None:
    """And the answer says what was left out; the verdicts are the same."""
    claims = paper(*COHORT, {**SURVIVAL, "origin": "hsct", "horizon": "20d", "printed": "75%"})
    whole = judge(claims)
    monkeypatch.setattr("caseseries.evidence.narrowing.WORK", -1)
    short = judge(claims)
    assert [v.verdict for v in short.verdicts] == [v.verdict for v in whole.verdicts]
    left_out = "claim-3: 1 at-risk sequences were not tried one by one against the other claims."
    assert left_out in short.notes
    assert left_out not in whole.notes


def test_counts_that_cannot_be_are_named() -> None:
    """Two relapses and two deaths are four first events at most, not five."""
    days = {"kind": "event days", "event": "relapse", "printed": "35 and 92 days"}
    first = {"kind": "count", "of": "first events", "printed": "5"}
    deaths = {"kind": "count", "of": "deaths", "printed": "2"}
    size = {"kind": "count", "of": "cases", "printed": "11"}
    verdicts = judge(paper(size, first, deaths, days)).verdicts
    assert verdicts[-1].because == (
        "No cohort has the sizes and counts printed, as such or as days: 11 patients, 5 first events, 2 relapses and "
        "2 deaths. A first event is a relapse, or a death without one before it."
    )


def test_what_two_open_claims_can_only_say_together_is_not_impossible() -> None:
    """One range is of the survivors and the other of all; the first alone could have been of all as well."""
    deaths = {"kind": "count", "of": "deaths", "printed": "1"}
    follow_up = {"kind": "median and range", "of": "follow-up", "among": "unstated", "shows": "range"}
    ranges = ({**follow_up, "printed": "8-10"}, {**follow_up, "printed": "2-10"})
    for first, second in (ranges, ranges[::-1]):
        judgement = judge(paper(COHORT[0], deaths, first, second))
        assert "impossible" not in [verdict.verdict for verdict in judgement.verdicts]
        assert [course.end for course in judgement.example if course.dead] == [2]


def test_the_events_of_an_estimate_are_those_of_the_cohort_shown() -> None:
    """However many at-risk sequences have them."""
    size, deaths = {**COHORT[0], "printed": "30"}, {"kind": "count", "of": "deaths", "printed": "9"}
    judgement = judge(
        paper(size, deaths, {**SURVIVAL, "origin": "hsct", "horizon": "2y", "printed": "74%", "events": 7})
    )
    assert [verdict.verdict for verdict in judgement.verdicts] == ["possible"] * 3
    assert sum(course.dead and course.end <= 730 for course in judgement.example) == 7


def test_events_that_were_held_against_no_list_are_those_of_the_cohort_shown_or_not_checked(
    monkeypatch,
) -> None:
    size, deaths = {**COHORT[0], "printed": "30"}, {"kind": "count", "of": "deaths", "printed": "9"}
    estimate = {**SURVIVAL, "origin": "hsct", "horizon": "2y", "printed": "74%"}
    monkeypatch.setattr("caseseries.evidence.reading.COUNTED", 1)
    verdicts = {}
    for events in range(5, 10):
        judgement = judge(paper(size, deaths, {**estimate, "events": events}))
        shown = sum(course.dead and course.end <= 730 for course in judgement.example)
        verdicts[events] = judgement.verdicts[-1].verdict
        assert verdicts[events] != "possible" or shown == events
    assert "not checked" in verdicts.values()


def test_how_far_apart_origins_were_searched_is_said_where_nothing_printed_says_it() -> None:
    assert [note for note in judge(paper(*COHORT)).notes if "730" in note] == [
        "More than 730 days from treatment to HSCT were not searched."
    ]
    assert not [note for note in judge(paper(*COHORT, GAP)).notes if "730" in note]
