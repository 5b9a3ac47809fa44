"""A bucket: what is put and got is what was meant, or an error."""

from pathlib import Path

import pytest
from fake_aws import FakeAws

from cloud.aws import Aws, AwsError
from cloud.s3 import Bucket

PLAIN = {"x-amz-server-side-encryption": "AES256"}


@pytest.fixture
def bucket(cloud: FakeAws) -> Bucket:
    return Bucket(Aws("eu-central-1"), "backups")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    file = tmp_path / "archive"
    file.write_bytes(b"some data")
    return file


def put(bucket: Bucket, content: Path, key: str = "mqtt/1/a.tar.gz") -> str:
    with content.open("rb") as stream:
        return bucket.put(key, stream, PLAIN)


def test_what_was_put_is_got_again(bucket: Bucket, content: Path, tmp_path: Path, cloud: FakeAws) -> None:
    put(bucket, content)
    assert cloud.s3.headers["mqtt/1/a.tar.gz"] == PLAIN
    with (tmp_path / "copy").open("w+b") as into:
        assert bucket.get("mqtt/1/a.tar.gz", into) == len("some data")
    assert (tmp_path / "copy").read_bytes() == b"some data"


def test_a_listing_of_several_pages_is_whole_and_begins_behind_a_key(bucket: Bucket, cloud: FakeAws) -> None:
    for number in range(1, 6):
        cloud.s3.lay(f"mqtt/{number}", b"x" * number)
    cloud.s3.lay("other/9", b"")
    assert [(each.key, each.size) for each in bucket.list("mqtt/")] == [(f"mqtt/{n}", n) for n in range(1, 6)]
    assert [each.key for each in bucket.list("mqtt/", "mqtt/3")] == ["mqtt/4", "mqtt/5"]


def test_expired_credentials_are_replaced_and_the_whole_content_is_sent_again(
    bucket: Bucket, content: Path, cloud: FakeAws
) -> None:
    cloud.s3.faults["PUT"] = [(400, "ExpiredToken")]
    put(bucket, content)
    assert cloud.credentials == 2
    assert cloud.s3.objects["mqtt/1/a.tar.gz"] == b"some data"


def test_a_refusal_names_the_bucket_and_the_reason(bucket: Bucket, content: Path, cloud: FakeAws) -> None:
    cloud.s3.faults["PUT"] = [(403, "AccessDenied")]
    with pytest.raises(AwsError, match=r"AccessDenied: PUT s3://backups/mqtt/1/a\.tar\.gz: .*told to fail"):
        put(bucket, content)
    with pytest.raises(AwsError, match="NoSuchBucket"):
        list(Bucket(Aws("eu-central-1"), "other").list(""))


def test_an_object_that_is_not_encrypted_as_asked_is_an_error(
    bucket: Bucket, content: Path, cloud: FakeAws
) -> None:
    cloud.s3.keeps_plain = True
    with pytest.raises(AwsError, match="NotEncrypted"):
        put(bucket, content)


def test_an_object_that_comes_as_other_bytes_is_an_error(
    bucket: Bucket, content: Path, tmp_path: Path, cloud: FakeAws
) -> None:
    put(bucket, content)
    cloud.s3.spoils = True
    with (tmp_path / "copy").open("w+b") as into, pytest.raises(AwsError, match="BadDigest"):
        bucket.get("mqtt/1/a.tar.gz", into)


def test_a_silent_network_is_an_error_that_says_so(bucket: Bucket, content: Path, cloud: FakeAws) -> None:
    list(bucket.list(""))
    cloud.server.shutdown()
    cloud.server.server_close()
    with pytest.raises(AwsError, match=r"Network: s3: .*refused"):
        put(bucket, content)
