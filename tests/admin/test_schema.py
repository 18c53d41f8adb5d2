from headgate.admin import schema
from headgate.model.book_query import RequestQuery
from headgate.model.books import AttemptRow, ExchangeRow

CONTRACT = (
    "id, created_at, user_id, backend_id, endpoint, dialect, request_model, routed_model, "
    "response_model, prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, "
    "total_tokens, usage_source, cost_usd, status_code, outcome, error_message, attempts, "
    "time_to_first_event_ms, response_time_ms, overhead_us, stream, detail_logged, request_body, "
    "response_body"
)


def test_a_row_has_the_fields_of_the_contract_in_order_and_names_beside_them() -> None:
    fields = ", ".join(schema.RequestRow.model_fields)
    assert fields == f"{CONTRACT}, user_name, backend_name, session"


def test_the_shapes_say_all_that_the_records_know() -> None:
    assert set(ExchangeRow.__struct_fields__) == set(schema.RequestDetail.model_fields) - {
        "attempt_rows"
    }
    assert set(AttemptRow.__struct_fields__) - {"exchange_id", "user_id"} == set(
        schema.AttemptRow.model_fields
    )


def test_every_parameter_reaches_the_query() -> None:
    assert set(schema.RequestParams.model_fields) == set(RequestQuery.__struct_fields__)
