"""Health-service numbers: their check digits, and the one spelling that two lists have in common."""

import re
import unicodedata

NHS_DIGITS, IHI_DIGITS = 10, 18
IHI_ISSUED, IHI_FOR_TESTS = "5393014", "5393054"  # GS1 prefixes

SPACING = re.compile(r"[\s\u00a0‐-―-]+")


class NumberError(ValueError):
    """Why a number cannot be right, in words that do not repeat it."""


def parse_nhs_number(text: str) -> str:
    """The ten digits of an NHS, CHI or Health and Care number. Raises NumberError.

    The tenth digit checks the others: weights 10 to 2, modulo 11, and no number whose check would be 10 is
    issued (NHS Data Dictionary, NHS NUMBER).
    """
    digits = _digits(text, NHS_DIGITS)
    if len(set(digits)) == 1:
        raise NumberError("one digit repeated is no NHS number")
    if _modulo_11(digits[:9]) != int(digits[9]):
        raise NumberError("the check digit does not fit: a digit is wrong, or two are exchanged")
    return digits


def parse_ihi(text: str) -> str:
    """The eighteen digits of an Irish Individual Health Identifier. Raises NumberError.

    Seven digits of GS1 prefix, nine of the core number, the core's check digit modulo 11 as in an NHS number,
    and the check digit modulo 10 of all seventeen (GS1 General Specifications; the format as the Health Service
    Executive describes it).
    """
    digits = _digits(text, IHI_DIGITS)
    if digits.startswith(IHI_FOR_TESTS):
        raise NumberError("this is a number issued for tests")
    if not digits.startswith(IHI_ISSUED):
        raise NumberError(f"an IHI begins with {IHI_ISSUED}")
    if _modulo_11(digits[7:16]) != int(digits[16]) or _modulo_10(digits[:17]) != int(digits[17]):
        raise NumberError("a check digit does not fit: a digit is wrong, or two are exchanged")
    return digits


def _digits(text: str, wanted: int) -> str:
    digits = SPACING.sub("", unicodedata.normalize("NFKC", text))
    if not (digits.isascii() and digits.isdigit()):
        raise NumberError("there is something other than digits")
    if len(digits) != wanted:
        raise NumberError(f"there are {len(digits)} digits, and {wanted} are needed")
    return digits


def _modulo_11(digits: str) -> int:
    """The check digit of nine digits; 10 when they have none."""
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True))
    return -total % 11


def _modulo_10(digits: str) -> int:
    """The GS1 check digit: from the right, weights 3 and 1 in turn."""
    total = sum((3 if place % 2 == 0 else 1) * int(digit) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def parse_hospital_number(text: str) -> str:
    """Letters and digits, without leading zeros that a spreadsheet may have eaten. Raises NumberError."""
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold().lstrip("0")
    if not plain:
        raise NumberError("there is no letter or digit")
    return plain


def parse_name(text: str) -> str:
    """A name's words without accents, marks or order: "O'Brien, Seán" and "Sean OBrien" are one. Raises NumberError."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in folded if not unicodedata.combining(c) and c not in "'’ʼ`.-‐‑")
    words = re.findall(r"[^\W\d_]+", plain)
    if not words:
        raise NumberError("there is no letter")
    return " ".join(sorted(words))


def parse_initials(text: str) -> str:
    """The letters in alphabetical order, because centres write them in both orders. Raises NumberError."""
    letters = sorted(parse_name(text).replace(" ", ""))
    if len(letters) > 4:
        raise NumberError("these are more than four letters: a name, not initials")
    return "".join(letters)
