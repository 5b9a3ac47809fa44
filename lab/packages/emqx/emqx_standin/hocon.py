"""Reads HOCON as EMQX reads its files: objects, dotted keys, arrays, and files that include others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .hocon_tokens import HoconError, Token, scan, without_trailing_commas

Value = bool | int | float | str | None | list["Value"] | dict[str, "Value"]
Object = dict[str, Value]


def parse_file(path: Path) -> Object:
    """What a file says, with those that it includes. Fails with OSError where there is none to read."""
    return _read(path, ())


def parse(text: str, source: str) -> Object:
    """What a text says that is in no file; `source` names it in errors."""
    return _Reader(without_trailing_commas(scan(text, source)), source).whole()


def parse_value(text: str) -> Value:
    """One value, as in an environment variable: what is no HOCON is a text as it stands."""
    try:
        return parse(f"value={text}", "value")["value"] if text else ""
    except HoconError:
        return text


def merge(base: Object, over: Mapping[str, Value]) -> Object:
    """Objects merge member by member; anything else in `over` replaces what `base` has."""
    result = dict(base)
    for key, value in over.items():
        result[key] = _laid_over(result.get(key), value)
    return result


def _laid_over(base: Value, over: Value) -> Value:
    if isinstance(over, dict):
        if isinstance(base, dict):
            return merge(base, over)
        if isinstance(base, list) and all(_is_number(key) for key in over):
            return _merge_items(base, over)
    return over


def _is_number(key: str) -> bool:
    return key.removeprefix("-").removeprefix("+").isdecimal()


def _merge_items(base: list[Value], over: Object) -> list[Value]:
    """`key.1.member = ...` changes the first of an array."""
    result = list(base)
    for number, key in sorted((int(key), key) for key in over):
        if not 1 <= number <= len(result) + 1:
            raise HoconError(f"element {number} of an array with {len(result)}: they are counted from 1")
        known: Value = result[number - 1] if number <= len(result) else {}
        result[number - 1 : number] = [_laid_over(known, over[key])]
    return result


def nest(path: list[str], value: Value) -> Object:
    """{a: {b: value}} for the path a, b."""
    for key in reversed(path[1:]):
        value = {key: value}
    return {path[0]: value}


def _read(path: Path, includers: tuple[Path, ...]) -> Object:
    if path.resolve() in includers:
        raise HoconError(f"{path}: includes itself")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise HoconError(f"{path}: no UTF-8: {error.reason}") from None
    return _Reader(scan(text, str(path)), str(path), path.parent, (*includers, path.resolve())).whole()


@dataclass
class _Reader:
    tokens: list[Token]
    source: str
    # None: not in a file.
    folder: Path | None = None
    includers: tuple[Path, ...] = ()
    at: int = 0

    def error(self, expected: str) -> HoconError:
        token = self.tokens[self.at]
        return HoconError(f"{self.source}:{token.line}: expected {expected}, found {token}")

    def take(self, *kinds: str) -> Token | None:
        token = self.tokens[self.at]
        if token.kind not in kinds:
            return None
        self.at += 1
        return token

    def whole(self) -> Object:
        if len(self.tokens) == 1:
            return {}
        result = self.members("}" if self.take("{") else "end")
        if self.at < len(self.tokens) and self.take("end") is None:
            raise self.error("the end of the file")
        return result

    def members(self, end: str) -> Object:
        result: Object = {}
        if self.take(end):
            return result
        while True:
            result = merge(result, self.member())
            separated = self.take(",")
            if separated is None and self.take(end):
                return result

    def member(self) -> Object:
        if self.take("include"):
            return self.included()
        key = self.take("key")
        if key is None or not key.path:
            raise self.error("a key with its value")
        return nest(list(key.path), self.value())

    def included(self) -> Object:
        name = self.take("required", "word", "text")
        if name is None:
            raise self.error('"FILE" or required("FILE")')
        if self.folder is None:
            raise HoconError(f"{self.source}: includes {name}: the stand-in knows that in files only")
        path = self.folder / str(name.value)
        try:
            return _read(path, self.includers)
        except FileNotFoundError:
            if name.kind == "required":
                raise HoconError(f"{self.source}:{name.line}: includes {path}, which is not there") from None
            return {}
        except OSError as error:
            raise HoconError(f"{self.source}:{name.line}: includes {path}: {error.strerror}") from None

    def value(self) -> Value:
        scalar = self.take("scalar")
        if scalar is not None:
            return scalar.value
        parts = [self.part()]
        while self.follows():
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else self.joined(parts)

    def follows(self) -> bool:
        """Whether what comes next belongs to the same value, on the next line too."""
        token, before = self.tokens[self.at], self.tokens[self.at - 1]
        if token.kind == "{" and before.kind == "}":
            return token.line == before.line
        return token.kind in ("word", "text", "{", "[")

    def part(self) -> Value:
        if self.take("{"):
            return self.members("}")
        if self.take("["):
            return self.items()
        word = self.take("word", "text")
        if word is None:
            raise self.error("a value")
        return word.value

    def joined(self, parts: list[Value]) -> Value:
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts):
            return "".join(texts)
        arrays = [part for part in parts if isinstance(part, list)]
        if len(arrays) == len(parts):
            return [item for array in arrays for item in array]
        objects = [part for part in parts if isinstance(part, dict)]
        if len(objects) < len(parts):
            line = self.tokens[self.at - 1].line
            raise HoconError(f"{self.source}:{line}: a value made of things of different kinds")
        result: Object = {}
        for part in objects:
            result = merge(result, part)
        return result

    def items(self) -> list[Value]:
        result: list[Value] = []
        if self.take("]"):
            return result
        while True:
            result.append(self.value())
            separated = self.take(",")
            if separated is None and self.take("]"):
                return result
