"""A centre's list becomes one that may travel: no name in it, no cell unaccounted for, no weak key."""

import hashlib
import hmac
import stat

import openpyxl
import pytest

from caseseries.findings import StudyError
from caseseries.identify.pseudonymise import (
    key_name,
    pseudonymise,
    read_key,
    token_of,
    write_new_key,
    write_new_list,
)
from caseseries.identify.tokens import read_tokens

KEY = bytes(range(32))
LIST = (
    "Case id;NHS number;First name;Surname;Postcode;Remarks\n"
    "A-1;943 476 5919;Seán;O'Brien;LS1 3EX;mother is Mary\n"
    "A-2;943 476 5918;Ann;Lee;;\n"
    "A-2;;Bob;Lee;;\n"
    ";9434765919;Zoe;Lee;;\n"
)


def made(tmp_path, text=LIST, name="leeds.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return pseudonymise(path, KEY)


def refusal(call, *arguments) -> str:
    with pytest.raises(StudyError) as refused:
        call(*arguments)
    return str(refused.value)


def test_identifiers_become_tokens_and_nothing_else_travels(tmp_path):
    result = made(tmp_path)
    assert result.columns == ("case_id", "nhs_number", "name", "initials")
    assert [row["case_id"] for row in result.rows] == ["A-1", "A-2"]
    text = result.to_csv().casefold()
    assert not [
        word for word in ("943", "seán", "sean", "brien", "ls1", "mary", "ann", "lee") if word in text
    ]


def test_a_token_is_hmac_sha256_of_kind_and_plain_identifier(tmp_path):
    digest = hmac.new(KEY, b"nhs_number: 9434765919", hashlib.sha256).hexdigest()
    assert made(tmp_path).rows[0]["nhs_number"] == f"{key_name(KEY)}.{digest[:32]}"
    assert token_of(KEY, "name", "x") != token_of(KEY, "initials", "x")
    assert token_of(KEY, "name", "x") != token_of(bytes(32), "name", "x")


def test_every_cell_is_accounted_for(tmp_path):
    result = made(tmp_path)
    assert result.non_empty == 6 + 6 + 4 + 3 + 3
    assert (result.replaced, result.kept, result.left_behind, result.problem) == (5, 2, 8, 7)
    assert result.replaced + result.kept + result.left_behind + result.problem == result.non_empty


def test_what_is_wrong_is_said_without_repeating_it(tmp_path):
    result = made(tmp_path)
    assert sorted(f"{finding.severity} {finding}" for finding in result.findings) == [
        "case leeds.csv › A4: the case id stands on an earlier row too. Correct the list.",
        "case leeds.csv › B5: the row has no case id. Correct the list.",
        "note leeds.csv › E1: the column “Postcode” is left behind. Nothing, unless it is an identifier.",
        "note leeds.csv › F1: the column “Remarks” is left behind. Nothing, unless it is an identifier.",
        "value leeds.csv › B3: the NHS number cannot be right: the check digit does not fit: a digit "
        "is wrong, or two are exchanged. Correct it from the patient's record.",
    ]


def test_the_same_child_gets_the_same_tokens_at_two_centres(tmp_path):
    one = made(tmp_path).rows[0]
    text = "Study number,NHS No,Name\nB-7,9434765919,OBRIEN SEAN\n"
    assert {**made(tmp_path, text, "york.csv", "utf-16").rows[0], "case_id": "A-1"} == one


def test_an_excel_list_reads_the_same(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Case id", "NHS number", "Initials"], ["A-1", 9434765919, "S.O'B."]):
        book.active.append(row)
    book.save(tmp_path / "leeds.xlsx")
    [row] = pseudonymise(tmp_path / "leeds.xlsx", KEY).rows
    assert row == {
        "case_id": "A-1",
        "nhs_number": token_of(KEY, "nhs_number", "9434765919"),
        "initials": token_of(KEY, "initials", "bos"),
    }


ALLOWED = "Allowed: case id; nhs number; ihi; hospital number; name; first name; last name; initials. Name the columns so."

LISTS = "Allowed: a CSV file or an Excel workbook (.xlsx)."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f"leeds.csv: the file is empty. {LISTS} Save it again as one of these."),
        ("\n\n", f"leeds.csv: the file is empty. {LISTS} Save it again as one of these."),
        (
            'Case id,First name,Surname\n"A-1,Ann,Lee\nA-2,Bob,Kay\n',
            f"leeds.csv: a quotation mark opened at line 2 is never closed. {LISTS} Write each quotation mark within a "
            "text twice, or save the file again as CSV UTF-8.",
        ),
        (
            "Case id,First name,Surname\nA-1,Ann,Lee\nBob,Kay\n",
            f"leeds.csv: line 3 has 2 fields and the heading 3: its values may have moved. {LISTS} Put texts with a "
            "delimiter or a line break in quotation marks.",
        ),
        ("Name\nX\n", f"leeds.csv: the first row names no case id. {ALLOWED}"),
        ("Case id,Age\nA-1,3\n", f"leeds.csv: the first row names no identifier. {ALLOWED}"),
        (
            "Case id,Name,Patient\nA,B,C\n",
            "leeds.csv › C1: two columns hold the same identifier. Remove one.",
        ),
        (
            "Case id\0Name\n",
            f"leeds.csv: the file holds bytes that no text has (NUL). {LISTS} Save it as “CSV UTF-8”, or send the workbook.",
        ),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path, text, sentence):
    assert refusal(made, tmp_path, text) == sentence


@pytest.mark.parametrize(
    ("case_id", "what"),
    [
        ('"A-1;Ann;Lee"', "this is no case id: it is too long, or has a comma or a line break"),
        ('"A-1\nAnn Lee"', "this is no case id: it is too long, or has a comma or a line break"),
        ("A" * 41, "this is no case id: it is too long, or has a comma or a line break"),
        ("ann", "the case id is an identifier of the child"),
        ("943 476 5919", "the case id is an identifier of the child"),
    ],
)
def test_no_name_or_number_travels_as_a_case_id(tmp_path, case_id, what):
    text = f"Case id,NHS number,First name,Surname\n{case_id},943 476 5919,Ann,Lee\nA-2,9434765919,Bob,Kay\n"
    result = made(tmp_path, text)
    assert [row["case_id"] for row in result.rows] == ["A-2"]
    [finding] = result.findings
    assert (finding.what, str(finding.severity)) == (what, "case")
    assert result.non_empty == result.replaced + result.kept + result.left_behind + result.problem


def test_letters_that_are_not_utf_8_are_read_and_pointed_out_without_a_name(tmp_path):
    western = made(tmp_path, "Case id,Name\nA-1,Seán Ó\n", encoding="cp1252")
    assert western.rows == made(tmp_path, "Case id,Name\nA-1,Seán Ó\n").rows
    assert [str(finding) for finding in western.findings] == [
        "leeds.csv: the list is not in UTF-8; its letters were read as Western European. If names have others: Save it as "
        "“CSV UTF-8”, or send the workbook."
    ]


def test_a_list_that_is_not_there(tmp_path):
    sentence = refusal(pseudonymise, tmp_path / "none.csv", KEY)
    assert sentence.startswith("none.csv: the file cannot be opened (No such file or directory).")


def test_a_new_key_is_its_owners_alone_and_never_replaced(tmp_path):
    path = tmp_path / "study.key"
    write_new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(read_key(path)) == 32
    assert refusal(write_new_key, path) == (
        f"{path}: the key cannot be written (File exists). Allowed: a new file. Name another file; keys are never "
        "replaced."
    )
    write_new_key(tmp_path / "other.key")
    assert read_key(tmp_path / "other.key") != read_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "study.key"
    write_new_key(path)
    path.chmod(0o644)
    assert refusal(read_key, path) == (
        f"{path}: other people on this computer can read the key. Allowed: only its owner. Run: chmod 600 study.key."
    )


@pytest.mark.parametrize("content", [b"", b"secret", b"caseseries key 1: 12\n", b"\xff" * 80])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "study.key"
    path.write_bytes(content)
    assert refusal(read_key, path) == (
        f"{path}: this is no key file. Allowed: one made by caseseries. Make one with: caseseries pseudonymise "
        "--new-key FILE."
    )


def test_a_list_is_never_written_over_another(tmp_path):
    out = tmp_path / "out.csv"
    write_new_list(out, made(tmp_path))
    assert out.read_text(encoding="utf-8") == made(tmp_path).to_csv()
    assert refusal(write_new_list, out, made(tmp_path)).startswith(
        f"{out}: the list cannot be written (File exists)"
    )


def study_with(tmp_path, **lists: str):
    folder = tmp_path / "study" / "identifiers"
    folder.mkdir(parents=True)
    for name, text in lists.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_tokens(tmp_path / "study")


def test_the_study_reads_the_lists_back(tmp_path):
    result = made(tmp_path)
    read = study_with(tmp_path, leeds=result.to_csv())
    assert read.findings == ()
    assert read.tokens["A-1"] == {k: v for k, v in result.rows[0].items() if k != "case_id"}
    assert read.tokens.keys() == {"A-1", "A-2"}


@pytest.mark.parametrize(
    "text",
    [
        "case_id,nhs_number\nA-1,9434765919\n",
        "case_id,surname\nA-1,Lee\n",
        "case_id,name\nA-1,x,y\n",
        "case_id,name\nA-1;Ann;Lee,\n",
        'case_id,name\n"A-1\nAnn Lee",\n',
        "Lee\n",
        "",
    ],
)
def test_a_plain_identifier_in_the_study_folder_is_refused_and_not_repeated(tmp_path, text):
    read = study_with(tmp_path, leeds=text)
    assert read.tokens == {}
    assert [f"{finding.severity} {finding}" for finding in read.findings] == [
        "file identifiers/leeds.csv: the list holds something other than case ids and keyed hashes; nothing of it "
        "is used. Make the list again, at the centre, with: caseseries pseudonymise."
    ]


def test_a_list_in_the_study_folder_with_an_open_quotation_mark_is_refused(tmp_path):
    token = token_of(KEY, "name", "x")
    read = study_with(tmp_path, leeds=f'case_id,name\n"A-1,{token}\nA-2,{token}\n')
    assert read.tokens == {}
    assert [str(finding) for finding in read.findings] == [
        "identifiers/leeds.csv: the list cannot be read. Make the list again, at the centre, with: caseseries "
        "pseudonymise."
    ]


def test_two_keys_are_noticed(tmp_path):
    lists = {
        name: f"case_id,name\n{name},{token_of(key, 'name', 'x')}\n"
        for name, key in (("a", KEY), ("b", bytes(32)))
    }
    assert [str(finding) for finding in study_with(tmp_path, **lists).findings] == [
        "identifiers: the lists were made with 2 keys, so their identifiers cannot be compared. Allowed: one key. "
        "Have every centre make its list again with the one key of the study."
    ]
