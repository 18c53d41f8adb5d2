"""Which answer a path asks for."""

import re
from typing import Literal
from urllib.parse import unquote

import msgspec

from headgate.mock.script import DialectName

Kind = Literal["generate", "count", "embed", "echo", "models", "model", "front"]


class Place(msgspec.Struct, frozen=True):
    """What a path is: ``kind``, the dialect of its errors and answers, the model that it names,
    and whether the path itself asks for a stream (Gemini)."""

    kind: Kind
    method: str
    dialect: DialectName = "chat"
    model: str = ""
    streams: bool = False


def find(path: str) -> Place | None:
    """The place of `path`, with or without its version prefix; None where there is none."""
    version, rest = _VERSION.fullmatch(path).groups()  # type: ignore[union-attr]
    if rest in _FIXED:
        place = _FIXED[rest]
        return place if version != "/v1beta" or place.kind != "models" else _GEMINI_MODELS
    if action := _GEMINI.fullmatch(rest):
        return _gemini(unquote(action["model"]), action["verb"])
    if model := _MODEL.fullmatch(rest):
        dialect: DialectName = "gemini" if version == "/v1beta" else "chat"
        return Place("model", "GET", dialect, unquote(model["model"]))
    return Place("echo", "POST") if _PASSED.fullmatch(rest) else None


def _gemini(model: str, verb: str) -> Place:
    if verb == "countTokens":
        return Place("count", "POST", "gemini", model)
    return Place("generate", "POST", "gemini", model, verb == "streamGenerateContent")


_VERSION = re.compile(r"(/v1beta|/v1)?(|/.*|[^/].*)", re.DOTALL)
_GEMINI = re.compile(
    r"/models/(?P<model>.+):(?P<verb>generateContent|streamGenerateContent|countTokens)"
)
_MODEL = re.compile(r"/models/(?P<model>.+)")
_PASSED = re.compile(r"/(completions|moderations|rerank|(images|audio)/.+)")
_GEMINI_MODELS = Place("models", "GET", "gemini")
_FIXED: dict[str, Place] = {
    "": Place("front", "GET"),
    "/": Place("front", "GET"),
    "/models": Place("models", "GET"),
    "/chat/completions": Place("generate", "POST", "chat"),
    "/messages": Place("generate", "POST", "messages"),
    "/messages/count_tokens": Place("count", "POST", "messages"),
    "/responses": Place("generate", "POST", "responses"),
    "/embeddings": Place("embed", "POST"),
}
