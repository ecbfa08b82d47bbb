"""Whatever stands in a file, `caseseries survival` answers or says why not: no row is lost, and no error is a traceback."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseseries.findings import StudyError
from caseseries.registry.coding import CODINGS, DAYS_PER_UNIT, Layout
from caseseries.survival_command.run import Options, answer_survival, print_survival

ODD = (
    "",
    "NA",
    "nan",
    "inf",
    "-0",
    "1e400",
    "1,5",
    "1_0",
    "0x5",
    '"',
    '"a',
    "\x00",
    "\x1f",
    "\u200b",
    "2020-01-01",
    "9" * 400,
)
cells = st.one_of(
    st.integers(-1, 9).map(str), st.integers(0, 1).map(str), st.sampled_from(ODD), st.text(max_size=3)
)
questions = st.sampled_from(
    [
        Options(at="3d", test="log-rank", quantiles="25,50", rmst="auto", hazard=True),
        Options(at="3d,2m", given="3d", landmark="1d", reference="3d=0.5"),
        Options(model="cox", covariates="x"),
        Options(model="firth", covariates="x,y", cluster="x"),
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=6), max_size=8),
    separator=st.sampled_from(",;\t"),
    entry=st.sampled_from(["", "y"]),
    unit=st.sampled_from(sorted(DAYS_PER_UNIT)),
    coding=st.sampled_from(["", *CODINGS]),
    options=questions,
)
def test_every_row_is_used_or_named(rows, separator, entry, unit, coding, options):
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        lines = [separator.join(row) for row in [["t", "e", "g", "x", "y"], *rows]]
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        if options.model:
            entry = ""
        layout = Layout("t", "e", group="g", entry=entry, unit=unit, coding=coding)
        try:
            found, question = answer_survival(str(path), layout, options)
        except StudyError:
            return  # said in sentences, which the specification tests read
        read = json.loads(print_survival(str(path), found, question, "", as_json=True))["read"]
        assert print_survival(str(path), found, question, "", as_json=False)
        assert read["rows"] == read["used"] + read["refused"]
        assert len({finding.where for finding in found.counted.findings}) == read["refused"]
        assert sum(table.n for table in found.counted.tables.values()) <= read["used"]
