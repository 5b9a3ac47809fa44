"""Exit 0 when this host does its part of the service; else prints what is wrong."""

import json
import sys
import time
from pathlib import Path

from apply.file_set import SETTINGS
from apply.services import problems


def main(arguments: list[str]) -> int:
    """`--wait SECONDS` gives it that long."""
    deadline = time.monotonic() + float(arguments[1] if arguments else 0)
    settings = json.loads(Path(SETTINGS).read_text())
    while (found := problems(settings)) and time.monotonic() < deadline:
        time.sleep(0.5)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
