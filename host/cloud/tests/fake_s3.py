"""One bucket, by path, over HTTP on loopback: as much of S3 as hosts use, with its refusals."""

import base64
import hashlib
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2


@dataclass
class FakeS3:
    """What lies in it, by key. `faults` answers the next requests of a method: a status and a code."""

    name: str = "backups"
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    modified: dict[str, float] = field(default_factory=dict)
    faults: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    # What a disk or a network made of the next object that is read.
    spoils: bool = False
    keeps_plain: bool = False

    def lay(self, key: str, content: bytes, age_seconds: float = 0) -> None:
        """As if it had been uploaded then."""
        self.objects[key] = content
        self.modified[key] = time.time() - age_seconds


def answer(s3: FakeS3, handler: BaseHTTPRequestHandler) -> None:
    """A request that came to the cloud's server and is for S3."""
    length = int(handler.headers["content-length"] or 0)
    body = handler.rfile.read(length)
    url = urlsplit(handler.path)
    s3.requests.append(f"{handler.command} {handler.path}")
    if waiting := s3.faults.get(handler.command):
        return _refuse(handler, *waiting.pop(0))
    _, bucket, *parts = unquote(url.path).split("/")
    if bucket != s3.name:
        return _refuse(handler, 404, "NoSuchBucket")
    if handler.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return _refuse(handler, 400, "XAmzContentSHA256Mismatch")
    key = "/".join(parts)
    if handler.command == "PUT":
        return _put(s3, handler, key, body)
    if key:
        return _get(s3, handler, key)
    _list(s3, handler, {name: values[0] for name, values in parse_qs(url.query).items()})


def _put(s3: FakeS3, handler: BaseHTTPRequestHandler, key: str, body: bytes) -> None:
    checksum = _checksum(body)
    if handler.headers["x-amz-checksum-sha256"] != checksum:
        return _refuse(handler, 400, "BadDigest")
    s3.lay(key, body)
    asked = {name.lower(): value for name, value in handler.headers.items() if "encryption" in name.lower()}
    s3.headers[key] = {} if s3.keeps_plain else asked
    _reply(handler, b"", {"x-amz-checksum-sha256": checksum, **s3.headers[key]})


def _get(s3: FakeS3, handler: BaseHTTPRequestHandler, key: str) -> None:
    if key not in s3.objects:
        return _refuse(handler, 404, "NoSuchKey")
    content = s3.objects[key]
    assert handler.headers["x-amz-checksum-mode"] == "ENABLED"
    headers = {"x-amz-checksum-sha256": _checksum(content)}
    _reply(handler, content[:-1] + b"?" if s3.spoils else content, headers)


def _list(s3: FakeS3, handler: BaseHTTPRequestHandler, query: dict[str, str]) -> None:
    assert query["list-type"] == "2"
    after = query.get("continuation-token") or query.get("start-after", "")
    keys = [key for key in sorted(s3.objects) if key.startswith(query["prefix"]) and key > after]
    page = keys[:PAGE]
    items = "".join(
        f"<Contents><Key>{key}</Key><Size>{len(s3.objects[key])}</Size>"
        f"<LastModified>{_stamp(s3.modified[key])}</LastModified></Contents>"
        for key in page
    )
    more = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if keys[PAGE:] else ""
    text = f'<ListBucketResult xmlns="urn:s3">{items}{more}</ListBucketResult>'
    _reply(handler, text.encode(), {})


def _stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _refuse(handler: BaseHTTPRequestHandler, status: int, code: str) -> None:
    text = f"<Error><Code>{code}</Code><Message>told to fail</Message></Error>"
    _reply(handler, text.encode(), {}, status)


def _reply(
    handler: BaseHTTPRequestHandler, content: bytes, headers: dict[str, str], status: int = 200
) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
