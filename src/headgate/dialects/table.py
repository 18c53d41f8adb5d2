"""Every dialect by its name."""

from collections.abc import Mapping

from headgate.dialects.chat import CHAT
from headgate.dialects.converse import CONVERSE
from headgate.dialects.dialect import Dialect
from headgate.dialects.gemini import GEMINI
from headgate.dialects.messages import MESSAGES
from headgate.dialects.responses import RESPONSES

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (CHAT, MESSAGES, RESPONSES, GEMINI, CONVERSE)
}
