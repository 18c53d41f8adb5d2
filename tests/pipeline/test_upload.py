import pytest
from typing_extensions import override

from headgate.model.fault import Fault, Refused
from headgate.pipeline.upload import HELD, Upload, check_model, open_upload
from tests.faults.forms import END, TYPE, form, opening, plain

MODEL = frozenset({"model", "stream"})
LARGE = b"x" * (3 * HELD)
LIMIT = 100 * HELD


class Pieces:
    """A caller's body, piece by piece; notes how much was taken of it."""

    def __init__(self, body: bytes, size: int = 60_000) -> None:
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]
        self.taken = 0

    async def read_piece(self) -> bytes:
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        self.taken += len(piece)
        return piece


def opened(body: bytes, limit: int = LIMIT, **headers: str) -> tuple[Upload, Pieces]:
    pieces = Pieces(body)
    sent = {"content-type": TYPE, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return open_upload(pieces, sent, limit, MODEL), pieces


async def sent(upload: Upload, model: str = "there") -> bytes:
    body, length = upload.body(model)
    whole = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
    assert length in (None, len(whole))
    return whole


@pytest.mark.parametrize("file_first", [False, True])
@pytest.mark.parametrize("data", [b"", b"RIFF", LARGE], ids=["empty", "small", "large"])
async def test_the_form_goes_out_with_the_other_name(data: bytes, file_first: bool) -> None:
    body = form(data, "a-model", plain("language", "de"), file_first=file_first)
    upload, _ = opened(body, content_length=str(len(body)))
    await upload.read_ahead()
    wanted = form(data, "there", plain("language", "de"), file_first=file_first)
    assert await sent(upload) == wanted
    upload.close()


async def test_a_large_file_behind_the_model_is_not_read_ahead() -> None:
    body = form(LARGE)
    upload, pieces = opened(body, content_length=str(len(body)))
    await upload.read_ahead()
    assert pieces.taken < 2 * HELD
    assert not upload.spent
    assert await sent(upload) == form(LARGE, "there")
    assert upload.spent
    assert pieces.taken == len(body)


async def test_a_form_that_is_held_can_be_sent_again() -> None:
    between = b"x" * (HELD + 1000)
    for body in (form(b"RIFF"), form(LARGE, file_first=True), form(between, file_first=True)):
        upload, _ = opened(body)
        await upload.read_ahead()
        assert await sent(upload, "one") == await sent(upload, "one")
        assert not upload.spent
        upload.close()


async def test_all_of_it_is_read_for_who_wants_to_see_all() -> None:
    late = opening() + LARGE + b"\r\n" + plain("prompt", "behind the file") + END[2:]
    upload, pieces = opened(plain("model", "m") + late)
    await upload.read_ahead()
    assert upload.scanner.field("prompt") is None
    await upload.read_all()
    assert upload.scanner.field("prompt") is not None
    assert await sent(upload) == plain("model", "there") + late
    assert pieces.taken == len(plain("model", "m") + late)
    upload.close()


@pytest.mark.parametrize("first", [b"", b"\r\n"])
@pytest.mark.parametrize("data", [b"RIFF", LARGE], ids=["small", "large"])
async def test_a_name_that_was_not_said_is_put_in_front(data: bytes, first: bytes) -> None:
    upload, _ = opened(first + opening() + data + END)
    await upload.read_ahead()
    assert await sent(upload) == plain("model", "there") + opening() + data + END
    upload.close()


async def test_without_a_length_none_is_said() -> None:
    upload, _ = opened(form(LARGE))
    await upload.read_ahead()
    assert upload.body("there")[1] is None


@pytest.mark.parametrize("declared", [True, False])
async def test_too_much_is_refused_as_soon_as_it_is_known(declared: bool) -> None:
    body = form(LARGE)
    if declared:
        with pytest.raises(Refused) as refused:
            opened(body, limit=len(body) - 1, content_length=str(len(body)))
    else:
        upload, _ = opened(body, limit=len(body) - 1)
        await upload.read_ahead()
        with pytest.raises(Refused) as refused:
            await sent(upload)
    assert refused.value.fault.kind == "request_too_large"


async def test_the_last_bytes_of_what_is_no_whole_form_do_not_go_out() -> None:
    body = form(LARGE).removesuffix(END)
    upload, _ = opened(body, content_length=str(len(body)))
    await upload.read_ahead()
    out, length = upload.body("sound")
    assert not isinstance(out, bytes)
    gone: list[bytes] = []

    async def send() -> None:
        async for piece in out:
            gone.append(piece)

    with pytest.raises(Refused, match="closing boundary"):
        await send()
    assert length is not None
    assert sum(map(len, gone)) < length


@pytest.mark.parametrize("name", ["", "x" * 513, "a\tb"])
async def test_a_model_must_be_a_name(name: str) -> None:
    upload, _ = opened(form(b"RIFF", name))
    await upload.read_ahead()
    with pytest.raises(Refused) as refused:
        check_model(upload)
    assert refused.value.fault.param == "model"


async def test_a_name_in_another_encoding_is_none() -> None:
    upload, _ = opened(form(b"RIFF", "abc").replace(b"abc", b"\xff\xfe\xfd"))
    await upload.read_ahead()
    with pytest.raises(Refused):
        check_model(upload)


def test_a_form_that_is_compressed_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        opened(form(b"RIFF"), content_encoding="gzip")
    assert refused.value.fault.http_status == 415


class Stalling(Pieces):
    """A caller that sends nothing more after a while."""

    @override
    async def read_piece(self) -> bytes:
        if self.taken > 2 * HELD:
            raise Refused(Fault(kind="request_stalled", message="the request's body stalled"))
        return await super().read_piece()


async def test_a_caller_that_stalls_ends_the_form_with_its_own_fault() -> None:
    upload = open_upload(Stalling(form(LARGE)), {"content-type": TYPE}, LIMIT, MODEL)
    await upload.read_ahead()
    with pytest.raises(Refused) as refused:
        await sent(upload)
    assert refused.value.fault.http_status == 408
