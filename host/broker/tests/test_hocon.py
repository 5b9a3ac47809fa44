"""What EMQX prints of its configuration is read as it is meant."""

import pytest

from broker.hocon import parse

PRINTED = '''\
# This file is generated. Do not edit.
mqtt {
  client_attrs_init = [
    {expression = "username", set_as_attr = name},
    {expression = "concat(['a', \\"b\\"])", set_as_attr = "x"}
  ]
  keepalive_multiplier = 1.5
  max_packet_size = "1MB"
  retain_available = true
  server_keepalive = disabled
}
rewrite = []
log { file { level = warning } }, rule_engine.rules = """~
  SELECT *
  FROM "t/#"~"""
'''


def test_objects_lists_words_and_texts_are_read() -> None:
    found = parse(PRINTED)
    assert found["mqtt"] == {
        "client_attrs_init": [
            {"expression": "username", "set_as_attr": "name"},
            {"expression": "concat(['a', \"b\"])", "set_as_attr": "x"},
        ],
        "keepalive_multiplier": "1.5",
        "max_packet_size": "1MB",
        "retain_available": True,
        "server_keepalive": "disabled",
    }
    assert found["rewrite"] == []
    assert found["log"] == {"file": {"level": "warning"}}
    assert 'FROM "t/#"' in found["rule_engine.rules"]


def test_an_empty_text_has_no_members() -> None:
    assert parse("# nothing\n\n") == {}


@pytest.mark.parametrize("text", ["a {", "a = }", "= 1", "a = [1", 'a = "b'])
def test_what_is_no_hocon_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="HOCON"):
        parse(text)
