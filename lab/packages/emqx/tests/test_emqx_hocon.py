"""HOCON as EMQX's files use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.packages.emqx.emqx_standin.hocon import Value, merge, parse, parse_file, parse_value
from lab.packages.emqx.emqx_standin.hocon_tokens import HoconError


def test_objects_dotted_keys_and_all_kinds_of_values() -> None:
    text = """
    # a comment
    node { name = "emqx@10.0.0.5", max_ports = 1048576 } // another
    cluster.static.seeds = ["emqx@10.0.0.5" "emqx@10.0.0.6", a b]
    listeners.tcp { "my name" {
      bind : 1883
      enable = true
      proxy_protocol_timeout = 3s
      size = 5MB
      ratio = 1.5
      note = several plain words
      node = emqx@host-1.example
      nothing = null
    } }
    """
    assert parse(text, "f") == {
        "node": {"name": "emqx@10.0.0.5", "max_ports": 1048576},
        # Texts side by side are one.
        "cluster": {"static": {"seeds": ["emqx@10.0.0.5emqx@10.0.0.6", "ab"]}},
        "listeners": {
            "tcp": {
                "my name": {
                    "bind": 1883,
                    "enable": True,
                    "proxy_protocol_timeout": "3s",
                    "size": "5MB",
                    "ratio": 1.5,
                    "note": "severalplainwords",
                    "node": "emqx@host-1.example",
                    "nothing": None,
                }
            }
        },
    }


def test_a_text_may_be_one_braced_object() -> None:
    assert parse('{ a = 1, b = "x", }', "f") == {"a": 1, "b": "x"}


def test_a_key_given_twice_merges_objects_and_replaces_values() -> None:
    assert parse("a.b = 1\na.c = 2\na { b = 3 }", "f") == {"a": {"b": 3, "c": 2}}


def test_objects_on_one_line_are_one_and_on_two_lines_are_two() -> None:
    assert parse("a = [{b = 1} {c = 2}]", "f") == {"a": [{"b": 1, "c": 2}]}
    assert parse("a = [{b = 1}\n{c = 2}]", "f") == {"a": [{"b": 1}, {"c": 2}]}


def test_a_number_as_a_key_changes_that_element_of_an_array() -> None:
    text = 'chain = [{kind = jwt}, {kind = http}]\nchain { "1" { secret = x } }\nchain.2.kind = ldap'
    assert parse(text + "\nchain {}", "f") == {"chain": [{"kind": "jwt", "secret": "x"}, {"kind": "ldap"}]}
    with pytest.raises(HoconError, match="element 4 of an array with 2"):
        parse("a = [1, 2]\na.4 = 5", "f")


def test_escapes_and_texts_of_several_lines() -> None:
    assert parse('a = "x\\n\\"y\\" # no comment \\u0041"\nb = """one\n"two" \\n"""', "f") == {
        "a": 'x\n"y" # no comment \\u0041',
        "b": 'one\n"two" \\n',
    }


def test_a_backslash_before_the_last_quote_of_a_line_is_itself() -> None:
    assert parse('a = "C:\\\\"\nb = "C:\\"', "f") == {"a": "C:\\", "b": "C:\\"}
    with pytest.raises(HoconError):
        parse('a = ["C:\\\\", "D"]', "f")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a {\n b = 1\n", "f:3: expected a key with its value, found the end of the file"),
        ("a = [1, 2", "expected a value, found the end of the file"),
        ("a = 0.0.0.0", "expected a key with its value, found '0.0'"),
        ("a = /var/lib", "f:1: illegal character '/'"),
        ("_a = 1", "illegal character '_'"),
        ("1 = a", "expected a key with its value, found '1'"),
        ("true = a", "expected a key with its value, found 'True'"),
        ('a = "open', "a quoted text does not end on its line"),
        ("a = ${HOME}", "knows no substitutions"),
        ("a += 1", "illegal character '+'"),
        ("a = ", "expected a value, found the end of the file"),
        ("a = [1] {}", "of different kinds"),
        ('a."b" = 1', "expected a key with its value, found 'a.'"),
        ("}", "expected a key with its value, found '}'"),
        ('include "other.conf"', "in files only"),
    ],
)
def test_an_error_names_file_line_and_cause(text: str, reason: str) -> None:
    with pytest.raises(HoconError) as failure:
        parse(text, "f")
    assert reason in str(failure.value)


def test_a_file_takes_what_others_say_where_it_includes_them(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "secret.hocon").write_text('chain { "1" { secret = "s" } }\ninclude inner.hocon\n')
    (tmp_path / "parts" / "inner.hocon").write_text("\ufeffdepth = 2\nlater = 1\n")
    main = tmp_path / "main.conf"
    main.write_text(
        "chain = [{kind = jwt}]\n"
        f'include required("{tmp_path}/parts/secret.hocon")\n'
        'later = 2\ninclude "not there"\nobject { include "parts/inner.hocon" }\n'
    )
    assert parse_file(main) == {
        "chain": [{"kind": "jwt", "secret": "s"}],
        "depth": 2,
        "later": 2,
        "object": {"depth": 2, "later": 1},
    }


def test_a_file_that_is_required_must_be_there_and_no_file_includes_itself(tmp_path: Path) -> None:
    main = tmp_path / "main.conf"
    main.write_text('a = 1\ninclude required("gone.hocon")\n')
    with pytest.raises(HoconError, match=r"main.conf:2: includes .*gone.hocon, which is not there"):
        parse_file(main)
    main.write_text('include "main.conf"\n')
    with pytest.raises(HoconError, match="includes itself"):
        parse_file(main)


def test_a_file_has_no_comma_behind_the_last_of_an_array(tmp_path: Path) -> None:
    main = tmp_path / "main.conf"
    main.write_text("a = [1, 2,]\n")
    with pytest.raises(HoconError, match="expected a value, found ']'"):
        parse_file(main)
    assert parse("a = [1, 2,]", "request") == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1883", 1883),
        ('"0.0.0.0:1883"', "0.0.0.0:1883"),
        ('["emqx@a", "emqx@b"]', ["emqx@a", "emqx@b"]),
        ("15s", "15s"),
        ("", ""),
        # What is no HOCON is a text as it stands.
        ("0.0.0.0:1883", "0.0.0.0:1883"),
        ("a=b", "a=b"),
        # And what is HOCON ends at a comment.
        ("secret#1", "secret"),
    ],
)
def test_an_environment_variable_is_one_value(text: str, value: Value) -> None:
    assert parse_value(text) == value


def test_merging_leaves_its_arguments_alone() -> None:
    base: dict[str, Value] = {"a": {"b": 1}}
    assert merge(base, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert base == {"a": {"b": 1}}
