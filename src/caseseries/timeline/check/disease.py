"""The diagnosis: are its cells plausible for a child with leukaemia, and do they agree with one another?"""

import re
from collections.abc import Iterator

from caseseries.findings import Finding
from caseseries.study.definition import DAYS_PER_YEAR
from caseseries.timeline.check.findings import Rule, ask
from caseseries.timeline.check.treatment import is_given_blinatumomab
from caseseries.timeline.course import Course

OLDEST = 18  # years
# Infant ALL with KMT2A rearrangement often exceeds 300 and sometimes 1000; under 1 at diagnosis is a unit mistaken.
LOWEST_WBC, HIGHEST_WBC = 1.0, 1500.0

SEX = re.compile(r"\b\d{2}(?:[~∼-]\d{2})?,(X[XY]?[XY]*)")
BANDS = re.compile(r"t\((\d+|X|Y);(\d+|X|Y)\)")

# The translocations of the frequent partner genes (Meyer et al., Leukemia 2018;32:273).
PARTNERS = {
    ("4", "11"): ("AFF1",),
    ("9", "11"): ("MLLT3",),
    ("10", "11"): ("MLLT10",),
    ("6", "11"): ("AFDN",),
    ("1", "11"): ("EPS15", "MLLT11"),
    ("11", "19"): ("MLLT1", "ELL"),
}


def age_fits(course: Course) -> Iterator[Finding]:
    birth, diagnosis = course.first("birth"), course.first("diagnosis")
    years = (diagnosis.on - birth.on).days / DAYS_PER_YEAR if birth and diagnosis else 0.0
    if birth and diagnosis and years >= OLDEST:
        what = f"the child was {years:.0f} years old at diagnosis ({diagnosis.on}; born {birth.on})"
        do = "Check both years"
        yield ask(course, diagnosis.sources[0], "adult", what, f"younger than {OLDEST} years", do)


def white_cells_fit(course: Course) -> Iterator[Finding]:
    row = course.patient.only("diagnosis")
    count = row.number("wbc") if row else None
    if row and count is not None and not LOWEST_WBC <= count <= HIGHEST_WBC:
        side = "low" if count < LOWEST_WBC else "high"
        what = f"a white cell count of {count:g} × 10^9/L is very {side}"
        do = "Check the number and its unit: 12 000/µL is 12 × 10^9/L"
        allowed = f"usually from {LOWEST_WBC:g} to {HIGHEST_WBC:g}"
        yield ask(course, row.sources("wbc")[0], f"wbc-{side}", what, allowed, do)


def sex_fits_karyotype(course: Course) -> Iterator[Finding]:
    diagnosis, patient = course.patient.only("diagnosis"), course.patient.only("patients")
    karyotype = (diagnosis.text("karyotype") if diagnosis else None) or ""
    sex = patient.text("sex") if patient else None
    found = SEX.search(karyotype)
    if diagnosis and found and sex and ("Y" in found[1]) != (sex == "male"):
        what = f"the karyotype {found[0]} stands beside the sex “{sex}”"
        do = "Correct one of the two; in a karyotype after transplant the cells may be the donor's"
        source = diagnosis.sources("karyotype")[0]
        yield ask(course, source, "sex-karyotype", what, "a karyotype of the child's own sex", do)


def fusion_fits_karyotype(course: Course) -> Iterator[Finding]:
    row = course.patient.only("diagnosis")
    fusion, karyotype = (row.text("fusion") or "", row.text("karyotype") or "") if row else ("", "")
    bands = next((band for band in BANDS.findall(karyotype) if band in PARTNERS), None)
    if row and bands and "::" in fusion and not any(gene in fusion for gene in PARTNERS[bands]):
        expected = " or ".join(f"KMT2A::{gene}" for gene in PARTNERS[bands])
        what = f"the fusion {fusion} stands beside the karyotype t({bands[0]};{bands[1]})"
        do = "Check both; cryptic and complex rearrangements occur"
        yield ask(course, row.sources("fusion")[0], "fusion-karyotype", what, expected, do)


def fusion_fits_status(course: Course) -> Iterator[Finding]:
    row = course.patient.only("diagnosis")
    if not row:
        return
    status, fusion = row.text("kmt2a"), row.text("fusion") or ""
    if status == "germline" and "KMT2A" in fusion:
        what, do = f"KMT2A is germline, and the fusion is {fusion}", "Correct the status or the fusion"
        yield ask(course, row.sources("kmt2a")[0], "germline-fusion", what, "no KMT2A fusion", do)
    if status == "rearranged" and "::" in fusion and "KMT2A" not in fusion:
        what, do = f"KMT2A is rearranged, and the fusion is {fusion}", "Correct the status or the fusion"
        yield ask(course, row.sources("fusion")[0], "fusion-without-kmt2a", what, "a fusion of KMT2A", do)


def lineage_fits(course: Course) -> Iterator[Finding]:
    """Blinatumomab is aimed at CD19, which T cells do not have."""
    row = course.patient.only("diagnosis")
    phenotype = row.text("immunophenotype") if row else None
    if row and phenotype == "T-ALL" and is_given_blinatumomab(course):
        what = "the immunophenotype is T-ALL, and blinatumomab was given"
        do = "Check the immunophenotype; a treatment aimed at CD19 has no target on T cells"
        yield ask(course, row.sources("immunophenotype")[0], "t-all", what, "a B-lineage leukaemia", do)


def cd15_fits(course: Course) -> Iterator[Finding]:
    """CD15 goes with KMT2A-rearranged pro-B ALL and with myeloid cells."""
    row = course.patient.only("diagnosis")
    if (
        row
        and row.flag("cd15")
        and (row.text("kmt2a") == "germline" or row.text("immunophenotype") == "T-ALL")
    ):
        what = "CD15 is expressed in a leukaemia that is T-ALL or has germline KMT2A"
        do = "Check the immunophenotype and the KMT2A status"
        yield ask(course, row.sources("cd15")[0], "cd15", what, "usually KMT2A-rearranged B-ALL or MPAL", do)


RULES: tuple[Rule, ...] = (
    age_fits,
    white_cells_fit,
    sex_fits_karyotype,
    fusion_fits_karyotype,
    fusion_fits_status,
    lineage_fits,
    cd15_fits,
)
