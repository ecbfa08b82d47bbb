"""How wide words are in the report's typeface, so that figures can place labels that do not collide.

Advance widths are read from the TrueType files that also set the PDF (tables `head`, `hhea`, `hmtx` and
`cmap` format 4 of the OpenType specification 1.9); kerning is ignored, which errs on the wide side.
"""

from functools import cache
from importlib.resources import files
from struct import unpack_from
from unicodedata import category

from caseseries.findings import show_unseen

FAMILY = "Source Sans 3"
REGULAR, SEMIBOLD = 400, 600
ASCII = 0x7F
_FILES = {REGULAR: "SourceSans3-Regular.ttf", SEMIBOLD: "SourceSans3-SemiBold.ttf"}


def text_width(words: str, size: float, weight: int = REGULAR) -> float:
    """Width of a line of words, in the unit of `size`."""
    advances = _advances(weight)
    return sum(advances.get(ord(letter), advances[ord("n")]) for letter in show_unseen(words)) * size


def show_missing(words: str) -> str:
    """Words in which a sign that the typeface lacks is shown by its number, 日 as [U+65E5]: no page is set with gaps.

    Spaces have no shape and are left alone; marks of direction are shown, as everywhere.
    """
    words = show_unseen(words)
    missing = {letter for letter in set(words) if ord(letter) > ASCII and not _has_shape(letter)}
    return words.translate({ord(letter): f"[U+{ord(letter):04X}]" for letter in missing})


def _has_shape(letter: str) -> bool:
    is_visible = category(letter)[0] in "LMNPS" or category(letter) in ("Co", "Cn")
    return not is_visible or all(ord(letter) in _advances(weight) for weight in _FILES)


def wrap(words: str, width: float, size: float, weight: int = REGULAR) -> tuple[str, ...]:
    """Words broken into lines no wider than `width`; a single word that is wider stands alone."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def shorten(words: str, width: float, size: float, weight: int = REGULAR) -> str:
    """Words whose middle gives way to an ellipsis where a page would set them wider than `width`."""
    kept, line = len(words), words
    while kept > 2 and text_width(show_missing(line), size, weight) > width:
        kept -= 1
        line = f"{words[: (kept + 1) // 2]}…{words[len(words) - kept // 2 :]}"
    return line


@cache
def _advances(weight: int) -> dict[int, float]:
    """Advance width of each character, in em."""
    font = (files("caseseries.present") / "fonts" / _FILES[weight]).read_bytes()
    tables = {
        font[at : at + 4].decode(): unpack_from(">I", font, at + 8)[0]
        for at in range(12, 12 + 16 * unpack_from(">H", font, 4)[0], 16)
    }
    units: int = unpack_from(">H", font, tables["head"] + 18)[0]
    long_metrics: int = unpack_from(">H", font, tables["hhea"] + 34)[0]
    return {
        letter: unpack_from(">H", font, tables["hmtx"] + 4 * min(glyph, long_metrics - 1))[0] / units
        for letter, glyph in _glyphs(font, tables["cmap"]).items()
    }


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Glyph number of each character of the Basic Multilingual Plane (Windows, format 4)."""
    records = [
        unpack_from(">HHI", font, cmap + 4 + 8 * i) for i in range(unpack_from(">H", font, cmap + 2)[0])
    ]
    start = cmap + next(offset for platform, encoding, offset in records if (platform, encoding) == (3, 1))
    count = unpack_from(">H", font, start + 6)[0] // 2
    ends = unpack_from(f">{count}H", font, start + 14)
    starts = unpack_from(f">{count}H", font, start + 16 + 2 * count)
    deltas = unpack_from(f">{count}H", font, start + 16 + 4 * count)
    ranges_at = start + 16 + 6 * count
    glyphs: dict[int, int] = {}
    for i, (first, last, delta) in enumerate(zip(starts, ends, deltas, strict=True)):
        shift: int = unpack_from(">H", font, ranges_at + 2 * i)[0]
        for letter in range(first, min(last, 0xFFFE) + 1):
            glyph = letter
            if shift:
                glyph = unpack_from(">H", font, ranges_at + 2 * i + shift + 2 * (letter - first))[0]
            if glyph:
                glyphs[letter] = (glyph + delta) % 0x10000
    return glyphs
