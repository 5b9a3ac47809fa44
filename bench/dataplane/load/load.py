"""A load process: reads orders from standard input, one a line, and answers each by a line of JSON."""

import json
import sys
from collections.abc import Callable, Mapping

from client import NAME_TOPIC, Client
from connecting import Arrivals, closed, connect, hold, places, refuse, release
from order import Order, read_order
from publishing import round_trips, throughput
from staying import Staying


def main() -> None:
    """Until standard input ends. What fails is answered as `error`."""
    arrivals, staying = Arrivals(), Staying()
    actions: dict[str, Callable[[Order], Mapping[str, object]]] = {
        "connect": connect,
        "refuse": refuse,
        "places": places,
        "hold": hold,
        "closed": closed,
        "release": release,
        "roundTrips": round_trips,
        "throughput": throughput,
        "arrive": arrivals.begin,
        "stopArriving": arrivals.end,
        "stay": staying.begin,
        "served": staying.served,
        "stopStaying": staying.end,
        "name": name,
    }
    for line in sys.stdin:
        order = read_order(line)
        try:
            answer = actions[order.do](order)
        except OSError as reason:
            answer = {"error": f"{order.do} at {order.host}:{order.port}: {reason!r}"}
        print(json.dumps(answer), flush=True)


def name(order: Order) -> dict[str, str]:
    """Tells a broker its name, for clients to ask for."""
    client = Client(order.target, "namer")
    client.publish(NAME_TOPIC, order.broker.encode(), retain=True)
    client.leave()
    return {}


if __name__ == "__main__":
    main()
