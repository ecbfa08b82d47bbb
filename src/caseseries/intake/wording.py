"""The words a centre writes in a coded column, by the column's list; and dates and numbers as hospitals write them."""

import re
from datetime import date

from caseseries.intake.headings import plain

BETWEEN = re.compile(r"[^\w+♀♂-]+|_|(?<=\w)-(?=\w)|^-+(?=\w)")

# Words in a column of dates or grades that say: it did not happen.
NOTHING = frozenset(
    (
        "no",
        "none",
        "nil",
        "nein",
        "non",
        "nie",
        "keine",
        "kein",
        "ninguno",
        "ninguna",
        "0",
        "not yet",
        "alive",
        "never",
        "entf",
        "pas",
        "aucun",
        "aucune",
        "x",
    )
)

FOREIGN_MONTHS = {
    "january": "januar janner janvier enero eanair gennaio januari",
    "february": "februar feber fevrier fev febrero feabhra febbraio",
    "march": "marz mars marzo mrz marta",
    "april": "avril avr abril aibrean aprile",
    "may": "mai mayo bealtaine maggio mei",
    "june": "juni juin junio meitheamh giugno",
    "july": "juli juillet juil julio iuil luglio",
    "august": "aout agosto lunasa ago augustus",
    "september": "septembre septiembre settembre",
    "october": "oktober octobre octubre okt ottobre",
    "november": "novembre noviembre samhain",
    "december": "dezember decembre diciembre dez dic nollaig dicembre",
}
MONTHS = {word: month for month, words in FOREIGN_MONTHS.items() for word in words.split()}

SHORT_YEAR = re.compile(r"(\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ])['’]?(\d{2})", re.ASCII)
NO_DAY = re.compile(r"(?:00?|\?\??|xx?|--?|un|uk|nk)[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII | re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")


def word_key(text: str) -> str:
    """A word as it is looked up: without case, accents and punctuation; a final + or - stays ("CD19-")."""
    return " ".join(
        word for word in BETWEEN.sub(" ", plain(text)).split() if word != "+" or len(text.strip()) == 1
    )


def plain_date(text: str, data_cut: date) -> str:
    """A typed date with an English month, four digits of the year, and no placeholder for its day.

    "12.03.18" is of this century unless that is after the data cut's year.
    """
    words = WORD.sub(
        lambda match: MONTHS.get(plain(match[0]), match[0]), " ".join(text.replace("º", "").split())
    )
    words = re.sub(r"(?<=\d)\.(?= [A-Za-z])|\bde ", "", words)
    if match := SHORT_YEAR.fullmatch(words):
        year = int(match[2])
        century = 2000 if year <= data_cut.year % 100 + 1 else 1900
        return f"{match[1]}{century + year}"
    if match := NO_DAY.fullmatch(words):
        return f"{match[2]}-{int(match[1]):02}"
    return words
