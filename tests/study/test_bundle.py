"""`caseseries run --freeze` and `caseseries reproduce`: a run in one file, and the same run again."""

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from caseseries.bundle import _altered, describe_crate, describe_environment, read_bundle, write_bundle
from caseseries.findings import StudyError
from caseseries.study.load import load_study


@pytest.fixture(scope="module")
def frozen(demo, tmp_path_factory) -> Path:
    """The demo study with its bundle, under another name and elsewhere."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("frozen") / "copy")
    write_bundle(folder, load_study(folder))
    return folder


@pytest.fixture(scope="module")
def bundle(frozen) -> Path:
    return frozen / "report" / "bundle.zip"


@pytest.fixture(scope="module")
def graph(bundle) -> dict[str, dict]:
    crate = json.loads(read_bundle(bundle)["ro-crate-metadata.json"])
    return {entity["@id"]: entity for entity in crate["@graph"]}


def test_freezing_writes_the_same_bytes_wherever_the_study_lies(caseseries, demo, bundle, tmp_path):
    folder = shutil.copytree(demo, tmp_path / "under another name")
    finished = caseseries("run", "--freeze", folder, env={"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"})
    assert finished.returncode == 0, finished.stderr
    assert (folder / "report" / "bundle.zip").read_bytes() == bundle.read_bytes()
    assert f"is in {folder / 'report' / 'bundle.zip'}" in finished.stdout
    write_bundle(folder, load_study(folder))  # a bundle is no part of the next one
    assert (folder / "report" / "bundle.zip").read_bytes() == bundle.read_bytes()


def test_it_holds_the_inputs_the_report_and_the_environment(demo, bundle):
    files = {path.relative_to(demo).as_posix() for path in demo.rglob("*") if path.is_file()}
    assert read_bundle(bundle).keys() == (files - {"README.txt"}) | {
        "environment.json",
        "ro-crate-metadata.json",
    }


def test_whatever_a_run_read_is_in_the_bundle(bundle):
    parts = read_bundle(bundle)
    read = json.loads(parts["report/results.json"])["inputs"]
    assert len(read) == 23  # the protocol, six returns, fifteen plates, the comparators
    assert {name: hashlib.sha256(parts[name]).hexdigest() for name in read} == read


def test_decisions_identifiers_and_minutes_are_reproduced_too(frozen, caseseries, tmp_path):
    """Every kind of input that a run reads, here as the files it finds there."""
    folder = shutil.copytree(frozen, tmp_path / "more")
    (folder / "minutes").mkdir()
    (folder / "minutes" / "board.txt").write_text("Nothing was said of a child.\n", encoding="utf-8")
    finished = caseseries("run", "--freeze", folder)
    assert finished.returncode in (0, 1), finished.stderr
    assert "minutes/board.txt" in read_bundle(folder / "report" / "bundle.zip")
    again = caseseries("reproduce", folder / "report" / "bundle.zip")
    assert again.stdout.startswith("identical: "), again.stdout


def test_every_file_is_named_in_the_crate_with_its_hash(bundle, graph):
    """RO-Crate 1.1: a descriptor about "./", whose parts are File entities named by their relative paths."""
    assert graph["ro-crate-metadata.json"] == {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    assert {"name", "description", "datePublished", "license"} <= graph["./"].keys()
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    with zipfile.ZipFile(bundle) as archive:
        assert parts == set(archive.namelist()) - {"ro-crate-metadata.json"}
        for name in parts:
            data = archive.read(name)
            assert graph[name]["@type"] == "File"
            assert graph[name]["sha256"] == hashlib.sha256(data).hexdigest()
            assert graph[name]["contentSize"] == str(len(data))


def test_the_run_is_an_action_from_inputs_to_report(graph):
    run = graph["#run"]
    assert {"@id": "study.toml"} in run["object"]
    assert {"@id": "report/results.json"} in run["result"]
    assert graph[run["instrument"]["@id"]]["softwareVersion"] == "0.1.0"


def test_the_environment_names_versions_and_no_place(bundle):
    environment = json.loads(read_bundle(bundle)["environment.json"])
    assert environment == describe_environment(())
    assert not {"pyreadstat", "pytest"} & environment["packages"].keys()
    assert {"caseseries", "numpy", "scipy", "typst", "pydantic-core"} <= environment["packages"].keys()
    assert "/" not in json.dumps(environment)


def test_a_frozen_study_is_reproduced(caseseries, bundle):
    finished = caseseries("reproduce", bundle)
    assert finished.returncode == 0, finished.stderr
    results = len(json.loads(read_bundle(bundle)["report/results.json"])["results"])
    files = sum(name.startswith("report/") for name in read_bundle(bundle))
    assert finished.stdout == f"identical: {results} results, {files} files\n"


def test_a_report_that_other_software_made_names_its_first_difference(caseseries, frozen, tmp_path):
    """As if an earlier version had counted one child more at risk."""
    folder = shutil.copytree(frozen, tmp_path / "older")
    results = folder / "report" / "results.json"
    text = results.read_text(encoding="utf-8").replace("47% (95% CI 2–80)", "46% (95% CI 2–80)")
    results.write_text(text, encoding="utf-8")
    finished = caseseries("reproduce", write_bundle(folder, load_study(folder)))
    assert finished.returncode == 1
    assert finished.stdout == (
        "differs: report/results.json › efs.hsct.36m › shown: 46% (95% CI 2–80) → 47% (95% CI 2–80)\n"
    )


def _rewrite(bundle: Path, to: Path, **changed: bytes) -> Path:
    parts = {**read_bundle(bundle), **changed}
    with zipfile.ZipFile(to, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return to


def test_a_file_changed_after_freezing_is_named(caseseries, bundle, tmp_path):
    before = hashlib.sha256(read_bundle(bundle)["study.toml"]).hexdigest()
    altered = _rewrite(bundle, tmp_path / "b.zip", **{"study.toml": b"title = 1\n"})
    finished = caseseries("reproduce", altered)
    after = hashlib.sha256(b"title = 1\n").hexdigest()
    assert finished.returncode == 1
    assert (
        finished.stdout
        == f"differs: study.toml was changed after it was frozen: SHA-256 {before} → {after}\n"
    )


def test_a_file_slipped_in_is_named(caseseries, bundle, tmp_path):
    finished = caseseries("reproduce", _rewrite(bundle, tmp_path / "b.zip", **{"returns/x.xlsx": b"x"}))
    assert finished.returncode == 1
    assert finished.stdout == "differs: returns/x.xlsx was added after the study was frozen\n"


def test_a_file_taken_away_is_named(caseseries, bundle, tmp_path):
    parts = read_bundle(bundle)
    gone = next(name for name in parts if name.startswith("plates/"))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for name in parts.keys() - {gone}:
            archive.writestr(name, parts[name])
    finished = caseseries("reproduce", tmp_path / "b.zip")
    assert finished.returncode == 1
    assert finished.stdout == f"differs: {gone} was taken away after the study was frozen\n"


@pytest.mark.parametrize("name", ["ro-crate-metadata.json", "environment.json", "report/results.json"])
@pytest.mark.parametrize(
    "data",
    [b"", b'{"@graph": [', b"[1, 2]", b'{"@graph": [3], "results": 3, "packages": []}', b"[" * 100_000],
)
def test_a_record_that_no_bundle_has_is_refused_in_a_sentence(bundle, tmp_path, name, data):
    with pytest.raises(StudyError, match=f"{re.escape(name)} in the zip is not as a bundle has it"):
        read_bundle(_rewrite(bundle, tmp_path / "b.zip", **{name: data}))


def test_names_are_uri_references_in_the_crate_and_names_again_when_it_is_read(frozen):
    """RO-Crate 1.1, "Encoding file paths"."""
    parts = {"returns/St Mary’s 50%.xlsx": b"x", "ro-crate-metadata.json": b""}
    crate = describe_crate(load_study(frozen), {"returns/St Mary’s 50%.xlsx": b"x"})
    names = [one["@id"] for one in crate["@graph"] if one["@type"] == "File"]
    assert names == ["returns/St%20Mary%E2%80%99s%2050%25.xlsx"]
    parts["ro-crate-metadata.json"] = json.dumps(crate).encode()
    assert list(_altered(parts)) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../outside.txt", "the zip names a place outside itself: ../outside.txt"),
        ("/outside.txt", "the zip names a place outside itself: /outside.txt"),
        ("returns\\outside.txt", "the zip names a place outside itself: returns"),
        ("c:outside.txt", "the zip names a place outside itself: c:outside.txt"),
    ],
)
def test_a_bundle_cannot_write_outside_its_folder(bundle, tmp_path, name, what):
    with pytest.raises(StudyError) as refused:
        read_bundle(_rewrite(bundle, tmp_path / "b.zip", **{name: b"x"}))
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", "the file is not a zip"), (b"<html>", "the file is not a zip"), (b"PK\x03\x04", "the file is incomplete")],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_a_sentence(caseseries, tmp_path, data, what):
    (tmp_path / "b.zip").write_bytes(data)
    finished = caseseries("reproduce", tmp_path / "b.zip")
    assert finished.returncode == 2
    assert what in finished.stderr
    assert "Name the bundle.zip of a report made by: caseseries run --freeze." in finished.stderr


def test_a_zip_that_is_something_else_says_what_it_lacks(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("study.toml", "x")
    with pytest.raises(StudyError, match=r"the zip holds no ro-crate-metadata\.json"):
        read_bundle(tmp_path / "b.zip")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("study.toml", bytes(5_000_000))
    with pytest.raises(StudyError, match="unpacks more than 200-fold"):
        read_bundle(tmp_path / "b.zip")


def test_nothing_there_is_said(caseseries, tmp_path):
    finished = caseseries("reproduce", tmp_path / "none.zip")
    assert finished.returncode == 2
    assert "the file cannot be opened" in finished.stderr
