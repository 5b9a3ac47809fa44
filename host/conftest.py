"""Fixtures that more than one suite uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_aws import FakeAws
from fake_emqx import FakeEmqx
from machine import Machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A host of its own: real paths in a mount namespace, recorded systemctl. Needs root."""
    with Machine() as made:
        yield made


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Instance metadata, EC2 and Secrets Manager on loopback, which aws.py takes for the real ones."""
    with FakeAws() as made:
        made.stand_in(monkeypatch)
        yield made


@pytest.fixture
def emqx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEmqx]:
    """EMQX's API, command line and files, which the broker's programs take for the real ones."""
    made = FakeEmqx(tmp_path)
    made.stand_in(monkeypatch)
    yield made
    made.stop()
