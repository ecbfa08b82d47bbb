"""Plates in a study folder: the same results as the returns', compared with them, every well accounted for."""

import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from caseseries.decisions.chain import Decision, Log
from caseseries.decisions.log import append_decision
from caseseries.demo import write_demo
from caseseries.findings import Severity, Where
from caseseries.pcr.criteria import PREVENT_FALSE_NEGATIVE
from caseseries.pcr.folder import read_plates
from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.reading import read_plate
from caseseries.pcr.simulate import DRIFT, Assay, Design, MadeSample, simulate_plate
from caseseries.pcr.specimens import Plates, Specimen, join_levels
from caseseries.pipeline import analyse_study, check_study, describe_reading, form_study
from caseseries.present.wording import level_interval
from caseseries.record.dates import ClinicalDate
from caseseries.record.levels import Level, LevelState
from caseseries.record.patient import Patient, Row, Source, Value
from caseseries.record.specimens import derive_level
from pcr_plates import logistic, own_profile

CASES = {"AB-01": "AB-01", "AB-011": "AB-011", "AB-02": "AB-01", "AB-03": ""}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates") / "demo"
    write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def checked(demo):
    return check_study(demo)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plates").mkdir()
    return tmp_path


def put(folder, name, *samples, marker="IGH", seed=1, **more):
    """A simulated plate in the study's plates folder."""
    design = Design(Assay(marker), samples, **more)
    path = folder / "plates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(write_rdml(simulate_plate(design, name, np.random.default_rng(seed))))
    return path


def read(folder, cases=CASES):
    return read_plates(folder, PREVENT_FALSE_NEGATIVE, cases)


# --- the demo ---------------------------------------------------------------------------------------------


def test_every_well_of_the_demo_is_used_and_every_level_agrees(checked):
    counts, measured = checked.plates.counts, checked.measured
    assert (counts.wells, counts.used, counts.set_aside, counts.asked) == (780, 780, 0, 0)
    assert (measured.agreed, measured.added, len(measured.questions)) == (30, 0, 0)
    assert checked.findings == ()


def test_the_plates_alone_give_the_letter_s_numbers(demo, checked):
    """Median 0.2 %, range 0.06 to 1 %, nine negative, two partial: with every MRD line of the returns taken away."""
    bare = tuple(
        replace(patient, rows={name: rows for name, rows in patient.rows.items() if name != "specimens"})
        for patient in checked.returns.patients
    )
    alone = form_study(demo, checked.study, replace(checked.returns, patients=bare), checked.log)
    assert (alone.measured.agreed, alone.measured.added) == (0, 30)
    results, before = analyse_study(alone), analyse_study(checked).results
    shown = {name: row.shown for name, row in results.results.items() if name.startswith("mrd.")}
    assert shown == {name: row.shown for name, row in before.items() if name.startswith("mrd.")}
    assert shown["mrd.before.median"].startswith("0.2%")
    assert {finding.code for finding in alone.findings} == {"plate.no_line"}


def test_the_report_says_that_plates_were_read_and_what_nobody_has_checked(demo, checked):
    lines = describe_reading(demo, checked).lines
    assert any(line.startswith("RQ-PCR plates: 15, with 780 wells: 780 used, 0 set aside") for line in lines)
    assert any(line.startswith("Not every number of these criteria was checked") for line in lines)
    assert sum(line.startswith("plates/, 15 files: SHA-256 ") for line in lines) == 1


def test_a_number_leads_to_its_wells(checked):
    found = analyse_study(checked).results["mrd.before.median"]
    places = [str(cell.where) for cell in found.sources["EM-01"]]
    assert "plates/EM-01_IGH_VH3-JH4.rdml › run 1 › D5, D6, D7" in places
    assert any("Follow" not in place and place.startswith("returns/") for place in places)


def test_a_level_s_interval_goes_wherever_its_number_goes(demo, checked, caseseries):
    """Drawn over time, spoken by the figure, listed, and beside the wells that `why` prints."""
    displays = analyse_study(checked).displays
    shown = [point for case in displays.trajectories for point in case.points if point.value]
    assert len(shown) > 8
    inside = [point.lower < point.value < point.upper for point in shown]
    assert sum(inside) >= 0.8 * len(inside)  # the centre's number, within half a log of the plate's
    assert all(1.1 < point.upper / point.lower < 6 for point in shown)
    row = next(row for row in displays.listing.rows if row["case_id"] == "EM-01")
    assert row["mrd_before_lower"] < row["mrd_before"] < row["mrd_before_upper"]
    assert (row["mrd_after"], row["mrd_after_lower"], row["mrd_after_upper"]) == (None, None, None)
    first = next(case for case in displays.trajectories if case.case_id == "EM-01").points[0]
    assert re.fullmatch(r"0\.4% \(95% interval 0\.\d+–0\.\d+%\)", level_interval(first))
    said = caseseries("why", str(demo), "mrd.before.median").stdout
    assert re.search(
        r"Cq 29\.\d+, 29\.\d+, 29\.\d+; 3\.9e-03 \(95 % interval 3\.\de-03 to \d\.\de-03\)", said
    )


def test_replicates_that_disagree_keep_their_highest_well_as_the_bound(folder):
    """Two wells of one in a thousand and one of a hundredth of that: below the range is not what they show."""
    path = put(folder, "a.rdml", MadeSample("AB-01 2019-05-31", 1e-3))
    plate = read_plate(path)
    curves = plate.fluorescence.copy()
    wells = [
        n for n, well in enumerate(plate.wells) if well.sample.startswith("AB") and not well.is_control_gene
    ]
    for row, level in zip(wells, (1e-3, 1e-3, 2e-4), strict=True):
        curves[row] = logistic(_cq(level), 0.95)
    path.write_bytes(write_rdml(replace(plate, fluorescence=curves)))
    (specimen,) = read(folder).specimens
    assert specimen.level.state is LevelState.BELOW_RANGE
    assert specimen.level.bounds()[1] == pytest.approx(1e-3, rel=0.2)
    assert specimen.level.quantitative_range < 2e-4


def test_the_demo_s_plates_are_the_same_bytes_and_small(demo, tmp_path):
    write_demo(tmp_path / "again")
    plates = sorted((demo / "plates").iterdir())
    assert len(plates) == 15
    for path in plates:
        data = path.read_bytes()
        assert data == (tmp_path / "again" / "plates" / path.name).read_bytes()
        assert len(data) < 20_000


# --- whose a sample is ------------------------------------------------------------------------------------


def test_a_sample_is_tied_by_its_name_and_wells_add_up(folder):
    put(folder, "a.rdml", MadeSample("AB-01 2019-05-31", 2e-3), MadeSample("AB-011_2019-06-02", 0.0))
    plates = read(folder)
    said = [(one.case_id, one.on, one.marker, one.level.state) for one in plates.specimens]
    assert said == [
        ("AB-01", date(2019, 5, 31), "IGH", LevelState.QUANTIFIED),
        ("AB-011", date(2019, 6, 2), "IGH", LevelState.NOT_DETECTED),
    ]
    wells = len(read_plate(folder / "plates" / "a.rdml").wells)
    assert plates.counts.wells == plates.counts.used == wells


def test_plate_toml_ties_what_the_name_does_not(folder):
    put(folder, "a.rdml", MadeSample("4711", 2e-3), marker="IGH-1")
    (folder / "plates" / "a.toml").write_text(
        '[samples.4711]\ncase = "AB-01"\nspecimen_date = 2019-05-31\n[targets.IGH-1]\nmarker = "IGH VH3-JH4"\n'
    )
    plates = read(folder)
    (one,) = plates.specimens
    assert (one.case_id, one.on, one.marker) == ("AB-01", date(2019, 5, 31), "IGH VH3-JH4")
    assert [file.file for file in plates.files] == ["plates/a.rdml", "plates/a.toml"]
    assert [finding.code for finding in plates.findings] == []


def test_a_name_that_plate_toml_misspells_is_told_once_all_its_plates_are_read(folder):
    put(folder, "a.rdml", MadeSample("4711", 2e-3))
    put(folder, "b.rdml", MadeSample("4712", 2e-3), seed=2)
    (folder / "plates" / "plate.toml").write_text(
        '[samples.4711]\ncase = "AB-01"\nspecimen_date = 2019-05-31\n'
        '[samples.4712]\ncase = "AB-01"\nspecimen_date = 2019-06-30\n'
        '[samples.4713]\ncase = "AB-02"\n'
    )
    (found,) = [finding for finding in read(folder).findings if finding.code == "setup.no_match"]
    assert str(found.where) == "plates/plate.toml › samples.4713"
    (folder / "plates" / "b.rdml").write_bytes(b"PK no plate")
    assert "setup.no_match" not in {finding.code for finding in read(folder).findings}


@pytest.mark.parametrize(
    ("sample", "missing"),
    [
        ("day 33", "its case and day"),
        ("AB-01 day 33", "its day"),
        ("XY-99 2019-05-31", "its case"),
        ("AB-01 2019-05-31 2019-06-01", "its day"),
        ("AB-01 2019-02-30", "its day"),
        ("AB-01-2 2019-05-31", "its case"),
        ("AB-01 AB-02 2019-05-31", "its case"),
    ],
)
def test_a_sample_nobody_can_tie_is_asked_about(folder, sample, missing):
    put(folder, "a.rdml", MadeSample(sample, 2e-3))
    plates = read(folder)
    assert plates.specimens == ()
    assert (plates.counts.asked, plates.counts.used) == (6, plates.counts.wells - 6)
    (found,) = plates.findings
    assert found.severity is Severity.VALUE
    assert str(found.where).startswith("plates/a.rdml › run 1 › ")
    assert found.what == f'the sample "{sample}" does not say {missing}'


def test_a_case_that_is_nearly_right_is_suggested(folder):
    put(folder, "a.rdml", MadeSample("AB-O1 2019-05-31", 2e-3))
    (found,) = read(folder).findings
    assert found.do.startswith("Did you mean AB-01?")


def test_a_second_record_counts_for_the_first_and_a_case_set_aside_for_none(folder):
    put(folder, "a.rdml", MadeSample("AB-02 2019-05-31", 2e-3), MadeSample("AB-03 2019-05-31", 2e-3))
    plates = read(folder)
    assert [one.case_id for one in plates.specimens] == ["AB-01"]
    assert (plates.counts.set_aside, plates.counts.asked) == (6, 0)


def test_what_cannot_be_read_is_a_finding_and_the_rest_goes_on(folder):
    put(folder, "a.rdml", MadeSample("AB-01 2019-05-31", 2e-3))
    (folder / "plates" / "b.rdml").write_bytes(b"PK\x05\x06")
    (folder / "plates" / "c.xlsx").write_bytes(b"")
    put(folder, "d.rdml", MadeSample("AB-01 2019-05-31", 2e-3), seed=2)
    (folder / "plates" / "d.toml").write_text("[samples.x]\nrole = 'sample'\n")
    plates = read(folder)
    assert len(plates.specimens) == 1
    told = [f"{finding.where}: {finding.code}" for finding in plates.findings]
    assert told == [
        "plates/b.rdml: zip.incomplete",
        "plates/c.xlsx: plate.empty",
        "plates/d.toml › samples.x.role: setup.value",
    ]


def test_a_copy_of_a_plate_is_not_counted_twice(folder):
    path = put(folder, "a.rdml", MadeSample("AB-01 2019-05-31", 2e-3))
    (folder / "plates" / "b.rdml").write_bytes(path.read_bytes())
    plates = read(folder)
    assert len(plates.specimens) == 1
    assert [str(finding) for finding in plates.findings] == [
        "plates/b.rdml: the file is the same as plates/a.rdml. Allowed: each plate once. Remove one of the two."
    ]


def test_plates_in_one_folder_are_read_together(folder):
    """The sample lies on the second plate, the curve on the first; a bridging dilution ties them."""
    put(folder, "run/a.rdml", MadeSample("AB-01 2019-05-31", 0.0))
    sample = MadeSample("AB-01 2019-07-01", 2e-3)
    put(folder, "run/b.rdml", sample, seed=2, dilutions=(1e-2,))
    second = [one for one in read(folder).specimens if one.on == date(2019, 7, 1)]
    assert [one.level.state for one in second] == [LevelState.QUANTIFIED]
    (folder / "plates" / "run" / "b.rdml").rename(folder / "plates" / "b.rdml")
    apart = [one for one in read(folder).specimens if one.on == date(2019, 7, 1)]
    assert [one.level.state for one in apart] == [LevelState.NOT_EVALUABLE]


# --- beside the return ------------------------------------------------------------------------------------


def change(tmp_path, name, level, sample_index=1, shape=None):
    """The demo with one plate made anew: the specimen's wells have another level, or this curve."""
    folder = tmp_path / "study"
    write_demo(folder)
    path = next(path for path in sorted((folder / "plates").iterdir()) if path.name.startswith(name))
    plate = read_plate(path)
    sample = list(dict.fromkeys(w.sample for w in plate.wells if w.sample.startswith(name[:5])))[sample_index]
    curves = plate.fluorescence.copy()
    for row, well in enumerate(plate.wells):
        if well.sample == sample and not well.is_control_gene:
            drifting = logistic(_cq(level), 0.95) + DRIFT * np.arange(50)  # as its neighbours do
            curves[row] = shape if shape is not None else drifting
    path.write_bytes(write_rdml(replace(plate, fluorescence=curves)))
    return folder, sample


def _cq(level):
    return np.inf if not level else 38.0 - np.log(level * 500 * 1000 / 6.6) / np.log(1.95)


def test_a_contradiction_names_both_places_and_neither_is_used(tmp_path):
    """The return says not detected; the plate shows one in a hundred copies, of a quarter more DNA than the reference."""
    folder, sample = change(tmp_path, "EM-02", 1e-2)
    checked = check_study(folder)
    (found,) = checked.problems
    assert found.code == "level.disagreement"
    assert str(found.where).startswith("returns/Eastmere.xlsx › MRD › ")
    assert "plates/EM-02_IGK_VK3-Kde.rdml › run 1 › " in found.what
    number = re.search(rf"gives (\S+) for {sample}, the return says not detected \(5.0e-05\)", found.what)
    assert float(number[1]) == pytest.approx(
        1e-2 / 1.25, rel=0.1
    )  # its plate's own curve and control wells scatter
    results = analyse_study(checked).results
    assert results["mrd.response.not_evaluable"].shown.startswith("1/11 ")
    assert results["mrd.after.not_detected"].estimate.n == 10


@pytest.mark.parametrize(("answer", "negative"), [("return", 9), ("plate", 8)])
def test_a_person_settles_it(tmp_path, answer, negative):
    folder, _ = change(tmp_path, "EM-02", 1e-2)
    (question,) = check_study(folder).questions
    said = Decision(question.id, question.text, answer, "asked the laboratory", "EB", "2020-01-01T00:00:00Z")
    append_decision(folder, said)
    again = check_study(folder)
    assert (again.problems, again.questions) == ((), ())
    results = analyse_study(again).results
    assert round(results["mrd.after.not_detected"].estimate.value * 11) == negative


def test_a_load_too_high_to_read_contradicts_a_negative(tmp_path):
    folder, _ = change(tmp_path, "EM-02", None, shape=logistic(2.0, 0.95))
    checked = check_study(folder)
    told = {finding.code for finding in checked.problems}
    assert told == {"level.disagreement", "level.very_high"}
    assert analyse_study(checked).results["mrd.response.not_evaluable"].shown.startswith("1/11 ")


def signed(result, **values):
    """AB-01 with one line of the MRD sheet, as its centre signed it."""
    where = Where("returns/ab.xlsx", "MRD", "D2")
    said = {
        "specimen_date": ClinicalDate.on(date(2019, 5, 31)),
        "marker": "IGH",
        "mrd_result": result,
        **values,
    }
    cells = {name: Value(value, Source(where, str(value))) for name, value in said.items()}
    return Patient("AB-01", "ab", {"specimens": (Row("specimens", "AB-01", where, cells),)})


def on_a_plate(level, well="A1", **more):
    place = Where("plates/p.rdml", "run 1", well)
    return Specimen("AB-01", date(2019, 5, 31), "AB-01 2019-05-31", "IGH", level, place, {}, **more)


LOST = on_a_plate(
    Level(LevelState.NOT_EVALUABLE), because="DNA: amplifiable DNA 0.02 of the reference, 0.1 wanted"
)


def test_a_negative_that_its_plate_cannot_show_is_asked_about():
    measured = join_levels(
        [signed("not detected", sensitivity_percent=0.01)], Plates(specimens=(LOST,)), Log()
    )
    (found,) = measured.findings
    assert str(found) == (
        "returns/ab.xlsx › MRD › D2: plates/p.rdml › run 1 › A1 cannot be evaluated for AB-01 2019-05-31 (DNA: "
        "amplifiable DNA 0.02 of the reference, 0.1 wanted), the return says not detected (1.0e-04). Allowed: a "
        "negative that its plate can show. Ask the centre which is right; neither is used until then."
    )
    (question,) = measured.questions
    assert [option.answer for option in question.options] == ["return", "plate"]
    (line,) = measured.patients[0].form("specimens")
    assert derive_level(line).state is LevelState.NOT_EVALUABLE


def test_a_positive_beside_a_plate_that_cannot_be_evaluated_stands():
    measured = join_levels([signed("quantified", mrd_percent=0.2)], Plates(specimens=(LOST,)), Log())
    assert (measured.findings, measured.questions, measured.agreed) == ((), (), 0)


def test_a_plate_read_again_speaks_for_the_one_that_could_not_be_evaluated():
    negative = on_a_plate(Level(LevelState.NOT_DETECTED, None, 1e-4, 1e-4), "B1")
    for specimens in ((LOST, negative), (negative, LOST)):
        measured = join_levels(
            [signed("not detected", sensitivity_percent=0.01)], Plates(specimens=specimens), Log()
        )
        assert (measured.findings, measured.questions, measured.agreed) == ((), (), 1)


def test_a_marker_too_high_to_read_is_not_outvoted_where_no_return_has_a_line(tmp_path):
    """NB-01 has two markers; one is clear, the other's wells rise from the start."""
    folder, _ = change(tmp_path, "NB-01_IGH", None, shape=logistic(2.0, 0.95))
    checked = check_study(folder)
    bare = tuple(
        replace(one, rows={name: rows for name, rows in one.rows.items() if name != "specimens"})
        for one in checked.returns.patients
    )
    alone = form_study(folder, checked.study, replace(checked.returns, patients=bare), checked.log)
    results = analyse_study(alone).results
    assert "NB-01" not in results["mrd.after.not_detected"].sources
    assert results["mrd.response.not_evaluable"].shown.startswith("1/11 ")


@pytest.mark.parametrize("diluted", [0.5, 0.0])
def test_a_specimen_diluted_and_read_again_has_the_level_of_the_dilution(diluted):
    """The wells that were too high to read no longer stand against their own repeat; a clear repeat clears nothing."""
    day = date(2019, 5, 31)
    state = LevelState.QUANTIFIED if diluted else LevelState.NOT_DETECTED
    read_again = Level(state, diluted or None, 1e-5, 1e-4)
    made = [
        Specimen(
            "AB-01",
            day,
            "AB-01",
            "IGH",
            Level(LevelState.NOT_EVALUABLE),
            Where("p", "", "A1"),
            {},
            "very high",
        ),
        Specimen("AB-01", day, "AB-01 1:10", "IGH", read_again, Where("p", "", "A4"), {}),
    ]
    patient = Patient("AB-01", "ab", {})
    (joined,) = join_levels([patient], Plates(specimens=tuple(made)), Log()).patients
    (line,) = joined.form("specimens")
    assert derive_level(line).value == (diluted or None)
    assert derive_level(line).state is not LevelState.NOT_DETECTED


def test_what_differs_by_less_than_half_a_log_stands_as_the_centre_signed_it(demo, tmp_path):
    folder, _ = change(tmp_path, "EM-02", 1.5e-3, sample_index=0)  # the return says 0.09 %
    checked = check_study(folder)
    assert checked.problems == ()
    shown = analyse_study(checked).results["mrd.before.median"].shown
    assert shown == analyse_study(check_study(demo)).results["mrd.before.median"].shown


# --- at the terminal --------------------------------------------------------------------------------------


def test_check_prints_the_sums_and_json_holds_them(caseseries, demo):
    text = caseseries("check", str(demo))
    assert "Wells: 780 on 15 plates = 780 used + 0 set aside + 0 asked about\n" in text.stdout
    record = json.loads(caseseries("check", str(demo), "--json").stdout)
    assert record["wells"] == {"wells": 780, "used": 780, "set_aside": 0, "asked": 0}
    assert len(record["plates"]) == 15
    for plate in record["plates"]:
        assert plate["wells"] == plate["used"] + plate["set_aside"] + plate["asked"] == 52


def test_why_prints_the_wells(caseseries, demo):
    said = caseseries("why", str(demo), "mrd.before.median").stdout
    assert "  plates/EM-01_IGH_VH3-JH4.rdml › run 1 › D5, D6, D7 › IGH VH3-JH4: Cq " in said


def test_a_study_may_bring_its_own_criteria(folder):
    put(folder, "a.rdml", MadeSample("AB-01 2019-05-31", 2e-3))
    own_profile(folder / "sop.toml", lambda text: text.replace('verified_by = ""', 'verified_by = "EB"'))
    plates = read_plates(folder, "sop.toml", CASES)
    assert plates.unverified == ()
