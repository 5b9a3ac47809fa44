"""EC2's side of the virtual IP, in any of its three modes."""

import re
from typing import Any
from xml.etree.ElementTree import Element

from cloud.aws import Aws, AwsError

# What no repetition mends: the route or its table is not there.
LASTING = re.compile("^Invalid")


class VirtualIp:
    """`where` is what aws.json says of it."""

    def __init__(self, aws: Aws, where: dict[str, Any]) -> None:
        self.aws, self.where, self.interface = aws, where, where["interfaceId"]
        # What is on this host's lo exactly while Keepalived is master.
        self.own_address: str = where.get("privateAddress") or where["address"]
        # Route tables that cannot lead here, and why.
        self.broken: dict[str, str] = {}

    def claim(self) -> None:
        """One idempotent request, one per route table, or one more for an Elastic IP on a private address."""
        where, interface = self.where, {"NetworkInterfaceId": self.interface}
        if where["mode"] == "route":
            self._turn_routes()
        elif where["mode"] == "privateIp":
            address = {"PrivateIpAddress.1": where["address"]}
            self._ask("AssignPrivateIpAddresses", AllowReassignment="true", **address, **interface)
        if "allocationId" in where:
            address = {"AllocationId": where["allocationId"], "PrivateIpAddress": self.own_address}
            self._ask("AssociateAddress", AllowReassociation="true", **address, **interface)

    def holder(self) -> str:
        """Who has it: self, nobody, peer; partly, when not all of it leads here; or what the peer's instance
        is: dead (not running) or impaired."""
        find = {"route": self._routes, "privateIp": self._interfaces}.get(self.where["mode"], self._addresses)
        found = find()
        if not found:
            return "nobody"
        first, whole = found[0]
        if first.findtext("networkInterfaceId") == self.interface:
            return "self" if whole else "partly"
        instance = first.findtext(".//instanceId")
        return self._state_of(instance) if instance else "nobody"

    def _turn_routes(self) -> None:
        tables, failures = self.where["routeTableIds"], dict[str, AwsError]()
        for table in tables:
            route = {"RouteTableId": table, "DestinationCidrBlock": f"{self.where['address']}/32"}
            try:
                self._ask("ReplaceRoute", **route, NetworkInterfaceId=self.interface)
            except AwsError as reason:
                failures[table] = reason
        self.broken = {table: str(reason) for table, reason in failures.items()}
        passing = [reason for reason in failures.values() if not LASTING.search(reason.code)]
        if passing or len(failures) == len(tables):
            raise (passing or list(failures.values()))[0]

    def _routes(self) -> list[tuple[Element, bool]]:
        """The first table decides for all: of two that each have some, one claims and one yields."""
        tables: list[str] = self.where["routeTableIds"]
        # By a filter: a table that is gone is no reason not to be told of the others.
        query = {f"Filter.1.Value.{n}": table for n, table in enumerate(tables, 1)}
        answer = self._ask("DescribeRouteTables", **{"Filter.1.Name": "route-table-id"}, **query)
        routes = {
            table.findtext("routeTableId"): route
            for table in answer.iterfind("routeTableSet/item")
            for route in table.iterfind("routeSet/item")
            if route.findtext("destinationCidrBlock") == f"{self.where['address']}/32"
        }
        self.broken = {table: "has no route to the address" for table in tables if table not in routes}
        found = [routes[table] for table in tables if table in routes]
        whole = len({route.findtext("networkInterfaceId") for route in found}) == 1
        return [(route, whole) for route in found]

    def _interfaces(self) -> list[tuple[Element, bool]]:
        address, allocation = self.where["address"], self.where.get("allocationId")
        query = {"Filter.1.Name": "addresses.private-ip-address", "Filter.1.Value.1": address}
        # Another VPC may have the same address.
        query |= {"Filter.2.Name": "subnet-id", "Filter.2.Value.1": self.where["subnetId"]}
        found = self._ask("DescribeNetworkInterfaces", **query).findall("networkInterfaceSet/item")

        def is_whole(interface: Element) -> bool:
            return allocation is None or any(
                item.findtext("association/allocationId") == allocation
                for item in interface.iterfind("privateIpAddressesSet/item")
                if item.findtext("privateIpAddress") == address
            )

        others_first = sorted(found, key=lambda item: item.findtext("networkInterfaceId") == self.interface)
        return [(interface, is_whole(interface)) for interface in others_first]

    def _addresses(self) -> list[tuple[Element, bool]]:
        answer = self._ask("DescribeAddresses", **{"AllocationId.1": self.where["allocationId"]})
        # Its tags are items too.
        found = answer.findall("addressesSet/item")
        return [
            (address, address.findtext("privateIpAddress") == self.own_address)
            for address in found
            if address.findtext("networkInterfaceId")
        ]

    def _state_of(self, instance: str) -> str:
        try:
            answer = self._ask(
                "DescribeInstanceStatus", IncludeAllInstances="true", **{"InstanceId.1": instance}
            )
        except AwsError as reason:
            if reason.code == "InvalidInstanceID.NotFound":
                return "dead"
            raise
        states = {state.text for state in answer.iterfind(".//instanceState/name")}
        if "running" not in states:
            return "dead"
        checks = {check.text for check in answer.iterfind("instanceStatusSet/item/*/status")}
        return "impaired" if "impaired" in checks else "peer"

    def _ask(self, action: str, **parameters: str) -> Element:
        return self.aws.ec2(action, **parameters)
