"""Instance metadata, EC2's addresses and Secrets Manager over HTTP on loopback, with AWS's faults."""

import json
import threading
import time
from datetime import datetime, timezone
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

import fake_s3
import pytest
from fake_s3 import FakeS3

from cloud import aws

SELF, PEER = "eni-self", "eni-peer"


class FakeAws:
    """Holds who has the address; `faults` answers the next calls of an action, in turn."""

    def __init__(self) -> None:
        # Where the Elastic IP and the private address are; each route table may differ.
        self.holder: str | None = PEER
        self.mapped = "10.0.0.9"
        self.is_associated = True
        self.routes: dict[str, str] = {}
        self.tables_without_route: set[str] = set()
        self.peer_state, self.peer_check = "running", "ok"
        self.secrets: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.connections = 0
        self.credentials = 0
        self.credentials_live_seconds = 3600.0
        self.metadata_works = True
        self.clock_offset = 0.0
        self.delays: dict[str, float] = {}
        self.faults: dict[str, list[tuple[int, str]]] = {}
        self.revoked: set[str] = set()
        self.s3 = FakeS3()

    def __enter__(self) -> "FakeAws":
        fake = self

        class Handler(Requests):
            cloud = fake

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes aws.py ask here."""
        where = f"127.0.0.1:{self.server.server_port}"
        monkeypatch.setattr(aws, "METADATA", where)
        monkeypatch.setattr(aws.Aws, "connect", lambda own, service: HTTPConnection(where, timeout=2))

    def move(self, interface: str | None) -> None:
        """Whoever does it."""
        self.holder = interface
        self.routes.clear()

    def count(self, action: str) -> int:
        """How often an action was asked for."""
        return self.calls.count(action)


class Requests(BaseHTTPRequestHandler):
    """One connection."""

    cloud: FakeAws
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.cloud.connections += 1

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.cloud.clock_offset, usegmt=True)

    def do_PUT(self) -> None:
        if self.headers["authorization"]:
            return fake_s3.answer(self.cloud.s3, self)
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.reply(200, "the-token")

    def do_GET(self) -> None:
        if self.headers["authorization"]:
            return fake_s3.answer(self.cloud.s3, self)
        if not self.cloud.metadata_works or self.headers["X-aws-ec2-metadata-token"] != "the-token":
            return self.reply(401, "")
        if self.path.endswith("security-credentials/"):
            return self.reply(200, "the-role")
        assert self.path.endswith("/the-role")
        self.cloud.credentials += 1
        end = time.time() + self.cloud.clock_offset + self.cloud.credentials_live_seconds
        credentials = {
            "AccessKeyId": f"AK{self.cloud.credentials}",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": datetime.fromtimestamp(end, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self.reply(200, json.dumps(credentials))

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        as_json = "x-amz-target" in self.headers
        query = {} if as_json else {name: values[0] for name, values in parse_qs(text).items()}
        action = "GetSecretValue" if as_json else query["Action"]
        self.cloud.calls.append(action)
        time.sleep(self.cloud.delays.get(action, 0))
        status, answer = (
            self.refusal() or self.fault(action) or self.dry_run(query) or self.no_route(query) or (200, "")
        )
        if status == 0:
            self.close_connection = True
            return
        if status == 200:
            answer = answer or (self.secret(text) if as_json else self.ec2(query))
        elif as_json:
            answer = json.dumps({"__type": f"com.amazonaws#{answer}", "message": "told to fail"})
        else:
            code = f"<Error><Code>{answer}</Code><Message>told to fail</Message></Error>"
            answer = f"<Response><Errors>{code}</Errors></Response>"
        self.reply(status, answer)

    def refusal(self) -> tuple[int, str] | None:
        """As signatures are judged: by the key and by the time."""
        if any(key in self.headers["authorization"] for key in self.cloud.revoked):
            return 400, "ExpiredToken"
        stamp = datetime.strptime(self.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if abs(stamp.timestamp() - time.time() - self.cloud.clock_offset) > 300:
            return 400, "RequestExpired"
        return None

    def fault(self, action: str) -> tuple[int, str] | None:
        """The next one ordered: a code, or the text of an answer of status 200; 0 closes the connection."""
        waiting = self.cloud.faults.get(action)
        return waiting.pop(0) if waiting else None

    def dry_run(self, query: dict[str, str]) -> tuple[int, str] | None:
        """What is allowed and asked for only to know that is refused by a code of its own."""
        return (412, "DryRunOperation") if query.get("DryRun") == "true" else None

    def no_route(self, query: dict[str, str]) -> tuple[int, str] | None:
        """As EC2 refuses to replace what is not there."""
        is_there = query.get("RouteTableId") not in self.cloud.tables_without_route
        return None if is_there else (400, "InvalidParameterValue")

    def secret(self, text: str) -> str:
        return json.dumps({"SecretString": json.dumps(self.cloud.secrets[json.loads(text)["SecretId"]])})

    def ec2(self, query: dict[str, str]) -> str:
        action = query["Action"]
        if action == "ReplaceRoute":
            self.cloud.routes[query["RouteTableId"]] = query["NetworkInterfaceId"]
            if all(holder != PEER for holder in self.cloud.routes.values()):
                self.cloud.holder = query["NetworkInterfaceId"]
        elif action in ("AssociateAddress", "AssignPrivateIpAddresses"):
            self.cloud.holder = query["NetworkInterfaceId"]
            if action == "AssociateAddress":
                self.cloud.is_associated, self.cloud.mapped = True, query["PrivateIpAddress"]
        describe = {
            "DescribeInstanceStatus": self.instance_status,
            "DescribeAddresses": self.addresses,
            "DescribeRouteTables": self.route_tables,
            "DescribeNetworkInterfaces": self.interfaces,
        }
        body = describe[action](query) if action in describe else "<return>true</return>"
        return f'<{action}Response xmlns="urn:x">{body}</{action}Response>'

    def instance_status(self, query: dict[str, str]) -> str:
        # Without it EC2 tells of running instances only.
        assert query["IncludeAllInstances"] == "true"
        state = f"<instanceState><name>{self.cloud.peer_state}</name></instanceState>"
        check = f"<instanceStatus><status>{self.cloud.peer_check}</status></instanceStatus>"
        return f"<instanceStatusSet><item>{state}{check}</item></instanceStatusSet>"

    def addresses(self, query: dict[str, str]) -> str:
        tags = "<tagSet><item><key>Name</key><value>mqtt</value></item></tagSet>"
        mapped = f"<privateIpAddress>{self.cloud.mapped}</privateIpAddress>" if self.cloud.holder else ""
        return f"<addressesSet><item>{held(self.cloud.holder)}{mapped}{tags}</item></addressesSet>"

    def route_tables(self, query: dict[str, str]) -> str:
        tables = [table for name, table in query.items() if name.startswith("Filter.1.Value.")]
        return f"<routeTableSet>{''.join(map(self.route_table, tables))}</routeTableSet>"

    def route_table(self, table: str) -> str:
        holder = held(self.cloud.routes.get(table, self.cloud.holder))
        route = f"<item><destinationCidrBlock>10.99.0.1/32</destinationCidrBlock>{holder}</item>"
        other = "<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock></item>"
        routes = other if table in self.cloud.tables_without_route else other + route
        return f"<item><routeTableId>{table}</routeTableId><routeSet>{routes}</routeSet></item>"

    def interfaces(self, query: dict[str, str]) -> str:
        if not self.cloud.holder:
            return "<networkInterfaceSet/>"
        elastic = "<association><allocationId>eipalloc-1</allocationId></association>"
        address = f"<privateIpAddress>{query['Filter.1.Value.1']}</privateIpAddress>"
        whole = address + (elastic if self.cloud.is_associated else "")
        addresses = f"<privateIpAddressesSet><item>{whole}</item></privateIpAddressesSet>"
        return f"<networkInterfaceSet><item>{held(self.cloud.holder)}{addresses}</item></networkInterfaceSet>"

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def held(interface: str | None) -> str:
    """As EC2 names a holder."""
    if interface is None:
        return ""
    return f"<networkInterfaceId>{interface}</networkInterfaceId><instanceId>i-{interface}</instanceId>"
