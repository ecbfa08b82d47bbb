"""What each well is for, who says so, and what is asked when nobody does."""

from dataclasses import replace

import numpy as np
import pytest

from caseseries.pcr.checks import check_roles, check_setup
from caseseries.pcr.plate import PlateError, Task, name_targets
from caseseries.pcr.roles import Role, apply_setup, assign_roles, parse_dilution
from caseseries.pcr.setup import Saying, Setup, load_setup
from pcr_plates import logistic, plate_of, well


def part_of(sample: str = "pt 7", setup: Setup | None = None, **more):
    plate = plate_of([well("A1", sample, **more)], [logistic(25.0)])
    return assign_roles(plate, setup)[0]


@pytest.mark.parametrize(
    ("name", "dilution"),
    [
        ("10-3", 1e-3),
        ("dx 10^-4", 1e-4),
        ("5x10-4", 5e-4),
        ("5 × 10^-5", 5e-5),
        ("5х10-4", 5e-4),  # a Cyrillic letter
        ("1E-03", 1e-3),
        ("std 2.5e-4 b", 2.5e-4),
        ("1:1000", 1e-3),
        ("1:10,000", 1e-4),
        ("10−2", 1e-2),
        ("10E-3", None),
        ("pt 10", None),
        ("2020-10-3", None),
        ("P10-3", None),
        ("pt 10-30", None),
        ("1:0", None),
        ("1:" + "9" * 5000, None),
        ("10^-" + "9" * 5000, 0.0),
    ],
)
def test_dilutions_in_names(name, dilution):
    assert parse_dilution(name) == dilution


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("NTC", Role.WATER),
        ("H2O", Role.WATER),
        ("Water 2", Role.WATER),
        ("MNC pool 3", Role.BACKGROUND),
        ("PBMNC", Role.BACKGROUND),
        ("polyclonal", Role.BACKGROUND),
        ("dx 10-3", Role.STANDARD),
        ("no sample", Role.UNUSED),
        ("reference DNA", Role.REFERENCE),
        ("Pt 7 day 33", Role.FOLLOW_UP),
        ("Waterman", Role.FOLLOW_UP),
        ("Н2О", Role.WATER),  # in Cyrillic, as a Russian keyboard writes it
        ("МNС pool", Role.BACKGROUND),
    ],
)
def test_names_by_stated_patterns(name, role):
    assert part_of(name).role is role


def test_the_file_speaks_before_the_name_and_plate_toml_before_both():
    assert part_of("pt 7", task=Task.WATER).because == "the file says ntc"
    said = Setup(samples={"pt 7": Saying(role="background")})
    assert part_of("pt 7", said, task=Task.WATER).role is Role.BACKGROUND
    assert part_of("pt 7", said, task=Task.WATER).because == "plate.toml"
    of_well = Setup(samples={"pt 7": Saying(role="background")}, wells={"A1": Saying(role="unused")})
    assert part_of("pt 7", of_well).role is Role.UNUSED


def test_unknown_in_the_file_leaves_the_name_to_say():
    assert part_of("MNC", task=Task.UNKNOWN).role is Role.BACKGROUND


def test_a_negative_control_is_water_unless_its_name_says_polyclonal_dna():
    """CFX and LightCycler 96 say "negative control" of both; NTC is water and nothing else."""
    assert part_of("", task=Task.NEGATIVE).role is Role.WATER
    assert part_of("MNC pool", task=Task.NEGATIVE).role is Role.BACKGROUND
    assert part_of("MNC NB-01", task=Task.NEGATIVE).role is Role.UNCLEAR


def test_water_by_type_and_background_by_name_is_left_open():
    part = part_of("MNC", task=Task.WATER)
    assert part.role is Role.UNCLEAR
    assert part.because == 'the file says water, the name "MNC" says background'


NOT_THE_SERIES = "the name is a dilution, but not of this plate's standards: a standard, or a patient?"
SERIES = ("dx 10-1", "dx 10-2", "dx 10-3", "dx 10-4")


@pytest.mark.parametrize("name", ["NB-02 10-3", "NB-02 2019-05-31 1:10", "1:10", "NB-02 1E-1"])
@pytest.mark.parametrize("task", [Task.STANDARD, Task.UNKNOWN, Task.UNSTATED])
def test_a_sample_named_like_a_dilution_is_asked_about_beside_a_series_of_another_name(name, task):
    """A diluted repeat, or a specimen of 10 March: as a standard it would be gone without a word."""
    wells = [well(f"A{n}", dilution, task=task) for n, dilution in enumerate(SERIES, 1)]
    *series, part = assign_roles(plate_of([*wells, well("B1", name, task=Task.UNKNOWN)]))
    assert {one.role for one in series} == {Role.STANDARD}
    assert (part.role, part.because) == (Role.UNCLEAR, NOT_THE_SERIES)
    said = Setup(samples={name: Saying(role="follow-up")})
    assert assign_roles(plate_of([*wells, well("B1", name)]), said)[-1].role is Role.FOLLOW_UP


@pytest.mark.parametrize(
    "names",
    [
        SERIES,
        ("Std1 10-1", "Std2 10-2", "Std3 10-3", "Std4 10-4"),
        ("10-1 a", "10-2 a", "10-3 a", "10-1 b", "10-2 b", "10-3 b"),
        ("NB-01 1:10", "nb-01  1:100", "NB-01 1:1000"),
        ("dx 10-3",),
    ],
)
def test_a_series_is_known_by_its_names_alone(names):
    parts = assign_roles(plate_of([well(f"A{n}", name) for n, name in enumerate(names, 1)]))
    assert {part.role for part in parts} == {Role.STANDARD}


@pytest.mark.parametrize("name", ["NB-02 H2O", "NB-02 water", "Aqua, Maria"])
def test_a_name_that_says_more_than_water_is_asked_about(name):
    part = part_of(name, task=Task.UNKNOWN)
    assert part.role is Role.UNCLEAR
    assert part.because.endswith(": water, or a patient?")


@pytest.mark.parametrize(
    "name",
    [
        "NTC 1",
        "NTC2",
        "NTC_IGH-1",
        "IGH_ntc",
        "вода",
        "H2O R2",
        "Aqua dest.",
        "no template control",
        "water IGH",
    ],
)
def test_water_may_bear_a_number_and_its_target(name):
    assert part_of(name, target="IGH-1").role is Role.WATER


@pytest.mark.parametrize(
    ("name", "more", "because"),
    [
        ("std 4", {"task": Task.STANDARD}, "the file says std, but its dilution is not known"),
        ("10E-3", {}, "the name is a dilution that can be read in two ways, but its dilution is not known"),
        ("", {}, "no name and no type"),
    ],
)
def test_unclear_wells_are_asked_about(name, more, because):
    plate = plate_of([well("A1", name, **more)], [logistic(25.0)])
    parts = assign_roles(plate)
    assert (parts[0].role, parts[0].because) == (Role.UNCLEAR, because)
    named = f'of "{name}" ' if name else ""
    assert str(check_roles(plate, parts)[0]) == (
        f"p.rdml › run 1 › A1: the role {named}is unclear: {because}. "
        "Say what it is in plate.toml; the well is not used until then."
    )


def test_a_fraction_without_a_unit_is_a_dilution_and_more_than_one_is_not():
    assert part_of("s1", task=Task.STANDARD, quantity=0.01).unit == "dil"
    assert part_of("s1", task=Task.STANDARD, quantity=1000.0).unit == ""


def test_a_dilution_in_plate_toml_makes_a_standard():
    part = part_of("pt 7", Setup(samples={"pt 7": Saying(dilution=0.01)}))
    assert (part.role, part.amount, part.unit) == (Role.STANDARD, 0.01, "dil")


def test_the_control_gene_is_known_by_the_file_by_its_name_or_by_plate_toml():
    assert part_of(target="АLB").is_control_gene  # the first letter is Cyrillic
    assert part_of(target="IGH", is_control_gene=True).is_control_gene
    assert part_of(target="ALB").is_control_gene
    assert part_of(target="Albumin FAM").is_control_gene
    assert not part_of(target="IGH").is_control_gene
    assert not part_of(target="ALB", setup=Setup(control_genes=("IGH",))).is_control_gene
    assert part_of(target="IGH", setup=Setup(control_genes=("IGH",))).is_control_gene


def test_a_file_that_calls_every_target_a_reference_says_nothing():
    wells = [well("A1", "pt", "IGH", is_control_gene=True), well("A2", "pt", "ALB", is_control_gene=True)]
    parts = assign_roles(plate_of(wells, [logistic(25.0)] * 2))
    assert [part.is_control_gene for part in parts] == [False, True]


def test_a_well_with_nothing_in_it_is_unused():
    plate = plate_of([well("A1", "")], [np.full(50, np.nan)])
    assert assign_roles(plate)[0].role is Role.UNUSED


SETUP = """
control_genes = ["ALB"]
dna_per_well_ng = 630
curves_reviewed_by = "EB"
[samples."MNC pool 3"]
role = "background"
[wells.A1]
exclude = "bubble"
[targets.IGH]
threshold = 0.2
"""


def test_a_plate_toml(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_text(SETUP, encoding="utf-8")
    said = load_setup(path)
    assert said.samples == {"MNC pool 3": Saying(role="background")}
    assert said.wells == {"A1": Saying(exclude="bubble")}
    assert (said.control_genes, said.dna_per_well_ng, said.thresholds) == (("ALB",), 630.0, {"IGH": 0.2})


def test_every_fault_of_a_plate_toml_at_once_with_its_path(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_text(
        'contro_genes = ["ALB"]\ndna_per_well_ng = -1\n[samples.x]\nrole = "folow-up"\n[wells.A1]\nrol = "water"\n'
        '[targets.IGH]\nthreshold = "high"\n',
        encoding="utf-8",
    )
    with pytest.raises(PlateError) as refused:
        load_setup(path)
    assert sorted(str(one) for one in refused.value.findings) == [
        'plate.toml › contro_genes: "contro_genes" is not known. Allowed: samples, wells, control_genes, targets, '
        "dna_per_well_ng, curves_reviewed_by. Did you mean control_genes?",
        "plate.toml › dna_per_well_ng: the value is -1. Allowed: a number above 0. Correct the value.",
        'plate.toml › samples.x.role: the role is "folow-up". Allowed: standard, follow-up, background, water, '
        "reference, unused. Correct the value.",
        "plate.toml › targets.IGH.threshold: the value is 'high'. Allowed: a number above 0. Correct the value.",
        'plate.toml › wells.A1.rol: "rol" is not known. Allowed: role, dilution, exclude, target. Did you mean role?',
    ]


@pytest.mark.parametrize(("value", "shown"), [("true", "True"), ('""', "''"), ('"  "', "'  '"), ("1", "1")])
def test_an_exclusion_wants_a_reason(tmp_path, value, shown):
    """A negative may stand beside a well that a person left out, so the person must say why."""
    (tmp_path / "plate.toml").write_text(f"[wells.C7]\nexclude = {value}\n", encoding="utf-8")
    with pytest.raises(PlateError) as refused:
        load_setup(tmp_path / "plate.toml")
    assert [str(one) for one in refused.value.findings] == [
        f'plate.toml › wells.C7.exclude: the value is {shown}. Allowed: a reason, as in "bubble, E. Bench". Correct '
        "the value."
    ]


def test_a_reviewer_without_a_name_is_none(tmp_path):
    (tmp_path / "plate.toml").write_text('curves_reviewed_by = "  "\n', encoding="utf-8")
    assert load_setup(tmp_path / "plate.toml").curves_reviewed_by == ""


def test_a_well_of_several_plates_is_named_with_its_plate(tmp_path):
    """C7 was a bubble on one plate; on the other it is a child's."""
    wells = [replace(well("C7", "pt"), plate=plate) for plate in ("p.rdml", "q 2.rdml")]
    plate = plate_of(wells, [logistic(25.0)] * 2)
    for text, excluded in (
        ("C7", [True, True]),
        ('"q 2.rdml C07"', [False, True]),
        ('"p.rdml B6 - D8"', [True, False]),
    ):
        (tmp_path / "plate.toml").write_text(f'[wells.{text}]\nexclude = "bubble, EB"\n', encoding="utf-8")
        said = load_setup(tmp_path / "plate.toml")
        assert [bool(one.excluded) for one in apply_setup(plate, said).wells] == excluded
        told = [one.what for one in check_setup(plate, said, "plate.toml") if one.code != "setup.no_match"]
        assert told == (["C7 is on each of p.rdml, q 2.rdml, and meant on each"] if all(excluded) else [])


def test_a_plate_toml_that_is_not_toml_says_where(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_text("samples = [", encoding="utf-8")
    with pytest.raises(PlateError, match=r"plate\.toml: the file cannot be read"):
        load_setup(path)


@pytest.mark.parametrize(
    ("name", "amount", "unit"),
    [("500 ng", 500.0, "ng"), ("ALB 0,5ng", 0.5, "ng"), ("dx 0.001", 1e-3, "dil"), ("std_0,05", 0.05, "dil")],
)
def test_amounts_in_the_names_of_what_the_file_calls_standards(name, amount, unit):
    (part,) = assign_roles(plate_of([well("A1", name, task=Task.STANDARD)]))
    assert (part.role, part.amount, part.unit) == (Role.STANDARD, amount, unit)


@pytest.mark.parametrize("name", ["pt 0.5 ng", "day 0.5"])
def test_amounts_in_the_names_of_samples_make_no_standards(name):
    (part,) = assign_roles(plate_of([well("A1", name)]))
    assert part.role is Role.FOLLOW_UP


@pytest.mark.parametrize(
    ("amounts", "unit"), [((1.0, 0.1, 0.01), "dil"), ((500.0, 50.0, 5.0, 0.5), ""), ((10.0, 1.0, 0.1), "")]
)
def test_amounts_without_a_unit_are_dilutions_only_where_none_of_the_target_s_is_above_one(amounts, unit):
    """Half a nanogram beside five hundred is no dilution, nor a tenth of a percent beside ten."""
    wells = [well(f"A{n}", f"s{n}", task=Task.STANDARD, quantity=q) for n, q in enumerate(amounts, 1)]
    assert [part.unit for part in assign_roles(plate_of(wells))] == [unit] * len(amounts)


def test_a_well_in_plate_toml_may_be_written_as_any_instrument_writes_it(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_text('[wells.c07]\nexclude = "bubble"\n', encoding="utf-8")
    assert load_setup(path).wells["C7"].exclude == "bubble"


def test_what_plate_toml_says_of_nothing_on_the_plate_is_told():
    """An exclusion or a role that reaches no well would be lost without a word."""
    said = Setup(
        samples={"MNC pol": Saying(role="background"), "s1": Saying(role="unused")},
        wells={"H12": Saying(exclude="bubble")},
        thresholds={"IGH": 0.2, "TRG": 0.2},
        control_genes=("Alb",),
    )
    plate = plate_of([well("A1", "MNC pool"), well("A2", "s1"), well("A3", "s1", target="ALB")])
    assert [str(one) for one in check_setup(plate, said, "plate.toml")] == [
        'plate.toml › samples.MNC pol: "MNC pol" is on none of these plates. Did you mean MNC pool?',
        'plate.toml › wells.H12: "H12" is on none of these plates. Nothing to do if it is on another plate.',
        'plate.toml › targets.TRG: "TRG" is on none of these plates. Nothing to do if it is on another plate.',
        'plate.toml › control_genes: "Alb" is on none of these plates. Did you mean ALB?',
    ]


def test_a_block_of_wells_may_be_named_by_its_corners(tmp_path):
    path = tmp_path / "plate.toml"
    path.write_text('[wells.B2-C03]\ntarget = "ALB"\n[wells.A1]\ntarget = "IGH"\n', encoding="utf-8")
    said = load_setup(path)
    assert {name: one.target for name, one in said.wells.items()} == {
        "B2": "ALB", "B3": "ALB", "C2": "ALB", "C3": "ALB", "A1": "IGH",
    }  # fmt: skip


def test_targets_named_in_plate_toml_replace_the_filter_s_name_but_never_double_a_well():
    plate = plate_of([
        well("A1", "pt", target="465-510"),
        well("A2", "pt", target="465-510"), well("A2", "pt", target="533-580"),
    ])  # fmt: skip
    said = Setup(wells={"A1": Saying(target="IGH"), "A2": Saying(target="IGH")})
    made = apply_setup(plate, said)
    assert [one.target for one in made.wells] == ["IGH", "465-510", "533-580"]
    assert [one.code for one in check_setup(made, said, "plate.toml")] == ["setup.several_dyes"]


def test_a_well_without_a_target_is_asked_about_and_a_file_without_any_has_one():
    wells = [well("A1", "pt"), well("A2", "pt", target=""), well("A3", "empty", target="")]
    parts = assign_roles(plate_of(wells))
    assert [part.role for part in parts] == [Role.FOLLOW_UP, Role.UNCLEAR, Role.UNUSED]
    assert parts[1].because == "it names no target, and others do"
    assert {one.target for one in name_targets(plate_of(wells[1:])).wells} == {"unnamed target"}
    assert name_targets(plate_of(wells)).wells == tuple(wells)


def test_the_control_gene_of_the_markers_dilutions_is_reference_dna():
    """Two dyes in a well, and a file that gives the amount to the sample, not to the target."""
    wells = []
    for n, amount in enumerate((0.1, 0.01, 0.001)):
        said = {"task": Task.STANDARD, "quantity": amount, "unit": "dil"}
        wells += [well(f"A{n}", f"dx {n}", **said), well(f"A{n}", f"dx {n}", "ALB", **said)]
    nanograms = [
        well(f"B{n}", f"ng {n}", "ALB", task=Task.STANDARD, quantity=amount, unit="ng")
        for n, amount in enumerate((500.0, 50.0, 5.0))
    ]
    parts = assign_roles(plate_of([*wells, *nanograms]))
    found = {
        (one.target, one.sample[:2]): part.role for one, part in zip((*wells, *nanograms), parts, strict=True)
    }
    assert found == {
        ("IGH", "dx"): Role.STANDARD,
        ("ALB", "dx"): Role.REFERENCE,
        ("ALB", "ng"): Role.STANDARD,
    }
    alone = assign_roles(
        plate_of(wells)
    )  # without a curve of its own nothing says what the dilutions are to it
    assert {part.role for part in alone} == {Role.STANDARD}


def test_what_the_file_calls_something_else_is_not_used_and_said():
    """A patient's wells that the file calls a positive control have no level, and no one would miss it."""
    wells = [
        well("A1", "NB-02", task=Task.POSITIVE),
        well("A2", "NB-02", task=Task.POSITIVE),
        well("A3", "empty"),
    ]
    plate = plate_of(wells)
    (said,) = check_roles(plate, assign_roles(plate))
    assert (said.severity.value, said.what) == ("note", 'not used: "NB-02"; the file says pos')
