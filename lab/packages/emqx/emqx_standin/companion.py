"""The program beside the broker: knows the configuration, carries changes of it out, and answers HTTP while
the broker runs. The broker starts it, tells it what happens by lines of JSON on its standard input, and ends
it by closing that."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from . import layout
from .api.server import serve
from .configuration import ChangeRefused, Configuration
from .control import Broker, NotRunning, Refused, answer_on
from .data_backup import DataBackup
from .judgement import BadConfiguration
from .licence import Licence
from .reload import Reloader


def run() -> int:
    """Until the broker ends."""
    # systemd signals every process of the unit; this one ends with the broker.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    broker = Broker(layout.CONTROL_SOCKET)
    companion = Companion(broker, Configuration(broker, os.environ))
    answer_on(layout.COMPANION_SOCKET, companion.answer)
    try:
        for line in sys.stdin:
            companion.hear(json.loads(line))
    except (BadConfiguration, NotRunning, Refused) as failure:
        print(f"the broker cannot start: {failure}", file=sys.stderr)
        return 1
    finally:
        companion.close()
    return 0


class Companion:
    """Follows the broker."""

    def __init__(self, broker: Broker, configuration: Configuration) -> None:
        self._broker = broker
        self._configuration = configuration
        self._server: ThreadingHTTPServer | None = None

    def hear(self, event: dict[str, Any]) -> None:
        """One thing that happened to the broker."""
        if event["event"] == "state":
            if event["state"] == "loading":
                self._configuration.start()
            if event["state"] == "running":
                # EMQX's port is refused while EMQX is not up.
                self._server = self._server or serve(self._configuration, self._broker)
            elif self._server is not None:
                self.close()
        elif event["event"] == "commit":
            threading.Thread(target=self._carry_out, args=(event,), daemon=True).start()

    def _carry_out(self, event: dict[str, Any]) -> None:
        number = str(event["number"])
        try:
            self._configuration.carry_out(event["change"])
        except ChangeRefused as refusal:
            self._broker.ask("applied", number, str(refusal))
        else:
            self._broker.ask("applied", number)

    def close(self) -> None:
        """Ends the HTTP server; its open connections go with it."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, command: str, arguments: list[str]) -> Any:
        """What `emqx ctl listeners`, `license`, `data` and `conf` ask; the last three for lines to print, and
        whether all is well."""
        if command == "listeners":
            return self._configuration.settings.listeners()
        if command == "license":
            return Licence(self._configuration, self._broker).update(arguments[0])
        if command == "data":
            return DataBackup(self._configuration, self._broker).answer(arguments)
        return Reloader(self._configuration, self._broker).answer(command, arguments)
