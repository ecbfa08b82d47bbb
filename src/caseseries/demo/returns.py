"""Made-up children and their times to the lines of the centres' return workbooks, with real dates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseseries.demo.children import CENTRES, CHILDREN, Child, Target
from caseseries.demo.cohort import Times, find_times

Line = Mapping[str, date | float | str | bool]
Lines = Mapping[str, Sequence[Line]]

CYCLE_DAYS = 28
SECOND_CYCLE_STARTS = 49
CAR_T_AFTER_RELAPSE = 56
REMISSION_AFTER_RELAPSE = 84
SATURDAY = 5

PROTOCOL = "Interfant-06"
BLINATUMOMAB, CAR_T = "blinatumomab", "CAR-T (CD19)"


@dataclass(frozen=True)
class Story:
    """One child on the calendar. `index` is the start of blinatumomab, `hsct` the transplant."""

    child: Child
    times: Times
    index: date
    hsct: date

    def at_age(self, days: int) -> date:
        return self.index + timedelta(days - self.child.ages.index)

    def after_index(self, days: int) -> date:
        return self.index + timedelta(days)

    def after_hsct(self, days: int) -> date:
        return self.hsct + timedelta(days)

    @property
    def cycle_starts(self) -> tuple[int, ...]:
        """Days from the start of blinatumomab."""
        return (0, SECOND_CYCLE_STARTS)[: self.times.cycles]


def build_returns(data_cut: date) -> dict[str, Lines]:
    """What each centre returns: centre -> form -> lines of column -> value, as `write_template` takes them."""
    stories = tell_stories(data_cut)
    return {
        centre: _fill_forms([story for story in stories if story.child.centre == centre])
        for centre in CENTRES
    }


def tell_stories(data_cut: date) -> list[Story]:
    """The children on the calendar, in order of case id."""
    stories = [_place(child, times, data_cut) for child, times in zip(CHILDREN, find_times(), strict=True)]
    return sorted(stories, key=lambda story: story.child.case_id)


def _place(child: Child, times: Times, data_cut: date) -> Story:
    """Fix the calendar backwards from the day last seen.

    Treatment starts, transplants and clinic visits fall on working days: the three dates rule out at most six of
    the seven shifts of a week, so one always remains.
    """
    latest = data_cut - timedelta(child.unseen_days + times.last_seen)
    for hsct in (latest - timedelta(days) for days in range(7)):
        story = Story(child, times, hsct - timedelta(times.to_hsct), hsct)
        visits = [] if times.died else [story.after_hsct(times.last_seen)]
        if all(day.weekday() < SATURDAY for day in (story.index, hsct, *visits)):
            return story
    raise AssertionError("some shift of a week suits any three dates")


def _fill_forms(stories: Sequence[Story]) -> Lines:
    lines_of = {
        "patients": _patient,
        "diagnosis": _diagnosis,
        "treatment": _treatments,
        "specimens": _specimens,
        "toxicity": _toxicities,
        "transplant": _transplant,
        "follow_up": _follow_up,
    }
    return {
        form: [{"case_id": story.child.case_id, **line} for story in stories for line in lines(story)]
        for form, lines in lines_of.items()
    }


def _patient(story: Story) -> Iterator[Line]:
    child = story.child
    yield {
        "birth_date": story.at_age(0),
        "sex": child.sex,
        "country": CENTRES[child.centre],
        "identified_by": child.identified_by,
    }


def _diagnosis(story: Story) -> Iterator[Line]:
    child = story.child
    yield {
        "diagnosis_date": story.at_age(child.ages.diagnosis),
        "immunophenotype": "B-ALL",
        "kmt2a": "rearranged",
        "fusion": child.fusion,
        "karyotype": child.karyotype,
        "wbc": child.wbc,
        "cns": child.cns,
        "prednisone_response": child.prednisone_response,
        "cd15": child.cd15,
        "first_protocol": PROTOCOL,
    }


def _treatments(story: Story) -> Iterator[Line]:
    child = story.child
    indication = "after relapse" if child.ages.relapse else "first line: resistant or refractory"
    at_start: Line = {"remission_at_start": child.status, "home_after_week_1": child.home}
    for number, start in enumerate(story.cycle_starts, start=1):
        yield {
            "treatment": BLINATUMOMAB,
            "cycle": number,
            "start_date": story.after_index(start),
            "end_date": story.after_index(start + CYCLE_DAYS),
            "indication": indication,
            "dose": 5 if child.status == "not in remission" else 15,
            **(at_start if number == 1 else {}),
        }
    if story.times.relapse and not story.times.died:
        yield {
            "treatment": CAR_T,
            "start_date": story.after_hsct(story.times.relapse + CAR_T_AFTER_RELAPSE),
        }


def _specimens(story: Story) -> Iterator[Line]:
    before, after = specimen_days(story)
    for target in story.child.targets:
        yield _specimen(before, target, target.before)
    for target in story.child.targets:
        yield _specimen(after, target, target.after)


def specimen_days(story: Story) -> tuple[date, date]:
    """The days of the marrows before blinatumomab and after its last cycle."""
    return _working_day(story.after_index(-4), -1), _response_day(story)


def _response_day(story: Story) -> date:
    """The marrow that shows the response: the first working day after the last cycle."""
    return _working_day(story.after_index(story.cycle_starts[-1] + CYCLE_DAYS + 1), 1)


def _specimen(on: date, target: Target, found: float | str) -> Line:
    level: Line = (
        {"mrd_result": found}
        if isinstance(found, str)
        else {"mrd_result": "quantified", "mrd_percent": found}
    )
    return {
        "specimen_date": on,
        "material": "bone marrow",
        "method": "RQ-PCR IG/TR",
        "marker": target.marker,
        **level,
        "sensitivity_percent": target.sensitivity,
        "range_percent": target.quantitative_range,
    }


def _toxicities(story: Story) -> Iterator[Line]:
    for reaction in story.child.reactions:
        yield {
            "toxicity": reaction.kind,
            "onset_date": story.after_index(reaction.onset),
            "grade": reaction.grade,
            "interrupted": reaction.interrupted,
            "steroids": reaction.interrupted,
            "tocilizumab": False,
            "restarted_lower": reaction.interrupted,
            "resolved_date": story.after_index(reaction.resolved),
            "description": reaction.description,
        }


def _transplant(story: Story) -> Iterator[Line]:
    child = story.child
    yield {
        "hsct_date": story.hsct,
        "donor": child.donor,
        "conditioning": child.conditioning,
        "therapy_between": False,
    }


def _follow_up(story: Story) -> Iterator[Line]:
    yield from _before_transplant(story)
    yield from _after_transplant(story)
    last = story.after_hsct(story.times.last_seen)
    if not story.times.died:
        yield {"date": last, "event": "seen alive"}
    elif story.times.relapse:
        yield {"date": last, "event": "death", "cause_of_death": "leukaemia", "detail": "progressive AML"}
    else:
        yield {
            "date": last,
            "event": "death",
            "cause_of_death": "infection",
            "detail": "parainfluenza pneumonitis",
        }


def _before_transplant(story: Story) -> Iterator[Line]:
    ages = story.child.ages
    if ages.remission:
        yield {"date": story.at_age(ages.remission), "event": "complete remission"}
    if ages.relapse:
        yield {"date": story.at_age(ages.relapse), "event": "relapse", "phenotype": "CD19-positive"}
    if ages.second_remission:
        yield {"date": story.at_age(ages.second_remission), "event": "complete remission"}
    if story.child.status == "not in remission":
        yield {"date": _response_day(story), "event": "complete remission"}


def _after_transplant(story: Story) -> Iterator[Line]:
    relapse = story.times.relapse
    if relapse and story.times.died:
        yield {
            "date": story.after_hsct(relapse),
            "event": "relapse",
            "phenotype": "lineage switch",
            "detail": "CD15-positive monoblastic AML",
        }
    elif relapse:
        yield {"date": story.after_hsct(relapse), "event": "relapse", "phenotype": "CD19-positive"}
        yield {
            "date": story.after_hsct(relapse + REMISSION_AFTER_RELAPSE),
            "event": "complete remission",
            "detail": "after CAR-T",
        }


def _working_day(day: date, step: int) -> date:
    """The day itself, or the nearest working day before (step -1) or after it (step 1)."""
    return day if day.weekday() < SATURDAY else _working_day(day + timedelta(step), step)
