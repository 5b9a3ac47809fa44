"""Makes a host what a file set says: `--boot FILE SECRET SHA256` at first boot, of standard input later."""

import sys


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason. `--check` prints what is not."""
    if arguments[:1] == ["--boot"]:
        from apply.first_boot import first_boot

        return first_boot(*arguments[1:])
    from apply.alone import by
    from apply.update import print_differences, update

    return print_differences() if arguments == ["--check"] else update(sys.stdin.read(), by())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
