"""The folders that `caseseries demo` and `caseseries new` write, and the ones they refuse to touch."""

import tomllib
from datetime import date

import pytest
from openpyxl import load_workbook

from caseseries.demo import write_demo, write_new
from caseseries.demo.children import CHILDREN
from caseseries.findings import Severity, StudyError
from caseseries.study.definition import Study
from caseseries.study.forms import forms_of
from caseseries.study.load import load_study
from caseseries.study.variables import BY_NAME

NOTICE = "made-up patients; reproduces the published aggregates of Clesham et al., Blood 2020;135:1501"
CENTRES = {"Northbridge", "Eastmere", "Westerlea", "Southmarsh", "Highcombe", "Kilvarra"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "deep" / "demo"
    write_demo(path)
    return path


@pytest.fixture(scope="module")
def study(folder) -> Study:
    return load_study(folder)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(write, folder):
    with pytest.raises(StudyError) as caught:
        write(folder)
    (finding,) = caught.value.findings
    assert finding.severity is Severity.STUDY
    return str(finding)


def test_the_folder_is_a_study_and_its_returns(folder):
    names = {"study.toml", "README.txt", "published/letter.toml", "published/comparators.toml"} | {
        f"returns/{centre}.xlsx" for centre in CENTRES
    }
    names |= {
        f"plates/{child.case_id} {target.marker}.rdml".replace(" ", "_")
        for child in CHILDREN
        for target in child.targets
    }
    assert set(contents(folder)) == names


def test_writing_again_gives_the_same_bytes(folder, tmp_path):
    write_demo(tmp_path)
    assert contents(tmp_path) == contents(folder)


def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    expected = (
        f"{tmp_path}: there is something here already. Allowed: a new or empty folder. Name another folder."
    )
    assert refusal(write_demo, tmp_path) == expected
    assert refusal(write_new, tmp_path) == expected
    assert contents(tmp_path) == {"letter.txt": b"mine"}


def test_a_file_is_not_a_folder(tmp_path):
    path = tmp_path / "demo"
    path.write_text("mine", encoding="utf-8")
    assert "Allowed: a new or empty folder" in refusal(write_demo, path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_the_notice_says_that_the_patients_are_made_up(study):
    assert study.notice == NOTICE


def test_the_title_says_case_series(study):
    assert "case series" in study.title


def test_every_rule_of_the_letter_is_in_the_protocol_with_its_reason(study):
    rules = {rule.variable: rule for rule in study.eligibility}
    assert rules["age_at_diagnosis_days"].at_most == 365
    assert rules["immunophenotype"].one_of == ("B-ALL",)
    assert rules["kmt2a"].one_of == ("rearranged",)
    assert rules["first_protocol"].one_of == ("Interfant-06",)
    assert rules["hsct_before_index"].is_yes is False
    assert (rules["index_date"].from_date, rules["index_date"].to_date) == (
        date(2016, 1, 1),
        date(2019, 12, 31),
    )
    assert len(rules) == len(study.eligibility) == 6
    assert len({rule.reason for rule in study.eligibility}) == 6


def test_the_numbers_asked_for_are_the_letters_and_its_referees(study):
    asked = {
        f"{wanted.endpoint}.{origin}.{horizon}"
        for wanted in study.estimates
        for origin in wanted.origins
        for horizon in wanted.horizons
    }
    both = {f"{e}.{o}.{h}" for e in ("efs", "os") for o in ("hsct", "index") for h in ("12m", "36m")}
    incidences = {f"{e}.hsct.{h}" for e in ("relapse", "nrm") for h in ("12m", "36m")}
    assert asked == both | incidences | {"efs.diagnosis.36m", "os.diagnosis.36m"}


def test_relapse_and_death_without_it_part_the_events_of_efs_between_them(study):
    ends = study.endpoints
    assert set(ends["efs"].events) == {"relapse", "second malignancy", "death"}
    assert ends["relapse"].events == ("relapse",)
    assert set(ends["relapse"].competing) == {"death", "second malignancy"}
    assert ends["nrm"].events == ("death",)
    assert "relapse" in ends["nrm"].competing


def test_response_toxicity_and_quoting_follow_the_letter(study):
    assert study.response.sensitivity == 1e-4
    assert study.response.partial_log_reduction == 1
    assert study.toxicity.kinds == {"crs": "CRS", "neuro": "neurotoxicity", "other": "other"}
    assert "ASTCT 2019" in study.toxicity.scale
    assert study.report.minimum_at_risk == 5
    assert set(study.report.characteristics) <= set(BY_NAME)


def test_the_preamble_says_what_is_the_letters_and_what_is_our_choice(folder):
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert text.startswith("# A demo study of made-up patients.")
    assert "Our choice: all else. Above all that exactly one child was followed for three years" in text


def test_a_new_study_starts_from_the_protocol_without_the_demo(tmp_path):
    paths = write_new(tmp_path / "mine")
    assert [path.name for path in paths] == ["study.toml", "template.xlsx", "returns"]
    text = paths[0].read_text(encoding="utf-8")
    assert "made-up" not in text
    assert "Clesham" not in text
    assert load_study(tmp_path / "mine").notice == ""
    assert not any(paths[2].iterdir())


def test_the_two_protocols_differ_only_in_the_notice(folder, tmp_path):
    write_new(tmp_path)
    demo = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    assert demo.pop("notice") == NOTICE
    assert demo == tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))


def test_the_template_of_a_new_study_is_empty_and_has_every_sheet(tmp_path):
    write_new(tmp_path)
    book = load_workbook(tmp_path / "template.xlsx")
    for form in forms_of(load_study(tmp_path)):
        filled = [cell.value for row in book[form.sheet].iter_rows(min_row=2) for cell in row if cell.value]
        assert filled == []
        assert len([cell for cell in book[form.sheet][1] if cell.value]) == len(form.columns)


def test_a_protocol_that_was_edited_gets_its_own_template(tmp_path):
    write_new(tmp_path)
    (tmp_path / "template.xlsx").unlink()
    protocol = tmp_path / "study.toml"
    edited = protocol.read_text(encoding="utf-8").replace('"CAR-T (CD19)"', '"inotuzumab"')
    protocol.write_text(edited, encoding="utf-8")
    assert [path.name for path in write_new(tmp_path)] == ["template.xlsx", "returns"]
    assert protocol.read_text(encoding="utf-8") == edited
    words = {c.value for row in load_workbook(tmp_path / "template.xlsx")["Lists"] for c in row}
    assert "inotuzumab" in words
    assert "CAR-T (CD19)" not in words


def test_a_template_that_centres_may_be_using_is_not_replaced(tmp_path):
    write_new(tmp_path)
    before = contents(tmp_path)
    assert refusal(write_new, tmp_path) == (
        f"{tmp_path / 'template.xlsx'}: the workbook is there already, and centres may be using it. "
        "Allowed: no such file. Move it away to have a new one written."
    )
    assert contents(tmp_path) == before


def test_a_new_template_for_a_broken_protocol_says_what_is_broken(tmp_path):
    (tmp_path / "study.toml").write_text('titel = "x"', encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        write_new(tmp_path)
    assert any("Did you mean title?" in str(finding) for finding in caught.value.findings)
    assert not (tmp_path / "template.xlsx").exists()
