"""The reading of a request: a body that is held whole, or a form that flows through."""

from headgate.dialects.endpoints.form import ONCE
from headgate.pipeline.turn import Turn
from headgate.pipeline.upload import check_model, open_upload
from headgate.pipeline.watch import NEVER
from headgate.wire.multipart import is_form


def open_form(turn: Turn) -> bool:
    """Whether the request is a form, which is made ready to be read. Raises Refused where its head
    says that it cannot be."""
    exchange, endpoint = turn.exchange, turn.exchange.dialect.endpoint
    reads_forms = endpoint is not None and endpoint.read_form is not None
    if not reads_forms or not is_form(exchange.headers.get("content-type", "")):
        return False
    limit = exchange.snapshot.settings.max_upload
    exchange.upload = open_upload(turn.downstream, exchange.headers, limit, ONCE)
    return True


async def take_form(turn: Turn) -> None:
    """Reads the form that was opened as far as it must be known. Raises Refused."""
    exchange, upload = turn.exchange, turn.exchange.upload
    assert upload is not None, "only called for forms"
    await turn.watch.until(upload.read_ahead(), NEVER)
    check_model(upload)
    _describe(turn)
    exchange.envelope = exchange.caller.read_envelope(exchange.body)


async def take_body(turn: Turn) -> None:
    """Reads a request that is no form. Raises Refused."""
    exchange, limit = turn.exchange, turn.exchange.snapshot.settings.max_body
    exchange.body = await turn.watch.until(turn.downstream.read_body(limit), NEVER)
    exchange.envelope = exchange.caller.read_envelope(exchange.body)


async def take_rest(turn: Turn) -> None:
    """Reads a form to its end, for those who want to see all of it. Raises Refused."""
    upload = turn.exchange.upload
    if upload is not None:
        await turn.watch.until(upload.read_all(), NEVER)
        _describe(turn)


def _describe(turn: Turn) -> None:
    exchange, endpoint = turn.exchange, turn.exchange.dialect.endpoint
    assert exchange.upload is not None, "only called for forms"
    assert endpoint is not None, "only endpoints take forms"
    assert endpoint.read_form is not None, "only endpoints take forms"
    exchange.body = endpoint.read_form(exchange.upload.scanner)
