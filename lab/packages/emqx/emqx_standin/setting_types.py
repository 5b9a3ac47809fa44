"""The types of EMQX's settings: what a value may be, how an error names it, what holds by default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from .hocon import Object, Value

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
    default: Value = None
    required: bool = False

    def by(self, default: Value) -> Leaf:
        """The same, with a default."""
        return replace(self, default=default)

    def needed(self) -> Leaf:
        """The same, which has to be given."""
        return replace(self, required=True)


@dataclass(frozen=True)
class Struct:
    """An object with known keys; `aliases` are former names that EMQX still takes."""

    fields: Mapping[str, Type]
    aliases: Mapping[str, str] = field(default_factory=dict)
    #: Whether it is there, with its defaults, when nobody gives it.
    optional: bool = False
    #: What must hold of its values together: what is wrong, or None.
    rule: Callable[[Object], str | None] | None = None


@dataclass(frozen=True)
class MapOf:
    """An object whose keys are names of the user's choice."""

    item: Type
    default: Object = field(default_factory=dict)


@dataclass(frozen=True)
class ListOf:
    """An array of objects; EMQX takes a single one for an array of one."""

    item: Type
    default: list[Value] | None = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """One of several kinds of objects. `choose` says which a value means to be, or what is wrong with it."""

    choose: Callable[[Object], Struct | str]
    default: Object | None = None


Type = Leaf | Struct | MapOf | ListOf | Choice


def without_defaults(struct: Struct) -> Struct:
    """The same settings where only those count that are given, as in a zone."""
    fields = {
        key: replace(kind, default=None) if isinstance(kind, (Leaf, ListOf)) else kind
        for key, kind in struct.fields.items()
    }
    return replace(struct, fields=fields, optional=True)


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


def rate(value: Value) -> tuple[int, int] | None:
    """Number and milliseconds of `1000/s` or `2/1s`; None for `infinity` and for what is no rate."""
    match = re.match(r"(\d+)\s*/\s*(\d*(?:ms|[smhd]))$", str(value))
    if match is None:
        return None
    per = match.group(2)
    return int(match.group(1)), duration_ms(per if per[0].isdigit() else f"1{per}") or 1000


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


def is_true(value: Value) -> bool:
    """EMQX takes the word for the value."""
    return value in (True, "true")


def integer(low: int, high: int | None = None) -> Leaf:
    """A whole number between these, both included."""
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
    """One of these words."""
    return Leaf(f"one of {', '.join(words)}", lambda value: value in words)


def constant(word: str) -> Leaf:
    """This word, which says of what kind an object is."""
    return enum(word).needed()


def either(*types: Leaf) -> Leaf:
    """What one of these takes."""
    return Leaf(" or ".join(t.expected for t in types), lambda value: any(t.accepts(value) for t in types))


def array(item: Leaf) -> Leaf:
    """A list of values."""
    return Leaf(
        f"an array, each item {item.expected}",
        lambda value: isinstance(value, list) and all(item.accepts(one) for one in value),
    )


def _is_percent(value: Value) -> bool:
    return isinstance(value, str) and re.match(r"\d{1,3}(\.\d+)?%$", value) is not None


def _is_text(value: Value) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


BOOLEAN = Leaf("true or false", lambda value: isinstance(value, bool) or value in ("true", "false"))
STRING = Leaf("a string", _is_text)
NOT_EMPTY = Leaf("a string that is not empty", lambda value: _is_text(value) and value != "")
DURATION = Leaf("a duration such as 15s or 1m30s", lambda value: duration_ms(value) is not None)
BYTES = Leaf("a size such as 1MB", lambda value: size_bytes(value) is not None)
PERCENT = Leaf("a percentage such as 80%", _is_percent)
NUMBER = Leaf("a number", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))
RATE = Leaf("infinity or a rate such as 1000/s", lambda value: value == "infinity" or rate(value) is not None)
BIND = Leaf("a port or ADDRESS:PORT", lambda value: parse_bind(value) is not None)
NODE = Leaf(
    "a node name such as emqx@10.0.0.5", lambda value: re.match(r"[\w-]+@[\w.:-]+$", str(value)) is not None
)
OBJECT = Leaf("an object", lambda value: isinstance(value, dict))
ANYTHING = Leaf("any value", lambda value: True)
INFINITY = enum("infinity")
DISABLED = enum("disabled")
SWITCH = enum("enabled", "disabled")
