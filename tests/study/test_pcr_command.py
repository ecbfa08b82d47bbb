"""`caseseries mrd` as the bench uses it."""

import json

import numpy as np
import pytest

from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from pcr_plates import one_well, rdml


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    path = tmp_path_factory.mktemp("plates") / "case01.rdml"
    samples = (MadeSample("before", 2e-3), MadeSample("after", 0.0))
    path.write_bytes(write_rdml(simulate_plate(Design(Assay("IGH-1"), samples), path.name)))
    return path


def test_levels_in_words(caseseries, plate):
    done = caseseries("mrd", plate)
    assert done.returncode == 0
    assert "before · IGH-1: 2.0e-03 (95 % interval " in done.stdout
    assert "after · IGH-1: not detected at sensitivity 1.3e-05" in done.stdout
    assert "0 of 22 values checked against the publication" in done.stdout
    assert "Not checked against the publication: slope_steepest" in done.stdout


def test_levels_as_json_twice_the_same(caseseries, plate):
    first, second = caseseries("mrd", plate, "--json"), caseseries("mrd", plate, "--json")
    assert first.stdout == second.stdout
    states = {level["sample"]: level["state"] for level in json.loads(first.stdout)["levels"]}
    assert states == {"before": "quantified", "after": "not detected"}


def test_roles_before_anything_is_computed(caseseries, plate):
    done = caseseries("mrd", plate, "--roles")
    assert done.stdout.splitlines()[0].split() == ["well", "sample", "target", "role", "amount", "because"]
    assert "MNC" in done.stdout
    assert "the file says ntp" in done.stdout
    assert "interval" not in done.stdout


def test_a_plate_toml_beside_the_plate_is_used(caseseries, plate, tmp_path):
    copy = tmp_path / "case01.rdml"
    copy.write_bytes(plate.read_bytes())
    (tmp_path / "case01.toml").write_text('[samples.before]\nexclude = "mixed up, EB"\n', encoding="utf-8")
    done = caseseries("mrd", copy)
    assert done.returncode == 1
    assert "before · IGH-1: not evaluable" in done.stdout
    assert "excluded by plate.toml: mixed up, EB" in caseseries("mrd", copy, "--roles").stdout


def test_problems_exit_with_one(caseseries, tmp_path):
    path = tmp_path / "p.rdml"
    path.write_bytes(rdml(one_well()))
    done = caseseries("mrd", path)
    assert done.returncode == 1
    assert "t has no standards" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["none.rdml"],
            2,
            "none.rdml: the file cannot be opened (No such file or directory). Check the path.",
        ),
        (["PLATE", "--profile", "mine"], 2, 'there is no profile "mine"'),
        (["PLATE", "--cq", "both"], 3, 'caseseries: --cq is "both"; allowed: own, instrument'),
        ([], 3, "Missing argument"),
    ],
)
def test_wrong_use_and_unreadable_files_end_in_a_sentence(caseseries, plate, arguments, code, words):
    done = caseseries("mrd", *(str(plate) if one == "PLATE" else one for one in arguments))
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plate_named_twice_is_refused_and_two_of_one_name_are_kept_apart(caseseries, plate, tmp_path):
    """Wells counted twice would claim a sensitivity that the DNA never had."""
    (tmp_path / "a").mkdir()
    copy = tmp_path / "a" / plate.name
    copy.write_bytes(plate.read_bytes())
    twice = caseseries("mrd", str(plate), str(copy))
    assert twice.returncode == 2
    assert "the same file is named twice. Allowed: each plate once. Name it once." in twice.stderr
    design = Design(Assay("IGH-1"), (MadeSample("XY-01", 0.0),))
    copy.write_bytes(write_rdml(simulate_plate(design, plate.name, np.random.default_rng(9))))
    both = json.loads(caseseries("mrd", str(plate), str(copy), "--json").stdout)
    assert len({well["plate"] for well in both["wells"]}) == 2
    head, first, *_ = caseseries("mrd", str(plate), str(copy), "--roles").stdout.splitlines()
    assert head.split()[:3] == ["plate", "run", "well"]
    assert first.startswith(str(plate))


def test_a_plate_without_anything_to_draw_says_so(caseseries, data_folder, tmp_path):
    """A file of Cq without names has no sample and no curve; no empty page is written, and nothing fails in silence."""
    wrote = caseseries("mrd", data_folder / "data" / "qpcr" / "sample.tsv", "--page", tmp_path / "page")
    assert "No page was written to" in wrote.stderr
    assert not (tmp_path / "page").exists()
