"""Whatever stands in names, notes, filters and searches is text: it comes back as it was, finds
nothing that it should not, and breaks nothing."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import ask, question
from tests.faults.process import until

SQL = (
    "'; DROP TABLE exchanges; --",
    '" OR ""="',
    "1) UNION SELECT id, digest FROM keys --",
    "' || (SELECT api_key_sealed FROM backends) || '",
    "%",
    "_",
    "\\",
    "$1 :name ? %(x)s",
    "'; SELECT pg_sleep(9); --",
    "*/ /* --",
)
TEMPLATES = ("{{7*7}}", "${jndi:ldap://x/a}", "<%= 7*7 %>", "#{7*7}", "{0.__class__}", "%s%n%x")
MARKUP = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "\u202egpj.exe")
HEADERS = ("a\r\nx-injected: yes", "a\nset-cookie: s=1", "a\x00b", "\x1b[2J")
CORPUS = (*SQL, *TEMPLATES, *MARKUP)
KEY = "a-long-key-of-filed"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with ScriptedUpstream() as upstream:
        up = {"base_url": upstream.url, "speaks": ["chat"], "models": ["mock"]}
        users = [{"name": "filed", "api_key": KEY, "backends": "*"}]
        with Gateway({"backends": {"up": up}, "users": users}) as gateway:
            assert ask(gateway.url, "chat", question("chat", "mock"), x_api_key=KEY).status == 200
            until(lambda: listed(gateway) == 1)
            yield gateway
            log = gateway.log
    assert "Traceback" not in log, log


def admin(gateway: Gateway, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """The status and the JSON of an answer of the admin API."""
    request = urllib.request.Request(
        f"{gateway.url}/admin{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {gateway.admin_token}", "content-type": "application/json"},
        method=method,
    )
    try:
        answer = urllib.request.urlopen(request, timeout=15)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        assert "x-injected" not in answer.headers
        return answer.status, json.loads(answer.read() or b"null")


def listed(gateway: Gateway, **filters: str) -> int:
    """How many exchanges fit."""
    path = f"/analytics/requests?{urllib.parse.urlencode(filters)}"
    status, page = admin(gateway, "GET", path)
    assert status == 200, page
    return int(page["total"])


@pytest.mark.parametrize("text", CORPUS)
def test_names_and_notes_come_back_as_they_were(gateway: Gateway, text: str) -> None:
    status, user = admin(gateway, "POST", "/users", {"name": text, "email": text})
    assert (status, user["name"], user["email"]) == (201, text, text)
    rewrite = {"source_model": text, "target_model": "mock", "note": text}
    status, made = admin(gateway, "POST", "/model-rewrites", rewrite)
    assert (status, made["source_model"], made["note"]) == (201, text, text)
    assert text in [row["name"] for row in admin(gateway, "GET", "/users")[1]]
    assert admin(gateway, "DELETE", f"/model-rewrites/{made['id']}")[0] == 204
    assert admin(gateway, "DELETE", f"/users/{user['id']}")[0] == 204


@pytest.mark.parametrize("text", CORPUS)
def test_filters_and_searches_find_text_and_nothing_else(gateway: Gateway, text: str) -> None:
    everything = listed(gateway)
    for name in ("q", "userId", "backendId", "model", "session"):
        # A sign alone may stand in an id or a name; as a pattern it would find everything.
        assert listed(gateway, **{name: text}) in ((0, everything) if text == "_" else (0,))
    query = urllib.parse.urlencode({"userId": text, "backendId": text, "model": text})
    for path in ("usage", "metrics", "backend-quality", "response-length-histogram"):
        assert admin(gateway, "GET", f"/analytics/{path}?{query}")[0] == 200
    quoted = urllib.parse.quote(text, safe="")
    assert admin(gateway, "GET", f"/requests/{quoted}")[0] in (400, 404)
    assert listed(gateway) == everything


@pytest.mark.parametrize("text", CORPUS)
def test_a_model_that_is_asked_for_is_text_in_the_log(gateway: Gateway, text: str) -> None:
    before = listed(gateway, model=text)
    assert ask(gateway.url, "chat", question("chat", text), x_api_key=KEY).status == 404
    until(lambda: listed(gateway, model=text) == before + 1)
    assert listed(gateway, q=text) >= before + 1


@pytest.mark.parametrize("text", HEADERS)
def test_control_characters_are_refused_or_harmless(gateway: Gateway, text: str) -> None:
    assert admin(gateway, "POST", "/users", {"name": text})[0] == 400
    assert admin(gateway, "POST", "/backends", {"name": text, "base_url": "http://x"})[0] == 400
    assert admin(gateway, "POST", "/model-rewrites", {"source_model": text})[0] == 400
    assert listed(gateway, q=text, userId=text, model=text) == 0


def test_pages_are_clamped_and_wrong_numbers_refused(gateway: Gateway) -> None:
    status, page = admin(gateway, "GET", "/analytics/requests?limit=999999999&offset=2147483647")
    assert (status, page["limit"], page["rows"]) == (200, 500, [])
    for wrong in (
        "limit=x",
        "offset=-1",
        "offset=1e3",
        "from=never",
        "outcome=fine",
        "q=" + "x" * 201,
    ):
        assert admin(gateway, "GET", f"/analytics/requests?{wrong}")[0] == 400
