"""Every engine, really run, gives the digits a text file gives: polars, DuckDB, PostgreSQL and Spark."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from caseseries.findings import StudyError
from caseseries.registry.coding import Layout
from caseseries.registry.sources import count_source, open_database, without_password
from caseseries.registry.text import count_text
from caseseries.stats.events import count_events

pl = pytest.importorskip("polars", reason="needs polars: install caseseries[registry]")
nw = pytest.importorskip("narwhals", reason="needs narwhals: install caseseries[registry]")
from caseseries.registry.frames import Source, count_frame  # noqa: E402

# Floats where a number may be missing or impossible; everything a row can have wrong, and good rows between.
SCHEMA = {"days": pl.Float64, "status": pl.Int32, "cause": pl.String, "arm": pl.String, "entry": pl.Float64}
ROWS = [
    (12.0, 1, "relapse", "A", 0.0),
    (12.0, 0, None, "A", 3.0),
    (12.0, 1, "death", "B", 11.0),
    (0.0, 0, None, "B", None),
    (30.0, 1, "relapse", "A", 12.0),
    (30.0, 1, " death ", "B", 29.0),
    (400.0, 0, "relapse", "C", 399.0),
    (7.5, 1, "death", "A", 0.5),
    (-3.0, 0, None, "A", 0.0),
    (float("nan"), 1, "death", "B", 0.0),
    (float("inf"), 0, None, "B", float("-inf")),
    (None, 1, "death", "A", 1.0),
    (9.0, None, None, "A", 1.0),
    (9.0, 2, "death", "A", 1.0),
    (9.0, 1, None, "A", 1.0),
    (9.0, 1, "NA", "B", 1.0),
    (9.0, 0, None, None, 1.0),
    (9.0, 0, None, " ", 1.0),
    (9.0, 0, None, "D", 9.0),
    (float(2**53), 0, None, "D", 0.0),
]
LAYOUTS = {
    "plain": Layout("days", "status"),
    "groups": Layout("days", "status", group="arm"),
    "causes": Layout("days", "status", "cause", "arm"),
    "entry": Layout("days", "status", "cause", "arm", "entry"),
    "months": Layout("days", "status", group="arm", unit="months"),
    "years": Layout("days", "status", "cause", "arm", "entry", "years"),
    "cnsr": Layout("days", "status", group="arm", coding="cnsr"),
    "status12": Layout("days", "status", group="arm", coding="status12"),
    "group is cause": Layout("days", "status", "cause", "cause"),
}


@pytest.fixture(scope="module")
def frame():
    return pl.DataFrame(ROWS, schema=SCHEMA, orient="row")


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SCHEMA)
        writer.writerows([["" if cell is None else cell for cell in row] for row in ROWS])
    return path


@pytest.fixture(scope="module")
def parquet(frame, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    for part in range(3):
        frame[part * 7 : part * 7 + 7].write_parquet(folder / f"part-{part}.parquet")
    return folder


@pytest.fixture(scope="module")
def duckdb_file(frame, tmp_path_factory) -> str:
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb: install caseseries[registry]")
    path = tmp_path_factory.mktemp("duckdb") / "rows.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", frame.to_arrow())
        connection.execute("create table patients as select * from frame")
    return f"duckdb:///{path}"


@pytest.fixture(scope="module")
def postgres_table(postgres) -> str:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("drop table if exists patients")
        connection.execute(
            "create table patients (days float8, status int4, cause text, arm text, entry float8)"
        )
        connection.cursor().executemany("insert into patients values (%s, %s, %s, %s, %s)", ROWS)
    return postgres


@pytest.fixture(scope="module")
def spark_frame(spark):
    kinds = "days double, status int, cause string, arm string, entry double"
    return spark.createDataFrame(ROWS, kinds)


def same(counted, other) -> bool:
    return (counted.tables, counted.causes, counted.rows, counted.used, counted.notes) == (
        other.tables, other.causes, other.rows, other.used, other.notes
    )  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_polars_counts_a_folder_of_parquet_like_a_text_file(name, text, parquet):
    counted, expected = count_source(str(parquet), LAYOUTS[name]), count_text(text, LAYOUTS[name])
    assert same(counted, expected)
    assert counted.rows == len(ROWS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_pattern_is_the_same_as_the_folder(name, parquet):
    assert count_source(str(parquet / "part-*.parquet"), LAYOUTS[name]).tables == (
        count_source(str(parquet), LAYOUTS[name]).tables
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_duckdb(name, text, duckdb_file):
    counted = count_source(duckdb_file, LAYOUTS[name], "select * from patients")
    assert same(counted, count_text(text, LAYOUTS[name]))


@pytest.mark.parametrize("name", LAYOUTS)
def test_postgres(name, text, postgres_table):
    counted = count_source(postgres_table, LAYOUTS[name], "select * from patients")
    assert same(counted, count_text(text, LAYOUTS[name]))


@pytest.mark.parametrize("name", ["groups", "causes", "entry", "years"])
def test_spark(name, text, spark_frame):
    counted = count_frame(Source("patients", nw.from_native(spark_frame)), LAYOUTS[name])
    assert same(counted, count_text(text, LAYOUTS[name]))


@pytest.mark.parametrize("name", ["causes", "entry", "years", "cnsr"])
def test_parquet_names_the_refused_rows_as_a_text_file_does_one_row_later(name, text, parquet):
    """A text file has a heading, which is its row 1."""

    def said(counted, shift):
        rows = [(finding.where.cell.split(), finding.code, finding.what) for finding in counted.findings]
        return [(int(number) + shift, code, what) for (_, number), code, what in rows]

    found = said(count_source(str(parquet), LAYOUTS[name]), 1)
    expected = said(count_text(text, LAYOUTS[name]), 0)
    assert [(row, code) for row, code, _ in found] == [(row, code) for row, code, _ in expected]
    assert len(found) > 8


def test_a_database_has_no_row_numbers_and_counts_the_refused_rows_that_are_alike(duckdb_file):
    twice = "select * from patients union all select * from patients"
    counted = count_source(duckdb_file, LAYOUTS["plain"], twice)
    assert counted.refused == 2 * 8
    assert (
        f"{duckdb_file} › 2 rows: days is -3. Allowed: whole days from 0. Correct the value or remove the row."
        in [str(finding) for finding in counted.findings]
    )


@pytest.mark.parametrize("kind", [pl.Int64, pl.Int16, pl.UInt32, pl.Float32, pl.Decimal(10, 2)])
@pytest.mark.parametrize("event", [pl.Boolean, pl.Int8, pl.Float64])
@pytest.mark.parametrize("arm", [pl.String, pl.Categorical, pl.Int64, pl.UInt8])
def test_the_types_of_the_columns_do_not_matter(tmp_path, kind, event, arm):
    columns = {"days": [12, 12, 30, 400], "status": [1, 0, 1, 0], "arm": ["1", "1", "2", "2"]}
    frame = pl.DataFrame(columns).with_columns(
        pl.col("days").cast(kind), pl.col("status").cast(event), pl.col("arm").cast(arm)
    )
    frame.write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(columns).write_csv(tmp_path / "a.csv")
    layout = LAYOUTS["groups"]
    assert same(count_source(str(tmp_path / "a.parquet"), layout), count_text(tmp_path / "a.csv", layout))


@pytest.mark.parametrize("layout", [LAYOUTS["groups"], replace(LAYOUTS["causes"], coding="cnsr")])
def test_whole_days_take_the_short_way_to_the_same_tables(tmp_path, layout):
    """Integer columns with nothing missing are counted batch by batch, not by the expression."""
    from caseseries.registry.columns import count_columns

    rows = [(day % 50, day % 3 % 2, f"cause {day % 2}", f"arm {day % 4}") for day in range(5_000)]
    frame = pl.DataFrame(rows, schema=["days", "status", "cause", "arm"], orient="row")
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=700)
    frame.write_csv(tmp_path / "a.csv")
    lazy = pl.scan_parquet(tmp_path / "a.parquet")
    assert count_columns(lazy, layout) is not None
    short = count_source(str(tmp_path / "a.parquet"), layout)
    assert same(short, count_frame(Source("a", nw.from_native(lazy)), layout))
    assert same(short, count_text(tmp_path / "a.csv", layout))


def refusal(name, layout, query="") -> list[str]:
    with pytest.raises(StudyError) as caught:
        count_source(name, layout, query)
    return [str(finding) for finding in caught.value.findings]


def test_columns_of_the_wrong_kind_are_all_named(parquet):
    assert refusal(str(parquet), Layout("arm", "cause")) == [
        f"{parquet}: column arm holds String. Allowed: numbers. Turn it into a number column first.",
        f"{parquet}: column cause holds String. Allowed: numbers. Turn it into a number column first.",
    ]


def test_a_column_that_is_not_there(parquet):
    assert refusal(str(parquet), Layout("days", "dead")) == [
        f"{parquet}: no column dead. Allowed: days, status, cause, arm, entry. "
        "Name one of the columns that are there."
    ]


def test_a_folder_without_parquet(tmp_path):
    said = "there is no Parquet file of this name or in this place. Check the path."
    assert refusal(str(tmp_path), LAYOUTS["plain"]) == [f"{tmp_path}: {said}"]
    (tmp_path / "a.parquet").write_text("days,status")
    (said,) = refusal(str(tmp_path), LAYOUTS["plain"])
    assert said.startswith(f"{tmp_path}: no Parquet can be read here: parquet: File out of specification")


def test_a_database_needs_a_query_and_a_name_that_is_known(duckdb_file):
    assert refusal(duckdb_file, LAYOUTS["plain"]) == [
        f'{duckdb_file}: a database needs a query. Add --query "SELECT …".'
    ]
    assert refusal("oracle://host/base", LAYOUTS["plain"], "select 1") == [
        "oracle://host/base: oracle is not a database that can be read. Use postgresql:// or duckdb://."
    ]


def test_a_query_that_fails_is_one_sentence(duckdb_file, postgres_table):
    for url in (duckdb_file, postgres_table):
        (said,) = refusal(url, LAYOUTS["plain"], "select * from nowhere")
        assert "nowhere" in said
        assert said.endswith("Check the query." if "postgres" in url else "Check the file and the query.")


@pytest.mark.usefixtures("postgres_table")
def test_a_password_is_never_printed():
    assert without_password("postgresql://me:secret@host/base") == "postgresql://me@host/base"
    with pytest.raises(StudyError) as caught:
        open_database("postgresql://me:secret@127.0.0.1:1/base", "select 1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["Int8", "Float64"])
def test_one_column_may_number_the_causes(tmp_path, kind):
    """The engine refuses what the text reader refuses, and says so of the same rows."""
    values = [2, 0, 1, -1, 2] if kind == "Int8" else [2.0, 0.0, 1.0, 1.5, 2.0]
    frame = pl.DataFrame({"t": [3, 4, 5, 6, 7], "k": pl.Series(values, dtype=getattr(pl, kind))})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    layout = Layout("t", "k", cause="k")
    ours, theirs = (count_source(str(tmp_path / f"a.{end}"), layout) for end in ("parquet", "csv"))
    assert ours.tables == theirs.tables
    assert (ours.causes, ours.refused, len(ours.findings)) == (("1", "2"), 1, 1)
    assert "k is" in str(ours.findings[0])


@pytest.mark.parametrize("coding", ["status", "status12", "cnsr"])
def test_events_may_be_decimals(tmp_path, coding):
    """As pandas writes a column that once had a gap; what is refused is named."""
    frame = pl.DataFrame({"t": [3, 4, 5, 6], "e": [1.0, 0.0, 2.0, 1.5]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    ours, theirs = (
        count_source(str(tmp_path / f"a.{end}"), Layout("t", "e", coding=coding))
        for end in ("parquet", "csv")
    )
    assert ours.tables == theirs.tables
    assert ours.refused == theirs.refused == len(ours.findings) == (1 if coding == "cnsr" else 2)


@pytest.mark.parametrize("engine", ["parquet", "duckdb", "text"])
def test_strata_are_the_same_from_every_engine(tmp_path, engine):
    """Groups within strata, an empty stratum refused; and names with a dot in them."""
    rows = {
        "t": [3, 4, 5, 6, 7, 8],
        "e.v": [1, 0, 1, 1, 0, 1],
        "g": [*"abab", "a", "b"],
        "s.t": ["x", "x", "y", "y", None, "x"],
    }
    frame = pl.DataFrame(rows)
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    names = {"parquet": str(tmp_path / "a.parquet"), "text": str(tmp_path / "a.csv")}
    query = "select * from patients" if engine == "duckdb" else ""
    if engine == "duckdb":
        duckdb = pytest.importorskip("duckdb", reason="needs duckdb: install caseseries[registry]")
        with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
            connection.sql(f"create table patients as select * from '{tmp_path / 'a.parquet'}'")
        names["duckdb"] = f"duckdb:///{tmp_path / 'a.duckdb'}"
    counted = count_source(names[engine], Layout("t", "e.v", group="g", strata="s.t"), query)
    assert (counted.used, counted.refused) == (5, 1)
    assert "s.t is empty" in str(counted.findings[0])
    assert list(counted.tables) == ["a", "b"]
    assert counted.tables["b"] == count_events([4, 6, 8], [0, 1, 1])
    assert {
        stratum: {group: table.n for group, table in groups.items()}
        for stratum, groups in counted.strata.items()
    } == {
        "x": {"a": 1, "b": 2},
        "y": {"a": 1, "b": 1},
    }
