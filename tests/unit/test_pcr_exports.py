"""What each instrument's software writes, read for what it means there."""

import io
from pathlib import Path

import numpy as np
import pytest
from xlsxwriter import Workbook

from caseseries.pcr.calls import State, call_wells
from caseseries.pcr.plate import PlateError, Task
from caseseries.pcr.reading import read_plate_bytes
from pcr_plates import logistic, zip_of
from vendor_files import xlsx

MUSEUM = Path(__file__).parent.parent / "museum"


def read(text: str | bytes, name: str = "p.txt"):
    return read_plate_bytes(text if isinstance(text, bytes) else text.encode(), name)


def found(plate):
    """One line a well: position, sample, target, task, Cq or the words in its place."""
    return [
        (w.position, w.sample, w.target, w.task.value, w.reading.cq or w.reading.text) for w in plate.wells
    ]


QUANTSTUDIO = """* Block Type = 96-Well 0.2-mL Block
* Chemistry = TAQMAN

[Sample Setup]
Well\tWell Position\tSample Name\tTarget Name\tTask\tReporter
1\tA1\tdx 10-1\tIGH\tSTANDARD\tFAM
2\tA2\tpt 7\tIGH\tUNKNOWN\tFAM

[Amplification Data]
Well\tCycle\tTarget Name\tRn\tΔRn
1\t1\tIGH\t0.91\t0.001
1\t2\tIGH\t0.92\t0.002
1\t3\tIGH\t1,234.5\t0.003
2\t1\tIGH\t0.81\t0.001

[Results]
Well\tWell Position\tOmit\tSample Name\tTarget Name\tTask\tReporter\tQuencher\tCт\tCт Mean\tQuantity
1\tA1\tfalse\tdx 10-1\tIGH\tSTANDARD\tFAM\tNFQ\t21.512\t21.5\t0.1
2\tA2\ttrue\tpt 7\tIGH\tUNKNOWN\tFAM\tNFQ\tUndetermined\t\t

Analysis Type = Singleplex
"""


def test_quantstudio_sections_become_wells_with_curves():
    plate = read(QUANTSTUDIO)
    assert plate.format == "QuantStudio, StepOne or 7500 table"
    assert found(plate) == [
        ("A1", "dx 10-1", "IGH", "std", 21.512),
        ("A2", "pt 7", "IGH", "unkn", "Undetermined"),
    ]
    assert plate.wells[0].quantity == 0.1
    assert plate.wells[0].dye == "FAM"
    assert [w.excluded for w in plate.wells] == ["", "the plate file"]
    np.testing.assert_array_equal(plate.fluorescence, [[0.91, 0.92, 1234.5], [0.81, np.nan, np.nan]])
    assert not plate.subtracted


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_encodings_and_line_ends_do_not_matter(encoding, ends):
    assert found(read(QUANTSTUDIO.replace("\n", ends).encode(encoding))) == found(read(QUANTSTUDIO))


def test_delta_rn_alone_is_a_curve_without_its_baseline():
    text = "Well\tCycle\tTarget Name\tΔRn\nA1\t1\tIGH\t-0.01\nA1\t2\tIGH\t0.02\n"
    plate = read(text)
    assert plate.subtracted
    assert plate.fluorescence.tolist() == [[-0.01, 0.02]]


def test_7500_tables_with_detectors():
    text = (
        "Well,Sample Name,Detector,Task,Ct,StdDev Ct,Qty\nA1,dx 10-1,IGH,Standard,21.5,,0.1\n"
        "A2,pt 7,IGH,Unknown,Undet.,,\n"
    )
    assert found(read(text)) == [
        ("A1", "dx 10-1", "IGH", "std", 21.5),
        ("A2", "pt 7", "IGH", "unkn", "Undet."),
    ]


def test_design_and_analysis_tables():
    text = (
        "Well,Well Position,Omit,Sample,Target,Task,Reporter,Amp Status,Cq,Cq Confidence,Threshold\n"
        '1,A1,false,"pt 7, before",IGH,UNKNOWN,FAM,AMP,31.25,0.98,0.2\n'
    )
    assert found(read(text)) == [("A1", "pt 7, before", "IGH", "unkn", 31.25)]


def test_cfx_results_with_a_nameless_first_column_and_padded_wells():
    text = (
        ",Well,Fluor,Target,Content,Sample,Biological Set Name,Cq,Cq Mean,Starting Quantity (SQ)\n"
        ",A01,FAM,IGH,Std-01,dx 10-1,,21.50,21.5,1.000E-01\n"
        ",A02,FAM,IGH,Unkn-01,pt 7,,NaN,0,NaN\n,A03,FAM,IGH,NTC,water,,N/A,0,N/A\n"
    )
    plate = read(text)
    assert plate.format == "Bio-Rad CFX table"
    assert found(plate) == [
        ("A1", "dx 10-1", "IGH", "std", 21.5),
        ("A2", "pt 7", "IGH", "unkn", "NaN"),
        ("A3", "water", "IGH", "ntc", "N/A"),
    ]
    assert plate.wells[0].quantity == 0.1


def test_cfx_amplification_table_joins_the_results_of_its_workbook():
    packed = io.BytesIO()
    with Workbook(packed, {"in_memory": True}) as book:
        results = book.add_worksheet("Quantification Cq Results")
        for n, row in enumerate(
            [
                ["Well", "Fluor", "Target", "Content", "Sample", "Cq"],
                ["C03", "FAM", "IGH", "Unkn-1", "pt 7", 24.5],
            ]
        ):
            results.write_row(n, 0, row)
        curves = book.add_worksheet("Amplification")
        for n, row in enumerate([["Cycle", "C3", "C4"], [1, -9.38, 0.5], [2, 1.02, 0.25]]):
            curves.write_row(n, 0, row)
    plate = read(packed.getvalue(), "cfx.xlsx")
    assert found(plate) == [("C3", "pt 7", "IGH", "unkn", 24.5), ("C4", "", "", "", "")]
    assert plate.fluorescence.tolist() == [[-9.38, 1.02], [0.5, 0.25]]
    assert plate.subtracted


def test_lightcycler_480_has_its_filter_for_a_target_and_blanks_for_negatives():
    text = (
        "Experiment: run 12  Selected Filter: FAM (465-510)\n"
        "Include\tColor\tPos\tName\tCp\tConcentration\tStandard\tStatus\n"
        "True\t255\tA1\tdx 10-1\t21.50\t1.0E-1\t1.0E-1\t\n"
        "True\t255\tA2\tpt 7\t\t\t0\t\nFalse\t255\tA3\tpt 7\t30.10\t\t0\t\n"
    )
    plate = read(text)
    assert found(plate) == [
        ("A1", "dx 10-1", "FAM (465-510)", "std", 21.5),
        ("A2", "pt 7", "FAM (465-510)", "", ""),
        ("A3", "pt 7", "FAM (465-510)", "", 30.1),
    ]
    assert [w.excluded for w in plate.wells] == ["", "", "the plate file"]


def test_lightcycler_96_columns():
    text = "Well\tSample Name\tGene Name\tCq\tCall\tExcluded\tSample Type\nA1\tpt 7\tIGH\t-\tNegative\t\tUnknown\n"
    assert found(read(text)) == [("A1", "pt 7", "IGH", "unkn", "-")]


def test_rotor_gene_numbers_its_wells():
    text = (
        "Excel Raw Data Export\nCopyright (c) Qiagen\n\nQuantitative analysis of Channel Green\n\n"
        '"No.","Colour","Name","Type","Ct","Given Conc (copies/reaction)","Calc Conc (copies/reaction)","% Var"\n'
        '"1","255","dx 10-1","Standard","21,5","0,1","0,11","3%"\n"72","255","water","NTC","","","",""\n'
    )
    plate = read(text.replace('"21,5","0,1","0,11"', '"21.5","0.1","0.11"'))
    assert found(plate) == [("1", "dx 10-1", "Green", "std", 21.5), ("72", "water", "Green", "ntc", "")]
    assert plate.wells[0].quantity == 0.1


def test_rdes_with_decimal_commas():
    text = (
        "Well\tSample\tSample Type\tTarget\tTarget Type\tDye\tCq\t1\t2\t3\n"
        "A1\tpt 7\tunkn\tIGH\ttoi\tFAM\t2,75\t1,5\t2,5\t3,5\nA2\tpt 7\tunkn\tALB\tref\tFAM\t-1,0\t1,1\t1,2\t1,3\n"
    )
    plate = read(text)
    assert plate.format == "RDES"
    assert found(plate) == [("A1", "pt 7", "IGH", "unkn", 2.75), ("A2", "pt 7", "ALB", "unkn", "-1,0")]
    assert [w.is_control_gene for w in plate.wells] == [False, True]
    assert plate.fluorescence.tolist() == [[1.5, 2.5, 3.5], [1.1, 1.2, 1.3]]


def test_an_eds_file_holds_its_results_and_rn_values():
    text = (
        "Experiment\tx\nWell\tSample Name\tDetector\tTask\tCt\tAvg Ct\nA1\tpt 7\tIGH\tUNKNOWN\tUndetermined\t\n"
        "Rn values\t0.9\t1.0\t1.1\nDelta Rn values\t0\t0.1\t0.2\nA2\tdx 10-1\tIGH\tSTANDARD\t2.5\t2.5\n"
        "Rn values\t0.8\t0.9\t2.0\nDelta Rn values\t0\t0\t0\n"
    )
    plate = read(zip_of({"apldbio/sds/analysis_result.txt": text.encode()}), "run.eds")
    assert plate.format == "eds"
    assert found(plate) == [
        ("A1", "pt 7", "IGH", "unkn", "Undetermined"),
        ("A2", "dx 10-1", "IGH", "std", 2.5),
    ]
    assert plate.fluorescence.tolist() == [[0.9, 1.0, 1.1], [0.8, 0.9, 2.0]]


def test_an_eds_file_that_was_never_analysed_says_so():
    with pytest.raises(PlateError, match="the run was never analysed: the file holds no results"):
        read(zip_of({"apldbio/sds/plate_setup.xml": b"<Plate/>"}), "run.eds")


def test_an_old_binary_workbook():
    plate = read((MUSEUM / "stepone_results.xls").read_bytes(), "stepone.xls")
    assert found(plate) == [
        ("A1", "dx 10-1", "IGH", "std", 21.5),
        ("A2", "pt 7", "IGH", "unkn", "Undetermined"),
        ("A3", "water", "IGH", "ntc", "Undetermined"),
    ]


def test_a_table_without_wells_says_what_was_wanted():
    with pytest.raises(PlateError) as refused:
        read("name,age\nA,3\n")
    assert str(refused.value.findings[0]) == (
        "p.txt: no table of wells was found. Allowed: a header row with a well column and a Ct, Cq, Cp or "
        "fluorescence column. Export results and amplification data again."
    )


def test_a_cq_that_is_no_number_is_a_finding_with_its_well():
    plate = read("Well,Sample Name,Target Name,Task,Ct\nA1,pt 7,IGH,UNKNOWN,3l.5\n")
    assert [str(one) for one in plate.findings] == [
        'p.txt › A1: the Cq of IGH is "3l.5". Allowed: a number, or the instrument\'s word for none. '
        "Correct the cell or exclude the well."
    ]


def test_two_dyes_in_one_well_are_two_reactions():
    text = "Well,Fluor,Target,Content,Sample,Cq\nA01,FAM,IGH,Unkn,pt 7,30.1\nA01,HEX,ALB,Unkn,pt 7,22.2\n"
    assert found(read(text)) == [("A1", "pt 7", "IGH", "unkn", 30.1), ("A1", "pt 7", "ALB", "unkn", 22.2)]


def test_tasks_are_read_in_every_vendor_s_words():
    from caseseries.pcr.readings import parse_task

    assert [
        parse_task(text) for text in ("STANDARD", "Std-03", "NTC", "Neg Ctrl-1", "Unkn-12", "Pos Ctrl", "?")
    ] == [
        Task.STANDARD,
        Task.STANDARD,
        Task.WATER,
        Task.NEGATIVE,
        Task.UNKNOWN,
        Task.POSITIVE,
        Task.UNSTATED,
    ]


def test_quoted_decimal_commas_in_a_comma_separated_file():
    text = (
        '"No.","Name","Type","Ct","Given Conc (copies/reaction)"\n"1","dx 10-1","Standard","21,52","0,1"\n'
        '"2","pt 7","Unknown","33,4",""\n'
    )
    assert found(read(text)) == [("1", "dx 10-1", "", "std", 21.52), ("2", "pt 7", "", "unkn", 33.4)]


def test_a_blank_cp_of_a_named_sample_is_a_word_for_none_where_the_instrument_writes_no_other():
    text = (
        "Experiment: run 12  Selected Filter: FAM (465-510)\n"
        "Include\tColor\tPos\tName\tCp\tConcentration\tStandard\tStatus\n"
        "True\t255\tA1\tpt 7\t\t\t0\t\nTrue\t255\tA2\t\t\t\t0\t\n"
    )
    assert [w.reading.note for w in read(text).wells] == ["the instrument found no Cq", "no Cq given"]


def two_dyes(missing_dye=False):
    """A CFX workbook of eight wells in which FAM rises at 20, 21, … and HEX never does."""
    places = [f"A{n}" for n in range(1, 9)]
    cqs = {"FAM": dict(zip(places, range(20, 28), strict=True)), "HEX": dict.fromkeys(places, np.inf)}
    head = ["", "Well", "Fluor", "Target", "Content", "Sample", "Cq", "Starting Quantity (SQ)"]
    results = [head]
    for place in places:
        for dye, target in (("FAM", "IGH"), ("HEX", "ALB")):
            results.append(
                ["", place, "" if missing_dye else dye, target, "Unkn-1", f"s {place}", "NaN", "NaN"]
            )
    curves = {
        dye: [
            ["Cycle", *places],
            *([n + 1, *(logistic(cqs[dye][p])[n] - 2 for p in places)] for n in range(50)),
        ]
        for dye in ("FAM", "HEX")
    }
    return {"Results": results, **curves}


def states_of(sheets):
    plate = read_plate_bytes(xlsx(sheets), "cfx.xlsx")
    calls = call_wells(plate, late_after=40)
    return plate, {(one.position, one.target): call for one, call in zip(plate.wells, calls, strict=True)}


@pytest.mark.parametrize(
    "order", [("Results", "FAM", "HEX"), ("HEX", "FAM", "Results"), ("Results", "HEX", "FAM")]
)
def test_a_sheet_for_each_dye_is_that_dye_s_whatever_their_order(order):
    """The curves of the last sheet used to stand for every target of a well: a positive became a level curve."""
    sheets = two_dyes()
    _, states = states_of({name: sheets[name] for name in order})
    for n in range(8):
        assert states[f"A{n + 1}", "IGH"].cq == pytest.approx(20 + n, abs=0.2)
        assert states[f"A{n + 1}", "ALB"].state is State.NONE


def test_one_sheet_of_one_dye_says_nothing_of_the_other():
    sheets = two_dyes()
    _, states = states_of({"Results": sheets["Results"], "FAM": sheets["FAM"]})
    assert states["A1", "IGH"].cq == pytest.approx(20, abs=0.2)
    assert not states["A1", "ALB"].seen


def test_sheets_alone_are_targets_named_by_their_dye():
    sheets = two_dyes()
    plate, states = states_of({"FAM": sheets["FAM"], "HEX": sheets["HEX"]})
    assert [well.target for well in plate.wells[:2]] == ["FAM", "FAM"]
    assert states["A1", "FAM"].cq == pytest.approx(20, abs=0.2)
    assert states["A1", "HEX"].state is State.NONE


def test_curves_of_nobody_knows_which_target_are_used_for_none():
    sheets = two_dyes(missing_dye=True)
    plate, states = states_of({"Results": sheets["Results"], "Amplification": sheets["FAM"]})
    (finding,) = plate.findings
    assert finding.code == "export.whose_curve"
    assert "of IGH, ALB they are of; none is used" in finding.what
    assert not any(call.seen for call in states.values())


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (["", "A1", "FAM", "IGH", "Unkn-1", "s A1", "33.0", "NaN"], 'its Cq is "20" and "33"'),
        (["", "A1", "FAM", "IGH", "Unkn-1", "s A1", "N/A", "NaN"], 'its Cq is "20" and "N/A"'),
    ],
)
def test_a_well_told_twice_differently_is_refused(again, said):
    sheets = two_dyes()
    sheets["Results"][1][6] = "20.0"
    sheets["Results"].append(again)
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(xlsx(sheets), "cfx.xlsx")
    (finding,) = refused.value.findings
    assert (finding.code, str(finding.where)) == ("export.repeated", "cfx.xlsx › A1")
    assert said in finding.what


def test_a_curve_told_twice_differently_is_refused():
    text = "Well\tCycle\tTarget Name\tRn\n" + "".join(
        f"A1\t{n}\tIGH\t{value}\n" for value in (2.0, 3.0) for n in range(1, 41)
    )
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(text.encode(), "twice.txt")
    assert "IGH is told twice: in cycle 40 it has 2 and 3" in refused.value.findings[0].what


RDES_ROWS = [
    "Well\tSample\tSample Type\tTarget\tTarget Type\tDye\tCq\t1\t2",
    *(f"A{n}\ts{n}\tunkn\tt\ttoi\tFAM\t2{n}.5\t1.0\t1.1" for n in (1, 2, 3)),
]


@pytest.mark.parametrize("blank", ["", "\t" * 8])
def test_a_blank_line_within_a_table_loses_no_well(blank):
    text = "\n".join([*RDES_ROWS[:2], blank, *RDES_ROWS[2:], "", "End of report"])
    plate = read_plate_bytes(text.encode(), "p.txt")
    assert [well.position for well in plate.wells] == ["A1", "A2", "A3"]
    assert plate.findings == ()


def test_a_filled_row_without_a_well_is_said():
    shifted = "\t".join(["X", *RDES_ROWS[3].split("\t")])
    plate = read_plate_bytes("\n".join([*RDES_ROWS[:3], shifted]).encode(), "p.txt")
    assert len(plate.wells) == 2
    (finding,) = plate.findings
    assert str(finding).startswith(
        'p.txt: filled rows that name no well, and are not read: 1; the first has "X". '
    )


def test_wells_of_384_known_by_number_alone_keep_their_place():
    """Well 50 of a plate of 384 is C2; on 96 it would be E2, another's."""
    results = "Well\tWell Position\tSample Name\tTarget Name\tCT\n98\tE2\ts\tt\t25.1\n"
    curves = "".join(f"{well}\t{cycle}\tt\t{cycle}.5\n" for well in (98, 50) for cycle in (1, 2))
    text = f"[Results]\n{results}\n[Amplification Data]\nWell\tCycle\tTarget Name\tRn\n{curves}"
    assert [well.position for well in read_plate_bytes(text.encode(), "p.txt").wells] == ["E2", "C2"]
