"""Makes a host what a file set says: `--boot FILE SECRET SHA256` at first boot, of standard input later.

`--apart FILE BY` does the latter in a unit of its own, so that it ends though the connection may not last;
`--confirm SHA256` comes after it, over another connection.
"""

import sys


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason. `--check` prints what is not."""
    if arguments[:1] == ["--boot"]:
        from apply.first_boot import first_boot

        return first_boot(*arguments[1:])
    from apply.alone import by
    from apply.apart import apart
    from apply.confirm import confirm
    from apply.update import print_differences, update

    if arguments == ["--check"]:
        return print_differences()
    if arguments[:1] == ["--confirm"]:
        return confirm(arguments[1], by())
    if arguments[:1] == ["--apart"]:
        return apart([sys.executable, __file__], given=arguments[1], by=arguments[2])
    return update(sys.stdin.read(), by())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
