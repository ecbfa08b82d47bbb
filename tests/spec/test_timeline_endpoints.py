"""An endpoint asked of a course: which day, which event, and when there is no observation."""

from datetime import date

import pytest

from caseseries.study.definition import Endpoint
from caseseries.timeline.course import build_course
from caseseries.timeline.endpoints import CENSORED, COMPETING, EVENT, NoObservation, Observation, observe
from made_up import day, made_up_case, made_up_study

STUDY = made_up_study()
EFS, OS, RELAPSE = (STUDY.endpoints[name] for name in ("efs", "os", "relapse"))


def ask(
    events: list[tuple[int, str]],
    origin: str = "hsct",
    endpoint: Endpoint = EFS,
    entry: str = "",
    cut: date | None = None,
) -> Observation | NoObservation:
    rows = [{"date": day(on), "event": event} for on, event in events]
    course = build_course(made_up_case(forms={"follow_up": rows}), STUDY)
    return observe(course, endpoint, origin, cut or STUDY.data_cut, entry=entry)


# Treatment starts on day 0, transplant is on day 50, diagnosis on day -100.
@pytest.mark.parametrize(
    ("events", "origin", "expected"),
    [
        ([(400, "seen alive")], "hsct", (350, CENSORED, "censored: seen alive")),
        ([(400, "seen alive")], "index", (400, CENSORED, "censored: seen alive")),
        ([(85, "relapse"), (110, "death")], "hsct", (35, EVENT, "relapse")),
        ([(110, "death")], "hsct", (60, EVENT, "death")),
        # A relapse before the origin is history; the same day as the origin, it is what led to it.
        ([(-20, "relapse"), (300, "seen alive")], "index", (300, CENSORED, "censored: seen alive")),
        ([(0, "relapse"), (300, "seen alive")], "index", (300, CENSORED, "censored: seen alive")),
        ([(-20, "relapse"), (300, "seen alive")], "diagnosis", (80, EVENT, "relapse")),
        # A death on the day of the origin counts, with no time.
        ([(50, "death")], "hsct", (0, EVENT, "death")),
        # Any dated fact shows the child alive: here the transplant is the last thing known.
        ([], "index", (50, CENSORED, "censored: hsct")),
    ],
)
def test_first_event_or_last_known_day(
    events: list[tuple[int, str]], origin: str, expected: tuple[int, int, str]
) -> None:
    found = ask(events, origin)
    assert isinstance(found, Observation)
    assert (found.stop, found.status, found.reason) == expected


def test_a_competing_event_ends_the_clock() -> None:
    found = ask([(107, "death")], endpoint=RELAPSE)
    assert isinstance(found, Observation)
    assert (found.stop, found.status) == (57, COMPETING)


def test_nothing_after_the_data_cut_counts() -> None:
    found = ask([(300, "relapse")], cut=day(200))
    assert isinstance(found, Observation)
    assert (found.stop, found.status, found.ended) == (150, CENSORED, day(200))


def test_a_case_without_the_origin_gives_no_number() -> None:
    course = build_course(made_up_case(forms={"transplant": []}), STUDY)
    assert observe(course, EFS, "hsct", STUDY.data_cut) == NoObservation("A-1", "no hsct")


def test_delayed_entry_starts_at_the_index_treatment() -> None:
    found = ask([(300, "seen alive")], "diagnosis", entry="index")
    assert isinstance(found, Observation)
    assert (found.entry, found.stop) == (100, 400)


def test_a_case_whose_event_came_before_entry_is_never_at_risk() -> None:
    found = ask([(-20, "relapse"), (300, "seen alive")], "diagnosis", entry="index")
    assert found == NoObservation("A-1", "relapse was no later than index")


def test_a_case_that_ends_on_the_day_it_enters_is_never_at_risk_either() -> None:
    """An interval (0, 0] holds no day; without delayed entry an event on day 0 counts."""
    follow_up = [{"date": day(50), "event": "death"}]
    course = build_course(made_up_case(forms={"follow_up": follow_up}), STUDY)
    delayed = observe(course, OS, "hsct", STUDY.data_cut, entry="index")
    assert delayed == NoObservation("A-1", "death was no later than hsct")
    plain = observe(course, OS, "hsct", STUDY.data_cut)
    assert isinstance(plain, Observation)
    assert (plain.stop, plain.status) == (0, EVENT)


def test_every_observation_names_its_cells() -> None:
    found = ask([(85, "relapse")])
    assert isinstance(found, Observation)
    assert [str(source.where) for source in found.sources] == [
        "returns/northbridge.xlsx › transplant › hsct_date2",
        "returns/northbridge.xlsx › follow_up › date2",
        "returns/northbridge.xlsx › follow_up › event2",
    ]
