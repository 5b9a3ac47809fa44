"""A new host: its user data has a part of its set and of its programs, Secrets Manager the rest."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from apply.file_set import AWS, CURRENT, NOTES, PROGRAMS, SETTINGS, File, parse, state_file
from apply.secret_files import more_files, secret_files

SECONDS = 300
SSH_KEY = "/etc/ssh/ssh_host_ed25519_key"


def ssh_key(boot_set: str) -> int:
    """Only the key that this host is known by, and sshd: for whoever wants to know why the rest failed."""
    try:
        own = json.loads(parse(Path(boot_set).read_text())[AWS].content)
        keys = {**own, "secrets": [entry for entry in own["secrets"] if entry["file"] == SSH_KEY]}
        # The role's policy may be younger than the host.
        for path, file in secret_files(keys, SECONDS).items():
            _write(path, file)
        subprocess.run(["systemctl", "restart", "ssh"], check=True)
    except (OSError, LookupError, ValueError, subprocess.SubprocessError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        return 1
    return 0


def first_boot(boot_set: str, arns: str, digest: str) -> int:
    """Writes the set, what Secrets Manager has of it too, and starts the services."""
    text = Path(boot_set).read_text()
    try:
        own = json.loads(parse(text)[AWS].content)
        text += more_files(own["region"], arns, digest, SECONDS)
        secrets = secret_files(own, SECONDS)
        files = parse(text)
        settings: dict[str, Any] = json.loads(files[SETTINGS].content)
        for path, file in files.items():
            if path.startswith(PROGRAMS):
                _write(path, file)
        # Not in user data, nor is what starts the services.
        from apply.disk import put
        from apply.start import start
        from apply.updates import note_first

        # Until it has ended: the next set takes it up.
        notes = state_file('{"firstBoot": true}')
        for path, file in {NOTES: notes, **files, **secrets, CURRENT: state_file(text)}.items():
            put(path, file)
        note_first(files)
    except (OSError, LookupError, ValueError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        return 1
    return start(settings, {file.change for file in [*files.values(), *secrets.values()]})


def _write(path: str, file: File) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode), "wb") as stream:
        stream.write(file.content)
