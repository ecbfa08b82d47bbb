"""Minutes as boards really keep them, and files that are not what they say: read, or refused in a sentence."""

import io
import tempfile
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseseries.identify.minutes import read_file, read_minutes
from minutes_files import pdf

HEAD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'


def read(tmp_path: Path, name: str, data: bytes):
    (tmp_path / "minutes").mkdir(exist_ok=True)
    (tmp_path / "minutes" / name).write_bytes(data)
    [found] = read_minutes(tmp_path)
    return found


def told(tmp_path: Path, name: str, data: bytes) -> str:
    found = read(tmp_path, name, data)
    assert found.paragraphs == ()
    [finding] = found.findings
    return f"{finding.severity} {finding}"


def packed(part: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, text)
    return out.getvalue()


def word(text: str) -> bytes:
    return packed("word/document.xml", text)


@pytest.mark.parametrize(
    ("data", "paragraphs"),
    [
        (b"One\nline.\n\nTwo.", ("One line.", "Two.")),
        (b"1. First\n   goes on\n2. Second\n- third", ("1. First goes on", "2. Second", "- third")),
        ("Seán\r\n\r\nÓ".encode(), ("Seán", "Ó")),
        ("Seán".encode("cp1252"), ("Seán",)),
        ("Seán".encode("utf-16"), ("Seán",)),
        ("\ufeffSeán".encode(), ("Seán",)),
    ],
)
def test_plain_text_in_any_encoding(tmp_path, data, paragraphs):
    assert read(tmp_path, "a.txt", data).paragraphs == paragraphs


def test_a_word_file_with_a_table_keeps_each_row_together(tmp_path):
    document = docx.Document()
    document.add_paragraph("Present: all")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "AB", "for blinatumomab"
    out = io.BytesIO()
    document.save(out)
    assert read(tmp_path, "a.docx", out.getvalue()).paragraphs == ("Present: all", "AB | for blinatumomab |")


def test_deleted_text_is_no_text_and_a_text_box_is_read_once(tmp_path):
    body = (
        "<w:p><w:del><w:r><w:delText>no </w:delText></w:r></w:del><w:ins><w:r><w:t>yes</w:t></w:r></w:ins></w:p>"
        "<w:p><Choice><w:t>box</w:t></Choice><Fallback><w:t>box</w:t></Fallback></w:p>"
    )
    data = word(f"{HEAD}{body}</w:body></w:document>")
    assert read(tmp_path, "a.docx", data).paragraphs == ("yes", "box")


def test_a_pdf_with_text(tmp_path):
    found = read(tmp_path, "a.pdf", pdf("1. AB had blinatumomab", "in April", "2. CD did not"))
    assert found.paragraphs == ("1. AB had blinatumomab in April", "2. CD did not")


ALLOWED = "Allowed: text (.txt), Word (.docx) or PDF with text in it."
SCAN = "the file holds no text. {} If it is a scan, have it typed or run text recognition on it."
DAMAGED = "the PDF is damaged. {} Ask the centre to send the file again."


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.doc", b"\xd0\xcf\x11\xe0", "the file is not read. {} Save it as .docx or .txt."),
        ("a.txt", b"a\0b", "the file is not plain text. {} Save it as .docx or .txt."),
        ("a.txt", b" \n", SCAN),
        ("a.pdf", pdf(), SCAN),
        ("a.pdf", b"%PDF-1.4 nothing", DAMAGED),
        ("a.pdf", pdf("x")[:200], DAMAGED),
        (
            "a.docx",
            bytes.fromhex("d0cf11e0a1b11ae1"),
            "the file is no Word document (.docx), or it is protected by a password. {} Open it in Word and save it "
            "as .docx without a password.",
        ),
        (
            "a.docx",
            packed("xl/workbook.xml", "<x/>"),
            "the file is no Word document. {} Open it in Word and save it as .docx.",
        ),
        (
            "a.docx",
            word("<a><b></a>"),
            "the file is damaged: its part word/document.xml cannot be read. {} Ask the centre to send the file again.",
        ),
    ],
    ids=["old Word", "binary", "blank", "scan", "no PDF", "half a PDF", "encrypted", "a workbook", "damaged"],
)
def test_what_cannot_be_read_is_refused_alone_in_a_sentence(tmp_path, name, data, sentence):
    assert told(tmp_path, name, data) == f"file minutes/{name}: {sentence.format(ALLOWED)}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "minutes.doctype"),
        ("<a>" + "0" * 10_000_000 + "</a>", "minutes.zip-bomb"),
        ("<a><b></a>", "minutes.damaged"),
    ],
    ids=["entities", "bomb", "broken XML"],
)
def test_a_hostile_word_file_is_refused(tmp_path, text, code):
    found = read(tmp_path, "a.docx", word(text))
    assert ([finding.code for finding in found.findings], found.paragraphs) == ([code], ())


WORD = word(f"{HEAD}<w:p><w:t>AB had blinatumomab.</w:t></w:p></w:body></w:document>")


@settings(max_examples=120)
@given(st.sampled_from([("a.docx", WORD), ("a.pdf", pdf("AB had it")), ("a.txt", b"AB: no.\n")]), st.data())
def test_no_damage_to_a_file_is_more_than_a_finding(whole, data):
    name, content = whole
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))
        found = read_file(path, Path(folder))
    assert bool(found.paragraphs) != bool(found.findings)


def test_a_folder_and_a_lock_file_among_the_minutes(tmp_path):
    (tmp_path / "minutes" / "old.txt").mkdir(parents=True)
    (tmp_path / "minutes" / "~$a.docx").write_bytes(b"lock")
    [found] = read_minutes(tmp_path)
    assert str(found.findings[0]).startswith("minutes/old.txt: the file is not read.")


def test_no_minutes_are_no_fault(tmp_path):
    assert read_minutes(tmp_path) == ()
