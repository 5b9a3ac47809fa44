"""Servers behind the chain that EMQX does not reach."""

import json
from typing import Any

import pytest
from fake_emqx import FakeEmqx

from broker import servers


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert servers.main() == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_server_that_does_not_answer_is_told_by_link_and_node(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.authentication += [
        {"mechanism": "password_based", "backend": "http", "enable": True},
        {"mechanism": "password_based", "backend": "mysql", "enable": False},
        {"mechanism": "jwt", "enable": True},
    ]
    assert told(capsys) == {}
    emqx.servers = {"password_based:http": "disconnected", "password_based:mysql": "disconnected"}
    assert told(capsys) == {"password_based:http": {"emqx@10.0.0.2": "disconnected"}}
