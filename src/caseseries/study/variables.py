"""The words a protocol may use for what is known about a case, with their labels, units and kinds.

Eligibility rules and the characteristics table name these. The values themselves are derived in
`timeline.variables`; a boundary test holds the two lists together.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Variable:
    """A `yes_no` is shown as one line (n with yes), a `category` as one a level, a `number` as a median."""

    name: str
    label: str
    kind: Literal["number", "category", "yes_no", "date"]
    unit: str = ""
    decimals: int = 0
    stem: str = ""  # of its result ids; "characteristics.<name>" when empty
    is_free: bool = False  # whatever the centres typed, so that one thing has several spellings

    def result_id(self, statistic: str) -> str:
        """For example age.index.median_years, characteristics.sex.female."""
        unit = f"_{self.unit}" if self.unit in ("days", "months", "years") else ""
        return f"{self.stem or f'characteristics.{self.name}'}.{statistic}{unit}"


VARIABLES: tuple[Variable, ...] = (
    Variable("sex", "Sex", "category"),
    Variable("country", "Country", "category"),
    Variable("centre", "Centre", "category"),
    Variable("identified_by", "Identified by", "category"),
    Variable("age_at_diagnosis_days", "Age at diagnosis", "number", "days", 0, "age.diagnosis"),
    Variable("age_at_diagnosis_months", "Age at diagnosis", "number", "months", 1, "age.diagnosis"),
    Variable("immunophenotype", "Immunophenotype", "category"),
    Variable("kmt2a", "KMT2A", "category"),
    Variable("fusion", "KMT2A fusion", "category", is_free=True),
    Variable("wbc", "White cell count at diagnosis", "number", "10⁹/L"),
    Variable("cns", "CNS status", "category"),
    Variable("prednisone_response", "Prednisone response", "category"),
    Variable("cd15", "CD15 expressed at diagnosis", "yes_no"),
    Variable("first_protocol", "First-line protocol", "category"),
    Variable("index_date", "Start of index treatment", "date"),
    Variable("age_at_index_years", "Age at index treatment", "number", "years", 1, "age.index"),
    Variable("indication", "Indication", "category"),
    Variable("remission_at_start", "Remission at start of index treatment", "category"),
    Variable("cycles", "Cycles of index treatment", "category"),
    Variable("home_after_week_1", "Discharged after the first week", "yes_no"),
    Variable("relapses_before_index", "Relapses before index treatment", "category"),
    Variable("hsct_before_index", "HSCT before index treatment", "yes_no"),
    Variable("hsct_after_index", "HSCT after index treatment", "yes_no"),
    Variable("donor", "Donor of the HSCT after index treatment", "category"),
)

BY_NAME = {variable.name: variable for variable in VARIABLES}
