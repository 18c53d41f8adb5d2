"""The published matrix is what the translators do."""

import pytest

from tests.conformance import matrix
from tests.conformance.carry import BACKENDS, CALLERS
from tests.conformance.features import FEATURES

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")


def test_the_published_page_is_current() -> None:
    """``python -m tests.conformance.matrix`` makes it so."""
    assert matrix.PAGE.read_text("utf-8") == matrix.page()


def test_every_feature_is_asked_by_somebody() -> None:
    assert all(said.keys() <= set(CALLERS) and said for said in FEATURES.values())


@pytest.mark.parametrize("dialect", CALLERS)
def test_a_dialect_carries_its_own_features_without_loss(dialect: str) -> None:
    assert dialect in BACKENDS
    told = {
        name: matrix.asked(dialect, dialect, said[dialect])
        for name, said in FEATURES.items()
        if dialect in said
    }
    # OpenAI's reasoning models take no temperature.
    assert {name for name, cell in told.items() if cell != "yes"} <= {"temperature"}
