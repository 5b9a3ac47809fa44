"""The configuration that is in force on this node, and its changes while the broker runs."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from . import hocon, layers, layout
from .authenticators import repeated
from .control import Broker, Refused
from .hocon import Object, Value
from .hocon_text import write
from .judgement import BadConfiguration, judge, merged, read_layers
from .known import ROOT
from .schema import check, filled
from .settings import Settings

#: Changes at run time cannot touch these.
READ_ONLY = ("node", "rpc")


class ChangeRefused(Exception):
    """A change that cannot be; nothing has changed."""


class Configuration:
    """What a node of the cluster has of its own: files, environment, and what was changed since the start."""

    def __init__(self, broker: Broker, environment: Mapping[str, str]) -> None:
        self._broker = broker
        self._environment = environment
        # Of the node's own reading and writing; never held while the cluster is asked.
        self._lock = threading.Lock()
        self._config: Object = {}
        self._renewed: dict[str, int] = {}

    @property
    def config(self) -> Object:
        """As given, without defaults."""
        return self._config

    @property
    def settings(self) -> Settings:
        """With all defaults."""
        return Settings.of(self._config)

    def start(self) -> None:
        """Reads everything anew and hands it to the broker, which waits. Fails with BadConfiguration."""
        with self._lock:
            found = read_layers(self._environment)
            number = 0
            for peer in self._broker.ask("overrides")[:1]:
                folder = layers.data_folder(found.boot())
                assert folder is not None
                self._take_over(peer["files"], folder)
                number = peer["number"]
                found = read_layers(self._environment)
            self._config = merged(found)
            settings = judge(self._config)
            self._load(settings)
            self._broker.ask("started", str(number))

    def _take_over(self, files: Mapping[str, Any], folder: Path) -> None:
        """As in EMQX, a node that starts makes its cluster.hocon of another's base.hocon and that."""
        overrides = hocon.merge(
            hocon.parse(files["base"], "the peer's base.hocon"),
            hocon.parse(files["cluster"], "the peer's cluster.hocon"),
        )
        layers.write_cluster_file(folder, write(overrides))
        for name, content in files["data"].items():
            _write_data(folder, name, base64.b64decode(content).decode())

    def _load(self, settings: Settings, updated: Collection[str] = ()) -> None:
        told = settings.erlang(self._renewed, updated)
        _write_private(layout.STATE / "ejabberd.yml", str(told["ejabberd"]))
        path = layout.STATE / "settings.json"
        _write_private(path, json.dumps(told))
        self._broker.ask("load", str(path), timeout_seconds=60)

    # Of the whole cluster

    def commit(
        self,
        roots: Object,
        files: Mapping[str, str] | None = None,
        renewed: str | None = None,
    ) -> list[dict[str, str]]:
        """Replaces whole roots on every running node, this one first. `files` are written in the data folder;
        the authenticator `renewed` is made anew even if it is as it was. Fails with ChangeRefused."""
        change = {"roots": roots, "files": dict(files or {}), "renewed": renewed}
        with NamedTemporaryFile("w", dir=layout.STATE, suffix=".json", encoding="utf-8") as file:
            json.dump(change, file)
            file.flush()
            try:
                answer = self._broker.ask("commit", file.name, timeout_seconds=90)
            except Refused as refusal:
                raise ChangeRefused(str(refusal)) from refusal
        nodes: list[dict[str, str]] = answer["nodes"]
        return nodes

    def carry_out(self, change: Mapping[str, Any]) -> None:
        """This node's part of a commit; fails with ChangeRefused, and then nothing has changed here."""
        with self._lock:
            fresh = {**self._config, **change["roots"]}
            _fail_on([*check(fresh, ROOT), *repeated(fresh)])
            settings = Settings.of(fresh)
            if "listeners" in change["roots"]:
                _fail_on(settings.bad_listener_files())
            folder = settings.data_folder
            former = {name: _read_data(folder, name) for name in change["files"]}
            for name, text in change["files"].items():
                _write_data(folder, name, text)
            if change["renewed"]:
                self._renewed[change["renewed"]] = self._renewed.get(change["renewed"], 0) + 1
            try:
                self._load(settings, change["roots"])
            except Refused as refusal:
                for name, text in former.items():
                    _write_data(folder, name, text)
                self._load(self.settings)
                raise ChangeRefused(str(refusal)) from refusal
            self._config = fresh
            overrides = read_layers(self._environment).overrides()
            layers.write_cluster_file(folder, write({**overrides, **change["roots"]}))

    # Of this node alone

    def reread(self) -> Object:
        """The roots that emqx.conf has, as a reload takes them: without the environment. Fails with
        BadConfiguration."""
        found = read_layers(self._environment)
        whole = merged(found, environment=False)
        roots: Object = {key: whole[key] for key in found.main}
        problems = [str(problem) for problem in check(roots, ROOT) if problem.path.split(".")[0] in roots]
        if problems:
            raise BadConfiguration(problems)
        return {key: value for key, value in roots.items() if key not in READ_ONLY and key != "cluster"}

    def replace_here(self, root: str, value: Value) -> None:
        """Puts a root in force on this node until it restarts; fails with ChangeRefused."""
        with self._lock:
            fresh = {**self._config, root: value}
            _fail_on([*check(fresh, ROOT), *repeated(fresh)])
            # As in EMQX, files are not looked at where nothing has changed.
            if root == "listeners" and value != self._config.get(root):
                _fail_on(Settings.of(fresh).bad_listener_files())
            try:
                self._load(Settings.of(fresh), [root])
            except Refused as refusal:
                self._load(self.settings)
                raise ChangeRefused(str(refusal)) from refusal
            self._config = fresh

    def with_defaults(self, root: str) -> Value:
        """One root, whole."""
        return filled(self._config, ROOT).get(root)


def _fail_on(problems: list[Any]) -> None:
    if problems:
        raise ChangeRefused("\n".join(map(str, problems)))


def _read_data(folder: Path, name: str) -> str:
    path = folder / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write_data(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_private(path: Path, content: str) -> None:
    # A file of its own name first, so that a secret is never readable by others and never half written.
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(content)
    fresh.replace(path)
