"""TLS of listeners: what the Erlang side is told of it, and what is wrong with its files."""

from __future__ import annotations

from pathlib import Path

from .hocon import Object, Value
from .layers import interpolated
from .setting_types import duration_ms, is_true

Json = dict[str, object]
_FILES = ("certfile", "keyfile", "cacertfile")
_LEFT_OUT = (
    *("ciphers", "dhfile", "partial_chain", "verify_peer_ext_key_usage"),
    *("enable_crl_check", "password"),
)
#: For a WebSocket without regard to the setting: Ranch has a time-out of its own.
_WEBSOCKET_HANDSHAKE_MS = 15_000


def told(transport: str, listener: Object) -> Json | None:
    """For a listener of kind ssl or wss; None for others."""
    options = listener.get("ssl_options")
    if transport not in ("ssl", "wss") or not isinstance(options, dict):
        return None
    timeout = _WEBSOCKET_HANDSHAKE_MS if transport == "wss" else duration_ms(options["handshake_timeout"])
    return {
        **{key: _path(options.get(key)) for key in _FILES},
        "verify": options["verify"],
        "fail_if_no_peer_cert": is_true(options["fail_if_no_peer_cert"]),
        "versions": options["versions"],
        "depth": int(str(options["depth"])),
        "handshake_timeout_ms": timeout,
    }


def left_out(name: str, listener: Object) -> list[str]:
    """Settings that a listener has and the stand-in would not carry out."""
    options = listener.get("ssl_options")
    if not isinstance(options, dict):
        return []
    found = [key for key in _LEFT_OUT if options.get(key) and options.get(key) != "false"]
    ocsp = options.get("ocsp")
    if isinstance(ocsp, dict) and is_true(ocsp.get("enable_ocsp_stapling")):
        found.append("ocsp.enable_ocsp_stapling")
    return [f"listeners.{name}.ssl_options.{key}: the stand-in knows nothing of it" for key in found]


def bad_files(name: str, listener: Object) -> list[str]:
    """A start goes on without a file that is missing or no PEM; a change while the broker runs is refused."""
    options = listener.get("ssl_options")
    if not isinstance(options, dict):
        return []
    return [
        f'bad_ssl_config,#{{name => {name},which_option => <<"{key}">>,'
        f'file_path => <<"{_path(options.get(key))}">>,pem_check => {problem}}}'
        for key in _FILES
        if (problem := _problem(Path(_path(options.get(key))))) is not None
    ]


def _path(value: Value) -> str:
    return str(interpolated(value))


def _problem(path: Path) -> str | None:
    try:
        return None if "-----BEGIN " in path.read_text(encoding="utf-8") else "not_pem"
    except (OSError, UnicodeDecodeError) as error:
        return "eacces" if isinstance(error, PermissionError) else "enoent"
