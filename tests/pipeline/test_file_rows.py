from typing import Any

import msgspec

from headgate.config import parse
from headgate.model.directory import Permission
from headgate.model.limits import Limits
from headgate.pipeline.file_rows import file_rows
from tests.config.documents import ENV, FULL


def test_the_contracts_example_becomes_rows_of_the_file() -> None:
    rows = file_rows(parse(FULL, ENV, "headgate.yaml"))
    everything: list[Any] = [*rows.users, *rows.backends, *rows.permissions]
    everything += [*rows.rewrites, *rows.models, *rows.policies]
    assert {row.source for row in everything} == {"file"}
    alice = rows.users[0]
    assert (alice.id, alice.name, alice.models) == ("alice", "alice", ("fast", "gpt-4o*"))
    assert isinstance(alice.limits, Limits)
    assert alice.limits.concurrent == 8
    assert [row.id for row in rows.backends] == ["openai", "claude"]
    assert rows.permissions == (Permission("alice", "openai", "file"),)
    assert rows.rewrites[0].source_model == "gpt-4"
    assert rows.models[0].settings["targets"][0]["backend"] == "openai"
    assert [policy.position for policy in rows.policies] == [0, 1]
    assert rows.settings == {"stream_detail": "compact"}


def test_no_secret_is_among_them() -> None:
    text = """\
backends:
  up:
    base_url: http://up.test
    headers: {x-token: canary-1}
    timeouts: {idle: 90s}
    auth: sigv4
    aws: {access_key_id: canary-2, secret_access_key: canary-3, region: eu-west-1}
  down: {base_url: http://down.test, api_key: canary-4}
users: [{name: bob, api_key: canary-5-0123456789, backends: "*"}]
"""
    rows = file_rows(parse(text, {}, "headgate.yaml"))
    assert b"canary" not in msgspec.json.encode(rows)
    up, down = rows.backends
    assert up.settings["headers"] == {"x-token": "***"}
    assert up.settings["aws"] == {
        "access_key_id": "***",
        "secret_access_key": "***",
        "region": "eu-west-1",
        "session_token": None,
        "service": "bedrock",
    }
    assert up.settings["timeouts"]["idle"] == "90s"
    assert (up.api_key_sealed is None, down.api_key_sealed is None) == (True, False)
    assert rows.users[0].key_hint == "6789"
    assert [permission.backend_id for permission in rows.permissions] == ["up", "down"]
