"""The end of a process, a changed file and a kill, with streams under way."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import ScriptedUpstream
from tests.faults.books import newest, row_of, rows_in, rows_of
from tests.faults.caller import DIALECTS, PATHS, Line, ask, question, request
from tests.faults.process import Served, served, until, write
from tests.faults.serving import backend, model, over
from tests.faults.streams import FRAMES, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, RESTARTING, check_broken, check_error

KEY = "a-long-key-of-alice"

UNAVAILABLE = {
    "chat": "service_unavailable_error",
    "messages": "overloaded_error",
    "responses": "service_unavailable_error",
}


def with_drain(upstream: ScriptedUpstream, drain: str) -> dict[str, Any]:
    config = over(upstream.url)
    config["server"]["drain"] = drain
    return config


@contextlib.contextmanager
def begun(process: Served, caller: str, to: str) -> Iterator[tuple[Line, str]]:
    """A stream of which something has arrived, and its id."""
    with Line(process.url) as line:
        line.send(request(PATHS[caller], question(caller, to)))
        status, headers = line.head()
        assert status == 200
        line.chunk()
        yield line, headers["x-request-id"]


def test_streams_end_within_the_drain(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script(text="one two three four five six", delay_ms=100)
    with served(tmp_path, with_drain(upstream, "30s")) as process, contextlib.ExitStack() as kept:
        lines = [kept.enter_context(begun(process, caller, "chat")) for caller in DIALECTS]
        process.signal(signal.SIGTERM)
        until(process.refuses_connections)
        for (line, _), caller in zip(lines, DIALECTS, strict=True):
            assert line.rest() == "clean"
            body = b"".join(line.chunks)
            assert text_of(caller, body) == "one two three four five six"
            assert body.count(LAST_WORDS[caller]) == 1
        assert process.end() == 0
        rows = rows_in(process.data)
        assert {row["id"] for row in rows} == {request_id for _, request_id in lines}
        assert [row["outcome"] for row in rows] == ["complete"] * len(lines)


def test_at_the_deadline_streams_are_told(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    sent = FRAMES["chat"][: OPENING["chat"]]
    upstream.script(**raw(*sent), stall_after=len(sent))
    with served(tmp_path, with_drain(upstream, "300ms")) as process:
        with contextlib.ExitStack() as kept:
            lines = [kept.enter_context(begun(process, caller, "chat")) for caller in DIALECTS]
            for line, _ in lines:
                line.until(b"Hel")
            process.signal(signal.SIGTERM)
            for (line, _), caller in zip(lines, DIALECTS, strict=True):
                assert line.rest() == "clean"
                body = b"".join(line.chunks)
                code = "gateway_restarting"
                before = check_broken(caller, body, RESTARTING, code, UNAVAILABLE)
                assert text_of(caller, before) == "Hel"
                if caller == "chat":
                    assert before == b"".join(sent)
                upstream.wait_for(lambda one: one["caller_left"])
        assert process.end() == 0
        rows = rows_in(process.data)
        assert {row["id"] for row in rows} == {request_id for _, request_id in lines}
        assert all((row["outcome"], row["status_code"]) == ("drained", 200) for row in rows)


def test_at_the_deadline_who_waits_for_an_answer_is_told(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(delay_headers_ms=30_000)
    with served(tmp_path, with_drain(upstream, "200ms")) as process:
        with contextlib.ExitStack() as kept:
            lines = [kept.enter_context(Line(process.url)) for _ in (*DIALECTS, *DIALECTS)]
            for number, (line, caller) in enumerate(zip(lines, DIALECTS * 2, strict=True)):
                body = question(caller, caller, stream=number < len(DIALECTS))
                line.send(request(PATHS[caller], body))
            until(lambda: len(upstream.requests("POST")) == len(lines))
            process.signal(signal.SIGTERM)
            for line, caller in zip(lines, DIALECTS * 2, strict=True):
                answer = line.answer()
                told = check_error(answer, caller, 503, "gateway_restarting", "overloaded_error")
                assert told == RESTARTING
        assert process.end() == 0
        rows = rows_in(process.data)
        assert [row["outcome"] for row in rows] == ["drained"] * len(lines)


def test_a_changed_file_serves_the_next_request_and_not_the_running_one(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script({"text": "one two three four", "delay_ms": 150})
    config = over(upstream.url)
    with served(tmp_path, config) as process, begun(process, "chat", "messages") as (line, _):
        del config["models"]["messages"], config["backends"]["messages"]
        config["models"]["new"] = model("chat")
        config["backends"]["late"] = backend(upstream.url, "responses")
        config["models"]["late"] = model("late")
        process.reload(config)
        process.says("configuration was reloaded")
        assert ask(process.url, "chat", question("chat", "new")).status == 200
        assert ask(process.url, "chat", question("chat", "late")).status == 200
        assert ask(process.url, "chat", question("chat", "messages")).status == 404
        assert line.rest() == "clean"
        assert text_of("chat", b"".join(line.chunks)) == "one two three four"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("backends: {chat: {base_url: http://127.0.0.1:1, speeks: [chat]}}", "speeks"),
        ("models:\n  x: {targets: [{backend: chta, model: m}]}", "chta"),
        ("{", "gateway.yaml"),
        ("server: {heartbeat: 15}", "unit"),
    ],
)
def test_a_bad_file_is_refused_whole(
    upstream: ScriptedUpstream, shared: Served, text: str, named: str
) -> None:
    upstream.script({"text": "one two three", "delay_ms": 100})
    with begun(shared, "chat", "chat") as (line, _):
        before = shared.log.count("was not reloaded")
        shared.reload(text)
        until(lambda: shared.log.count("was not reloaded") > before)
        assert named in shared.log
        assert ask(shared.url, "messages", question("messages", "chat")).status == 200
        assert line.rest() == "clean"
        assert text_of("chat", b"".join(line.chunks)) == "one two three"


@pytest.fixture(scope="module")
def shared(
    upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("shared"), over(upstream.url)) as process:
        yield process


def test_a_kill_loses_nothing(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    config = over(upstream.url)
    with served(tmp_path, config) as process, contextlib.ExitStack() as kept:
        upstream.script(**raw(*FRAMES["chat"][:2]), stall_after=2)
        streams = [kept.enter_context(begun(process, caller, "chat")) for caller in DIALECTS]
        upstream.script(delay_headers_ms=30_000)
        waiting = kept.enter_context(Line(process.url))
        waiting.send(request(PATHS["chat"], question("chat", "responses", stream=False)))
        until(lambda: len(upstream.requests("POST")) == len(streams) + 1)
        upstream.script(**raw(*FRAMES["chat"]))
        done = [ask(process.url, caller, question(caller, "chat")) for caller in DIALECTS]
        # Of this one the caller may know the end before the books do.
        last = ask(process.url, "chat", question("chat", "chat"))
        process.signal(signal.SIGKILL)
        process.end()
        assert streams[0][0].rest() == "broken"
    with served(tmp_path, config) as process:
        for answer in done:
            assert row_of(process, answer.id)["outcome"] == "complete"
        assert row_of(process, last.id)["outcome"] in ("complete", "killed")
        for _, request_id in streams:
            row = row_of(process, request_id)
            assert (row["outcome"], row["usage_source"]) == ("killed", "estimated")
            assert row["backend_id"] == "chat"
        killed = newest(process, lambda row: row["backend_id"] == "responses")
        assert (killed["outcome"], killed["stream"]) == ("killed", False)
        assert len(rows_of(process)) == len(done) + len(streams) + 2
        assert ask(process.url, "chat", question("chat", "chat")).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_nobody_serves_a_network_without_users(
    upstream: ScriptedUpstream, tmp_path: Path, host: str
) -> None:
    write(tmp_path, over(upstream.url))
    process = Served(tmp_path, "--host", host)
    assert process.end() == 1
    assert process.log.startswith("headgate: refusing to listen on ")
    assert "users" in process.log
    assert "Traceback" not in process.log


def test_with_a_user_a_network_is_served(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    config = over(upstream.url)
    config["users"] = [{"name": "alice", "api_key": KEY, "backends": "*"}]
    with served(tmp_path, config, "--host", "0.0.0.0") as process:
        assert ask(process.url, "chat", question("chat", "chat")).status == 401
        answer = ask(process.url, "chat", question("chat", "chat"), x_api_key=KEY)
        assert answer.status == 200
        process.reload(over(upstream.url))
        process.says("was (not )?reloaded")
        assert ask(process.url, "chat", question("chat", "chat")).status == 401


def test_a_bad_file_is_told_before_the_start(tmp_path: Path) -> None:
    write(tmp_path, "server: {prot: 5}\nbackends: {a: {base_url: nowhere}}")
    process = Served(tmp_path)
    assert process.end() == 1
    assert "prot" in process.log
    assert "port" in process.log
    assert "Traceback" not in process.log
