"""A study held against published outcomes: what is allowed, what is refused, and where each number leads."""

import json
from pathlib import Path

import pytest

from caseseries.demo import write_demo
from caseseries.pipeline import analyse_study, check_study

ELEVEN_IN_FIRST_LINE = "first line: resistant or refractory"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_demo(tmp_path / "study")
    return tmp_path / "study"


def ask(study: Path, text: str) -> tuple[dict, list[str]]:
    """The results and the contrasts' reasons when published/ holds only this file."""
    (study / "published" / "comparators.toml").write_text(text, encoding="utf-8")
    checked = check_study(study)
    analysis = analyse_study(checked)
    rows = {name: row for name, row in analysis.results.items() if name.startswith("compare.")}
    against = [reason for one in analysis.displays.contrasts for reason in one.refused]
    return rows, [*map(str, checked.published.findings), *against]


def test_efs_from_the_transplant_is_not_held_against_efs_from_diagnosis(study):
    rows, against = ask(
        study, '[[comparison]]\nid = "a"\nendpoint = "efs"\norigin = "hsct"\nstudy = "Interfant-06"\n'
    )
    assert rows == {}
    assert against == [
        "EFS from HSCT is not EFS from diagnosis: who was to be counted from HSCT had first to live to it "
        "(immortal time), and was chosen for it (selection). Take the origin diagnosis, or state how the two may be "
        "compared."
    ]


def test_told_how_it_is_made_and_every_row_says_so(study):
    rows, against = ask(
        study,
        '[[comparison]]\nid = "a"\nendpoint = "efs"\norigin = "hsct"\nstudy = "Interfant-06"\n'
        'horizons = ["12m"]\nbecause = "a test of the tool"\n',
    )
    assert against == []
    assert rows["compare.a.12m.ours"].shown == "47% (95% CI 8–80)"
    assert all("compared although they differ: a test of the tool" in row.notes for row in rows.values())


@pytest.mark.parametrize(
    ("estimate", "n", "shown", "why"),
    [
        (60, 20, "0%", "the two may be equal with a weak prior alone"),
        (
            2,
            4,
            "not reached",
            "not reached: ours stays higher even with the whole of the published data as prior",
        ),
    ],
)
def test_the_tipping_point_is_nought_or_never_where_no_share_turns_the_conclusion(
    study, estimate, n, shown, why
):
    """Against 60 % ours of 79 % at a year is open from the start; four cases of 2 % weigh too little to turn it."""
    rows, against = ask(
        study,
        '[[comparator]]\nstudy = "Own"\npopulation = "all"\nendpoint = "OS"\norigin = "start of blinatumomab"\n'
        f'mark = "read"\nsource = "made up"\nyears = 1.0\nestimate = {estimate}\nn = {n}\n'
        '[[comparison]]\nid = "a"\nendpoint = "os"\norigin = "index"\nstudy = "Own"\nhorizons = ["12m"]\n',
    )
    assert against == []
    assert rows["compare.a.12m.tipping"].shown == shown
    assert why in rows["compare.a.12m.tipping"].notes


def test_a_clock_that_starts_before_the_treatment_counts_only_from_the_treatment_on(study):
    rows, _ = ask(
        study, '[[comparison]]\nid = "a"\nendpoint = "os"\norigin = "diagnosis"\nstudy = "Interfant-06"\n'
    )
    assert set(rows) == {f"compare.a.{name}" for name in ("observed", "expected", "smr", "log_rank")}
    assert rows["compare.a.observed"].estimate.value == 2


def test_a_mixture_needs_a_study_for_every_kind_of_case(study):
    rows, against = ask(
        study,
        '[[comparison]]\nid = "a"\nendpoint = "os"\norigin = "index"\nby = "indication"\nbecause = "b"\n'
        'mixture = { "after relapse" = "Interfant-99 relapses (Driessen)" }\n',
    )
    assert rows == {}
    assert against == [
        f"4 of our cases have indication “{ELEVEN_IN_FIRST_LINE}”, for which the mixture names no study."
    ]


CURVE = """
[[comparator]]
study = "Own"
population = "all"
endpoint = "OS"
origin = "start of blinatumomab"
mark = "read"
source = "made up"
days = [100, 200, 300, 400]
curve = [90.0, 80.0, 70.0, 60.0]
risk_days = [0, 365]
at_risk = [10, 7]

[[comparison]]
id = "a"
endpoint = "os"
origin = "index"
study = "Own"
horizons = ["12m"]
"""


def test_a_digitised_curve_is_a_reference_with_its_own_error(study):
    """Ten cases, one event at each step and nobody censored before day 365: 7 of 10 free at a year, as the curve reads."""
    rows, against = ask(study, CURVE)
    assert against == []
    published = rows["compare.a.12m.published"]
    assert published.estimate.n == 10
    assert any("reconstructed from the printed curve" in note for note in published.notes)
    assert published.estimate.value == pytest.approx(0.7)


def test_every_problem_of_a_comparator_file_is_listed_at_once_and_the_rest_is_run(study, caseseries):
    text = (
        '[[comparison]]\nid = "a"\nendpoint = "oss"\norigin = "hsct"\nstudy = "Interfant-6"\n'
        '[[comparison]]\nid = "b"\nendpoint = "nrm"\norigin = "hsct"\nstudy = "Interfant-06"\nsudy = "x"\n'
        '[[comparision]]\nid = "c"\n'
    )
    rows, against = ask(study, text)
    assert rows == {}
    assert against == [
        "published/comparators.toml › comparision: the key comparision is not known. Allowed: comparator, comparison. "
        "Did you mean comparison?",
        "published/comparators.toml › comparison[1].endpoint: oss is not known in study.toml. Allowed: efs, os, relapse, "
        "nrm. Did you mean os?",
        "published/comparators.toml › comparison[2].sudy: the key sudy is not known. Allowed: id, endpoint, origin, "
        "horizons, study, population, by, mixture, published_endpoint, because. Did you mean study?",
        "published/comparators.toml › comparison[2].endpoint: nrm has competing events, and is no survival. Compare an "
        "endpoint without them.",
    ]
    assert caseseries("check", study).returncode == 1


def test_a_study_that_nobody_knows_is_asked_about(study):
    _, against = ask(
        study, '[[comparison]]\nid = "a"\nendpoint = "os"\norigin = "hsct"\nstudy = "Interfant-6"\n'
    )
    assert against[0].startswith(
        "published/comparators.toml › comparison[1].study: no comparator is called Interfant-6. Allowed: Interfant-99"
    )
    assert against[0].endswith("Did you mean Interfant-06?")


def test_why_leads_from_a_comparison_to_the_cells_and_to_the_file(demo, caseseries):
    found = json.loads(caseseries("why", demo, "compare.os_mixture.smr", "--json").stdout)
    assert len(found["cases"]) == 11
    text = caseseries("why", demo, "compare.os_mixture.36m.published").stdout
    assert "published/comparators.toml › comparison[2]" in text
    assert "recalled — verify" in text


def test_who_lists_the_comparisons_a_case_is_behind(demo, caseseries):
    found = {row["id"] for row in json.loads(caseseries("who", demo, "NB-01", "--json").stdout)}
    assert {"compare.os_mixture.smr", "compare.os_mixture.36m.difference", "os.index.36m"} <= found
    assert "compare.os_mixture.36m.published" not in found


OWN = """
[[comparator]]
study = "Own"
population = "all"
endpoint = "OS"
origin = "{origin}"
mark = "read"
source = "made up"
years = 1.0
estimate = 60
n = 20

[[comparison]]
id = "a"
endpoint = "os"
origin = "index"
study = "Own"
horizons = ["12m"]
"""


@pytest.mark.parametrize("origin", ["index", "start of blinatumomab"])
def test_an_origin_is_named_as_the_protocol_names_or_calls_it(study, origin):
    rows, against = ask(study, OWN.format(origin=origin))
    assert (against, "compare.a.12m.published" in rows) == ([], True)


def test_the_start_of_another_treatment_is_another_origin(study):
    """Whatever the protocol calls its own: the published outcome counts from blinatumomab."""
    protocol = study / "study.toml"
    text = protocol.read_text(encoding="utf-8").replace('"start of blinatumomab"', '"index"')
    protocol.write_text(text, encoding="utf-8")
    rows, against = ask(study, OWN.format(origin="blinatumomab start"))
    assert rows == {}
    assert against[0].startswith("OS from index is not OS from blinatumomab start")


def test_the_tipping_point_is_that_of_the_interval_beside_it(study):
    """A narrower interval leaves 0 out, and then it takes a share of the published data to bring it back in."""
    shares = {}
    for level in ("0.95", "0.8"):
        protocol = study / "study.toml"
        text = protocol.read_text(encoding="utf-8")
        protocol.write_text(text.replace("level = 0.95", f"level = {level}"), encoding="utf-8")
        rows, _ = ask(study, OWN.format(origin="index").replace("estimate = 60", "estimate = 40"))
        difference = rows["compare.a.12m.difference"].estimate
        shares[level] = (rows["compare.a.12m.tipping"].estimate.value, difference.lower, difference.level)
    assert shares["0.95"][0] == 0
    assert shares["0.95"][1] < 0 < shares["0.8"][1]
    assert shares["0.8"][0] > 0
    assert [level for *_, level in shares.values()] == [0.95, 0.8]


def test_an_interval_too_wide_for_a_probability_leaves_the_difference_open(study):
    """As printed the published row has it; no beta distribution has this mean and width."""
    text = OWN.format(origin="index").replace("estimate = 60", "estimate = 95\nlower = 3\nupper = 98")
    rows, against = ask(study, text)
    assert against == []
    published = rows["compare.a.12m.published"].estimate
    assert (published.value, published.lower, published.upper) == (0.95, 0.03, 0.98)
    assert rows["compare.a.12m.difference"].notes[0] == (
        "not estimable: the error of the published outcome is too wide beside its estimate to be that of a probability"
    )
    assert not any(".better." in name for name in rows)


def test_a_standard_error_that_no_share_has_is_asked_about(study):
    text = OWN.format(origin="index").replace("estimate = 60", "estimate = 90\nse = 40")
    _, against = ask(study, text)
    assert against == [
        "published/comparators.toml › comparator[1].se: a standard error of 40 is none of a share of 90 %. Allowed: "
        "less than 30.0. Correct one of them."
    ]


LEVELS = """
[[comparison]]
id = "{name}"
endpoint = "os"
origin = "index"
horizons = ["12m"]
{against}
"""


def test_kinds_of_case_held_against_one_study_share_its_one_error(study):
    """Split in two they are still held against the same estimate: nothing may look more certain for it."""
    both = f'mixture = {{ "after relapse" = "Own", "{ELEVEN_IN_FIRST_LINE}" = "Own" }}\nby = "indication"'
    text = OWN[: OWN.index("[[comparison]]")].format(origin="index")
    text += LEVELS.format(name="a", against='study = "Own"') + LEVELS.format(name="b", against=both)
    rows, against = ask(study, text)
    assert against == []
    for measure in ("12m.published", "12m.difference", "smr", "log_rank"):
        whole, split = (rows[f"compare.{name}.{measure}"].estimate for name in "ab")
        assert (split.value, split.lower, split.upper) == (whole.value, whole.lower, whole.upper)


def test_two_estimates_at_one_horizon_are_not_one_cohort(study):
    text = OWN.format(origin="index")
    rows, against = ask(study, text + text[: text.index("[[comparison]]")].replace("60", "55"))
    assert rows == {}
    assert against == ["Own: two estimates at one horizon (1 y) are given, and one cohort has one."]
