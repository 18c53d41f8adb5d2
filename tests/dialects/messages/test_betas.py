import pytest

from headgate.dialects.messages import betas


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("context_management", {"edits": []}, ("context-management-2025-06-27",)),
        (
            "context_management",
            {"edits": [{"type": "compact_20260112"}]},
            ("context-management-2025-06-27", "compact-2026-01-12"),
        ),
        ("container", "container_1", ()),
        ("container", {"skills": [{}]}, ("skills-2025-10-02", betas.FILES)),
        ("speed", "standard", ()),
        ("speed", "fast", ("fast-mode-2026-02-01",)),
        ("output_config", {"effort": "low"}, ()),
        ("output_config", {"task_budget": {}}, ("task-budgets-2026-03-13",)),
        ("mcp_servers", None, ()),
        ("temperature", 1, ()),
    ],
)
def test_the_betas_of_a_field(key: str, value: object, expected: tuple[str, ...]) -> None:
    assert betas.of_field(key, value) == expected


def test_the_betas_of_a_body_are_each_told_once() -> None:
    file = {"type": "image", "source": {"type": "file", "file_id": "f"}}
    body = {
        "messages": [{"content": [file, file]}, {"content": "text"}],
        "tools": [{"type": "code_execution_20250522"}, {"name": "look"}],
        "mcp_servers": [{}],
    }
    assert betas.needed(body) == (
        "mcp-client-2025-11-20",
        "code-execution-2025-05-22",
        betas.FILES,
    )
