"""What holds for all programs: they may travel without comments."""

import ast
import re

import pytest
from machine import PROGRAMS


def bare(text: str) -> str:
    """As it travels: see ARCHITECTURE.md."""
    return re.sub(r'^\s*("""[^"]*"""|#.*)\n', "", text, flags=re.M)


def shape(text: str) -> str:
    """The program but for its docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


@pytest.mark.parametrize("name", sorted(path.name for path in PROGRAMS.glob("*.py")))
def test_a_program_without_comments_is_the_same_program(name: str) -> None:
    text = (PROGRAMS / name).read_text()
    assert '"""' not in bare(text)
    assert shape(bare(text)) == shape(text)
