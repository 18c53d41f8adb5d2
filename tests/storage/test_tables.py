from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.tables import attempts, exchange_bodies, exchanges


def test_the_columns_are_the_records_fields() -> None:
    bodies = {"request_body", "response_body"}
    assert {c.name for c in exchanges.columns} == set(ExchangeRow.__struct_fields__) - bodies
    assert {c.name for c in exchange_bodies.columns} == bodies | {"exchange_id"}
    assert [c.name for c in attempts.columns] == list(AttemptRow.__struct_fields__)
