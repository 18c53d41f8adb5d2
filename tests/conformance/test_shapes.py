"""Streams of shapes that no recording has, held to the same clients."""

import pytest

from tests.conformance import carry, natives, validators
from tests.conformance.carry import CALLERS
from tests.conformance.claims import SOURCE, TOLD
from tests.conformance.shapes import SHAPES, Shape
from tests.streams import pieces_of

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
"""The clients' models do not know what is unknown, and say so."""

EACH = [pytest.param(shape, id=f"{shape.dialect}: {shape.name}") for shape in SHAPES]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("shape", EACH)
def test_a_shape_means_to_its_caller_what_its_backend_said(shape: Shape, caller: str) -> None:
    raw = shape.sse.encode()
    got = carry.stream([raw], shape.dialect, caller, TOLD[caller], SOURCE)
    validators.check(caller, got.body, own_words=caller == shape.dialect)
    native = natives.stream(shape.dialect, shape.sse)
    natives.check_told(native, got, caller)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("shape", EACH)
def test_where_a_shape_is_cut_does_not_matter(shape: Shape, caller: str) -> None:
    raw = shape.sse.encode()
    whole = carry.stream([raw], shape.dialect, caller, TOLD[caller], SOURCE)
    for size in (1, 7, 64):
        pieces = pieces_of(raw, size)
        assert carry.stream(pieces, shape.dialect, caller, TOLD[caller], SOURCE) == whole
