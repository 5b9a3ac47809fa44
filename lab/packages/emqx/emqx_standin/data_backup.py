"""`emqx ctl data export` and `import`: an archive with EMQX's layout, messages and refusals, of this broker's
own tables. Sessions, emqx.conf and base.hocon are in none."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import hocon, layers, layout
from .configuration import ChangeRefused, Configuration
from .control import Broker, Refused
from .hocon import Object, Value
from .hocon_text import write
from .hocon_tokens import HoconError
from .known import ROOT
from .layers import interpolated
from .reload import LoadFailed, Reloader
from .schema import as_list, check

_SUFFIX = ".tar.gz"
#: The roots that EMQX imports, by itself or by whom they belong to; others in an archive are passed over.
_IMPORTED = (
    *("delayed", "rewrite", "retainer", "mqtt", "alarm", "sysmon", "sys_topics", "limiter", "log"),
    *("prometheus", "crl_cache", "conn_congestion", "force_shutdown", "flapping_detect", "broker"),
    *("force_gc", "zones", "slow_subs", "authentication", "authorization", "listeners"),
)
#: What an archive has is laid over these; the others it replaces.
_MERGED = ("authentication", "authorization")
_RULES = "authz/acl.conf"


class _Failed(Exception):
    """What EMQX says of it, as Erlang prints a text."""


class DataBackup:
    """What is exported is what this node has: its tables are the cluster's."""

    def __init__(self, configuration: Configuration, broker: Broker) -> None:
        self._configuration = configuration
        self._broker = broker
        self._lines: list[str] = []

    def answer(self, words: list[str]) -> dict[str, Any]:
        """{lines, ok}: what is printed, and whether the command ends with 0."""
        command, *rest = words
        try:
            ok = self._export(rest) if command == "export" else self._import(rest[0])
        except _Failed as failure:
            self._lines.append(f"[error] Data {command} failed, reason: {_erlang(str(failure))}.")
            ok = True
        return {"lines": self._lines, "ok": ok}

    # Export

    def _export(self, words: list[str]) -> bool:
        options = _options(words)
        unknown = sorted(key for key in options.get("root_keys", []) if key not in ROOT.fields)
        if unknown:
            self._lines.append(f"Invalid root keys: {', '.join(unknown)}")
            return True
        tables = self._broker.ask("backup", "tables")
        sets = options.get("table_sets")
        invalid = sorted(set(sets or []) - {table["set"] for table in tables})
        if invalid:
            self._lines.append(f"Invalid table sets: {', '.join(invalid)}")
            return True
        now = time.time()
        stamp = datetime.fromtimestamp(now).strftime("%Y-%m-%d-%H-%M-%S")
        name = f"emqx-export-{stamp}.{int(now * 1000) % 1000:03d}"
        path = Path(options["dir"][0] if "dir" in options else self._folder()) / f"{name}{_SUFFIX}"
        self._lines.append(f"Exporting data to {_erlang(str(path))}...")
        try:
            with tarfile.open(path, "w:gz") as tar, self._scratch() as scratch:
                _add(tar, f"{name}/META.hocon", write({"edition": _edition(), "version": layout.version()}))
                self._lines.append("Exporting cluster configuration...")
                data = str(self._configuration.settings.data_folder)
                self._lines.append(f"Exporting additional files from EMQX data_dir: {_erlang(data)}...")
                _add(tar, f"{name}/cluster.hocon", write(self._cluster(options.get("root_keys"))))
                self._lines.append("Exporting built-in database...")
                for table in tables:
                    if sets is None or table["set"] in sets:
                        self._lines.append(f"Exporting {table['name']} database table...")
                        self._broker.ask("backup", "dump", table["name"], str(scratch / table["name"]))
                        tar.add(scratch / table["name"], f"{name}/mnesia/{table['name']}")
        except OSError:
            # In EMQX the command breaks down.
            return False
        self._lines.append(f"Data has been successfully exported to {path}.")
        return True

    def _cluster(self, roots: list[str] | None) -> Object:
        """cluster.hocon, with rules that lie in the data folder in it."""
        file = layers.cluster_file(self._configuration.settings.data_folder)
        told = hocon.parse_file(file) if file.exists() else {}
        kept = {key: value for key, value in told.items() if roots is None or key in roots}
        return _with_sources(kept, self._read_rules)

    def _read_rules(self, source: Object) -> Object:
        path = Path(str(interpolated(source.get("path", ""))))
        if not path.is_relative_to(self._configuration.settings.data_folder) or not path.is_file():
            return source
        rest = {key: value for key, value in source.items() if key != "path"}
        return {**rest, "rules": path.read_text(encoding="utf-8")}

    # Import

    def _import(self, given: str) -> bool:
        path = Path(given) if Path(given).is_file() else self._folder() / given
        # EMQX looks in its own folder for a name alone.
        if not path.is_file() or (path != Path(given) and "/" in given):
            raise _Failed("backup file not found")
        self._lines.append(f"Importing data from {_erlang(given)}...")
        if not path.name.endswith(_SUFFIX):
            raise _Failed("invalid backup name: file name must have .tar.gz extension")
        content = _read(path)
        _check_meta(content)
        errors = 0
        if "cluster.hocon" in content:
            errors += self._import_configuration(content["cluster.hocon"].decode())
        else:
            self._lines.append("No cluster configuration to be imported.")
        self._lines.append("Importing built-in database...")
        with self._scratch() as scratch:
            for table in self._broker.ask("backup", "tables"):
                errors += self._import_table(table["name"], content, scratch)
        self._lines.append(
            "Data has been imported, but some errors occurred, see the log above."
            if errors
            else "Data has been imported successfully."
        )
        return True

    def _import_configuration(self, text: str) -> int:
        try:
            given = hocon.parse(text, "cluster.hocon")
        except HoconError as error:
            raise _Failed(str(error)) from error
        files: dict[str, str] = {}
        given = _with_sources(given, lambda source: self._kept(source, files))
        problems = [problem for problem in check(given, ROOT) if problem.path.split(".")[0] in given]
        if problems:
            raise _Failed("; ".join(map(str, problems)))
        self._lines.append("Importing cluster configuration...")
        reloader, errors = Reloader(self._configuration, self._broker), 0
        for name, rules in files.items():
            self._configuration.commit({}, {name: rules})
        for root in (key for key in _IMPORTED if key in given):
            try:
                reloader.load({root: given[root]}, "merge" if root in _MERGED else "replace")
            except (LoadFailed, ChangeRefused) as failure:
                errors += 1
                path, reason = _erlang(root), _erlang(str(failure))
                self._lines.append(f"Failed to import the following config path: {path}, reason: {reason}")
        return errors

    def _kept(self, source: Object, files: dict[str, str]) -> Object:
        if "rules" not in source:
            return source
        files[_RULES] = str(source["rules"])
        path = str(self._configuration.settings.data_folder / _RULES)
        return {**{key: value for key, value in source.items() if key != "rules"}, "path": path}

    def _import_table(self, name: str, content: dict[str, bytes], scratch: Path) -> int:
        if f"mnesia/{name}" not in content:
            self._lines.append(f"No backup file for {name} database table...")
            return 0
        self._lines.append(f"Importing {name} database table...")
        (scratch / name).write_bytes(content[f"mnesia/{name}"])
        try:
            self._broker.ask("backup", "restore", name, str(scratch / name), timeout_seconds=120)
        except Refused as refusal:
            self._lines.append(
                f"[error] Failed to import built-in database table: {name}, reason: {{error,{refusal}}}"
            )
            return 1
        return 0

    def _folder(self) -> Path:
        folder = self._configuration.settings.data_folder / "backup"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self._folder()) as folder:
            yield Path(folder)


def _options(words: list[str]) -> dict[str, list[str]]:
    """By `dir`, `root_keys` and `table_sets`."""
    found: dict[str, list[str]] = {}
    while words:
        match words:
            case [("--root-keys" | "--table-sets") as option, values, *rest]:
                found[option[2:].replace("-", "_")] = [value for value in values.split(",") if value]
            case ["--dir", folder, *rest]:
                found["dir"] = [folder]
            case _:
                raise _Failed(f"unknown arguments: [{','.join(map(_erlang, words))}]")
        words = rest
    return found


def _read(path: Path) -> dict[str, bytes]:
    """By their paths below the folder that is named as the archive is."""
    name = path.name.removesuffix(_SUFFIX)
    try:
        with tarfile.open(path, "r:gz") as tar:
            members = [member for member in tar.getmembers() if member.isfile()]
            if any(member.name.split("/")[0] != name for member in tar.getmembers()):
                raise _Failed(
                    "invalid backup archive content: all files in the archive must be under"
                    " <backup name> directory"
                )
            read = {member.name.partition("/")[2]: tar.extractfile(member) for member in members}
            return {inside: file.read() for inside, file in read.items() if file is not None}
    except EOFError as error:
        raise _Failed("Unexpected end of file") from error
    except (tarfile.TarError, OSError) as error:
        raise _Failed("Bad directory header") from error


def _edition() -> str:
    return "ee" if layout.is_enterprise() else "ce"


def _check_meta(content: dict[str, bytes]) -> None:
    try:
        meta = hocon.parse(content["META.hocon"].decode(), "META.hocon")
        edition, version = str(meta["edition"]), str(meta["version"])
    except (KeyError, HoconError) as error:
        raise _Failed("invalid backup archive file: missing META.hocon") from error
    if edition == "ee" and _edition() == "ce":
        raise _Failed("importing EMQX Enterprise data backup to EMQX is not allowed")
    if edition not in ("ce", "ee"):
        raise _Failed("invalid backup archive content: wrong EMQX edition value in META.hocon")
    try:
        major, minor = (int(part) for part in version.split(".")[:2])
    except ValueError as error:
        raise _Failed("invalid backup archive content: wrong EMQX version value in META.hocon") from error
    own_major, own_minor = (int(part) for part in layout.version().split(".")[:2])
    # As EMQX 5.8 compares them: each by itself.
    if major > own_major or minor > own_minor:
        raise _Failed(
            f'[warning] Backup version "{version}" is newer than EMQX version "{layout.version()}", '
            "import is not allowed.\n"
        )


def _with_sources(root: Object, change: Any) -> Object:
    """With each source of rules that is a file as `change` makes it."""
    rules = root.get("authorization")
    if not isinstance(rules, dict) or "sources" not in rules:
        return root
    sources: list[Value] = [
        change(source) if isinstance(source, dict) and source.get("type") == "file" else source
        for source in as_list(rules["sources"])
    ]
    return {**root, "authorization": {**rules, "sources": sources}}


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), int(time.time())
    tar.addfile(info, io.BytesIO(content))


def _erlang(text: str) -> str:
    """As Erlang's ~p prints a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
