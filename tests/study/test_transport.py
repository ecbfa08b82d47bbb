"""The SAS transport files hold what the CSV files hold, by two readers that know nothing of how they were written."""

import csv
import json
import shutil
from datetime import date
from importlib import metadata

import pytest

from caseseries.analysis.exports import ADSL_COLUMNS
from caseseries.bundle import read_bundle
from caseseries.findings import StudyError
from caseseries.present import transport
from transport_files import Transport, ibm_float, read_transport

NUMBERS = {"AGE", "WBCDX", "AVAL", "CNSR"}
DATES = {"TRTSDT", "TRTEDT", "DIAGDT", "HSCTDT", "LSTALVDT", "DTHDT", "STARTDT", "ADT"}


@pytest.fixture(scope="module")
def study(demo, caseseries, tmp_path_factory):
    """The demo run again with --xpt, in a folder of its own."""
    folder = tmp_path_factory.mktemp("xpt") / "study"
    shutil.copytree(demo, folder)
    assert caseseries("run", folder, "--xpt", "--freeze").returncode == 0
    return folder


@pytest.fixture(scope="module", params=["adsl", "adtte"])
def pair(study, request) -> tuple[Transport, list[dict[str, str]]]:
    report = study / "report"
    with (report / f"{request.param}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return read_transport((report / "exports" / f"{request.param}.xpt").read_bytes()), rows


def test_every_value_is_that_of_the_csv(pair):
    read, rows = pair
    assert [variable.name for variable in read.variables] == list(rows[0])
    assert read.rows == [{name: _as_sas(name, value) for name, value in row.items()} for row in rows]


def _as_sas(name: str, text: str) -> float | str | None:
    if name in DATES:
        return float((date.fromisoformat(text) - date(1960, 1, 1)).days) if text else None
    if name in NUMBERS:
        return float(text) if text else None
    return text


def test_names_labels_and_formats_are_those_of_version_5(pair):
    read, _ = pair
    assert read.name in transport.DATASETS
    assert read.label == transport.DATASETS[read.name]
    for variable in read.variables:
        assert 0 < len(variable.name) <= 8
        assert 0 < len(variable.label) <= 40
        assert variable.numeric == (variable.name in DATES | NUMBERS)
        assert variable.format == ("DATE9." if variable.name in DATES else "")


def test_pandas_reads_the_same(study, pair):
    pandas = pytest.importorskip("pandas", reason="needs pandas: install constraints-engines.txt")
    read, _ = pair
    frame = pandas.read_sas(study / "report" / "exports" / f"{read.name.lower()}.xpt", encoding="utf-8")
    found = [{name: _mended(value) for name, value in row.items()} for row in frame.to_dict("records")]
    assert found == read.rows


def _mended(value: float | str) -> float | str | None:
    """pandas 2.3 has a bug: it reads zero, whose bytes are all zero, as 16 to the power of −65."""
    return None if value != value else 0.0 if value == 16.0**-65 else value


def test_the_file_says_the_data_cut_and_not_the_time_of_day(pair):
    read, _ = pair
    assert set(read.written) == {"31OCT19:00:00:00"}


def test_a_frozen_run_with_transport_files_is_reproduced(study, caseseries):
    again = caseseries("reproduce", study / "report" / "bundle.zip")
    assert (again.returncode, again.stdout.split(":")[0]) == (0, "identical")


def test_the_bundle_names_the_versions_of_what_wrote_the_transport_files(study):
    packages = json.loads(read_bundle(study / "report" / "bundle.zip")["environment.json"])["packages"]
    written_with = {name: metadata.version(name) for name in ("polars", "pyreadstat")}
    assert written_with.items() <= packages.items()


def test_a_run_that_does_not_ask_leaves_none_behind(study, caseseries, tmp_path):
    shutil.copytree(study, tmp_path / "study")
    assert caseseries("run", tmp_path / "study").returncode == 0
    assert not list((tmp_path / "study").rglob("*.xpt"))


def test_without_the_library_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(transport, "find_spec", lambda _: None)
    with pytest.raises(StudyError) as refused:
        transport.require_transport()
    assert [str(one) for one in refused.value.findings] == [
        'run --xpt: writing transport files needs pyreadstat. Install it: pip install "caseseries[xpt]".'
    ]


def test_a_text_that_does_not_fit_is_refused_and_not_cut():
    row = dict.fromkeys(ADSL_COLUMNS) | {"USUBJID": "A-01", "FUSION": "ü" * 101}
    with pytest.raises(StudyError) as refused:
        transport.to_transport("ADSL", ADSL_COLUMNS, [row], date(2019, 10, 31))
    assert [str(one) for one in refused.value.findings] == [
        "adsl.xpt: FUSION of A-01 has 202 bytes; a transport file has room for 200. Shorten it, or run without --xpt."
    ]
    row["FUSION"] = "ü" * 100
    data = transport.to_transport("ADSL", ADSL_COLUMNS, [row], date(2019, 10, 31))
    assert read_transport(data).rows[0]["FUSION"] == "ü" * 100
    assert read_transport(data).rows[0]["AGE"] is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [("4110000000000000", 1.0), ("c276a00000000000", -118.625), ("2e00000000000000", None), ("0" * 16, 0.0)],
)
def test_the_test_reads_ibm_numbers(cell, value):
    """−118.625 is the example of the format's description."""
    assert ibm_float(bytes.fromhex(cell)) == value
