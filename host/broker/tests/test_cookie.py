"""A node cookie that would part a broker from its cluster."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import cluster, cookie


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A node of two that was started with `former`; the folder of the host's files."""
    (tmp_path / "seeds.env").write_text(
        """EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.1","emqx@10.0.0.2"]'\n"""
    )
    monkeypatch.setattr(cluster, "SEEDS", tmp_path / "seeds.env")
    monkeypatch.setattr(cookie, "NODE", tmp_path / "node.hocon")
    words = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"]
    with subprocess.Popen([*words, "-setcookie", "former"], stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n"
        monkeypatch.setattr(cookie, "main_pid", lambda: str(node.pid))
        yield tmp_path
        node.kill()


def given(folder: Path, value: str) -> None:
    (folder / "node.hocon").write_text(f'node {{\n  cookie = "{value}"\n}}\n')


def test_another_one_than_the_running_cluster_s_is_refused(
    running: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given(running, "new")
    assert cookie.main() == 1
    said = capsys.readouterr().out
    assert "emqx.cookie is another one than the running cluster's" in said
    assert "former" not in said
    given(running, "former")
    assert cookie.main() == 0


def test_a_broker_alone_may_have_another(running: Path) -> None:
    given(running, "new")
    (running / "seeds.env").write_text("""EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.1"]'\n""")
    assert cookie.main() == 0


def test_where_none_runs_any_is_right(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(running, "new")
    monkeypatch.setattr(cookie, "main_pid", lambda: "0")
    assert cookie.main() == 0
