"""Checks a configuration against the known settings; finds all errors at once, each with its path."""

from __future__ import annotations

import difflib

from .hocon import Object, Value
from .setting_types import Leaf, MapOf, Struct, Type


def check(config: Object, schema: Struct) -> list[str]:
    """What is wrong with `config`; former names of keys have been replaced by today's in it."""
    return _check(config, schema, "")


def _check(value: Value, kind: Type, path: str) -> list[str]:
    if isinstance(kind, Leaf):
        return [] if kind.accepts(value) else [f"{path}: expected {kind.expected}, got {value!r}"]
    if not isinstance(value, dict):
        return [f"{path}: expected an object, got {value!r}"]
    if isinstance(kind, MapOf):
        return [error for name, item in value.items() for error in _check(item, kind.item, _join(path, name))]
    return _check_struct(value, kind, path)


def _check_struct(value: Object, kind: Struct, path: str) -> list[str]:
    for former, today in kind.aliases.items():
        if former in value and today not in value:
            value[today] = value.pop(former)
    errors = []
    for key, item in value.items():
        known = kind.fields.get(key)
        if known is None:
            errors.append(f"{_join(path, key)}: unknown key{_suggestion(key, kind)}")
        elif item is not None:
            errors += _check(item, known, _join(path, key))
    return errors


def _suggestion(key: str, kind: Struct) -> str:
    close = difflib.get_close_matches(key, kind.fields, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
