"""The licence key: whether EMQX would start with it, and another one for the whole cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from . import layout
from .configuration import ChangeRefused, Configuration
from .control import Broker, Refused


def starts_with(key: str) -> bool:
    """As EMQX's start script judges it: by its form and signature alone. Says what is wrong."""
    argv = ["erl", "-noinput", "-boot", "start_clean", "-pa", str(layout.LIBRARY / "ebin")]
    done = subprocess.run(
        [*argv, "-run", "emqx_license_parser", "main", key],
        capture_output=True,
        text=True,
        env={**os.environ, "LANG": "C.UTF-8"},
        check=False,
    )
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode == 0


class Licence:
    """That of a cluster that runs."""

    def __init__(self, configuration: Configuration, broker: Broker) -> None:
        self._configuration = configuration
        self._broker = broker

    def update(self, key: str) -> dict[str, Any]:
        """{lines, ok}, as `emqx ctl license update` prints them; it ends with 0 whatever it says."""
        root = self._configuration.with_defaults("license")
        try:
            self._broker.ask("license", "judge", key)
            self._configuration.commit({"license": {**(root if isinstance(root, dict) else {}), "key": key}})
        except (Refused, ChangeRefused) as refusal:
            return {"lines": [f"Error: {refusal}"], "ok": True}
        return {"lines": ["ok"], "ok": True}
