import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from headgate.dialects.destination import Destination, Quirks
from headgate.dialects.dialect import Dialect
from headgate.dialects.endpoints import ENDPOINTS, find
from headgate.dialects.endpoints.table import ROWS
from headgate.dialects.facts import Facts

THERE = Destination(model="there", vendor="v")


def readdressed(path: str, destination: Destination = THERE, **said: Any) -> Any:
    dialect = found(path)
    body = json.dumps(said).encode()
    assert dialect.caller is not None
    envelope = dialect.caller.read_envelope(body)
    return json.loads(dialect.backend.readdress(body, envelope, destination))


def found(path: str) -> Dialect:
    dialect = find(path)
    assert dialect is not None
    return dialect


def test_every_row_is_served_at_its_path_and_asks_there() -> None:
    for row in ROWS:
        dialect = ENDPOINTS[row.path]
        assert find(row.path) is dialect
        assert dialect.backend.path("m", False) == row.path
        assert dialect.told_in == "chat"


def test_what_else_is_below_pictures_and_sound_passes_too() -> None:
    for path in ("/v1/images/upscale", "/v1/audio/voices/v1.2_a"):
        assert found(path).backend.path("m", False) == path
        assert find(path) is find(path)
    sound, pictures = found("/v1/audio/voices").endpoint, found("/v1/images/upscale").endpoint
    assert sound is not None
    assert pictures is not None
    assert replace(sound, unread=None) == replace(pictures, unread=None)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/images/",
        "/v1/images/../models",
        "/v1/audio/..",
        "/v1/audio/./speech",
        "/v1/images/a/b/c/d",
        "/v1/images/a b",
        "/v1/images/a%2fb",
        "/v1/videos/a",
        "/v1/embeddings/",
        "/v1/models",
    ],
)
def test_nothing_else_does(path: str) -> None:
    assert find(path) is None


def test_only_the_models_name_changes() -> None:
    body = b'{ "input": "model" , "model" : "m", "unknown": [1.50, {"model":"m"}]}'
    dialect = found("/v1/embeddings")
    assert dialect.caller is not None
    got = dialect.backend.readdress(body, dialect.caller.read_envelope(body), THERE)
    assert got == body.replace(b'"model" : "m"', b'"model" : "there"')
    same = msgspec.structs.replace(THERE, model="m")
    assert dialect.backend.readdress(body, dialect.caller.read_envelope(body), same) == body


def test_the_name_of_a_model_that_was_not_said_is_added_where_it_differs() -> None:
    assert readdressed("/v1/moderations", input="x") == {"model": "there", "input": "x"}
    usual = msgspec.structs.replace(THERE, model="omni-moderation-latest")
    assert readdressed("/v1/moderations", usual, input="x") == {"input": "x"}


def test_usage_is_asked_for_where_the_backend_knows_how() -> None:
    asked: dict[str, Any] = {"model": "m", "prompt": "x", "stream": True}
    options = {"include_usage": True}
    assert readdressed("/v1/completions", **asked)["stream_options"] == options
    silent = msgspec.structs.replace(THERE, quirks=Quirks(usage_in_stream=False))
    assert "stream_options" not in readdressed("/v1/completions", silent, **asked)
    assert "stream_options" not in readdressed("/v1/completions", model="m", prompt="x")


def test_only_completions_have_a_terminator() -> None:
    for path, terminator in (("/v1/completions", b"data: [DONE]\n\n"), ("/v1/images/edits", b"")):
        caller = found(path).caller
        assert caller is not None
        assert caller.close_stream(Facts()) == terminator
