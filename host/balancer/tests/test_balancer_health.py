"""What a balancer says of itself."""

from pathlib import Path

import pytest

from balancer import health


@pytest.mark.parametrize(
    ("said", "code", "printed"),
    [("0\n", 0, ""), ("1\n", 1, "haproxy-watch reports a fault"), (None, 1, "No such file")],
)
def test_it_is_as_its_watcher_says(
    said: str | None,
    code: int,
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(health, "RUN", tmp_path)
    if said:
        (tmp_path / "fault").mkdir()
        (tmp_path / "fault/haproxy").write_text(said)
    assert health.main() == code
    assert printed in capsys.readouterr().out
