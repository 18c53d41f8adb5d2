"""Answers must be JSON of a given shape: all of an answer is held until that is known."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import Choice, Reply
from headgate.model.request import Request, ResponseFormat
from headgate.policies.keys import EntryRefused, PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import AskAgain, Policy, Reads, Refuse
from headgate.policies.schema_check import Check
from headgate.policies.schema_inspect import faults
from headgate.wire.json_text import decode

Retries = Annotated[int, msgspec.Meta(ge=1, le=5)]


class SchemaKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``require_json_schema``."""

    schema: Annotated[
        Mapping[str, Any] | None, key("A JSON Schema; left out, the one that the request gives.")
    ] = None
    ask: Annotated[bool, key("Ask the model for the schema where the request does not.")] = False
    on_failure: Annotated[
        Literal["error", "retry"], key("End the exchange, or ask the model once more.")
    ] = "error"
    retries: Annotated[Retries, key("How often it is asked once more.")] = 1


class RequireJsonSchema(Policy):
    """See the module. A choice that calls tools instead of answering is let pass."""

    holds_reply = True
    judges = True

    def __init__(self, keys: SchemaKeys) -> None:
        self._keys = keys
        self._schema: Any = keys.schema
        self._left = keys.retries if keys.on_failure == "retry" else 0

    @override
    def reads(self) -> frozenset[Reads]:
        return frozenset() if self._schema is None else frozenset(("reply",))

    @override
    def on_request(self, request: Request) -> Request:
        asked = request.response_format
        if self._keys.schema is None:
            self._schema = _schema_of(asked)
            return request
        if not self._keys.ask or (asked is not None and asked.kind != "text"):
            return request
        wanted = ResponseFormat("json_schema", "answer", self._keys.schema)
        return msgspec.structs.replace(request, response_format=wanted)

    @override
    def on_reply(self, reply: Reply) -> None:
        for choice in reply.choices:
            fault = self._fault(choice)
            if fault is not None:
                self.note("not of the schema")
                if self._left:
                    self._left -= 1
                    raise AskAgain(fault)
                raise Refuse(fault)

    def _fault(self, choice: Choice) -> str | None:
        texts = [part.text for part in choice.parts if isinstance(part, Text)]
        if not texts and any(isinstance(part, ToolCall) for part in choice.parts):
            return None
        try:
            value = decode("".join(texts))
        except ValueError:
            return "the answer is not JSON"
        fault = Check(self._schema).first_fault(value)
        return None if fault is None else "the answer does not fit the schema"


def _schema_of(asked: ResponseFormat | None) -> Any:
    if asked is None or asked.kind == "text":
        return None
    return {"type": "object"} if asked.schema is None else asked.schema


def _prepare(keys: SchemaKeys, _setting: Setting) -> Prepared:
    if keys.schema is not None:
        problem = next(faults(keys.schema), None)
        if problem is not None:
            raise EntryRefused("schema", problem)
    elif keys.ask:
        raise EntryRefused("ask", "needs a schema of its own")
    judges = not keys.ask
    return Prepared(lambda _occasion: RequireJsonSchema(keys), judges=judges)


REQUIRE_JSON_SCHEMA = Kind(keys=SchemaKeys, prepare=_prepare)
