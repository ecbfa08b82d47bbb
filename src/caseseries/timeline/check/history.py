"""The states a child passes through: diagnosis, remission, relapse, and again; then transplant and death.

A history is read as intervals between events, and its faults are named as `survival::survcheck` names them: a *jump*
skips a state, a *teleport* starts in another state than the last one ended in, a *duplicate* says one thing twice.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from caseseries.findings import Finding
from caseseries.record.levels import LevelState
from caseseries.record.patient import Row
from caseseries.study.definition import Study
from caseseries.timeline.check.findings import Rule, ask
from caseseries.timeline.check.order import name_of
from caseseries.timeline.course import Course, Moment

CHANGES = ("complete remission", "relapse")
REMISSION = "CR"  # how every state of remission begins
SHORTEST_INDUCTION = 28  # days; remission is assessed at the end of induction, five weeks in Interfant-06
LONGEST_WITHOUT = 180  # days from treatment to transplant


def relapses_from_remission(course: Course) -> Iterator[Finding]:
    """Jump: a relapse with no sign of a remission since the disease was last seen."""
    since = course.first("diagnosis")
    for relapse in course.all("relapse"):
        if since and since.on < relapse.on and not _signs_of_remission(course, since.on, relapse.on):
            what = f"a relapse on {relapse.on} follows {name_of(since)} on {since.on} without a remission between"
            do = "Add the remission to the Follow-up sheet; if there was none this is refractory disease"
            yield ask(course, relapse.sources[0], "jump", what, "a remission between them", do)
        since = relapse


def _signs_of_remission(course: Course, start: date, end: date) -> bool:
    negative = any(start < s.on < end and s.level.state is LevelState.NOT_DETECTED for s in course.samples)
    treated = any(
        (row.text("remission_at_start") or "").startswith(REMISSION) and start < on < end
        for row in course.patient.form("treatment")
        if (on := row.date("start_date"))
    )
    return negative or treated or any(start < m.on <= end for m in course.all("complete remission"))


def remits_from_disease(course: Course) -> Iterator[Finding]:
    """Teleport: remission is reached twice, and nothing says that it was lost."""
    for one, following in _pairs(course):
        if one.kind == following.kind == "complete remission" and one.on != following.on:
            what = f"a second remission on {following.on} follows that of {one.on} without a relapse between"
            do = "Add the relapse, or remove the line if it is the same remission"
            yield ask(course, following.sources[0], "teleport", what, "a relapse between them", do)


def one_state_a_day(course: Course) -> Iterator[Finding]:
    for one, following in _pairs(course):
        if one.on == following.on and one.kind != following.kind:
            what = f"remission and relapse are both recorded on {one.on}"
            allowed = "one state on one day"
            yield ask(
                course, following.sources[0], "two-states", what, allowed, "Correct one of the two lines"
            )


def _pairs(course: Course) -> Iterator[tuple[Moment, Moment]]:
    changes = course.all(*CHANGES)
    yield from pairwise(changes)


def says_it_once(course: Course) -> Iterator[Finding]:
    """Duplicate: the same event on the same day."""
    told: dict[tuple[str, date, str], Moment] = {}
    for moment in course.moments:
        key = (moment.kind, moment.on, moment.detail if moment.kind == "other treatment" else "")
        if key in told and moment.kind not in ("death", "index end"):
            what = f"{name_of(moment)} on {moment.on} is recorded twice"
            allowed = f"one line; the first is {told[key].sources[0].where}"
            yield ask(course, moment.sources[0], "duplicate", what, allowed, "Remove one of the two lines")
        told.setdefault(key, moment)


def remission_takes_time(course: Course) -> Iterator[Finding]:
    diagnosis, remission = course.first("diagnosis"), course.first("complete remission")
    if diagnosis and remission and 0 <= (remission.on - diagnosis.on).days < SHORTEST_INDUCTION:
        days = (remission.on - diagnosis.on).days
        what = f"complete remission on {remission.on} is {days} days after diagnosis"
        do = "Check both dates"
        yield ask(course, remission.sources[0], "early-remission", what, "the end of induction or later", do)


# --- what the treatment line says about the state it started in ---------------------------------------------


def first_cycle(course: Course) -> tuple[Row, Moment] | None:
    """The line on which the index treatment began."""
    index = course.first("index")
    for row in course.patient.form("treatment"):
        if index and row.date("start_date") == index.on and row.sources("start_date")[0] in index.sources:
            return row, index
    return None


def _state_before(course: Course, day: date) -> tuple[int, int, str]:
    """Relapses and remissions recorded up to a day, and which of the two came last."""
    before = [moment for moment in course.all(*CHANGES) if moment.on <= day]
    kinds = [moment.kind for moment in before]
    return kinds.count("relapse"), kinds.count("complete remission"), kinds[-1] if kinds else ""


def starts_where_it_was(course: Course) -> Iterator[Finding]:
    """Teleport: the remission stated at the start is not the one the Follow-up sheet leads to."""
    found = first_cycle(course)
    stated = found[0].text("remission_at_start") if found else None
    if not found or not stated:
        return
    row, index = found
    relapses, remissions, last = _state_before(course, index.on)
    source = row.sources("remission_at_start")[0]
    for code, is_wrong, what, do in (
        (
            "cr1-after-relapse",
            stated.startswith("CR1") and relapses > 0,
            f"“{stated}” stands beside {relapses} relapse{'s' * (relapses > 1)} before {index.on}",
            "Correct the remission, or the date of the relapse",
        ),
        (
            "cr2-without-relapse",
            stated.startswith("CR2") and relapses == 0,
            f"“{stated}” stands beside no relapse before {index.on}",
            "Add the relapse to the Follow-up sheet, or correct the remission",
        ),
        (
            "cr3-without-relapses",
            stated.startswith("CR3") and relapses < 2,
            f"“{stated}” stands beside {relapses or 'no'} relapse before {index.on}",
            "Add the relapses to the Follow-up sheet, or correct the remission",
        ),
        (
            "remission-lost",
            stated.startswith(REMISSION) and last == "relapse",
            f"“{stated}” at the start on {index.on}, and the last event before it is a relapse",
            "Add the remission to the Follow-up sheet, or choose “not in remission”",
        ),
        (
            "remission-not-stated",
            stated == "not in remission" and last == "complete remission",
            f"“{stated}” at the start on {index.on}, and the last event before it is a complete remission",
            "Add the relapse to the Follow-up sheet, or correct the remission",
        ),
        (
            "remission-without-event",
            stated.startswith(REMISSION) and not remissions and not relapses,
            f"“{stated}” at the start on {index.on}, and the Follow-up sheet has no remission before it",
            "Add the remission to the Follow-up sheet",
        ),
    ):
        if is_wrong:
            yield ask(course, source, code, what, "the state that the Follow-up sheet leads to", do)


def indication_fits(course: Course) -> Iterator[Finding]:
    found = first_cycle(course)
    stated = found[0].text("indication") if found else None
    if not found or not stated:
        return
    relapses, _, _ = _state_before(course, found[1].on)
    source = found[0].sources("indication")[0]
    if stated == "after relapse" and not relapses:
        what = f"the indication is “{stated}”, and no relapse is recorded before {found[1].on}"
        do = "Add the relapse to the Follow-up sheet, or correct the indication"
        yield ask(course, source, "indication-without-relapse", what, "a relapse before it", do)
    if stated.startswith("first line") and relapses:
        what = f"the indication is “{stated}”, and a relapse is recorded before {found[1].on}"
        do = "Correct the indication, or the date of the relapse"
        yield ask(course, source, "indication-despite-relapse", what, "“after relapse”", do)


# --- transplant and death ---------------------------------------------------------------------------------


def transplants_once(course: Course) -> Iterator[Finding]:
    first, *others = course.all("hsct") or (None,)
    for moment in others:
        if first and moment and moment.on != first.on:
            what = f"a second transplant on {moment.on} follows that of {first.on}"
            do = "If it is right nothing needs doing: the study counts from the first after the index treatment"
            yield ask(course, moment.sources[0], "second-transplant", what, "usually one", do)


def transplants_after_index(course: Course) -> Iterator[Finding]:
    index = course.first("index")
    for moment in course.all("hsct"):
        diagnosis = course.first("diagnosis")
        if index and moment.on < index.on and diagnosis and moment.on >= diagnosis.on:
            what = f"transplant on {moment.on} is before the index treatment ({index.on})"
            do = "If it is right nothing needs doing: it is history, and no clock starts from it"
            yield ask(course, moment.sources[0], "transplant-before-index", what, "usually after it", do)


def dies_of_what_it_had(course: Course) -> Iterator[Finding]:
    death = course.first("death")
    if not death:
        return
    source = death.sources[1] if len(death.sources) > 1 else death.sources[0]
    last = _state_before(course, death.on)[2]
    if death.detail == "leukaemia" and last == "complete remission":
        what = "the cause of death is leukaemia, and the last state recorded is remission"
        do = (
            "Add the relapse to the Follow-up sheet, or correct the cause: as it stands no relapse is counted"
        )
        yield ask(course, source, "death-in-remission", what, "a relapse before the death", do)
    if death.detail.startswith("transplant-related") and not course.all("hsct"):
        what = "the cause of death is the transplant, and no transplant is recorded"
        do = "Add the transplant, or correct the cause"
        yield ask(course, source, "death-without-transplant", what, "a transplant before the death", do)
    if not death.detail:
        what = f"the death on {death.on} has no cause"
        do = "Choose the cause, or “not known”"
        yield ask(course, source, "death-without-cause", what, "a cause of death", do)


def transplants_in_remission(course: Course) -> Iterator[Finding]:
    for moment in course.all("hsct"):
        if _state_before(course, moment.on)[2] == "relapse":
            relapse = [one for one in course.all("relapse") if one.on <= moment.on][-1]
            what = f"transplant on {moment.on}, and the last event before it is the relapse of {relapse.on}"
            do = "Add the remission to the Follow-up sheet; if there was none nothing needs doing"
            yield ask(
                course, moment.sources[0], "transplant-in-relapse", what, "a remission between them", do
            )


def is_transplanted(course: Course, study: Study) -> Iterator[Finding]:
    """A study that counts from transplant would leave the child out of those clocks without a word."""
    index, seen = course.first("index"), course.all("seen alive")
    origins = {study.origins[name].event for wanted in study.estimates for name in wanted.origins}
    if not index or not seen or "hsct" not in origins or course.patient.form("transplant"):
        return
    is_over = any(moment.on >= index.on for moment in course.all("relapse", "second malignancy", "death"))
    days = (seen[-1].on - index.on).days
    if days > LONGEST_WITHOUT and not is_over:
        what = f"no transplant is recorded, and the child was well {days} days after treatment began ({seen[-1].on})"
        do = "Add the transplant; if there was none nothing needs doing, and no clock starts from it"
        yield ask(course, index.sources[0], "no-transplant", what, "a transplant", do)


RULES: tuple[Rule, ...] = (
    relapses_from_remission,
    remits_from_disease,
    one_state_a_day,
    says_it_once,
    remission_takes_time,
    starts_where_it_was,
    indication_fits,
    transplants_once,
    transplants_after_index,
    transplants_in_remission,
    dies_of_what_it_had,
)
