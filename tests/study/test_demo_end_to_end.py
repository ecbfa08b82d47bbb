"""`caseseries demo`, as a user types it: the letter's numbers, and the same bytes anywhere, any day."""

import json
import locale
import shutil
from pathlib import Path

import pytest

# Clesham et al., Blood 2020;135:1501: what the letter prints, rounded as it prints it.
PRINTED = {
    "n.cases": 11,
    "age.index.median_years": 0.5,
    "mrd.before.median": 0.002,
    "mrd.response.complete": 9 / 11,
    "mrd.response.complete_or_partial": 1,
    "time.index_to_hsct.median": 51,
    "followup.hsct.survivors.median": 267,
    "efs.hsct.36m": 0.47,
    "os.hsct.36m": 0.81,
    "efs.index.36m": 0.51,
    "os.index.36m": 0.79,
    "toxicity.crs.any": 3 / 11,
    "toxicity.neuro.any": 1 / 11,
}
PLACES = {"age.index.median_years": 1, "mrd.before.median": 4} | dict.fromkeys(
    ("efs.hsct.36m", "os.hsct.36m", "efs.index.36m", "os.index.36m"), 2
)

# Exact, from the numbers at risk that the letter's percentages force (issue text: 11, 10, 7, 6, 5 and 11, 9).
FRACTIONS = {
    "efs.hsct.12m": 10 / 11 * 9 / 10 * 6 / 7 * 5 / 6 * 4 / 5,
    "efs.hsct.36m": 10 / 11 * 9 / 10 * 6 / 7 * 5 / 6 * 4 / 5,
    "os.hsct.36m": 10 / 11 * 8 / 9,
    # One death without relapse on day 57 among ten, one of eleven having relapsed on day 35.
    "nrm.hsct.36m": 10 / 11 * 1 / 10,
}

FILES = {
    "report.html",
    "report.pdf",
    "report.docx",
    "results.json",
    "listing.csv",
    "adtte.csv",
    "adsl.csv",
    "text.txt",
    "checklists.docx",
}

KEYS = [
    "id", "label", "value", "unit", "lower", "upper", "level", "method",
    "n", "events", "at_risk", "cases", "caveats", "shown",
]  # fmt: skip


def _load(folder: Path) -> dict:
    return json.loads((folder / "report" / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(demo) -> dict[str, dict]:
    return {row["id"]: row for row in _load(demo)["results"]}


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_report_is_whole(demo):
    assert {path.name for path in (demo / "report").iterdir() if path.is_file()} == FILES
    assert (demo / "report" / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("result_id", PRINTED)
def test_the_letters_numbers_come_out(rows, result_id):
    value = rows[result_id]["value"]
    if result_id in PLACES:
        value = round(value, PLACES[result_id])
    assert value == pytest.approx(PRINTED[result_id], abs=1e-12)


@pytest.mark.parametrize("result_id", FRACTIONS)
def test_the_curves_are_the_fractions_their_risk_sets_force(rows, result_id):
    assert rows[result_id]["value"] == pytest.approx(FRACTIONS[result_id], abs=1e-12)


def test_relapse_death_without_relapse_and_freedom_from_both_add_to_one(rows):
    parts = [rows[name]["value"] for name in ("efs.hsct.36m", "relapse.hsct.36m", "nrm.hsct.36m")]
    assert sum(parts) == pytest.approx(1, abs=1e-12)


def test_every_row_has_the_documented_keys_in_order(demo):
    document = _load(demo)
    assert document["schema"] == "caseseries-results/1"
    for row in document["results"]:
        assert list(row) == KEYS, row["id"]
    described = (Path(__file__).parents[2] / "docs" / "results-schema.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in described for key in [*KEYS, *document])


def test_a_three_year_estimate_on_one_child_says_so(rows):
    row = rows["efs.hsct.36m"]
    assert row["at_risk"] == 1
    assert any("rests on 1 case at risk" in caveat for caveat in row["caveats"])


def test_survival_is_quoted_with_bpcp_and_log_log_beside_it(rows):
    assert "beta product" in rows["efs.hsct.36m"]["method"]
    assert "log-log" in rows["efs.hsct.36m.loglog"]["method"]
    assert rows["efs.hsct.36m"]["lower"] < rows["efs.hsct.36m"]["value"] < rows["efs.hsct.36m"]["upper"]


def test_a_pointer_on_the_mrd_figure_reads_the_level_and_not_the_name(demo):
    drawn = (demo / "report" / "figures" / "mrd.svg").read_text(encoding="utf-8")
    assert "WL-01, before treatment (day −4): 1%" in drawn
    assert "WL-01, after treatment (day " in drawn
    assert ": 0.05%" in drawn
    assert drawn.count("not detected (&lt; 0.0") >= 9


def test_made_up_patients_are_said_to_be_made_up(demo):
    assert "made-up patients" in _load(demo)["notice"]
    assert "made-up patients" in (demo / "report" / "report.html").read_text(encoding="utf-8")


def test_why_leads_from_a_number_to_its_cells(caseseries, demo, rows):
    finished = caseseries("why", demo, "efs.hsct.36m")
    assert finished.returncode == 0
    assert rows["efs.hsct.36m"]["shown"] in finished.stdout
    for case in rows["efs.hsct.36m"]["cases"]:
        assert f"\n{case}\n" in finished.stdout
    assert ".xlsx › Transplant › " in finished.stdout


def test_a_locale_that_cannot_print_the_words_is_no_reason_to_fail(caseseries, demo, rows):
    _require_locale(LATIN_1)
    finished = caseseries("why", demo, "efs.hsct.36m", env={"LC_ALL": LATIN_1, "PYTHONUTF8": "0"})
    assert finished.returncode == 0, finished.stderr
    assert rows["efs.hsct.36m"]["shown"] in finished.stdout


def test_why_suggests_the_number_that_was_meant(caseseries, demo):
    finished = caseseries("why", demo, "efs.hsct.36")
    assert finished.returncode == 3
    assert finished.stderr.splitlines()[-1].startswith(
        "caseseries: no result is called efs.hsct.36. Did you mean efs.hsct.36m?"
    )


LATIN_1 = "de_DE.ISO-8859-1"
ELSEWHERE = {"TZ": "America/New_York", "PYTHONHASHSEED": "2", "HOME": "/nonexistent"}


def test_another_time_zone_and_hash_seed_give_the_same_bytes(caseseries, demo, tmp_path):
    again = tmp_path / "under another name"
    finished = caseseries("demo", again, env={**ELSEWHERE, "LC_ALL": "C"})
    assert finished.returncode == 0, finished.stderr
    assert _bytes_of(again) == _bytes_of(demo)


def test_another_day_and_another_locale_give_the_same_bytes(caseseries, demo, tmp_path, require_tool):
    faketime = require_tool("faketime")
    _require_locale(LATIN_1)
    finished = caseseries(
        "demo",
        tmp_path / "demo",
        env={**ELSEWHERE, "LC_ALL": LATIN_1, "PYTHONUTF8": "0"},
        before=[faketime, "2031-02-28 23:59:58"],
    )
    assert finished.returncode == 0, finished.stderr
    assert _bytes_of(tmp_path / "demo") == _bytes_of(demo)


def _require_locale(name: str) -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        pytest.skip(
            f"needs the locale {name}: install the Debian package locales, then: "
            "localedef -i de_DE -f ISO-8859-1 de_DE.ISO-8859-1"
        )
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_running_twice_changes_nothing(caseseries, demo, tmp_path):
    copy = shutil.copytree(demo, tmp_path / "copy")
    finished = caseseries("run", copy)
    assert finished.returncode == 0, finished.stderr
    assert _bytes_of(copy) == _bytes_of(demo)


def test_progress_is_on_stderr_and_data_on_stdout(caseseries, demo):
    finished = caseseries("check", demo, "--json")
    assert finished.returncode == 0
    assert list(json.loads(finished.stdout)) == ["cells", "files", "findings", "wells", "levels", "plates"]
    assert "Reading the returns" in finished.stderr
