"""Files that lie, explode or reach outside: each is refused in one sentence that names the part."""

import io
import struct
import zipfile
import zlib

import pytest

from caseseries.pcr import archive
from caseseries.pcr.plate import PlateError
from caseseries.pcr.reading import read_plate_bytes
from pcr_plates import one_well, points, rdml, zip_by_hand, zip_of

GOOD = rdml(one_well())


def refusal(data: bytes) -> str:
    with pytest.raises(PlateError) as refused:
        read_plate_bytes(data, "p.rdml")
    assert len(refused.value.findings) == 1
    return str(refused.value.findings[0])


def test_a_sound_zip_is_read():
    assert read_plate_bytes(zip_of({"rdml_data.xml": GOOD}), "p.rdml").wells[0].reading.cq == 25.1


def test_a_bomb_is_refused_by_what_it_declares():
    assert refusal(_declaring(bytes(600_000), 600 << 20)) == (
        "p.rdml › rdml_data.xml: the part unpacks to more than 500 MB (1048×). Allowed: 500 MB in all, 200× a part. "
        "Export the plate again from the instrument software and send that file."
    )


def test_a_part_beyond_two_hundred_fold():
    packed = zlib.compress(bytes(8 << 20), 9)[2:-4]
    assert "the part unpacks to 8 MB (1028×)" in refusal(_declaring(packed, 8 << 20))


def test_a_bomb_that_declares_little_never_unpacks():
    packed = zlib.compress(bytes(8 << 20), 9)[2:-4]
    assert "damaged" in refusal(_declaring(packed, 1000))


def test_all_parts_together_are_counted_while_unpacking(monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED", len(GOOD) + 10)
    assert "b.xml" in refusal(zip_of({"rdml_data.xml": GOOD, "b.xml": GOOD}))


def _declaring(packed: bytes, size: int) -> bytes:
    name = b"rdml_data.xml"
    sums = struct.pack("<LLL", 0, len(packed), size)
    body = struct.pack("<4sHHHHH", b"PK\x03\x04", 20, 0, 8, 0, 0) + sums + struct.pack("<HH", len(name), 0)
    body += name + packed
    directory = struct.pack("<4sHHHHHH", b"PK\x01\x02", 20, 20, 0, 8, 0, 0) + sums
    directory += struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0) + name
    return (
        body + directory + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), 0)
    )


def test_parts_that_share_bytes():
    overlapped = zip_by_hand([("rdml_data.xml", GOOD, len(GOOD), -1), ("b.xml", GOOD, len(GOOD), 0)])
    assert "the zip's entries share bytes" in refusal(overlapped)


@pytest.mark.parametrize("size", [len(GOOD) - 1, len(GOOD) + 1, 10])
def test_a_size_that_lies(size):
    assert refusal(zip_by_hand([("rdml_data.xml", GOOD, size, -1)])) == (
        "p.rdml › rdml_data.xml: the part is damaged: its size or checksum is not what the zip declares. "
        "Send the whole file again."
    )


def test_two_parts_of_one_name():
    twice = zip_by_hand([("rdml_data.xml", GOOD, len(GOOD), -1), ("rdml_data.xml", GOOD, len(GOOD), -1)])
    assert "the zip holds two parts called rdml_data.xml" in refusal(twice)


@pytest.mark.parametrize(
    "name", ["../../x.xml", "C:\\x.xml", "/etc/x.xml", "a/../../x.xml", "\\\\host\\x.xml"]
)
def test_a_name_that_leads_outside(name):
    assert "a part's name leads outside the zip" in refusal(zip_of({name: GOOD}))


def test_a_link():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        link = zipfile.ZipInfo("rdml_data.xml")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    assert "leads outside the zip" in refusal(packed.getvalue())


def test_a_password():
    locked = bytearray(zip_of({"rdml_data.xml": GOOD}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(signature) + place] |= 1
    assert refusal(bytes(locked)) == (
        "p.rdml › rdml_data.xml: the zip is password-protected. Save it without a password."
    )


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def test_an_encrypted_workbook_is_not_called_broken():
    locked = OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert (
        refusal(locked) == "p.rdml: the workbook is password-protected. Save it without a password as xlsx."
    )


def test_a_damaged_old_workbook():
    assert (
        refusal(OLE + bytes(4096)) == "p.rdml: the workbook is damaged. Save it without a password as xlsx."
    )


def test_a_zip_inside_the_zip():
    assert "a zip inside the zip" in refusal(zip_of({"inner.zip": zip_of({"rdml_data.xml": GOOD})}))


def test_a_zip_cut_short():
    whole = zip_of({"rdml_data.xml": GOOD})
    assert refusal(whole[:200]) == (
        "p.rdml: the zip is incomplete: 200 bytes and no table of contents at its end. Send the whole file again."
    )


def test_every_cut_is_refused_without_a_traceback():
    whole = zip_of({"rdml_data.xml": GOOD})
    for end in range(0, len(whole), 5):
        refusal(whole[:end])


def test_too_many_parts():
    assert "the zip holds 2001 parts" in refusal(zip_of({f"{n}.xml": b"" for n in range(2001)}))


def test_a_file_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILE", 100)
    assert "Allowed: up to 50 MB" in refusal(zip_of({"rdml_data.xml": GOOD}))


LAUGHS = "<!DOCTYPE x [" + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9)) + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "head", ["<!DOCTYPE x>", LAUGHS, OUTSIDE, '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">']
)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_doctype_is_refused_wherever_it_leads(head, zipped):
    xml = rdml(one_well(), head=head)
    said = refusal(zip_of({"rdml_data.xml": xml}) if zipped else xml)
    assert said == (
        "p.rdml: the XML contains a DOCTYPE. Allowed: none. Export the plate again from the instrument software."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_doctype_in_another_encoding(encoding):
    head = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE rdml [<!ENTITY e "x">]><rdml version="1.4"/>'
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert "the XML contains a DOCTYPE" in refusal(mark + head.encode(encoding))


def test_broken_xml_among_curves_says_where_in_the_file_itself():
    broken = rdml(one_well(points(range(50)) + "\n\n<cq>"))
    assert "the XML is broken at line 3, column 7" in refusal(broken)


def test_xinclude_and_schema_locations_are_never_followed():
    extra = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    plate = read_plate_bytes(rdml(one_well(extra=extra)), "p.xml")
    assert len(plate.wells) == 1


def test_deep_nesting():
    deep = rdml("<a>" * 100_000 + "</a>" * 100_000)
    assert refusal(deep) == (
        "p.rdml: the XML is nested deeper than 100 levels. Allowed: up to 100. "
        "Export the plate again from the instrument software."
    )


def test_a_thousand_attributes():
    wide = rdml("<a " + " ".join(f'a{n}="1"' for n in range(1001)) + "/>")
    assert "<a> is oversized" in refusal(wide)


def test_broken_xml_says_where():
    assert refusal(b"<rdml><experiment></rdml>") == (
        "p.rdml: the XML is broken at line 1, column 21. Export the plate again from the instrument software."
    )


def test_a_web_page_under_another_name():
    assert "the file is a web page, whatever its name says" in refusal(b"<html><table></table></html>")


def test_an_empty_file():
    assert refusal(b"") == (
        "p.rdml: the file is empty. Export the plate again from the instrument software and send that file."
    )


def test_text_with_nul_bytes():
    assert "the text holds NUL bytes" in refusal(b"Well,Cq\nA1,\x0025\n")


def test_text_in_an_unknown_encoding():
    said = refusal("Well;Cq;Probe\nA1;25;Иван\n".encode("cp1251"))
    assert "line 2 holds bytes that are not UTF-8" in said


def test_a_curve_hidden_in_a_comment_is_not_a_curve():
    body = one_well("<!--" + points([1, 2, 3]) + "-->" + points([5, 6, 7]))
    assert read_plate_bytes(rdml(body), "p.xml").fluorescence.tolist() == [[5, 6, 7]]
