"""`emqx ctl conf`: what it prints, and whether it went well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import hocon
from .authenticators import authenticator_id
from .configuration import READ_ONLY, ChangeRefused, Configuration
from .control import Broker
from .hocon import Object, Value
from .hocon_text import write
from .hocon_tokens import HoconError
from .judgement import BadConfiguration
from .known import ROOT
from .schema import as_list, check, filled

#: EMQX does not print these.
HIDDEN = ("trace", "stats", "broker", "plugins", "zones")
#: These come first, since others name them.
_FIRST = ("connectors", "actions", "sources", "bridges", "rule_engine")


class LoadFailed(Exception):
    """Nothing, or not everything, was loaded; the text is for a log, the lines are for a terminal."""

    def __init__(self, message: str, lines: list[str] | None = None) -> None:
        super().__init__(message)
        self.lines = [message] if lines is None else lines


class Reloader:
    """Changes of the configuration by files."""

    def __init__(self, configuration: Configuration, broker: Broker) -> None:
        self._configuration = configuration
        self._broker = broker

    def answer(self, command: str, arguments: list[str]) -> dict[str, Any]:
        """{lines, ok}: what is printed, and whether the command ends with 0."""
        try:
            match command:
                case "show_keys":
                    return _well(["[" + ",".join(self._keys()) + "]"])
                case "show":
                    return self._show(arguments)
                case "load":
                    mode, path = arguments
                    return _well(self.load(_read(Path(path)), mode))
                case "reload":
                    return self._reload(arguments[0])
                case "cluster_sync":
                    return _well(self._sync_status())
                case _:
                    return _well([])
        except LoadFailed as failure:
            return {"lines": failure.lines, "ok": False}

    def _keys(self) -> list[str]:
        return sorted(key for key in ROOT.fields if key not in HIDDEN)

    def _show(self, arguments: list[str]) -> dict[str, Any]:
        whole = filled(self._configuration.config, ROOT)
        if not arguments:
            return _well([write({key: value for key, value in whole.items() if key not in HIDDEN})])
        if arguments[0] not in whole:
            return _well(["key_not_found"])
        return _well([write({arguments[0]: whole[arguments[0]]})])

    # The whole cluster

    def load(self, given: Object, mode: str, ignore_read_only: bool = False) -> list[str]:
        """Puts whole roots in force everywhere, and keeps them: each with EMQX's defaults for what it leaves
        out, laid over what is there (merge) or instead of it (replace). Fails with LoadFailed."""
        given = _without_read_only(given, ignore_read_only)
        unknown = [key for key in given if key not in ROOT.fields]
        if unknown:
            raise LoadFailed("root_key_not_found", [f"{key}: root_key_not_found" for key in unknown])
        problems = [p for p in check(given, ROOT) if p.path.split(".")[0] in given]
        if problems:
            # As in EMQX, of this only the log tells.
            raise LoadFailed("\n".join(map(str, problems)), [])
        whole = filled(given, ROOT)
        lines, failed = [], []
        for root in _ordered(given):
            value = whole[root]
            if mode == "merge":
                value = merged_root(root, self._configuration.config.get(root), value)
            try:
                self._configuration.commit({root: value})
                lines.append(f"load {root} on cluster ok")
            except ChangeRefused as refusal:
                lines += _cannot(mode, root, str(refusal), self._configuration)
                failed.append(f"{root}: {refusal}")
        if failed:
            raise LoadFailed("\n".join(failed), lines)
        return lines

    # This node

    def _reload(self, mode: str) -> dict[str, Any]:
        try:
            roots = self._configuration.reread()
        except BadConfiguration as failure:
            raise LoadFailed("check config failed", ["check config failed", *failure.problems]) from failure
        node = self._configuration.settings.node_name
        lines, ok = [], True
        for root in _ordered(roots):
            value = roots[root]
            if mode == "merge":
                value = merged_root(root, self._configuration.config.get(root), value)
            try:
                self._configuration.replace_here(root, value)
                lines.append(f"load {root} on '{node}' ok")
            except ChangeRefused as refusal:
                lines += _cannot(mode, root, str(refusal), self._configuration)
                ok = False
        return {"lines": lines, "ok": ok}

    def _sync_status(self) -> list[str]:
        rule = "-----------------------------------------------"
        positions = self._broker.ask("position")
        numbers = {entry["number"] for entry in positions}
        stopped = self._broker.ask("cluster")["stopped"]
        told = (
            [f"All configuration synchronized(tnx_id={numbers.pop()}) successfully"]
            if len(numbers) == 1
            else [
                "No inconsistent configuration found but has inconsistent tnxId ",
                "[" + ",".join(f"{{'{entry['node']}',{entry['number']}}}" for entry in positions) + "]",
            ]
        )
        found = [f"Found stopped nodes: [{','.join(repr(node) for node in stopped)}]"] if stopped else []
        return [rule, *told, *found, rule]


def merged_root(root: str, former: Value, given: Value) -> Value:
    """A root laid over what is there, as EMQX lays it: authenticators and sources by what they are."""
    if root == "authentication":
        return _merged_list(as_list(former or []), as_list(given), authenticator_id)
    if root == "authorization" and isinstance(former, dict) and isinstance(given, dict):
        sources = _merged_list(
            as_list(former.get("sources") or []),
            as_list(given.get("sources") or []),
            lambda source: str(source.get("type")),
        )
        return {**hocon.merge(former, given), "sources": sources}
    if isinstance(former, dict) and isinstance(given, dict):
        return hocon.merge(former, given)
    return given


def _merged_list(former: list[Value], given: list[Value], name: Any) -> list[Value]:
    left = [item for item in given if isinstance(item, dict)]
    result: list[Value] = []
    for item in former:
        same = next((one for one in left if isinstance(item, dict) and name(one) == name(item)), None)
        if same is None or not isinstance(item, dict):
            result.append(item)
        else:
            left.remove(same)
            result.append(hocon.merge(item, same))
    return [*result, *left]


def _without_read_only(given: Object, ignore: bool) -> Object:
    cluster = given.get("cluster")
    keys = [key for key in READ_ONLY if key in given]
    keys += [f"cluster.{key}" for key in cluster] if isinstance(cluster, dict) else []
    if keys and not ignore:
        reason = f"Cannot update read-only key '{','.join(keys)}'."
        hint = "Maybe try `emqx_ctl conf reload` to reload etc/emqx.conf on local node"
        raise LoadFailed(reason, ["load config failed", reason, hint])
    return {key: value for key, value in given.items() if key not in (*READ_ONLY, "cluster")}


def _read(path: Path) -> Object:
    try:
        given = hocon.parse_file(path)
    except HoconError as error:
        raise LoadFailed("bad_hocon_file", [f"load {path} failed", str(error)]) from error
    except OSError as error:
        raise LoadFailed("not_a_file", [f"{path} file is not found"]) from error
    if not given:
        raise LoadFailed("empty_hocon_file", [f"load {path} is empty"])
    return given


def _ordered(roots: Object) -> list[str]:
    return [key for key in _FIRST if key in roots] + sorted(key for key in roots if key not in _FIRST)


def _cannot(mode: str, root: str, reason: str, configuration: Configuration) -> list[str]:
    now = write({root: configuration.config.get(root)})
    return [
        "The effective configurations:",
        f"```\n{now}```",
        f"Can't {mode} the new configurations!",
        f"Root key: {root}",
        f"Reason: {reason}",
    ]


def _well(lines: list[str]) -> dict[str, Any]:
    return {"lines": lines, "ok": True}
