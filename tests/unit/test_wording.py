"""Numbers as they are printed: rounding half up, intervals, sentences that name results."""

import re
from typing import get_args

import pytest

from caseseries.analysis.results import Result, Results
from caseseries.present.document import Number, Text
from caseseries.present.wording import (
    FIELDS,
    STYLES,
    brief,
    fill,
    full,
    interval,
    join,
    level_percent,
    limits_of,
    p_value,
    percent,
    plain,
    rounded,
    show,
)
from caseseries.stats.estimate import Estimate
from caseseries.study.definition import Reporting


def result(
    unit: str, value: float | None, lower: float | None = None, upper: float | None = None, **more: object
) -> Result:
    decimals = more.pop("decimals", 0)
    estimate = Estimate(value, lower, upper, 0.95, "method", more.pop("n", 11), **more)  # type: ignore[arg-type]
    return Result("a.b", "A", unit, estimate, decimals=decimals)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (46.75, 0, "47"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (1.25, 1, "1.3"),
        (-0.2, 0, "0"),
        (-1.5, 1, "−1.5"),
        (1e-7, 0, "0"),
    ],
)
def test_rounding_is_half_up_and_never_prints_minus_zero(value: float, digits: int, shown: str) -> None:
    assert rounded(value, digits) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0.002, "0.2%"),
        (0.0006, "0.06%"),
        (1e-4, "0.01%"),
        (1e-5, "0.001%"),
        (0.352, "35%"),
        (0.0005, "0.05%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.01, "1%"),
        (0.0234, "2.3%"),
    ],
)
def test_levels_keep_two_figures_and_never_an_exponent(fraction: float, shown: str) -> None:
    assert level_percent(fraction) == shown


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (result("probability", 0.4675, 0.021, 0.804), "47% (95% CI 2–80)"),
        (result("proportion", 9 / 11, 0.482, 0.977, events=9), "9/11 (82%; 95% CI 48–98)"),
        (result("days", 51, 41, 77), "51 days (95% CI 41–77)"),
        (result("days", 133, 57, None), "133 days (95% CI 57–not reached)"),
        (result("days", 34), "34 days"),
        (result("days", 50.5), "50.5 days"),
        (result("years", 0.4928, 0.2, 1.2, decimals=1), "0.5 years (95% CI 0.2–1.2)"),
        (result("count", 11), "11"),
        (result("fraction of cells", 0.002, 0.0006, 0.01), "0.2% (95% CI 0.06–1)"),
        (result("days", None, because="the median was not reached"), "not reached"),
        (result("probability", None, because="nobody was followed so long"), "not estimable"),
        (result("probability", 1.0, None, 1.0), "100% (95% CI not estimable–100)"),
    ],
)
def test_a_result_prints_with_its_interval(made: Result, shown: str) -> None:
    assert full(made) == shown


def test_brief_leaves_the_interval_to_another_column() -> None:
    made = result("probability", 0.4675, 0.021, 0.804)
    assert (brief(made), limits_of(made)) == ("47%", "95% CI 2–80")


def test_a_sentence_names_results_and_keeps_their_ids() -> None:
    rows = show(Results([result("probability", 0.4675, 0.021, 0.804, at_risk=1)]))
    runs = fill("EFS was {a.b} with {a.b:at_risk} at risk.", rows)
    assert runs == (
        Text("EFS was "),
        Number("a.b", "47% (95% CI 2–80)"),
        Text(" with "),
        Number("a.b", "1"),
        Text(" at risk."),
    )
    assert plain(runs) == "EFS was 47% (95% CI 2–80) with 1 at risk."


@pytest.mark.parametrize("text", ["{no.such}", "{a.b:no_field}"])
def test_a_sentence_never_prints_a_gap(text: str) -> None:
    with pytest.raises(KeyError):
        fill(text, Results([result("count", 1)]))


def test_words_join_as_in_prose() -> None:
    assert [join(["a"]), join(["a", "b"]), join(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_percent_takes_digits() -> None:
    assert (percent(0.125), percent(0.125, 1)) == ("13%", "12.5%")


STYLED = {
    "plain": ("47% (95% CI 2–80)", "9/11 (82%; 95% CI 48–98)", "9 (82%)", "2–80", "0.5 years (95% CI 0.2–1.2)", "0.06%"),
    "blood": ("47% (95% CI, 2-80)", "9/11 (82%; 95% CI, 48-98)", "9 (82%)", "2-80", "0.5 years (95% CI, 0.2-1.2)", "0.06%"),
    "lancet": ("47% (95% CI 2–80)", "9/11 (82%; 95% CI 48–98)", "9 (82%)", "2–80", "0·5 years (95% CI 0·2–1·2)", "0·06%"),
    "jama": (
        "47% (95% CI, 2%-80%)", "9/11 (82%; 95% CI, 48%-98%)", "9 (82)", "2-80", "0.5 years (95% CI, 0.2-1.2)", "0.06%",
    ),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_a_journals_style_changes_how_a_number_is_printed(style: str) -> None:
    made = [
        result("probability", 0.4675, 0.021, 0.804),
        result("proportion", 9 / 11, 0.482, 0.977, events=9),
        result("years", 0.4928, 0.2, 1.2, decimals=1),
        result("fraction of cells", 0.0006),
    ]
    survival, share, age, level = (show(Results([one]), style)["a.b"] for one in made)
    assert (
        survival.shown,
        share.shown,
        FIELDS["value"](share),
        FIELDS["range"](survival),
        age.shown,
        level.shown,
    ) == STYLED[style]


P_VALUES = {
    "plain": ["0.21", "0.10", "0.02", "0.01", "0.004", "<\u00a00.001", "1.00"],
    "blood": [".21", ".10", ".02", ".01", ".004", "<\u00a0.001", ">\u00a0.99"],
    "jama": [".21", ".10", ".02", ".01", ".004", "<\u00a0.001", ">\u00a0.99"],
    "lancet": ["0·21", "0·10", "0·021", "0·010", "0·0042", "0·0003", "1·00"],
}


@pytest.mark.parametrize("style", STYLES)
def test_a_p_value_has_as_many_figures_as_the_journal_prints(style: str) -> None:
    """p=0·021 and p=0·0003 in Lancet Oncol 2011;12:1204; P = .03, P = .006 and P < .001 in Blood 2021;138:331."""
    values = (0.21, 0.0996, 0.0213, 0.00997, 0.0042, 0.0003, 0.9996)
    assert [show(Results([result("p-value", p)]), style)["a.b"].shown for p in values] == P_VALUES[style]


def test_the_least_p_of_the_lancet_has_four_decimals() -> None:
    assert p_value(0.00009, STYLES["lancet"]) == "<0·0001"


@pytest.mark.parametrize("style", STYLES)
def test_limits_of_which_one_may_be_negative_are_joined_by_to(style: str) -> None:
    shown = show(Results([result("percentage points", 28, -20, 64)]), style)["a.b"].shown
    assert shown.endswith("CrI −20 to 64)" if style in ("plain", "lancet") else "CrI, −20 to 64)")


@pytest.mark.parametrize("style", STYLES)
def test_a_style_changes_no_number(style: str) -> None:
    made = result("probability", 0.4675, 0.021, 0.804)
    assert show(Results([made]), style)["a.b"].estimate == made.estimate
    digits = [part for part in re.split(r"[^0-9]+", show(Results([made]), style)["a.b"].shown) if part]
    assert digits == ["47", "95", "2", "80"]


def test_every_style_a_protocol_may_ask_for_is_there() -> None:
    asked = get_args(Reporting.model_fields["style"].annotation)
    assert set(asked) == set(STYLES)


@pytest.mark.parametrize(
    ("lower", "upper", "shown"),
    [
        (0.19, 0.73, "19–73"),
        (0.19, None, "19–not estimable"),
        (None, None, "not estimable"),
    ],
)
def test_an_interval_without_limits_is_said_once(
    lower: float | None, upper: float | None, shown: str
) -> None:
    assert interval(lower, upper) == shown
