"""Which brokers are to lose their sessions."""

import pytest

from balancer.broker_states import Look, Server, look

HEADER = "# pxname,svname,scur,status,sid,type,\n"


def of(*statuses: str) -> Look:
    return Look({("b", f"e{n}"): Server(status, 1) for n, status in enumerate(statuses)})


@pytest.mark.parametrize(
    ("statuses", "abandoned", "draining"),
    [
        (["UP", "DOWN (agent)", "UP 1/2"], {1}, set()),
        (["UP", "DOWN", "DOWN"], set(), set()),
        (["UP", "UP", "DOWN", "DOWN"], {2, 3}, set()),
        # Half of those that do not drain.
        (["UP", "DOWN", "DRAIN"], {1}, {2}),
        (["DOWN", "DOWN", "DRAIN"], set(), set()),
        (["DRAIN", "DRAIN (agent)", "DRAIN"], set(), set()),
        (["UP", "MAINT", "no check"], {1}, set()),
        (["DOWN"], set(), set()),
    ],
)
def test_only_beside_as_many_that_are_usable(
    statuses: list[str], abandoned: set[int], draining: set[int]
) -> None:
    found = of(*statuses)
    assert found.abandoned() == {("b", f"e{n}") for n in abandoned}
    assert found.draining() == {("b", f"e{n}") for n in draining}


def test_servers_of_a_fallback_are_judged_by_their_checked_twins() -> None:
    rows = "brokers_mqtt,e0,1,DOWN,1,2,\nfallback_mqtt,e0,7,no check,1,2,\n"
    assert look(HEADER + rows).servers["fallback_mqtt", "e0"] == Server("DOWN", 7, "1")


def test_listeners_that_refuse_clients_are_named() -> None:
    rows = "mqtt,FRONTEND,0,PAUSED,0,0,\nmqtts,FRONTEND,0,OPEN,0,0,\nstats,FRONTEND,0,PAUSED,0,0,\n"
    assert look(HEADER + rows).closed_listeners == ("mqtt",)
