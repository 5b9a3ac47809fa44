"""What a host's program does with a bucket of the lab: told on standard input, answers as JSON."""

import json
import os
import socket
import sys
import tempfile
from http.client import HTTPConnection
from typing import Any

from cloud.aws import Aws, AwsError
from cloud.s3 import Bucket


def main(told: dict[str, Any]) -> list[Any]:
    """Each step's result, or the code of its refusal."""
    os.environ["SSL_CERT_FILE"] = told["ca"]
    cloud = Region(told["region"], told["port"])
    # Those that instance metadata would give, until they end.
    cloud._credentials, cloud._refresh_at = told["credentials"], float("inf")
    bucket = Bucket(cloud, told["bucket"])
    return [attempt(bucket, step) for step in told["steps"]]


class Region(Aws):
    """By its real names, at a port of this machine."""

    def __init__(self, region: str, port: int) -> None:
        super().__init__(region)
        self._port = port

    def connect(self, service: str) -> HTTPConnection:
        connection = super().connect(service)
        there = ("127.0.0.1", self._port)
        connection._create_connection = lambda *_, **__: socket.create_connection(there)  # type: ignore[attr-defined]
        return connection


def attempt(bucket: Bucket, step: dict[str, Any]) -> Any:
    try:
        if step["do"] == "list":
            return [each.key for each in bucket.list(step["key"], step.get("after", ""))]
        with tempfile.TemporaryFile() as content:
            if step["do"] == "get":
                bucket.get(step["key"], content)
                content.seek(0)
                return content.read().decode()
            content.write(step["content"].encode())
            content.flush()
            return bucket.put(step["key"], content, step["encryption"])
    except AwsError as refusal:
        return refusal.code


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
