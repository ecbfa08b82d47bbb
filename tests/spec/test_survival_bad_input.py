"""What `caseseries survival` says of files and options that are wrong: what, where, what is allowed, what to do; all at once."""

import json
import re

import pytest

from registry_rows import write_csv

ASKED = ("--time", "t", "--event", "e", "--group", "g")
TIME = "Allowed: whole days from 0."
CODE = (
    "Allowed: 0 (censored) or 1 (event). Correct the value, or name the coding of the column with --coding."
)
HOSTILE = {
    "-1,1,a": [f"t is -1. {TIME} Correct the value or remove the row."],
    "NaN,1,a": [f"t is NaN. {TIME} Correct the value or remove the row."],
    "inf,1,b": [f"t is inf. {TIME} Correct the value or remove the row."],
    ",0,b": [f"t is empty. {TIME} Correct the value or remove the row."],
    "NA,0,b": [f"t is empty. {TIME} Correct the value or remove the row."],
    "3.5,1,a": [f"t is 3.5. {TIME} Correct the value, or name the unit of the times with --unit."],
    "1_000,1,a": [f't is "1_000". {TIME} Correct the value or remove the row.'],
    '"12,0",1,a': [f't is "12,0". {TIME} Write the decimal sign as a point, and no sign for thousands.'],
    "2021-03-05,1,a": [f't is "2021-03-05". {TIME} Give the days from the origin to this date.'],
    "05.03.2021,1,a": [f't is "05.03.2021". {TIME} Give the days from the origin to this date.'],
    "5,2,a": [f"e is 2. {CODE}"],
    "5,0.5,a": [f"e is 0.5. {CODE}"],
    "5,yes,a": [f'e is "yes". {CODE}'],
    "5,,a": [f"e is empty. {CODE}"],
    "5,1,": ["g is empty. Say which group the row belongs to, or remove the row."],
    "x,7,": [
        f't is "x". {TIME} Correct the value or remove the row.',
        f"e is 7. {CODE}",
        "g is empty. Say which group the row belongs to, or remove the row.",
    ],
}


def test_every_bad_row_is_named_with_its_number_and_its_value(run_survival, tmp_path):
    path = tmp_path / "a.csv"
    good = ["9,1,a", "8,0,b"]
    path.write_text("\n".join(["t,e,g", *good, *HOSTILE]) + "\n", encoding="utf-8")
    code, out, err = run_survival(path, *ASKED, "--json")
    assert code == 1
    assert json.loads(out)["read"] == {"rows": len(HOSTILE) + 2, "used": 2, "refused": len(HOSTILE)}
    expected = [
        f"a.csv › row {number}: {said}" for number, row in enumerate(HOSTILE, 4) for said in HOSTILE[row]
    ]
    assert err.splitlines() == expected


def test_an_entry_is_before_the_exit(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "s,t,e", [(1, 5, 1), (5, 5, 1), (9, 5, 0), (-1, 5, 0), ("", 5, 1)])
    code, out, err = run_survival(path, "--time", "t", "--event", "e", "--entry", "s")
    assert (code, out.splitlines()[0]) == (1, f"{path}: 5 rows read = 1 used + 4 refused")
    assert [line.split(". ")[0] for line in err.splitlines()] == [
        "a.csv › row 3: s 5 is not before t 5",
        "a.csv › row 4: s 9 is not before t 5",
        "a.csv › row 5: s is -1",
        "a.csv › row 6: s is empty",
    ]


def test_an_entry_that_is_the_day_of_the_exit_once_converted(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "s,t,e", [(1.48, 1.49, 1), (2, 1.5, 1)])
    _, _, err = run_survival(path, "--time", "t", "--event", "e", "--entry", "s", "--unit", "months")
    assert [line.split(". ")[0] for line in err.splitlines()] == [
        "a.csv › row 2: s 1.48 and t 1.49 are the same day once converted",
        "a.csv › row 3: s 2 is not before t 1.5",
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_very_many_refusals_are_counted_and_the_first_thousand_named(run_survival, tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    rows = [(-day, 1, "a") for day in range(1, 2_502)] + [(7, 1, "a")]
    if kind == "csv":
        write_csv(path, "t,e,g", rows)
    else:
        polars = pytest.importorskip("polars", reason="needs polars: install caseseries[registry]")
        polars.DataFrame(rows, schema=["t", "e", "g"], orient="row").write_parquet(path)
    code, out, err = run_survival(path, *ASKED)
    lines = err.splitlines()
    assert (code, len(lines)) == (1, 1_001)
    assert out.startswith(f"{path}: 2502 rows read = 1 used + 2501 refused\n")
    assert len({re.search(r"row \d+", line)[0] for line in lines[:1_000]}) == 1_000
    said = "1501 more rows are refused, and not named here. Mend the first 1000, and ask again."
    assert lines[-1].endswith(f"a.{kind}: {said}")


def test_a_model_names_no_more_rows_than_the_curves(run_survival, tmp_path):
    rows = [(day % 90 + 1, day % 2, day % 7 if day > 1_500 else "") for day in range(1, 2_001)]
    path = write_csv(tmp_path / "a.csv", "t,e,x", rows)
    asked = ("--time", "t", "--event", "e", "--model", "cox", "--covariates", "x", "--json")
    code, out, err = run_survival(path, *asked)
    assert (code, len(err.splitlines())) == (1, 1_001)
    assert "a.csv: 500 more rows are left out of the model, and not named here" in err
    assert json.loads(out)["models"][0]["n"] == 500


DOUBLE = "Write each quotation mark within a text twice, or save the file again as CSV UTF-8"
WHOLE_FILES = {
    "nothing": (b"", "the first line names no columns. Put the names of the columns there."),
    "blank heading": (b"\n1,1,a\n", "the first line names no columns. Put the names of the columns there."),
    "UTF-16": ("t,e,g\n5,1,a\n".encode("utf-16"), "byte 1 is not UTF-8. Save the file as CSV UTF-8."),
    "Latin-1": ("t,e,g\n5,1,Zürich\n".encode("latin-1"), "byte 12 is not UTF-8. Save the file as CSV UTF-8."),
    "an open quote": (
        b't,e,g\n5,1,"a\n6,0,b\n',
        f"a quotation mark opened at line 2 is never closed. {DOUBLE}.",
    ),
    "a quote within a text": (
        b't,e,g\n5,1,a\n6,0,"b"c\n',
        f"at line 3 a text goes on after the quotation mark that closes it. {DOUBLE}.",
    ),
    "two columns of a name": (b"t,e,t,g\n5,0,6,a\n", "2 columns are called t. Allowed: t, e, g. Rename one of them."),
    "other names": (
        b"T,event,g\n5,1,a\n",
        "no column t. Allowed: T, event, g. Did you mean T?\n"
        "a.csv: no column e. Allowed: T, event, g. Name one of the columns that are there.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WHOLE_FILES)
def test_a_file_that_cannot_be_read(run_survival, tmp_path, what):
    content, said = WHOLE_FILES[what]
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert run_survival(path, *ASKED) == (2, "", f"a.csv: {said}\n")


def test_a_byte_order_mark_and_semicolons_are_read(run_survival, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\ufefft;e;g\n5;1;a\n6;0;b\n".encode())
    code, out, err = run_survival(path, *ASKED)
    assert (code, err) == (0, "")
    assert out.startswith(f"{path}: 2 rows read = 2 used + 0 refused\n")


def test_a_heading_alone_is_no_rows_and_no_estimate(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [])
    code, out, _ = run_survival(path, *ASKED, "--at", "5d", "--test", "log-rank", "--json")
    record = json.loads(out)
    assert (code, record["read"]) == (0, {"rows": 0, "used": 0, "refused": 0})
    assert all(
        row["value"] is None and "there are no patients" in row["caveats"][0] for row in record["results"]
    )
    assert record["tests"][0]["caveats"] == ["not estimable: there are fewer than two groups with rows"]


def test_one_row_and_all_censored_are_estimable_with_their_limits(run_survival, tmp_path):
    """Clopper–Pearson of 0 of 1 is 0 to 0.975; of 1 of 1, 0.025 to 1."""
    for event, value, lower, upper in ((1, 0.0, 0.0, 0.975), (0, 1.0, 0.025, 1.0)):
        path = write_csv(tmp_path / "a.csv", "t,e", [(5, event)])
        _, out, _ = run_survival(path, "--time", "t", "--event", "e", "--at", f"{4 + event}d", "--json")
        row = json.loads(out)["results"][0]
        assert [row[key] for key in ("value", "lower", "upper")] == pytest.approx(
            [value, lower, upper], abs=1e-9
        )


def test_labels_that_look_alike_are_told_apart(run_survival, tmp_path):
    path = write_csv(
        tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 1, "a\u200b"), (7, 1, 0.1), (8, 1, "1.0"), (9, 1, 1)]
    )
    _, out, _ = run_survival(path, *ASKED, "--json")
    assert [curve["group"] for curve in json.loads(out)["curves"]] == ["0.1", "1", "a", "a\\u200b"]


@pytest.mark.parametrize("name", ["none/*.parquet", "empty", "none.parquet"])
def test_a_place_without_parquet(run_survival, tmp_path, monkeypatch, name):
    pytest.importorskip("polars", reason="needs polars: install caseseries[registry]")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    said = "there is no Parquet file of this name or in this place. Check the path."
    assert run_survival(name, *ASKED) == (2, "", f"{name}: {said}\n")


IDLE = {
    ("--covariates", "g"): "--covariates: it changes nothing: there is no --model to put them in. Leave it out.",
    ("--cluster", "g"): "--cluster: it changes nothing: there is no --model whose rows it joins. Leave it out.",
    ("--hazard",): "--hazard: it changes nothing: it is given at the times of --at, which names none. Leave it out.",
    ("--given", "5d"): "--given: it changes nothing: no time of --at is later. Leave it out.",
    ("--given", "5d", "--at", "3d"): "--given: it changes nothing: no time of --at is later. Leave it out.",
    ("--query", "select 1"): "--query: it changes nothing: only a database is asked with a query. Leave it out.",
    ("--table", "A"): "--table: it changes nothing: only a Prism file has tables of a name. Leave it out.",
    ("--interval", "loglog"): "--interval: \"loglog\" is not known. Allowed: default, bpcp, bpcp-midp, log-log, log, "
    "likelihood-ratio, plain, arcsine. Did you mean log-log?",
    ("--unit", "month"): '--unit: "month" is not known. Allowed: days, months, years. Did you mean months?',
}  # fmt: skip


@pytest.mark.parametrize("time", ["1" + "0" * 9 + "d", "9" * 20 + "m", "9" * 5000 + "y"])
@pytest.mark.parametrize("option", ["--at", "--rmst", "--landmark", "--given"])
def test_a_time_that_no_clock_has_is_no_time(run_survival, tmp_path, option, time):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 0, "b")])
    code, out, err = run_survival(path, *ASKED, option, time)
    assert (code, out) == (2, "")
    allowed = "Allowed: a number with d, m or y, as in 100d, 12m or 3y. Correct the option."
    assert f'{option}: "{time}" is not a time. {allowed}' in err.splitlines()


@pytest.mark.parametrize("at", ["999999999d", "999999999y"])
def test_the_longest_time_is_answered(run_survival, tmp_path, at):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 0, "b")])
    assert run_survival(path, *ASKED, "--at", at, "--rmst", at, "--hazard", "--landmark", at)[0] == 0


@pytest.mark.parametrize("options", IDLE)
def test_an_option_without_effect_or_meaning(run_survival, tmp_path, options):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 0, "b")])
    assert run_survival(path, *ASKED, *options) == (2, "", f"{IDLE[options]}\n")


def test_a_misspelt_test_or_model_is_asked_about(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 0, "b")])
    _, _, err = run_survival(path, *ASKED, "--test", "logrank,greys", "--model", "cocks", "--covariates", "g")
    assert [line.rsplit(". ", 1)[1] for line in err.splitlines()] == [
        "Did you mean log-rank?",
        "Did you mean gray?",
        "Use one of those.",
    ]


def test_a_covariate_that_is_no_number_is_named_or_noted(run_survival, tmp_path):
    rows = [
        "1,1,inf,1",
        "2,1,3,2",
        "3,1,4,1e400",
        "4,0,5,NaN",
        '5,1,2,"1,5"',
        "6,1,7,2",
        "7,1,1,x",
        "8,0,2,1",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["t,e,x,y", *rows]) + "\n", encoding="utf-8")
    asked = ("--time", "t", "--event", "e", "--model", "cox", "--json", "--covariates")
    code, out, err = run_survival(path, *asked, "x,y")
    assert code == 1
    assert err.splitlines() == [
        "a.csv › row 2: x is inf. Allowed: a finite number. Correct the value.",
        "a.csv › row 4: y is 1e400. Allowed: a finite number. Correct the value.",
        "a.csv › row 5: y is empty. Fill it in, or leave the covariate out of the model.",
        'a.csv › row 6: y is "1,5". Allowed: a number, or a word. '
        "Write the decimal sign as a point, and no sign for thousands.",
    ]
    record = json.loads(out)
    assert (record["models"][0]["n"], record["read"]["used"]) == (4, 8)
    assert record["notes"] == ["y holds numbers, but words in 1 row, as x: each of its values is a category"]
    assert "notes" not in json.loads(run_survival(path, *asked, "x")[1])


def test_a_column_is_one_thing(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,g", [(5, 1, "a"), (6, 0, "b")])
    wrong = ("--entry", "t", "--strata", "e", "--cluster", "t", "--model", "cox", "--covariates", "g,e,t")
    _, _, err = run_survival(path, "--time", "t", "--event", "e", "--group", "e", *wrong)
    assert [line.split(". ")[0] for line in err.splitlines()] == [
        "--entry: t is the column of --time already",
        "--group: e is the column of --event already",
        "--strata: e is the column of --event already",
        "--cluster: t is the column of --time already",
        "--covariates: e is the column of --event already",
        "--covariates: t is the column of --time already",
    ]


def test_the_conversion_is_in_the_json_too(run_survival, tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e", [(1.5, 1), (2, 0)])
    _, out, _ = run_survival(path, "--time", "t", "--event", "e", "--unit", "months", "--json")
    record = json.loads(out)
    assert record["notes"] == ["months were multiplied by 30.4375 and rounded to the nearest day, halves up"]
    assert record["curves"][0]["time"] == [0, 46, 61]
