"""Resident on a balancer: tells Keepalived whether HAProxy answers; closes sessions that no broker serves."""

import threading
import time

from balancer import broker_states
from balancer.closer import Closer
from balancer.expiry import Expiry
from balancer.fault import fault, told
from balancer.haproxy_answers import Misread
from balancer.haproxy_socket import RUNTIME, ask
from balancer.hung import Patience, request
from balancer.refusals import Refusals
from balancer.settings import settings
from residents.reports import RUN, metrics, tell_systemd

# There while HAProxy is being stopped, and the address is to move first.
STOPPING = RUN / "stopping"
# Who leaves refuses clients for 10 s, and vip-agent opens soon after what is left closed.
CLOSED_SECONDS = 30
REPORT_SECONDS = 1


def main() -> None:
    """Asks HAProxy every interval, for ever."""
    watch = Watch(settings())
    thread = threading.Thread(target=watch.closer.run, daemon=True)
    thread.start()
    due = time.monotonic()
    while thread.is_alive():
        watch.turn(due)
        # What took too long is not made up for.
        due = max(due + watch.interval, time.monotonic() + 0.01)
        time.sleep(max(0, due - time.monotonic()))
    raise RuntimeError("the thread that closes sessions has ended")


class Verdict:
    """A dead HAProxy has a grace, in which systemd restarts it; a hung, stopping or new one has none."""

    def __init__(self, grace_seconds: float, good_until: float = 0) -> None:
        self.grace_seconds, self.good_until = grace_seconds, good_until

    def after(self, answer: str, now: float) -> bool:
        """Whether Keepalived should see a fault."""
        if answer == "ok":
            self.good_until = now + self.grace_seconds
        elif answer not in ("dead", "misread"):
            self.good_until = 0
        return answer != "ok" and now >= self.good_until


class Watch:
    """What it knows from one look to the next."""

    def __init__(self, own: dict[str, float]) -> None:
        self.interval, self.answer_seconds = own["intervalMs"] / 1000, own["answerMs"] / 1000
        grace = own["graceMs"] / 1000
        # Started anew beside a HAProxy that was well, which may be about to come back.
        self.verdict = Verdict(grace, time.monotonic() + grace if told("haproxy") == "0" else 0)
        self.closer = Closer(int(own["drainPerSecond"]), int(own["oldWorkers"]))
        self.counts = dict.fromkeys(["misread_total", "hung_total", "late_total", "late_seconds"], 0.0)
        self.expiry, self.refusals = Expiry(), Refusals()
        self.patience = Patience()
        self.said: tuple[str, bool] | None = None
        self.open_at = time.monotonic()
        self.report_at = 0.0

    def turn(self, due: float) -> None:
        """One look, and what follows from it."""
        begun = time.monotonic()
        late = begun - due
        self.counts["late_seconds"] = max(self.counts["late_seconds"], late)
        self.counts["late_total"] += late > self.interval
        answer = "stopping" if STOPPING.exists() else self._ask()
        bad = self.verdict.after(answer, time.monotonic())
        # At every look, whatever it was before: another may have written there, or Keepalived have missed it.
        fault("haproxy", bad)
        if (answer, bad) != self.said:
            print(f"HAProxy is {answer}: fault {int(bad)}", flush=True)
            self.said = (answer, bad)
        if self.patience.is_out(answer == "hung", time.monotonic()):
            self.counts["hung_total"] += 1
            print("HAProxy has not answered for long: its end is asked for", flush=True)
            request()
        now = time.monotonic()
        if now >= self.report_at:
            own = {"fault": bad, "answer_seconds": now - begun}
            self.expiry.look()
            if answer == "ok":
                self.refusals.look(self.answer_seconds)
            told_too = self.expiry.metrics() | self.refusals.metrics()
            metrics("watch", {**own, **self.counts, **self.closer.counts, **told_too})
            self.counts["late_seconds"] = 0
            self.report_at = now + REPORT_SECONDS
        tell_systemd("READY=1\nWATCHDOG=1")

    def _ask(self) -> str:
        try:
            look = broker_states.look(ask(RUNTIME, broker_states.QUERY, self.answer_seconds))
        except TimeoutError:
            return "hung"
        except OSError:
            return "dead"
        except Misread as reason:
            self.counts["misread_total"] += 1
            if self.said is None or self.said[0] != "misread":
                print(reason, flush=True)
            return "misread"
        self.closer.see(look)
        if not look.closed_listeners:
            self.open_at = time.monotonic()
        return "closed" if time.monotonic() - self.open_at > CLOSED_SECONDS else "ok"


if __name__ == "__main__":
    main()
