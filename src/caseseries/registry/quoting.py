"""Delimited text whose quotation marks do not pair: what is wrong, and at which line.

Excel drops such marks and reads on. Whoever wrote them may have meant the delimiters after them as text, so that values
stand in other columns than they should: nothing of such a file is believed.
"""

import csv
from collections.abc import Iterable

LONGEST_FIELD = 1_000_000  # letters
DOUBLE = "Write each quotation mark within a text twice, or save the file again as CSV UTF-8"


def find_misquoting(lines: Iterable[str], delimiter: str) -> str:
    """What stands in the way of reading these lines, in words; empty if nothing does.

    `lines` keep their ends, and a field may run over several.
    """
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    started = 1
    try:
        for _ in reader:
            started = reader.line_num + 1
    except csv.Error as error:
        if "expected after" in str(error):
            return f"at line {reader.line_num} a text goes on after the quotation mark that closes it"
        if "field limit" in str(error):
            return f"a field that begins at line {started} has more than {LONGEST_FIELD:,} letters"
        return f"a quotation mark opened at line {started} is never closed"
    return ""
