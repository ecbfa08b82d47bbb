"""A made-up report with every kind of block, for the tests of what prints.

The curves are worked here from days and causes by the product-limit formula, independently of the package.
"""

from collections import Counter
from math import exp, log, sqrt

from caseseries.analysis.displays import Curve, FlowStep, Lane, Mark, MrdPoint, Span

CENSORED = ((58, ""), (91, ""), (267, ""), (431, ""), (702, ""), (1163, ""))
EFS = ((35, "relapse"), (57, "nrm"), (92, "relapse"), (108, "relapse"), (133, "relapse"), *CENSORED)
OS = ((57, "nrm"), (66, "death"), (310, ""), (402, ""), (520, ""), *CENSORED)


def make_survival(label: str, exits: tuple[tuple[int, str], ...], origin: str = "HSCT") -> Curve:
    days = [0, *sorted({day for day, _ in exits})]
    events = Counter(day for day, cause in exits if cause)
    censored = Counter(day for day, cause in exits if not cause)
    estimate, lower, upper = [], [], []
    survival, greenwood = 1.0, 0.0
    for day in days:
        n = sum(exit_day >= day for exit_day, _ in exits)
        if events[day]:
            survival *= 1 - events[day] / n
            greenwood += events[day] / (n * (n - events[day]))
        spread = 1.96 * sqrt(greenwood) / abs(log(survival)) if survival < 1 else 0.0
        estimate.append(survival)
        lower.append(survival ** exp(spread) if survival < 1 else 1.0 if day == 0 else 0.72)
        upper.append(survival ** exp(-spread) if survival < 1 else 1.0)
    return Curve(
        id="efs.hsct",
        label=label,
        origin=origin,
        kind="survival",
        method="Kaplan–Meier, log-log interval",
        days=tuple(days),
        estimate=tuple(estimate),
        lower=tuple(lower),
        upper=tuple(upper),
        at_risk=tuple(sum(exit_day >= day for exit_day, _ in exits) for day in days),
        events=tuple(events[day] for day in days),
        censored=tuple(censored[day] for day in days),
    )


def make_incidence(label: str, cause: str) -> Curve:
    whole = make_survival(label, EFS)
    own = Counter(day for day, why in EFS if why == cause)
    estimate, total, before = [], 0.0, 1.0
    for day, n, survival in zip(whole.days, whole.at_risk, whole.estimate, strict=True):
        total += before * own[day] / n
        before = survival
        estimate.append(total)
    return Curve(
        id=f"{cause}.hsct",
        label=label,
        origin="HSCT",
        kind="incidence",
        method="Aalen–Johansen",
        days=whole.days,
        estimate=tuple(estimate),
        lower=tuple(max(0.0, value * 0.35) for value in estimate),
        upper=tuple(min(1.0, value * 1.5 + 0.18 * (value > 0)) for value in estimate),
        at_risk=whole.at_risk,
        events=tuple(own[day] for day in whole.days),
        censored=whole.censored,
    )


SURVIVAL = (make_survival("Event-free survival", EFS), make_survival("Overall survival", OS))
INCIDENCE = (make_incidence("Relapse", "relapse"), make_incidence("Death without relapse", "nrm"))

FLOW = (
    FlowStep(
        "Cases returned by 5 centres",
        16,
        left=(("no blinatumomab recorded", 2), ("diagnosed after the first birthday", 1)),
    ),
    FlowStep(
        "Infants with KMT2A-rearranged B-ALL given blinatumomab",
        13,
        left=(("HSCT before blinatumomab", 1), ("index treatment after the data cut", 1)),
    ),
    FlowStep("Analysed", 11, detail=(("after relapse", 7), ("first line, resistant or refractory", 4))),
)

BEFORE = (0.01, 0.006, 0.004, 0.002, 0.002, 0.0015, 0.001, 0.0006, 0.22, 0.4, 0.085)
SENSITIVITY = (1e-5, 1e-5, 5e-5, 1e-4, 1e-5, 3e-5, None, None, 1e-5, 1e-4, 5e-5)


def _after(i: int) -> MrdPoint:
    limit = SENSITIVITY[i]
    case = f"C{i + 1:02}"
    if i == 6:
        return MrdPoint(case, "after", 33, "quantified", 5e-4 / 10, None, "0.005 %")
    if limit is None:
        return MrdPoint(
            case, "after", 33, "positive below quantitative range", None, 1e-4, "positive, below 0.01 %"
        )
    return MrdPoint(
        case, "after", 33, "not detected", None, limit, f"not detected (sensitivity {100 * limit:g} %)"
    )


MRD = tuple(
    MrdPoint(f"C{i + 1:02}", "before", -3, "quantified", value, None, f"{100 * value:g} %")
    for i, value in enumerate(BEFORE)
) + tuple(_after(i) for i in range(11))

ENDS = (1214, 760, 480, 330, 140, 112, 470, 120, 420, 580, 366)


def _lane(i: int, end: int) -> Lane:
    hsct = (51, 48, 61, 39, 44, 54, 34, 49, 119, 60, 47)[i]
    spans = (Span("blinatumomab", 0, 28),) + ((Span("blinatumomab", 42, 70),) if i == 8 else ())
    marks = [Mark("HSCT", hsct)]
    if i == 7:
        marks += [Mark("relapse", hsct + 35), Mark("death", end)]
    if i == 5:
        marks += [Mark("death", end)]
    if i in (2, 8, 9):
        marks += [Mark("relapse", hsct + 100), Mark("CAR-T", hsct + 131), Mark("remission", hsct + 159)]
    return Lane(f"C{i + 1:02}", spans, tuple(marks), end, i not in (5, 7))


LANES = tuple(_lane(i, end) for i, end in enumerate(ENDS))
