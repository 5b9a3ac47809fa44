"""Makes a host what a file set says: of standard input, or, at first boot, `--ssh-key FILE`, then
`--boot FILE SECRET SHA256`."""

import sys


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason. `--check` prints what is not."""
    if arguments[:1] in (["--boot"], ["--ssh-key"]):
        from apply.first_boot import first_boot, ssh_key

        return (first_boot if arguments[0] == "--boot" else ssh_key)(*arguments[1:])
    from apply.update import print_differences, update

    return print_differences() if arguments == ["--check"] else update(sys.stdin.read())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
