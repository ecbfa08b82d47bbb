"""Reading a drawn figure back: its words with their boxes, its facts, its traces."""

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree.ElementTree import Element, fromstring

from caseseries.present.lettering import REGULAR, text_width

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Words:
    """Words on a figure with the box they fill; ascent and descent are those of digits and capitals."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: "Words") -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > 0.5
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 0.5
        )


def read(svg: str) -> Element:
    return fromstring(svg)


def walk(element: Element, x: float = 0.0):
    """Every element below, with how far its groups moved it to the right."""
    for child in element:
        moved = re.match(r"translate\(([-\d.]+),0\)", child.get("transform") or "")
        inside = x + (float(moved[1]) if moved else 0.0)
        yield child, x
        yield from walk(child, inside)


def words_of(svg: str) -> list[Words]:
    return [
        _boxed(text, x)
        for text, x in walk(read(svg))
        if text.tag == f"{SVG}text" and not text.get("transform")
    ]


def _boxed(text: Element, moved: float) -> Words:
    size = float(text.get("font-size") or 12.5)
    width = text_width(text.text, size, int(text.get("font-weight") or REGULAR))
    x, y = float(text.get("x")) + moved, float(text.get("y"))
    left = x - {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0.0)
    return Words(text.text, left, left + width, y - 0.66 * size, y + 0.1 * size)


def texts_of(svg: str) -> list[str]:
    return [text.text for text in read(svg).iter(f"{SVG}text")]


def facts_of(svg: str) -> list[str]:
    return [group.get("aria-label") for group in read(svg).iter(f"{SVG}g") if group.get("class") == "fact"]


def colliding(svg: str) -> list[tuple[str, str]]:
    return [(a.text, b.text) for a, b in combinations(words_of(svg), 2) if a.overlaps(b)]


def outside(svg: str) -> list[str]:
    root = read(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    return [
        w.text
        for w in words_of(svg)
        if w.left < -0.5 or w.right > width + 0.5 or w.top < 0 or w.bottom > height
    ]


def points_of(path: Element) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(" "))) for pair in path.get("d").strip("MZ").split("L")]


def edges_of(svg: str, stroke: str) -> list[Element]:
    """Hairlines: the limits of an interval, in the panels and not in the key."""
    panels = [group for group in read(svg).iter(f"{SVG}g") if group.get("data-trail")]
    return [
        path
        for panel in panels
        for path in panel.iter(f"{SVG}path")
        if path.get("fill") == "none" and path.get("stroke") == stroke and not path.get("stroke-linejoin")
    ]


def traces_of(svg: str, stroke: str) -> list[Element]:
    """Open lines of one colour, in drawing order."""
    return [
        path
        for path in read(svg).iter(f"{SVG}path")
        if path.get("fill") == "none" and path.get("stroke") == stroke and path.get("stroke-linejoin")
    ]
