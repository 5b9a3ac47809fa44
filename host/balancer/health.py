"""Exit 0 when HAProxy answers its watcher; else prints what is wrong."""

import sys

from residents.reports import RUN


def main() -> int:
    """haproxy-watch writes 0 while all is well."""
    try:
        found = "" if (RUN / "fault/haproxy").read_text().strip() == "0" else "haproxy-watch reports a fault"
    except OSError as reason:
        found = str(reason)
    print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
