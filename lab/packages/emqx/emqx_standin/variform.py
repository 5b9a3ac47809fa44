"""EMQX's expressions that make texts of a client's facts, such as `concat(['a-', clientid])`."""

from __future__ import annotations

import re

#: For Erlang: ["text", "a"], ["number", 1], ["fact", ["client_attrs", "a"]], ["call", NAME, [...]],
#: ["array", [...]] or a boolean.
Form = bool | list[object]

#: Of EMQX's functions, those that the stand-in has, with the numbers of arguments that they take.
FUNCTIONS = {
    "coalesce": None,
    "concat": (1, 2),
    "iif": (3,),
    "is_empty": (1,),
    "join_to_string": (1, 2),
    "lower": (1,),
    "not": (1,),
    "nth": (2,),
    "regex_extract": (2,),
    "regex_match": (2,),
    "regex_replace": (3,),
    "replace": (3,),
    "rm_prefix": (2,),
    "split": (2,),
    "str_eq": (2,),
    "str_neq": (2,),
    "strlen": (1,),
    "substr": (2, 3),
    "tokens": (2,),
    "trim": (1,),
    "upper": (1,),
}

_TOKEN = re.compile(
    r"[ \t\n]*(?:(?P<name>[a-zA-Z][-a-zA-Z0-9_.]*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\""
    r"|(?P<number>[+-]?[0-9]+)|(?P<sign>[()\[\],]))"
)


class ExpressionError(ValueError):
    """An expression that EMQX, or the stand-in, does not understand."""


def compiled(expression: str) -> Form:
    """The expression in a form that can be evaluated."""
    reader = _Reader(expression)
    form = reader.name()
    if reader.at < len(reader.tokens):
        raise reader.error()
    return form


class _Reader:
    def __init__(self, expression: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        position, end = 0, len(expression.rstrip(" \t\n"))
        while position < end:
            match = _TOKEN.match(expression, position, end)
            if match is None:
                raise ExpressionError(f"illegal characters {expression[position:]!r}")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind]))
            position = match.end()

    def error(self) -> ExpressionError:
        if self.at >= len(self.tokens):
            return ExpressionError("syntax error before: ")
        return ExpressionError(f"syntax error before: {self.tokens[self.at][1]!r}")

    def take(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in [("sign", sign) for sign in signs]:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def name(self) -> Form:
        """A fact or a call: no expression is a text or a number alone."""
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "name":
            raise self.error()
        name = self.tokens[self.at][1]
        self.at += 1
        if name in ("true", "false"):
            return name == "true"
        if not self.take("("):
            return ["fact", [part for part in name.split(".") if part]]
        arguments: list[object] = [] if self.take(")") else self.arguments(")")
        allowed = FUNCTIONS.get(name, ())
        if allowed is not None and len(arguments) not in allowed:
            raise ExpressionError(f"the stand-in has no function {name} of {len(arguments)}")
        return ["call", name, arguments]

    def arguments(self, end: str) -> list[object]:
        result: list[object] = []
        while True:
            result.append(self.argument())
            if self.take(end):
                return result
            if not self.take(","):
                raise self.error()

    def argument(self) -> Form:
        if self.take("["):
            return ["array", self.arguments("]")]
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind in ("single", "double"):
            self.at += 1
            return ["text", text]
        if kind == "number":
            self.at += 1
            return ["number", int(text)]
        return self.name()
