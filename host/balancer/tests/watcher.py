"""haproxy_watch.py in a process of its own, beside a real HAProxy that is restarted."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from haproxy import HaProxy
from waiting import until

from balancer import haproxy_watch

PROGRAM = """
import pathlib
from balancer import closer, fault, haproxy_watch, hung, refusals, sessions, settings, tickets
from residents import reports
haproxy_watch.RUNTIME = closer.RUNTIME = hung.RUNTIME = refusals.RUNTIME = {runtime!r}
hung.LOOKS, hung.SECONDS = 4, 1
sessions.MASTER = {master!r}
tickets.renew = int
reports.RUN = fault.RUN = pathlib.Path({run!r})
haproxy_watch.STOPPING = reports.RUN / "stopping"
hung.REQUEST = reports.RUN / "hung"
settings.SETTINGS = reports.RUN / "watch.json"
haproxy_watch.main()
"""


class Watcher:
    """haproxy_watch.py in a process of its own."""

    def __init__(self, haproxy: HaProxy, run: Path, **settings: int) -> None:
        self.run, self.fault = run, run / "fault/haproxy"
        self.program = PROGRAM.format(runtime=haproxy.runtime, master=haproxy.master, run=str(run))
        (run / "watch.json").write_text(json.dumps({"graceMs": 1000, "answerMs": 300, **settings}))
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(haproxy_watch.__file__).parent.parent)}
        self.process = subprocess.Popen([sys.executable, "-c", self.program], env=environment)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def looks_again(self) -> None:
        """Waits for its next word."""
        before = self.fault.stat().st_mtime_ns
        until(lambda: self.fault.stat().st_mtime_ns != before)

    def says(self, word: str) -> bool:
        return self.fault.exists() and self.fault.read_text() == f"{word}\n"


def restart(haproxy: HaProxy, watcher: Watcher, chance: random.Random) -> None:
    """A stop and start in order, or a kill; half of them with a reload at once."""
    if chance.random() < 0.5:
        # As its unit's stop and start do.
        (watcher.run / "stopping").touch()
        watcher.fault.write_text("1\n")
        haproxy.stop()
        (watcher.run / "stopping").unlink()
    else:
        haproxy.kill()
    haproxy.start()
    if chance.random() < 0.5:
        haproxy.process.send_signal(signal.SIGUSR2)
