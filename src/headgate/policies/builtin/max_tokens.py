"""A limit on how long an answer may become."""

from typing import Annotated

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.request import Request
from headgate.policies.keys import PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy

Tokens = Annotated[int, msgspec.Meta(ge=1)]


class MaxTokensKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``max_tokens``."""

    limit: Annotated[Tokens, key("The most tokens that may be asked for.")]
    default: Annotated[
        Tokens | None, key("What is asked for where the caller does not say; the limit.")
    ] = None


class MaxTokens(Policy):
    """See the module."""

    def __init__(self, keys: MaxTokensKeys) -> None:
        self._keys = keys

    @override
    def on_request(self, request: Request) -> Request:
        wanted = request.max_tokens or self._keys.default or self._keys.limit
        allowed = min(wanted, self._keys.limit)
        if allowed == request.max_tokens:
            return request
        return msgspec.structs.replace(request, max_tokens=allowed)


def _prepare(keys: MaxTokensKeys, _setting: Setting) -> Prepared:
    return Prepared(lambda _occasion: MaxTokens(keys))


MAX_TOKENS = Kind(keys=MaxTokensKeys, prepare=_prepare)
