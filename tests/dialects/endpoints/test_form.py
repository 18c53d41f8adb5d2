import json

from headgate.dialects.endpoints.form import ONCE, read_form
from headgate.wire.multipart import FormScanner, part_of


def test_fields_say_what_json_would_and_files_what_they_are() -> None:
    scanner = FormScanner("b", ONCE)
    file = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n12345'
    parts = [
        part_of("model", "m"),
        part_of("stream", "true"),
        part_of("include[]", "a"),
        part_of("include[]", "b"),
        file,
        part_of("prompt", "x" * 300_000),
    ]
    for part in parts:
        scanner.feed(b"--b\r\n" + part + b"\r\n")
    scanner.feed(b"--b--")
    assert json.loads(read_form(scanner)) == {
        "model": "m",
        "stream": True,
        "include[]": ["a", "b"],
        "file": {"filename": "a.wav", "content_type": "", "bytes": 5},
        "prompt": {"bytes": 300_000},
    }


def test_a_stream_that_is_neither_true_nor_false_stays_what_it_is() -> None:
    scanner = FormScanner("b", ONCE)
    scanner.feed(b"--b\r\n" + part_of("stream", "perhaps") + b"\r\n--b--")
    assert json.loads(read_form(scanner)) == {"stream": "perhaps"}
