"""The known providers, one row each: data, checked against the vendors' documents named in it."""

import re

import msgspec

from headgate.backends.base_url import host_of
from headgate.backends.provider import COMPATIBLE, Provider, Side, to
from headgate.config.backend_section import Kind
from headgate.dialects.destination import Quirks

_MESSAGES_BELOW = {
    "/v1/messages": to("/anthropic/v1/messages"),
    "/v1/messages/": to("/anthropic/v1/messages/"),
}
_THINKS_ALOUD = msgspec.structs.replace(COMPATIBLE, wants_reasoning_back=True)
_OPENAI_HINTS = ("prompt_cache_key", "safety_identifier", "verbosity")
"""What only OpenAI's own endpoints know; servers that check every field answer it with a 400."""
_CLAUDE_ELSEWHERE = Quirks(refuses_betas=True, takes_remote_images=False)

CATALOG: tuple[Provider, ...] = (
    Provider(
        kind="openai",
        title="OpenAI",
        docs="https://platform.openai.com/docs/api-reference",
        vendor="openai",
        hosts=r"api\.openai\.com|(us|eu)\.api\.openai\.com",
        base_url="https://api.openai.com",
        env=("OPENAI_API_KEY",),
        speaks=("chat", "responses"),
        quirks=Quirks(counts_input_tokens=True),
    ),
    Provider(
        kind="anthropic",
        title="Anthropic",
        docs="https://platform.claude.com/docs/en/api/messages",
        vendor="anthropic",
        hosts=r"api\.anthropic\.com",
        base_url="https://api.anthropic.com",
        env=("ANTHROPIC_API_KEY",),
        speaks=("messages",),
        auth="x-api-key",
        quirks=Quirks(),
    ),
    Provider(
        kind="gemini",
        title="Gemini API",
        docs="https://ai.google.dev/api/generate-content",
        vendor="google",
        hosts=r"generativelanguage\.googleapis\.com",
        base_url="https://generativelanguage.googleapis.com",
        env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        speaks=("gemini",),
        auth="x-goog-api-key",
        quirks=Quirks(takes_remote_images=False),
    ),
    Provider(
        kind="azure",
        title="Azure OpenAI and Foundry",
        docs="https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle",
        vendor="azure",
        hosts=r".+\.(openai\.azure\.com|services\.ai\.azure\.com|cognitiveservices\.azure\.com)",
        env=("AZURE_OPENAI_API_KEY",),
        env_address="{AZURE_OPENAI_ENDPOINT}",
        speaks=("chat", "responses"),
        auth="api-key",
        quirks=Quirks(),
        paths={"/v1/": to("/openai/v1/")},
        sides={"/anthropic": Side(vendor="anthropic", auth="x-api-key", quirks=_CLAUDE_ELSEWHERE)},
    ),
    Provider(
        kind="bedrock",
        title="Amazon Bedrock",
        docs="https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html",
        vendor="bedrock",
        hosts=r"bedrock-runtime(-fips)?\..+\.amazonaws\.com",
        env=("AWS_BEARER_TOKEN_BEDROCK",),
        env_address="https://bedrock-runtime.{AWS_REGION}.amazonaws.com",
        speaks=("converse",),
        quirks=Quirks(refuses_betas=True, takes_remote_images=False),
        sides={
            "/anthropic": Side(vendor="anthropic", quirks=_CLAUDE_ELSEWHERE),
            "/openai": Side(speaks=("chat", "responses")),
        },
    ),
    Provider(
        kind="vertex",
        title="Gemini on Vertex AI",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        vendor="google",
        hosts=r"([a-z0-9-]+-)?aiplatform\.googleapis\.com",
        speaks=("gemini",),
        quirks=Quirks(takes_remote_images=False, counts_bare_requests=True),
        paths={"/v1beta/models/": to("/publishers/google/models/")},
        paths_anywhere=True,
    ),
    Provider(
        kind="vertex_anthropic",
        title="Claude on Vertex AI",
        docs="https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai",
        vendor="anthropic",
        speaks=("messages",),
        quirks=msgspec.structs.replace(
            _CLAUDE_ELSEWHERE, model_in_body=False, body_version="vertex-2023-10-16"
        ),
        paths={
            "/v1/messages": to(
                "/publishers/anthropic/models/{model}:rawPredict",
                "/publishers/anthropic/models/{model}:streamRawPredict",
            ),
            "/v1/messages/count_tokens": to("/publishers/anthropic/models/count-tokens:rawPredict"),
        },
        paths_anywhere=True,
    ),
    Provider(
        kind="openrouter",
        title="OpenRouter",
        docs="https://openrouter.ai/docs/api-reference/overview",
        vendor="openrouter",
        hosts=r"openrouter\.ai",
        base_url="https://openrouter.ai/api",
        env=("OPENROUTER_API_KEY",),
        quirks=msgspec.structs.replace(COMPATIBLE, reasoning_field="reasoning", cache_marks=True),
    ),
    Provider(
        kind="groq",
        title="Groq",
        docs="https://console.groq.com/docs/openai",
        vendor="groq",
        hosts=r"api\.groq\.com",
        base_url="https://api.groq.com/openai",
        env=("GROQ_API_KEY",),
        quirks=Quirks(
            developer_role=False,
            reasoning_field="reasoning",
            refuses_fields=frozenset(("logprobs", "top_logprobs", "logit_bias", *_OPENAI_HINTS)),
        ),
    ),
    Provider(
        kind="deepseek",
        title="DeepSeek",
        docs="https://api-docs.deepseek.com/guides/thinking_mode",
        vendor="deepseek",
        hosts=r"api\.deepseek\.com",
        base_url="https://api.deepseek.com",
        env=("DEEPSEEK_API_KEY",),
        speaks=("chat", "messages"),
        quirks=_THINKS_ALOUD,
        paths=_MESSAGES_BELOW,
        sides={"/anthropic": Side(quirks=_THINKS_ALOUD)},
    ),
    Provider(
        kind="mistral",
        title="Mistral",
        docs="https://docs.mistral.ai/api/endpoint/chat",
        vendor="mistral",
        hosts=r"api\.mistral\.ai|codestral\.mistral\.ai",
        base_url="https://api.mistral.ai",
        env=("MISTRAL_API_KEY",),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            developer_role=False,
            usage_in_stream=False,
            nine_character_tool_ids=True,
            refuses_fields=frozenset(
                ("user", "store", "logit_bias", "logprobs", "top_logprobs", "seed", *_OPENAI_HINTS)
            ),
        ),
    ),
    Provider(
        kind="xai",
        title="xAI",
        docs="https://docs.x.ai/docs/api-reference",
        vendor="xai",
        hosts=r"api\.x\.ai|[a-z0-9-]+\.api\.x\.ai",
        base_url="https://api.x.ai",
        env=("XAI_API_KEY",),
        speaks=("chat", "responses"),
    ),
    Provider(
        kind="together",
        title="Together",
        docs="https://docs.together.ai/docs/openai-api-compatibility",
        vendor="together",
        hosts=r"api\.together\.(xyz|ai)",
        base_url="https://api.together.xyz",
        env=("TOGETHER_API_KEY",),
    ),
    Provider(
        kind="fireworks",
        title="Fireworks",
        docs="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        vendor="fireworks",
        hosts=r"api\.fireworks\.ai",
        base_url="https://api.fireworks.ai/inference",
        env=("FIREWORKS_API_KEY",),
    ),
    Provider(
        kind="cerebras",
        title="Cerebras",
        docs="https://inference-docs.cerebras.ai/resources/openai",
        vendor="cerebras",
        hosts=r"api\.cerebras\.ai",
        base_url="https://api.cerebras.ai",
        env=("CEREBRAS_API_KEY",),
        quirks=Quirks(
            developer_role=False,
            reasoning_field="reasoning",
            refuses_fields=frozenset(
                ("frequency_penalty", "presence_penalty", "logit_bias", *_OPENAI_HINTS)
            ),
        ),
    ),
    Provider(
        kind="huggingface",
        title="Hugging Face",
        docs="https://huggingface.co/docs/inference-providers/tasks/chat-completion",
        vendor="huggingface",
        hosts=r"router\.huggingface\.co|.+\.endpoints\.huggingface\.cloud",
        base_url="https://router.huggingface.co",
        env=("HF_TOKEN",),
    ),
    Provider(
        kind="zai",
        title="Z.ai",
        docs="https://docs.z.ai/api-reference/introduction",
        vendor="zai",
        hosts=r"api\.z\.ai|open\.bigmodel\.cn",
        base_url="https://api.z.ai/api",
        env=("ZAI_API_KEY", "Z_AI_API_KEY"),
        speaks=("chat", "messages"),
        quirks=_THINKS_ALOUD,
        paths={"/v1/": to("/paas/v4/"), **_MESSAGES_BELOW},
        sides={"/anthropic": Side(quirks=_THINKS_ALOUD)},
    ),
    Provider(
        kind="moonshot",
        title="Moonshot",
        docs="https://platform.moonshot.ai/docs/api/chat",
        vendor="moonshot",
        hosts=r"api\.moonshot\.(ai|cn)",
        base_url="https://api.moonshot.ai",
        env=("MOONSHOT_API_KEY",),
        speaks=("chat", "messages"),
        quirks=_THINKS_ALOUD,
        paths=_MESSAGES_BELOW,
        sides={"/anthropic": Side(quirks=_THINKS_ALOUD)},
    ),
    Provider(
        kind="cohere",
        title="Cohere",
        docs="https://docs.cohere.com/docs/compatibility-api",
        vendor="cohere",
        hosts=r"api\.cohere\.(ai|com)",
        base_url="https://api.cohere.ai/compatibility",
        env=("COHERE_API_KEY", "CO_API_KEY"),
        quirks=msgspec.structs.replace(
            COMPATIBLE,
            refuses_fields=frozenset(
                (
                    *("store", "metadata", "logit_bias", "top_logprobs", "n", "service_tier"),
                    *("user", *_OPENAI_HINTS),
                )
            ),
        ),
    ),
    Provider(
        kind="perplexity",
        title="Perplexity",
        docs="https://docs.perplexity.ai/guides/chat-completions-guide",
        vendor="perplexity",
        hosts=r"api\.perplexity\.ai",
        base_url="https://api.perplexity.ai",
        env=("PERPLEXITY_API_KEY",),
        paths={"/v1/": to("/")},
    ),
    Provider(
        kind="ollama",
        title="Ollama",
        docs="https://docs.ollama.com/api/openai-compatibility",
        vendor="ollama",
        hosts=r".+:11434|ollama\.com",
        base_url="http://localhost:11434",
        quirks=msgspec.structs.replace(COMPATIBLE, takes_remote_images=False),
    ),
    Provider(
        kind="vllm",
        title="vLLM",
        docs="https://docs.vllm.ai/en/latest/serving/openai_compatible_server",
        vendor="vllm",
        base_url="http://localhost:8000",
        quirks=msgspec.structs.replace(COMPATIBLE, reasoning_field="reasoning"),
    ),
    Provider(
        kind="sglang",
        title="SGLang",
        docs="https://docs.sglang.ai/basic_usage/openai_api_completions.html",
        vendor="sglang",
        base_url="http://localhost:30000",
    ),
    Provider(
        kind="lmstudio",
        title="LM Studio",
        docs="https://lmstudio.ai/docs/developer/openai-compat",
        vendor="lmstudio",
        hosts=r".+:1234",
        base_url="http://localhost:1234",
        quirks=msgspec.structs.replace(COMPATIBLE, takes_remote_images=False),
    ),
    Provider(
        kind="llamacpp",
        title="llama.cpp",
        docs="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        vendor="llamacpp",
        base_url="http://localhost:8080",
    ),
)

UNKNOWN = Provider(
    kind="compatible",
    title="any compatible server",
    docs="docs/configuration.md",
    vendor="",
)
"""A server that nobody knows: chat, and nothing that a compatible server might refuse."""

_BY_KIND = {provider.kind: provider for provider in (*CATALOG, UNKNOWN)}
_BY_HOST = tuple((re.compile(row.hosts), row) for row in CATALOG if row.hosts is not None)


def provider_of(kind: Kind | None, base_url: str) -> Provider:
    """The row of `kind`, else the row whose host `base_url` names, else `UNKNOWN`."""
    if kind is not None:
        return _BY_KIND[kind]
    host = host_of(base_url)
    return next((row for pattern, row in _BY_HOST if pattern.fullmatch(host)), UNKNOWN)
