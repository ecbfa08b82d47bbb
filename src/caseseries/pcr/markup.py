"""XML from strangers: no DOCTYPE, no depth, no oversized node, and never a look outside the file."""

import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from xml.etree.ElementTree import Element
from xml.parsers import expat

from caseseries.pcr.plate import PlateError, refuse

MAX_DEPTH = 100
MAX_ATTRIBUTES = 1000
MAX_TEXT = 10 * 1024 * 1024
_RESAVE = "Export the plate again from the instrument software"


def check_markup(xml: bytes, file: str) -> None:
    """Raise PlateError when there is a DOCTYPE anywhere.

    In every 8-bit encoding that expat takes, markup is written in ASCII, so that a look at the bytes is
    enough; in UTF-16 expat itself must look.
    """
    if b"<!DOCTYPE" in xml:
        raise _doctype(file)
    if b"\x00" in xml[:4] or xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        _look_through(xml, file)


def _doctype(file: str) -> PlateError:
    return refuse(file, "xml.doctype", "the XML contains a DOCTYPE", "none", _RESAVE)


def _look_through(xml: bytes, file: str) -> None:
    def refuse_it(*_: object) -> None:
        raise _doctype(file)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_it
    with suppress(expat.ExpatError):  # `read_tree` says where it is broken
        parser.Parse(xml, True)


def read_tree(xml: bytes, file: str) -> Element:
    """A tree without namespaces from XML that `check_markup` has passed; refuses depth and oversized nodes."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        line, column = error.position
        what = f"the XML is broken at line {line}, column {column + 1}"
        raise refuse(file, "xml.broken", what, "", _RESAVE) from None
    local: dict[str, str] = {}
    level = [root]
    for _ in range(MAX_DEPTH):
        if not level:
            return root
        for element in level:
            tag = element.tag
            element.tag = local.get(tag) or local.setdefault(tag, tag.rpartition("}")[2])
            if len(element.attrib) > MAX_ATTRIBUTES or len(element.text or "") > MAX_TEXT:
                raise refuse(file, "xml.oversized", f"<{element.tag}> is oversized", "", _RESAVE)
        level = [child for element in level for child in element]
    what = f"the XML is nested deeper than {MAX_DEPTH} levels"
    raise refuse(file, "xml.depth", what, f"up to {MAX_DEPTH}", _RESAVE)
