"""The answers of the admin API: JSON as it is, and every failure as ``{"error": "…"}``."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable

_WORDS = {404: "Not found", 405: "Method not allowed"}


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
    plain = HTTPStatus(error.status_code).phrase == error.detail
    message = _WORDS.get(error.status_code, error.detail) if plain else error.detail
    return failure(error.status_code, message, error.headers, getattr(error, "more", None))


def _from_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    unknown = first["type"] == "extra_forbidden"
    message = "is unknown here" if unknown else str(first["msg"]).removeprefix("Value error, ")
    return failure(400, f"{where}: {message}")


def _from_store(request: Request, error: Exception) -> Response:
    return unreachable()


def _from_conflict(request: Request, error: Exception) -> Response:
    return failure(409, str(error))


def _from_refusal(request: Request, error: Exception) -> Response:
    return failure(400, str(error))


def _from_bug(request: Request, error: Exception) -> Response:
    return failure(500, "The request failed inside the gateway; its log says more.")
