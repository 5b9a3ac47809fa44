"""What a broker says of another one that does not answer any more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from broker import cluster, without

FIRST, SECOND, THIRD = (f"emqx@10.0.0.{number}" for number in (1, 2, 3))


class Cluster:
    """As the first of two planned brokers sees it."""

    def __init__(self) -> None:
        self.running = {FIRST, SECOND}
        self.stopped: set[str] = set()
        self.answers = True
        self.forgets = True
        self.told: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def members(self) -> cluster.Members | None:
        self.meanwhile()
        return cluster.Members(frozenset(self.running), frozenset(self.stopped)) if self.answers else None

    def ctl(self, *words: str, seconds: float) -> str:
        self.told.append(" ".join(words))
        if not self.forgets:
            return "Failed to remove the node from cluster\n"
        self.stopped.discard(words[-1])
        return "Remove the node from cluster successfully.\n"


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    (tmp_path / "seeds.env").write_text(f"""EMQX_CLUSTER__STATIC__SEEDS='["{FIRST}","{SECOND}"]'\n""")
    monkeypatch.setattr(cluster, "SEEDS", tmp_path / "seeds.env")
    monkeypatch.setattr(without, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(without, "INTERVAL_SECONDS", 0)
    its = Cluster()
    monkeypatch.setattr(without, "members", its.members)
    monkeypatch.setattr(without, "emqx_ctl", its.ctl)
    return its


def test_one_that_runs_serves(seen: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert without.main(SECOND) == 1
    assert capsys.readouterr().err == f"{SECOND} runs in the cluster\n"


def test_one_that_froze_is_waited_for_until_the_cluster_has_noticed(seen: Cluster) -> None:
    def noticed() -> None:
        seen.running.discard(SECOND)
        seen.stopped.add(SECOND)

    looks = iter([lambda: None, lambda: None, noticed])
    seen.meanwhile = lambda: next(looks, lambda: None)()
    assert without.main(SECOND) == 0


def test_one_that_is_replaced_keeps_its_place_since_its_volume_has_its_database(seen: Cluster) -> None:
    seen.running, seen.stopped = {FIRST}, {SECOND}
    assert without.main(SECOND) == 0
    assert seen.told == []


def test_one_that_is_removed_is_forgotten(seen: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    seen.stopped = {THIRD}
    assert without.main(THIRD) == 0
    assert seen.told == [f"cluster force-leave {THIRD}"]
    assert capsys.readouterr().out == f"{THIRD} does not run and is forgotten\n"


def test_one_that_is_not_forgotten_hinders_nobody_and_is_told(
    seen: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    seen.stopped, seen.forgets = {THIRD}, False
    assert without.main(THIRD) == 0
    assert "is not forgotten: Failed to remove the node" in capsys.readouterr().out


def test_one_that_left_is_no_matter(seen: Cluster) -> None:
    assert without.main(THIRD) == 0
    assert seen.told == []


def test_a_broker_that_is_not_well_itself_cannot_say(seen: Cluster) -> None:
    seen.answers = False
    assert without.main(SECOND) == 3
