"""Chains that are exchanged, that ask, and that wait for the backend to be chosen."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import PATHS, Line, ask, question, request
from tests.faults.serving import backend, model, over, serving
from tests.faults.streams import text_of


def test_a_new_chain_counts_from_the_next_request_and_no_stream_changes_its_own(
    upstream: ScriptedUpstream,
) -> None:
    def chain(word: str) -> dict[str, Any]:
        redact = {"policy": "redact", "patterns": [], "regexes": {word: "Hello"}}
        return {**over(upstream.url), "policies": {"chain": [redact]}}

    with serving(chain("old")) as gateway:
        upstream.script(text=["Hello ", "Hello ", "end"], delay_ms=1000, ignore_usage=True)
        with Line(gateway.url) as line:
            line.send(request(PATHS["chat"], question("chat", "chat")))
            line.head()
            line.until(b"[OLD]")
            gateway.reload(chain("new"))
            _wait_for(gateway, "was reloaded")
            upstream.script(text="Hello")
            other = ask(gateway.url, "chat", question("chat", "chat", stream=False))
            assert b"[NEW]" in other.body
            assert line.rest() == "clean"
            assert text_of("chat", b"".join(line.chunks)) == "[OLD] [OLD] end"
        broken = {**over(upstream.url), "policies": {"chain": [{"policy": "redcat"}]}}
        gateway.reload(broken)
        _wait_for(gateway, "was not reloaded")
        assert "redact" in gateway.log
        assert b"[NEW]" in ask(gateway.url, "chat", question("chat", "chat", stream=False)).body


@pytest.mark.parametrize("allow", [True, False])
def test_a_judge_asks_a_model_of_the_gateway_past_the_chain(
    upstream: ScriptedUpstream, allow: bool
) -> None:
    judge = {"policy": "judge", "model": "chat", "rules": "No greetings.", "apply_to": ["request"]}
    config = {**over(upstream.url), "policies": {"chain": [judge]}}
    with serving(config) as gateway:
        upstream.script({"text": json.dumps({"allow": allow})}, {"text": "Fine"})
        answer = ask(gateway.url, "messages", question("messages", "messages", stream=False))
    first, *others = upstream.requests("POST")
    assert first["path"] == "/v1/chat/completions"
    assert "No greetings." in json.dumps(first["body"])
    assert len(others) == int(allow)
    assert answer.status == (200 if allow else 403)
    assert (b"Fine" in answer.body) == allow


def test_a_condition_on_the_backend_is_answered_at_each_attempt(
    upstream: ScriptedUpstream,
) -> None:
    config = over(upstream.url)
    config["backends"]["other"] = backend(upstream.url, "chat")
    config["models"]["two"] = model("chat", "other", retries=1)
    inject = {"policy": "inject_system", "text": "Be kind.", "when": {"backend": ["other"]}}
    with serving({**config, "policies": {"chain": [inject]}}) as gateway:
        upstream.script({"status": 500}, {"text": "Fine"})
        answer = ask(gateway.url, "chat", question("chat", "two"))
    assert answer.headers["x-headgate-backend"] == "other"
    first, second = (json.dumps(one["body"]) for one in upstream.requests("POST"))
    assert "Be kind." not in first
    assert "Be kind." in second


def _wait_for(gateway: Gateway, words: str) -> None:
    deadline_s = time.monotonic() + 20.0
    while words not in gateway.log and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert words in gateway.log


ENDLESS = "\n".join(
    (
        "from headgate.policies import Policy",
        "class Endless(Policy):",
        "    def on_text(self, text):",
        "        while 'Hello' in text:",
        "            try:",
        "                text = text + ''",
        "            except Exception:",
        "                pass",
        "        return text",
        "",
    )
)


@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_policy_that_loops_for_ever_is_interrupted_and_the_gateway_serves_on(
    upstream: ScriptedUpstream, tmp_path: Path, on_error: str
) -> None:
    (tmp_path / "endless_rules.py").write_text(ENDLESS)
    entry = {"policy": "endless_rules:Endless", "deadline": "1s", "on_error": on_error}
    config = {**over(upstream.url), "policies": {"chain": [entry]}}
    with serving(config, PYTHONPATH=str(tmp_path)) as gateway:
        upstream.script(text=["Well, ", "Hello ", "you"], delay_ms=20, ignore_usage=True)
        answer = ask(gateway.url, "chat", question("chat", "chat"))
        if on_error == "open":
            assert text_of("chat", answer.body) == "Well, Hello you"
        else:
            assert b"The policy 'Endless' could not be applied." in answer.body
            assert b"[DONE]" not in answer.body
        upstream.script(text="Fine", ignore_usage=True)
        again = ask(gateway.url, "chat", question("chat", "chat"))
        assert text_of("chat", again.body) == "Fine"
