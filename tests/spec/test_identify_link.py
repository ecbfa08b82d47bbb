"""Who may be the same child: what is asked, what is not, and what an answer does."""

from datetime import date

import pytest

from caseseries.decisions.chain import FIRST, Decision, Log, seal
from caseseries.findings import Where
from caseseries.identify.likeness import WEIGHTS, Traits, compare, gap_of, is_slip, traits_of
from caseseries.identify.link import LARGEST_BLOCK, find_candidates, join_cases
from caseseries.record.dates import ClinicalDate
from caseseries.record.patient import Patient, Row, Source, Value

BORN, FOUND = date(2016, 6, 15), date(2016, 9, 23)


def child(case_id: str, centre: str = "Leeds", **facts: object) -> Patient:
    known = {"birth_date": BORN, "sex": "female", "diagnosis_date": FOUND, "fusion": "KMT2A::AFF1", **facts}
    forms = {
        "patients": ("birth_date", "sex", "country", "identified_by"),
        "diagnosis": ("diagnosis_date", "fusion"),
    }
    rows = {}
    for form, columns in forms.items():
        values = {
            name: Value(
                ClinicalDate.on(raw) if isinstance(raw := known[name], date) else raw,
                Source(Where(f"returns/{centre}.xlsx", form, f"{name} of {case_id}"), str(raw)),
            )
            for name in columns
            if known.get(name) is not None
        }
        rows[form] = (Row(form, case_id, Where(f"returns/{centre}.xlsx", form), values),)
    return Patient(case_id, centre, rows)


def log_of(*answers: tuple[str, str]) -> Log:
    entries, previous = [], FIRST
    for number, (question, answer) in enumerate(answers, start=1):
        decision = Decision(question, "?", answer, "why", "who", "2026-01-31T09:30:00Z")
        entries.append(seal(decision, number, previous))
        previous = entries[-1].hash
    return Log(tuple(entries))


# Enough unlike children for the series to be a series.
OTHERS = [
    child(f"Z-{n}", "York", birth_date=date(2014, n, 2 * n), diagnosis_date=date(2014, n + 2, n), sex="male")
    for n in range(1, 9)
]
PAIR = [child("A-1"), child("B-7", "York", diagnosis_date=date(2016, 9, 27))]


def ask(*patients: Patient, log: Log | None = None, tokens: dict | None = None) -> list[str]:
    joined = join_cases([*patients, *OTHERS], log or Log(), tokens)
    return [question.text for question in joined.questions]


def test_children_who_are_unlike_raise_no_question():
    assert ask(child("A-1")) == []


def test_a_transfer_is_asked_about_and_nothing_is_joined():
    joined = join_cases([*PAIR, *OTHERS], Log())
    assert [patient.case_id for patient in joined.patients] == [
        "A-1",
        "B-7",
        *(f"Z-{n}" for n in range(1, 9)),
    ]
    assert joined.seconds == ()
    [question] = joined.questions
    assert question.text == "Are A-1 (Leeds) and B-7 (York) the same child?"
    assert [(each.answer, each.meaning) for each in question.options] == [
        ("different", "two children; both stay"),
        ("same, keep A-1", "one child; the record of Leeds is used"),
        ("same, keep B-7", "one child; the record of York is used"),
    ]
    assert question.evidence == (
        "Asked because they have the same date of birth and sex, diagnosed in the same month.",
        "date of birth: same, +10.8: 2016-06-15 (returns/Leeds.xlsx › patients › birth_date of A-1); "
        "2016-06-15 (returns/York.xlsx › patients › birth_date of B-7)",
        "date of diagnosis: 4 days apart, +1.0: 2016-09-23 (returns/Leeds.xlsx › diagnosis › diagnosis_date of "
        "A-1); 2016-09-27 (returns/York.xlsx › diagnosis › diagnosis_date of B-7)",
        "sex: same, +1.0: female (returns/Leeds.xlsx › patients › sex of A-1); female (returns/York.xlsx › "
        "patients › sex of B-7)",
        "fusion: same, +1.6: KMT2A::AFF1 (returns/Leeds.xlsx › diagnosis › fusion of A-1); KMT2A::AFF1 "
        "(returns/York.xlsx › diagnosis › fusion of B-7)",
        "Together +14.4 points; ten make it a thousandfold more likely than before.",
        "They are from two centres: a child who was transferred is returned by both.",
    )
    assert [str(finding) for finding in joined.findings] == [
        "returns/York.xlsx › patients › birth_date of B-7: A-1 (Leeds) and B-7 (York) may be the same child: they "
        "have the same date of birth and sex, diagnosed in the same month. Answer with: caseseries decide DIR."
    ]


def test_the_question_has_one_name_in_whatever_order_the_records_come():
    one, other = (join_cases(order, Log()).questions[0].id for order in (PAIR, PAIR[::-1]))
    assert one == other


def test_same_keeps_one_record_and_counts_the_other():
    [question] = join_cases(PAIR, Log()).questions
    joined = join_cases(PAIR, log_of((question.id, "same, keep B-7")))
    assert [patient.case_id for patient in joined.patients] == ["B-7"]
    assert [(second.case_id, second.kept, second.number) for second in joined.seconds] == [("A-1", "B-7", 1)]
    assert (joined.questions, joined.findings) == ((), ())


def test_different_keeps_both_and_is_not_asked_again():
    [question] = join_cases(PAIR, Log()).questions
    joined = join_cases(PAIR, log_of((question.id, "different")))
    assert [patient.case_id for patient in joined.patients] == ["A-1", "B-7"]
    assert (joined.questions, joined.seconds) == ((), ())


def test_different_is_asked_again_when_stronger_evidence_appears():
    [question] = join_cases(PAIR, Log()).questions
    tokens = {case: {"nhs_number": "one.1"} for case in ("A-1", "B-7")}
    [again] = join_cases(PAIR, log_of((question.id, "different")), tokens).questions
    assert again.id != question.id
    assert again.evidence[0] == "Asked because they have the same NHS number."


def test_same_holds_when_a_corrected_return_is_no_longer_alike():
    [question] = join_cases(PAIR, Log()).questions
    corrected = [PAIR[0], child("B-7", "York", birth_date=date(2013, 1, 1), sex="male")]
    assert len(join_cases(corrected, log_of((question.id, "same, keep A-1"))).patients) == 1


def test_the_kept_record_was_found_by_whatever_found_either():
    pair = [child("A-1", identified_by="survey"), child("B-7", "York", identified_by="tumour board")]
    [question] = join_cases(pair, Log()).questions
    [kept] = join_cases(pair, log_of((question.id, "same, keep A-1"))).patients
    value = kept.only("patients").values["identified_by"]
    assert value.value == "both"
    assert value.source.raw == (
        "returns/Leeds.xlsx › patients › identified_by of A-1 = survey; "
        "returns/York.xlsx › patients › identified_by of B-7 = tumour board"
    )


def test_twins_are_asked_about_only_when_they_are_alike_and_the_question_says_so():
    assert ask(child("A-1"), child("A-2", sex="male", diagnosis_date=date(2016, 11, 1))) == []
    twins = join_cases([child("A-1"), child("A-2"), *OTHERS], Log())
    assert twins.questions[0].evidence[-1] == (
        "Both are from one centre: twins share a date of birth, and a twin with leukaemia has it too often."
    )


def test_one_number_finds_a_child_under_two_birth_dates():
    pair = [
        child("A-1"),
        child("B-7", birth_date=date(2012, 1, 30), sex="male", diagnosis_date=date(2012, 5, 5)),
    ]
    assert ask(*pair) == []
    for kind, words in (("nhs_number", "NHS number"), ("ihi", "IHI")):
        tokens = {case: {kind: "one.1"} for case in ("A-1", "B-7")}
        [question] = join_cases([*pair, *OTHERS], Log(), tokens).questions
        assert question.evidence[0] == f"Asked because they have the same {words}."


def test_a_slip_of_the_pen_in_the_birth_date_does_not_hide_a_child():
    assert ask(child("A-1"), child("B-7", "York", birth_date=date(2016, 6, 16))) == [
        "Are A-1 (Leeds) and B-7 (York) the same child?"
    ]


def test_three_records_of_one_child_end_in_one():
    three = [child("A-1"), child("B-7", "York"), child("C-3", "Hull")]
    answers = []
    for question in join_cases(three, Log()).questions:
        keep = "A-1" if "A-1" in question.text else "B-7"
        answers.append((question.id, f"same, keep {keep}"))
    joined = join_cases(three, log_of(*answers[:2]))
    assert [patient.case_id for patient in joined.patients] == ["A-1"]
    assert joined.stand_ins == {"B-7": "A-1", "C-3": "A-1"}


def test_a_chain_of_answers_leads_to_the_record_that_is_kept():
    three = [child("A-1"), child("B-7", "York"), child("C-3", "Hull")]
    names = {question.text: question.id for question in join_cases(three, Log()).questions}
    first = names["Are B-7 (York) and C-3 (Hull) the same child?"]
    second = names["Are A-1 (Leeds) and B-7 (York) the same child?"]
    joined = join_cases(three, log_of((first, "same, keep B-7"), (second, "same, keep A-1")))
    assert joined.stand_ins == {"B-7": "A-1", "C-3": "A-1"}


def test_answers_that_drop_one_record_twice_stop_the_study():
    three = [child("A-1"), child("B-7", "York"), child("C-3", "Hull")]
    names = {question.text: question.id for question in join_cases(three, Log()).questions}
    first = names["Are A-1 (Leeds) and B-7 (York) the same child?"]
    second = names["Are B-7 (York) and C-3 (Hull) the same child?"]
    joined = join_cases(three, log_of((first, "same, keep A-1"), (second, "same, keep C-3")))
    clash = next(finding for finding in joined.findings if finding.code == "identify.clash")
    assert f"{clash.severity} {clash}" == (
        "study decisions.jsonl › line 2: decision 2 drops B-7, and an earlier decision already says which record "
        "is kept. Answer one of the two questions again, so that each child has one record that is kept."
    )


def test_a_decision_about_a_record_that_is_gone_is_said():
    [question] = join_cases(PAIR, Log()).questions
    joined = join_cases([PAIR[0]], log_of((question.id, "same, keep B-7")))
    assert [patient.case_id for patient in joined.patients] == ["A-1"]
    assert [str(finding) for finding in joined.findings] == [
        "decisions.jsonl › line 1: decision 1 joins two records, and one of them is no longer among the returns. "
        "Check whether a case id was changed; if so, answer the question about the new one."
    ]


def test_a_placeholder_birth_date_is_said_and_not_compared_pair_by_pair():
    traits = [
        Traits(f"A-{n}", "Leeds", ClinicalDate.on(date(1900, 1, 1)), None, {"sex": "female"})
        for n in range(LARGEST_BLOCK + 1)
    ]
    candidates, findings = find_candidates(traits)
    assert candidates == ()
    assert [str(finding) for finding in findings] == [
        "returns: 201 records share one date of birth. Allowed: at most 200. Check whether it stands for “not "
        "known”; these records were not compared with each other by it."
    ]


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (date(2016, 6, 15), date(2016, 6, 16), True),
        (date(2016, 6, 5), date(2016, 5, 6), True),
        (date(2016, 6, 15), date(2017, 6, 15), True),
        (date(2016, 6, 15), date(2016, 7, 16), False),
        (date(2016, 6, 15), None, False),
    ],
)
def test_what_is_a_slip_of_the_pen(one, other, answer):
    assert is_slip(one, other) is answer


def test_a_date_known_to_the_month_agrees_for_less():
    exact = Traits("A", "x", ClinicalDate.on(BORN))
    month = Traits("B", "y", ClinicalDate(date(2016, 6, 1), date(2016, 6, 30)))
    assert gap_of(exact.birth, month.birth) == 0
    assert [each.points for each in compare(exact, exact)] == [10.8]
    assert [each.points for each in compare(exact, month)] == [5.9]


def test_what_is_absent_counts_neither_way():
    assert compare(Traits("A", "x"), traits_of(PAIR[0], {})) == ()


def test_every_weight_states_its_reason_and_difference_never_speaks_for_sameness():
    assert all(weight.why and weight.agree > 0 >= weight.differ for weight in WEIGHTS)
