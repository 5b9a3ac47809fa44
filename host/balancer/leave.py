"""Before this host is replaced or removed: hands the address to its peer, and stops."""

import sys

from residents.left import leave


def main() -> int:
    """Keepalived's stop tells the clients while the address is still here; HAProxy goes last."""
    leave(["keepalived", "haproxy"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
