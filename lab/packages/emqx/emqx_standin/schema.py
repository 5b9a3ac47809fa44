"""Checks a configuration against the known settings, and fills in what EMQX takes where nothing is given."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

from .hocon import Object, Value
from .setting_types import Choice, Leaf, ListOf, MapOf, Struct, Type


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, as EMQX tells it: where, why, and what stands there."""

    path: str
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        more = f",{self.detail}" if self.detail else ""
        return f'#{{kind => validation_error,path => "{self.path}",reason => {self.reason}{more}}}'


def check(config: Object, schema: Struct) -> list[Problem]:
    """What is wrong with `config`. Roots that nobody knows are let pass, as EMQX lets them pass."""
    known: Object = {key: value for key, value in config.items() if key in schema.fields}
    return _check_struct(known, schema, "")


def filled(config: Object, schema: Struct) -> Object:
    """A copy with all defaults, and former names of keys replaced by today's."""
    result = {key: value for key, value in deepcopy(config).items() if key not in schema.aliases}
    for former, today in schema.aliases.items():
        if former in config:
            result.setdefault(today, deepcopy(config[former]))
    for key, kind in schema.fields.items():
        value = _filled(result.get(key), kind)
        if value is not None:
            result[key] = value
    return result


def _filled(value: Value, kind: Type) -> Value:
    if isinstance(kind, Leaf):
        return deepcopy(kind.default) if value is None else value
    if isinstance(kind, Struct):
        if value is None and kind.optional:
            return None
        return filled(value if isinstance(value, dict) else {}, kind)
    if isinstance(kind, MapOf):
        items = {**deepcopy(kind.default), **(value if isinstance(value, dict) else {})}
        return {name: _filled(item, kind.item) for name, item in items.items() if item is not None}
    if isinstance(kind, ListOf):
        if value is None and kind.default is None:
            return None
        return [_filled(item, kind.item) for item in as_list(kind.default if value is None else value)]
    if value is None and kind.default is None:
        return None
    chosen = value if isinstance(value, dict) else kind.default or {}
    struct = kind.choose(chosen)
    return deepcopy(value) if isinstance(struct, str) else filled(chosen, struct)


def as_list(value: Value) -> list[Value]:
    """An array, of one where a single value is given, or of those that stand by their number."""
    if isinstance(value, dict) and value and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value if isinstance(value, list) else [value]


def _check(value: Value, kind: Type, path: str) -> list[Problem]:
    if isinstance(kind, Leaf):
        return [] if kind.accepts(value) else [_wrong(path, kind.expected, value)]
    if isinstance(kind, ListOf):
        return [
            problem
            for number, item in enumerate(as_list(value), start=1)
            for problem in _check(item, kind.item, f"{path}.{number}")
        ]
    if not isinstance(value, dict):
        return [_wrong(path, "an object", value)]
    if isinstance(kind, MapOf):
        return [
            problem
            for name, item in value.items()
            if item is not None
            for problem in _check(item, kind.item, _join(path, name))
        ]
    if isinstance(kind, Choice):
        struct = kind.choose(value)
        return (
            [Problem(path, f'"{struct}"')] if isinstance(struct, str) else _check_struct(value, struct, path)
        )
    return _check_struct(value, kind, path)


def _check_struct(given: Mapping[str, Value], kind: Struct, path: str) -> list[Problem]:
    value = {kind.aliases.get(key, key): item for key, item in given.items()}
    unknown = [key for key in value if key not in kind.fields]
    problems = []
    if unknown:
        names = ",".join(unknown)
        problems.append(Problem(path, "unknown_fields", f'unknown => "{names}"'))
    for key, known in kind.fields.items():
        item = value.get(key)
        if item is not None:
            problems += _check(item, known, _join(path, key))
        elif isinstance(known, Leaf) and known.required:
            problems.append(Problem(_join(path, key), "required_field"))
        elif isinstance(known, Struct) and not known.optional:
            problems += _check_struct({}, known, _join(path, key))
    broken = kind.rule(dict(value)) if kind.rule is not None and not problems else None
    return [*problems, Problem(path, f'"{broken}"')] if broken else problems


def _wrong(path: str, expected: str, value: Value) -> Problem:
    return Problem(path, f'"expected {expected}"', f"value => {value!r}")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
