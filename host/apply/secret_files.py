"""What a set leaves to Secrets Manager: secrets as files, and programs that user data has no room for."""

import base64
import hashlib
import random
import re
import time
import zlib
from typing import Any

from apply.file_set import File
from cloud.aws import Aws, AwsError

KEY_REFUSED = " (kmsKeyArn: the key's policy must let this host's role decrypt)"


def secret_files(settings: dict[str, Any], patience_seconds: float) -> dict[str, File]:
    """The files that aws.json describes; a kind of failure is printed once, a value never."""
    aws = Aws(settings["region"])
    deadline = time.monotonic() + patience_seconds
    fields = {arn: _fetch(aws, arn, deadline) for arn in {entry["arn"] for entry in settings["secrets"]}}
    return {entry["file"]: file_of(entry, fields[entry["arn"]]) for entry in settings["secrets"]}


def more_files(region: str, arns: str, digest: str, patience_seconds: float) -> str:
    """The part of a set that user data has no room for, but for its digest; it is no secret. Where one has no
    room for it, it lies in several, with commas between their names."""
    aws, deadline = Aws(region), time.monotonic() + patience_seconds
    packed = "".join(_fetch(aws, arn, deadline)["files"] for arn in arns.split(","))
    try:
        text = zlib.decompress(base64.b85decode(packed)).decode()
    except (ValueError, zlib.error) as reason:
        raise ValueError(f"{arns} holds no programs: {reason}") from reason
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != digest:
        raise ValueError(
            f"{arns} has other programs (SHA-256 {found}) than this host was made with ({digest}): "
            "replace the instance"
        )
    return text


def secret_paths(settings: dict[str, Any]) -> set[str]:
    """Where aws.json puts secrets."""
    return {entry["file"] for entry in settings["secrets"]}


def file_of(entry: dict[str, Any], fields: dict[str, str]) -> File:
    """The file of one secret."""
    content = entry["content"]
    try:
        if content["kind"] == "value":
            text = fields[content["field"]]
        else:
            values = {name: fields[field] for name, field in content["variables"].items()}
            text = "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())
    except KeyError as missing:
        raise ValueError(f"{entry['arn']} has no field {missing}; it has {sorted(fields)}") from missing
    return File(text.encode(), int(entry["mode"], 8), entry["owner"], entry["change"])


def _fetch(aws: Aws, arn: str, deadline: float) -> dict[str, str]:
    said = ""
    while True:
        try:
            return aws.secret(arn)
        except AwsError as reason:
            why = f"{arn}: {reason}{KEY_REFUSED if 'KMS' in str(reason) else ''}"
            if time.monotonic() > deadline:
                raise ValueError(why) from reason
            if reason.code != said:
                print(f"{why}; trying again", flush=True)
            said = reason.code
        time.sleep(random.uniform(0.5, 3))


def _quoted(value: str) -> str:
    # As systemd's EnvironmentFile reads it back.
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'
