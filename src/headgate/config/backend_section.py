"""The section ``backends``: whom the gateway may call, and how."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from headgate.config.section import (
    AuthStyle,
    DialectName,
    Duration,
    Key,
    ModelName,
    Name,
    Names,
    Section,
    key,
)

Kind = Literal[
    "openai",
    "anthropic",
    "gemini",
    "azure",
    "bedrock",
    "vertex",
    "vertex_anthropic",
    "openrouter",
    "groq",
    "deepseek",
    "mistral",
    "xai",
    "together",
    "fireworks",
    "cerebras",
    "huggingface",
    "zai",
    "moonshot",
    "cohere",
    "perplexity",
    "ollama",
    "vllm",
    "sglang",
    "lmstudio",
    "llamacpp",
    "compatible",
]
"""The rows of the catalog; ``compatible`` is a server that has none."""

ADDRESSLESS: frozenset[Kind] = frozenset(
    ("azure", "bedrock", "vertex", "vertex_anthropic", "compatible")
)
"""Those whose address holds a resource, region or project of the customer's, or is unknown."""

HeaderName = Annotated[str, key("A header's name.", text="header_name")]
HeaderValue = Annotated[str, key("A header's value.", text="header_value")]
Path = Annotated[str, key("A path, perhaps with {model} and a query.", text="path")]


class TimeoutSettings(Section, frozen=True, kw_only=True):
    """How long to wait for a backend."""

    connect: Annotated[Duration, key("Until the connection stands, TLS included.")] = 5.0
    first_event: Annotated[Duration, key("From the request to a stream's first event.")] = 60.0
    idle: Annotated[Duration, key("Silence inside a stream.")] = 60.0
    total: Annotated[Duration, key("Everything, from connecting to the last byte.")] = 600.0


class AwsSettings(Section, frozen=True, kw_only=True):
    """The credentials that sign requests to Bedrock, where it has no API key."""

    access_key_id: Annotated[Key, key("The access key's id.")]
    secret_access_key: Annotated[Key, key("The secret access key; best ${NAME}.")]
    region: Annotated[Name, key("The region of the address.")]
    session_token: Annotated[Key | None, key("The token of temporary credentials.")] = None
    service: Annotated[Name, key("The service that is signed for.")] = "bedrock"


class PathPair(Section, frozen=True, kw_only=True):
    """A path that differs between whole answers and streams."""

    whole: Annotated[Path, key("The path for a whole answer.")]
    stream: Annotated[Path, key("The path for a stream.")]


Dollars = Annotated[float, msgspec.Meta(ge=0)]


class PriceSettings(Section, frozen=True, kw_only=True):
    """What a model's tokens cost, in US dollars for a million of them."""

    input: Annotated[Dollars, key("Input tokens.")]
    output: Annotated[Dollars, key("Output tokens, reasoning included.")]
    cached: Annotated[
        Dollars | None, key("Input tokens read from a cache; left out: as input.")
    ] = None
    cache_write: Annotated[
        Dollars | None, key("Input tokens written to a cache; left out: as input.")
    ] = None


class QuirkSettings(Section, frozen=True, kw_only=True):
    """How a backend differs from its dialect; what is left out comes from the catalog."""

    max_tokens_field: Annotated[
        Literal["max_tokens", "max_completion_tokens"] | None,
        key("The output cap's field in the chat dialect."),
    ] = None
    usage_in_stream: Annotated[
        bool | None, key("Understands stream_options.include_usage; also a key of the backend.")
    ] = None
    developer_role: Annotated[bool | None, key("Knows the role 'developer'.")] = None
    wants_reasoning_back: Annotated[
        bool | None, key("Wants the reasoning of the current tool loop back.")
    ] = None
    reasoning_field: Annotated[
        Literal["reasoning_content", "reasoning"] | None,
        key("The field in which it takes reasoning back."),
    ] = None
    nine_character_tool_ids: Annotated[
        bool | None, key("Tool ids must be nine letters or digits.")
    ] = None
    refuses_fields: Annotated[
        tuple[str, ...] | None, key("Request fields that it answers with a 400; never sent.")
    ] = None
    refuses_betas: Annotated[bool | None, key("Takes no anthropic-beta that it does not know.")] = (
        None
    )
    cache_marks: Annotated[
        bool | None, key("Takes cache_control on parts and tools of the chat dialect.")
    ] = None
    reasoning_before_each_call: Annotated[
        bool | None, key("Wants a reasoning item before every function call.")
    ] = None
    takes_remote_images: Annotated[bool | None, key("Fetches images by URL itself.")] = None
    model_in_body: Annotated[bool | None, key("The body names the model.")] = None
    body_version: Annotated[str | None, key("anthropic_version to write into the body.")] = None
    keeps_responses: Annotated[
        bool | None, key("Keeps responses, so that a request may go on from one by its id.")
    ] = None
    counts_bare_requests: Annotated[
        bool | None, key("Counts the tokens of a Gemini request with nothing around it (Vertex).")
    ] = None
    counts_input_tokens: Annotated[
        bool | None, key("Counts the tokens of a Responses request, at /v1/responses/input_tokens.")
    ] = None


class BackendSettings(Section, frozen=True, kw_only=True):
    """One upstream endpoint."""

    base_url: Annotated[str | None, key("Its address, with or without /v1.", text="http")] = None
    kind: Annotated[
        Kind | None, key("The provider, where its address does not tell; see the catalog.")
    ] = None
    agent: Annotated[
        str | None,
        key("An agent in Python instead of an address: package.module:factory.", text="agent"),
    ] = None
    speaks: Annotated[
        tuple[DialectName, ...] | None,
        key("Its dialects; the first that equals the caller's wins. Left out: the provider's."),
    ] = None
    api_key: Annotated[Key | None, key("Its credential; best ${NAME}.")] = None
    auth: Annotated[
        AuthStyle | None, key("How the credential travels. Left out: the provider's way.")
    ] = None
    aws: Annotated[AwsSettings | None, key("Credentials for sigv4, instead of an api_key.")] = None
    headers: Annotated[
        Mapping[HeaderName, HeaderValue], key("Headers added to every request.")
    ] = {}
    models: Annotated[Names, key("'*': ask for its model list; or a list of names.")] = "*"
    timeouts: Annotated[TimeoutSettings, key("How long to wait.")] = TimeoutSettings()
    active: Annotated[bool, key("Whether it may be used.")] = True
    detail_logging: Annotated[bool, key("Keep request and answer bodies in the log.")] = False
    prices: Annotated[
        Mapping[ModelName, PriceSettings],
        key("Own prices by globs of model names; the first that fits counts, else a public list."),
    ] = {}
    usage_in_stream: Annotated[
        bool | None, key("Understands stream_options.include_usage (true unless known not to).")
    ] = None
    on_disconnect: Annotated[
        Literal["cancel", "drain"],
        key("When a caller leaves: cancel the request, or read on for its usage."),
    ] = "cancel"
    paths: Annotated[
        Mapping[Path, Path | PathPair],
        key("Paths that differ: {/v1/: /} for all below, {/v1/messages: /claude} for one."),
    ] = {}
    quirks: Annotated[QuirkSettings, key("How it differs from its dialect.")] = QuirkSettings()
