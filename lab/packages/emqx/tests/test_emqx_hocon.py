"""HOCON as EMQX's files use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.packages.emqx.emqx_standin.hocon import HoconError, Value, merge, parse, parse_value


def test_objects_dotted_keys_and_all_kinds_of_values() -> None:
    text = """
    # a comment
    node { name = "emqx@10.0.0.5", max_ports = 1048576 } // another
    cluster.static.seeds = ["emqx@10.0.0.5", "emqx@10.0.0.6",]
    listeners.tcp."my name" {
      bind : 1883
      enable = true
      proxy_protocol_timeout = 3s
      ratio = 1.5
      note = several plain words
      nothing = null
    }
    """
    assert parse(text, "f") == {
        "node": {"name": "emqx@10.0.0.5", "max_ports": 1048576},
        "cluster": {"static": {"seeds": ["emqx@10.0.0.5", "emqx@10.0.0.6"]}},
        "listeners": {
            "tcp": {
                "my name": {
                    "bind": 1883,
                    "enable": True,
                    "proxy_protocol_timeout": "3s",
                    "ratio": 1.5,
                    "note": "several plain words",
                    "nothing": None,
                }
            }
        },
    }


def test_a_file_may_be_one_braced_object() -> None:
    assert parse('{ a = 1, b = "x" }', "f") == {"a": 1, "b": "x"}


def test_a_key_given_twice_merges_objects_and_replaces_values() -> None:
    assert parse("a.b = 1\na.c = 2\na { b = 3 }", "f") == {"a": {"b": 3, "c": 2}}


def test_escapes_and_texts_of_several_lines() -> None:
    assert parse('a = "x\\n\\"y\\" # no comment"\nb = """one\ntwo"""', "f") == {
        "a": 'x\n"y" # no comment',
        "b": "one\ntwo",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = 1 b = 2", "f:1: expected a comma or a new line before '='"),
        ("a {\n b = 1\n", "f:3: expected '}', found the end of the file"),
        ("a = [1, 2", "expected ']'"),
        ("a = emqx@10.0.0.5", "expected a comma or a new line before '@'"),
        ("a = 0.0.0.0:1883", "expected a comma or a new line before ':'"),
        ('a = "open', "a quoted text does not end on its line"),
        ("a = ${HOME}", "substitutions are not supported"),
        ('include "other.conf"', "include is not supported"),
        ("a += 1", "+= is not supported"),
        ("a = ", "expected a value, found the end of the file"),
        ("}", "expected a key, found '}'"),
    ],
)
def test_an_error_names_file_line_and_cause(text: str, reason: str) -> None:
    with pytest.raises(HoconError) as failure:
        parse(text, "f")
    assert reason in str(failure.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1883", 1883),
        ('"0.0.0.0:1883"', "0.0.0.0:1883"),
        ('["emqx@a", "emqx@b"]', ["emqx@a", "emqx@b"]),
        ("15s", "15s"),
    ],
)
def test_an_environment_variable_is_one_value(text: str, value: Value) -> None:
    assert parse_value(text, "variable") == value


@pytest.mark.parametrize("text", ["a:b", "a=b", "emqx@10.0.0.5"])
def test_an_unquoted_special_character_in_an_environment_variable_is_refused(text: str) -> None:
    with pytest.raises(HoconError, match="quote a text with"):
        parse_value(text, "environment variable EMQX_NODE__COOKIE")


def test_merging_leaves_its_arguments_alone() -> None:
    base: dict[str, Value] = {"a": {"b": 1}}
    assert merge(base, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert base == {"a": {"b": 1}}


def test_an_included_file_lies_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "chain.hocon").write_text("chain = [{ a = 1 }, { a = 2 }]\n")
    (tmp_path / "secrets.hocon").write_text('chain { "2" { secret = "s" } }\n')
    text = "".join(f'include required("{tmp_path}/{name}.hocon")\n' for name in ("chain", "secrets"))
    assert parse(text, "emqx.conf") == {"chain": [{"a": 1}, {"a": 2, "secret": "s"}]}


def test_a_missing_file_is_an_error_only_where_it_is_required(tmp_path: Path) -> None:
    assert parse(f'include "{tmp_path}/none"\na = 1\n', "emqx.conf") == {"a": 1}
    with pytest.raises(HoconError, match=r"include: .*No such file"):
        parse(f'include required("{tmp_path}/none")\n', "emqx.conf")
