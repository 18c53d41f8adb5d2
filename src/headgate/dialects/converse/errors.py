"""Bedrock's errors as faults, in answers and inside streams."""

from collections.abc import Mapping

import msgspec

from headgate.dialects import backend_error
from headgate.model.fault import Fault
from headgate.wire import json_text
from headgate.wire.json_fields import text

_STATUSES = {
    "validationException": 400,
    "accessDeniedException": 403,
    "unrecognizedClientException": 401,
    "resourceNotFoundException": 404,
    "modelTimeoutException": 408,
    "modelErrorException": 424,
    "modelStreamErrorException": 424,
    "throttlingException": 429,
    "modelNotReadyException": 503,
    "serviceQuotaExceededException": 429,
    "internalServerException": 500,
    "serviceUnavailableException": 503,
}


def read_error(status: int, body: bytes) -> Fault:
    """The fault in an answer that is no reply. Never raises.

    The exception's name, where the body has it, outranks the status: quotas come as 400.
    """
    value = json_text.object_or_none(body) or {}
    name = _plain(text(value, "__type") or text(value, "code"))
    words = backend_error.read_words(body)
    if name:
        words = msgspec.structs.replace(words, code=name)
    return backend_error.judge(_STATUSES.get(_lower(name), status), words)


def read_exception(headers: Mapping[str, str], payload: bytes) -> Fault:
    """The fault in a frame of the type ``exception`` or ``error``."""
    name = _plain(headers.get(":exception-type") or headers.get(":error-code") or "")
    words = backend_error.read_words(payload)
    message = words.message or backend_error.plain(headers.get(":error-message", ""))
    words = msgspec.structs.replace(words, message=message, code=name or None)
    return backend_error.judge(_STATUSES.get(_lower(name), 500), words)


def _plain(name: str) -> str:
    """``com.amazon.coral.service#ThrottlingException:http://…`` without what surrounds it."""
    return name.rpartition("#")[2].partition(":")[0][:200]


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
