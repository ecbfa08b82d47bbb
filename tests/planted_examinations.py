"""Courses in order but for one fault each in what was found on the way: MRD and toxicity."""

from typing import Any

from course_lines import CR1, CRS, SEEN, T, cr, event, specimen
from made_up import day

# rule, where the finding stands, the fault planted, and the whole sentence after the place
EXAMINED: list[tuple[str, str, dict[str, Any], str]] = [
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
        "low-without-remission",
        "specimens › mrd_percent2",
        {
            "treatment": [T | {"remission_at_start": "not in remission"}],
            "specimens": [specimen(-3, "quantified", level=0.12), specimen(-20, "quantified", level=0.075)],
        },
        "MRD of 0.12 % on 2016-12-29 stands beside “not in remission”. Allowed: 5 % or more. Check the level and its unit, or the remission; leukaemia outside the marrow can do this.",
    ),
    (
        "marker-missing",
        "specimens › specimen_date3",
        {
            "specimens": [
                specimen(-3, "quantified", level=0.4, marker="IGH VH3-JH4"),
                specimen(-3, "quantified", level=0.3, marker="TRG VG9-JG1"),
                specimen(30, marker="IGH VH3-JH4"),
            ]
        },
        "TRG VG9-JG1, a marker of 2016-12-29, is not among those of 2017-01-31 (IGH VH3-JH4). Allowed: the same markers on both days. Add its line, or correct the date or the marker; the one that is missing may be the higher one.",
    ),
    (
        "marker-missing",
        "specimens › specimen_date4",
        {
            "specimens": [
                specimen(-3, "quantified", level=0.4, marker="IGH VH3-JH4"),
                specimen(30, marker="IGH VH3-JH4"),
                specimen(30, marker="TRG VG9-JG1"),
            ]
        },
        "TRG VG9-JG1, a marker of 2017-01-31, is not among those of 2016-12-29 (IGH VH3-JH4). Allowed: the same markers on both days. Add its line, or correct the date or the marker; the one that is missing may be the higher one.",
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
        "mild-but-treated",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 1.0, "interrupted": True, "steroids": False}]},
        "grade 1, and the infusion was interrupted. Allowed: grade 2 or more. Check the grade and the scale it belongs to.",
    ),
    (
        "severe-restarted",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 4.0, "interrupted": True, "restarted_lower": True}]},
        "grade 4, and the infusion was begun again. Allowed: the end of treatment. Check the grade and the answer.",
    ),
    (
        "severe-not-interrupted",
        "toxicity › grade2",
        {"toxicity": [CRS | {"grade": 3.0, "interrupted": False}]},
        "grade 3, and the infusion was not interrupted. Allowed: an interruption. Check the grade and the answer.",
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
        {"toxicity": [CRS | {"resolved_date": day(24)}]},
        "the toxicity lasted 22 days (2017-01-03 to 2017-01-25). Allowed: at most 21 days. Check both dates.",
    ),
    (
        "long-toxicity",
        "toxicity › resolved_date2",
        {"toxicity": [CRS | {"toxicity": "neurotoxicity", "resolved_date": day(63)}]},
        "the toxicity lasted 61 days (2017-01-03 to 2017-03-05). Allowed: at most 60 days. Check both dates.",
    ),
    (
        "duplicate",
        "toxicity › onset_date3",
        {"toxicity": [CRS, CRS]},
        "CRS on 2017-01-03 is recorded twice. Allowed: one line; the first is toxicity › A2. Remove one of the two lines.",
    ),
]
