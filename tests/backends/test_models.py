import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.backends.backend import Backend
from headgate.backends.models import list_headers, list_path, read_models
from headgate.config.section import DialectName


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"object":"list","data":[{"id":"a"},{"id":"b"},{"id":"a"}]}', ("a", "b")),
        (b'{"data":[{"type":"model","id":"claude"}],"has_more":false}', ("claude",)),
        (b'{"models":[{"name":"models/g","supportedGenerationMethods":["generateContent"]},'
         b'{"name":"models/e","supportedGenerationMethods":["embedContent"]}]}', ("g",)),
        (b'{"models":[{"name":"llama3:8b"}]}', ("llama3:8b",)),
        (b'[{"id":"meta/llama"}]', ("meta/llama",)),
        (b'{"data":[]}', ()),
        (b'{"data":[1,null,{"id":5},{"id":""},{"id":"a\\nb"},{}]}', ()),
    ],
)  # fmt: skip
def test_every_dialects_list_is_read(body: bytes, names: tuple[str, ...]) -> None:
    assert read_models(body) == names


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"data":{}}', b'"x"', b"null", b"[" * 9999]
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_models(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_list_or_refused(body: bytes) -> None:
    try:
        names = read_models(body)
    except ValueError:
        return
    assert all(isinstance(name, str) for name in names)


@pytest.mark.parametrize(
    ("dialect", "path"),
    [("chat", "/v1/models"), ("responses", "/v1/models"), ("messages", "/v1/models?limit=1000"),
     ("gemini", "/v1beta/models?pageSize=1000")],
)  # fmt: skip
def test_the_list_is_asked_for_in_the_backends_dialect(dialect: DialectName, path: str) -> None:
    backend = Backend(name="a", base_url="https://h", vendor="a", speaks=(dialect,))
    assert list_path(backend) == path
    assert bool(list_headers(backend)) == (dialect == "messages")
