"""A bucket of the region, with the host's role: put, get and list, each answer held against what was sent."""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from http.client import HTTPException, HTTPResponse
from typing import IO
from urllib.parse import quote, urlencode

from cloud.aws import Aws, AwsError, error_of, sign, xml_of

# Of one read or write, not of the whole.
ANSWER_SECONDS = 60
CHUNK_BYTES = 1024 * 1024
# Of one PutObject; more takes uploads in parts.
LARGEST_BYTES = 5 * 1024**3
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Object:
    """One object of a listing."""

    key: str
    size: int
    modified: float


class Bucket:
    """By path, since a name with dots in it has no certificate as a host's name."""

    def __init__(self, cloud: Aws, name: str) -> None:
        self._cloud = cloud
        self.name = name

    def put(self, key: str, content: IO[bytes], encryption: dict[str, str]) -> str:
        """Uploads a file and gives its SHA-256, by which S3 has checked what it got before it keeps it."""
        digest, size = _measured(content)
        if size > LARGEST_BYTES:
            raise AwsError("EntityTooLarge", f"{size} bytes, and S3 takes {LARGEST_BYTES} at once")
        checksum = base64.b64encode(digest).decode()
        headers = {
            "content-length": str(size),
            "x-amz-checksum-sha256": checksum,
            "x-amz-content-sha256": digest.hex(),
            **encryption,
        }
        with self._asked("PUT", key, {}, headers, content) as answer:
            answer.read()
            kept = answer.headers["x-amz-checksum-sha256"]
            if kept != checksum:
                raise AwsError("BadDigest", f"{key}: S3 keeps {kept} and was sent {checksum}")
            for name, value in encryption.items():
                if answer.headers[name] != value:
                    raise AwsError("NotEncrypted", f"{key}: {name} is {answer.headers[name]}, not {value}")
        return digest.hex()

    def get(self, key: str, into: IO[bytes]) -> int:
        """Downloads an object, checks it by what S3 knows of it, and gives its size."""
        headers = {"x-amz-checksum-mode": "ENABLED", "x-amz-content-sha256": NOTHING}
        with self._asked("GET", key, {}, headers) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                into.write(chunk)
            into.flush()
            digest, size = _measured(into)
            kept = answer.headers["x-amz-checksum-sha256"]
            if kept is not None and kept != base64.b64encode(digest).decode():
                raise AwsError("BadDigest", f"{key}: came as other bytes than were uploaded")
        return size

    def list(self, prefix: str, after: str = "") -> Iterator[Object]:
        """In the order of their keys; `after` leaves out that key and all before it."""
        query = {"list-type": "2", "prefix": prefix, **({"start-after": after} if after else {})}
        while True:
            with self._asked("GET", "", query, {"x-amz-content-sha256": NOTHING}) as answer:
                page = xml_of(answer.read().decode())
            for each in page.iterfind("Contents"):
                yield Object(
                    each.findtext("Key") or "",
                    int(each.findtext("Size") or 0),
                    _time(each.findtext("LastModified") or ""),
                )
            token = page.findtext("NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def _asked(
        self,
        method: str,
        key: str,
        query: dict[str, str],
        headers: dict[str, str],
        content: IO[bytes] | None = None,
    ) -> HTTPResponse:
        """The answer of status 200; a second try where the first taught something."""
        answer = self._sent(method, key, query, headers, content)
        refusal = _refusal(answer)
        if refusal and self._cloud.learn(refusal, answer.headers["date"] or ""):
            answer = self._sent(method, key, query, headers, content)
            refusal = _refusal(answer)
        if refusal is None:
            return answer
        raise AwsError(refusal.code, f"{method} s3://{self.name}/{key}: {refusal}")

    def _sent(
        self,
        method: str,
        key: str,
        query: dict[str, str],
        headers: dict[str, str],
        content: IO[bytes] | None,
    ) -> HTTPResponse:
        keys = self._cloud.credentials()
        connection = self._cloud.connect("s3")
        path = quote(f"/{self.name}/{key}" if key else f"/{self.name}", safe="/-_.~")
        words = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
        signed = sign(
            keys,
            {"host": connection.host, **headers},
            "",
            f"{self._cloud.region}/s3/aws4_request",
            self._cloud.now(),
            f"{method}\n{path}\n{words}",
        )
        try:
            if content is not None:
                content.seek(0)
            connection.connect()
            connection.sock.settimeout(ANSWER_SECONDS)
            connection.request(method, f"{path}?{words}" if words else path, content, signed)
            return connection.getresponse()
        except (OSError, HTTPException) as reason:
            connection.close()
            raise AwsError("Network", f"s3: {reason or type(reason).__name__}") from reason


def _refusal(answer: HTTPResponse) -> AwsError | None:
    return None if answer.status == 200 else error_of(answer.status, answer.read().decode(errors="replace"))


def _measured(content: IO[bytes]) -> tuple[bytes, int]:
    content.seek(0)
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.digest(), os.fstat(content.fileno()).st_size


def _time(text: str) -> float:
    moment = datetime.strptime(text.partition(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
    return moment.replace(tzinfo=timezone.utc).timestamp()
