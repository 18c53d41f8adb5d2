import msgspec
import pytest

from headgate.dialects.destination import Abilities, Destination, Quirks, Source
from headgate.model.request import ToolRef


@pytest.mark.parametrize("kind", [Quirks, Abilities, Destination, Source])
def test_what_a_dialect_is_told_cannot_be_changed(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen


def test_without_a_word_a_backend_is_the_vendors_own_endpoint() -> None:
    target = Destination(model="m", vendor="v")
    assert (target.quirks, target.abilities) == (Quirks(), Abilities())
    quirks = target.quirks
    assert quirks.usage_in_stream
    assert quirks.developer_role
    assert quirks.model_in_body
    assert (quirks.refuses_fields, quirks.body_version) == (frozenset(), None)


def test_without_a_word_a_model_can_what_models_can() -> None:
    able = Abilities()
    assert able.efforts == ()
    assert able.native_schema
    assert able.images
    assert able.most_output > 0


def test_a_source_knows_no_tools_until_it_is_told() -> None:
    plain = Source()
    assert (plain.vendor, dict(plain.tools), plain.schema_tool) == ("unknown", {}, None)
    told = Source(vendor="v", tools={"files__read": ToolRef("read", "files")})
    assert told.tools["files__read"].name == "read"
    assert Source().tools == {}
