"""An HAProxy that does not answer: haproxy-watch asks for its end; root looks for himself, and ends it."""

import socket
import subprocess
import sys
import time

from balancer.haproxy_socket import RUNTIME, ask
from residents.reports import RUN

# There from the boot on, in root's folder. Nobody reads it: haproxy-hung.path sees that it was written.
REQUEST = RUN / "hung"
# Written by root alone, when it has ended one.
ENDED = RUN / "hung-ended"
# So long, and in so many looks in a row: a host that stood still has had one, however long.
SECONDS = 10
LOOKS = 20
ANSWER_SECONDS = 2
# Until haproxy-hung.path takes the next request: one that hangs at each start is not started all the time.
PAUSE_SECONDS = 60


class Patience:
    """A question that waits as long as HAProxy takes: one that is only busy answers it, be it late."""

    def __init__(self) -> None:
        self.question: socket.socket | None = None
        self._looks = 0
        self._since = 0.0

    def is_out(self, hung: bool, now: float) -> bool:
        """At one more look: whether HAProxy has said nothing for so long; and again after as long."""
        if not hung or self._answered():
            if self.question:
                self.question.close()
            self.question, self._looks = None, 0
            return False
        if self._looks == 0:
            self._since = now
        self._looks += 1
        if self._looks < LOOKS or now < self._since + SECONDS:
            return False
        self._looks = 0
        return True

    def _answered(self) -> bool:
        try:
            if self.question is None:
                question = socket.socket(socket.AF_UNIX)
                question.setblocking(False)
                question.connect(RUNTIME)
                question.send(b"show info\n")
                self.question = question
            self.question.recv(1)
        except BlockingIOError:
            # Nothing yet, or so many wait that there is no room for one more.
            return False
        except OSError:
            pass
        return True


def request() -> None:
    """Asks for its end. In place, so that it needs no room."""
    try:
        with REQUEST.open("r+") as file:
            file.write("HAProxy does not answer\n")
    except OSError as reason:
        print(f"asking for HAProxy's end: {reason}", flush=True)


def main() -> int:
    """Its sessions have no other way: a worker that stands still neither serves nor closes any."""
    try:
        if _answers():
            print("HAProxy answers", flush=True)
            return 0
    except OSError as reason:
        print(f"HAProxy has ended by itself: {reason}", flush=True)
        return 0
    print("HAProxy does not answer: it is killed, and starts anew", flush=True)
    # The whole unit: a stop would wait for it.
    subprocess.run(["systemctl", "kill", "--signal=KILL", "haproxy"], check=True, timeout=60)
    ENDED.touch()
    time.sleep(PAUSE_SECONDS)
    return 0


def _answers() -> bool:
    try:
        ask(RUNTIME, "show info", ANSWER_SECONDS)
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
