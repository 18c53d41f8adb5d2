"""Anthropic's Messages API, to callers and to backends."""

from headgate.dialects.dialect import BackendHalf, CallerHalf, Dialect
from headgate.dialects.messages import errors, frames, meter
from headgate.dialects.messages.envelope import read_envelope
from headgate.dialects.messages.own import NAME
from headgate.dialects.messages.readdress import readdress
from headgate.dialects.messages.relayed import relay_headers
from headgate.dialects.messages.reply_read import read_reply
from headgate.dialects.messages.reply_write import write_reply
from headgate.dialects.messages.request_read import read_request
from headgate.dialects.messages.request_write import write_request
from headgate.dialects.messages.stream_read import StreamReader
from headgate.dialects.messages.stream_write import StreamWriter

__all__ = ["MESSAGES"]


def _path(model: str, stream: bool) -> str:
    """The same address for every model, streaming or not."""
    del model, stream
    return "/v1/messages"


MESSAGES = Dialect(
    name=NAME,
    backend=BackendHalf(
        path=_path,
        readdress=readdress,
        write_request=write_request,
        read_reply=read_reply,
        read_facts=meter.read_facts,
        read_error=errors.read_error,
        open_reader=StreamReader,
        open_meter=meter.open_meter,
        relay_headers=relay_headers,
    ),
    caller=CallerHalf(
        read_envelope=read_envelope,
        read_request=read_request,
        write_reply=write_reply,
        write_error=errors.write_error,
        open_writer=StreamWriter,
        break_stream=errors.break_stream,
        close_stream=meter.close_stream,
        keep_alive=frames.KEEP_ALIVE,
    ),
)
