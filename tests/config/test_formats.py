import pytest

from headgate.config.formats import TEXTS

GOOD = [
    ("http", "https://api.openai.com/v1"),
    ("http", "http://[::1]:8000"),
    ("url", "mysql://host/db"),
    ("database", "sqlite:///headgate.db"),
    ("database", "postgresql://u:p@db/headgate"),
    ("database", "postgresql+asyncpg://db/headgate"),
    ("database", "postgresql://user@/headgate?host=/run/postgresql"),
    ("redis", "redis://localhost:6379/0"),
    ("name", "open-ai_2.x"),
    ("model", "meta-llama/Llama 3:8b"),
    ("key", "sk-abc_123"),
    ("path", "/v1/models?x=1"),
    ("agent", "my.package:make"),
    ("header_name", "x-team"),
    ("header_value", "two words"),
    ("hash_on", "header:x-session"),
]
BAD = [
    ("http", "api.openai.com"),
    ("http", "ftp://host"),
    ("http", "https://"),
    ("http", "https://user:secret@host"),
    ("http", "https://host:port"),
    ("http", "https://host/?q=1"),
    ("http", "https://ho st"),
    ("http", "https://[::1"),
    ("url", "host:5432"),
    ("database", "mysql://host/db"),
    ("redis", "http://host"),
    ("name", "a b"),
    ("name", "-a"),
    ("name", "x" * 65),
    ("model", " x"),
    ("model", ""),
    ("model", "a\nb"),
    ("key", "a b"),
    ("key", ""),
    ("key", "schlüssel"),
    ("path", "v1"),
    ("path", "/a b"),
    ("agent", "package.module"),
    ("agent", "my-package:make"),
    ("header_name", "x team"),
    ("header_name", "Content-Length"),
    ("header_value", "a\r\nb: c"),
    ("hash_on", "header:"),
]


ONE_LINE = ("name", "model", "key", "path", "header_name", "header_value", "hash_on", "domain")


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_what_fits_passes(kind: str, text: str) -> None:
    TEXTS[kind](text)


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_what_does_not_fit_is_named_without_being_repeated(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        TEXTS[kind](text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("kind", "text"), [pair for pair in GOOD if pair[0] in ONE_LINE])
def test_a_line_end_behind_it_does_not_fit(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        TEXTS[kind](text + "\n")
