"""Reads HOCON as EMQX's configuration files use it: objects, dotted keys, arrays, strings, numbers, comments.

Substitutions, includes and `+=` are refused by name: here they would mean something else than on EMQX.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

Value = bool | int | float | str | None | list["Value"] | dict[str, "Value"]
Object = dict[str, Value]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)$")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][+-]?[0-9]+)?$")
_UNQUOTED_KEY = re.compile(r"[A-Za-z0-9_$-]+")
# EMQX reads no colon, equals sign or at sign outside of quotes.
_UNQUOTED_VALUE = re.compile(r"[A-Za-z0-9_./%+-][A-Za-z0-9_./%+ \t-]*")


class HoconError(ValueError):
    """A text that is no HOCON, or HOCON that EMQX's files do not need; says where."""


def parse(text: str, source: str) -> Object:
    """The object that a whole file describes; `source` names it in errors."""
    reader = _Reader(text, source)
    reader.skip_blank()
    braced = reader.take("{")
    result = reader.members("}" if braced else None)
    reader.skip_blank()
    if not reader.at_end():
        raise reader.error(f"expected the end of the file, found {reader.found()}")
    return result


def parse_value(text: str, source: str) -> Value:
    """One value, as in an environment variable."""
    reader = _Reader(text.strip(), source)
    value = reader.value()
    reader.skip_blank()
    if not reader.at_end():
        raise HoconError(f"{source}: {reader.found()} within a value: quote a text with : = # or @ in it")
    return value


def merge(base: Object, over: Mapping[str, Value]) -> Object:
    """Objects merge member by member; anything else in `over` replaces what `base` has."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            result[key] = merge(known, value)
        elif isinstance(known, list) and isinstance(value, dict) and _is_numbered(value):
            result[key] = _merge_items(known, value)
        else:
            result[key] = value
    return result


def _is_numbered(value: Object) -> bool:
    return bool(value) and all(key.isdigit() for key in value)


def _merge_items(base: list[Value], over: Object) -> list[Value]:
    """`key.1.member = ...` changes the first of an array."""
    result = list(base)
    for key, value in over.items():
        number = int(key) - 1
        if number < len(result):
            known = result[number]
            both = isinstance(known, dict) and isinstance(value, dict)
            result[number] = merge(known, value) if both else value  # type: ignore[arg-type]
        else:
            result.append(value)
    return result


def nest(path: list[str], value: Value) -> Object:
    """{a: {b: value}} for the path a, b."""
    for key in reversed(path[1:]):
        value = {key: value}
    return {path[0]: value}


@dataclass
class _Reader:
    text: str
    source: str
    at: int = 0

    def error(self, what: str) -> HoconError:
        line = self.text.count("\n", 0, self.at) + 1
        return HoconError(f"{self.source}:{line}: {what}")

    def at_end(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def found(self) -> str:
        return repr(self.peek()) if not self.at_end() else "the end of the file"

    def take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def skip_blank(self, newlines: bool = True) -> bool:
        """Skips spaces and comments; whether a newline was among them."""
        newline = False
        while not self.at_end():
            character = self.peek()
            if character == "#" or self.text.startswith("//", self.at):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif character == "\n":
                if not newlines:
                    return True
                newline = True
                self.at += 1
            elif character.isspace():
                self.at += 1
            else:
                break
        return newline

    def members(self, end: str | None) -> Object:
        result: Object = {}
        while True:
            self.skip_blank()
            if self.at_end():
                if end is None:
                    return result
                raise self.error(f"expected {end!r}, found the end of the file")
            if end is not None and self.take(end):
                return result
            path = self.key()
            result = merge(result, nest(path, self.member_value()))
            self.separator(end)

    def separator(self, end: str | None) -> None:
        newline = self.skip_blank()
        if self.take(",") or newline or self.at_end() or (end is not None and self.peek() == end):
            return
        raise self.error(f"expected a comma or a new line before {self.found()}")

    def key(self) -> list[str]:
        path = []
        while True:
            if self.peek() == '"':
                path.append(self.quoted())
            else:
                match = _UNQUOTED_KEY.match(self.text, self.at)
                if match is None:
                    raise self.error(f"expected a key, found {self.found()}")
                self.at = match.end()
                path.append(match.group())
            if not self.take("."):
                break
        if path[0] == "include":
            raise self.error("include is not supported")
        return path

    def member_value(self) -> Value:
        self.skip_blank(newlines=False)
        if self.text.startswith("+=", self.at):
            raise self.error("+= is not supported")
        if not (self.take("=") or self.take(":")) and self.peek() != "{":
            raise self.error(f"expected '=', ':' or '{{' after a key, found {self.found()}")
        self.skip_blank()
        return self.value()

    def value(self) -> Value:
        self.skip_blank()
        if self.take("{"):
            return self.members("}")
        if self.take("["):
            return self.items()
        if self.peek() == '"':
            return self.quoted()
        if self.text.startswith("${", self.at):
            raise self.error("substitutions are not supported")
        match = _UNQUOTED_VALUE.match(self.text, self.at)
        if match is None:
            raise self.error(f"expected a value, found {self.found()}")
        word = match.group()
        # Two slashes begin a comment, also right behind a word.
        word = word.split("//")[0]
        self.at += len(word)
        return _literal(word.strip())

    def items(self) -> list[Value]:
        result: list[Value] = []
        while True:
            self.skip_blank()
            if self.take("]"):
                return result
            if self.at_end():
                raise self.error("expected ']', found the end of the file")
            result.append(self.value())
            self.separator("]")

    def quoted(self) -> str:
        if self.take('"""'):
            end = self.text.find('"""', self.at)
            if end < 0:
                raise self.error('a text that begins with """ does not end')
            text, self.at = self.text[self.at : end], end + 3
            return text
        match = re.compile(r'"(?:[^"\\\n]|\\.)*"').match(self.text, self.at)
        if match is None:
            raise self.error("a quoted text does not end on its line")
        try:
            text = json.loads(match.group(), strict=False)
        except ValueError:
            raise self.error(f"unknown escape in {match.group()}") from None
        self.at = match.end()
        return str(text)


def _literal(word: str) -> Value:
    if word in ("true", "false"):
        return word == "true"
    if word == "null":
        return None
    if _INTEGER.match(word):
        return int(word)
    if _FRACTION.match(word):
        return float(word)
    return word
