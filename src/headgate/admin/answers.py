"""The answers of the admin API: JSON as it is, and every failure as ``{"error": "…"}``."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from headgate.model.store_faults import StoreUnreachable

_WORDS = {404: "Not found", 405: "Method not allowed"}


def answer(value: Any, status: int = 200) -> Response:
    """`value` as JSON; what JSON cannot say of numbers is null."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Why the request was not done."""
    body = msgspec.json.encode({"error": message})
    return Response(body, status, headers, media_type="application/json")


def tell_failures(app: FastAPI) -> None:
    """Gives every failure of `app` the one form."""
    app.add_exception_handler(HTTPException, _from_http)
    app.add_exception_handler(RequestValidationError, _from_validation)
    app.add_exception_handler(StoreUnreachable, _from_store)
    app.add_exception_handler(Exception, _from_bug)


def _from_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = _WORDS.get(error.status_code, error.detail)
    return failure(error.status_code, message, error.headers)


def _from_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return failure(400, f"{where}: {str(first['msg']).removeprefix('Value error, ')}")


def _from_store(request: Request, error: Exception) -> Response:
    return failure(503, "The database cannot be reached at the moment.", {"retry-after": "5"})


def _from_bug(request: Request, error: Exception) -> Response:
    return failure(500, "The request failed inside the gateway; its log says more.")
