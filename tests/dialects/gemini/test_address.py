"""Where Gemini requests go."""

import pytest

from headgate.dialects.dialect import Envelope
from headgate.dialects.gemini.address import path, readdress
from tests.dialects.gemini.drive import LEVEL


@pytest.mark.parametrize(
    ("model", "collection"),
    [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("a/../b?c#d", "models/a%2F..%2Fb%3Fc%23d"),
        ("models/x:y", "models/x%3Ay"),
    ],
)
def test_the_path_names_the_model_safely(model: str, collection: str) -> None:
    assert path(model, False) == f"/v1beta/{collection}:generateContent"
    assert path(model, True) == f"/v1beta/{collection}:streamGenerateContent?alt=sse"


def test_the_body_does_not_depend_on_the_destination() -> None:
    assert readdress(b'{"contents":[]}', Envelope(model="a"), LEVEL) == b'{"contents":[]}'
