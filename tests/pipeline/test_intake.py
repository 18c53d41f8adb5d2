import json

import pytest

from headgate.dialects.endpoints import find
from headgate.model.fault import Refused
from headgate.pipeline.intake import open_form, take_body, take_form, take_rest
from headgate.pipeline.snapshot import Settings
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import Watch
from tests.faults.forms import END, TYPE, form, opening, plain
from tests.pipeline.fakes import Scene

QUIET = Settings(heartbeat_s=0)


def turn(path: str, body: bytes, content_type: str = TYPE, settings: Settings = QUIET) -> Turn:
    scene = Scene(body=body, headers={"content-type": content_type}, settings=settings)
    dialect = find(path)
    assert dialect is not None
    assert dialect.caller is not None
    scene.exchange.dialect, scene.exchange.caller = dialect, dialect.caller
    return Turn(scene.gateway, scene.exchange, scene.downstream, Watch())


async def take(asked: Turn) -> None:
    """As the trunk does, without what it asks in between."""
    await (take_form(asked) if open_form(asked) else take_body(asked))


async def test_a_form_is_opened_before_any_of_it_is_read() -> None:
    asked = turn("/v1/audio/transcriptions", form(b"RIFF", "m"))
    assert open_form(asked)
    assert (asked.exchange.body, asked.exchange.envelope.model) == (b"", "")
    await take_form(asked)
    assert asked.exchange.envelope.model == "m"


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("multipart/form-data", "invalid_request"),
        (TYPE, "request_too_large"),
    ],
    ids=["no boundary", "too long"],
)
async def test_what_the_head_refuses_is_not_read(content_type: str, kind: str) -> None:
    asked = turn("/v1/audio/transcriptions", form(b"RIFF"), content_type, Settings(max_upload=10))
    asked.exchange.headers["content-length"] = "11"
    with pytest.raises(Refused) as refused:
        open_form(asked)
    assert refused.value.fault.kind == kind


async def test_a_form_is_read_as_json_is() -> None:
    asked = turn("/v1/audio/transcriptions", form(b"RIFF", "m", plain("stream", "true")))
    await take(asked)
    exchange = asked.exchange
    assert (exchange.envelope.model, exchange.envelope.stream) == ("m", True)
    assert json.loads(exchange.body)["file"] == {
        "filename": "speech.wav",
        "content_type": "audio/wav",
        "bytes": 4,
    }
    assert exchange.upload is not None


async def test_json_is_held_whole_at_the_same_endpoints() -> None:
    asked = turn("/v1/images/edits", b'{"model":"m","prompt":"x"}', "application/json")
    await take(asked)
    assert asked.exchange.upload is None
    assert asked.exchange.envelope.model == "m"


async def test_an_endpoint_without_files_takes_no_forms() -> None:
    asked = turn("/v1/embeddings", form(b"RIFF"))
    with pytest.raises(Refused, match="JSON"):
        await take(asked)


async def test_forms_have_a_bound_of_their_own() -> None:
    body = form(b"RIFF" * 100)
    await take(turn("/v1/audio/transcriptions", body, settings=Settings(max_body=10)))
    with pytest.raises(Refused) as refused:
        await take(turn("/v1/audio/transcriptions", body, settings=Settings(max_upload=100)))
    assert refused.value.fault.kind == "request_too_large"


async def test_the_rest_is_taken_for_who_wants_it() -> None:
    late = opening() + b"x" * 900_000 + b"\r\n" + plain("prompt", "behind") + END[2:]
    asked = turn("/v1/audio/transcriptions", plain("model", "m") + late)
    await take(asked)
    await take_rest(asked)
    assert json.loads(asked.exchange.body)["prompt"] == "behind"
    assert asked.exchange.upload is not None
    asked.exchange.upload.close()
