"""Lines of a made-up child's forms, as the faults of a course are planted in them."""

from made_up import day

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
