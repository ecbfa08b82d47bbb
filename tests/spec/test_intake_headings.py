"""What a centre's heading means: a table of headings as hospitals write them, in several languages and with slips."""

import pytest

from caseseries.intake.headings import Lexicon, match_heading
from return_folder import STUDY

LEXICON = Lexicon(STUDY)


def read(heading, form=""):
    match = match_heading(heading, LEXICON, form)
    return match.is_certain, [LEXICON.describe(meaning) for meaning in match.meanings]


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("DOB", "Patients: Date of birth"),
        ("D.O.B.", "Patients: Date of birth"),
        ("birth_date", "Patients: Date of birth"),
        ("DateOfBirth", "Patients: Date of birth"),
        ("Geburtsdatum", "Patients: Date of birth"),
        ("Date de naissance", "Patients: Date of birth"),
        ("Fecha de nacimiento", "Patients: Date of birth"),
        ("Dáta breithe", "Patients: Date of birth"),
        ("ＤＯＢ", "Patients: Date of birth"),  # full-width letters
        ("Sеx", "Patients: Sex"),  # the second letter is Cyrillic
        ("Geschlecht", "Patients: Sex"),
        ("Study No.", "Patients: Case id"),
        ("WCC at diagnosis", "Diagnosis: White cell count (10^9/L)"),
        ("Leukozyten", "Diagnosis: White cell count (10^9/L)"),
        ("Dx date", "Diagnosis: Date of diagnosis"),
        ("MLL status", "Diagnosis: KMT2A status"),
        ("Date of relapse", "Follow-up: Date (relapse)"),
        ("Rezidivdatum", "Follow-up: Date (relapse)"),
        ("2nd relapse: date", "Follow-up: Date (relapse, 2)"),
        ("Relapse 2 date", "Follow-up: Date (relapse, 2)"),
        ("Date of CR 2", "Follow-up: Date (complete remission, 2)"),
        ("Cause of death", "Follow-up: Cause of death (death)"),
        ("Last F/U", "Follow-up: Date (seen alive)"),
        ("Last follow-up", "Follow-up: Date (seen alive)"),
        ("Blina start", "Treatment: Start date (blinatumomab)"),
        ("Blincyto C2 start", "Treatment: Start date (blinatumomab, 2)"),
        ("Date of BMT", "Transplant: Date of transplant"),
        ("HSCT donor", "Transplant: Donor"),
        ("CRS grade", "Toxicity: Grade (1-5) (CRS)"),
        ("MRD pre blina (%)", "MRD: MRD level (%) (before blina)"),
        ("MRD post", "MRD: MRD result (after)"),
        ("Consultant", ""),
        ("Hospital number", ""),
        ("Weight (kg)", ""),
    ],
)
def test_a_heading_is_certain_or_not_known(heading, meaning):
    assert read(heading) == ((True, [meaning]) if meaning else (False, []))


@pytest.mark.parametrize(
    ("heading", "form", "meaning"),
    [
        ("Date", "specimens", "MRD: Specimen date"),
        ("Date", "follow_up", "Follow-up: Date"),
        ("Result", "specimens", "MRD: MRD result"),
        ("Status", "follow_up", "Follow-up: Event"),
        ("Start", "treatment", "Treatment: Start date"),
        ("Comment", "toxicity", "Toxicity: Description"),
    ],
)
def test_a_general_word_means_what_its_sheet_is_about(heading, form, meaning):
    assert read(heading, form) == (True, [meaning])


@pytest.mark.parametrize(
    ("heading", "meanings"),
    [
        ("Dat of birth", ["Patients: Date of birth"]),
        ("Date of brith", ["Patients: Date of birth"]),
        ("Karotype", ["Diagnosis: Karyotype (ISCN)"]),
        ("Status", ["Follow-up: Event (seen alive)", "Treatment: Remission at start"]),
    ],
)
def test_what_is_only_alike_or_has_two_meanings_is_proposed_and_never_certain(heading, meanings):
    is_certain, found = read(heading)
    assert not is_certain
    assert sorted(found) == meanings


@pytest.mark.parametrize(
    ("heading", "unit", "order"),
    [
        ("WBC (x10^9/L)", "10^9/L", ""),
        ("WBC (G/L)", "10^9/L", ""),
        ("Leuko /nl", "10^9/L", ""),
        ("WBC K/uL", "10^9/L", ""),
        ("WBC 10³/µl", "10^9/L", ""),
        ("WBC (/µl)", "/µL", ""),
        ("WBC cells/mm3", "/µL", ""),
        ("WBC", "", ""),
        ("MRD (%)", "%", ""),
        ("MRD log10", "log10", ""),
        ("Date of birth (dd/mm/yyyy)", "", "day first"),
        ("DOB mm/dd/yyyy", "", "month first"),
        ("Geburtsdatum (TT.MM.JJJJ)", "", "day first"),
        ("Date of birth (yyyy-mm-dd)", "", ""),
        ("Date of birth (mm/yyyy)", "", ""),
    ],
)
def test_units_and_formats_are_understood_apart(heading, unit, order):
    [meaning] = match_heading(heading, LEXICON).meanings
    assert (meaning.unit, meaning.order) == (unit, order)


def test_every_heading_of_the_template_means_its_own_column():
    for form in LEXICON.forms:
        for column in form.columns[1:]:
            match = match_heading(column.heading, LEXICON, form.name)
            assert match.is_certain, (form.name, column.heading)
            [meaning] = match.meanings
            assert (meaning.target.form, meaning.target.column) == (form.name, column.name)
            assert meaning.is_ours


def test_no_word_of_a_list_stands_for_two_choices():
    data = LEXICON.vocabulary
    from importlib.resources import files

    from caseseries.intake.wording import word_key
    from caseseries.study.headings import FILE
    from caseseries.study.toml import read_toml

    table = read_toml(files("caseseries.study").joinpath(FILE).read_text(encoding="utf-8"))
    for form in LEXICON.forms:
        for column in form.columns:
            said = {}
            for choice, words in table[form.name].get(column.name, {}).get("words", {}).items():
                for word in (choice, *words) if choice in column.choices else ():
                    assert said.setdefault(word_key(word), choice) == choice, (column.name, word)
    assert data.words
