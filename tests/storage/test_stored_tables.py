from headgate.model.stored import Conversation, StoredResponse
from headgate.storage.stored_tables import conversations, stored_responses


def test_the_columns_are_the_records_fields() -> None:
    pairs = ((stored_responses, StoredResponse), (conversations, Conversation))
    for table, record in pairs:
        assert {column.name for column in table.columns} == set(record.__struct_fields__)
