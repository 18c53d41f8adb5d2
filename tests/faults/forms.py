"""Multipart forms as callers send them, whole or piece by piece."""

from collections.abc import Iterator

BOUNDARY = "form-of-the-test"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def plain(name: str, value: str) -> bytes:
    """A field with its delimiter before it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def opening(filename: str = "speech.wav") -> bytes:
    """What stands before a file's bytes."""
    disposition = f'Content-Disposition: form-data; name="file"; filename="{filename}"'
    return f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: audio/wav\r\n\r\n".encode()


def form(sound: bytes, model: str = "sound", *fields: bytes, file_first: bool = False) -> bytes:
    """A whole form."""
    said = b"".join([plain("model", model), *fields])
    if file_first:
        return opening() + sound + b"\r\n" + said + END[2:]
    return said + opening() + sound + END


def head(path: str, length: int | None, **headers: str) -> bytes:
    """A request's head; chunked where no length is given."""
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"POST {path} HTTP/1.1", "host: gateway.test", f"content-type: {TYPE}", framing]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def chunked(*pieces: bytes) -> Iterator[bytes]:
    """`pieces` as the chunks of a body."""
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
