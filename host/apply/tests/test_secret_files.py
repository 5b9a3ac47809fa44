"""Secrets as files."""

import time
from pathlib import Path
from typing import Any

import pytest
from fake_aws import FakeAws

from apply.secret_files import file_of, secret_files
from apply.services import environment_of
from cloud.aws import Aws, AwsError

# Read back by systemd itself where it runs; here by its rule: in double quotes \\ escapes only " \\ ` and $.
AWKWARD = 'a"b\\c$d`e #;=\'é\\$\\\\"\\'


def entry(kind: str, **content: Any) -> dict[str, Any]:
    file = {"arn": "arn", "file": "/x", "mode": "0600", "owner": "root:root", "change": "none"}
    return {**file, "content": {"kind": kind, **content}}


def read_back(line: bytes) -> tuple[str, str]:
    name, _, quoted = line.decode().rstrip("\n").partition("=")
    assert quoted[0] == quoted[-1] == '"'
    value, rest = "", quoted[1:-1]
    while rest:
        if rest[0] == "\\" and rest[1] in '"\\`$':
            rest = rest[1:]
        value, rest = value + rest[0], rest[1:]
    return name, value


def test_a_value_is_written_as_it_is() -> None:
    made = file_of(entry("value", field="key"), {"key": "-----BEGIN\nline\n"})
    assert (made.content, made.mode, made.owner) == (b"-----BEGIN\nline\n", 0o600, "root:root")


def test_an_environment_file_survives_systemds_unquoting() -> None:
    made = file_of(entry("env", variables={"PASSWORD": "p"}), {"p": AWKWARD})
    assert read_back(made.content) == ("PASSWORD", AWKWARD)


def test_a_set_s_checks_get_what_services_get() -> None:
    made = file_of(entry("env", variables={"PASSWORD": "p", "OTHER": "o"}), {"p": AWKWARD, "o": "two\nlines"})
    plain = "PLAIN=a b\\\\$\nEMPTY=\n"
    assert environment_of(plain + made.content.decode()) == [
        ("PLAIN", "a b\\\\$"),
        ("EMPTY", ""),
        ("PASSWORD", AWKWARD),
        ("OTHER", "two\nlines"),
    ]


def test_a_missing_field_is_named_and_no_value_told() -> None:
    with pytest.raises(ValueError, match=r"arn has no field 'b'; it has \['a'\]") as caught:
        file_of(entry("value", field="b"), {"a": "hush"})
    assert "hush" not in str(caught.value)


def test_each_secret_is_fetched_once_and_retried_with_one_line_per_kind(
    cloud: FakeAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    cloud.secrets["arn"] = {"a": "one", "b": "two"}
    cloud.faults["GetSecretValue"] = [(400, "AccessDeniedException")] * 3 + [(500, "InternalFailure")]
    first, second = entry("value", field="a"), {**entry("value", field="b"), "file": "/y"}
    files = secret_files({"region": "eu-central-1", "secrets": [first, second]}, 60)
    assert [files[path].content for path in ("/x", "/y")] == [b"one", b"two"]
    assert cloud.count("GetSecretValue") == 5
    said = capsys.readouterr().out
    assert (said.count("AccessDenied"), said.count("InternalFailure")) == (1, 1)
    assert "one" not in said


def test_patience_ends(cloud: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cloud.faults["GetSecretValue"] = [(400, "AccessDeniedException")] * 9
    with pytest.raises(ValueError, match="AccessDenied"):
        secret_files({"region": "eu-central-1", "secrets": [entry("value", field="a")]}, 0)


def test_a_key_that_the_role_may_not_use_is_told_by_its_argument(
    cloud: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(aws: Aws, arn: str) -> dict[str, str]:
        raise AwsError("AccessDeniedException", "Access to KMS is not allowed")

    monkeypatch.setattr(Aws, "secret", refuse)
    with pytest.raises(ValueError, match="kmsKeyArn: the key's policy must let this host's role"):
        secret_files({"region": "eu-central-1", "secrets": [entry("value", field="a")]}, 0)
