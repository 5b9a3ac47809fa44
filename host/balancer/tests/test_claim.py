"""Who may claim: the whole table of states and events."""

import pytest

from balancer.claim import HELD, IDLE, PENDING, UNSURE, YIELDED, Claim, after

EVENTS = ["MASTER", "MASTER_RX_LOWER_PRI", "BACKUP", "FAULT", "STOP"]
EVENTS += ["self", "nobody", "dead", "peer", "claimed", "paused", "settled"]

# What changes the phase; everything else leaves it.
TABLE = {
    (IDLE, "MASTER"): PENDING,
    (PENDING, "claimed"): HELD,
    (PENDING, "paused"): UNSURE,
    (UNSURE, "self"): HELD,
    (UNSURE, "nobody"): PENDING,
    (UNSURE, "dead"): PENDING,
    (UNSURE, "peer"): YIELDED,
    (HELD, "MASTER"): UNSURE,
    (HELD, "MASTER_RX_LOWER_PRI"): UNSURE,
    (HELD, "nobody"): PENDING,
    (HELD, "dead"): PENDING,
    (HELD, "peer"): YIELDED,
    (HELD, "paused"): UNSURE,
    **{
        (phase, word): IDLE
        for phase in (PENDING, UNSURE, HELD, YIELDED)
        for word in ("BACKUP", "FAULT", "STOP")
    },
}


@pytest.mark.parametrize("phase", [IDLE, PENDING, UNSURE, HELD, YIELDED])
@pytest.mark.parametrize("event", EVENTS)
def test_each_event_in_each_phase(phase: str, event: str) -> None:
    assert after(Claim(phase), event).phase == TABLE.get((phase, event), phase)


def told(*events: str) -> Claim:
    claim = Claim()
    for event in events:
        claim = after(claim, event)
    return claim


def test_after_a_yield_a_new_master_asks_before_it_claims() -> None:
    # Cut off from its peer, it becomes master again and again; it must not take the address back and forth.
    assert told("MASTER", "claimed", "peer", "FAULT", "BACKUP", "MASTER").phase == UNSURE
    assert told("MASTER", "claimed", "peer", "FAULT", "BACKUP", "MASTER", "peer").phase == YIELDED


def test_after_a_yield_a_peer_that_died_is_replaced() -> None:
    assert told("MASTER", "claimed", "peer", "FAULT", "BACKUP", "MASTER", "dead").phase == PENDING


def test_once_it_has_heard_its_peer_it_claims_at_once_again() -> None:
    assert told("MASTER", "claimed", "peer", "FAULT", "BACKUP", "settled", "MASTER").phase == PENDING


def test_a_thawed_backup_that_thinks_itself_master_asks_first() -> None:
    assert told("BACKUP", "paused", "MASTER").phase == UNSURE
    assert told("BACKUP", "paused", "settled", "MASTER").phase == PENDING


def test_a_thawed_master_asks_first() -> None:
    assert told("MASTER", "claimed", "paused").phase == UNSURE
    assert told("MASTER", "claimed", "paused", "self").phase == HELD
    assert told("MASTER", "claimed", "paused", "peer").phase == YIELDED


def test_a_claim_that_ec2_has_not_confirmed_ends_with_being_master() -> None:
    assert told("MASTER", "BACKUP").phase == IDLE
    assert told("MASTER", "BACKUP", "claimed").phase == IDLE
