"""HAProxy's answers, read by their own headers: what is not in a form that is known here raises Misread."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

# What `show stat` calls frontends and servers; and the frontend that no client uses.
FRONTEND, SERVER, STATISTICS = "0", "2", "stats"
COLUMN = re.compile(r"<[^>]+>")
FAILED = re.compile(r"\[failed: (\d+)")
SESSION = re.compile(r"^(0x[0-9a-f]+): proto=\S+ src=(\S+) fe=\S+ be=(\S+) srv=(\S+)", re.M)
# Every line of a list of sessions is one, but where the master has no such worker any more.
NO_WORKER = "Can't find the target"
NO_SESSION = re.compile(rf"^(?!0x|{NO_WORKER}|$)", re.M)
# The long form of one session.
IDENTITY = re.compile(r"^(0x[0-9a-f]+): .* source=(\S+)\n(?:.*\n)*?  backend=(\S+) .*\n  server=(\S+)", re.M)


TABLE = re.compile(r"^# table: ([^,\s]+), ")
ENTRY = re.compile(r"^0x[0-9a-f]+: key=(\S+) (.*)$")


class Misread(ValueError):
    """An answer that is cut short, or that this HAProxy gives in another form."""

    pass


@dataclass(frozen=True)
class Processes:
    """Process ids of workers; the `former` ones only finish, the oldest comes first."""

    running: list[str]
    former: list[str]
    # The master was told to reload so often, and that failed so often in a row, which 2.4 does not count.
    reloads: int
    failed_reloads: int


class Session(NamedTuple):
    """A client's way through HAProxy."""

    id: str
    source: str
    backend: str
    server: str


def processes(text: str) -> Processes:
    """From the master's `show proc`. 2.4 has a column more, in which former workers stand as `[was: 1]`."""
    header, *lines = [line for line in text.splitlines() if line.strip()] or [""]
    columns = list(COLUMN.finditer(header))
    names = [column.group() for column in columns]
    if not {"<PID>", "<type>", "<reloads>"}.issubset(names):
        raise Misread(f"show proc: no header: {text[:80]!r}")
    starts = [0, *(column.start() for column in columns[1:])]
    section, master = "", None
    found: dict[str, list[tuple[int, str]]] = {"# workers": [], "# old workers": []}
    for line in lines:
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        row = dict(zip(names, cells, strict=True))
        if line.startswith("#"):
            section = line.strip()
        elif row["<type>"] == "master":
            master = [int(number) for number in re.findall(r"^\d+", row["<reloads>"]) + FAILED.findall(line)]
        elif section in found:
            if not (row["<PID>"].isdigit() and row["<type>"] == "worker" and row["<reloads>"].isdigit()):
                raise Misread(f"show proc: {line!r}")
            # The oldest has seen the most reloads.
            found[section].append((-int(row["<reloads>"]), row["<PID>"]))
    if not master:
        raise Misread(f"show proc: no master: {text[:80]!r}")
    running, former = ([pid for _, pid in sorted(each)] for each in found.values())
    return Processes(running, former, master[0], sum(master[1:]))


def statistics(text: str, wanted: tuple[str, ...]) -> list[list[str]]:
    """The wanted columns of each row of `show stat`."""
    try:
        header, *rows = list(csv.reader(line for line in text.splitlines() if line)) or [[]]
    except csv.Error as reason:
        raise Misread(f"show stat: {reason}: {text[:80]!r}") from reason
    names = [name.removeprefix("# ") for name in header]
    if missing := [name for name in wanted if name not in names]:
        raise Misread(f"show stat: no column {', '.join(missing)}: {text[:80]!r}")
    places = [names.index(name) for name in wanted]
    for row in rows:
        if len(row) != len(names):
            raise Misread(f"show stat: {len(row)} columns of {len(names)}: {','.join(row)[:80]!r}")
    return [[row[place] for place in places] for row in rows]


def number(text: str) -> int:
    """A count among statistics."""
    if not text.isdecimal():
        raise Misread(f"show stat: {text[:80]!r} is no count")
    return int(text)


def tables(text: str) -> list[str]:
    """The names of stick tables, from `show table`."""
    found = [(line, TABLE.match(line)) for line in text.splitlines() if line.strip()]
    return [_read("show table", line, match)[1] for line, match in found]


def entries(text: str) -> list[tuple[str, str]]:
    """The key of each entry and what is stored with it, from `show table NAME`."""
    header, *lines = [line for line in text.splitlines() if line.strip()] or [""]
    _read("show table", header, TABLE.match(header))
    found = [_read("show table", line, ENTRY.match(line)) for line in lines]
    return [(match[1], match[2]) for match in found]


def _read(command: str, line: str, match: re.Match[str] | None) -> re.Match[str]:
    if match is None:
        raise Misread(f"{command}: {line[:80]!r}")
    return match


def sessions(parts: Iterable[str]) -> Iterator[Session]:
    """From `show sess`, as it comes: of those that have a server. Each part is read by itself: a regular
    expression over 100 MB would hold up the other threads for a second."""
    rest = ""
    for part in parts:
        whole, _, rest = (rest + part).rpartition("\n")
        found = SESSION.findall(whole)
        # One of HAProxy's own, as a peer's, may have no client.
        if whole.count(" srv=") != len(found):
            raise Misread(f"show sess: {len(found)} of {whole.count(' srv=')} lines: {whole[:200]!r}")
        if other := NO_SESSION.search(whole):
            raise Misread(f"show sess: {whole[other.start() :][:80]!r}")
        yield from (Session(*fields) for fields in found if fields[3] != "<none>")
    if rest.strip():
        raise Misread(f"show sess: cut short: {rest[:80]!r}")


def identity(text: str) -> Session | None:
    """From `show sess ID`; None when there is no such session, or no such worker."""
    if not text.strip() or text.startswith(("Session not found", NO_WORKER)):
        return None
    return Session(*_read("show sess", text, IDENTITY.search(text)).groups())
