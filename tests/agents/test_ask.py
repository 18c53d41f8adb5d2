import base64
import json
from typing import Any

import httpx
import pytest

from headgate.agents.ask import UNTITLED, Ask, read_json, read_upload
from headgate.dialects.dialect import CallerHalf
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused
from tests.agents.driver import HI

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def caller(name: str) -> CallerHalf:
    half = DIALECTS[name].caller
    assert half is not None
    return half


def read(dialect: str = "chat", **fields: Any) -> Ask:
    return read_json(caller(dialect), json.dumps({"model": "pal", **fields}).encode(), "pal")


def fault(dialect: str = "chat", **fields: Any) -> Fault:
    with pytest.raises(Refused) as caught:
        read(dialect, **fields)
    return caught.value.fault


def upload(files: Any = None, **data: str) -> Ask:
    parts = files or {"nothing": (None, b"x")}
    request = httpx.Request("POST", "http://x/", data=data, files=parts)
    return read_upload(request.headers["content-type"], request.read(), "pal")


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("chat", {"messages": user("Hi")}),
        ("messages", {"messages": user("Hi"), "max_tokens": 10}),
        ("responses", {"input": "Hi"}),
        ("responses", {"input": user("Hi")}),
    ],
)
def test_the_one_user_message_is_what_is_asked(dialect: str, fields: Any) -> None:
    ask = read(dialect, **fields, session_id="s1", stream=True)
    assert (ask.content, ask.media, ask.session) == ("Hi", (), "s1")
    assert ask.request.stream
    assert ask.session_key == "api:s1"


@pytest.mark.parametrize("unsaid", [{}, {"session_id": None}, {"session_id": ""}])
def test_without_a_session_it_is_the_default_one(unsaid: Any) -> None:
    # What other fields name as a user or a conversation's cache is no session of the agent.
    ask = read(messages=user("Hi"), user="u1", prompt_cache_key="k", **unsaid)
    assert ask.session_key == "api:default"


@pytest.mark.parametrize("odd", [7, ["a"], "a\nb", 257 * "a", "\ud800"])
def test_a_session_that_is_no_name_is_refused(odd: Any) -> None:
    told = fault(messages=user("Hi"), session_id=odd)
    assert (told.http_status, told.param) == (400, "session_id")


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("chat", {"messages": []}),
        ("chat", {"messages": user("a") + user("b")}),
        ("chat", {"messages": [*user("a"), {"role": "assistant", "content": "b"}]}),
        ("chat", {"messages": [{"role": "system", "content": "You are a bot"}]}),
        ("chat", {"messages": [{"role": "assistant", "content": "Hi"}]}),
        ("messages", {"messages": user("a") + user("b"), "max_tokens": 10}),
        ("responses", {"input": user("a") + user("b")}),
        ("responses", {"input": []}),
    ],
)
def test_more_or_fewer_than_one_user_message_are_refused(dialect: str, fields: Any) -> None:
    told = fault(dialect, **fields)
    assert told.http_status == 400
    assert told.message == "Only a single user message is supported"


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("chat", {"messages": [{"role": "system", "content": "Be kind."}, *user("Hi")]}),
        ("messages", {"messages": user("Hi"), "system": "Be kind.", "max_tokens": 10}),
        ("responses", {"input": "Hi", "instructions": "Be kind."}),
    ],
)
def test_instructions_stand_beside_the_message(dialect: str, fields: Any) -> None:
    ask = read(dialect, **fields)
    assert (ask.content, ask.instructions) == ("Hi", "Be kind.")


def test_texts_are_joined_and_images_are_media() -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    texts = [{"type": "text", "text": "describe"}, image, {"type": "text", "text": "this"}]
    ask = read(messages=user(texts))
    assert ask.content == "describe this"
    assert list(ask.media) == [f"data:image/png;base64,{PNG}"]


@pytest.mark.parametrize(
    ("dialect", "image"),
    [
        ("chat", {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}),
        ("messages", {"type": "image", "source": {"type": "url", "url": "http://x.test/a.png"}}),
        ("responses", {"type": "input_image", "image_url": "https://example.com/cat.png"}),
    ],
)
def test_a_remote_image_is_refused_in_every_dialect(dialect: str, image: Any) -> None:
    field = "input" if dialect == "responses" else "messages"
    told = fault(dialect, **{field: user([image])})
    assert told.http_status == 400
    assert told.message.startswith("Remote image URLs are not supported")


@pytest.mark.parametrize("content", ["", "  ", [], None])
def test_an_empty_message_is_refused(content: Any) -> None:
    assert "empty" in fault(messages=user(content)).message


def test_a_part_that_nobody_knows_is_refused() -> None:
    assert "no agent can read" in fault(messages=user([{"type": "hologram"}])).message


def test_another_model_is_refused_and_none_means_the_one_there_is() -> None:
    told = fault(messages=user("Hi"), model="gpt-4o")
    assert told.http_status == 400
    assert told.message == "Only configured model 'pal' is available"
    for unsaid in ({}, {"model": None}):
        body = json.dumps({**unsaid, "messages": user("Hi")}).encode()
        assert read_json(caller("chat"), body, "pal").content == "Hi"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'"x"', b'{"messages":' + 99 * b"[" + 99 * b"]" + b"}"]
)
@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_a_body_that_is_no_request_is_a_named_error(dialect: str, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_json(caller(dialect), body, "pal")
    assert caught.value.fault.http_status == 400


@pytest.mark.parametrize(
    "fields", [{"previous_response_id": "resp_1"}, {"conversation": "c"}, {"background": True}]
)
def test_what_only_a_store_could_serve_is_refused(fields: Any) -> None:
    assert fault("responses", input="Hi", **fields).param == next(iter(fields))


def test_what_an_agent_has_no_use_for_is_named_and_not_refused() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    form = {"type": "json_object"}
    assert read(messages=user("Hi"), tools=[tool], response_format=form, n=2).lost == (
        "tools",
        "response_format",
        "n",
    )
    assert read(messages=user("Hi"), n=1, temperature=0).lost == ()


def test_a_form_brings_a_message_files_a_session_and_a_model() -> None:
    files = [
        ("files", ("a.txt", b"one", "text/plain")),
        ("files", ("b.png", base64.b64decode(PNG), "application/octet-stream")),
    ]
    ask = upload(files, message="Read this", session_id=" s1 ", model="pal")
    assert (ask.content, ask.session, ask.request.stream) == ("Read this", "s1", False)
    assert [(m.name, m.media_type, m.data) for m in ask.media] == [
        ("a.txt", "text/plain", b"one"),
        ("b.png", "image/png", base64.b64decode(PNG)),
    ]


def test_a_form_may_ask_for_a_stream() -> None:
    assert upload(message="Hi", stream="true").request.stream
    with pytest.raises(Refused, match="'stream' must be"):
        upload(message="Hi", stream="perhaps")


def test_a_form_with_files_alone_has_a_message_all_the_same() -> None:
    assert upload({"files": ("a.txt", b"one")}).content == UNTITLED


def test_a_file_of_a_form_that_is_too_large_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"'big.bin' is larger than 10 MB") as caught:
        upload({"files": ("big.bin", bytes(10 * 1024 * 1024 + 1))}, message="Hi")
    assert caught.value.fault.http_status == 413


def test_a_form_keeps_the_rules_of_model_and_text() -> None:
    with pytest.raises(Refused, match="Only configured model 'pal' is available"):
        upload(message="Hi", model="other")
    with pytest.raises(Refused, match="is empty"):
        upload(message=" ")
    with pytest.raises(Refused, match="not UTF-8"):
        upload({"message": (None, b"\xff")})


def test_the_drivers_request_is_one() -> None:
    assert read_json(caller("chat"), json.dumps(HI).encode(), "pal").content == "Hi"
