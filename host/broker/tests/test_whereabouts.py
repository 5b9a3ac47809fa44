"""On which node a client is connected."""

import json

import pytest
from fake_emqx import FakeEmqx

from broker import whereabouts
from broker.emqx_api import ApiError


def test_each_is_looked_up_by_itself_and_nobody_is_listed(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.clients = {"a b": "lab", "c": "gone", "other": "lab"}
    assert whereabouts.main(["a b", "c", "d"]) == 0
    assert json.loads(capsys.readouterr().out) == {"a b": "emqx@10.0.0.5"}
    assert emqx.asked == [f"GET /api/v5/clients/{name}" for name in ("a b", "c", "d")]


def test_an_api_that_fails_is_not_nobody(emqx: FakeEmqx) -> None:
    emqx.refuses = "/api/v5/clients"
    with pytest.raises(ApiError, match="500"):
        whereabouts.main(["a"])
