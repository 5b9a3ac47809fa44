"""CLIENTS DYNAMIC: exit 1 where with the set's licence key EMQX takes fewer clients, none, or no second
broker, or where the EMQX that runs here refuses it. DYNAMIC is its `license.dynamic_max_connections`."""

import base64
import binascii
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from broker import cluster, emqx_ctl

KEY = Path("/etc/emqx-haproxy/secrets/licence")
ASKED = Path("/run")
_TRIAL, _OFFICIAL, _COMMUNITY = range(3)
_SMALL_CUSTOMER, _CRITICAL_BUSINESS, _EVALUATION_CUSTOMER = 0, 3, 10
_GRACE_OF_SMALL_CUSTOMERS = timedelta(days=90)
_FEW, _COMMUNITYS = 25, 10_000_000


@dataclass(frozen=True)
class Licence:
    """What EMQX goes by; None for what does not end."""

    type: int
    customer: int
    ends: date | None
    sessions: int

    def is_over(self, today: date) -> bool:
        """Whether EMQX takes no client with it."""
        if self.ends is None:
            return False
        if self.type == _OFFICIAL:
            return self.customer == _SMALL_CUSTOMER and today - self.ends > _GRACE_OF_SMALL_CUSTOMERS
        return today > self.ends


# Those that EMQX has in itself.
_OWN = {
    "default": Licence(_COMMUNITY, 11, None, _COMMUNITYS),
    "evaluation": Licence(_TRIAL, _EVALUATION_CUSTOMER, None, _FEW),
}


def main() -> int:
    """Prints what is wrong."""
    key = re.sub(r"[ \r\n]", "", KEY.read_text())
    if key.startswith("file://"):
        return 0
    today = datetime.now(timezone.utc).date()
    clients, dynamic = map(int, sys.argv[1:3])
    found = problems(key, clients, dynamic, len(cluster.planned()), today) or refusals(key)
    for problem in found:
        print(f"emqx.licenseKey {problem}")
    return 1 if found else 0


def problems(key: str, clients: int, dynamic: int, brokers: int, today: date) -> list[str]:
    """As the preview finds them in a key that it knows."""
    try:
        licence = _OWN.get(key) or read(key)
    except (ValueError, binascii.Error):
        return ["is no licence key"]
    found = []
    if licence.is_over(today):
        found.append(f"ended on {licence.ends}, and EMQX takes no client with it any more")
    if licence.type == _COMMUNITY and brokers > 1:
        found.append(f"is for a single broker, and there are {brokers}")
    if licence.customer == _CRITICAL_BUSINESS and dynamic < min(licence.sessions, clients):
        found.append(f"lets {dynamic} clients in by license.dynamic_max_connections, and {clients} may come")
    if licence.sessions < clients:
        found.append(f"covers {licence.sessions} sessions, and the listeners take {clients} clients at once")
    return found


def refusals(key: str) -> list[str]:
    """What the EMQX that runs here says of the key and its signature: it would go on with the former one, and
    not start with this one, and `check_config` does not look. Where none runs that knows licences, a start
    tells."""
    # No argument, which others could see; and what is staged EMQX does not see.
    with tempfile.NamedTemporaryFile("w", dir=ASKED, prefix="licence-") as file:
        file.write(key)
        file.flush()
        if emqx_ctl.USER is not None:
            shutil.chown(file.name, group=emqx_ctl.USER)
            os.chmod(file.name, 0o640)
        try:
            told = emqx_ctl.emqx("eval", f'emqx_license_parser:parse(<<"file://{file.name}">>)')
        except (OSError, subprocess.SubprocessError) as reason:
            print(f"emqx eval: {reason!r}", flush=True)
            return []
    if not told.startswith("{error,"):
        return []
    reasons = re.findall(r"\berror =>\s*(\w+)", told)
    return [f"is refused by EMQX: {', '.join(reasons) or told.strip()}"]


def read(key: str) -> Licence:
    """Raises ValueError for what is no licence key."""
    payload, _ = (base64.b64decode(part, validate=True) for part in key.split("."))
    lines = [line.strip() for line in payload.decode().strip().split("\n")]
    # From 6.0 on there may be messages a second behind the sessions.
    if len(lines) not in (9, 10) or lines[0] != "220111":
        raise ValueError("not of this format")
    kind, customer, days, sessions = (int(lines[at].replace(",", "")) for at in (1, 2, 7, 8))
    if kind not in (_TRIAL, _OFFICIAL, _COMMUNITY):
        raise ValueError("no such type")
    start = datetime.strptime(lines[6], "%Y%m%d").replace(tzinfo=timezone.utc).date()
    # EMQX takes such a key of another customer, and fails at the first client.
    few = _FEW if customer in (_CRITICAL_BUSINESS, _EVALUATION_CUSTOMER) else 0
    default = _COMMUNITYS if kind == _COMMUNITY else few
    return Licence(kind, customer, start + timedelta(days=days), sessions or default)


if __name__ == "__main__":
    sys.exit(main())
