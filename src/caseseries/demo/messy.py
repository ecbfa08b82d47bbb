"""The demo's eleven children, returned the way hospitals return: six centres, five layouts, one template.

Made from the very lines of the clean demo, so that the two can only differ in how they are written. All of it is
invented, the mistakes too.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from caseseries.demo.notation import (
    Text,
    comma,
    day_first,
    month_first,
    power,
    said,
    short_day,
    short_power,
    spelt,
)
from caseseries.demo.office import write_ods, write_word
from caseseries.demo.returns import Line, Lines, build_returns
from caseseries.intake.excel import Worksheet, open_new
from caseseries.intake.template import write_template
from caseseries.study.definition import Study

Rows = list[list[str]]

# The child from Kilvarra was transplanted in Westerlea, which returns it too, under a number of its own.
TRANSFERRED, ITS_OTHER_ID = "KV-01", "WL-03"

# Named in the protocol; nothing came from it.
MISSING = "Brackenfold"

# Known to the national board and left out of the returns: the minutes tell.
ONLY_IN_MINUTES = {"HC-01": "", "EM-01": "survey"}


def write_messy_returns(folder: Path, study: Study) -> None:
    """Write what each centre sent into `folder`."""
    returns = build_returns(study.data_cut)
    for lines in returns.values():
        for line in lines["patients"]:
            if str(line["case_id"]) in ONLY_IN_MINUTES:
                line["identified_by"] = ONLY_IN_MINUTES[str(line["case_id"])]  # type: ignore[index]
    _northbridge(folder / "Northbridge infants final.xlsx", study, returns["Northbridge"])
    _eastmere(folder / "Eastmere.xlsx", study, returns["Eastmere"])
    _westerlea(folder, returns["Westerlea"], returns["Kilvarra"])
    _southmarsh(folder / "Southmarsh export.xlsx", study, returns["Southmarsh"])
    _highcombe(folder / "Highcombe.ods", returns["Highcombe"])
    write_template(folder / "Kilvarra.xlsx", study, returns["Kilvarra"], "Kilvarra")


def write_minutes(folder: Path, study: Study) -> None:
    """The minutes of the national board as a Word document: two children of the study, and one who is none."""
    returns = build_returns(study.data_cut)
    born = {
        str(line["case_id"]): line["birth_date"] for lines in returns.values() for line in lines["patients"]
    }
    write_word(
        folder / "National board.docx",
        (
            "National leukaemia board: extracts. These minutes are invented, and so is every child in them.",
            f"1. Highcombe presented a boy born on {day_first(born['HC-01'])} with KMT2A-rearranged infant ALL, not "
            "in remission after induction. He received blinatumomab and proceeds to transplant.",
            f"2. Eastmere: a boy, DOB {day_first(born['EM-01'])}, infant ALL in second remission with persistent MRD. "
            "Blinatumomab was started; donor search under way.",
            "3. A girl of 14 with relapsed B-ALL. Blinatumomab was not given; the board recommends inotuzumab.",
        ),
    )


def _of(lines: Sequence[Line], case: str, number: int = 0, **wanted: str) -> Line:
    """The line of a case with these words, the first unless another is asked for; empty when there is none."""
    found = [
        line for line in lines if line["case_id"] == case and all(line.get(k) == v for k, v in wanted.items())
    ]
    return found[number] if number < len(found) else {}


def _cases(lines: Lines) -> list[str]:
    return [str(line["case_id"]) for line in lines["patients"]]


# --- one child a line, or a column --------------------------------------------------------------------------

Field = tuple[str, str, Callable[[Lines, str], str]]  # upper heading, lower heading, what stands there


def _history(day: Text, donor: Text | None = None) -> Iterator[Field]:
    """A child's course as one long row: what many hospitals keep."""

    def plain(
        form: str, column: str, write: Text = said, number: int = 0, **wanted: str
    ) -> Callable[[Lines, str], str]:
        return lambda lines, case: write(_of(lines[form], case, number, **wanted).get(column))

    donor = donor or said
    yield "Patient", "Study no.", lambda _, case: case
    yield "Patient", "DOB", plain("patients", "birth_date", day)
    yield "Patient", "Sex", plain("patients", "sex")
    yield "Patient", "Country", plain("patients", "country")
    yield "Patient", "Source", plain("patients", "identified_by")
    yield "Diagnosis", "Date", plain("diagnosis", "diagnosis_date", day)
    yield "Diagnosis", "Immunophenotype", plain("diagnosis", "immunophenotype")
    yield "Diagnosis", "MLL status", plain("diagnosis", "kmt2a")
    yield "Diagnosis", "Fusion partner", plain("diagnosis", "fusion")
    yield "Diagnosis", "Karyotype", plain("diagnosis", "karyotype")
    yield "Diagnosis", "WCC (x10^9/L)", plain("diagnosis", "wbc")
    yield "Diagnosis", "CNS", plain("diagnosis", "cns")
    yield "Diagnosis", "Pred. response", plain("diagnosis", "prednisone_response")
    yield "Diagnosis", "CD15", plain("diagnosis", "cd15")
    yield "Diagnosis", "Protocol", plain("diagnosis", "first_protocol")
    for number in (1, 2, 3):
        event = {"event": "complete remission"}
        yield "Remission", f"CR {number} date", plain("follow_up", "date", day, number - 1, **event)
    for number in (1, 2):
        event = {"event": "relapse"}
        yield "Relapse", f"Relapse {number} date", plain("follow_up", "date", day, number - 1, **event)
        yield (
            "Relapse",
            f"Relapse {number} phenotype",
            plain("follow_up", "phenotype", said, number - 1, **event),
        )
    for number in (1, 2):
        given = {"treatment": "blinatumomab"}
        yield (
            "Blinatumomab",
            f"Blina cycle {number} start",
            plain("treatment", "start_date", day, number - 1, **given),
        )
        yield (
            "Blinatumomab",
            f"Blina cycle {number} end",
            plain("treatment", "end_date", day, number - 1, **given),
        )
    yield "Blinatumomab", "Indication", plain("treatment", "indication")
    yield "Blinatumomab", "Disease status", plain("treatment", "remission_at_start")
    yield "Blinatumomab", "Dose (µg/m2/day)", plain("treatment", "dose")
    yield "Blinatumomab", "Home after week 1", plain("treatment", "home_after_week_1")
    yield "CAR-T", "CAR-T date", plain("treatment", "start_date", day, 0, treatment="CAR-T (CD19)")
    yield "Transplant", "HSCT date", plain("transplant", "hsct_date", day)
    yield "Transplant", "Donor", plain("transplant", "donor", donor)
    yield "Transplant", "Conditioning", plain("transplant", "conditioning")
    yield "Transplant", "Bridging therapy", plain("transplant", "therapy_between")
    yield "Outcome", "Last seen alive", plain("follow_up", "date", day, 0, event="seen alive")
    yield "Outcome", "Date of death", plain("follow_up", "date", day, 0, event="death")
    yield "Outcome", "Cause of death", plain("follow_up", "cause_of_death", said, 0, event="death")


def _specimens(lines: Lines, level: Text, limit: Text) -> Iterator[list[str]]:
    for line in lines["specimens"]:
        found = line["mrd_result"]
        words = {"quantified": level(line.get("mrd_percent")), "not detected": "neg"}
        limits = [limit(line["sensitivity_percent"]), limit(line["range_percent"])]
        yield [str(line["case_id"]), *_day_and_marker(line), words.get(str(found), "PNQ"), *limits]


def _day_and_marker(line: Line) -> list[str]:
    return [
        day_first(line["specimen_date"]),
        said(line["material"]),
        said(line["method"]),
        str(line["marker"]),
    ]


def _northbridge(path: Path, study: Study, lines: Lines) -> None:
    """One wide sheet under a title, headings of two lines, merged; MRD on a second sheet, the ids merged downwards."""
    fields = list(_history(day_first))
    with open_new(path, study) as book:
        sheet, bold = book.add_worksheet("Infants"), book.add_format({"bold": True})
        sheet.write_string(0, 0, "Northbridge: infants given blinatumomab (invented)", bold)
        _merge_headings(sheet, 3, [upper for upper, _, _ in fields], bold)
        for column, (_, lower, value) in enumerate(fields):
            sheet.write_string(4, column, lower, bold)
            for row, case in enumerate(_cases(lines), start=5):
                _write(sheet, row, column, value(lines, case))
        sheet.write_string(8, 0, "MLL status by FISH in both. Please call if anything is unclear.")
        mrd = book.add_worksheet("MRD")
        heads = ["Study no.", "Sampled", "Tissue", "Technique", "Target", "MRD", "Sens.", "QR"]
        rows = list(_specimens(lines, lambda n: f"{comma(n)} %", lambda n: f"{comma(n)} %"))
        _write_rows(mrd, [heads, *rows])
        _merge_ids(mrd, [row[0] for row in rows])


def _merge_headings(sheet: Worksheet, row: int, words: Sequence[str], look: object) -> None:
    start = 0
    for column in range(1, len(words) + 1):
        if column == len(words) or words[column] != words[start]:
            if column - start > 1:
                sheet.merge_range(row, start, row, column - 1, words[start], look)
            else:
                sheet.write_string(row, start, words[start], look)
            start = column


def _merge_ids(sheet: Worksheet, ids: Sequence[str]) -> None:
    start = 0
    for row in range(1, len(ids) + 1):
        if row == len(ids) or ids[row] != ids[start]:
            sheet.merge_range(start + 1, 0, row, 0, ids[start])
            start = row


def _write(sheet: Worksheet, row: int, column: int, text: str) -> None:
    if text:
        sheet.write_string(row, column, text)


def _write_rows(sheet: Worksheet, rows: Sequence[Sequence[str]]) -> None:
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            _write(sheet, row, column, text)


def _eastmere(path: Path, study: Study, lines: Lines) -> None:
    """A sheet for each form with headings of the centre's own, true dates, and MRD as a fraction."""
    with open_new(path, study) as book:
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        fractions = book.add_format({"num_format": "0.0E+00"})
        for name, form, columns in EASTMERE:
            sheet = book.add_worksheet(name)
            for index, (heading, column) in enumerate(columns.items()):
                sheet.write_string(0, index, heading)
                for row, line in enumerate(lines[form], start=1):
                    value = line.get(column)
                    if isinstance(value, date):
                        sheet.write_datetime(row, index, value, days)
                    elif column == "mrd_percent" and isinstance(value, float | int):
                        sheet.write_number(row, index, float(short_power(value)), fractions)
                    elif column == "mrd_percent":
                        sheet.write_string(row, index, "neg")
                    elif column in ("sensitivity_percent", "range_percent"):
                        sheet.write_string(row, index, short_power(value))
                    else:
                        _write(sheet, row, index, said(value))


EASTMERE: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "Demographics",
        "patients",
        {
            "Patient": "case_id",
            "Born": "birth_date",
            "Gender": "sex",
            "Country": "country",
            "Found by": "identified_by",
        },
    ),
    (
        "Presentation",
        "diagnosis",
        {
            "Patient": "case_id",
            "Dx": "diagnosis_date",
            "Lineage": "immunophenotype",
            "MLL": "kmt2a",
            "Fusion gene": "fusion",
            "Cytogenetics": "karyotype",
            "WBC": "wbc",
            "CSF": "cns",
            "Steroid response": "prednisone_response",
            "CD15": "cd15",
            "Frontline protocol": "first_protocol",
        },
    ),
    (
        "Blina and CAR-T",
        "treatment",
        {
            "Patient": "case_id",
            "Drug": "treatment",
            "Cycle no.": "cycle",
            "Start": "start_date",
            "Stop": "end_date",
            "Reason": "indication",
            "Remission status": "remission_at_start",
            "Dose level": "dose",
            "Discharged": "home_after_week_1",
        },
    ),
    (
        "MRD",
        "specimens",
        {
            "Patient": "case_id",
            "Date": "specimen_date",
            "Specimen": "material",
            "Assay": "method",
            "Clone": "marker",
            "MRD": "mrd_percent",
            "LOD": "sensitivity_percent",
            "LOQ": "range_percent",
        },
    ),
    (
        "Adverse events",
        "toxicity",
        {
            "Patient": "case_id",
            "Term": "toxicity",
            "Onset": "onset_date",
            "Grade": "grade",
            "Infusion stopped": "interrupted",
            "Dex": "steroids",
            "Toci": "tocilizumab",
            "Restarted lower dose": "restarted_lower",
            "End": "resolved_date",
            "Comment": "description",
        },
    ),
    (
        "BMT",
        "transplant",
        {
            "Patient": "case_id",
            "Day 0": "hsct_date",
            "Graft": "donor",
            "Regimen": "conditioning",
            "Bridging": "therapy_between",
        },
    ),
    (
        "Outcome",
        "follow_up",
        {
            "Patient": "case_id",
            "Date": "date",
            "What": "event",
            "Phenotype": "phenotype",
            "Cause": "cause_of_death",
            "Comment": "detail",
        },
    ),
)


def _westerlea(folder: Path, lines: Lines, kilvarra: Lines) -> None:
    """Three files of text with semicolons: short years, decimal commas, and a child that Kilvarra returns too."""
    guest = {
        form: [dict(line) for line in found if line["case_id"] == TRANSFERRED]
        for form, found in kilvarra.items()
    }
    for found in guest.values():
        for line in found:
            line["case_id"] = ITS_OTHER_ID
    both = {form: [*found, *guest[form]] for form, found in lines.items()}
    fields = list(_history(short_day))
    cases = [*_cases(lines), ITS_OTHER_ID]
    titles = ["Dat of birth" if lower == "DOB" else lower for _, lower, _ in fields]
    children = [titles, *([value(both, case) for _, _, value in fields] for case in cases)]
    titles[5] = "Date of diagnosis"
    _write_csv(folder / "Westerlea_children.csv", children)
    heads = ["Study no.", "Date", "Material", "Method", "Marker", "MRD (%)", "Sensitivity (%)", "QR (%)"]
    specimens = [[row[0], row[1].replace("/", "."), *row[2:]] for row in _specimens(both, comma, comma)]
    _write_csv(folder / "Westerlea_MRD.csv", [heads, *specimens])


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode("utf-8"))


def _southmarsh(path: Path, study: Study, lines: Lines) -> None:
    """One column a child, months before days, MRD in powers of ten, and its two marrows as before and after."""
    cases = _cases(lines)
    with open_new(path, study) as book:
        sheet = book.add_worksheet("Export")
        rows = [
            [lower, *(value(lines, case) for case in cases)]
            for _, lower, value in _history(month_first, _which_parent)
        ]
        rows[5][0] = "Date of diagnosis"
        _write_rows(sheet, [*rows, *_marrows(lines, cases)])


def _which_parent(donor: object) -> str:
    return "haplo (father)" if donor == "haploidentical" else said(donor)


def _marrows(lines: Lines, cases: Sequence[str]) -> Iterator[list[str]]:
    for number, when in enumerate(("pre blina", "post blina")):
        found = [_of(lines["specimens"], case, number) for case in cases]
        yield [f"MRD date {when}", *(month_first(line["specimen_date"]) for line in found)]
        yield [f"MRD {when}", *(_negative(line) for line in found)]
        yield [f"MRD QR {when}", *(power(line["range_percent"]) for line in found)]
        yield [f"MRD sensitivity {when}", *(power(line["sensitivity_percent"]) for line in found)]
    found = [_of(lines["specimens"], case) for case in cases]
    yield ["MRD material", *(said(line["material"]) for line in found)]
    yield ["MRD method", *(said(line["method"]) for line in found)]
    yield ["MRD target", *(str(line["marker"]) for line in found)]


def _negative(line: Line) -> str:
    if line["mrd_result"] == "not detected":
        return f"neg (<{power(line['sensitivity_percent'])})"
    return power(line.get("mrd_percent"))


def _highcombe(path: Path, lines: Lines) -> None:
    """One child on one sheet, question and answer, the months spelt."""
    [case] = _cases(lines)
    rows = [[lower, value(lines, case)] for _, lower, value in _history(spelt)]
    rows[5][0] = "Date of diagnosis"
    [reaction] = lines["toxicity"]
    rows += [
        ["CRS grade", said(reaction["grade"])],
        ["CRS onset", spelt(reaction["onset_date"])],
        ["CRS resolved", spelt(reaction["resolved_date"])],
        ["CRS comment", str(reaction["description"])],
        ["CRS steroids", said(reaction["steroids"])],
        ["CRS tocilizumab", said(reaction["tocilizumab"])],
        ["CRS infusion interrupted", said(reaction["interrupted"])],
    ]
    for number, when in enumerate(("before blinatumomab", "after blinatumomab")):
        line = _of(lines["specimens"], case, number)
        level = (
            f"{line['mrd_percent']:g} %"
            if "mrd_percent" in line
            else f"negative (sens. {line['sensitivity_percent']:g} %)"
        )
        rows.append([f"MRD {when}", level])
        rows.append([f"MRD date {when}", spelt(line["specimen_date"])])
        rows.append([f"QR {when}", f"{line['range_percent']:g} %"])
        rows.append([f"Sensitivity {when}", f"{line['sensitivity_percent']:g} %"])
        rows.append([f"MRD marker {when}", str(line["marker"])])
    rows += [["MRD material", "bone marrow"], ["MRD method", "PCR Ig/TR"]]
    write_ods(path, "Sheet1", [row for row in rows if row[1]])
