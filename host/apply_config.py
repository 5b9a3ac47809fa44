"""Makes a host what a file set says: `--boot FILE SECRET SHA256` at first boot, of standard input later."""

import os
import sys

from apply.file_set import parse, put

PROGRAMS = "/usr/local/lib/emqx-haproxy/"


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason. `--check` prints what is not."""
    if arguments[:1] == ["--boot"]:
        from apply.first_boot import first_boot

        return first_boot(*arguments[1:])
    text = "" if arguments else sys.stdin.read()
    # A program that was lost here could not apply the set that brings it back.
    for path, file in parse(text).items():
        if path.startswith(PROGRAMS) and not os.path.exists(path):
            put(path, file)
    from apply.update import print_differences, update

    return print_differences() if arguments == ["--check"] else update(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
