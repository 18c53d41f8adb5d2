import ast

from tests.promises.tree import ROOT, functions, name_of, source_files

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 40
TABLES = {
    "src/headgate/backends/catalog.py",
    "src/headgate/backends/abilities.py",
    "tests/server/corpus.py",
}
"""Data may be longer."""


def test_every_file_is_short_enough_to_read() -> None:
    files = [*source_files(), *(ROOT / "tests").rglob("*.py")]
    long = {
        name_of(path): lines
        for path in files
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_FILE_LINES
        and name_of(path) not in TABLES
    }
    assert not long


def test_every_function_is_short_enough_to_see() -> None:
    long = {
        f"{name_of(path)}:{node.name}": size
        for path in source_files()
        for node in functions(path)
        if (size := _size(node)) > MOST_FUNCTION_LINES
    }
    assert not long


def _size(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    last = node.end_lineno or node.lineno
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return last - node.lineno + 1 - ((first.end_lineno or 0) - first.lineno + 1)
    return last - node.lineno + 1
