"""The file of API keys that EMQX reads at each start, and at each update of `api_key`: lines `key:secret` or
`key:secret:role`."""

from __future__ import annotations

import sys
from pathlib import Path

# The open-source edition knows no other role.
_ROLES = ("administrator",)


def read_keys(path: str) -> list[list[str]]:
    """Key, secret and role of each line; what is no such line is told, and ends the reading, as in EMQX."""
    if path in ("", "None"):
        return []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        print(f"msg: failed_to_open_the_bootstrap_file, file: {path}, reason: {error}", file=sys.stderr)
        return []
    keys = []
    for number, line in enumerate(lines, start=1):
        parts = line.strip().split(":", 2)
        if parts == [""]:
            continue
        key, secret, role = [*parts, "administrator"][:3]
        if len(parts) not in (2, 3) or role not in _ROLES:
            reason = "invalid_format" if len(parts) not in (2, 3) else "invalid_role"
            print(
                f"msg: failed_to_load_bootstrap_file, file: {path}, line: {number}, reason: {reason}",
                file=sys.stderr,
            )
            break
        keys.append([key, secret, role])
    return keys
