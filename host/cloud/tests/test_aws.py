"""Requests to AWS."""

import re
import time
from datetime import datetime, timezone

import pytest
from fake_aws import FakeAws

from cloud import aws
from cloud.aws import Aws, AwsError, sign


def test_a_signature_is_that_of_the_published_example() -> None:
    # "post-sts-header-before" of AWS's signature version 4 test suite.
    token = (
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8"
        "YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6"
        "fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQ"
        "wj2ICCR/oLxBA=="
    )
    keys = {
        "AccessKeyId": "AKIDEXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "Token": token,
    }
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc).timestamp()
    headers = sign(keys, {"host": "example.amazonaws.com"}, "", "us-east-1/service/aws4_request", moment)
    assert headers["authorization"].endswith(
        "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    )


def test_calls_share_a_connection_and_credentials(cloud: FakeAws) -> None:
    own = Aws("eu-central-1")
    for _ in range(5):
        own.ec2("DescribeAddresses")
    assert cloud.credentials == 1
    # One of instance metadata's, one of EC2's.
    assert cloud.connections == 2


def test_a_connection_that_the_other_side_closed_is_made_anew(cloud: FakeAws) -> None:
    own = Aws("eu-central-1")
    own.ec2("DescribeAddresses")
    cloud.faults["DescribeAddresses"] = [(0, "")]
    own.ec2("DescribeAddresses")
    assert cloud.count("DescribeAddresses") == 3


def test_expired_credentials_are_replaced_once(cloud: FakeAws) -> None:
    own = Aws("eu-central-1")
    own.ec2("DescribeAddresses")
    cloud.revoked = {"AK1/"}
    own.ec2("DescribeAddresses")
    assert cloud.credentials == 2
    cloud.revoked = {"AK2/", "AK3/"}
    with pytest.raises(AwsError, match="ExpiredToken"):
        own.ec2("DescribeAddresses")


def test_credentials_are_refreshed_well_before_they_expire(
    cloud: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Aws("eu-central-1")
    own.ec2("DescribeAddresses")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3600 - aws.REFRESH_SECONDS - 5)
    own.ec2("DescribeAddresses")
    assert cloud.credentials == 1
    monkeypatch.setattr(time, "time", lambda: now() + 3600 - aws.REFRESH_SECONDS + 5)
    with pytest.raises(AwsError):
        cloud.faults["DescribeAddresses"] = [(400, "Told")]
        own.ec2("DescribeAddresses")
    assert cloud.credentials == 2


def test_metadata_that_fails_does_not_matter_while_credentials_live(cloud: FakeAws) -> None:
    cloud.credentials_live_seconds = 300
    own = Aws("eu-central-1")
    own.ec2("DescribeAddresses")
    own._refresh_at = 0
    cloud.metadata_works = False
    own.ec2("DescribeAddresses")
    own._expires = own._refresh_at = 0
    with pytest.raises(AwsError, match="Metadata"):
        own.ec2("DescribeAddresses")


@pytest.mark.parametrize("offset", [-600.0, 600.0])
def test_a_clock_that_aws_finds_wrong_is_corrected_by_its_date(
    cloud: FakeAws, offset: float, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.clock_offset = offset
    own = Aws("eu-central-1")
    own.ec2("DescribeAddresses")
    assert own.clock_offset == pytest.approx(offset, abs=2)
    own.ec2("DescribeAddresses")
    assert cloud.count("DescribeAddresses") == 3
    [behind] = re.findall(r"this clock is (-?\d+) s behind AWS", capsys.readouterr().err)
    assert float(behind) == pytest.approx(offset, abs=2)


def test_an_error_carries_awss_code(cloud: FakeAws) -> None:
    cloud.faults = {
        "AssociateAddress": [(400, "UnauthorizedOperation")],
        "GetSecretValue": [(400, "AccessDenied")],
    }
    with pytest.raises(AwsError, match="told to fail") as caught:
        Aws("eu-central-1").ec2("AssociateAddress")
    assert caught.value.code == "UnauthorizedOperation"
    with pytest.raises(AwsError) as caught:
        Aws("eu-central-1").secret("arn")
    assert caught.value.code == "AccessDenied"


def test_a_service_that_does_not_answer_is_an_error_in_bounded_time(
    cloud: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "ANSWER_SECONDS", 0.2)
    cloud.delays["DescribeAddresses"] = 3
    begun = time.monotonic()
    with pytest.raises(AwsError, match="Network"):
        Aws("eu-central-1").ec2("DescribeAddresses")
    assert time.monotonic() - begun < 2


def test_services_have_their_names_in_the_regions_part_of_aws() -> None:
    assert Aws("eu-central-1").connect("ec2").host == "ec2.eu-central-1.amazonaws.com"
    assert Aws("us-gov-west-1").connect("ec2").host == "ec2.us-gov-west-1.amazonaws.com"
    assert Aws("cn-north-1").connect("ec2").host == "ec2.cn-north-1.amazonaws.com.cn"
