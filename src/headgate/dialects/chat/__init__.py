"""OpenAI Chat Completions, as OpenAI speaks it and as compatible servers do."""

from headgate.dialects.chat.envelope import read_envelope
from headgate.dialects.chat.errors import break_stream, read_error, write_error
from headgate.dialects.chat.meter import open_meter, read_facts
from headgate.dialects.chat.readdress import readdress
from headgate.dialects.chat.reply_read import read_reply
from headgate.dialects.chat.reply_write import write_reply
from headgate.dialects.chat.request_read import read_request
from headgate.dialects.chat.request_write import write_request
from headgate.dialects.chat.stream_read import StreamReader
from headgate.dialects.chat.stream_write import StreamWriter
from headgate.dialects.dialect import BackendHalf, CallerHalf, Dialect
from headgate.dialects.facts import Facts


def path(model: str, stream: bool) -> str:
    """The path of every request: the body says the rest."""
    return "/v1/chat/completions"


def close_stream(facts: Facts) -> bytes:
    """The terminator."""
    return b"data: [DONE]\n\n"


CHAT = Dialect(
    name="chat",
    backend=BackendHalf(
        path=path,
        readdress=readdress,
        write_request=write_request,
        read_reply=read_reply,
        read_facts=read_facts,
        read_error=read_error,
        open_reader=StreamReader,
        open_meter=open_meter,
    ),
    caller=CallerHalf(
        read_envelope=read_envelope,
        read_request=read_request,
        write_reply=write_reply,
        write_error=write_error,
        open_writer=StreamWriter,
        break_stream=break_stream,
        close_stream=close_stream,
        keep_alive=b": keep-alive\n\n",
    ),
)
