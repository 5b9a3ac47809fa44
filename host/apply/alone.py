"""One run at a time on a host, and who has it."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from apply.file_set import STATE
from apply.saying import complain

LOCK = f"{STATE}/lock"
# A broker's drain and its orderly end, then its health.
PATIENCE_SECONDS = 900
# Not worth a word: a run that has just been confirmed.
QUIET_SECONDS = 2


class Busy(RuntimeError):
    """Another run has it."""


def by() -> str:
    """Who started this program."""
    return os.environ.get("STARTED_BY") or os.environ.get("SUDO_USER") or "root"


@contextlib.contextmanager
def alone(by: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Waits for another run, and tells whose that is."""
    STATE.mkdir(parents=True, exist_ok=True)
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        # Whoever can open it can hold it; former releases let everybody.
        os.fchmod(lock, 0o600)
        began, holder = time.monotonic(), ""
        while not _locked(lock):
            waited = time.monotonic() - began
            if waited > min(QUIET_SECONDS, patience_seconds) and _holder(lock) != holder:
                holder = _holder(lock)
                complain(f"another run has this host since {holder}; waiting for its end")
            if waited > patience_seconds:
                raise Busy(f"another run has this host since {holder}, and still has it")
            time.sleep(0.2)
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
            os.pwrite(lock, f"{since} (process {os.getpid()}, started by {by})\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def _holder(lock: int) -> str:
    # One that could not write it down has the disk full.
    return os.pread(lock, 1000, 0).decode(errors="replace").strip() or "a moment ago"


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
