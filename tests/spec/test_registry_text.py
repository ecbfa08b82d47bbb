"""Text files: what is counted, what is refused and in which words, and that the two add up to what was read."""

import pytest

from caseseries.findings import StudyError
from caseseries.registry.coding import Layout
from caseseries.registry.text import count_text
from caseseries.stats.events import count_events
from registry_rows import GOOD_ROWS, LAYOUT, count_dumbly, flatten, write_csv

BAD = """id,days,status,arm
1,12,1,A
2,-3,0,A
3,7.5,1,B
4,,1,
5,20,0,B
6,nan,2,B

8,30,1,A
9,40
10,50,1,C,more
11,sixty,0,D
"""

WHOLE = "Allowed: whole days from 0."
MEND = "Correct the value or remove the row."
CODE = (
    "Allowed: 0 (censored) or 1 (event). Correct the value, or name the coding of the column with --coding."
)


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD, encoding="utf-8")
    return path


def test_every_problem_of_every_row_is_said_with_its_row_and_value(bad):
    assert [str(finding) for finding in count_text(bad, LAYOUT).findings] == [
        f"bad.csv › row 3: days is -3. {WHOLE} {MEND}",
        f"bad.csv › row 4: days is 7.5. {WHOLE} Correct the value, or name the unit of the times with --unit.",
        f"bad.csv › row 5: days is empty. {WHOLE} {MEND}",
        "bad.csv › row 5: arm is empty. Say which group the row belongs to, or remove the row.",
        f"bad.csv › row 7: days is nan. {WHOLE} {MEND}",
        f"bad.csv › row 7: status is 2. {CODE}",
        f"bad.csv › row 10: status is empty. {CODE}",
        "bad.csv › row 10: arm is empty. Say which group the row belongs to, or remove the row.",
        f'bad.csv › row 12: days is "sixty". {WHOLE} {MEND}',
    ]


def test_rows_read_are_rows_used_and_rows_refused(bad):
    counted = count_text(bad, LAYOUT)
    assert (counted.rows, counted.used, counted.refused) == (10, 4, 6)
    assert sum(table.n for table in counted.tables.values()) == counted.used


def test_a_group_without_a_usable_row_is_still_a_group(bad):
    tables = count_text(bad, LAYOUT).tables
    assert list(tables) == ["A", "B", "C", "D"]
    assert tables["D"].n == 0


def test_the_rows_are_counted_as_a_plain_loop_counts_them(tmp_path):
    path = write_csv(tmp_path / "good.csv", "days,status,arm,site,entry", GOOD_ROWS)
    counted = count_text(path, Layout("days", "status", "site", "arm"))
    assert counted.causes == ("death", "relapse")
    expected = count_dumbly((arm, day, None, site) for day, _, arm, site, _ in GOOD_ROWS)
    assert flatten(counted.tables, counted.causes) == expected


def test_delayed_entry(tmp_path):
    rows = [row for row in GOOD_ROWS if row[4] is not None]
    path = write_csv(tmp_path / "late.csv", "days,status,arm,site,entry", rows)
    counted = count_text(path, Layout("days", "status", "site", "arm", "entry"))
    expected = count_dumbly((arm, day, entry, site) for day, _, arm, site, entry in rows)
    assert flatten(counted.tables, counted.causes) == expected


def test_the_same_column_may_be_the_event_and_the_cause(tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e", [(3, 1), (4, 0), (5, 1)])
    counted = count_text(path, Layout("t", "e", cause="e"))
    assert counted.causes == ("1",)
    assert counted.tables[""] == count_events([3, 4, 5], [1, 0, 1])


def test_one_column_may_number_the_causes(tmp_path):
    """As cmprsk has it: 0 censored, 1 and 2 the causes; and nothing but whole numbers from 0."""
    rows = [(3, 2), (4, 0), (5, 1), (6, 1.5), (7, -1), (8, 2.0)]
    path = write_csv(tmp_path / "a.csv", "t,k", rows)
    counted = count_text(path, Layout("t", "k", cause="k"))
    assert (counted.causes, counted.rows, counted.used) == (("1", "2"), 6, 4)
    assert counted.tables[""] == count_events([3, 4, 5, 8], [2, 0, 1, 2], causes=2)
    assert [str(finding) for finding in counted.findings] == [
        f"a.csv › row {row}: k is {value}. Allowed: 0 (censored) or a whole number for each cause. "
        "Correct the value, or name the coding of the column with --coding."
        for row, value in ((5, "1.5"), (6, "-1"))
    ]


def test_logical_words_are_events(tmp_path):
    """R writes TRUE and FALSE."""
    path = write_csv(tmp_path / "a.csv", "t,e", [(3, "TRUE"), (4, "FALSE"), (5, "true"), (6, "yes")])
    counted = count_text(path, Layout("t", "e"))
    assert counted.tables[""] == count_events([3, 4, 5], [1, 0, 1])
    assert counted.refused == 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_line_ends_and_the_byte_order_mark(tmp_path, separator, mark, end):
    lines = ("id,days, status ,arm", '1,12,1,"A"', "2, 12 ,0,A", "")
    path = tmp_path / "a.csv"
    path.write_bytes((mark + end.join(lines).replace(",", separator)).encode())
    assert count_text(path, LAYOUT).tables == {"A": count_events([12, 12], [1, 0])}


def test_months_are_converted_and_the_conversion_is_reported(tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e", [("6", 1), ("0.5", 0)])
    counted = count_text(path, Layout("t", "e", unit="months"))
    assert counted.tables[""] == count_events([183, 15], [1, 0])
    assert counted.notes == ("months were multiplied by 30.4375 and rounded to the nearest day, halves up",)


def _refusal(path, layout) -> list[str]:
    with pytest.raises(StudyError) as caught:
        count_text(path, layout)
    return [str(finding) for finding in caught.value.findings]


def test_every_column_that_is_not_there_is_named(bad):
    assert _refusal(bad, Layout("day", "status", group="group")) == [
        "bad.csv: no column day. Allowed: id, days, status, arm. Did you mean days?",
        "bad.csv: no column group. Allowed: id, days, status, arm. Name one of the columns that are there.",
    ]


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    path = write_csv(tmp_path / "a.csv", "t,e,t", [(1, 1, 2)])
    assert _refusal(path, Layout("t", "e")) == [
        "a.csv: 2 columns are called t. Allowed: t, e. Rename one of them."
    ]


def test_files_that_cannot_be_read(tmp_path):
    assert _refusal(tmp_path / "none.csv", LAYOUT) == [
        "none.csv: the file cannot be opened: No such file or directory. Check its path."
    ]
    (tmp_path / "latin.csv").write_bytes("days,status,arm\n1,1,Zürich\n".encode("latin-1"))
    assert _refusal(tmp_path / "latin.csv", LAYOUT) == [
        "latin.csv: byte 22 is not UTF-8. Save the file as CSV UTF-8."
    ]
    (tmp_path / "empty.csv").write_bytes(b"")
    assert _refusal(tmp_path / "empty.csv", LAYOUT) == [
        "empty.csv: the first line names no columns. Put the names of the columns there."
    ]


def test_a_file_of_a_heading_alone_has_no_rows(tmp_path):
    counted = count_text(write_csv(tmp_path / "a.csv", "t,e", []), Layout("t", "e"))
    assert (counted.rows, counted.used, counted.tables[""].n) == (0, 0, 0)
