"""What a broker says of itself."""

import json
import socket
import threading
from pathlib import Path

import pytest

from broker import health


@pytest.mark.parametrize(
    ("said", "code"), [("up ready 100%", 0), ("up drain", 0), ("down #not in its cluster", 1), ("", 1)]
)
def test_it_is_as_its_agent_says(
    said: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "SETTINGS", tmp_path / "agent.json")
    with socket.create_server(("127.0.0.1", 0)) as agent:
        (tmp_path / "agent.json").write_text(json.dumps({"port": agent.getsockname()[1]}))
        thread = threading.Thread(target=lambda: agent.accept()[0].sendall(f"{said}\n".encode()))
        thread.start()
        assert health.main() == code
        thread.join()
    assert (f"broker-agent says {said or 'nothing'}" in capsys.readouterr().out) == (code == 1)


def test_without_its_agent_it_is_not_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SETTINGS", tmp_path / "none.json")
    assert health.main() == 1
