from headgate.model.books import AttemptRow, ExchangeRow, Intent

CONTRACT = frozenset(
    (
        *("id", "created_at", "user_id", "backend_id", "endpoint", "dialect"),
        *("request_model", "routed_model", "response_model"),
        *("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"),
        *("total_tokens", "usage_source", "cost_usd", "status_code", "outcome"),
        *("error_message", "attempts", "time_to_first_event_ms", "response_time_ms"),
        *("overhead_us", "stream", "detail_logged", "request_body", "response_body"),
    )
)


def test_an_exchange_has_the_columns_of_the_contract() -> None:
    assert set(ExchangeRow.__struct_fields__) >= CONTRACT


def test_what_nobody_said_is_unknown_and_not_zero() -> None:
    exchange = ExchangeRow(id="a", created_at=0.0)
    attempt = AttemptRow(
        exchange_id="a", attempt=1, at=0.0, backend_id="b", routed_model="m", outcome="complete"
    )
    for row in (exchange, attempt):
        assert (row.prompt_tokens, row.completion_tokens, row.cost_usd) == (None, None, None)
        assert row.usage_source is None


def test_no_body_is_kept_unless_asked_for() -> None:
    exchange = ExchangeRow(id="a", created_at=0.0)
    assert (exchange.detail_logged, exchange.request_body, exchange.response_body) == (
        False,
        None,
        None,
    )


def test_an_intent_belongs_to_one_attempt_of_one_exchange() -> None:
    intent = Intent(exchange_id="a", attempt=2, at=1.0)
    assert (intent.exchange_id, intent.attempt) == ("a", 2)
    assert intent != Intent(exchange_id="a", attempt=1, at=1.0)
