"""The demo's workbooks hold the letter's facts, all at once, and children who could have lived.

Clesham et al., Blood 2020;135:1501. Read cell by cell with openpyxl and reckoned here, with none of the package's
reader, calendar or estimators. Only the headings come from the data dictionary.
"""

import re
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import log10
from statistics import median

import pytest
from openpyxl import load_workbook

from caseseries.demo import write_demo
from caseseries.study.forms import forms_of
from caseseries.study.load import load_study

PREFIXES = {
    "NB": "Northbridge",
    "EM": "Eastmere",
    "WL": "Westerlea",
    "SM": "Southmarsh",
    "HC": "Highcombe",
    "KV": "Kilvarra",
}
TRANSLOCATIONS = {
    "KMT2A::AFF1": "t(4;11)(q21;q23)",
    "KMT2A::MLLT1": "t(11;19)(q23;p13.3)",
    "KMT2A::MLLT3": "t(9;11)(p21;q23)",
    "KMT2A::MLLT10": "t(10;11)(p12;q23)",
}


class Case:
    """One child's lines by form, and the dates most tests ask for."""

    def __init__(self, case_id: str, centre: str):
        self.id, self.centre, self.lines = case_id, centre, {}

    def __repr__(self):
        return self.id

    def one(self, form):
        (line,) = self.lines[form]
        return line

    def all(self, form, **wanted):
        lines = self.lines.get(form, [])
        return [line for line in lines if all(line[name] == word for name, word in wanted.items())]

    @property
    def cycles(self):
        return self.all("treatment", treatment="blinatumomab")

    @property
    def index(self):
        return self.cycles[0]["start_date"]

    @property
    def hsct(self):
        return self.one("transplant")["hsct_date"]

    @property
    def birth(self):
        return self.one("patients")["birth_date"]

    @property
    def diagnosis(self):
        return self.one("diagnosis")["diagnosis_date"]

    @property
    def last(self):
        (end,) = [line for line in self.all("follow_up") if line["event"] in ("death", "seen alive")]
        return end

    @property
    def died(self):
        return self.last["event"] == "death"

    @property
    def relapse(self):
        """The relapse after transplant, if there was one."""
        later = [line for line in self.all("follow_up", event="relapse") if line["date"] > self.hsct]
        assert len(later) <= 1
        return later[0] if later else None

    @property
    def earlier_relapses(self):
        return [line for line in self.all("follow_up", event="relapse") if line["date"] < self.index]

    @property
    def status(self):
        return self.cycles[0]["remission_at_start"]

    def specimens(self, when):
        lines = self.all("specimens")
        return [line for line in lines if (line["specimen_date"] < self.index) == (when == "before")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo")
    write_demo(path)
    return path


@pytest.fixture(scope="module")
def study(folder):
    return load_study(folder)


@pytest.fixture(scope="module")
def cases(folder, study):
    found = {}
    for path in sorted((folder / "returns").glob("*.xlsx")):
        book = load_workbook(path)
        for form in forms_of(study):
            for line in read_lines(book[form.sheet], form):
                case = found.setdefault(line["case_id"], Case(line["case_id"], path.stem))
                assert case.centre == path.stem, "one child, one centre"
                case.lines.setdefault(form.name, []).append(line)
    return [found[case_id] for case_id in sorted(found)]


def read_lines(sheet, form):
    """The filled lines of a sheet by column name; an empty cell is None and a date cell a date."""
    names = {column.heading: column.name for column in form.columns}
    heads = [names[cell.value.removesuffix("*").strip()] for cell in sheet[1] if cell.value]
    assert heads == [column.name for column in form.columns]
    for row in sheet.iter_rows(min_row=2, max_col=len(heads), values_only=True):
        if any(value is not None for value in row):
            yield {
                name: value.date() if hasattr(value, "date") else value
                for name, value in zip(heads, row, strict=True)
            }


def days(start: date, end: date) -> int:
    return (end - start).days


def years(start: date, end: date) -> float:
    return round(days(start, end) / 365.25, 1)


def spread(numbers):
    numbers = list(numbers)
    return min(numbers), median(numbers), max(numbers)


def relapsed(cases):
    return {days(case.hsct, case.relapse["date"]): case for case in cases if case.relapse}


def percent_of_cells(specimens):
    """The level of a set of specimens in percent of cells: the highest quantified; None when none is."""
    return max(
        (line["mrd_percent"] for line in specimens if line["mrd_result"] == "quantified"), default=None
    )


# --- survival, by a second Kaplan–Meier -------------------------------------------------------------------


def ends_of(cases, origin, *, relapse_counts):
    """(day, whether an event) for each case; a relapse counts only after the origin."""
    for case in cases:
        start = getattr(case, origin)
        ended = [(case.last["date"], case.died)]
        if relapse_counts and case.relapse:
            ended.append((case.relapse["date"], True))
        on, event = min(ended)
        yield days(start, on), event


def kaplan_meier(ends, until):
    """Day by day in exact fractions, with the number at risk at each event."""
    ends, left, at_risk = list(ends), Fraction(1), []
    for day in range(until + 1):
        events = sum(event and stop == day for stop, event in ends)
        if events:
            at_risk.append(sum(stop >= day for stop, _ in ends))
            left *= 1 - Fraction(events, at_risk[-1])
    return left, at_risk


def test_efs_from_transplant(cases):
    efs, at_risk = kaplan_meier(ends_of(cases, "hsct", relapse_counts=True), 1095)
    assert at_risk == [11, 10, 7, 6, 5]
    assert efs == Fraction(36, 77)
    assert round(100 * efs) == 47


def test_os_from_transplant(cases):
    os, at_risk = kaplan_meier(ends_of(cases, "hsct", relapse_counts=False), 1095)
    assert at_risk == [11, 9]
    assert round(100 * os) == 81


def test_efs_from_blinatumomab(cases):
    efs, at_risk = kaplan_meier(ends_of(cases, "index", relapse_counts=True), 1095)
    assert len(at_risk) == 5
    assert round(100 * efs) == 51


def test_os_from_blinatumomab(cases):
    os, at_risk = kaplan_meier(ends_of(cases, "index", relapse_counts=False), 1095)
    assert at_risk == [10, 8]
    assert round(100 * os) == 79


@pytest.mark.parametrize("origin", ["hsct", "index"])
def test_nothing_happens_between_one_year_and_three(cases, origin):
    ends = list(ends_of(cases, origin, relapse_counts=True))
    assert kaplan_meier(ends, 365) == kaplan_meier(ends, 1095)


@pytest.mark.parametrize("origin", ["hsct", "index"])
def test_one_child_is_followed_for_three_years_and_is_event_free(cases, origin):
    (longest,) = [case for case in cases if days(getattr(case, origin), case.last["date"]) >= 1095]
    assert not longest.died
    assert longest.relapse is None
    assert longest.earlier_relapses == [], "so that EFS from diagnosis has someone at risk at three years"


# --- the letter's other numbers ---------------------------------------------------------------------------


def test_eleven_children_at_six_centres_in_two_countries(cases, study):
    assert len(cases) == 11
    assert {case.centre for case in cases} == set(study.centres) == set(PREFIXES.values())
    countries = {case.centre: case.one("patients")["country"] for case in cases}
    assert set(countries.values()) == {"United Kingdom", "Ireland"} == set(study.countries)
    assert all(case.one("patients")["country"] == countries[case.centre] for case in cases)


def test_every_child_had_kmt2a_rearranged_b_all_in_the_first_year_and_interfant_06(cases):
    for case in cases:
        line = case.one("diagnosis")
        assert (line["immunophenotype"], line["kmt2a"]) == ("B-ALL", "rearranged")
        assert line["first_protocol"] == "Interfant-06"
        assert days(case.birth, case.diagnosis) < 365


def test_age_at_blinatumomab(cases):
    assert spread(years(case.birth, case.index) for case in cases) == (0.2, 0.5, 2.9)
    assert round(median(days(case.birth, case.index) for case in cases) / 365.25, 1) == 0.5


def test_the_oldest_child_is_a_late_relapse(cases):
    oldest = max(cases, key=lambda case: days(case.birth, case.index))
    assert len(oldest.earlier_relapses) == 1
    assert days(oldest.diagnosis, oldest.earlier_relapses[0]["date"]) > 730


def test_blinatumomab_was_given_in_2016_to_2019(cases):
    given = {case.index.year for case in cases}
    assert given <= {2016, 2017, 2018, 2019}
    assert {2016, 2019} <= given


def test_seven_after_relapse_and_four_first_line(cases):
    lines = [(case.cycles[0]["indication"], bool(case.earlier_relapses)) for case in cases]
    assert Counter(lines) == {
        ("after relapse", True): 7,
        ("first line: resistant or refractory", False): 4,
    }


def test_eight_in_mrd_positive_remission_and_three_not(cases):
    counts = Counter(case.status for case in cases)
    assert counts["CR1, MRD-positive"] + counts["CR2, MRD-positive"] == 8
    assert counts["not in remission"] == 3


def test_mrd_before(cases):
    levels = [
        percent_of_cells(case.specimens("before")) for case in cases if case.status != "not in remission"
    ]
    assert spread(levels) == (0.06, 0.2, 1.0)


def test_leukaemia_before_in_the_three_not_in_remission_is_more_than_minimal(cases):
    assert all(
        percent_of_cells(case.specimens("before")) > 5 for case in cases if case.status == "not in remission"
    )


def test_nine_had_one_cycle_and_two_had_two(cases):
    assert Counter(len(case.cycles) for case in cases) == {1: 9, 2: 2}
    for case in cases:
        assert [line["cycle"] for line in case.cycles] == [1, 2][: len(case.cycles)]
        assert all(days(line["start_date"], line["end_date"]) == 28 for line in case.cycles)
        assert {line["dose"] for line in case.cycles} <= {5, 15}


def test_two_cycles_were_for_the_two_who_waited_longest(cases):
    waits = {case.id: days(case.index, case.hsct) for case in cases}
    assert sorted(case.id for case in cases if len(case.cycles) == 2) == sorted(
        sorted(waits, key=waits.__getitem__)[-2:]
    )


def test_nine_became_negative_each_by_an_assay_that_reaches_one_in_ten_thousand(cases):
    negative = [case for case in cases if percent_of_cells(case.specimens("after")) is None]
    assert len(negative) == 9
    lines = [line for case in negative for line in case.specimens("after")]
    assert all(line["mrd_result"] == "not detected" for line in lines)
    assert all(line["sensitivity_percent"] <= 0.01 for line in lines)
    assert len({line["sensitivity_percent"] for line in lines}) > 2


def test_two_fell_by_more_than_one_log_and_one_of_them_relapsed(cases):
    partial = [case for case in cases if percent_of_cells(case.specimens("after")) is not None]
    falls = [
        log10(percent_of_cells(case.specimens("before")) / percent_of_cells(case.specimens("after")))
        for case in partial
    ]
    assert len(partial) == 2
    assert min(falls) > 1.1
    assert [percent_of_cells(case.specimens("after")) for case in partial if case.relapse] == [0.05]
    assert not any(case.died for case in partial)


def test_days_from_blinatumomab_to_transplant(cases):
    assert spread(days(case.index, case.hsct) for case in cases) == (34, 51, 119)


def test_all_were_transplanted_with_no_therapy_between(cases):
    assert [case.one("transplant")["therapy_between"] for case in cases] == ["no"] * 11
    for case in cases:
        assert not [line for line in case.lines["treatment"] if line not in case.cycles and not case.relapse]


def test_eight_went_home_after_the_first_week(cases):
    assert Counter(case.cycles[0]["home_after_week_1"] for case in cases) == {"yes": 8, "no": 3}


def test_crs_and_neurotoxicity(cases):
    crs = {case: line for case in cases for line in case.all("toxicity", toxicity="CRS")}
    assert sorted(line["grade"] for line in crs.values()) == [1, 1, 2]
    (second,) = [case for case, line in crs.items() if line["grade"] == 2]
    treated = ("interrupted", "steroids", "restarted_lower")
    for case, line in crs.items():
        assert {line[name] for name in treated} == {"yes" if case is second else "no"}
        assert line["tocilizumab"] == "no"
    (neuro,) = [(case, line) for case in cases for line in case.all("toxicity", toxicity="neurotoxicity")]
    assert neuro[0] is second
    assert neuro[1]["interrupted"] == neuro[1]["restarted_lower"] == "yes"
    for word in ("confusion", "somnolence", "did not recur"):
        assert word in neuro[1]["description"]
    assert len([line for case in cases for line in case.all("toxicity")]) == 4


def test_relapses_after_transplant(cases):
    found = relapsed(cases)
    assert sorted(found) == [35, 92, 108, 133]
    after = {day: percent_of_cells(case.specimens("after")) for day, case in found.items()}
    assert sorted(after.values(), key=str) == [0.05, None, None, None]
    assert {found[day].relapse["phenotype"] for day in (92, 108, 133)} == {"CD19-positive"}


def test_the_lineage_switch(cases):
    case = relapsed(cases)[35]
    assert case.relapse["phenotype"] == "lineage switch"
    assert "CD15" in case.relapse["detail"]
    assert "AML" in case.relapse["detail"]
    assert case.one("diagnosis")["cd15"] == "yes"
    assert (case.last["event"], case.last["cause_of_death"]) == ("death", "leukaemia")
    assert 58 < days(case.hsct, case.last["date"]) <= 75
    assert [other.one("diagnosis")["cd15"] for other in cases if other is not case] == ["no"] * 10


def test_cd19_positive_relapses_came_into_remission_after_car_t(cases):
    for day in (92, 108, 133):
        case = relapsed(cases)[day]
        (car_t,) = case.all("treatment", treatment="CAR-T (CD19)")
        remission = case.all("follow_up", event="complete remission")[-1]
        assert case.relapse["date"] < car_t["start_date"] < remission["date"] < case.last["date"]
        assert not case.died
    others = [case for day, case in relapsed(cases).items() if day == 35]
    others += [case for case in cases if not case.relapse]
    assert not any(case.all("treatment", treatment="CAR-T (CD19)") for case in others)


def test_the_death_in_remission(cases):
    (case,) = [case for case in cases if case.died and not case.relapse]
    assert days(case.hsct, case.last["date"]) == 57
    assert case.last["cause_of_death"] == "infection"
    assert case.last["detail"] == "parainfluenza pneumonitis"


def test_follow_up_of_the_nine_survivors(cases):
    seen = [days(case.hsct, case.last["date"]) for case in cases if not case.died]
    assert len(seen) == 9
    assert spread(seen) == (58, 267, 1163)


def test_who_found_them(cases):
    found = Counter(case.one("patients")["identified_by"] for case in cases)
    assert found == {"both": 6, "tumour board": 3, "survey": 2}


# --- children who could have lived ------------------------------------------------------------------------


def test_every_history_is_in_order(cases, study):
    for case in cases:
        history = [case.birth, case.diagnosis]
        history += [
            line["date"]
            for line in case.all("follow_up")
            if line["date"] < case.index and line["event"] != "seen alive"
        ]
        history += [case.specimens("before")[0]["specimen_date"]]
        history += [day for line in case.cycles for day in (line["start_date"], line["end_date"])]
        history += [case.specimens("after")[0]["specimen_date"], case.hsct, case.last["date"]]
        assert all(first < then for first, then in pairwise(history)), (case, history)
        assert history[-1] <= study.data_cut


def test_remission_and_relapse_alternate_as_the_status_says(cases):
    expected = {
        ("CR1, MRD-positive", False): ["complete remission"],
        ("CR2, MRD-positive", True): ["complete remission", "relapse", "complete remission"],
        ("not in remission", True): ["complete remission", "relapse"],
        ("not in remission", False): [],
    }
    for case in cases:
        events = [line["event"] for line in case.all("follow_up") if line["date"] < case.index]
        assert events == expected[case.status, bool(case.earlier_relapses)], case


def test_follow_up_lines_are_in_order_of_date(cases):
    for case in cases:
        dates = [line["date"] for line in case.lines["follow_up"]]
        assert dates == sorted(dates), case


def test_induction_takes_about_five_weeks(cases):
    for case in cases:
        first = next(
            (line["date"] for line in case.all("follow_up", event="complete remission")), case.diagnosis
        )
        if first < case.index and first != case.diagnosis:
            assert 33 <= days(case.diagnosis, first) <= 42, case
        for relapse in case.earlier_relapses:
            assert days(relapse["date"], case.index) >= 28, case


def test_a_refractory_child_had_induction_before_blinatumomab(cases):
    assert all(days(case.diagnosis, case.index) >= 35 for case in cases)


def test_those_not_in_remission_reached_it_before_transplant(cases):
    for case in cases:
        between = [
            line
            for line in case.all("follow_up", event="complete remission")
            if case.index < line["date"] < case.hsct
        ]
        assert len(between) == (case.status == "not in remission"), case


def test_specimens_are_near_the_treatment_they_judge(cases):
    for case in cases:
        before, after = case.specimens("before"), case.specimens("after")
        assert {line["marker"] for line in before} == {line["marker"] for line in after}
        assert all(0 < days(line["specimen_date"], case.index) <= 35 for line in before)
        last_cycle = case.cycles[-1]["end_date"]
        assert all(last_cycle < line["specimen_date"] < case.hsct for line in after)


def test_levels_are_what_their_assays_can_show(cases):
    for case in cases:
        for line in case.lines["specimens"]:
            assert line["method"] == "RQ-PCR IG/TR"
            assert re.fullmatch(r"(IG[HKL]|TR[DG]) \S+", line["marker"])
            assert line["sensitivity_percent"] <= line["range_percent"]
            quantified = line["mrd_result"] == "quantified"
            assert (line["mrd_percent"] is not None) == quantified
            assert not quantified or line["mrd_percent"] >= line["range_percent"]


def test_a_second_cycle_follows_a_break_of_two_to_four_weeks(cases):
    for case in cases:
        for first, second in pairwise(case.cycles):
            assert 14 <= days(first["end_date"], second["start_date"]) <= 28


def test_there_is_time_for_conditioning(cases):
    assert min(days(case.cycles[-1]["end_date"], case.hsct) for case in cases) == 6


def test_toxicities_fall_within_the_first_cycle(cases):
    for case in cases:
        for line in case.all("toxicity"):
            assert case.index <= line["onset_date"] <= line["resolved_date"] <= case.cycles[0]["end_date"]


def test_treatment_transplant_and_visits_are_on_working_days_outside_christmas_week(cases):
    for case in cases:
        dates = [case.hsct, *(line["start_date"] for line in case.lines["treatment"])]
        dates += [line["specimen_date"] for line in case.lines["specimens"]]
        dates += [] if case.died else [case.last["date"]]
        for day in dates:
            assert day.weekday() < 5, (case, day)
            assert not (day.month == 12 and 24 < day.day < 27), (case, day)


def test_survivors_were_seen_in_the_month_before_the_data_cut(cases, study):
    for case in cases:
        if not case.died:
            assert timedelta(0) <= study.data_cut - case.last["date"] <= timedelta(31)


def test_karyotypes_carry_the_fusion_the_sex_and_twenty_cells(cases):
    assert len({case.one("diagnosis")["fusion"] for case in cases}) == 4
    for case in cases:
        line, sex = case.one("diagnosis"), case.one("patients")["sex"]
        clones = line["karyotype"].split("/")
        assert TRANSLOCATIONS[line["fusion"]] in clones[0]
        assert sum(int(cells) for cells in re.findall(r"\[(\d+)\]", line["karyotype"])) == 20
        for clone in clones:
            assert re.match(r"4[67],(XX|XY)[,\[]", clone).group(1) == {"female": "XX", "male": "XY"}[sex]


def test_presenting_features_are_an_infants(cases):
    wbc = [case.one("diagnosis")["wbc"] for case in cases]
    assert median(wbc) > 100
    assert all(20 < count < 1500 for count in wbc)
    assert {case.one("diagnosis")["prednisone_response"] for case in cases} == {"good", "poor"}
    assert Counter(case.one("patients")["sex"] for case in cases).keys() == {"female", "male"}


def test_case_ids_are_centre_and_number(cases):
    for case in cases:
        prefix, number = case.id.split("-")
        assert PREFIXES[prefix] == case.centre
        assert re.fullmatch(r"0[1-9]", number)
