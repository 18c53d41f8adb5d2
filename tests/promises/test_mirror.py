from tests.promises.tree import SOURCE, TESTS, name_of, source_files

WITHOUT = {"__init__.py", "__main__.py"}


def test_every_source_file_has_its_tests() -> None:
    missing = [
        name_of(path)
        for path in source_files()
        if path.name not in WITHOUT
        and not (TESTS / path.relative_to(SOURCE)).with_name(f"test_{path.name}").exists()
    ]
    assert not missing
