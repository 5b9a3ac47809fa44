"""Applies the current set once more, with its secrets as Secrets Manager has them now."""

import sys

from apply.alone import by
from apply.update import update

if __name__ == "__main__":
    sys.exit(update(None, by()))
