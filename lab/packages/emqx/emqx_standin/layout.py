"""Where the package's files are."""

from __future__ import annotations

from pathlib import Path

LIBRARY = Path("/usr/lib/emqx")
CONFIGURATION = Path("/etc/emqx")
#: Licences are signed for it. In the package of EMQX from 5.9 on, which is the enterprise edition.
LICENCE_KEY = LIBRARY / "licence-public-key.pem"
LOGS = Path("/var/log/emqx")
HOME = Path("/var/lib/emqx")
#: Made anew at each start; the sockets are the only things that another program needs of it.
STATE = HOME / "standin"
#: Answered by the broker (emqx_control).
CONTROL_SOCKET = STATE / "control.sock"
#: Answered by the broker's companion, which knows the configuration.
COMPANION_SOCKET = STATE / "companion.sock"


def version() -> str:
    """The version of EMQX that this package stands in for."""
    return (LIBRARY / "releases" / "VERSION").read_text(encoding="utf-8").strip()


def is_enterprise() -> bool:
    """Which edition this package stands in for."""
    return LICENCE_KEY.exists()


def ejabberd_folder() -> Path:
    """ejabberd's newest Erlang code; its folder carries the version and the architecture."""
    found = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
    if not found:
        raise FileNotFoundError("ejabberd is not installed: no /usr/lib/*/ejabberd-*/ebin")
    return found[-1].parent.resolve()
