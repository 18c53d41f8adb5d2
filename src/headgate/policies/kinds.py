"""The built-in policies by the name that an entry's ``policy`` says."""

from collections.abc import Mapping

from headgate.policies.builtin.block import BLOCK, LOG_ONLY
from headgate.policies.builtin.header import HEADER
from headgate.policies.builtin.inject_system import INJECT_SYSTEM
from headgate.policies.builtin.judge import JUDGE
from headgate.policies.builtin.language import LANGUAGE
from headgate.policies.builtin.max_tokens import MAX_TOKENS
from headgate.policies.builtin.openai_moderation import OPENAI_MODERATION
from headgate.policies.builtin.presidio import PRESIDIO
from headgate.policies.builtin.redact import REDACT
from headgate.policies.builtin.rename_model import RENAME_MODEL
from headgate.policies.builtin.require_json_schema import REQUIRE_JSON_SCHEMA
from headgate.policies.builtin.tag import TAG
from headgate.policies.builtin.tools import ALLOW_TOOLS, DENY_TOOLS
from headgate.policies.builtin.webhook import WEBHOOK
from headgate.policies.kind import Kind

KINDS: Mapping[str, Kind] = {
    "redact": REDACT,
    "block": BLOCK,
    "inject_system": INJECT_SYSTEM,
    "rename_model": RENAME_MODEL,
    "max_tokens": MAX_TOKENS,
    "allow_tools": ALLOW_TOOLS,
    "deny_tools": DENY_TOOLS,
    "require_json_schema": REQUIRE_JSON_SCHEMA,
    "judge": JUDGE,
    "webhook": WEBHOOK,
    "presidio": PRESIDIO,
    "openai_moderation": OPENAI_MODERATION,
    "header": HEADER,
    "tag": TAG,
    "language": LANGUAGE,
    "log_only": LOG_ONLY,
}
