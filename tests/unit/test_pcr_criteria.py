"""The profiles: complete, cited, honest about what nobody has checked, and open to a laboratory's own."""

from pathlib import Path

import pytest

from caseseries.pcr.criteria import BUILT_IN, PREVENT_FALSE_NEGATIVE, PREVENT_FALSE_POSITIVE, load_profile
from caseseries.pcr.plate import PlateError


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


def own(tmp_path, change):
    from importlib.resources import files

    text = (
        files("caseseries.pcr")
        .joinpath(f"profiles/{PREVENT_FALSE_NEGATIVE}.toml")
        .read_text(encoding="utf-8")
    )
    path = tmp_path / "sop.toml"
    path.write_text(change(text), encoding="utf-8")
    return path


def test_a_laboratory_s_own_profile(tmp_path):
    path = own(tmp_path, lambda text: text.replace('verified_by = ""', 'verified_by = "EB"', 1))
    profile = load_profile(str(path))
    assert "slope_steepest" not in profile.unverified
    assert profile.sha256 != load_profile(PREVENT_FALSE_NEGATIVE).sha256


def test_a_profile_s_faults_are_told_at_once(tmp_path):
    def spoil(text):
        return text.replace("[criteria.late_after]", "[criteria.late_aftr]").replace(
            "value = 0.98", 'value = "0.98"'
        )

    with pytest.raises(PlateError) as refused:
        load_profile(str(own(tmp_path, spoil)))
    said = [str(one) for one in refused.value.findings]
    assert "sop.toml › criteria.late_after: the value is missing. Correct the profile." in said
    assert (
        "sop.toml › criteria.correlation_least.value: the value is '0.98'. Allowed: a number. Correct the profile."
        in said
    )
    assert any("criteria.late_aftr: the criterion is not known" in one for one in said)


def test_a_profile_that_is_not_there_names_those_that_are():
    with pytest.raises(PlateError) as refused:
        load_profile("esg-2007")
    assert str(refused.value.findings[0]) == (
        'esg-2007: there is no profile "esg-2007". Allowed: esg-mrd-all-2007/prevent-false-negative, '
        "esg-mrd-all-2007/prevent-false-positive, euromrd-2024, or the path of a TOML file. Correct the profile."
    )


def test_the_table_in_the_documents_is_the_profiles_own():
    """So that nobody checks one number against the paper and runs another."""
    lenient, strict = load_profile(PREVENT_FALSE_NEGATIVE), load_profile(PREVENT_FALSE_POSITIVE)
    text = (Path(__file__).parents[2] / "docs" / "mrd.md").read_text(encoding="utf-8")
    for name, item in lenient.criteria.items():
        row = f"| {name.replace('_', ' ')} | {item.value:g} | {strict[name]:g} | {item.unit} | {item.basis} ({item.confidence}"
        assert row in text


def test_the_2024_profile_repeats_2007_and_says_so():
    update, first = load_profile("euromrd-2024"), load_profile(PREVENT_FALSE_NEGATIVE)
    assert {name: item.value for name, item in update.criteria.items()} == {
        name: item.value for name, item in first.criteria.items()
    }
    assert "has not been read" in update.note
    assert {item.basis for item in update.criteria.values()} == {
        "carried over from 2007, not read", "our choice", "arithmetic",
    }  # fmt: skip
