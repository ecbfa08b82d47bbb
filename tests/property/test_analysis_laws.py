"""Laws of the whole analysis, on generated cohorts."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.analysis.cohort import form_cohort
from caseseries.analysis.results import Results, to_record
from caseseries.analysis.run import analyse
from caseseries.record.patient import Patient
from made_up import day, made_up_case, made_up_study
from made_up_cohorts import cases

STUDY = made_up_study()


def results_of(patients: list[Patient]) -> Results:
    return analyse(form_cohort(patients, STUDY), STUDY).results


def numbers(results: Results) -> dict[str, tuple[object, ...]]:
    estimates = {name: row.estimate for name, row in results.items()}
    return {name: (e.value, e.lower, e.upper, e.n, e.events, e.at_risk) for name, e in estimates.items()}


@settings(max_examples=25)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_returns_changes_nothing(patients: list[Patient], rng: Any) -> None:
    shuffled = list(patients)
    rng.shuffle(shuffled)
    one, two = results_of(patients), results_of(shuffled)
    assert [to_record(row) for row in one.values()] == [to_record(row) for row in two.values()]


@settings(max_examples=25)
@given(cases())
def test_a_case_that_is_not_eligible_changes_nothing_but_the_flow(patients: list[Patient]) -> None:
    germline = made_up_case("Z-99", {"diagnosis": [{"diagnosis_date": day(-100), "kmt2a": "germline"}]})
    one, two = numbers(results_of(patients)), numbers(results_of([*patients, germline]))
    flow = {"n.returned", "n.set_aside", "n.not_eligible"}
    assert {k: v for k, v in one.items() if k not in flow} == {k: v for k, v in two.items() if k not in flow}
    assert two["n.not_eligible"][0] == 1


@settings(max_examples=25)
@given(cases())
def test_nobody_is_lost_and_intervals_hold_their_estimates(patients: list[Patient]) -> None:
    results = results_of(patients)
    parts = [results[name].estimate.value or 0 for name in ("n.cases", "n.set_aside", "n.not_eligible")]
    assert sum(parts) == results["n.returned"].estimate.value == len(patients)
    for name, (value, lower, upper, *_) in numbers(results).items():
        if value is not None:
            assert lower is None or lower <= value + 1e-12, name  # type: ignore[operator]
            assert upper is None or upper >= value - 1e-12, name  # type: ignore[operator]


@settings(max_examples=25)
@given(cases(), st.integers(-3000, 3000))
def test_the_calendar_does_not_matter_only_the_days_between(patients: list[Patient], shift: int) -> None:
    moved = made_up_study(data_cut=day(20000))
    plain = numbers(analyse(form_cohort(patients, moved), moved).results)
    later = [_moved(patient, shift) for patient in patients]
    assert numbers(analyse(form_cohort(later, moved), moved).results) == plain


def _moved(patient: Patient, shift: int) -> Patient:
    from datetime import timedelta

    from caseseries.record.dates import ClinicalDate

    def move(value: Any) -> Any:
        if isinstance(value.value, ClinicalDate):
            return value._replace(value=ClinicalDate.on(value.value.earliest + timedelta(days=shift)))
        return value

    rows = {
        form: tuple(replace(row, values={k: move(v) for k, v in row.values.items()}) for row in lines)
        for form, lines in patient.rows.items()
    }
    return replace(patient, rows=rows)


DAYS = {"transplant": "hsct_date", "follow_up": "date", "specimens": "specimen_date"}


@settings(max_examples=50)
@given(cases(), st.integers(29, 1500))
def test_what_came_after_the_data_cut_might_as_well_not_have_been_returned(
    patients: list[Patient], cut: int
) -> None:
    """As if each later line were missing, and the child had been seen alive on the day of the cut."""
    study = made_up_study(data_cut=day(cut))
    known = [_known_on(patient, cut) for patient in patients]
    late, early = (analyse(form_cohort(cases, study), study) for cases in (patients, known))
    assert numbers(late.results) == numbers(early.results)
    assert late.displays.listing == early.displays.listing
    assert late.adsl == early.adsl
    assert late.displays.lanes == early.displays.lanes


def _known_on(patient: Patient, cut: int) -> Patient:
    kept: dict[str, list[dict[str, Any]]] = {}
    for form, column in DAYS.items():
        lines = [{k: v.value for k, v in row.values.items()} for row in patient.form(form)]
        kept[form] = [line for line in lines if line[column].exact <= day(cut)]
    if len(kept["follow_up"]) < len(patient.form("follow_up")) or len(kept["transplant"]) < 1:
        kept["follow_up"].append({"date": day(cut), "event": "seen alive"})
    return made_up_case(patient.case_id, kept)


@settings(max_examples=100)
@given(st.lists(st.text(min_size=1, max_size=8) | st.sampled_from(["KMT2A::AFF1", "KMT2A-AFF1", "Unknown"])))
def test_whatever_the_centres_typed_each_known_case_is_in_one_level(typed: list[str]) -> None:
    patients = [
        made_up_case(
            f"A-{i}", {"diagnosis": [{"diagnosis_date": day(-100), "kmt2a": "rearranged", "fusion": one}]}
        )
        for i, one in enumerate(typed)
    ]
    levels = [
        row.estimate
        for name, row in results_of(patients).items()
        if name.startswith("characteristics.fusion.") and row.unit == "proportion"
    ]
    known = [one for one in typed if one != "not known"]
    assert sum(one.events or 0 for one in levels) == len(known)
    assert {one.n for one in levels} <= {len(known)}


def test_a_fusion_written_in_two_ways_is_one_level_named_as_most_wrote_it() -> None:
    typed = ["KMT2A-AFF1", "KMT2A::AFF1", "KMT2A::AFF1", "kmt2a::aff1", "KMT2A::MLLT1"]
    patients = [
        made_up_case(
            f"A-{i}", {"diagnosis": [{"diagnosis_date": day(-100), "kmt2a": "rearranged", "fusion": one}]}
        )
        for i, one in enumerate(typed)
    ]
    found = {
        row.label: row.estimate.events
        for name, row in results_of(patients).items()
        if name.startswith("characteristics.fusion.")
    }
    assert found == {"KMT2A fusion: KMT2A::AFF1": 4, "KMT2A fusion: KMT2A::MLLT1": 1}


def test_words_of_a_protocol_that_differ_in_a_mark_alone_stay_apart() -> None:
    study = made_up_study(
        indications=("relapse, MRD+", "relapse, MRD-", "unknown"),
        report={"characteristics": ("indication",)},
    )
    given_for = ["relapse, MRD+", "relapse, MRD-", "unknown", None]
    patients = [
        made_up_case(
            f"A-{i}",
            {
                "treatment": [
                    {"treatment": "blinatumomab", "start_date": day(0)} | ({"indication": one} if one else {})
                ]
            },
        )
        for i, one in enumerate(given_for)
    ]
    rows = analyse(form_cohort(patients, study), study).results
    assert {
        name.rpartition(".")[2]: row.estimate.events for name, row in rows.items() if ".indication." in name
    } == {
        "relapse_mrd": 1,
        "relapse_mrd_2": 1,
        "unknown_2": 1,
        "unknown": None,
    }
