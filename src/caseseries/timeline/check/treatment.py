"""The cycles of the index treatment, and the way from the last of them to transplant."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from caseseries.findings import Finding
from caseseries.record.patient import Row
from caseseries.timeline.check.findings import Rule, ask
from caseseries.timeline.course import Course

# Blinatumomab is infused for 28 days; after an interruption the cycle is finished to 28 days of infusion.
LONGEST_CYCLE, SHORTEST_CYCLE = 42, 7  # days
LONGEST_PAUSE = 42  # days between two cycles
PLANNED_CYCLE, ABOUT = 28, 3
DOSES = (5, 15)  # µg/m² a day below 45 kg, by its label
CONDITIONING = 6  # days; shorter, and the infusion and the conditioning would have overlapped
LONGEST_WAIT = 60  # days to transplant without any other treatment


def _cycles(course: Course) -> Sequence[tuple[Row, date, date | None]]:
    """The dated lines of the index treatment with start and end, in order of start."""
    starts = {moment.sources[0] for moment in course.all("index")}
    found = [
        (row, start, row.date("end_date"))
        for row in course.patient.form("treatment")
        if (start := row.date("start_date")) and row.sources("start_date")[0] in starts
    ]
    return sorted(found, key=lambda cycle: cycle[1])


def is_blinatumomab(row: Row) -> bool:
    """Whether the limits of that drug apply; of other index treatments nothing is assumed."""
    return (row.text("treatment") or "").casefold().startswith("blinatumomab")


def is_given_blinatumomab(course: Course) -> bool:
    return any(is_blinatumomab(row) for row in course.patient.form("treatment"))


def cycles_follow_one_another(course: Course) -> Iterator[Finding]:
    """Overlap and gap between one cycle and the next."""
    for (_, start, end), (row, following, _) in pairwise(_cycles(course)):
        source = row.sources("start_date")[0]
        if end and start < following <= end:
            what = f"a cycle starts on {following}, while the one before runs to {end}"
            yield ask(course, source, "overlap", what, f"after {end}", "Correct one of the two dates")
        if end and (following - end).days > LONGEST_PAUSE:
            what = f"a cycle starts on {following}, {(following - end).days} days after the one before"
            do = "Check both dates, and add the cycle between them if there was one"
            yield ask(course, source, "gap", what, f"at most {LONGEST_PAUSE} days", do)


def cycles_are_whole(course: Course) -> Iterator[Finding]:
    for row, start, end in _cycles(course):
        days = (end - start).days if end else 28
        if is_blinatumomab(row) and (days > LONGEST_CYCLE or 0 <= days < SHORTEST_CYCLE):
            side = "long" if days > LONGEST_CYCLE else "short"
            what = f"a cycle from {start} to {end} lasts {days} days"
            allowed = f"from {SHORTEST_CYCLE} to {LONGEST_CYCLE} days; 28 are planned"
            source = row.sources("end_date")[0]
            yield ask(
                course, source, f"{side}-cycle", what, allowed, "Check both dates, or give each cycle a line"
            )


def cycles_run_as_planned(course: Course) -> Iterator[Finding]:
    """A cycle that is neither whole nor known to have been interrupted, nor ended by what the child suffered."""
    stops = [m.on for m in course.all("relapse", "death")]
    stops += [
        on
        for row in course.patient.form("toxicity")
        if row.flag("interrupted") and (on := row.date("onset_date"))
    ]
    for row, start, end in _cycles(course):
        days = (end - start).days if end else PLANNED_CYCLE
        is_odd = SHORTEST_CYCLE <= days <= LONGEST_CYCLE and abs(days - PLANNED_CYCLE) > ABOUT
        if end and is_odd and is_blinatumomab(row) and not any(start <= on <= end for on in stops):
            what = f"a cycle from {start} to {end} lasts {days} days, and no interruption is recorded"
            do = "Check both dates, or add the toxicity that interrupted it; if it was planned so nothing needs doing"
            allowed = f"about {PLANNED_CYCLE} days"
            yield ask(course, row.sources("end_date")[0], "odd-cycle", what, allowed, do)


def cycles_are_numbered(course: Course) -> Iterator[Finding]:
    numbered = [
        (row, int(number)) for row, _, _ in _cycles(course) if (number := row.number("cycle")) is not None
    ]
    times = Counter(number for _, number in numbered)
    if numbered and numbered[0][1] != 1:
        what = f"the first cycle recorded is number {numbered[0][1]}"
        do = "Add the cycles before it: the clock starts with the first"
        yield ask(course, numbered[0][0].sources("cycle")[0], "first-cycle", what, "1", do)
    for (_, before), (row, number) in pairwise(numbered):
        source = row.sources("cycle")[0]
        if times[number] > 1 and number == before:
            what, do = f"cycle {number} is recorded twice", "Number the cycles, or remove one line"
            yield ask(course, source, "cycle-twice", what, "each number once", do)
        elif number < before:
            what = f"cycle {number} starts after cycle {before}"
            yield ask(
                course, source, "cycle-order", what, "numbers in order of dates", "Correct number or date"
            )
        elif number > before + 1:
            what, do = (
                f"cycle {number} follows cycle {before}",
                "Add the missing cycle, or correct the number",
            )
            yield ask(course, source, "cycle-missing", what, f"cycle {before + 1} between them", do)


def dose_fits(course: Course) -> Iterator[Finding]:
    for row, _, _ in _cycles(course):
        dose = row.number("dose")
        if dose is not None and is_blinatumomab(row) and dose not in DOSES:
            side = "low" if dose < min(DOSES) else "high" if dose > max(DOSES) else "unusual"
            what = f"a dose of {dose:g} µg/m² a day is {side} for a child below 45 kg"
            do = "Check the dose and its unit: it is per m², and 9 and 28 µg a day are the flat doses from 45 kg on"
            allowed = f"usually {' or '.join(map(str, DOSES))} µg/m² a day"
            yield ask(course, row.sources("dose")[0], f"dose-{side}", what, allowed, do)


def goes_home_after_a_week(course: Course) -> Iterator[Finding]:
    for row, start, end in _cycles(course):
        if row.flag("home_after_week_1") and end and 0 <= (end - start).days < 7:
            what = f"discharged after the first week, and the infusion ended after {(end - start).days} days"
            source = row.sources("home_after_week_1")[0]
            yield ask(
                course, source, "home-early", what, "an infusion of a week or more", "Correct one of the two"
            )


def conditioning_has_time(course: Course) -> Iterator[Finding]:
    for moment in course.all("hsct"):
        ends = [end for _, start, end in _cycles(course) if end and start < moment.on]
        days = (moment.on - max(ends)).days if ends else CONDITIONING
        if days < 0:
            what = f"transplant on {moment.on} is before the end of treatment on {max(ends)}"
            yield ask(
                course,
                moment.sources[0],
                "hsct-in-cycle",
                what,
                f"after {max(ends)}",
                "Correct one of the dates",
            )
        elif days < CONDITIONING:
            what = f"transplant on {moment.on} is {days} days after the end of treatment"
            do = "Check both dates: conditioning takes about a week"
            allowed = f"{CONDITIONING} days or more"
            yield ask(course, moment.sources[0], "no-conditioning", what, allowed, do)


def transplant_is_soon(course: Course) -> Iterator[Finding]:
    index = course.first("index")
    hsct = course.first("hsct", index.on) if index else None
    given = [m for m in course.all("index", "index end", "other treatment") if hsct and m.on <= hsct.on]
    days = (hsct.on - given[-1].on).days if hsct else 0
    if hsct and days > LONGEST_WAIT:
        what = f"transplant on {hsct.on} is {days} days after the last treatment before it ({given[-1].on})"
        do = "Check both dates, and add what was given between them"
        yield ask(course, hsct.sources[0], "late-transplant", what, f"usually within {LONGEST_WAIT} days", do)


def therapy_between_agrees(course: Course) -> Iterator[Finding]:
    index = course.first("index")
    for row in course.patient.form("transplant"):
        stated, on = row.flag("therapy_between"), row.date("hsct_date")
        given = [m for m in course.all("other treatment") if index and on and index.on <= m.on < on]
        if stated is False and given:
            what = (
                f"no other therapy before transplant is stated, and {given[0].detail} began on {given[0].on}"
            )
            do = "Correct the answer or the date"
            yield ask(course, row.sources("therapy_between")[0], "therapy-denied", what, "yes", do)
        if stated is True and on and index and not given:
            what = "other therapy before transplant is stated, and no line says which"
            do = "Add it to the Treatment sheet if the list has it"
            yield ask(course, row.sources("therapy_between")[0], "therapy-unnamed", what, "a line for it", do)


RULES: tuple[Rule, ...] = (
    cycles_follow_one_another,
    cycles_are_whole,
    cycles_run_as_planned,
    cycles_are_numbered,
    goes_home_after_a_week,
    conditioning_has_time,
    transplant_is_soon,
    therapy_between_agrees,
)
