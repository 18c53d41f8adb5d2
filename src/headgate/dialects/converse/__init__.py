"""Bedrock's Converse API, upstream only."""

from headgate.dialects.converse.address import path, readdress
from headgate.dialects.converse.errors import read_error
from headgate.dialects.converse.meter import open_meter
from headgate.dialects.converse.reply_read import read_facts, read_reply
from headgate.dialects.converse.request_write import write_request
from headgate.dialects.converse.stream_read import open_reader
from headgate.dialects.dialect import BackendHalf, Dialect

CONVERSE = Dialect(
    name="converse",
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

__all__ = ["CONVERSE"]
