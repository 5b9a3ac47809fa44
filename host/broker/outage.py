"""EMQX that runs and does not serve: after an outage of all it waits, without end, for who stopped later."""

# A start on a busy machine takes less.
PATIENCE_SECONDS = 30


class Outage:
    """How long EMQX has not served while it ran, told in the log once for each time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None
        self._said = False

    def look(self, *, runs: bool, serves: bool, now: float) -> None:
        """What is seen of EMQX at this moment."""
        if serves or not runs:
            self._since, self._said, self.seconds = None, False, 0.0
            return
        if self._since is None:
            self._since = now
        self.seconds = now - self._since
        if self.seconds > PATIENCE_SECONDS and not self._said:
            self._said = True
            print(
                f"EMQX runs and has not served for {self.seconds:.0f} s: after an outage of all brokers it "
                "waits for those that stopped later. Bring them back; when one is lost for good, run "
                "/usr/lib/emqx/bin/emqx_cluster_rescue force-load here, and it serves with what it has",
                flush=True,
            )
