"""Courses in order but for one fault each: the rule, the place, the fault, and what is said of it."""

from typing import Any

from course_lines import CAR_T, CR1, CRS, SEEN, D, P, T, cr, event, specimen
from made_up import day

# rule, where the finding stands, the fault planted, and the whole sentence after the place
COURSE: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "specimens-after-death",
        "specimens › specimen_date2",
        {"specimens": [specimen(70)], "follow_up": [event(60, "death")]},
        "a specimen on 2017-03-12 is after death. Allowed: on or before 2017-03-02 (follow_up › date2). Correct one of the two dates.",
    ),
    (
        "specimens-before-birth",
        "specimens › specimen_date2",
        {"specimens": [specimen(-201)]},
        "a specimen on 2016-06-14 is before birth. Allowed: on or after 2016-06-15. Correct the date.",
    ),
    (
        "toxicity-after-death",
        "toxicity › resolved_date2",
        {"toxicity": [CRS | {"resolved_date": day(61)}], "follow_up": [event(60, "death")]},
        "the end of a toxicity on 2017-03-03 is after death. Allowed: on or before 2017-03-02 (follow_up › date2). Correct one of the two dates.",
    ),
    (
        "toxicity-before-birth",
        "toxicity › onset_date2",
        {"toxicity": [CRS | {"onset_date": day(-201)}]},
        "a toxicity on 2016-06-14 is before birth. Allowed: on or after 2016-06-15. Correct the date.",
    ),
    (
        "order",
        "treatment › end_date3",
        {"treatment": [T, CAR_T | {"end_date": day(61)}], "follow_up": [event(60, "death")]},
        "the end of CAR-T (CD19) on 2017-03-03 is after death. Allowed: on or before 2017-03-02 (follow_up › date2). Correct one of the two dates.",
    ),
    (
        "resolved-before-onset",
        "toxicity › resolved_date2",
        {"toxicity": [CRS | {"resolved_date": day(1)}]},
        "the toxicity is resolved on 2017-01-02, before its onset on 2017-01-03. Allowed: a day on or after 2017-01-03. Correct one of the two dates.",
    ),
    (
        "seen-before-event",
        "follow_up › date3",
        {"follow_up": [cr(-60), event(40, "seen alive"), event(90, "relapse")]},
        "the child was last seen on 2017-02-10, before relapse on 2017-04-01. Allowed: on or after 2017-04-01. Add the day the child was last seen; until then follow-up ends with that event.",
    ),
    (
        "specimen-after-follow-up",
        "specimens › specimen_date2",
        {"specimens": [specimen(401)]},
        "a specimen was taken on 2018-02-06, after the last day the child is known alive (2018-02-05). Allowed: follow-up to 2018-02-06. Bring the Follow-up sheet up to date.",
    ),
    (
        "jump",
        "follow_up › date2",
        {"follow_up": [event(90, "relapse"), SEEN]},
        "a relapse on 2017-04-01 follows diagnosis on 2016-09-23 without a remission between. Allowed: a remission between them. Add the remission to the Follow-up sheet; if there was none this is refractory disease.",
    ),
    (
        "jump",
        "follow_up › date4",
        {"follow_up": [cr(-60), event(-30, "relapse"), event(90, "relapse"), SEEN]},
        "a relapse on 2017-04-01 follows relapse on 2016-12-02 without a remission between. Allowed: a remission between them. Add the remission to the Follow-up sheet; if there was none this is refractory disease.",
    ),
    (
        "teleport",
        "follow_up › date3",
        {"follow_up": [cr(-60), cr(-30), SEEN]},
        "a second remission on 2016-12-02 follows that of 2016-11-02 without a relapse between. Allowed: a relapse between them. Add the relapse, or remove the line if it is the same remission.",
    ),
    (
        "two-states",
        "follow_up › date3",
        {"follow_up": [cr(-60), event(-60, "relapse"), SEEN]},
        "remission and relapse are both recorded on 2016-11-02. Allowed: one state on one day. Correct one of the two lines.",
    ),
    (
        "duplicate",
        "follow_up › date4",
        {"follow_up": [cr(-60), event(90, "relapse"), event(90, "relapse"), SEEN]},
        "relapse on 2017-04-01 is recorded twice. Allowed: one line; the first is follow_up › date3. Remove one of the two lines.",
    ),
    (
        "duplicate",
        "transplant › hsct_date3",
        {"transplant": [{"hsct_date": day(50)}, {"hsct_date": day(50)}]},
        "transplant on 2017-02-20 is recorded twice. Allowed: one line; the first is transplant › hsct_date2. Remove one of the two lines.",
    ),
    (
        "early-remission",
        "follow_up › date2",
        {"follow_up": [cr(-73), SEEN]},
        "complete remission on 2016-10-20 is 27 days after diagnosis. Allowed: the end of induction or later. Check both dates.",
    ),
    (
        "cr1-after-relapse",
        "treatment › remission_at_start2",
        {"treatment": [CR1], "follow_up": [cr(-60), event(-40, "relapse"), cr(-10), SEEN]},
        "“CR1, MRD-positive” stands beside 1 relapse before 2017-01-01. Allowed: the state that the Follow-up sheet leads to. Correct the remission, or the date of the relapse.",
    ),
    (
        "cr2-without-relapse",
        "treatment › remission_at_start2",
        {"treatment": [T | {"remission_at_start": "CR2, MRD-positive"}], "follow_up": [cr(-60), SEEN]},
        "“CR2, MRD-positive” stands beside no relapse before 2017-01-01. Allowed: the state that the Follow-up sheet leads to. Add the relapse to the Follow-up sheet, or correct the remission.",
    ),
    (
        "cr3-without-relapses",
        "treatment › remission_at_start2",
        {
            "treatment": [T | {"remission_at_start": "CR3 or later, MRD-positive"}],
            "follow_up": [cr(-60), event(-50, "relapse"), cr(-40), SEEN],
        },
        "“CR3 or later, MRD-positive” stands beside 1 relapse before 2017-01-01. Allowed: the state that the Follow-up sheet leads to. Add the relapses to the Follow-up sheet, or correct the remission.",
    ),
    (
        "remission-lost",
        "treatment › remission_at_start2",
        {
            "treatment": [T | {"remission_at_start": "CR2, MRD-positive"}],
            "follow_up": [cr(-60), event(-40, "relapse"), SEEN],
        },
        "“CR2, MRD-positive” at the start on 2017-01-01, and the last event before it is a relapse. Allowed: the state that the Follow-up sheet leads to. Add the remission to the Follow-up sheet, or choose “not in remission”.",
    ),
    (
        "remission-not-stated",
        "treatment › remission_at_start2",
        {"treatment": [T | {"remission_at_start": "not in remission"}], "follow_up": [cr(-60), SEEN]},
        "“not in remission” at the start on 2017-01-01, and the last event before it is a complete remission. Allowed: the state that the Follow-up sheet leads to. Add the relapse to the Follow-up sheet, or correct the remission.",
    ),
    (
        "remission-without-event",
        "treatment › remission_at_start2",
        {"treatment": [CR1]},
        "“CR1, MRD-positive” at the start on 2017-01-01, and the Follow-up sheet has no remission before it. Allowed: the state that the Follow-up sheet leads to. Add the remission to the Follow-up sheet.",
    ),
    (
        "indication-without-relapse",
        "treatment › indication2",
        {"treatment": [T | {"indication": "after relapse"}]},
        "the indication is “after relapse”, and no relapse is recorded before 2017-01-01. Allowed: a relapse before it. Add the relapse to the Follow-up sheet, or correct the indication.",
    ),
    (
        "indication-despite-relapse",
        "treatment › indication2",
        {
            "treatment": [T | {"indication": "first line: resistant or refractory"}],
            "follow_up": [cr(-60), event(-40, "relapse"), SEEN],
        },
        "the indication is “first line: resistant or refractory”, and a relapse is recorded before 2017-01-01. Allowed: “after relapse”. Correct the indication, or the date of the relapse.",
    ),
    (
        "second-transplant",
        "transplant › hsct_date3",
        {"transplant": [{"hsct_date": day(50)}, {"hsct_date": day(150)}]},
        "a second transplant on 2017-05-31 follows that of 2017-02-20. Allowed: usually one. If it is right nothing needs doing: the study counts from the first after the index treatment.",
    ),
    (
        "transplant-before-index",
        "transplant › hsct_date2",
        {"transplant": [{"hsct_date": day(-20)}]},
        "transplant on 2016-12-12 is before the index treatment (2017-01-01). Allowed: usually after it. If it is right nothing needs doing: it is history, and no clock starts from it.",
    ),
    (
        "death-in-remission",
        "follow_up › cause_of_death3",
        {"follow_up": [cr(-60), event(90, "death", cause_of_death="leukaemia")]},
        "the cause of death is leukaemia, and the last state recorded is remission. Allowed: a relapse before the death. Add the relapse to the Follow-up sheet, or correct the cause: as it stands no relapse is counted.",
    ),
    (
        "death-without-transplant",
        "follow_up › cause_of_death2",
        {"transplant": [], "follow_up": [event(90, "death", cause_of_death="transplant-related, other")]},
        "the cause of death is the transplant, and no transplant is recorded. Allowed: a transplant before the death. Add the transplant, or correct the cause.",
    ),
    (
        "adult",
        "diagnosis › diagnosis_date2",
        {"patients": [P | {"birth_date": day(-7000)}]},
        "the child was 19 years old at diagnosis (2016-09-23; born 1997-11-02). Allowed: younger than 18 years. Check both years.",
    ),
    (
        "wbc-low",
        "diagnosis › wbc2",
        {"diagnosis": [D | {"wbc": 0.4}]},
        "a white cell count of 0.4 × 10^9/L is very low. Allowed: usually from 1 to 1500. Check the number and its unit: 12 000/µL is 12 × 10^9/L.",
    ),
    (
        "wbc-high",
        "diagnosis › wbc2",
        {"diagnosis": [D | {"wbc": 2400.0}]},
        "a white cell count of 2400 × 10^9/L is very high. Allowed: usually from 1 to 1500. Check the number and its unit: 12 000/µL is 12 × 10^9/L.",
    ),
    (
        "sex-karyotype",
        "diagnosis › karyotype2",
        {"diagnosis": [D | {"karyotype": "46,XY,t(4;11)(q21;q23)[20]"}]},
        "the karyotype 46,XY stands beside the sex “female”. Allowed: a karyotype of the child's own sex. Correct one of the two; in a karyotype after transplant the cells may be the donor's.",
    ),
    (
        "fusion-karyotype",
        "diagnosis › fusion2",
        {"diagnosis": [D | {"karyotype": "46,XX,t(9;11)(p21;q23)[20]"}]},
        "the fusion KMT2A::AFF1 stands beside the karyotype t(9;11). Allowed: KMT2A::MLLT3. Check both; cryptic and complex rearrangements occur.",
    ),
    (
        "germline-fusion",
        "diagnosis › kmt2a2",
        {"diagnosis": [D | {"kmt2a": "germline"}]},
        "KMT2A is germline, and the fusion is KMT2A::AFF1. Allowed: no KMT2A fusion. Correct the status or the fusion.",
    ),
    (
        "fusion-without-kmt2a",
        "diagnosis › fusion2",
        {"diagnosis": [D | {"fusion": "TCF3::PBX1"}]},
        "KMT2A is rearranged, and the fusion is TCF3::PBX1. Allowed: a fusion of KMT2A. Correct the status or the fusion.",
    ),
    (
        "t-all",
        "diagnosis › immunophenotype2",
        {"diagnosis": [D | {"immunophenotype": "T-ALL"}]},
        "the immunophenotype is T-ALL, and blinatumomab was given. Allowed: a B-lineage leukaemia. Check the immunophenotype; a treatment aimed at CD19 has no target on T cells.",
    ),
    (
        "cd15",
        "diagnosis › cd152",
        {"diagnosis": [D | {"fusion": "", "kmt2a": "germline", "cd15": True}]},
        "CD15 is expressed in a leukaemia that is T-ALL or has germline KMT2A. Allowed: usually KMT2A-rearranged B-ALL or MPAL. Check the immunophenotype and the KMT2A status.",
    ),
    (
        "overlap",
        "treatment › start_date3",
        {"treatment": [T, T | {"start_date": day(20), "end_date": day(40)}]},
        "a cycle starts on 2017-01-21, while the one before runs to 2017-01-29. Allowed: after 2017-01-29. Correct one of the two dates.",
    ),
    (
        "gap",
        "treatment › start_date3",
        {"treatment": [T, T | {"start_date": day(71), "end_date": day(99)}], "transplant": []},
        "a cycle starts on 2017-03-13, 43 days after the one before. Allowed: at most 42 days. Check both dates, and add the cycle between them if there was one.",
    ),
    (
        "long-cycle",
        "treatment › end_date2",
        {"treatment": [T | {"end_date": day(43)}]},
        "a cycle from 2017-01-01 to 2017-02-13 lasts 43 days. Allowed: from 7 to 42 days; 28 are planned. Check both dates, or give each cycle a line.",
    ),
    (
        "short-cycle",
        "treatment › end_date2",
        {"treatment": [T | {"end_date": day(6)}]},
        "a cycle from 2017-01-01 to 2017-01-07 lasts 6 days. Allowed: from 7 to 42 days; 28 are planned. Check both dates, or give each cycle a line.",
    ),
    (
        "first-cycle",
        "treatment › cycle2",
        {"treatment": [T | {"cycle": 2.0}]},
        "the first cycle recorded is number 2. Allowed: 1. Add the cycles before it: the clock starts with the first.",
    ),
    (
        "cycle-twice",
        "treatment › cycle3",
        {"treatment": [T | {"cycle": 1.0}, T | {"cycle": 1.0, "start_date": day(30), "end_date": day(40)}]},
        "cycle 1 is recorded twice. Allowed: each number once. Number the cycles, or remove one line.",
    ),
    (
        "cycle-order",
        "treatment › cycle4",
        {
            "treatment": [
                T | {"cycle": 1.0, "end_date": day(8)},
                T | {"cycle": 2.0, "start_date": day(10), "end_date": day(18)},
                T | {"cycle": 1.0, "start_date": day(20), "end_date": day(28)},
            ]
        },
        "cycle 1 starts after cycle 2. Allowed: numbers in order of dates. Correct number or date.",
    ),
    (
        "cycle-missing",
        "treatment › cycle3",
        {"treatment": [T | {"cycle": 1.0}, T | {"cycle": 3.0, "start_date": day(30), "end_date": day(40)}]},
        "cycle 3 follows cycle 1. Allowed: cycle 2 between them. Add the missing cycle, or correct the number.",
    ),
    (
        "dose-low",
        "treatment › dose2",
        {"treatment": [T | {"dose": 1.5}]},
        "a dose of 1.5 µg/m² a day is low for a child below 45 kg. Allowed: usually 5 or 15 µg/m² a day. Check the dose and its unit: it is per m², and 9 and 28 µg a day are the flat doses from 45 kg on.",
    ),
    (
        "dose-high",
        "treatment › dose2",
        {"treatment": [T | {"dose": 28.0}]},
        "a dose of 28 µg/m² a day is high for a child below 45 kg. Allowed: usually 5 or 15 µg/m² a day. Check the dose and its unit: it is per m², and 9 and 28 µg a day are the flat doses from 45 kg on.",
    ),
    (
        "dose-unusual",
        "treatment › dose2",
        {"treatment": [T | {"dose": 9.0}]},
        "a dose of 9 µg/m² a day is unusual for a child below 45 kg. Allowed: usually 5 or 15 µg/m² a day. Check the dose and its unit: it is per m², and 9 and 28 µg a day are the flat doses from 45 kg on.",
    ),
    (
        "odd-cycle",
        "treatment › end_date2",
        {"treatment": [T | {"end_date": day(24)}]},
        "a cycle from 2017-01-01 to 2017-01-25 lasts 24 days, and no interruption is recorded. Allowed: about 28 days. Check both dates, or add the toxicity that interrupted it; if it was planned so nothing needs doing.",
    ),
    (
        "transplant-in-relapse",
        "transplant › hsct_date2",
        {"follow_up": [cr(-60), event(40, "relapse"), SEEN]},
        "transplant on 2017-02-20, and the last event before it is the relapse of 2017-02-10. Allowed: a remission between them. Add the remission to the Follow-up sheet; if there was none nothing needs doing.",
    ),
    (
        "no-transplant",
        "treatment › start_date2",
        {"transplant": [], "follow_up": [event(181, "seen alive")]},
        "no transplant is recorded, and the child was well 181 days after treatment began (2017-07-01). Allowed: a transplant. Add the transplant; if there was none nothing needs doing, and no clock starts from it.",
    ),
    (
        "death-without-cause",
        "follow_up › event2",
        {"follow_up": [event(60, "death")]},
        "the death on 2017-03-02 has no cause. Allowed: a cause of death. Choose the cause, or “not known”.",
    ),
    (
        "home-early",
        "treatment › home_after_week_12",
        {"treatment": [T | {"end_date": day(5), "home_after_week_1": True}]},
        "discharged after the first week, and the infusion ended after 5 days. Allowed: an infusion of a week or more. Correct one of the two.",
    ),
    (
        "no-conditioning",
        "transplant › hsct_date2",
        {"transplant": [{"hsct_date": day(33)}]},
        "transplant on 2017-02-03 is 5 days after the end of treatment. Allowed: 6 days or more. Check both dates: conditioning takes about a week.",
    ),
    (
        "hsct-in-cycle",
        "transplant › hsct_date2",
        {"transplant": [{"hsct_date": day(20)}]},
        "transplant on 2017-01-21 is before the end of treatment on 2017-01-29. Allowed: after 2017-01-29. Correct one of the dates.",
    ),
    (
        "late-transplant",
        "transplant › hsct_date2",
        {"transplant": [{"hsct_date": day(89)}]},
        "transplant on 2017-03-31 is 61 days after the last treatment before it (2017-01-29). Allowed: usually within 60 days. Check both dates, and add what was given between them.",
    ),
    (
        "therapy-denied",
        "transplant › therapy_between2",
        {"treatment": [T, CAR_T], "transplant": [{"hsct_date": day(50), "therapy_between": False}]},
        "no other therapy before transplant is stated, and CAR-T (CD19) began on 2017-02-05. Allowed: yes. Correct the answer or the date.",
    ),
    (
        "therapy-unnamed",
        "transplant › therapy_between2",
        {"transplant": [{"hsct_date": day(50), "therapy_between": True}]},
        "other therapy before transplant is stated, and no line says which. Allowed: a line for it. Add it to the Treatment sheet if the list has it.",
    ),
]
