"""The rows other programs read: CDISC ADTTE and the case listing, as CSV text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from caseseries.analysis.outcomes import Clock
from caseseries.study.definition import Study

ADTTE_COLUMNS = (
    "STUDYID",
    "USUBJID",
    "PARAM",
    "PARAMCD",
    "AVAL",
    "CNSR",
    "STARTDT",
    "ADT",
    "EVNTDESC",
    "CNSDTDSC",
)

# A cell that begins like this is a formula to a spreadsheet program.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


def adtte_rows(clocks: Sequence[Clock], study: Study) -> list[dict[str, object]]:
    """One row a case and clock: AVAL in days, CNSR 0 = event, 1 = censored, 2 = a competing event.

    CNSR runs the other way from R's status (CDISC ADaM ADTTE); it is turned round here and nowhere else.
    Clocks with delayed entry have no place in ADTTE and are left out.
    """
    return [
        {
            "STUDYID": study.short_title,
            "USUBJID": one.case_id,
            "PARAM": f"{clock.endpoint.label} from {clock.origin_label} (days)",
            "PARAMCD": parameter_code(clock),
            "AVAL": one.stop,
            "CNSR": cnsr_of(one.status),
            "STARTDT": one.started.isoformat(),
            "ADT": one.ended.isoformat(),
            "EVNTDESC": one.reason if one.status else "",
            "CNSDTDSC": "" if one.status else one.reason.removeprefix("censored: "),
        }
        for clock in clocks
        if not clock.delayed
        for one in clock.observations
    ]


def cnsr_of(status: int) -> int:
    """Our status (0 censored, 1 event, 2 competing) as CDISC's CNSR (0 event, 1 censored, 2 competing)."""
    return {0: 1, 1: 0, 2: 2}[status]


def parameter_code(clock: Clock) -> str:
    """At most eight capitals, as ADaM asks: EFSHSCT, OSINDEX."""
    endpoint, origin = clock.name.split(".")[:2]
    return f"{endpoint[:4]}{origin}".replace("_", "").upper()[:8]


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV with Unix line ends; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(row.get(name)) for name in columns} for row in rows)
    return out.getvalue()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    # The csv module leaves a bare carriage return unquoted, and a reader would take it for the end of the row.
    text = f"'{value}" if value.startswith(FORMULA_MARKS) else value
    return text.replace("\r\n", "\n").replace("\r", "\n")
