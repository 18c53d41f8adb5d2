"""The commands ``replay`` and ``verify``: a recording served as an upstream, or checked."""

import argparse
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headgate.cli.admin import admin_api
from headgate.model.recorded import Recorded
from headgate.wire import stream_file

_MOST_SPEED = 1_000_000.0


class RecordingFailed(Exception):  # noqa: N818 - named for the fact
    """Why a recording cannot be played, or what is wrong with it, in one sentence or one a line."""


def add_recordings(
    commands: Any, tell: Callable[[str], None], port_of: Callable[[str], int]
) -> None:
    """Adds the commands; what they have to say goes to `tell`, `port_of` reads a port."""
    replay = commands.add_parser(
        "replay", help="play a recorded stream back as an upstream", allow_abbrev=False
    )
    replay.add_argument("file", metavar="FILE", help="a .stream file, or the body of one answer")
    replay.add_argument("--host", metavar="H", default="127.0.0.1", help="default: 127.0.0.1")
    replay.add_argument(
        "--port", metavar="P", type=port_of, default=8082, help="default: 8082; 0: any free one"
    )
    replay.add_argument(
        "--speed", metavar="N", type=_speed, default=1.0, help="1: as it came; 0: at once"
    )
    replay.add_argument(
        "--partial", action="store_true", help="of a damaged recording play what is whole"
    )
    replay.set_defaults(run=_replay)
    verify = commands.add_parser(
        "verify",
        help="check a recording, or whether its caller would get the same again",
        allow_abbrev=False,
    )
    verify.add_argument("what", metavar="ID|FILE", help="a request's id, or a .stream file")
    verify.add_argument("--url", help="default: http://127.0.0.1:8080, or $HEADGATE_PORT")
    verify.add_argument("--token", help="the admin's; better in HEADGATE_ADMIN_TOKEN")
    verify.set_defaults(run=lambda parsed: tell(_verify(parsed)))


def _replay(parsed: argparse.Namespace) -> None:
    from headgate.mock.replay import ReplayUpstream, answers_of  # noqa: PLC0415 - not for `serve`
    from headgate.mock.run import serve  # noqa: PLC0415 - as above

    path, partial = parsed.file, parsed.partial
    try:
        answers = answers_of(_read(path), partial=partial)
    except stream_file.Damaged as damage:
        whole = damage.whole is not None and damage.whole.attempts
        hint = "; --partial plays what stands before it" if whole and not partial else ""
        raise RecordingFailed(f"{path}: {damage}{hint}") from damage
    app = ReplayUpstream(answers, parsed.speed)
    serve(app, (parsed.host, parsed.port), lambda url: _announcement(url, path, len(answers)))


def _announcement(url: str, path: str, count: int) -> str:
    body = '{"model":"any","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
    plural = "answer" if count == 1 else "answers"
    return (
        f"headgate replay: {url}\n"
        f"  plays {count} {plural} of {path}, to a POST of any path\n"
        f"  curl -N {url}/v1/chat/completions -d '{body}'"
    )


def _verify(parsed: argparse.Namespace) -> str:
    if Path(parsed.what).is_file():
        return _verify_file(parsed.what)
    found = admin_api(parsed).ask("POST", f"requests/{quote(parsed.what, safe='')}/replay")
    if not isinstance(found, Mapping) or not isinstance(found.get("differences"), list):
        raise RecordingFailed("what answered is no gateway")
    if found["differences"]:
        raise RecordingFailed(
            f"{parsed.what} does not hold: " + "; ".join(map(str, found["differences"]))
        )
    was = found.get("delivered") or {}
    return (
        f"{parsed.what}: the caller got what the recording gives again, "
        f"{was.get('bytes')} bytes with the SHA-256 {was.get('sha256')}"
    )


def _verify_file(path: str) -> str:
    data = _read(path)
    if not stream_file.is_recording(data):
        raise RecordingFailed(f"{path} is no recording")
    try:
        recorded = stream_file.read(data)
    except stream_file.Damaged as damage:
        raise RecordingFailed(f"{path}: {damage}") from damage
    problems = stream_file.problems_of(recorded)
    if problems:
        raise RecordingFailed(f"{path}: " + "; ".join(problems))
    return f"{path}: whole and as it was written; {_described(recorded)}"


def _described(recorded: Recorded) -> str:
    delivered, attempts = recorded.delivered, len(recorded.attempts)
    assert delivered is not None, "a recording without it is damaged"
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return (
        f"{recorded.exchange.id} ended {delivered.outcome} after {tries}, and its caller got "
        f"{delivered.bytes} bytes with the SHA-256 {delivered.sha256}"
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise RecordingFailed(f"cannot read {path}: {error.strerror}") from error


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not (math.isfinite(speed) and 0 <= speed <= _MOST_SPEED):
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed (0, or a factor like 0.5 or 10)")
    return speed
