"""Who has the virtual IP, as EC2 tells it in parts."""

from typing import Any

import pytest
from fake_aws import PEER, SELF, FakeAws

from balancer.virtual_ip import VirtualIp
from cloud.aws import Aws, AwsError

ELASTIC = {
    "mode": "elasticIp",
    "allocationId": "eipalloc-1",
    "interfaceId": SELF,
    "privateAddress": "10.0.0.9",
}
TABLES = ["rtb-1", "rtb-2", "rtb-3"]
ROUTE = {"mode": "route", "address": "10.99.0.1", "routeTableIds": TABLES, "interfaceId": SELF}
PRIVATE = {"mode": "privateIp", "address": "10.0.0.9", "subnetId": "subnet-1", "interfaceId": SELF}
PUBLIC = {**PRIVATE, "allocationId": "eipalloc-1"}


def of(where: dict[str, Any]) -> VirtualIp:
    return VirtualIp(Aws("eu-central-1"), where)


@pytest.mark.parametrize("where", [ELASTIC, ROUTE, PRIVATE, PUBLIC])
def test_who_has_the_whole_of_it(cloud: FakeAws, where: dict[str, Any]) -> None:
    address = of(where)
    assert address.holder() == "peer"
    address.claim()
    assert address.holder() == "self"
    cloud.move(None)
    assert address.holder() == "nobody"


def test_a_table_that_cannot_be_turned_does_not_keep_the_others_from_it(cloud: FakeAws) -> None:
    cloud.tables_without_route = {"rtb-2"}
    address = of(ROUTE)
    address.claim()
    assert cloud.routes == {"rtb-1": SELF, "rtb-3": SELF}
    assert address.holder() == "self"
    assert address.broken == {"rtb-2": "has no route to the address"}


def test_a_table_that_fails_for_a_time_is_asked_again_once_all_were(cloud: FakeAws) -> None:
    cloud.faults["ReplaceRoute"] = [(503, "RequestLimitExceeded")]
    address = of(ROUTE)
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        address.claim()
    assert cloud.routes == {"rtb-2": SELF, "rtb-3": SELF}


def test_no_table_at_all_is_an_error(cloud: FakeAws) -> None:
    cloud.tables_without_route = set(TABLES)
    with pytest.raises(AwsError, match="InvalidParameterValue"):
        of(ROUTE).claim()


def test_tables_that_lead_elsewhere_are_seen_by_who_has_the_first(cloud: FakeAws) -> None:
    cloud.routes = {"rtb-1": SELF, "rtb-2": PEER, "rtb-3": SELF}
    assert of(ROUTE).holder() == "partly"
    cloud.routes = {"rtb-1": PEER, "rtb-2": SELF, "rtb-3": SELF}
    assert of(ROUTE).holder() == "peer"


def test_an_elastic_ip_that_is_not_on_the_private_address_is_seen(cloud: FakeAws) -> None:
    cloud.move(SELF)
    cloud.is_associated = False
    assert of(PUBLIC).holder() == "partly"
    of(PUBLIC).claim()
    assert of(PUBLIC).holder() == "self"
    # Without one there is nothing to miss.
    cloud.is_associated = False
    assert of(PRIVATE).holder() == "self"


def test_an_elastic_ip_on_another_address_of_this_host_is_seen(cloud: FakeAws) -> None:
    cloud.move(SELF)
    cloud.mapped = "10.0.0.4"
    assert of(ELASTIC).holder() == "partly"
