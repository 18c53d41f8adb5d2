"""The fields of a ``multipart/form-data`` body (RFC 7578).

A whole body of bounded size is cut at its delimiters (RFC 2046, section 5.1.1); what is hard in a
part, the parameters of its header, is read by the standard library.
"""

from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value

import msgspec

from headgate.model.fault import Refused, bad_request

MOST_FIELDS = 64
MOST_HEADER_BYTES = 4096
_LONGEST_BOUNDARY = 70


class Field(msgspec.Struct, frozen=True):
    """One part. ``filename`` is None where it is no file; ``media_type`` as its header says."""

    name: str
    data: bytes
    filename: str | None = None
    media_type: str = "text/plain"


def read_form(content_type: str, body: bytes) -> list[Field]:
    """The fields in `body`, in order. Raises Refused where it is not such a form."""
    boundary = _boundary(content_type)
    # The first delimiter needs no line end before it; with one, all are alike.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_FIELDS + 2)
    if len(pieces) == 1:
        raise _broken("its parts are not divided by the boundary that the header names")
    fields: list[Field] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return fields
        if len(fields) == MOST_FIELDS:
            raise _broken(f"it has more than {MOST_FIELDS} parts")
        fields.append(_read_part(piece))
    raise _broken("it ends before its closing boundary")


def _boundary(content_type: str) -> bytes:
    header = _read_header(f"content-type: {content_type}".encode("latin-1", "replace"), "latin-1")
    if not (header.boundary.isascii() and header.boundary.isprintable()):
        raise _broken("the content type names no valid boundary")
    if not 0 < len(header.boundary) <= _LONGEST_BOUNDARY:
        raise _broken("the content type names no valid boundary")
    return header.boundary.encode()


def _read_part(piece: bytes) -> Field:
    """A part with what stands behind its delimiter: spaces and a line end, then the header."""
    padding, _, part = piece.partition(b"\r\n")
    head, blank, data = (b"\r\n" + part).partition(b"\r\n\r\n")
    if padding.strip(b" \t") or not blank:
        raise _broken("a part has no blank line behind its header")
    header = _read_header(head[2:], "utf-8")
    if header.disposition != "form-data" or not header.name:
        raise _broken("a part has no 'content-disposition: form-data' with a name")
    return Field(header.name, data, header.filename, header.media_type)


class _Header(msgspec.Struct, frozen=True):
    """What matters of a header."""

    boundary: str
    disposition: str | None
    name: str
    filename: str | None
    media_type: str


def _read_header(head: bytes, encoding: str) -> _Header:
    if len(head) > MOST_HEADER_BYTES:
        raise _broken(f"a header is longer than {MOST_HEADER_BYTES} bytes")
    try:
        header = HeaderParser().parsestr(head.decode(encoding), headersonly=True)
        name = header.get_param("name", "", header="content-disposition")
        return _Header(
            boundary=header.get_boundary() or "",
            disposition=header.get_content_disposition(),
            name=collapse_rfc2231_value(name),
            filename=header.get_filename(),
            media_type=header.get_content_type(),
        )
    except (ValueError, LookupError) as error:  # not UTF-8, or an encoded parameter in no charset
        raise _broken("a header cannot be read") from error


def _broken(why: str) -> Refused:
    return bad_request(f"The body is not a whole multipart form: {why}.")
