"""Applies the current set once more, with its secrets as Secrets Manager has them now."""

import sys

from apply.alone import by
from apply.apart import apart
from apply.update import update


def main(arguments: list[str]) -> int:
    """In a unit of its own, or as it by `--inside`."""
    if arguments == ["--inside"]:
        return update(None, by())
    return apart([sys.executable, __file__, "--inside"], by())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
