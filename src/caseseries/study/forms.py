"""The data dictionary: which forms a centre fills, which columns they have, and what each column may hold.

The return template, the reader and the checks are all made from this one description, so they cannot drift.
Forms depend on the protocol: a changed treatment or toxicity list changes the template's drop-downs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from caseseries.study.definition import DOSE_UNIT, Study

Kind = Literal["id", "date", "number", "choice", "text", "yes_no"]

YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Column:
    """One column of a form. `heading` is what the centre sees, unit included; `name` is ours.

    `low` and `high` bound a number in the unit of the heading; they are limits of the possible, not of the
    usual. A `whole` number has no fraction.
    """

    name: str
    heading: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    help: str = ""


@dataclass(frozen=True)
class Form:
    """One sheet of a return. `repeats` is False when a case has exactly one line."""

    name: str
    sheet: str
    repeats: bool
    columns: tuple[Column, ...]
    help: str

    @cached_property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


CASE_ID = Column(
    "case_id",
    "Case id",
    "id",
    required=True,
    help="The study's number for this child; never a name or hospital number.",
)

FOLLOW_UP_EVENTS = (
    "complete remission",
    "relapse",
    "second malignancy",
    "death",
    "seen alive",
)


SPECIMENS = Form(
    "specimens",
    "MRD",
    repeats=True,
    help="One line for each specimen and marker examined for minimal residual disease.",
    columns=(
        CASE_ID,
        Column("specimen_date", "Specimen date", "date", required=True),
        Column("material", "Material", "choice", choices=("bone marrow", "blood")),
        Column(
            "method",
            "Method",
            "choice",
            choices=("RQ-PCR IG/TR", "RQ-PCR KMT2A", "flow cytometry", "NGS"),
        ),
        Column("marker", "Marker", "text", help="For example IGH VH3-JH4."),
        Column(
            "mrd_result",
            "MRD result",
            "choice",
            required=True,
            choices=("quantified", "positive below quantitative range", "not detected", "not evaluable"),
        ),
        Column(
            "mrd_percent",
            "MRD level (%)",
            "number",
            low=0,
            high=100,
            help="Only for a quantified result.",
        ),
        Column("sensitivity_percent", "Sensitivity (%)", "number", low=0.0001, high=100),
        Column("range_percent", "Quantitative range (%)", "number", low=0.0001, high=100),
    ),
)


TRANSPLANT = Form(
    "transplant",
    "Transplant",
    repeats=True,
    help="One line for each haematopoietic stem cell transplant.",
    columns=(
        CASE_ID,
        Column("hsct_date", "Date of transplant", "date", required=True),
        Column(
            "donor",
            "Donor",
            "choice",
            choices=(
                "matched sibling",
                "matched unrelated",
                "mismatched unrelated",
                "haploidentical",
                "cord blood",
            ),
        ),
        Column("conditioning", "Conditioning", "text"),
        Column("therapy_between", "Other therapy since study treatment", "yes_no"),
    ),
)


def forms_of(study: Study) -> tuple[Form, ...]:
    """Every form of the study's return, in the order of its sheets."""
    return (
        _patients(study),
        _diagnosis(study),
        _treatment(study),
        SPECIMENS,
        _toxicity(study),
        TRANSPLANT,
        _follow_up(study),
    )


def _patients(study: Study) -> Form:
    return Form(
        "patients",
        "Patients",
        repeats=False,
        help="One line for each child.",
        columns=(
            CASE_ID,
            Column("birth_date", "Date of birth", "date", required=True),
            Column("sex", "Sex", "choice", choices=("female", "male")),
            Column("country", "Country", "choice", choices=study.countries),
            Column(
                "identified_by",
                "Identified by",
                "choice",
                choices=("tumour board", "survey", "both"),
                help="How the child came to the study's notice.",
            ),
        ),
    )


def _diagnosis(study: Study) -> Form:
    return Form(
        "diagnosis",
        "Diagnosis",
        repeats=False,
        help="The first diagnosis of leukaemia; one line for each child.",
        columns=(
            CASE_ID,
            Column("diagnosis_date", "Date of diagnosis", "date", required=True),
            Column(
                "immunophenotype", "Immunophenotype", "choice", choices=("B-ALL", "T-ALL", "MPAL", "other")
            ),
            Column("kmt2a", "KMT2A status", "choice", choices=("rearranged", "germline", "not known")),
            Column("fusion", "KMT2A fusion", "text", help="For example KMT2A::AFF1."),
            Column("karyotype", "Karyotype (ISCN)", "text"),
            Column("wbc", "White cell count (10^9/L)", "number", low=0.1, high=3000),
            Column("cns", "CNS status", "choice", choices=("CNS1", "CNS2", "CNS3", "not known")),
            Column(
                "prednisone_response",
                "Prednisone response",
                "choice",
                choices=("good", "poor", "not known"),
                help="Good: fewer than 1000 blasts/µL in blood on day 8.",
            ),
            Column("cd15", "CD15 expressed", "yes_no"),
            Column("first_protocol", "First-line protocol", "choice", choices=study.first_line_protocols),
        ),
    )


def _treatment(study: Study) -> Form:
    return Form(
        "treatment",
        "Treatment",
        repeats=True,
        help="One line for each cycle of the study treatment, and one for each later cellular therapy.",
        columns=(
            CASE_ID,
            Column("treatment", "Treatment", "choice", required=True, choices=study.treatments),
            Column("cycle", "Cycle", "number", low=1, high=20, whole=True),
            Column("start_date", "Start date", "date", required=True),
            Column("end_date", "End date", "date"),
            Column("indication", "Indication", "choice", choices=study.indications),
            Column("remission_at_start", "Remission at start", "choice", choices=study.remissions),
            _dose(study),
            Column("home_after_week_1", "Discharged after the first week", "yes_no"),
        ),
    )


def _dose(study: Study) -> Column:
    """Bounded where we know the unit's; a dose in another may be any number that is not negative."""
    unit = study.index.dose_unit
    low, high = (1, 60) if unit == DOSE_UNIT else (0, None)
    return Column("dose", f"Dose ({unit})", "number", low=low, high=high)


def _follow_up(study: Study) -> Form:
    return Form(
        "follow_up",
        "Follow-up",
        repeats=True,
        help="One line for each event, and one for the day the child was last seen alive.",
        columns=(
            CASE_ID,
            Column("date", "Date", "date", required=True),
            Column("event", "Event", "choice", required=True, choices=FOLLOW_UP_EVENTS),
            Column("phenotype", "Relapse phenotype", "choice", choices=study.relapse_phenotypes),
            Column(
                "cause_of_death",
                "Cause of death",
                "choice",
                choices=(
                    "leukaemia",
                    "infection",
                    "transplant-related, other",
                    "treatment-related, other",
                    "other",
                    "not known",
                ),
            ),
            Column("detail", "Detail", "text"),
        ),
    )


def _toxicity(study: Study) -> Form:
    return Form(
        "toxicity",
        "Toxicity",
        repeats=True,
        help="One line for each toxicity; leave the sheet empty for a child who had none.",
        columns=(
            CASE_ID,
            Column(
                "toxicity", "Toxicity", "choice", required=True, choices=tuple(study.toxicity.kinds.values())
            ),
            Column("onset_date", "Onset", "date", required=True),
            Column(
                "grade",
                "Grade (1-5)",
                "number",
                low=1,
                high=5,
                whole=True,
                help=f"By {study.toxicity.scale}.",
            ),
            Column("interrupted", "Infusion interrupted", "yes_no"),
            Column("steroids", "Steroids given", "yes_no"),
            Column("tocilizumab", "Tocilizumab given", "yes_no"),
            Column("restarted_lower", "Restarted at a lower dose", "yes_no"),
            Column("resolved_date", "Resolved", "date"),
            Column("description", "Description", "text"),
        ),
    )
