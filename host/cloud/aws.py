"""The few calls of AWS that a host makes, with its role's credentials, over connections kept open."""

import hashlib
import hmac
import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

# A silent resolver must not hold up a resident program.
os.environ.setdefault("RES_OPTIONS", "timeout:1 attempts:2")
METADATA = "169.254.169.254"
CONNECT_SECONDS = 2
# EC2 may take seconds.
ANSWER_SECONDS = 10
REFRESH_SECONDS = 600
SKEW_SECONDS = 60
# What newer credentials or the right time mend.
REFUSALS = re.compile("Auth|Expired|Token|Signature|Skew|UnrecognizedClient")


class AwsError(Exception):
    """AWS's own code, or Network or Metadata when it could not be asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Aws:
    """One region."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.clock_offset = 0.0
        # Carries out what waits; may do other things meanwhile, and raise.
        self.wait: Callable[..., Any] = lambda call, *arguments: call(*arguments)
        self._connections: dict[str, HTTPConnection] = {}
        self._credentials: dict[str, str] = {}
        self._expires = self._refresh_at = 0.0

    def ec2(self, action: str, **parameters: str) -> ElementTree.Element:
        """One EC2 action."""
        body = urlencode({"Action": action, "Version": "2016-11-15", **parameters})
        return xml_of(self._call("ec2", body, {"content-type": "application/x-www-form-urlencoded"}))

    def secret(self, arn: str) -> dict[str, str]:
        """The fields of a secret that is a JSON object of strings."""
        target = {
            "x-amz-target": "secretsmanager.GetSecretValue",
            "content-type": "application/x-amz-json-1.1",
        }
        text = self._call("secretsmanager", json.dumps({"SecretId": arn}), target)
        try:
            return {name: str(value) for name, value in json.loads(json.loads(text)["SecretString"]).items()}
        except (ValueError, LookupError, TypeError, AttributeError) as reason:
            raise AwsError("Unreadable", f"{arn}: {reason!r}") from reason

    def connect(self, service: str) -> HTTPConnection:
        """A connection to a service of the region."""
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return HTTPSConnection(f"{service}.{self.region}.{suffix}", timeout=CONNECT_SECONDS)

    def now(self) -> float:
        """AWS's time, as far as it has told."""
        return time.time() + self.clock_offset

    def _call(self, service: str, body: str, headers: dict[str, str]) -> str:
        status, date, text = self._send(service, body, headers)
        if status != 200 and self.learn(error_of(status, text), date):
            status, date, text = self._send(service, body, headers)
        if status != 200:
            raise error_of(status, text)
        return text

    def learn(self, refusal: AwsError, date: str) -> bool:
        """Whether another try is worth it, by AWS's time or with new credentials."""
        if not REFUSALS.search(refusal.code):
            return False
        skew = _seconds(date, self.now()) - self.now()
        if abs(skew) > SKEW_SECONDS:
            print(f"this clock is {skew:.0f} s behind AWS's: signing by its time", file=sys.stderr)
            self.clock_offset += skew
        else:
            self._refresh_at = self._expires = 0
        return True

    def _send(self, service: str, body: str, headers: dict[str, str]) -> tuple[int, str, str]:
        keys = self.credentials()
        while True:
            kept = self._connections.pop(service, None)
            connection = kept or self.connect(service)
            scope = f"{self.region}/{service}/aws4_request"
            signed = sign(keys, {"host": connection.host, **headers}, body, scope, self.now())
            try:
                answer: tuple[int, str, str] = self.wait(_exchange, connection, body, signed)
            except (OSError, HTTPException) as reason:
                connection.close()
                # The other side may have closed it since.
                if kept and not isinstance(reason, TimeoutError):
                    continue
                raise AwsError("Network", f"{service}: {reason or type(reason).__name__}") from reason
            self._connections[service] = connection
            return answer

    def credentials(self) -> dict[str, str]:
        """The role's, fetched anew before they end."""
        if self.now() >= self._refresh_at:
            self._refresh()
        return self._credentials

    def _refresh(self) -> None:
        try:
            found = self.wait(_metadata)
            expires = datetime.strptime(found["Expiration"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()
            # Whole, or those at hand stay.
            self._credentials = {name: found[name] for name in ("AccessKeyId", "SecretAccessKey", "Token")}
            self._expires = expires
            self._refresh_at = max(expires - REFRESH_SECONDS, self.now() + 30)
        except (OSError, HTTPException, ValueError, LookupError, TypeError) as reason:
            if self.now() >= self._expires:
                raise AwsError("Metadata", f"no credentials of the role: {reason!r}") from reason
            self._refresh_at = self.now() + 30


def sign(
    keys: dict[str, str],
    headers: dict[str, str],
    body: str,
    scope: str,
    now: float,
    request: str = "POST\n/\n",
) -> dict[str, str]:
    """
    The headers of a request with signature version 4: a POST to /, or `request`, which is method, path and
    query, a line each. `scope` is region, service and aws4_request; a header x-amz-content-sha256 stands for
    the body.
    """
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {**headers, "x-amz-date": stamp, "x-amz-security-token": keys["Token"]}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    digest = headers.get("x-amz-content-sha256") or _digest(body)
    request = _digest(f"{request}\n{lines}\n{names}\n{digest}")
    scope = f"{stamp[:8]}/{scope}"
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{request}".encode(), "sha256").hex()
    fields = f"Credential={keys['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {fields}"}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _exchange(connection: HTTPConnection, body: str, headers: dict[str, str]) -> tuple[int, str, str]:
    connection.request("POST", "/", body, headers)
    connection.sock.settimeout(ANSWER_SECONDS)
    answer = connection.getresponse()
    return answer.status, answer.headers["date"] or "", answer.read().decode(errors="replace")


def _metadata() -> dict[str, str]:
    connection = HTTPConnection(METADATA, timeout=CONNECT_SECONDS)

    def ask(method: str, path: str, headers: dict[str, str]) -> str:
        connection.request(method, f"/latest/{path}", headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise ValueError(f"instance metadata: {path}: HTTP {answer.status}")
        return text

    try:
        token = ask("PUT", "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        headers = {"X-aws-ec2-metadata-token": token}
        folder = "meta-data/iam/security-credentials/"
        credentials: dict[str, str] = json.loads(ask("GET", folder + ask("GET", folder, headers), headers))
        return credentials
    finally:
        connection.close()


def _seconds(date: str, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return otherwise


def xml_of(text: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", text))
    except ElementTree.ParseError as reason:
        raise AwsError("Unreadable", text[:200]) from reason


def error_of(status: int, text: str) -> AwsError:
    try:
        if text.startswith("{"):
            answer = json.loads(text)
            return AwsError(
                answer["__type"].split("#")[-1], str(answer.get("message") or answer.get("Message"))
            )
        found = xml_of(text)
        return AwsError(found.findtext(".//Code") or "", found.findtext(".//Message") or "")
    except (ValueError, LookupError, AttributeError, AwsError):
        return AwsError(f"HTTP{status}", text[:200])
