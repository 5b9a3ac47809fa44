"""A licence key that would leave clients or brokers outside."""

import base64
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from broker import cluster, emqx_ctl, licence

TODAY = date(2026, 6, 15)


def key(**changes: Any) -> str:
    """Of the form that EMQX reads, from a large customer, for a million sessions, until 2035."""
    fields = {"version": "220111", "type": 1, "customer": 2, "name": "A customer", "mail": "ops@example.org"}
    fields |= {"deployment": "demo", "start": "20260101", "days": 3650, "sessions": "1,000,000"} | changes
    payload = "\n".join(map(str, fields.values()))
    return ".".join(base64.b64encode(part.encode()).decode() for part in (payload, "a signature"))


@pytest.mark.parametrize(
    "good",
    [
        key(start="20260101", days=165),
        key(tps="Inf"),
        key(start="20240101", days=10),
        key(customer=0, start="20260101", days=75),
        key(customer=3, sessions=2000),
    ],
)
def test_one_that_emqx_takes_clients_with_is_taken(good: str) -> None:
    assert licence.problems(good, 1000, 1000, 3, TODAY) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("key", "is no licence key"),
        (key()[:-3], "is no licence key"),
        (key(version="230101"), "is no licence key"),
        (key(start="20261399"), "is no licence key"),
        (key(type=0, start="20260101", days=164), "ended on 2026-06-14"),
        (key(customer=0, start="20260101", days=74), "ended on 2026-03-16"),
        (key(type=2, sessions=0), "is for a single broker, and there are 3"),
        ("default", "is for a single broker"),
        (key(sessions=999), "covers 999 sessions, and the listeners take 1000 clients"),
        (key(type=0, customer=10, sessions=0), "covers 25 sessions"),
        ("evaluation", "covers 25 sessions"),
        (key(customer=3, sessions=0), "covers 25 sessions"),
        (key(sessions=0), "covers 0 sessions"),
        (key(customer=3, sessions=2000), "lets 999 clients in by license.dynamic_max_connections"),
    ],
)
def test_one_that_would_leave_clients_or_brokers_outside_is_refused(bad: str, reason: str) -> None:
    (told,) = licence.problems(bad, 1000, 999, 3, TODAY)
    assert reason in told


def test_the_key_of_the_set_is_judged_for_its_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seeds.env").write_text(
        """EMQX_CLUSTER__STATIC__SEEDS='["emqx@10.0.0.1","emqx@10.0.0.2"]'\n"""
    )
    monkeypatch.setattr(cluster, "SEEDS", tmp_path / "seeds.env")
    monkeypatch.setattr(licence, "KEY", tmp_path / "licence")
    monkeypatch.setattr(licence, "refusals", lambda key: [])
    monkeypatch.setattr(sys, "argv", ["broker.licence", "2000", "25"])
    for given, status, said in (
        (key(sessions=2000)[:40] + "\r\n" + key(sessions=2000)[40:], 0, ""),
        (key(sessions=1999), 1, "emqx.licenseKey covers 1999 sessions"),
        ("default\n", 1, "there are 2"),
        ("file:///etc/emqx/licence", 0, ""),
    ):
        (tmp_path / "licence").write_text(given)
        assert licence.main() == status
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ('{ok,#{data => #{customer => <<"A customer">>}}}\n', []),
        (
            "{error,#{parse_results =>\n"
            "  [#{error => invalid_signature,module => emqx_license_parser_v20220101}],\n"
            ' license_file => <<"/run/licence-x">>}}\n',
            ["is refused by EMQX: invalid_signature"],
        ),
        ("RPC to 'emqx@10.0.0.1' error: {exception,undef,[{emqx_license_parser,parse,[]}]}\n", []),
        ("", []),
    ],
)
def test_the_emqx_that_runs_is_asked_what_it_thinks_of_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, found: list[str]
) -> None:
    (tmp_path / "emqx").write_text(ASKED)
    (tmp_path / "emqx").chmod(0o755)
    (tmp_path / "answer").write_text(told)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(emqx_ctl, "USER", None)
    monkeypatch.setattr(licence, "ASKED", tmp_path)
    assert licence.refusals("a key") == found
    # In a file, which is gone afterwards, and never in an argument.
    assert (tmp_path / "asked").read_text() == "a key"
    assert "a key" not in (tmp_path / "arguments").read_text()
    assert list(tmp_path.glob("licence-*")) == []


#: Keeps what it is asked, and answers what it is told to.
ASKED = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >"$here/arguments"
cat "$(echo "$@" | sed 's|.*file://\\(.*\\)">>.*|\\1|')" >"$here/asked"
cat "$here/answer"
"""
