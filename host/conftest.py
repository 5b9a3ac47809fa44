"""Fixtures that more than one suite uses."""

from collections.abc import Iterator

import pytest
from fake_aws import FakeAws
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
