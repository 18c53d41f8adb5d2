"""The answers of the admin API: JSON as it is, and every failure as ``{"error": "…"}``."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable

_NO_JSON = "body: is no JSON"
_WORDS = {
    "Not Found": "Not found",
    "Method Not Allowed": "Method not allowed",
    "There was an error parsing the body": _NO_JSON,
}
"""What the framework says, and what is said instead."""
_NO_OBJECT = frozenset(("missing", "model_attributes_type", "dict_type", "list_type"))
"""What pydantic calls it where nothing was sent, or something else than what is wanted."""


def answer(value: Any, status: int = 200) -> Response:
    """`value` as JSON; what JSON cannot say of numbers is null."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def failure(
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Why the request was not done, and `more` that a program may want to know of it."""
    body = msgspec.json.encode({"error": message, **(more or {})})
    return Response(body, status, headers, media_type="application/json")


def unreachable() -> Response:
    """The database does not answer now."""
    return failure(503, "The database cannot be reached at the moment.", {"retry-after": "5"})


def tell_failures(app: FastAPI) -> None:
    """Gives every failure of `app` the one form."""
    app.add_exception_handler(HTTPException, _from_http)
    app.add_exception_handler(RequestValidationError, _from_validation)
    app.add_exception_handler(StoreUnreachable, _from_store)
    app.add_exception_handler(RowConflict, _from_conflict)
    app.add_exception_handler(RowRefused, _from_refusal)
    app.add_exception_handler(Exception, _from_bug)


def _from_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = _WORDS.get(error.detail, error.detail)
    return failure(error.status_code, message, error.headers, getattr(error, "more", None))


def _from_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return failure(400, f"{_NO_JSON}, at character {first['loc'][1]}")
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return failure(400, f"{where}: {_what_is_wrong(first)}")


def _what_is_wrong(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "is unknown here"
    if tuple(error["loc"]) == ("body",) and error["type"] in _NO_OBJECT:
        return "must be a JSON object, sent as application/json"
    return str(error["msg"]).removeprefix("Value error, ")


def _from_store(request: Request, error: Exception) -> Response:
    return unreachable()


def _from_conflict(request: Request, error: Exception) -> Response:
    return failure(409, str(error))


def _from_refusal(request: Request, error: Exception) -> Response:
    return failure(400, str(error))


def _from_bug(request: Request, error: Exception) -> Response:
    return failure(500, "The request failed inside the gateway; its log says more.")
