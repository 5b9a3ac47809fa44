"""Where a configuration comes from, and what changes of it do; on a broker that runs."""

from __future__ import annotations

import json

import pytest
from lab.packages.emqx.tests.conftest import NewNode
from lab.packages.emqx.tests.mqtt import Client
from lab.packages.emqx.tests.stage import COOKIE, Node, basic, eventually

CLUSTER = "/var/lib/emqx/configs/cluster.hocon"


@pytest.fixture
def node(new_node: NewNode) -> Node:
    """A broker that was never started before, and is not yet."""
    node = new_node()
    node.configure()
    return node


def shown(node: Node, root: str, key: str) -> str:
    lines = node.ctl("conf", "show", root).stdout.splitlines()
    (line,) = [line.strip() for line in lines if line.strip().startswith(f"{key} = ")]
    return line.removeprefix(f"{key} = ")


def largest(node: Node) -> str:
    return shown(node, "mqtt", "max_packet_size").strip('"')


def test_each_layer_wins_over_the_one_before(node: Node) -> None:
    keys = ("max_inflight", "max_topic_alias", "max_topic_levels", "max_awaiting_rel")
    node.configure(
        "mqtt { max_topic_levels = 3, max_awaiting_rel = 3 }\n", base="".join(f"mqtt.{k} = 1\n" for k in keys)
    )
    node.write(CLUSTER, "mqtt { max_topic_alias = 2, max_topic_levels = 2, max_awaiting_rel = 2 }\n")
    node.run("chown", "-R", "emqx:emqx", "/var/lib/emqx")
    node.environment["EMQX_MQTT__MAX_AWAITING_REL"] = "4"
    node.start()
    assert [shown(node, "mqtt", key) for key in keys] == ["1", "2", "3", "4"]
    node.stop()


def test_a_change_by_the_api_is_live_and_lasts_where_no_later_layer_has_the_key(node: Node) -> None:
    node.configure("mqtt.max_inflight = 5\n")
    node.start()
    _, zone = node.api("GET", "/configs/global_zone")
    assert zone["mqtt"]["max_packet_size"] == "1MB"
    changed = {"mqtt": {**zone["mqtt"], "max_packet_size": "2MB", "max_inflight": 9}}
    assert node.api("PUT", "/configs/global_zone", changed)[0] == 200
    assert (largest(node), shown(node, "mqtt", "max_inflight")) == ("2MB", "9")
    node.stop()
    node.start()
    assert (largest(node), shown(node, "mqtt", "max_inflight")) == ("2MB", "5")
    node.stop()


def test_a_reload_takes_what_emqx_conf_says_now(node: Node) -> None:
    node.configure("mqtt { max_packet_size = 2MB, max_inflight = 5 }\n")
    node.start()
    node.configure("mqtt.max_packet_size = 3MB\n")
    done = node.ctl("conf", "reload", "--merge")
    assert done.returncode == 0
    assert f"load mqtt on '{node.name}' ok" in done.stdout
    assert (largest(node), shown(node, "mqtt", "max_inflight")) == ("3MB", "5")
    assert node.ctl("conf", "reload", "--replace").returncode == 0
    assert shown(node, "mqtt", "max_inflight") == "32"
    assert not node.read(CLUSTER)
    node.stop()


def test_a_reload_lets_a_root_be_that_is_gone_and_takes_back_one_that_stands_empty(node: Node) -> None:
    node.configure("mqtt.max_inflight = 5\n")
    node.start()
    node.reconfigure("")
    assert shown(node, "mqtt", "max_inflight") == "5"
    node.reconfigure("mqtt = {}\n")
    assert shown(node, "mqtt", "max_inflight") == "32"
    node.stop()


def test_a_reload_opens_and_closes_listeners_and_leaves_others_alone(node: Node) -> None:
    node.start()
    with Client(node.address) as client:
        assert client.connect("stays") == 0
        node.reconfigure(f'listeners.tcp.more.bind = "{node.address}:1890"\n')
        with Client(node.address, 1890) as other:
            assert other.connect("other") == 0
            node.reconfigure("")
            assert other.is_closed()
        assert client.ping()
    with pytest.raises(ConnectionRefusedError):
        Client(node.address, 1890)
    node.stop()


def test_a_reload_needs_the_cookie_in_the_file(node: Node) -> None:
    node.cookie_line = ""
    node.environment["EMQX_NODE__COOKIE"] = json.dumps(COOKIE)
    node.configure()
    node.start()
    done = node.ctl("conf", "reload")
    assert done.returncode == 1
    assert "node.cookie" in done.stdout and "required_field" in done.stdout
    node.stop()


def test_a_reload_of_what_is_wrong_changes_nothing(node: Node) -> None:
    node.start()
    node.configure("mqtt { max_packet_size = 2MB, max_inflite = 1 }\n")
    done = node.ctl("conf", "reload")
    assert (done.returncode, "unknown_fields" in done.stdout) == (1, True)
    assert largest(node) == "1MB"
    node.stop()


def test_a_file_that_is_included_is_read_at_a_start_and_at_a_reload(node: Node) -> None:
    secrets = "/etc/emqx/secrets.hocon"
    node.write(secrets, 'mqtt.max_packet_size = 2MB\nauthentication { "1" { user_id_type = clientid } }\n')
    node.configure(
        "authentication = [{mechanism = password_based, backend = built_in_database}]\n"
        f'include required("{secrets}")\n'
    )
    node.start()
    assert largest(node) == "2MB"
    assert shown(node, "authentication", "user_id_type") == "clientid"
    node.write(secrets, "mqtt.max_packet_size = 3MB\n")
    assert node.ctl("conf", "reload", "--replace").returncode == 0
    assert largest(node) == "3MB"
    assert shown(node, "authentication", "user_id_type") == "username"
    node.run("rm", secrets)
    done = node.run("emqx", "check_config")
    assert done.returncode == 1
    assert f"includes {secrets}, which is not there" in done.stdout
    assert node.ctl("conf", "reload", "--replace").returncode == 1
    assert largest(node) == "3MB"


def test_no_chain_has_an_authenticator_twice(node: Node) -> None:
    one = "{mechanism = password_based, backend = built_in_database, enable = %s}"
    node.configure(f"authentication = [{one % 'true'}, {one % 'false'}]\n")
    node.start()
    eventually(lambda: "failed_to_create_authenticator" in node.journal())
    with Client(node.address) as client:
        assert client.connect("c", "nobody", "x") == 0x87
    done = node.ctl("conf", "reload", "--replace")
    assert (done.returncode, "duplicated_authenticator_id" in done.stdout) == (1, True)


def test_no_two_sources_of_rules_are_of_one_type(node: Node) -> None:
    source = '{type = file, path = "/etc/emqx/acl.conf"}'
    node.configure(f"authorization.sources = [{source}, {source}]\n")
    assert node.run("emqx", "check_config").returncode == 0
    node.start(wait=False)
    assert eventually(node.exit_status) == 1
    eventually(lambda: "duplicated_authz_source_type" in node.journal())


def test_a_load_lays_whole_roots_over_what_is_there(node: Node) -> None:
    node.configure()
    node.start()
    node.write("/tmp/first.hocon", "mqtt { max_packet_size = 2MB, max_inflight = 5 }\n")
    assert node.ctl("conf", "load", "--merge", "/tmp/first.hocon").returncode == 0
    assert (largest(node), shown(node, "mqtt", "max_inflight")) == ("2MB", "5")
    # What a file leaves out of a root is what EMQX has for it, even when it is laid over.
    node.write("/tmp/second.hocon", "mqtt { max_inflight = 6 }\n")
    assert node.ctl("conf", "load", "--merge", "/tmp/second.hocon").returncode == 0
    assert (largest(node), shown(node, "mqtt", "max_inflight")) == ("1MB", "6")
    node.stop()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('node.name = "emqx@10.0.0.1"', "Cannot update read-only key 'node'."),
        ("cluster.autoheal = false", "Cannot update read-only key 'cluster.autoheal'."),
        ("mqqt.max_inflight = 1", "root_key_not_found"),
        ("mqtt.max_inflite = 1", ""),
        ("mqtt {", "failed"),
    ],
)
def test_a_load_that_cannot_be_ends_with_1(broker: Node, text: str, told: str) -> None:
    broker.write("/tmp/wrong.hocon", f"{text}\n")
    done = broker.ctl("conf", "load", "/tmp/wrong.hocon")
    assert done.returncode == 1
    assert told in done.stdout if told else done.stdout == ""
    status, _ = broker.api("PUT", "/configs?mode=merge", text, {"Content-Type": "text/plain"})
    assert status == 400


def test_a_load_of_listeners_starts_those_that_nobody_asked_for(node: Node) -> None:
    node.start()
    node.write(
        "/tmp/l.hocon", f'listeners.tcp.mqtt {{ bind = "{node.address}:1883", max_connections = 5 }}\n'
    )
    done = node.ctl("conf", "load", "/tmp/l.hocon")
    assert done.returncode == 1
    assert "eaddrinuse" in done.stdout
    node.stop()


def test_a_hocon_text_and_json_of_the_configuration(broker: Node) -> None:
    assert 'max_packet_size = "1MB"' in broker.api("GET", "/configs?key=mqtt")[1]
    as_json = broker.api("GET", "/configs?key=mqtt", headers={"Accept": "application/json"})[1]
    assert "mqtt" not in as_json
    assert as_json["sysmon"]["os"]["cpu_check_interval"] == "60s"
    assert broker.api("GET", "/configs?key=broker")[0] == 400


def test_check_config_is_silent_about_what_is_right(broker: Node) -> None:
    done = broker.run("emqx", "check_config")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("listeners.tcp.mqtt.acceptorz = 16\n", 1, "unknown_fields"),
        ("mqtt.max_qos_allowed = 3\n", 1, 'path => "mqtt.max_qos_allowed"'),
        ("cluster.autoheal = maybe\n", 127, 'path => "cluster.autoheal"'),
        ("node.max_prots = 1\n", 127, "max_prots"),
        ('authentication = [{mechanism = jwt, algorithm = "hmac-based"}]\n', 1, "authentication.1.secret"),
        ("authentication = [{mechanism = magic}]\n", 1, "unsupported_mechanism"),
        ("authorization.sources = [{type = file, rules = x, path = y}]\n", 1, "unknown_fields"),
        (
            'authorization.sources = [{type = file, path = "/etc/emqx/none.conf"}]\n',
            1,
            "failed_to_read_acl_file",
        ),
        ("nobody.knows.this = 1\n", 0, ""),
        ("mqtt {\n", 1, "expected"),
    ],
)
def test_check_config_finds_what_is_wrong(broker: Node, text: str, status: int, told: str) -> None:
    broker.configure(text)
    done = broker.run("emqx", "check_config")
    assert done.returncode == status, done
    assert told in done.stdout + done.stderr
    broker.configure()


def test_check_config_judges_a_staged_folder_that_is_laid_over(broker: Node) -> None:
    staged = (
        "mkdir -p /tmp/staged && cp -r /etc/emqx/. /tmp/staged && echo 'mqtt.x = 1' >>/tmp/staged/emqx.conf"
    )
    over = "mount --bind /tmp/staged /etc/emqx && emqx check_config"
    done = broker.run("sh", "-c", f"{staged} && unshare -m sh -c '{over}'")
    assert (done.returncode, "unknown_fields" in done.stdout) == (1, True)
    assert broker.run("emqx", "check_config").returncode == 0


def test_check_config_lacks_a_cookie_that_the_unit_alone_has(broker: Node) -> None:
    broker.cookie_line = ""
    broker.configure()
    assert broker.run("emqx", "check_config").returncode == 127
    given = {"EMQX_NODE__COOKIE": json.dumps(COOKIE)}
    assert broker.run("emqx", "check_config", environment=given).returncode == 127
    assert broker.run("emqx", "check_config", user="emqx", environment=given).returncode == 0
    broker.cookie_line = f'node.cookie = "{COOKIE}"\n'
    broker.configure()


@pytest.mark.parametrize("text", ["mqtt.max_qos_allowed = 3\n", "cluster.autoheal = maybe\n"])
def test_a_broker_does_not_start_with_what_is_wrong(node: Node, text: str) -> None:
    node.configure(text)
    node.start(wait=False)
    assert eventually(node.exit_status)


def test_a_broker_does_not_start_on_a_port_that_is_taken(node: Node) -> None:
    node.configure(f'listeners.tcp.second.bind = "{node.address}:1883"\n')
    assert node.run("emqx", "check_config").returncode == 0
    node.start(wait=False)
    assert eventually(node.exit_status) == 1
    eventually(lambda: "eaddrinuse" in node.journal() or "address already in use" in node.journal())


def test_the_cookie_is_where_everybody_may_read_it(broker: Node) -> None:
    everybody = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; cat /var/lib/emqx/configs/vm.*.args"
    seen = broker.run("sh", "-c", everybody, user="nobody").stdout
    assert seen.count(f"-setcookie {COOKIE}") >= 2
    assert "-Q 1024" in seen and "-P 2048" in seen


def test_a_unit_may_keep_the_generated_files_from_others(node: Node) -> None:
    node.run(
        "sh", "-c", "rm -rf /var/lib/emqx/configs; install -d -m 0700 -o emqx -g emqx /var/lib/emqx/configs"
    )
    node.start()
    assert node.run("sh", "-c", "cat /var/lib/emqx/configs/vm.*.args", user="nobody").returncode != 0
    node.stop()


def test_keys_of_a_file_are_taken_at_each_start(node: Node) -> None:
    node.write("/etc/emqx/keys", "app:first\nviewer:secret:viewer\nlate:secret\n")
    node.configure('api_key.bootstrap_file = "/etc/emqx/keys"\n')
    node.start()
    ask = "/api/v5/nodes"
    assert node.http("GET", ask, headers=basic("app", "first"))[0] == 200
    # What EMQX stumbles over ends its reading.
    assert node.http("GET", ask, headers=basic("late", "secret"))[0] == 401
    assert node.http("GET", "/api/v5/users", headers=basic("app", "first"))[0] == 401
    node.stop()
    node.write("/etc/emqx/keys", "app:second\n")
    node.start()
    assert node.http("GET", ask, headers=basic("app", "first"))[0] == 401
    assert node.http("GET", ask, headers=basic("app", "second"))[0] == 200
    node.stop()
    node.write("/etc/emqx/keys", "")
    node.start()
    assert node.http("GET", ask, headers=basic("app", "second"))[0] == 200
    node.stop()


def test_keys_of_a_file_are_taken_at_a_reload_and_none_is_removed(node: Node) -> None:
    line = 'api_key.bootstrap_file = "/etc/emqx/keys"\n'
    node.write("/etc/emqx/keys", "app:first\n")
    node.configure(line)
    node.start()
    node.write("/etc/emqx/keys", "app:second\nmore:secret\n")
    node.reconfigure(line)
    ask = "/api/v5/nodes"
    assert node.http("GET", ask, headers=basic("app", "first"))[0] == 401
    for key, secret in (("app", "second"), ("more", "secret")):
        assert node.http("GET", ask, headers=basic(key, secret))[0] == 200
    node.write("/etc/emqx/keys", "app:second\n")
    node.reconfigure(line)
    assert node.http("GET", ask, headers=basic("more", "secret"))[0] == 200
    # A change of something else does not read the file.
    node.write("/etc/emqx/keys", "late:secret\n")
    _, zone = node.api("GET", "/configs/global_zone")
    assert node.api("PUT", "/configs/global_zone", {"mqtt": {**zone["mqtt"], "max_inflight": 9}})[0] == 200
    assert node.http("GET", ask, headers=basic("late", "secret"))[0] == 401
    node.stop()


def test_an_upgrade_gives_everything_under_etc_emqx_to_emqx(broker: Node) -> None:
    broker.run(
        "sh", "-c", "echo x >/etc/emqx/ours; chown root:root /etc/emqx/ours; chmod 0600 /etc/emqx/ours"
    )
    done = broker.run("sh", "-c", "sh /var/lib/dpkg/info/emqx.postinst configure")
    assert done.returncode == 0, done.stderr
    assert broker.run("stat", "-c", "%U:%G %a", "/etc/emqx/ours").stdout.strip() == "emqx:emqx 644"
