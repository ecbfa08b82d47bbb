"""Comma-separated files: what the bytes do not say is found by evidence, or the file is refused in a sentence."""

import pytest

from caseseries.intake.delimited import read_delimited


def read(folder, data):
    path = folder / "returns" / "leeds.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_delimited(path, folder)


def grid(book):
    return [(cell.address, cell.raw) for cell in book.sheets[0].cells]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_equal_lines(tmp_path, delimiter):
    rows = [["id", "level", "note"], ["1", "0.5", "a"], ["2", "0.1", "b"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert [raw for _, raw in grid(read(tmp_path, text))] == [field for row in rows for field in row]


def test_a_decimal_comma_does_not_hide_the_semicolon(tmp_path):
    assert grid(read(tmp_path, "id;level\n1;0,05\n2;0,1\n"))[2:] == [
        ("A2", "1"),
        ("B2", "0,05"),
        ("A3", "2"),
        ("B3", "0,1"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_first_heading(tmp_path, encoding):
    book = read(tmp_path, "Name,Ort\nÅse,Köln\n".encode(encoding))
    assert book.warnings == ()
    assert [raw for _, raw in grid(book)] == ["Name", "Ort", "Åse", "Köln"]


def test_letters_that_are_not_utf_8_are_read_as_western_and_asked_about(tmp_path):
    book = read(tmp_path, "id,Ort\n1,Köln\n".encode("cp1252"))
    assert [raw for _, raw in grid(book)][3] == "Köln"
    assert [str(finding) for finding in book.warnings] == [
        "returns/leeds.csv: the file is not in UTF-8; read as Western European, line 2 is “1,Köln”. Allowed: UTF-8. "
        "If the letters are wrong: Save it as “CSV UTF-8”, or send the workbook."
    ]


def test_lines_within_quotation_marks_and_mixed_line_ends_are_kept(tmp_path):
    assert grid(read(tmp_path, 'a,b\r\n"x, ""y""\nz",2\r3,4\n')) == [
        ("A1", "a"),
        ("B1", "b"),
        ("A2", 'x, "y"\nz'),
        ("B2", "2"),
        ("A3", "3"),
        ("B3", "4"),
    ]


def test_a_quotation_mark_that_opens_nothing_is_a_letter(tmp_path):
    assert grid(read(tmp_path, 'a,b\n5" needle,2\n'))[2] == ("A2", '5" needle')


@pytest.mark.parametrize("letter", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_what_ends_no_line_in_a_spreadsheet_ends_none_here(tmp_path, letter):
    assert grid(read(tmp_path, f"a,b\n1{letter}1,2\n"))[2:] == [("A2", f"1{letter}1"), ("B2", "2")]


@pytest.mark.parametrize(
    ("data", "code", "what"),
    [
        (b"", "empty-file", "the file is empty"),
        (b"a,b\n1,\0", "nul-bytes", "the file holds bytes that no text has (NUL)"),
        (
            b'a,b\n1,2\n"3,4\n5,6\n',
            "unbalanced-quote",
            "a quotation mark opened at line 3 is never closed",
        ),
        (
            b'a,b\n"1\n1",2\n"3" 4,5\n6,7\n',
            "unbalanced-quote",
            "at line 4 a text goes on after the quotation mark that closes it",
        ),
        (
            b'a,b\n1,2\n"' + b"3" * 1_000_001 + b'",4\n',
            "unbalanced-quote",
            "a field that begins at line 3 has more than 1,000,000 letters",
        ),
        (b"a,b\n1,2\n3,4,5\n", "ragged", "line 3 has 3 fields and the heading 2: its values may have moved"),
        (
            b"a,b,c\n1,2,3\n3,4\n",
            "ragged",
            "line 3 has 2 fields and the heading 3: its values may have moved",
        ),
        (b"a,b\n1,\x81\xff\n", "encoding", "the letters of the file are in no known code (byte 6)"),
        (b"\xff\xfea,b\n1", "encoding", "the file is damaged at byte 6"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_file_that_cannot_be_trusted_is_refused_in_one_sentence(tmp_path, data, code, what):
    book = read(tmp_path, data)
    assert book.sheets == ()
    [finding] = book.findings
    assert (finding.code, finding.what) == (f"intake.{code}", what)
    assert finding.do
