"""One run in several files, as Bio-Rad CFX, QuantStudio and LightCycler 480 write it: the same plate as in one."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from caseseries.findings import Severity
from caseseries.pcr.calls import State, call_wells
from caseseries.pcr.command import read_report, say_report
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE, load_profile
from caseseries.pcr.folder import read_plates
from caseseries.pcr.mrd import interpret_plate
from caseseries.pcr.plate import PlateError, Reading
from caseseries.pcr.runs import find_runs, read_run, run_of
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from caseseries.record.levels import LevelState
from pcr_plates import logistic
from vendor_files import (
    CFX_HEAD,
    cfx_files,
    cfx_xml,
    lightcycler_480_files,
    quantstudio_files,
    rotor_gene_analysis,
    rotor_gene_run,
    xlsx,
)

RUN = "admin_2024-12-12 07-28-06_CT042281"
SAMPLES = (
    MadeSample("high 2020-01-02", 0.0),
    MadeSample("clear 2020-01-02", 0.0),
    MadeSample("low 2020-01-02", 2e-3),
)
SETUP = 'control_genes = ["ALB"]\n[samples.MNC]\nrole = "background"\n'


@pytest.fixture(scope="module")
def plate():
    """Simulated; the wells of the first sample rise from the second cycle, and their Cq is missing."""
    design = Design(Assay("IGH", background_share=0.5), SAMPLES)
    made = simulate_plate(design, "made.rdml", np.random.default_rng(4))
    curves = made.fluorescence.copy()
    high = [n for n, one in enumerate(made.wells) if one.sample.startswith("high") and one.target == "IGH"]
    curves[high] = logistic(2.0, 0.95) + np.random.default_rng(4).normal(0, 0.01, (3, 50))
    made = replace(made, fluorescence=curves)
    calls = [one.call for one in interpret_plate(made, load_profile(PREVENT_FALSE_NEGATIVE)).reactions]
    readings = (Reading(call.cq, "" if call.cq is None else f"{call.cq:.3f}") for call in calls)
    return replace(
        made,
        wells=tuple(replace(one, reading=reading) for one, reading in zip(made.wells, readings, strict=True)),
    )


def put(folder, files, setup=SETUP):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "plate.toml").write_text(setup, encoding="utf-8")
    return folder


def levels(report):
    return {one.sample: one for one in report.levels}


def same_levels(report, plate):
    """What the plate says in one file: the levels to 2 %, for CFX takes off another baseline."""
    own, found = levels(interpret_plate(plate, load_profile(PREVENT_FALSE_NEGATIVE))), levels(report)
    assert {name: one.level.state for name, one in found.items()} == {
        name: one.level.state for name, one in own.items()
    }
    high, clear, low = (found[sample.name] for sample in SAMPLES)
    assert high.stopped_by[0].code == "level.very_high"
    assert clear.level.state is LevelState.NOT_DETECTED
    assert low.level.value == pytest.approx(own[SAMPLES[2].name].level.value, rel=0.02)
    return True


def codes(report):
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize("comma", [False, True], ids=["comma", "semicolon and decimal comma"])
@pytest.mark.parametrize("how", ["folder", "run", "files"])
def test_cfx_s_files_are_one_plate_however_they_are_named(how, comma, plate, tmp_path):
    folder = put(tmp_path, cfx_files(plate, RUN, comma=comma))
    wanted = [
        path for path in sorted(folder.iterdir()) if "Cq Results" in path.name or "Amplification" in path.name
    ]
    named = {"folder": [folder], "run": [folder / RUN], "files": wanted}[how]
    report = read_report(named, PREVENT_FALSE_NEGATIVE)
    assert same_levels(report, plate)
    assert (report.plate.name, report.plate.format) == (RUN, "Bio-Rad CFX table")
    assert len(report.plate.wells) == len(plate.wells)
    assert report.plate.subtracted
    assert len(report.plate.sha256.split()) == (3 if how == "files" else 4)  # the summary is read too
    assert "plate.part_missing" not in codes(report)


def test_what_is_not_needed_is_set_aside_with_its_reason(plate, tmp_path):
    folder = put(tmp_path, {**cfx_files(plate, RUN), f"{RUN}.pcrd": b"PK", f"{RUN}.pdf": b"%PDF"})
    report = read_report([folder], PREVENT_FALSE_NEGATIVE)
    (finding,) = [one for one in report.findings if one.code == "plate.set_aside"]
    assert finding.severity is Severity.NOTE
    for name, why in (
        ("Melt Curve Derivative Results_FAM.csv", "melting, not amplification"),
        ("Quantification Plate View Results_HEX.csv", "the Cq again, as a picture of the plate"),
        ("End Point Results_FAM.csv", "the last cycles only"),
        ("Standard Curve Results_0.csv", "the instrument's own standard curves"),
        ("Gene Expression Results - Bar Chart.csv", "relative expression"),
    ):
        assert f"{RUN} -  {name} ({why})" in finding.what
    assert f"{RUN}.pcrd (the instrument's own file, encrypted)" in finding.what
    assert f"{RUN}.pdf (a picture or a report)" in finding.what
    read = len(report.plate.sha256.split())
    assert read + finding.what.count("; ") + 1 == len(list(folder.iterdir())) - 1  # all but plate.toml


def test_workbooks_and_xml_say_the_same(plate, tmp_path):
    """Excel exports hold the dyes as sheets and the Cq on a sheet called 0; XML has the sheet for its root."""
    tables = {
        name.split(" -  ")[-1].removesuffix(".csv"): list(csv.reader(io.StringIO(data.decode())))
        for name, data in cfx_files(plate, RUN).items()
        if "Cq Results" in name or "Amplification" in name
    }
    cq = tables.pop("Quantification Cq Results")
    curves = {name.rpartition("_")[2]: rows for name, rows in tables.items()}
    one = put(
        tmp_path / "xlsx",
        {
            f"{RUN} -  Quantification Cq Results.xlsx": xlsx(
                {"0": cq, "Run Information": [["File Name", "x"]]}
            ),
            f"{RUN} -  Quantification Amplification Results.xlsx": xlsx(curves),
        },
    )
    other = put(
        tmp_path / "xml",
        {
            f"{RUN} -  Quantification Cq Results.xml": cfx_xml(cq, "_x0030_"),
            **{
                f"{RUN} -  Quantification Amplification Results_{dye}.xml": cfx_xml(rows, dye)
                for dye, rows in curves.items()
            },
        },
    )
    for folder in (one, other):
        assert same_levels(read_report([folder], PREVENT_FALSE_NEGATIVE), plate)


def test_a_sheet_named_by_half_a_character_ends_in_words(caseseries, tmp_path):
    """The name of a sheet becomes a target, and a target is printed."""
    cycles = "".join(f"<Row><Cycle>{n}</Cycle><A1>{n / 7}</A1></Row>" for n in range(1, 41))
    path = tmp_path / "r -  Quantification Amplification Results.xml"
    path.write_text(f"<_xD83D_>{cycles}</_xD83D_>", encoding="utf-8")
    done = caseseries("mrd", path)
    assert done.returncode == 1
    assert "wells with a curve that stand in no table of Cq: 1" in done.stdout
    assert "Traceback" not in done.stderr


def test_quantstudio_s_files_are_one_plate(plate, tmp_path):
    folder = put(tmp_path, quantstudio_files(plate, "Plate1"))
    report = read_report([folder], PREVENT_FALSE_NEGATIVE)
    assert same_levels(report, plate)
    assert not report.plate.subtracted
    assert "Plate1_Raw Data_20250506_164601.csv (no table of wells)" in say_report(report)


def test_lightcycler_480_joins_its_cp_to_the_light_of_their_filters(plate, tmp_path):
    folder = put(tmp_path, lightcycler_480_files(plate, "run 12"), '[samples.MNC]\nrole = "background"\n')
    report = read_report([folder / "run 12"], PREVENT_FALSE_NEGATIVE)
    assert {one.target for one in report.plate.wells} == {"FAM (465-510)"}
    assert np.isfinite(report.plate.fluorescence).all()
    assert {one.call.state.value for one in report.reactions if one.well.sample.startswith("high")} == {
        "baseline failure"
    }
    assert {level.level.state for level in report.levels} == {LevelState.NOT_EVALUABLE}  # no control gene
    assert report.curves[0].accepted


@pytest.mark.parametrize("comma", [False, True], ids=["point", "comma"])
def test_a_rotor_gene_s_run_and_its_analysis_are_one_plate(plate, tmp_path, comma):
    """The light lies in the run file, the Ct in the analysis, and only plate.toml knows what a tube measures."""
    said = [SETUP, *(f'[wells.{n}]\ntarget = "{well.target}"\n' for n, well in enumerate(plate.wells, 1))]
    for sample, well in {well.sample: well for well in plate.wells if well.quantity}.items():
        role = f"dilution = {well.quantity}\n" if well.unit == "dil" else 'role = "standard"\n'
        said.append(f'[samples."{sample}"]\n{role}')
    alone = put(tmp_path / "alone", {"run 7.rex": rotor_gene_run(plate, comma=comma)}, "".join(said))
    report = read_report([alone], PREVENT_FALSE_NEGATIVE)
    assert (report.plate.format, len(report.plate.wells)) == ("Rotor-Gene run", len(plate.wells))
    assert same_levels(report, plate)
    files = {"run 7.rex": rotor_gene_run(plate, comma=comma), "run 7 Ct.csv": rotor_gene_analysis(plate)}
    both = read_report([put(tmp_path / "both", files, "".join(said)) / "run 7"], PREVENT_FALSE_NEGATIVE)
    assert same_levels(both, plate)
    assert len(both.plate.wells) == len(plate.wells)
    assert [one.reading.cq for one in both.plate.wells] == [
        float(one.reading.text) if one.reading.text else None for one in plate.wells
    ]
    assert "plate.part_missing" not in codes(both)


def test_files_without_a_run_in_their_names_are_the_folder_s(plate, tmp_path):
    files = {
        name.replace("Plate1_", "").replace("_20250506_164601", ""): data
        for name, data in quantstudio_files(plate, "Plate1").items()
    }
    report = read_report([put(tmp_path / "Card 1", files)], PREVENT_FALSE_NEGATIVE)
    assert report.plate.name == "Card 1"
    assert same_levels(report, plate)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (
            "Amplification",
            ". Export the curves of the run too; without them nothing is called negative.",
        ),
        ("Results_HEX", " of HEX. Export the curves of the run too"),
        ("Cq Results", " of FAM, HEX. Export the Cq results of the run too"),
    ],
)
def test_a_part_that_was_not_sent_is_asked_for_and_nothing_is_negative(left_out, said, plate, tmp_path):
    files = {
        name: data
        for name, data in cfx_files(plate, RUN).items()
        if ("Cq Results" in name or "Amplification" in name) and left_out not in name
    }
    report = read_report([put(tmp_path, files)], PREVENT_FALSE_NEGATIVE)
    (finding,) = [one for one in report.findings if one.code == "plate.part_missing"]
    assert said in str(finding)
    words = "with a curve that stand in no table of Cq" if left_out == "Cq Results" else "without a curve"
    assert f"wells {words}: " in finding.what
    assert finding.severity is Severity.VALUE
    if left_out != "Results_HEX":
        assert not any(one.level.state is LevelState.NOT_DETECTED for one in report.levels)


def test_a_part_that_lies_beside_what_was_named_is_pointed_at(plate, tmp_path):
    folder = put(tmp_path, cfx_files(plate, RUN))
    report = read_report([folder / f"{RUN} -  Quantification Cq Results.csv"], PREVENT_FALSE_NEGATIVE)
    (finding,) = [one for one in report.findings if one.code == "plate.part_missing"]
    assert (
        f"Amplification Results_HEX.csv, {RUN} -  Quantification Summary_0.csv too, or the run: {RUN}"
        in finding.do
    )


def test_cq_that_two_files_of_a_run_tell_differently_refuse_it(plate, tmp_path):
    """Analysed again between two exports: nobody can tell which is meant."""
    files = cfx_files(plate, RUN)
    name = f"{RUN} -  Quantification Summary_0.csv"
    first = next(one for one in plate.wells if one.reading.cq is not None)
    files[name] = files[name].replace(first.reading.text.encode(), b"11.111", 1)
    with pytest.raises(PlateError) as refused:
        read_report([put(tmp_path, files)], PREVENT_FALSE_NEGATIVE)
    (finding,) = refused.value.findings
    assert (finding.where.file, finding.where.cell) == (RUN, first.position)
    assert f'its Cq is "{first.reading.text}" and "11.111"' in finding.what


def test_every_file_that_cannot_be_read_is_named_at_once(plate, tmp_path):
    files = cfx_files(plate, RUN)
    broken = [name for name in files if "Amplification" in name]
    files |= dict.fromkeys(broken, b"\x00" * 2000)
    with pytest.raises(PlateError) as refused:
        read_report([put(tmp_path, files)], PREVENT_FALSE_NEGATIVE)
    assert [one.where.file for one in refused.value.findings] == broken


def test_a_run_told_as_a_whole_and_in_tables_is_not_counted_twice(plate, tmp_path):
    folder = put(tmp_path, {**cfx_files(plate, "run7"), "run7.rdml": b"<rdml/>"})
    with pytest.raises(PlateError, match=r"run7.rdml holds the run, and other files of it are named too: 4"):
        read_report([folder], PREVENT_FALSE_NEGATIVE)


@pytest.mark.parametrize(
    ("names", "code", "words"),
    [
        ([], 2, "the folder holds no plate. Check the path."),
        (["run7.pcrd"], 2, "run7.pcrd (the instrument's own file, encrypted). Export its Cq and its curves"),
        (["run7 -  Melt Curve Summary_0.csv"], 2, "(melting, not amplification)"),
    ],
)
def test_a_folder_with_nothing_to_read_ends_in_a_sentence(caseseries, tmp_path, names, code, words):
    folder = tmp_path / "plates"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"PK")
    done = caseseries("mrd", folder)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_takes_a_folder_and_says_every_hash(caseseries, plate, tmp_path):
    folder = put(tmp_path / "plates", cfx_files(plate, RUN))
    record = json.loads(caseseries("mrd", folder, "--json").stdout)
    assert record["plate"]["name"] == RUN
    assert len(record["plate"]["sha256"].split()) == 4
    assert {one["plate"] for one in record["wells"]} == {RUN}


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("sam_2025-06-03_16-25-01_Connect-VIPERIN-Quantification-Cq-Results.csv", "sam_2025-06-03_16-25-01_Connect-VIPERIN"),
        ("2024 run 3 -  Quantification Amplification Results_Quasar 705.csv", "2024 run 3"),
        ("2024 run 3 -  Melt Curve Plate View Results_SYBR.csv", "2024 run 3"),
        ("20220223_143030_CT013542_RT_QPCR_MULT -  Quantification Summary_0.csv", "20220223_143030_CT013542_RT_QPCR_MULT"),
        ("Plate1_M2_M4_20250506_150236_Amplification Data_20250506_164601.csv", "Plate1_M2_M4_20250506_150236"),
        ("NB-01_IGH_DH3-JH5.rdml", "NB-01_IGH_DH3-JH5"),
        ("run 12 Cp.txt", "run 12"),
        ("Results.csv", ""),
        ("direct.txt", "direct"),
        ("2025.03 plate", "2025.03 plate"),
    ],
)  # fmt: skip
def test_names_of_published_exports_are_parted_into_run_and_kind(name, run):
    assert run_of(name) == run


def test_files_that_only_share_a_name_stay_plates_of_their_own(tmp_path):
    for name in ("p.csv", "p.rdml", "q.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    runs = find_runs([tmp_path])
    assert [[path.name for path in run.wanted] for run in runs] == [["p.csv"], ["p.rdml"], ["q.csv"]]


def test_a_setup_named_after_the_run_goes_with_it(plate, tmp_path):
    folder = put(tmp_path, cfx_files(plate, RUN), "")
    (folder / "plate.toml").unlink()
    (folder / f"{RUN}.toml").write_text(SETUP, encoding="utf-8")
    assert same_levels(read_report([folder / RUN], PREVENT_FALSE_NEGATIVE), plate)


def test_a_study_s_plates_folder_reads_runs_and_accounts_for_every_file(plate, tmp_path):
    files = {**cfx_files(plate, RUN), "other.pcrd": b"PK", "note.pdf": b"%PDF"}
    put(tmp_path / "plates", files)
    cases = {"high": "high", "clear": "clear", "low": "low"}
    found = read_plates(tmp_path, PREVENT_FALSE_NEGATIVE, cases)
    assert {one.file for one in found.files} == {f"plates/{name}" for name in (*files, "plate.toml")}
    assert found.read == 1
    assert found.counts.wells == len(plate.wells)
    states = {one.case_id: one.level.state for one in found.specimens}
    assert states == {
        "high": LevelState.NOT_EVALUABLE,
        "clear": LevelState.NOT_DETECTED,
        "low": LevelState.QUANTIFIED,
    }
    assert {one.where.file for one in found.specimens} == {f"plates/{RUN}"}
    aside = {one.where.file: one.severity for one in found.findings if one.code == "plate.set_aside"}
    assert aside == {
        f"plates/{RUN}": Severity.NOTE,
        "plates/other": Severity.FILE,
        "plates/note": Severity.NOTE,
    }


def test_two_dyes_in_one_well_are_told_apart_by_the_names_of_their_files(tmp_path):
    """The one amplifies in every well, the other in none: exchanged, a positive would be a level curve."""
    places = [f"A{n}" for n in range(1, 9)]
    head = [*CFX_HEAD.split(",")[:6], "Cq"]
    cq = [
        ["", place, dye, target, "Unkn-01", "s", "NaN"]
        for place in places
        for dye, target in (("FAM", "IGH"), ("HEX", "ALB"))
    ]
    shapes = {"FAM": [logistic(20 + n) - 2 for n in range(8)], "HEX": [logistic(np.inf) - 2] * 8}
    files = {"r -  Quantification Cq Results.csv": [head, *cq]}
    for dye, shape in shapes.items():
        curves = [["", n + 1, *(float(one[n]) for one in shape)] for n in range(50)]
        files[f"r -  Quantification Amplification Results_{dye}.csv"] = [["", "Cycle", *places], *curves]
    (run,) = find_runs([put(tmp_path, {name: as_text(rows) for name, rows in files.items()})])
    plate = read_run(run)
    called = {
        (one.position, one.target): call
        for one, call in zip(plate.wells, call_wells(plate, late_after=40), strict=True)
    }
    assert len(called) == 16
    for n, place in enumerate(places):
        assert called[place, "IGH"].cq == pytest.approx(20 + n, abs=0.2)
        assert called[place, "ALB"].state is State.NONE


def test_a_table_that_leaves_a_cq_out_does_not_take_it_away(plate, tmp_path):
    files = {name: data for name, data in cfx_files(plate, RUN).items() if "Cq Results" in name}
    summary = [["", "Well", "Fluor", "Target", "Content", "Sample", "Cq"]]
    summary += [
        ["", one.position, "HEX" if one.is_control_gene else "FAM", one.target, "", "", ""]
        for one in plate.wells
    ]
    files[f"{RUN} -  Quantification Summary_0.csv"] = as_text(summary)
    (run,) = find_runs([put(tmp_path, files)])
    read = {(one.position, one.target): one.reading.cq for one in read_run(run).wells}
    assert len(read) == len(plate.wells)
    for one in plate.wells:
        said = one.reading.text
        assert read[one.position, one.target] == (float(said) if said else None)


def as_text(rows):
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def test_a_run_and_its_wells_are_read_without_the_others_of_the_folder(plate, tmp_path):
    folder = put(tmp_path, {**cfx_files(plate, "run 1"), **cfx_files(plate, "run 10")})
    (run,) = find_runs([folder / "run 1"])
    assert run.path == folder / "run 1"
    assert len(read_run(run).wells) == len(plate.wells)
