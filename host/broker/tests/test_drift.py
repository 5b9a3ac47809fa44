"""What was changed in EMQX behind the arguments is told."""

import json
from typing import Any

import pytest
from fake_emqx import FakeEmqx

from broker import drift


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert drift.main() == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_means_the_same_is_the_same(emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]) -> None:
    emqx.give_settings(
        mqtt={"idle_timeout": "1m", "max_packet_size": "2MB", "max_inflight": 16, "strict_mode": True},
        alarm={"actions": ["log"]},
    )
    other_words = 'idle_timeout = 60s, max_packet_size = 2048KB, max_inflight = "16", strict_mode = "true"'
    emqx.configuration = {
        "mqtt": f"mqtt {{\n{other_words}\n}}",
        "alarm": "alarm { actions = [log], size_limit = 1000 }",
    }
    assert told(capsys) == {"differs": {}, "elsewhere": []}


def test_what_the_dashboard_changed_is_told_with_both_values(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.give_settings(
        mqtt={"max_packet_size": "2MB", "max_inflight": 16}, retainer={"backend": {"type": "x"}}
    )
    emqx.configuration = {"mqtt": 'mqtt {max_packet_size = "9MB", max_inflight = 16}', "retainer": ""}
    (emqx.folder / "cluster.hocon").write_text("# generated\nsysmon {\n  vm { busy_port = true }\n}\n")
    assert told(capsys) == {
        "differs": {
            "mqtt.max_packet_size": {"expected": "2MB", "found": "9MB"},
            "retainer.backend.type": {"expected": "x", "found": None},
        },
        "elsewhere": ["sysmon"],
    }


def test_a_root_that_emqx_tells_nobody_is_passed_over(
    emqx: FakeEmqx, capsys: pytest.CaptureFixture[str]
) -> None:
    emqx.give_settings(broker={"perf": {"trie_compaction": False}})
    assert told(capsys)["differs"] == {}


def test_what_emqx_user_has_put_in_place_of_its_file_is_not_read(emqx: FakeEmqx) -> None:
    secret = emqx.folder / "secret"
    secret.write_text("root-only { x = 1 }\n")
    (emqx.folder / "cluster.hocon").symlink_to(secret)
    with pytest.raises(OSError, match=r"cluster\.hocon"):
        drift.main()
