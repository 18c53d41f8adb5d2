"""Google's ``generateContent``: the dialect of the Gemini API and of Vertex AI, upstream only."""

from headgate.dialects.dialect import BackendHalf, Dialect
from headgate.dialects.gemini.address import path, readdress
from headgate.dialects.gemini.errors import read_error
from headgate.dialects.gemini.meter import open_meter
from headgate.dialects.gemini.reply_read import read_facts, read_reply
from headgate.dialects.gemini.request_write import write_request
from headgate.dialects.gemini.stream_read import open_reader

GEMINI = Dialect(
    name="gemini",
    backend=BackendHalf(
        path=path,
        readdress=readdress,
        write_request=write_request,
        read_reply=read_reply,
        read_facts=read_facts,
        read_error=read_error,
        open_reader=open_reader,
        open_meter=open_meter,
    ),
)

__all__ = ["GEMINI"]
