"""What the headings of a centre's own tables mean, as far as a person has said so.

A workbook's headings are confirmed together. One that only looks like one of ours, and on request every other, is
asked about by itself: it is one of our columns, or it is ignored.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caseseries.decisions.chain import Option
from caseseries.findings import Finding, Severity, Where, join
from caseseries.intake.asking import ANSWER, Asking
from caseseries.intake.headings import Lexicon, Match, Meaning, meaning_as, names_a_person
from caseseries.intake.lines import Remark, severity_of
from caseseries.intake.notices import quote
from caseseries.intake.sheet import letters_of
from caseseries.intake.tables import FEWEST, Table, looks_like_id, retake
from caseseries.study.forms import CASE_ID
from caseseries.study.headings import Target

AS_SHOWN, NOT_THIS, BUT = "as shown", "not this workbook", "all but "
AND_THE_REST, ONE_BY_ONE = "as shown, and ask about the rest", "one by one"
BY_SHEET, READ, IGNORED = "sheet by sheet", "it is read", "it is ignored"
NONE_OF_THEM = "none of these"
CASE_IDS = Meaning(Target("patients", "case_id"))


@dataclass(frozen=True)
class Verdict:
    """A person's word on how a workbook is read, empty while there is none, and the name of the question."""

    answer: str
    question: str = ""

    def of_sheet(self, table: Table, asking: Asking) -> "Verdict":
        """What it says of one sheet, which may have to be asked about."""
        if self.answer != BY_SHEET:
            return self
        name, n = table.sheet.name, len(table.records)
        options = (Option(READ, "as shown before"), Option(IGNORED, "it is a copy, or no part of the study"))
        text = f"Is the sheet “{name}” of {asking.centre} part of the return?"
        answer = asking.ask(
            "sheet", (name,), text, options, Where(asking.file, name), (f"Its records: {n}.",)
        )
        return replace(self, answer={READ: AS_SHOWN, IGNORED: NOT_THIS}.get(answer, ""))

    def reads(self, table: Table) -> bool:
        return bool(self.answer) and not self.refuses(table)

    def refuses(self, table: Table) -> bool:
        return self.answer in (NOT_THIS, f"{BUT}{table.sheet.name}")

    def asks(self, match: Match) -> bool:
        """Whether a heading is asked about by itself."""
        if match.meanings and not match.is_certain:
            return True
        return self.answer == ONE_BY_ONE or (self.answer == AND_THE_REST and not match.meanings)


OURS = Verdict(AS_SHOWN)  # exact headings of the template speak for themselves


def confirm(tables: Sequence[Table], lexicon: Lexicon, asking: Asking) -> Verdict:
    """The person's word on how a workbook is read, every heading with its meaning shown."""
    foreign = [table for table in tables if not is_ours(table)]
    if not foreign:
        return OURS
    shown, evidence = [], []
    for table in foreign:
        said = _said_of(table, lexicon)
        if said not in shown:
            shown.append(said)
            evidence += [f"{_title(table)}:", *(f"  {each}" for each in said), *_left_over(table)]
    text = f"Are the headings of {asking.centre} understood rightly?"
    flat = [each for said in shown for each in said]
    recorded = f"{text} {'; '.join(flat)}"
    answer = asking.ask("headings", flat, text, _verdicts(foreign), Where(asking.file), evidence, recorded)
    return Verdict(answer, asking.name_of("headings", flat))


def _verdicts(foreign: Sequence[Table]) -> list[Option]:
    options = [Option(AS_SHOWN, "the workbook is read so")]
    if any(not match.meanings for table in foreign for match in table.matches.values()):
        options.append(Option(AND_THE_REST, "read so; then each heading that is ignored is asked about"))
    options += [
        Option(ONE_BY_ONE, "each heading is asked about by itself, for where one is understood wrongly"),
        Option(NOT_THIS, "the workbook is ignored; the centre is asked for another"),
    ]
    if len(foreign) > 1:
        names = dict.fromkeys(table.sheet.name for table in foreign)
        options += [Option(f"{BUT}{name}", f"read so, and the sheet “{name}” is ignored") for name in names]
        options.append(
            Option(BY_SHEET, "read so; then each sheet is asked about, for where several are copies")
        )
    return options


def is_ours(table: Table) -> bool:
    understood = [match for match in table.matches.values() if match.meanings]
    return all(match.is_certain and match.meanings[0].is_ours for match in understood)


def _said_of(table: Table, lexicon: Lexicon) -> list[str]:
    return [
        f"“{match.heading}” is {_spell(match.meanings[0], lexicon)}"
        for _, match in sorted(table.matches.items())
        if match.is_certain and match.meanings
    ]


def _title(table: Table) -> str:
    n = len(table.records)
    what = "record" if n == 1 else "records"
    hidden = "Hidden sheet" if table.sheet.hidden else "Sheet"
    return f"{hidden} “{table.sheet.name}”, {n} {what}, " + (
        "one column each" if table.is_sideways else "one line each"
    )


def _left_over(table: Table) -> Iterator[str]:
    doubtful = [match.heading for match in table.matches.values() if match.meanings and not match.is_certain]
    unknown = [match.heading for match in table.matches.values() if not match.meanings]
    if doubtful:
        yield f"  asked about by themselves: {join([quote(one) for one in doubtful])}"
    if unknown:
        yield f"  ignored: {join([quote(one) for one in unknown])}"


def _spell(meaning: Meaning, lexicon: Lexicon) -> str:
    more = [word for word in (f"in {meaning.unit}" if meaning.unit else "", meaning.order) if word]
    return ", ".join([lexicon.describe(meaning), *more])


# --- one heading ------------------------------------------------------------------------------------------------


def settle_headings(
    table: Table, verdict: Verdict, lexicon: Lexicon, asking: Asking, places: Mapping[int, Where]
) -> tuple[Table, list[Remark]]:
    """The table with what a person said of single headings, and a remark for each that is ignored or still waits."""
    matches, remarks = dict(table.matches), []
    said = tuple(_said_of(table, lexicon))
    for index, match in sorted(table.matches.items()):
        if not verdict.asks(match):
            continue
        answer = _ask_heading(index, said, table, lexicon, asking, places[index])
        chosen = _chosen(match, answer, lexicon)
        matches[index] = Match(match.heading, (chosen,) if chosen else (), is_certain=True)
        if not chosen:
            remarks.append(_unsettled(match, answer, table, index, lexicon, places[index]))
    return retake(table, matches), remarks


def _ask_heading(
    index: int, said: Sequence[str], table: Table, lexicon: Lexicon, asking: Asking, where: Where
) -> str:
    """The question of an unknown heading is of the table that it stands in: two tables may use one word for two."""
    match = table.matches[index]
    proposals = [lexicon.describe(meaning) for meaning in match.meanings]
    others = [words for words in lexicon.every_target if words not in proposals]
    options = [
        *(Option(words, "it is read so") for words in proposals),
        Option(NONE_OF_THEM, "the column is ignored"),
        *(Option(words, "") for words in others),
    ]
    text = f"What does “{match.heading}” on the sheet “{table.sheet.name}” of {asking.centre} mean?"
    shown = list(dict.fromkeys(quote(cell.raw) for cell in table.cells_under(index)))
    evidence = [f"Its cells hold, for example, {join(shown[:3])}."] if shown else []
    about = (match.heading, *(proposals or said))
    return asking.ask("heading", about, text, options, where, evidence)


def _chosen(match: Match, answer: str, lexicon: Lexicon) -> Meaning | None:
    proposed = {lexicon.describe(meaning): meaning for meaning in match.meanings}
    target = lexicon.every_target.get(answer)
    return proposed.get(answer) or (meaning_as(match.heading, target, lexicon) if target else None)


def _unsettled(match: Match, answer: str, table: Table, index: int, lexicon: Lexicon, where: Where) -> Remark:
    cells = tuple(Where(where.file, where.sheet, cell.address) for cell in table.cells_under(index))
    if answer == NONE_OF_THEM:
        what = f"the column “{match.heading}” is ignored by decision, with its filled cells ({len(cells)})"
        finding = Finding(
            where, "intake.heading-refused", Severity.NOTE, what, "", "Nothing, if that is right"
        )
        return Remark(finding, ignored=cells)
    costs = {severity_of(lexicon.form(m.target.form), lexicon.column(m.target)) for m in match.meanings}
    severity = Severity.FILE if Severity.CASE in costs or not costs else Severity.VALUE
    proposals = join([quote(lexicon.describe(meaning)) for meaning in match.meanings])
    says = f"may mean {proposals}" if proposals else "may be one of the study's columns"
    what = f"the heading “{match.heading}” {says}; until somebody says so it is not read"
    return Remark(Finding(where, "intake.heading-in-doubt", severity, what, "", ANSWER), cells)


# --- headings that say the same ---------------------------------------------------------------------------------


def doubled(table: Table) -> set[int]:
    """Headings that mean the same as another of the table: neither is read. A child has one case id, "ID 2" or not."""
    by_meaning: dict[object, list[int]] = defaultdict(list)
    for index, meaning in table.meanings.items():
        target = meaning.target
        by_meaning["" if target.column == CASE_ID.name else (target, meaning.number)].append(index)
    return {index for found in by_meaning.values() if len(found) > 1 for index in found}


def double_remarks(
    table: Table, indices: set[int], lexicon: Lexicon, places: Mapping[int, Where]
) -> Iterator[Remark]:
    for index in sorted(indices):
        where, meaning = places[index], table.meanings[index]
        cells = tuple(Where(where.file, where.sheet, cell.address) for cell in table.cells_under(index))
        words = quote(lexicon.describe(meaning))
        what = f"“{table.matches[index].heading}” is there more than once with the meaning {words}"
        is_dear = (
            severity_of(lexicon.form(meaning.target.form), lexicon.column(meaning.target)) is Severity.CASE
        )
        severity = Severity.FILE if is_dear else Severity.VALUE
        do = "Give the columns different headings; until then none of them is read"
        yield Remark(Finding(where, "intake.double-heading", severity, what, "one such column", do), cells)


# --- whose lines these are --------------------------------------------------------------------------------------


def name_case_ids(table: Table, lexicon: Lexicon, asking: Asking) -> tuple[Table | None, str]:
    """The table with its column of case ids, where a person has to say which it is; and what was said.

    None while nobody has said, or when none holds them.
    """
    said = _said_of(table, lexicon)
    candidates = {_name_of(table, index): index for index in _candidates(table)}
    if not candidates:
        return None, ""
    options = [
        *(Option(name, "it holds the study's case ids") for name in candidates),
        Option(NONE_OF_THEM, "the sheet is ignored"),
    ]
    text = f"Which heading on the sheet “{table.sheet.name}” of {asking.centre} is that of the case ids?"
    evidence = [f"  {each}" for each in said]
    answer = asking.ask("case-ids", said, text, options, Where(asking.file, table.sheet.name), evidence)
    if answer not in candidates:
        return None, answer
    index = candidates[answer]
    match = Match(answer, (CASE_IDS,), is_certain=True)
    return retake(table, {**table.matches, index: match}), answer


def could_have_cases(table: Table) -> bool:
    """Whether a table without case ids reads like a return all the same."""
    understood = sum(match.is_certain and bool(match.meanings) for match in table.matches.values())
    return not table.case_ids and bool(table.records) and understood >= FEWEST


def _candidates(table: Table) -> list[int]:
    """Columns that nothing is known of, whose cells are short and seldom the same; never one of names."""
    lines = len(table.records)
    found = []
    for index, cells in sorted(table.unknown.items()):
        heading = table.matches[index].heading if index in table.matches else ""
        if names_a_person(heading):
            continue
        different = {cell.raw.strip() for cell in cells}
        if all(map(looks_like_id, cells)) and 2 * len(different) > lines:
            found.append(index)
    return found


def _name_of(table: Table, index: int) -> str:
    if index in table.matches:
        return table.matches[index].heading
    return (
        f"row {index}, which has no heading"
        if table.is_sideways
        else f"column {letters_of(index)}, which has no heading"
    )
