import ast

from tests.promises.tree import functions, name_of, source_files


def test_every_file_opens_with_a_sentence() -> None:
    bare = []
    for path in source_files():
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if not docstring.split("\n\n")[0].rstrip().endswith((".", ":", "`", "?")):
            bare.append(name_of(path))
    assert not bare


def test_every_public_function_of_a_module_says_what_it_does() -> None:
    silent = []
    for path in source_files():
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                silent.append(f"{name_of(path)}:{node.name}")
    assert not silent


def test_no_import_hides_in_a_function_without_a_reason() -> None:
    hidden = []
    for path in source_files():
        lines = path.read_text("utf-8").splitlines()
        for function in functions(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    line = lines[node.lineno - 1]
                    if "noqa: PLC0415 - " not in line:
                        hidden.append(f"{name_of(path)}:{node.lineno}")
    assert not hidden
