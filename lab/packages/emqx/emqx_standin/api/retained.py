"""/mqtt/retainer/messages: what is retained."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .answers import Answer, Context, Request, Route, paged


def _list(context: Context, request: Request) -> Answer:
    return paged(request, [_told(message) for message in context.broker.ask("retained")])


def _told(message: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(message.pop("at") / 1000, timezone.utc)
    return {**message, "publish_at": at.isoformat(timespec="milliseconds")}


ROUTES: list[Route] = [("GET", "/mqtt/retainer/messages", _list)]
