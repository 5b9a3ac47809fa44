"""The words of HOCON as EMQX 5 cuts them: the longest that fits, whatever the lines are."""

from __future__ import annotations

import re
from dataclasses import dataclass

Scalar = bool | int | float | str | None

_LINE_END = "\n\r\u2028\u2029"
_BLANK = re.compile(rf"(?:[\t\v\f \u00a0{_LINE_END}]|(?:#|//)[^{_LINE_END}]*)+")
_KINDS = (
    ("bool", re.compile("true|false")),
    ("null", re.compile("null")),
    ("word", re.compile(r"[A-Za-z][A-Za-z0-9_.@%|-]*")),
    ("integer", re.compile(r"[+-]?[0-9]+")),
    ("float", re.compile(r"[+-]?[0-9]+\.[0-9]+[eE][+-]?[0-9]+|(?:[+-]?[0-9]+)?\.[0-9]+")),
    # A backslash may stand for itself, so a quote behind one ends the text only if no other quote can.
    ("quoted", re.compile(rf'"(?:[^"{_LINE_END}]|(?<=\\)")*"')),
    ("lines", re.compile(r'"""(?:"{0,2}[^"])*"""')),
    ("text", re.compile(r"[0-9]+(?:kb|KB|mb|MB|gb|GB)|[0-9]+%|[0-9]+(?:ms|MS|[dDhHmMsS])")),
    ("substitution", re.compile(r"\$\{\??[A-Za-z][A-Za-z0-9_.@%|-]*\}")),
    ("required", re.compile(rf'required\("[^"{_LINE_END}]*"\)')),
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"'}


class HoconError(ValueError):
    """A text that is no HOCON, or HOCON that EMQX's files do not need; says where."""


@dataclass(frozen=True)
class Token:
    """One word. Its kind is a sign, `key`, `include`, `required`, `word`, `text`, `scalar` or `end`."""

    kind: str
    value: Scalar
    line: int
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "the end of the file" if self.kind == "end" else repr(str(self.value))


def scan(text: str, source: str) -> list[Token]:
    """The words, those that a `=`, a `:` or a `{` follows as keys; without the former two."""
    tokens: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank is not None:
            line += blank.group().count("\n")
            at = blank.end()
            continue
        found, token = _next(text, at, line, source)
        if token.kind in (":", "=", "{") and tokens:
            tokens[-1] = _as_key(tokens[-1])
        if token.kind not in (":", "="):
            tokens.append(token)
        line += found.count("\n")
        at += len(found)
    return [*tokens, Token("end", None, line)]


def without_trailing_commas(tokens: list[Token]) -> list[Token]:
    """EMQX allows them everywhere but in files."""
    return [
        token
        for token, after in zip(tokens, [*tokens[1:], None], strict=True)
        if not (token.kind == "," and after is not None and after.kind in ("}", "]"))
    ]


def _next(text: str, at: int, line: int, source: str) -> tuple[str, Token]:
    if text[at] in "{}[],:=":
        return text[at], Token(text[at], text[at], line)
    matches = [
        (kind, found.group()) for kind, pattern in _KINDS if (found := pattern.match(text, at)) is not None
    ]
    if not matches:
        raise HoconError(f"{source}:{line}: {_illegal(text, at)}")
    # Of two that are as long, the first.
    kind, longest = max(matches, key=lambda match: len(match[1]))
    return longest, _token(kind, longest, line, source)


def _illegal(text: str, at: int) -> str:
    if text[at] == '"':
        return "a quoted text does not end on its line"
    return f"illegal character {text[at]!r}: quote a text that has it"


def _token(kind: str, found: str, line: int, source: str) -> Token:
    match kind:
        case "bool":
            return Token("scalar", found == "true", line)
        case "null":
            return Token("scalar", None, line)
        case "integer":
            return Token("scalar", int(found), line)
        case "float":
            return Token("scalar", float(found), line)
        case "quoted":
            return Token("text", _unescaped(found[1:-1]), line)
        case "lines":
            if found.startswith('"""~'):
                raise HoconError(f'{source}:{line}: the stand-in knows no text that begins with """~')
            return Token("text", found[3:-3], line)
        case "substitution":
            raise HoconError(f"{source}:{line}: the stand-in knows no substitutions such as {found}")
        case "required":
            return Token("required", _unescaped(found.removeprefix('required("')[:-2]), line)
        case "word" if found == "include":
            return Token("include", found, line)
        case _:
            return Token(kind, found, line)


def _as_key(token: Token) -> Token:
    if token.kind == "word":
        parts = [part for part in str(token.value).split(".") if part]
        return Token("key", token.value, token.line, tuple(parts))
    if token.kind == "text":
        return Token("key", token.value, token.line, (str(token.value),))
    return token


def _unescaped(text: str) -> str:
    return re.sub(r'\\([\\"ntrbf])', lambda escape: _ESCAPES[escape.group(1)], text)
