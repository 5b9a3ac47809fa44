"""Requests and answers of the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from ..configuration import Configuration
from ..control import Broker


@dataclass(frozen=True)
class Request:
    """What a client asked; `names` are the parts of the path that stand for something."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    names: Mapping[str, str] = field(default_factory=dict)

    def object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        value = self.json()
        if not isinstance(value, dict):
            raise Failure(400, "BAD_REQUEST", "expected a JSON object")
        return value

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise Failure(400, "BAD_REQUEST", f"the body is no JSON: {error}") from error

    def file(self, name: str) -> tuple[str, str]:
        """Name and content of a file in a multipart form."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        for part in BytesParser(policy=HTTP).parsebytes(head + self.body).iter_parts():
            if part.get_param("name", header="content-disposition") == name:
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                return str(part.get_filename()), content.decode()
        raise Failure(400, "BAD_REQUEST", f"Missing required parameter: {name}")

    def page(self) -> tuple[int, int]:
        """Page and limit."""
        page, limit = int(self.query.get("page", "1")), int(self.query.get("limit", "100"))
        if page < 1 or not 1 <= limit <= 10_000:
            raise Failure(400, "INVALID_PARAMETER", "page_limit_invalid")
        return page, limit


@dataclass(frozen=True)
class Answer:
    """A status, and JSON or a text."""

    status: int
    body: Any = None
    content_type: str = "application/json"

    def content(self) -> bytes:
        """As it is sent."""
        if self.body is None:
            return b""
        text = json.dumps(self.body) if self.content_type == "application/json" else str(self.body)
        return text.encode()


class Failure(Exception):
    """An answer that is no success, with EMQX's code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"code": code, "message": message})


@dataclass(frozen=True)
class Context:
    """What answers come from."""

    configuration: Configuration
    broker: Broker


Handler = Callable[[Context, Request], Answer]
#: Method, path with names in braces, handler.
Route = tuple[str, str, Handler]


def paged(request: Request, rows: list[Any]) -> Answer:
    """One page of a list."""
    page, limit = request.page()
    meta = {"page": page, "limit": limit, "count": len(rows), "hasnext": page * limit < len(rows)}
    return Answer(200, {"data": rows[(page - 1) * limit : page * limit], "meta": meta})


NO_CONTENT = Answer(204)
