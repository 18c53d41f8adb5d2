from headgate.storage.directory import DirectoryStore


async def test_settings_are_put_one_by_one_and_taken_away_by_none(store: DirectoryStore) -> None:
    assert await store.get_settings() == {}
    await store.put_settings(stream_detail="raw", retention="30d", other=[1, {"a": None}])
    await store.put_settings(stream_detail="off", retention=None, never_there=None)
    assert await store.get_settings() == {"stream_detail": "off", "other": [1, {"a": None}]}
    await store.put_settings()
    assert len(await store.get_settings()) == 2
