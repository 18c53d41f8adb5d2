"""The configuration as a record: the top level and its small sections."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from headgate.config.admin_section import AdminSettings
from headgate.config.backend_section import BackendSettings
from headgate.config.model_section import ModelSettings, RewriteSettings
from headgate.config.section import Duration, ModelName, Name, OnLoss, Section, Size, key
from headgate.config.user_section import UserSettings

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ServerSettings(Section, frozen=True, kw_only=True):
    """The listener and what holds for every request."""

    host: Annotated[str, key("The address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, key("The port to listen on; 0 takes a free one.")] = 8080
    max_body: Annotated[Size, key("The largest request body.")] = 32 * 1024 * 1024
    max_upload: Annotated[Size, key("The largest form with files.")] = 512 * 1024 * 1024
    drain: Annotated[Duration, key("How long streams may finish after SIGTERM.")] = 600.0
    heartbeat: Annotated[
        Duration, key("Silence after which a stream says that it lives; 0 turns it off.")
    ] = 15.0
    stream_errors: Annotated[
        Literal["event", "silent"],
        key("A stream that breaks: an error event in the caller's dialect, or just stop."),
    ] = "event"
    on_loss: Annotated[
        OnLoss,
        key("What a translation cannot carry: named in x-headgate-lost, or the request refused."),
    ] = "header"


class PolicySettings(Section, frozen=True, kw_only=True):
    """Rules that may refuse, change or watch requests and answers."""

    source: Annotated[
        Literal["file", "database"], key("Whether this chain or the database's is in force.")
    ] = "file"
    chain: Annotated[
        tuple[Mapping[str, Any], ...],
        key("Policies in order: each a mapping with the key 'policy' and the policy's own keys."),
    ] = ()


class LoggingSettings(Section, frozen=True, kw_only=True):
    """What the request log keeps."""

    stream_detail: Annotated[
        Literal["compact", "raw", "both", "off"],
        key("The form of a stream's body, where detail_logging keeps bodies."),
    ] = "compact"
    retention: Annotated[Duration, key("How long rows and recordings are kept; 0: for ever.")] = (
        30 * 86_400.0
    )
    record: Annotated[
        Literal["off", "failures", "all"],
        key("Of which exchanges the backends' bytes are kept, with their times."),
    ] = "off"
    record_size: Annotated[Size, key("Of one recording; what comes beyond is only counted.")] = (
        16 * 1024 * 1024
    )
    record_budget: Annotated[Size, key("Of all recordings; the oldest are deleted first.")] = (
        1024 * 1024 * 1024
    )


class ResponsesSettings(Section, frozen=True, kw_only=True):
    """Responses that callers may come back to."""

    store: Annotated[bool, key("Whether any are kept; off: as if every caller said so.")] = True
    retention: Annotated[
        Duration, key("How long one is kept after its chain's last use; 0: for ever.")
    ] = 30 * 86_400.0
    max_size: Annotated[Size, key("A larger one, with what was asked for it, is not kept.")] = (
        16 * 1024 * 1024
    )


class Config(Section, frozen=True, kw_only=True):
    """A whole configuration; every section may be left out."""

    server: Annotated[ServerSettings, key("The listener.")] = ServerSettings()
    database: Annotated[
        str | None,
        key(
            "sqlite:///… or postgresql://…; left out: headgate.db in the data folder.",
            text="database",
        ),
    ] = None
    redis: Annotated[
        str | None, key("redis://…: shared limits for several replicas.", text="redis")
    ] = None
    backends: Annotated[Mapping[Name, BackendSettings], key("Upstream endpoints by name.")] = {}
    models: Annotated[Mapping[ModelName, ModelSettings], key("Model names of one's own.")] = {}
    rewrites: Annotated[tuple[RewriteSettings, ...], key("Other names for models.")] = ()
    users: Annotated[tuple[UserSettings, ...], key("Callers.")] = ()
    policies: Annotated[PolicySettings, key("The policy chain.")] = PolicySettings()
    logging: Annotated[LoggingSettings, key("The request log.")] = LoggingSettings()
    admin: Annotated[AdminSettings, key("Who administers.")] = AdminSettings()
    responses: Annotated[ResponsesSettings, key("Stored responses.")] = ResponsesSettings()
