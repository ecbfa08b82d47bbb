"""Unlikely and contradictory courses: what each rule says, word for word, about the one fault planted for it.

Every case is in order but for the fault; where one slip breaks two rules the sentence of the named rule is tested.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from caseseries.findings import Finding, Severity
from caseseries.record.dates import ClinicalDate
from caseseries.timeline import check
from caseseries.timeline.check import RULES, check_course
from caseseries.timeline.course import build_course
from check_codes import codes_in
from made_up import day, made_up_case, made_up_study

STUDY = made_up_study()
CHECKS = Path(check.__file__).parent

P = {"birth_date": day(-200), "sex": "female", "identified_by": "both"}
D = {"diagnosis_date": day(-100), "kmt2a": "rearranged", "fusion": "KMT2A::AFF1"}
T = {"treatment": "blinatumomab", "start_date": day(0), "end_date": day(28)}
CR1 = T | {"remission_at_start": "CR1, MRD-positive"}
SEEN = {"date": day(400), "event": "seen alive"}
CAR_T = {"treatment": "CAR-T (CD19)", "start_date": day(35)}
CRS = {"toxicity": "CRS", "onset_date": day(2)}


def event(on, what, **more):
    return {"date": day(on), "event": what, **more}


def cr(on):
    return event(on, "complete remission")


def specimen(on, result="not detected", **more):
    level = {"mrd_percent": more.pop("level")} if "level" in more else {}
    assay = {"sensitivity_percent": 0.001, "range_percent": 0.01} | more
    return {"specimen_date": day(on), "mrd_result": result, **level, **assay}


# rule, where the finding stands, the fault planted, and the whole sentence after the place
PLANTED: list[tuple[str, str, dict[str, Any], str]] = [
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
        {"follow_up": [cr(-90), SEEN]},
        "complete remission on 2016-10-03 is 10 days after diagnosis. Allowed: the end of induction or later. Check both dates.",
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
        "a dose of 1.5 µg/m² a day is low for a child below 45 kg. Allowed: from 5 to 15 µg/m² a day. Check the dose and its unit: 28 µg a day is the flat dose from 45 kg on.",
    ),
    (
        "dose-high",
        "treatment › dose2",
        {"treatment": [T | {"dose": 28.0}]},
        "a dose of 28 µg/m² a day is high for a child below 45 kg. Allowed: from 5 to 15 µg/m² a day. Check the dose and its unit: 28 µg a day is the flat dose from 45 kg on.",
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
        {"transplant": [{"hsct_date": day(181)}]},
        "transplant on 2017-07-01 is 181 days after the start of treatment, with nothing recorded between. Allowed: usually within 180 days. Check both dates, and add what was given between them.",
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
    (
        "overt-in-remission",
        "specimens › mrd_percent2",
        {
            "treatment": [CR1],
            "follow_up": [cr(-60), SEEN],
            "specimens": [specimen(-3, "quantified", level=12.0)],
        },
        "MRD of 12 % on 2016-12-29 stands beside “CR1, MRD-positive”. Allowed: below 5 %. Check the level and its unit, or choose “not in remission”.",
    ),
    (
        "positive-before",
        "specimens › mrd_result2",
        {
            "treatment": [T | {"remission_at_start": "CR1, MRD-negative"}],
            "follow_up": [cr(-60), SEEN],
            "specimens": [specimen(-3, mrd_result="quantified", mrd_percent=0.2)],
        },
        "“CR1, MRD-negative” at the start on 2017-01-01, and MRD was positive on 2016-12-29. Allowed: a result that is not detected. Check the result and its date, or correct the remission.",
    ),
    (
        "negative-before",
        "specimens › mrd_result2",
        {"treatment": [CR1], "follow_up": [cr(-60), SEEN], "specimens": [specimen(-3)]},
        "“CR1, MRD-positive” at the start on 2017-01-01, and MRD was not detected on 2016-12-29. Allowed: a positive result. Check the result and its date: it is the level before treatment.",
    ),
    (
        "negative-at-relapse",
        "specimens › mrd_result2",
        {"follow_up": [cr(-60), event(90, "relapse"), SEEN], "specimens": [specimen(91)]},
        "MRD was not detected on 2017-04-02, and a relapse is recorded on 2017-04-01. Allowed: a positive result. Check both dates; a relapse outside the marrow or without the marker can do this.",
    ),
    (
        "relapse-not-recorded",
        "specimens › mrd_percent2",
        {
            "treatment": [CR1],
            "follow_up": [cr(-60), SEEN],
            "specimens": [specimen(90, "quantified", level=30.0)],
        },
        "MRD of 30 % on 2017-04-01, and no relapse is recorded. Allowed: a relapse. Check the level, or add the relapse to the Follow-up sheet: as it stands none is counted.",
    ),
    (
        "range-below-sensitivity",
        "specimens › range_percent2",
        {"specimens": [specimen(30, sensitivity_percent=0.05)]},
        "the quantitative range (0.01 %) reaches below the sensitivity (0.05 %). Allowed: a quantitative range at or above the sensitivity. Check whether the two were exchanged.",
    ),
    (
        "level-too-low",
        "specimens › mrd_percent2",
        {"specimens": [specimen(30, "quantified", level=0.0004)]},
        "a quantified level of 0.0004 % is lower than assays reach. Allowed: 0.001 % or more. Check the unit: 0.0001 as a fraction is 0.01 %.",
    ),
    (
        "poor-sensitivity",
        "specimens › sensitivity_percent2",
        {"specimens": [specimen(30, sensitivity_percent=5.0, range_percent=5.0)]},
        "“not detected” with a sensitivity of 5 % says little. Allowed: 1 % or better. Check the sensitivity and its unit: 1e-4 is 0.01 %.",
    ),
    (
        "duplicate",
        "specimens › specimen_date3",
        {"specimens": [specimen(30), specimen(30)]},
        "the specimen of 2017-01-31 with this marker is recorded twice. Allowed: one line; the first is specimens › A2. Remove one of the two lines, or name the markers.",
    ),
    (
        "contradiction",
        "specimens › specimen_date3",
        {"specimens": [specimen(30), specimen(30, "quantified", level=0.4)]},
        "the specimen of 2017-01-31 with this marker is recorded twice, differently. Allowed: one line; the first is specimens › A2. Remove one of the two lines, or name the markers.",
    ),
    (
        "markers-apart",
        "specimens › specimen_date3",
        {
            "specimens": [
                specimen(30, "quantified", level=0.4, marker="IGH VH3-JH4"),
                specimen(30, marker="TRG VG9-JG1"),
            ]
        },
        "the markers of 2017-01-31 (IGH VH3-JH4, TRG VG9-JG1) are 2.6 log apart. Allowed: within 1 log. Clonal evolution, oligoclonality or lineage switch can do this; the highest counts. Check, or repeat.",
    ),
    (
        "marker-method",
        "specimens › marker2",
        {"specimens": [specimen(30, method="RQ-PCR KMT2A", marker="IGH VH3-JH4")]},
        "the marker IGH VH3-JH4 stands beside the method “RQ-PCR KMT2A”. Allowed: a marker of that method. Correct one of the two.",
    ),
    (
        "toxicity-before-treatment",
        "toxicity › onset_date2",
        {"toxicity": [CRS | {"onset_date": day(-2)}]},
        "the toxicity began on 2016-12-30, before the treatment (2017-01-01). Allowed: on or after 2017-01-01. Check the date; only toxicities of the study treatment belong on this sheet.",
    ),
    (
        "toxicity-after-treatment",
        "toxicity › onset_date2",
        {"transplant": [], "toxicity": [{"toxicity": "neurotoxicity", "onset_date": day(59)}]},
        "the toxicity began on 2017-03-01, more than 30 days after the treatment. Allowed: on or before 2017-02-28. Check the date; only toxicities of the study treatment belong on this sheet.",
    ),
    (
        "toxicity-after-transplant",
        "toxicity › onset_date2",
        {"toxicity": [{"toxicity": "neurotoxicity", "onset_date": day(50)}]},
        "the toxicity began on 2017-02-20, on or after the day of transplant (2017-02-20). Allowed: before 2017-02-20. Check the date; only toxicities of the study treatment belong on this sheet.",
    ),
    (
        "mild-but-treated",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 1.0, "interrupted": True, "steroids": True}]},
        "grade 1, and the infusion was interrupted and steroids given. Allowed: grade 2 or more. Check the grade and the scale it belongs to.",
    ),
    (
        "severe-not-interrupted",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 4.0, "interrupted": False}]},
        "grade 4, and the infusion was not interrupted. Allowed: an interruption. Check the grade and the answer.",
    ),
    (
        "grade-5-alive",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 5.0}]},
        "grade 5 is death, and no death is recorded. Allowed: a death on Follow-up. Correct the grade, or add the death.",
    ),
    (
        "grade-5-resolved",
        "toxicity › resolved_date2",
        {"toxicity": [CRS | {"grade": 5.0, "resolved_date": day(60)}], "follow_up": [event(60, "death")]},
        "a toxicity of grade 5 is resolved. Allowed: no day. Correct the grade, or empty the day.",
    ),
    (
        "restart",
        "toxicity › restarted_lower2",
        {"toxicity": [CRS | {"restarted_lower": True, "interrupted": False}]},
        "restarted at a lower dose, and not interrupted. Allowed: a restart after an interruption. Correct one of the two.",
    ),
    (
        "tocilizumab",
        "toxicity › tocilizumab2",
        {"toxicity": [{"toxicity": "neurotoxicity", "onset_date": day(2), "tocilizumab": True}]},
        "tocilizumab was given for neurotoxicity. Allowed: CRS. Check whether cytokine release was treated; if so it has a line of its own.",
    ),
    (
        "late-crs",
        "toxicity › onset_date2",
        {"toxicity": [CRS | {"onset_date": day(15)}]},
        "CRS began on 2017-01-16, 15 days into the cycle. Allowed: usually in the first 14 days. Check the date and whether infection was the cause.",
    ),
    (
        "no-mrd-before",
        "treatment › remission_at_start2",
        {
            "treatment": [CR1],
            "follow_up": [cr(-60), SEEN],
            "specimens": [specimen(-36, "quantified", level=0.2)],
        },
        "“CR1, MRD-positive” at the start on 2017-01-01, and no specimen of the 35 days before. Allowed: a specimen before treatment. Add the specimen, or correct the remission: without it there is no level to compare with.",
    ),
    (
        "no-mrd-after",
        "specimens › specimen_date2",
        {"specimens": [specimen(-3, "quantified", level=0.2)], "follow_up": [event(61, "seen alive")]},
        "MRD was measured on 2016-12-29, and never after treatment began on 2017-01-01. Allowed: a specimen after treatment. Add the specimens after treatment; if there are none nothing needs doing, and response is not evaluable.",
    ),
    (
        "sensitivity-too-good",
        "specimens › sensitivity_percent2",
        {"specimens": [specimen(30, method="RQ-PCR IG/TR", sensitivity_percent=0.0009)]},
        "a sensitivity of 0.0009 % is better than RQ-PCR IG/TR can reach. Allowed: 0.001 % or more. Check the unit: 0.0001 as a fraction is 0.01 %.",
    ),
    (
        "long-toxicity",
        "toxicity › resolved_date2",
        {"toxicity": [CRS | {"resolved_date": day(63)}]},
        "the toxicity lasted 61 days (2017-01-03 to 2017-03-05). Allowed: at most 60 days. Check both dates.",
    ),
    (
        "duplicate",
        "toxicity › onset_date3",
        {"toxicity": [CRS, CRS]},
        "CRS on 2017-01-03 is recorded twice. Allowed: one line; the first is toxicity › A2. Remove one of the two lines.",
    ),
]

IMPOSSIBLE = {"specimens-after-death", "toxicity-after-death", "grade-5-alive", "order"}
IN_DOUBT = {"specimens-before-birth", "toxicity-before-birth", "resolved-before-onset"}


def findings(forms: dict[str, Any]) -> tuple[Finding, ...]:
    return check_course(build_course(made_up_case(forms=forms), STUDY), STUDY)


@pytest.mark.parametrize(("code", "place", "forms", "sentence"), PLANTED, ids=[each[0] for each in PLANTED])
def test_a_planted_fault_is_one_sentence_at_its_cell(
    code: str, place: str, forms: dict[str, Any], sentence: str
) -> None:
    [found] = [finding for finding in findings(forms) if finding.code == f"course.{code}"]
    file = "returns/northbridge.xlsx › "
    assert str(found).replace(file, "") == f"{place}: {sentence}"
    severity = Severity.CASE if code in IMPOSSIBLE else Severity.VALUE if code in IN_DOUBT else Severity.NOTE
    assert found.severity is severity


# Planted word for word in test_timeline_check.
ELSEWHERE: list[dict[str, Any]] = [
    {"diagnosis": [D | {"diagnosis_date": day(-201)}]},
    {"transplant": [{"hsct_date": day(-101)}]},
    {"follow_up": [event(60, "death"), event(61, "seen alive")]},
    {"treatment": [T | {"end_date": day(-1)}]},
    {"follow_up": [event(60, "death"), event(60, "death")]},
    {"treatment": []},
    {"follow_up": []},
    {"transplant": [{"hsct_date": ClinicalDate(day(31), day(58))}]},
]


def test_every_rule_has_a_planted_fault() -> None:
    courses = [
        build_course(made_up_case(forms=forms), STUDY)
        for forms in (*(forms for _, _, forms, _ in PLANTED), *ELSEWHERE)
    ]
    assert [rule.__name__ for rule in RULES if not any(list(rule(course)) for course in courses)] == []


def test_every_code_of_more_than_forty_has_a_planted_fault() -> None:
    declared = codes_in(path.read_text(encoding="utf-8") for path in CHECKS.glob("*.py"))
    fired = {code for code, *_ in PLANTED} | {
        finding.code.removeprefix("course.") for forms in ELSEWHERE for finding in findings(forms)
    }
    assert len(declared) > 60
    assert len(fired) > 60
    assert [code for code in declared if not any(re.fullmatch(code, one) for one in fired)] == []
    assert [one for one in fired if not any(re.fullmatch(code, one) for code in declared)] == []


def test_a_code_without_a_planted_fault_is_seen() -> None:
    rule = """
def rule(course):
    side = "low" if course else "high"
    yield ask(course, source, f"wbc-{side}", what, allowed, do)
    for code, what in (("a-b", 1), ("c-d", 2)):
        yield doubt(course, source, code, what, allowed, do)
    yield refuse(course, source, "e-f", what, allowed, do)
"""
    assert codes_in([rule]) == {"wbc-low", "wbc-high", "a-b", "c-d", "e-f"}


BEFORE_AND_AFTER = [specimen(-35, "quantified", level=4.9), specimen(1)]

# Just inside each limit: what the rules must not ask about.
FINE: list[dict[str, Any]] = [
    {"specimens": [specimen(60)], "follow_up": [event(60, "death")]},
    {"toxicity": [CRS | {"resolved_date": day(2)}]},
    {"follow_up": [cr(-86), SEEN]},
    {"follow_up": [cr(-60), event(90, "relapse"), cr(120), SEEN]},
    {"follow_up": [event(90, "relapse"), SEEN], "specimens": [specimen(30)]},
    {"treatment": [CR1], "follow_up": [cr(-60), event(90, "relapse"), SEEN], "specimens": BEFORE_AND_AFTER},
    {"treatment": [CR1], "follow_up": [cr(-60), event(60, "seen alive")], "specimens": BEFORE_AND_AFTER[:1]},
    {
        "specimens": [
            specimen(30, method="RQ-PCR KMT2A"),
            specimen(31, method="NGS", sensitivity_percent=0.0001),
        ]
    },
    {"follow_up": [cr(-60), event(-30, "relapse"), event(90, "death", cause_of_death="leukaemia")]},
    {"diagnosis": [D | {"wbc": 1.0, "karyotype": "46,XX,t(4;11)(q21;q23)[20]"}]},
    {"diagnosis": [D | {"wbc": 1500.0, "immunophenotype": "B-ALL", "cd15": True}]},
    {"patients": [P | {"sex": "male"}], "diagnosis": [D | {"karyotype": "47,XY,+X,t(4;11)(q21;q23)[14]"}]},
    {"treatment": [T, T | {"start_date": day(29), "end_date": day(44)}]},
    {"treatment": [T, T | {"start_date": day(70), "end_date": day(98)}], "transplant": []},
    {"treatment": [T | {"end_date": day(42)}]},
    {"treatment": [T | {"end_date": day(7), "home_after_week_1": True}]},
    {"treatment": [T | {"dose": 5.0, "cycle": 1.0}]},
    {"treatment": [T | {"dose": 15.0}], "transplant": [{"hsct_date": day(34)}]},
    {"transplant": [{"hsct_date": day(180), "therapy_between": False}]},
    {"treatment": [T, CAR_T], "transplant": [{"hsct_date": day(50), "therapy_between": True}]},
    {"specimens": [specimen(30, marker="IGH"), specimen(30, marker="TRD")]},
    {"specimens": [specimen(30, sensitivity_percent=0.01), specimen(31, "quantified", level=0.01)]},
    {"toxicity": [CRS | {"grade": 1.0, "interrupted": False, "steroids": True, "onset_date": day(14)}]},
    {"toxicity": [CRS | {"resolved_date": day(62), "grade": 4.0, "interrupted": True}]},
    {"toxicity": [{"toxicity": "neurotoxicity", "onset_date": day(49)}, CRS]},
]


@pytest.mark.parametrize("forms", FINE, ids=range(len(FINE)))
def test_what_is_just_within_the_limits_is_not_asked_about(forms: dict[str, Any]) -> None:
    assert findings(forms) == ()


def test_the_limits_of_a_drug_are_those_of_that_drug_only() -> None:
    study = made_up_study(
        treatments=("inotuzumab",), index={"treatment": "inotuzumab", "label": "inotuzumab"}
    )
    line = T | {"treatment": "inotuzumab", "end_date": day(1), "dose": 50.0}
    forms = {"treatment": [line], "diagnosis": [D | {"immunophenotype": "T-ALL"}]}
    assert check_course(build_course(made_up_case(forms=forms), study), study) == ()


def test_of_another_drug_no_limit_of_blinatumomab_is_asked_about():
    study = made_up_study(
        treatments=("nelarabine",),
        index={"treatment": "nelarabine", "label": "nelarabine", "dose_unit": "mg/m²/day"},
    )
    given = {"treatment": "nelarabine", "start_date": day(0), "end_date": day(4), "dose": 650.0}
    harm = {"toxicity": "neuropathy", "onset_date": day(3), "resolved_date": day(100)}
    course = build_course(made_up_case(forms={"treatment": [given], "toxicity": [harm]}), study)
    codes = {finding.code for finding in check_course(course, study)}
    assert not {code for code in codes if "dose" in code or "cycle" in code or "long-toxicity" in code}
    crs = harm | {"toxicity": "CRS"}
    course = build_course(made_up_case(forms={"treatment": [given], "toxicity": [crs]}), study)
    assert "course.long-toxicity" in {finding.code for finding in check_course(course, study)}


def test_a_flat_dose_is_not_held_against_a_dose_per_square_metre():
    index = {"treatment": "blinatumomab", "label": "blinatumomab", "dose_unit": "µg/day"}
    study = made_up_study(index=index)
    course = build_course(made_up_case(forms={"treatment": [T | {"dose": 28.0}]}), study)
    assert not [finding for finding in check_course(course, study) if "dose" in finding.code]
