"""The conformance matrix: ``python -m tests.conformance.matrix`` writes docs/conformance.md.

Each cell is what the translators do when they are asked, not what somebody believes they do.
"""

import pathlib
from collections.abc import Iterator, Mapping

import msgspec

from headgate.dialects.table import DIALECTS
from headgate.model.fault import Refused
from tests.conformance import carry, clients, meaning, natives
from tests.conformance.carry import BACKENDS, CALLERS
from tests.conformance.claims import SOURCE, TOLD
from tests.conformance.features import FEATURES
from tests.conformance.natives import Told
from tests.conformance.shapes import SHAPES
from tests.conformance.targets import target

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "conformance.md"

_HEAD = """\
# What passes between which dialects

This page is made by the tests (`python -m tests.conformance.matrix`) and a test holds it to them.

**yes**: carried whole. **lost: …**: the rest is carried, and these names stand in
`x-headgate-lost` and in the log; with `on_loss: refuse` the request is refused instead.
**refused: …**: a 400 that names the field. What a caller's dialect has no words for is not in its
table. A backend that speaks its caller's dialect gets the caller's own bytes, whatever is in them,
and gives its own: those cells are for exchanges that a policy has translated all the same.

The targets are OpenAI (`chat` and `responses`), Anthropic (`messages`), the Gemini API and Bedrock
(`converse`), with one of their present models each; others may take more or less (a temperature, an
effort), which is listed in the same way.

Earlier responses and answers in the background are told here as the dialects have them; the gateway
itself provides both for every backend, see [Stored responses](responses.md).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_requests(), *_replies()])


def _requests() -> Iterator[str]:
    for caller in CALLERS:
        yield f"## Requests of `{caller}` callers\n"
        rows = {name: said[caller] for name, said in FEATURES.items() if caller in said}
        cells = {
            name: {backend: asked(caller, backend, body) for backend in BACKENDS}
            for name, body in rows.items()
        }
        yield _table(cells, BACKENDS)


def asked(caller: str, backend: str, body: meaning.Json) -> str:
    """What becomes of a request."""
    request = carry.caller_half(caller).read_request(msgspec.json.encode(body))
    try:
        written = DIALECTS[backend].backend.write_request(request, target(backend))
    except Refused as refusal:
        return f"refused: `{refusal.fault.param}`"
    return _lost(written.losses)


def _replies() -> Iterator[str]:
    spoken = ("chat", "messages", "responses", "gemini")
    for backend in spoken:
        yield f"## Replies of `{backend}` backends, as streams\n"
        shapes = [shape for shape in SHAPES if shape.dialect == backend]
        yield _table(
            {
                shape.name: {caller: _told(shape.sse, backend, caller) for caller in CALLERS}
                for shape in shapes
            },
            CALLERS,
        )


def _told(sse: str, backend: str, caller: str) -> str:
    got = carry.stream([sse.encode()], backend, caller, TOLD[caller], SOURCE)
    native = natives.stream(backend, sse)
    if isinstance(native, Told):
        assert got.outcome == "upstream_error"
        return "an error"
    told = clients.STREAMS[caller](got.body)
    assert meaning.differences(native, told, got.losses) == []
    return _lost(got.losses)


def _lost(losses: tuple[str, ...]) -> str:
    return "lost: " + ", ".join(f"`{name}`" for name in losses) if losses else "yes"


def _table(cells: Mapping[str, Mapping[str, str]], columns: tuple[str, ...]) -> str:
    lines = [f"| | {' | '.join(f'`{column}`' for column in columns)} |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for name, row in cells.items():
        lines.append(f"| {name} | {' | '.join(row[column] for column in columns)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
