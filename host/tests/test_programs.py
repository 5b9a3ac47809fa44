"""What holds for all programs: their size in user data, and that they may travel without comments."""

import ast
import gzip
import re

import pytest
from machine import PROGRAMS

# Needed by later sets only: the first that comes over SSH brings them.
LATER = {"update", "changes", "haproxy_runtime"}
BROKER = {"broker_agent", "data_volume"}
# User data is 16 KiB at most; the balancer's other files take up to 6.5.
LARGEST_BYTES = 10_240


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


def test_a_balancers_first_programs_are_small() -> None:
    names = sorted(path for path in PROGRAMS.glob("*.py") if path.stem not in LATER | BROKER)
    stream = "".join(bare(path.read_text()) for path in names)
    assert len(gzip.compress(stream.encode(), 9)) <= LARGEST_BYTES


@pytest.mark.parametrize("name", sorted(path.name for path in PROGRAMS.glob("*.py")))
def test_a_program_without_comments_is_the_same_program(name: str) -> None:
    text = (PROGRAMS / name).read_text()
    assert '"""' not in bare(text)
    assert shape(bare(text)) == shape(text)
