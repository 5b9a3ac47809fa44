"""Makes a host what a file set says: of standard input, or, at first boot, `--ssh-key FILE`, then
`--boot FILE SECRETS SHA256`.

`--apart FILE BY` does so in a unit of its own, which ends though the connection may not last;
`--confirm SHA256` comes after it, over another connection.
`--reboot` reboots a host where an update has asked for it.
"""

import sys


def main(arguments: list[str]) -> int:
    """Exit 0 when the host is as asked, else 1 with the reason. `--check` prints what is not."""
    if arguments[:1] in (["--boot"], ["--ssh-key"]):
        from apply.first_boot import first_boot, ssh_key

        return (first_boot if arguments[0] == "--boot" else ssh_key)(*arguments[1:])
    from apply.alone import by
    from apply.apart import apart
    from apply.confirm import confirm
    from apply.update import print_differences, update

    if arguments == ["--check"]:
        return print_differences()
    if arguments == ["--reboot"]:
        from apply.updates import reboot

        return reboot(by())
    if arguments[:1] == ["--confirm"]:
        return confirm(arguments[1], by())
    if arguments[:1] == ["--apart"]:
        return apart([sys.executable, __file__], given=arguments[1], by=arguments[2])
    return update(sys.stdin.read(), by())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
