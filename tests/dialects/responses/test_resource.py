import msgspec

from headgate.dialects.dialect import Ties
from headgate.dialects.responses.resource import blank_resource, new_resource, response_id
from tests.dialects.responses import given

# What the Open Responses schema demands (responseResourceSchema).
DEMANDED = {
    "id", "object", "created_at", "completed_at", "status", "incomplete_details", "model",
    "previous_response_id", "instructions", "output", "error", "tools", "tool_choice",
    "truncation", "parallel_tool_calls", "text", "top_p", "presence_penalty",
    "frequency_penalty", "top_logprobs", "temperature", "reasoning", "usage",
    "max_output_tokens", "max_tool_calls", "store", "background", "service_tier", "metadata",
    "safety_identifier", "prompt_cache_key",
}  # fmt: skip


def test_t97_every_key_is_there_whatever_was_asked() -> None:
    assert blank_resource("r", "m", 1).keys() >= DEMANDED
    assert new_resource(given.context(), "r", None).keys() >= DEMANDED


def test_the_request_is_echoed() -> None:
    context = given.context(
        {
            "input": "hi",
            "instructions": "be brief",
            "temperature": 0.5,
            "reasoning": {"effort": "low"},
            "text": {"format": {"type": "json_object"}, "verbosity": "low"},
            "tools": [{"type": "function", "name": "f"}],
            "tool_choice": {"type": "function", "name": "f"},
            "metadata": {"a": "b"},
            "store": False,
            "conversation": "conv_1",
            "max_tool_calls": 2,
        }
    )
    resource = new_resource(context, "r", 9)
    assert resource["instructions"] == "be brief"
    assert resource["temperature"] == 0.5
    assert resource["reasoning"] == {"effort": "low", "summary": None}
    assert resource["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    assert resource["tools"][0]["name"] == "f"
    assert resource["tool_choice"] == {"type": "function", "name": "f"}
    assert resource["metadata"] == {"a": "b"}
    assert resource["store"] is False
    assert resource["conversation"] == {"id": "conv_1"}
    assert resource["max_tool_calls"] == 2
    assert (resource["created_at"], resource["model"]) == (9, "fast")


def test_what_the_request_was_tied_to_is_echoed_though_it_stands_alone() -> None:
    ties = Ties(previous="resp_1", background=True)
    context = msgspec.structs.replace(given.context(), ties=ties)
    resource = new_resource(context, "r", None)
    assert (resource["previous_response_id"], resource["background"]) == ("resp_1", True)
    context = msgspec.structs.replace(context, ties=Ties(conversation="conv_1", store=False))
    resource = new_resource(context, "r", None)
    assert (resource["conversation"], resource["store"]) == ({"id": "conv_1"}, False)


def test_a_backends_id_is_kept_where_it_can_be_asked_for_again() -> None:
    context = given.context()
    assert response_id(context, "resp_7", None) == "resp_7"
    assert response_id(context, "uuid", {"responses": {"store": True}}) == "uuid"
    assert response_id(context, "msg_7", None) == f"resp_{given.SEED}000"
    assert response_id(context, "", {"responses": {"store": True}}) == f"resp_{given.SEED}000"
