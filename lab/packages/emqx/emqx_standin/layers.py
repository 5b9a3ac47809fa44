"""The layers that a configuration comes in: base.hocon, then cluster.hocon, then emqx.conf, then variables of
the environment; the later wins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import hocon
from .hocon import Object, Value
from .known import ROOT

#: Set by the unit or by ourselves, and no settings.
_NO_SETTINGS = {"EMQX_DEFAULT_LOG_HANDLER", "EMQX_STANDIN_BOOT"}

_CLUSTER_HEADER = """\
# This file is generated. Do not edit.
# The configs are results of online config changes from UI/API/CLI.
# To persist configs in this file, copy the content to etc/base.hocon.
"""


@dataclass(frozen=True)
class Layers:
    """What each layer says, unmerged."""

    base: Object
    cluster: Object
    main: Object
    environment: Object

    def merged(self, environment: bool = True) -> Object:
        """All of them, or without the environment, as a reload takes them."""
        result = hocon.merge(hocon.merge(self.base, self.cluster), self.main)
        return hocon.merge(result, self.environment) if environment else result

    def overrides(self) -> Object:
        """What changes at run time are added to, and what a node that joins takes over."""
        return hocon.merge(self.base, self.cluster)

    def boot(self) -> Object:
        """What EMQX's start script looks at before anything else: emqx.conf and the environment alone."""
        return hocon.merge(self.main, self.environment)


def read(etc: Path, environment: Mapping[str, str]) -> Layers:
    """Fails with HoconError or OSError where a file cannot be read."""
    main = _read(etc / "emqx.conf", required=True)
    overridden = from_environment(environment)
    folder = data_folder(hocon.merge(main, overridden))
    cluster = _read(cluster_file(folder)) if folder is not None else {}
    return Layers(_read(etc / "base.hocon"), cluster, main, overridden)


def data_folder(config: Object) -> Path | None:
    """node.data_dir, if it is given."""
    node = config.get("node")
    folder = node.get("data_dir") if isinstance(node, dict) else None
    return Path(folder) if isinstance(folder, str) else None


def cluster_file(folder: Path) -> Path:
    """Where changes at run time are kept."""
    return folder / "configs" / "cluster.hocon"


def write_cluster_file(folder: Path, text: str) -> None:
    """Replaces it whole."""
    path = cluster_file(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".tmp")
    fresh.write_text(_CLUSTER_HEADER + text, encoding="utf-8")
    fresh.replace(path)


def from_environment(environment: Mapping[str, str]) -> Object:
    """EMQX_A__B is a.b. What names no section of the configuration is let alone, as EMQX lets it."""
    result: Object = {}
    for name, text in sorted(environment.items()):
        path = name.removeprefix("EMQX_").lower().split("__")
        if name.startswith("EMQX_") and name not in _NO_SETTINGS and path[0] in ROOT.fields and len(path) > 1:
            result = hocon.merge(result, hocon.nest(path, hocon.parse_value(text)))
    return result


def interpolated(value: Value) -> Value:
    """With ${EMQX_ETC_DIR} and ${EMQX_LOG_DIR}, which EMQX knows in paths."""
    if isinstance(value, dict):
        return {key: interpolated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item) for item in value]
    if isinstance(value, str):
        etc = os.environ.get("EMQX_ETC_DIR", "/etc/emqx")
        return value.replace("${EMQX_ETC_DIR}", etc).replace("${EMQX_LOG_DIR}", "/var/log/emqx")
    return value


def _read(path: Path, required: bool = False) -> Object:
    if not required and not path.exists():
        return {}
    return hocon.parse_file(path)


__all__ = ["Layers", "cluster_file", "data_folder", "from_environment", "interpolated", "read"]
