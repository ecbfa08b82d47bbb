"""The profiles: complete, cited, honest about what nobody has checked, and open to a laboratory's own."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from caseseries.pcr.criteria import BUILT_IN, PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, load_profile
from caseseries.pcr.plate import PlateError
from pcr_plates import own_profile


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_value_of_a_built_in_profile_has_its_unit_source_and_confidence(name):
    profile = load_profile(name)
    assert profile.id == name
    assert "doi 10.1038/" in profile.citation
    for item in profile.criteria.values():
        assert item.unit
        assert item.means
        assert item.citation
        assert item.basis
        assert item.confidence in ("A", "B", "C")
    assert profile.criteria.keys() == load_profile(PREVENT_FALSE_NEGATIVE).criteria.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_nobody_has_checked_is_named(name):
    profile = load_profile(name)
    assert set(profile.unverified) == {
        name for name, item in profile.criteria.items() if not item.verified_by
    }
    assert profile.unverified


def test_the_two_aims_are_ordered():
    """What is positive to prevent false positives is positive to prevent false negatives."""
    lenient, strict = load_profile(PREVENT_FALSE_NEGATIVE), load_profile(PREVENT_FALSE_POSITIVE)
    assert lenient["positive_background_margin"] <= strict["positive_background_margin"]
    assert lenient["positive_wells_least"] <= strict["positive_wells_least"]
    assert lenient["positive_beyond_sensitivity_most"] >= strict["positive_beyond_sensitivity_most"]


def test_a_laboratory_s_own_profile(tmp_path):
    path = own_profile(
        tmp_path / "sop.toml", lambda text: text.replace('verified_by = ""', 'verified_by = "EB"', 1)
    )
    profile = load_profile(path)
    assert profile.id == "lab-sop-7"
    assert "slope_steepest" not in profile.unverified
    assert profile.sha256 != load_profile(PREVENT_FALSE_NEGATIVE).sha256


def faults_of(tmp_path, change=lambda text: text, **values):
    """What the software says of a laboratory's profile, one sentence a fault."""
    with pytest.raises(PlateError) as refused:
        load_profile(own_profile(tmp_path / "sop.toml", change, **values))
    return [str(one) for one in refused.value.findings]


# What stands in the TOML, what is put there instead, and the whole sentence a person reads.
FAULTS = {
    "a misspelt criterion": ("[criteria.late_after]", "[criteria.late_aftr]", [
        'sop.toml › criteria.late_aftr: "late_aftr" is not known. Allowed: slope_steepest, slope_shallowest, ',
        "sop.toml › criteria.late_after: the criterion is missing. Allowed: a table: [criteria.late_after]. Correct the profile.",
    ]),
    "a misspelt key": ('unit = "cycles per tenfold"', 'unti = "cycles per tenfold"', [
        'sop.toml › criteria.slope_steepest.unti: "unti" is not known. Allowed: value, unit, means, citation, basis, confidence, verified_by, verified_on. Did you mean unit?',
        'sop.toml › criteria.slope_steepest.unit: the unit is "". Allowed: "cycles per tenfold": the value is read in it. Correct the profile.',
    ]),
    "a misspelt key of the profile": ("title = ", "titel = ", [
        'sop.toml › titel: "titel" is not known. Allowed: id, title, citation, note, criteria. Did you mean title?',
    ]),
    "another unit": ('unit = "|r|, not r squared"', 'unit = "r squared"', [
        'sop.toml › criteria.correlation_least.unit: the unit is "r squared". Allowed: "|r|, not r squared": the value is read in it. Correct the profile.',
    ]),
    "no citation": ('citation = "van der Velden et al., Leukemia 2007; page not yet checked"', 'citation = " "', [
        "sop.toml › criteria.slope_steepest.citation: the citation is missing. Allowed: where the number comes from. Correct the profile.",
    ]),
    "words for a number": ("value = 0.98", 'value = "0.98"', [
        "sop.toml › criteria.correlation_least.value: the value is '0.98'. Allowed: a number. Correct the profile.",
    ]),
    "not a number": ("value = 0.98", "value = nan", [
        "sop.toml › criteria.correlation_least.value: the value is nan. Allowed: a number. Correct the profile.",
    ]),
    "yes for a number": ("value = 0.98", "value = true", [
        "sop.toml › criteria.correlation_least.value: the value is True. Allowed: a number. Correct the profile.",
    ]),
    "a number out of range": ("value = -3.9", "value = 3.9", [
        "sop.toml › criteria.slope_steepest.value: the value is 3.9. Allowed: -6 to -2. Correct the profile.",
        "sop.toml › criteria.slope_steepest.value: the value is 3.9, above slope_shallowest (-3.1). Allowed: at most slope_shallowest. Correct the profile.",
    ]),
    "a number for words": ('confidence = "B"', "confidence = 2", [
        "sop.toml › criteria.slope_steepest.confidence: the value is 2. Allowed: words in quotes. Correct the profile.",
    ]),
    "no name": ('id = "lab-sop-7"', 'id = ""', [
        "sop.toml › id: the profile has no id. Allowed: a name of your own, which every report prints. Correct the profile.",
    ]),
    "the name of another": ('id = "lab-sop-7"', 'id = "euromrd-2024"', [
        'sop.toml › id: the id is "euromrd-2024", a profile of the software. Allowed: a name of your own. Correct the profile.',
    ]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_profile_says_where_and_what_is_allowed(tmp_path, fault):
    before, after, said = FAULTS[fault]
    told = faults_of(tmp_path, lambda text: text.replace(before, after, 1))
    assert len(told) == len(said)
    for sentence, start in zip(sorted(told), sorted(said), strict=True):
        assert sentence.startswith(start)


def test_every_fault_is_told_at_once(tmp_path):
    def spoil(text):
        for before, after, _ in FAULTS.values():
            text = text.replace(before, after, 1)
        return text

    told = faults_of(tmp_path, spoil, follow_up_wells_least=2.5)
    assert len(told) > 12
    assert any("late_aftr" in one and "Did you mean late_after?" in one for one in told)
    assert any(
        "follow_up_wells_least.value: the value is 2.5. Allowed: a whole number of wells" in one
        for one in told
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("value = = 3", "sop.toml: the file cannot be read ("),
        ("\xff\xfe", "sop.toml: the file cannot be read ("),
        ('id = "x"\ncriteria = 3', "sop.toml › criteria: the value is 3. Allowed: tables such as [criteria.late_after]"),
        ('id = "x"\n[criteria]\nlate_after = 40', "sop.toml › criteria.late_after: the value is 40. Allowed: a table"),
        ("", "sop.toml › id: the profile has no id."),
    ],
)  # fmt: skip
def test_what_is_no_profile_at_all(tmp_path, text, said):
    path = tmp_path / "sop.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(PlateError) as refused:
        load_profile(str(path))
    assert any(str(one).startswith(said) for one in refused.value.findings)


def test_a_profile_that_is_not_there_names_those_that_are():
    with pytest.raises(PlateError) as refused:
        load_profile("esg-2007")
    assert str(refused.value.findings[0]) == (
        'esg-2007: there is no profile "esg-2007". Allowed: esg-mrd-all-2007/prevent-false-negative, '
        "esg-mrd-all-2007/prevent-false-positive, euromrd-2024, or the path of a TOML file. Use one of those."
    )


def test_the_table_in_the_documents_is_the_profiles_own():
    """So that nobody checks one number against the paper and runs another."""
    lenient, strict = load_profile(PREVENT_FALSE_NEGATIVE), load_profile(PREVENT_FALSE_POSITIVE)
    text = (Path(__file__).parents[2] / "docs" / "mrd.md").read_text(encoding="utf-8")
    for name, item in lenient.criteria.items():
        row = f"| {name.replace('_', ' ')} | {item.value:g} | {strict[name]:g} | {item.unit} | {item.basis} ({item.confidence}"
        assert row in text


def test_the_choices_in_the_documents_are_those_of_the_code():
    text = (Path(__file__).parents[2] / "docs" / "mrd.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| ([\d.]+) \| `(\w+)\.(\w+)` \|$", text, re.MULTILINE)
    assert len(rows) == 24
    for value, module, name in rows:
        assert float(value) == getattr(import_module(f"caseseries.pcr.{module}"), name), name


def test_the_2024_profile_repeats_2007_and_says_so():
    update, first = load_profile("euromrd-2024"), load_profile(PREVENT_FALSE_NEGATIVE)
    assert {name: item.value for name, item in update.criteria.items()} == {
        name: item.value for name, item in first.criteria.items()
    }
    assert "has not been read" in update.note
    assert {item.basis for item in update.criteria.values()} == {
        "carried over from 2007, not read", "our choice", "arithmetic",
    }  # fmt: skip
