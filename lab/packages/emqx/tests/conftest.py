"""Brokers for tests; each module has a network and brokers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.packages.emqx.tests.stage import Node, image_layers, network_of_its_own

NewNode = Callable[[], Node]


@pytest.fixture(scope="session")
def layers() -> list[str]:
    return image_layers()


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    with network_of_its_own():
        yield


@pytest.fixture(scope="module")
def new_node(layers: list[str], network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewNode]:
    """A machine for a broker, with an address of its own; the broker is not started yet."""
    nodes: list[Node] = []

    def make() -> Node:
        folder: Path = tmp_path_factory.mktemp("node")
        nodes.append(Node(folder, layers, f"127.0.0.{len(nodes) + 1}"))
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()


@pytest.fixture(scope="module")
def broker(new_node: NewNode) -> Node:
    """A broker that runs, alone and with EMQX's defaults."""
    node = new_node()
    node.configure()
    node.start()
    return node
