"""From the file to what the gateway knows."""

from headgate.config import parse
from headgate.model.caller import User
from headgate.model.limits import Limits
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Settings, Snapshot, from_config
from headgate.routing.resolve import Rewrite
from headgate.routing.target import ALL_CONDITIONS, Target
from tests.config.documents import ENV, FULL


def snapshot(text: str, loopback: bool = True) -> Snapshot:
    return from_config(parse(text, ENV, "headgate.yaml"), loopback)


BACKENDS = """\
backends:
  up: {base_url: http://up.test/v1, speaks: [chat], api_key: k, models: [m]}
"""


def test_the_contracts_example_becomes_a_snapshot() -> None:
    made = snapshot(FULL)
    assert set(made.backends) == {"openai", "claude"}
    assert made.backends["openai"].base_url == "https://api.openai.com"
    route = made.routes["fast"]
    assert route.targets == (
        Target("openai", "gpt-4o-mini", 3.0),
        Target("claude", "claude-haiku-4-5", 1.0),
    )
    assert (route.declared, route.retries, route.fallback_on) == (True, 2, ALL_CONDITIONS)
    assert made.rewrites == {"gpt-4": Rewrite("gpt-4", "fast", True)}
    assert not made.open


def test_users_are_known_by_the_digest_of_their_key() -> None:
    made = snapshot(FULL)
    assert set(made.users) == {digest(ENV["ALICE_KEY"])}
    assert made.users[digest(ENV["ALICE_KEY"])] == User(
        id="alice",
        name="alice",
        backends=frozenset({"openai"}),
        models=("fast", "gpt-4o*"),
        detail_logging=True,
        limits=Limits(
            requests_per_minute=60, tokens_per_minute=100_000, concurrent=8, budget_usd=20.0
        ),
    )
    assert ENV["ALICE_KEY"] not in repr(made)


def test_a_star_is_everything_and_nothing_said_is_no_backend() -> None:
    text = BACKENDS + (
        "users:\n"
        '- {name: all, api_key: key-of-everybody, backends: "*",\n'
        "   copy_reasoning_to_reasoning_content: true}\n"
        "- {name: none, api_key: key-of-nobody-else, active: false}\n"
    )
    users = snapshot(text).users
    everyone, nobody = users[digest("key-of-everybody")], users[digest("key-of-nobody-else")]
    assert (everyone.backends, everyone.models, everyone.copy_reasoning) == (None, None, True)
    assert (nobody.backends, nobody.is_active) == (frozenset(), False)


def test_a_gateway_is_open_on_loopback_without_users_only() -> None:
    user = "users: [{name: a, api_key: key-of-somebody-x}]\n"
    assert snapshot(BACKENDS).open
    assert not snapshot(BACKENDS, loopback=False).open
    assert not snapshot(BACKENDS + user).open


def test_settings_are_in_seconds_and_bytes() -> None:
    text = (
        "server: {max_body: 1KiB, heartbeat: 500ms, stream_errors: silent, on_loss: refuse}\n"
        + BACKENDS
    )
    assert snapshot(text).settings == Settings(
        max_body=1024, heartbeat_s=0.5, stream_errors="silent", refuse_losses=True
    )


def test_a_model_may_refuse_losses_alone() -> None:
    models = "models: {fast: {targets: [{backend: up, model: m}], on_loss: refuse}}\n"
    made = snapshot(BACKENDS + models)
    assert made.routes["fast"].refuse_losses
    assert not made.settings.refuse_losses


def test_a_rule_that_is_not_active_is_no_rule() -> None:
    rules = "rewrites: [{source: a, target: m, active: false}, {source: b, target: m}]\n"
    assert snapshot(BACKENDS + rules).rewrites == {"b": Rewrite("b", "m", False)}
