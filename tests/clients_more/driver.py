"""The libraries, each holding one streamed conversation with tools for each line of JSON."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable
from typing import Any

import litellm  # type: ignore[import-not-found]
from anthropic import AsyncAnthropic
from langchain_anthropic import ChatAnthropic  # type: ignore[import-not-found]
from langchain_core.messages import HumanMessage, ToolMessage  # type: ignore[import-not-found]
from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]
from openai import AsyncOpenAI
from pydantic_ai import Agent, Tool  # type: ignore[import-not-found]
from pydantic_ai.messages import (  # type: ignore[import-not-found]
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.models.anthropic import AnthropicModel  # type: ignore[import-not-found]
from pydantic_ai.models.openai import (  # type: ignore[import-not-found]
    OpenAIChatModel,
    OpenAIResponsesModel,
)
from pydantic_ai.providers.anthropic import AnthropicProvider  # type: ignore[import-not-found]
from pydantic_ai.providers.openai import OpenAIProvider  # type: ignore[import-not-found]

Asked = dict[str, Any]
Turn = dict[str, Any]

QUESTION = "Well?"
MOST_TURNS = 5
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": True}


def converse_with_pydantic_ai(asked: Asked, model: Any) -> list[Turn]:
    """The agent runs the tools itself."""
    tools = [_tool(name, result) for name, result in asked["results"].items()]
    agent = Agent(model, tools=tools, retries=0)

    async def listen(_: Any, events: Any) -> None:
        async for _event in events:
            pass

    done = asyncio.run(agent.run(QUESTION, event_stream_handler=listen))
    said = [one for one in done.all_messages() if isinstance(one, ModelResponse)]
    return [_pydantic_turn(one) for one in said]


def _tool(name: str, result: str) -> Any:
    def answer(**_: Any) -> str:
        return result

    return Tool.from_schema(answer, name=name, description=name, json_schema=SCHEMA)


def _pydantic_turn(said: Any) -> Turn:
    calls = [part for part in said.parts if isinstance(part, ToolCallPart)]
    return {
        "text": "".join(part.content for part in said.parts if isinstance(part, TextPart)),
        "thought": "".join(part.content for part in said.parts if isinstance(part, ThinkingPart)),
        "calls": [[call.tool_name, call.args_as_dict()] for call in calls],
        "input": said.usage.input_tokens,
        "output": said.usage.output_tokens,
    }


def converse_with_langchain(asked: Asked, model: Any) -> list[Turn]:
    """Chunks are added up, tools are run here."""
    tools = [
        {"type": "function", "function": {"name": name, "description": name, "parameters": SCHEMA}}
        for name in asked["results"]
    ]
    bound = model.bind_tools(tools)
    history: list[Any] = [HumanMessage(QUESTION)]
    turns: list[Turn] = []
    while not turns or (turns[-1]["calls"] and len(turns) < MOST_TURNS):
        whole: Any = None
        for chunk in bound.stream(history):
            whole = chunk if whole is None else whole + chunk
        turns.append(_langchain_turn(whole))
        history.append(whole)
        history += [
            ToolMessage(asked["results"][call["name"]], tool_call_id=call["id"])
            for call in whole.tool_calls
        ]
    return turns


def _langchain_turn(whole: Any) -> Turn:
    blocks = whole.content_blocks
    return {
        "text": "".join(b["text"] for b in blocks if b["type"] == "text"),
        "thought": "".join(b.get("reasoning", "") for b in blocks if b["type"] == "reasoning"),
        "calls": [[call["name"], call["args"]] for call in whole.tool_calls],
        "input": whole.usage_metadata["input_tokens"],
        "output": whole.usage_metadata["output_tokens"],
    }


def converse_with_litellm(asked: Asked, model: str, base: str) -> list[Turn]:
    """Chunks are added up by the library, tools are run here."""
    tools = [
        {"type": "function", "function": {"name": name, "description": name, "parameters": SCHEMA}}
        for name in asked["results"]
    ]
    history: list[Any] = [{"role": "user", "content": QUESTION}]
    turns: list[Turn] = []
    while not turns or (turns[-1]["calls"] and len(turns) < MOST_TURNS):
        chunks = list(
            litellm.completion(
                model=model,
                messages=history,
                tools=tools,
                api_base=base,
                api_key=asked["key"],
                stream=True,
                stream_options={"include_usage": True},
                num_retries=0,
                max_retries=0,
            )
        )
        whole = litellm.stream_chunk_builder(chunks, messages=history)
        message = whole.choices[0].message
        calls = message.tool_calls or []
        turns.append(
            {
                "text": message.content or "",
                "thought": getattr(message, "reasoning_content", None) or "",
                "calls": [[c.function.name, json.loads(c.function.arguments)] for c in calls],
                "input": whole.usage.prompt_tokens,
                "output": whole.usage.completion_tokens,
            }
        )
        history.append(message)
        for call in calls:
            content = asked["results"][call.function.name]
            history.append({"role": "tool", "tool_call_id": call.id, "content": content})
    return turns


def _openai(asked: Asked) -> Any:
    base = f"{asked['url']}/v1"
    return OpenAIProvider(
        openai_client=AsyncOpenAI(base_url=base, api_key=asked["key"], max_retries=0)
    )


def _anthropic(asked: Asked) -> Any:
    client = AsyncAnthropic(base_url=asked["url"], api_key=asked["key"], max_retries=0)
    return AnthropicProvider(anthropic_client=client)


def _chat_openai(asked: Asked, **more: Any) -> Any:
    base = f"{asked['url']}/v1"
    return ChatOpenAI(
        model=asked["model"], base_url=base, api_key=asked["key"], max_retries=0, **more
    )


def _chat_anthropic(asked: Asked) -> Any:
    return ChatAnthropic(
        model=asked["model"], base_url=asked["url"], api_key=asked["key"], max_retries=0
    )


CLIENTS: dict[str, Callable[[Asked], list[Turn]]] = {
    "pydantic-ai openai chat": lambda asked: converse_with_pydantic_ai(
        asked, OpenAIChatModel(asked["model"], provider=_openai(asked))
    ),
    "pydantic-ai openai responses": lambda asked: converse_with_pydantic_ai(
        asked, OpenAIResponsesModel(asked["model"], provider=_openai(asked))
    ),
    "pydantic-ai anthropic": lambda asked: converse_with_pydantic_ai(
        asked, AnthropicModel(asked["model"], provider=_anthropic(asked))
    ),
    "langchain openai chat": lambda asked: converse_with_langchain(
        asked, _chat_openai(asked, stream_usage=True)
    ),
    "langchain openai responses": lambda asked: converse_with_langchain(
        asked, _chat_openai(asked, use_responses_api=True, output_version="responses/v1")
    ),
    "langchain anthropic": lambda asked: converse_with_langchain(asked, _chat_anthropic(asked)),
    "litellm openai": lambda asked: converse_with_litellm(
        asked, f"openai/{asked['model']}", f"{asked['url']}/v1"
    ),
    "litellm anthropic": lambda asked: converse_with_litellm(
        asked, f"anthropic/{asked['model']}", asked["url"]
    ),
}


def main() -> None:
    """Answers lines until there are no more."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    # A stream that a library left open is closed when it is collected; where that happens inside
    # the connection pool, the pool waits for its own lock for ever.
    gc.disable()
    for line in sys.stdin:
        gc.collect()
        asked = json.loads(line)
        try:
            answer: Any = CLIENTS[asked["client"]](asked)
        except Exception as error:  # noqa: BLE001 - whatever a library raises is the answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


main()
