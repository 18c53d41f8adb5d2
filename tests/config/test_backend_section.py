import typing

import msgspec

from headgate.config.backend_section import BackendSettings, QuirkSettings, TimeoutSettings
from headgate.config.section import DialectName
from headgate.dialects.destination import Quirks
from headgate.dialects.table import DIALECTS
from tests.config.documents import read


def test_quirks_are_those_that_the_dialects_know() -> None:
    known = [field.name for field in msgspec.structs.fields(Quirks)]
    assert [field.name for field in msgspec.structs.fields(QuirkSettings)] == known


def test_the_documented_defaults_hold() -> None:
    backend = BackendSettings(base_url="https://x")
    assert backend.timeouts == TimeoutSettings(connect=5, first_event=60, idle=60, total=600)
    assert (backend.active, backend.models, backend.on_disconnect) == (True, "*", "cancel")


def test_a_path_is_one_for_all_or_a_pair() -> None:
    text = "backends:\n  a:\n    base_url: https://x\n    paths:\n      /v1/: /\n"
    config = read(text + "      /v1/messages: {whole: '/a/{model}', stream: /b}\n")
    paths = config.backends["a"].paths
    assert paths["/v1/"] == "/"
    assert not isinstance(paths["/v1/messages"], str)
    assert paths["/v1/messages"].whole == "/a/{model}"


def test_dialects_are_those_that_there_are() -> None:
    assert sorted(typing.get_args(DialectName)) == sorted(DIALECTS)
