"""A made-up report with every kind of block, for the tests of what prints.

The curves are worked here from days and causes by the product-limit formula, independently of the package.
"""

from collections import Counter
from datetime import date
from math import exp, log, sqrt

from caseseries.analysis.displays import Curve, FlowStep, Lane, Mark, MrdPoint, Span
from caseseries.present.document import (
    Bullets,
    Callout,
    Document,
    Figure,
    Heading,
    Number,
    Paragraph,
    Table,
    TableRow,
    Text,
    Trail,
)
from caseseries.present.drawing import Drawing
from caseseries.present.figures import (
    flow_figure,
    incidence_figure,
    mrd_figure,
    survival_figure,
    swimmer_figure,
)

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


def _table_one() -> Table:
    rows = [
        TableRow(
            (
                (Text("Age at start of blinatumomab, years"),),
                (Number("age.index.median_years", "0.5 (0.2–2.9)"),),
            )
        ),
        TableRow(((Text("Indication"),), ()), head=True),
        TableRow(((Text("after relapse"),), (Text("7 (64%)"),)), indent=1),
        TableRow(((Text("first line, resistant or refractory"),), (Text("4 (36%)"),)), indent=1),
        TableRow(((Text("White cells at diagnosis, 10⁹/L"),), (Text("312 (18–1,006)"),))),
        TableRow(((Text("Fusion"),), ()), head=True),
        *(
            TableRow(((Text(name),), (Text(f"{n} ({round(100 * n / 11)}%)"),)), indent=1)
            for name, n in (("KMT2A::AFF1", 6), ("KMT2A::MLLT1", 3), ("KMT2A::MLLT3", 1), ("Unknown", 1))
        ),
    ]
    return Table(
        "characteristics",
        "Characteristics of the 11 cases",
        ("Characteristic", "N = 11"),
        tuple(rows),
        "lr",
        ("Median (range) for numbers; n (%) for categories.",),
    )


def _wide_table() -> Table:
    columns = (
        "Case",
        "Age, y",
        "Fusion",
        "Indication",
        "Remission",
        "Cycles",
        "MRD before",
        "MRD after",
        "CRS",
        "Neuro",
        "HSCT, day",
        "Event",
        "Day",
        "Last contact",
    )
    rows = tuple(
        TableRow(
            tuple(
                (Text(value),)
                for value in (
                    f"C{i + 1:02}",
                    f"{0.2 + 0.21 * i:.1f}",
                    "KMT2A::AFF1",
                    "after relapse" if i < 7 else "first line",
                    "MRD-positive CR2",
                    "1",
                    f"{100 * BEFORE[i]:g}%",
                    "<0.001%",
                    "2" if i == 4 else "–",
                    "–",
                    str(51 + i),
                    "relapse" if i in (2, 8) else "–",
                    "92" if i in (2, 8) else "–",
                    str(ENDS[i]),
                )
            )
        )
        for i in range(11)
    )
    return Table(
        "cases",
        "Every case",
        columns,
        rows,
        "lrllllrrccrlrr",
        ("Days count from the start of blinatumomab.", "MRD: < marks a negative at its sensitivity."),
        wide=True,
    )


def _long_table() -> Table:
    rows = tuple(
        TableRow(
            (
                (Text(f"Estimate {i + 1}"),),
                (Number("efs.hsct.36m", "47%"),),
                (Text("15–74"),),
                (Text("5/11"),),
                (Text("1"),),
            )
        )
        for i in range(48)
    )
    return Table(
        "survival",
        "Survival at the quoted horizons",
        ("Estimate", "Value", "95% CI", "Events / n", "At risk"),
        rows,
        "lrrrr",
    )


def _figure(name: str, title: str, caption: str, drawn: Drawing) -> Figure:
    return Figure(name, title, (Text(caption),), drawn.alt, drawn.svg)


def make_document() -> Document:
    efs = Number("efs.hsct.36m", "47% (95% CI 15–74)")
    return Document(
        title="Blinatumomab before transplant in infants with KMT2A-rearranged leukaemia <UK & Ireland>",
        subtitle="Retrospective multicentre case series. Infants with KMT2A-rearranged B-ALL, 2016–2019",
        notice="Made-up patients; reproduces the published aggregates of Clesham et al., Blood 2020;135:1501",
        dated=date(2019, 12, 31),
        blocks=(
            Heading(1, "Summary"),
            Paragraph(
                (
                    Number("n.cases", "11"),
                    Text(" infants were analysed. Three-year event-free survival from HSCT was "),
                    efs,
                    Text(" and overall survival "),
                    Number("os.hsct.36m", "81% (95% CI 42–95)", strong=True),
                    Text(". Symbols that other formats trip over: #*_$<>&\"'\\ @ ~ [x] — and "),
                    Text("emphasis", emphasis=True),
                    Text(", "),
                    Text("strength", strong=True),
                    Text("."),
                )
            ),
            Callout(
                "limit",
                "Before quoting these numbers",
                (
                    (Text("Three-year event-free survival rests on 1 patient: "), efs, Text(".")),
                    (
                        Text(
                            "Twelve-month and three-year survival are equal because nothing happens between them."
                        ),
                    ),
                ),
            ),
            Callout(
                "note",
                "Made-up patients",
                ((Text("The patients are invented; the aggregates are published."),),),
            ),
            Heading(1, "Cohort"),
            Paragraph((Text("Centres returned sixteen cases. " * 12),)),
            _figure("flow", "Flow of cases", "From the centres’ returns to the analysis.", flow_figure(FLOW)),
            _table_one(),
            _wide_table(),
            Heading(1, "Treatment and response"),
            Heading(2, "Minimal residual disease"),
            _figure(
                "mrd", "MRD before and after blinatumomab", "Each pair is one case.", mrd_figure(MRD, 1e-4)
            ),
            Heading(2, "Course"),
            _figure(
                "swimmer",
                "Time-line of each case",
                "From the start of blinatumomab.",
                swimmer_figure(LANES, "start of blinatumomab"),
            ),
            Heading(1, "Outcome"),
            _figure(
                "survival",
                "Event-free and overall survival from HSCT",
                "Kaplan–Meier with 95% interval.",
                survival_figure(SURVIVAL, 3, 0.95),
            ),
            _figure(
                "incidence",
                "Relapse and death without relapse",
                "Aalen–Johansen.",
                incidence_figure(INCIDENCE, 3, 0.95),
            ),
            _long_table(),
            Heading(1, "Limitations"),
            Bullets(
                (
                    (Text("Eleven patients."),),
                    (Text("Follow-up beyond one year in "), Number("n.cases", "11"), Text(".")),
                )
            ),
        ),
        footer="Blinatumomab in infants · data to 31 December 2019 · caseseries 0.1.0",
        keywords=("case series", "MRD"),
        trails={
            "n.cases": Trail("Cases analysed", ("11 of 16 returned",)),
            "efs.hsct.36m": Trail(
                "Event-free survival, 36 months from HSCT",
                (
                    "47% (95% CI 15–74)",
                    "Method: Kaplan–Meier; n = 11",
                    "At risk: 1",
                    "C01: north.xlsx › followup › F2 = 2019-11-03 </script>",
                ),
            ),
        },
    )
