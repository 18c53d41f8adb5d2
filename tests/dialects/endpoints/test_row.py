from headgate.dialects.endpoints.row import Row


def test_a_stream_is_wanted_where_the_rows_own_field_says_so() -> None:
    usual = Row(name="images", path="/v1/images/generations")
    assert usual.wants_stream({"stream": True})
    assert not usual.wants_stream({"stream": False})
    assert not usual.wants_stream({})
    speech = Row(name="audio", path="/v1/audio/speech", stream=("stream_format", "sse"))
    assert speech.wants_stream({"stream_format": "sse"})
    assert not speech.wants_stream({"stream_format": "audio", "stream": True})
