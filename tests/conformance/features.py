"""What callers can ask for, feature by feature, in the words of each caller's dialect."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQ="
LINK = "https://a.example/a"
SCHEMA: Json = {
    "type": "object",
    "properties": {"q": {"type": "string"}},
    "required": ["q"],
    "additionalProperties": False,
}


def chat(*messages: Json, **fields: Any) -> Json:
    """A request of the chat dialect."""
    said = list(messages) or [{"role": "user", "content": "hi"}]
    return {"model": "alias", "messages": said, **fields}


def messages(*said: Json, **fields: Any) -> Json:
    """A request of the messages dialect."""
    history = list(said) or [{"role": "user", "content": "hi"}]
    return {"model": "alias", "max_tokens": 4096, "messages": history, **fields}


def responses(*items: Json, **fields: Any) -> Json:
    """A request of the responses dialect."""
    return {"model": "alias", "input": list(items) or "hi", **fields}


def _chat_user(part: Json) -> Json:
    return chat({"role": "user", "content": [{"type": "text", "text": "see"}, part]})


def _messages_user(block: Json) -> Json:
    return messages({"role": "user", "content": [{"type": "text", "text": "see"}, block]})


def _responses_user(part: Json) -> Json:
    return responses({"role": "user", "content": [{"type": "input_text", "text": "see"}, part]})


_ASKED = {"role": "user", "content": "hi"}
_CHAT_TOOL = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
_MESSAGES_TOOL = {"name": "look", "input_schema": SCHEMA}
_RESPONSES_TOOL = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}


def _chat_calls(*results: Any) -> Json:
    calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "look", "arguments": '{"q":"x"}'},
        }
        for number in range(len(results))
    ]
    answers = [
        {"role": "tool", "tool_call_id": f"call_{number}", "content": result}
        for number, result in enumerate(results)
    ]
    said = {"role": "assistant", "content": "I look.", "tool_calls": calls}
    return chat(_ASKED, said, *answers, tools=[_CHAT_TOOL])


def _messages_calls(*results: Any, **more: Any) -> Json:
    calls = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": "look", "input": {"q": "x"}}
        for number in range(len(results))
    ]
    answers = [
        {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": result, **more}
        for number, result in enumerate(results)
    ]
    said = {"role": "assistant", "content": [{"type": "text", "text": "I look."}, *calls]}
    return messages(_ASKED, said, {"role": "user", "content": answers}, tools=[_MESSAGES_TOOL])


def _responses_calls(*results: Any) -> Json:
    calls = [
        {
            "type": "function_call",
            "call_id": f"call_{number}",
            "name": "look",
            "arguments": '{"q":"x"}',
        }
        for number in range(len(results))
    ]
    answers = [
        {"type": "function_call_output", "call_id": f"call_{number}", "output": result}
        for number, result in enumerate(results)
    ]
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
    }
    return responses(_ASKED, said, *calls, *answers, tools=[_RESPONSES_TOOL])


_MARK = {"cache_control": {"type": "ephemeral"}}

FEATURES: Mapping[str, Mapping[str, Json]] = {
    "instructions": {
        "chat": chat({"role": "system", "content": "Be kind."}, _ASKED),
        "messages": messages(system="Be kind."),
        "responses": responses(instructions="Be kind."),
    },
    "instructions inside the conversation": {
        "chat": chat(_ASKED, {"role": "developer", "content": "Be brief."}, _ASKED),
        "responses": responses(_ASKED, {"role": "developer", "content": "Be brief."}, _ASKED),
    },
    "a tool call and its result": {
        "chat": _chat_calls("7"),
        "messages": _messages_calls("7"),
        "responses": _responses_calls("7"),
    },
    "parallel tool calls and their results": {
        "chat": _chat_calls("7", "8"),
        "messages": _messages_calls("7", "8"),
        "responses": _responses_calls("7", "8"),
    },
    "a picture in a tool's result": {
        "messages": _messages_calls(
            [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                }
            ]
        ),
        "responses": _responses_calls(
            [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]
        ),
    },
    "a tool that failed": {"messages": _messages_calls("no", is_error=True)},
    "a picture in the body": {
        "chat": _chat_user(
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        ),
        "messages": _messages_user(
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        ),
        "responses": _responses_user(
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
        ),
    },
    "a picture by its address": {
        "chat": _chat_user({"type": "image_url", "image_url": {"url": LINK}}),
        "messages": _messages_user({"type": "image", "source": {"type": "url", "url": LINK}}),
        "responses": _responses_user({"type": "input_image", "image_url": LINK}),
    },
    "a document in the body": {
        "chat": _chat_user(
            {
                "type": "file",
                "file": {"file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"},
            }
        ),
        "messages": _messages_user(
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
            }
        ),
        "responses": _responses_user(
            {
                "type": "input_file",
                "file_data": f"data:application/pdf;base64,{PDF}",
                "filename": "a.pdf",
            }
        ),
    },
    "a document by its address": {
        "messages": _messages_user({"type": "document", "source": {"type": "url", "url": LINK}}),
        "responses": _responses_user({"type": "input_file", "file_url": LINK}),
    },
    "a file that lies with its vendor": {
        "chat": _chat_user({"type": "file", "file": {"file_id": "file-1"}}),
        "messages": _messages_user(
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
        ),
        "responses": _responses_user({"type": "input_file", "file_id": "file-1"}),
    },
    "sound in": {
        "chat": _chat_user(
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
        ),
    },
    "sound out": {
        "chat": chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}),
    },
    "a tool must be called": {
        "chat": chat(tools=[_CHAT_TOOL], tool_choice="required"),
        "messages": messages(tools=[_MESSAGES_TOOL], tool_choice={"type": "any"}),
        "responses": responses(tools=[_RESPONSES_TOOL], tool_choice="required"),
    },
    "one tool must be called": {
        "chat": chat(
            tools=[_CHAT_TOOL], tool_choice={"type": "function", "function": {"name": "look"}}
        ),
        "messages": messages(tools=[_MESSAGES_TOOL], tool_choice={"type": "tool", "name": "look"}),
        "responses": responses(
            tools=[_RESPONSES_TOOL], tool_choice={"type": "function", "name": "look"}
        ),
    },
    "no tool may be called": {
        "chat": chat(tools=[_CHAT_TOOL], tool_choice="none"),
        "messages": messages(tools=[_MESSAGES_TOOL], tool_choice={"type": "none"}),
        "responses": responses(tools=[_RESPONSES_TOOL], tool_choice="none"),
    },
    "one call at a time": {
        "chat": chat(tools=[_CHAT_TOOL], parallel_tool_calls=False),
        "messages": messages(
            tools=[_MESSAGES_TOOL],
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        ),
        "responses": responses(tools=[_RESPONSES_TOOL], parallel_tool_calls=False),
    },
    "custom tools": {
        "chat": chat(tools=[{"type": "custom", "custom": {"name": "sh", "description": "Runs."}}]),
        "responses": responses(tools=[{"type": "custom", "name": "sh", "description": "Runs."}]),
    },
    "namespaces of tools": {
        "responses": responses(
            tools=[{"type": "namespace", "name": "ns", "tools": [_RESPONSES_TOOL]}]
        ),
    },
    "a search that the vendor runs": {
        "chat": chat(web_search_options={}),
        "messages": messages(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        "responses": responses(tools=[{"type": "web_search"}]),
    },
    "code that the vendor runs": {
        "messages": messages(tools=[{"type": "code_execution_20250825", "name": "code_execution"}]),
        "responses": responses(tools=[{"type": "code_interpreter", "container": {"type": "auto"}}]),
    },
    "servers of tools": {
        "messages": messages(mcp_servers=[{"type": "url", "url": LINK, "name": "s"}]),
        "responses": responses(tools=[{"type": "mcp", "server_label": "s", "server_url": LINK}]),
    },
    "an answer of a given shape": {
        "chat": chat(
            response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
        ),
        "messages": messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
        "responses": responses(
            text={"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}
        ),
    },
    "an answer in JSON": {
        "chat": chat(response_format={"type": "json_object"}),
        "responses": responses(text={"format": {"type": "json_object"}}),
    },
    "how hard to think": {
        "chat": chat(reasoning_effort="high"),
        "messages": messages(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        "responses": responses(reasoning={"effort": "high", "summary": "auto"}),
    },
    "a budget for thinking": {
        "messages": messages(thinking={"type": "enabled", "budget_tokens": 2048}),
    },
    "temperature": {
        "chat": chat(temperature=0.5),
        "messages": messages(temperature=0.5),
        "responses": responses(temperature=0.5),
    },
    "top-k": {"messages": messages(top_k=5)},
    "seed and penalties": {"chat": chat(seed=7, presence_penalty=0.5, frequency_penalty=0.5)},
    "stop sequences": {
        "chat": chat(stop=["END"]),
        "messages": messages(stop_sequences=["END"]),
    },
    "several answers": {"chat": chat(n=2)},
    "probabilities of tokens": {
        "chat": chat(logprobs=True, top_logprobs=2),
        "responses": responses(top_logprobs=2, include=["message.output_text.logprobs"]),
    },
    "biased tokens": {"chat": chat(logit_bias={"7": 1})},
    "how many words to make": {
        "chat": chat(verbosity="low"),
        "responses": responses(text={"verbosity": "low"}),
    },
    "metadata": {
        "chat": chat(metadata={"a": "b"}),
        "responses": responses(metadata={"a": "b"}),
    },
    "the end user": {
        "chat": chat(safety_identifier="u1"),
        "messages": messages(metadata={"user_id": "u1"}),
        "responses": responses(safety_identifier="u1"),
    },
    "service tiers": {
        "chat": chat(service_tier="flex"),
        "messages": messages(service_tier="standard_only"),
        "responses": responses(service_tier="flex"),
    },
    "marks for the prompt cache": {
        "messages": messages(system=[{"type": "text", "text": "Be kind.", **_MARK}]),
    },
    "earlier responses": {"responses": responses(previous_response_id="resp_1")},
    "answers in the background": {"responses": responses(background=True)},
}
