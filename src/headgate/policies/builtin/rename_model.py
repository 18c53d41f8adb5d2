"""Another model than the one that was asked for."""

import fnmatch
from collections.abc import Mapping
from typing import Annotated

import msgspec
from typing_extensions import override

from headgate.config.section import ModelName, key
from headgate.model.request import Request
from headgate.policies.keys import EntryRefused, PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy


class RenameModelKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``rename_model``."""

    models: Annotated[
        Mapping[ModelName, ModelName],
        key("From names or globs to the model to use instead; the first that fits counts."),
    ]


class RenameModel(Policy):
    """See the module."""

    def __init__(self, keys: RenameModelKeys) -> None:
        self._keys = keys

    @override
    def on_request(self, request: Request) -> Request:
        for glob, model in self._keys.models.items():
            if fnmatch.fnmatchcase(request.model, glob):
                if model == request.model:
                    return request
                return msgspec.structs.replace(request, model=model)
        return request


def _prepare(keys: RenameModelKeys, _setting: Setting) -> Prepared:
    if not keys.models:
        raise EntryRefused("models", "names no model")
    return Prepared(lambda _occasion: RenameModel(keys))


RENAME_MODEL = Kind(keys=RenameModelKeys, prepare=_prepare)
