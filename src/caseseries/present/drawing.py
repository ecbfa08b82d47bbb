"""A small pen for SVG: words, lines, boxes, symbols and scales, each a pure function to a string.

Coordinates are CSS pixels, rounded to hundredths, so the same data give the same bytes everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import log10

from caseseries.findings import show_unseen
from caseseries.present.lettering import FAMILY, REGULAR, SEMIBOLD, text_width

# Okabe and Ito's palette for colour-blind readers (jfly.uni-koeln.de/color); the greys are ours.
BLUE, VERMILLION, ORANGE, SKY, GREEN = "#0072B2", "#D55E00", "#E69F00", "#56B4E9", "#009E73"
INK, QUIET, FAINT, SHADE = "#1B1F24", "#5B6470", "#D9DDE2", "#F1F3F5"
SIZE, SMALL, LEAD = 12.5, 11.0, 15.0

Attribute = str | float | None
Scale = Callable[[float], float]
Point = tuple[float, float]
KeyEntry = tuple[Callable[[float, float], str], float, str]


@dataclass(frozen=True)
class Drawing:
    """A finished figure and its description for a reader who cannot see it."""

    svg: str
    alt: str


def tag(name: str, body: str = "", **attributes: Attribute) -> str:
    """One SVG element; `_` in attribute names stands for `-`, a trailing `_` is dropped, None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>"


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else short(value)


def short(number: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    written = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def svg(width: float, height: float, alt: str, parts: Iterable[str]) -> str:
    """The whole figure: white, scalable, in the report's typeface, with its description."""
    drawn = tag(
        "svg",
        tag("rect", width=width, height=height, fill="#FFFFFF") + "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {short(width)} {short(height)}",
        role="img",
        aria_label=alt,
        font_family=f"'{FAMILY}', sans-serif",
        font_size=SIZE,
        fill=INK,
    )
    return show_unseen(drawn)


def group(parts: Iterable[str], x: float = 0, y: float = 0, trail: str | None = None) -> str:
    """Parts moved together; `trail` is where the page goes when they are asked about."""
    moved = f"translate({short(x)},{short(y)})" if x or y else None
    return tag("g", "".join(parts), transform=moved, data_trail=trail)


def fact(label: str, *parts: str) -> str:
    """Marks that carry a fact: the label is what pointer, arrow keys and screen reader say of them."""
    return tag("g", "".join(parts), class_="fact", aria_label=label)


def words(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str | None = None,
    size: float | None = None,
    weight: int = REGULAR,
    fill: str | None = None,
    turned: bool = False,
) -> str:
    """One line of words on the baseline `y`; `turned` reads upwards."""
    return tag(
        "text",
        escape(text),
        x=x,
        y=y,
        text_anchor=anchor,
        font_size=size,
        font_weight=None if weight == REGULAR else str(weight),
        fill=fill,
        transform=f"rotate(-90 {short(x)} {short(y)})" if turned else None,
    )


def lines(x: float, y: float, texts: Sequence[str], *, lead: float = LEAD, **style: Attribute) -> str:
    """Several lines of words, the first on the baseline `y`."""
    anchor, size, fill = style.get("anchor"), style.get("size"), style.get("fill")
    return "".join(
        tag("text", escape(text), x=x, y=y + lead * i, text_anchor=anchor, font_size=size, fill=fill)
        for i, text in enumerate(texts)
    )


def line(start: Point, end: Point, stroke: str = INK, width: float = 1, dash: str | None = None) -> str:
    """A straight line."""
    return tag(
        "line",
        x1=start[0],
        y1=start[1],
        x2=end[0],
        y2=end[1],
        stroke=stroke,
        stroke_width=width,
        stroke_dasharray=dash,
    )


def trace(points: Sequence[Point], stroke: str, width: float = 2, dash: str | None = None) -> str:
    """An open line through points."""
    return tag(
        "path",
        d=_through(points),
        fill="none",
        stroke=stroke,
        stroke_width=width,
        stroke_dasharray=dash,
        stroke_linejoin="miter",
    )


def edge(points: Sequence[Point], stroke: str, dash: str | None = None) -> str:
    """The hairline where an area ends."""
    return tag(
        "path", d=_through(points), fill="none", stroke=stroke, stroke_width=0.6, stroke_dasharray=dash
    )


def area(points: Sequence[Point], fill: str, opacity: float) -> str:
    """A filled outline."""
    return tag("path", d=_through(points) + "Z", fill=fill, fill_opacity=opacity)


def box(
    x: float, y: float, width: float, height: float, fill: str, stroke: str | None = None, round_: float = 0
) -> str:
    """A rectangle."""
    return tag("rect", x=x, y=y, width=width, height=height, rx=round_ or None, fill=fill, stroke=stroke)


def strip(x: float, y: float, width: float, height: float) -> str:
    """An unseen rectangle that answers to the pointer."""
    return tag("rect", x=x, y=y, width=width, height=height, class_="strip", fill=INK, fill_opacity=0)


def arrow(start: Point, end: Point, stroke: str = QUIET, head: float = 4.5) -> str:
    """A line with a small solid head, pointing along one axis."""
    (x1, y1), (x2, y2) = start, end
    dx, dy = (head if x2 > x1 else 0), (head if y2 > y1 else 0)
    tip = [(x2, y2), (x2 - 1.6 * dx - 0.8 * dy, y2 - 1.6 * dy - 0.8 * dx)]
    tip.append((x2 - 1.6 * dx + 0.8 * dy, y2 - 1.6 * dy + 0.8 * dx))
    return line(start, (x2 - dx, y2 - dy), stroke, 1.2) + tag("path", d=_through(tip) + "Z", fill=stroke)


def _through(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{short(x)} {short(y)}" for x, y in points)


_OUTLINES: dict[str, Sequence[Point]] = {
    "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
    "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
    "triangle": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
    "down": [(0, 1.15), (1.1, -0.85), (-1.1, -0.85)],
}
_STROKES = {"cross": "M-{0} -{0}L{0} {0}M-{0} {0}L{0} -{0}", "plus": "M-{0} 0L{0} 0M0 -{0}L0 {0}"}


def symbol(shape: str, at: Point, radius: float, fill: str, stroke: str = INK) -> str:
    """A plotting symbol: circle, half, square, diamond, triangle, down, cross, plus.

    `half` is a circle whose lower half is filled. The crosses have no inside and take `stroke`.
    """
    x, y = at
    if shape in _STROKES:
        drawn = tag(
            "path", d=_STROKES[shape].format(short(radius)), stroke=stroke, stroke_width=2.4, fill="none"
        )
        return group([drawn], x, y)
    if shape in _OUTLINES:
        outline = _through([(x + radius * dx, y + radius * dy) for dx, dy in _OUTLINES[shape]]) + "Z"
        return tag("path", d=outline, fill=fill, stroke=stroke, stroke_width=1.3, stroke_linejoin="round")
    if shape == "half":
        ring = tag("circle", cx=x, cy=y, r=radius, fill="#FFFFFF", stroke=stroke, stroke_width=1.3)
        r = short(radius)
        bowl = f"M{short(x - radius)} {short(y)}A{r} {r} 0 0 0 {short(x + radius)} {short(y)}Z"
        return ring + tag("path", d=bowl, fill=fill)
    return tag("circle", cx=x, cy=y, r=radius, fill=fill, stroke=stroke, stroke_width=1.3)


def key(x: float, y: float, entries: Iterable[KeyEntry], right: float) -> tuple[str, float]:
    """Rows that say what each sign means, and the baseline of the last row.

    An entry is (draw the sign at x and y, its width, its words); a row ends before `right`.
    """
    parts, start = [], x
    for sign, width, meaning in entries:
        room = width + 5 + text_width(meaning, SMALL)
        if x > start and x + room > right:
            x, y = start, y + 1.3 * LEAD
        parts += [sign(x, y - 3.8), words(x + width + 5, y, meaning, size=SMALL, fill=QUIET)]
        x += room + 20
    return "".join(parts), y


def heading(x: float, y: float, text: str, letter: str = "") -> str:
    """A panel's title, with its letter where there are several panels."""
    bold = words(x, y, letter, weight=SEMIBOLD, size=14) if letter else ""
    return bold + words(x + (18 if letter else 0), y, text, weight=SEMIBOLD, size=14)


def linear(domain: tuple[float, float], reach: tuple[float, float]) -> Scale:
    """A scale that keeps distances in proportion."""
    slope = (reach[1] - reach[0]) / ((domain[1] - domain[0]) or 1)
    return lambda value: reach[0] + (value - domain[0]) * slope


def logarithmic(domain: tuple[float, float], reach: tuple[float, float]) -> Scale:
    """A scale that keeps ratios in proportion; the domain is positive."""
    inner = linear((log10(domain[0]), log10(domain[1])), reach)
    return lambda value: inner(log10(value))


def spread(wanted: Sequence[float], gap: float) -> tuple[float, ...]:
    """Places at least `gap` apart, in the order of `wanted`, each pushed down no further than it must be."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    return tuple(placed)
