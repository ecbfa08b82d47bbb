"""From courses to result rows: who is counted, what the rows say, what the software sees by itself."""

from typing import Any

import pytest

from caseseries.analysis.cohort import Left, form_cohort
from caseseries.analysis.outcomes import spoken
from caseseries.analysis.results import to_record
from caseseries.analysis.run import Analysis, analyse
from caseseries.present.wording import fill, plain, show
from caseseries.record.patient import Patient
from made_up import day, made_up_case, made_up_study, mrd

STUDY = made_up_study()


def seen(on: int) -> list[dict[str, Any]]:
    return [{"date": day(on), "event": "seen alive"}]


def died(on: int) -> list[dict[str, Any]]:
    return [{"date": day(on), "event": "death", "cause_of_death": "infection"}]


def case(case_id: str, follow_up: list[dict[str, Any]], **forms: Any) -> Patient:
    return made_up_case(case_id, {"follow_up": follow_up, **forms})


def analysed(*patients: Patient, **changes: Any) -> Analysis:
    study = made_up_study(**changes)
    made = analyse(form_cohort(patients, study), study)
    return Analysis(show(made.results), made.displays, made.remarks, made.adtte)


FOUR = [case("A-1", died(60)), case("A-2", seen(100)), case("A-3", died(150)), case("A-4", seen(1500))]


def test_survival_by_hand() -> None:
    # From HSCT (day 50): death on 10 with 4 at risk, censored on 50, death on 100 with 2 at risk, seen on 1450.
    row = to_record(analysed(*FOUR).results["os.hsct.36m"])
    assert row["value"] == pytest.approx(3 / 4 * 1 / 2, abs=1e-15)
    assert (row["n"], row["events"], row["at_risk"]) == (4, 2, 1)
    assert row["cases"] == ["A-1", "A-2", "A-3", "A-4"]
    assert "rests on 1 case at risk; the protocol asks for 5" in row["caveats"]  # type: ignore[operator]


def test_every_required_row_has_every_field() -> None:
    for result in analysed(*FOUR).results.values():
        row = to_record(result)
        assert list(row) == [
            "id", "label", "value", "unit", "lower", "upper", "level", "method",
            "n", "events", "at_risk", "cases", "caveats", "shown",
        ]  # fmt: skip
        assert row["shown"]
        assert row["method"]


def test_days_are_printed_and_stored_as_integers() -> None:
    results = analysed(*FOUR).results
    for name in (
        "time.index_to_hsct.median",
        "followup.hsct.survivors.maximum",
        "followup.hsct.reverse_km.median",
    ):
        value = results[name].estimate.value
        assert isinstance(value, int), name


def said(made: Analysis, code: str) -> list[str]:
    return [plain(fill(remark.text, made.results)) for remark in made.remarks if remark.code == code]


def test_a_thin_horizon_is_said_in_words() -> None:
    wanted = [{"endpoint": name, "origins": ("hsct",), "horizons": ("36m",)} for name in ("os", "efs")]
    made = analysed(*FOUR, estimates=tuple(wanted))
    assert said(made, "few-at-risk") == [
        "3-year OS from HSCT rests on 1 patient still at risk; EFS from HSCT on 1. The protocol asks for 5."
    ]


def test_two_horizons_without_an_event_between_are_one_number() -> None:
    wanted = ({"endpoint": "efs", "origins": ("hsct",), "horizons": ("12m", "36m")},)
    assert said(analysed(*FOUR, estimates=wanted), "same-at-two-horizons") == [
        "The 12-month and 3-year estimates must be one number for EFS from HSCT (38%): no event falls between the "
        "two, so the later one adds length but no information."
    ]


def test_a_horizon_nobody_reached_is_not_estimable_and_says_why() -> None:
    wanted = [{"endpoint": name, "origins": ("hsct",), "horizons": ("36m",)} for name in ("os", "efs")]
    reason = "not estimable: nobody was followed to day 1095: the last follow-up is on day 250."
    short = (*FOUR[:3], case("A-4", seen(300)))
    alone = analysed(*short, estimates=tuple(wanted[:1]))
    assert said(alone, "not-estimable") == [f"3-year OS from HSCT is {reason}"]
    both = analysed(*short, estimates=tuple(wanted))
    assert said(both, "not-estimable") == [f"3-year OS from HSCT and EFS from HSCT are {reason}"]


def test_an_origin_before_the_index_treatment_is_asked_twice_and_said() -> None:
    wanted = ({"endpoint": "efs", "origins": ("diagnosis",), "horizons": ("36m",)},)
    relapsed = [{"date": day(-20), "event": "relapse"}, *seen(400)]
    made = analysed(*FOUR, case("A-5", relapsed), estimates=wanted)
    naive, delayed = made.results["efs.diagnosis.36m"], made.results["efs.diagnosis.36m.delayed_entry"]
    assert (naive.estimate.n, delayed.estimate.n) == (5, 4)
    assert "A-5" in naive.cases
    assert "A-5" not in delayed.cases
    said = [plain(fill(remark.text, made.results)) for remark in made.remarks]
    assert (
        "EFS from diagnosis cannot describe the treatment: 1 of 5 cases had already had one of its events before "
        "blinatumomab." in said
    )
    assert any("immortal time" in line for line in said)


def test_cases_that_fail_a_rule_are_counted_with_its_reason() -> None:
    germline = case("A-9", seen(400), diagnosis=[{"diagnosis_date": day(-100), "kmt2a": "germline"}])
    unknown = case("A-8", seen(400), diagnosis=[{"diagnosis_date": day(-100)}])
    cohort = form_cohort([*FOUR, germline, unknown], STUDY)
    assert [(one.case_id, one.stage, one.reason) for one in cohort.left] == [
        ("A-8", "not eligible", "not known: kmt2a"),
        ("A-9", "not eligible", "KMT2A not rearranged"),
    ]
    assert cohort.returned == len(cohort.courses) + len(cohort.left) == 6


def test_a_case_that_intake_refused_stays_in_the_sums() -> None:
    cohort = form_cohort(FOUR, STUDY, [Left("A-7", "set aside", "the case is on two sheets")])
    assert (cohort.returned, len(cohort.courses)) == (5, 4)


def test_an_impossible_course_is_set_aside_for_its_first_reason() -> None:
    cohort = form_cohort([*FOUR[1:], case("A-1", [*died(60), *seen(70)])], STUDY)
    assert [(one.case_id, one.stage, one.reason) for one in cohort.left] == [
        ("A-1", "set aside", "seen alive on 2017-03-12 is after death")
    ]


def test_the_level_before_is_summarised_only_in_mrd_positive_remission() -> None:
    def treated(remission: str) -> list[dict[str, Any]]:
        return [
            {
                "treatment": "blinatumomab",
                "start_date": day(0),
                "end_date": day(28),
                "remission_at_start": remission,
            }
        ]

    def specimens(percent: float) -> list[dict[str, Any]]:
        return [mrd(-3, "quantified", mrd_percent=percent), mrd(30, "not detected", sensitivity_percent=0.01)]

    made = analysed(
        case("A-1", seen(400), treatment=treated("CR1, MRD-positive"), specimens=specimens(0.2)),
        case("A-2", seen(400), treatment=treated("not in remission"), specimens=specimens(40)),
    )
    before = made.results["mrd.before.median"]
    assert (before.estimate.value, before.estimate.n, before.cases) == (0.002, 1, ("A-1",))
    assert made.results["mrd.response.complete"].shown == "2/2 (100%; 95% CI 16–100)"


def test_a_response_that_cannot_be_judged_is_counted_and_said() -> None:
    negative = [mrd(-3, "quantified", mrd_percent=1), mrd(30, "not detected", sensitivity_percent=0.01)]
    unread = [*negative, mrd(40, "not detected")]
    made = analysed(case("A-1", seen(400), specimens=negative), case("A-2", seen(400), specimens=unread))
    assert made.results["mrd.response.complete"].shown == "1/1 (100%; 95% CI 3–100)"
    assert made.results["mrd.response.not_evaluable"].shown == "1/2 (50%; 95% CI 1–99)"
    assert said(made, "response-not-evaluable") == [
        "The MRD response of 1 of 2 cases could not be judged; it is left out of the response rates, and not counted "
        "as negative."
    ]


def test_adtte_turns_status_round_in_one_place() -> None:
    rows = [row for row in analysed(*FOUR).adtte if row["PARAMCD"] == "OSHSCT"]
    assert [(row["USUBJID"], row["AVAL"], row["CNSR"], row["EVNTDESC"], row["CNSDTDSC"]) for row in rows] == [
        ("A-1", 10, 0, "death", ""),
        ("A-2", 50, 1, "", "seen alive"),
        ("A-3", 100, 0, "death", ""),
        ("A-4", 1450, 1, "", "seen alive"),
    ]


def test_competing_events_are_neither_events_nor_censored_in_adtte() -> None:
    rows = [row["CNSR"] for row in analysed(*FOUR).adtte if row["PARAMCD"] == "RELAHSCT"]
    assert rows == [2, 1, 2, 1]


@pytest.mark.parametrize(
    ("horizon", "words"),
    [("12m", "12-month"), ("36m", "3-year"), ("18m", "18-month"), ("2y", "2-year"), ("100d", "day-100")],
)
def test_horizons_as_people_say_them(horizon: str, words: str) -> None:
    assert spoken(horizon) == words


def test_an_empty_cohort_is_an_answer() -> None:
    made = analysed()
    assert made.results["n.cases"].estimate.value == 0
    assert made.results["os.hsct.36m"].estimate.value is None
    assert made.results["os.hsct.36m"].shown == "not estimable"


def test_nothing_after_the_data_cut_is_in_the_report_or_the_files() -> None:
    study = made_up_study(data_cut=day(60))
    late = {
        "follow_up": [{"date": day(70), "event": "relapse"}, {"date": day(90), "event": "death"}],
        "toxicity": [{"toxicity": "CRS", "onset_date": day(65), "grade": 2}],
    }
    after = {
        "transplant": [{"hsct_date": day(75)}],
        "specimens": [
            mrd(-3, "quantified", mrd_percent=0.2),
            mrd(70, "not detected", sensitivity_percent=0.01),
        ],
    }
    made = analyse(form_cohort([made_up_case("A-1", late), made_up_case("A-2", after)], study), study)
    one, two = made.displays.listing.rows
    assert (one["alive"], one["event_after_hsct"], one["days_hsct_to_last_known"]) == ("yes", None, 10)
    assert (two["days_index_to_hsct"], two["mrd_response"]) == (None, "not evaluable")
    assert made.results["characteristics.hsct_after_index.yes"].estimate.events == 1
    assert made.results["toxicity.crs.any"].estimate.events == 0
    assert made.displays.aftermath == ()
    assert [(lane.end, lane.alive) for lane in made.displays.lanes] == [(60, True), (60, True)]
    assert [row["DTHFL"] for row in made.adsl] == [None, None]


def test_a_case_first_treated_after_the_data_cut_is_not_of_this_series() -> None:
    cohort = form_cohort([case("A-8", seen(10))], made_up_study(data_cut=day(-1)))
    assert cohort.left == (Left("A-8", "not eligible", "blinatumomab not started by the data cut"),)
