"""The reading of a request: a body that is held whole, or a form that flows through."""

from headgate.dialects.endpoints.form import ONCE
from headgate.pipeline.turn import Turn
from headgate.pipeline.upload import check_model, open_upload
from headgate.pipeline.watch import NEVER
from headgate.wire.multipart import is_form


async def take_request(turn: Turn) -> None:
    """Reads what the caller asks, as far as it must be known. Raises Refused."""
    exchange, settings = turn.exchange, turn.exchange.snapshot.settings
    endpoint = exchange.dialect.endpoint
    reads_forms = endpoint is not None and endpoint.read_form is not None
    if reads_forms and is_form(exchange.headers.get("content-type", "")):
        upload = open_upload(turn.downstream, exchange.headers, settings.max_upload, ONCE)
        exchange.upload = upload
        await turn.watch.until(upload.read_ahead(), NEVER)
        check_model(upload)
        _describe(turn)
    else:
        limit = settings.max_body
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
