import re
from pathlib import Path

from headgate.config import (
    Config,
    LoggingSettings,
    PolicySettings,
    ServerSettings,
    json_schema,
)
from tests.config.documents import problems

DOCS = Path(__file__).parents[2] / "docs"


def test_the_documented_defaults_hold() -> None:
    server = ServerSettings()
    assert (server.host, server.port, server.max_body) == ("127.0.0.1", 8080, 32 * 1024**2)
    assert (server.drain, server.heartbeat, server.stream_errors) == (600, 15, "event")
    assert server.on_loss == "header"
    assert LoggingSettings() == LoggingSettings(stream_detail="compact", retention=30 * 86_400)
    assert PolicySettings() == PolicySettings(source="file", chain=())
    assert Config().server == server


def test_every_key_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    for name, definition in json_schema()["$defs"].items():
        for key in definition["properties"]:
            assert f"`{key}`" in text or f"{key}:" in text, f"{name}.{key}"


def test_the_examples_of_the_manual_are_valid() -> None:
    text = (DOCS / "configuration.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 4
    env = {name: f"k-0123456789-{name}" for name in re.findall(r"\$\{(\w+)\}", text)}
    for example in examples:
        assert not problems(example, env)
