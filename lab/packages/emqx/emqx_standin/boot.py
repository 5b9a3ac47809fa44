"""`emqx foreground`: reads the configuration, writes what the Erlang machine starts from, and becomes it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from . import layout
from .judgement import BadBootConfiguration, BadConfiguration, judged
from .licence import starts_with
from .setting_types import duration_ms
from .settings import Settings

#: As many generated files of a kind as EMQX keeps.
_HISTORY = 3


def foreground() -> int:
    """Does not come back; the exit status where the configuration does not allow a start."""
    try:
        settings = judged(os.environ)
    except (BadBootConfiguration, BadConfiguration) as failure:
        failure.print()
        return failure.status
    errors = settings.contradictions()
    if errors:
        print("\n".join(errors), file=sys.stderr)
        return 1
    if layout.is_enterprise() and not starts_with(settings.text("license.key")):
        return 1
    print(f"EMQX {layout.version()} (a stand-in on ejabberd) starts as {settings.node_name}", flush=True)
    arguments = _generate(settings)
    _write_state(settings)
    # As EMQX's script ends its command line: its other commands find the running node by it.
    command = ["erl", "-noinput", "-args_file", str(arguments), "--"]
    command += ["foreground", "-ekka_proto_dist", "inet_tcp", "-emqx_data_dir", str(settings.data_folder)]
    os.execvpe(command[0], command, _environment())


def _generate(settings: Settings) -> Path:
    """The machine's arguments, in a file that everybody may read, the cookie among them, as EMQX has it."""
    folder = settings.data_folder / "configs"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    now = time.strftime("%Y.%m.%d.%H.%M.%S")
    path = folder / f"vm.{now}.args"
    for generated, text in ((path, _arguments(settings)), (folder / f"app.{now}.config", "[].\n")):
        former = sorted(folder.glob(f"{generated.name.split('.')[0]}.*{generated.suffix}"))
        for old in former[: max(0, len(former) - _HISTORY + 1)]:
            old.unlink()
        generated.write_text(text, encoding="utf-8")
    return path


def _arguments(settings: Settings) -> str:
    address = settings.address.split(".")
    interface = "{" + ",".join(address) + "}" if all(part.isdigit() for part in address) else "{0,0,0,0}"
    ports = int(settings.text("node.max_ports"))
    tick = max(1, (duration_ms(settings.get("node.dist_net_ticktime")) or 120_000) // 1000)
    apart = settings.get("cluster.prevent_overlapping_partitions") in (True, "true")
    lines = [
        f"-name {settings.node_name}",
        f"-setcookie {settings.cookie}",
        f"+Q {ports}",
        f"+P {2 * ports}",
        # Schedulers that spin while idle would cost half a core on a small host.
        "+sbwt none +sbwtdcpu none +sbwtdio none",
        # One fixed port for every node, as EMQX has it, and no epmd.
        "-start_epmd false -erl_epmd_port 4370",
        f"-kernel inet_dist_use_interface {interface}",
        f"-kernel net_ticktime {tick} -kernel net_setuptime 2",
        f"-kernel prevent_overlapping_partitions {'true' if apart else 'false'}",
        f"""-kernel inetrc '"{layout.STATE / "inetrc"}"'""",
        f"""-mnesia dir '"{settings.data_folder / "mnesia" / settings.node_name}"'""",
        f"-pa {layout.ejabberd_folder() / 'ebin'} {layout.LIBRARY / 'ebin'}",
        "-s emqx_node start",
    ]
    return "\n".join(lines) + "\n"


def _write_state(settings: Settings) -> None:
    layout.STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    (settings.data_folder / "mnesia").mkdir(parents=True, exist_ok=True)
    autoclean = settings.get("cluster.autoclean")
    boot = {
        "control_socket": str(layout.CONTROL_SOCKET),
        "companion": [sys.executable, "-m", "emqx_standin", "companion"],
        "seeds": settings.seeds,
        "autoheal": settings.get("cluster.autoheal") in (True, "true"),
        "autoclean_ms": None if autoclean == "disabled" else duration_ms(autoclean),
        "etc_folder": str(layout.CONFIGURATION),
        "data_folder": str(settings.data_folder),
    }
    (layout.STATE / "boot.json").write_text(json.dumps(boot), encoding="utf-8")
    # No name is ever looked up: without this, a name server that does not answer delays the start by seconds.
    (layout.STATE / "inetrc").write_text("{lookup, [file]}.\n", encoding="utf-8")


def _environment() -> dict[str, str]:
    # The companion reads EMQX's own variables again.
    return {
        **os.environ,
        "LANG": "C.UTF-8",
        "HOME": str(layout.HOME),
        "EMQX_STANDIN_BOOT": str(layout.STATE / "boot.json"),
        "EJABBERD_CONFIG_PATH": str(layout.STATE / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(layout.LOGS / "emqx.log"),
        "ERL_CRASH_DUMP": str(layout.LOGS / "erl_crash.dump"),
        "ERL_LIBS": str(layout.ejabberd_folder().parent),
    }
