"""OpenAI Responses, facing callers and backends."""

from headgate.dialects.dialect import BackendHalf, CallerHalf, Dialect
from headgate.dialects.responses.envelope import read_envelope, readdress
from headgate.dialects.responses.errors import read_error, write_error
from headgate.dialects.responses.meter import break_stream, close_stream, open_meter
from headgate.dialects.responses.notes import NAME
from headgate.dialects.responses.reply_read import read_facts, read_reply
from headgate.dialects.responses.reply_write import write_reply
from headgate.dialects.responses.request_read import read_request
from headgate.dialects.responses.request_write import write_request
from headgate.dialects.responses.stream_read import ResponsesReader
from headgate.dialects.responses.stream_write import ResponsesWriter


def path(model: str, stream: bool) -> str:
    """Where requests go, whatever the model."""
    del model, stream
    return "/v1/responses"


RESPONSES = Dialect(
    name=NAME,
    backend=BackendHalf(
        path=path,
        readdress=readdress,
        write_request=write_request,
        read_reply=read_reply,
        read_facts=read_facts,
        read_error=read_error,
        open_reader=ResponsesReader,
        open_meter=open_meter,
    ),
    caller=CallerHalf(
        read_envelope=read_envelope,
        read_request=read_request,
        write_reply=write_reply,
        write_error=write_error,
        open_writer=ResponsesWriter,
        break_stream=break_stream,
        close_stream=close_stream,
        keep_alive=b": keep-alive\n\n",
    ),
)
