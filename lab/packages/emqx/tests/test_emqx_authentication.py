"""Who is let in: the chain of authenticators, on a broker that runs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import Node, eventually

WELCOME = 0
WRONG, UNKNOWN = 0x86, 0x87

#: A reload leaves a root that emqx.conf does not have as it was.
OPEN = "authentication = []\n"
USERS = "{mechanism = password_based, backend = built_in_database, user_id_type = username}"
BY_CLIENT_ID = "{mechanism = password_based, backend = built_in_database, user_id_type = clientid}"
USERS_PATH = "/authentication/password_based:built_in_database/users"
SECRET = "hmac-secret-of-the-test"
TOKENS = f'{{mechanism = jwt, algorithm = hmac-based, secret = "{SECRET}", use_jwks = false}}'


def enter(
    node: Node,
    username: str | None,
    password: str | None,
    *,
    client_id: str = "c",
    version: int = 5,
    port: int = 1883,
) -> int:
    with Client(node.address, port, version=version) as client:
        return client.connect(client_id, username, password)


def token(claims: dict[str, Any], secret: str = SECRET) -> str:
    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
def users(broker: Node) -> Iterator[Node]:
    """A broker with one user, u1, in its database."""
    broker.reconfigure(f"authentication = [{USERS}]\n")
    broker.api("POST", USERS_PATH, {"user_id": "u1", "password": "p1"})
    yield broker
    broker.reconfigure(OPEN)


def test_a_broker_without_authenticators_lets_everybody_in(broker: Node) -> None:
    broker.reconfigure(OPEN)
    assert enter(broker, None, None) == WELCOME
    assert enter(broker, "anybody", "anything") == WELCOME


def test_a_user_gets_in_with_its_password_and_nobody_else(users: Node) -> None:
    assert enter(users, "u1", "p1") == WELCOME
    assert enter(users, "u1", "wrong") == WRONG
    assert enter(users, "u2", "p1") == UNKNOWN
    assert enter(users, "U1", "p1") == UNKNOWN
    assert enter(users, None, None) == WRONG
    assert enter(users, "u1", None) == WRONG


@pytest.mark.parametrize("version", [3, 4])
def test_older_versions_are_told_in_their_own_codes(users: Node, version: int) -> None:
    assert enter(users, "u1", "p1", version=version) == WELCOME
    assert enter(users, "u1", "wrong", version=version) == 4
    assert enter(users, "u2", "p1", version=version) == 5


def test_a_refused_client_is_cut_off(users: Node) -> None:
    with Client(users.address) as client:
        assert client.connect("c", "u1", "wrong") == WRONG
        assert client.is_closed()


def test_nothing_but_a_connect_is_answered_before_one(users: Node) -> None:
    with Client(users.address) as client:
        client.send(0xC0, b"")
        assert client.is_closed()


def test_users_may_be_known_by_client_id(broker: Node) -> None:
    broker.reconfigure(f"authentication = [{BY_CLIENT_ID}]\n")
    broker.api("POST", USERS_PATH, {"user_id": "device-1", "password": "p1"})
    assert enter(broker, None, "p1", client_id="device-1") == WELCOME
    assert enter(broker, "device-1", "p1", client_id="other") == UNKNOWN
    broker.reconfigure(OPEN)


def test_users_are_made_changed_listed_and_removed_by_the_api(users: Node) -> None:
    assert users.api("POST", USERS_PATH, {"user_id": "u2", "password": "p2", "is_superuser": True}) == (
        201,
        {"user_id": "u2", "is_superuser": True},
    )
    assert users.api("POST", USERS_PATH, {"user_id": "u2", "password": "p2"})[0] == 409
    assert users.api("POST", USERS_PATH, {"user_id": "u3"})[0] == 400
    status, found = users.api("GET", f"{USERS_PATH}?limit=10")
    assert (status, [user["user_id"] for user in found["data"]]) == (200, ["u1", "u2"])
    assert found["meta"] == {"page": 1, "limit": 10, "count": 2, "hasnext": False}
    assert users.api("PUT", f"{USERS_PATH}/u2", {"password": "p3"})[0] == 200
    assert enter(users, "u2", "p2") == WRONG
    assert enter(users, "u2", "p3") == WELCOME
    assert users.api("GET", f"{USERS_PATH}/u2") == (200, {"user_id": "u2", "is_superuser": True})
    assert users.api("DELETE", f"{USERS_PATH}/u2")[0] == 204
    assert users.api("DELETE", f"{USERS_PATH}/u2")[0] == 404
    assert enter(users, "u2", "p3") == UNKNOWN


def test_an_import_overwrites_and_leaves_others_alone(users: Node) -> None:
    content = "user_id,password,is_superuser\nu1,new,false\nu9,p9,true\n"
    body = (
        f'--x\r\nContent-Disposition: form-data; name="filename"; filename="users.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{content}\r\n--x--\r\n"
    )
    path = f"{USERS_PATH.replace('/users', '/import_users')}?type=plain"
    status, told = users.api("POST", path, body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert (status, told) == (200, {"total": 2, "success": 1, "override": 1, "skipped": 0, "failed": 0})
    assert enter(users, "u1", "new") == WELCOME
    assert enter(users, "u9", "p9") == WELCOME


def test_a_file_of_users_adds_and_changes_nobody(users: Node) -> None:
    users.write("/etc/emqx/users.csv", "user_id,password,is_superuser\nu1,other,false\nfile-user,f1,false\n")
    filed = USERS.replace("}", ', bootstrap_file = "/etc/emqx/users.csv", bootstrap_type = plain}')
    users.reconfigure(f"authentication = [{filed}]\n")
    assert enter(users, "file-user", "f1") == WELCOME
    assert enter(users, "u1", "other") == WRONG
    users.api("DELETE", f"{USERS_PATH}/file-user")
    users.reconfigure(f"authentication = [{filed}]\n")
    assert enter(users, "file-user", "f1") == UNKNOWN
    _, (authenticator,) = users.api("GET", "/authentication")
    assert users.api("PUT", "/authentication/password_based:built_in_database", authenticator)[0] == 204
    assert enter(users, "file-user", "f1") == WELCOME


def test_a_file_of_hashes_is_taken(broker: Node) -> None:
    hashed = hashlib.sha256(b"saltp1").hexdigest()
    broker.write(
        "/etc/emqx/users.json", json.dumps([{"user_id": "h1", "password_hash": hashed, "salt": "salt"}])
    )
    filed = USERS.replace("}", ', bootstrap_file = "/etc/emqx/users.json", bootstrap_type = hash}')
    broker.reconfigure(f"authentication = [{filed}]\n")
    assert enter(broker, "h1", "p1") == WELCOME
    assert enter(broker, "h1", "p2") == WRONG
    broker.reconfigure(OPEN)


@pytest.mark.parametrize(
    "algorithm",
    [
        "{name = plain}",
        "{name = sha512, salt_position = suffix}",
        "{name = md5, salt_position = disable}",
        "{name = pbkdf2, mac_fun = sha256, iterations = 10, dk_length = 16}",
    ],
)
def test_passwords_may_be_hashed_otherwise(broker: Node, algorithm: str) -> None:
    broker.reconfigure(OPEN)
    hashing = USERS.replace("}", f", password_hash_algorithm = {algorithm}}}")
    broker.reconfigure(f"authentication = [{hashing}]\n")
    assert broker.api("POST", USERS_PATH, {"user_id": "u1", "password": "p1"})[0] == 201
    assert enter(broker, "u1", "p1") == WELCOME
    assert enter(broker, "u1", "p2") == WRONG
    broker.reconfigure(OPEN)


def test_an_authenticator_that_is_taken_away_takes_its_users_along(users: Node) -> None:
    users.reconfigure("authentication = []\n")
    users.reconfigure(f"authentication = [{USERS}]\n")
    assert enter(users, "u1", "p1") == UNKNOWN


def test_the_only_authenticator_disabled_opens_the_door(users: Node) -> None:
    users.reconfigure(f"authentication = [{USERS.replace('}', ', enable = false}')}]\n")
    assert enter(users, "anybody", "anything") == WELCOME


def test_a_known_users_wrong_password_ends_the_chain_and_an_unknown_one_goes_on(users: Node) -> None:
    users.reconfigure(f"authentication = [{USERS}, {TOKENS}]\n")
    assert enter(users, "stranger", token({"sub": "x"})) == WELCOME
    assert enter(users, "u1", token({"sub": "x"})) == WRONG
    assert users.api("PUT", "/authentication/jwt/position/front", None)[0] == 204
    assert enter(users, "u1", token({"sub": "x"})) == WELCOME
    assert enter(users, "u1", "p1") == WELCOME


# Tokens


def test_a_token_holds_while_its_claims_do(broker: Node) -> None:
    broker.reconfigure(f"authentication = [{TOKENS}]\n")
    now = int(time.time())
    assert enter(broker, None, token({"exp": now + 60})) == WELCOME
    assert enter(broker, None, token({"exp": now - 60})) == WRONG
    assert enter(broker, None, token({"exp": str(now - 60)})) == WRONG
    assert enter(broker, None, token({"nbf": now + 60})) == WRONG
    assert enter(broker, None, token({}, secret="another")) == UNKNOWN
    assert enter(broker, None, "no token") == UNKNOWN
    broker.reconfigure(OPEN)


def test_a_token_has_to_carry_the_claims_that_are_asked_for(broker: Node) -> None:
    claims = '{ sub = "${username}", iss = us }'
    broker.reconfigure(f"authentication = [{TOKENS.replace('}', f', verify_claims = {claims}}}')}]\n")
    assert enter(broker, "u1", token({"sub": "u1", "iss": "us"})) == WELCOME
    assert enter(broker, "u2", token({"sub": "u1", "iss": "us"})) == WRONG
    assert enter(broker, "u1", token({"sub": "u1"})) == WRONG
    broker.reconfigure(OPEN)


def test_a_token_that_expires_ends_the_connection(broker: Node) -> None:
    broker.reconfigure(f"authentication = [{TOKENS}]\n")
    with Client(broker.address) as client:
        assert client.connect("c", None, token({"exp": int(time.time()) + 2})) == WELCOME
        assert client.disconnected() == UNKNOWN
    broker.reconfigure(OPEN)


def test_a_token_brings_rules_of_its_own(broker: Node) -> None:
    broker.reconfigure(f"authentication = [{TOKENS}]\nauthorization.no_match = allow\n")
    acl = {"pub": ["mine/${clientid}"], "sub": ["mine/#"]}
    with Client(broker.address) as client:
        assert client.connect("c7", None, token({"acl": acl})) == WELCOME
        assert client.publish("mine/c7") == 0x10
        assert client.publish("mine/c8") == UNKNOWN
        assert client.subscribe("mine/x", "theirs/x") == [1, UNKNOWN]
    rules = [{"permission": "deny", "action": "publish", "topic": "a/b"}]
    with Client(broker.address) as client:
        assert client.connect("c7", None, token({"acl": rules})) == WELCOME
        assert client.publish("a/b") == UNKNOWN
        assert client.publish("a/c") == 0x10
    broker.reconfigure(OPEN)


def test_a_public_key_that_is_missing_leaves_the_chain_without_its_authenticator(broker: Node) -> None:
    keyed = '{mechanism = jwt, algorithm = public-key, use_jwks = false, public_key = "/etc/emqx/none.pem"}'
    broker.reconfigure(f"authentication = [{keyed}]\n")
    assert enter(broker, "anybody", "anything") == WELCOME
    eventually(lambda: "failed_to_create_authenticator" in broker.journal())
    broker.reconfigure(OPEN)


def test_a_token_signed_by_a_private_key_is_checked_with_the_public_one(broker: Node) -> None:
    script = "openssl ecparam -name prime256v1 -genkey -noout -out /tmp/k && openssl ec -in /tmp/k -pubout"
    public = broker.run("sh", "-c", script).stdout
    broker.write("/etc/emqx/public.pem", public)
    keyed = '{mechanism = jwt, algorithm = public-key, use_jwks = false, public_key = "/etc/emqx/public.pem"}'
    broker.reconfigure(f"authentication = [{keyed}]\n")
    signer = (
        'K = jose_jwk:from_pem_file("/tmp/k"),'
        '{_, T} = jose_jws:compact(jose_jwt:sign(K, #{<<"alg">> => <<"ES256">>}, #{<<"a">> => 1})),'
        'io:format("~s", [T]), halt().'
    )
    signed = broker.run("erl", "-noinput", "-eval", f"application:ensure_all_started(jose), {signer}").stdout
    assert enter(broker, None, signed) == WELCOME
    assert enter(broker, None, signed[:-4] + "AAAA") == UNKNOWN
    assert enter(broker, None, token({})) == UNKNOWN
    broker.reconfigure(OPEN)


# Listeners


def own_chain(chain: str, more: str = "") -> str:
    """Behind port 1884, beside the brokers' chain of users on 1883."""
    own = f'listeners.tcp.own {{ bind = "127.0.0.1:1884", authentication = [{chain}] }}\n'
    return f"authentication = [{USERS}]\n{own}{more}"


def test_a_listeners_own_chain_takes_the_place_of_the_brokers(users: Node) -> None:
    users.reconfigure(own_chain(f"{TOKENS}, {USERS}"))
    assert enter(users, None, token({}), port=1884) == WELCOME
    assert enter(users, None, token({})) == UNKNOWN
    assert enter(users, "u1", "p1") == WELCOME
    # A chain's database has users of its own.
    assert enter(users, "u1", "p1", port=1884) == UNKNOWN


def test_a_listener_with_an_empty_chain_asks_the_brokers(users: Node) -> None:
    users.reconfigure(own_chain(""))
    assert enter(users, "u1", "p1", port=1884) == WELCOME
    assert enter(users, "u2", "p1", port=1884) == UNKNOWN


def test_a_listeners_chain_comes_and_goes_while_the_broker_runs(users: Node) -> None:
    users.reconfigure(own_chain(""))
    with Client(users.address, 1884) as client:
        assert client.connect("stays", "u1", "p1") == WELCOME
        users.reconfigure(own_chain(f"{TOKENS}, {USERS}"))
        assert enter(users, "u1", "p1", port=1884) == UNKNOWN
        users.reconfigure(own_chain(""))
        assert enter(users, "u1", "p1", port=1884) == WELCOME
        assert client.publish("still/here") == 0x10


def test_a_secret_may_be_laid_over_a_listeners_chain(users: Node) -> None:
    unsigned = '{mechanism = jwt, algorithm = hmac-based, secret = "another", use_jwks = false}'
    over = f'listeners.tcp.own.authentication {{ "1" {{ secret = "{SECRET}" }} }}\n'
    users.reconfigure(own_chain(f"{unsigned}, {USERS}", over))
    assert enter(users, None, token({}), port=1884) == WELCOME
    assert enter(users, None, token({}, "another"), port=1884) == UNKNOWN


def test_a_listener_whose_only_link_cannot_be_made_asks_the_brokers(users: Node) -> None:
    keyed = '{mechanism = jwt, algorithm = public-key, use_jwks = false, public_key = "/etc/emqx/none.pem"}'
    users.reconfigure(own_chain(keyed))
    assert enter(users, "u1", "p1", port=1884) == WELCOME
    # Which an empty database behind it keeps from happening.
    users.reconfigure(own_chain(f"{keyed}, {USERS}"))
    assert enter(users, "u1", "p1", port=1884) == UNKNOWN


def test_a_listeners_chain_with_nothing_enabled_lets_everybody_in(users: Node) -> None:
    users.reconfigure(own_chain(USERS.replace("{", "{enable = false, ")))
    assert enter(users, "anybody", "anything", port=1884) == WELCOME
    assert enter(users, "anybody", "anything") == UNKNOWN


def test_a_listeners_chain_is_told_by_no_api(users: Node) -> None:
    users.reconfigure(own_chain(f"{TOKENS}, {USERS}"))
    assert users.api("GET", "/listeners/tcp:own/authentication")[0] == 404
    added = {"user_id": "u9", "password": "p9"}
    path = "/listeners/tcp:own/authentication/password_based:built_in_database/users"
    assert users.api("POST", path, added)[0] == 404
    status, told = users.api("GET", "/listeners/tcp:own")
    assert (status, told["id"]) == (200, "tcp:own")
    assert "authentication" not in told


def test_a_listener_may_ask_nobody_or_refuse_the_nameless_at_once(users: Node) -> None:
    more = (
        'listeners.tcp.open { bind = "127.0.0.1:1884", enable_authn = false }\n'
        'listeners.tcp.named { bind = "127.0.0.1:1885", enable_authn = quick_deny_anonymous }\n'
    )
    users.reconfigure(f"authentication = [{USERS}]\n{more}")
    assert enter(users, "u1", "whatever", port=1884) == WELCOME
    assert enter(users, None, None, port=1885) == UNKNOWN
    assert enter(users, "u1", "p1", port=1885) == WELCOME
