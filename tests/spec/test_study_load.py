"""study.toml: every problem at once, with its TOML path, what is allowed and a suggestion."""

from pathlib import Path

import pytest

from caseseries.findings import StudyError
from caseseries.study.definition import days_of
from caseseries.study.forms import forms_of
from caseseries.study.headings import load_vocabulary
from caseseries.study.load import load_study, toml_path
from caseseries.study.toml import suggest
from made_up import made_up_study

GOOD = """
title = "A case series"
short_title = "Series"
design = "Retrospective case series"
population = "Infants"
countries = ["Ireland"]
data_cut = 2019-12-31
treatments = ["blinatumomab"]
first_line_protocols = ["Interfant-06"]
index = { treatment = "blinatumomab", label = "blinatumomab" }
toxicity = { scale = "ASTCT 2019", kinds = { crs = "CRS" } }
response = { sensitivity = 1e-4 }
estimates = [{ endpoint = "os", origins = ["hsct"], horizons = ["12m"] }]

[origins.hsct]
event = "hsct"
label = "HSCT"

[endpoints.os]
label = "Overall survival"
short = "OS"
events = ["death"]
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    return [str(finding) for finding in caught.value.findings]


def test_a_sound_protocol_is_read(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(GOOD, encoding="utf-8")
    study = load_study(tmp_path)
    assert study.title == "A case series"
    assert study.estimates[0].horizons == ("12m",)
    assert study.report.minimum_at_risk == 5


def test_an_unknown_key_gets_a_suggestion(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("data_cut", "data_cutt"))
    assert found == [
        "study.toml › data_cut: data_cut is missing. Add data_cut; 'caseseries new' writes an example.",
        "study.toml › data_cutt: the key data_cutt is not known. Allowed: title, short_title, design, population, "
        "countries, centres, data_cut, notice, treatments, first_line_protocols, indications, remissions, "
        "relapse_phenotypes, index, eligibility, origins, endpoints, estimates, response, toxicity, report. "
        "Did you mean data_cut?",
    ]


def test_an_unknown_key_inside_a_list_names_its_place(tmp_path: Path) -> None:
    rule = '\n[[eligibility]]\nvariable = "kmt2a"\nreason = "x"\noneof = ["rearranged"]\n'
    (only,) = problems(tmp_path, GOOD + rule)
    assert only.startswith(
        "study.toml › eligibility[1].oneof: the key oneof is not known. Allowed: variable, reason,"
    )
    assert only.endswith("Did you mean one_of?")


def test_wrong_types_and_missing_keys_are_listed_together(tmp_path: Path) -> None:
    text = GOOD.replace('title = "A case series"', "title = 7").replace(
        "sensitivity = 1e-4", "sensitivity = 2"
    )
    assert problems(tmp_path, text) == [
        "study.toml › title: found 7. Allowed: a text in quotes. Change the value.",
        "study.toml › response.sensitivity: found 2. Allowed: less than 1. Change the value.",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('horizons = ["12m"]', 'horizons = ["1 year"]', 'horizons[1]: found \'1 year\'. Allowed: a whole number and d, m or y, as in "3y"'),
        ('horizons = ["12m"]', f'horizons = ["{"9" * 20}m"]', f"horizons[1]: found '{'9' * 20}m'. Allowed: a shorter text"),
        ('horizons = ["12m"]', "horizons = []", "horizons: found []. Allowed: a list that is not empty"),
        ('origins = ["hsct"]', 'origins = "hsct"', "origins: found 'hsct'. Allowed: a list"),
    ],
)  # fmt: skip
def test_what_is_allowed_is_said_in_words_and_once(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    assert problems(tmp_path, GOOD.replace(before, after)) == [
        f"study.toml › estimates[1].{said}. Change the value."
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'data_cut = "31.10.2019"',
            "data_cut: found '31.10.2019'. Allowed: a date, as in 2019-10-31, without quotes",
        ),
        ('title = ""', "title: found ''. Allowed: a text that is not empty"),
        ('countries = "Ireland"', "countries: found 'Ireland'. Allowed: a list"),
        ("index = 3", "index: found 3. Allowed: a table"),
    ],
)
def test_a_value_of_another_kind(tmp_path: Path, line: str, said: str) -> None:
    text = "\n".join(each for each in GOOD.splitlines() if not each.startswith(f"{line.split()[0]} ="))
    assert f"study.toml › {said}. Change the value." in problems(tmp_path, f"{line}\n{text}")


def test_impossible_references_are_listed_together(tmp_path: Path) -> None:
    text = GOOD.replace('endpoint = "os"', 'endpoint = "oss"').replace(
        'origins = ["hsct"]', 'origins = ["hsc"]'
    )
    text = text.replace('index = { treatment = "blinatumomab"', 'index = { treatment = "blina"')
    assert problems(tmp_path, text) == [
        "study.toml › index.treatment: blina is not known here. Allowed: blinatumomab. Did you mean blinatumomab?",
        "study.toml › estimates[1].endpoint: oss is not known here. Allowed: os. Did you mean os?",
        "study.toml › estimates[1].origins: hsc is not known here. Allowed: hsct. Did you mean hsct?",
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            'variable = "kmt2"\nreason = "x"\none_of = ["a"]',
            "eligibility[1].variable: kmt2 is not known here.",
        ),
        (
            'variable = "kmt2a"\nreason = "x"\none_of = ["rearanged"]',
            "eligibility[1].one_of: rearanged is not known here. Allowed: rearranged, germline, not known. "
            "Did you mean rearranged?",
        ),
        (
            'variable = "index_date"\nreason = "x"\nfrom_date = 2020-01-01\nto_date = 2019-01-01',
            "eligibility[1]: from_date 2020-01-01 is above to_date 2019-01-01, so that nobody can meet the rule. "
            "Allowed: from_date up to to_date. Correct one of them.",
        ),
        (
            'variable = "kmt2a"\nreason = "x"',
            "eligibility[1]: the rule on kmt2a has no condition. Allowed: one_of. Add one.",
        ),
        (
            'variable = "kmt2a"\nreason = "x"\nat_most = 3',
            "eligibility[1].at_most: at_most cannot be asked of kmt2a, which is a category. Allowed: one_of. "
            "Use one of those.",
        ),
    ],
)
def test_a_rule_must_fit_its_variable(tmp_path: Path, rule: str, expected: str) -> None:
    (only,) = problems(tmp_path, f"{GOOD}\n[[eligibility]]\n{rule}\n")
    assert only.startswith(f"study.toml › {expected}")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (
            'sensitivity = 1e-4, after_until = "index"',
            "response.after_until: index is not later than the start of blinatumomab, so no specimen could be after "
            "it. Allowed: hsct. Name a later origin, or leave it out; after_within_days ends the time by days.",
        ),
        (
            'sensitivity = 1e-4, after_until = "hsc"',
            "response.after_until: hsc is not known here. Allowed: hsct, index. Did you mean hsct?",
        ),
        (
            'sensitivity = 1e-4, before_in = ["CR2, MRD-negative"]',
            "response.before_in: CR2, MRD-negative is not known here. Allowed: CR1, MRD-positive; CR2, MRD-positive; "
            "not in remission. Did you mean CR2, MRD-positive?",
        ),
    ],
)
def test_the_time_after_treatment_must_be_after_it(tmp_path: Path, response: str, expected: str) -> None:
    text = GOOD.replace("sensitivity = 1e-4", response)
    text += '\n[origins.index]\nevent = "index"\nlabel = "start"\n'
    assert problems(tmp_path, text) == [f"study.toml › {expected}"]


def test_an_endpoint_asked_for_twice_would_lose_a_horizon(tmp_path: Path) -> None:
    one = '{ endpoint = "os", origins = ["hsct"], horizons = ["12m"] }'
    text = GOOD.replace(f"[{one}]", f"[{one}, {one.replace('12m', '36m')}]")
    assert problems(tmp_path, text) == [
        "study.toml › estimates[2].origins: os from hsct is asked for in estimates[1] too. Allowed: each pair once. "
        "Put its horizons into estimates[1]."
    ]


def test_two_things_of_one_name_could_not_be_told_apart(tmp_path: Path) -> None:
    text = GOOD + '\n[endpoints.death]\nlabel = "overall survival"\nshort = "D"\nevents = ["death"]\n'
    text += '[origins.graft]\nevent = "hsct"\nlabel = "HSCT"\n'
    text = text.replace('kinds = { crs = "CRS" }', 'kinds = { crs = "CRS", crs_2 = "CRS" }')
    assert problems(tmp_path, text) == [
        "study.toml › origins.graft.label: “HSCT” is the name of hsct too. Allowed: a name for each. Rename one of "
        "them.",
        "study.toml › endpoints.death.label: “overall survival” is the name of os too. Allowed: a name for each. "
        "Rename one of them.",
        "study.toml › toxicity.kinds.crs_2: “CRS” is the name of crs too. Allowed: a name for each. Rename one of "
        "them.",
    ]


def test_a_name_that_cannot_be_one_is_told_by_its_place(tmp_path: Path) -> None:
    text = GOOD.replace('kinds = { crs = "CRS" }', 'kinds = { CRS-2 = "CRS" }')
    assert problems(tmp_path, text) == [
        "study.toml › toxicity.kinds.CRS-2: found 'CRS-2'. Allowed: lower-case letters, digits and underscores. "
        "Change the value."
    ]


def test_a_date_in_the_order_of_the_clinic_is_told_how_dates_are_written(tmp_path: Path) -> None:
    [told] = problems(tmp_path, GOOD + "[report]\nlevel = 31.10.2019\n")
    assert told.endswith(
        "Allowed: TOML, with texts in quotes and dates as in 2019-10-31. Mend the line named."
    )


def test_a_study_without_transplants_needs_no_event_that_ends_the_time_after_treatment(
    tmp_path: Path,
) -> None:
    text = GOOD.replace("sensitivity = 1e-4", "sensitivity = 1e-4, after_within_days = 35")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    assert load_study(tmp_path).response.after_until is None


def test_doses_and_states_are_those_of_the_protocol(tmp_path: Path) -> None:
    text = GOOD.replace('label = "blinatumomab" }', 'label = "blinatumomab", dose_unit = "mg/m²/day" }')
    text = text.replace(
        'treatments = ["blinatumomab"]', 'treatments = ["blinatumomab"]\nremissions = ["CR2, MRD-negative"]'
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    forms = {form.name: form for form in forms_of(load_study(tmp_path))}
    dose = forms["treatment"].column("dose")
    assert (dose.heading, dose.low, dose.high) == ("Dose (mg/m²/day)", 0, None)
    assert forms["treatment"].column("remission_at_start").choices == ("CR2, MRD-negative",)


def test_an_event_cannot_compete_with_itself(tmp_path: Path) -> None:
    (only,) = problems(tmp_path, GOOD + 'competing = ["death"]\n')
    assert only == (
        "study.toml › endpoints.os: death is both an event and a competing event. Allowed: one or the other. "
        "Remove one of the two."
    )


def test_what_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (only,) = problems(tmp_path, "title = \n")
    assert "line 1" in only
    assert only.startswith("study.toml: ")


def test_a_folder_without_a_protocol_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert str(caught.value) == (
        f"study.toml: there is no study.toml in {tmp_path}. Name a study folder, or make one with: caseseries new DIR."
    )


@pytest.mark.parametrize(
    ("horizon", "day"), [("30d", 30), ("1m", 30), ("12m", 365), ("36m", 1095), ("1y", 365), ("4y", 1461)]
)
def test_horizons_are_whole_days(horizon: str, day: int) -> None:
    assert days_of(horizon) == day


def test_paths_count_from_one() -> None:
    assert toml_path(("eligibility", 0, "reason")) == "eligibility[1].reason"


def test_a_word_close_to_nothing_is_not_guessed() -> None:
    assert suggest("zzz", ["alpha"]) == "Use one of those"


def test_a_word_that_could_be_two_states_of_the_study_is_no_word_of_either() -> None:
    """Where every remission is MRD-positive, “CR1” says enough; where there are others, it is asked about."""
    column = ("treatment", "remission_at_start")
    assert load_vocabulary(made_up_study()).words[column]["cr1"] == "CR1, MRD-positive"
    both = load_vocabulary(made_up_study(remissions=("CR1, MRD-positive", "CR1, MRD-negative"))).words[column]
    assert "cr1" not in both
    assert both["cr1 mrd neg"] == "CR1, MRD-negative"
    index = {"treatment": "blinatumomab", "label": "blinatumomab", "other_names": ("Besponsa",)}
    named = load_vocabulary(made_up_study(index=index)).words[("treatment", "treatment")]
    assert (named["besponsa"], named["blincyto"]) == ("blinatumomab", "blinatumomab")


def test_a_protocol_in_another_encoding_is_named_in_words(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes("title = 'Leucémie'".encode("latin-1"))
    with pytest.raises(StudyError) as refused:
        load_study(tmp_path)
    assert [str(finding) for finding in refused.value.findings] == [
        "study.toml: the text is not in UTF-8. Allowed: a UTF-8 text file. Save it again with that encoding."
    ]
