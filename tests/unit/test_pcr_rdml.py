"""RDML in its five versions and the ways in which files stray from them."""

import numpy as np
import pytest

from caseseries.pcr.plate import PlateError, Task, stack_curves
from caseseries.pcr.rdml_writing import write_rdml
from caseseries.pcr.reading import read_plate_bytes
from caseseries.pcr.simulate import Assay, Design, MadeSample, simulate_plate
from pcr_plates import one_well, points, rdml, zip_of


def read(xml: bytes):
    return read_plate_bytes(xml, "p.rdml")


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
def test_every_version_is_read_and_named(version):
    plate = read(rdml(one_well(), version))
    assert plate.format == f"RDML {version}"
    assert plate.findings == ()


def test_an_unknown_version_is_read_with_a_note():
    (note,) = read(rdml(one_well(), "1.5")).findings
    assert str(note) == (
        'p.rdml: the file says RDML version "1.5". Allowed: 1.0, 1.1, 1.2, 1.3, 1.4. Check the wells with --roles.'
    )


@pytest.mark.parametrize("name", ["rdml_data.xml", "BioRad.xml", "folder/RDML_DATA.XML"])
def test_the_part_may_have_any_name(name):
    assert len(read(zip_of({name: rdml(one_well()), "manifest.xml": b"<m/>"})).wells) == 1


def test_two_candidates_are_not_chosen_between():
    with pytest.raises(PlateError, match="the zip holds 2 parts that are RDML"):
        read(zip_of({"a.xml": rdml(one_well()), "b.xml": rdml(one_well())}))


@pytest.mark.parametrize(
    ("react", "position"),
    [("1", "A1"), ("12", "A12"), ("13", "B1"), ("96", "H12"), ("C03", "C3"), ("h7", "H7")],
)
def test_reactions_are_numbered_row_by_row_or_named(react, position):
    assert read(rdml(one_well(react=react))).wells[0].position == position


@pytest.mark.parametrize(
    ("cq", "kept", "note"),
    [
        ("25.1", 25.1, ""),
        ("-1.0", None, "not available"),
        ("0", None, "not available"),
        ("NaN", None, "the instrument found no Cq"),
        ("40", None, "the last cycle stands for no Cq"),
        ("50.0", None, "the last cycle stands for no Cq"),
        ("", None, "no Cq given"),
        ("25,1", 25.1, ""),
        ("25,1,2", None, "not a number"),
        (">40", None, "not a number"),
        ("NEG (Multi Ct)", None, "the instrument found no Cq"),
        ("Не определено", None, "the instrument found no Cq"),
    ],
)
def test_what_stands_for_a_cq(cq, kept, note):
    reading = read(rdml(one_well(f"<cq>{cq}</cq>"))).wells[0].reading
    assert (reading.cq, reading.note) == (kept, note)


def test_the_last_cycle_of_this_run_is_no_cq_but_forty_of_fifty_is():
    data = "<cq>{}</cq>" + points(range(50))
    assert read(rdml(one_well(data.format("50")))).wells[0].reading.cq is None
    assert read(rdml(one_well(data.format("40.0")))).wells[0].reading.cq == 40.0


@pytest.mark.parametrize(
    ("mark", "excluded", "findings"),
    [
        ("<excl/>", "the plate file", 0),
        ("<excl>bubble</excl>", "the plate file: bubble", 0),
        ("<excl>false</excl>", "", 1),
    ],
)
def test_exclusion_marks(mark, excluded, findings):
    plate = read(rdml(one_well(mark)))
    assert plate.wells[0].excluded == excluded
    assert len(plate.findings) == findings


def test_types_and_amounts_belong_to_a_target_where_the_file_says_so():
    xml = rdml(
        '<sample id="s"><type targetId="ALB">unkn</type><type targetId="IGH">std</type>'
        '<quantity targetId="IGH"><value>0.1</value><unit>dil</unit></quantity></sample>'
        '<target id="IGH"><type>toi</type></target><target id="ALB"><type>ref</type></target>'
        '<experiment id="e"><run id="r"><react id="1"><sample id="s"/>'
        '<data><tar id="IGH"/></data><data><tar id="ALB"/></data></react></run></experiment>'
    )
    igh, alb = read(xml).wells
    assert (igh.task, igh.quantity, igh.unit, igh.is_control_gene) == (Task.STANDARD, 0.1, "dil", False)
    assert (alb.task, alb.quantity, alb.unit, alb.is_control_gene) == (Task.UNKNOWN, None, "", True)


def test_curves_in_any_shape_are_the_same_curve():
    values = [2.5, 3.5, 4.25]
    plain = points(values)
    spaced = plain.replace("><", ">\n  <")
    hot = plain.replace("<fluor>", "<tmp>68.0</tmp><fluor>")
    prefixed = plain.replace("<", "<q:").replace("<q:/", "</q:")
    shuffled = "".join(f"<adp><cyc>{n}</cyc><fluor>{values[n - 1]}</fluor></adp>" for n in (3, 1, 2))
    swapped = "".join(f"<adp><fluor>{v}</fluor><cyc>{n}</cyc></adp>" for n, v in enumerate(values, 1))
    for shape in (plain, spaced, hot, shuffled, swapped):
        assert read(rdml(one_well(shape))).fluorescence.tolist() == [values]
    xml = rdml(one_well(prefixed)).replace(b"<rdml ", b'<rdml xmlns:q="http://www.rdml.org" ')
    assert read(xml).fluorescence.tolist() == [values]


@pytest.mark.parametrize(
    ("experiments", "names"),
    [
        ([("e", ["r"])], ["r"]),
        ([("e", ["r1", "r2"])], ["r1", "r2"]),
        ([("e1", ["r"]), ("e2", ["r"])], ["e1 r", "e2 r"]),
        ([("e", ["65aeb1ec-b377-4ef6-b03f-92898d47488b"])], [""]),
        (
            [("e", ["65aeb1ec-b377-4ef6-b03f-92898d47488b", "75aeb1ec-b377-4ef6-b03f-92898d47488b"])],
            ["run 1", "run 2"],
        ),
        ([("", ["", ""])], ["run 1", "run 2"]),
    ],
)
def test_two_runs_are_never_taken_for_one(experiments, names):
    body = "".join(
        f'<experiment id="{experiment}">'
        + "".join(f'<run id="{run}"><react id="1"><data><tar id="t"/></data></react></run>' for run in runs)
        + "</experiment>"
        for experiment, runs in experiments
    )
    assert [well.run for well in read(rdml(body)).wells] == names


def test_what_stands_between_the_points_is_not_lost_with_them():
    data = points([1, 2]) + "<excl>bubble</excl>" + "<adp><cyc>3</cyc><fluor>4</fluor></adp>"
    plate = read(rdml(one_well(data)))
    assert plate.wells[0].excluded == "the plate file: bubble"
    assert plate.fluorescence.tolist() == [[1, 2, 4]]


def test_missing_cycles_stay_missing():
    gappy = "<adp><cyc>1</cyc><fluor>2</fluor></adp><adp><cyc>3</cyc><fluor>4</fluor></adp>"
    np.testing.assert_array_equal(read(rdml(one_well(gappy))).fluorescence, [[2, np.nan, 4]])


def test_melting_points_are_no_cycles_and_what_follows_them_is_kept():
    melt = "<mdp><tmp>60</tmp><fluor>9</fluor></mdp><mdp><tmp>61</tmp><fluor>8</fluor></mdp><excl>late</excl>"
    plate = read(rdml(one_well("<cq>25</cq>" + points([1, 2]) + melt)))
    assert plate.fluorescence.tolist() == [[1, 2]]
    assert plate.wells[0].excluded == "the plate file: late"


def test_a_written_plate_is_read_back():
    design = Design(Assay("IGH <1>"), (MadeSample('pt "7" & 8', 2e-3), MadeSample("after", 0.0)))
    made = simulate_plate(design, "p.rdml")
    plate = read(write_rdml(made))
    assert [w.position for w in plate.wells] == [w.position for w in made.wells]
    assert [(w.sample, w.target, w.task, w.quantity, w.unit) for w in plate.wells] == [
        (w.sample, w.target, w.task, w.quantity, w.unit) for w in made.wells
    ]
    np.testing.assert_allclose(plate.fluorescence, made.fluorescence, atol=1e-5)
    assert write_rdml(made) == write_rdml(made)


def test_curves_of_different_lengths_share_a_matrix():
    np.testing.assert_array_equal(stack_curves([[1.0], [2.0, 3.0]]), [[1, np.nan], [2, 3]])


def test_what_no_detector_counts_to_was_not_measured():
    """1e308 is how some software writes nothing; taken for light it would overflow every sum."""
    assert np.isnan(stack_curves([[1.0, 1e308, 3.0, -1e308]])).tolist() == [[False, True, False, True]]


@pytest.mark.parametrize("again", ["3.0", "2.0"])
def test_a_cycle_told_twice_is_refused_where_the_two_differ(again):
    """A second run written behind the first would otherwise stand for it."""
    data = points([1.0, 2.0]) + f"<adp><cyc>2</cyc><fluor>{again}</fluor></adp>"
    if again == "2.0":
        assert list(read_plate_bytes(rdml(one_well(data)), "p.rdml").fluorescence[0]) == [1.0, 2.0]
        return
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(rdml(one_well(data)), "p.rdml")
    assert str(refused.value.findings[0]).startswith("p.rdml › r › A1: cycle 2 is told twice, in two ways.")


def test_a_sample_described_twice_in_two_ways_is_refused():
    """The last used to win: a standard became an unknown, or an unknown water."""
    other = '<sample id="s"><type>ntc</type></sample>'
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(rdml(one_well(extra=other)), "p.rdml")
    assert refused.value.findings[0].what == 'the file describes the sample "s" twice, in two ways'
    same = '<sample id="s"><type>unkn</type></sample>'
    assert len(read_plate_bytes(rdml(one_well(extra=same)), "p.rdml").wells) == 1


@pytest.mark.parametrize("spell", [str, lambda number: str(number).replace(".", ",")])
def test_decimal_commas_are_no_thousands(spell):
    """31,234 of a wrong locale is a Cq of 31, and no thirty thousand that would stand for none."""
    curve = [round(2 + n / 1000, 4) for n in range(50)]
    amount = f"<quantity><value>{spell(0.001)}</value><unit>dil</unit></quantity>"
    body = one_well(f"<cq>{spell(31.234)}</cq>" + points([spell(value) for value in curve]))
    body = body.replace("</type></sample>", f"</type>{amount}</sample>")
    plate = read_plate_bytes(rdml(body), "p.rdml")
    (well,) = plate.wells
    assert (well.reading.cq, well.quantity) == (31.234, 0.001)
    assert plate.fluorescence[0].tolist() == curve


def test_a_cq_that_is_no_number_is_a_finding():
    (finding,) = read_plate_bytes(rdml(one_well("<cq>late</cq>")), "p.rdml").findings
    assert str(finding).startswith('p.rdml › r › A1: the Cq of t is "late". ')


def test_spaces_about_an_id_and_capitals_of_a_unit_part_nothing():
    body = one_well("<cq>25</cq>").replace('<sample id="s"/>', '<sample id="s "/>')
    amount = "<quantity><value>0.1</value><unit>DIL</unit></quantity>"
    body = body.replace("unkn</type></sample>", f"std</type>{amount}</sample>")
    (well,) = read_plate_bytes(rdml(body), "p.rdml").wells
    assert (well.sample, well.task, well.quantity, well.unit) == ("s", Task.STANDARD, 0.1, "dil")


def test_reactions_without_data_are_counted():
    extra = '<react id="2"><sample id="s"/><partitions/></react><react id="3"><sample id="s"/></react></run>'
    (finding,) = read_plate_bytes(rdml(one_well().replace("</run>", extra)), "p.rdml").findings
    assert finding.what == "reactions without data of a real-time PCR: 2, of digital PCR: 1"


@pytest.mark.parametrize("react", ["²", "0", "-5", "9" * 5000, "999999999", "٣"])
@pytest.mark.parametrize("columns", ["12", "0", "-3", "x", "1e400", ""])
def test_a_number_that_no_plate_has_is_kept_as_written(react, columns):
    """None of them is a well, and none is an error of ours."""
    body = one_well(react=react).replace("<columns>12<", f"<columns>{columns}<")
    (well,) = read_plate_bytes(rdml(body), "p.rdml").wells
    assert well.position == react
    assert str(well.where)


@pytest.mark.parametrize(("number", "position"), [(96, "H12"), (97, "E1"), (384, "P24")])
def test_wells_above_96_are_of_a_plate_of_384_where_nobody_states_the_format(number, position):
    plain = "<pcrFormat><rows>8</rows><columns>12</columns></pcrFormat>"
    (well,) = read_plate_bytes(rdml(one_well(react=str(number)).replace(plain, "")), "p.rdml").wells
    assert well.position == position
