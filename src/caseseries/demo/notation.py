"""How hospitals write days, words and levels: the demo's clean values in the notations of its centres."""

from collections.abc import Callable
from datetime import date

Text = Callable[[object], str]

WORDS = {
    "female": "f",
    "male": "m",
    "United Kingdom": "UK",
    "tumour board": "MDT",
    "survey": "questionnaire",
    "both": "MDT + survey",
    "B-ALL": "pro-B",
    "rearranged": "pos",
    "CNS1": "1",
    "CNS2": "2",
    "CNS3": "3",
    "good": "PGR",
    "poor": "PPR",
    "Interfant-06": "Interfant 06",
    "after relapse": "relapsed",
    "first line: resistant or refractory": "refractory",
    "CR1, MRD-positive": "CR1 MRD+",
    "CR2, MRD-positive": "CR2 MRD+",
    "not in remission": "no CR",
    "matched sibling": "MSD",
    "matched unrelated": "MUD",
    "mismatched unrelated": "MMUD",
    "haploidentical": "haplo",
    "cord blood": "UCB",
    "CD19-positive": "CD19+",
    "lineage switch": "switch to AML",
    "bone marrow": "BM",
    "RQ-PCR IG/TR": "PCR Ig/TCR",
}


def day_first(day: object) -> str:
    return day.strftime("%d/%m/%Y") if isinstance(day, date) else ""


def short_day(day: object) -> str:
    return day.strftime("%d.%m.%y") if isinstance(day, date) else ""


def month_first(day: object) -> str:
    return day.strftime("%m/%d/%Y") if isinstance(day, date) else ""


def spelt(day: object) -> str:
    return f"{day.day} {day.strftime('%B %Y')}" if isinstance(day, date) else ""


def said(word: object) -> str:
    """A word as hospitals write it; yes and no as y and n; numbers as they stand."""
    if isinstance(word, bool):
        return "y" if word else "n"
    return WORDS.get(word, word) if isinstance(word, str) else "" if word is None else f"{word:g}"


def comma(number: object) -> str:
    return f"{number:g}".replace(".", ",") if isinstance(number, int | float) else ""


def power(number: object) -> str:
    """A percentage as a power of ten of the fraction: 0.7 is 7x10^-3."""
    if not isinstance(number, int | float):
        return ""
    digits, _, power = f"{number / 100:.2e}".partition("e")
    digits = digits.rstrip("0").rstrip(".")
    return f"10^{int(power)}" if digits == "1" else f"{digits}x10^{int(power)}"


def short_power(number: object) -> str:
    """A percentage as a fraction in the notation of computers: 0.001 is 1E-5."""
    digits, _, power = f"{float(str(number)) / 100:.2E}".partition("E")
    return f"{digits.rstrip('0').rstrip('.')}E{int(power)}"
