"""Something else holds a lock of apt's, such as an upgrade at night, while a version is to change."""

import ctypes
import fcntl
import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archive import offer_second, versions
from machine import Machine

OPENED, EVENT_BYTES = 0x20, 16


@pytest.fixture
def host(machine: Machine) -> Machine:
    """It runs the first version, and the repository has the second."""
    offer_second(machine)
    done = machine.run(text=versions("1.0"))
    assert done.returncode == 0, done.stderr
    return machine


@contextmanager
def locked_until_wanted_twice(path: Path) -> Iterator[list[int]]:
    """As apt locks: who wants it was refused once, and came again. How often it was wanted meanwhile."""
    libc = ctypes.CDLL(None)
    wanted, ended = [0], threading.Event()
    with path.open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        watch = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(watch, os.fsencode(path), OPENED) > 0

        def hold() -> None:
            while wanted[0] < 2 and not ended.is_set():
                if select.select([watch], [], [], 0.1)[0]:
                    wanted[0] += len(os.read(watch, EVENT_BYTES)) // EVENT_BYTES
            fcntl.lockf(lock, fcntl.LOCK_UN)

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            yield wanted
        finally:
            ended.set()
            holder.join()
            os.close(watch)


@pytest.mark.parametrize(
    "lock", ["/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock", "/var/lib/dpkg/lock-frontend"]
)
def test_a_change_of_version_waits_for_it(host: Machine, lock: str) -> None:
    with locked_until_wanted_twice(host.path(lock)) as wanted:
        done = host.run(text=versions("2.0"))
    assert wanted[0] >= 2, done.stderr
    assert done.returncode == 0, done.stderr
    assert (host.read("/run/app-version") or "").strip() == "2.0"
