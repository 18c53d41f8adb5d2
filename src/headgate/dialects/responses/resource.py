"""The response resource: every key, always, echoing the request (the Open Responses schema
demands them all, inside ``response.created`` too)."""

from typing import Any

from headgate.dialects.dialect import ReplyContext, Ties
from headgate.dialects.responses.items import minted_tail
from headgate.dialects.responses.notes import note_of
from headgate.dialects.responses.request_write import write_format
from headgate.dialects.responses.tools_write import echo_tools, write_tool_choice
from headgate.model.parts import Extras, Text
from headgate.model.request import Request


def response_id(context: ReplyContext, native: str, extras: Extras | None) -> str:
    """The backend's own id where it speaks this dialect, so that it can be asked for the response
    again; else one of ours."""
    if native and (note_of(extras) or native.startswith("resp_")):
        return native
    return f"resp_{minted_tail(context.id_seed, 0)}"


def new_resource(context: ReplyContext, id_: str, created: int | None) -> dict[str, Any]:
    """A response in progress, with nothing said yet."""
    request = context.request
    return {
        **blank_resource(id_, context.model, context.created if created is None else created),
        **_echo(request),
        **(_tied(context.ties) if context.ties else {}),
    }


def blank_resource(id_: str, model: str, created: int) -> dict[str, Any]:
    """A response in progress of which no request is known."""
    return {
        "id": id_,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": {},
    }


def _echo(request: Request) -> dict[str, Any]:
    sampling = request.sampling
    said = {
        "background": request.background,
        "frequency_penalty": sampling.frequency_penalty,
        "instructions": _instructions(request),
        "max_output_tokens": request.max_tokens,
        "max_tool_calls": request.extras.get("max_tool_calls"),
        "parallel_tool_calls": request.parallel_tool_calls,
        "presence_penalty": sampling.presence_penalty,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": _reasoning(request),
        "safety_identifier": request.safety_id,
        "store": request.store,
        "temperature": sampling.temperature,
        "text": _text(request),
        "tool_choice": write_tool_choice(request, str),
        "tools": echo_tools(request),
        "top_logprobs": sampling.top_logprobs,
        "top_p": sampling.top_p,
        "truncation": request.truncation,
        "user": request.user,
        "metadata": request.metadata,
    }
    echo = {key: value for key, value in said.items() if value is not None}
    if request.conversation is not None:
        echo["conversation"] = {"id": request.conversation}
    return echo


def _tied(ties: Ties) -> dict[str, Any]:
    """What the caller said and the request, which stands alone by now, does not say any more."""
    echo: dict[str, Any] = {"store": ties.store, "background": ties.background}
    if ties.previous is not None:
        echo["previous_response_id"] = ties.previous
    if ties.conversation is not None:
        echo["conversation"] = {"id": ties.conversation}
    return echo


def _instructions(request: Request) -> str | None:
    if not note_of(request.extras).get("instructions") or not request.messages:
        return None
    return "".join(part.text for part in request.messages[0].parts if isinstance(part, Text))


def _reasoning(request: Request) -> dict[str, Any]:
    wish = request.reasoning
    if wish is None:
        return {"effort": None, "summary": None}
    return {"effort": wish.effort, "summary": wish.summary}


def _text(request: Request) -> dict[str, Any]:
    shape: dict[str, Any] = {"format": write_format(request)}
    if request.verbosity is not None:
        shape["verbosity"] = request.verbosity
    return shape
