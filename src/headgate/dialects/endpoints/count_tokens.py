"""``POST /v1/messages/count_tokens``: exact where a backend counts, else estimated.

A backend of the Messages dialect counts itself; Gemini's ``:countTokens`` and OpenAI's
``/v1/responses/input_tokens`` count the request as it would be written for them.
https://platform.claude.com/docs/en/api/messages-count-tokens, https://ai.google.dev/api/tokens,
https://platform.openai.com/docs/api-reference/responses/input-tokens.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from headgate.dialects.destination import Destination, Quirks, Source
from headgate.dialects.dialect import (
    CallerHalf,
    Dialect,
    Endpoint,
    Envelope,
    ReplyContext,
    Written,
    WrittenRequest,
)
from headgate.dialects.endpoints.estimate import estimate_tokens
from headgate.dialects.facts import Facts
from headgate.dialects.gemini import GEMINI
from headgate.dialects.gemini.address import path as gemini_path
from headgate.dialects.messages import MESSAGES
from headgate.dialects.messages.own import NAME
from headgate.dialects.responses import RESPONSES
from headgate.model.fault import StreamBroken
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.model.usage import Usage
from headgate.wire import json_text

PATH = "/v1/messages/count_tokens"

_NOTHING_USED = Usage(0, 0)
"""Counting generates nothing and costs nothing."""
_COUNTED = frozenset(
    (
        "model",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "mcp_servers",
        "context_management",
    )
)
"""The fields of a request that a count may have."""
_COUNTED_RESPONSES = frozenset(
    (
        "model",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning",
        "text",
        "truncation",
    )
)


def _read_envelope(body: bytes) -> Envelope:
    assert MESSAGES.caller is not None, "callers speak it"
    said = MESSAGES.caller.read_envelope(body)
    return msgspec.structs.replace(said, stream=False, max_tokens=0, input_estimate=0)


def _read_request(body: bytes) -> Request:
    assert MESSAGES.caller is not None, "callers speak it"
    return msgspec.structs.replace(MESSAGES.caller.read_request(body), stream=False)


def _path(model: str, stream: bool) -> str:
    del model, stream
    return PATH


def _readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """Hosts whose paths name the model have one path for all counts, so that the body must."""
    quirks = msgspec.structs.replace(destination.quirks, model_in_body=True)
    there = msgspec.structs.replace(destination, quirks=quirks)
    return MESSAGES.backend.readdress(body, envelope, there)


def _write_request(request: Request, destination: Destination) -> WrittenRequest:
    written = MESSAGES.backend.write_request(request, destination)
    kept = {**_only(_COUNTED, written), "model": destination.model}
    return WrittenRequest(body=json_text.encode(kept), headers=written.headers)


def _write_gemini(request: Request, destination: Destination) -> WrittenRequest:
    written = GEMINI.backend.write_request(request, destination)
    said: dict[str, Any] = json_text.decode(written.body)
    if not destination.quirks.counts_bare_requests:
        model = gemini_path(destination.model, False).removeprefix("/v1beta/").partition(":")[0]
        said = {"generateContentRequest": {"model": model, **said}}
    return WrittenRequest(body=json_text.encode(said))


def _write_responses(request: Request, destination: Destination) -> WrittenRequest:
    written = RESPONSES.backend.write_request(request, destination)
    kept = _only(_COUNTED_RESPONSES, written)
    return WrittenRequest(body=json_text.encode(kept), headers=written.headers)


def _only(fields: frozenset[str], written: WrittenRequest) -> dict[str, Any]:
    said: dict[str, Any] = json_text.decode(written.body)
    return {name: value for name, value in said.items() if name in fields}


def _responses_path(model: str, stream: bool) -> str:
    del model, stream
    return "/v1/responses/input_tokens"


def _gemini_path(model: str, stream: bool) -> str:
    return gemini_path(model, False).removesuffix("generateContent") + "countTokens"


def _read_count(body: bytes, field: str) -> int:
    count = (json_text.object_or_none(body) or {}).get(field)
    if type(count) is not int or count < 0:
        raise StreamBroken("the reply holds no count")
    return count


def _read_facts(body: bytes) -> Facts:
    _read_count(body, "input_tokens")
    return Facts(events=1, finished=True, terminated=True, usage=_NOTHING_USED)


def _read_reply(body: bytes, source: Source) -> Reply:
    del source
    return Reply(usage=_NOTHING_USED, extras={"input_tokens": _read_count(body, "input_tokens")})


def _read_gemini(body: bytes, source: Source) -> Reply:
    del source
    return Reply(usage=_NOTHING_USED, extras={"input_tokens": _read_count(body, "totalTokens")})


def _write_reply(reply: Reply, context: ReplyContext) -> Written:
    del context
    return Written(json_text.encode(dict(reply.extras or {})))


def _estimate(body: bytes) -> bytes:
    return json_text.encode({"input_tokens": estimate_tokens(json_text.decode(body))})


def _no_stream(*_: object) -> NoReturn:
    raise StreamBroken("a count is no stream")


_GEMINI_COUNT = Dialect(
    name="gemini",
    backend=msgspec.structs.replace(
        GEMINI.backend,
        path=_gemini_path,
        write_request=_write_gemini,
        read_reply=_read_gemini,
        open_reader=_no_stream,
    ),
)

_RESPONSES_COUNT = Dialect(
    name="responses",
    backend=msgspec.structs.replace(
        RESPONSES.backend,
        path=_responses_path,
        write_request=_write_responses,
        read_reply=_read_reply,
        open_reader=_no_stream,
    ),
)


def _elsewhere(speaks: Sequence[str], quirks: Quirks) -> Dialect | None:
    if "gemini" in speaks:
        return _GEMINI_COUNT
    return _RESPONSES_COUNT if "responses" in speaks and quirks.counts_input_tokens else None


COUNT_TOKENS = Dialect(
    name="count_tokens",
    backend=msgspec.structs.replace(
        MESSAGES.backend,
        path=_path,
        readdress=_readdress,
        write_request=_write_request,
        read_reply=_read_reply,
        read_facts=_read_facts,
        open_reader=_no_stream,
    ),
    caller=CallerHalf(
        read_envelope=_read_envelope,
        read_request=_read_request,
        write_reply=_write_reply,
        write_error=MESSAGES.caller.write_error if MESSAGES.caller else _no_stream,
        open_writer=_no_stream,
        break_stream=_no_stream,
        close_stream=_no_stream,
        keep_alive=b"",
    ),
    endpoint=Endpoint(
        served_by=(NAME,),
        told_in=NAME,
        elsewhere=_elsewhere,
        stand_in=_estimate,
    ),
)
