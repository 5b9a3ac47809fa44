"""/login, /users, /api_key: who may use the API."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from .. import layout
from ..control import Refused
from .answers import NO_CONTENT, Answer, Context, Failure, Request, Route


def login(context: Context, request: Request) -> Answer:
    body = request.object()
    try:
        granted = context.broker.ask("login", str(body.get("username")), str(body.get("password")))
    except Refused:
        raise Failure(401, "BAD_USERNAME_OR_PWD", "Auth failed") from None
    return Answer(
        200,
        {
            "license": {"edition": "opensource"},
            "role": granted["role"],
            "token": granted["token"],
            "version": layout.version(),
        },
    )


def _logout(context: Context, request: Request) -> Answer:
    context.broker.ask("logout", request.headers.get("authorization", "").partition(" ")[2])
    return NO_CONTENT


def _list_users(context: Context, request: Request) -> Answer:
    return Answer(200, [_user(user) for user in context.broker.ask("admins", "list")])


def _add_user(context: Context, request: Request) -> Answer:
    body = request.object()
    username, password = str(body.get("username", "")), str(body.get("password", ""))
    description = str(body.get("description", ""))
    _check_password(password)
    try:
        context.broker.ask("admins", "add", username, password, "administrator", description)
    except Refused as refusal:
        raise Failure(400, "BAD_REQUEST", str(refusal)) from refusal
    return Answer(200, _user({"username": username, "description": description}))


def _delete_user(context: Context, request: Request) -> Answer:
    try:
        context.broker.ask("admins", "del", request.names["username"])
    except Refused as refusal:
        raise Failure(404, "USER_NOT_FOUND", str(refusal)) from refusal
    return NO_CONTENT


def _change_password(context: Context, request: Request) -> Answer:
    body = request.object()
    fresh = str(body.get("new_pwd", ""))
    _check_password(fresh)
    try:
        context.broker.ask("admins", "change", request.names["username"], str(body.get("old_pwd", "")), fresh)
    except Refused as refusal:
        unknown = str(refusal) == "username_not_found"
        code = "USER_NOT_FOUND" if unknown else "ERROR_PWD_NOT_MATCH"
        raise Failure(404 if unknown else 400, code, str(refusal)) from refusal
    return NO_CONTENT


def check_password(password: str) -> str | None:
    """What EMQX has against a password of a dashboard's user."""
    kinds = [re.search(kind, password) for kind in ("[a-zA-Z]", "[0-9]", r"[^a-zA-Z0-9]")]
    if not 8 <= len(password) <= 64:
        return "The range of password length is 8~64"
    if sum(kind is not None for kind in kinds) < 2:
        return "Bad password: use at least two of letters, numbers and special characters"
    return None


def _check_password(password: str) -> None:
    wrong = check_password(password)
    if wrong is not None:
        raise Failure(400, "BAD_REQUEST", wrong)


def _user(user: dict[str, Any]) -> dict[str, Any]:
    return {"username": user["username"], "description": user["description"], "role": "administrator"}


def _list_keys(context: Context, request: Request) -> Answer:
    return Answer(200, [_key(key) for key in context.broker.ask("keys", "list")])


def _add_key(context: Context, request: Request) -> Answer:
    body = request.object()
    properties = {
        "enable": bool(body.get("enable", True)),
        "desc": str(body.get("desc", "")),
        "role": "administrator",
        "expired_at": body.get("expired_at") or "infinity",
        "created_at": int(time.time()),
    }
    name = str(body.get("name", ""))
    if body.get("role", "administrator") != "administrator":
        raise Failure(400, "BAD_REQUEST", "Role does not exist")
    try:
        made = context.broker.ask("keys", "add", name, json.dumps(properties))["ok"]
    except Refused as refusal:
        raise Failure(400, "BAD_REQUEST", str(refusal)) from refusal
    return Answer(200, {**_key({**properties, "name": name, **made}), "api_secret": made["api_secret"]})


def _delete_key(context: Context, request: Request) -> Answer:
    try:
        context.broker.ask("keys", "del", request.names["name"])
    except Refused as refusal:
        raise Failure(404, "NOT_FOUND", "Name NOT FOUND") from refusal
    return NO_CONTENT


def _key(key: dict[str, Any]) -> dict[str, Any]:
    made = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(key["created_at"]))
    shown = {name: key[name] for name in ("name", "api_key", "enable", "desc", "expired_at")}
    return {**shown, "created_at": made, "expired": False}


ROUTES: list[Route] = [
    ("POST", "/logout", _logout),
    ("GET", "/users", _list_users),
    ("POST", "/users", _add_user),
    ("DELETE", "/users/{username}", _delete_user),
    ("POST", "/users/{username}/change_pwd", _change_password),
    ("GET", "/api_key", _list_keys),
    ("POST", "/api_key", _add_key),
    ("DELETE", "/api_key/{name}", _delete_key),
]
