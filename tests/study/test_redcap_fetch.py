"""Records fetched from a REDCap project, over real HTTP: a server of this test's own speaks the API's export of records."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from caseseries.findings import StudyError
from caseseries.intake.redcap_fetch import fetch_export

pytest.importorskip("redcap", reason="needs PyCap: install caseseries[redcap]")

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
EXPORT = (
    "case_id,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,patients_birth_date,patients_sex,"
    "specimens_marker\r\nA-1,,,eastmere,2016-06-15,1,\r\nA-1,specimens,1,eastmere,,,Zürich–TRD\r\n"
)


class Redcap(ThreadingHTTPServer):
    """What REDCap's API does with an export of records, as far as a client sees it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answer, self.kind, self.status = EXPORT, "text/csv; charset=utf-8", 200
        self.fields = json.dumps([{"field_name": "case_id", "form_name": "patients"}])
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api/"


class Answer(BaseHTTPRequestHandler):
    server: Redcap

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = parse_qs(body)
        self.server.asked.append(form)
        text = self.server.answer if form["content"] == ["record"] else self.server.fields
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Redcap]:
    with Redcap() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def study(demo, tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_bytes((demo / "study.toml").read_bytes())
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    return folder


def fetch(caseseries, study, server):
    return caseseries("redcap", study, "--fetch", server.url, "--token", study.parent / "token")


def test_records_are_asked_for_raw_with_their_groups_and_become_a_return(caseseries, study, server):
    finished = fetch(caseseries, study, server)
    assert (finished.returncode, finished.stdout) == (0, "")
    assert finished.stderr == f"Wrote {study / 'returns' / 'redcap.csv'}\n"
    assert {tuple(asked["token"]) for asked in server.asked} == {(TOKEN,)}
    asked = server.asked[-1]
    assert {name: asked[name] for name in ("content", "format", "type", "rawOrLabel")} == {
        "content": ["record"],
        "format": ["csv"],
        "type": ["flat"],
        "rawOrLabel": ["raw"],
    }
    assert asked["exportDataAccessGroups"] == ["True"]
    assert (study / "returns" / "redcap.csv").read_bytes() == EXPORT.encode()
    said = caseseries("check", study, "--json").stdout
    assert '"centre": "redcap"' in said
    assert "A-1" in caseseries("check", study).stdout


def test_the_token_is_nowhere(caseseries, study, server):
    finished = fetch(caseseries, study, server)
    server.answer = f"ERROR: the token {TOKEN} has expired"
    refused = fetch(caseseries, study, server)
    assert refused.returncode == 2
    assert TOKEN not in finished.stderr + refused.stderr + refused.stdout
    written = [path.read_bytes() for path in study.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in each for each in written)


def test_an_export_that_takes_the_place_of_another_leaves_it_to_compare(caseseries, study, server):
    fetch(caseseries, study, server)
    assert fetch(caseseries, study, server).stderr.count("\n") == 1  # the same bytes replace nothing
    server.answer = EXPORT.replace("2016-06-15", "2016-06-16")
    said = fetch(caseseries, study, server).stderr.splitlines()
    earlier = study / "replaced" / "redcap.csv"
    assert said[-1] == f"What changed: caseseries check {study} --against {earlier}"
    changed = caseseries("check", study, "--against", earlier).stdout
    assert "(A-1, patients_birth_date): “2016-06-15” became “2016-06-16”" in changed


def test_an_answer_without_an_encoding_is_read_as_utf_8(server):
    server.kind = "text/csv"
    assert fetch_export(server.url, TOKEN) == EXPORT


NO_EXPORT = "the answer is no export of the study's dictionary: its first line has no field case_id"
NONE_OF_REDCAP = "the answer is none of REDCap's API"


@pytest.mark.parametrize(
    ("fields", "answer", "what"),
    [
        (
            '{"error": "You do not have permissions"}',
            "",
            "REDCap gave no records: You do not have permissions",
        ),
        ("<html>log in</html>", "", NONE_OF_REDCAP),
        ("[]", "", NO_EXPORT),
        ('{"a": 1}', "", NONE_OF_REDCAP),
        ("[1, 2]", "", NONE_OF_REDCAP),
        (None, "ERROR: no right to export", "REDCap gave no records: ERROR: no right to export"),
        (None, "<html>log in</html>", NO_EXPORT),
        (None, "", NO_EXPORT),
        (None, "record_id,sex\n1,1\n", NO_EXPORT),
    ],
)
def test_an_answer_that_is_no_export_is_a_sentence(server, fields, answer, what):
    server.fields, server.answer = fields or server.fields, answer
    with pytest.raises(StudyError) as caught:
        fetch_export(server.url, TOKEN)
    assert caught.value.findings[0].what == what


def test_the_token_is_not_sent_on_to_where_a_server_points(server):
    with Redcap() as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        server.status, server.headers, server.answer = 307, {"Location": other.url}, "moved"
        with pytest.raises(StudyError):
            fetch_export(server.url, TOKEN)
        other.shutdown()
        assert other.asked == []


@pytest.mark.parametrize(
    ("url", "token", "what"),
    [
        ("http://redcap.example.org/api/", TOKEN, "this is no address of REDCap's API"),
        ("https://redcap.example.org/", TOKEN, "this is no address of REDCap's API"),
        ("https://redcap.example.org/api/", "secret", "the token is none"),
    ],
    ids=["in the clear", "not the API", "no token"],
)
def test_nothing_is_sent_to_an_address_or_with_a_token_that_is_none(url, token, what):
    with pytest.raises(StudyError) as caught:
        fetch_export(url, token)
    assert caught.value.findings[0].what == what
    assert token not in str(caught.value.findings[0])


def test_a_server_that_is_not_there_is_a_sentence(caseseries, study, server):
    server.shutdown()
    server.server_close()
    finished = fetch(caseseries, study, server)
    assert finished.returncode == 2
    assert "REDCap gave no records" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (study / "returns").exists()
