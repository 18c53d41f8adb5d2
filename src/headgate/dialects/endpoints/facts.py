"""What whole replies of endpoints say of themselves: usage in any of the shapes in use.

OpenAI and compatible servers say ``usage`` with prompt and completion tokens, or input and output
tokens, or seconds of sound; Cohere says ``meta.billed_units`` and ``meta.tokens``.
"""

from headgate.dialects.chat.errors import is_error, read_inband
from headgate.dialects.chat.lenient import Json, count_at, count_in, object_in, text_in
from headgate.dialects.endpoints.row import Row
from headgate.dialects.facts import Facts
from headgate.model.fault import StreamBroken
from headgate.model.usage import Usage
from headgate.wire import json_text


def read_facts(row: Row, body: bytes) -> Facts:
    """See `headgate.dialects.dialect.BackendHalf.read_facts`."""
    facts = Facts(events=1, finished=True, terminated=True)
    facts.output_bytes = len(body) if row.generates else 0
    try:
        reply = json_text.decode(body)
    except ValueError as error:
        raise StreamBroken("the reply is no JSON") from error
    if not isinstance(reply, dict):
        return facts
    if is_error(reply) and not _answers(reply):
        facts.fault = read_inband(reply)
        return facts
    facts.id, facts.model = text_in(reply.get("id")), text_in(reply.get("model"))
    facts.usage = usage_of(reply)
    return facts


def usage_of(reply: Json) -> Usage | None:
    """The usage that a reply, or the last event of a stream, reports; None where it says none."""
    usage = object_in(reply.get("usage")) or object_in(
        object_in(reply.get("response")).get("usage")
    )
    meta = object_in(reply.get("meta"))
    billed, tokens = object_in(meta.get("billed_units")), object_in(meta.get("tokens"))
    counted = usage or {**billed, **tokens}
    if not counted:
        return None
    whole = count_in(counted.get("total_tokens"))
    put_in = count_at(counted, "prompt_tokens", "input_tokens")
    put_out = count_at(counted, "completion_tokens", "output_tokens")
    if put_in is None and whole is not None:
        put_in = whole - (put_out or 0)
    if put_out is None:
        put_out = max(0, whole - put_in) if whole is not None and put_in is not None else 0
    details = object_in(counted.get("prompt_tokens_details"))
    details = details or object_in(counted.get("input_tokens_details"))
    cached = count_in(details.get("cached_tokens"))
    return Usage(put_in, put_out, cached, dialect="endpoint", extras=counted)


def _answers(reply: Json) -> bool:
    """Whether it holds what an endpoint answers with: an ``error`` beside that is a detail."""
    return any(isinstance(reply.get(key), list) for key in ("data", "results", "choices"))
