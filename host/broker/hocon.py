"""HOCON as EMQX prints it: objects, lists, words and texts; nothing that refers to something else."""

import re
from collections.abc import Iterator
from typing import Any

_TOKENS = re.compile(
    r"(?P<space>[ \t\r]+|\#[^\n]*)|(?P<break>[\n,]+)|(?P<mark>[{}\[\]=:])"
    r'|"""~?\n?(?P<lines>.*?)~?"""|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s{}\[\]=:,"\#]+)',
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
Token = tuple[str, str]


def parse(text: str) -> dict[str, Any]:
    """The members of a whole file; raises ValueError for what is none."""
    return _Parser(text).members("")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def members(self, end: str) -> dict[str, Any]:
        """Up to the mark `end`, or to the end of the text."""
        found: dict[str, Any] = {}
        while True:
            self._skip_breaks()
            kind, value = self._next()
            if (kind, value) == (("mark", end) if end else ("end", "")):
                return found
            if kind not in ("word", "text"):
                raise ValueError(f"HOCON: {value!r} where a name is expected")
            if self._peek() in (("mark", "="), ("mark", ":")):
                self._next()
            found[value] = self._value()

    def _value(self) -> Any:
        kind, value = self._next()
        if (kind, value) == ("mark", "{"):
            return self.members("}")
        if (kind, value) == ("mark", "["):
            return self._list()
        if kind == "text":
            return value
        if kind != "word":
            raise ValueError(f"HOCON: {value!r} where a value is expected")
        return {"true": True, "false": False, "null": None}.get(value, value)

    def _list(self) -> list[Any]:
        found: list[Any] = []
        while True:
            self._skip_breaks()
            if self._peek() == ("mark", "]"):
                self._next()
                return found
            found.append(self._value())

    def _skip_breaks(self) -> None:
        while self._peek()[0] == "break":
            self._next()

    def _peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            raise ValueError(f"HOCON: {text[at : at + 20]!r} cannot be read")
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "text":
            yield "text", re.sub(r"\\(.)", lambda it: _ESCAPES.get(it[1], it[1]), match["text"])
        elif kind == "lines":
            yield "text", match["lines"]
        elif kind != "space":
            yield kind, match[kind]
