"""Where Converse requests go."""

from headgate.dialects.converse.address import path, readdress
from headgate.dialects.dialect import Envelope
from tests.dialects.converse.drive import ADAPTIVE


def test_ids_and_arns_are_one_safe_step_of_the_path() -> None:
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude"

    assert path("amazon.nova-lite-v1:0", False) == "/model/amazon.nova-lite-v1%3A0/converse"
    assert path(arn, True) == (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude"
        "/converse-stream"
    )


def test_the_body_does_not_depend_on_the_destination() -> None:
    assert readdress(b'{"messages":[]}', Envelope(model="a"), ADAPTIVE) == b'{"messages":[]}'
