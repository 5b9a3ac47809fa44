"""HAProxy's clients, as vip-agent wants them: admitted, or cut off and admitted again."""

import threading
import time

from balancer.sessions import LEAVING, admit, leave
from residents.reports import RUN

AGAIN_SECONDS, RETRY_SECONDS = 10, 0.5
# A stop of Keepalived or HAProxy refuses clients meanwhile.
LEAVING_SECONDS = 15


class Clients:
    """Carries out the last word only, since thousands of sessions take longer than a claim may wait."""

    def __init__(self) -> None:
        self.errors = 0
        self._cut = False
        self._news = threading.Event()
        self._said = ""

    def admit(self) -> None:
        """Takes clients from now on."""
        self._cut = False
        self._news.set()

    def cut(self) -> None:
        """Ends the sessions that are there, then takes clients."""
        self._cut = True
        self._news.set()

    def run(self) -> None:
        """For ever; now and then without a word too: a program that died half way leaves HAProxy closed."""
        while True:
            told = self._news.wait(AGAIN_SECONDS)
            self._news.clear()
            if (told or not _is_leaving()) and not self.turn():
                time.sleep(RETRY_SECONDS)
                self._news.set()

    def turn(self) -> bool:
        """Whether HAProxy did what it was told; what fails is said once, until it changes."""
        failure = ""
        try:
            if self._cut:
                try:
                    leave(lambda: self._cut)
                finally:
                    self._cut = False
                    admit()
            else:
                admit()
        except (OSError, ValueError) as reason:
            failure = repr(reason)
            self.errors += 1
        if failure != self._said:
            print(f"HAProxy: {failure or 'well again'}", flush=True)
        self._said = failure
        return not failure


def _is_leaving() -> bool:
    try:
        return abs(time.time() - (RUN / LEAVING).stat().st_mtime) < LEAVING_SECONDS
    except FileNotFoundError:
        return False
