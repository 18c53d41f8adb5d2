"""One scripted answer, spoken as a stream of each backend dialect."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.conformance import meaning
from tests.conformance.meaning import Counts, Meaning

Payload = dict[str, Any]

BACKENDS = ("chat", "messages", "responses", "gemini")
COUNTS = Counts(input=21, output=9, cached=4, written=0, reasoning=3)


class Call(msgspec.Struct, frozen=True):
    """A tool call; its arguments are streamed in two halves."""

    id: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def halves(self) -> tuple[str, str]:
        return halves(msgspec.json.encode(self.arguments).decode())


class Scripted(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend says. ``seal`` is the opaque state that goes with the thought, or with the
    first call where the dialect puts it there. Turns of one conversation need ids of their own:
    agents take messages of one id for pieces of one message."""

    id: str = "scripted"
    thought: str = ""
    seal: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    counts: Counts = COUNTS

    @property
    def meaning(self) -> Meaning:
        """What a client must make of it."""
        answer = meaning.Answer(
            text=self.text,
            thought=meaning.squeezed([self.thought]),
            calls=tuple(meaning.Call(call.name, dict(call.arguments)) for call in self.calls),
            finish="tools" if self.calls else "end",
        )
        return Meaning((answer,), self.counts)


def payloads(dialect: str, answer: Scripted) -> list[Payload]:
    """The events of `answer` in a backend's dialect; ``[DONE]`` is the mock's to add."""
    return _SPEECH[dialect](answer)


def halves(text: str) -> tuple[str, str]:
    """`text` in two pieces."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


def _chat(answer: Scripted) -> list[Payload]:
    events = [_chunk({"role": "assistant", "content": ""})]
    if answer.thought:
        events += [_chunk({"reasoning_content": half}) for half in halves(answer.thought)]
    if answer.text:
        events += [_chunk({"content": half}) for half in halves(answer.text)]
    for index, call in enumerate(answer.calls):
        function = {"name": call.name, "arguments": ""}
        start = {"index": index, "id": call.id, "type": "function", "function": function}
        events.append(_chunk({"tool_calls": [start]}))
        for half in call.halves:
            piece = {"index": index, "function": {"arguments": half}}
            events.append(_chunk({"tool_calls": [piece]}))
    events.append(_chunk({}, "tool_calls" if answer.calls else "stop"))
    counts = answer.counts
    usage = {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    }
    chunks = [*events, {**_CHUNK, "choices": [], "usage": usage}]
    return [{"id": f"chatcmpl-{answer.id}", **chunk} for chunk in chunks]


_CHUNK: Payload = {
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "mock-1",
}


def _chunk(delta: Payload, finish: str | None = None) -> Payload:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_CHUNK, "choices": [choice]}


def _messages(answer: Scripted) -> list[Payload]:
    counts = answer.counts
    usage = {
        "input_tokens": counts.input - counts.cached,
        "cache_read_input_tokens": counts.cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": 1,
    }
    blocks: list[tuple[Payload, list[Payload]]] = []
    if answer.thought:
        deltas = [{"type": "thinking_delta", "thinking": half} for half in halves(answer.thought)]
        deltas.append({"type": "signature_delta", "signature": answer.seal})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if answer.text:
        deltas = [{"type": "text_delta", "text": half} for half in halves(answer.text)]
        blocks.append(({"type": "text", "text": ""}, deltas))
    for call in answer.calls:
        start = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": half} for half in call.halves]
        blocks.append((start, deltas))
    finish = {"stop_reason": "tool_use" if answer.calls else "end_turn", "stop_sequence": None}
    thinking = {"thinking_tokens": counts.reasoning}
    last = {**usage, "output_tokens": counts.output, "output_tokens_details": thinking}
    opening = {"id": f"msg_{answer.id}", **_MESSAGE}
    return [
        {"type": "message_start", "message": {**opening, "usage": usage}},
        *(event for index, block in enumerate(blocks) for event in _block(index, *block)),
        {"type": "message_delta", "delta": finish, "usage": last},
        {"type": "message_stop"},
    ]


_MESSAGE: Payload = {
    "type": "message",
    "role": "assistant",
    "model": "mock-1",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
}


def _block(index: int, start: Payload, deltas: list[Payload]) -> list[Payload]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _responses(answer: Scripted) -> list[Payload]:
    counts = answer.counts
    items: list[Payload] = []
    opening = {"id": f"resp_{answer.id}", **_RESPONSE}
    events: list[Payload] = [{"type": "response.created", "response": opening}]
    if answer.thought:
        events += _reasoning_item(len(items), answer, items)
    if answer.text:
        events += _message_item(len(items), answer, items)
    for call in answer.calls:
        events += _call_item(len(items), call, items)
    usage = {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.cached},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.input + counts.output,
    }
    whole = {**opening, "status": "completed", "output": items, "usage": usage}
    events.append({"type": "response.completed", "response": whole})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


_RESPONSE: Payload = {
    "object": "response",
    "created_at": 1_700_000_000,
    "status": "in_progress",
    "model": "mock-1",
    "output": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "error": None,
    "incomplete_details": None,
    "usage": None,
}


def _reasoning_item(index: int, answer: Scripted, items: list[Payload]) -> list[Payload]:
    part = {"type": "summary_text", "text": answer.thought}
    item = {"id": f"rs_{answer.id}", "type": "reasoning", "summary": []}
    done = {**item, "summary": [part], "encrypted_content": answer.seal}
    where = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    items.append(done)
    delta = {"type": "response.reasoning_summary_text.delta", **where}
    empty = {**part, "text": ""}
    return [
        _added(index, item),
        {"type": "response.reasoning_summary_part.added", **where, "part": empty},
        *({**delta, "delta": half} for half in halves(answer.thought)),
        {"type": "response.reasoning_summary_text.done", **where, "text": answer.thought},
        {"type": "response.reasoning_summary_part.done", **where, "part": part},
        _done(index, done),
    ]


def _message_item(index: int, answer: Scripted, items: list[Payload]) -> list[Payload]:
    part = {"type": "output_text", "text": answer.text, "annotations": []}
    item: Payload = {"id": f"msg_{answer.id}", "type": "message", "role": "assistant"}
    item |= {"status": "in_progress", "content": []}
    done = {**item, "status": "completed", "content": [part]}
    where = {"item_id": item["id"], "output_index": index, "content_index": 0}
    items.append(done)
    delta = {"type": "response.output_text.delta", **where, "logprobs": []}
    finished = {"type": "response.output_text.done", **where, "logprobs": []}
    return [
        _added(index, item),
        {"type": "response.content_part.added", **where, "part": {**part, "text": ""}},
        *({**delta, "delta": half} for half in halves(answer.text)),
        {**finished, "text": answer.text},
        {"type": "response.content_part.done", **where, "part": part},
        _done(index, done),
    ]


def _call_item(index: int, call: Call, items: list[Payload]) -> list[Payload]:
    item: Payload = {"id": f"fc_{call.id}", "type": "function_call", "status": "in_progress"}
    item |= {"call_id": call.id, "name": call.name, "arguments": ""}
    whole = "".join(call.halves)
    done = {**item, "status": "completed", "arguments": whole}
    where = {"item_id": item["id"], "output_index": index}
    items.append(done)
    delta = {"type": "response.function_call_arguments.delta", **where}
    finished = {"type": "response.function_call_arguments.done", **where, "name": call.name}
    return [
        _added(index, item),
        *({**delta, "delta": half} for half in call.halves),
        {**finished, "arguments": whole},
        _done(index, done),
    ]


def _added(index: int, item: Payload) -> Payload:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(index: int, item: Payload) -> Payload:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def _gemini(answer: Scripted) -> list[Payload]:
    thoughts = [{"text": half, "thought": True} for half in halves(answer.thought)]
    texts = [{"text": half} for half in halves(answer.text)]
    parts: list[Payload] = [*(thoughts if answer.thought else ())]
    parts += texts if answer.text else ()
    for number, call in enumerate(answer.calls):
        part: Payload = {"functionCall": {"name": call.name, "args": dict(call.arguments)}}
        # The first of parallel calls carries the signature for all of them.
        parts.append({**part, "thoughtSignature": answer.seal} if not number else part)
    counts = answer.counts
    usage = {
        "promptTokenCount": counts.input,
        "cachedContentTokenCount": counts.cached,
        "candidatesTokenCount": counts.output - counts.reasoning,
        "thoughtsTokenCount": counts.reasoning,
        "totalTokenCount": counts.input + counts.output,
    }
    chunks = [_candidate(part) for part in parts]
    chunks.append({**_candidate({"text": ""}, "STOP"), "usageMetadata": usage})
    return [{**chunk, "responseId": answer.id} for chunk in chunks]


def _candidate(part: Payload, finish: str | None = None) -> Payload:
    candidate: Payload = {"index": 0, "content": {"role": "model", "parts": [part]}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "mock-1"}


_SPEECH: Mapping[str, Callable[[Scripted], list[Payload]]] = {
    "chat": _chat,
    "messages": _messages,
    "responses": _responses,
    "gemini": _gemini,
}


def finishes(dialect: str, payload: Payload) -> bool:
    """Whether this event says that the reply is whole."""
    match dialect:
        case "chat":
            return any(choice["finish_reason"] for choice in payload["choices"])
        case "messages":
            return bool(payload["type"] == "message_delta")
        case "responses":
            return bool(payload["type"] == "response.completed")
        case _:
            return "finishReason" in payload["candidates"][0]


TEXT = Scripted(text="Ünïcode 世界 🌍, and a second sentence.")
THINKING = Scripted(thought="First I weigh it.", seal="U2VhbGVkIHN0YXRl", text="It weighs 3 kg.")
CALL = Scripted(
    text="Let me look.",
    calls=(Call("call_1", "get_weather", {"city": "Zürich", "days": 2}),),
)
PARALLEL = Scripted(
    thought="Both cities at once.",
    seal="cGFyYWxsZWwgc2VhbA==",
    calls=(
        Call("call_1", "get_weather", {"city": "Zürich", "days": 2}),
        Call("call_2", "get_time", {"zone": "Asia/Tokyo"}),
    ),
)
RESULTS = {"call_1": "7 °C, rain", "call_2": "21:40"}
"""What the tools answer to those calls."""
EVERYTHING = Scripted(
    thought="I weigh it, then look.", seal=THINKING.seal, text="Let me look.", calls=PARALLEL.calls
)
ANSWERS = {
    "text": TEXT,
    "one call": CALL,
    "parallel calls": PARALLEL,
    "thinking": THINKING,
    "everything": EVERYTHING,
}


def cuts() -> list[tuple[str, int]]:
    """Every backend with every number of events after which its stream is not whole yet."""
    return [
        (dialect, count)
        for dialect in BACKENDS
        for count in range(1, _whole_after(dialect, EVERYTHING))
    ]


def _whole_after(dialect: str, answer: Scripted) -> int:
    events = payloads(dialect, answer)
    return next(n for n, event in enumerate(events, 1) if finishes(dialect, event))
