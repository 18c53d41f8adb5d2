"""Forms with files: they flow through at the backend's pace, in bounded memory, and end as they
should, whoever ends them."""

import contextlib
import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.testing import Gateway
from tests.faults.books import newest, row_of
from tests.faults.caller import Answer, Line
from tests.faults.counting_backend import CountingBackend, answer
from tests.faults.forms import END, chunked, form, head, opening, plain
from tests.faults.serving import BACKEND_KEY, backend, model, serving

PATH = "/v1/audio/transcriptions"
MIB = 1024 * 1024
SMALL = b"RIFF" * 1000
LARGE = b"RIFF" * (MIB // 4) * 3
MOST_UPLOAD = 220 * MIB


@pytest.fixture(scope="module")
def sound() -> Iterator[CountingBackend]:
    with CountingBackend() as backend_:
        yield backend_


@pytest.fixture(scope="module")
def gateway(sound: CountingBackend, closed: str) -> Iterator[Gateway]:
    config = {
        "server": {"heartbeat": 0, "max_upload": "220MiB"},
        "backends": {
            "sound": backend(sound.url, "chat"),
            "gone": backend(closed, "chat"),
        },
        "models": {
            "sound": model("sound", there="whisper-1"),
            "fallback": model("gone", "sound", there="whisper-1", retries=1),
            "twice": model("sound", "gone", there="whisper-1", retries=1),
        },
    }
    with serving(config) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _fresh(sound: CountingBackend) -> None:
    sound.reset()


def send(gateway: Gateway, body: bytes, path: str = PATH, **headers: str) -> Answer:
    with Line(gateway.url) as line:
        line.send(head(path, len(body), **headers) + body)
        return line.answer()


def kib(pid: int, name: str) -> int:
    """Memory of a process and its children."""
    tree = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    texts = (Path(f"/proc/{one}/status").read_text() for one in tree)
    return sum(int(found[1]) for text in texts if (found := re.search(rf"{name}:\s+(\d+)", text)))


# --- what arrives ---


@pytest.mark.parametrize("file_first", [False, True])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_form_arrives_as_it_was_but_for_the_models_name(
    gateway: Gateway, sound: CountingBackend, data: bytes, file_first: bool
) -> None:
    fields = (plain("language", "de"), plain("temperature", "0"))
    got = send(gateway, form(data, "sound", *fields, file_first=file_first), authorization="x")
    assert (got.status, got.json) == (200, {"text": "Hello there"})
    visit = sound.wait()
    wanted = form(data, "whisper-1", *fields, file_first=file_first)
    assert (visit.size, visit.digest.hexdigest()) == (
        len(wanted),
        hashlib.sha256(wanted).hexdigest(),
    )
    assert visit.header("content-length") == str(len(wanted))
    assert visit.header("content-type") == 'multipart/form-data; boundary="form-of-the-test"'
    assert visit.header("authorization") == f"bearer {BACKEND_KEY}"
    assert got.headers["x-headgate-backend"] == "sound"
    row = row_of(gateway, got.id)
    assert (row["endpoint"], row["dialect"], row["request_model"]) == (PATH, "audio", "sound")
    assert (row["outcome"], row["routed_model"]) == ("complete", "whisper-1")


def test_a_chunked_form_of_no_said_length_flows_in_chunks(
    gateway: Gateway, sound: CountingBackend
) -> None:
    whole = form(LARGE)
    pieces = [whole[at : at + 50_000] for at in range(0, len(whole), 50_000)]
    with Line(gateway.url) as line:
        line.send(head(PATH, None))
        for piece in chunked(*pieces):
            line.send(piece)
        assert line.answer().status == 200
    visit = sound.wait()
    assert visit.header("transfer-encoding") == "chunked"
    assert visit.digest.hexdigest() == hashlib.sha256(form(LARGE, "whisper-1")).hexdigest()


def test_a_caller_that_waits_to_be_told_to_go_on_is_told(
    gateway: Gateway, sound: CountingBackend
) -> None:
    body = form(SMALL)
    with Line(gateway.url) as line:
        line.send(head(PATH, len(body), expect="100-continue"))
        assert line.head()[0] == 100
        line.send(body)
        assert line.answer().status == 200


def test_the_model_of_an_endpoint_that_has_a_usual_one_is_added(
    gateway: Gateway, sound: CountingBackend
) -> None:
    body = opening("a.png") + SMALL + END
    got = send(gateway, body, "/v1/images/variations")
    assert got.status == 404
    assert "dall-e-2" in got.json["error"]["message"]


@pytest.mark.parametrize("file_first", [False, True], ids=["flowing", "on disk"])
def test_two_hundred_megabytes_pass_in_little_memory(
    gateway: Gateway, sound: CountingBackend, file_first: bool
) -> None:
    send(gateway, form(LARGE, file_first=file_first))
    sound.wait()
    before = kib(gateway.pid, "VmRSS")
    edges = form(b"", file_first=file_first)
    first, last = edges.split(b"audio/wav\r\n\r\n")
    size = 200 * MIB
    with Line(gateway.url) as line:
        line.send(head(PATH, size + len(edges)) + first + b"audio/wav\r\n\r\n")
        for piece in itertools.repeat(b"x" * MIB, 200):
            line.send(piece)
        line.send(last)
        assert line.answer().status == 200
    assert sound.wait().size > size
    grown_mib = (kib(gateway.pid, "VmHWM") - before) / 1024
    assert grown_mib < 60, f"the process grew by {grown_mib:.0f} MiB"


# --- pace, leaving, early answers ---


def test_no_more_is_taken_of_a_caller_than_the_backend_takes(
    gateway: Gateway, sound: CountingBackend
) -> None:
    sound.reads.clear()
    size = 100 * MIB
    with Line(gateway.url) as line:
        line.send(head(PATH, size) + plain("model", "sound") + opening())
        line._socket.settimeout(2.0)
        taken = 0
        with contextlib.suppress(TimeoutError):
            while taken < size:
                taken += line._socket.send(b"x" * 65536)
        assert taken < 40 * MIB
    sound.reads.set()
    visit = sound.wait()
    assert not visit.whole


def test_who_leaves_in_the_middle_takes_the_backends_call_along(
    gateway: Gateway, sound: CountingBackend
) -> None:
    with Line(gateway.url) as line:
        line.send(head(PATH, 50 * MIB) + plain("model", "sound") + opening() + LARGE)
        while not sound.visits:
            line.send(b"x" * 1024)
    visit = sound.wait()
    assert not visit.whole
    row = newest(gateway, lambda row: row["outcome"] == "client_closed")
    assert row["endpoint"] == PATH


def test_an_early_refusal_is_passed_on_and_ends_the_upload(
    gateway: Gateway, sound: CountingBackend
) -> None:
    sound.early = 1 * MIB
    sound.answer = answer(413, b'{"error":{"message":"Too long.","type":"t","code":"big"}}')
    with Line(gateway.url) as line:
        line.send(head(PATH, 100 * MIB) + plain("model", "sound") + opening())
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                line.send(b"x" * MIB)
        got = line.answer()
    assert (got.status, got.json["error"]["message"]) == (413, "Too long.")
    assert sound.wait().size < 90 * MIB


# --- what is no form ---


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (form(SMALL).removesuffix(END), 400, "closing boundary"),
        (plain("language", "de") + opening() + SMALL + END, 400, "model"),
        (form(SMALL, ""), 400, "model"),
        (form(SMALL, "x" * 600), 400, "model"),
        (form(SMALL, "a\x00b"), 400, "model"),
        (form(SMALL, "sound", plain("model", "other")), 400, "twice"),
        (form(SMALL, "nothing-like-it"), 404, "nothing-like-it"),
        (b'{"model": "sound"}', 400, "boundary"),
        (form(SMALL).replace(b'name="file"', b'name="file"\r\nX-Evil: \x01'), 400, "header"),
        (form(SMALL).replace(b"form-data; ", b"form-data; name*=utf-8''model; ", 1), 400, "name"),
    ],
)
def test_what_is_no_clear_form_is_refused_by_name_and_reaches_no_backend(
    gateway: Gateway, sound: CountingBackend, body: bytes, status: int, why: str
) -> None:
    got = send(gateway, body)
    assert (got.status, sound.visits) == (status, [])
    assert why in got.json["error"]["message"]


def test_a_form_without_a_boundary_is_refused(gateway: Gateway) -> None:
    body = form(SMALL)
    asked = head(PATH, len(body)).replace(b"; boundary=form-of-the-test", b"")
    with Line(gateway.url) as line:
        line.send(asked + body)
        got = line.answer()
    assert got.status == 400
    assert "boundary" in got.json["error"]["message"]


def test_a_compressed_form_is_refused(gateway: Gateway) -> None:
    got = send(gateway, form(SMALL), content_encoding="gzip")
    assert got.status == 415


@pytest.mark.parametrize(
    ("rest", "status", "why"),
    [
        (b"\r\n" + plain("model", "secret") + END[2:], 400, "twice"),
        (b"", 400, "closing boundary"),
    ],
    ids=["another model", "unterminated"],
)
def test_a_form_that_turns_bad_on_its_way_never_arrives_whole(
    gateway: Gateway, sound: CountingBackend, rest: bytes, status: int, why: str
) -> None:
    body = plain("model", "sound") + opening() + LARGE + rest
    got = send(gateway, body)
    assert got.status == status
    assert why in got.json["error"]["message"]
    visit = sound.wait()
    assert not visit.whole
    assert b"secret" not in visit.last


def test_what_is_said_to_be_too_large_is_not_read(gateway: Gateway, sound: CountingBackend) -> None:
    with Line(gateway.url) as line:
        line.send(head(PATH, MOST_UPLOAD + 1) + form(SMALL))
        got = line.answer()
    assert (got.status, got.json["error"]["code"]) == (413, "request_too_large")
    assert not sound.visits


def test_what_turns_out_too_large_never_arrives_whole(
    gateway: Gateway, sound: CountingBackend
) -> None:
    with Line(gateway.url) as line:
        line.send(head(PATH, None))
        line.send(next(chunked(plain("model", "sound") + opening())))
        with contextlib.suppress(ConnectionError):
            for _ in range(230):
                line.send(next(chunked(b"x" * MIB)))
        got = line.answer()
    assert (got.status, got.json["error"]["code"]) == (413, "request_too_large")
    assert not sound.wait().whole


# --- attempts ---


@pytest.mark.parametrize("file_first", [False, True])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_backend_that_cannot_be_reached_is_followed_by_the_next(
    gateway: Gateway, sound: CountingBackend, data: bytes, file_first: bool
) -> None:
    got = send(gateway, form(data, "fallback", file_first=file_first))
    assert got.status == 200
    assert got.headers["x-headgate-backend"] == "sound"
    wanted = form(data, "whisper-1", file_first=file_first)
    assert sound.wait().digest.hexdigest() == hashlib.sha256(wanted).hexdigest()


@pytest.mark.parametrize(
    ("data", "file_first", "attempts"),
    [(SMALL, False, 2), (LARGE, True, 2), (LARGE, False, 1)],
    ids=["held", "on disk", "gone through"],
)
def test_what_went_out_and_is_not_held_is_not_tried_again(
    gateway: Gateway, sound: CountingBackend, data: bytes, file_first: bool, attempts: int
) -> None:
    sound.answer = answer(500, b'{"error":{"message":"Broken."}}')
    got = send(gateway, form(data, "twice", file_first=file_first))
    assert got.status == 502
    assert row_of(gateway, got.id)["attempts"] == attempts
