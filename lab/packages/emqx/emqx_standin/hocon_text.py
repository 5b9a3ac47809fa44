"""Writes HOCON as EMQX prints it."""

from __future__ import annotations

import json
import re

from .hocon import Object, Value

_PLAIN_KEY = re.compile(r"(?!(?:true|false|null|include)$)[A-Za-z][A-Za-z0-9_-]*$")
_PLAIN_VALUE = re.compile(r"(?!(?:true|false|null|include)$)[A-Za-z][A-Za-z0-9_]*$")


def write(config: Object) -> str:
    """One member a line, objects indented by two spaces."""
    return "".join(_member(key, value, "") for key, value in sorted(config.items()) if value is not None)


def _member(key: str, value: Value, indent: str) -> str:
    name = key if _PLAIN_KEY.match(key) else json.dumps(key)
    if isinstance(value, dict):
        members = "".join(
            _member(inner, item, indent + "  ") for inner, item in sorted(value.items()) if item is not None
        )
        return f"{indent}{name} {{\n{members}{indent}}}\n"
    return f"{indent}{name} = {_value(value, indent)}\n"


def _value(value: Value, indent: str) -> str:
    if isinstance(value, dict):
        members = "".join(
            _member(inner, item, indent + "  ") for inner, item in sorted(value.items()) if item is not None
        )
        return f"{{\n{members}{indent}}}"
    if isinstance(value, list):
        if not any(isinstance(item, dict) for item in value):
            return "[" + ", ".join(_value(item, indent) for item in value) + "]"
        items = ",\n".join(f"{indent}  {_value(item, indent + '  ')}" for item in value)
        return f"[\n{items}\n{indent}]"
    if isinstance(value, str):
        return value if _PLAIN_VALUE.match(value) else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
