"""The types of EMQX's settings: what a value may be, and how an error names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .hocon import Value

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.IGNORECASE)
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_BYTES = re.compile(r"(\d+)\s*(b|kb|mb|gb)?$", re.IGNORECASE)
_MULTIPLIERS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


@dataclass(frozen=True)
class Leaf:
    """A setting with a value; `expected` completes the sentence `expected ...`."""

    expected: str
    accepts: Callable[[Value], bool]


@dataclass(frozen=True)
class Struct:
    """An object with known keys; `aliases` are former names that EMQX still takes."""

    fields: dict[str, Type]
    aliases: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MapOf:
    """An object whose keys are names of the user's choice."""

    item: Type


Type = Leaf | Struct | MapOf


def duration_ms(value: Value) -> int | None:
    """Milliseconds of `15s`, `1m30s` or a plain number of milliseconds; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if not isinstance(value, str) or not _DURATION.match(value):
        return None
    parts = _DURATION_PART.findall(value)
    return round(sum(float(number) * _MILLISECONDS[unit.lower()] for number, unit in parts))


def size_bytes(value: Value) -> int | None:
    """Bytes of `1MB`, `512KB` or a plain number; None for anything else."""
    match = (
        _BYTES.match(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    )
    return int(match.group(1)) * _MULTIPLIERS[(match.group(2) or "").lower()] if match else None


def parse_bind(value: Value) -> tuple[str, int] | None:
    """Address and port of `1883`, `:1883` or `10.0.0.5:1883`; None for anything else."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    address, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        return None
    address = address or "0.0.0.0"
    octets = address.split(".")
    if len(octets) != 4 or not all(octet.isdigit() and int(octet) < 256 for octet in octets):
        return None
    return address, int(port)


def integer(low: int, high: int | None = None) -> Leaf:
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"

    def accepts(value: Value) -> bool:
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and low <= value
            and (high is None or value <= high)
        )

    return Leaf(f"an integer {limits}", accepts)


def enum(*words: str) -> Leaf:
    return Leaf(f"one of {', '.join(words)}", lambda value: value in words)


def either(*types: Leaf) -> Leaf:
    return Leaf(" or ".join(t.expected for t in types), lambda value: any(t.accepts(value) for t in types))


def array(item: Leaf) -> Leaf:
    return Leaf(
        f"an array, each item {item.expected}",
        lambda value: isinstance(value, list) and all(item.accepts(one) for one in value),
    )


def _is_percent(value: Value) -> bool:
    return isinstance(value, str) and re.match(r"\d{1,3}(\.\d+)?%$", value) is not None


BOOLEAN = Leaf("true or false", lambda value: isinstance(value, bool))
STRING = Leaf("a string", lambda value: isinstance(value, (str, int)) and not isinstance(value, bool))
DURATION = Leaf("a duration such as 15s or 1m30s", lambda value: duration_ms(value) is not None)
BYTES = Leaf("a size such as 1MB", lambda value: size_bytes(value) is not None)
PERCENT = Leaf("a percentage such as 80%", _is_percent)
NUMBER = Leaf("a number", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))
BIND = Leaf("a port or ADDRESS:PORT", lambda value: parse_bind(value) is not None)
NODE = Leaf(
    "a node name such as emqx@10.0.0.5", lambda value: re.match(r"[\w-]+@[\w.:-]+$", str(value)) is not None
)
ANYTHING = Leaf("any value", lambda value: True)
INFINITY = enum("infinity")
DISABLED = enum("disabled")
