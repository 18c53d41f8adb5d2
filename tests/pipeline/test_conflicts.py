from headgate.config import parse
from headgate.model.directory import Directory
from headgate.pipeline.conflicts import conflicts
from tests.config.documents import ENV, FULL
from tests.storage.directory.samples import backend, model, rewrite, user


def test_different_names_are_no_conflict() -> None:
    directory = Directory(users=(user(),), backends=(backend(),), models=(model(),))
    assert conflicts(parse(FULL, ENV, "headgate.yaml"), directory) == []


def test_every_name_in_both_is_named_with_both_places() -> None:
    directory = Directory(
        users=(user(name="alice"), user("u2")),
        backends=(backend(name="claude"), backend("b2", name="openai")),
        models=(model(name="fast"),),
        rewrites=(rewrite(source_model="gpt-4"),),
    )
    found = conflicts(parse(FULL, ENV, "headgate.yaml"), directory)
    assert [problem.where for problem in found] == [
        "users.alice",
        "backends.claude",
        "backends.openai",
        "models.fast",
        "rewrites.gpt-4",
    ]
    assert str(found[0]) == (
        "the database: users.alice: is defined here and in the configuration's file; "
        "remove it from one of them"
    )
