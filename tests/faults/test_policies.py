"""The policy chain of a configuration, in force on a running gateway in every dialect."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, Answer, ask, question
from tests.faults.serving import model, over, serving
from tests.faults.streams import FINISH, FRAMES, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, check_broken, check_error
from tests.faults.whole_replies import REPLIES

PAIRS = list(itertools.product(DIALECTS, FRAMES))
TYPES = {
    "chat": "policy_violation",
    "messages": "permission_error",
    "responses": "policy_violation",
}
every_pair = pytest.mark.parametrize(("caller", "backend"), PAIRS)
every_caller = pytest.mark.parametrize("caller", DIALECTS)


def entry(name: str, policy: str, **keys: Any) -> dict[str, Any]:
    """An entry that is in force where a request asks for it by header."""
    return {"policy": policy, "name": name, "when": {"header": {"x-policy": [name]}}, **keys}


RULES = "\n".join(
    (
        "from headgate.policies import Policy, Refuse",
        "class Shout(Policy):",
        "    def __init__(self, mark):",
        "        self.mark = mark",
        "    def on_request(self, request):",
        "        if 'secret' in str(request.messages):",
        "            raise Refuse('no secrets')",
        "    def on_text(self, text):",
        "        return text.upper().replace('O', self.mark)",
        "    def on_end(self, outcome):",
        "        with open(self.exchange.headers['x-ends'], 'a') as ends:",
        "            ends.write(outcome + '\\n')",
        "",
    )
)
CHAIN = [
    entry("redact", "redact", regexes={"greeting": "Hello"}, patterns=[]),
    entry("ask", "block", words=["there"], apply_to=["request"]),
    entry("say", "block", words=["lo"], regexes={"end": "llo"}, apply_to=["response"]),
    entry("inject", "inject_system", text="Answer in English."),
    entry("tools", "deny_tools", tools=["rm_*"]),
    entry("python", "shop_rules:Shout", mark="!"),
    entry("watch", "redact", regexes={"greeting": "Hello"}, patterns=[], mode="monitor"),
    entry("rename", "rename_model", models={"chat": "messages"}),
    entry("json", "require_json_schema", schema={"type": "object"}, on_failure="retry"),
    entry("mark", "header", header="x-tenant", value="t-{user}"),
    entry("tell", "header", header="x-told", value="yes", to="caller"),
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "shop_rules.py").write_text(RULES)
    return folder


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, rules: Path) -> Iterator[Gateway]:
    config = over(upstream.url)
    config["models"]["twice"] = model("chat", retries=1)
    config = {**config, "policies": {"chain": CHAIN}}
    with serving(config, PYTHONPATH=str(rules)) as gateway:
        yield gateway


def under(gateway: Gateway, policy: str, caller: str, body: bytes, **headers: str) -> Answer:
    return ask(gateway.url, caller, body, x_policy=policy, **headers)


def body_there(upstream: ScriptedUpstream) -> dict[str, Any]:
    """The body of the one request that the backend got."""
    (only,) = upstream.requests("POST")
    body: dict[str, Any] = only["body"]
    return body


@pytest.mark.parametrize("chunk_bytes", [1, 7, 100_000])
@every_pair
def test_a_stream_is_redacted_however_it_is_cut(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    backend: str,
    chunk_bytes: int,
) -> None:
    upstream.script(**raw(*FRAMES[backend]), chunk_bytes=chunk_bytes)
    answer = under(gateway, "redact", caller, question(caller, backend))
    assert answer.status == 200
    assert text_of(caller, answer.body) == "[GREETING]"
    assert b"Hel" not in answer.body
    assert answer.body.count(LAST_WORDS[caller]) == 1
    log.outcome(answer, "complete", completion_tokens=2, usage_source="provider")


@every_pair
def test_a_whole_reply_is_redacted(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(text="Say Hello twice: Hello")
    answer = under(gateway, "redact", caller, question(caller, backend, stream=False))
    assert answer.status == 200
    assert b"Say [GREETING] twice: [GREETING]" in answer.body
    assert b"Hello" not in answer.body
    log.outcome(answer, "complete", usage_source="provider")


@every_caller
def test_a_whole_reply_that_no_policy_changes_keeps_its_bytes(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(json=REPLIES[caller])
    body = question(caller, caller, stream=False)
    plain = ask(gateway.url, caller, body)
    assert under(gateway, "redact", caller, body).body == plain.body


@pytest.mark.parametrize("stream", [True, False])
@every_caller
def test_a_blocked_request_is_a_403_and_reaches_no_backend(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, stream: bool
) -> None:
    answer = under(gateway, "ask", caller, question(caller, "chat", stream=stream))
    message = check_error(answer, caller, 403, "policy_violation", TYPES[caller])
    assert "'ask'" in message
    assert not upstream.requests("POST")
    log.outcome(answer, "blocked", error_message=message)


@every_pair
def test_a_block_in_a_stream_is_its_last_word(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    first, rest = FRAMES[backend][: OPENING[backend]], FRAMES[backend][OPENING[backend] :]
    free = [frame.replace(b"Hel", b"Well now, well now ") for frame in first]
    upstream.script(**raw(b"".join(free), b"".join(rest)), delay_ms=500)
    answer = under(gateway, "say", caller, question(caller, backend))
    assert (answer.status, answer.ended) == (200, "clean")
    message = "Refused by the policy 'say': "
    start = answer.body.index(message.encode())
    message = answer.body[start:].partition(b'"')[0].decode()
    before = check_broken(caller, answer.body, message, "policy_violation", TYPES)
    assert text_of(caller, before).startswith("Well now, well")
    assert "lo" not in text_of(caller, before)
    log.outcome(answer, "blocked", error_message=message)


@every_caller
def test_a_block_before_anything_was_told_is_a_403(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller]), chunk_bytes=100_000)
    answer = under(gateway, "say", caller, question(caller, caller))
    check_error(answer, caller, 403, "policy_violation", TYPES[caller])
    log.outcome(answer, "blocked")


@every_pair
def test_a_blocked_whole_reply_is_a_403(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(text="lo and behold")
    answer = under(gateway, "say", caller, question(caller, backend, stream=False))
    check_error(answer, caller, 403, "policy_violation", TYPES[caller])
    log.outcome(answer, "blocked", usage_source="provider")


@every_caller
def test_a_changed_request_is_written_and_its_reply_relayed(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller]))
    plain = ask(gateway.url, caller, question(caller, caller))
    upstream.reset()
    upstream.script(**raw(*FRAMES[caller]))
    answer = under(gateway, "inject", caller, question(caller, caller))
    assert answer.body == plain.body
    sent = json.dumps(body_there(upstream))
    assert sent.count("Answer in English.") == 1
    assert "Hello there" in sent


@every_pair
def test_a_changed_request_is_translated(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, backend: str
) -> None:
    upstream.script(text="Fine")
    answer = under(gateway, "inject", caller, question(caller, backend, stream=False))
    assert b"Fine" in answer.body
    assert json.dumps(body_there(upstream)).count("Answer in English.") == 1


_PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}}


@every_caller
def test_denied_tools_are_not_offered(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    tools = [_tool(caller, "rm_rf"), _tool(caller, "look")]
    under(gateway, "tools", caller, question(caller, "chat", stream=False, tools=tools))
    sent = json.dumps(body_there(upstream))
    assert "look" in sent
    assert "rm_rf" not in sent


@pytest.mark.parametrize("stream", [True, False])
@every_caller
def test_a_denied_call_is_left_out(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, stream: bool
) -> None:
    upstream.script(events=_calls("rm_rf", "look"))
    answer = under(gateway, "tools", caller, question(caller, "chat", stream=stream))
    assert answer.status == 200
    assert b"look" in answer.body
    assert b"rm_rf" not in answer.body


@pytest.mark.parametrize("stream", [True, False])
@every_pair
def test_a_policy_in_python_sees_text_and_the_end(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    tmp_path: Path,
    caller: str,
    backend: str,
    stream: bool,
) -> None:
    upstream.script(text=["He", "llo"])
    ends = tmp_path / "ends"
    body = question(caller, backend, stream=stream)
    answer = under(gateway, "python", caller, body, x_ends=str(ends))
    if stream:
        assert text_of(caller, answer.body) == "HELL!"
    else:
        assert b"HELL!" in answer.body
    assert _soon_in(ends) == "complete\n"


def test_a_policy_in_python_refuses_and_ends_once(gateway: Gateway, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    messages = [{"role": "user", "content": "the secret"}]
    body = question("chat", "chat", messages=messages)
    answer = under(gateway, "python", "chat", body, x_ends=str(ends))
    assert "no secrets" in check_error(answer, "chat", 403, "policy_violation", "policy_violation")
    assert _soon_in(ends) == "blocked\n"


@every_pair
def test_monitoring_leaves_the_bytes_alone(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(*FRAMES[backend]))
    answer = under(gateway, "watch", caller, question(caller, backend))
    assert text_of(caller, answer.body) == "Hello"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    if caller == backend:
        hidden = FRAMES["chat"][4] if caller == "chat" else b""
        assert answer.body == b"".join(FRAMES[backend]).replace(hidden, b"")
    log.outcome(answer, "complete")


@every_pair
def test_a_cut_stream_gives_what_was_held_and_stays_truncated(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(*FRAMES[backend][: OPENING[backend]]))
    answer = under(gateway, "redact", caller, question(caller, backend))
    assert text_of(caller, answer.body) == "Hel"
    assert LAST_WORDS[caller] not in answer.body
    log.outcome(answer, "truncated")


@every_pair
def test_a_missing_terminator_is_added_behind_what_was_held(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(*FRAMES[backend][: FINISH[backend]]))
    answer = under(gateway, "redact", caller, question(caller, backend))
    assert text_of(caller, answer.body) == "[GREETING]"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    log.outcome(answer, "complete")


@pytest.mark.parametrize("stream", [True, False])
def test_a_renamed_model_is_routed_anew_and_told_by_its_old_name(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, stream: bool
) -> None:
    upstream.script(text="Fine")
    answer = under(gateway, "rename", "chat", question("chat", "chat", stream=stream))
    (asked,) = upstream.requests("POST")
    assert asked["path"] == "/v1/messages"
    assert answer.headers["x-headgate-backend"] == "messages"
    assert b'"model":"chat"' in answer.body
    log.outcome(answer, "complete", request_model="chat", backend_id="messages")


def test_a_reply_that_must_be_mended_is_asked_for_once_more(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected
) -> None:
    upstream.script({"text": "no object"}, {"text": '{"a": 1}'})
    answer = under(gateway, "json", "chat", question("chat", "twice"))
    assert text_of("chat", answer.body) == '{"a": 1}'
    assert len(upstream.requests("POST")) == 2
    log.outcome(answer, "complete", attempts=2)


def test_headers_of_policies_go_to_the_backend_and_to_the_caller(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    upstream.script(text="Fine")
    under(gateway, "mark", "chat", question("chat", "chat"))
    (asked,) = upstream.requests("POST")
    assert asked["headers"]["x-tenant"] == "t-"
    answer = under(gateway, "tell", "chat", question("chat", "chat"))
    assert answer.headers["x-told"] == "yes"


def _tool(dialect: str, name: str) -> dict[str, Any]:
    if dialect == "messages":
        return {"name": name, "input_schema": _PARAMETERS}
    function = {"name": name, "parameters": _PARAMETERS}
    if dialect == "responses":
        return {"type": "function", **function}
    return {"type": "function", "function": function}


def _calls(*names: str) -> list[dict[str, Any]]:
    """A chat stream that calls these tools."""
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
    calls = [
        {
            "index": number,
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": '{"path": "x"}'},
        }
        for number, name in enumerate(names)
    ]
    deltas: list[tuple[dict[str, Any], str | None]] = [
        ({"role": "assistant", "tool_calls": [call]}, None) for call in calls
    ]
    return [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        for delta, finish in [*deltas, ({}, "tool_calls")]
    ]


def _soon_in(path: Path) -> str:
    """What the file says, as soon as it says something."""
    deadline_s = time.monotonic() + 20.0
    while not (path.exists() and path.read_text()) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return path.read_text()
