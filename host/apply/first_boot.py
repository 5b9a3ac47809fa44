"""A new host: its user data has a part of its set and of its programs, Secrets Manager the rest."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from apply.file_set import AWS, CURRENT, NOTES, PROGRAMS, SETTINGS, File, parse, state_file
from apply.secret_files import more_files, secret_files

SECONDS = 300


def first_boot(boot_set: str, arn: str, digest: str) -> int:
    """Writes the set, what Secrets Manager has of it too, and starts the services."""
    text = Path(boot_set).read_text()
    try:
        own = json.loads(parse(text)[AWS].content)
        # The role's policy may be younger than the host.
        text += more_files(own["region"], arn, digest, SECONDS)
        secrets = secret_files(own, SECONDS)
        files = parse(text)
        settings: dict[str, Any] = json.loads(files[SETTINGS].content)
        for path, file in files.items():
            if path.startswith(PROGRAMS):
                _write(path, file)
        # Not in user data, nor is what starts the services.
        from apply.disk import put
        from apply.start import start

        # Until it has ended: the next set takes it up.
        notes = state_file('{"firstBoot": true}')
        for path, file in {NOTES: notes, **files, **secrets, CURRENT: state_file(text)}.items():
            put(path, file)
    except (OSError, LookupError, ValueError) as reason:
        print(f"first boot failed: {reason}", file=sys.stderr)
        return 1
    return start(settings, {file.change for file in [*files.values(), *secrets.values()]})


def _write(path: str, file: File) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode), "wb") as stream:
        stream.write(file.content)
