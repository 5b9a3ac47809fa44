"""Applies the current set once more, with its secrets as Secrets Manager has them now."""

import sys
from pathlib import Path

from apply.file_set import CURRENT
from apply.update import update

if __name__ == "__main__":
    sys.exit(update(Path(CURRENT).read_text()))
