import re

from tests.promises.tree import name_of, source_files

FORBIDDEN = re.compile(
    r"(^|_)(utils?|helpers?|common|misc|base(?!_url)|manager|handlers?|processor|v\d)(_|\.py|$)"
)
PROVIDERS = r"openai|anthropic|azure|groq|mistral|deepseek|openrouter|xai|google|bedrock"
COMPARED = re.compile(rf"""(==|!=|\bin\b \()\s*["']({PROVIDERS})["']""")
ALLOWED_COMPARISONS = {
    # A dialect's folder knows whose opaque state its own field carries.
    "src/headgate/dialects/",
}


def test_no_file_has_a_name_that_says_nothing() -> None:
    bad = [name_of(path) for path in source_files() if FORBIDDEN.search(path.name)]
    assert not bad


def test_no_provider_is_ever_compared_by_name() -> None:
    bad = [
        f"{name_of(path)}:{number}"
        for path in source_files()
        if not name_of(path).startswith(tuple(ALLOWED_COMPARISONS))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if COMPARED.search(line)
    ]
    assert not bad
