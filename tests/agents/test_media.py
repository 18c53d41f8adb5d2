import base64

import pytest

from headgate.agents.media import MOST_FILE_BYTES, Media, media_from, media_of
from headgate.model.fault import Refused
from headgate.model.media import read_url
from headgate.model.parts import Audio, Document, FileId, Image, Inline, PlainText, Url

PNG = b"\x89PNG\r\n\x1a\nrest"


def test_media_is_a_data_url_that_knows_what_it_holds() -> None:
    media = Media("text/plain", "SGk=", "note.txt")
    assert media == "data:text/plain;base64,SGk="
    assert (media.media_type, media.name, media.data) == ("text/plain", "note.txt", b"Hi")


def test_a_data_url_of_an_image_becomes_media_under_its_true_type() -> None:
    url = "data:image/gif;base64," + base64.b64encode(PNG).decode()
    media = media_of(Image(read_url(url)), "messages")
    assert (media.media_type, media.data) == ("image/png", PNG)


def test_a_document_keeps_its_name_and_a_text_becomes_a_file() -> None:
    encoded = base64.b64encode(b"%PDF-1.7").decode()
    report = media_of(Document(Inline("application/pdf", encoded), "report.pdf"), "messages")
    assert (report.name, report.media_type) == ("report.pdf", "application/pdf")
    note = media_of(Document(PlainText("Grüße")), "messages")
    assert (note.media_type, note.data.decode()) == ("text/plain", "Grüße")


def test_sound_becomes_media() -> None:
    assert media_of(Audio("SGk=", "mp3"), "messages").media_type == "audio/mp3"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Image(Url("https://example.com/cat.png")), "Remote image URLs are not supported"),
        (Image(Url("data:image/png,plain")), "must be base64"),
        (Image(Inline("image/png", "not base64!")), "not base64"),
        (Image(Inline("image/png", "ü")), "not base64"),
        (Image(FileId("file-1", "chat")), "Files elsewhere"),
        (Document(Url("https://example.com/a.pdf")), "Files elsewhere"),
    ],
)
def test_what_is_not_in_the_request_itself_is_refused(part: Image | Document, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        media_of(part, "messages")
    assert (caught.value.fault.http_status, caught.value.fault.param) == (400, "messages")


def test_a_file_of_ten_megabytes_passes_and_one_byte_more_does_not() -> None:
    assert len(media_from(bytes(MOST_FILE_BYTES), "a/b", "zeros").data) == MOST_FILE_BYTES
    with pytest.raises(Refused, match="'zeros' is larger than 10 MB") as caught:
        media_from(bytes(MOST_FILE_BYTES + 1), "a/b", "zeros")
    assert caught.value.fault.http_status == 413


@pytest.mark.parametrize("odd", ["", "image", "a/b\r\nx: y", "text/plain; charset=x", 'a/"'])
def test_a_type_that_is_none_is_not_passed_on(odd: str) -> None:
    assert media_from(b"x", odd, "").media_type == "application/octet-stream"
